//! What a mapping proposes for headings and values, what it leaves open, and that its text form keeps everything.

use super::*;
use crate::test_sink::at;

fn rows(table: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.split(';').map(str::to_owned).collect();
    table.lines().map(cells).collect()
}

fn check(heading: &str, table: &str, expected: &str) {
    let heading = rows(heading).into_iter().next().unwrap_or_default();
    let mapping = Mapping::propose(&heading, &rows(table), at());
    let columns: Vec<String> = mapping
        .columns
        .iter()
        .map(|(field, column)| match column {
            Column::Heading(name) => format!("{}={name}", field.as_str()),
            Column::Number(number) => format!("{}={number}", field.as_str()),
        })
        .chain([mapping.date_format.as_str().to_owned()])
        .collect();
    assert_eq!(columns.join(" "), expected);
    assert_eq!(Mapping::parse(&mapping.to_string()), Ok(mapping));
}

#[test]
fn headings_decide_first() {
    check(
        "Charge;Seriennummer;NTIN;Verfall;Bemerkung",
        "L1;A1;04006381333931;31.01.2029;x\nL1;A2;04006381333931;31.12.2029;x",
        "batch=Charge serial=Seriennummer product_code=NTIN expiry=Verfall dd.mm.yyyy",
    );
}

#[test]
fn values_decide_where_headings_say_nothing() {
    let table = "250101;K7Q2M4X9TB;04006381333931;LOT77;290131\n250101;B3WN8R5C6H;04006381333931;LOT77;290131\n\
        250101;C4XN8R5C6H;04006381333931;LOT77;290131\n250101;D5YN8R5C6H;04006381333931;LOT77;290131";
    check(
        "",
        table,
        "manufactured=1 serial=2 product_code=3 batch=4 expiry=5 auto",
    );
    check(
        "a;b;c;d;e",
        table,
        "manufactured=a serial=b product_code=c batch=d expiry=e auto",
    );
}

#[test]
fn dates_that_can_be_read_in_two_ways_stay_open() {
    check(
        "SN;EXP",
        "A1;02/03/2029\nA2;05/06/2029",
        "serial=SN expiry=EXP auto",
    );
    check(
        "SN;EXP",
        "A1;02/03/2029\nA2;25/06/2029",
        "serial=SN expiry=EXP dd.mm.yyyy",
    );
}

#[test]
fn five_digits_with_a_lost_zero_are_no_day_numbers() {
    check("SN;EXP", "A1;46418\nA2;46425", "serial=SN expiry=EXP excel");
    check("SN;EXP", "A1;10929\nA2;10929", "serial=SN expiry=EXP auto");
    check("SN;EXP", "A1;46418\nA2;50128", "serial=SN expiry=EXP auto");
    check(
        "SN;EXP",
        "A1;03.04.2029\nA2;05.06.2029",
        "serial=SN expiry=EXP dd.mm.yyyy",
    );
}

#[test]
fn a_column_named_by_its_heading_says_that_there_is_one() {
    let by_name = "column.serial=heading:SN\nfixed.expiry=291231";
    assert!(Mapping::parse(by_name).unwrap().heading);
    assert!(!Mapping::parse("column.serial=number:1").unwrap().heading);
    let denied = Mapping::parse("column.serial=heading:SN\nheading=no").unwrap_err();
    assert_eq!(denied.line, 2);
}

#[test]
fn the_heading_may_announce_a_pzn() {
    let announced = |text| Mapping::parse(text).unwrap().announced_product();
    assert_eq!(
        announced("column.product_code=heading:PZN-Nr."),
        Announced::Pzn
    );
    assert_eq!(
        announced("column.product_code=heading:PZN/NTIN"),
        Announced::AnyCode
    );
    assert_eq!(
        announced("column.product_code=number:1"),
        Announced::AnyCode
    );
    assert_eq!(announced("column.batch=heading:PZN"), Announced::AnyCode);
}

#[test]
fn the_text_form_keeps_everything() {
    let mapping = Mapping {
        columns: vec![
            (Field::Serial, Column::Heading("a=b\\n\nc".to_owned())),
            (Field::Batch, Column::Number(3)),
        ],
        fixed: vec![(Field::Expiry, "290131".to_owned())],
        heading: true,
        skip_rows: 2,
        sheet: Some("Tabelle 1".to_owned()),
        date_format: DateFormat::MonthYear,
        serial_length: Some(12),
    };
    assert_eq!(Mapping::parse(&mapping.to_string()), Ok(mapping));
    for wrong in [
        "serial",
        "column.serial=A",
        "column.serial=number:0",
        "column.x=number:1",
        "colour=red",
        "date_format=soon",
    ] {
        assert_eq!(Mapping::parse(wrong).unwrap_err().line, 1, "{wrong}");
    }
}

#[test]
fn columns_without_a_meaning_are_named() {
    let file = b"SN;GTIN;LOT;EXP;Pr\xc3\xbcfer;\nA1;04006381333931;L1;290131;x;y\nA2;04006381333931;L1;290131;x;y\n";
    let recognised = crate::recognise(std::io::Cursor::new(&file[..])).unwrap();
    let mapping = Mapping::for_file(&recognised, crate::test_sink::at());
    assert_eq!(mapping.unread(&recognised), ["Pr\u{fc}fer", "column 6"]);
}

#[test]
fn two_columns_with_one_meaning_are_refused_by_name() {
    for (heading, expected) in [
        (
            "SerialNumber;SerialNumber;GTIN;LOT;EXP",
            "Several columns stand for serial: \"SerialNumber\" (column 1), \"SerialNumber\" (column 2). Choose one in the mapping.",
        ),
        (
            "SN;Expiry;GTIN;LOT;Verfalldatum",
            "Several columns stand for expiry: \"Expiry\" (column 2), \"Verfalldatum\" (column 5). Choose one in the mapping.",
        ),
    ] {
        let file = format!(
            "{heading}\nA1;290131;04006381333931;L1;290131\nA2;290131;04006381333931;L1;290131\n"
        );
        let refused = crate::test_sink::read_bytes(file.as_bytes(), &[]).unwrap_err();
        assert_eq!(
            refused.code(),
            Some(packtwin_core::code::Code::UploadMappingNeeded)
        );
        assert_eq!(refused.to_string(), expected);
    }
    let heading = ["SN", "SN", "GTIN"].map(str::to_owned);
    for (mapping, twice) in [
        ("column.serial=heading:SN", 1),
        ("column.serial=number:2", 0),
        ("column.serial=number:1\ncolumn.serial=number:2", 1),
        ("column.serial=heading:SN\nfixed.serial=A1", 0),
        ("column.ignore=number:1\ncolumn.ignore=number:2", 0),
    ] {
        let mapping = Mapping::parse(mapping).unwrap();
        assert_eq!(mapping.claimed_twice(&heading).len(), twice, "{mapping}");
    }
}

#[test]
fn a_date_in_the_printed_form_settles_the_column() {
    let rows = "A1;290630\nA2;290631\nA3;290731";
    check("SN;EXP", rows, "serial=SN expiry=EXP yymmdd");
    check(
        "SN;EXP",
        "A1;150229\nA2;150230\nA3;150231",
        "serial=SN expiry=EXP ddmmyy",
    );
}
