//! Rows and cells of separated text (RFC 4180 and what spreadsheets make of it), in constant memory.
//!
//! A quote opens a quoted cell only at the beginning of a cell; elsewhere it is a character like any other, since a serial
//! may hold one (GS1 character set 82) and `="0123"` is a common trick to keep zeros. A row longer than 64 KiB or with more
//! than 256 cells is refused: no serial file has such rows, but a file without line ends is one.

use std::io::{self, Read};

use memchr::{memchr, memchr2};

/// The longest row, in bytes of UTF-8.
pub(crate) const ROW_BYTES_MAX: usize = 64 * 1024;
/// The most cells in one row.
pub(crate) const CELLS_MAX: usize = 256;
/// Bytes fetched at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// Why rows cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowFault {
    /// Longer than [`ROW_BYTES_MAX`].
    #[error("longer than 64 KiB")]
    TooLong,
    /// More than [`CELLS_MAX`] cells.
    #[error("more than 256 columns")]
    TooManyCells,
    /// The bytes could not be fetched.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowEnd {
    /// With a line end.
    Line,
    /// With the file, without a line end.
    File,
    /// A quote was opened and never closed; the row is what stood on its first line.
    QuoteOpen,
}

/// The cells of one row.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Where each cell stands in the row, quotes included.
    raw: Vec<(usize, usize)>,
}

/// Cells that are text as a whole, so that each is without being looked at again.
pub(crate) struct CellTexts<'c> {
    text: &'c str,
    cells: &'c Cells,
}

impl<'c> CellTexts<'c> {
    /// The cell at this place; empty where the row has none.
    pub(crate) fn get(&self, place: usize) -> &'c str {
        let start = match place {
            0 => 0,
            _ => self.cells.ends.get(place - 1).copied().unwrap_or(0),
        };
        let end = self.cells.ends.get(place).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }
}

impl Cells {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        Some(&self.text[start..end])
    }

    /// The cells as text; `None` when a byte of them is none.
    pub(crate) fn texts(&self) -> Option<CellTexts<'_>> {
        std::str::from_utf8(&self.text)
            .ok()
            .map(|text| CellTexts { text, cells: self })
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }

    /// Where a cell stands in the row it was split from, quotes included.
    pub(crate) fn raw(&self, index: usize) -> Option<(usize, usize)> {
        self.raw.get(index).copied()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.raw.clear();
    }

    fn end_cell(&mut self, raw: (usize, usize)) -> Result<(), RowFault> {
        if self.ends.len() == CELLS_MAX {
            return Err(RowFault::TooManyCells);
        }
        self.ends.push(self.text.len());
        self.raw.push(raw);
        Ok(())
    }

    /// Splits `row` at `separator`; without one the row is a single cell. False when a quote stays open.
    pub(crate) fn split(&mut self, row: &[u8], separator: Option<u8>) -> Result<bool, RowFault> {
        self.clear();
        let mut rest = row;
        loop {
            let start = row.len() - rest.len();
            let closed;
            (rest, closed) = match rest.strip_prefix(b"\"") {
                Some(quoted) => self.take_quoted(quoted),
                None => (rest, true),
            };
            if !closed {
                return Ok(false);
            }
            match separator.and_then(|separator| memchr(separator, rest)) {
                Some(at) => {
                    self.text.extend_from_slice(&rest[..at]);
                    self.end_cell((start, row.len() - rest.len() + at))?;
                    rest = &rest[at + 1..];
                }
                None => {
                    self.text.extend_from_slice(rest);
                    self.end_cell((start, row.len()))?;
                    return Ok(true);
                }
            }
        }
    }

    /// Takes what stands between quotes; doubled quotes are one.
    fn take_quoted<'r>(&mut self, mut rest: &'r [u8]) -> (&'r [u8], bool) {
        loop {
            let Some(at) = memchr(b'"', rest) else {
                self.text.extend_from_slice(rest);
                return (&[], false);
            };
            self.text.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            match rest.strip_prefix(b"\"") {
                Some(more) => {
                    self.text.push(b'"');
                    rest = more;
                }
                None => return (rest, true),
            }
        }
    }
}

/// Reads lines, and joins those that one quoted cell spans.
pub(crate) struct RowReader<R> {
    source: R,
    separator: Option<u8>,
    /// The last byte of a line end.
    terminator: u8,
    buffer: Vec<u8>,
    filled: usize,
    at_end: bool,
    /// The current line, without its line end.
    start: usize,
    end: usize,
    /// Where the next line begins.
    next: usize,
    ended_by: RowEnd,
}

impl<R: Read> RowReader<R> {
    /// `terminator` is CR only for files that have no LF at all.
    pub(crate) fn new(source: R, separator: Option<u8>, terminator: u8) -> Self {
        RowReader {
            source,
            separator,
            terminator,
            buffer: vec![0; BUFFER_BYTES],
            filled: 0,
            at_end: false,
            start: 0,
            end: 0,
            next: 0,
            ended_by: RowEnd::Line,
        }
    }

    pub(crate) fn source(&self) -> &R {
        &self.source
    }

    /// Goes to the next line; false after the last.
    pub(crate) fn next_line(&mut self) -> Result<bool, RowFault> {
        self.start = self.next;
        self.find_end()
    }

    /// The current line as bytes, without its line end.
    pub(crate) fn line(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// How the current line ended.
    pub(crate) fn ended_by(&self) -> RowEnd {
        self.ended_by
    }

    /// Splits the current row into cells, taking further lines in where a quoted cell spans them.
    pub(crate) fn split(&mut self, cells: &mut Cells) -> Result<RowEnd, RowFault> {
        if cells.split(self.line(), self.separator)? {
            return Ok(self.ended_by);
        }
        let (first_length, first_next, first_ended) =
            (self.end - self.start, self.next - self.start, self.ended_by);
        let joined = loop {
            match self.take_next_line() {
                Ok(true) => {}
                Ok(false) | Err(RowFault::TooLong) => break false,
                Err(fault) => return Err(fault),
            }
            // Only a line with a quote can close one.
            if memchr(b'"', &self.buffer[self.start + first_length..self.end]).is_some()
                && cells.split(&self.buffer[self.start..self.end], self.separator)?
            {
                break true;
            }
        };
        if joined {
            return Ok(self.ended_by);
        }
        self.end = self.start + first_length;
        self.next = self.start + first_next;
        self.ended_by = first_ended;
        cells.split(&self.buffer[self.start..self.end], self.separator)?;
        cells.end_cell((0, self.end - self.start))?;
        Ok(RowEnd::QuoteOpen)
    }

    /// Whether anything follows the current row.
    pub(crate) fn is_last(&mut self) -> Result<bool, RowFault> {
        while self.next == self.filled && !self.at_end {
            self.fetch()?;
        }
        Ok(self.next == self.filled)
    }

    fn take_next_line(&mut self) -> Result<bool, RowFault> {
        if self.is_last()? {
            return Ok(false);
        }
        self.find_end()
    }

    /// Finds the end of the line that begins at `next`, keeping what begins at `start`.
    fn find_end(&mut self) -> Result<bool, RowFault> {
        let mut scanned = self.next - self.start;
        loop {
            let from = self.start + scanned;
            if let Some(at) = memchr(self.terminator, &self.buffer[from..self.filled]) {
                self.next = from + at + 1;
                self.end = from + at;
                if self.end > self.start && self.buffer[self.end - 1] == b'\r' {
                    self.end -= 1;
                }
                self.ended_by = RowEnd::Line;
                return self.within_limit();
            }
            scanned = self.filled - self.start;
            if scanned > ROW_BYTES_MAX {
                return Err(RowFault::TooLong);
            }
            if self.at_end {
                self.next = self.filled;
                self.end = self.filled;
                self.ended_by = RowEnd::File;
                return Ok(self.end > self.start);
            }
            self.fetch()?;
        }
    }

    fn within_limit(&self) -> Result<bool, RowFault> {
        match self.end - self.start > ROW_BYTES_MAX {
            true => Err(RowFault::TooLong),
            false => Ok(true),
        }
    }

    /// Moves what is still needed to the front and fetches more behind it.
    fn fetch(&mut self) -> Result<(), RowFault> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.end -= self.start.min(self.end);
            self.next -= self.start;
            self.start = 0;
        }
        if self.filled == self.buffer.len() {
            return Err(RowFault::TooLong);
        }
        match self.source.read(&mut self.buffer[self.filled..])? {
            0 => self.at_end = true,
            count => self.filled += count,
        }
        Ok(())
    }
}

/// Whether a cell written to `separator`-separated text needs quotes.
pub(crate) fn needs_quotes(cell: &str, separator: u8) -> bool {
    memchr2(b'"', separator, cell.as_bytes()).is_some()
        || memchr2(b'\n', b'\r', cell.as_bytes()).is_some()
}

/// Appends a cell as RFC 4180 writes it.
pub(crate) fn push_cell(out: &mut String, cell: &str, separator: u8) {
    if needs_quotes(cell, separator) {
        out.push('"');
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&[&str], RowEnd)]) {
        let mut reader = RowReader::new(text.as_bytes(), Some(b';'), b'\n');
        let mut cells = Cells::default();
        let mut actual = Vec::new();
        while reader.next_line().unwrap() {
            let end = reader.split(&mut cells).unwrap();
            let row: Vec<String> = cells
                .iter()
                .map(|cell| String::from_utf8(cell.to_vec()).unwrap())
                .collect();
            actual.push((row, end));
        }
        let expected: Vec<(Vec<String>, RowEnd)> = expected
            .iter()
            .map(|(row, end)| (row.iter().map(|cell| (*cell).to_owned()).collect(), *end))
            .collect();
        assert_eq!(actual, expected, "{text:?}");
    }

    #[test]
    fn plain_and_quoted_rows() {
        check(
            "a;b\r\nc;\n",
            &[(&["a", "b"], RowEnd::Line), (&["c", ""], RowEnd::Line)],
        );
        check("a;b", &[(&["a", "b"], RowEnd::File)]);
        check("\"a;b\";\"c\"\"d\"\n", &[(&["a;b", "c\"d"], RowEnd::Line)]);
        check(
            "\"a\nb\";c\n\nd",
            &[
                (&["a\nb", "c"], RowEnd::Line),
                (&[""], RowEnd::Line),
                (&["d"], RowEnd::File),
            ],
        );
        check("=\"012\";x\"y\n", &[(&["=\"012\"", "x\"y"], RowEnd::Line)]);
        check("", &[]);
    }

    #[test]
    fn an_open_quote_costs_one_row_only() {
        check(
            "\"a;b\nc;d\n",
            &[(&["a;b"], RowEnd::QuoteOpen), (&["c", "d"], RowEnd::Line)],
        );
        let long = format!("\"a;b\n{}", "c;d\n".repeat(100_000));
        let mut reader = RowReader::new(long.as_bytes(), Some(b';'), b'\n');
        let mut cells = Cells::default();
        let mut rows = 0;
        while reader.next_line().unwrap() {
            reader.split(&mut cells).unwrap();
            rows += 1;
        }
        assert_eq!(rows, 100_001);
    }

    #[test]
    fn what_is_no_row_is_refused() {
        let long = "x".repeat(ROW_BYTES_MAX + 1);
        let mut reader = RowReader::new(long.as_bytes(), Some(b';'), b'\n');
        assert!(matches!(reader.next_line(), Err(RowFault::TooLong)));
        let wide = ";".repeat(CELLS_MAX);
        let mut reader = RowReader::new(wide.as_bytes(), Some(b';'), b'\n');
        assert!(reader.next_line().unwrap());
        assert!(matches!(
            reader.split(&mut Cells::default()),
            Err(RowFault::TooManyCells)
        ));
    }
}
