//! Files by their content: the kind that is found, the heading row, and what no reader reads.

use super::*;
use std::io::Cursor;

fn check(bytes: impl AsRef<[u8]>, expected: Result<&str, Code>) -> Option<Recognised> {
    let found = recognise(Cursor::new(bytes.as_ref()));
    let actual = match &found {
        Ok(recognised) => Ok(recognised.describe()),
        Err(refused) => Err(refused.code().unwrap()),
    };
    assert_eq!(actual.as_deref().map_err(|code| *code), expected);
    found.ok()
}

#[test]
fn kinds_are_found_by_content() {
    let row = "AB12;04006381333931;L1;290131\n";
    check(
        row.repeat(3),
        Ok("text separated by semicolons, UTF-8, 4 columns"),
    );
    check(
        row.replace(';', "\t"),
        Ok("text separated by tabs, UTF-8, 4 columns"),
    );
    check(
        row.replace(';', "|"),
        Ok("text separated by vertical bars, UTF-8, 4 columns"),
    );
    check(
        b"Seriennummer,GTIN,Pr\xfcfer\nA1,04006381333931,x\n",
        Ok("text separated by commas, windows-1252, 3 columns"),
    );
    check("AB12\nAB13\nAB14\n", Ok("list of serials, UTF-8"));
    check(
        "<?xml version='1.0' encoding='iso-8859-15'?>\n<!-- x --><e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:1'/>",
        Ok("EPCIS document, ISO-8859-15"),
    );
    check("<EPCISDocument>", Ok("EPCIS document, UTF-8"));
}

#[test]
fn what_no_reader_reads_is_refused() {
    check("", Err(Code::UploadEmpty));
    check("\u{feff} \r\n", Err(Code::UploadEmpty));
    check(
        "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}",
        Err(Code::UploadBinary),
    );
    check("%PDF-1.7", Err(Code::UploadBinary));
    check(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....",
        Err(Code::UploadBinary),
    );
    check(
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><EPCISDocument>&x;</EPCISDocument>",
        Err(Code::UploadUnsafe),
    );
    check(
        "<!DOCTYPE html><html></html>",
        Err(Code::UploadNotRecognised),
    );
    check("<invoice/>", Err(Code::UploadNotRecognised));
    check("{\"epcisBody\": {}}", Err(Code::UploadNotRecognised));
    check(
        "Dear partner,\nhere is the file.\nRegards\n",
        Err(Code::UploadNotRecognised),
    );
    check(
        "<?xml version='1.0' encoding='klingon'?><EPCISDocument/>",
        Err(Code::UploadEncoding),
    );
    check("PK\u{3}\u{4} and no end", Err(Code::UploadCut));
}

#[test]
fn the_first_line_is_shown_and_cannot_hide_anything() {
    let refused = recognise(Cursor::new("Dear\u{202e}partner \u{7}!\nsecond")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "We could not recognise the file. The first line is \"Dear\\u{202e}partner \\u{7}!\". Choose a template or map the columns."
    );
}

#[test]
fn a_heading_below_a_title_is_found() {
    let file = "Export of 3 May;;;\n;;;\n# comment;;;\nSerien-Nr.;PZN;Ch.-B.;Verwendbar bis\nA1;04006381333931;L1;290131\n";
    let found = check(file, Ok("text separated by semicolons, UTF-8, 4 columns")).unwrap();
    assert_eq!((found.skip_rows, found.first_rows.len()), (3, 1));
    assert_eq!(found.heading[2], "Ch.-B.");
}

#[test]
fn a_batch_called_lot_is_no_heading() {
    let file = "A1;04006381333931;LOT;290131\nA2;04006381333931;LOT;290131\n";
    let found = check(file, Ok("text separated by semicolons, UTF-8, 4 columns")).unwrap();
    assert_eq!(
        (found.skip_rows, found.heading.len(), found.first_rows.len()),
        (0, 0, 2)
    );
}
