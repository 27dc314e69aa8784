//! What a single event must have (EPCIS 2.0, section 7.4, and the schemas of both versions), and whether its vocabulary
//! exists.
//!
//! Errors are what the schemas refuse; warnings are what the standard's text demands beyond them.

use std::collections::HashSet;

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};

use super::about;
use super::values::is_uri;
use crate::document::SchemaVersion;
use crate::epc_format::is_class;
use crate::event::{
    EpcRole, Event, EventKind, Quantity, QuantityRole, SENSOR_METADATA, SENSOR_REPORT, SensorText,
};
use crate::text_list::TextList;
use crate::translation::Form;

/// Why an event cannot be written in a form: the first fault that its schema would refuse.
pub fn schema_fault(event: &Event, form: Form) -> Option<Code> {
    let mut findings = Vec::new();
    let mut check = Check {
        event,
        version: match form {
            Form::Xml1 => SchemaVersion::V1,
            Form::Xml2 | Form::Json2 => SchemaVersion::V2,
        },
        is_json: form == Form::Json2,
        findings: &mut findings,
    };
    check.times();
    check.fields();
    if form == Form::Json2 {
        // The schema of JSON knows more than those of XML: URIs, words, lists without repeats.
        check.values();
        check.lists();
        check.quantities();
        check.sensors();
        check.vocabulary();
    }
    let fault = findings
        .into_iter()
        .find(|finding| finding.severity == Severity::Error);
    fault.map(|finding| finding.code)
}

/// Checks structure and vocabulary of an event.
pub fn check_event(
    event: &Event,
    version: SchemaVersion,
    is_json: bool,
    findings: &mut Vec<Finding>,
) {
    let mut check = Check {
        event,
        version,
        is_json,
        findings,
    };
    check.times();
    check.fields();
    check.values();
    check.lists();
    check.quantities();
    check.sensors();
    check.vocabulary();
}

/// The check of one event; `values` has its other half.
pub(super) struct Check<'c> {
    pub(super) event: &'c Event,
    version: SchemaVersion,
    pub(super) is_json: bool,
    pub(super) findings: &'c mut Vec<Finding>,
}

impl Check<'_> {
    fn times(&mut self) {
        let event = self.event;
        if event.event_time.is_none() {
            self.error(
                Code::EpcisFieldMissing,
                "eventTime",
                "eventTime is missing".to_owned(),
            );
        }
        let declared = event.error_declaration.as_ref();
        let declared = declared.and_then(|declaration| declaration.declaration_time.as_deref());
        for (name, time) in [
            ("eventTime", event.event_time.as_deref()),
            ("recordTime", event.record_time.as_deref()),
            ("declarationTime", declared),
        ] {
            if let Some(time) = time {
                self.time(name, time);
            }
        }
        if event.error_declaration.is_some() && declared.is_none() {
            self.error(
                Code::EpcisFieldMissing,
                "declarationTime",
                "the error declaration has no declarationTime".to_owned(),
            );
        }
        match event.zone_offset.as_deref() {
            None => self.error(
                Code::EpcisZoneOffsetMalformed,
                "eventTimeZoneOffset",
                "eventTimeZoneOffset is missing".to_owned(),
            ),
            Some(offset) if !is_offset(offset) => {
                let text = format!(
                    "eventTimeZoneOffset {} is no offset such as +02:00",
                    quoted(offset)
                );
                // The XML schemas take any text here.
                let severity = if self.is_json {
                    Severity::Error
                } else {
                    Severity::Warning
                };
                self.report(
                    Code::EpcisZoneOffsetMalformed,
                    severity,
                    "eventTimeZoneOffset",
                    text,
                );
            }
            Some(_) => {}
        }
    }

    fn time(&mut self, name: &str, time: &str) {
        match read_form(time) {
            TimeForm::Whole => {}
            TimeForm::NoZone => {
                let proposal = self
                    .event
                    .zone_offset
                    .as_ref()
                    .filter(|offset| is_offset(offset));
                let proposal = proposal.map(|offset| format!("{time}{offset}"));
                let text = format!(
                    "{name} {} has no time zone. Add \"+02:00\" or \"Z\"",
                    quoted(time)
                );
                let severity = match self.version {
                    SchemaVersion::V1 => Severity::Warning,
                    SchemaVersion::V2 => Severity::Error,
                };
                let mut finding =
                    about(self.event, Code::EpcisTimeZoneMissing, severity, name, text);
                finding.proposal = proposal;
                self.findings.push(finding);
            }
            TimeForm::Wrong => {
                let text = format!("{name} {} is no point in time", quoted(time));
                self.error(Code::EpcisTimeMalformed, name, text);
            }
        }
    }

    fn fields(&mut self) {
        let event = self.event;
        let kind = &event.kind;
        let needs_action = !matches!(
            kind,
            EventKind::Transformation | EventKind::Quantity | EventKind::Foreign(_)
        );
        match event.action.as_deref() {
            None if needs_action => self.error(
                Code::EpcisFieldMissing,
                "action",
                "action is missing".to_owned(),
            ),
            Some(action) if !["ADD", "OBSERVE", "DELETE"].contains(&action) => {
                let near = ["ADD", "OBSERVE", "DELETE"]
                    .into_iter()
                    .find(|known| known.starts_with(&action.to_ascii_uppercase()));
                let text = format!(
                    "action {} is none of ADD, OBSERVE and DELETE",
                    quoted(action)
                );
                let mut finding = about(
                    event,
                    Code::EpcisFieldWrong,
                    Severity::Error,
                    "action",
                    text,
                );
                finding.proposal = near.filter(|_| !action.is_empty()).map(str::to_owned);
                self.findings.push(finding);
            }
            Some(_) if *kind == EventKind::Transformation => {
                self.error(
                    Code::EpcisWrongPlace,
                    "action",
                    "a transformation has no action".to_owned(),
                );
            }
            _ => {}
        }
        if *kind == EventKind::Association && event.parent_id.is_none() {
            self.error(
                Code::EpcisFieldMissing,
                "parentID",
                "an association needs a parentID".to_owned(),
            );
        }
        let has_transactions = event
            .biz_transactions
            .as_ref()
            .is_some_and(|list| !list.is_empty());
        if *kind == EventKind::Transaction && !has_transactions {
            self.error(
                Code::EpcisFieldMissing,
                "bizTransactionList",
                "a transaction event needs a business transaction".to_owned(),
            );
        }
        for (name, list) in [
            ("source", &event.sources),
            ("destination", &event.destinations),
        ] {
            if list.iter().flatten().any(|typed| typed.kind.is_none()) {
                self.error(
                    Code::EpcisFieldMissing,
                    name,
                    format!("a {name} has no type"),
                );
            }
        }
        if event.ilmd.is_some() {
            let is_birth =
                event.action.as_deref() == Some("ADD") || *kind == EventKind::Transformation;
            if !is_birth {
                self.error_in_json(
                    Code::EpcisWrongPlace,
                    "ilmd",
                    "master data of instances are given when they come into being, with action ADD"
                        .to_owned(),
                );
            }
        }
        if let Some(persistent) = &event.persistent_disposition
            && persistent.set.is_empty()
            && persistent.unset.is_empty()
        {
            self.warn(
                Code::EpcisFieldMissing,
                "persistentDisposition",
                "persistentDisposition sets nothing and unsets nothing".to_owned(),
            );
        }
    }

    /// What the types ask of their lists (section 7.4.2 to 7.4.6).
    fn lists(&mut self) {
        let event = self.event;
        let count = |role: EpcRole| event.epc_list(role).len();
        let amount = |role: QuantityRole| event.quantity_list(role).len();
        let action = event.action.as_deref();
        match event.kind {
            EventKind::Object => {
                let has_things = event.epc_list(EpcRole::Epcs).is_present()
                    || amount(QuantityRole::Quantities) > 0;
                let is_sensed = event.sensor_elements.is_some() && event.read_point.is_some();
                if !has_things && !is_sensed {
                    self.error(Code::EpcisFieldMissing, "epcList", "an object event needs EPCs or quantities, or sensor data with a read point".to_owned());
                }
            }
            EventKind::Aggregation | EventKind::Association => {
                if event.parent_id.is_none() && action != Some("OBSERVE") {
                    self.warn(
                        Code::EpcisFieldMissing,
                        "parentID",
                        "adding and deleting children needs a parentID".to_owned(),
                    );
                }
                let children = count(EpcRole::Children) + amount(QuantityRole::Children);
                if children == 0 && action == Some("ADD") {
                    self.error_in_json(
                        Code::EpcisFieldMissing,
                        "childEPCs",
                        "nothing is added to the parent".to_owned(),
                    );
                }
            }
            EventKind::Transformation => {
                let inputs = count(EpcRole::Inputs) + amount(QuantityRole::Inputs);
                let outputs = count(EpcRole::Outputs) + amount(QuantityRole::Outputs);
                if (inputs == 0 || outputs == 0) && event.transformation_id.is_none() {
                    self.error_in_json(Code::EpcisFieldMissing, "inputEPCList", "a transformation needs inputs and outputs, or a transformationID that ties it to others".to_owned());
                }
            }
            _ => {}
        }
        if let Some(parent) = &event.parent_id {
            if is_class(parent) == Some(true) {
                self.warn(
                    Code::EpcisFieldWrong,
                    "parentID",
                    format!("the parent {} is a class, not one thing", quoted(parent)),
                );
            }
            self.uri("parentID", parent);
        }
        for role in EpcRole::ALL {
            let list = event.epc_list(role);
            if let Some(epc) = first_twice(list) {
                self.error_in_json(
                    Code::EpcisTwice,
                    role.name(),
                    format!("{} stands twice in {}", quoted(epc), role.name()),
                );
            }
            if let Some(epc) = list.iter().find(|epc| !is_uri(epc)) {
                let text = format!("{} in {} is no URI", quoted(epc), role.name());
                self.error_in_json(Code::EpcisFieldWrong, role.name(), text);
            }
        }
        for (name, place) in [
            ("readPoint", &event.read_point),
            ("bizLocation", &event.biz_location),
        ] {
            match place {
                Some(place) if place.id.is_empty() => {
                    self.error(Code::EpcisFieldMissing, name, format!("{name} has no id"))
                }
                Some(place) => self.uri(name, &place.id),
                None => {}
            }
        }
    }

    fn quantities(&mut self) {
        for role in QuantityRole::ALL {
            for Quantity {
                epc_class,
                quantity,
                uom,
            } in self.event.quantity_list(role)
            {
                let name = role.name();
                if epc_class.is_empty() {
                    self.error(
                        Code::EpcisFieldMissing,
                        name,
                        format!("an element of {name} has no epcClass"),
                    );
                }
                let is_decimal = |text: &String| {
                    let digits = text.trim_start_matches(['+', '-']);
                    !digits.is_empty()
                        && digits
                            .bytes()
                            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
                };
                if let Some(number) = quantity.as_ref().filter(|number| !is_decimal(number)) {
                    self.error(
                        Code::EpcisFieldWrong,
                        name,
                        format!("the quantity {} is no number", quoted(number)),
                    );
                }
                let is_unit = |text: &String| {
                    (2..=3).contains(&text.len())
                        && text
                            .bytes()
                            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
                };
                if let Some(unit) = uom.as_ref().filter(|unit| !is_unit(unit)) {
                    let text = format!(
                        "the unit {} is no code of UNECE Recommendation 20",
                        quoted(unit)
                    );
                    self.error_in_json(Code::EpcisFieldWrong, name, text);
                }
            }
        }
    }

    fn sensors(&mut self) {
        for element in self.event.sensor_elements.iter().flatten() {
            if element.reports.is_empty() {
                self.error(
                    Code::EpcisFieldMissing,
                    "sensorReport",
                    "a sensor element has no report".to_owned(),
                );
            }
            let known = SENSOR_METADATA.iter().chain(&SENSOR_REPORT);
            let is_time = |name: &str| {
                known
                    .clone()
                    .any(|(field, kind)| *field == name && *kind == SensorText::Time)
            };
            for fields in element.metadata.iter().chain(&element.reports) {
                for (name, value) in &fields.fields {
                    if is_time(name) {
                        self.time(name, value);
                    }
                }
            }
            if self.is_json {
                for report in &element.reports {
                    self.measurement(report.field("type"));
                }
            }
        }
    }

    /// The JSON schema refuses it, the XML schemas do not.
    pub(super) fn error_in_json(&mut self, code: Code, field: &str, text: String) {
        let severity = if self.is_json {
            Severity::Error
        } else {
            Severity::Warning
        };
        self.report(code, severity, field, text);
    }

    fn warn(&mut self, code: Code, field: &str, text: String) {
        self.report(code, Severity::Warning, field, text);
    }

    pub(super) fn error(&mut self, code: Code, field: &str, text: String) {
        self.report(code, Severity::Error, field, text);
    }

    fn report(&mut self, code: Code, severity: Severity, field: &str, text: String) {
        self.findings
            .push(about(self.event, code, severity, field, text));
    }
}

/// The first text that stands a second time. Lists from packaging lines ascend mostly, and then hold none.
fn first_twice(list: &TextList) -> Option<&str> {
    let behind = list.iter().skip(1);
    if list.iter().zip(behind).all(|(before, text)| before < text) {
        return None;
    }
    let mut seen = HashSet::with_capacity(list.len());
    list.iter().find(|text| !seen.insert(*text))
}

/// `+02:00` and the like, up to fourteen hours.
pub(crate) fn is_offset(text: &str) -> bool {
    let Some(clock) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let Some((hours, minutes)) = clock.split_once(':') else {
        return false;
    };
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
    match (number(hours), number(minutes)) {
        (Some(14), Some(0)) => true,
        (Some(hours), Some(minutes)) => hours < 14 && minutes < 60,
        _ => false,
    }
}

enum TimeForm {
    Whole,
    NoZone,
    Wrong,
}

/// The form of the schemas: `YYYY-MM-DDThh:mm:ss`, a fraction, a zone.
fn read_form(text: &str) -> TimeForm {
    let whole = packtwin_core::time::Timestamp::parse(text).is_some();
    let has_t = text.as_bytes().get(10) == Some(&b'T') && !text.contains(['t', 'z']);
    if whole && has_t {
        return TimeForm::Whole;
    }
    let with_zone = packtwin_core::time::Timestamp::parse(&format!("{text}Z")).is_some();
    match with_zone && has_t {
        true => TimeForm::NoZone,
        false => TimeForm::Wrong,
    }
}
