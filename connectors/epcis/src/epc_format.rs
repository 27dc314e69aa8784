//! The two spellings of an identifier, EPC URN and GS1 Digital Link, and the way from one to the other (EPCIS 2.0, section
//! 8.2; the REST header `GS1-EPC-Format`).
//!
//! A URN holds everything a Digital Link needs. The way back needs the length of the company prefix, which is asked for and
//! never guessed: an identifier whose length is unknown stays as it is, and is reported.

use std::borrow::Cow;
use std::fmt;

use packtwin_core::company_prefix::PrefixLength;
use packtwin_core::digital_link::{CANONICAL_STEM, DigitalLink, has_web_scheme};
use packtwin_core::element_string::{ElementString, Level};
use packtwin_core::epc::{Epc, EpcKind};

use crate::event::{EpcRole, Event};
use crate::loss::Losses;

/// How identifiers are spelled in what is written.
#[derive(Clone, Copy, Default)]
pub enum EpcFormat<'p> {
    /// As they are (`Never_Translates`, `No_Preference`).
    #[default]
    AsWritten,
    /// As Digital Links where there is one (`Always_GS1_Digital_Link`).
    DigitalLink,
    /// As URNs; the function gives the length of the company prefix of a key, digits from the first digit of the prefix on
    /// (`Always_EPC_URN`).
    Urn(&'p dyn Fn(&str) -> Option<PrefixLength>),
}

impl fmt::Debug for EpcFormat<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EpcFormat::AsWritten => "AsWritten",
            EpcFormat::DigitalLink => "DigitalLink",
            EpcFormat::Urn(_) => "Urn",
        })
    }
}

impl EpcFormat<'_> {
    /// Whether anything is to be changed.
    pub fn is_changing(self) -> bool {
        !matches!(self, EpcFormat::AsWritten)
    }

    /// Spells every identifier of an event anew.
    pub fn respell(self, event: &mut Event, losses: &mut Losses) {
        let number = event.number;
        let mut respell = |text: &str| match self.spelled(text) {
            Ok(spelled) => spelled.into_owned(),
            Err(why) => {
                losses.note(number, format!("an identifier kept its spelling: {why}"));
                text.to_owned()
            }
        };
        for role in EpcRole::ALL {
            let changed = event.epc_list(role).map(&mut respell);
            *event.epc_list_mut(role) = changed;
        }
        let quantities = event.quantities.iter_mut().flatten().flatten();
        let quantities = quantities.map(|quantity| &mut quantity.epc_class);
        let typed = [
            &mut event.biz_transactions,
            &mut event.sources,
            &mut event.destinations,
        ];
        let typed = typed
            .into_iter()
            .flatten()
            .flatten()
            .map(|typed| &mut typed.value);
        let places = [&mut event.read_point, &mut event.biz_location];
        let places = places.into_iter().flatten().map(|place| &mut place.id);
        let single = [&mut event.parent_id, &mut event.transformation_id];
        let single = single.into_iter().flatten();
        for text in quantities.chain(typed).chain(places).chain(single) {
            *text = respell(text);
        }
    }

    /// One identifier in this spelling; what is no identifier stays as it is.
    ///
    /// # Errors
    /// Why a Digital Link has no URN, in a few words.
    pub fn spelled<'t>(self, text: &'t str) -> Result<Cow<'t, str>, &'static str> {
        match self {
            EpcFormat::DigitalLink => {
                Ok(to_digital_link(text).map_or(Cow::Borrowed(text), Cow::Owned))
            }
            EpcFormat::Urn(length) if has_web_scheme(text) => {
                match DigitalLink::parse(text, Level::Content) {
                    Ok(link) => to_urn(link.elements(), length).map(Cow::Owned),
                    Err(_) => Ok(Cow::Borrowed(text)),
                }
            }
            EpcFormat::AsWritten | EpcFormat::Urn(_) => Ok(Cow::Borrowed(text)),
        }
    }
}

/// The canonical Digital Link of an EPC URN; `None` for what is no URN of the standard.
pub fn to_digital_link(urn: &str) -> Option<String> {
    if !urn.starts_with("urn:epc:") {
        return None;
    }
    let epc = Epc::parse(urn).ok()?;
    link_of(epc.elements())
}

/// The canonical Digital Link of any identifier, at its finest level and without query: the form that the event hash
/// compares (CBV 2.0, section 8.9). `None` for what is no identifier of GS1.
pub fn canonical_link(text: &str) -> Option<String> {
    if text.starts_with("urn:epc:") {
        return to_digital_link(text);
    }
    if !has_web_scheme(text) {
        return None;
    }
    let numbered;
    let link = match DigitalLink::parse(text, Level::Structure) {
        Ok(link) => link,
        Err(_) => {
            numbered = without_short_names(text)?;
            DigitalLink::parse(&numbered, Level::Structure).ok()?
        }
    };
    let key = link.elements().elements().first()?;
    let finest: &[&str] = match key.ai.code() {
        "01" => &["21", "235", "10"],
        "414" => &["254"],
        "8006" => &["21", "10"],
        "8010" => &["8011"],
        _ => &[],
    };
    let qualifier = finest
        .iter()
        .find_map(|code| Some((*code, link.elements().value(code)?)));
    let mut text = bracketed(key.ai.code(), &key.value);
    if let Some((code, value)) = qualifier {
        text.push_str(&bracketed(code, value));
    }
    let elements = ElementString::parse_bracketed(&text, Level::Structure).ok()?;
    link_of(&elements)
}

/// Short names that early Digital Links had in place of numbers; the standard has given them up.
const SHORT_NAMES: [(&str, &str); 22] = [
    ("gtin", "01"),
    ("lot", "10"),
    ("ser", "21"),
    ("exp", "17"),
    ("cpv", "22"),
    ("itip", "8006"),
    ("gmn", "8013"),
    ("cpid", "8010"),
    ("cpsn", "8011"),
    ("gln", "414"),
    ("glnx", "254"),
    ("payTo", "415"),
    ("glnProd", "416"),
    ("party", "417"),
    ("gsrnp", "8017"),
    ("gsrn", "8018"),
    ("gcn", "255"),
    ("sscc", "00"),
    ("gdti", "253"),
    ("ginc", "401"),
    ("gsin", "402"),
    ("giai", "8004"),
];

/// The link with numbers in place of short names; `None` when it has none.
pub fn without_short_names(link: &str) -> Option<String> {
    let number = |name: &str| {
        let known = SHORT_NAMES.iter().chain(&[("grai", "8003")]);
        known
            .clone()
            .find(|(short, _)| *short == name)
            .map(|(_, number)| *number)
    };
    let (path, query) = link
        .split_once('?')
        .map_or((link, None), |(path, query)| (path, Some(query)));
    let mut has_short = false;
    let mut segments: Vec<&str> = path.split('/').collect();
    // Scheme and domain stand in the first three; from the key on, name and value take turns.
    let begin =
        (3..segments.len()).find(|at| number(segments[*at]).is_some() || is_number(segments[*at]));
    for at in (begin.unwrap_or(segments.len())..segments.len()).step_by(2) {
        if let Some(number) = number(segments[at]) {
            segments[at] = number;
            has_short = true;
        }
    }
    let mut numbered = segments.join("/");
    for (index, pair) in query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .enumerate()
    {
        numbered.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, value)) if number(name).is_some() => {
                has_short = true;
                numbered.push_str(number(name).unwrap_or(name));
                numbered.push('=');
                numbered.push_str(value);
            }
            _ => numbered.push_str(pair),
        }
    }
    has_short.then_some(numbered)
}

fn is_number(segment: &str) -> bool {
    (2..=4).contains(&segment.len()) && segment.bytes().all(|byte| byte.is_ascii_digit())
}

fn bracketed(code: &str, value: &str) -> String {
    format!("({code}){}", value.replace('(', "\\("))
}

/// The canonical link of elements; an extension `0` of a place stands for none.
fn link_of(elements: &ElementString<'_>) -> Option<String> {
    let link = elements.to_digital_link(CANONICAL_STEM).ok()?;
    Some(match link.strip_suffix("/254/0") {
        Some(place) => place.to_owned(),
        None => link,
    })
}

/// The EPC URN of a Digital Link.
///
/// # Errors
/// Why there is none, in a few words: it is no link of the standard, has no EPC, or the length of its company prefix is not
/// known.
pub fn to_epc_urn(
    link: &str,
    length: &dyn Fn(&str) -> Option<PrefixLength>,
) -> Result<String, &'static str> {
    let link = DigitalLink::parse(link, Level::Content).map_err(|_| "it is no Digital Link")?;
    to_urn(link.elements(), length)
}

/// The URN of elements, asked for the length of the company prefix.
fn to_urn(
    elements: &ElementString<'_>,
    length: &dyn Fn(&str) -> Option<PrefixLength>,
) -> Result<String, &'static str> {
    const UNKNOWN: &str = "no company prefix is declared for it";
    const NO_URN: &str = "it has no EPC";
    let first = elements.elements().first().ok_or(NO_URN)?;
    let value: &str = &first.value;
    // Where the company prefix begins: behind the indicator of a GTIN, the extension of an SSCC, the filler of a GRAI.
    let behind = match first.ai.code() {
        "00" | "01" | "8003" | "8006" => 1,
        _ => 0,
    };
    let length = value.get(behind..).and_then(length).ok_or(UNKNOWN)?;
    let value_of = |code: &str| elements.value(code);
    if let (Some(gtin), None, None) = (value_of("01"), value_of("21"), value_of("10"))
        && elements.elements().len() == 1
        && let Ok(gtin) = packtwin_core::gtin::Gtin::parse(gtin)
    {
        return Ok(Epc::gtin_pattern(&gtin, length).to_string());
    }
    if let (Some(gln), None) = (value_of("414"), value_of("254"))
        && let Ok(gln) = packtwin_core::gln::Gln::parse(gln)
        && let Ok(epc) = Epc::sgln(&gln, None, length)
    {
        return Ok(epc.to_string());
    }
    let epc = Epc::from_elements(elements, length).map_err(|_| NO_URN)?;
    Ok(epc.to_string())
}

/// Whether an identifier names a class or a lot, not one thing; `None` when it cannot be told.
pub fn is_class(text: &str) -> Option<bool> {
    if text.starts_with("urn:epc:") {
        return Epc::parse(text)
            .ok()
            .map(|epc| epc.kind() != EpcKind::Identity);
    }
    if has_web_scheme(text) {
        let link = DigitalLink::parse(text, Level::Content).ok()?;
        let has = |code: &str| link.elements().value(code).is_some();
        return Some(has("01") && !has("21") && !has("235"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seven(_: &str) -> Option<PrefixLength> {
        PrefixLength::new(7)
    }

    fn none(_: &str) -> Option<PrefixLength> {
        None
    }

    #[test]
    fn both_ways() {
        for (urn, link) in [
            (
                "urn:epc:id:sgtin:4006381.033393.A%2FB",
                "https://id.gs1.org/01/04006381333931/21/A%2FB",
            ),
            (
                "urn:epc:class:lgtin:4006381.033393.L1",
                "https://id.gs1.org/01/04006381333931/10/L1",
            ),
            (
                "urn:epc:idpat:sgtin:4006381.033393.*",
                "https://id.gs1.org/01/04006381333931",
            ),
            (
                "urn:epc:id:sscc:0614141.1234567890",
                "https://id.gs1.org/00/106141412345678908",
            ),
            (
                "urn:epc:id:sgln:0614141.12345.0",
                "https://id.gs1.org/414/0614141123452",
            ),
            (
                "urn:epc:id:sgln:0614141.12345.7",
                "https://id.gs1.org/414/0614141123452/254/7",
            ),
            (
                "urn:epc:id:pgln:0614141.12345",
                "https://id.gs1.org/417/0614141123452",
            ),
        ] {
            assert_eq!(EpcFormat::DigitalLink.spelled(urn).as_deref(), Ok(link));
            assert_eq!(EpcFormat::Urn(&seven).spelled(link).as_deref(), Ok(urn));
        }
    }

    #[test]
    fn nothing_is_guessed_and_nothing_else_is_touched() {
        let link = "https://id.gs1.org/01/04006381333931/21/A";
        assert!(EpcFormat::Urn(&none).spelled(link).is_err());
        for text in [
            "urn:epcglobal:cbv:bt:4006381000000:7",
            "https://example.org/po/7",
            "urn:epc:id:sgtin:1.2",
        ] {
            assert_eq!(EpcFormat::DigitalLink.spelled(text).as_deref(), Ok(text));
            assert_eq!(EpcFormat::Urn(&seven).spelled(text).as_deref(), Ok(text));
        }
    }
}
