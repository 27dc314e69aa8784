//! A product code as files hold it: with lost zeros, wrong check digits, or another number of the same product.
//!
//! GTINs of 8, 12 and 13 digits are legal and mean the code padded with zeros. Everything else is proposed only where the
//! check digit leaves one possibility, and never where a PZN could be printed in two ways.

use packtwin_connector_port::serial_check::{Flaw, quoted};
use packtwin_core::check_digit::gs1_check_digit;
use packtwin_core::code::Code;
use packtwin_core::gtin::{Gtin, GtinError};
use packtwin_core::ppn::PpnError;
use packtwin_core::product_code::{ProductCode, ProductCodeError, ProductCodeFault};
use packtwin_core::pzn::Pzn;

/// The first four digits of an NTIN whose leading zero is gone.
const NTIN_WITHOUT_ZERO: &str = "4150";

/// What the heading of the column says about the number in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Announced {
    /// Some product code, or nothing.
    AnyCode,
    /// A PZN. Partners write the whole NTIN under such a heading, too.
    Pzn,
}

/// The code, with a warning where it can be read although something is wrong.
///
/// # Errors
/// `UPL-010`, `UPL-017` or `UPL-023`.
pub(crate) fn check_product(
    text: &str,
    announced: Announced,
) -> Result<(ProductCode, Option<Flaw>), Flaw> {
    if text.is_empty() {
        return Err(Flaw::error(
            Code::UploadCodeMalformed,
            "the product code is missing; write a GTIN, NTIN or PPN",
        ));
    }
    if let Some(flaw) = eight_digits(text, announced) {
        return Err(flaw);
    }
    match ProductCode::parse(text) {
        Ok(code) => Ok((
            code,
            lost_zero_of_ntin(text, &code).or_else(|| wrong_inside(&code)),
        )),
        Err(error) => Err(explain(text, &error)),
    }
}

/// What stands against eight digits: a PZN has as many as a GTIN-8, which no medicine pack carries, and one number can have the
/// check digit of both.
fn eight_digits(text: &str, announced: Announced) -> Option<Flaw> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match (Pzn::parse(text), Gtin::parse(text), announced) {
        (Ok(pzn), Ok(gtin), Announced::AnyCode) => Some(Flaw::error(
            Code::UploadCodeMalformed,
            format!(
                "the code {text} is a right PZN and a right GTIN-8. If it is the PZN, a pack carries it as NTIN {} or as PPN {}; if it is the GTIN, as {gtin}. Write the one that is printed",
                pzn.to_ntin(),
                pzn.to_ppn()
            ),
        )),
        (Ok(pzn), _, _) => Some(is_pzn(text, pzn)),
        (Err(error), _, Announced::Pzn) => Some(Flaw::error(
            Code::UploadCodeCheckDigit,
            format!("{text} stands where a PZN belongs, and is none: {error}. Correct it"),
        )),
        (Err(_), _, Announced::AnyCode) => None,
    }
}

fn is_pzn(text: &str, pzn: Pzn) -> Flaw {
    Flaw::error(
        Code::UploadCodeMalformed,
        format!(
            "{} is a PZN; a pack carries it as NTIN {} or as PPN {}. Write the one that is printed",
            quoted(text),
            pzn.to_ntin(),
            pzn.to_ppn()
        ),
    )
}

/// An NTIN always has 14 digits; with 13 its zero was lost, although the number is still the same.
fn lost_zero_of_ntin(text: &str, code: &ProductCode) -> Option<Flaw> {
    (text.len() == 13 && text.starts_with(NTIN_WITHOUT_ZERO)).then(|| {
        Flaw::warning(
            Code::UploadLeadingZeroLost,
            format!("the code {text} has lost its leading zero; an NTIN has 14 digits. It is read as {code}"),
        )
        .proposing(code.as_str())
    })
}

fn wrong_inside(code: &ProductCode) -> Option<Flaw> {
    let fault = code.national_fault()?;
    Some(Flaw::warning(
        Code::UploadCodeCheckDigit,
        format!("the code {code} is a GTIN, but the PZN inside is wrong: {fault}"),
    ))
}

fn explain(text: &str, error: &ProductCodeError) -> Flaw {
    let corrected = corrections(text, error);
    match corrected.as_slice() {
        [(code, digit)] => {
            return Flaw::error(
                Code::UploadCodeCheckDigit,
                format!("the code {text} has a wrong check digit (expected {digit}). Correct it or accept the proposal"),
            )
            .proposing(code.as_str());
        }
        [(first, _), (second, _), ..] => {
            return Flaw::error(
                Code::UploadCodeCheckDigit,
                format!(
                    "the code {text} has a wrong check digit. As a PPN it would be {first}, as a GTIN {second}; correct it"
                ),
            );
        }
        [] => {}
    }
    if let Some(code) = with_zeros(text) {
        return Flaw::error(
            Code::UploadLeadingZeroLost,
            format!(
                "the code {text} has {} digits; with its leading zeros it is {code}",
                text.len()
            ),
        )
        .proposing(code.as_str());
    }
    let pzn = Pzn::parse_printed(text)
        .or_else(|_| Pzn::parse_code39(text))
        .or_else(|_| Pzn::parse(text));
    if let Ok(pzn) = pzn {
        return is_pzn(text, pzn);
    }
    if let Some(code) = only_digits(text).and_then(|digits| ProductCode::parse(&digits).ok()) {
        return Flaw::error(
            Code::UploadCodeMalformed,
            format!(
                "the code {} is written with other characters between its digits",
                quoted(text)
            ),
        )
        .proposing(code.as_str());
    }
    Flaw::error(
        Code::UploadCodeMalformed,
        format!(
            "{} is no product code: {}",
            quoted(text),
            shape_fault(error)
        ),
    )
}

/// The codes that differ from the text in their check digits only.
fn corrections(text: &str, error: &ProductCodeError) -> Vec<(ProductCode, String)> {
    let mended = |kept: usize, digits: String| {
        let body = text.get(..text.len() - kept)?;
        let code = ProductCode::parse(&format!("{body}{digits}")).ok()?;
        Some((code, digits))
    };
    error
        .faults
        .iter()
        .filter_map(|fault| match fault {
            ProductCodeFault::Ppn(PpnError::CheckDigits { expected, .. }) => {
                mended(2, format!("{expected:02}"))
            }
            ProductCodeFault::Gtin(GtinError::WrongCheckDigit { expected, .. }) => {
                mended(1, expected.to_string())
            }
            _ => None,
        })
        .collect()
}

/// 9, 10 or 11 digits that become a GTIN when zeros are put before them.
fn with_zeros(text: &str) -> Option<ProductCode> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !(9..=11).contains(&text.len()) {
        return None;
    }
    let (body, last) = text.as_bytes().split_at(text.len() - 1);
    (gs1_check_digit(body) == Some(last[0] - b'0'))
        .then(|| Gtin::parse(&format!("{text:0>14}")).ok())?
        .map(ProductCode::Gtin)
}

/// The digits of a code written in groups, such as `4 006381 333931` or `(01)04006381333931`.
fn only_digits(text: &str) -> Option<String> {
    let inner = text
        .strip_prefix("(01)")
        .or_else(|| text.strip_prefix("[01]"))
        .unwrap_or(text);
    let grouping = |c: char| matches!(c, ' ' | '-' | '.' | '\u{a0}');
    let fits = inner.len() != text.len() || inner.contains(grouping);
    (fits && inner.chars().all(|c| c.is_ascii_digit() || grouping(c)))
        .then(|| inner.chars().filter(char::is_ascii_digit).collect())
}

fn shape_fault(error: &ProductCodeError) -> String {
    match error.faults.first() {
        Some(ProductCodeFault::Ppn(fault @ PpnError::Pzn { .. })) => fault.to_string(),
        Some(ProductCodeFault::Gtin(GtinError::Length { length, .. })) => {
            format!("it has {length} characters, a GTIN has 8, 12, 13 or 14 digits")
        }
        Some(ProductCodeFault::Gtin(GtinError::Characters { character, .. })) => {
            format!("{} is no digit", quoted(&character.to_string()))
        }
        Some(ProductCodeFault::Gtin(GtinError::AllZeros { .. })) => "it is all zeros".to_owned(),
        _ => "write a GTIN, NTIN or PPN".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (&'static str, Option<Code>);
    type Refused = (Code, Option<&'static str>);

    fn check(text: &str, expected: Result<Read, Refused>) {
        let actual = check_product(text, Announced::AnyCode);
        let actual = match &actual {
            Ok((code, flaw)) => Ok((code.as_str(), flaw.as_ref().map(|flaw| flaw.code))),
            Err(flaw) => Err((flaw.code, flaw.proposal.as_deref())),
        };
        assert_eq!(actual, expected, "{text:?}");
    }

    #[test]
    fn codes_of_every_length_are_read() {
        check("04006381333931", Ok(("04006381333931", None)));
        check("4006381333931", Ok(("04006381333931", None)));
        check("614141000036", Ok(("00614141000036", None)));
        check("40170725", Ok(("00000040170725", None)));
        check("04150037528643", Ok(("04150037528643", None)));
        check("110375286414", Ok(("110375286414", None)));
    }

    #[test]
    fn a_lost_zero_is_said() {
        check(
            "4150037528643",
            Ok(("04150037528643", Some(Code::UploadLeadingZeroLost))),
        );
        check(
            "12345678905",
            Err((Code::UploadLeadingZeroLost, Some("00012345678905"))),
        );
    }

    #[test]
    fn a_wrong_check_digit_is_proposed_where_one_scheme_fits() {
        check(
            "04006381333932",
            Err((Code::UploadCodeCheckDigit, Some("04006381333931"))),
        );
        check(
            "4006381333932",
            Err((Code::UploadCodeCheckDigit, Some("04006381333931"))),
        );
        check("110375286415", Err((Code::UploadCodeCheckDigit, None)));
    }

    #[test]
    fn what_is_no_code() {
        check("", Err((Code::UploadCodeMalformed, None)));
        check("Aspirin", Err((Code::UploadCodeMalformed, None)));
        check("PZN-03752864", Err((Code::UploadCodeMalformed, None)));
        check("00000000000000", Err((Code::UploadCodeMalformed, None)));
        check(
            "(01)04006381333931",
            Err((Code::UploadCodeMalformed, Some("04006381333931"))),
        );
        check(
            "4 006381 333931",
            Err((Code::UploadCodeMalformed, Some("04006381333931"))),
        );
    }
    #[test]
    fn eight_digits_are_a_pzn_where_they_can_be_one() {
        let told = |text, announced| {
            let read = check_product(text, announced);
            read.map(|(code, _)| code.to_string())
                .map_err(|flaw| (flaw.code, flaw.proposal.is_some(), flaw.text))
        };
        for announced in [Announced::AnyCode, Announced::Pzn] {
            let (code, proposed, text) = told("41270007", announced).unwrap_err();
            assert_eq!((code, proposed), (Code::UploadCodeMalformed, false));
            assert!(
                text.contains("is a PZN") && text.contains("NTIN 0415041270007"),
                "{text}"
            );
        }
        // A right PZN and a right GTIN-8: the heading settles it, or nobody does.
        let (_, _, text) = told("41270042", Announced::Pzn).unwrap_err();
        assert!(text.contains("is a PZN"), "{text}");
        let (_, proposed, text) = told("41270042", Announced::AnyCode).unwrap_err();
        assert!(
            !proposed && text.contains("a right PZN and a right GTIN-8"),
            "{text}"
        );
        // A GTIN-8 alone is one, and no PZN.
        assert_eq!(
            told("41270004", Announced::AnyCode).unwrap(),
            "00000041270004"
        );
        let (code, proposed, _) = told("41270004", Announced::Pzn).unwrap_err();
        assert_eq!((code, proposed), (Code::UploadCodeCheckDigit, false));
        // Partners write whole numbers under such a heading.
        assert_eq!(
            told("04006381333931", Announced::Pzn).unwrap(),
            "04006381333931"
        );
    }
}
