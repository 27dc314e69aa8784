//! The EU hub as a [`Connector`]: which document carries which fact.

use std::io;

use packtwin_connector_port::document::{
    Connector, Envelope, FieldTrace, Reply, WriteError, Written,
};
use packtwin_core::code::Code;
use packtwin_core::fact::{Fact, SerialSource};
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::serial::Serial;

use crate::document_tree::{self, Node, message};
use crate::pack_state_update::Packs;
use crate::release::Release;
use crate::settings::HubSettings;
use crate::{
    batch_recall, message_query, pack_state_update, product_master_data, product_pack_data,
    product_withdrawal, reply,
};

/// The content type of every document and answer.
pub const CONTENT_TYPE: &str = "application/xml; charset=utf-8";

/// Longest message id the mirror takes, in characters (I).
const MESSAGE_ID_MAX: usize = 64;

/// The translator for the EU hub.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EuHub {
    settings: HubSettings,
}

impl EuHub {
    /// A translator with the settings of one connection.
    pub const fn new(settings: HubSettings) -> Self {
        EuHub { settings }
    }

    /// Its settings.
    pub const fn settings(&self) -> &HubSettings {
        &self.settings
    }

    fn content(&self, fact: &Fact, release: Release, packs: Packs) -> Node {
        match fact {
            Fact::ProductVersioned(version) => product_master_data::tree(version, release),
            Fact::Commissioned {
                lot,
                version,
                markets,
            } => product_pack_data::tree(lot, *version, markets),
            Fact::StateChanged { lot, state } => pack_state_update::tree(lot, *state, packs),
            Fact::Recalled {
                lot,
                markets,
                reason,
            } => batch_recall::tree(lot, markets, reason),
            Fact::Withdrawn {
                product,
                markets,
                reason,
            } => product_withdrawal::tree(product, markets, reason),
        }
    }
}

impl Connector for EuHub {
    fn name(&self) -> &'static str {
        "eu_hub"
    }

    fn releases(&self) -> &'static [&'static str] {
        &Release::NAMES
    }

    fn check(&self, fact: &Fact, envelope: &Envelope) -> Result<(), Refusals> {
        let mut faults = envelope_faults(envelope);
        let release = Release::parse(&envelope.release).unwrap_or(Release::R1_16);
        faults.extend(match fact {
            Fact::ProductVersioned(version) => product_master_data::faults(version, release),
            Fact::Commissioned {
                version, markets, ..
            } => product_pack_data::faults(*version, markets, envelope.event_at),
            Fact::StateChanged { state, .. } => {
                pack_state_update::faults(*state, self.settings.role)
            }
            Fact::Recalled {
                markets, reason, ..
            }
            | Fact::Withdrawn {
                markets, reason, ..
            } => batch_recall::faults(markets, reason, self.settings.reason_characters_max),
        });
        Refusals::check(faults)
    }

    fn write(
        &self,
        fact: &Fact,
        serials: &mut dyn SerialSource,
        envelope: &Envelope,
        out: &mut dyn io::Write,
    ) -> Result<Written, WriteError> {
        self.check(fact, envelope).map_err(WriteError::Refused)?;
        let release = known_release(envelope)?;
        let mut packs = Opened::new(serials, self.settings.packs_per_message);
        if carries_packs(fact) && !packs.open()? {
            let refusal = Refusal::at(Code::LotNothingToSend, "/packs", "no pack was handed over");
            return Err(WriteError::Refused(refusal.into()));
        }
        let count = if packs.second.is_some() {
            Packs::Many
        } else {
            Packs::One
        };
        let root = message(envelope, self.content(fact, release, count));
        match document_tree::write(&root, release, &mut packs, out) {
            Err(_) if packs.too_many => {
                let text = format!(
                    "more than {} packs in one message; split them",
                    self.settings.packs_per_message
                );
                Err(WriteError::Refused(
                    Refusal::at(Code::RequestTooLarge, "/packs", text).into(),
                ))
            }
            written => Ok(written?),
        }
    }

    fn write_query(
        &self,
        message_id: &str,
        envelope: &Envelope,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let release = known_release(envelope).map_err(io::Error::other)?;
        let root = message_query::tree(message_id, envelope);
        document_tree::write(&root, release, &mut [].iter(), out).map(drop)
    }

    fn read_reply(&self, status: u16, body: &[u8]) -> Reply {
        reply::read(status, body)
    }

    fn trace(&self, fact: &Fact, envelope: &Envelope) -> Vec<FieldTrace> {
        let release = Release::parse(&envelope.release).unwrap_or(Release::R1_16);
        document_tree::trace(&message(envelope, self.content(fact, release, Packs::Many)))
    }
}

fn known_release(envelope: &Envelope) -> Result<Release, WriteError> {
    Release::parse(&envelope.release)
        .ok_or_else(|| WriteError::Refused(release_unknown(envelope).into()))
}

fn release_unknown(envelope: &Envelope) -> Refusal {
    let text = format!(
        "hub release {} is unknown; write {}",
        envelope.release,
        Release::NAMES.join(" or ")
    );
    Refusal::at(Code::RequestMalformed, "/envelope/release", text)
}

fn envelope_faults(envelope: &Envelope) -> Vec<Refusal> {
    let mut faults = Vec::new();
    if Release::parse(&envelope.release).is_none() {
        faults.push(release_unknown(envelope));
    }
    let texts = [
        (
            "/envelope/message_id",
            "the message id",
            envelope.message_id.as_str(),
        ),
        ("/envelope/sender", "the sender", envelope.sender.as_str()),
        (
            "/envelope/callback_url",
            "the callback address",
            envelope.callback_url.as_deref().unwrap_or("none"),
        ),
    ];
    for (place, label, text) in texts {
        if text.trim().is_empty() {
            faults.push(Refusal::at(
                Code::HubFieldEmpty,
                place,
                format!("{label} is empty"),
            ));
        } else if text.chars().any(char::is_control) {
            faults.push(Refusal::at(
                Code::RequestMalformed,
                place,
                format!("{label} holds a control character"),
            ));
        }
    }
    if envelope.message_id.chars().count() > MESSAGE_ID_MAX {
        let text = format!("the message id has more than {MESSAGE_ID_MAX} characters");
        faults.push(Refusal::at(
            Code::RequestMalformed,
            "/envelope/message_id",
            text,
        ));
    }
    faults
}

const fn carries_packs(fact: &Fact) -> bool {
    match fact {
        Fact::Commissioned { .. } | Fact::StateChanged { .. } => true,
        Fact::ProductVersioned(_) | Fact::Recalled { .. } | Fact::Withdrawn { .. } => false,
    }
}

/// A source whose first two serials were looked at, and that ends with an error when it holds too many.
struct Opened<'a> {
    source: &'a mut dyn SerialSource,
    first: Option<Serial>,
    second: Option<Serial>,
    left: u64,
    too_many: bool,
}

impl<'a> Opened<'a> {
    fn new(source: &'a mut dyn SerialSource, left: u64) -> Self {
        Opened {
            source,
            first: None,
            second: None,
            left,
            too_many: false,
        }
    }

    /// Looks at the first two; whether there is one at all.
    fn open(&mut self) -> io::Result<bool> {
        self.first = self.source.next_serial()?;
        if self.first.is_some() {
            self.second = self.source.next_serial()?;
        }
        Ok(self.first.is_some())
    }
}

impl SerialSource for Opened<'_> {
    fn next_serial(&mut self) -> io::Result<Option<Serial>> {
        let next = match (self.first.take(), self.second.take()) {
            (Some(first), second) => {
                self.second = second;
                Some(first)
            }
            (None, Some(second)) => Some(second),
            (None, None) => self.source.next_serial()?,
        };
        if next.is_some() {
            if self.left == 0 {
                self.too_many = true;
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "more packs than one message takes",
                ));
            }
            self.left -= 1;
        }
        Ok(next)
    }
}
