//! The model of an EPCIS event: one shape for all types and all versions (EPCIS 2.0, section 7.4; EPCIS 1.2, section 7.4).
//!
//! Texts are kept as written, so that what was read can be written again byte for byte: times with their zone, identifiers
//! as URN or Digital Link, vocabulary as URN, Web URI or bare word. What a text means is asked of `cbv`, `epc_format` and
//! `hash`. Whether an event makes sense is judged by `validate`; the model holds what is wrong as well as what is right.

use crate::extension::{Attribute, Element, Name};
use crate::text_list::TextList;

/// The types of event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EventKind {
    /// Something happened to things.
    #[default]
    Object,
    /// Things were put into or taken out of a parent.
    Aggregation,
    /// Things were tied to a business document.
    Transaction,
    /// Things became other things.
    Transformation,
    /// Things were attached to a parent for longer (2.0).
    Association,
    /// A number of things of a class was seen (1.0, gone in 2.0).
    Quantity,
    /// An event of somebody's own.
    Foreign(Name),
}

impl EventKind {
    /// The types that EPCIS defines.
    pub const DEFINED: [EventKind; 6] = [
        EventKind::Object,
        EventKind::Aggregation,
        EventKind::Transaction,
        EventKind::Transformation,
        EventKind::Association,
        EventKind::Quantity,
    ];

    /// The name in documents.
    pub fn name(&self) -> &str {
        match self {
            EventKind::Object => "ObjectEvent",
            EventKind::Aggregation => "AggregationEvent",
            EventKind::Transaction => "TransactionEvent",
            EventKind::Transformation => "TransformationEvent",
            EventKind::Association => "AssociationEvent",
            EventKind::Quantity => "QuantityEvent",
            EventKind::Foreign(name) => &name.local,
        }
    }

    /// The type of this name.
    pub fn of(name: &str) -> Option<EventKind> {
        EventKind::DEFINED
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// Which list of EPCs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpcRole {
    /// `epcList`.
    Epcs,
    /// `childEPCs`.
    Children,
    /// `inputEPCList`.
    Inputs,
    /// `outputEPCList`.
    Outputs,
}

impl EpcRole {
    /// Every list.
    pub const ALL: [EpcRole; 4] = [
        EpcRole::Epcs,
        EpcRole::Children,
        EpcRole::Inputs,
        EpcRole::Outputs,
    ];

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            EpcRole::Epcs => "epcList",
            EpcRole::Children => "childEPCs",
            EpcRole::Inputs => "inputEPCList",
            EpcRole::Outputs => "outputEPCList",
        }
    }
}

/// Which list of quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityRole {
    /// `quantityList`.
    Quantities,
    /// `childQuantityList`.
    Children,
    /// `inputQuantityList`.
    Inputs,
    /// `outputQuantityList`.
    Outputs,
}

impl QuantityRole {
    /// Every list.
    pub const ALL: [QuantityRole; 4] = [
        QuantityRole::Quantities,
        QuantityRole::Children,
        QuantityRole::Inputs,
        QuantityRole::Outputs,
    ];

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            QuantityRole::Quantities => "quantityList",
            QuantityRole::Children => "childQuantityList",
            QuantityRole::Inputs => "inputQuantityList",
            QuantityRole::Outputs => "outputQuantityList",
        }
    }
}

/// An amount of things of a class (`quantityElement`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quantity {
    /// The class.
    pub epc_class: String,
    /// The number, its digits as written; `None` for an unknown amount.
    pub quantity: Option<String>,
    /// The unit (UNECE Recommendation 20); `None` for a count of instances.
    pub uom: Option<String>,
}

/// A value with a type: business transaction, source or destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// The type as written.
    pub kind: Option<String>,
    /// The value.
    pub value: String,
}

/// A read point or business location.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Its identifier.
    pub id: String,
    /// Foreign elements in it.
    pub extensions: Vec<Element>,
}

/// Why an earlier event is wrong (section 7.4.1.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorDeclaration {
    /// When it was declared.
    pub declaration_time: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The events that put it right; `Some` and empty for a list that stands empty.
    pub corrective_event_ids: Option<Vec<String>>,
    /// Foreign elements in it.
    pub extensions: Vec<Element>,
}

/// Dispositions that stay until they are unset (2.0, section 7.3.5.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersistentDisposition {
    /// Those that begin.
    pub set: Vec<String>,
    /// Those that end.
    pub unset: Vec<String>,
}

/// The data of a batch of things, given when they come into being (`ilmd`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ilmd {
    /// What is said of them.
    pub elements: Vec<Element>,
    /// Foreign attributes of the element itself.
    pub attributes: Vec<Attribute>,
}

/// The fields of `sensorMetadata` or `sensorReport`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SensorFields {
    /// Fields of the standard by name, texts as written, in document order.
    pub fields: Vec<(&'static str, String)>,
    /// Foreign fields.
    pub extensions: Vec<Element>,
}

impl SensorFields {
    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| *field == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What kind of text a field of a sensor holds, which decides how JSON writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensorText {
    /// Any text or URI.
    Text,
    /// A point in time.
    Time,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// The fields of `sensorMetadata` in the order of the event hash (CBV 2.0, section 8.9).
pub const SENSOR_METADATA: [(&str, SensorText); 8] = [
    ("time", SensorText::Time),
    ("startTime", SensorText::Time),
    ("endTime", SensorText::Time),
    ("deviceID", SensorText::Text),
    ("deviceMetadata", SensorText::Text),
    ("rawData", SensorText::Text),
    ("dataProcessingMethod", SensorText::Text),
    ("bizRules", SensorText::Text),
];

/// The fields of `sensorReport` in the order of the event hash.
pub const SENSOR_REPORT: [(&str, SensorText); 23] = [
    ("type", SensorText::Text),
    ("exception", SensorText::Text),
    ("deviceID", SensorText::Text),
    ("deviceMetadata", SensorText::Text),
    ("rawData", SensorText::Text),
    ("dataProcessingMethod", SensorText::Text),
    ("time", SensorText::Time),
    ("microorganism", SensorText::Text),
    ("chemicalSubstance", SensorText::Text),
    ("value", SensorText::Number),
    ("component", SensorText::Text),
    ("stringValue", SensorText::Text),
    ("booleanValue", SensorText::Boolean),
    ("hexBinaryValue", SensorText::Text),
    ("uriValue", SensorText::Text),
    ("minValue", SensorText::Number),
    ("maxValue", SensorText::Number),
    ("meanValue", SensorText::Number),
    ("sDev", SensorText::Number),
    ("percRank", SensorText::Number),
    ("percValue", SensorText::Number),
    ("uom", SensorText::Text),
    ("coordinateReferenceSystem", SensorText::Text),
];

/// `bizRules` may stand in a report too by the JSON schema; the hash's table of reports does not have it.
pub const SENSOR_REPORT_EXTRA: (&str, SensorText) = ("bizRules", SensorText::Text);

/// Measurements of one place and time (`sensorElement`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SensorElement {
    /// What holds for all reports.
    pub metadata: Option<SensorFields>,
    /// The reports.
    pub reports: Vec<SensorFields>,
    /// Foreign elements in it.
    pub extensions: Vec<Element>,
}

/// One event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// Its type.
    pub kind: EventKind,
    /// Its place in the document, counted from 1. Not part of what it says.
    pub number: u64,
    /// The line it begins on, counted from 1. Not part of what it says.
    pub line: u64,
    /// When it happened.
    pub event_time: Option<String>,
    /// When the repository that sent it recorded it.
    pub record_time: Option<String>,
    /// The offset from UTC at its place.
    pub zone_offset: Option<String>,
    /// Its identifier.
    pub event_id: Option<String>,
    /// Set when it declares an earlier event wrong.
    pub error_declaration: Option<ErrorDeclaration>,
    /// Certificates (2.0).
    pub certification_info: Vec<String>,
    /// The parent of an aggregation, association or transaction.
    pub parent_id: Option<String>,
    /// The lists of EPCs, by [`EpcRole`].
    pub epcs: [TextList; 4],
    /// The lists of quantities, by [`QuantityRole`]; `Some` and empty for a list that stands empty. A QuantityEvent has its
    /// class and number in the first.
    pub quantities: [Option<Vec<Quantity>>; 4],
    /// `ADD`, `OBSERVE` or `DELETE`, as written.
    pub action: Option<String>,
    /// Business step.
    pub biz_step: Option<String>,
    /// Disposition.
    pub disposition: Option<String>,
    /// Persistent disposition (2.0).
    pub persistent_disposition: Option<PersistentDisposition>,
    /// Where it was seen.
    pub read_point: Option<Place>,
    /// Where the things are afterwards.
    pub biz_location: Option<Place>,
    /// Business transactions.
    pub biz_transactions: Option<Vec<Typed>>,
    /// Sources.
    pub sources: Option<Vec<Typed>>,
    /// Destinations.
    pub destinations: Option<Vec<Typed>>,
    /// What ties several transformations together.
    pub transformation_id: Option<String>,
    /// Sensor data (2.0).
    pub sensor_elements: Option<Vec<SensorElement>>,
    /// Data of the things that came into being.
    pub ilmd: Option<Ilmd>,
    /// Foreign elements of the event.
    pub extensions: Vec<Element>,
    /// Foreign attributes of the event.
    pub attributes: Vec<Attribute>,
    /// Prefixes that a JSON event binds for itself.
    pub namespaces: Vec<(String, String)>,
}

impl Event {
    /// Makes ready for the next event; the memory of the EPC lists is kept.
    pub fn clear(&mut self) {
        let mut epcs = std::mem::take(&mut self.epcs);
        epcs.iter_mut().for_each(TextList::clear);
        *self = Event {
            epcs,
            ..Event::default()
        };
    }

    /// Whether two events say the same, wherever they stand and whatever prefixes they bind.
    pub fn says_the_same(&self, other: &Event) -> bool {
        let bare = |event: &Event| Event {
            number: 0,
            line: 0,
            namespaces: Vec::new(),
            ..event.clone()
        };
        bare(self) == bare(other)
    }

    /// A list of EPCs.
    pub fn epc_list(&self, role: EpcRole) -> &TextList {
        &self.epcs[role as usize]
    }

    /// A list of EPCs, to change it.
    pub fn epc_list_mut(&mut self, role: EpcRole) -> &mut TextList {
        &mut self.epcs[role as usize]
    }

    /// A list of quantities; empty where there is none.
    pub fn quantity_list(&self, role: QuantityRole) -> &[Quantity] {
        self.quantities[role as usize].as_deref().unwrap_or(&[])
    }

    /// All EPCs of single things, parent included.
    pub fn instances(&self) -> impl Iterator<Item = &str> {
        let lists = self.epcs.iter().flat_map(TextList::iter);
        self.parent_id.as_deref().into_iter().chain(lists)
    }

    /// Every tree of foreign elements in the event.
    pub fn foreign_trees(&self) -> Vec<&[Element]> {
        let mut trees: Vec<&[Element]> = vec![&self.extensions];
        trees.extend(
            self.error_declaration
                .iter()
                .map(|part| part.extensions.as_slice()),
        );
        trees.extend(
            self.read_point
                .iter()
                .map(|part| part.extensions.as_slice()),
        );
        trees.extend(
            self.biz_location
                .iter()
                .map(|part| part.extensions.as_slice()),
        );
        trees.extend(self.ilmd.iter().map(|part| part.elements.as_slice()));
        for sensor in self.sensor_elements.iter().flatten() {
            trees.push(&sensor.extensions);
            trees.extend(
                sensor
                    .metadata
                    .iter()
                    .map(|part| part.extensions.as_slice()),
            );
            trees.extend(sensor.reports.iter().map(|part| part.extensions.as_slice()));
        }
        trees
    }

    /// Every foreign attribute of an element of EPCIS.
    pub fn foreign_attributes(&self) -> impl Iterator<Item = &Attribute> {
        let ilmd = self.ilmd.iter().flat_map(|ilmd| &ilmd.attributes);
        self.attributes.iter().chain(ilmd)
    }
}
