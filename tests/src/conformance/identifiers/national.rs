//! German product codes, and the national codes of other countries.

use packtwin_core::gtin::Gtin;
use packtwin_core::national_code::{Aic, NationalNumber, NationalScheme, Ndc};
use packtwin_core::ppn::Ppn;
use packtwin_core::product_code::ProductCode;
use packtwin_core::pzn::Pzn;

use crate::conformance::Row;
use crate::conformance::corpus::CsvRow;

pub(super) fn german_product_code(row: &CsvRow, result: &mut Row) {
    let value = row.get("value");
    let pzn = match row.get("kind") {
        "PZN8" | "PZN7" => Pzn::parse(value).ok(),
        "HRI" => Pzn::parse_printed(value).ok(),
        "CODE39" | "Code39" | "Code 39" => Pzn::parse_code39(value).ok(),
        "NTIN" => Gtin::parse(value)
            .ok()
            .and_then(|gtin| Pzn::from_ntin(&gtin).ok()),
        "PPN" => Ppn::parse(value).ok().and_then(|ppn| ppn.pzn()),
        other => return result.not_understood(other),
    };
    result.same("valid", row.is("valid"), pzn.is_some());
    let Some(pzn) = pzn.filter(|_| row.is("valid")) else {
        return;
    };
    let forms = [
        ("pzn8", pzn.to_string()),
        ("ntin", pzn.to_ntin().to_string()),
        ("ppn", pzn.to_ppn().to_string()),
        ("code39", pzn.to_code39()),
    ];
    for (column, actual) in &forms {
        if let Some(expected) = row.given(column) {
            result.same(column, expected, actual.as_str());
        }
    }
    for code in [pzn.to_ntin().as_str(), pzn.to_ppn().as_str()] {
        let identity = ProductCode::parse(code).map(|code| code.identity());
        result.same("identity", Ok(format!("PZN:{pzn}")), identity);
    }
    result.same("code 39 read", Ok(pzn), Pzn::parse_code39(&pzn.to_code39()));
}

pub(super) fn national_code(row: &CsvRow, result: &mut Row) {
    match row.get("scheme") {
        "IT AIC" => aic(row, result, Aic::parse(row.get("national_code")), |aic| {
            aic.to_base32()
        }),
        "IT AIC base32" => aic(
            row,
            result,
            Aic::parse_base32(row.get("national_code")),
            |aic| aic.to_string(),
        ),
        "US NDC" => ndc(row, result),
        "US GTIN to NDC candidates" => ndc_candidates(row, result),
        name => match scheme_of(name) {
            Some(scheme) => inside_gtin(row, result, scheme),
            None => result.not_understood(name),
        },
    }
}

fn scheme_of(name: &str) -> Option<NationalScheme> {
    Some(match name {
        "FR CIP13" => NationalScheme::FrenchCip,
        "ES CN (6 digits)" => NationalScheme::SpanishCn,
        "AT PZN in NTIN" => NationalScheme::AustrianPzn,
        "Nordic Vnr in NTIN" => NationalScheme::NordicVnr,
        "CH Swissmedic in GTIN" => NationalScheme::SwissAuthorisation,
        _ => return None,
    })
}

fn inside_gtin(row: &CsvRow, result: &mut Row, scheme: NationalScheme) {
    let actual = NationalNumber::parse(scheme, row.get("national_code"));
    result.same("valid", row.is("valid"), actual.is_ok());
    let Some(number) = actual.ok().filter(|_| row.is("valid")) else {
        return;
    };
    result.same("GTIN", row.get("gtin14"), number.to_gtin().as_str());
    result.same(
        "number in the GTIN",
        Some(number),
        NationalNumber::from_gtin(&number.to_gtin()),
    );
    result.same(
        "number as written",
        row.get("national_code"),
        number.as_str(),
    );
    result.same("application identifier", row.given("ai"), scheme.ai());
}

fn aic<E>(row: &CsvRow, result: &mut Row, actual: Result<Aic, E>, other_form: fn(&Aic) -> String) {
    result.same("valid", row.is("valid"), actual.is_ok());
    if let (true, Ok(aic)) = (row.is("valid"), actual) {
        result.same("other form", row.get("alt_code"), other_form(&aic).as_str());
    }
}

fn ndc(row: &CsvRow, result: &mut Row) {
    let actual = Ndc::parse(row.get("national_code"));
    result.same("valid", row.is("valid"), actual.is_ok());
    let Some(ndc) = actual.ok().filter(|_| row.is("valid")) else {
        return;
    };
    result.same(
        "format",
        row.get("format"),
        ndc.format().to_string().as_str(),
    );
    result.same("ten digits", row.given("ndc10"), ndc.to_ten_digits());
    result.same(
        "eleven digits",
        row.given("ndc11"),
        ndc.to_eleven_digits().as_deref(),
    );
    result.same(
        "twelve digits",
        row.get("ndc12"),
        ndc.to_twelve_digits().as_str(),
    );
    if let Some(expected) = row.given("gtin14") {
        let gtin = ndc.to_gtin(0);
        result.same("GTIN", Some(expected), gtin.as_ref().map(Gtin::as_str));
        result.same(
            "read back",
            Some(ndc.clone()),
            gtin.and_then(|gtin| Ndc::from_gtin(&gtin, ndc.format())),
        );
    }
}

fn ndc_candidates(row: &CsvRow, result: &mut Row) {
    let candidates = Gtin::parse(row.get("gtin14"))
        .ok()
        .and_then(|gtin| Ndc::candidates(&gtin));
    result.same("valid", row.is("valid"), candidates.is_some());
    let Some(candidates) = candidates else { return };
    let mut actual: Vec<String> = candidates
        .iter()
        .filter_map(Ndc::to_eleven_digits)
        .collect();
    let mut expected: Vec<&str> = row.get("candidates_ndc11").split('|').collect();
    actual.sort();
    actual.dedup();
    expected.sort_unstable();
    expected.dedup();
    result.same("candidates", expected, actual);
    if let Some(expected) = row.given("ndc10") {
        result.same("ten digits", Some(expected), candidates[0].to_ten_digits());
    }
}
