//! Writes elements as a Digital Link.
//!
//! The first key among the elements opens the path; as many of its qualifiers as there are follow in their order; the
//! rest goes to the query, predefined lengths first, so that equal elements make equal links.

use crate::application_identifier::ApplicationIdentifier;
use crate::element_string::{Element, ElementString};
use crate::percent;

/// The stem of canonical links, at the resolver of GS1.
pub const CANONICAL_STEM: &str = "https://id.gs1.org";

/// Why elements make no Digital Link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigitalLinkBuildError {
    /// None of the elements can open the path.
    #[error("none of the elements is a key of a Digital Link")]
    NoKey,
    /// An element that neither qualifies the key nor may stand in the query.
    #[error("({}) {} cannot stand in a link with this key", ai.code(), ai.title())]
    NoPlace {
        /// The element.
        ai: &'static ApplicationIdentifier,
    },
}

impl ElementString<'_> {
    /// The elements as a Digital Link behind `stem` (such as [`CANONICAL_STEM`]).
    pub fn to_digital_link(&self, stem: &str) -> Result<String, DigitalLinkBuildError> {
        let path = self.digital_link_path()?;
        let mut link = stem.trim_end_matches('/').to_owned();
        for element in &path {
            link.push('/');
            link.push_str(element.ai.code());
            link.push('/');
            percent::encode(&element.value, &mut link);
        }
        let mut joint = '?';
        for element in self.attributes(&path)? {
            link.push(joint);
            joint = '&';
            link.push_str(element.ai.code());
            link.push('=');
            percent::encode(&element.value, &mut link);
        }
        Ok(link)
    }

    /// The first key, then its qualifiers: those of the sequence of which most are there.
    fn digital_link_path(&self) -> Result<Vec<&Element<'_>>, DigitalLinkBuildError> {
        let by_code = |code: &String| {
            self.elements()
                .iter()
                .find(|element| element.ai.code() == code)
        };
        let key = self
            .elements()
            .iter()
            .find(|element| element.ai.is_digital_link_key());
        let key = key.ok_or(DigitalLinkBuildError::NoKey)?;
        let mut path = vec![key];
        let sequences = key.ai.qualifier_sequences().iter();
        let present =
            sequences.map(|sequence| sequence.iter().filter_map(by_code).collect::<Vec<_>>());
        // Of equally long sequences the first one wins, which `max_by_key` would not give.
        path.extend(present.rev().max_by_key(Vec::len).unwrap_or_default());
        Ok(path)
    }

    /// What is not in the path, each identifier once, predefined lengths first.
    fn attributes(
        &self,
        path: &[&Element<'_>],
    ) -> Result<Vec<&Element<'_>>, DigitalLinkBuildError> {
        let mut attributes: Vec<&Element<'_>> = Vec::new();
        for element in self.elements() {
            let ai = element.ai;
            if path.iter().chain(&attributes).any(|known| known.ai == ai) {
                continue;
            }
            if !ai.may_stand_in_query() {
                return Err(DigitalLinkBuildError::NoPlace { ai });
            }
            attributes.push(element);
        }
        attributes.sort_by_key(|element| !element.ai.has_predefined_length());
        Ok(attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digital_link::DigitalLink;
    use crate::element_string::Level;

    fn check(bracketed: &str, expected: Result<&str, &str>) {
        let elements = ElementString::parse_bracketed(bracketed, Level::Content).unwrap();
        let link = elements.to_digital_link(CANONICAL_STEM);
        match (link, expected) {
            (Ok(link), Ok(expected)) => {
                assert_eq!(
                    link.strip_prefix(CANONICAL_STEM),
                    Some(expected),
                    "{bracketed}"
                );
                DigitalLink::parse(&link, Level::Content).unwrap();
            }
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (actual, expected) => panic!("{bracketed}: {actual:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn order_of_path_and_query() {
        check(
            "(21)B(240)X(17)280200(01)04006381333931(10)A",
            Ok("/01/04006381333931/10/A/21/B?17=280200&240=X"),
        );
        check(
            "(01)04006381333931(235)T(10)A(21)B",
            Err("(235) TPX cannot stand"),
        );
        check(
            "(00)106141412345678908(02)04006381333931(37)4(10)A",
            Ok("/00/106141412345678908?02=04006381333931&37=4&10=A"),
        );
        check(
            "(01)04006381333931(21)A(01)04006381333931",
            Ok("/01/04006381333931/21/A"),
        );
    }

    #[test]
    fn what_makes_no_link() {
        check("(10)A", Err("none of the elements"));
        check("(01)04006381333931(8200)x", Err("(8200) PRODUCT URL"));
    }
}
