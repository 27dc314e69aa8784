//! Reads one event: fields in any order and under any wrapper, each deviation a finding (EPCIS 1.2 and 2.0, section 9).

use std::io::Read;

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;

use super::header::into_element;
use super::sensor_reader::read_sensor_element;
use super::walker::{Token, Walker};
use crate::document::SchemaVersion;
use crate::event::{
    EpcRole, ErrorDeclaration, Event, EventKind, Ilmd, PersistentDisposition, Place, Quantity,
    QuantityRole, Typed,
};
use crate::extension::{Element, NO_NAMESPACE, Name, XSI};
use crate::layout::{BASE_1, BASE_1_EXTENSION, BASE_1_EXTENSION_2, BASE_2, Layout, known_spelling};
use crate::reading::{EVENT_BYTES_MAX, ReadingError};

/// Reads the event whose start was passed last into `event`.
pub(super) struct EventReading<'w, R: Read> {
    pub(super) walker: &'w mut Walker<R>,
    pub(super) version: SchemaVersion,
    pub(super) event: &'w mut Event,
    pub(super) findings: &'w mut Vec<Finding>,
    /// Bytes of text the event holds so far.
    pub(super) bytes: usize,
}

/// Under which wrappers a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapper {
    Event,
    Base,
    Base2,
    Extension,
    Extension2,
}

impl<R: Read> EventReading<'_, R> {
    /// Reads to the end of the event; `false` when it is too large to be held.
    pub(super) fn read(&mut self) -> Result<bool, ReadingError> {
        self.walker.tree_bytes = 0;
        self.event.attributes = std::mem::take(&mut self.walker.attributes);
        self.event.attributes.retain(|attribute| {
            let of_a_document =
                ["creationDate", "schemaVersion"].contains(&attribute.name.local.as_str());
            &*attribute.name.namespace != XSI && !of_a_document
        });
        self.fields(Wrapper::Event)?;
        if self.bytes > EVENT_BYTES_MAX {
            let number = self.event.number;
            self.error(
                Code::EpcisEventTooLarge,
                "",
                format!("event {number} holds more than 24 MB of text and was not taken. Split it"),
            );
            return Ok(false);
        }
        Ok(true)
    }

    fn fields(&mut self, wrapper: Wrapper) -> Result<(), ReadingError> {
        let mut reached = 0;
        loop {
            match self.walker.next()? {
                Token::Start => self.field(wrapper, &mut reached)?,
                Token::Text if self.walker.text.trim().is_empty() => {}
                Token::Text => self.stray_text("the fields of an event"),
                Token::End | Token::Complete => return Ok(()),
            }
        }
    }

    fn field(&mut self, wrapper: Wrapper, reached: &mut usize) -> Result<(), ReadingError> {
        if !self.walker.is_core {
            let name = self.walker.name();
            if &*name.namespace == format!("{}:", name.prefix).as_str() {
                self.error(
                    Code::EpcisPrefixUnbound,
                    &name.local,
                    format!(
                        "the prefix {} is not bound to a namespace",
                        quoted(&name.prefix)
                    ),
                );
            }
            let mut element = self.walker.tree()?;
            self.bytes += self.walker.tree_bytes;
            if &*element.name.namespace == NO_NAMESPACE {
                element.name = Name::local(element.name.local);
            }
            self.event.extensions.push(element);
            return Ok(());
        }
        if let Some(known) = known_spelling(&self.walker.local) {
            let found = std::mem::replace(&mut self.walker.local, known.to_owned());
            self.warn(
                Code::EpcisFieldUnknown,
                known,
                format!(
                    "{} was read as {known}; names are case-sensitive",
                    quoted(&found)
                ),
            );
        }
        self.check_place(wrapper, reached);
        self.take(wrapper)
    }

    /// Reports a field that the schema does not allow here or not in this order.
    fn check_place(&mut self, wrapper: Wrapper, reached: &mut usize) {
        let layout = Layout::of(&self.event.kind);
        let name = self.walker.local.as_str();
        let place = |parts: [&[&str]; 2]| {
            parts
                .iter()
                .copied()
                .flatten()
                .position(|field| *field == name)
        };
        let position = match (self.version, wrapper) {
            (SchemaVersion::V2, Wrapper::Event) => place([&BASE_2, layout.v2]),
            (SchemaVersion::V2, _) => None,
            (SchemaVersion::V1, Wrapper::Event) => place([&BASE_1, layout.v1]),
            (SchemaVersion::V1, Wrapper::Base) => place([&BASE_1_EXTENSION, &[]]),
            (SchemaVersion::V1, Wrapper::Base2) => place([&BASE_1_EXTENSION_2, &[]]),
            (SchemaVersion::V1, Wrapper::Extension) => place([layout.v1_extension, &[]]),
            // The schema leaves the second extension open.
            (SchemaVersion::V1, Wrapper::Extension2) => return,
        };
        match position {
            Some(position) if position >= *reached => *reached = position,
            Some(_) => {
                let name = name.to_owned();
                self.warn(
                    Code::EpcisWrongPlace,
                    &name,
                    format!(
                        "{name} stands behind a field that must follow it; it was read all the same"
                    ),
                );
            }
            None if is_field(name) => {
                let name = name.to_owned();
                self.warn(
                    Code::EpcisWrongPlace,
                    &name,
                    format!(
                        "{name} stands where the schema does not allow it; it was read all the same"
                    ),
                );
            }
            None => {}
        }
    }

    fn take(&mut self, wrapper: Wrapper) -> Result<(), ReadingError> {
        let name = std::mem::take(&mut self.walker.local);
        let taken = self.take_named(&name, wrapper);
        self.walker.local = name;
        taken
    }

    fn take_named(&mut self, name: &str, wrapper: Wrapper) -> Result<(), ReadingError> {
        match name {
            "eventTime" => self.event.event_time = Some(self.text(name)?),
            "recordTime" => self.event.record_time = Some(self.text(name)?),
            "eventTimeZoneOffset" => self.event.zone_offset = Some(self.text(name)?),
            "eventID" => self.event.event_id = Some(self.text(name)?),
            "parentID" => self.event.parent_id = Some(self.text(name)?),
            "action" => self.event.action = Some(self.text(name)?),
            "bizStep" => self.event.biz_step = Some(self.text(name)?),
            "disposition" => self.event.disposition = Some(self.text(name)?),
            "transformationID" => self.event.transformation_id = Some(self.text(name)?),
            "certificationInfo" => {
                let text = self.text(name)?;
                self.event.certification_info.push(text);
            }
            "errorDeclaration" => self.event.error_declaration = Some(self.error_declaration()?),
            "readPoint" => self.event.read_point = Some(self.place()?),
            "bizLocation" => self.event.biz_location = Some(self.place()?),
            "bizTransactionList" => {
                let list = self.typed_list("bizTransaction")?;
                self.event
                    .biz_transactions
                    .get_or_insert_default()
                    .extend(list);
            }
            "sourceList" => {
                let list = self.typed_list("source")?;
                self.event.sources.get_or_insert_default().extend(list);
            }
            "destinationList" => {
                let list = self.typed_list("destination")?;
                self.event.destinations.get_or_insert_default().extend(list);
            }
            "persistentDisposition" => {
                self.event.persistent_disposition = Some(self.persistent_disposition()?);
            }
            "sensorElementList" => self.sensor_elements()?,
            "ilmd" => self.ilmd()?,
            "epcClass" if self.event.kind == EventKind::Quantity => {
                let text = self.text(name)?;
                self.single_quantity().epc_class = text;
            }
            "quantity" if self.event.kind == EventKind::Quantity => {
                let text = self.text(name)?;
                self.single_quantity().quantity = Some(text);
            }
            "baseExtension" => return self.fields(Wrapper::Base),
            "extension" => {
                return self.fields(match wrapper {
                    Wrapper::Event => Wrapper::Extension,
                    Wrapper::Base | Wrapper::Base2 => Wrapper::Base2,
                    Wrapper::Extension | Wrapper::Extension2 => Wrapper::Extension2,
                });
            }
            _ => return self.list_or_unknown(name, wrapper),
        }
        Ok(())
    }

    fn list_or_unknown(&mut self, name: &str, wrapper: Wrapper) -> Result<(), ReadingError> {
        if let Some(role) = EpcRole::ALL.into_iter().find(|role| role.name() == name) {
            return self.epc_list(role);
        }
        if let Some(role) = QuantityRole::ALL
            .into_iter()
            .find(|role| role.name() == name)
        {
            let list = self.quantity_list()?;
            self.event.quantities[role as usize]
                .get_or_insert_default()
                .extend(list);
            return Ok(());
        }
        if !matches!(wrapper, Wrapper::Extension2 | Wrapper::Base2) {
            self.warn(
                Code::EpcisFieldUnknown,
                name,
                format!(
                    "{} has no namespace and is no field of EPCIS; it was kept as it is",
                    quoted(name)
                ),
            );
        }
        self.walker.local = name.to_owned();
        let element = self.walker.tree()?;
        self.bytes += self.walker.tree_bytes;
        self.event.extensions.push(element);
        Ok(())
    }

    fn single_quantity(&mut self) -> &mut Quantity {
        let list = self.event.quantities[QuantityRole::Quantities as usize].get_or_insert_default();
        if list.is_empty() {
            list.push(Quantity::default());
        }
        &mut list[0]
    }

    fn epc_list(&mut self, role: EpcRole) -> Result<(), ReadingError> {
        self.event.epc_list_mut(role).set_present();
        let mut text = String::new();
        loop {
            match self.walker.next()? {
                Token::Start if self.walker.is_core && self.walker.local == "epc" => {
                    let is_bare = self.walker.prefix.is_empty() && self.walker.declares_nothing();
                    if self.walker.leaf(&mut text)? {
                        self.report_elements_in("epc");
                    }
                    let value = text.trim();
                    if value.len() != text.len() {
                        self.report_space("epc", value);
                    }
                    let list = &mut self.event.epcs[role as usize];
                    let bytes = &mut self.bytes;
                    let mut keep = |value: &str| {
                        *bytes += value.len();
                        if *bytes <= EVENT_BYTES_MAX {
                            list.push(value);
                        }
                    };
                    keep(value);
                    if is_bare {
                        self.walker.plain_leaves("epc", keep);
                    }
                }
                Token::Start => self.unexpected(role.name())?,
                Token::Text => self.stray_text(role.name()),
                Token::End | Token::Complete => return Ok(()),
            }
        }
    }

    fn quantity_list(&mut self) -> Result<Vec<Quantity>, ReadingError> {
        let mut list = Vec::new();
        self.each_child(&mut |reading| {
            if reading.walker.local != "quantityElement" {
                return reading.unexpected("quantityList");
            }
            let mut quantity = Quantity::default();
            reading.each_child(&mut |reading| {
                match reading.walker.local.as_str() {
                    "epcClass" => quantity.epc_class = reading.text("epcClass")?,
                    "quantity" => {
                        let text = reading.text("quantity")?;
                        quantity.quantity = (!text.is_empty()).then_some(text);
                    }
                    "uom" => quantity.uom = Some(reading.text("uom")?),
                    _ => reading.unexpected("quantityElement")?,
                }
                Ok(())
            })?;
            list.push(quantity);
            Ok(())
        })?;
        Ok(list)
    }

    fn typed_list(&mut self, child: &'static str) -> Result<Vec<Typed>, ReadingError> {
        let mut list = Vec::new();
        self.each_child(&mut |reading| {
            if reading.walker.local != child {
                return reading.unexpected(child);
            }
            let mut attributes = reading.walker.attributes.iter();
            let kind = attributes.rfind(|attribute| attribute.name.is("", "type"));
            let kind = kind.map(|attribute| attribute.value.trim().to_owned());
            let value = reading.text(child)?;
            list.push(Typed { kind, value });
            Ok(())
        })?;
        if list.is_empty() {
            self.error(
                Code::EpcisFieldMissing,
                child,
                format!("the list of {child} is empty; leave it out or fill it"),
            );
        }
        Ok(list)
    }

    fn place(&mut self) -> Result<Place, ReadingError> {
        let mut place = Place::default();
        let tree = self.walker.tree()?;
        for child in tree.content.into_iter().filter_map(into_element) {
            match child.name.local.as_str() {
                "id" if place.id.is_empty() && is_core(&child) => {
                    place.id = child.own_text().trim().to_owned()
                }
                "extension" if child.name.namespace.is_empty() => {
                    place
                        .extensions
                        .extend(child.content.into_iter().filter_map(into_element));
                }
                _ => place.extensions.push(child),
            }
        }
        Ok(place)
    }

    fn error_declaration(&mut self) -> Result<ErrorDeclaration, ReadingError> {
        let mut declaration = ErrorDeclaration::default();
        let tree = self.walker.tree()?;
        for child in tree.content.into_iter().filter_map(into_element) {
            let text = || child.own_text().trim().to_owned();
            match child.name.local.as_str() {
                "declarationTime" if is_core(&child) => declaration.declaration_time = Some(text()),
                "reason" if is_core(&child) => declaration.reason = Some(text()),
                "correctiveEventIDs" if is_core(&child) => {
                    let ids = child.children().map(|id| id.own_text().trim().to_owned());
                    declaration.corrective_event_ids = Some(ids.collect());
                }
                "extension" if child.name.namespace.is_empty() => {
                    let inner = child.content.into_iter().filter_map(into_element);
                    declaration.extensions.extend(inner);
                }
                _ => declaration.extensions.push(child),
            }
        }
        Ok(declaration)
    }

    fn persistent_disposition(&mut self) -> Result<PersistentDisposition, ReadingError> {
        let mut persistent = PersistentDisposition::default();
        self.each_child(&mut |reading| {
            match reading.walker.local.as_str() {
                "set" => persistent.set.push(reading.text("set")?),
                "unset" => persistent.unset.push(reading.text("unset")?),
                _ => reading.unexpected("persistentDisposition")?,
            }
            Ok(())
        })?;
        Ok(persistent)
    }

    fn ilmd(&mut self) -> Result<(), ReadingError> {
        let mut tree = self.walker.tree()?;
        self.bytes += self.walker.tree_bytes;
        let ilmd = self.event.ilmd.get_or_insert_with(Ilmd::default);
        ilmd.attributes.append(&mut tree.attributes);
        let mut loose = Vec::new();
        for mut child in tree.content.into_iter().filter_map(into_element) {
            if child.name.is("", "extension") {
                ilmd.elements
                    .extend(child.content.into_iter().filter_map(into_element));
                continue;
            }
            if child.name.namespace.is_empty() {
                loose.push(child.name.local.clone());
            } else if &*child.name.namespace == NO_NAMESPACE {
                child.name = Name::local(child.name.local);
            }
            ilmd.elements.push(child);
        }
        for name in loose {
            self.warn(
                Code::EpcisFieldUnknown,
                &name,
                format!(
                    "{} in the ILMD has no namespace; give it one, e.g. cbvmda",
                    quoted(&name)
                ),
            );
        }
        Ok(())
    }

    fn sensor_elements(&mut self) -> Result<(), ReadingError> {
        let tree = self.walker.tree()?;
        self.bytes += self.walker.tree_bytes;
        let mut elements = Vec::new();
        let mut unknown = Vec::new();
        for child in tree.content.into_iter().filter_map(into_element) {
            if child.name.local == "sensorElement" {
                elements.push(read_sensor_element(child, &mut unknown));
            } else {
                unknown.push(child.name.local);
            }
        }
        for name in unknown {
            self.warn(
                Code::EpcisFieldUnknown,
                &name,
                format!("{} is no field of a sensor element", quoted(&name)),
            );
        }
        self.event
            .sensor_elements
            .get_or_insert_default()
            .extend(elements);
        Ok(())
    }

    // ---- small tools ----

    fn each_child(
        &mut self,
        take: &mut dyn FnMut(&mut Self) -> Result<(), ReadingError>,
    ) -> Result<(), ReadingError> {
        loop {
            match self.walker.next()? {
                Token::Start => take(self)?,
                Token::Text => self.stray_text("the elements of a list"),
                Token::End | Token::Complete => return Ok(()),
            }
        }
    }

    /// The text of a field, without the space around it.
    fn text(&mut self, name: &str) -> Result<String, ReadingError> {
        let mut text = String::new();
        if self.walker.leaf(&mut text)? {
            self.report_elements_in(name);
        }
        let value = text.trim();
        self.bytes += value.len();
        if value.len() == text.len() {
            return Ok(text);
        }
        let value = value.to_owned();
        self.report_space(name, &value);
        Ok(value)
    }

    // What is passed over is an error, since it is lost; what stands in the wrong place and was read is a warning.

    fn stray_text(&mut self, between: &str) {
        let text = self.walker.text.trim();
        if !text.is_empty() {
            let text = format!(
                "the text {} stands between {between} and was passed over",
                quoted(text)
            );
            self.error(Code::EpcisWrongPlace, "", text);
        }
    }

    fn report_elements_in(&mut self, name: &str) {
        let text = format!("elements stand in {name}, which holds a text; they were passed over");
        self.error(Code::EpcisFieldUnknown, name, text);
    }

    fn unexpected(&mut self, place: &str) -> Result<(), ReadingError> {
        let name = self.walker.local.clone();
        self.error(
            Code::EpcisFieldUnknown,
            &name,
            format!(
                "{} does not belong in {place} and was passed over",
                quoted(&name)
            ),
        );
        self.walker.skip()
    }

    fn report_space(&mut self, name: &str, value: &str) {
        let line = self.walker.line();
        self.findings.push(
            Finding::warning(
                Code::EpcisSpace,
                line,
                name,
                format!(
                    "Line {line}: spaces around {}; it was read without them",
                    quoted(value)
                ),
            )
            .proposing(value),
        );
    }

    fn warn(&mut self, code: Code, field: &str, text: String) {
        let line = self.walker.line();
        let text = format!("Line {line}: {text}.");
        self.findings
            .push(Finding::warning(code, line, field, text));
    }

    fn error(&mut self, code: Code, field: &str, text: String) {
        let line = self.walker.line();
        let text = format!("Line {line}: {text}.");
        self.findings.push(Finding::error(code, line, field, text));
    }
}

fn is_core(element: &Element) -> bool {
    element.name.namespace.is_empty() || super::EPCIS_NAMESPACES.contains(&&*element.name.namespace)
}

fn is_field(name: &str) -> bool {
    let foreign = Layout::of(&EventKind::Foreign(Name::default())).v2;
    foreign.contains(&name) || BASE_2.contains(&name) || name == "extension"
}
