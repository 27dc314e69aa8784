//! Which serial numbers a market accepts, and which are easily misread.
//!
//! Every serial number obeys GS1 (`serial`); the rules here are narrower. EU: the German and other national systems ask
//! for letters and digits only. Russia: MDLP asks for exactly 13 letters and digits. A serial that breaks a narrower rule
//! is still a serial and is still looked up; the rules are for numbers we issue or check before upload.

use crate::serial::Serial;

/// A rule for serial numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SerialRule {
    /// 1 to 20 characters of set 82 (GS1 General Specifications, AI 21).
    Gs1,
    /// 1 to 20 ASCII letters and digits, as European practice has it.
    EuAlphanumeric,
    /// Exactly 13 ASCII letters and digits (Russia, MDLP).
    Mdlp,
}

/// The length of every Russian serial number.
pub const MDLP_SERIAL_LENGTH: usize = 13;

impl SerialRule {
    /// Whether the rule accepts `text`.
    pub fn accepts(self, text: &str) -> bool {
        let alphanumeric = || text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Serial::from_bytes(text.as_bytes()).is_some()
            && match self {
                Self::Gs1 => true,
                Self::EuAlphanumeric => alphanumeric(),
                Self::Mdlp => alphanumeric() && text.len() == MDLP_SERIAL_LENGTH,
            }
    }
}

/// Whether `text` holds one of `0 O 1 I l`, which people confuse when they type from a pack.
pub fn has_confusable(text: &str) -> bool {
    text.contains(['0', 'O', '1', 'I', 'l'])
}

/// Whether `text` reads differently through a scanner with the wrong keyboard layout or letter case: it mixes cases, or
/// holds y, z or punctuation. Such serials make scanner faults invisible.
pub fn is_layout_sensitive(text: &str) -> bool {
    let lower = text.contains(|c: char| c.is_ascii_lowercase());
    let upper = text.contains(|c: char| c.is_ascii_uppercase());
    (lower && upper) || text.contains(|c: char| "yYzZ".contains(c) || !c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, gs1: bool, eu: bool, mdlp: bool) {
        let rules = [
            SerialRule::Gs1,
            SerialRule::EuAlphanumeric,
            SerialRule::Mdlp,
        ];
        assert_eq!(
            rules.map(|rule| rule.accepts(text)),
            [gs1, eu, mdlp],
            "{text:?}"
        );
    }

    #[test]
    fn rules() {
        check("A", true, true, false);
        check("ABCdef1234567", true, true, true);
        check("ABCdef123456-", true, false, false);
        check("ABCdef12345678", true, true, false);
        check("", false, false, false);
        check("ÄBCdef1234567", false, false, false);
        check("123456789012345678901", false, false, false);
    }

    #[test]
    fn hints() {
        for (text, confusable, sensitive) in [
            ("ABC", false, false),
            ("AB0", true, false),
            ("aBC", false, true),
            ("AYC", false, true),
            ("A-C", false, true),
        ] {
            assert_eq!(
                (has_confusable(text), is_layout_sensitive(text)),
                (confusable, sensitive),
                "{text}"
            );
        }
    }
}
