//! Which elements need each other, and which may not meet (GS1 General Specifications, section 4.14).
//!
//! The rules are columns of the table of identifiers. They hold over all symbols of an item together; a reader of one
//! symbol sees a part, which is why scans to be verified are not tested for them.

use super::{Element, ElementFault};
use crate::application_identifier::pattern_matches;

/// The digital signature, which signs a serialised key.
const SIGNATURE: &str = "8030";
/// Keys whose serial part is optional in themselves.
const KEYS_WITH_OPTIONAL_SERIAL: [&str; 3] = ["253", "255", "8003"];

pub(super) fn check(elements: &[Element<'_>], faults: &mut Vec<ElementFault>) {
    for (index, element) in elements.iter().enumerate() {
        let earlier = elements[..index]
            .iter()
            .find(|other| other.ai == element.ai);
        match earlier {
            Some(other) if other.value != element.value => {
                faults.push(ElementFault::DifferentValues { ai: element.ai });
            }
            Some(_) => {}
            None => check_neighbours(element, elements, faults),
        }
    }
    check_signature(elements, faults);
}

fn check_neighbours(
    element: &Element<'_>,
    elements: &[Element<'_>],
    faults: &mut Vec<ElementFault>,
) {
    let ai = element.ai;
    let beside = |pattern: &str| {
        elements
            .iter()
            .find(|other| other.ai != ai && pattern_matches(pattern, other.ai.code()))
            .map(|found| found.ai)
    };
    for pattern in ai.excludes() {
        faults.extend(beside(pattern).map(|other| ElementFault::Excludes { ai, other }));
    }
    for group in ai.needs() {
        let met = group
            .iter()
            .any(|together| together.iter().all(|pattern| beside(pattern).is_some()));
        if !met {
            faults.push(ElementFault::Needs {
                ai,
                one_of: in_words(group),
            });
        }
    }
}

fn check_signature(elements: &[Element<'_>], faults: &mut Vec<ElementFault>) {
    if !elements
        .iter()
        .any(|element| element.ai.code() == SIGNATURE)
    {
        return;
    }
    let unserialised = elements.iter().filter(|element| {
        KEYS_WITH_OPTIONAL_SERIAL.contains(&element.ai.code())
            && element.value.len() == element.ai.length_min()
    });
    faults.extend(
        unserialised.map(|element| ElementFault::SignatureWithoutSerial { ai: element.ai }),
    );
}

/// `(01) or (8006) with (21)`.
fn in_words(group: &[Vec<String>]) -> String {
    let together = |codes: &Vec<String>| {
        codes
            .iter()
            .map(|code| format!("({code})"))
            .collect::<Vec<_>>()
            .join(" with ")
    };
    group.iter().map(together).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::super::{ElementString, Level};

    fn check(bracketed: &str, expected: &[&str]) {
        let faults = ElementString::parse_bracketed(bracketed, Level::Associations)
            .err()
            .unwrap_or_default();
        let codes: Vec<_> = faults.iter().map(|fault| fault.code()).collect();
        assert_eq!(codes, expected, "{bracketed}: {faults:?}");
    }

    #[test]
    fn needs_and_exclusions() {
        check("(01)04006381333931(21)A(17)280229", &[]);
        check("(21)A", &["element_missing"]);
        check("(01)04006381333931(250)B", &["element_missing"]);
        check(
            "(01)04006381333931(02)04006381333931(37)2",
            &["elements_exclude", "elements_exclude", "element_missing"],
        );
        check("(01)04006381333931(21)A(235)B", &["elements_exclude"]);
        check(
            "(01)04006381333931(3103)000100(3101)000001",
            &["elements_exclude", "elements_exclude"],
        );
        check("(3103)000100(01)04006381333931", &[]);
    }

    #[test]
    fn repeated_elements_must_agree() {
        check("(400)A(10)B(400)A(01)04006381333931", &[]);
        check("(400)A(400)B", &["element_repeated"]);
    }

    #[test]
    fn a_signature_asks_for_a_serial() {
        check("(253)0614141123452(8030)AbC", &["signature_without_serial"]);
        check("(253)06141411234521(8030)AbC", &[]);
        check("(01)04006381333931(8030)AbC", &["element_missing"]);
    }

    #[test]
    fn the_message_names_what_would_do() {
        let faults = ElementString::parse_bracketed("(8030)AbC", Level::Associations).unwrap_err();
        assert!(
            faults[0]
                .to_string()
                .contains("(00) or (01) with (21) or (253)"),
            "{}",
            faults[0]
        );
    }
}
