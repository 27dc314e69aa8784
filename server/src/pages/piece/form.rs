//! A whole form in groups, with every refusal named at the top and beneath its field. It posts, carries the form token,
//! and works without a script.

use super::{Input, action::Hidden};
use askama::Template;

/// Fields that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldGroup {
    /// The group's heading.
    pub legend: String,
    /// A sentence beneath it; may be empty.
    pub hint: String,
    /// The fields, in order.
    pub inputs: Vec<Input>,
}

/// A form of grouped fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/form.html")]
pub struct Form {
    /// Where it posts to.
    pub action: String,
    /// The form token.
    pub csrf: String,
    /// Further hidden fields, such as the version a change is based on (`if_match`).
    pub hidden: Vec<Hidden>,
    /// The groups, in order.
    pub groups: Vec<FieldGroup>,
    /// Verb with object on the button.
    pub submit: String,
    /// Where "Cancel" leads; empty leaves it out.
    pub cancel_href: String,
    /// Whether the page's one primary action is elsewhere, so that this form's button is quiet.
    pub is_quiet: bool,
    /// Everything that was refused last time, one sentence each.
    pub refusals: Vec<String>,
}

super::embeddable!(Form);
