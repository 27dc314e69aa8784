//! Reads the commissioning of packs from EPCIS XML of any version, and from EPCIS 2.0 JSON (ObjectEvent with action ADD).
//!
//! One pass in constant memory over documents of any size. Each SGTIN of a commissioning event becomes a row with the lot
//! and expiry of its event; the row number is the line of the EPC. Cases and pallets, other events and master data are
//! counted and named in the summary. What XML may contain at all is decided by `port::safe_xml`; JSON comes event by event,
//! see `events`.

mod events;

use std::collections::HashMap;
use std::io::Read;

use chrono::Datelike;
use packtwin_connector_port::safe_xml::{SafeXml, XmlEvent, local_name};
use packtwin_connector_port::serial_check::{Flaw, check_batch, errors_of, quoted};
use packtwin_connector_port::serial_file::{
    FileSummary, LotIndex, ReadRefused, ReadSettings, SeenLot, SerialFileSink,
};
use packtwin_core::code::Code;
use packtwin_core::date::last_day_of_month;
use packtwin_core::digital_link::{DigitalLink, has_web_scheme};
use packtwin_core::element_string::Level;
use packtwin_core::epc::{Epc, EpcKey, read_sgtin};
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::LotHead;
use packtwin_core::finding::Severity;
use packtwin_core::gtin::Gtin;
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use crate::cbv::Standard;
use crate::epc_spool::EpcSpool;
use crate::ilmd_date::read_date;
use crate::object_event::{OTHER_EVENTS, ObjectEvent, Tag};

pub use self::events::read_events;

/// Rows or events between two reports of progress.
const PROGRESS_STEPS: u64 = 4096;

/// Reads the document: every lot, row and finding goes to `sink`, in document order.
///
/// # Errors
/// [`ReadRefused::File`] with `UPL-004` when the document is no EPCIS, `UPL-005`, `UPL-006`, `UPL-046` or `UPL-048` when
/// it cannot be read on, `UPL-049` when it commissions nothing; [`ReadRefused::Stopped`] when the sink asked for it.
pub fn read<R: Read>(
    input: R,
    settings: &ReadSettings,
    sink: &mut dyn SerialFileSink,
) -> Result<FileSummary, ReadRefused> {
    let mut xml = SafeXml::new(input).map_err(|fault| fault.refused(1))?;
    let mut reader = CommissioningReader::new(settings, sink);
    let mut open: Vec<Tag> = Vec::new();
    let mut text = String::new();
    let mut document_seen = false;
    loop {
        let event = match xml.next_event() {
            Ok(event) => event,
            Err(fault) => return Err(fault.refused(xml.line())),
        };
        match event {
            XmlEvent::Start(element) => {
                let tag = Tag::of(local_name(&element));
                document_seen |= tag == Tag::Document;
                if tag.is_event() && !document_seen {
                    return Err(no_epcis());
                }
                text.clear();
                open.push(tag);
                let line = xml.line();
                reader.begin(tag, &open, line)?;
            }
            XmlEvent::Text(part) => {
                if open.last().is_some_and(|tag| *tag != Tag::Other) {
                    text.push_str(&part);
                }
            }
            XmlEvent::End => {
                let tag = open.pop().unwrap_or(Tag::Other);
                let line = xml.line();
                reader.end(tag, &open, &text, line)?;
                text.clear();
                if tag.is_event() && reader.counts.events().is_multiple_of(PROGRESS_STEPS) {
                    reader.sink.progress(xml.bytes_read())?;
                }
            }
            XmlEvent::Other => {}
            XmlEvent::Complete => break,
        }
    }
    reader.summary.bytes = xml.bytes_read();
    if !document_seen {
        return Err(no_epcis());
    }
    reader.finish()
}

/// What passed by, for the notes of the summary.
#[derive(Default)]
struct Counts {
    object_events: u64,
    other: [u64; OTHER_EVENTS.len()],
    commissioning: u64,
    not_commissioning: u64,
    declared_wrong: u64,
    logistic_units: u64,
    groupings: u64,
    last_days: u64,
}

impl Counts {
    fn events(&self) -> u64 {
        self.object_events + self.other.iter().sum::<u64>()
    }
}

struct CommissioningReader<'a> {
    settings: &'a ReadSettings,
    sink: &'a mut dyn SerialFileSink,
    summary: FileSummary,
    counts: Counts,
    event: ObjectEvent,
    epcs: EpcSpool,
    /// Known lots by GTIN and the three texts of the event.
    lots: HashMap<LotKey, LotIndex>,
}

type LotKey = (Gtin, String, String, String);

/// One EPC, judged.
enum Item {
    Pack(Gtin, Serial),
    /// A case or pallet with an SSCC.
    LogisticUnit,
    /// A bundle or case with a GTIN of its own.
    Grouping,
    Wrong(Flaw),
}

impl<'a> CommissioningReader<'a> {
    fn new(settings: &'a ReadSettings, sink: &'a mut dyn SerialFileSink) -> Self {
        CommissioningReader {
            settings,
            sink,
            summary: FileSummary::default(),
            counts: Counts::default(),
            event: ObjectEvent::default(),
            epcs: EpcSpool::default(),
            lots: HashMap::new(),
        }
    }

    fn begin(&mut self, tag: Tag, open: &[Tag], line: u64) -> Result<(), ReadRefused> {
        match tag {
            Tag::ObjectEvent => {
                self.counts.object_events += 1;
                self.event.begin(self.counts.events(), line);
                self.epcs.clear()?;
            }
            Tag::OtherEvent(kind) => self.counts.other[kind] += 1,
            Tag::ErrorDeclaration if open.contains(&Tag::ObjectEvent) => {
                self.event.declared_wrong = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, tag: Tag, open: &[Tag], text: &str, line: u64) -> Result<(), ReadRefused> {
        let inside = open.iter().rev().find(|tag| tag.is_event());
        if inside == Some(&Tag::ObjectEvent) {
            match tag {
                Tag::Epc if open.last() == Some(&Tag::EpcList) => {
                    self.epcs.push(line, text.trim())?
                }
                Tag::Epc => {}
                // What the error declaration itself says about time and so on is not the event's.
                _ if open.contains(&Tag::ErrorDeclaration) => {}
                tag => self.event.take(tag, text, line),
            }
        }
        if tag == Tag::ObjectEvent {
            if self.event.is_commissioning() && !self.event.declared_wrong {
                self.check_step()?;
            }
            self.end_event()?;
        }
        Ok(())
    }

    /// A lot makes an event a commissioning whatever its step says; a step that CBV does not have is told.
    fn check_step(&mut self) -> Result<(), ReadRefused> {
        let step = self.event.biz_step.as_str();
        let own = Standard::BizStep.word(step).is_none();
        if step.is_empty() || own || Standard::BizStep.value(step).is_some() {
            return Ok(());
        }
        let meant = Standard::BizStep.nearest(step);
        let meant = meant.map_or(String::new(), |value| format!(". Did you mean {value}?"));
        let text = format!(
            "event {} has the bizStep {}, which the vocabulary does not have{meant}",
            self.event.number,
            quoted(step)
        );
        let line = self.event.line;
        self.report(
            Flaw::warning(Code::EpcisBizStepUnknown, text),
            line,
            "bizStep",
        )
    }

    fn end_event(&mut self) -> Result<(), ReadRefused> {
        if self.event.declared_wrong {
            self.counts.declared_wrong += 1;
            return Ok(());
        }
        if !self.event.is_commissioning() {
            self.counts.not_commissioning += 1;
            return Ok(());
        }
        self.counts.commissioning += 1;
        self.check_time()?;
        let mut epcs = std::mem::take(&mut self.epcs);
        let mut known: Option<(Gtin, LotIndex)> = None;
        epcs.for_each(|line, epc| match judge(epc) {
            Item::Pack(gtin, serial) => {
                let lot = match known {
                    Some((before, lot)) if before == gtin => lot,
                    _ => self.lot(gtin)?,
                };
                known = Some((gtin, lot));
                self.row(line, lot, Some(serial))
            }
            Item::LogisticUnit => {
                self.counts.logistic_units += 1;
                Ok(())
            }
            Item::Grouping => {
                self.counts.groupings += 1;
                Ok(())
            }
            Item::Wrong(flaw) => {
                self.summary.rows += 1;
                self.report(flaw, line, "epc")
            }
        })?;
        self.epcs = epcs;
        Ok(())
    }

    fn row(&mut self, line: u64, lot: LotIndex, serial: Option<Serial>) -> Result<(), ReadRefused> {
        self.summary.rows += 1;
        self.summary.rows_with_serial += u64::from(serial.is_some());
        Ok(self.sink.row(line, lot, serial)?)
    }

    fn check_time(&mut self) -> Result<(), ReadRefused> {
        let line = self.event.time_line;
        let day = Timestamp::parse(&self.event.time).map(|time| time.date());
        if day.is_some_and(|day| day > self.settings.at.date()) {
            let text = format!(
                "event {} has the eventTime {}, which is still to come",
                self.event.number,
                quoted(&self.event.time)
            );
            self.report(Flaw::warning(Code::EpcisTimeAhead, text), line, "eventTime")?;
        }
        let Some(proposal) = self.event.time_without_zone() else {
            return Ok(());
        };
        let mut flaw = Flaw::warning(
            Code::EpcisTimeZoneMissing,
            format!(
                "event {} has the eventTime {} without time zone. Add \"+02:00\" or \"Z\"",
                self.event.number,
                quoted(&self.event.time)
            ),
        );
        flaw.proposal = proposal;
        self.report(flaw, line, "eventTime")
    }

    /// The lot of this event for packs of this product.
    fn lot(&mut self, gtin: Gtin) -> Result<LotIndex, ReadRefused> {
        let key = (
            gtin,
            self.event.lot.clone(),
            self.event.expiry.clone(),
            self.event.manufactured.clone(),
        );
        if let Some(lot) = self.lots.get(&key) {
            return Ok(*lot);
        }
        let line = self.event.line;
        if self.summary.lots >= self.settings.lots_max {
            return Err(ReadRefused::at_row(
                Code::UploadTooManyLots,
                line,
                format!(
                    "Line {line}: the document holds more than {} lots, which is more than one upload may. Split the document.",
                    self.settings.lots_max
                ),
            ));
        }
        let mut flaws = Vec::new();
        let head = self.lot_head(gtin, &mut flaws);
        let lot = self.sink.lot(SeenLot {
            product_text: gtin.to_string(),
            batch_text: key.1.clone(),
            expiry_text: key.2.clone(),
            market_text: String::new(),
            product: Some(ProductCode::Gtin(gtin)),
            flawed_by: match &head {
                Some(_) => Vec::new(),
                None => errors_of(flaws.iter().map(|(_, flaw)| flaw)),
            },
            head,
        })?;
        self.summary.lots += 1;
        self.lots.insert(key, lot);
        for (element, flaw) in flaws {
            self.report(flaw, line, element)?;
        }
        Ok(lot)
    }

    fn lot_head(&mut self, gtin: Gtin, flaws: &mut Vec<(&'static str, Flaw)>) -> Option<LotHead> {
        let event = &self.event;
        let missing: Vec<&str> = [
            ("lotNumber", &event.lot),
            ("itemExpirationDate", &event.expiry),
        ]
        .iter()
        .filter(|(_, text)| text.is_empty())
        .map(|(name, _)| *name)
        .collect();
        if !missing.is_empty() {
            flaws.push((
                "ilmd",
                Flaw::error(
                    Code::EpcisLotMissing,
                    format!(
                        "event {} commissions packs of {gtin} without {}. Add it to the ILMD of the event",
                        event.number,
                        missing.join(" and ")
                    ),
                ),
            ));
        }
        let batch = (!event.lot.is_empty()).then(|| check_batch(&event.lot));
        let batch =
            batch.and_then(|batch| batch.map_err(|flaw| flaws.push(("lotNumber", flaw))).ok());
        let mut date = |element: &'static str, what: &str, text: &str| {
            if text.is_empty() {
                return None;
            }
            read_date(what, text, self.settings.at.year())
                .map_err(|flaw| flaws.push((element, settle(flaw, self.settings))))
                .ok()
                .or_else(|| accepted_date(what, text, self.settings))
        };
        let expiry = date("itemExpirationDate", "expiry", &event.expiry);
        let manufactured = date(
            "manufacturingDate",
            "manufacturing date",
            &event.manufactured,
        );
        let manufactured_wrong = manufactured.is_none() && !event.manufactured.is_empty();
        if let Some(expiry) = expiry {
            let day = expiry.last_day();
            let last = last_day_of_month(day.year(), day.month()) == Some(day);
            self.counts.last_days += u64::from(last && !expiry.day_unspecified());
            if expiry.is_expired_on(self.settings.at.date()) {
                flaws.push((
                    "itemExpirationDate",
                    Flaw::warning(
                        Code::UploadExpiryPassed,
                        format!("expiry {expiry} passed on {day}; check the date"),
                    ),
                ));
            }
        }
        if manufactured_wrong {
            return None;
        }
        Some(LotHead {
            product: ProductCode::Gtin(gtin),
            batch: batch?,
            expiry: expiry?,
            manufactured: manufactured.map(|date| date.last_day()),
        })
    }

    fn report(&mut self, flaw: Flaw, line: u64, element: &str) -> Result<(), ReadRefused> {
        self.summary.count(flaw.severity);
        Ok(self
            .sink
            .finding(flaw.at(&self.event.place(line), line, element))?)
    }

    fn finish(mut self) -> Result<FileSummary, ReadRefused> {
        let counts = &self.counts;
        let mut not_taken = Vec::new();
        let mut note = |count: u64, text: String| {
            if count > 0 {
                not_taken.push(text);
            }
        };
        let others: Vec<String> = OTHER_EVENTS
            .iter()
            .zip(counts.other)
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        note(
            others.len() as u64,
            format!("Not read: {}.", others.join(", ")),
        );
        note(
            counts.not_commissioning,
            format!(
                "Not read: {} ObjectEvent that commission nothing.",
                counts.not_commissioning
            ),
        );
        note(
            counts.declared_wrong,
            format!(
                "Not read: {} ObjectEvent that the document itself declares wrong.",
                counts.declared_wrong
            ),
        );
        note(
            counts.logistic_units,
            format!(
                "{} cases or pallets (SSCC) are commissioned; they are no packs and were not taken.",
                counts.logistic_units
            ),
        );
        note(
            counts.groupings,
            format!(
                "{} items have a packaging indicator from 1 to 9 (bundles, cases); they are no packs and were not taken.",
                counts.groupings
            ),
        );
        let mut remarks = Vec::new();
        if counts.last_days > 0 {
            remarks.push(format!(
                "{} lots expire on the last day of a month. If the packs print day 00, correct the expiry before the lot is sent: the document cannot say so.",
                counts.last_days
            ));
        }
        if counts.commissioning == 0 || self.summary.rows == 0 {
            let seen = if not_taken.is_empty() {
                "It holds no event.".to_owned()
            } else {
                not_taken.join(" ")
            };
            return Err(ReadRefused::file(
                Code::UploadNotCommissioning,
                format!(
                    "The document commissions no packs. {seen} Send the commissioning events (ObjectEvent, action ADD)."
                ),
            ));
        }
        self.summary.not_taken = not_taken;
        self.summary.notes = remarks;
        self.sink.progress(self.summary.bytes)?;
        Ok(self.summary)
    }
}

fn no_epcis() -> ReadRefused {
    ReadRefused::file(
        Code::UploadNotRecognised,
        "The document is XML, but no EPCIS document.",
    )
}

fn judge(epc: &str) -> Item {
    if let Some((gtin, serial, _)) = read_sgtin(epc) {
        return pack(gtin, serial);
    }
    if has_web_scheme(epc) {
        return judge_digital_link(epc);
    }
    match Epc::parse(epc).map(|parsed| parsed.key()) {
        Ok(EpcKey::Sgtin(gtin, serial)) => pack(gtin, serial),
        Ok(EpcKey::Sscc(_)) => Item::LogisticUnit,
        Ok(_) => unreadable(epc, "it names no single pack"),
        Err(error) => unreadable(epc, &error.to_string()),
    }
}

fn judge_digital_link(link: &str) -> Item {
    let parsed = match DigitalLink::parse(link, Level::Content) {
        Ok(parsed) => parsed,
        Err(faults) => {
            let why: Vec<String> = faults.iter().map(ToString::to_string).collect();
            return unreadable(link, &why.join("; "));
        }
    };
    let value = |code| parsed.elements().value(code);
    let gtin = value("01").and_then(|text| Gtin::parse(text).ok());
    let serial = value("21").and_then(|text| Serial::parse(text).ok());
    match (gtin, serial) {
        (Some(gtin), Some(serial)) => pack(gtin, serial),
        _ if value("00").is_some() => Item::LogisticUnit,
        _ => unreadable(link, "it names no single pack"),
    }
}

fn pack(gtin: Gtin, serial: Serial) -> Item {
    match gtin.indicator() {
        0 => Item::Pack(gtin, serial),
        _ => Item::Grouping,
    }
}

fn unreadable(epc: &str, why: &str) -> Item {
    let shown = if epc.is_empty() {
        "an empty EPC".to_owned()
    } else {
        format!("the EPC {}", quoted(epc))
    };
    Item::Wrong(Flaw::error(
        Code::EpcisPrefixUnclear,
        format!("{shown} cannot be read: {why}"),
    ))
}

fn settle(flaw: Flaw, settings: &ReadSettings) -> Flaw {
    match flaw.proposal.is_some() && settings.accepts(flaw.code) {
        true => Flaw {
            severity: Severity::Fixed,
            ..flaw
        },
        false => flaw,
    }
}

/// The proposal of a date whose code was accepted.
fn accepted_date(what: &str, text: &str, settings: &ReadSettings) -> Option<Expiry> {
    let flaw = read_date(what, text, settings.at.year()).err()?;
    let accepted = settings.accepts(flaw.code);
    accepted.then(|| Expiry::parse(&flaw.proposal?, settings.at.year()).ok())?
}

#[cfg(test)]
mod tests;
