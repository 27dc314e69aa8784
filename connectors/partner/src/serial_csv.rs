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

use crate::formula_guard::{Guard, needs_guard};
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
    /// The rule that was announced last.
    announced: Option<Guard>,
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
            announced: None,
            line: String::new(),
            bytes: Vec::new(),
        })
    }

    /// Writes a row of checked values.
    ///
    /// # Errors
    /// Writing failed.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) -> io::Result<()> {
        self.guarded_row(Guard::Exact, cells)
    }

    /// Writes a row whose cells are what `guard` says.
    ///
    /// # Errors
    /// Writing failed.
    pub fn guarded_row<'c>(
        &mut self,
        guard: Guard,
        cells: impl IntoIterator<Item = &'c str>,
    ) -> io::Result<()> {
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
        if guarded && self.announced != Some(guard) {
            self.announced = Some(guard);
            let row = std::mem::take(&mut self.line);
            self.comment(guard.note())?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_sink::{Kept, at, read_bytes, settings};
    use packtwin_core::batch_number::BatchNumber;
    use packtwin_core::charset::SET_82;
    use packtwin_core::product_code::ProductCode;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn lot(batch: &str, expiry: &str) -> LotHead {
        LotHead {
            product: ProductCode::parse("09521234543213").unwrap(),
            batch: BatchNumber::parse(batch).unwrap(),
            expiry: Expiry::parse(expiry, 2026).unwrap(),
            manufactured: Some(Expiry::parse("250115", 2026).unwrap().last_day()),
        }
    }

    fn set_82_text() -> impl Strategy<Value = String> {
        let set: Vec<char> = (0..=127_u8)
            .filter(|byte| SET_82[usize::from(*byte)])
            .map(char::from)
            .collect();
        proptest::collection::vec(proptest::sample::select(set), 1..=20)
            .prop_map(|chars| chars.into_iter().collect())
    }

    /// A changed number is refused wherever it stands; no writer can help that.
    fn is_a_changed_number(text: &str) -> bool {
        crate::spreadsheet_number::exponent_form(text)
    }

    /// What the reader says about packs, in words that can be compared.
    fn packs_of(kept: &Kept) -> Vec<(String, LotHead)> {
        kept.rows
            .iter()
            .map(|(_, lot, serial)| {
                let head = kept.lots[lot.0 as usize].head.clone().unwrap();
                (serial.unwrap().to_string(), head)
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn text_of_every_form_reads_back_as_written(
            packs in proptest::collection::vec((set_82_text(), set_82_text(), any::<bool>()), 1..30),
            separator in proptest::sample::select(vec![b';', b',', b'\t', b'|']),
            encoding in proptest::sample::select(vec![("utf-8", false), ("utf-8", true), ("utf-16le", true), ("utf-16be", true), ("utf-16le", false), ("windows-1252", false)]),
            line_end in proptest::sample::select(vec![LineEnd::Lf, LineEnd::CrLf, LineEnd::Cr]),
        ) {
            let packs: Vec<(String, LotHead)> = packs
                .into_iter()
                .filter(|(serial, batch, _)| !is_a_changed_number(serial) && !is_a_changed_number(batch))
                .map(|(serial, batch, first)| (serial, lot(&batch, if first { "290100" } else { "290131" })))
                .collect();
            prop_assume!(!packs.is_empty());
            let encoding = TextEncoding::from_label(encoding.0, encoding.1).unwrap();
            let mut writer = SerialCsvWriter::in_form(Vec::new(), encoding, separator, line_end).unwrap();
            for (serial, lot) in &packs {
                writer.pack(lot, &Serial::parse(serial).unwrap()).unwrap();
            }
            let file = writer.finish().unwrap();
            let (kept, summary, recognised) = read_bytes(&file, &[]).unwrap();
            prop_assert_eq!(kept.findings.len(), 0, "{:?}", kept.findings);
            prop_assert_eq!(packs_of(&kept), packs);
            prop_assert_eq!(summary.bytes, file.len() as u64);
            prop_assert_eq!(recognised.separator, Some(separator));
        }

        #[test]
        fn workbooks_read_back_as_written(packs in proptest::collection::vec((set_82_text(), set_82_text()), 1..10)) {
            let packs: Vec<(String, LotHead)> = packs
                .into_iter()
                .filter(|(serial, batch)| !is_a_changed_number(serial) && !is_a_changed_number(batch))
                .map(|(serial, batch)| (serial, lot(&batch, "290131")))
                .collect();
            prop_assume!(!packs.is_empty());
            let mut writer = SerialWorkbookWriter::new().unwrap();
            for (serial, lot) in &packs {
                writer.pack(lot, &Serial::parse(serial).unwrap()).unwrap();
            }
            let mut file = Cursor::new(Vec::new());
            writer.finish(&mut file).unwrap();
            let (kept, ..) = read_bytes(file.get_ref(), &[]).unwrap();
            prop_assert_eq!(kept.findings.len(), 0, "{:?}", kept.findings);
            prop_assert_eq!(packs_of(&kept), packs);
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..2000), begin in proptest::sample::select(vec!["", "SN;GTIN;LOT;EXP\n", "PK\u{3}\u{4}", "<EPCISDocument>", "\"", "a,b\n\"c"])) {
            bytes.splice(0..0, begin.bytes());
            // Either answer will do; a panic or an endless loop will not.
            if let Ok(recognised) = crate::recognise(Cursor::new(&bytes)) {
                let mapping = crate::Mapping::for_file(&recognised, at());
                let mut kept = Kept::default();
                let read = crate::read(Cursor::new(&bytes), &recognised, &mapping, &settings(&[]), &mut kept);
                prop_assert!(read.is_ok() || read.is_err_and(|refused| refused.code().is_some()));
            }
        }
    }
}
