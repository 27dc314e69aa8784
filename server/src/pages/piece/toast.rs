//! A short notice about something that finished in the background. It stays until the next page, and nothing depends on
//! its being seen: the same fact is in the object's history.

use super::{Link, Tone};
use askama::Template;

/// A notice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/toast.html")]
pub struct Toast {
    /// Its tone.
    pub tone: Tone,
    /// What happened, one sentence.
    pub text: String,
    /// Where to look.
    pub link: Option<Link>,
}

super::embeddable!(Toast);
