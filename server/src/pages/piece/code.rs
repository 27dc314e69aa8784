//! Codes a person must be able to read and copy: GTIN, serial, lot, SSCC, message id (users.md 2.8). Monospaced with a
//! slashed zero, in groups, never broken in the middle; the groups are drawn by the stylesheet, so that selecting and
//! copying gives the code without spaces.

use askama::Template;

/// A code shown in groups with a copy button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/code.html")]
pub struct Code {
    /// The code as the standard writes it; this is what the copy button copies.
    pub whole: String,
    /// The same characters in visual groups.
    pub groups: Vec<String>,
    /// What it is, for the copy button's label: "GTIN", "serial". Without a noun there is nothing to copy.
    pub noun: String,
    /// Where the code leads, if it leads anywhere.
    pub href: Option<String>,
    /// How many characters are shown; a longer code (a hash, an id) keeps the whole in its title. 0 shows all.
    pub shown_characters: usize,
}

super::embeddable!(Code);

impl Code {
    /// A GTIN, NTIN, SSCC or GLN: digits in groups of four. The groups carry no meaning; the length of a company
    /// prefix is never guessed.
    pub fn digits(noun: &str, whole: impl Into<String>) -> Self {
        Self::grouped(noun, whole.into(), 4)
    }

    /// A serial number: groups of four characters.
    pub fn serial(whole: impl Into<String>) -> Self {
        Self::grouped("serial", whole.into(), 4)
    }

    /// A lot number or another code whose own shape matters: one group.
    pub fn plain(noun: &str, whole: impl Into<String>) -> Self {
        Self::grouped(noun, whole.into(), usize::MAX)
    }

    /// A hash or a long id: only the first characters are shown, the whole is in the title and under the copy button.
    pub fn abridged(noun: &str, whole: impl Into<String>, shown_characters: usize) -> Self {
        Code {
            shown_characters,
            ..Self::plain(noun, whole)
        }
    }

    /// The same code as a link.
    pub fn to(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }

    /// The groups to draw, after cutting to `shown_characters`.
    pub fn drawn(&self) -> Vec<String> {
        if !self.is_cut() {
            return self.groups.clone();
        }
        let start: String = self.whole.chars().take(self.shown_characters).collect();
        vec![format!("{start}…")]
    }

    /// Whether less than the whole is shown.
    pub fn is_cut(&self) -> bool {
        self.shown_characters > 0 && self.whole.chars().count() > self.shown_characters
    }

    fn grouped(noun: &str, whole: String, size: usize) -> Self {
        let characters: Vec<char> = whole.chars().collect();
        let groups = characters
            .chunks(size.min(characters.len().max(1)))
            .map(|group| group.iter().collect())
            .collect();
        Code {
            whole,
            groups,
            noun: noun.to_owned(),
            href: None,
            shown_characters: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    fn check(code: Code, drawn: &[&str]) {
        assert_eq!(code.drawn(), drawn);
    }

    #[test]
    fn groups_keep_every_character() {
        check(
            Code::digits("GTIN", "04098765432100"),
            &["0409", "8765", "4321", "00"],
        );
        check(Code::serial("8K2"), &["8K2"]);
        check(Code::plain("lot", "L-2291-07"), &["L-2291-07"]);
        check(Code::plain("lot", ""), &[]);
        check(Code::abridged("SHA-256", "abcdef0123", 6), &["abcdef…"]);
        check(Code::abridged("SHA-256", "abc", 6), &["abc"]);
    }
}
