//! What the other form needs: asked before anything is written, all of it at once.

use packtwin_connector_port::document::{Connector, Envelope};
use packtwin_core::code::Code;
use packtwin_core::environment::Environment;
use packtwin_core::fact::Fact;
use packtwin_core::ids::MessageId;
use packtwin_core::market::Market;
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::time::Timestamp;
use packtwin_epcis::commissioning_writer::NotWritten;
use packtwin_eu_hub::{EuHub, HubSettings, Release};
use packtwin_partner::serial_csv::WorkbookError;

use super::compare::Compared;
use super::gather::Gathered;
use super::hub_input::HubSource;
use super::lots::Lot;
use super::{DocumentWords, Form, HubWords, LotsWanted, NotTranslated, TranslateOrder};

/// Packs of a sheet: its rows without the heading.
const SHEET_PACKS_MAX: u64 = 1_048_575;

/// Everything is there; writing can only fail at the disk.
pub(super) struct Ready {
    pub(super) compared: Compared,
    /// What to write of each lot, in the order of the lots; `None` for those that are left out.
    pub(super) lots: Vec<Option<ReadyLot>>,
    pub(super) hub: Option<ReadyHub>,
    /// The time of EPCIS events.
    pub(super) events_at: Timestamp,
}

/// A lot that is written.
pub(super) struct ReadyLot {
    pub(super) packs: u64,
    /// The fact of a hub document.
    pub(super) fact: Option<Fact>,
}

/// What all hub documents share.
pub(super) struct ReadyHub {
    pub(super) connector: EuHub,
    pub(super) envelope: Envelope,
    /// Whether someone gave the message id, so that several documents number it.
    pub(super) message_id_given: bool,
    pub(super) documents: u64,
}

/// What can be said before anything is read.
pub(super) fn check_order(order: &TranslateOrder<'_>) -> Result<(), NotTranslated> {
    let mut faults = Vec::new();
    if order.packs_max == 0 {
        faults.push("a document must hold at least one pack".to_owned());
    }
    match (order.to, &order.prefix) {
        (Form::Epcis12, None) => faults.push(
            "EPCIS 1.2 writes packs as EPC URN, which needs the length of the company prefix, and it is never guessed; give --company-prefix-length or --company-prefix".to_owned(),
        ),
        (Form::Csv | Form::Xlsx | Form::EuHub, Some(_)) => faults.push(format!(
            "{} writes no EPC URN; leave the company prefix out",
            order.to.as_str()
        )),
        _ => {}
    }
    if order.document != DocumentWords::default() {
        faults.push("the spelling of identifiers and vocabulary is chosen where a document of EPCIS becomes another; packs are written as EPC URN where a company prefix is given, and else in EPCIS 2.0 as Digital Link".to_owned());
    }
    if order.to != Form::EuHub && order.hub != HubWords::default() {
        faults.push(format!(
            "{} has no place for sender, environment, release, version, markets, message id or callback; they go with --to eu-hub only",
            order.to.as_str()
        ));
    }
    if order.to.is_table() && order.event_at.is_some() {
        faults.push(format!(
            "{} has no place for an event time",
            order.to.as_str()
        ));
    }
    if order.to == Form::EuHub {
        let not_of_hub = order.from.is_some_and(|from| from != Form::EuHub);
        if not_of_hub && order.hub.sender.is_none() {
            faults.push(SENDER_MISSING.to_owned());
        }
        if not_of_hub && order.hub.version.is_none() {
            faults.push(VERSION_MISSING.to_owned());
        }
    }
    if let Some(release) = &order.hub.release
        && Release::parse(release).is_none()
    {
        let known = Release::NAMES.join(" or ");
        faults.push(format!("hub release {release} is unknown; write {known}"));
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(NotTranslated::Order(faults)),
    }
}

const SENDER_MISSING: &str = "the hub must know who sends; give --sender";
const VERSION_MISSING: &str =
    "a lot belongs to one version of its product for ever; give --product-version";
const MARKETS_MISSING: &str = "no market is named; give --market";

/// Settles what every lot and document says.
pub(super) fn settle(
    order: &TranslateOrder<'_>,
    mut compared: Compared,
) -> Result<Ready, NotTranslated> {
    let mut facts: Vec<Option<Fact>> = Vec::new();
    let mut hub = None;
    let mut events_at = order.at;
    match order.to {
        Form::Csv => {}
        Form::Xlsx => {
            let packs = packs_right(&compared.gathered);
            if packs > SHEET_PACKS_MAX {
                let text = format!("the file holds {packs} packs; {}", WorkbookError::Full);
                return Err(NotTranslated::refused(Code::UploadTooLarge, text));
            }
        }
        Form::Epcis12 | Form::Epcis20 | Form::Epcis20Xml => {
            let mut wrong = Vec::new();
            events_at = event_at(order, &compared.gathered.hub, &mut wrong);
            if !wrong.is_empty() {
                return Err(NotTranslated::Order(wrong));
            }
            check_products(order, &mut compared.gathered);
        }
        Form::EuHub => {
            let (settled, of_lots) = settle_hub(order, &mut compared.gathered)?;
            hub = Some(settled);
            facts = of_lots;
        }
    }
    let all = &compared.gathered.lots.lots;
    let faults: Vec<Refusal> = all.iter().flat_map(|lot| lot.faults.clone()).collect();
    let any_left = all.iter().any(writable);
    if let Some(refusals) = Refusals::all(faults)
        && (order.lots == LotsWanted::All || !any_left)
    {
        return Err(NotTranslated::Refused(refusals));
    }
    let unfit = all.iter().filter(|lot| lot.is_right());
    let sentences = unfit.flat_map(|lot| lot.faults.iter().map(Refusal::to_string));
    compared.left_out.extend(sentences);
    let mut facts = facts.into_iter();
    let lots: Vec<Option<ReadyLot>> = all
        .iter()
        .map(|lot| {
            let fact = facts.next().flatten();
            writable(lot).then_some(ReadyLot {
                packs: lot.rows_right,
                fact,
            })
        })
        .collect();
    if let Some(hub) = &mut hub {
        let split = hub.connector.settings();
        let documents = |lot: &ReadyLot| split.split(lot.packs).count() as u64;
        hub.documents = lots.iter().flatten().map(documents).sum();
        if hub.documents != 1 && order.hub.message_id.is_none() {
            hub.message_id_given = false;
        }
        check_last_id(hub, &lots)?;
    }
    Ok(Ready {
        compared,
        lots,
        hub,
        events_at,
    })
}

/// Numbered message ids grow with the documents; the last one is the longest.
fn check_last_id(hub: &ReadyHub, lots: &[Option<ReadyLot>]) -> Result<(), NotTranslated> {
    let last = Envelope {
        message_id: hub.message_id(hub.documents)?,
        ..hub.envelope.clone()
    };
    for fact in lots.iter().flatten().filter_map(|lot| lot.fact.as_ref()) {
        if let Err(refusals) = hub.connector.check(fact, &last) {
            let texts = refusals.iter().map(|refusal| refusal.text.clone());
            return Err(NotTranslated::Order(texts.collect()));
        }
    }
    Ok(())
}

impl ReadyHub {
    /// The id of the document with this number, counted from 1.
    pub(super) fn message_id(&self, number: u64) -> Result<String, NotTranslated> {
        Ok(match (self.message_id_given, self.documents) {
            (true, 1) => self.envelope.message_id.clone(),
            (true, _) => format!("{}-{number:04}", self.envelope.message_id),
            (false, _) => {
                let bits = packtwin_tenants::random::bits().map_err(std::io::Error::other)?;
                MessageId::from_random(bits).to_string()
            }
        })
    }
}

fn writable(lot: &Lot) -> bool {
    lot.is_right() && lot.faults.is_empty()
}

fn packs_right(gathered: &Gathered) -> u64 {
    let right = gathered.lots.lots.iter().filter(|lot| lot.is_right());
    right.map(|lot| lot.rows_right).sum()
}

/// A PPN has no EPC, and a GTIN needs a known prefix, unless nobody gave one and the form knows Digital Links.
fn check_products(order: &TranslateOrder<'_>, gathered: &mut Gathered) {
    let rule = order.prefix.as_ref();
    let takes_links = order.to != Form::Epcis12 && rule.is_none();
    let lots = &mut gathered.lots;
    for combination in &lots.combinations {
        let Some((_, head)) = &combination.right else {
            continue;
        };
        let fault = match head.product {
            ProductCode::Ppn(_) => NotWritten::NoGtin(head.product),
            ProductCode::Gtin(gtin) => match rule.and_then(|rule| rule.of_gtin(&gtin)) {
                _ if takes_links => continue,
                Some(_) => continue,
                None => NotWritten::NoPrefix(gtin),
            },
        };
        let lot = &mut lots.lots[usize::from(combination.lot)];
        let refusal = Refusal::at(Code::EpcisPrefixUnclear, lot.name(), fault.to_string());
        if lot.is_right() && !lot.faults.contains(&refusal) {
            lot.faults.push(refusal);
        }
    }
}

/// What all documents share, and the fact of each right lot.
fn settle_hub(
    order: &TranslateOrder<'_>,
    gathered: &mut Gathered,
) -> Result<(ReadyHub, Vec<Option<Fact>>), NotTranslated> {
    let mut wrong_order = Vec::new();
    let (envelope, message_id_given) = envelope(order, &gathered.hub, &mut wrong_order);
    let connector = EuHub::new(HubSettings {
        packs_per_message: order.packs_max,
        ..HubSettings::default()
    });
    let mut facts = Vec::new();
    for lot in &mut gathered.lots.lots {
        let Some(head) = lot.head.clone().filter(|_| lot.is_right()) else {
            facts.push(None);
            continue;
        };
        let version = version(order, lot, &mut wrong_order);
        let markets = markets(order, lot, &mut wrong_order);
        let fact = Fact::Commissioned {
            lot: head,
            version: version.unwrap_or(1),
            markets,
        };
        if let Err(refusals) = connector.check(&fact, &envelope) {
            let (of_all, of_lot): (Vec<&Refusal>, Vec<&Refusal>) = refusals
                .iter()
                .partition(|refusal| refusal.place.starts_with("/envelope"));
            wrong_order.extend(of_all.iter().map(|refusal| refusal.text.clone()));
            let name = lot.name();
            // An absent market was told with the option that names it.
            let told = of_lot.iter().filter(|fault| fault.place != "/markets");
            let placed = told.map(|fault| {
                let place = format!("{name}, {}", fault.place.trim_start_matches('/'));
                Refusal::at(fault.code, place, fault.text.clone())
            });
            lot.faults.extend(placed);
        }
        facts.push(Some(fact));
    }
    wrong_order.sort();
    wrong_order.dedup();
    if !wrong_order.is_empty() {
        return Err(NotTranslated::Order(wrong_order));
    }
    let hub = ReadyHub {
        connector,
        envelope,
        message_id_given,
        documents: 0,
    };
    Ok((hub, facts))
}

fn envelope(
    order: &TranslateOrder<'_>,
    sources: &[HubSource],
    wrong: &mut Vec<String>,
) -> (Envelope, bool) {
    let words = &order.hub;
    let sender = words.sender.clone().or_else(|| {
        the_same(sources, "senders; give --sender", wrong, |source| {
            source.sender.clone()
        })
    });
    if sender.is_none() && sources.is_empty() {
        wrong.push(SENDER_MISSING.to_owned());
    }
    let environment = words.environment.or_else(|| {
        let differ = "environments; give --environment";
        the_same(sources, differ, wrong, |source| source.environment)
    });
    let release = words.release.clone().or_else(|| {
        let differ = "hub releases; give --hub-release";
        the_same(sources, differ, wrong, |source| source.release.clone())
    });
    let event_at = event_at(order, sources, wrong);
    let callback_url = words.callback_url.clone().or_else(|| {
        let differ = "callback addresses; give --callback-url";
        the_same(sources, differ, wrong, |source| source.callback_url.clone()).flatten()
    });
    let message_id = words.message_id.clone().or_else(|| match sources {
        [only] => Some(only.envelope.message_id.clone()),
        _ => None,
    });
    let newest = Release::NAMES.last().copied().unwrap_or_default();
    let envelope = Envelope {
        // Stands in for ids made at random, which are as long.
        message_id: message_id
            .clone()
            .unwrap_or_else(|| MessageId::from_random(0).to_string()),
        event_at,
        sender: sender.unwrap_or_else(|| "unknown".to_owned()),
        release: release.unwrap_or_else(|| newest.to_owned()),
        environment: environment.unwrap_or(Environment::Test),
        callback_url,
    };
    (envelope, message_id.is_some())
}

/// When the packs were commissioned.
fn event_at(
    order: &TranslateOrder<'_>,
    sources: &[HubSource],
    wrong: &mut Vec<String>,
) -> Timestamp {
    let differ = "event times; give --event-time";
    order
        .event_at
        .or_else(|| the_same(sources, differ, wrong, |source| source.event_at))
        .unwrap_or(order.at)
}

/// What all documents of the input say alike; a difference is told, since one of them would be lost.
fn the_same<T: PartialEq>(
    sources: &[HubSource],
    differ: &str,
    wrong: &mut Vec<String>,
    said: impl Fn(&Envelope) -> T,
) -> Option<T> {
    let mut all = sources.iter().map(|source| said(&source.envelope));
    let first = all.next()?;
    if all.any(|other| other != first) {
        wrong.push(format!("the documents name different {differ}"));
    }
    Some(first)
}

fn version(order: &TranslateOrder<'_>, lot: &mut Lot, wrong: &mut Vec<String>) -> Option<u32> {
    if order.hub.version.is_some() {
        return order.hub.version;
    }
    let versions: Vec<u32> = lot.hub_words.iter().map(|(version, _)| *version).collect();
    match versions.as_slice() {
        [] => wrong.push(VERSION_MISSING.to_owned()),
        [first, others @ ..] if others.iter().any(|other| other != first) => {
            let text = "the documents name different versions of the product for it; a lot belongs to one version for ever";
            let refusal = Refusal::at(Code::UploadOtherVersion, lot.name(), text);
            lot.faults.push(refusal);
        }
        _ => {}
    }
    versions.first().copied()
}

fn markets(order: &TranslateOrder<'_>, lot: &mut Lot, wrong: &mut Vec<String>) -> Vec<Market> {
    if !order.hub.markets.is_empty() {
        return order.hub.markets.clone();
    }
    if let Some((_, markets)) = lot.hub_words.first() {
        let markets = markets.clone();
        if lot.hub_words.iter().any(|(_, other)| *other != markets) {
            let text = "the documents name different markets for it; give --market";
            let refusal = Refusal::at(Code::UploadMarketNotReleased, lot.name(), text);
            lot.faults.push(refusal);
        }
        return markets;
    }
    let mut markets = Vec::new();
    let mut faults = Vec::new();
    for text in &lot.markets_written {
        match text.trim().parse() {
            Ok(market) => markets.push(market),
            Err(error) => faults.push(Refusal::at(
                Code::UploadMarketNotReleased,
                format!("{}, market", lot.name()),
                packtwin_core::market::MarketError::to_string(&error),
            )),
        }
    }
    if lot.markets_written.is_empty() {
        wrong.push(MARKETS_MISSING.to_owned());
    }
    lot.faults.extend(faults);
    markets
}
