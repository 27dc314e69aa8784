//! Reads separated text and lists of serials: one pass, constant memory, any size.
//!
//! In a file of serials nearly every row differs from the one before in its serial alone. So a checked row leaves a
//! pattern: the bytes before and behind the serial. A row that fits it needs its serial looked at and nothing else; every
//! other row takes the whole way through cells and checks, and both ways give the same answer.

use std::borrow::Cow;
use std::io::Read;

use packtwin_connector_port::serial_check::{Flaw, quoted};
use packtwin_connector_port::serial_file::{
    FileSummary, LotIndex, ReadRefused, ReadSettings, SerialFileSink,
};
use packtwin_core::code::Code;
use packtwin_core::serial::Serial;

use crate::cells::{Cell, PROGRESS_ROWS, RowChecker};
use crate::formula_guard::Guard;
use crate::layout::Layout;
use crate::mapping::Mapping;
use crate::recognise::Recognised;
use crate::rows::{Cells, RowEnd, RowFault, RowReader};
use crate::table_shape::is_leading_comment;
use packtwin_connector_port::text_encoding::Utf8Reader;

/// Reads rows and hands them to `sink`.
///
/// # Errors
/// See [`ReadRefused`]; faults of single rows are findings.
pub(crate) fn read<R: Read>(
    input: R,
    recognised: &Recognised,
    mapping: &Mapping,
    settings: &ReadSettings,
    sink: &mut dyn SerialFileSink,
) -> Result<FileSummary, ReadRefused> {
    let mut rows = RowReader::new(
        recognised.encoding.reader(input),
        recognised.separator,
        recognised.line_end.terminator(),
    );
    let mut cells = Cells::default();
    let mut row = 0;
    for _ in 0..mapping.skip_rows {
        row += 1;
        if !next(&mut rows, row)? {
            break;
        }
        split(&mut rows, &mut cells, row)?;
    }
    let mut heading = Vec::new();
    if mapping.heading {
        row += 1;
        if next(&mut rows, row)? {
            split(&mut rows, &mut cells, row)?;
            heading = cells
                .iter()
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
                .collect();
        }
    }
    let layout = Layout::new(mapping, &heading)?;
    let checker = RowChecker::new(mapping, settings, sink, layout.columns.clone(), true);
    ListReader {
        rows,
        layout: &layout,
        checker,
        separator: recognised.separator,
        width: heading.len(),
        pattern: Pattern::default(),
        row,
    }
    .read_all(&mut cells)
}

/// Works through the rows below the heading.
struct ListReader<'a, R> {
    rows: RowReader<Utf8Reader<R>>,
    layout: &'a Layout,
    checker: RowChecker<'a>,
    separator: Option<u8>,
    /// Cells a row has; 0 until the first row when there is no heading.
    width: usize,
    pattern: Pattern,
    row: u64,
}

/// What surrounds the serial in rows of one lot.
#[derive(Default)]
struct Pattern {
    before: Vec<u8>,
    behind: Vec<u8>,
    /// Whether the serial stands in quotes, so that it may hold a separator.
    quoted: bool,
    /// The lot of such rows; `None` while there is no pattern.
    lot: Option<LotIndex>,
}

impl<R: Read> ListReader<'_, R> {
    fn read_all(mut self, cells: &mut Cells) -> Result<FileSummary, ReadRefused> {
        let expected_length = self.checker.expects_length();
        while next(&mut self.rows, self.row + 1)? {
            self.row += 1;
            let known = self.pattern.lot.and_then(|lot| {
                let serial = self.pattern.serial(self.rows.line(), self.separator)?;
                (serial.as_bytes().len() >= expected_length).then_some((lot, serial))
            });
            match known {
                Some((lot, serial)) => self.checker.good_row(self.row, lot, Some(serial))?,
                None => self.whole_row(cells)?,
            }
            if self.row.is_multiple_of(PROGRESS_ROWS) {
                self.checker.progress(self.rows.source().bytes_read())?;
            }
        }
        self.checker.progress(self.rows.source().bytes_read())?;
        let mut summary = self.checker.summary;
        let serial_is_last = self
            .layout
            .serial_place()
            .is_some_and(|place| place + 1 >= self.width);
        if summary.rows > 0 && self.rows.ended_by() == RowEnd::File && serial_is_last {
            summary.notes.push(
                "The last row has no line end. If the file was cut, its last serial is incomplete."
                    .to_owned(),
            );
        }
        Ok(summary)
    }

    /// The long way: cells, then every check.
    fn whole_row(&mut self, cells: &mut Cells) -> Result<(), ReadRefused> {
        let single_line = self.rows.line().len();
        let end = split(&mut self.rows, cells, self.row)?;
        let single_line = self.rows.line().len() == single_line;
        self.pattern.lot = None;
        if cells.iter().all(|cell| cell.trim_ascii().is_empty()) {
            return Ok(());
        }
        // Files of ours say in the row before it that a cell is guarded.
        if let Some(guard) = cells.get(0).and_then(Guard::announced_by) {
            self.checker.guarded = Some(guard);
            return Ok(());
        }
        if self.width == 0 && is_leading_comment(cells.iter()) {
            return Ok(());
        }
        if self.width == 0 {
            self.width = cells.len().max(self.layout.width());
        }
        if let Some(flaw) = self.shape_fault(cells, end)? {
            self.checker.summary.rows += 1;
            return self.checker.row_flaw(self.row, flaw);
        }
        let lot = match cells.texts() {
            Some(texts) => {
                let picked = self.layout.pick(|place| Cell::Text(texts.get(place)));
                self.checker.row(self.row, &picked)?
            }
            None => {
                let texts: Vec<Cow<'_, str>> = cells.iter().map(String::from_utf8_lossy).collect();
                let picked = self
                    .layout
                    .pick(|place| Cell::Text(texts.get(place).map_or("", |text| text.as_ref())));
                self.checker.row(self.row, &picked)?
            }
        };
        let place = self
            .layout
            .serial_place()
            .and_then(|place| cells.raw(place));
        // What is to be told of a lot's values is told of every row, which is then read whole.
        if let Some(place) = place.filter(|_| single_line && self.checker.is_clean(lot)) {
            self.pattern.learn(self.rows.line(), place, lot);
        }
        Ok(())
    }

    /// What is wrong with the row before its cells are looked at.
    fn shape_fault(&mut self, cells: &Cells, end: RowEnd) -> Result<Option<Flaw>, ReadRefused> {
        let row = self.row;
        let last = self.rows.is_last().map_err(|fault| refused(fault, row))?;
        if end == RowEnd::QuoteOpen {
            return Ok(Some(match last {
                true => Flaw::error(
                    Code::UploadCut,
                    "the file ends inside a quoted cell; the last rows are missing. Export it again",
                ),
                false => Flaw::error(
                    Code::UploadColumnCount,
                    "a quote is opened and never closed; check the quotes in this row",
                ),
            }));
        }
        let width = self.width;
        let count = cells.len();
        if count == width {
            return Ok(None);
        }
        let extra_filled = cells
            .iter()
            .skip(width)
            .any(|cell| !cell.trim_ascii().is_empty());
        if count > width && !extra_filled {
            return Ok(None);
        }
        if count < width && last && end == RowEnd::File {
            return Ok(Some(Flaw::error(
                Code::UploadCut,
                format!(
                    "the file ends in the middle of this row ({count} of {width} columns, no line end); the last rows are missing. Export it again"
                ),
            )));
        }
        let begin = String::from_utf8_lossy(cells.get(0).unwrap_or_default());
        Ok(Some(Flaw::error(
            Code::UploadColumnCount,
            format!(
                "the row has {count} columns instead of {width} (it begins with {}); check separators and quotes",
                quoted(&begin)
            ),
        )))
    }
}

impl Pattern {
    /// Takes the pattern a checked row leaves.
    fn learn(&mut self, line: &[u8], (start, end): (usize, usize), lot: LotIndex) {
        self.quoted = line.get(start) == Some(&b'"');
        let (start, end) = match self.quoted {
            true if end >= start + 2 && line[end - 1] == b'"' => (start + 1, end - 1),
            true => return,
            false => (start, end),
        };
        self.before.clear();
        self.before.extend_from_slice(&line[..start]);
        self.behind.clear();
        self.behind.extend_from_slice(&line[end..]);
        self.lot = Some(lot);
    }

    /// The serial of a row that fits and needs no second look.
    fn serial(&self, line: &[u8], separator: Option<u8>) -> Option<Serial> {
        let serial = line
            .strip_prefix(self.before.as_slice())?
            .strip_suffix(self.behind.as_slice())?;
        let plain = |byte: &u8| {
            // Quotes and separators change the shape of the row; `+` stands in the exponent of a changed number.
            !matches!(byte, b'"' | b'+') && (self.quoted || Some(*byte) != separator)
        };
        // The first sign of a formula, of a guarded cell and of a note about guarded cells.
        let second_look = matches!(serial.first(), Some(b'=' | b'\'' | b'#'));
        if second_look || !serial.iter().all(plain) {
            return None;
        }
        Serial::from_bytes(serial)
    }
}

fn next<R: Read>(rows: &mut RowReader<R>, row: u64) -> Result<bool, ReadRefused> {
    rows.next_line().map_err(|fault| refused(fault, row))
}

fn split<R: Read>(
    rows: &mut RowReader<R>,
    cells: &mut Cells,
    row: u64,
) -> Result<RowEnd, ReadRefused> {
    rows.split(cells).map_err(|fault| refused(fault, row))
}

fn refused(fault: RowFault, row: u64) -> ReadRefused {
    match fault {
        RowFault::Io(error) => ReadRefused::Io(error),
        fault => ReadRefused::at_row(
            Code::UploadColumnCount,
            row,
            format!(
                "Row {row} is {fault}, which no serial file has. Check separators, quotes and line ends."
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognise::Kind;
    use crate::test_sink::{Kept, at, read_bytes, settings};
    use std::io::Cursor;

    const HEAD: &str = "SerialNumber,GTIN,Batch,ExpirationDate\n";
    const TAIL: &str = ",04006381333931,L1,290131\n";

    fn check(file: impl AsRef<[u8]>, serials: &[&str], told: &[&str]) {
        let (kept, summary, _) = read_bytes(file.as_ref(), &[]).unwrap();
        assert_eq!(kept.serials(), serials);
        assert_eq!(kept.told(), told, "{:?}", kept.findings);
        assert_eq!(summary.bytes, file.as_ref().len() as u64);
    }

    #[test]
    fn rows_have_the_numbers_of_a_spreadsheet() {
        let file = format!("# a comment\n{HEAD}A1{TAIL}\n\nA 2{TAIL}A3{TAIL}");
        check(&file, &["A1", "A3"], &["6 UPL-012"]);
    }

    #[test]
    fn no_row_below_the_heading_is_a_comment() {
        for cell in ["#N/A", "#123", "#REF!", "# A2"] {
            let file = format!("{HEAD}A1{TAIL}{cell}{TAIL}A3{TAIL}");
            check(&file, &["A1", "A3"], &["3 UPL-012"]);
        }
        let file = format!("{HEAD}#N/A{TAIL}A1{TAIL}");
        check(&file, &["A1"], &["2 UPL-012"]);
        let file = format!("{HEAD}A1{TAIL}# three packs\nA3{TAIL}");
        check(&file, &["A1", "A3"], &["3 UPL-029"]);
    }

    #[test]
    fn quotes_anywhere_change_nothing() {
        let file = "\"SerialNumber\",\"GTIN\",\"Batch\",\"ExpirationDate\"\n\"A,1\",\"04006381333931\",\"L1\",\"290131\"\n\
            \"A,2\",\"04006381333931\",\"L1\",\"290131\"\nA3,04006381333931,L1,290131\n\"A\"\"4\",\"04006381333931\",\"L1\",\"290131\"\n\
            A\"5,04006381333931,L1,290131\n";
        check(file, &["A,1", "A,2", "A3", "A\"4", "A\"5"], &[]);
    }

    #[test]
    fn rows_of_another_shape() {
        let file = format!(
            "{HEAD}A1{TAIL}A2,04006381333931,L1\nA3{TAIL}A4,04006381333931,L1,290131,,\nA5,04006381333931,L1,290131,x\nA6{TAIL}"
        );
        check(file, &["A1", "A3", "A4", "A6"], &["3 UPL-029", "6 UPL-029"]);
        let file = format!("{HEAD}A1{TAIL}\"A2{TAIL}A3{TAIL}");
        check(file, &["A1", "A3"], &["3 UPL-029"]);
    }

    #[test]
    fn a_cut_file_is_said() {
        check(format!("{HEAD}A1{TAIL}A2,0400638"), &["A1"], &["3 UPL-005"]);
        check(format!("{HEAD}A1{TAIL}\"A2"), &["A1"], &["3 UPL-005"]);
        let complete = format!("{HEAD}A1{TAIL}A2{}", TAIL.trim_end());
        check(complete, &["A1", "A2"], &[]);
    }

    #[test]
    fn bytes_that_are_no_text() {
        let mut file = format!("{HEAD}A1{TAIL}A2").into_bytes();
        // The heading decides for UTF-8; the bytes come behind the part that is looked at.
        let filler = format!("B1{TAIL}").repeat(4000);
        file = [
            &file[..HEAD.len()],
            filler.as_bytes(),
            b"C\xff1",
            TAIL.as_bytes(),
            b"C2",
            TAIL.as_bytes(),
        ]
        .concat();
        let (kept, ..) = read_bytes(&file, &[]).unwrap();
        assert_eq!(kept.told(), ["4002 UPL-046"]);
        assert_eq!(kept.serials().len(), 4001);
    }

    #[test]
    fn a_zero_byte_is_a_character_fault() {
        check(format!("{HEAD}A\0{TAIL}A2{TAIL}"), &["A2"], &["2 UPL-012"]);
    }

    #[test]
    fn a_list_of_serials_takes_its_lot_from_the_mapping() {
        let file = "AB12CD\nAB12CE\nX,Y;Z\n";
        let recognised = crate::recognise(Cursor::new(file)).unwrap();
        assert_eq!(recognised.kind, Kind::SerialList);
        let mut mapping = Mapping::for_file(&recognised, at());
        assert_eq!(mapping.missing().len(), 3);
        let mut kept = Kept::default();
        let refused = crate::read(
            Cursor::new(file),
            &recognised,
            &mapping,
            &settings(&[]),
            &mut kept,
        )
        .unwrap_err();
        assert_eq!(refused.code(), Some(Code::UploadMappingNeeded));
        for (field, value) in [
            (crate::Field::ProductCode, "04006381333931"),
            (crate::Field::Batch, "L1"),
            (crate::Field::Expiry, "290131"),
        ] {
            mapping.fixed.push((field, value.to_owned()));
        }
        crate::read(
            Cursor::new(file),
            &recognised,
            &mapping,
            &settings(&[]),
            &mut kept,
        )
        .unwrap();
        assert_eq!(kept.serials(), ["AB12CD", "AB12CE", "X,Y;Z"]);
        assert!(kept.lots[0].head.is_some());
        assert_eq!(kept.rows[0].0, 1);
    }

    #[test]
    fn rows_that_are_none_end_the_reading() {
        let long = format!("{HEAD}A1{TAIL}{}", "x".repeat(200_000));
        let refused = read_bytes(long.as_bytes(), &[]).unwrap_err();
        let ReadRefused::File(finding) = refused else {
            panic!("{refused}")
        };
        assert_eq!((finding.code, finding.row), (Code::UploadColumnCount, 3));
        let wide = format!("{HEAD}A1{TAIL}{}\n", ",".repeat(60_000));
        let refused = read_bytes(wide.as_bytes(), &[]).unwrap_err();
        assert_eq!(refused.code(), Some(Code::UploadColumnCount));
    }

    #[test]
    fn lots_without_end_are_refused() {
        let rows: String = (0..12_000)
            .map(|n| format!("A{n},04006381333931,L{n},290131\n"))
            .collect();
        let refused = read_bytes(format!("{HEAD}{rows}").as_bytes(), &[]).unwrap_err();
        assert_eq!(refused.code(), Some(Code::UploadTooManyLots));
    }

    #[test]
    fn the_sink_can_stop() {
        let file = format!("{HEAD}A1{TAIL}A2{TAIL}A3{TAIL}");
        let recognised = crate::recognise(Cursor::new(&file)).unwrap();
        let mapping = Mapping::for_file(&recognised, at());
        let mut kept = Kept {
            rows_max: Some(2),
            ..Kept::default()
        };
        let stopped = crate::read(
            Cursor::new(&file),
            &recognised,
            &mapping,
            &settings(&[]),
            &mut kept,
        );
        assert!(matches!(stopped, Err(ReadRefused::Stopped(_))));
        assert_eq!(kept.rows.len(), 2);
    }

    #[test]
    fn every_line_end_is_read() {
        for end in ["\n", "\r\n", "\r"] {
            let file = format!("{HEAD}A1{TAIL}A2{TAIL}").replace('\n', end);
            check(&file, &["A1", "A2"], &[]);
        }
    }
}
