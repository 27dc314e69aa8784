//! The check of one row, the same for text and workbooks: values become a lot and a serial, or findings (users.md,
//! section 5, UPL-010 to UPL-047).
//!
//! All faults of a row are found at once. A fault whose code someone accepted is mended with its proposal, and the finding
//! says so. The lot columns are interned: a combination is checked where it first stands, and costs a comparison after.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::NaiveDate;
use packtwin_connector_port::serial_check::{Flaw, check_batch, check_serial, errors_of, quoted};
use packtwin_connector_port::serial_file::{
    FileSummary, LotIndex, ReadRefused, ReadSettings, SeenLot, SerialFileSink,
};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::LotHead;
use packtwin_core::finding::Severity;
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;

use crate::dates::{Settled, check_date};
use crate::formula_guard::{Guard, without_guard};
use crate::mapping::{Field, Mapping};
use crate::product_cell::check_product;
use crate::spreadsheet_number::{exponent_form, whole_digits};

/// Rows between two reports of progress.
pub(crate) const PROGRESS_ROWS: u64 = 8192;

/// One value as the file holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Characters.
    Text(&'a str),
    /// A number of a workbook, as its XML writes it.
    Number(&'a str),
    /// A number of a workbook that is shown as a date.
    Date(NaiveDate),
    /// A formula of a workbook.
    Formula(&'a str),
    /// `TRUE`, `#N/A` and the like.
    Other(&'a str),
}

/// The values of the fields in one row, in the order of [`Field`]; empty text where the file has none.
pub(crate) type RowCells<'a> = [Cell<'a>; FIELDS];

/// Fields that are read: all but [`Field::Ignore`].
pub(crate) const FIELDS: usize = 6;

/// The place of a field in [`RowCells`].
pub(crate) const fn slot(field: Field) -> usize {
    field as usize
}

/// Checks rows and hands them to the sink.
pub(crate) struct RowChecker<'a> {
    mapping: &'a Mapping,
    settings: &'a ReadSettings,
    sink: &'a mut dyn SerialFileSink,
    /// The headings of the fields, as findings name them.
    columns: [String; FIELDS],
    /// Text cells that begin with `=` are formulas: true of text files, not of workbooks.
    text_formulas: bool,
    /// Set below the row that announces guarded cells.
    pub(crate) guarded: Option<Guard>,
    lots: HashMap<Vec<u8>, LotIndex>,
    /// The errors and fixes of a lot's values, which hold for every row that has them.
    lasting: HashMap<LotIndex, Vec<(Field, Flaw)>>,
    last_key: Vec<u8>,
    last_lot: Option<LotIndex>,
    scratch_key: Vec<u8>,
    numbers_told: bool,
    /// What earlier rows say of the expiry and the manufacturing date.
    dates_settled: [Settled; 2],
    pub(crate) summary: FileSummary,
}

/// A value with what was found on the way to it; `None` when an error remains.
struct Judged<T> {
    value: Option<T>,
    flaws: Vec<Flaw>,
}

impl<'a> RowChecker<'a> {
    pub(crate) fn new(
        mapping: &'a Mapping,
        settings: &'a ReadSettings,
        sink: &'a mut dyn SerialFileSink,
        columns: [String; FIELDS],
        text_formulas: bool,
    ) -> Self {
        RowChecker {
            mapping,
            settings,
            sink,
            columns,
            text_formulas,
            guarded: None,
            lots: HashMap::new(),
            lasting: HashMap::new(),
            last_key: Vec::new(),
            last_lot: None,
            scratch_key: Vec::new(),
            numbers_told: false,
            dates_settled: [Settled::NotYet; 2],
            summary: FileSummary::default(),
        }
    }

    /// Checks a row; the lot it belongs to comes back.
    pub(crate) fn row(&mut self, row: u64, cells: &RowCells<'_>) -> Result<LotIndex, ReadRefused> {
        let lot = self.lot(row, cells)?;
        let judged = self.serial(&cells[slot(Field::Serial)]);
        self.report(row, Field::Serial, judged.flaws)?;
        self.good_row(row, lot, judged.value)?;
        Ok(lot)
    }

    /// Hands over a row whose values are known to be right, or to have been reported.
    pub(crate) fn good_row(
        &mut self,
        row: u64,
        lot: LotIndex,
        serial: Option<Serial>,
    ) -> Result<(), ReadRefused> {
        self.summary.rows += 1;
        self.summary.rows_with_serial += u64::from(serial.is_some());
        Ok(self.sink.row(row, lot, serial)?)
    }

    /// A finding about the row as a whole.
    pub(crate) fn row_flaw(&mut self, row: u64, flaw: Flaw) -> Result<(), ReadRefused> {
        self.summary.count(flaw.severity);
        Ok(self.sink.finding(flaw.at(&format!("Row {row}"), row, ""))?)
    }

    /// Reports how far the file was read.
    pub(crate) fn progress(&mut self, bytes: u64) -> Result<(), ReadRefused> {
        self.summary.bytes = bytes;
        Ok(self.sink.progress(bytes)?)
    }

    /// Whether a serial may need more than the test of its characters.
    pub(crate) fn expects_length(&self) -> usize {
        self.mapping.serial_length.unwrap_or(0)
    }

    fn lot(&mut self, row: u64, cells: &RowCells<'_>) -> Result<LotIndex, ReadRefused> {
        let mut key = std::mem::take(&mut self.scratch_key);
        lot_key(cells, &mut key);
        let known = match self.last_lot {
            Some(lot) if key == self.last_key => Some(lot),
            _ => self.lots.get(&key).copied(),
        };
        let lot = match known {
            Some(lot) => {
                self.tell_again(row, lot)?;
                lot
            }
            None => {
                if self.summary.lots >= self.settings.lots_max {
                    return Err(ReadRefused::at_row(
                        Code::UploadTooManyLots,
                        row,
                        format!(
                            "Row {row}: the file holds more than {} lots, which is more than one upload may. Split the file, or check whether the batch column is really a batch number.",
                            self.settings.lots_max
                        ),
                    ));
                }
                let lot = self.new_lot(row, cells)?;
                self.summary.lots += 1;
                self.lots.insert(key.clone(), lot);
                lot
            }
        };
        self.last_lot = Some(lot);
        self.scratch_key = std::mem::replace(&mut self.last_key, key);
        Ok(lot)
    }

    fn new_lot(&mut self, row: u64, cells: &RowCells<'_>) -> Result<LotIndex, ReadRefused> {
        let product = self.product(&cells[slot(Field::ProductCode)]);
        let batch = self.batch(&cells[slot(Field::Batch)]);
        let expiry = self.expiry(&cells[slot(Field::Expiry)]);
        let manufactured = self.manufactured(&cells[slot(Field::Manufactured)]);
        let year = self.settings.at.year();
        for (settled, field) in self
            .dates_settled
            .iter_mut()
            .zip([Field::Expiry, Field::Manufactured])
        {
            if let Cell::Text(text) = cells[slot(field)]
                && self.mapping.date_format.read(text.trim(), year).is_some()
            {
                *settled = Settled::ByOtherRows;
            }
        }
        let head = match (product.value, batch.value, expiry.value, manufactured.value) {
            (Some(product), Some(batch), Some(expiry), Some(manufactured)) => Some(LotHead {
                product,
                batch,
                expiry,
                manufactured,
            }),
            _ => None,
        };
        let shown = |field| as_shown(&cells[slot(field)]).into_owned();
        let lot = self.sink.lot(SeenLot {
            product_text: shown(Field::ProductCode),
            batch_text: shown(Field::Batch),
            expiry_text: shown(Field::Expiry),
            market_text: shown(Field::Market),
            product: product.value,
            flawed_by: match &head {
                Some(_) => Vec::new(),
                None => errors_of(
                    [
                        &product.flaws,
                        &batch.flaws,
                        &expiry.flaws,
                        &manufactured.flaws,
                    ]
                    .into_iter()
                    .flatten(),
                ),
            },
            head,
        })?;
        let mut lasting = Vec::new();
        for (field, flaws) in [
            (Field::ProductCode, product.flaws),
            (Field::Batch, batch.flaws),
            (Field::Expiry, expiry.flaws),
            (Field::Manufactured, manufactured.flaws),
        ] {
            let lasts = |flaw: &&Flaw| flaw.severity != Severity::Warning;
            lasting.extend(flaws.iter().filter(lasts).map(|flaw| (field, flaw.clone())));
            self.report(row, field, flaws)?;
        }
        if !lasting.is_empty() {
            self.lasting.insert(lot, lasting);
        }
        Ok(lot)
    }

    /// Tells a further row what was found in the values of its lot, which are judged once.
    fn tell_again(&mut self, row: u64, lot: LotIndex) -> Result<(), ReadRefused> {
        if !self.is_clean(lot) {
            let lasting = self.lasting.get(&lot).cloned().unwrap_or_default();
            for (field, flaw) in lasting {
                self.report(row, field, vec![flaw])?;
            }
        }
        Ok(())
    }

    /// Whether nothing is to be told of the lot's values in its further rows.
    pub(crate) fn is_clean(&self, lot: LotIndex) -> bool {
        !self.lasting.contains_key(&lot)
    }

    fn serial(&mut self, cell: &Cell<'_>) -> Judged<Serial> {
        let mut flaws = Vec::new();
        if matches!(cell, Cell::Number(_)) && !self.numbers_told {
            self.numbers_told = true;
            flaws.push(Flaw::warning(
                Code::UploadLeadingZeroLost,
                "serials are stored as numbers; leading zeros, if there were any, are lost. Format the column as text to be sure (said once for the file)",
            ));
        }
        let Some(mut text) = self.text_of("serial", cell, &mut flaws) else {
            return Judged { value: None, flaws };
        };
        let length = self.expects_length();
        if !text.is_empty() && text.len() < length && text.bytes().all(|byte| byte.is_ascii_digit())
        {
            let padded = format!("{text:0>length$}");
            let flaw = self.settle(
                Flaw {
                    // Someone said that such values are right as they are.
                    severity: match self.settings.keeps(Code::UploadLeadingZeroLost) {
                        true => Severity::Warning,
                        false => Severity::Error,
                    },
                    ..Flaw::error(
                        Code::UploadLeadingZeroLost,
                        format!("serial {} has {} digits where all others have {length}; leading zeros may be lost. Accept the proposal, or say that it is right as it is", quoted(&text), text.len()),
                    )
                }
                .proposing(padded.clone()),
            );
            if flaw.severity == Severity::Fixed {
                text = Cow::Owned(padded);
            }
            flaws.push(flaw);
        }
        self.judge(flaws, check_serial(&text))
    }

    fn product(&self, cell: &Cell<'_>) -> Judged<ProductCode> {
        let mut flaws = Vec::new();
        let Some(text) = self.text_of("product code", cell, &mut flaws) else {
            return Judged { value: None, flaws };
        };
        let value = match check_product(&text, self.mapping.announced_product()) {
            Ok((code, flaw)) => {
                flaws.extend(flaw.map(|flaw| self.settle(flaw)));
                Some(code)
            }
            Err(flaw) => {
                let flaw = self.settle(flaw);
                let mended = (flaw.severity == Severity::Fixed)
                    .then(|| {
                        flaw.proposal
                            .as_deref()
                            .and_then(|text| ProductCode::parse(text).ok())
                    })
                    .flatten();
                flaws.push(flaw);
                mended
            }
        };
        settled(value, flaws)
    }

    fn batch(&self, cell: &Cell<'_>) -> Judged<BatchNumber> {
        let mut flaws = Vec::new();
        if matches!(cell, Cell::Number(_)) {
            flaws.push(Flaw::warning(
                Code::UploadLeadingZeroLost,
                "the batch number is stored as a number; leading zeros, if there were any, are lost",
            ));
        }
        match self.text_of("batch number", cell, &mut flaws) {
            None => Judged { value: None, flaws },
            Some(text) => self.judge(flaws, check_batch(&text).map_err(|flaw| vec![flaw])),
        }
    }

    fn expiry(&self, cell: &Cell<'_>) -> Judged<Expiry> {
        let mut judged = self.date("expiry", cell, self.dates_settled[0]);
        if judged.flaws.is_empty() && judged.value.is_none() {
            judged.flaws.push(Flaw::error(
                Code::UploadExpiryMissing,
                "the expiry is missing; fill it or give it as a fixed value in the mapping",
            ));
        }
        let today = self.settings.at.date();
        if let Some(expiry) = judged.value
            && expiry.is_expired_on(today)
        {
            judged.flaws.push(Flaw::warning(
                Code::UploadExpiryPassed,
                format!(
                    "expiry {expiry} passed on {}; check the date",
                    expiry.last_day()
                ),
            ));
        }
        judged
    }

    /// A file without manufacturing date is complete; a wrong one is a fault.
    fn manufactured(&self, cell: &Cell<'_>) -> Judged<Option<NaiveDate>> {
        let judged = self.date("manufacturing date", cell, self.dates_settled[1]);
        let absent = judged.value.is_none() && judged.flaws.is_empty();
        Judged {
            value: match judged.value {
                Some(date) => Some(Some(date.last_day())),
                None if absent => Some(None),
                None => None,
            },
            flaws: judged.flaws,
        }
    }

    /// A date; neither value nor flaw when the cell is empty.
    fn date(&self, what: &str, cell: &Cell<'_>, known: Settled) -> Judged<Expiry> {
        let mut flaws = Vec::new();
        if let Cell::Date(day) = cell {
            return Judged {
                value: Some(Expiry::from_date(*day)),
                flaws,
            };
        }
        let Some(text) = self.text_of(what, cell, &mut flaws) else {
            return Judged { value: None, flaws };
        };
        if text.is_empty() {
            return Judged { value: None, flaws };
        }
        let year = self.settings.at.year();
        let value = match check_date(what, &text, self.mapping.date_format, known, year) {
            Ok(date) => Some(date),
            Err(flaw) => {
                let flaw = self.settle(flaw);
                let mended = match flaw.severity {
                    Severity::Fixed => flaw
                        .proposal
                        .as_deref()
                        .and_then(|text| Expiry::parse(text, year).ok()),
                    _ => None,
                };
                flaws.push(flaw);
                mended
            }
        };
        settled(value, flaws)
    }

    /// The characters of a cell, mended where that was accepted; `None` when there is nothing to check further.
    fn text_of<'c>(
        &self,
        what: &str,
        cell: &Cell<'c>,
        flaws: &mut Vec<Flaw>,
    ) -> Option<Cow<'c, str>> {
        let text = match *cell {
            Cell::Text(text) => text,
            Cell::Date(day) => return Some(Cow::Owned(Expiry::from_date(day).to_string())),
            Cell::Number(text) => match whole_digits(text) {
                Some(digits) => return Some(Cow::Owned(digits)),
                None => {
                    flaws.push(Flaw::error(
                        Code::UploadSpreadsheetNumber,
                        format!("{what} is stored as the number {text}, whose digits are not certain. Format the column as text and upload again"),
                    ));
                    return None;
                }
            },
            Cell::Formula(formula) => {
                flaws.push(Flaw::error(
                    Code::UploadFormula,
                    format!(
                        "{what} is the formula {}. Paste values instead of formulas",
                        quoted(formula)
                    ),
                ));
                return None;
            }
            Cell::Other(text) => {
                flaws.push(Flaw::error(
                    Code::UploadFormula,
                    format!("{what} is the spreadsheet value {}, not text", quoted(text)),
                ));
                return None;
            }
        };
        let bare = match self.guarded {
            Some(_) => without_guard(text),
            None => text,
        };
        // Only what was written from checked values begins with a sign of its own behind the guard.
        let exact = self.guarded == Some(Guard::Exact) && bare.len() != text.len();
        let text = match self.text_formulas && !exact {
            true => self.without_formula(what, bare, flaws)?,
            false => bare,
        };
        if text.contains(char::REPLACEMENT_CHARACTER) {
            flaws.push(Flaw::error(
                Code::UploadEncoding,
                format!("{what} {} holds bytes that are no text in the file's encoding. Save the file as UTF-8 and upload again", quoted(text)),
            ));
            return None;
        }
        let bare =
            text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'));
        if bare.len() != text.len() && !bare.is_empty() {
            flaws.push(
                self.settle(
                    Flaw::error(
                        Code::UploadSpace,
                        format!("{what} {} has spaces at its ends", quoted(text)),
                    )
                    .proposing(bare),
                ),
            );
        }
        if exponent_form(bare) {
            flaws.push(Flaw::error(
                Code::UploadSpreadsheetNumber,
                format!("{what} {} looks like a number changed by a spreadsheet. Format the column as text and upload again", quoted(bare)),
            ));
            return None;
        }
        Some(Cow::Borrowed(bare))
    }

    /// `="0123"` keeps zeros in a spreadsheet and means the text inside; every other formula is refused.
    fn without_formula<'c>(
        &self,
        what: &str,
        text: &'c str,
        flaws: &mut Vec<Flaw>,
    ) -> Option<&'c str> {
        let Some(formula) = text.trim_start().strip_prefix('=') else {
            return Some(text);
        };
        let inner = formula
            .trim_end()
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|inner| !inner.contains('"'));
        let flaw = Flaw::error(
            Code::UploadFormula,
            format!(
                "{what} is the formula {}. Paste values instead of formulas",
                quoted(text)
            ),
        );
        flaws.push(match inner {
            Some(inner) => self.settle(flaw.proposing(inner)),
            None => flaw,
        });
        inner
    }

    /// Joins what was found on the way with the verdict of the last test.
    fn judge<T>(&self, mut flaws: Vec<Flaw>, verdict: Result<T, Vec<Flaw>>) -> Judged<T> {
        match verdict {
            Ok(value) => settled(Some(value), flaws),
            Err(more) => {
                flaws.extend(more.into_iter().map(|flaw| self.settle(flaw)));
                Judged { value: None, flaws }
            }
        }
    }

    /// An accepted code with a proposal no longer stands in the way; nobody mends what was said to be right as it is.
    fn settle(&self, flaw: Flaw) -> Flaw {
        match flaw.proposal.is_some() && self.settings.accepts(flaw.code) {
            true => Flaw {
                severity: Severity::Fixed,
                ..flaw
            },
            false => flaw,
        }
    }

    fn report(&mut self, row: u64, field: Field, flaws: Vec<Flaw>) -> Result<(), ReadRefused> {
        for flaw in flaws {
            self.summary.count(flaw.severity);
            let finding = flaw.at(&format!("Row {row}"), row, &self.columns[slot(field)]);
            self.sink.finding(finding)?;
        }
        Ok(())
    }
}

/// The value stands only when no error is left.
fn settled<T>(value: Option<T>, flaws: Vec<Flaw>) -> Judged<T> {
    let clean = flaws.iter().all(|flaw| flaw.severity != Severity::Error);
    Judged {
        value: value.filter(|_| clean),
        flaws,
    }
}

/// What the lot columns hold, so that equal keys mean equal lots.
fn lot_key(cells: &RowCells<'_>, key: &mut Vec<u8>) {
    key.clear();
    for field in [
        Field::ProductCode,
        Field::Batch,
        Field::Expiry,
        Field::Manufactured,
        Field::Market,
    ] {
        let cell = &cells[slot(field)];
        key.push(match cell {
            Cell::Text(_) => b't',
            Cell::Number(_) => b'n',
            Cell::Date(_) => b'd',
            Cell::Formula(_) => b'f',
            Cell::Other(_) => b'o',
        });
        let start = key.len();
        match cell {
            Cell::Text(text) | Cell::Number(text) | Cell::Formula(text) | Cell::Other(text) => {
                key.extend_from_slice(text.as_bytes());
            }
            Cell::Date(_) => key.extend_from_slice(as_shown(cell).as_bytes()),
        }
        key.extend_from_slice(&((key.len() - start) as u32).to_le_bytes());
    }
}

/// A cell as a person sees it.
pub(crate) fn as_shown<'c>(cell: &Cell<'c>) -> Cow<'c, str> {
    match *cell {
        Cell::Text(text) | Cell::Other(text) => Cow::Borrowed(text),
        Cell::Number(text) => whole_digits(text).map_or(Cow::Borrowed(text), Cow::Owned),
        Cell::Date(day) => Cow::Owned(day.to_string()),
        Cell::Formula(formula) => Cow::Owned(format!("={formula}")),
    }
}

#[cfg(test)]
mod tests;
