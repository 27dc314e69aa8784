//! North American coupon codes, AI 8110 and 8112 (GS1 US coupon application guideline).
//!
//! They never stand on a medicine, but a scanner may meet one; a table that knows every identifier knows these too. The
//! grammar is a run of fixed fields and of fields that say their own length in the digit before them.

use crate::date::{DayZero, resolve_yymmdd};

/// Whether digits form a coupon code of AI 8110.
pub(super) fn is_coupon_code(text: &str) -> bool {
    Reader::of(text)
        .is_some_and(|mut reader| coupon_code(&mut reader).is_some() && reader.rest.is_empty())
}

/// Whether digits form a positive offer file coupon of AI 8112.
pub(super) fn is_positive_offer(text: &str) -> bool {
    Reader::of(text)
        .is_some_and(|mut reader| positive_offer(&mut reader).is_some() && reader.rest.is_empty())
}

fn coupon_code(reader: &mut Reader) -> Option<()> {
    reader.sized("0123456", 6)?; // company prefix of the issuer
    reader.take(6)?; // offer code
    reader.sized("12345", 0)?; // save value
    purchase(reader)?;
    if reader.option('1') {
        reader.one_of("0123")?; // how the purchases add up
        purchase(reader)?;
        purchase_prefix(reader)?;
    }
    if reader.option('2') {
        purchase(reader)?;
        purchase_prefix(reader)?;
    }
    let mut expires = None;
    if reader.option('3') {
        expires = Some(reader.date()?);
    }
    if reader.option('4') {
        let starts = reader.date()?;
        if expires.is_some_and(|expires| starts > expires) {
            return None;
        }
    }
    if reader.option('5') {
        reader.sized("0123456789", 6)?; // serial number
    }
    if reader.option('6') {
        reader.sized("1234567", 6)?; // retailer
    }
    if reader.option('9') {
        reader.one_of("01256")?; // save value code
        reader.one_of("012")?; // which item it applies to
        reader.take(1)?; // store coupon
        reader.one_of("01")?; // do not multiply
    }
    Some(())
}

fn positive_offer(reader: &mut Reader) -> Option<()> {
    reader.one_of("01")?; // format
    reader.sized("0123456", 6)?; // funder
    reader.take(6)?; // offer code
    reader.sized("0123456789", 6)?; // serial number
    Some(())
}

/// Requirement, requirement code and family code.
fn purchase(reader: &mut Reader) -> Option<()> {
    reader.sized("12345", 0)?;
    reader.one_of("012349")?;
    reader.take(3)?;
    Some(())
}

/// The company prefix of a further purchase; 9 means the one already given.
fn purchase_prefix(reader: &mut Reader) -> Option<()> {
    if !reader.option('9') {
        reader.sized("0123456", 6)?;
    }
    Some(())
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn of(text: &'a str) -> Option<Self> {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(Self { rest: text })
    }

    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn one_of(&mut self, allowed: &str) -> Option<&'a str> {
        self.take(1).filter(|digit| allowed.contains(digit))
    }

    /// A field whose length, less `shift`, is the digit before it.
    fn sized(&mut self, allowed: &str, shift: usize) -> Option<&'a str> {
        let length: usize = self.one_of(allowed)?.parse().ok()?;
        self.take(length + shift)
    }

    /// Takes `mark` if it comes next.
    fn option(&mut self, mark: char) -> bool {
        self.rest.strip_prefix(mark).is_some_and(|rest| {
            self.rest = rest;
            true
        })
    }

    fn date(&mut self) -> Option<&'a str> {
        self.take(6)
            .filter(|date| resolve_yymmdd(date, 2000, DayZero::Refused).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prefix 012345 (length digit 0), offer 987654, save 1 digit, purchase 2 digits of code 1, family 000.
    const BASE: &str = concat!("0012345", "987654", "15", "2121000");

    fn check(tail: &str, expected: bool) {
        assert_eq!(
            is_coupon_code(&format!("{BASE}{tail}")),
            expected,
            "{tail:?}"
        );
    }

    #[test]
    fn fields_and_options() {
        check("", true);
        check("0", false);
        check("3280229", true);
        check("3270229", false);
        check("32802294280228", true);
        check("32802284280229", false);
        check("50123456", true);
        check("5012345", false);
        check("90000", true);
        check("93000", false);
        check(concat!("1", "0", "1510000"), false);
        check(concat!("1", "0", "151000", "9"), true);
        check(concat!("1", "0", "151000", "1", "0123456"), true);
    }

    #[test]
    fn positive_offers() {
        assert!(is_positive_offer(concat!(
            "0", "0012345", "987654", "0123456"
        )));
        assert!(!is_positive_offer(concat!(
            "2", "0012345", "987654", "0123456"
        )));
        assert!(!is_positive_offer(concat!(
            "0", "0012345", "987654", "01234567"
        )));
        assert!(!is_positive_offer(""));
        assert!(!is_positive_offer("A"));
    }
}
