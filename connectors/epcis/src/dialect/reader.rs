//! Reads a document as a partner's dialect means it: tolerated findings are told as put right, and events are mended before
//! anyone judges them.
//!
//! What a vendor's own field says is copied into the ILMD; the field itself stays, so that nothing is lost on the way back.

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::percent;
use packtwin_core::time::Timestamp;

use super::{Deviation, Dialect, WordField, repair};
use crate::event::{Event, EventKind, Ilmd};
use crate::extension::{Element, Name, Node, Scalar};
use crate::reading::{EventReader, ReadingError, Step};
use crate::validate::is_uri;

/// The namespace of the master data attributes of the Core Business Vocabulary.
const CBVMDA: &str = "urn:epcglobal:cbv:mda";

/// A reader behind which a document says what its sender meant.
pub struct DialectReader<'d, R> {
    inner: R,
    dialect: &'d Dialect,
    /// The year against which years of two digits are read.
    year: i32,
}

impl<'d, R: EventReader> DialectReader<'d, R> {
    /// Puts right what `inner` reads; `at` is the present time, which years of two digits are near to.
    pub fn new(inner: R, dialect: &'d Dialect, at: Timestamp) -> Self {
        DialectReader {
            inner,
            dialect,
            year: at.year(),
        }
    }
}

impl<R: EventReader> EventReader for DialectReader<'_, R> {
    fn next(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Step, ReadingError> {
        let known = findings.len();
        let step = self.inner.next(event, findings);
        for finding in &mut findings[known..] {
            if finding.severity == Severity::Warning
                && self.dialect.has(&Deviation::Finding(finding.code))
            {
                finding.severity = Severity::Fixed;
            }
        }
        if matches!(step, Ok(Step::Event)) {
            Mending {
                dialect: self.dialect,
                year: self.year,
                number: event.number,
                line: event.line,
                findings,
            }
            .mend(event);
        }
        step
    }

    fn bytes_read(&self) -> u64 {
        self.inner.bytes_read()
    }
}

struct Mending<'m> {
    dialect: &'m Dialect,
    year: i32,
    number: u64,
    line: u64,
    findings: &'m mut Vec<Finding>,
}

impl Mending<'_> {
    fn mend(&mut self, event: &mut Event) {
        self.times(event);
        self.words(event);
        self.amounts(event);
        self.places(event);
        self.vendor_fields(event);
        self.dates(event);
    }

    fn times(&mut self, event: &mut Event) {
        if let Some(text) = &mut event.zone_offset
            && let Some(mended) = repair::offset(self.dialect, text)
        {
            self.put_right(
                Code::EpcisZoneOffsetMalformed,
                "eventTimeZoneOffset",
                text,
                mended,
            );
        }
        let offset = event.zone_offset.as_deref();
        let declared = event
            .error_declaration
            .as_mut()
            .and_then(|declaration| declaration.declaration_time.as_mut());
        for (name, time) in [
            ("eventTime", event.event_time.as_mut()),
            ("recordTime", event.record_time.as_mut()),
            ("declarationTime", declared),
        ] {
            if let Some(text) = time
                && let Some(mended) = repair::time(self.dialect, text, offset)
            {
                let code = match Timestamp::parse(&format!("{text}Z")) {
                    Some(_) => Code::EpcisTimeZoneMissing,
                    None => Code::EpcisTimeMalformed,
                };
                self.put_right(code, name, text, mended);
            }
        }
    }

    fn words(&mut self, event: &mut Event) {
        let code = Code::EpcisVocabularyUnknown;
        if let Some(text) = &mut event.action {
            self.word(WordField::Action, Code::EpcisFieldWrong, "action", text);
        }
        if let Some(text) = &mut event.biz_step {
            self.word(
                WordField::BizStep,
                Code::EpcisBizStepUnknown,
                "bizStep",
                text,
            );
        }
        if let Some(text) = &mut event.disposition {
            self.word(WordField::Disposition, code, "disposition", text);
        }
        for typed in event.biz_transactions.iter_mut().flatten() {
            if let Some(text) = &mut typed.kind {
                self.word(WordField::BizTransaction, code, "bizTransaction", text);
            }
        }
        let parties = [&mut event.sources, &mut event.destinations];
        for typed in parties.into_iter().flatten().flatten() {
            if let Some(text) = &mut typed.kind {
                self.word(WordField::SourceDest, code, "source", text);
            }
        }
    }

    fn word(&mut self, field: WordField, code: Code, name: &str, text: &mut String) {
        let mended = self
            .dialect
            .tolerances
            .iter()
            .find_map(|line| match &line.deviation {
                Deviation::Word {
                    field: known,
                    from,
                    to,
                    is_stem,
                } if *known == field => match is_stem {
                    true => Some(format!("{to}{}", text.strip_prefix(from.as_str())?)),
                    false => (text.as_str() == from).then(|| to.clone()),
                },
                _ => None,
            });
        if let Some(mended) = mended {
            self.put_right(code, name, text, mended);
        }
    }

    fn amounts(&mut self, event: &mut Event) {
        if !self.dialect.has(&Deviation::DecimalComma) {
            return;
        }
        let quantities = event.quantities.iter_mut().flatten().flatten();
        for text in quantities.filter_map(|quantity| quantity.quantity.as_mut()) {
            if let Some(mended) = repair::number(text) {
                self.put_right(Code::EpcisFieldWrong, "quantity", text, mended);
            }
        }
    }

    fn places(&mut self, event: &mut Event) {
        for (name, place) in [
            ("readPoint", &mut event.read_point),
            ("bizLocation", &mut event.biz_location),
        ] {
            if let Some(place) = place {
                self.place(name, &mut place.id);
            }
        }
        for (name, list) in [
            ("source", &mut event.sources),
            ("destination", &mut event.destinations),
        ] {
            for typed in list.iter_mut().flatten() {
                self.place(name, &mut typed.value);
            }
        }
    }

    /// A place that is no URI becomes one, as the dialect has it.
    fn place(&mut self, name: &str, id: &mut String) {
        if id.is_empty() || is_uri(id) {
            return;
        }
        let mended = self
            .dialect
            .tolerances
            .iter()
            .find_map(|line| match &line.deviation {
                Deviation::PlaceStem(stem) if is_bare_sgln(id) => Some(format!("{stem}{id}")),
                Deviation::PlaceText(stem) => {
                    let mut uri = stem.clone();
                    percent::encode(id, &mut uri);
                    Some(uri)
                }
                _ => None,
            });
        if let Some(mended) = mended {
            self.put_right(Code::EpcisFieldWrong, name, id, mended);
        }
    }

    /// Copies what a vendor's fields say of things that came into being.
    fn vendor_fields(&mut self, event: &mut Event) {
        let comes_into_being =
            event.kind == EventKind::Object && event.action.as_deref() == Some("ADD");
        if !comes_into_being {
            return;
        }
        for line in &self.dialect.tolerances {
            let Deviation::Field { path, named, ilmd } = &line.deviation else {
                continue;
            };
            let is_said = event.ilmd.as_ref().is_some_and(|known| {
                let mut elements = known.elements.iter();
                elements.any(|element| element.name.local == *ilmd)
            });
            let inside = event.ilmd.iter().flat_map(|ilmd| &ilmd.elements);
            let mut trees = event.extensions.iter().chain(inside);
            let found = trees.find_map(|tree| find(tree, path, named.as_deref()));
            let Some(value) = found.filter(|value| !is_said && !value.is_empty()) else {
                continue;
            };
            let text = format!(
                "Event {} (line {}): {ilmd} was taken from {}.",
                self.number, self.line, line.what
            );
            let fixed = Finding {
                severity: Severity::Fixed,
                ..Finding::warning(Code::EpcisLotMissing, self.line, ilmd.as_str(), text)
            };
            self.findings.push(fixed.proposing(value.as_str()));
            let name = Name::new(CBVMDA, "cbvmda", ilmd.as_str());
            event
                .ilmd
                .get_or_insert_with(Ilmd::default)
                .elements
                .push(Element::text(name, value));
        }
    }

    fn dates(&mut self, event: &mut Event) {
        let dates = |name: &str| self.dialect.has(&Deviation::Date(name.to_owned()));
        let Some(ilmd) = &mut event.ilmd else {
            return;
        };
        let mut mended = Vec::new();
        for element in &mut ilmd.elements {
            if element.has_children() || !dates(&element.name.local) {
                continue;
            }
            let text = element.own_text().trim().to_owned();
            if let Some(day) = repair::day(&text, self.year) {
                element.content = vec![Node::Text(day.clone())];
                element.scalar = Scalar::Text;
                mended.push((element.name.local.clone(), text, day));
            }
        }
        for (name, mut text, day) in mended {
            self.put_right(Code::EpcisFieldWrong, &name, &mut text, day);
        }
    }

    /// Takes the new text and tells it.
    fn put_right(&mut self, code: Code, field: &str, text: &mut String, mended: String) {
        let told = format!(
            "Event {} (line {}): {field} {} was read as {}.",
            self.number,
            self.line,
            quoted(text),
            quoted(&mended)
        );
        let fixed = Finding {
            severity: Severity::Fixed,
            ..Finding::warning(code, self.line, field, told)
        };
        self.findings.push(fixed.proposing(mended.as_str()));
        *text = mended;
    }
}

/// What stands at the end of a path of local names, wherever in the tree the path begins.
fn find(tree: &Element, path: &[String], named: Option<&str>) -> Option<String> {
    let below = || tree.children().find_map(|child| find(child, path, named));
    find_here(tree, path, named).or_else(below)
}

/// The same, where the path must begin here.
fn find_here(tree: &Element, path: &[String], named: Option<&str>) -> Option<String> {
    let (first, rest) = path.split_first()?;
    if !tree.name.local.eq_ignore_ascii_case(first) {
        return None;
    }
    if !rest.is_empty() {
        let mut children = tree.children();
        return children.find_map(|child| find_here(child, rest, named));
    }
    let is_named = named.is_none_or(|name| tree.attribute("", "name") == Some(name));
    (is_named && !tree.has_children()).then(|| tree.own_text().trim().to_owned())
}

/// Company prefix, location and extension with points between, twelve digits before the extension.
fn is_bare_sgln(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let [prefix, location, extension] = parts[..] else {
        return false;
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (6..=12).contains(&prefix.len())
        && prefix.len() + location.len() == 12
        && digits(prefix)
        && digits(location)
        && !extension.is_empty()
}
