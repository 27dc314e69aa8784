//! What a file is, found by its content and never by its name's ending (users.md, section 4; URS on receiving files).
//!
//! Looks at the first 64 KiB and, in an archive, at its table of contents. Says what it found before anything is done with
//! the file: kind, encoding, separator, heading and the first rows. What is not read by any reader is refused with the
//! reason and its first line, so that the person who sent it can tell which file it was.

use std::io::{Read, Seek, SeekFrom};

use packtwin_connector_port::serial_check::quoted;
use packtwin_connector_port::serial_file::ReadRefused;
use packtwin_core::code::Code;

use crate::rows::{Cells, RowEnd, RowReader};
use crate::table_shape::{PREAMBLE_ROWS_MAX, evenness, find_heading, looks_like_serials};
use crate::workbook;
use packtwin_connector_port::text_encoding::TextEncoding;

/// Bytes looked at.
pub const SAMPLE_BYTES: usize = 64 * 1024;
/// Rows shown and used for guessing.
pub const FIRST_ROWS_MAX: usize = 100;
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
mod tests;
