//! Messages of the query interface: a query needs a name, and each of its parameters a name and a value (EPCIS 2.0, section
//! 8.2.7; query schema).

use packtwin_core::code::Code;
use packtwin_core::finding::Finding;

use crate::extension::Element;

/// What is missing in a message.
pub(super) fn check(message: &Element, findings: &mut Vec<Finding>) {
    if !["Poll", "Subscribe"].contains(&message.name.local.as_str()) {
        return;
    }
    let mut missing = |what: &str, place: &str| {
        let text = format!("{place} has no {what}. Add it.");
        findings.push(Finding::error(Code::EpcisFieldMissing, 0, what, text));
    };
    if message.child("queryName").is_none() {
        missing("queryName", &message.name.local);
    }
    let params = message.child("params");
    for param in params.into_iter().flat_map(Element::children) {
        for what in ["name", "value"] {
            if param.child(what).is_none() {
                missing(what, "a parameter of the query");
            }
        }
    }
}
