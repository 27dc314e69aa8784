//! The rows of one sheet (ECMA-376, part 1, section 18.3), one at a time.

use std::io::Read;

use chrono::NaiveDate;
use packtwin_connector_port::safe_xml::{SafeXml, XmlEvent, attribute, local_name};
use packtwin_connector_port::serial_file::ReadRefused;
use packtwin_core::code::Code;

use super::shared_strings::SharedStrings;
use super::styles::Styles;
use super::xml_refused;
use crate::cells::Cell;
use crate::dates::excel_day;
use crate::rows::{CELLS_MAX, ROW_BYTES_MAX};

/// Days between the two ways to count: from 1900 (with a leap day that never was) and from 1904.
const DAYS_1904: u64 = 1462;

/// One row with its cells.
#[derive(Debug, Default)]
pub(crate) struct SheetRow {
    /// Its number in the sheet, counted from 1.
    pub(crate) number: u64,
    /// Whether it is hidden; it is read all the same.
    pub(crate) hidden: bool,
    text: String,
    cells: Vec<SheetCell>,
}

#[derive(Debug, Clone, Copy, Default)]
struct SheetCell {
    kind: CellKind,
    start: usize,
    end: usize,
    date: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum CellKind {
    #[default]
    Text,
    Number,
    Date,
    Formula,
    Other,
}

impl SheetRow {
    /// The cell at this place; empty text where the row has none.
    pub(crate) fn cell(&self, place: usize) -> Cell<'_> {
        let Some(cell) = self.cells.get(place) else {
            return Cell::Text("");
        };
        let text = &self.text[cell.start..cell.end];
        match (cell.kind, cell.date) {
            (CellKind::Date, Some(date)) => Cell::Date(date),
            (CellKind::Text, _) => Cell::Text(text),
            (CellKind::Number | CellKind::Date, _) => Cell::Number(text),
            (CellKind::Formula, _) => Cell::Formula(text),
            (CellKind::Other, _) => Cell::Other(text),
        }
    }

    /// Cells up to the last one.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether no cell holds anything.
    pub(crate) fn is_blank(&self) -> bool {
        self.cells
            .iter()
            .all(|cell| self.text[cell.start..cell.end].trim().is_empty())
    }

    fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.hidden = false;
    }
}

/// Reads a sheet row by row.
pub(crate) struct SheetReader<'w, R: Read> {
    xml: SafeXml<R>,
    strings: &'w mut SharedStrings,
    styles: &'w Styles,
    counts_from_1904: bool,
    /// Merged areas, known when the last row was read.
    pub(crate) merged: u64,
    value: String,
    formula: String,
}

/// The cell that is being read.
#[derive(Default)]
struct OpenCell {
    place: usize,
    kind: Vec<u8>,
    format: usize,
    has_formula: bool,
}

impl<'w, R: Read> SheetReader<'w, std::io::Chain<std::io::Cursor<Vec<u8>>, R>> {
    /// Begins to read the part of a sheet.
    pub(crate) fn new(
        part: R,
        strings: &'w mut SharedStrings,
        styles: &'w Styles,
        counts_from_1904: bool,
    ) -> Result<Self, ReadRefused> {
        Ok(SheetReader {
            xml: SafeXml::new(part).map_err(|fault| xml_refused(fault, "the sheet"))?,
            strings,
            styles,
            counts_from_1904,
            merged: 0,
            value: String::new(),
            formula: String::new(),
        })
    }
}

impl<R: Read> SheetReader<'_, R> {
    /// Reads the next row into `row`; false after the last.
    pub(crate) fn next_row(&mut self, row: &mut SheetRow) -> Result<bool, ReadRefused> {
        row.clear();
        let mut in_row = false;
        let mut cell: Option<OpenCell> = None;
        let mut inside = Inside::Nothing;
        loop {
            let event = self
                .xml
                .next_event()
                .map_err(|fault| xml_refused(fault, "the sheet"))?;
            match event {
                XmlEvent::Start(element) => match local_name(&element) {
                    "row" => {
                        in_row = true;
                        row.hidden =
                            matches!(attribute(&element, "hidden").as_deref(), Some("1" | "true"));
                        row.number = attribute(&element, "r")
                            .and_then(|text| text.parse().ok())
                            .unwrap_or(row.number + 1);
                    }
                    "c" if in_row => {
                        self.value.clear();
                        self.formula.clear();
                        let place = attribute(&element, "r").and_then(|name| column_of(&name));
                        cell = Some(OpenCell {
                            place: place.unwrap_or(row.cells.len()),
                            kind: attribute(&element, "t").unwrap_or_default().into_bytes(),
                            format: attribute(&element, "s")
                                .and_then(|text| text.parse().ok())
                                .unwrap_or(0),
                            has_formula: false,
                        });
                    }
                    "v" => inside = Inside::Value,
                    "t" if cell.is_some() && inside != Inside::Phonetic => inside = Inside::Value,
                    "rPh" => inside = Inside::Phonetic,
                    "f" => {
                        inside = Inside::Formula;
                        if let Some(cell) = &mut cell {
                            cell.has_formula = true;
                        }
                    }
                    "mergeCell" => self.merged += 1,
                    _ => {}
                },
                XmlEvent::Text(text) => match inside {
                    Inside::Value => self.value.push_str(&text),
                    Inside::Formula => self.formula.push_str(&text),
                    Inside::Phonetic | Inside::Nothing => {}
                },
                XmlEvent::End => {
                    // Values have no elements inside, so the next end is theirs; only phonetic text has, and is left out whole.
                    match inside {
                        Inside::Value | Inside::Formula => inside = Inside::Nothing,
                        Inside::Phonetic => inside = Inside::Nothing,
                        Inside::Nothing if self.xml.depth() == CELL_DEPTH => {
                            if let Some(cell) = cell.take() {
                                self.take_cell(&cell, row)?;
                            }
                        }
                        Inside::Nothing if in_row && self.xml.depth() < CELL_DEPTH => {
                            return Ok(true);
                        }
                        Inside::Nothing => {}
                    }
                }
                XmlEvent::Other => {}
                XmlEvent::Complete => return Ok(false),
            }
        }
    }

    fn take_cell(&mut self, cell: &OpenCell, row: &mut SheetRow) -> Result<(), ReadRefused> {
        let number = row.number;
        let refused = |what: &str| {
            ReadRefused::at_row(
                Code::UploadColumnCount,
                number,
                format!("Row {number} is {what}, which no serial file has."),
            )
        };
        if cell.place >= CELLS_MAX {
            // Formats reach to the last column of a sheet; only a value there is one column too many.
            return match self.value.is_empty() && !cell.has_formula {
                true => Ok(()),
                false => Err(refused("more than 256 columns")),
            };
        }
        let start = row.text.len();
        let mut date = None;
        let kind = match cell.kind.as_slice() {
            _ if cell.has_formula => {
                row.text.push_str(&self.formula);
                CellKind::Formula
            }
            b"s" => {
                let index = self.value.trim().parse().unwrap_or(u32::MAX);
                row.text.push_str(self.strings.get(index)?);
                CellKind::Text
            }
            b"str" | b"inlineStr" => {
                row.text.push_str(&self.value);
                CellKind::Text
            }
            b"b" | b"e" => {
                row.text.push_str(&self.value);
                CellKind::Other
            }
            b"d" => {
                row.text.push_str(&self.value);
                date = self.value.get(..10).and_then(|day| day.parse().ok());
                CellKind::Date
            }
            _ if self.value.is_empty() => CellKind::Text,
            _ => {
                row.text.push_str(&self.value);
                date = self.date_of(cell.format);
                if date.is_some() {
                    CellKind::Date
                } else {
                    CellKind::Number
                }
            }
        };
        if row.text.len() > ROW_BYTES_MAX {
            return Err(refused("longer than 64 KiB"));
        }
        if row.cells.len() <= cell.place {
            row.cells.resize(cell.place + 1, SheetCell::default());
        }
        row.cells[cell.place] = SheetCell {
            kind,
            start,
            end: row.text.len(),
            date,
        };
        Ok(())
    }

    /// The day of a number that is shown as a date; a time of day is left out.
    fn date_of(&self, format: usize) -> Option<NaiveDate> {
        if !self.styles.is_date(format) {
            return None;
        }
        let days: f64 = self.value.parse().ok()?;
        let whole = (1.0..3_000_000.0).contains(&days).then_some(days as u64)?;
        excel_day(whole + if self.counts_from_1904 { DAYS_1904 } else { 0 })
    }
}

/// How many elements stay open when a cell ends: worksheet, sheetData and row.
const CELL_DEPTH: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    Value,
    Formula,
    Phonetic,
}

/// The column of a cell name such as `AB12`, counted from 0.
fn column_of(name: &str) -> Option<usize> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic);
    let number = letters.fold(0_usize, |number, letter| {
        number
            .saturating_mul(26)
            .saturating_add(usize::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    number.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sheet_data: &str, expected: &[(u64, &[Cell<'_>])]) {
        let sheet = format!(
            "<worksheet><dimension ref='A1'/><sheetData>{sheet_data}</sheetData><mergeCells><mergeCell ref='A1:B1'/></mergeCells></worksheet>"
        );
        let table = "<sst><si><t>shared</t></si></sst>";
        let mut strings = SharedStrings::read(table.as_bytes()).unwrap();
        let formats =
            "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>";
        let styles = Styles::read(formats.as_bytes()).unwrap();
        let mut reader = SheetReader::new(sheet.as_bytes(), &mut strings, &styles, false).unwrap();
        let mut row = SheetRow::default();
        for (number, cells) in expected {
            assert!(reader.next_row(&mut row).unwrap(), "{sheet_data}");
            let actual: Vec<Cell<'_>> = (0..row.len()).map(|place| row.cell(place)).collect();
            assert_eq!(
                (row.number, actual.as_slice()),
                (*number, *cells),
                "{sheet_data}"
            );
        }
        assert!(!reader.next_row(&mut row).unwrap());
        assert_eq!(reader.merged, 1);
    }

    #[test]
    fn cells_of_every_kind() {
        let day = NaiveDate::from_ymd_opt(2027, 1, 31).unwrap();
        check(
            "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='C1' t='inlineStr'><is><t xml:space='preserve'> x </t></is></c></row>\
             <row r='5' hidden='1'><c r='A5'><v>1.2E3</v></c><c r='B5' s='1'><v>46418</v></c><c r='C5'><f>A1&amp;\"x\"</f><v>7</v></c></row>\
             <row><c t='inlineStr'><is><r><t>a</t></r><r><t>b</t></r><rPh sb='0' eb='1'><t>no</t></rPh></is></c><c t='e'><v>#N/A</v></c><c/></row>",
            &[
                (
                    1,
                    &[Cell::Text("shared"), Cell::Text(""), Cell::Text(" x ")],
                ),
                (
                    5,
                    &[
                        Cell::Number("1.2E3"),
                        Cell::Date(day),
                        Cell::Formula("A1&\"x\""),
                    ],
                ),
                (6, &[Cell::Text("ab"), Cell::Other("#N/A"), Cell::Text("")]),
            ],
        );
        check("", &[]);
    }

    #[test]
    fn columns_have_letters() {
        assert_eq!(column_of("A1"), Some(0));
        assert_eq!(column_of("Z9"), Some(25));
        assert_eq!(column_of("AA10"), Some(26));
        assert_eq!(column_of("XFD1"), Some(16_383));
        assert_eq!(column_of("12"), None);
    }
}
