//! What a spreadsheet does to long digits: it keeps 15 of them and shows `4,15012E+12`.
//!
//! A number is trusted as far as its digits are certain. Beyond that nothing is proposed: the digits are gone.

/// Spreadsheets keep 15 significant digits; a whole number from here on may have lost some.
const CERTAIN_BELOW: f64 = 1e15;

/// Whether the text is a number in exponent form, such as `1.23E+13` or `4,15012E+12`.
pub(crate) fn exponent_form(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let Some(exponent) = exponent.strip_prefix('+') else {
        return false;
    };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.len() == 1 && digits(whole) && digits(fraction) && digits(exponent) && exponent.len() <= 3
}

/// The digits of a whole number as a workbook stores it; `None` when they are not certain.
pub(crate) fn whole_digits(stored: &str) -> Option<String> {
    let number: f64 = stored.trim().parse().ok()?;
    let certain =
        number.is_finite() && (0.0..CERTAIN_BELOW).contains(&number) && number.fract() == 0.0;
    certain.then(|| format!("{number:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_told_from_serials() {
        for text in ["1.23E+13", "4,15012E+12", "1E+20", "9.9e+05"] {
            assert!(exponent_form(text), "{text}");
        }
        for text in [
            "",
            "1E13",
            "AE+1",
            "12E+1",
            "1.E+3",
            "1.2E+",
            "1.2E+1234",
            "E+1",
        ] {
            assert!(!exponent_form(text), "{text}");
        }
    }

    #[test]
    fn digits_are_given_while_they_are_certain() {
        assert_eq!(
            whole_digits("4150123456782").as_deref(),
            Some("4150123456782")
        );
        assert_eq!(
            whole_digits("4.150123456782E+12").as_deref(),
            Some("4150123456782")
        );
        assert_eq!(whole_digits("270131.0").as_deref(), Some("270131"));
        for text in ["1000000000000000", "1.5", "-3", "NaN", "1e400", "x"] {
            assert_eq!(whole_digits(text), None, "{text}");
        }
    }
}
