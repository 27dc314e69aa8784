//! The problem page (users.md 5): what, where, why it matters, what to do, code, request id. No stack, no blame, no
//! internal names; not allowed to know is answered like not there.

use crate::pages::{
    frame::Bare,
    piece::{Link, Tone},
};
use askama::Template;

/// Any refusal or failure as a page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/problem.html")]
pub struct ProblemPage {
    /// Band and theme.
    pub frame: Bare,
    /// HTTP status.
    pub status: u16,
    /// Attention for what the reader can mend, bad for a refusal, neutral for not found.
    pub tone: Tone,
    /// What happened, one sentence.
    pub what: String,
    /// Why it matters: "Nothing was stored." May be empty.
    pub why: String,
    /// What to do.
    pub what_to_do: String,
    /// Stable code; may be empty.
    pub code: String,
    /// Request id.
    pub request_id: String,
    /// Every fault, when a document was refused.
    pub faults: Vec<Fault>,
    /// Where to go from here.
    pub next: Option<Link>,
}

/// One fault of a refused document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// Where: "row 17, column Expiry".
    pub place: String,
    /// Stable code.
    pub code: String,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub what_to_do: String,
}
