//! Templates to start from: a comment, the heading and two example rows (users.md, section 4), as CSV and as workbook.
//!
//! The examples are of no real product: GTINs that begin with 952 are set aside by GS1 for demonstration.

use std::io::{self, Write};

use packtwin_connector_port::text_encoding::TextEncoding;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::recognise::LineEnd;
use crate::serial_csv::{HEADING, TextTable};

/// What the file says about itself.
const COMMENT: &str = "# One row for each pack. Dates YYMMDD, day 00 is allowed. Keep serials and codes as text. Replace the two examples.";

const EXAMPLES: [[&str; 5]; 2] = [
    [
        "0A7KQ2M4X9TB",
        "09521234543213",
        "EXAMPLE1",
        "291231",
        "250115",
    ],
    [
        "0B3WN8R5C6HD",
        "09521234543213",
        "EXAMPLE1",
        "291231",
        "250115",
    ],
];

/// Writes the template as CSV: UTF-8 with a byte order mark, since spreadsheets ask for one.
///
/// # Errors
/// Writing failed.
pub fn write_csv<W: Write>(out: W) -> io::Result<W> {
    let encoding = TextEncoding::from_label("utf-8", true).unwrap_or(TextEncoding::UTF_8);
    let mut table = TextTable::new(out, encoding, b';', LineEnd::CrLf)?;
    table.comment(COMMENT)?;
    table.row(HEADING)?;
    for example in EXAMPLES {
        table.row(example)?;
    }
    table.finish()
}

/// Writes the template as a workbook whose columns are text, so that no zero is lost by typing.
///
/// # Errors
/// Writing failed.
pub fn write_workbook<W: Write + Send>(out: W) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let text = Format::new().set_num_format("@");
    let sheet = workbook.add_worksheet();
    sheet.set_name("Serials")?;
    for column in 0..HEADING.len() as u16 {
        sheet.set_column_format(column, &text)?;
        sheet.set_column_width(column, 20)?;
    }
    sheet.write_string(0, 0, COMMENT)?;
    let rows = [HEADING].into_iter().chain(EXAMPLES);
    for (row, cells) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string_with_format(row, column, cell, &text)?;
        }
    }
    workbook.save_to_writer(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_sink::read_bytes;
    use std::io::Cursor;

    fn check(file: &[u8]) {
        let (kept, summary, _) = read_bytes(file, &[]).unwrap();
        assert_eq!(kept.findings, []);
        assert_eq!((summary.rows_with_serial, summary.lots), (2, 1));
        assert!(kept.lots[0].head.as_ref().unwrap().manufactured.is_some());
    }

    #[test]
    fn templates_are_read_without_a_finding() {
        check(&write_csv(Vec::new()).unwrap());
        let mut workbook = Cursor::new(Vec::new());
        write_workbook(&mut workbook).unwrap();
        check(workbook.get_ref());
    }
}
