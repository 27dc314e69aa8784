//! Rows as partners write them: every fault of a row at once, and what an accepted proposal changes.

use super::*;
use crate::test_sink::read_bytes;

/// A file of one row under the usual heading; its findings as `row code -> proposal`.
fn check(row: &str, accepted: &[Code], expected: &[&str]) -> Vec<String> {
    // A clean row follows, so that no row is the last of the file.
    let file = format!(
        "SerialNumber;GTIN;Batch;ExpirationDate;ManufacturingDate\n{row}\nZZ99;04006381333931;END;290131;250101\n"
    );
    let (kept, summary, _) = read_bytes(file.as_bytes(), accepted).unwrap();
    assert_eq!(kept.told(), expected, "{row}: {:?}", kept.findings);
    let count = |severity| {
        kept.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count() as u64
    };
    assert_eq!(
        (summary.errors, summary.warnings, summary.fixed),
        (
            count(Severity::Error),
            count(Severity::Warning),
            count(Severity::Fixed)
        )
    );
    assert!(
        kept.findings
            .iter()
            .all(|finding| finding.text.starts_with(&format!("Row {}: ", finding.row)))
    );
    kept.serials()
}

#[test]
fn a_clean_row_has_no_finding() {
    let serials = check("AB12;04006381333931;L1;290131;250101", &[], &[]);
    assert_eq!(serials, ["AB12", "ZZ99"]);
    check("AB12;4006381333931;L1;290100;", &[], &[]);
}

#[test]
fn all_faults_of_a_row_come_at_once() {
    let serials = check(
        "A B#1234567890123456789;04006381333932;L 1;31.01.2029;never",
        &[],
        &[
            "2 UPL-010 -> 04006381333931",
            "2 UPL-025",
            "2 UPL-020 -> 290131",
            "2 UPL-020",
            "2 UPL-012",
            "2 UPL-011",
        ],
    );
    assert_eq!(serials, ["ZZ99"]);
}

#[test]
fn missing_values() {
    check(";;;;", &[], &[]);
    check(
        ";;;;250101",
        &[],
        &["2 UPL-023", "2 UPL-028", "2 UPL-027", "2 UPL-018"],
    );
}

#[test]
fn an_accepted_proposal_mends_the_row() {
    let row = " AB12;04006381333932;L1 ;31.01.2029;";
    let expected = [
        "2 UPL-010 -> 04006381333931",
        "2 UPL-047 -> L1",
        "2 UPL-020 -> 290131",
        "2 UPL-047 -> AB12",
    ];
    assert_eq!(check(row, &[], &expected), ["ZZ99"]);
    let all = [
        Code::UploadCodeCheckDigit,
        Code::UploadSpace,
        Code::UploadExpiryFormat,
    ];
    assert_eq!(check(row, &all, &expected), ["AB12", "ZZ99"]);
    assert_eq!(
        check(row, &[Code::UploadSpace], &expected),
        ["AB12", "ZZ99"]
    );
}

#[test]
fn what_a_spreadsheet_did() {
    check("1.23E+13;04006381333931;L1;290131;", &[], &["2 UPL-016"]);
    check("AB12;4,15012E+12;L1;290131;", &[], &["2 UPL-016"]);
    check(
        "AB12;4150037528643;L1;290131;",
        &[],
        &["2 UPL-017 -> 04150037528643"],
    );
    let formula = "=\"0012\";04006381333931;L1;290131;";
    assert_eq!(check(formula, &[], &["2 UPL-019 -> 0012"]), ["ZZ99"]);
    assert_eq!(
        check(formula, &[Code::UploadFormula], &["2 UPL-019 -> 0012"]),
        ["0012", "ZZ99"]
    );
    check(
        "=1+1;04006381333931;L1;290131;",
        &[Code::UploadFormula],
        &["2 UPL-019"],
    );
    check(
        "=cmd|' /C calc'!A0;04006381333931;L1;290131;",
        &[],
        &["2 UPL-019"],
    );
}

#[test]
fn a_passed_expiry_is_a_warning() {
    let serials = check("AB12;04006381333931;L1;250131;", &[], &["2 UPL-026"]);
    assert_eq!(serials, ["AB12", "ZZ99"]);
    check("AB12;04006381333931;L1;260600;", &[], &[]);
    check("AB12;04006381333931;L1;260614;", &[], &["2 UPL-026"]);
}

#[test]
fn a_lot_is_checked_once_and_every_row_of_it_is_told() {
    let rows: String = (0..50)
        .map(|n| format!("S{n:03};04006381333932;L1;290131\n"))
        .collect();
    let file = format!("SN;GTIN;LOT;EXP\n{rows}");
    let (kept, summary, _) = read_bytes(file.as_bytes(), &[]).unwrap();
    let told: Vec<String> = (2..52)
        .map(|row| format!("{row} UPL-010 -> 04006381333931"))
        .collect();
    assert_eq!(kept.told(), told);
    assert_eq!(
        (summary.lots, summary.rows, summary.rows_with_serial),
        (1, 50, 50)
    );
    assert_eq!(kept.lots[0].head, None);
}

#[test]
fn serials_that_lost_their_zeros_are_padded_on_request() {
    let file = "SN;GTIN;LOT;EXP\n000123;04006381333931;L1;290131\n012345;04006381333931;L1;290131\n123456;04006381333931;L1;290131\n\
        654321;04006381333931;L1;290131\n4711;04006381333931;L1;290131\n111111;04006381333931;L1;290131\n";
    let (kept, ..) = read_bytes(file.as_bytes(), &[]).unwrap();
    assert_eq!(kept.told(), ["6 UPL-017 -> 004711"]);
    assert_eq!(kept.serials().len(), 5, "the sixth waits for a decision");
    let (kept, ..) = read_bytes(file.as_bytes(), &[Code::UploadLeadingZeroLost]).unwrap();
    assert!(kept.serials().contains(&"004711".to_owned()));
}

#[test]
fn a_wrong_date_among_right_ones_is_not_turned_around() {
    // Behind the first hundred rows nobody has seen the column but this reading.
    let rows: String = (0..150)
        .map(|n| format!("S{n:03};04006381333931;L1;290630\n"))
        .collect();
    let file = format!(
        "SN;GTIN;LOT;EXP\n{rows}T1;04006381333931;L1;290631\nT2;04006381333931;L1;30.06.2029\n"
    );
    let (kept, ..) = read_bytes(file.as_bytes(), &[]).unwrap();
    assert_eq!(kept.told(), ["152 UPL-020", "153 UPL-020 -> 290630"]);
    let first = "SN;GTIN;LOT;EXP\nT1;04006381333931;L1;290631\nT2;04006381333931;L1;290630\n";
    let (kept, ..) = read_bytes(first.as_bytes(), &[]).unwrap();
    assert_eq!(kept.told(), ["2 UPL-020"]);
}

#[test]
fn a_lot_that_cannot_be_told_names_its_flaws_and_keeps_its_product() {
    let file = "SN;GTIN;LOT;EXP\nA1;04006381333931;L 1;290631\nA2;04006381333932;L1;290630\n";
    let (kept, ..) = read_bytes(file.as_bytes(), &[]).unwrap();
    let flaws: Vec<_> = kept
        .lots
        .iter()
        .map(|lot| (lot.product.is_some(), lot.flawed_by.clone()))
        .collect();
    assert_eq!(
        flaws,
        [
            (
                true,
                vec![Code::UploadBatchMalformed, Code::UploadExpiryFormat]
            ),
            (false, vec![Code::UploadCodeCheckDigit]),
        ]
    );
}
