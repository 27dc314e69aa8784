//! Percent escapes inside EPC URIs (Tag Data Standard, table A-1).
//!
//! Exactly seven characters of set 82 are escaped: `" % & / < > ?`, and `#` besides in component references. Escaping
//! more or fewer makes another text of the same thing, so that a reader which accepted it would have to know two names
//! for one pack; both are refused. The case of the hexadecimal digits is free on the way in and upper on the way out.

use crate::charset::{ByteSet, SET_39, SET_82, without};

const ESCAPED: &[u8] = b"\"%&/<>?#";
/// What stands in a URI as it is.
static PLAIN_TEXT: ByteSet = without(SET_82, ESCAPED);
static PLAIN_PART: ByteSet = without(SET_39, ESCAPED);

/// Why a component of a URI is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EscapeFault {
    /// A character that must be escaped, or cannot stand in a URI at all.
    #[error(
        "has {character:?} at position {position}, which must be escaped or cannot stand there"
    )]
    Character {
        /// The character.
        character: char,
        /// Its place in the component, counted from 1.
        position: usize,
    },
    /// A percent sign that begins no escape of the seven characters.
    #[error("has an escape at position {position} that stands for no character that is escaped")]
    Escape {
        /// Its place in the component, counted from 1.
        position: usize,
    },
    /// Nothing there.
    #[error("is empty")]
    Empty,
}

/// Which characters a component holds.
#[derive(Clone, Copy)]
pub(super) enum Alphabet {
    /// Set 82: serials, lots, extensions.
    Text,
    /// Set 39: component references.
    Part,
}

impl Alphabet {
    /// Whether an escape may stand for `byte`.
    fn escapes(self, byte: u8) -> bool {
        let set = match self {
            Self::Text => &SET_82,
            Self::Part => &SET_39,
        };
        ESCAPED.contains(&byte) && set[usize::from(byte)]
    }

    fn plain(self) -> &'static ByteSet {
        match self {
            Self::Text => &PLAIN_TEXT,
            Self::Part => &PLAIN_PART,
        }
    }
}

/// Whether `component` is text of set 82 that needs no escape and has none.
pub(super) fn is_plain(component: &[u8]) -> bool {
    component.iter().all(|&byte| PLAIN_TEXT[usize::from(byte)])
}

/// Appends `text`, of set 82 or 39, with its escapes.
pub(super) fn encode(text: &str, to: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if is_plain(text.as_bytes()) {
        return to.push_str(text);
    }
    for c in text.chars() {
        match u8::try_from(c).ok().filter(|byte| ESCAPED.contains(byte)) {
            Some(byte) => {
                to.extend([
                    '%',
                    char::from(HEX[usize::from(byte >> 4)]),
                    char::from(HEX[usize::from(byte & 15)]),
                ]);
            }
            None => to.push(c),
        }
    }
}

/// The text that `component` stands for.
pub(super) fn decode(component: &str, alphabet: Alphabet) -> Result<String, EscapeFault> {
    if component.is_empty() {
        return Err(EscapeFault::Empty);
    }
    let mut text = String::with_capacity(component.len());
    let mut rest = component;
    while let Some(character) = rest.chars().next() {
        let position = component.len() - rest.len() + 1;
        let width = match character {
            '%' => {
                let byte = escaped_byte(rest).filter(|&byte| alphabet.escapes(byte));
                text.push(char::from(byte.ok_or(EscapeFault::Escape { position })?));
                3
            }
            c if u8::try_from(c).is_ok_and(|byte| alphabet.plain()[usize::from(byte)]) => {
                text.push(c);
                1
            }
            _ => {
                return Err(EscapeFault::Character {
                    character,
                    position,
                });
            }
        };
        rest = &rest[width..];
    }
    Ok(text)
}

fn escaped_byte(text: &str) -> Option<u8> {
    let digits = text.get(1..3)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(component: &str, expected: Result<&str, EscapeFault>) {
        let actual = decode(component, Alphabet::Text);
        assert_eq!(
            actual.as_deref().map_err(Clone::clone),
            expected,
            "{component}"
        );
    }

    #[test]
    fn set_82_goes_both_ways() {
        let all: String = (0..=127u8)
            .filter(|&byte| SET_82[usize::from(byte)])
            .map(char::from)
            .collect();
        let mut uri = String::new();
        encode(&all, &mut uri);
        check(&uri, Ok(&all));
        assert_eq!(uri.matches('%').count(), 7);
    }

    #[test]
    fn refusals() {
        check("a%2fb", Ok("a/b"));
        check("", Err(EscapeFault::Empty));
        check(
            "a/b",
            Err(EscapeFault::Character {
                character: '/',
                position: 2,
            }),
        );
        check(
            "aäb",
            Err(EscapeFault::Character {
                character: 'ä',
                position: 2,
            }),
        );
        check("a%41", Err(EscapeFault::Escape { position: 2 }));
        check("a%2g", Err(EscapeFault::Escape { position: 2 }));
        check("a%2", Err(EscapeFault::Escape { position: 2 }));
        check("a%23", Err(EscapeFault::Escape { position: 2 }));
        assert_eq!(decode("A%23%2F-1", Alphabet::Part).as_deref(), Ok("A#/-1"));
    }
}
