//! The second step before something that cannot be undone: what will happen, with counts, and then the button
//! (users.md 2.5). `static/confirm.js` keeps the button shut until the word is typed and stops a second press; the
//! server checks the same without it.

use super::{Field, Link, action::Hidden};
use crate::pages::filters;
use askama::Template;

/// One counted consequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountLine {
    /// How many, exact.
    pub count: u64,
    /// Of what and with what effect: "packs become recalled at the EU hub".
    pub text: String,
}

/// A preview with counts and its confirming button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/confirm.html")]
pub struct Confirm {
    /// What is about to happen, one sentence.
    pub question: String,
    /// What it does, counted.
    pub counts: Vec<CountLine>,
    /// What cannot be taken back, and who will be told; one sentence each.
    pub consequences: Vec<String>,
    /// Where it posts to.
    pub action: String,
    /// The form token.
    pub csrf: String,
    /// Further hidden fields, such as the version the preview was made from.
    pub hidden: Vec<Hidden>,
    /// Fields to fill in, such as the reason.
    pub fields: Vec<Field>,
    /// A word to type, such as the lot number; empty asks for none. Sent as `typed`.
    pub type_word: String,
    /// Verb with object and count: "Send 24,000 packs".
    pub submit: String,
    /// Whether the button is a danger.
    pub is_danger: bool,
    /// The way back.
    pub cancel: Link,
    /// Everything that was refused last time.
    pub refusals: Vec<String>,
}

super::embeddable!(Confirm);
