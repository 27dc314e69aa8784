//! The words of letters, in English and German, from fixed files. What they are filled with is data: it never becomes a
//! part of the words, is never read for braces, and stands on one line.

use serde_json::Value;

/// A language that all letters are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Language {
    /// Both.
    pub const ALL: [Language; 2] = [Language::En, Language::De];

    /// Two letters, ISO 639-1.
    pub const fn as_str(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::De => "de",
        }
    }

    /// Reads the two letters.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str() == text)
    }
}

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterKind {
    /// A person may set the password.
    Invitation,
    /// A certificate or a key ends.
    EndsSoon,
}

impl LetterKind {
    /// All of them.
    pub const ALL: [LetterKind; 2] = [LetterKind::Invitation, LetterKind::EndsSoon];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            LetterKind::Invitation => "invitation",
            LetterKind::EndsSoon => "ends_soon",
        }
    }

    /// Reads the name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    const fn words(self, language: Language) -> &'static str {
        match (self, language) {
            (LetterKind::Invitation, Language::En) => include_str!("words/en/invitation.txt"),
            (LetterKind::Invitation, Language::De) => include_str!("words/de/invitation.txt"),
            (LetterKind::EndsSoon, Language::En) => include_str!("words/en/ends_soon.txt"),
            (LetterKind::EndsSoon, Language::De) => include_str!("words/de/ends_soon.txt"),
        }
    }
}

/// Subject and text, filled from `data`; what `data` does not name stays empty.
pub fn written(kind: LetterKind, language: Language, data: &Value) -> (String, String) {
    let words = kind.words(language);
    let (subject, text) = words.split_once("\n\n").unwrap_or((words, ""));
    (filled(subject, data), filled(text, data))
}

fn filled(words: &str, data: &Value) -> String {
    let mut text = String::new();
    for (place, piece) in words.split('{').enumerate() {
        let (name, rest) = match place {
            0 => ("", piece),
            _ => piece.split_once('}').unwrap_or(("", piece)),
        };
        match data.get(name) {
            Some(Value::String(value)) => text.push_str(&one_line(value)),
            Some(value) => text.push_str(&value.to_string()),
            None => {}
        }
        text.push_str(rest);
    }
    text
}

fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn places(kind: LetterKind, language: Language) -> BTreeSet<&'static str> {
        let words = kind.words(language).split('{').skip(1);
        words
            .filter_map(|piece| piece.split_once('}'))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn both_languages_tell_the_same() {
        for kind in LetterKind::ALL {
            let english = places(kind, Language::En);
            assert!(!english.is_empty(), "{kind:?}");
            assert_eq!(english, places(kind, Language::De), "{kind:?}");
        }
    }

    #[test]
    fn data_never_becomes_words() {
        let data = json!({
            "tenant": "{link} GmbH", "name": "A\r\nB", "login": "a@b.example", "days": 3, "link": "https://site.example/x",
        });
        let (subject, text) = written(LetterKind::Invitation, Language::En, &data);
        assert_eq!(subject, "Packtwin: set your password for {link} GmbH");
        assert!(
            text.starts_with("Hello A B,\n\nyou have an account with {link} GmbH."),
            "{text}"
        );
        assert!(text.contains("within 3 days"), "{text}");
        assert!(text.contains("\nhttps://site.example/x\n"), "{text}");
    }
}
