//! The state mark: colour, icon and word together, never colour alone (users.md 2.9, WCAG 2.2 success criterion 1.4.1).

use askama::Template;

/// The five tones of the house. Red is kept for "do not dispense" and "refused".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to say.
    #[default]
    Neutral,
    /// As it should be.
    Good,
    /// A person should look.
    Attention,
    /// Refused, or do not dispense.
    Bad,
    /// Under way, or worth knowing.
    Info,
}

impl Tone {
    /// The class name in the stylesheet, also the icon's name in `static/icons.svg`.
    pub fn name(self) -> &'static str {
        match self {
            Tone::Neutral => "neutral",
            Tone::Good => "good",
            Tone::Attention => "attention",
            Tone::Bad => "bad",
            Tone::Info => "info",
        }
    }
}

/// A state in words with its tone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/mark.html")]
pub struct Mark {
    /// The tone, which gives colour and icon.
    pub tone: Tone,
    /// One to four words: "acknowledged", "needs a decision".
    pub word: String,
}

super::embeddable!(Mark);

impl Mark {
    /// A mark of any tone.
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Mark {
            tone,
            word: word.into(),
        }
    }
}
