//! Workbooks built here, whole and hostile: kinds of cells, the chosen sheet, and what is not unpacked.

use super::*;
use crate::test_sink::{Kept, at, read_bytes, settings};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

const RELATIONS: &str = "<Relationships><Relationship Id='r1' Type='x/officeDocument' Target='xl/workbook.xml'/></Relationships>";
const SHEETS: &str = "<workbook><workbookPr date1904='0'/><sheets><sheet name='Empty' r:id='s1'/><sheet name='Packs' r:id='s2'/><sheet name='Other' r:id='s3'/></sheets></workbook>";
const PARTS: &str = "<Relationships><Relationship Id='s1' Type='x/worksheet' Target='worksheets/sheet1.xml'/>\
    <Relationship Id='s2' Type='x/worksheet' Target='/xl/worksheets/sheet2.xml'/><Relationship Id='s3' Type='x/worksheet' Target='worksheets/sheet3.xml'/>\
    <Relationship Id='st' Type='x/styles' Target='styles.xml'/></Relationships>";
const STYLES: &str =
    "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>";

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn workbook(rows: &str) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let other = match rows {
        "" => "<worksheet/>",
        _ => {
            "<worksheet><sheetData><row r='1'><c r='A1'><v>1</v></c></row></sheetData></worksheet>"
        }
    };
    archive(&[
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("xl/workbook.xml", SHEETS.as_bytes()),
        ("xl/_rels/workbook.xml.rels", PARTS.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        (
            "xl/worksheets/sheet1.xml",
            b"<worksheet><sheetData><row r='1'/></sheetData></worksheet>",
        ),
        ("xl/worksheets/sheet2.xml", sheet.as_bytes()),
        ("xl/worksheets/sheet3.xml", other.as_bytes()),
    ])
}

/// A row of the usual four columns; a cell is `t:text`, `n:number`, `d:day number`, `e:error`, or `f:formula`.
fn row(number: u64, cells: [&str; 4]) -> String {
    let cell = |(column, cell): (char, &str)| {
        let (kind, value) = cell.split_once(':').unwrap();
        let name = format!("{column}{number}");
        match kind {
            "t" => format!("<c r='{name}' t='inlineStr'><is><t>{value}</t></is></c>"),
            "n" => format!("<c r='{name}'><v>{value}</v></c>"),
            "d" => format!("<c r='{name}' s='1'><v>{value}</v></c>"),
            "e" => format!("<c r='{name}' t='e'><v>{value}</v></c>"),
            _ => format!("<c r='{name}'><f>{value}</f><v>1</v></c>"),
        }
    };
    let cells: String = ('A'..).zip(cells).map(cell).collect();
    format!("<row r='{number}'>{cells}</row>")
}

fn check(rows: &[[&str; 4]], serials: &[&str], told: &[&str]) {
    let heading = row(1, ["t:SN", "t:GTIN", "t:LOT", "t:EXP"]);
    let body: String = (2..)
        .zip(rows)
        .map(|(number, cells)| row(number, *cells))
        .collect();
    let (kept, summary, recognised) = read_bytes(&workbook(&(heading + &body)), &[]).unwrap();
    assert_eq!(
        (kept.serials(), kept.told()),
        (
            serials.iter().map(|text| (*text).to_owned()).collect(),
            told.iter().map(|text| (*text).to_owned()).collect()
        )
    );
    assert_eq!(recognised.sheet.as_deref(), Some("Packs"));
    assert!(
        summary.not_taken[0].contains("Not read: \"Other\""),
        "{:?}",
        summary.not_taken
    );
}

#[test]
fn cells_keep_their_kind() {
    let clean = ["t:A1", "t:04006381333931", "t:L1", "t:290131"];
    check(&[clean], &["A1"], &[]);
    check(
        &[["t:A1", "n:4006381333931", "t:L1", "d:47149"]],
        &["A1"],
        &[],
    );
    check(
        &[["n:471200", "t:04006381333931", "t:L1", "n:290131"]],
        &["471200"],
        &["2 UPL-017"],
    );
    check(
        &[
            [
                "n:1.2345678901234E+19",
                "t:04006381333931",
                "t:L1",
                "t:290131",
            ],
            clean,
        ],
        &["A1"],
        &["2 UPL-017", "2 UPL-016"],
    );
    check(
        &[["f:A1+1", "t:04006381333931", "t:L1", "t:290131"], clean],
        &["A1"],
        &["2 UPL-019"],
    );
    check(
        &[["t:=A1", "t:04006381333931", "t:L1", "t:290131"]],
        &["=A1"],
        &[],
    );
    check(
        &[["t: A1", "t:04006381333931", "n:12", "t:290131"]],
        &[],
        &["2 UPL-017", "2 UPL-047 -> A1"],
    );
}

#[test]
fn a_cell_that_could_not_be_computed_is_no_comment() {
    let rest = ["t:04006381333931", "t:L1", "t:290131"];
    check(
        &[
            ["t:A1", rest[0], rest[1], rest[2]],
            ["e:#N/A", rest[0], rest[1], rest[2]],
            ["t:#REF!", rest[0], rest[1], rest[2]],
            ["t:# A4", rest[0], rest[1], rest[2]],
        ],
        &["A1"],
        &["3 UPL-019", "4 UPL-012", "5 UPL-012"],
    );
}

#[test]
fn the_mapping_chooses_the_sheet() {
    let rows = row(1, ["t:SN", "t:GTIN", "t:LOT", "t:EXP"])
        + &row(3, ["t:A1", "t:04006381333931", "t:L1", "t:290131"]);
    let file = workbook(&rows);
    let recognised = crate::recognise(Cursor::new(&file)).unwrap();
    assert_eq!(recognised.sheets, ["Empty", "Packs", "Other"]);
    let mut mapping = Mapping::for_file(&recognised, at());
    let mut kept = Kept::default();
    crate::read(
        Cursor::new(&file),
        &recognised,
        &mapping,
        &settings(&[]),
        &mut kept,
    )
    .unwrap();
    assert_eq!(kept.rows[0].0, 3);
    mapping.sheet = Some("Nowhere".to_owned());
    let refused = crate::read(
        Cursor::new(&file),
        &recognised,
        &mapping,
        &settings(&[]),
        &mut kept,
    )
    .unwrap_err();
    assert_eq!(refused.code(), Some(Code::UploadMappingNeeded));
}

fn refused(file: &[u8]) -> Code {
    match read_bytes(file, &[]) {
        Ok((_, summary, _)) => panic!("{summary:?}"),
        Err(refused) => refused.code().unwrap_or_else(|| panic!("{refused:?}")),
    }
}

#[test]
fn bombs_are_not_unpacked() {
    let heading = row(1, ["t:SN", "t:GTIN", "t:LOT", "t:EXP"]);
    let bomb = format!("{heading}{}", " ".repeat(8 << 20));
    assert_eq!(refused(&workbook(&bomb)), Code::UploadUnsafe);
    // The same by the limit of bytes, which a ratio below 100 passes.
    let file = workbook(&(heading + &row(2, ["t:A1", "t:04006381333931", "t:L1", "t:290131"])));
    let recognised = crate::recognise(Cursor::new(&file)).unwrap();
    let mapping = Mapping::for_file(&recognised, at());
    let mut small = settings(&[]);
    small.unpacked_bytes_max = 600;
    let stopped = crate::read(
        Cursor::new(&file),
        &recognised,
        &mapping,
        &small,
        &mut Kept::default(),
    )
    .unwrap_err();
    assert_eq!(stopped.code(), Some(Code::UploadUnsafe));
}

#[test]
fn hostile_archives_are_refused() {
    let many: Vec<String> = (0..10_001).map(|number| format!("p{number}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(refused(&archive(&many)), Code::UploadUnsafe);
    assert_eq!(
        refused(&archive(&[("../../etc/passwd", b"x")])),
        Code::UploadUnsafe
    );
    let entities = "<!DOCTYPE w [<!ENTITY a 'b'>]><workbook>&a;</workbook>";
    assert_eq!(
        refused(&archive(&[("xl/workbook.xml", entities.as_bytes())])),
        Code::UploadUnsafe
    );
    let whole = workbook(&row(1, ["t:SN", "t:GTIN", "t:LOT", "t:EXP"]));
    for length in [30, whole.len() / 2, whole.len() - 10] {
        assert_eq!(refused(&whole[..length]), Code::UploadCut);
    }
    let wide = format!(
        "<row r='1'><c r='XFD1'><v>1</v></c></row>{}",
        row(2, ["t:SN", "t:GTIN", "t:LOT", "t:EXP"])
    );
    assert_eq!(refused(&workbook(&wide)), Code::UploadColumnCount);
}

#[test]
fn other_archives_are_named() {
    assert_eq!(
        refused(&archive(&[("word/document.xml", b"<x/>")])),
        Code::UploadNotRecognised
    );
    assert_eq!(
        refused(&archive(&[("xl/workbook.bin", b"")])),
        Code::UploadNotRecognised
    );
    assert_eq!(
        refused(&archive(&[("lot.csv", b"a,b")])),
        Code::UploadNotRecognised
    );
    assert_eq!(refused(&workbook("")), Code::UploadEmpty);
}
