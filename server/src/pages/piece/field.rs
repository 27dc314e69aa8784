//! Form fields: label above, error beneath, and the hint between them. Every field has a label of its own and names its
//! error through `aria-describedby`.

use askama::Template;

/// The HTML kind of a text field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldKind {
    /// One line of text.
    #[default]
    Text,
    /// A code: monospaced, no spelling help, no capital at the start.
    Code,
    /// A password, never filled in by the server.
    Password,
    /// An e-mail address.
    Email,
    /// A whole number.
    Number,
    /// A date, `YYYY-MM-DD`.
    Date,
    /// An HTTPS address.
    Url,
    /// Several lines of text.
    Lines,
}

impl FieldKind {
    /// The `type` attribute.
    pub fn html_type(self) -> &'static str {
        match self {
            FieldKind::Text | FieldKind::Code | FieldKind::Lines => "text",
            FieldKind::Password => "password",
            FieldKind::Email => "email",
            FieldKind::Number => "number",
            FieldKind::Date => "date",
            FieldKind::Url => "url",
        }
    }

    /// Whether the field holds a code and is set in the monospaced face.
    pub fn is_code(self) -> bool {
        self == FieldKind::Code
    }

    /// Whether the field is a box of several lines.
    pub fn is_lines(self) -> bool {
        self == FieldKind::Lines
    }
}

/// A text field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/field.html")]
pub struct Field {
    /// Name in the form, also the root of the element ids; unique on its page.
    pub name: String,
    /// What is asked for.
    pub label: String,
    /// What stands in it now.
    pub value: String,
    /// Its HTML kind.
    pub kind: FieldKind,
    /// A hint beneath the label; may be empty.
    pub hint: String,
    /// What is wrong with the value and what to do, after a refusal.
    pub error: Option<String>,
    /// Must be filled in.
    pub required: bool,
    /// Longest value in characters; 0 sets no limit.
    pub length_max: usize,
    /// The browser's `autocomplete` token; may be empty.
    pub autocomplete: String,
    /// Values that are offered while typing; any other may be typed as well.
    pub suggestions: Vec<String>,
}

super::embeddable!(Field, Select, Check);

impl Field {
    /// A field with a name, a label and a value.
    pub fn new(name: &str, label: &str, value: impl Into<String>) -> Self {
        Field {
            name: name.to_owned(),
            label: label.to_owned(),
            value: value.into(),
            ..Field::default()
        }
    }

    /// The same field of another kind.
    pub fn kind(self, kind: FieldKind) -> Self {
        Field { kind, ..self }
    }

    /// The same field with a hint.
    pub fn hint(self, hint: &str) -> Self {
        Field {
            hint: hint.to_owned(),
            ..self
        }
    }

    /// The same field, obligatory.
    pub fn required(self) -> Self {
        Field {
            required: true,
            ..self
        }
    }

    /// The same field with an error beneath.
    pub fn error(self, error: impl Into<String>) -> Self {
        Field {
            error: Some(error.into()),
            ..self
        }
    }

    /// The same field with an `autocomplete` token.
    pub fn autocomplete(self, token: &str) -> Self {
        Field {
            autocomplete: token.to_owned(),
            ..self
        }
    }

    /// The same field with values that are offered while typing.
    pub fn suggest(self, suggestions: Vec<String>) -> Self {
        Field {
            suggestions,
            ..self
        }
    }

    /// Whether anything describes the field besides its label.
    pub fn is_described(&self) -> bool {
        !self.hint.is_empty() || self.error.is_some()
    }
}

/// One entry of a select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Value sent.
    pub value: String,
    /// Words shown.
    pub label: String,
    /// Whether it is the one chosen.
    pub selected: bool,
}

/// A select.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/select.html")]
pub struct Select {
    /// Name in the form, unique on its page.
    pub name: String,
    /// What is asked for.
    pub label: String,
    /// The entries, in order.
    pub choices: Vec<Choice>,
    /// A hint beneath the label; may be empty.
    pub hint: String,
    /// What is wrong with the choice and what to do.
    pub error: Option<String>,
}

impl Select {
    /// A select over (value, label) pairs, with the chosen value.
    pub fn new(name: &str, label: &str, choices: &[(&str, &str)], selected: &str) -> Self {
        let choices = choices
            .iter()
            .map(|(value, label)| Choice {
                value: (*value).to_owned(),
                label: (*label).to_owned(),
                selected: *value == selected,
            })
            .collect();
        Select {
            name: name.to_owned(),
            label: label.to_owned(),
            choices,
            ..Select::default()
        }
    }

    /// The same select with a hint.
    pub fn hint(self, hint: &str) -> Self {
        Select {
            hint: hint.to_owned(),
            ..self
        }
    }
}

/// A tick box.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/check.html")]
pub struct Check {
    /// Name in the form.
    pub name: String,
    /// Value sent when ticked; name and value together are unique on the page.
    pub value: String,
    /// What ticking means.
    pub label: String,
    /// More words beneath; may be empty.
    pub hint: String,
    /// Whether it is ticked.
    pub checked: bool,
    /// Must be ticked before the form is sent.
    pub required: bool,
}

/// Any form field, so that a form can hold a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A text field.
    Field(Field),
    /// A select.
    Select(Select),
    /// A tick box.
    Check(Check),
}

impl std::fmt::Display for Input {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Input::Field(field) => field.fmt(out),
            Input::Select(select) => select.fmt(out),
            Input::Check(check) => check.fmt(out),
        }
    }
}

super::embeddable!(Input);
