//! Whether a document is what the standard asks for: form, vocabulary, chain of events, and what a profile adds.
//!
//! Four layers, each finding belongs to one: the *schema* (what the XML and JSON schemas and the rules of EPCIS 2.0 section
//! 7.4 demand of a single event), the *vocabulary* (CBV), the *choreography* (events in their order: nothing is packed or
//! shipped that never came into being) and the *profile* (GS1 US for DSCSA). The readers' own findings about places and
//! names belong to the schema. Schema validity is a report, no gate: what can be read is read.

mod choreography;
mod dscsa;
mod message;
mod structure;
mod values;

use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};

pub(crate) use structure::is_offset;
pub use structure::{check_event, schema_fault};
pub(crate) use values::is_uri;

use crate::document::DocumentHead;
use crate::event::Event;
use crate::reading::{EventReader, ReadingError, Step};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The form of documents and events.
    Schema,
    /// Values of the Core Business Vocabulary.
    Vocabulary,
    /// The order of events.
    Choreography,
    /// What the partners of a market agreed on.
    Profile,
}

impl Layer {
    /// The layer of a code.
    pub fn of(code: Code) -> Layer {
        match code {
            Code::EpcisBizStepUnknown | Code::EpcisVocabularyUnknown => Layer::Vocabulary,
            Code::EpcisBeforeCommissioning
            | Code::EpcisTwoParents
            | Code::EpcisNotCommissioned
            | Code::EpcisCommissionedTwice
            | Code::EpcisNotInParent
            | Code::EpcisStepDoesNotFit
            | Code::EpcisAfterEnd => Layer::Choreography,
            Code::EpcisLocationUnknown
            | Code::EpcisStatementMissing
            | Code::EpcisPartyMissing
            | Code::EpcisTransactionMissing => Layer::Profile,
            _ => Layer::Schema,
        }
    }

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Layer::Schema => "schema",
            Layer::Vocabulary => "vocabulary",
            Layer::Choreography => "choreography",
            Layer::Profile => "profile",
        }
    }
}

/// What is to be checked besides schema and vocabulary.
#[derive(Debug, Clone, Copy)]
pub struct Checks {
    /// Whether events are checked in their order. The document is taken to be self-contained.
    pub choreography: bool,
    /// Whether the DSCSA profile holds; without it, a document that names the profile's namespace is checked too.
    pub dscsa: bool,
}

/// What a document is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Events read.
    pub events: u64,
    /// EPCs in them.
    pub epcs: u64,
    /// Findings by layer, in the order of [`Layer`].
    pub findings: [u64; 4],
    /// Errors among them.
    pub errors: u64,
    /// What a dialect put right; not among the findings by layer.
    pub tolerated: u64,
}

impl Verdict {
    /// Whether nothing was found in a layer.
    pub fn is_clean(&self, layer: Layer) -> bool {
        self.findings[layer as usize] == 0
    }

    fn count(&mut self, finding: &Finding) {
        if finding.severity == Severity::Fixed {
            self.tolerated += 1;
            return;
        }
        self.findings[Layer::of(finding.code) as usize] += 1;
        self.errors += u64::from(finding.severity == Severity::Error);
    }
}

/// Checks a document to its end; every finding goes to `sink`, in document order.
///
/// # Errors
/// The document cannot be read on; what was found before was handed to `sink`.
pub fn validate(
    reader: &mut dyn EventReader,
    checks: Checks,
    sink: &mut dyn FnMut(Finding),
) -> Result<Verdict, ReadingError> {
    let mut verdict = Verdict::default();
    let mut event = Event::default();
    let mut findings = Vec::new();
    let mut head = DocumentHead::default();
    let mut chain = checks.choreography.then(choreography::Chain::default);
    let mut profile = None;
    loop {
        let step = reader.next(&mut event, &mut findings);
        match &step {
            Ok(Step::Head(read)) => {
                head = (**read).clone();
                if checks.dscsa || dscsa::is_named(&head) {
                    profile = Some(dscsa::Profile::new(&head));
                }
            }
            Ok(Step::Event) => {
                verdict.events += 1;
                verdict.epcs += event.epcs.iter().map(|list| list.len() as u64).sum::<u64>();
                structure::check_event(&event, head.version, head.is_json, &mut findings);
                if let Some(chain) = &mut chain {
                    chain.check(&event, &mut findings);
                }
                if let Some(profile) = &mut profile {
                    profile.check(&event, &mut findings);
                }
            }
            Ok(Step::Message(message)) => message::check(message, &mut findings),
            _ => {}
        }
        for finding in findings.drain(..) {
            verdict.count(&finding);
            sink(finding);
        }
        if matches!(step?, Step::Complete) {
            return Ok(verdict);
        }
    }
}

/// A finding about an event as a whole.
fn about(event: &Event, code: Code, severity: Severity, field: &str, text: String) -> Finding {
    let text = format!("Event {} (line {}): {text}.", event.number, event.line);
    Finding {
        severity,
        ..Finding::error(code, event.line, field, text)
    }
}

#[cfg(test)]
mod tests;
