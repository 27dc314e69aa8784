//! What a file is, found by its content and never by its name's ending (users.md, section 4; URS on receiving files).
//!
//! Looks at the first 64 KiB and, in an archive, at its table of contents. Says what it found before anything is done with
//! the file: kind, encoding, separator, heading and the first rows. What is not read by any reader is refused with the
//! reason and its first line, so that the person who sent it can tell which file it was.

use std::io::{Read, Seek, SeekFrom};

use packtwin_connector_port::serial_check::quoted;
use packtwin_connector_port::serial_file::ReadRefused;
use packtwin_core::code::Code;

use crate::headings::field_of;
use crate::rows::{Cells, RowEnd, RowReader};
use crate::workbook;
use packtwin_connector_port::text_encoding::TextEncoding;

/// Bytes looked at.
pub const SAMPLE_BYTES: usize = 64 * 1024;
/// Rows shown and used for guessing.
pub const FIRST_ROWS_MAX: usize = 100;
/// Rows above a heading that are looked through for one.
pub(crate) const PREAMBLE_ROWS_MAX: usize = 20;

/// The kinds of files there are readers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Separated text of several columns.
    SeparatedText,
    /// Text of one column: serials, one a line.
    SerialList,
    /// An Office Open XML workbook.
    Workbook,
    /// An EPCIS XML document; read by the `epcis` connector.
    EpcisXml,
}

impl Kind {
    /// The word in API and store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::SeparatedText => "csv",
            Kind::SerialList => "serial-list",
            Kind::Workbook => "xlsx",
            Kind::EpcisXml => "epcis-xml",
        }
    }
}

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// LF.
    Lf,
    /// CR LF.
    CrLf,
    /// CR alone, as old systems write it.
    Cr,
}

impl LineEnd {
    /// The characters.
    pub const fn as_str(self) -> &'static str {
        match self {
            LineEnd::Lf => "\n",
            LineEnd::CrLf => "\r\n",
            LineEnd::Cr => "\r",
        }
    }

    pub(crate) const fn terminator(self) -> u8 {
        match self {
            LineEnd::Lf | LineEnd::CrLf => b'\n',
            LineEnd::Cr => b'\r',
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// Which reader reads it.
    pub kind: Kind,
    /// The encoding of a text or XML file; UTF-8 for a workbook.
    pub encoding: TextEncoding,
    /// What stands between cells; `None` where there is one column, and for workbooks and XML.
    pub separator: Option<u8>,
    /// How lines end.
    pub line_end: LineEnd,
    /// Rows above the heading, or above the first row where there is no heading.
    pub skip_rows: u64,
    /// The heading; empty where there is none.
    pub heading: Vec<String>,
    /// The first rows below the heading, at most [`FIRST_ROWS_MAX`].
    pub first_rows: Vec<Vec<String>>,
    /// The sheets of a workbook.
    pub sheets: Vec<String>,
    /// The sheet the rows are from: the first one with rows.
    pub sheet: Option<String>,
}

impl Recognised {
    /// One line for a person: `CSV with semicolons, windows-1252, 5 columns`.
    pub fn describe(&self) -> String {
        let columns = self
            .heading
            .len()
            .max(self.first_rows.first().map_or(0, Vec::len));
        match self.kind {
            Kind::SeparatedText => {
                let separator = match self.separator {
                    Some(b';') => "semicolons",
                    Some(b',') => "commas",
                    Some(b'\t') => "tabs",
                    _ => "vertical bars",
                };
                format!(
                    "text separated by {separator}, {}, {columns} columns",
                    self.encoding.label()
                )
            }
            Kind::SerialList => format!("list of serials, {}", self.encoding.label()),
            Kind::Workbook => format!(
                "workbook, sheet {}, {columns} columns",
                quoted(self.sheet.as_deref().unwrap_or_default())
            ),
            Kind::EpcisXml => format!("EPCIS document, {}", self.encoding.label()),
        }
    }
}

/// Says what the file is. Leaves `input` at its beginning.
///
/// # Errors
/// `UPL-002` empty, `UPL-004` not recognised, `UPL-005` an archive whose end is missing, `UPL-006` a part that is never
/// opened, `UPL-008` neither text nor workbook nor XML.
pub fn recognise<R: Read + Seek>(mut input: R) -> Result<Recognised, ReadRefused> {
    let mut sample = Vec::with_capacity(SAMPLE_BYTES);
    input.seek(SeekFrom::Start(0))?;
    input
        .by_ref()
        .take(SAMPLE_BYTES as u64)
        .read_to_end(&mut sample)?;
    let complete = sample.len() < SAMPLE_BYTES;
    input.seek(SeekFrom::Start(0))?;
    let found = if sample.starts_with(b"PK\x03\x04") || sample.starts_with(b"PK\x05\x06") {
        workbook::recognise(&mut input)
    } else {
        recognise_text(&sample, complete)
    };
    input.seek(SeekFrom::Start(0))?;
    found
}

fn recognise_text(sample: &[u8], complete: bool) -> Result<Recognised, ReadRefused> {
    let blank = |byte: &u8| byte.is_ascii_whitespace();
    if complete
        && sample
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(sample)
            .iter()
            .all(blank)
    {
        return Err(ReadRefused::file(
            Code::UploadEmpty,
            format!("The file holds nothing to read ({} bytes).", sample.len()),
        ));
    }
    if let Some(what) = known_binary(sample) {
        return Err(ReadRefused::file(Code::UploadBinary, what));
    }
    let encoding = TextEncoding::detect(sample, complete).ok_or_else(|| {
        ReadRefused::file(
            Code::UploadBinary,
            format!(
                "The file is no text; it begins with the bytes {}.",
                hex(sample)
            ),
        )
    })?;
    let mut text = Vec::new();
    encoding.reader(sample).read_to_end(&mut text)?;
    if !complete {
        drop_cut_character(&mut text);
    }
    let begin = String::from_utf8_lossy(&text);
    match begin.trim_start().chars().next() {
        None => Err(ReadRefused::file(
            Code::UploadEmpty,
            "The file holds nothing to read.",
        )),
        Some('<') => recognise_xml(begin.trim_start(), xml_encoding(sample)?),
        Some('{' | '[') => Err(not_recognised(&begin, "It looks like JSON. ")),
        Some(_) => recognise_table(&text, encoding, complete),
    }
}

fn xml_encoding(sample: &[u8]) -> Result<TextEncoding, ReadRefused> {
    TextEncoding::detect_xml(sample).map_err(|label| {
        ReadRefused::file(
            Code::UploadEncoding,
            format!(
                "The document declares the encoding {}, which is not known. Save it as UTF-8 and upload again.",
                quoted(&label)
            ),
        )
    })
}

/// Formats that are named, so that the sender knows what to change.
fn known_binary(sample: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 9] = [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "The file is a workbook or document of the old binary Office format (XLS). Save it as XLSX or CSV and upload again.",
        ),
        (
            b"%PDF",
            "The file is a PDF. Ask the sender for CSV, XLSX or EPCIS XML.",
        ),
        (
            b"\x1f\x8b",
            "The file is compressed (gzip). Unpack it and upload what is inside.",
        ),
        (
            b"7z\xbc\xaf\x27\x1c",
            "The file is an archive (7z). Unpack it and upload what is inside.",
        ),
        (
            b"Rar!",
            "The file is an archive (RAR). Unpack it and upload what is inside.",
        ),
        (
            b"\x89PNG",
            "The file is a picture (PNG). Ask the sender for CSV, XLSX or EPCIS XML.",
        ),
        (
            b"\xff\xd8\xff",
            "The file is a picture (JPEG). Ask the sender for CSV, XLSX or EPCIS XML.",
        ),
        (
            b"GIF8",
            "The file is a picture (GIF). Ask the sender for CSV, XLSX or EPCIS XML.",
        ),
        (
            b"SQLite format 3\0",
            "The file is a database. Ask the sender for CSV, XLSX or EPCIS XML.",
        ),
    ];
    KNOWN
        .iter()
        .find(|(magic, _)| sample.starts_with(magic))
        .map(|&(_, text)| text)
}

/// The name of the root element decides.
fn recognise_xml(text: &str, encoding: TextEncoding) -> Result<Recognised, ReadRefused> {
    let mut rest = text;
    let root = loop {
        rest = rest.trim_start();
        let skipped = |begin: &str, end: &str| {
            let inside = rest.strip_prefix(begin)?;
            Some(inside.split_once(end).map(|(_, after)| after))
        };
        match skipped("<?", "?>").or_else(|| skipped("<!--", "-->")) {
            Some(Some(after)) => rest = after,
            Some(None) => return Err(cut_xml()),
            None => match rest.strip_prefix('<') {
                Some(element) => {
                    break element
                        .split(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
                        .next()
                        .unwrap_or_default();
                }
                None => return Err(not_recognised(text, "")),
            },
        }
    };
    let web_page = rest.to_ascii_lowercase().contains("<html");
    if root.eq_ignore_ascii_case("!DOCTYPE") && !web_page {
        return Err(ReadRefused::file(
            Code::UploadUnsafe,
            "The document declares a DOCTYPE. Such declarations can pull in other files and are never followed; remove it and upload again.",
        ));
    }
    let local = root.rsplit(':').next().unwrap_or(root);
    let epcis = matches!(local, "EPCISDocument" | "EPCISQueryDocument")
        || local == "StandardBusinessDocument" && rest.contains("EPCISDocument");
    if !epcis {
        return Err(not_recognised(
            text,
            &format!(
                "It is XML, but its root element {} is not EPCISDocument. ",
                quoted(root)
            ),
        ));
    }
    Ok(Recognised {
        kind: Kind::EpcisXml,
        encoding,
        separator: None,
        line_end: line_end(text.as_bytes()),
        skip_rows: 0,
        heading: Vec::new(),
        first_rows: Vec::new(),
        sheets: Vec::new(),
        sheet: None,
    })
}

fn recognise_table(
    text: &[u8],
    encoding: TextEncoding,
    complete: bool,
) -> Result<Recognised, ReadRefused> {
    let line_end = line_end(text);
    let mut best: Option<(u64, u8, Vec<Vec<String>>)> = None;
    for separator in [b';', b'\t', b',', b'|'] {
        let rows = sample_rows(text, Some(separator), line_end, complete);
        let score = evenness(&rows);
        if score > best.as_ref().map_or(0, |(best, ..)| *best) {
            best = Some((score, separator, rows));
        }
    }
    let (separator, rows) = match best {
        Some((_, separator, rows)) => (Some(separator), rows),
        None => (None, sample_rows(text, None, line_end, complete)),
    };
    let (skip_rows, heading, first_rows) = find_heading(rows);
    if separator.is_none() && heading.is_empty() && !looks_like_serials(&first_rows) {
        return Err(not_recognised(&String::from_utf8_lossy(text), ""));
    }
    Ok(Recognised {
        kind: if separator.is_some() {
            Kind::SeparatedText
        } else {
            Kind::SerialList
        },
        encoding,
        separator,
        line_end,
        skip_rows,
        heading,
        first_rows,
        sheets: Vec::new(),
        sheet: None,
    })
}

/// The rows of the sample, the last one left out where the sample may have cut it.
fn sample_rows(
    text: &[u8],
    separator: Option<u8>,
    line_end: LineEnd,
    complete: bool,
) -> Vec<Vec<String>> {
    let mut reader = RowReader::new(text, separator, line_end.terminator());
    let mut cells = Cells::default();
    let mut rows = Vec::new();
    // A row that is none ends the sample; reading the file will say so.
    while rows.len() < FIRST_ROWS_MAX + PREAMBLE_ROWS_MAX && reader.next_line().unwrap_or(false) {
        let Ok(end) = reader.split(&mut cells) else {
            break;
        };
        if !complete && !rows.is_empty() && (end != RowEnd::Line) {
            break;
        }
        rows.push(
            cells
                .iter()
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
                .collect(),
        );
    }
    rows
}

/// How well a separator explains the rows. A heading with two known words says most. Without one, at least seven rows of
/// ten must have the commonest number of cells, and two or more of them. Among equals the separator with more cells wins.
fn evenness(rows: &[Vec<String>]) -> u64 {
    let headings = rows.iter().take(PREAMBLE_ROWS_MAX);
    let known = headings.map(|row| known_words(row)).max().unwrap_or(0);
    let mut counts = std::collections::BTreeMap::new();
    for row in rows.iter().filter(|row| !is_blank(row) && !is_comment(row)) {
        *counts.entry(row.len()).or_insert(0_u64) += 1;
    }
    let total: u64 = counts.values().sum();
    let Some((&cells, &even)) = counts.iter().max_by_key(|&(cells, rows)| (*rows, *cells)) else {
        return 0;
    };
    let per_mille = even * 1000 / total;
    match cells >= 2 && per_mille >= 700 || known >= 2 {
        true => (known * 10_000 + per_mille) * 1000 + cells as u64,
        false => 0,
    }
}

fn known_words(row: &[String]) -> u64 {
    row.iter().filter(|cell| field_of(cell).is_some()).count() as u64
}

/// Finds the heading among the first rows: the row with the most known words, else the first row if it looks unlike the
/// rows below it. Gives the rows above, the heading, and the rows below.
pub(crate) fn find_heading(mut rows: Vec<Vec<String>>) -> (u64, Vec<String>, Vec<Vec<String>>) {
    let best = (0..rows.len().min(PREAMBLE_ROWS_MAX))
        .max_by_key(|&index| (known_words(&rows[index]), std::cmp::Reverse(index)))
        .filter(|&index| match known_words(&rows[index]) {
            0 => false,
            // One word may be a batch that is called so; a row of values has digits.
            1 => rows[index]
                .iter()
                .all(|cell| !cell.bytes().any(|byte| byte.is_ascii_digit())),
            _ => true,
        });
    let first_full = rows
        .iter()
        .position(|row| !is_blank(row) && !is_comment(row))
        .unwrap_or(0);
    let heading_at = best.or_else(|| unlike_below(&rows, first_full).then_some(first_full));
    let skip = heading_at.unwrap_or(0);
    let below = rows.split_off(match heading_at {
        Some(at) => at + 1,
        None => 0,
    });
    let heading = heading_at
        .and_then(|at| rows.into_iter().nth(at))
        .unwrap_or_default();
    let first_rows = below
        .into_iter()
        .filter(|row| !is_blank(row) && !is_comment(row))
        .take(FIRST_ROWS_MAX)
        .collect();
    (skip as u64, heading, first_rows)
}

/// A heading in words we do not know: no digit in the row, and digits in every column of some row below.
fn unlike_below(rows: &[Vec<String>], at: usize) -> bool {
    let digits = |row: &Vec<String>| {
        row.iter()
            .filter(|cell| cell.bytes().any(|byte| byte.is_ascii_digit()))
            .count()
    };
    match rows.get(at..) {
        Some([first, below @ ..]) if first.len() >= 2 => {
            digits(first) == 0
                && first.iter().all(|cell| !cell.trim().is_empty())
                && below.iter().take(5).any(|row| digits(row) >= 2)
        }
        _ => false,
    }
}

fn looks_like_serials(rows: &[Vec<String>]) -> bool {
    let serial_like = |row: &&Vec<String>| {
        row.first().is_some_and(|cell| {
            let cell = cell.trim();
            (1..=40).contains(&cell.len())
                && cell
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() || byte == 0x1d)
        })
    };
    let fitting = rows.iter().filter(serial_like).count();
    let with_digit = rows
        .iter()
        .filter(|row| {
            row.iter()
                .any(|cell| cell.bytes().any(|byte| byte.is_ascii_digit()))
        })
        .count();
    !rows.is_empty() && fitting * 10 >= rows.len() * 7 && with_digit * 2 >= rows.len()
}

pub(crate) fn is_blank(row: &[String]) -> bool {
    row.iter().all(|cell| cell.trim().is_empty())
}

/// A comment begins with `#`, which no serial or code can hold.
pub(crate) fn is_comment(row: &[String]) -> bool {
    row.first().is_some_and(|cell| cell.starts_with('#'))
}

fn line_end(text: &[u8]) -> LineEnd {
    match memchr::memchr(b'\n', text) {
        Some(at) if at > 0 && text[at - 1] == b'\r' => LineEnd::CrLf,
        Some(_) => LineEnd::Lf,
        None if memchr::memchr(b'\r', text).is_some() => LineEnd::Cr,
        None => LineEnd::Lf,
    }
}

fn drop_cut_character(text: &mut Vec<u8>) {
    if let Err(error) = std::str::from_utf8(text)
        && error.error_len().is_none()
    {
        text.truncate(error.valid_up_to());
    }
}

fn not_recognised(text: &str, what: &str) -> ReadRefused {
    let line = text.trim_start().lines().next().unwrap_or_default();
    ReadRefused::file(
        Code::UploadNotRecognised,
        format!(
            "We could not recognise the file. {what}The first line is {}. Choose a template or map the columns.",
            quoted(line)
        ),
    )
}

fn cut_xml() -> ReadRefused {
    ReadRefused::file(
        Code::UploadCut,
        "The XML document ends before its root element. Export it again.",
    )
}

fn hex(sample: &[u8]) -> String {
    let shown: Vec<String> = sample
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn check(bytes: impl AsRef<[u8]>, expected: Result<&str, Code>) -> Option<Recognised> {
        let found = recognise(Cursor::new(bytes.as_ref()));
        let actual = match &found {
            Ok(recognised) => Ok(recognised.describe()),
            Err(refused) => Err(refused.code().unwrap()),
        };
        assert_eq!(actual.as_deref().map_err(|code| *code), expected);
        found.ok()
    }

    #[test]
    fn kinds_are_found_by_content() {
        let row = "AB12;04006381333931;L1;290131\n";
        check(
            row.repeat(3),
            Ok("text separated by semicolons, UTF-8, 4 columns"),
        );
        check(
            row.replace(';', "\t"),
            Ok("text separated by tabs, UTF-8, 4 columns"),
        );
        check(
            row.replace(';', "|"),
            Ok("text separated by vertical bars, UTF-8, 4 columns"),
        );
        check(
            b"Seriennummer,GTIN,Pr\xfcfer\nA1,04006381333931,x\n",
            Ok("text separated by commas, windows-1252, 3 columns"),
        );
        check("AB12\nAB13\nAB14\n", Ok("list of serials, UTF-8"));
        check(
            "<?xml version='1.0' encoding='iso-8859-15'?>\n<!-- x --><e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:1'/>",
            Ok("EPCIS document, ISO-8859-15"),
        );
        check("<EPCISDocument>", Ok("EPCIS document, UTF-8"));
    }

    #[test]
    fn what_no_reader_reads_is_refused() {
        check("", Err(Code::UploadEmpty));
        check("\u{feff} \r\n", Err(Code::UploadEmpty));
        check(
            "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}",
            Err(Code::UploadBinary),
        );
        check("%PDF-1.7", Err(Code::UploadBinary));
        check(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....",
            Err(Code::UploadBinary),
        );
        check(
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><EPCISDocument>&x;</EPCISDocument>",
            Err(Code::UploadUnsafe),
        );
        check(
            "<!DOCTYPE html><html></html>",
            Err(Code::UploadNotRecognised),
        );
        check("<invoice/>", Err(Code::UploadNotRecognised));
        check("{\"epcisBody\": {}}", Err(Code::UploadNotRecognised));
        check(
            "Dear partner,\nhere is the file.\nRegards\n",
            Err(Code::UploadNotRecognised),
        );
        check(
            "<?xml version='1.0' encoding='klingon'?><EPCISDocument/>",
            Err(Code::UploadEncoding),
        );
        check("PK\u{3}\u{4} and no end", Err(Code::UploadCut));
    }

    #[test]
    fn the_first_line_is_shown_and_cannot_hide_anything() {
        let refused = recognise(Cursor::new("Dear\u{202e}partner \u{7}!\nsecond")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "We could not recognise the file. The first line is \"Dear\\u{202e}partner \\u{7}!\". Choose a template or map the columns."
        );
    }

    #[test]
    fn a_heading_below_a_title_is_found() {
        let file = "Export of 3 May;;;\n;;;\n# comment;;;\nSerien-Nr.;PZN;Ch.-B.;Verwendbar bis\nA1;04006381333931;L1;290131\n";
        let found = check(file, Ok("text separated by semicolons, UTF-8, 4 columns")).unwrap();
        assert_eq!((found.skip_rows, found.first_rows.len()), (3, 1));
        assert_eq!(found.heading[2], "Ch.-B.");
    }

    #[test]
    fn a_batch_called_lot_is_no_heading() {
        let file = "A1;04006381333931;LOT;290131\nA2;04006381333931;LOT;290131\n";
        let found = check(file, Ok("text separated by semicolons, UTF-8, 4 columns")).unwrap();
        assert_eq!(
            (found.skip_rows, found.heading.len(), found.first_rows.len()),
            (0, 0, 2)
        );
    }
}
