//! Dates in the instance and lot master data (ILMD) of an event, as systems write them there.

use chrono::NaiveDate;
use packtwin_connector_port::serial_check::{Flaw, quoted};
use packtwin_core::code::Code;
use packtwin_core::expiry::Expiry;

/// Reads a date of the ILMD: a calendar day (XML Schema `date` or `dateTime`), a month, or YYMMDD as it is printed. A day
/// 00, which is no calendar day, is what some systems write where the pack prints it.
pub(crate) fn read_date(what: &str, text: &str, reference_year: i32) -> Result<Expiry, Flaw> {
    if let Ok(date) = Expiry::parse(text, reference_year) {
        return Ok(date);
    }
    if let Some(date) = iso_date(text) {
        return Ok(date);
    }
    let flaw = Flaw::error(
        Code::UploadExpiryFormat,
        format!("{what} {} is no date such as 2027-01-31", quoted(text)),
    );
    Err(match compact_date(text) {
        Some(date) => Flaw {
            text: format!("{}. Did you mean {date}?", flaw.text),
            ..flaw
        }
        .proposing(date.as_str()),
        None => flaw,
    })
}

fn iso_date(text: &str) -> Option<Expiry> {
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = text.get(from..to)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let (year, month) = (number(0, 4)?, number(5, 7)?);
    if text.get(4..5)? != "-" {
        return None;
    }
    match (text.get(7..8), number(8, 10)) {
        (None, _) => Expiry::from_month(year as i32, month),
        (Some("-"), Some(0)) if text.len() == 10 => Expiry::from_month(year as i32, month),
        (Some("-"), Some(day)) => {
            let rest = &text[10..];
            // A time or a zone may follow; the day is the one that is written.
            let fits = rest.is_empty() || rest.starts_with(['T', 'Z', '+', '-']);
            let date = NaiveDate::from_ymd_opt(year as i32, month, day)?;
            fits.then(|| Expiry::from_date(date))
        }
        _ => None,
    }
}

/// `20270131`.
fn compact_date(text: &str) -> Option<Expiry> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| iso_date(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, Option<&str>>) {
        let actual = read_date("expiry", text, 2026);
        let actual = actual
            .as_ref()
            .map(Expiry::as_str)
            .map_err(|flaw| flaw.proposal.as_deref());
        assert_eq!(actual, expected, "{text:?}");
    }

    #[test]
    fn days_months_and_printed_digits() {
        check("2029-01-31", Ok("290131"));
        check("2029-01-31Z", Ok("290131"));
        check("2029-01-31+02:00", Ok("290131"));
        check("2029-01-31T00:00:00Z", Ok("290131"));
        check("2029-01", Ok("290100"));
        check("2029-01-00", Ok("290100"));
        check("290131", Ok("290131"));
        check("20290131", Err(Some("290131")));
        check("2029-02-30", Err(None));
        check("2029-01-311", Err(None));
        check("2029/01/31", Err(None));
        check("31.01.2029", Err(None));
        check("ü029-01-31", Err(None));
    }
}
