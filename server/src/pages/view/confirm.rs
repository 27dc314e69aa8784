//! The second step before a send, recall, withdrawal, rejection or revocation: a page of its own, so that it works
//! without a script and has an address.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Confirm, Fact, Title},
};
use askama::Template;

/// `GET …/send`, `…/send-difference`, `…/recall`, `…/withdraw`, `…/reject`, `…/revoke`, and again after a refused `POST`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/confirm.html")]
pub struct ConfirmPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// What it is about: product, lot, expiry.
    pub facts: Vec<Fact>,
    /// The question with counts and button.
    pub confirm: Confirm,
}
