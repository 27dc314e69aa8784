//! The content rules that the table names behind a component (`n14/check/prefix2`).
//!
//! Each rule answers one question about a text whose length and characters are already known to be right. They follow the
//! GS1 General Specifications, section 3, and agree with the reference implementation that GS1 publishes.

use super::{code_list, coupon};
use crate::charset::SET_82;
use crate::check_digit::gs1_check_digit;
use crate::date::{DayZero, parse_yyyymmdd, resolve_yymmdd};

/// A rule for the content of a component; the name in the table is the variant in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each variant is described by the sentence in the register below"
)]
pub enum Rule {
    Check,
    Pair,
    Prefix,
    Prefix2,
    Date,
    Date0,
    LongDate,
    Time,
    Hour,
    Minute,
    Second,
    Country,
    Country999,
    Country2,
    Currency,
    Sex,
    Iban,
    Percent,
    Piece,
    Sequence,
    Mixed,
    NonZero,
    Zero,
    NoZeroPrefix,
    Hyphen,
    YesNo,
    Winding,
    Latitude,
    Longitude,
    Importer,
    Package,
    Medium,
    Coupon,
    Offer,
}

/// Rule, name in the table, code of the fault, and what the fault says; in the order of the variants, which a test holds.
const REGISTER: &[(Rule, &str, &str, &str)] = &[
    (
        Rule::Check,
        "check",
        "value_check_digit",
        "has a wrong check digit",
    ),
    (
        Rule::Pair,
        "pair",
        "value_check_pair",
        "has a wrong pair of check characters",
    ),
    (
        Rule::Prefix,
        "prefix",
        "value_company_prefix",
        "must begin with at least four digits of a company prefix",
    ),
    (
        Rule::Prefix2,
        "prefix2",
        "value_company_prefix",
        "must have at least four digits of a company prefix from position 2",
    ),
    (
        Rule::Date,
        "date",
        "value_date",
        "is not a date YYMMDD with a day",
    ),
    (Rule::Date0, "date0", "value_date", "is not a date YYMMDD"),
    (
        Rule::LongDate,
        "longdate",
        "value_date",
        "is not a date YYYYMMDD",
    ),
    (Rule::Time, "time", "value_time", "is not a time HHMM"),
    (
        Rule::Hour,
        "hour",
        "value_time",
        "is not an hour from 00 to 23",
    ),
    (
        Rule::Minute,
        "minute",
        "value_time",
        "is not a minute from 00 to 59",
    ),
    (
        Rule::Second,
        "second",
        "value_time",
        "is not a second from 00 to 59",
    ),
    (
        Rule::Country,
        "country",
        "value_country",
        "is not a country of ISO 3166 in three digits",
    ),
    (
        Rule::Country999,
        "country999",
        "value_country",
        "is not a country of ISO 3166 in three digits, nor 999",
    ),
    (
        Rule::Country2,
        "country2",
        "value_country",
        "is not a country of ISO 3166 in two letters",
    ),
    (
        Rule::Currency,
        "currency",
        "value_currency",
        "is not a currency of ISO 4217 in three digits",
    ),
    (
        Rule::Sex,
        "sex",
        "value_sex",
        "is not 0, 1, 2 or 9 as ISO 5218 has it",
    ),
    (Rule::Iban, "iban", "value_iban", "is not an IBAN"),
    (
        Rule::Percent,
        "percent",
        "value_percent",
        "has a % without two hexadecimal digits behind it",
    ),
    (
        Rule::Piece,
        "piece",
        "value_piece",
        "is not a piece number and a total, neither zero, the piece not above the total",
    ),
    (
        Rule::Sequence,
        "sequence",
        "value_sequence",
        "is not a position and an end such as 1/2",
    ),
    (
        Rule::Mixed,
        "mixed",
        "value_digits_only",
        "must hold something other than digits",
    ),
    (
        Rule::NonZero,
        "nonzero",
        "value_all_zeros",
        "must not be zero",
    ),
    (Rule::Zero, "zero", "value_zero", "must be zero"),
    (
        Rule::NoZeroPrefix,
        "nozeroprefix",
        "value_leading_zero",
        "must not begin with a zero",
    ),
    (
        Rule::Hyphen,
        "hyphen",
        "value_hyphen",
        "may only be a hyphen",
    ),
    (Rule::YesNo, "yesno", "value_yes_no", "is neither 0 nor 1"),
    (
        Rule::Winding,
        "winding",
        "value_winding",
        "is not 0, 1 or 9",
    ),
    (
        Rule::Latitude,
        "latitude",
        "value_latitude",
        "is not a latitude from 0 to 1800000000",
    ),
    (
        Rule::Longitude,
        "longitude",
        "value_longitude",
        "is not a longitude from 0 to 3600000000",
    ),
    (
        Rule::Importer,
        "importer",
        "value_importer",
        "is not an importer index",
    ),
    (
        Rule::Package,
        "package",
        "value_package_type",
        "is not a package type of UN/ECE Recommendation 21",
    ),
    (
        Rule::Medium,
        "medium",
        "value_medium",
        "is not an assigned media type",
    ),
    (
        Rule::Coupon,
        "coupon",
        "value_coupon",
        "is not a coupon code",
    ),
    (
        Rule::Offer,
        "offer",
        "value_coupon",
        "is not a positive offer file coupon",
    ),
];

impl Rule {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        REGISTER.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The stable code under which a break of this rule is reported.
    pub fn fault_code(self) -> &'static str {
        self.row().2
    }

    /// What a break of this rule says, to stand behind the name of the element.
    pub fn sentence(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> &'static (Self, &'static str, &'static str, &'static str) {
        &REGISTER[self as usize]
    }

    /// Whether `text`, of right length and characters, satisfies the rule.
    pub(super) fn holds(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Check => ends_in_check_digit(bytes),
            Self::Pair => ends_in_check_pair(bytes),
            Self::Prefix => begins_with_prefix(bytes),
            Self::Prefix2 => bytes.get(1..).is_some_and(begins_with_prefix),
            // The day exists in one of any four years or in none, and 2000 is a leap year: the century decides nothing.
            Self::Date => resolve_yymmdd(text, 2000, DayZero::Refused).is_ok(),
            Self::Date0 => resolve_yymmdd(text, 2000, DayZero::MeansLastDay).is_ok(),
            Self::LongDate => parse_yyyymmdd(text).is_some(),
            Self::Time => text.len() == 4 && below(&text[..2], 24) && below(&text[2..], 60),
            Self::Hour => below(text, 24),
            Self::Minute | Self::Second => below(text, 60),
            Self::Country => code_list::contains(code_list::COUNTRIES, text),
            Self::Country999 => text == "999" || code_list::contains(code_list::COUNTRIES, text),
            Self::Country2 => code_list::contains(code_list::COUNTRIES_ALPHA2, text),
            Self::Currency => code_list::contains(code_list::CURRENCIES, text),
            Self::Sex => matches!(text, "0" | "1" | "2" | "9"),
            Self::Iban => is_iban(bytes),
            Self::Percent => percent_signs_are_escapes(bytes),
            Self::Piece => is_piece_of_total(text),
            Self::Sequence => is_position_in_sequence(text),
            Self::Mixed => !bytes.iter().all(u8::is_ascii_digit),
            Self::NonZero => bytes.iter().any(|&byte| byte != b'0'),
            Self::Zero => bytes.iter().all(|&byte| byte == b'0'),
            Self::NoZeroPrefix => !text.starts_with('0'),
            Self::Hyphen => text == "-",
            Self::YesNo => matches!(text, "0" | "1"),
            Self::Winding => matches!(text, "0" | "1" | "9"),
            Self::Latitude => at_most(text, 1_800_000_000),
            Self::Longitude => at_most(text, 3_600_000_000),
            Self::Importer => {
                matches!(bytes, [byte] if byte.is_ascii_alphanumeric() || b"-_".contains(byte))
            }
            Self::Package => code_list::contains(code_list::PACKAGE_TYPES, text),
            Self::Medium => matches!(text.parse::<u8>(), Ok(1..=10 | 80..=99)),
            Self::Coupon => coupon::is_coupon_code(text),
            Self::Offer => coupon::is_positive_offer(text),
        }
    }
}

fn ends_in_check_digit(digits: &[u8]) -> bool {
    let Some((last, body)) = digits.split_last() else {
        return false;
    };
    gs1_check_digit(body).is_some_and(|expected| *last == b'0' + expected)
}

/// The shortest company prefix GS1 has given out has four digits.
fn begins_with_prefix(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && bytes[..4].iter().all(u8::is_ascii_digit)
}

/// Global Model Number: places in set 82 weighted with primes from the right, modulo 1021, written as two characters of
/// 32 (General Specifications, section 7.9.5).
fn ends_in_check_pair(bytes: &[u8]) -> bool {
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let Some(length) = bytes.len().checked_sub(2) else {
        return false;
    };
    let (body, pair) = bytes.split_at(length);
    let place = |byte: u8| {
        (0..byte)
            .filter(|&below| SET_82[usize::from(below)])
            .count() as u32
    };
    let sum: u32 = body
        .iter()
        .rev()
        .zip(primes())
        .map(|(&byte, prime)| place(byte) * prime)
        .sum::<u32>()
        % 1021;
    pair == [ALPHABET[(sum >> 5) as usize], ALPHABET[(sum & 31) as usize]]
}

fn primes() -> impl Iterator<Item = u32> {
    (2u32..).filter(|&number| {
        (2..number)
            .take_while(|factor| factor * factor <= number)
            .all(|factor| number % factor != 0)
    })
}

fn below(digits: &str, limit: u32) -> bool {
    digits.parse::<u32>().is_ok_and(|number| number < limit)
}

fn at_most(digits: &str, limit: u64) -> bool {
    digits.parse::<u64>().is_ok_and(|number| number <= limit)
}

/// ISO 13616: the first four characters moved to the end, letters as 10 to 35, modulo 97 leaves 1.
fn is_iban(bytes: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    if !(11..=34).contains(&bytes.len()) || !bytes.iter().all(allowed) {
        return false;
    }
    let country = crate::inline_text::ascii(&bytes[..2]);
    let rest = bytes[4..]
        .iter()
        .chain(&bytes[..4])
        .fold(0u32, |rest, &byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
        });
    code_list::contains(code_list::COUNTRIES_ALPHA2, country) && rest == 1
}

fn percent_signs_are_escapes(bytes: &[u8]) -> bool {
    let mut index = 0;
    while index < bytes.len() {
        if bytes[index] != b'%' {
            index += 1;
        } else if bytes
            .get(index + 1..index + 3)
            .is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
        {
            index += 3;
        } else {
            return false;
        }
    }
    true
}

fn is_piece_of_total(text: &str) -> bool {
    let (piece, total) = text.split_at(text.len() / 2);
    matches!((piece.parse::<u32>(), total.parse::<u32>()), (Ok(piece), Ok(total)) if piece >= 1 && piece <= total)
}

fn is_position_in_sequence(text: &str) -> bool {
    let number = |part: &str| {
        (!part.starts_with('0'))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let Some((position, end)) = text.split_once('/') else {
        return false;
    };
    number(position)
        .zip(number(end))
        .is_some_and(|(position, end)| position <= end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: Rule, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert!(rule.holds(text), "{rule:?} {text:?}");
        }
        for text in wrong {
            assert!(!rule.holds(text), "{rule:?} {text:?}");
        }
    }

    #[test]
    fn every_rule_stands_once_in_the_register() {
        for (index, row) in REGISTER.iter().enumerate() {
            assert_eq!(row.0 as usize, index, "{:?} is out of order", row.0);
            assert_eq!(Rule::from_name(row.1), Some(row.0));
        }
        assert_eq!(REGISTER.len(), Rule::Offer as usize + 1);
    }

    #[test]
    fn dates_and_times() {
        check(
            Rule::Date,
            &["280229", "000229"],
            &["270229", "280200", "281301", "2802"],
        );
        check(Rule::Date0, &["280200"], &["280001", "280230"]);
        check(
            Rule::LongDate,
            &["20280229"],
            &["20270229", "20280200", "19990100"],
        );
        check(Rule::Time, &["0000", "2359"], &["2400", "1260"]);
    }

    #[test]
    fn check_characters() {
        check(Rule::Check, &["04006381333931"], &["04006381333932"]);
        // The example of the General Specifications, section 7.9.5.
        check(
            Rule::Pair,
            &["1987654Ad4X4bL5ttr2310c2K", "22"],
            &["1987654Ad4X4bL5ttr2310c2L", "2"],
        );
        check(
            Rule::Iban,
            &["DE89370400440532013000"],
            &["DE88370400440532013000", "XX89370400440532013000", "DE"],
        );
    }

    #[test]
    fn small_alphabets_and_ranges() {
        check(Rule::Prefix, &["0614141X"], &["061", "06A4"]);
        check(Rule::Prefix2, &["X0614"], &["0614", ""]);
        check(Rule::Percent, &["50%25", "a"], &["50%", "50%2", "%zz"]);
        check(Rule::Piece, &["0101", "0199"], &["0001", "0100", "0201"]);
        check(
            Rule::Sequence,
            &["1/2", "2/2"],
            &["2/1", "0/2", "1/", "/2", "12", "01/2"],
        );
        check(
            Rule::Latitude,
            &["0000000000", "1800000000"],
            &["1800000001"],
        );
        check(Rule::Longitude, &["3600000000"], &["3600000001"]);
        check(Rule::Importer, &["-", "Z", "_"], &["+", ""]);
        check(Rule::Medium, &["01", "10", "80", "99"], &["00", "11", "79"]);
        check(Rule::Mixed, &["12A"], &["123"]);
        check(Rule::Country999, &["999", "276"], &["998"]);
    }
}
