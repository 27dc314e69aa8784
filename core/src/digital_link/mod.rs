//! GS1 Digital Link: identifiers as web addresses (GS1 Digital Link standard, URI syntax).
//!
//! `https://any.domain/any/path/01/04006381333931/10/A/21/B?17=280200`: a key, its qualifiers in their fixed order, and
//! the other elements in the query. Needs no company prefix length, which makes it the safe form of an identifier for
//! partners. Recognises and writes the uncompressed form with numeric identifiers only; a GTIN is written with all its 14
//! digits; no address is ever opened. As of today a Digital Link on a pack is not a unique identifier in the EU.

mod build;
mod fault;

pub use build::{CANONICAL_STEM, DigitalLinkBuildError};
pub use fault::DigitalLinkFault;

use std::borrow::Cow;

use crate::application_identifier::{self, ApplicationIdentifier};
use crate::element_string::{Element, ElementFault, ElementString, Level};
use crate::percent;

/// A Digital Link taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigitalLink<'a> {
    stem: &'a str,
    elements: ElementString<'a>,
    other_parameters: Vec<&'a str>,
    fragment: Option<&'a str>,
}

/// Whether a text begins as a web address does.
pub fn has_web_scheme(text: &str) -> bool {
    behind_scheme(text).is_some()
}

impl<'a> DigitalLink<'a> {
    /// Reads a link and tests its elements to `level`; refuses with every fault found.
    ///
    /// The last key in the path begins the identifier; what stands before it belongs to the stem.
    pub fn parse(uri: &'a str, level: Level) -> Result<Self, Vec<DigitalLinkFault>> {
        let parts = UriParts::of(uri)?;
        let key_at = find_key(parts.path).ok_or_else(|| vec![DigitalLinkFault::NoKey])?;
        let mut faults = Vec::new();
        let mut elements = read_path(&parts.path[key_at + 1..], &mut faults);
        let path_length = elements.len();
        let path: Vec<_> = elements.iter().map(|element| element.ai).collect();
        if !is_qualifier_sequence(&path) {
            faults.push(DigitalLinkFault::Qualifiers { key: path[0] });
        }
        let other_parameters = read_query(parts.query, &mut elements, &mut faults);
        check_attributes(&elements, path_length, &path, &mut faults);
        let elements = ElementString::unchecked(elements);
        faults.extend(
            elements
                .check(level)
                .into_iter()
                .map(|fault| DigitalLinkFault::Element(Box::new(fault))),
        );
        if !faults.is_empty() {
            return Err(faults);
        }
        let stem = &uri[..uri.len() - parts.from_path.len() + key_at];
        Ok(Self {
            stem,
            elements,
            other_parameters,
            fragment: parts.fragment,
        })
    }

    /// Scheme, domain and path in front of the key.
    pub fn stem(&self) -> &'a str {
        self.stem
    }

    /// Key, qualifiers, then the elements of the query, each in the order of the link.
    pub fn elements(&self) -> &ElementString<'a> {
        &self.elements
    }

    /// Query parameters that are not GS1 elements, as they stand (`linkType=all`).
    pub fn other_parameters(&self) -> &[&'a str] {
        &self.other_parameters
    }

    /// What stands behind `#`.
    pub fn fragment(&self) -> Option<&'a str> {
        self.fragment
    }
}

struct UriParts<'a> {
    path: &'a str,
    query: &'a str,
    fragment: Option<&'a str>,
    /// Everything from the path on.
    from_path: &'a str,
}

impl<'a> UriParts<'a> {
    fn of(uri: &'a str) -> Result<Self, Vec<DigitalLinkFault>> {
        let mut faults = Vec::new();
        if let Some((index, character)) =
            uri.chars().enumerate().find(|&(_, c)| !is_uri_character(c))
        {
            faults.push(DigitalLinkFault::Character {
                character,
                position: index + 1,
            });
        }
        let Some(behind) = behind_scheme(uri) else {
            faults.push(DigitalLinkFault::Scheme);
            return Err(faults);
        };
        let domain_end = behind.find('/').unwrap_or(behind.len());
        let (domain, from_path) = behind.split_at(domain_end);
        if domain.is_empty() || from_path.is_empty() || domain.contains(is_bad_in_domain) {
            faults.push(DigitalLinkFault::Domain);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (rest, fragment) = split_optional(from_path, '#');
        let (path, query) = split_optional(rest, '?');
        Ok(Self {
            path,
            query: query.unwrap_or_default(),
            fragment,
            from_path,
        })
    }
}

fn behind_scheme(text: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

fn split_optional(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(front, back)| (front, Some(back)))
}

/// RFC 3986: unreserved, reserved and the percent sign.
fn is_uri_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

fn is_bad_in_domain(c: char) -> bool {
    "_~?#@!$&'()*+,;=%".contains(c)
}

/// Walks the path backwards in pairs of identifier and value until a key is met; the place of the slash before it.
fn find_key(path: &str) -> Option<usize> {
    let mut end = path.len();
    loop {
        let value_slash = path[..end].rfind('/').filter(|&at| at > 0)?;
        let ai_slash = path[..value_slash].rfind('/')?;
        let ai = application_identifier::find(&path[ai_slash + 1..value_slash])?;
        if ai.is_digital_link_key() {
            return Some(ai_slash);
        }
        end = ai_slash;
    }
}

/// Reads `01/04006381333931/10/A`, whose pairs [`find_key`] has walked over.
fn read_path<'a>(path: &'a str, faults: &mut Vec<DigitalLinkFault>) -> Vec<Element<'a>> {
    let mut segments = path.split('/');
    let mut elements = Vec::new();
    while let (Some(code), Some(value)) = (segments.next(), segments.next()) {
        if let Some(ai) = application_identifier::find(code) {
            push_decoded(ai, value, percent::Place::Path, &mut elements, faults);
        }
    }
    elements
}

/// Reads the query into `elements` and returns what is no element.
fn read_query<'a>(
    query: &'a str,
    elements: &mut Vec<Element<'a>>,
    faults: &mut Vec<DigitalLinkFault>,
) -> Vec<&'a str> {
    let mut others = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let named = parameter
            .split_once('=')
            .filter(|(name, _)| is_digits(name));
        match named.map(|(name, value)| (name, application_identifier::find(name), value)) {
            None => others.push(parameter),
            Some((_, Some(ai), value)) => {
                push_decoded(ai, value, percent::Place::Query, elements, faults);
            }
            Some((name, None, _)) => faults.push(DigitalLinkFault::UnknownParameter {
                name: name.to_owned(),
            }),
        }
    }
    others
}

fn is_digits(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// An element whose value cannot be decoded is kept as it stands, so that its place in the link is still judged.
fn push_decoded<'a>(
    ai: &'static ApplicationIdentifier,
    value: &'a str,
    place: percent::Place,
    elements: &mut Vec<Element<'a>>,
    faults: &mut Vec<DigitalLinkFault>,
) {
    let decoded = percent::decode(value, place);
    if decoded.is_none() {
        faults.push(DigitalLinkFault::Encoding { ai });
    }
    elements.push(Element {
        ai,
        value: decoded.unwrap_or(Cow::Borrowed(value)),
    });
}

/// Whether key and qualifiers follow one of the orders the key allows; any qualifier may be left out.
fn is_qualifier_sequence(path: &[&'static ApplicationIdentifier]) -> bool {
    let Some((key, qualifiers)) = path.split_first() else {
        return false;
    };
    let follows = |allowed: &[String]| {
        let mut allowed = allowed.iter();
        qualifiers
            .iter()
            .all(|qualifier| allowed.any(|code| code == qualifier.code()))
    };
    key.is_digital_link_key()
        && (qualifiers.is_empty()
            || key
                .qualifier_sequences()
                .iter()
                .any(|allowed| follows(allowed)))
}

/// The query may not repeat what stands before it, nor hold what is no attribute or belongs in the path.
fn check_attributes(
    elements: &[Element<'_>],
    path_length: usize,
    path: &[&'static ApplicationIdentifier],
    faults: &mut Vec<DigitalLinkFault>,
) {
    for (index, element) in elements.iter().enumerate() {
        let ai = element.ai;
        if elements[..index].iter().any(|other| other.ai == ai) {
            faults.push(DigitalLinkFault::Duplicate { ai });
        } else if index >= path_length && belongs_in_path(ai, path) {
            faults.push(DigitalLinkFault::BelongsInPath { ai });
        } else if index >= path_length && !ai.may_stand_in_query() {
            faults.push(DigitalLinkFault::NoAttribute { ai });
        }
    }
}

fn belongs_in_path(
    ai: &'static ApplicationIdentifier,
    path: &[&'static ApplicationIdentifier],
) -> bool {
    (1..=path.len()).any(|place| {
        let mut tried = path.to_vec();
        tried.insert(place, ai);
        is_qualifier_sequence(&tried)
    })
}

impl DigitalLinkFault {
    /// The fault of an element inside the link, if it is one.
    pub fn element(&self) -> Option<&ElementFault> {
        match self {
            Self::Element(fault) => Some(fault),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, expected: Result<&str, &[&str]>) {
        let actual = DigitalLink::parse(uri, Level::Associations);
        match (&actual, expected) {
            (Ok(link), Ok(expected)) => {
                assert_eq!(link.elements().to_bracketed(), expected, "{uri}")
            }
            (Err(faults), Err(expected)) => {
                assert_eq!(
                    faults
                        .iter()
                        .map(DigitalLinkFault::code)
                        .collect::<Vec<_>>(),
                    expected,
                    "{uri}"
                );
            }
            _ => panic!("{uri}: {actual:?}"),
        }
    }

    const GTIN: &str = "https://id.gs1.org/01/04006381333931";

    fn check_behind_gtin(tail: &str, expected: Result<&str, &[&str]>) {
        let expected = expected.map(|elements| format!("(01)04006381333931{elements}"));
        check(
            &format!("{GTIN}{tail}"),
            expected.as_deref().map_err(|codes| *codes),
        );
    }

    #[test]
    fn path_and_query() {
        check_behind_gtin("", Ok(""));
        check_behind_gtin("/22/V/10/A/21/B?17=280200", Ok("(22)V(10)A(21)B(17)280200"));
        check_behind_gtin(
            "/10/%2F%28?x=1&&17=280200&flag#top",
            Ok(r"(10)/\((17)280200"),
        );
        check_behind_gtin("/21/a+b?240=a%20b", Err(&["value_character"]));
        check_behind_gtin("/21/%zz", Ok("(21)%zz"));
        check_behind_gtin("/235/A?10=B", Ok("(235)A(10)B"));
        check(
            "HTTP://example.org/a/b/414/0614141123452/254/X",
            Ok("(414)0614141123452(254)X"),
        );
        check(
            "https://example.org/21/A/01/04006381333931",
            Ok("(01)04006381333931"),
        );
    }

    #[test]
    fn refusals() {
        check("ftp://id.gs1.org/01/04006381333931", Err(&["link_scheme"]));
        check("https:///01/04006381333931", Err(&["link_domain"]));
        check("https://id.gs1.org", Err(&["link_domain"]));
        check(
            "https://id_gs1.org/01/04006381333931",
            Err(&["link_domain"]),
        );
        check("https://id.gs1.org/gtin/04006381333931", Err(&["link_key"]));
        check(
            "https://id.gs1.org/01/4006381333931",
            Err(&["value_too_short"]),
        );
        check_behind_gtin("/", Err(&["link_key"]));
        check_behind_gtin("//21/A", Err(&["link_key"]));
        check_behind_gtin("/21/", Err(&["value_empty"]));
        check_behind_gtin("/21/A/10/B", Err(&["link_qualifiers"]));
        check_behind_gtin("/17/280200", Err(&["link_qualifiers"]));
        check_behind_gtin("?10=B", Err(&["link_belongs_in_path"]));
        check_behind_gtin("?8200=x", Err(&["link_no_attribute"]));
        check_behind_gtin(
            "?719=x&21=%00",
            Err(&["link_parameter", "link_encoding", "link_belongs_in_path"]),
        );
        check_behind_gtin("?01=04006381333931", Err(&["link_duplicate"]));
        check_behind_gtin("/10/A B", Err(&["link_character"]));
        check_behind_gtin("/10/%C3", Err(&["link_encoding"]));
    }

    #[test]
    fn the_rest_of_the_address_is_kept() {
        let uri = "https://example.org/shop/01/04006381333931?linkType=all&17=280200#top";
        let link = DigitalLink::parse(uri, Level::Content).unwrap();
        assert_eq!(link.stem(), "https://example.org/shop");
        assert_eq!(link.other_parameters(), ["linkType=all"]);
        assert_eq!(link.fragment(), Some("top"));
    }
}
