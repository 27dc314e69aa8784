//! Writes packs as the five columns every partner's reader knows: `SerialNumber,GTIN,Batch,ExpirationDate,ManufacturingDate`
//! with dates YYMMDD, as text or as workbook.
//!
//! Reading back gives the same packs. Cells a spreadsheet would run as a formula are guarded and announced, see
//! [`formula_guard`](crate::formula_guard).

use std::io::{self, Write};

use packtwin_connector_port::text_encoding::TextEncoding;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::LotHead;
use packtwin_core::serial::Serial;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::formula_guard::{NOTE, needs_guard};
use crate::recognise::LineEnd;
use crate::rows::push_cell;

/// The heading.
pub const HEADING: [&str; 5] = [
    "SerialNumber",
    "GTIN",
    "Batch",
    "ExpirationDate",
    "ManufacturingDate",
];

/// Rows of a sheet, heading included.
const SHEET_ROWS_MAX: u32 = 1_048_576;

/// Writes separated text row by row, in any encoding.
pub struct TextTable<W: Write> {
    out: W,
    encoding: TextEncoding,
    separator: u8,
    line_end: LineEnd,
    note_written: bool,
    line: String,
    bytes: Vec<u8>,
}

impl<W: Write> TextTable<W> {
    /// Begins a file, with a byte order mark where the encoding has one.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(
        mut out: W,
        encoding: TextEncoding,
        separator: u8,
        line_end: LineEnd,
    ) -> io::Result<Self> {
        out.write_all(encoding.mark_bytes())?;
        Ok(TextTable {
            out,
            encoding,
            separator,
            line_end,
            note_written: false,
            line: String::new(),
            bytes: Vec::new(),
        })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Writing failed.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) -> io::Result<()> {
        self.line.clear();
        let mut guarded = false;
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.line.push(char::from(self.separator));
            }
            if needs_guard(cell) {
                guarded = true;
                push_cell(&mut self.line, &format!("'{cell}"), self.separator);
            } else {
                push_cell(&mut self.line, cell, self.separator);
            }
        }
        if guarded && !self.note_written {
            self.note_written = true;
            let row = std::mem::take(&mut self.line);
            self.comment(NOTE)?;
            self.line = row;
        }
        self.end_row()
    }

    /// Writes a comment row; `text` begins with `#`.
    ///
    /// # Errors
    /// Writing failed.
    pub fn comment(&mut self, text: &str) -> io::Result<()> {
        self.line.clear();
        push_cell(&mut self.line, text, self.separator);
        self.end_row()
    }

    /// Writes the rest out.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn end_row(&mut self) -> io::Result<()> {
        self.line.push_str(self.line_end.as_str());
        self.bytes.clear();
        self.encoding.encode(&self.line, &mut self.bytes);
        self.out.write_all(&self.bytes)
    }
}

/// Writes packs as text.
pub struct SerialCsvWriter<W: Write>(TextTable<W>);

impl<W: Write> SerialCsvWriter<W> {
    /// Begins with the heading: UTF-8, commas, LF.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(out: W) -> io::Result<Self> {
        SerialCsvWriter::in_form(out, TextEncoding::UTF_8, b',', LineEnd::Lf)
    }

    /// Begins with the heading, in the form of another file.
    ///
    /// # Errors
    /// Writing failed.
    pub fn in_form(
        out: W,
        encoding: TextEncoding,
        separator: u8,
        line_end: LineEnd,
    ) -> io::Result<Self> {
        let mut table = TextTable::new(out, encoding, separator, line_end)?;
        table.row(HEADING)?;
        Ok(SerialCsvWriter(table))
    }

    /// Writes a pack.
    ///
    /// # Errors
    /// Writing failed.
    pub fn pack(&mut self, lot: &LotHead, serial: &Serial) -> io::Result<()> {
        let manufactured = lot.manufactured.map(Expiry::from_date);
        self.0.row(cells(lot, serial, manufactured.as_ref()))
    }

    /// Writes the rest out.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

/// Writes packs as a workbook of one sheet, row by row to a temporary file.
pub struct SerialWorkbookWriter {
    workbook: Workbook,
    text: Format,
    rows: u32,
}

/// Why a workbook cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// A sheet ends at 1,048,576 rows.
    #[error("a sheet holds at most 1,048,575 packs; write CSV, or one workbook for each lot")]
    Full,
    /// Writing failed.
    #[error("the workbook could not be written")]
    Write(#[from] XlsxError),
}

impl SerialWorkbookWriter {
    /// Begins with the heading.
    ///
    /// # Errors
    /// No temporary file could be made.
    pub fn new() -> Result<Self, WorkbookError> {
        let mut writer = SerialWorkbookWriter {
            workbook: Workbook::new(),
            text: Format::new().set_num_format("@"),
            rows: 0,
        };
        let sheet = writer.workbook.add_worksheet_with_constant_memory()?;
        for column in 0..HEADING.len() as u16 {
            sheet.set_column_format(column, &writer.text)?;
        }
        writer.row(HEADING)?;
        Ok(writer)
    }

    /// Writes a pack.
    ///
    /// # Errors
    /// See [`WorkbookError`].
    pub fn pack(&mut self, lot: &LotHead, serial: &Serial) -> Result<(), WorkbookError> {
        let manufactured = lot.manufactured.map(Expiry::from_date);
        self.row(cells(lot, serial, manufactured.as_ref()))
    }

    /// Writes the workbook.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish<W: Write + Send>(mut self, out: W) -> Result<(), WorkbookError> {
        Ok(self.workbook.save_to_writer(out)?)
    }

    fn row(&mut self, cells: [&str; 5]) -> Result<(), WorkbookError> {
        if self.rows == SHEET_ROWS_MAX {
            return Err(WorkbookError::Full);
        }
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, cell) in cells.iter().enumerate() {
            // Cells without text stay empty, but keep their format, so that zeros survive what is typed there.
            sheet.write_string_with_format(self.rows, column as u16, *cell, &self.text)?;
        }
        self.rows += 1;
        Ok(())
    }
}

fn cells<'c>(
    lot: &'c LotHead,
    serial: &'c Serial,
    manufactured: Option<&'c Expiry>,
) -> [&'c str; 5] {
    [
        serial.as_str(),
        lot.product.as_str(),
        lot.batch.as_str(),
        lot.expiry.as_str(),
        manufactured.map_or("", Expiry::as_str),
    ]
}
