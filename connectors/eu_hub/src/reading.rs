//! Reading our own mirror documents back into facts: for `packtwin translate`, for the hub's copy of a product and for
//! the proof that nothing is lost on the way out.
//!
//! A fact arrives before its packs, and the packs one by one, in constant memory. A batch recall names no expiry and is
//! therefore no fact; it is said so.

use std::io::{self, BufRead};

use packtwin_connector_port::document::Envelope;
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::environment::Environment;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::{Fact, LotHead};
use packtwin_core::market::Market;
use packtwin_core::pack::PackState;
use packtwin_core::product::ProductVersion;
use packtwin_core::product_code::{CodingScheme, ProductCode};
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use crate::cursor::{Cursor, Element};
use crate::product_copy::version_from;
use crate::release::{NAMESPACE_PREFIX, Release};
use crate::{
    batch_recall, pack_state_update, product_master_data, product_pack_data, product_withdrawal,
};

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not well formed, cut, or beyond a limit.
    #[error("at byte {byte}: {why}")]
    Malformed {
        /// Bytes read so far.
        byte: u64,
        /// What is wrong.
        why: String,
    },
    /// A document of some other kind.
    #[error("this is no EU hub document: {0}")]
    NotOurs(String),
    /// A field is missing or has a value that is not allowed.
    #[error("{place}: {why}")]
    Field {
        /// The element.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// The count at the end is not the count of the packs.
    #[error("the document announces {announced} packs and holds {found}")]
    Total {
        /// What its end says.
        announced: u64,
        /// Packs found.
        found: u64,
    },
    /// The receiver of the packs failed.
    #[error("the packs could not be handed on")]
    Io(#[from] io::Error),
}

/// A document as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct HubDocument {
    /// What its header says; `release` is that of its namespace.
    pub envelope: Envelope,
    /// What it says.
    pub fact: Fact,
    /// How many packs it held.
    pub packs: u64,
}

/// Receives what a document holds: first the fact, then its packs.
pub trait DocumentSink {
    /// The fact, before its first pack.
    ///
    /// # Errors
    /// What keeps the receiver from going on.
    fn fact(&mut self, fact: &Fact) -> io::Result<()>;

    /// One pack.
    ///
    /// # Errors
    /// What keeps the receiver from going on.
    fn pack(&mut self, serial: Serial) -> io::Result<()>;
}

/// Whether a file begins as a document of the mirror does, of whatever release. Its first bytes are enough; what cannot
/// be read is none.
pub fn is_hub_document(begin: impl BufRead) -> bool {
    Cursor::open(begin).is_ok_and(|(cursor, root)| {
        root.name == "HubMessage" && cursor.namespace().starts_with(NAMESPACE_PREFIX)
    })
}

/// Reads one document and hands on its packs.
///
/// # Errors
/// See [`ReadError`]; what was handed on before is then to be thrown away.
pub fn read_document(
    input: impl BufRead,
    sink: &mut dyn DocumentSink,
) -> Result<HubDocument, ReadError> {
    let (mut cursor, root) = Cursor::open(input)?;
    let release = release_of(&cursor, &root, "HubMessage")?;
    let mut envelope = None;
    let mut content = None;
    while let Some(child) = cursor.child()? {
        if child.name == "Header" {
            envelope = Some(read_header(&mut cursor, release)?);
            continue;
        }
        let year = envelope
            .as_ref()
            .map(|known: &Envelope| known.event_at.year())
            .ok_or_else(|| cursor.fault("the header must come first"))?;
        match child.name.as_str() {
            product_master_data::NAME => {
                let fact = Fact::ProductVersioned(Box::new(version_from(&mut cursor)?));
                sink.fact(&fact)?;
                content = Some((fact, 0));
            }
            name @ (product_pack_data::NAME
            | pack_state_update::SINGLE
            | pack_state_update::MULTIPLE
            | product_withdrawal::NAME) => {
                content = Some(read_content(&mut cursor, name, year, sink)?);
            }
            batch_recall::NAME => {
                let why = "a recall names no expiry, and without it no lot can be told".to_owned();
                return Err(ReadError::Field {
                    place: batch_recall::NAME.to_owned(),
                    why,
                });
            }
            _ => cursor.skip()?,
        }
    }
    let missing = |place: &str| ReadError::Field {
        place: place.to_owned(),
        why: "is missing".to_owned(),
    };
    let envelope = envelope.ok_or_else(|| missing("Header"))?;
    let (fact, packs) =
        content.ok_or_else(|| ReadError::NotOurs("it carries no document we know".to_owned()))?;
    cursor.finish()?;
    Ok(HubDocument {
        envelope,
        fact,
        packs,
    })
}

/// The release of a root element that has the wanted name.
pub(crate) fn release_of<R: BufRead>(
    cursor: &Cursor<R>,
    root: &Element,
    wanted: &str,
) -> Result<Release, ReadError> {
    if root.name != wanted {
        return Err(ReadError::NotOurs(format!(
            "its root is {}, expected {wanted}",
            root.name
        )));
    }
    Release::of_namespace(cursor.namespace())
        .ok_or_else(|| ReadError::NotOurs(format!("its namespace is \"{}\"", cursor.namespace())))
}

fn read_header<R: BufRead>(
    cursor: &mut Cursor<R>,
    release: Release,
) -> Result<Envelope, ReadError> {
    let mut envelope = Envelope {
        message_id: String::new(),
        event_at: Timestamp::from_micros(0),
        sender: String::new(),
        release: release.to_string(),
        environment: Environment::Test,
        callback_url: None,
    };
    let (mut event_at, mut environment) = (None, None);
    while let Some(field) = cursor.child()? {
        let text = cursor.text()?;
        match field.name.as_str() {
            "MessageId" => envelope.message_id = text,
            "Sender" => envelope.sender = text,
            "Environment" => environment = Some(parsed("Environment", text.parse())?),
            "EventTime" => event_at = Some(required("EventTime", Timestamp::parse(&text))?),
            "CallbackUrl" => envelope.callback_url = Some(text),
            _ => {}
        }
    }
    envelope.event_at = required("EventTime", event_at)?;
    envelope.environment = required("Environment", environment)?;
    Ok(envelope)
}

/// The fields that documents with a lot or product share.
#[derive(Default)]
struct Fields {
    product: Option<ProductCode>,
    version: Option<u32>,
    batch: Option<BatchNumber>,
    expiry: Option<Expiry>,
    state: Option<PackState>,
    markets: Vec<Market>,
    reason: Option<String>,
}

fn read_content<R: BufRead>(
    cursor: &mut Cursor<R>,
    name: &str,
    year: i32,
    sink: &mut dyn DocumentSink,
) -> Result<(Fact, u64), ReadError> {
    let mut fields = Fields::default();
    let mut fact = None;
    let mut found = 0;
    let mut announced = None;
    while let Some(child) = cursor.child()? {
        match child.name.as_str() {
            "Packs" | "Pack" => {
                if fact.is_none() {
                    let told = fields.fact(name)?;
                    sink.fact(&told)?;
                    fact = Some(told);
                }
                if child.name == "Pack" {
                    read_pack(cursor, &child, sink, &mut found)?;
                } else {
                    while let Some(pack) = cursor.child()? {
                        read_pack(cursor, &pack, sink, &mut found)?;
                    }
                }
            }
            "Total" => announced = Some(parsed("Total", cursor.text()?.trim().parse::<u64>())?),
            _ => fields.read(cursor, &child, year)?,
        }
    }
    if let Some(announced) = announced
        && announced != found
    {
        return Err(ReadError::Total { announced, found });
    }
    match fact {
        Some(fact) => Ok((fact, found)),
        None => {
            let told = fields.fact(name)?;
            sink.fact(&told)?;
            Ok((told, found))
        }
    }
}

fn read_pack<R: BufRead>(
    cursor: &mut Cursor<R>,
    pack: &Element,
    sink: &mut dyn DocumentSink,
    found: &mut u64,
) -> Result<(), ReadError> {
    let serial = parsed(
        "Pack/@sn",
        Serial::parse(pack.attribute("sn").unwrap_or_default()),
    )?;
    cursor.skip()?;
    sink.pack(serial)?;
    *found += 1;
    Ok(())
}

impl Fields {
    fn read<R: BufRead>(
        &mut self,
        cursor: &mut Cursor<R>,
        element: &Element,
        year: i32,
    ) -> Result<(), ReadError> {
        let text = cursor.text()?;
        let text = text.trim();
        match element.name.as_str() {
            "ProductCode" => self.product = Some(product_code(element, text)?),
            "Version" => self.version = Some(parsed("Version", text.parse())?),
            "Batch" => self.batch = Some(parsed("Batch", BatchNumber::parse(text))?),
            "Expiry" => self.expiry = Some(parsed("Expiry", Expiry::parse(text, year))?),
            "State" => self.state = Some(required("State", PackState::parse(text))?),
            "Market" => self.markets.push(parsed("Market", text.parse())?),
            "Reason" => self.reason = Some(text.to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn fact(&mut self, name: &str) -> Result<Fact, ReadError> {
        let product = required("ProductCode", self.product)?;
        if name == product_withdrawal::NAME {
            return Ok(Fact::Withdrawn {
                product,
                markets: std::mem::take(&mut self.markets),
                reason: required("Reason", self.reason.take())?,
            });
        }
        let lot = LotHead {
            product,
            batch: required("Batch", self.batch)?,
            expiry: required("Expiry", self.expiry)?,
            manufactured: None,
        };
        if name == product_pack_data::NAME {
            let version = required("Version", self.version)?;
            Ok(Fact::Commissioned {
                lot,
                version,
                markets: std::mem::take(&mut self.markets),
            })
        } else {
            Ok(Fact::StateChanged {
                lot,
                state: required("State", self.state)?,
            })
        }
    }
}

/// A product code with the scheme its element names.
pub(crate) fn product_code(element: &Element, text: &str) -> Result<ProductCode, ReadError> {
    let scheme = match element.attribute("scheme") {
        Some("GTIN") => CodingScheme::Gtin,
        Some("PPN") => CodingScheme::Ppn,
        other => {
            let why = format!("{} is neither GTIN nor PPN", other.unwrap_or("nothing"));
            return Err(ReadError::Field {
                place: "ProductCode/@scheme".to_owned(),
                why,
            });
        }
    };
    parsed("ProductCode", ProductCode::parse_as(scheme, text))
}

/// The value, or the fault with its place.
pub(crate) fn parsed<T, E: std::fmt::Display>(
    place: &str,
    result: Result<T, E>,
) -> Result<T, ReadError> {
    result.map_err(|error| ReadError::Field {
        place: place.to_owned(),
        why: error.to_string(),
    })
}

/// The value, or that it is missing or not understood.
pub(crate) fn required<T>(place: &str, value: Option<T>) -> Result<T, ReadError> {
    value.ok_or_else(|| ReadError::Field {
        place: place.to_owned(),
        why: "is missing or not understood".to_owned(),
    })
}

/// Reads a product master data document alone.
///
/// # Errors
/// See [`ReadError`]; a document of another kind is [`ReadError::NotOurs`].
pub fn read_product_master_data(input: impl BufRead) -> Result<ProductVersion, ReadError> {
    struct NoPacks;
    impl DocumentSink for NoPacks {
        fn fact(&mut self, _: &Fact) -> io::Result<()> {
            Ok(())
        }
        fn pack(&mut self, _: Serial) -> io::Result<()> {
            Ok(())
        }
    }
    match read_document(input, &mut NoPacks)?.fact {
        Fact::ProductVersioned(version) => Ok(*version),
        other => Err(ReadError::NotOurs(format!(
            "it carries {}",
            other.kind().as_str()
        ))),
    }
}
