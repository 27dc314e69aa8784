//! Company prefixes: where in a GS1 key the number of the company ends (GS1 General Specifications, section 1.4.4).
//!
//! A GTIN does not say how long its prefix is, and an EPC URN cannot be written without knowing it. The length is never
//! guessed. It comes from prefixes that a company declares, from the list of prefix lengths that GS1 publishes, from an
//! EPC the partner itself sent, or there is no URN: a Digital Link says the same without a prefix length.

use std::collections::BTreeSet;
use std::fmt;

use crate::gtin::Gtin;

/// The shortest and longest company prefix an EPC can hold, in digits (Tag Data Standard, section 6.3).
const LENGTH_MIN: usize = 6;
const LENGTH_MAX: usize = 12;

/// How many digits of a key are the company prefix: 6 to 12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PrefixLength(u8);

/// Why something is no company prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompanyPrefixError {
    /// 6 to 12 digits.
    #[error("company prefix {value:?} is not 6 to 12 digits")]
    Prefix {
        /// The text as given.
        value: String,
    },
    /// A line of a list of prefix lengths.
    #[error("line {line} of the list of prefix lengths is not a prefix and a length")]
    List {
        /// Its number, counted from 1.
        line: usize,
    },
}

/// The company prefixes that a tenant or a trading partner has declared as its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    prefixes: BTreeSet<String>,
}

/// Prefix lengths by the digits a key begins with, as GS1 publishes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Sorted; a length of 0 marks a range that has no company prefix.
    ranges: Vec<(String, u8)>,
}

impl PrefixLength {
    /// A length of 6 to 12 digits; `None` outside.
    pub fn new(digits: usize) -> Option<Self> {
        (LENGTH_MIN..=LENGTH_MAX)
            .contains(&digits)
            .then_some(Self(digits as u8))
    }

    /// The number of digits.
    pub fn digits(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for PrefixLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Declared {
    /// The set of these prefixes; refuses with every text that is not 6 to 12 digits.
    pub fn new<'a>(
        prefixes: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Vec<CompanyPrefixError>> {
        let mut declared = Self::default();
        let mut faults = Vec::new();
        for prefix in prefixes {
            match is_digits(prefix) && PrefixLength::new(prefix.len()).is_some() {
                true => drop(declared.prefixes.insert(prefix.to_owned())),
                false => faults.push(CompanyPrefixError::Prefix {
                    value: prefix.to_owned(),
                }),
            }
        }
        if faults.is_empty() {
            Ok(declared)
        } else {
            Err(faults)
        }
    }

    /// The length of the declared prefix with which `key` begins; the longest if several do. `None` if none does.
    ///
    /// `key` holds the digits from the first digit of the prefix on: a GLN as it stands, a GTIN without its indicator
    /// (see [`Declared::of_gtin`]), an SSCC without its extension digit.
    pub fn length_of(&self, key: &str) -> Option<PrefixLength> {
        let fitting = self
            .prefixes
            .iter()
            .filter(|prefix| key.starts_with(prefix.as_str()));
        fitting.map(String::len).max().and_then(PrefixLength::new)
    }

    /// The length of the declared prefix of a GTIN.
    pub fn of_gtin(&self, gtin: &Gtin) -> Option<PrefixLength> {
        self.length_of(&gtin.as_str()[1..])
    }
}

impl Published {
    /// Reads a list of one `prefix length` a line, as it is extracted from the file GS1 publishes; a length of 0 marks a
    /// range without company prefix. Empty lines and lines that begin with `#` are passed over.
    pub fn parse(text: &str) -> Result<Self, Vec<CompanyPrefixError>> {
        let mut ranges = Vec::new();
        let mut faults = Vec::new();
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        {
            match read_range(line) {
                Some(range) => ranges.push(range),
                None => faults.push(CompanyPrefixError::List { line: index + 1 }),
            }
        }
        ranges.sort();
        if faults.is_empty() {
            Ok(Self { ranges })
        } else {
            Err(faults)
        }
    }

    /// The length published for the longest range with which `key` begins; `None` if it is in no range, or in one without
    /// company prefix.
    pub fn length_of(&self, key: &str) -> Option<PrefixLength> {
        let found = (1..=key.len().min(LENGTH_MAX)).rev().find_map(|digits| {
            let range = key.get(..digits)?;
            self.ranges
                .binary_search_by(|(prefix, _)| prefix.as_str().cmp(range))
                .ok()
        })?;
        PrefixLength::new(usize::from(self.ranges[found].1))
    }

    /// The length published for a GTIN.
    pub fn of_gtin(&self, gtin: &Gtin) -> Option<PrefixLength> {
        self.length_of(&gtin.as_str()[1..])
    }
}

fn read_range(line: &str) -> Option<(String, u8)> {
    let (prefix, length) = line.split_once(' ')?;
    let length: usize = length.trim().parse().ok()?;
    let fits = is_digits(prefix) && (length == 0 || PrefixLength::new(length).is_some());
    fits.then(|| (prefix.to_owned(), length as u8))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lengths: impl Fn(&Gtin) -> Option<PrefixLength>, gtin: &str, expected: Option<usize>) {
        let gtin = Gtin::parse(gtin).unwrap();
        assert_eq!(lengths(&gtin).map(PrefixLength::digits), expected, "{gtin}");
    }

    #[test]
    fn declared_prefixes() {
        let declared = Declared::new(["4006381", "061414", "0614141"]).unwrap();
        check(|gtin| declared.of_gtin(gtin), "04006381333931", Some(7));
        check(|gtin| declared.of_gtin(gtin), "10614141123459", Some(7));
        check(|gtin| declared.of_gtin(gtin), "04150037528643", None);
        assert_eq!(
            Declared::new(["12345", "1234567890123", "12345a", "1234567"])
                .unwrap_err()
                .len(),
            3
        );
    }

    #[test]
    fn published_ranges() {
        let published = Published::parse("# invented\n400 7\n4006 8\n4150 12\n20 0\n").unwrap();
        check(|gtin| published.of_gtin(gtin), "04006381333931", Some(8));
        check(|gtin| published.of_gtin(gtin), "04150037528643", Some(12));
        check(|gtin| published.of_gtin(gtin), "10614141123459", None);
        assert_eq!(published.length_of("2012345678900"), None);
        assert_eq!(Published::parse("400 7\n400\n400 5").unwrap_err().len(), 2);
    }
}
