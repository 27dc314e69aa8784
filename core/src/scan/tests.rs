//! What the diagnosis says of one scanned code after another: verdict and faults (URS-VF-011, URS-VF-010).
//!
//! Faults by the thousand are simulated beside this, in `simulation`.

use super::*;

fn check(raw: &str, verdict: Verdict, faults: &[Fault]) {
    let capture = Capture::Characters;
    let diagnosis = diagnose(&ScanInput { raw, capture }, &DeviceContext::unknown(2026));
    let found = (diagnosis.verdict, diagnosis.faults.as_slice());
    assert_eq!(found, (verdict, faults), "{raw:?}: {}", diagnosis.to_json());
    assert_eq!(
        diagnosis.data.is_some(),
        !matches!(verdict, Verdict::Rejected | Verdict::NotAUniqueIdentifier)
    );
}

#[test]
fn what_reads_well() {
    use Fault::*;
    check(
        "]d2010400638133393110L1\u{1d}21ABCD123456",
        Verdict::Ok,
        &[AimPrefix],
    );
    check(
        "\u{2}010400638133393110L1\u{1d}21ABCD123456\r",
        Verdict::Ok,
        &[ControlPrefix, LineTerminator],
    );
    check(
        "]C1010400638133393110L1\u{1d}21ABCD123456",
        Verdict::Ok,
        &[AimPrefix, UnexpectedSymbology],
    );
    check(
        "]d1010400638133393110L1\u{1d}21ABCD123456",
        Verdict::Suspect,
        &[AimPrefix, Fnc1Missing],
    );
    check(
        "010400638133393110L1\u{1d}21ABYD123456",
        Verdict::Suspect,
        &[YzSwap, KeyboardLayout],
    );
}

#[test]
fn what_is_another_code() {
    use Fault::*;
    let not_a_pack = Verdict::NotAUniqueIdentifier;
    check("", not_a_pack, &[Empty]);
    check(
        "'àà-\"_&\"\"\"ç\"&",
        not_a_pack,
        &[KeyboardLayout, LinearCode],
    );
    check("]d20104006381333931", not_a_pack, &[AimPrefix, NoSerial]);
    check(
        "]d202040063813339313712",
        not_a_pack,
        &[AimPrefix, LogisticLabel],
    );
    check("WIFI:S:clinic;;", not_a_pack, &[Foreign2dCode]);
    check("]E04006381333931", not_a_pack, &[AimPrefix, LinearCode]);
}

#[test]
fn what_cannot_be_used() {
    use Fault::*;
    check(
        "]d2010400638133",
        Verdict::Rejected,
        &[AimPrefix, Truncated],
    );
    check(
        "]d2010400638133393221ABCD123456",
        Verdict::Rejected,
        &[AimPrefix, ProductCodeInvalid],
    );
    check(
        "]d201040063813339311727133121ABCD123456",
        Verdict::Rejected,
        &[AimPrefix, DateInvalid],
    );
    check("4,00638E+12", Verdict::Rejected, &[SpreadsheetNumber]);
    check(
        "(01)04006381333931(10)A",
        Verdict::Rejected,
        &[BracketedInput, NoSerial],
    );
    let two = "]d2010400638133393121ABCD123456]d2010400638133393121ABCD123457";
    check(two, Verdict::Rejected, &[AimPrefix, JoinedScans]);
}

/// A complete Format 06 message with these elements.
fn format_06(elements: &str) -> String {
    format!("[)>\u{1e}06\u{1d}{elements}\u{1e}\u{4}").replace('|', "\u{1d}")
}

fn told(raw: &str) -> Diagnosis {
    let capture = Capture::Characters;
    diagnose(&ScanInput { raw, capture }, &DeviceContext::unknown(2026))
}

#[test]
fn one_fault_in_a_packs_code_does_not_make_it_another_code() {
    use Fault::*;
    for (elements, fault) in [
        (
            "9N111234567843|1TL1|D280200|SABCD123456",
            ProductCodeInvalid,
        ),
        (
            "9N111234567744|1TL1|D280200|SABCD123456",
            ProductCodeInvalid,
        ),
        ("9N111234567842|1TL1|D281399|SABCD123456", DateInvalid),
        (
            "9N111234567842|1TL1|D280200|S123456789012345678901",
            ElementInvalid,
        ),
        ("9N111234567842|XYZ|D280200|SABCD123456", ElementInvalid),
        ("9N111234567842|1TL1|SABCD123456|D281399", DateInvalid),
        ("9N111234567842|1TL1|SABCD123456|D2802", DateInvalid),
    ] {
        let whole = format_06(elements);
        check(&whole, Verdict::Rejected, &[fault]);
        check(
            &format!("]d1{whole}"),
            Verdict::Rejected,
            &[AimPrefix, fault],
        );
        assert_eq!(told(&whole).scheme, Some(Scheme::Ifa));
        // EOT arrives on no keyboard, and a reader that does not expand the macro sends the elements alone. Only a value
        // that is shorter than it should be speaks for a missing end.
        let fault = if elements.ends_with("D2802") {
            Truncated
        } else {
            fault
        };
        let unclosed = whole.trim_end_matches(['\u{1e}', '\u{4}']);
        check(unclosed, Verdict::Rejected, &[fault]);
        let alone = elements.replace('|', "\u{1d}");
        check(
            &format!("]d1{alone}"),
            Verdict::Rejected,
            &[AimPrefix, fault],
        );
    }
}

#[test]
fn an_envelope_of_another_industry_is_another_code() {
    let foreign = |raw: &str| check(raw, Verdict::NotAUniqueIdentifier, &[Fault::Foreign2dCode]);
    foreign(&format_06("P4711-2|Q500|4LDE"));
    foreign("[)>\u{1e}12\u{1d}9N111234567842\u{1e}\u{4}");
}

#[test]
fn a_complete_code_with_a_wrong_value_is_not_called_cut() {
    use Fault::*;
    for (text, fault) in [
        (
            "01040063813339321728020010L1|21ABCD123456",
            ProductCodeInvalid,
        ),
        (
            "01000000000000011728020010L1|21ABCD123456",
            ProductCodeInvalid,
        ),
        ("01040063813339311728130110L1|21ABCD123456", DateInvalid),
        ("01040063813339311728013210L1|21ABCD123456", DateInvalid),
        ("01040063813339311731123510L1|21ABCD123456", DateInvalid),
        ("1728130001040063813339311028|21ABCD123456", DateInvalid),
        (
            "010400638133393121123456789012345678901|17280200",
            ElementInvalid,
        ),
        ("010400638133393118280200|21ABCD123456", Unreadable),
        (
            "01000000000000001728020010L1|21ABCD123456",
            ProductCodeInvalid,
        ),
        (
            "2112345678|01000000000000001728020010L1",
            ProductCodeInvalid,
        ),
    ] {
        let raw = text.replace('|', "\u{1d}");
        check(&raw, Verdict::Rejected, &[fault]);
        check(&format!("]d2{raw}"), Verdict::Rejected, &[AimPrefix, fault]);
        check(&format!("]d1{raw}"), Verdict::Rejected, &[AimPrefix, fault]);
    }
}

#[test]
fn a_code_without_its_beginning_is_called_cut() {
    let check =
        |text: &str, fault| check(&text.replace('|', "\u{1d}"), Verdict::Rejected, &[fault]);
    check("1333931172802001|21ABCD123456", Fault::Truncated);
    check("04006381333931172802001|21ABCD123456", Fault::Truncated);
    // What is left begins as an SSCC does, without being one.
    check(
        "0063813339311728020010L1|21ABCD123456",
        Fault::NoProductCode,
    );
}

#[test]
fn letters_typed_for_digits_are_repaired_and_told() {
    use Fault::*;
    let raw = "(01)O4OO6381333931(17)28O2OO(10)47(21)4779366497";
    check(raw, Verdict::Repaired, &[BracketedInput, Confusable]);
    let diagnosis = told(raw);
    assert_eq!(diagnosis.confidence, Confidence::Medium);
    let data = diagnosis.data.unwrap();
    assert_eq!(data.product_code.unwrap().as_str(), "04006381333931");
    assert_eq!(data.expiry.unwrap().raw(), "280200");
    assert_eq!(diagnosis.candidates.len(), 1);
    // The serial number may hide the same slip.
    assert!(!told("(01)O4OO6381333931(21)4770366497").is_certain());
    let labelled = "GTIN: O4OO6381333931 SN: 4779366497 LOT: 47 EXP: 15.O2.2O28";
    check(
        labelled,
        Verdict::Repaired,
        &[HumanReadableText, Confusable],
    );
    // The same slips in a code without brackets, also one letter, also in the date alone.
    for raw in [
        "01O4OO638I33393117280200214779366497|1047",
        "010400638I33393117280200214779366497|1047",
        "0104006381333931172B0Z00214779366497|1047",
    ] {
        let raw = raw.replace('|', "\u{1d}");
        check(&raw, Verdict::Repaired, &[Confusable]);
        assert_eq!(told(&raw).confidence, Confidence::Medium);
        check(
            &format!("]d2{raw}"),
            Verdict::Repaired,
            &[AimPrefix, Confusable],
        );
    }
    let raw = "01O4OO6381333932214779366497";
    assert_eq!(told(raw).verdict, Verdict::Rejected);
    let not_a_pack = Verdict::NotAUniqueIdentifier;
    check("O4OO638I33393I", not_a_pack, &[Confusable, LinearCode]);
    check("O4OO638I333932", Verdict::Rejected, &[Unreadable]);
    let wrong = "(01)O4OO6381333932(21)4779366497";
    check(wrong, Verdict::Rejected, &[BracketedInput, ElementInvalid]);
}

#[test]
fn a_short_serial_number_is_doubted_and_not_called_cut() {
    let raw = "]d2010400638133393110L1\u{1d}1728020021ABC12";
    check(raw, Verdict::Suspect, &[Fault::AimPrefix, Fault::Truncated]);
    assert!(told(raw).advice.contains("may be missing"));
}

#[test]
fn a_scanner_set_to_another_layout_is_undone_too() {
    // A scanner set to French types its digits with Shift; a US host shows the signs on those keys.
    let layout = keyboard::layout("fr").unwrap();
    let back = |c: char| {
        ('!'..='~')
            .find(|key| layout.meant(&key.to_string()) == Some(c.to_string()))
            .unwrap()
    };
    let raw: String = "010400638133393121BCDE123456".chars().map(back).collect();
    check(&raw, Verdict::Repaired, &[Fault::KeyboardLayout]);
}

#[test]
fn a_repaired_verification_code_is_said() {
    let code =
        "0104006381333931215ABC\u{1d}91AB12\u{1d}92abcdefghABCDEFGH0123456789abcdefghABCDEFGH01==";
    let raw = letter_case::exchange(&format!("]d2{code}"));
    check(
        &raw,
        Verdict::Repaired,
        &[
            Fault::AimPrefix,
            Fault::CaseInverted,
            Fault::VerificationCodeRepaired,
        ],
    );
}

#[test]
fn configured_affixes_are_taken_off() {
    let context = DeviceContext {
        prefix: Some("#".into()),
        suffix: Some("$".into()),
        ..DeviceContext::unknown(2026)
    };
    let raw = "#]d2010400638133393121ABCD123456$";
    let diagnosis = diagnose(
        &ScanInput {
            raw,
            capture: Capture::Characters,
        },
        &context,
    );
    assert_eq!(
        (diagnosis.verdict, diagnosis.raw.as_str()),
        (Verdict::Ok, raw)
    );
    assert!(diagnosis.has(Fault::ConfiguredAffix));
}

#[test]
fn one_lost_separator_beside_one_that_arrived_is_doubted() {
    use Fault::*;
    for (raw, batch) in [
        ("]d2010400638133393121ABCD123410L1|17280200", "L1"),
        (
            "]d1[)>\u{1e}06|9N111234567842|1TL1D280200|SABCD1234\u{1e}\u{4}",
            "L1",
        ),
    ] {
        let raw = raw.replace('|', "\u{1d}");
        check(&raw, Verdict::Suspect, &[AimPrefix, SeparatorLost]);
        let diagnosis = told(&raw);
        let whole = |data: &ScannedData| {
            data.serial
                .as_ref()
                .is_some_and(|serial| serial.as_str() == "ABCD1234")
                && data
                    .batch
                    .as_ref()
                    .is_some_and(|found| found.as_str() == batch)
                && data.expiry.is_some()
        };
        assert!(
            diagnosis
                .candidates
                .iter()
                .any(|candidate| whole(&candidate.data)),
            "{raw:?}"
        );
    }
}
