//! An event taken apart into named values, as the event hash orders them: form and spelling are gone.

use crate::cbv::Standard;
use crate::event::{
    EpcRole, Event, EventKind, QuantityRole, SENSOR_METADATA, SENSOR_REPORT, SensorFields,
    SensorText, Typed,
};
use crate::extension::{Element, Name, Scalar, XSI};
use crate::hash::HashProfile;

/// A named value, or a name over others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Item {
    /// The name; foreign ones as `{namespace}name`.
    pub name: String,
    /// The value.
    pub text: String,
    /// What stands in it.
    pub children: Vec<Item>,
    /// Whether it stands for a type and its value, which have no name in common.
    pub is_pair: bool,
    /// Whether the standard has a point in time here.
    pub is_time: bool,
    /// Whether the standard has a number here.
    pub is_number: bool,
}

fn leaf(name: &str, text: impl Into<String>) -> Item {
    Item {
        name: name.to_owned(),
        text: text.into(),
        ..Item::default()
    }
}

fn parent(name: &str, children: Vec<Item>) -> Item {
    Item {
        name: name.to_owned(),
        children,
        ..Item::default()
    }
}

struct Taking<'t> {
    profile: HashProfile,
    is_json: bool,
    prefixes: &'t [(String, String)],
    own_prefixes: &'t [(String, String)],
    bound_again: &'t [String],
}

/// The items of an event; what the hash leaves out is not among them.
pub(crate) fn items_of(
    event: &Event,
    profile: HashProfile,
    is_json: bool,
    prefixes: &[(String, String)],
    bound_again: &[String],
    ignored: &[Name],
) -> Vec<Item> {
    let taking = Taking {
        profile,
        is_json,
        prefixes,
        own_prefixes: &event.namespaces,
        bound_again,
    };
    let mut items = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            items.push(leaf(name, value));
        }
    };
    let plain = |value: &Option<String>| value.as_deref().map(|text| taking.value(text));
    add("eventTimeZoneOffset", event.zone_offset.clone());
    add("parentID", plain(&event.parent_id));
    add("action", event.action.clone());
    add("transformationID", plain(&event.transformation_id));
    add(
        "bizStep",
        event
            .biz_step
            .as_deref()
            .map(|text| taking.word(Standard::BizStep, text)),
    );
    add(
        "disposition",
        event
            .disposition
            .as_deref()
            .map(|text| taking.word(Standard::Disposition, text)),
    );
    for certificate in &event.certification_info {
        add("certificationInfo", Some(taking.value(certificate)));
    }
    if let Some(time) = &event.event_time {
        items.push(Item {
            is_time: true,
            ..leaf("eventTime", time.as_str())
        });
    }
    for role in EpcRole::ALL {
        let epcs = event.epc_list(role).iter().map(|epc| leaf("epc", epc));
        items.push(parent(role.name(), epcs.collect()));
    }
    for role in QuantityRole::ALL {
        let list = event.quantity_list(role).iter().map(|quantity| {
            let mut children = vec![leaf("epcClass", quantity.epc_class.as_str())];
            children.extend(quantity.quantity.iter().map(|number| Item {
                is_number: true,
                ..leaf("quantity", number.as_str())
            }));
            children.extend(quantity.uom.iter().map(|uom| leaf("uom", uom.as_str())));
            parent("quantityElement", children)
        });
        let list: Vec<Item> = list.collect();
        match event.kind {
            // The one of 1.0 has class and number directly in it.
            EventKind::Quantity => {
                items.extend(list.into_iter().flat_map(|element| element.children))
            }
            _ => items.push(parent(role.name(), list)),
        }
    }
    if let Some(persistent) = &event.persistent_disposition {
        let word = |name: &str, text: &String| leaf(name, taking.word(Standard::Disposition, text));
        let set = persistent.set.iter().map(|text| word("set", text));
        let unset = persistent.unset.iter().map(|text| word("unset", text));
        items.push(parent("persistentDisposition", set.chain(unset).collect()));
    }
    for (name, place) in [
        ("readPoint", &event.read_point),
        ("bizLocation", &event.biz_location),
    ] {
        if let Some(place) = place {
            let mut children = vec![leaf("id", taking.value(&place.id))];
            children.extend(taking.foreign(&place.extensions));
            items.push(parent(name, children));
        }
    }
    items.push(taking.pairs(
        "bizTransactionList",
        "bizTransaction",
        Standard::TransactionType,
        &event.biz_transactions,
    ));
    items.push(taking.pairs(
        "sourceList",
        "source",
        Standard::SourceDestType,
        &event.sources,
    ));
    items.push(taking.pairs(
        "destinationList",
        "destination",
        Standard::SourceDestType,
        &event.destinations,
    ));
    items.push(taking.sensors(event));
    if let Some(ilmd) = &event.ilmd {
        let attributes = ilmd
            .attributes
            .iter()
            .map(|attribute| leaf(&taking.key(&attribute.name), attribute.value.as_str()));
        let children = attributes.chain(taking.foreign(&ilmd.elements)).collect();
        items.push(parent("ilmd", children));
    }
    let is_hashed =
        |element: &&Element| !ignored.contains(&element.name) && !is_comment(&element.name);
    items.extend(taking.foreign(event.extensions.iter().filter(is_hashed)));
    let attributes = event.attributes.iter();
    items.extend(
        attributes.map(|attribute| leaf(&taking.key(&attribute.name), attribute.value.as_str())),
    );
    items.retain(|item| {
        !item.text.trim().is_empty() || !item.children.is_empty() || item.name.starts_with('{')
    });
    items
}

/// A remark for readers of JSON-LD; it says nothing about the event.
fn is_comment(name: &Name) -> bool {
    name.local == "comment"
        && (name.namespace.is_empty()
            || &*name.namespace == "http://www.w3.org/2000/01/rdf-schema#")
}

/// What the reference implementation makes of foreign members of JSON whose name ends in `List`: what stands in them gets the
/// name without that ending around it, those of one name together.
fn listed(items: Vec<Item>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        let Some(single) = item.name.strip_suffix("List").map(str::to_owned) else {
            out.push(item);
            continue;
        };
        let name = item.name.clone();
        let inside = Item {
            name: single,
            ..item
        };
        match out.iter_mut().find(|known| known.name == name) {
            Some(known) => known.children.push(inside),
            None => out.push(parent(&name, vec![inside])),
        }
    }
    out
}

impl Taking<'_> {
    /// The name of foreign content. In JSON-LD the namespace of CBV's attributes ends in a colon, in XML it does not, and
    /// the hash takes it as the form has it.
    fn key(&self, name: &Name) -> String {
        let colon = match self.is_json && &*name.namespace == "urn:epcglobal:cbv:mda" {
            true => ":",
            false => "",
        };
        match name.namespace.is_empty() {
            true => name.local.clone(),
            false if self.stays_short(&name.prefix) => format!("{}:{}", name.prefix, name.local),
            false => format!("{{{}{colon}}}{}", name.namespace, name.local),
        }
    }

    /// Whether a prefix in JSON is not written out: the reference implementation knows those that the document binds itself,
    /// and of the contexts that it names only `gs1`.
    fn stays_short(&self, prefix: &str) -> bool {
        let mut bound = self.own_prefixes.iter().chain(self.prefixes);
        self.is_json
            && self.profile == HashProfile::Reference2025
            && !matches!(prefix, "" | "gs1")
            && !self.bound_again.iter().any(|known| known == prefix)
            && !bound.any(|(known, _)| known == prefix)
    }

    fn pairs(
        &self,
        name: &str,
        value_name: &str,
        standard: Standard,
        list: &Option<Vec<Typed>>,
    ) -> Item {
        let pairs = list.iter().flatten().map(|typed| {
            let mut children = Vec::new();
            if let Some(kind) = &typed.kind {
                children.push(leaf("type", self.word(standard, kind)));
            }
            children.push(leaf(value_name, self.value(&typed.value)));
            Item {
                is_pair: true,
                ..parent("pair", children)
            }
        });
        parent(name, pairs.collect())
    }

    fn sensors(&self, event: &Event) -> Item {
        let elements = event.sensor_elements.iter().flatten().map(|element| {
            let mut children = Vec::new();
            if let Some(metadata) = &element.metadata {
                children.push(self.sensor_fields("sensorMetadata", metadata, &SENSOR_METADATA));
            }
            for report in &element.reports {
                children.push(self.sensor_fields("sensorReport", report, &SENSOR_REPORT));
            }
            children.extend(self.foreign(&element.extensions));
            parent("sensorElement", children)
        });
        parent("sensorElementList", elements.collect())
    }

    fn sensor_fields(
        &self,
        name: &str,
        fields: &SensorFields,
        known: &[(&str, SensorText)],
    ) -> Item {
        let values = fields.fields.iter().map(|(field, value)| {
            let kind = known
                .iter()
                .find(|(known, _)| known == field)
                .map(|(_, kind)| *kind);
            let text = match *field {
                "type" => self.word(Standard::MeasurementType, value),
                "exception" => self.word(Standard::AlertType, value),
                "component" => self.word(Standard::Component, value),
                _ if kind == Some(SensorText::Boolean) => self.truth(value),
                _ => self.value(value),
            };
            Item {
                is_time: kind == Some(SensorText::Time),
                is_number: kind == Some(SensorText::Number),
                ..leaf(field, text)
            }
        });
        let children = values.chain(self.foreign(&fields.extensions));
        parent(name, children.collect())
    }

    fn foreign<'e>(&self, elements: impl IntoIterator<Item = &'e Element>) -> Vec<Item> {
        let items = elements.into_iter().map(|element| self.element(element));
        match self.is_json && self.profile == HashProfile::Reference2025 {
            true => listed(items.collect()),
            false => items.collect(),
        }
    }

    fn element(&self, element: &Element) -> Item {
        let is_said =
            |namespace: &str| self.profile == HashProfile::Reference2025 || namespace != XSI;
        let attributes = element.attributes.iter();
        let attributes = attributes.filter(|attribute| is_said(&attribute.name.namespace));
        let attributes =
            attributes.map(|attribute| leaf(&self.key(&attribute.name), attribute.value.as_str()));
        let children = self.foreign(element.children());
        let text = match element.scalar {
            Scalar::Boolean => self.truth(&element.own_text()),
            _ => self.value(&element.own_text()),
        };
        Item {
            name: self.key(&element.name),
            text,
            children: attributes.chain(children).collect(),
            ..Item::default()
        }
    }

    /// A truth value. The reference implementation writes those of JSON as its own language does.
    fn truth(&self, text: &str) -> String {
        let is_quirk = self.is_json && self.profile == HashProfile::Reference2025;
        match (is_quirk, text) {
            (true, "true") => "True".to_owned(),
            (true, "false") => "False".to_owned(),
            _ => text.to_owned(),
        }
    }

    /// A value of a standard vocabulary as Web URI.
    fn word(&self, standard: Standard, text: &str) -> String {
        if text.starts_with("cbv:") && self.stays_short("cbv") {
            return text.to_owned();
        }
        standard.web_uri(text).unwrap_or_else(|| self.value(text))
    }

    /// Any value: URNs of CBV become Web URIs, and prefixes that the document binds are written out.
    fn value(&self, text: &str) -> String {
        const STEMS: [(&str, &str); 5] = [
            (
                "urn:epcglobal:cbv:bizstep:",
                "https://ref.gs1.org/cbv/BizStep-",
            ),
            ("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-"),
            ("urn:epcglobal:cbv:btt:", "https://ref.gs1.org/cbv/BTT-"),
            ("urn:epcglobal:cbv:sdt:", "https://ref.gs1.org/cbv/SDT-"),
            ("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-"),
        ];
        for (stem, address) in STEMS {
            if let Some(word) = text.strip_prefix(stem) {
                return format!("{address}{word}");
            }
        }
        let Some((prefix, rest)) = text
            .split_once(':')
            .filter(|(_, rest)| !rest.starts_with("//"))
        else {
            return text.to_owned();
        };
        let bound = self
            .own_prefixes
            .iter()
            .chain(self.prefixes)
            .rev()
            .find(|(bound, _)| bound == prefix);
        let built_in = [
            ("gs1", "https://gs1.org/voc/"),
            ("cbv", "https://ref.gs1.org/cbv/"),
        ];
        let known = bound.map(|(_, namespace)| namespace.as_str());
        let known = known.or_else(|| {
            built_in
                .iter()
                .find(|(bound, _)| *bound == prefix)
                .map(|(_, address)| *address)
        });
        known.map_or_else(|| text.to_owned(), |namespace| format!("{namespace}{rest}"))
    }
}
