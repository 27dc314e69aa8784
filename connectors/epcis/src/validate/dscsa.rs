//! What the GS1 US guideline for DSCSA asks of a shipping document (releases 1.2 and 1.3): a transaction statement, the
//! parties with their master data, and the documents of the trade.

use std::collections::HashSet;

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};

use super::about;
use crate::cbv::Standard;
use crate::document::DocumentHead;
use crate::event::{Event, Typed};

/// The namespace of the guideline.
const GS1_US: &str = "http://epcis.gs1us.org/hc/ns";

/// Whether a document says that it follows the guideline.
pub(super) fn is_named(head: &DocumentHead) -> bool {
    let names = head
        .header_elements
        .iter()
        .map(|element| &*element.name.namespace);
    let bound = head
        .namespaces
        .iter()
        .map(|(_, namespace)| namespace.as_str());
    names.chain(bound).any(|namespace| namespace == GS1_US)
}

/// The guideline, applied to one document.
pub(super) struct Profile {
    is_affirmed: bool,
    is_statement_reported: bool,
    described: HashSet<String>,
    reported: HashSet<String>,
}

impl Profile {
    pub(super) fn new(head: &DocumentHead) -> Self {
        let statement = head.header_element("dscsaTransactionStatement");
        let is_affirmed = statement.is_some_and(|statement| {
            let affirmed = statement
                .child("affirmTransactionStatement")
                .map(|part| part.own_text());
            affirmed.as_deref().map(str::trim) == Some("true")
                && statement.child("legalNotice").is_some()
        });
        let elements = head
            .master_data
            .iter()
            .flatten()
            .filter_map(|vocabulary| vocabulary.elements.as_ref());
        Profile {
            is_affirmed,
            is_statement_reported: false,
            described: elements
                .flatten()
                .map(|element| element.id.clone())
                .collect(),
            reported: HashSet::new(),
        }
    }

    pub(super) fn check(&mut self, event: &Event, findings: &mut Vec<Finding>) {
        if !Standard::BizStep.is(event.biz_step.as_deref(), "shipping")
            || event.error_declaration.is_some()
        {
            return;
        }
        let mut report = |code, field: &str, text: String| {
            findings.push(about(event, code, Severity::Error, field, text));
        };
        if !self.is_affirmed && !std::mem::replace(&mut self.is_statement_reported, true) {
            let text = "the document ships, but its header has no affirmed transaction statement with its legal notice".to_owned();
            report(
                Code::EpcisStatementMissing,
                "dscsaTransactionStatement",
                text,
            );
        }
        let has = |list: &Option<Vec<Typed>>, standard: Standard, kind: &str| {
            list.iter()
                .flatten()
                .any(|typed| standard.is(typed.kind.as_deref(), kind))
        };
        for (name, list) in [
            ("sourceList", &event.sources),
            ("destinationList", &event.destinations),
        ] {
            for kind in ["owning_party", "location"] {
                if !has(list, Standard::SourceDestType, kind) {
                    report(
                        Code::EpcisPartyMissing,
                        name,
                        format!("{name} has no {kind}"),
                    );
                }
            }
        }
        let documents = &event.biz_transactions;
        let is_document = |kind: &str| has(documents, Standard::TransactionType, kind);
        if !is_document("po") || !(is_document("desadv") || is_document("inv")) {
            let text =
                "bizTransactionList needs the purchase order and the despatch advice or invoice"
                    .to_owned();
            report(Code::EpcisTransactionMissing, "bizTransactionList", text);
        }
        let parties = event.sources.iter().chain(&event.destinations).flatten();
        for party in parties.map(|typed| &typed.value) {
            if !self.described.contains(party)
                && self.reported.len() < 1000
                && self.reported.insert(party.clone())
            {
                let text = format!("the header describes no location {}", quoted(party));
                report(Code::EpcisLocationUnknown, "VocabularyElement", text);
            }
        }
    }
}
