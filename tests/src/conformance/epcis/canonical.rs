//! Events in a form in which equal ones are equal, whatever document they come from.
//!
//! Only what the standard makes equal is made equal: the spellings of one vocabulary value, a kind of JSON value and the XML
//! Schema type that says the same, an empty list and none, a QuantityEvent and its successor.

use packtwin_epcis::cbv::Standard;
use packtwin_epcis::event::{EpcRole, Event, EventKind};
use packtwin_epcis::extension::{Element, Name, Node, Scalar, XSI};

pub(super) fn event(event: &Event) -> Event {
    let mut event = event.clone();
    if event.kind == EventKind::Quantity {
        event.kind = EventKind::Object;
        event.action = Some("OBSERVE".to_owned());
    }
    word(Standard::BizStep, &mut event.biz_step);
    word(Standard::Disposition, &mut event.disposition);
    for (standard, list) in [
        (Standard::TransactionType, &mut event.biz_transactions),
        (Standard::SourceDestType, &mut event.sources),
        (Standard::SourceDestType, &mut event.destinations),
    ] {
        list.iter_mut()
            .flatten()
            .for_each(|typed| word(standard, &mut typed.kind));
        if list.as_ref().is_some_and(Vec::is_empty) {
            *list = None;
        }
    }
    if let Some(persistent) = &mut event.persistent_disposition {
        for value in persistent.set.iter_mut().chain(&mut persistent.unset) {
            text_word(Standard::Disposition, value);
        }
    }
    if let Some(declaration) = &mut event.error_declaration {
        word(Standard::ErrorReason, &mut declaration.reason);
        elements(&mut declaration.extensions);
    }
    // Whether an empty list stands in a document says nothing.
    for role in EpcRole::ALL {
        let list = event.epc_list_mut(role);
        match list.is_empty() {
            true => list.clear(),
            false => list.set_present(),
        }
    }
    for sensor in event.sensor_elements.iter_mut().flatten() {
        elements(&mut sensor.extensions);
        for fields in sensor.metadata.iter_mut().chain(&mut sensor.reports) {
            elements(&mut fields.extensions);
            for (name, value) in &mut fields.fields {
                match *name {
                    "type" => text_word(Standard::MeasurementType, value),
                    "exception" => text_word(Standard::AlertType, value),
                    "component" => text_word(Standard::Component, value),
                    _ => {}
                }
            }
            fields.fields.sort();
        }
    }
    for place in [&mut event.read_point, &mut event.biz_location]
        .into_iter()
        .flatten()
    {
        elements(&mut place.extensions);
    }
    if let Some(ilmd) = &mut event.ilmd {
        elements(&mut ilmd.elements);
    }
    elements(&mut event.extensions);
    event
}

fn word(standard: Standard, text: &mut Option<String>) {
    if let Some(text) = text {
        text_word(standard, text);
    }
}

fn text_word(standard: Standard, text: &mut String) {
    if let Some(value) = standard.value(text) {
        *text = value.to_owned();
    }
}

/// Brings elements of one name together, as a JSON object has them.
fn elements(list: &mut Vec<Element>) {
    list.iter_mut().for_each(element);
    let names: Vec<Name> = list.iter().map(|element| element.name.clone()).collect();
    let mut keyed: Vec<(usize, Element)> = list
        .drain(..)
        .map(|element| {
            let first = names
                .iter()
                .position(|name| *name == element.name)
                .unwrap_or_default();
            (first, element)
        })
        .collect();
    keyed.sort_by_key(|(first, _)| *first);
    list.extend(keyed.into_iter().map(|(_, element)| element));
}

fn element(element: &mut Element) {
    if element.has_children() {
        if !element.is_mixed() {
            let mut children: Vec<Element> = element.children().cloned().collect();
            elements(&mut children);
            element.content = children.into_iter().map(Node::Element).collect();
        }
        return;
    }
    // A value of a simple type has no space around it.
    let kind = element
        .attributes
        .iter()
        .position(|attribute| attribute.name.is(XSI, "type"));
    if let Some(at) = kind {
        let is_text = element.attributes[at].value.ends_with("string");
        let text = element.own_text();
        let text = if is_text {
            text
        } else {
            text.trim().to_owned()
        };
        element.content = match text.is_empty() {
            true => Vec::new(),
            false => vec![Node::Text(text)],
        };
        let value = &mut element.attributes[at].value;
        *value = value.rsplit(':').next().unwrap_or_default().to_owned();
        let kind = match value.as_str() {
            "boolean" => Some(Scalar::Boolean),
            "integer" | "decimal" | "double" => Some(Scalar::Number),
            _ => None,
        };
        if let Some(kind) = kind {
            element.scalar = kind;
            element.attributes.remove(at);
        }
    }
}
