//! The hub's answers as outcomes and as XML.

use packtwin_core::time::Timestamp;
use quick_xml::escape::escape;
use serde::{Deserialize, Serialize};

/// A reason in the hub's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HubFault {
    pub code: String,
    pub place: String,
    pub text: String,
}

impl HubFault {
    pub fn new(code: &str, place: impl Into<String>, text: impl Into<String>) -> Self {
        HubFault {
            code: code.to_owned(),
            place: place.into(),
            text: text.into(),
        }
    }
}

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Taken, but for the packs named.
    Taken {
        id: String,
        at: i64,
        packs: u64,
        warnings: Vec<HubFault>,
        refused: Vec<(String, HubFault)>,
    },
    /// Nothing of it was taken.
    Refused { faults: Vec<HubFault> },
}

/// What is sent back.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Outcome(Outcome),
    Receipt { reference: String },
    NotReceived,
    ProductCopy { fragment: String },
}

impl Answer {
    /// The HTTP status of a direct answer.
    pub fn status(&self) -> u16 {
        match self {
            Answer::Outcome(Outcome::Taken { .. }) | Answer::ProductCopy { .. } => 200,
            Answer::Outcome(Outcome::Refused { faults })
                if faults.iter().any(|fault| fault.code == "I1") =>
            {
                400
            }
            Answer::Outcome(Outcome::Refused { .. }) => 422,
            Answer::Receipt { .. } => 202,
            Answer::NotReceived => 404,
        }
    }

    /// The answer to a message as a document.
    pub fn write(&self, namespace: &str, environment: &str, message_id: &str) -> String {
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- Packtwin EU hub simulator -->\n<HubReply xmlns=\"{}\">\n  \
             <Environment>{environment}</Environment>\n  <MessageId>{}</MessageId>\n",
            escape(namespace),
            escape(message_id)
        );
        match self {
            Answer::Outcome(Outcome::Taken {
                id,
                at,
                packs,
                warnings,
                refused,
            }) => {
                let name = if refused.is_empty() {
                    "Acknowledgement"
                } else {
                    "PartialAcknowledgement"
                };
                let at = Timestamp::from_micros(*at);
                xml.push_str(&format!("  <{name} id=\"{}\" at=\"{at}\">\n", escape(id)));
                xml.push_str(&format!("    <PacksAccepted>{packs}</PacksAccepted>\n"));
                for warning in warnings {
                    fault(&mut xml, "Warning", "", warning);
                }
                for (serial, reason) in refused {
                    fault(
                        &mut xml,
                        "RefusedPack",
                        &format!(" sn=\"{}\"", escape(serial)),
                        reason,
                    );
                }
                xml.push_str(&format!("  </{name}>\n"));
            }
            Answer::Outcome(Outcome::Refused { faults }) => {
                xml.push_str("  <ValidationFault>\n");
                for reason in faults {
                    fault(&mut xml, "Fault", "", reason);
                }
                xml.push_str("  </ValidationFault>\n");
            }
            Answer::Receipt { reference } => {
                xml.push_str(&format!(
                    "  <Receipt reference=\"{}\"/>\n",
                    escape(reference)
                ));
            }
            Answer::NotReceived => xml.push_str("  <NotReceived/>\n"),
            Answer::ProductCopy { fragment } => {
                xml.push_str(&format!("  <ProductCopy>{fragment}</ProductCopy>\n"));
            }
        }
        xml.push_str("</HubReply>\n");
        xml
    }
}

fn fault(xml: &mut String, name: &str, attribute: &str, fault: &HubFault) {
    let (code, place, text) = (
        escape(&fault.code),
        escape(&fault.place),
        escape(&fault.text),
    );
    xml.push_str(&format!(
        "    <{name}{attribute} code=\"{code}\" place=\"{place}\">{text}</{name}>\n"
    ));
}
