//! Which answer the hub gives to a master data field, written a second time from emvs.md 5.2 so that connector and
//! simulator cannot be wrong together by sharing a table.

use super::answer::HubFault;
use super::incoming::Element;

/// What a field must be.
#[derive(Clone, Copy)]
pub(crate) struct Want {
    /// The code when the element is not there, empty when it may be missing.
    absent: &'static str,
    /// The code when it is empty.
    empty: &'static str,
    /// The code when it holds only blanks.
    blank: &'static str,
    longest: usize,
}

/// Mandatory text: missing in any form is A16.
pub(crate) const TEXT: Want = Want {
    absent: "A16",
    empty: "A16",
    blank: "A16",
    longest: 255,
};
/// The common name since 1.16.
pub(crate) const COMMON_NAME: Want = Want {
    absent: "A16",
    empty: "I1",
    blank: "I1",
    longest: 255,
};
/// Text that may be missing, but not be empty.
pub(crate) const OPTIONAL: Want = Want {
    absent: "",
    empty: "I1",
    blank: "I1",
    longest: 255,
};
/// Text that may be missing or empty.
pub(crate) const ANY: Want = Want {
    absent: "",
    empty: "",
    blank: "",
    longest: 1000,
};
/// An address line the schema demands and that must say something.
pub(crate) const STREET: Want = Want {
    absent: "I1",
    empty: "A16",
    blank: "A16",
    longest: 1000,
};
/// An address line the schema demands and that may be empty.
pub(crate) const STREET2: Want = Want {
    absent: "I1",
    empty: "",
    blank: "",
    longest: 1000,
};

/// Judges the child `name` of `parent`.
pub(crate) fn check(
    parent: &Element,
    place: &str,
    name: &str,
    want: Want,
    faults: &mut Vec<HubFault>,
) {
    let place = format!("{place}/{name}");
    let (code, why) = match parent.text_of(name) {
        None => (want.absent, "the element is missing"),
        Some("") => (want.empty, "the element is empty"),
        Some(text) if text.trim().is_empty() => (want.blank, "the element holds only blanks"),
        Some(text) if text.chars().count() > want.longest => ("I1", "the text is too long"),
        Some(_) => ("", ""),
    };
    if !code.is_empty() {
        faults.push(HubFault::new(code, place, why));
    }
}

/// How strictly a company's address is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressWanted {
    Yes,
    No,
}

/// Judges a company.
pub(crate) fn check_company(
    parent: &Element,
    place: &str,
    name: &str,
    id: Want,
    address: AddressWanted,
    faults: &mut Vec<HubFault>,
) {
    match parent.child(name) {
        Some(company) => {
            check_named_company(company, &format!("{place}/{name}"), id, address, faults)
        }
        None => faults.push(HubFault::new(
            "A16",
            format!("{place}/{name}"),
            "the element is missing",
        )),
    }
}

/// Judges a company that is there.
pub(crate) fn check_named_company(
    company: &Element,
    place: &str,
    id: Want,
    address: AddressWanted,
    faults: &mut Vec<HubFault>,
) {
    check(company, place, "Id", id, faults);
    check(company, place, "Name", TEXT, faults);
    let nowhere = Element::default();
    let at = company.child("Address").unwrap_or(&nowhere);
    let place = format!("{place}/Address");
    let (said, there) = match address {
        AddressWanted::Yes => (STREET, STREET2),
        AddressWanted::No => (ANY, ANY),
    };
    check(at, &place, "Street", said, faults);
    check(at, &place, "Street2", there, faults);
    check(at, &place, "PostalCode", there, faults);
    check(at, &place, "City", said, faults);
    check(
        at,
        &place,
        "Country",
        Want {
            longest: 2,
            ..there
        },
        faults,
    );
}
