//! The error file: the rows with findings as they came, with four more columns `row`, `code`, `message` and `proposal`
//! (users.md, section 3.5).
//!
//! Written in the form of the input: the same separator, encoding and line end for text, a workbook for a workbook. A row
//! with several findings stands once, so that the mended file can be uploaded as it is. Findings about the whole file come
//! first, without original columns. Text cells that a spreadsheet would run as a formula get an apostrophe, and a comment
//! row says so ([`formula_guard`](crate::formula_guard)). An EPCIS document has no columns; its error file is a CSV with the
//! element instead.

use std::borrow::Cow;
use std::io::{self, Read, Seek, Write};
use std::iter::Peekable;

use packtwin_connector_port::serial_file::{ReadRefused, ReadSettings};
use packtwin_connector_port::text_encoding::TextEncoding;
use packtwin_core::finding::Finding;
use rust_xlsxwriter::{Workbook, XlsxError};

use crate::formula_guard::{Guard, needs_guard, without_guard};
use crate::mapping::Mapping;
use crate::recognise::{Kind, LineEnd, Recognised};
use crate::rows::{Cells, RowFault, RowReader};
use crate::serial_csv::TextTable;
use crate::workbook::{SheetRow, Workbook as WorkbookIn, texts_of};

/// The columns behind the original ones.
pub const COLUMNS: [&str; 4] = ["row", "code", "message", "proposal"];

/// What a cell of a workbook can hold.
const CELL_CHARACTERS_MAX: usize = 32_767;

/// Findings of one file in ascending order of their rows, as a store hands them over.
pub type Findings<'f> = dyn Iterator<Item = io::Result<Finding>> + 'f;

/// Why no error file was written.
#[derive(Debug, thiserror::Error)]
pub enum ErrorFileFault {
    /// The original cannot be read.
    #[error(transparent)]
    Original(#[from] ReadRefused),
    /// Findings or bytes could not be moved.
    #[error("the error file could not be written")]
    Io(#[from] io::Error),
    /// The workbook could not be written.
    #[error("the error file could not be written")]
    Workbook(#[from] XlsxError),
}

/// Writes the error file of `input` to `out`; the number of rows with findings comes back.
///
/// # Errors
/// See [`ErrorFileFault`]. What was written so far is to be thrown away.
pub fn write<R: Read + Seek, W: Write + Send>(
    input: R,
    recognised: &Recognised,
    mapping: &Mapping,
    settings: &ReadSettings,
    findings: &mut Findings<'_>,
    out: W,
) -> Result<u64, ErrorFileFault> {
    let rows = RowsOfFindings {
        findings: findings.peekable(),
    };
    match recognised.kind {
        Kind::SeparatedText | Kind::SerialList => text(input, recognised, mapping, rows, out),
        Kind::Workbook => workbook(input, mapping, settings, rows, out),
        Kind::EpcisXml => document(rows, out),
    }
}

fn text<R: Read, W: Write>(
    input: R,
    recognised: &Recognised,
    mapping: &Mapping,
    mut rows: RowsOfFindings<'_, '_>,
    out: W,
) -> Result<u64, ErrorFileFault> {
    let separator = recognised.separator.unwrap_or(b',');
    let mut table = TextTable::new(out, recognised.encoding, separator, recognised.line_end)?;
    let mut reader = RowReader::new(
        recognised.encoding.reader(input),
        recognised.separator,
        recognised.line_end.terminator(),
    );
    let mut cells = Cells::default();
    let mut heading = recognised.heading.clone();
    if heading.is_empty() {
        let width = recognised.first_rows.first().map_or(1, Vec::len);
        heading = (1..=width)
            .map(|number| format!("column {number}"))
            .collect();
    }
    let width = heading.len();
    table.guarded_row(
        Guard::AsReceived,
        heading.iter().map(String::as_str).chain(COLUMNS),
    )?;
    let blank = vec![String::new(); width];
    let mut written = 0;
    while let Some(entry) = rows.next_of(0)? {
        table.guarded_row(
            Guard::AsReceived,
            blank.iter().map(String::as_str).chain(entry.cells()),
        )?;
        written += 1;
    }
    let mut row = 0;
    let mut announced = None;
    let heading_row = mapping.skip_rows + u64::from(mapping.heading);
    while rows.more()? {
        // A row the reader refused ends the file here as it did there.
        let found = reader.next_line().and_then(|more| match more {
            true => reader.split(&mut cells).map(|_| true),
            false => Ok(false),
        });
        let more = match found {
            Ok(more) => more,
            Err(RowFault::Io(error)) => return Err(error.into()),
            Err(_) => false,
        };
        row += 1;
        if !more {
            break;
        }
        announced = cells.get(0).and_then(Guard::announced_by).or(announced);
        while let Some(entry) = rows.next_of(row)? {
            let (guard, mut texts) = match row <= heading_row {
                true => (Guard::AsReceived, blank.clone()),
                false => as_received(&cells, announced),
            };
            texts.resize(width.max(texts.len()), String::new());
            table.guarded_row(guard, texts.iter().map(String::as_str).chain(entry.cells()))?;
            written += 1;
        }
    }
    while let Some(entry) = rows.rest()? {
        table.guarded_row(
            Guard::AsReceived,
            blank.iter().map(String::as_str).chain(entry.cells()),
        )?;
        written += 1;
    }
    table.finish()?;
    Ok(written)
}

/// The cells of a row without the guards that the original announced, and what they are. A cell that begins with a sign
/// without a guard was typed into the file after us, so that the row is no longer one of checked values.
fn as_received(cells: &Cells, announced: Option<Guard>) -> (Guard, Vec<String>) {
    let texts = cells.iter().map(String::from_utf8_lossy);
    let Some(guard) = announced else {
        return (Guard::AsReceived, texts.map(Cow::into_owned).collect());
    };
    let typed = |cell: &[u8]| {
        let cell = String::from_utf8_lossy(cell);
        needs_guard(&cell) && without_guard(&cell) == cell
    };
    let guard = match cells.iter().any(typed) {
        true => Guard::AsReceived,
        false => guard,
    };
    let bare = texts.map(|cell| without_guard(&cell).to_owned());
    (guard, bare.collect())
}

fn workbook<R: Read + Seek, W: Write + Send>(
    input: R,
    mapping: &Mapping,
    settings: &ReadSettings,
    mut rows: RowsOfFindings<'_, '_>,
    out: W,
) -> Result<u64, ErrorFileFault> {
    let mut original = WorkbookIn::open(input, settings.unpacked_bytes_max)?;
    let sheet = original.sheet_to_read(mapping.sheet.as_deref())?;
    let mut reader = original.reader(&sheet)?;
    let mut row = SheetRow::default();
    let mut heading = Vec::new();
    let mut more = reader.next_row(&mut row)?;
    while more && row.number <= mapping.skip_rows {
        more = reader.next_row(&mut row)?;
    }
    if more && mapping.heading {
        heading = texts_of(&row);
        more = reader.next_row(&mut row)?;
    }
    let width = heading.len().max(if more { row.len() } else { 1 });
    heading.resize(width, String::new());

    let mut copy = Workbook::new();
    let out_sheet = copy.add_worksheet_with_constant_memory()?;
    let mut written = 0;
    let mut put = |originals: &[String], added: [&str; 4]| -> Result<(), XlsxError> {
        let cells = originals.iter().map(String::as_str).take(width);
        for (column, cell) in cells.enumerate() {
            let shown: String = cell.chars().take(CELL_CHARACTERS_MAX).collect();
            out_sheet.write_string(written, column as u16, shown)?;
        }
        for (column, cell) in added.into_iter().enumerate() {
            out_sheet.write_string(written, (width + column) as u16, cell)?;
        }
        written += 1;
        Ok(())
    };
    put(&heading, COLUMNS)?;
    while more && rows.more()? {
        while let Some(entry) = rows.next_before(row.number)? {
            put(&[], entry.cells())?;
        }
        while let Some(entry) = rows.next_of(row.number)? {
            put(&texts_of(&row), entry.cells())?;
        }
        more = reader.next_row(&mut row)?;
    }
    while let Some(entry) = rows.rest()? {
        put(&[], entry.cells())?;
    }
    copy.save_to_writer(out)?;
    Ok(u64::from(written) - 1)
}

fn document<W: Write>(mut rows: RowsOfFindings<'_, '_>, out: W) -> Result<u64, ErrorFileFault> {
    let mut table = TextTable::new(out, TextEncoding::UTF_8, b',', LineEnd::Lf)?;
    table.guarded_row(Guard::AsReceived, ["element"].into_iter().chain(COLUMNS))?;
    let mut written = 0;
    while let Some(entry) = rows.rest()? {
        table.guarded_row(
            Guard::AsReceived,
            [entry.columns.as_str()].into_iter().chain(entry.cells()),
        )?;
        written += 1;
    }
    table.finish()?;
    Ok(written)
}

/// All findings of one row.
struct Entry {
    row: String,
    columns: String,
    codes: String,
    messages: String,
    proposals: String,
}

impl Entry {
    fn of(findings: &[Finding]) -> Self {
        let joined = |texts: Vec<String>, between: &str| texts.join(between);
        let mut codes: Vec<String> = Vec::new();
        for code in findings.iter().map(|finding| finding.code.as_str()) {
            if !codes.iter().any(|known| known == code) {
                codes.push(code.to_owned());
            }
        }
        let proposals = findings.iter().filter_map(|finding| {
            let proposal = finding.proposal.as_deref()?;
            Some(match findings.len() {
                1 => proposal.to_owned(),
                _ => format!("{}: {proposal}", finding.column),
            })
        });
        let mut columns: Vec<String> = findings
            .iter()
            .map(|finding| finding.column.clone())
            .collect();
        columns.dedup();
        Entry {
            row: findings
                .first()
                .map_or(String::new(), |finding| match finding.row {
                    0 => String::new(),
                    row => row.to_string(),
                }),
            columns: joined(columns, "; "),
            codes: joined(codes, "; "),
            messages: joined(
                findings
                    .iter()
                    .map(|finding| finding.text.clone())
                    .collect(),
                " / ",
            ),
            proposals: joined(proposals.collect(), "; "),
        }
    }

    fn cells(&self) -> [&str; 4] {
        [&self.row, &self.codes, &self.messages, &self.proposals]
    }
}

/// Findings gathered by row.
struct RowsOfFindings<'f, 'g> {
    findings: Peekable<&'f mut Findings<'g>>,
}

impl RowsOfFindings<'_, '_> {
    fn more(&mut self) -> io::Result<bool> {
        Ok(self.next_row()?.is_some())
    }

    /// The row of the next finding.
    fn next_row(&mut self) -> io::Result<Option<u64>> {
        if let Some(Err(_)) = self.findings.peek()
            && let Some(Err(error)) = self.findings.next()
        {
            return Err(error);
        }
        Ok(match self.findings.peek() {
            Some(Ok(finding)) => Some(finding.row),
            _ => None,
        })
    }

    fn next_of(&mut self, row: u64) -> io::Result<Option<Entry>> {
        let mut found = Vec::new();
        while self.next_row()? == Some(row)
            && let Some(Ok(finding)) = self.findings.next()
        {
            found.push(finding);
        }
        Ok((!found.is_empty()).then(|| Entry::of(&found)))
    }

    fn next_before(&mut self, row: u64) -> io::Result<Option<Entry>> {
        match self.next_row()? {
            Some(next) if next < row => self.next_of(next),
            _ => Ok(None),
        }
    }

    fn rest(&mut self) -> io::Result<Option<Entry>> {
        self.next_before(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial_csv::SerialWorkbookWriter;
    use crate::test_sink::{at, read_bytes, settings};
    use packtwin_core::code::Code;
    use packtwin_core::fact::LotHead;
    use packtwin_core::serial::Serial;
    use std::io::Cursor;

    fn error_file(file: &[u8], more: &[Finding]) -> Vec<u8> {
        let (kept, _, recognised) = read_bytes(file, &[]).unwrap();
        let mapping = Mapping::for_file(&recognised, at());
        let mut all: Vec<Finding> = [kept.findings.as_slice(), more].concat();
        all.sort_by_key(|finding| finding.row);
        let rows: std::collections::BTreeSet<u64> = all.iter().map(|finding| finding.row).collect();
        let mut findings = all.into_iter().map(Ok);
        let mut out = Vec::new();
        let written = write(
            Cursor::new(file),
            &recognised,
            &mapping,
            &settings(&[]),
            &mut findings,
            &mut out,
        )
        .unwrap();
        assert_eq!(written, rows.len() as u64);
        out
    }

    #[test]
    fn rows_with_findings_stand_in_the_form_of_the_input() {
        let file = b"SN;GTIN;LOT;EXP;Pr\xfcfer\r\nA1;04006381333931;L1;290131;x\r\nA 2;04006381333931;L1;290131;\xfc\r\n=A3;04006381333932;L1;290131;+1\r\n";
        let whole = Finding::error(Code::UploadTwoExpiries, 0, "", "Lot L1: two expiry dates");
        let out = error_file(file, &[whole]);
        let text = encoding_free(&out);
        assert_eq!(
            text,
            "SN;GTIN;LOT;EXP;Pr\u{fc}fer;row;code;message;proposal\r\n\
             ;;;;;;UPL-021;Lot L1: two expiry dates;\r\n\
             A 2;04006381333931;L1;290131;\u{fc};3;UPL-012;\"Row 3: serial contains \"\" \"\", which cannot be printed in a GS1 code. It is a space, position 2 of \"\"A 2\"\".\";\r\n\
             # Cells that begin with = + - @ have an apostrophe before them, so that no spreadsheet runs them. They stand here as they were received.\r\n\
             '=A3;04006381333932;L1;290131;'+1;4;UPL-010; UPL-019;".replace("UPL-010; UPL-019", "\"UPL-010; UPL-019\"")
                + "\"Row 4: the code 04006381333932 has a wrong check digit (expected 1). Correct it or accept the proposal. / Row 4: serial is the formula \"\"=A3\"\". Paste values instead of formulas.\";GTIN: 04006381333931\r\n"
        );
    }

    /// The bytes are windows-1252; every character of the test is one of Latin-1.
    fn encoding_free(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    }

    #[test]
    fn the_mended_error_file_can_be_read_again() {
        let file = b"SN,GTIN,LOT,EXP\nA 2,04006381333931,L1,290131\nA3,04006381333931,L1,290131\n";
        let out = String::from_utf8(error_file(file, &[])).unwrap();
        let (kept, ..) = read_bytes(out.replace("A 2,", "A2,").as_bytes(), &[]).unwrap();
        assert_eq!(
            (kept.serials(), kept.told()),
            (vec!["A2".to_owned()], vec![])
        );
    }

    #[test]
    fn a_formula_stays_a_formula_however_often_the_error_file_is_sent() {
        let mut file = b"SN,GTIN,LOT,EXP\n=1+1,04006381333931,L1,290131\n".to_vec();
        for _ in 0..3 {
            let (kept, ..) = read_bytes(&file, &[]).unwrap();
            assert_eq!(kept.serials(), Vec::<String>::new());
            assert_eq!(kept.told().len(), 1);
            assert_eq!(kept.findings[0].code, Code::UploadFormula);
            assert!(
                kept.findings[0].text.contains("\"=1+1\""),
                "{:?}",
                kept.findings
            );
            file = error_file(&file, &[]);
        }
    }

    #[test]
    fn a_checked_serial_that_begins_with_a_sign_comes_back_through_an_error_file() {
        let lot = LotHead {
            product: "09521234543213".parse().unwrap(),
            batch: "L1".parse().unwrap(),
            expiry: packtwin_core::expiry::Expiry::parse("290131", 2026).unwrap(),
            manufactured: None,
        };
        let mut writer = crate::serial_csv::SerialCsvWriter::new(Vec::new()).unwrap();
        for serial in ["=A1", "'=A2", "+A3"] {
            writer.pack(&lot, &Serial::parse(serial).unwrap()).unwrap();
        }
        let file = writer.finish().unwrap();
        let taken = [3, 4, 5].map(|row| Finding::error(Code::UploadSerialTaken, row, "", "taken"));
        let out = error_file(&file, &taken);
        let (kept, ..) = read_bytes(&out, &[]).unwrap();
        assert_eq!(kept.serials(), ["=A1", "'=A2", "+A3"]);
        // A formula typed into such a file is one, also after its error file.
        let typed = String::from_utf8(file).unwrap().replace("'+A3", "=1+1");
        let (kept, ..) = read_bytes(typed.as_bytes(), &[]).unwrap();
        assert_eq!(kept.told(), ["5 UPL-019"]);
        let (kept, ..) = read_bytes(&error_file(typed.as_bytes(), &[]), &[]).unwrap();
        assert_eq!((kept.serials(), kept.told().len()), (Vec::new(), 1));
    }

    #[test]
    fn a_workbook_gets_a_workbook() {
        let lot = LotHead {
            product: "09521234543213".parse().unwrap(),
            batch: "L1".parse().unwrap(),
            expiry: packtwin_core::expiry::Expiry::parse("250131", 2026).unwrap(),
            manufactured: None,
        };
        let mut writer = SerialWorkbookWriter::new().unwrap();
        for serial in ["A1", "A2", "A3"] {
            writer.pack(&lot, &Serial::parse(serial).unwrap()).unwrap();
        }
        let mut file = Cursor::new(Vec::new());
        writer.finish(&mut file).unwrap();
        let taken = Finding::error(Code::UploadSerialTaken, 4, "SerialNumber", "Row 4: taken");
        let out = error_file(file.get_ref(), &[taken]);
        let (kept, _, recognised) = read_bytes(&out, &[]).unwrap();
        assert_eq!(kept.serials(), ["A1", "A3"]);
        assert_eq!(recognised.heading[5..], COLUMNS);
        assert_eq!(recognised.first_rows[1][5..7], ["4", "UPL-014"]);
    }
}
