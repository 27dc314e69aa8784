//! The event hash of CBV 2.0 (section 8.9): one text for one event, whatever its form and spelling, and the digest of it.
//!
//! The text of the standard and the published reference implementation part in some points, and hashes of both are in use.
//! Each is a named [`HashProfile`]; hashes of different profiles are never compared. The event is taken apart into named
//! values (`hash_items`), put in order here and joined. The hash is no signature and no primary key: two true events with
//! equal content have one hash.

use std::fmt::Write;

use chrono::{DateTime, Duration, SecondsFormat, Timelike, Utc};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::document::DocumentHead;
use crate::epc_format::canonical_link;
use crate::event::Event;
use crate::extension::{Element, Name};
use crate::hash_items::{Item, items_of};

/// Which reading of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HashProfile {
    /// The rules as written: the order of the table, numbers only where the standard has numbers.
    #[default]
    Written,
    /// The reference implementation of October 2025: lists of documents and parties behind everything else in the order of
    /// their names, every value that can be read as a number written as one, times wherever a name says so.
    Reference2025,
}

impl HashProfile {
    /// Every profile with its name on the command line.
    pub const ALL: [(HashProfile, &'static str); 2] = [
        (HashProfile::Written, "written"),
        (HashProfile::Reference2025, "reference-2025"),
    ];
}

/// The digests of the registry of RFC 6920 that are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HashDigest {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Hashes the events of one document.
#[derive(Debug, Clone, Default)]
pub struct EventHasher {
    profile: HashProfile,
    digest: HashDigest,
    /// Prefixes that have a meaning in values: those of a JSON document.
    prefixes: Vec<(String, String)>,
    /// Whether names are those of JSON-LD.
    is_json: bool,
    /// Foreign fields that the partners agreed to leave out.
    bound_again: Vec<String>,
    ignored: Vec<Name>,
}

/// The namespace in which a document names fields that stay out of the hash.
const AGREED: &str = "https://repository-x.example.com/";

impl EventHasher {
    /// For the events of the document with this head.
    pub fn new(profile: HashProfile, digest: HashDigest, head: &DocumentHead) -> Self {
        let agreed = head.document_elements.iter().chain(&head.header_elements);
        let agreed = agreed.filter(|element| element.name.is(AGREED, "ignoreFields"));
        EventHasher {
            profile,
            digest,
            prefixes: match head.is_json {
                true => head.namespaces.clone(),
                false => Vec::new(),
            },
            is_json: head.is_json,
            bound_again: head.bound_again.clone(),
            ignored: agreed.flat_map(|list| ignored_names(list, head)).collect(),
        }
    }

    /// The text that is hashed.
    pub fn pre_hash(&self, event: &Event) -> String {
        let items = items_of(
            event,
            self.profile,
            self.is_json,
            &self.prefixes,
            &self.bound_again,
            &self.ignored,
        );
        let mut text = format!("eventType={}", event.kind.name());
        let order = Order::of(self.profile);
        let mut rest = Vec::new();
        text.push_str(&in_order(items, order.event, self.profile, true, &mut rest));
        text.push_str(&generic(&rest, self.profile));
        text
    }

    /// The hash as a name of information (RFC 6920), e.g. `ni:///sha-256;…?ver=CBV2.0`.
    pub fn hash(&self, event: &Event) -> String {
        self.hash_of(&self.pre_hash(event))
    }

    /// The hash of a text from [`EventHasher::pre_hash`].
    pub fn hash_of(&self, pre_hash: &str) -> String {
        let (name, bytes) = match self.digest {
            HashDigest::Sha256 => ("sha-256", Sha256::digest(pre_hash).to_vec()),
            HashDigest::Sha384 => ("sha-384", Sha384::digest(pre_hash).to_vec()),
            HashDigest::Sha512 => ("sha-512", Sha512::digest(pre_hash).to_vec()),
        };
        let mut text = format!("ni:///{name};");
        for byte in bytes {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.push_str("?ver=CBV2.0");
        text
    }
}

/// The fields an agreed list names: as elements in XML, as names with prefix in JSON.
fn ignored_names(list: &Element, head: &DocumentHead) -> Vec<Name> {
    if list.has_children() {
        return list.children().map(|child| child.name.clone()).collect();
    }
    let text = list.own_text();
    let (prefix, local) = text.trim().split_once(':').unwrap_or(("", text.trim()));
    let bound = head.namespaces.iter().find(|(bound, _)| bound == prefix);
    vec![Name::new(
        bound.map_or("", |(_, namespace)| namespace),
        prefix,
        local,
    )]
}

/// The order of fields, and of the fields in them.
#[derive(Debug, Clone, Copy)]
struct Order {
    event: &'static [Field],
}

/// A field and the order of what stands in it.
type Field = (&'static str, &'static [&'static str]);

const EPC: &[&str] = &["epc"];
const QUANTITY: &[&str] = &["quantityElement"];
const NONE: &[&str] = &[];

/// The table of section 8.9.
const WRITTEN: [Field; 24] = [
    ("eventTime", NONE),
    ("eventTimeZoneOffset", NONE),
    ("certificationInfo", NONE),
    ("parentID", NONE),
    ("epcList", EPC),
    ("inputEPCList", EPC),
    ("childEPCs", EPC),
    ("quantityList", QUANTITY),
    ("childQuantityList", QUANTITY),
    ("inputQuantityList", QUANTITY),
    ("outputEPCList", EPC),
    ("outputQuantityList", QUANTITY),
    ("action", NONE),
    ("transformationID", NONE),
    ("bizStep", NONE),
    ("disposition", NONE),
    ("persistentDisposition", &["set", "unset"]),
    ("readPoint", &["id"]),
    ("bizLocation", &["id"]),
    ("bizTransactionList", &["pair"]),
    ("sourceList", &["pair"]),
    ("destinationList", &["pair"]),
    ("sensorElementList", &["sensorElement"]),
    ("ilmd", NONE),
];

impl Order {
    fn of(profile: HashProfile) -> Order {
        match profile {
            HashProfile::Written => Order { event: &WRITTEN },
            // The lists of pairs and the ILMD are leftovers there, in the order of their names.
            HashProfile::Reference2025 => Order {
                event: const { &REFERENCE },
            },
        }
    }
}

const REFERENCE: [Field; 20] = {
    let mut fields = [("", NONE); 20];
    let mut at = 0;
    while at < 19 {
        fields[at] = WRITTEN[at];
        at += 1;
    }
    fields[19] = WRITTEN[22];
    fields
};

/// The order of what stands inside a field.
fn inner_order(name: &str) -> &'static [&'static str] {
    const METADATA: [&str; 8] = names(&crate::event::SENSOR_METADATA);
    const REPORT: [&str; 23] = names(&crate::event::SENSOR_REPORT);
    match name {
        "quantityElement" => &["epcClass", "quantity", "uom"],
        "sensorElement" => &["sensorMetadata", "sensorReport"],
        "sensorMetadata" => &METADATA,
        "sensorReport" => &REPORT,
        _ => NONE,
    }
}

const fn names<const N: usize>(
    fields: &[(&'static str, crate::event::SensorText); N],
) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = fields[at].0;
        at += 1;
    }
    names
}

/// The items in the order of the table; what the table does not have goes to `rest`.
fn in_order(
    items: Vec<Item>,
    order: &[Field],
    profile: HashProfile,
    is_event: bool,
    rest: &mut Vec<Item>,
) -> String {
    let mut text = String::new();
    let mut foreign = Vec::new();
    let mut known: Vec<Item> = Vec::new();
    let count = items.len();
    for item in items {
        let belongs_here = match profile {
            HashProfile::Written => item.name.starts_with('{'),
            // Only namespaces that end in a slash, and only beside something else, stay with their field there.
            HashProfile::Reference2025 => item.name.contains("/}") && count > 1,
        };
        match belongs_here && !is_event {
            true => foreign.push(item),
            false => known.push(item),
        }
    }
    for (name, children) in order {
        let (here, others): (Vec<Item>, Vec<Item>) =
            known.into_iter().partition(|item| item.name == *name);
        known = others;
        let mut texts = Vec::new();
        for mut item in here {
            let inner: Vec<Field> = match children.is_empty() {
                true => inner_order(&item.name)
                    .iter()
                    .map(|name| (*name, NONE))
                    .collect(),
                false => children.iter().map(|name| (*name, NONE)).collect(),
            };
            let mut left = Vec::new();
            let children_text = match item.name.as_str() {
                "pair" => pair_text(&item, profile),
                "ilmd" => generic(&std::mem::take(&mut item.children), profile),
                _ => in_order(
                    std::mem::take(&mut item.children),
                    &inner,
                    profile,
                    false,
                    &mut left,
                ),
            };
            let value = value_text(&item, profile, false);
            if !value.is_empty() || !children_text.is_empty() {
                let name = if item.is_pair { "" } else { item.name.as_str() };
                texts.push(format!("{name}{value}{children_text}"));
            }
            if !left.is_empty() {
                rest.push(Item {
                    text: String::new(),
                    children: left,
                    ..item
                });
            }
        }
        texts.sort_unstable();
        texts.iter().for_each(|part| text.push_str(part));
    }
    rest.extend(known);
    if !foreign.is_empty() {
        text.push_str(&generic(&foreign, profile));
    }
    text
}

/// A type and its value, one behind the other.
fn pair_text(pair: &Item, profile: HashProfile) -> String {
    let parts = pair
        .children
        .iter()
        .map(|child| format!("{}{}", child.name, value_text(child, profile, true)));
    parts.collect()
}

/// Items without a table: sorted by their own text.
fn generic(items: &[Item], profile: HashProfile) -> String {
    let mut texts: Vec<String> = items
        .iter()
        .map(|item| {
            let name = if item.is_pair { "" } else { item.name.as_str() };
            let children = match item.is_pair {
                true => pair_text(item, profile),
                false => generic(&item.children, profile),
            };
            format!("{name}{}{children}", value_text(item, profile, true))
        })
        .collect();
    texts.sort_unstable();
    texts.concat()
}

/// `=value` in canonical form, or nothing.
fn value_text(item: &Item, profile: HashProfile, is_generic: bool) -> String {
    let text = item.text.trim();
    if text.is_empty() {
        return String::new();
    }
    let lower = item.name.to_ascii_lowercase();
    let is_time = match profile {
        HashProfile::Written => item.is_time,
        HashProfile::Reference2025 => {
            !is_generic && lower.contains("time") && !lower.contains("offset")
        }
    };
    if is_time {
        return format!("={}", canonical_time(text));
    }
    let number = match profile {
        HashProfile::Written if item.is_number => canonical_decimal(text),
        HashProfile::Written => None,
        HashProfile::Reference2025 => float_text(text),
    };
    if let Some(number) = number {
        return format!("={number}");
    }
    format!(
        "={}",
        canonical_link(text).unwrap_or_else(|| text.to_owned())
    )
}

/// UTC with three digits behind the second; the fourth digit rounds the third.
fn canonical_time(text: &str) -> String {
    let Some(at) = read_time(text) else {
        return text.to_owned();
    };
    let beyond = i64::from(at.nanosecond() % 1_000_000);
    let step = if beyond >= 500_000 {
        1_000_000 - beyond
    } else {
        -beyond
    };
    let rounded = at + Duration::nanoseconds(step);
    rounded.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A point in time; seconds may be missing.
fn read_time(text: &str) -> Option<DateTime<Utc>> {
    let parse = |text: &str| {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|at| at.to_utc())
    };
    parse(text).or_else(|| {
        let at = text.find('T')? + 6;
        let (front, zone) = (text.get(..at)?, text.get(at..)?);
        parse(&format!("{front}:00{zone}"))
    })
}

/// A decimal without sign, zeros and point that say nothing; digits stay exact.
fn canonical_decimal(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    if exponent.unsigned_abs() > 400 {
        return None;
    }
    let (is_negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = whole.len() as i32 + exponent;
    let padded = match point {
        point if point <= 0 => format!("{}{all}", "0".repeat(point.unsigned_abs() as usize + 1)),
        point => format!(
            "{all}{}",
            "0".repeat((point as usize).saturating_sub(all.len()))
        ),
    };
    let point = if point <= 0 { 1 } else { point as usize };
    let (whole, fraction) = padded.split_at(point);
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if is_negative && (whole != "0" || !fraction.is_empty()) {
        "-"
    } else {
        ""
    };
    Some(match fraction.is_empty() {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{fraction}"),
    })
}

/// What the reference implementation makes of a text that its language reads as a number of 64 bits.
fn float_text(text: &str) -> Option<String> {
    let plain: String = match text.contains("__") || text.starts_with('_') || text.ends_with('_') {
        true => return None,
        false => text.replace('_', ""),
    };
    let begins = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-');
    if !plain.starts_with(begins) || !plain.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let number: f64 = plain.parse().ok()?;
    if !number.is_finite() {
        return None;
    }
    if number.fract() == 0.0 {
        let whole = format!("{number:.0}");
        return Some(if whole == "-0" { "0".to_owned() } else { whole });
    }
    if number.abs() < 1e-4 {
        let scientific = format!("{number:e}");
        let (mantissa, exponent) = scientific.split_once("e-")?;
        return Some(format!("{mantissa}e-{exponent:0>2}"));
    }
    Some(number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_digits() {
        for (text, expected) in [
            ("007.500", "7.5"),
            ("+1e3", "1000"),
            ("12345678901234567890.10", "12345678901234567890.1"),
            ("-0.0", "0"),
            ("1.25e-3", "0.00125"),
            (".5", "0.5"),
        ] {
            assert_eq!(canonical_decimal(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(canonical_decimal("A12"), None);
    }

    #[test]
    fn the_fourth_digit_rounds_and_carries() {
        for (text, expected) in [
            ("2026-03-01T10:00:00.1405+01:00", "2026-03-01T09:00:00.141Z"),
            ("2026-12-31T23:59:59.9996Z", "2027-01-01T00:00:00.000Z"),
            ("2026-03-01T10:00Z", "2026-03-01T10:00:00.000Z"),
        ] {
            assert_eq!(canonical_time(text), expected, "{text}");
        }
    }

    #[test]
    fn the_reference_takes_every_number_for_one() {
        for (text, expected) in [
            ("0012", Some("12")),
            ("1_000", Some("1000")),
            ("1e-7", Some("1e-07")),
            ("A1", None),
        ] {
            assert_eq!(float_text(text).as_deref(), expected, "{text}");
        }
    }
}
