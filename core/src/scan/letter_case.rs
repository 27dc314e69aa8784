//! Letter case as a witness: Caps Lock exchanges it, some scanners fold it.
//!
//! An exchange is exact to undo; a fold is not, if the print mixes both cases. What proves either is the case of letters
//! that are known beforehand: those of the symbology identifier and of the data identifiers of Format 06. Serial numbers
//! are case sensitive, so nothing here is ever used to match one.

use super::diagnosis::Scheme;
use super::ends::IdCase;
use super::fault::Fault;
use super::message::Message;

/// What the letter case of a reading tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaseFinding {
    /// Nothing to say.
    Quiet,
    /// The case was exchanged, for certain: the data is what undoing gives.
    Inverted,
    /// The case may have been exchanged or folded; `fault` names the likelier, `also` another.
    Doubtful { fault: Fault, also: Option<Fault> },
    /// The case was folded, for certain; the serial number was probably written in both.
    Destroyed(Fault),
}

/// What is known about the way of a reading, besides its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct CaseWitness {
    /// How the symbology identifier arrived, if one did.
    pub id: Option<IdCase>,
    /// The data identifiers of Format 06 arrived in small letters.
    pub identifiers_exchanged: bool,
}

/// Letters of each case.
#[derive(Clone, Copy, Debug, Default)]
struct Letters {
    upper: usize,
    lower: usize,
}

/// Exchanges upper and lower case of the ASCII letters.
pub(super) fn exchange(text: &str) -> String {
    let swap = |c: char| match c.is_ascii_lowercase() {
        true => c.to_ascii_uppercase(),
        false => c.to_ascii_lowercase(),
    };
    text.chars().map(swap).collect()
}

/// Exchanges the case of every letter, as Caps Lock does on the computer: also of those that a foreign keyboard layout shows
/// for punctuation and digits, such as Ñ for a colon. What has no other case that leads back to it stays.
pub(super) fn exchange_shown(text: &str) -> String {
    text.chars().map(|c| other_case(c).unwrap_or(c)).collect()
}

fn other_case(c: char) -> Option<char> {
    fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
        chars.next().filter(|_| chars.next().is_none())
    }
    let (upper, lower) = (only(c.to_uppercase())?, only(c.to_lowercase())?);
    match upper == c {
        true => (only(lower.to_uppercase())? == c).then_some(lower),
        false => (only(upper.to_lowercase())? == c).then_some(upper),
    }
}

/// What a text may have been before its letter case was exchanged on the computer: with every letter exchanged that the layout
/// shows, or, as some hosts and programs do it, those of ASCII alone. Nothing that is `text` itself, nothing twice.
pub(super) fn exchanges(text: &str) -> Vec<String> {
    let mut exchanges = vec![exchange_shown(text), exchange(text)];
    exchanges.dedup();
    exchanges.retain(|exchanged| exchanged != text);
    exchanges
}

/// Judges the letters of `message` in `text`, the text as it arrived; letter case apart it is what the message was read from.
pub(super) fn judge(message: &Message, text: &str, witness: CaseWitness) -> CaseFinding {
    let letters = message
        .values(text)
        .map(|(_, value)| Letters::of(value))
        .fold(Letters::default(), Letters::plus);
    let serial = message.serial_in(text);
    let format_06 = message.scheme == Scheme::Ifa;
    let folded = |fault| match mixed_case_is_likely(serial) {
        true => CaseFinding::Destroyed(fault),
        false => CaseFinding::Doubtful { fault, also: None },
    };
    match witness.id {
        Some(IdCase::Exchanged) => match letters {
            _ if format_06 && witness.identifiers_exchanged => CaseFinding::Inverted,
            // Capitals in the data identifiers: folded, and not a letter among the values.
            Letters { upper: 0, lower: 0 } if format_06 => folded(Fault::UpperCased),
            Letters { upper: 0, lower: 0 } => CaseFinding::Inverted,
            Letters { lower: 0, .. } => folded(Fault::UpperCased),
            _ if format_06 => CaseFinding::Doubtful {
                fault: Fault::CaseInverted,
                also: None,
            },
            _ => CaseFinding::Inverted,
        },
        Some(IdCase::AsWritten) => match letters {
            Letters { upper: 0, .. } if witness.identifiers_exchanged => folded(Fault::LowerCased),
            _ if witness.identifiers_exchanged => CaseFinding::Doubtful {
                fault: Fault::CaseInverted,
                also: None,
            },
            Letters {
                upper: 0,
                lower: 1..,
            } if !format_06 => CaseFinding::Doubtful {
                fault: Fault::LowerCased,
                also: None,
            },
            _ => CaseFinding::Quiet,
        },
        None if witness.identifiers_exchanged => match letters {
            // Small letters throughout can be Caps Lock over capitals or a folding scanner; without a letter in the serial
            // number both mean the same pack, and IFA recommends capitals for the batch.
            Letters { upper: 0, .. } if Letters::of(serial).lower > 0 => {
                CaseFinding::Destroyed(Fault::LowerCased)
            }
            _ => CaseFinding::Inverted,
        },
        None => without_witness(message.batch_in(text), serial, letters, format_06),
    }
}

/// No letter is known beforehand: only habit speaks. Batch numbers are written in capitals.
fn without_witness(batch: &str, serial: &str, letters: Letters, format_06: bool) -> CaseFinding {
    let batch = Letters::of(batch);
    let serial_letters = Letters::of(serial);
    let unusual = match batch {
        // Nothing to compare with: small letters may be printed, or capitals exchanged.
        Letters { upper: 0, lower: 0 } => serial_letters.lower > 0,
        batch => batch.upper == 0,
    };
    if unusual && !format_06 {
        let also = (letters.upper == 0).then_some(Fault::LowerCased);
        return CaseFinding::Doubtful {
            fault: Fault::CaseInverted,
            also,
        };
    }
    if letters.lower == 0 && mixed_case_is_likely(serial) {
        return CaseFinding::Doubtful {
            fault: Fault::UpperCased,
            also: None,
        };
    }
    CaseFinding::Quiet
}

/// Whether a serial number that arrived in one case was probably printed in both, if it was folded.
///
/// With five letters a mixed serial number shows one case only in one of sixteen; and who prints punctuation draws from the
/// whole of set 82.
fn mixed_case_is_likely(serial: &str) -> bool {
    let letters = serial.bytes().filter(u8::is_ascii_alphabetic).count();
    let whole_set = serial
        .bytes()
        .any(|byte| !byte.is_ascii_alphanumeric() && !b"-_./".contains(&byte));
    letters >= 5 || (letters > 1 && whole_set)
}

impl Letters {
    fn of(text: &str) -> Self {
        Self {
            upper: text.bytes().filter(u8::is_ascii_uppercase).count(),
            lower: text.bytes().filter(u8::is_ascii_lowercase).count(),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            upper: self.upper + other.upper,
            lower: self.lower + other.lower,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::read;
    use super::*;

    fn check(text: &str, id: Option<IdCase>, expected: CaseFinding) {
        let message = read(text, 2026).unwrap();
        let witness = CaseWitness {
            id,
            identifiers_exchanged: false,
        };
        assert_eq!(judge(&message, text, witness), expected, "{text:?} {id:?}");
    }

    #[test]
    fn the_identifier_is_the_witness() {
        let exchanged = Some(IdCase::Exchanged);
        check(
            "010400638133393110ab\u{1d}21Xy",
            exchanged,
            CaseFinding::Inverted,
        );
        check(
            "010400638133393110AB\u{1d}21XYZVW",
            exchanged,
            CaseFinding::Destroyed(Fault::UpperCased),
        );
        check("010400638133393121123", exchanged, CaseFinding::Inverted);
        let doubt = |fault| CaseFinding::Doubtful { fault, also: None };
        check(
            "010400638133393110AB\u{1d}21X1",
            exchanged,
            doubt(Fault::UpperCased),
        );
        check(
            "010400638133393110ab\u{1d}21x1",
            Some(IdCase::AsWritten),
            doubt(Fault::LowerCased),
        );
        check(
            "010400638133393110AB\u{1d}21x1",
            Some(IdCase::AsWritten),
            CaseFinding::Quiet,
        );
    }

    #[test]
    fn caps_lock_exchanges_what_the_layout_shows() {
        assert_eq!(exchange_shown("aBñŠß1:ıς"), "AbÑšß1:ıς");
        assert_eq!(exchange("aBñŠ"), "AbñŠ");
    }

    #[test]
    fn without_identifier_only_habit_speaks() {
        check("010400638133393110AB\u{1d}21x1", None, CaseFinding::Quiet);
        check("010400638133393110AB\u{1d}21X1", None, CaseFinding::Quiet);
        let inverted = |also| CaseFinding::Doubtful {
            fault: Fault::CaseInverted,
            also,
        };
        check("010400638133393110ab\u{1d}21X1", None, inverted(None));
        check("0104006381333931101\u{1d}21Xx1", None, inverted(None));
        check(
            "010400638133393110ab\u{1d}21x1",
            None,
            inverted(Some(Fault::LowerCased)),
        );
    }
}
