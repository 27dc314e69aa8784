//! One name for all spellings of an identifier: its GS1 elements in brackets, e.g. `(01)04012345000015(21)A7`.
//!
//! URN and Digital Link of one pack have one name, whatever the company prefix in the URN is said to be. A text that is no
//! identifier of GS1 is its own name. Classes and lots have names too: `(01)…` and `(01)…(10)…`.

use packtwin_core::aggregation::Level;
use packtwin_core::digital_link::{CANONICAL_STEM, DigitalLink, has_web_scheme};
use packtwin_core::element_string::{ElementString, Level as Check};
use packtwin_core::epc::{Epc, read_sgtin};
use packtwin_core::gtin::Gtin;
use packtwin_core::serial::Serial;
use packtwin_core::sscc::Sscc;

use crate::epc_format::canonical_link;

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A pack, or a bundle or case with a GTIN of its own.
    Item(Gtin, Serial),
    /// A logistic unit.
    LogisticUnit(Sscc),
    /// Anything else.
    Other,
}

impl Thing {
    /// The level that the identifier shows: an indicator digit from 1 to 8 marks a grouping, of which nobody said whether it
    /// is a bundle or a case (GS1 General Specifications, section 2.1.2), and so does an SSCC.
    pub fn level(&self) -> Level {
        match self {
            Thing::Item(gtin, _)
                if !matches!(gtin.as_str().as_bytes().first(), Some(b'1'..=b'8')) =>
            {
                Level::Unit
            }
            Thing::Item(..) | Thing::LogisticUnit(_) | Thing::Other => Level::Container,
        }
    }
}

/// The name of an identifier in any spelling.
pub fn name_of(text: &str) -> String {
    let text = text.trim();
    if let Some((gtin, serial, _)) = read_sgtin(text)
        && let Some(name) = item_name(&gtin, &serial)
    {
        return name;
    }
    if text.starts_with("urn:epc:")
        && let Ok(epc) = Epc::parse(text)
    {
        return without_no_extension(epc.elements().to_bracketed());
    }
    if has_web_scheme(text)
        && let Some(name) = quick_link(text).or_else(|| link_name(text))
    {
        return name;
    }
    text.to_owned()
}

/// The name of a pack.
pub fn pack_name(gtin: &Gtin, serial: &Serial) -> String {
    item_name(gtin, serial).unwrap_or_else(|| {
        let serial = serial.as_str().replace('(', "\\(");
        format!("{}{serial}", pack_names_begin(gtin))
    })
}

/// What the names of all packs of a GTIN begin with.
pub fn pack_names_begin(gtin: &Gtin) -> String {
    format!("(01){gtin}(21)")
}

/// The name of a logistic unit.
pub fn sscc_name(sscc: &Sscc) -> String {
    format!("(00){sscc}")
}

/// What a name means.
pub fn thing_of(name: &str) -> Thing {
    if let Some(rest) = name.strip_prefix("(01)")
        && let Some((gtin, serial)) = rest.split_once("(21)")
        && let (Ok(gtin), Ok(serial)) = (
            Gtin::parse(gtin),
            Serial::parse(&serial.replace("\\(", "(")),
        )
    {
        return Thing::Item(gtin, serial);
    }
    match name.strip_prefix("(00)").map(Sscc::parse) {
        Some(Ok(sscc)) => Thing::LogisticUnit(sscc),
        _ => Thing::Other,
    }
}

/// The Digital Link of a name; a text that is no identifier of GS1 stays as it is.
pub fn link_of_name(name: &str) -> String {
    if !name.starts_with('(') {
        return name.to_owned();
    }
    let elements = ElementString::parse_bracketed(name, Check::Structure).ok();
    let link = elements.and_then(|elements| elements.to_digital_link(CANONICAL_STEM).ok());
    link.unwrap_or_else(|| name.to_owned())
}

/// The names that a pattern stands for begin with this: `urn:epc:idpat:sgtin:….*` means every pack of a GTIN. `None` for
/// what is no pattern.
pub fn pattern_prefix(text: &str) -> Option<String> {
    let elements = text.starts_with("urn:epc:idpat:").then(|| Epc::parse(text));
    let name = elements?.ok()?.elements().to_bracketed();
    match name.starts_with("(01)") {
        true => Some(format!("{name}(21)")),
        false => Some(name),
    }
}

/// A serial with a bracket needs the escape of the general way.
fn item_name(gtin: &Gtin, serial: &Serial) -> Option<String> {
    let serial = serial.as_str();
    (!serial.contains('(')).then(|| format!("(01){gtin}(21){serial}"))
}

/// The Digital Links that most documents hold: canonical, with nothing to decode.
fn quick_link(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://id.gs1.org/")?;
    if let Some(sscc) = rest.strip_prefix("00/") {
        return Some(sscc_name(&Sscc::parse(sscc).ok()?));
    }
    let (gtin, serial) = rest.strip_prefix("01/")?.split_once("/21/")?;
    if serial.contains(['%', '/', '?', '#']) {
        return None;
    }
    item_name(&Gtin::parse(gtin).ok()?, &Serial::parse(serial).ok()?)
}

fn link_name(text: &str) -> Option<String> {
    let link = canonical_link(text)?;
    let link = DigitalLink::parse(&link, Check::Structure).ok()?;
    Some(without_no_extension(link.elements().to_bracketed()))
}

/// The extension `0` of a place stands for none.
fn without_no_extension(name: String) -> String {
    match name.strip_suffix("(254)0") {
        Some(place) => place.to_owned(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_have_one_name() {
        for (name, spellings) in [
            (
                "(01)04006381333931(21)A7",
                &[
                    "urn:epc:id:sgtin:4006381.033393.A7",
                    "urn:epc:id:sgtin:400638133.0393.A7",
                    "https://id.gs1.org/01/04006381333931/21/A7",
                    "https://example.com/x/01/04006381333931/21/A7?17=280101",
                    " urn:epc:id:sgtin:4006381.033393.A7 ",
                ][..],
            ),
            (
                "(01)04006381333931(21)\\(%/",
                &[
                    "urn:epc:id:sgtin:4006381.033393.(%25%2F",
                    "https://id.gs1.org/01/04006381333931/21/%28%25%2F",
                ],
            ),
            (
                "(00)106141412345678908",
                &[
                    "urn:epc:id:sscc:0614141.1234567890",
                    "https://id.gs1.org/00/106141412345678908",
                ],
            ),
            (
                "(414)0614141123452",
                &[
                    "urn:epc:id:sgln:0614141.12345.0",
                    "https://id.gs1.org/414/0614141123452",
                ],
            ),
            (
                "(01)04006381333931(10)L1",
                &[
                    "urn:epc:class:lgtin:4006381.033393.L1",
                    "https://id.gs1.org/01/04006381333931/10/L1",
                ],
            ),
            (
                "https://example.com/thing/7",
                &["https://example.com/thing/7"],
            ),
            ("urn:uuid:1", &["urn:uuid:1"]),
        ] {
            for spelling in spellings {
                assert_eq!(name_of(spelling), name, "{spelling}");
            }
            let link = link_of_name(name);
            assert_eq!(name_of(&link), name, "{link}");
        }
    }

    #[test]
    fn a_name_says_what_it_means() {
        let gtin = |text| Gtin::parse(text).unwrap();
        let item = Thing::Item(gtin("04006381333931"), Serial::parse("(a").unwrap());
        assert_eq!(thing_of("(01)04006381333931(21)\\(a"), item);
        assert_eq!(item.level(), Level::Unit);
        assert_eq!(
            thing_of("(01)14006381333938(21)1").level(),
            Level::Container
        );
        assert_eq!(thing_of("(00)106141412345678908").level(), Level::Container);
        assert_eq!(thing_of("(00)106141412345678909"), Thing::Other);
        assert_eq!(
            pattern_prefix("urn:epc:idpat:sgtin:4006381.033393.*").as_deref(),
            Some("(01)04006381333931(21)")
        );
        assert_eq!(pattern_prefix("urn:epc:id:sgtin:4006381.033393.1"), None);
    }
}
