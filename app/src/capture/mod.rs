//! Road 2, capture: an EPCIS document of any form becomes events that are kept as received, and facts of the hierarchy
//! (EPCIS 2.0, section 8.2.4; URS-CN-003).
//!
//! The original lies under its hash. A job reads it event by event and stores stretches of events, each in one change with
//! the capture's sums, so that a killed capture goes on behind its last stretch. The same event twice is one event. A
//! document that is to be rolled back is read to its end before anything of it is stored; what is wrong with the *document*
//! rejects it. A fact that waits for another, or contradicts one, is no fault of the document: it is kept parked with its
//! reasons, since what a fact becomes must not depend on what arrived first ([`packtwin_core::aggregation::arrival`]).

mod check;
mod query;
mod receive;
mod run;
mod stretch;
mod taken;
mod view;

use packtwin_core::ids::CaptureId;

pub use self::query::{EventPage, create_query, delete_query, find_query, read_events};
pub use self::receive::{begin_capture, capture_event, validate_document};
pub use self::run::run_capture;
pub use self::view::{find_capture, list_findings};

/// The kind of the capture's job.
pub const CAPTURE_JOB: &str = "epcis.capture";
/// Findings of one capture that are listed one by one; more are only counted.
pub const FINDINGS_LISTED_MAX: u64 = 10_000;
/// Reasons told of one parked fact.
const REASONS_TOLD_MAX: usize = 20;

/// How a capture is named in the audit trail.
fn audit_name(id: CaptureId) -> String {
    format!("capture {id}")
}
