//! Writes one event: each field at the place and in the order of `layout`.

use std::io::{self, Write};

use super::text::{FLUSH_BYTES, XmlText};
use crate::cbv::{CbvXmlFormat, Standard};
use crate::document::SchemaVersion;
use crate::event::{
    EpcRole, ErrorDeclaration, Event, EventKind, Place, Quantity, QuantityRole, SensorElement,
    SensorFields, Typed,
};
use crate::extension::{Attribute, Element, NO_NAMESPACE, NO_NAMESPACE_PREFIX, Name, XSI};
use crate::fields::present_fields;
use crate::layout::{BASE_2, Layout};
use crate::loss::Losses;

pub(super) struct EventOut<'w, W: Write> {
    pub(super) text: &'w mut XmlText,
    pub(super) out: &'w mut W,
    pub(super) version: SchemaVersion,
    pub(super) cbv: CbvXmlFormat,
    pub(super) losses: &'w mut Losses,
}

impl<W: Write> EventOut<'_, W> {
    pub(super) fn write(&mut self, event: &Event) -> io::Result<()> {
        // 2.0 has no QuantityEvent; its successor says the same (EPCIS 2.0, section 7.4.1).
        let successor;
        let event = match (&event.kind, self.version) {
            (EventKind::Quantity, SchemaVersion::V2) => {
                successor = Event {
                    kind: EventKind::Object,
                    action: Some("OBSERVE".to_owned()),
                    ..event.clone()
                };
                &successor
            }
            _ => event,
        };
        let mut declarations = Vec::new();
        let name = match &event.kind {
            EventKind::Foreign(name) => self.text.qualified(name, &mut declarations),
            kind => kind.name().to_owned(),
        };
        self.text.begin(&name);
        declarations.extend(event.namespaces.iter().cloned());
        let mark = self.text.bind(&declarations);
        self.text.foreign_attributes(&event.attributes);
        self.text.begun();
        match self.version {
            SchemaVersion::V1 => self.write_1(event)?,
            SchemaVersion::V2 => self.write_2(event)?,
        }
        self.text.close(&name);
        self.text.unbind(mark);
        self.text.flush(self.out, FLUSH_BYTES)
    }

    fn write_2(&mut self, event: &Event) -> io::Result<()> {
        let layout = Layout::of(&event.kind);
        for name in BASE_2.iter().chain(layout.v2) {
            self.field(event, name)?;
        }
        self.report_unplaced(event, &[&BASE_2, layout.v2]);
        for element in &event.extensions {
            if element.name.namespace.is_empty() {
                // The schema of 2.0 leaves no place for elements without namespace.
                let mut carried = element.clone();
                let local = std::mem::take(&mut carried.name.local);
                carried.name = Name::new(NO_NAMESPACE, NO_NAMESPACE_PREFIX, local);
                self.text.element(&carried);
            } else {
                self.text.element(element);
            }
        }
        Ok(())
    }

    fn write_1(&mut self, event: &Event) -> io::Result<()> {
        for name in ["eventTime", "recordTime", "eventTimeZoneOffset"] {
            self.field(event, name)?;
        }
        let has = |names: &[&str]| {
            present_fields(event)
                .iter()
                .any(|name| names.contains(name))
        };
        if has(&["eventID", "errorDeclaration", "certificationInfo"]) {
            self.text.open("baseExtension");
            self.field(event, "eventID")?;
            self.field(event, "errorDeclaration")?;
            if !event.certification_info.is_empty() {
                self.losses.note(
                    event.number,
                    "certificationInfo is no field of EPCIS 1.2 and stands in its open extension",
                );
                self.text.open("extension");
                self.field(event, "certificationInfo")?;
                self.text.close("extension");
            }
            self.text.close("baseExtension");
        }
        let layout = Layout::of(&event.kind);
        for name in layout.v1 {
            self.field(event, name)?;
        }
        let (local, foreign): (Vec<&Element>, Vec<&Element>) = event
            .extensions
            .iter()
            .partition(|element| element.name.namespace.is_empty());
        let has_second =
            has(layout.v1_extension_2) || (!local.is_empty() && !layout.v1_extension.is_empty());
        if has(layout.v1_extension) || has_second || !local.is_empty() {
            self.text.open("extension");
            for name in layout.v1_extension {
                self.field(event, name)?;
            }
            if has_second {
                self.text.open("extension");
                for name in layout.v1_extension_2 {
                    self.field(event, name)?;
                }
            }
            local.iter().for_each(|element| self.text.element(element));
            if has_second {
                self.text.close("extension");
            }
            self.text.close("extension");
        }
        foreign
            .iter()
            .for_each(|element| self.text.element(element));
        const BASE: [&str; 6] = [
            "eventTime",
            "recordTime",
            "eventTimeZoneOffset",
            "eventID",
            "errorDeclaration",
            "certificationInfo",
        ];
        self.report_unplaced(
            event,
            &[&BASE, layout.v1, layout.v1_extension, layout.v1_extension_2],
        );
        Ok(())
    }

    fn report_unplaced(&mut self, event: &Event, places: &[&[&str]]) {
        for name in present_fields(event) {
            let is_placed = places.iter().any(|names| names.contains(&name));
            let is_quantity = event.kind == EventKind::Quantity && name == "quantityList";
            if !is_placed && !is_quantity {
                let what = format!(
                    "{name} of {}, for which this form has no place",
                    event.kind.name()
                );
                self.losses.add(event.number, what);
            }
        }
    }

    fn field(&mut self, event: &Event, name: &str) -> io::Result<()> {
        match name {
            "eventTime" => self.optional(name, &event.event_time),
            "recordTime" => self.optional(name, &event.record_time),
            "eventTimeZoneOffset" => self.optional(name, &event.zone_offset),
            "eventID" => self.optional(name, &event.event_id),
            "parentID" => self.optional(name, &event.parent_id),
            "action" => self.optional(name, &event.action),
            "transformationID" => self.optional(name, &event.transformation_id),
            "bizStep" => self.vocabulary(event, name, Standard::BizStep, event.biz_step.as_deref()),
            "disposition" => {
                self.vocabulary(
                    event,
                    name,
                    Standard::Disposition,
                    event.disposition.as_deref(),
                );
            }
            "certificationInfo" => {
                if let Some(first) = event.certification_info.first() {
                    self.text.leaf(name, first);
                }
                if event.certification_info.len() > 1 {
                    let what = "certificates behind the first: XML has room for one in an event";
                    self.losses.add(event.number, what);
                }
            }
            "errorDeclaration" => {
                if let Some(declaration) = &event.error_declaration {
                    self.error_declaration(event, declaration);
                }
            }
            "readPoint" => self.place(name, event.read_point.as_ref()),
            "bizLocation" => self.place(name, event.biz_location.as_ref()),
            "bizTransactionList" => {
                let list = event.biz_transactions.as_deref();
                self.typed_list(
                    event,
                    name,
                    "bizTransaction",
                    Standard::TransactionType,
                    list,
                );
            }
            "sourceList" => {
                let list = event.sources.as_deref();
                self.typed_list(event, name, "source", Standard::SourceDestType, list);
            }
            "destinationList" => {
                let list = event.destinations.as_deref();
                self.typed_list(event, name, "destination", Standard::SourceDestType, list);
            }
            "persistentDisposition" => self.persistent_disposition(event),
            "sensorElementList" => self.sensor_elements(event),
            "ilmd" => {
                if let Some(ilmd) = &event.ilmd {
                    self.text.begin("ilmd");
                    self.text.core_attributes(&ilmd.attributes);
                    self.text.begun();
                    self.text.extensions(&ilmd.elements);
                    self.text.close("ilmd");
                }
            }
            "epcClass" => {
                let first = event.quantity_list(QuantityRole::Quantities).first();
                self.text
                    .leaf(name, first.map_or("", |quantity| &quantity.epc_class));
            }
            "quantity" => {
                let first = event.quantity_list(QuantityRole::Quantities).first();
                let number = first.and_then(|quantity| quantity.quantity.as_deref());
                self.text.leaf(name, number.unwrap_or("0"));
            }
            _ => self.lists(event, name)?,
        }
        Ok(())
    }

    fn lists(&mut self, event: &Event, name: &str) -> io::Result<()> {
        if let Some(role) = EpcRole::ALL.into_iter().find(|role| role.name() == name) {
            return self.epc_list(event, role);
        }
        let role = QuantityRole::ALL
            .into_iter()
            .find(|role| role.name() == name);
        if let Some(list) = role.and_then(|role| event.quantities[role as usize].as_ref()) {
            self.text.open(name);
            list.iter().for_each(|quantity| self.quantity(quantity));
            self.text.close(name);
        }
        Ok(())
    }

    fn epc_list(&mut self, event: &Event, role: EpcRole) -> io::Result<()> {
        let list = event.epc_list(role);
        // EPCIS 1.x demands these lists even when nothing is in them.
        let is_demanded = self.version == SchemaVersion::V1
            && matches!(
                (&event.kind, role),
                (EventKind::Object | EventKind::Transaction, EpcRole::Epcs)
                    | (EventKind::Aggregation, EpcRole::Children)
            );
        if list.is_empty() {
            if list.is_present() || is_demanded {
                self.text.begin(role.name());
                self.text.raw("/>");
            }
            return Ok(());
        }
        self.text.open(role.name());
        self.text.leaves("epc", list.iter(), self.out)?;
        self.text.close(role.name());
        Ok(())
    }

    fn quantity(&mut self, quantity: &Quantity) {
        self.text.open("quantityElement");
        self.text.leaf("epcClass", &quantity.epc_class);
        match (&quantity.quantity, &quantity.uom) {
            (Some(number), _) => self.text.leaf("quantity", number),
            // A unit needs a number before it; an unknown one is nil.
            (None, Some(_)) => {
                let nil = Attribute {
                    name: Name::new(XSI, "xsi", "nil"),
                    value: "true".to_owned(),
                };
                self.text.begin("quantity");
                self.text.core_attributes(&[nil]);
                self.text.raw("/>");
            }
            (None, None) => {}
        }
        self.optional("uom", &quantity.uom);
        self.text.close("quantityElement");
    }

    fn typed_list(
        &mut self,
        event: &Event,
        name: &str,
        child: &str,
        standard: Standard,
        list: Option<&[Typed]>,
    ) {
        let Some(list) = list.filter(|list| !list.is_empty()) else {
            return;
        };
        self.text.open(name);
        for typed in list {
            self.text.begin(child);
            if let Some(kind) = &typed.kind {
                let kind = self.spelled(event, standard, kind);
                self.text.attribute("type", &kind);
            }
            self.text.value(child, &typed.value);
        }
        self.text.close(name);
    }

    fn place(&mut self, name: &str, place: Option<&Place>) {
        if let Some(place) = place {
            self.text.open(name);
            self.text.leaf("id", &place.id);
            self.text.extensions(&place.extensions);
            self.text.close(name);
        }
    }

    fn error_declaration(&mut self, event: &Event, declaration: &ErrorDeclaration) {
        self.text.open("errorDeclaration");
        self.optional("declarationTime", &declaration.declaration_time);
        self.vocabulary(
            event,
            "reason",
            Standard::ErrorReason,
            declaration.reason.as_deref(),
        );
        if let Some(ids) = &declaration.corrective_event_ids {
            self.text.open("correctiveEventIDs");
            ids.iter()
                .for_each(|id| self.text.leaf("correctiveEventID", id));
            self.text.close("correctiveEventIDs");
        }
        self.text.extensions(&declaration.extensions);
        self.text.close("errorDeclaration");
    }

    fn persistent_disposition(&mut self, event: &Event) {
        let Some(persistent) = &event.persistent_disposition else {
            return;
        };
        self.text.open("persistentDisposition");
        for (name, values) in [("unset", &persistent.unset), ("set", &persistent.set)] {
            for value in values {
                self.vocabulary(event, name, Standard::Disposition, Some(value));
            }
        }
        self.text.close("persistentDisposition");
    }

    fn sensor_elements(&mut self, event: &Event) {
        let Some(elements) = event
            .sensor_elements
            .as_ref()
            .filter(|list| !list.is_empty())
        else {
            return;
        };
        self.text.open("sensorElementList");
        for SensorElement {
            metadata,
            reports,
            extensions,
        } in elements
        {
            self.text.open("sensorElement");
            if let Some(metadata) = metadata {
                self.sensor_fields(event, "sensorMetadata", metadata);
            }
            for report in reports {
                self.sensor_fields(event, "sensorReport", report);
            }
            self.text.extensions(extensions);
            self.text.close("sensorElement");
        }
        self.text.close("sensorElementList");
    }

    fn sensor_fields(&mut self, event: &Event, name: &str, fields: &SensorFields) {
        self.text.begin(name);
        for (field, value) in &fields.fields {
            let standard = match (*field, name) {
                ("type", "sensorReport") => Some(Standard::MeasurementType),
                ("exception", _) => Some(Standard::AlertType),
                ("component", _) => Some(Standard::Component),
                _ => None,
            };
            let value = match standard {
                Some(standard) => self.spelled(event, standard, value),
                None => value.clone(),
            };
            self.text.attribute(field, &value);
        }
        let mut foreign = Vec::new();
        for element in &fields.extensions {
            if element.has_children() || !element.attributes.is_empty() {
                let what = format!(
                    "{} of {name}: XML has room for a text only",
                    element.name.local
                );
                self.losses.add(event.number, what);
                continue;
            }
            foreign.push(Attribute {
                name: element.name.clone(),
                value: element.own_text(),
            });
        }
        self.text.core_attributes(&foreign);
        self.text.raw("/>");
    }

    fn optional(&mut self, name: &str, value: &Option<String>) {
        if let Some(value) = value {
            self.text.leaf(name, value);
        }
    }

    fn vocabulary(&mut self, event: &Event, name: &str, standard: Standard, value: Option<&str>) {
        if let Some(value) = value {
            let value = self.spelled(event, standard, value);
            self.text.leaf(name, &value);
        }
    }

    fn spelled(&mut self, event: &Event, standard: Standard, value: &str) -> String {
        if self.version == SchemaVersion::V1
            && let Some(known) = standard.value(value)
            && standard.is_new_in_2(known)
        {
            let what =
                format!("{known} is a value of CBV 2.0, which readers of EPCIS 1.2 may not know");
            self.losses.note(event.number, what);
        }
        standard
            .for_xml(value, self.cbv)
            .unwrap_or_else(|| value.to_owned())
    }
}
