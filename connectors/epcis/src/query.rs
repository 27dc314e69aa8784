//! Queries for events: the parameters of `SimpleEventQuery`, read from names and values into tests (EPCIS 2.0, section
//! 8.2.7.1; also 1.2, with its names of extensions).
//!
//! Knows no store: a test names what is compared, in the spelling of [`crate::event_index`] and [`crate::epc_name`]. All that
//! is wrong with a query is told at once. What needs master data (`WD_…`, `HASATTR_…`, `EQATTR_…`) is refused by name.

use packtwin_core::code::Code;
use packtwin_core::refusal::Refusal;
use packtwin_core::time::Timestamp;

use crate::cbv::Standard;
use crate::epc_name::{name_of, pattern_prefix};
use crate::event::EventKind;
use crate::event_index::{order_of, vocabulary_value};

/// A query, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventQuery {
    /// What an event must pass, all of it.
    pub tests: Vec<Test>,
    /// How the answer is ordered.
    pub order: Order,
    /// Whether the smallest comes first.
    pub is_ascending: bool,
    /// At most so many events are answered, the first in order (`eventCountLimit`).
    pub event_count_limit: Option<u64>,
    /// More events than this are refused (`maxEventCount`).
    pub max_event_count: Option<u64>,
}

/// By what events are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// When they happened.
    EventTime,
    /// When they were recorded.
    #[default]
    RecordTime,
}

/// What an event must pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It is of one of these types.
    Kind(Vec<String>),
    /// It happened at this time or later.
    EventFrom(Timestamp),
    /// It happened before this time.
    EventBefore(Timestamp),
    /// It was recorded at this time or later.
    RecordFrom(Timestamp),
    /// It was recorded before this time.
    RecordBefore(Timestamp),
    /// Its identifier is one of these.
    Id(Vec<String>),
    /// It has a value of this name, one of these.
    Value {
        /// Which.
        name: String,
        /// The values.
        values: Vec<String>,
    },
    /// It has a value of this name.
    Exists(String),
    /// It has a value of this name that compares so; both in the order of [`order_of`].
    Compares {
        /// Which.
        name: String,
        /// How.
        comparison: Comparison,
        /// With what.
        order: i64,
    },
    /// It names an identity or class in one of these places.
    Names {
        /// The places.
        places: &'static [Place],
        /// Names.
        names: Vec<String>,
        /// What names begin with that patterns stand for.
        prefixes: Vec<String>,
    },
}

/// A comparison of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Equal,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
}

/// Where an event names identities and classes; the numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `epcList`.
    Epc = 0,
    /// `childEPCs`.
    Child = 1,
    /// `inputEPCList`.
    Input = 2,
    /// `outputEPCList`.
    Output = 3,
    /// `parentID`.
    Parent = 4,
    /// `quantityList`.
    Class = 5,
    /// `childQuantityList`.
    ChildClass = 6,
    /// `inputQuantityList`.
    InputClass = 7,
    /// `outputQuantityList`.
    OutputClass = 8,
}

/// The `MATCH_` parameters and where they look.
const MATCHES: [(&str, &[Place]); 9] = [
    ("epc", &[Place::Epc, Place::Child]),
    ("parentID", &[Place::Parent]),
    ("inputEPC", &[Place::Input]),
    ("outputEPC", &[Place::Output]),
    (
        "anyEPC",
        &[
            Place::Epc,
            Place::Child,
            Place::Input,
            Place::Output,
            Place::Parent,
        ],
    ),
    ("epcClass", &[Place::Class, Place::ChildClass]),
    ("inputEPCClass", &[Place::InputClass]),
    ("outputEPCClass", &[Place::OutputClass]),
    (
        "anyEPCClass",
        &[
            Place::Class,
            Place::ChildClass,
            Place::InputClass,
            Place::OutputClass,
        ],
    ),
];

/// Values that are compared as they are (`EQ_…`).
const PLAIN: [&str; 12] = [
    "action",
    "correctiveEventID",
    "deviceID",
    "dataProcessingMethod",
    "microorganism",
    "chemicalSubstance",
    "bizRules",
    "stringValue",
    "booleanValue",
    "hexBinaryValue",
    "uriValue",
    "uom",
];
/// Values that are identifiers.
const IDENTIFIERS: [&str; 3] = ["readPoint", "bizLocation", "transformationID"];
/// Values of vocabularies.
const VOCABULARIES: [(&str, Standard); 6] = [
    ("bizStep", Standard::BizStep),
    ("disposition", Standard::Disposition),
    ("persistentDisposition_set", Standard::Disposition),
    ("persistentDisposition_unset", Standard::Disposition),
    ("errorReason", Standard::ErrorReason),
    ("type", Standard::MeasurementType),
];
/// Typed identifiers, and the vocabulary of their types.
const TYPED: [(&str, Standard); 3] = [
    ("bizTransaction_", Standard::TransactionType),
    ("source_", Standard::SourceDestType),
    ("destination_", Standard::SourceDestType),
];
/// Values that are compared as numbers, with or without a unit behind an underscore.
const AMOUNTS: [&str; 8] = [
    "quantity",
    "value",
    "minValue",
    "maxValue",
    "meanValue",
    "sDev",
    "percRank",
    "percValue",
];
/// Times of sensors.
const SENSOR_TIMES: [&str; 3] = ["time", "startTime", "endTime"];
/// Where extensions stand, by the word of the parameter; the longer words first.
const EXTENSIONS: [(&str, &str); 10] = [
    ("INNER_ILMD_", "inner:ilmd:"),
    ("INNER_ERROR_DECLARATION_", "inner:error_declaration:"),
    ("INNER_SENSORELEMENT_", "inner:sensorelement:"),
    ("INNER_SENSORMETADATA_", "inner:sensormetadata:"),
    ("INNER_SENSORREPORT_", "inner:sensorreport:"),
    ("ILMD_", "ilmd:"),
    ("ERROR_DECLARATION_", "error_declaration:"),
    ("SENSORELEMENT_", "sensorelement:"),
    ("SENSORMETADATA_", "sensormetadata:"),
    ("SENSORREPORT_", "sensorreport:"),
];

/// Reads a query.
///
/// `prefixes` are those that the caller bound for names of extensions (`GS1-Extensions`).
///
/// # Errors
/// Every parameter that is unknown, wrong, or not answered here.
pub fn read_query(
    parameters: &[(String, Vec<String>)],
    prefixes: &[(String, String)],
) -> Result<EventQuery, Vec<Refusal>> {
    let mut reading = Reading {
        prefixes,
        query: EventQuery::default(),
        has_order: false,
        faults: Vec::new(),
    };
    for (name, values) in parameters {
        reading.parameter(name, values);
    }
    if reading.query.event_count_limit.is_some() && !reading.has_order {
        reading.fault("eventCountLimit", "it needs orderBy beside it");
    }
    if reading.query.event_count_limit.is_some() && reading.query.max_event_count.is_some() {
        reading.fault("maxEventCount", "it excludes eventCountLimit");
    }
    match reading.faults.is_empty() {
        true => Ok(reading.query),
        false => Err(reading.faults),
    }
}

struct Reading<'r> {
    prefixes: &'r [(String, String)],
    query: EventQuery,
    has_order: bool,
    faults: Vec<Refusal>,
}

impl Reading<'_> {
    fn parameter(&mut self, name: &str, values: &[String]) {
        if values.iter().all(|value| value.trim().is_empty()) && !name.starts_with("EXISTS_") {
            return self.fault(name, "it has no value");
        }
        match name {
            "eventType" => self.kinds(name, values),
            "EQ_eventID" => self.push(Test::Id(values.to_vec())),
            "GE_eventTime" => self.time(name, values, Test::EventFrom),
            "LT_eventTime" => self.time(name, values, Test::EventBefore),
            "GE_recordTime" => self.time(name, values, Test::RecordFrom),
            "LT_recordTime" => self.time(name, values, Test::RecordBefore),
            // The published query schema has an underscore more than the standard's text.
            "GE_errorDeclarationTime" | "GE_errorDeclaration_Time" => {
                self.compares(
                    name,
                    "errorDeclarationTime",
                    Comparison::GreaterOrEqual,
                    values,
                );
            }
            "LT_errorDeclarationTime" | "LT_errorDeclaration_Time" => {
                self.compares(name, "errorDeclarationTime", Comparison::Less, values);
            }
            "EXISTS_errorDeclaration" => self.push(Test::Exists("errorDeclaration".to_owned())),
            "EXISTS_sensorElementList" => self.push(Test::Exists("sensorElementList".to_owned())),
            "orderBy" => self.order(name, values),
            "orderDirection" => match values {
                [one] if one == "ASC" => self.query.is_ascending = true,
                [one] if one == "DESC" => self.query.is_ascending = false,
                _ => self.fault(name, "here belongs ASC or DESC"),
            },
            "eventCountLimit" => self.query.event_count_limit = self.count(name, values),
            "maxEventCount" => self.query.max_event_count = self.count(name, values),
            _ => self.compound(name, values),
        }
    }

    fn compound(&mut self, name: &str, values: &[String]) {
        let (word, field) = name.split_once('_').unwrap_or((name, ""));
        match word {
            "MATCH" => match MATCHES.iter().find(|(known, _)| *known == field) {
                Some((_, places)) => self.names(places, values),
                None => self.unknown(name),
            },
            "WD" | "HASATTR" | "EQATTR" => self.faults.push(Refusal::at(
                Code::EpcisQueryNotAnswered,
                format!("?{name}"),
                "it asks by master data, which this site does not answer yet",
            )),
            "EXISTS" => match self.extension(field) {
                Some(field) => self.push(Test::Exists(field)),
                None => self.unknown(name),
            },
            "EQ" => self.equal(name, field, values),
            "GT" => self.ordered(name, field, Comparison::Greater, values),
            "GE" => self.ordered(name, field, Comparison::GreaterOrEqual, values),
            "LT" => self.ordered(name, field, Comparison::Less, values),
            "LE" => self.ordered(name, field, Comparison::LessOrEqual, values),
            _ => self.unknown(name),
        }
    }

    fn equal(&mut self, name: &str, field: &str, values: &[String]) {
        let vocabulary = VOCABULARIES.iter().find(|(known, _)| *known == field);
        let typed = TYPED.iter().find_map(|(known, standard)| {
            let kind = field.strip_prefix(known)?;
            Some(format!("{known}{}", vocabulary_value(*standard, kind)))
        });
        if let Some((_, standard)) = vocabulary {
            let values = values
                .iter()
                .map(|value| vocabulary_value(*standard, value));
            self.value(field, values.collect());
        } else if let Some(field) = typed {
            self.value(&field, values.iter().map(|value| name_of(value)).collect());
        } else if IDENTIFIERS.contains(&field) {
            self.value(field, values.iter().map(|value| name_of(value)).collect());
        } else if PLAIN.contains(&field) {
            self.value(field, values.to_vec());
        } else if is_amount(field) {
            self.compares(name, field, Comparison::Equal, values);
        } else if let Some(field) = self.extension(field) {
            self.value(&field, values.to_vec());
        } else {
            self.unknown(name);
        }
    }

    fn ordered(&mut self, name: &str, field: &str, comparison: Comparison, values: &[String]) {
        if is_amount(field) || SENSOR_TIMES.contains(&field) {
            self.compares(name, field, comparison, values);
        } else if let Some(field) = self.extension(field) {
            self.compares(name, &field, comparison, values);
        } else {
            self.unknown(name);
        }
    }

    /// The name in the index of an extension: `{namespace}#{local}`, or `prefix:local` with a prefix that is bound.
    fn extension(&self, field: &str) -> Option<String> {
        let found = EXTENSIONS
            .iter()
            .find_map(|(word, place)| Some((*place, field.strip_prefix(word)?)));
        let (place, field) = found.unwrap_or_else(|| match field.strip_prefix("INNER_") {
            Some(rest) => ("inner:", rest),
            None => ("", field),
        });
        if field.contains('#') {
            return Some(format!("{place}{field}"));
        }
        let (prefix, local) = field.split_once(':')?;
        let bound = self.prefixes.iter().find(|(bound, _)| bound == prefix);
        let namespace = match (bound, prefix) {
            (Some((_, namespace)), _) => namespace.as_str(),
            (None, "cbvmda") => "urn:epcglobal:cbv:mda",
            (None, _) => return None,
        };
        Some(format!("{place}{namespace}#{local}"))
    }

    fn kinds(&mut self, name: &str, values: &[String]) {
        let unknown: Vec<&str> = values
            .iter()
            .map(String::as_str)
            .filter(|value| EventKind::of(value).is_none())
            .collect();
        match unknown.is_empty() {
            true => self.push(Test::Kind(values.to_vec())),
            false => self.fault(
                name,
                &format!("there is no event type {}", unknown.join(", ")),
            ),
        }
    }

    fn names(&mut self, places: &'static [Place], values: &[String]) {
        let (mut names, mut prefixes) = (Vec::new(), Vec::new());
        for value in values {
            prefixes.extend(pattern_prefix(value));
            // A pattern of all packs of a product is also the name of the class.
            names.push(name_of(value));
        }
        self.push(Test::Names {
            places,
            names,
            prefixes,
        });
    }

    fn time(&mut self, name: &str, values: &[String], test: fn(Timestamp) -> Test) {
        match values {
            [one] if Timestamp::parse(one).is_some() => {
                self.query.tests.extend(Timestamp::parse(one).map(test));
            }
            _ => self.fault(
                name,
                "here belongs one time with zone, such as 2026-05-04T08:00:00Z",
            ),
        }
    }

    fn compares(&mut self, name: &str, field: &str, comparison: Comparison, values: &[String]) {
        match values {
            [one] if order_of(one).is_some() => {
                let order = order_of(one).unwrap_or_default();
                self.push(Test::Compares {
                    name: field.to_owned(),
                    comparison,
                    order,
                });
            }
            _ => self.fault(name, "here belongs one number or time"),
        }
    }

    fn order(&mut self, name: &str, values: &[String]) {
        self.has_order = true;
        match values {
            [one] if one == "eventTime" => self.query.order = Order::EventTime,
            [one] if one == "recordTime" => self.query.order = Order::RecordTime,
            _ => self.fault(name, "events are ordered by eventTime or recordTime"),
        }
    }

    fn count(&mut self, name: &str, values: &[String]) -> Option<u64> {
        let count = match values {
            [one] => one.parse().ok().filter(|count| *count > 0),
            _ => None,
        };
        if count.is_none() {
            self.fault(name, "here belongs a number above 0");
        }
        count
    }

    fn value(&mut self, name: &str, values: Vec<String>) {
        self.push(Test::Value {
            name: name.to_owned(),
            values,
        });
    }

    fn push(&mut self, test: Test) {
        self.query.tests.push(test);
    }

    fn unknown(&mut self, name: &str) {
        self.fault(name, "there is no such parameter");
    }

    fn fault(&mut self, name: &str, what: &str) {
        let place = format!("?{name}");
        let text = format!("{name}: {what}");
        self.faults
            .push(Refusal::at(Code::RequestMalformed, place, text));
    }
}

fn is_amount(field: &str) -> bool {
    AMOUNTS.iter().any(|amount| {
        let rest = field.strip_prefix(amount);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    })
}

#[cfg(test)]
mod tests;
