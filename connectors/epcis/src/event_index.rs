//! What of an event can be asked for, as names and values: the index behind the parameters of queries (EPCIS 2.0, section
//! 8.2.7).
//!
//! Names are those of the parameters without their operator: `bizStep`, `source_…`, `ilmd:…#lotNumber`. Values have one
//! spelling whatever the document's: vocabulary as Web URI, identifiers by their name ([`crate::epc_name`]). A value that is
//! a number or a time can also be compared.

use packtwin_core::time::Timestamp;

use crate::cbv::Standard;
use crate::epc_name::name_of;
use crate::event::{Event, QuantityRole, Typed};
use crate::extension::Element;

/// Characters of a value that are indexed; a longer text is found by its beginning only when asked for whole.
const VALUE_CHARACTERS_MAX: usize = 400;

/// One thing that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// Under which name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// A number that is ordered as the value is, where the value is a number or a time; see [`order_of`].
    pub order: Option<i64>,
}

/// What can be asked for of an event, apart from its times, its type and its EPCs.
pub fn index(event: &Event) -> Vec<Indexed> {
    let mut out = Index::default();
    out.add("action", event.action.as_deref());
    out.add_standard("bizStep", Standard::BizStep, event.biz_step.as_deref());
    out.add_standard(
        "disposition",
        Standard::Disposition,
        event.disposition.as_deref(),
    );
    for place in [
        ("readPoint", &event.read_point),
        ("bizLocation", &event.biz_location),
    ] {
        let (name, place) = place;
        out.add_name(name, place.as_ref().map(|place| place.id.as_str()));
        let extensions = place.iter().flat_map(|place| &place.extensions);
        out.trees(&format!("{name}:"), extensions);
    }
    out.typed(
        "bizTransaction",
        Standard::TransactionType,
        &event.biz_transactions,
    );
    out.typed("source", Standard::SourceDestType, &event.sources);
    out.typed("destination", Standard::SourceDestType, &event.destinations);
    out.add_name("transformationID", event.transformation_id.as_deref());
    if let Some(persistent) = &event.persistent_disposition {
        for (name, values) in [("set", &persistent.set), ("unset", &persistent.unset)] {
            for value in values {
                let name = format!("persistentDisposition_{name}");
                out.add_standard(&name, Standard::Disposition, Some(value));
            }
        }
    }
    if let Some(declared) = &event.error_declaration {
        out.add("errorDeclaration", Some("true"));
        out.add("errorDeclarationTime", declared.declaration_time.as_deref());
        out.add_standard(
            "errorReason",
            Standard::ErrorReason,
            declared.reason.as_deref(),
        );
        for id in declared.corrective_event_ids.iter().flatten() {
            out.add("correctiveEventID", Some(id));
        }
        out.trees("error_declaration:", &declared.extensions);
    }
    quantities(event, &mut out);
    sensors(event, &mut out);
    out.trees("ilmd:", event.ilmd.iter().flat_map(|ilmd| &ilmd.elements));
    out.trees("", &event.extensions);
    out.finish()
}

/// A number that is ordered as numbers are, or times; `None` for a text that is neither.
pub fn order_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let number = match Timestamp::parse(text) {
        Some(at) => at.micros() as f64,
        None => text
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())?,
    };
    // The bits of a number that is not negative are ordered as it is; of a negative one, the other way round.
    let bits = (number + 0.0).to_bits() as i64;
    Some(bits ^ (((bits >> 63) as u64) >> 1) as i64)
}

/// The one spelling of a value of a vocabulary.
pub fn vocabulary_value(standard: Standard, text: &str) -> String {
    let text = text.trim();
    standard.web_uri(text).unwrap_or_else(|| text.to_owned())
}

fn quantities(event: &Event, out: &mut Index) {
    for role in QuantityRole::ALL {
        for quantity in event.quantity_list(role) {
            let name = match &quantity.uom {
                Some(uom) => format!("quantity_{uom}"),
                None => "quantity".to_owned(),
            };
            out.add(&name, quantity.quantity.as_deref());
        }
    }
}

fn sensors(event: &Event, out: &mut Index) {
    let Some(elements) = &event.sensor_elements else {
        return;
    };
    out.add("sensorElementList", Some("true"));
    for element in elements {
        out.trees("sensorelement:", &element.extensions);
        if let Some(metadata) = &element.metadata {
            for (name, value) in &metadata.fields {
                out.add(name, Some(value));
            }
            out.trees("sensormetadata:", &metadata.extensions);
        }
        for report in &element.reports {
            let uom = report.field("uom");
            for (name, value) in &report.fields {
                let is_amount =
                    name.ends_with("Value") && *name != "booleanValue" && *name != "stringValue";
                match (*name, uom) {
                    ("type", _) => out.add_standard("type", Standard::MeasurementType, Some(value)),
                    ("hexBinaryValue" | "uriValue" | "uom", _) => out.add(name, Some(value)),
                    (name, Some(uom))
                        if is_amount || ["value", "sDev", "percRank"].contains(&name) =>
                    {
                        out.add(&format!("{name}_{uom}"), Some(value));
                    }
                    (name, _) => out.add(name, Some(value)),
                }
            }
            out.trees("sensorreport:", &report.extensions);
        }
    }
}

#[derive(Default)]
struct Index(Vec<Indexed>);

impl Index {
    fn add(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value.map(str::trim) else {
            return;
        };
        self.0.push(Indexed {
            name: name.to_owned(),
            value: value.chars().take(VALUE_CHARACTERS_MAX).collect(),
            order: order_of(value),
        });
    }

    fn add_standard(&mut self, name: &str, standard: Standard, value: Option<&str>) {
        let value = value.map(|value| vocabulary_value(standard, value));
        self.add(name, value.as_deref());
    }

    fn add_name(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(name_of);
        self.add(name, value.as_deref());
    }

    fn typed(&mut self, field: &str, standard: Standard, list: &Option<Vec<Typed>>) {
        for typed in list.iter().flatten() {
            let kind = typed
                .kind
                .as_deref()
                .map(|kind| vocabulary_value(standard, kind));
            let name = format!("{field}_{}", kind.unwrap_or_default());
            self.add_name(&name, Some(&typed.value));
        }
    }

    /// The elements of a tree under their own names, and those inside them under `inner:`.
    fn trees<'e>(&mut self, prefix: &str, elements: impl IntoIterator<Item = &'e Element>) {
        for element in elements {
            let name = format!("{prefix}{}", qualified(element));
            match element.has_children() {
                true => self.add(&name, Some("")),
                false => self.add(&name, Some(&element.own_text())),
            }
            self.inner(prefix, element);
        }
    }

    fn inner(&mut self, prefix: &str, element: &Element) {
        for child in element.children() {
            let name = format!("inner:{prefix}{}", qualified(child));
            match child.has_children() {
                true => self.add(&name, Some("")),
                false => self.add(&name, Some(&child.own_text())),
            }
            self.inner(prefix, child);
        }
    }

    fn finish(mut self) -> Vec<Indexed> {
        self.0.sort_unstable_by(|left, right| {
            (&left.name, &left.value).cmp(&(&right.name, &right.value))
        });
        self.0
            .dedup_by(|left, right| left.name == right.name && left.value == right.value);
        self.0
    }
}

fn qualified(element: &Element) -> String {
    format!("{}#{}", element.name.namespace, element.name.local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Ilmd, Place};
    use crate::extension::Name;

    #[test]
    fn values_have_one_spelling() {
        let event = Event {
            biz_step: Some("shipping".to_owned()),
            read_point: Some(Place {
                id: "urn:epc:id:sgln:0614141.12345.0".to_owned(),
                ..Place::default()
            }),
            sources: Some(vec![Typed {
                kind: Some("urn:epcglobal:cbv:sdt:owning_party".to_owned()),
                value: "urn:epc:id:pgln:0614141.12345".to_owned(),
            }]),
            ilmd: Some(Ilmd {
                elements: vec![Element::parent(
                    Name::new("urn:x", "x", "outer"),
                    [Element::text(Name::new("urn:x", "x", "weight"), "7.5")],
                )],
                ..Ilmd::default()
            }),
            ..Event::default()
        };
        let told: Vec<String> = index(&event)
            .iter()
            .map(|indexed| format!("{}={}", indexed.name, indexed.value))
            .collect();
        assert_eq!(
            told,
            [
                "bizStep=https://ref.gs1.org/cbv/BizStep-shipping",
                "ilmd:urn:x#outer=",
                "inner:ilmd:urn:x#weight=7.5",
                "readPoint=(414)0614141123452",
                "source_https://ref.gs1.org/cbv/SDT-owning_party=(417)0614141123452",
            ]
        );
    }

    #[test]
    fn numbers_and_times_are_ordered_as_they_are() {
        let ordered = [
            "-1e9",
            "-2.5",
            "-0.0",
            "0.1",
            "3",
            "1e9",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00-01:00",
        ];
        let orders: Vec<i64> = ordered.iter().map(|text| order_of(text).unwrap()).collect();
        assert!(orders.is_sorted(), "{orders:?}");
        assert_eq!(order_of("0"), order_of("-0"));
        assert_eq!(order_of("L7"), None);
        assert_eq!(order_of("nan"), None);
    }
}
