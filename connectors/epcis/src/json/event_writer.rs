//! Writes one event: type and times first, then the fields in the order of `layout`.

use std::io::{self, Write};

use super::bindings::Bindings;
use super::text::JsonText;
use super::tokens::is_number;
use crate::cbv::Standard;
use crate::event::{
    EpcRole, Event, EventKind, Place, QuantityRole, SENSOR_METADATA, SENSOR_REPORT, SensorFields,
    SensorText, Typed,
};
use crate::extension::Name;
use crate::fields::present_fields;
use crate::layout::{BASE_2, Layout};
use crate::loss::Losses;

/// Writes an event as one object.
pub(super) fn write_event(
    text: &mut JsonText,
    out: &mut impl Write,
    event: &Event,
    losses: &mut Losses,
) -> io::Result<()> {
    // 2.0 has no QuantityEvent; its successor says the same (EPCIS 2.0, section 7.4.1).
    let successor;
    let event = match event.kind {
        EventKind::Quantity => {
            successor = Event {
                kind: EventKind::Object,
                action: Some("OBSERVE".to_owned()),
                ..event.clone()
            };
            &successor
        }
        _ => event,
    };
    let mark = text.known.len();
    text.raw("{");
    text.is_first = true;
    bind_own(text, event);
    let kind = match &event.kind {
        EventKind::Foreign(name) => foreign_type(text, name),
        kind => kind.name().to_owned(),
    };
    text.member("type", &kind);
    let mut writing = EventOut {
        text,
        losses,
        event,
    };
    let layout = Layout::of(&event.kind);
    for name in BASE_2.iter().chain(layout.v2) {
        writing.field(name, out)?;
    }
    for name in present_fields(event) {
        if !BASE_2.contains(&name) && !layout.v2.contains(&name) {
            let what = format!(
                "{name} of {}, for which this form has no place",
                event.kind.name()
            );
            writing.losses.add(event.number, what);
        }
    }
    for attribute in &event.attributes {
        writing.text.core_attribute(attribute);
    }
    writing.text.members(&event.extensions, writing.losses);
    text.raw("}");
    text.known.truncate(mark);
    Ok(())
}

/// Binds the prefixes that the event needs and the document does not bind.
fn bind_own(text: &mut JsonText, event: &Event) {
    let mut bindings = Bindings {
        known: text.known.clone(),
        fresh: Vec::new(),
    };
    for (prefix, namespace) in &event.namespaces {
        bindings.declare(prefix, namespace);
    }
    for tree in event.foreign_trees() {
        bindings.need(tree, &[]);
    }
    for attribute in event.foreign_attributes() {
        bindings.need(&[], std::slice::from_ref(attribute));
    }
    if let EventKind::Foreign(name) = &event.kind {
        bindings.need(&[crate::extension::Element::empty(name.clone())], &[]);
    }
    if !bindings.fresh.is_empty() {
        text.key("@context");
        text.raw("[");
        text.bindings(&bindings.fresh);
        text.raw("]");
        text.known.extend(bindings.fresh);
    }
}

fn foreign_type(text: &JsonText, name: &Name) -> String {
    let bound = text
        .known
        .iter()
        .rev()
        .find(|(_, namespace)| **namespace == *name.namespace);
    match bound {
        Some((prefix, _)) => format!("{prefix}:{}", name.local),
        None => format!("{}{}", name.namespace, name.local),
    }
}

struct EventOut<'w> {
    text: &'w mut JsonText,
    losses: &'w mut Losses,
    event: &'w Event,
}

impl EventOut<'_> {
    fn field(&mut self, name: &str, out: &mut impl Write) -> io::Result<()> {
        let event = self.event;
        match name {
            "eventTime" => self.optional(name, event.event_time.as_deref()),
            "recordTime" => self.optional(name, event.record_time.as_deref()),
            "eventTimeZoneOffset" => self.optional(name, event.zone_offset.as_deref()),
            "eventID" => self.optional(name, event.event_id.as_deref()),
            "parentID" => self.optional(name, event.parent_id.as_deref()),
            "action" => self.optional(name, event.action.as_deref()),
            "transformationID" => self.optional(name, event.transformation_id.as_deref()),
            "bizStep" => self.vocabulary(name, Standard::BizStep, event.biz_step.as_deref()),
            "disposition" => {
                self.vocabulary(name, Standard::Disposition, event.disposition.as_deref())
            }
            "certificationInfo" => match event.certification_info.as_slice() {
                [] => {}
                [single] => self.text.member(name, single),
                several => {
                    self.text.key(name);
                    self.text.strings(several.iter().map(String::as_str));
                }
            },
            "errorDeclaration" => self.error_declaration(),
            "readPoint" => self.place(name, event.read_point.as_ref()),
            "bizLocation" => self.place(name, event.biz_location.as_ref()),
            "bizTransactionList" => {
                let list = event.biz_transactions.as_deref();
                self.typed_list(name, "bizTransaction", Standard::TransactionType, list);
            }
            "sourceList" => self.typed_list(
                name,
                "source",
                Standard::SourceDestType,
                event.sources.as_deref(),
            ),
            "destinationList" => {
                let list = event.destinations.as_deref();
                self.typed_list(name, "destination", Standard::SourceDestType, list);
            }
            "persistentDisposition" => self.persistent_disposition(),
            "sensorElementList" => self.sensor_elements(),
            "ilmd" => {
                if let Some(ilmd) = &event.ilmd {
                    self.text.key(name);
                    self.text.raw("{");
                    self.text.is_first = true;
                    for attribute in &ilmd.attributes {
                        self.text.core_attribute(attribute);
                    }
                    self.text.members(&ilmd.elements, self.losses);
                    self.text.raw("}");
                    self.text.is_first = false;
                }
            }
            _ => self.lists(name, out)?,
        }
        Ok(())
    }

    fn lists(&mut self, name: &str, out: &mut impl Write) -> io::Result<()> {
        if let Some(role) = EpcRole::ALL.into_iter().find(|role| role.name() == name) {
            return self.epc_list(role, out);
        }
        let role = QuantityRole::ALL
            .into_iter()
            .find(|role| role.name() == name);
        let Some(list) = role.and_then(|role| self.event.quantities[role as usize].as_ref()) else {
            return Ok(());
        };
        self.text.key(name);
        self.text.raw("[");
        for (index, quantity) in list.iter().enumerate() {
            self.text.raw(if index == 0 {
                "{\"epcClass\": "
            } else {
                ", {\"epcClass\": "
            });
            self.text.string(&quantity.epc_class);
            self.text.is_first = false;
            if let Some(number) = &quantity.quantity {
                self.text.key("quantity");
                self.number("quantity", number);
            }
            if let Some(uom) = &quantity.uom {
                self.text.member("uom", uom);
            }
            self.text.raw("}");
        }
        self.text.raw("]");
        Ok(())
    }

    fn epc_list(&mut self, role: EpcRole, out: &mut impl Write) -> io::Result<()> {
        let list = self.event.epc_list(role);
        if list.is_empty() && !(list.is_present() && role == EpcRole::Epcs) {
            return Ok(());
        }
        self.text.key(role.name());
        self.text.raw("[");
        for (index, epc) in list.iter().enumerate() {
            self.text.raw(if index == 0 { "\n    " } else { ",\n    " });
            self.text.string(epc);
            if self.text.is_full() {
                self.text.flush(out, 0)?;
            }
        }
        self.text.raw("]");
        Ok(())
    }

    fn typed_list(&mut self, name: &str, child: &str, standard: Standard, list: Option<&[Typed]>) {
        let Some(list) = list.filter(|list| !list.is_empty()) else {
            return;
        };
        self.text.key(name);
        self.text.raw("[");
        for (index, typed) in list.iter().enumerate() {
            self.text.raw(if index == 0 { "{" } else { ", {" });
            self.text.is_first = true;
            self.vocabulary("type", standard, typed.kind.as_deref());
            self.text.member(child, &typed.value);
            self.text.raw("}");
        }
        self.text.raw("]");
        self.text.is_first = false;
    }

    fn place(&mut self, name: &str, place: Option<&Place>) {
        let Some(place) = place else {
            return;
        };
        self.text.key(name);
        self.text.raw("{\"id\": ");
        self.text.string(&place.id);
        self.text.members(&place.extensions, self.losses);
        self.text.raw("}");
    }

    fn error_declaration(&mut self) {
        let Some(declaration) = &self.event.error_declaration else {
            return;
        };
        self.text.key("errorDeclaration");
        self.text.raw("{");
        self.text.is_first = true;
        self.optional("declarationTime", declaration.declaration_time.as_deref());
        self.vocabulary(
            "reason",
            Standard::ErrorReason,
            declaration.reason.as_deref(),
        );
        if let Some(ids) = &declaration.corrective_event_ids {
            self.text.key("correctiveEventIDs");
            self.text.strings(ids.iter().map(String::as_str));
        }
        self.text.members(&declaration.extensions, self.losses);
        self.text.raw("}");
        self.text.is_first = false;
    }

    fn persistent_disposition(&mut self) {
        let Some(persistent) = &self.event.persistent_disposition else {
            return;
        };
        self.text.key("persistentDisposition");
        self.text.raw("{");
        self.text.is_first = true;
        for (name, values) in [("set", &persistent.set), ("unset", &persistent.unset)] {
            if !values.is_empty() {
                self.text.key(name);
                let words = values
                    .iter()
                    .map(|value| Standard::Disposition.value(value).unwrap_or(value));
                self.text.strings(words);
            }
        }
        self.text.raw("}");
        self.text.is_first = false;
    }

    fn sensor_elements(&mut self) {
        let Some(elements) = &self.event.sensor_elements else {
            return;
        };
        self.text.key("sensorElementList");
        self.text.raw("[");
        for (index, element) in elements.iter().enumerate() {
            self.text.raw(if index == 0 { "{" } else { ", {" });
            self.text.is_first = true;
            if let Some(metadata) = &element.metadata {
                self.text.key("sensorMetadata");
                self.sensor_fields(metadata, &SENSOR_METADATA);
            }
            self.text.key("sensorReport");
            self.text.raw("[");
            for (index, report) in element.reports.iter().enumerate() {
                self.text.raw(if index == 0 { "" } else { ", " });
                self.sensor_fields(report, &SENSOR_REPORT);
            }
            self.text.raw("]");
            self.text.members(&element.extensions, self.losses);
            self.text.raw("}");
        }
        self.text.raw("]");
        self.text.is_first = false;
    }

    fn sensor_fields(&mut self, fields: &SensorFields, known: &[(&str, SensorText)]) {
        self.text.raw("{");
        self.text.is_first = true;
        for (name, value) in &fields.fields {
            let kind = known.iter().find(|(known, _)| known == name);
            self.text.key(name);
            match (*name, kind.map(|(_, kind)| *kind)) {
                (_, Some(SensorText::Number)) => self.number(name, value),
                (_, Some(SensorText::Boolean)) => {
                    let is_true = matches!(value.as_str(), "true" | "1");
                    self.text.raw(if is_true { "true" } else { "false" });
                }
                ("type", _) => self.word(Standard::MeasurementType, value),
                ("exception", _) => self.word(Standard::AlertType, value),
                ("component", _) => self.word(Standard::Component, value),
                _ => self.text.string(value),
            }
        }
        self.text.members(&fields.extensions, self.losses);
        self.text.raw("}");
        self.text.is_first = false;
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text.member(name, value);
        }
    }

    fn vocabulary(&mut self, name: &str, standard: Standard, value: Option<&str>) {
        if let Some(value) = value {
            self.text.key(name);
            self.word(standard, value);
        }
    }

    /// Standard values are bare words in JSON; others stay as they are.
    fn word(&mut self, standard: Standard, value: &str) {
        let word = standard.value(value).unwrap_or(value);
        self.text.string(word);
    }

    /// A number with its digits as written, as far as the grammar of JSON allows.
    fn number(&mut self, name: &str, text: &str) {
        if is_number(text.as_bytes()) {
            return self.text.raw(text);
        }
        match plain_number(text) {
            Some(number) => self.text.raw(&number),
            None => {
                self.losses.add(
                    self.event.number,
                    format!("{name} that is no number; a text was written"),
                );
                self.text.string(text);
            }
        }
    }
}

/// What XML Schema takes for a number and JSON does not: a plus sign, leading zeros, a bare point.
fn plain_number(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.trim_start_matches('0');
    let whole = if digits.starts_with(|c: char| c.is_ascii_digit()) {
        ""
    } else {
        "0"
    };
    let number = format!(
        "{sign}{whole}{}",
        digits.strip_suffix('.').unwrap_or(digits)
    );
    is_number(number.as_bytes()).then_some(number)
}
