//! Workbooks (Office Open XML, ECMA-376): one sheet read in one pass and constant memory.
//!
//! Our own reader of the few parts that matter, since a workbook from outside is hostile until shown otherwise: a table of
//! shared texts as large as memory, a sheet that unpacks without end, a formula where a serial should be. Numbers, dates
//! and formulas keep their kind, so that the checks can say what a spreadsheet did to a serial. The old binary format (XLS)
//! is named and refused.

mod package;
mod shared_strings;
mod sheet;
mod styles;

use std::cell::Cell as Shared;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use packtwin_connector_port::safe_xml::{SafeXml, XmlEvent, XmlFault, attribute, local_name};
use packtwin_connector_port::serial_check::quoted;
use packtwin_connector_port::serial_file::{
    FileSummary, ReadRefused, ReadSettings, SerialFileSink,
};
use packtwin_connector_port::text_encoding::TextEncoding;
use packtwin_core::code::Code;

use self::package::Package;
use self::shared_strings::SharedStrings;
use self::sheet::SheetReader;
pub(crate) use self::sheet::SheetRow;
use self::styles::Styles;
use crate::cells::{PROGRESS_ROWS, RowChecker, as_shown};
use crate::layout::Layout;
use crate::mapping::Mapping;
use crate::recognise::{FIRST_ROWS_MAX, Kind, LineEnd, Recognised};
use crate::table_shape::{PREAMBLE_ROWS_MAX, find_heading, is_leading_comment};

/// Bytes a workbook may produce while it is recognised.
const RECOGNISE_BYTES_MAX: u64 = 1 << 30;
/// Sheets and relations that are looked at.
const SHEETS_MAX: usize = 1_000;

/// Says what the archive is.
pub(crate) fn recognise<R: Read + Seek>(input: &mut R) -> Result<Recognised, ReadRefused> {
    let mut workbook = Workbook::open(input, RECOGNISE_BYTES_MAX)?;
    let sheet = workbook.sheet_to_read(None)?;
    let sheets = workbook
        .sheets
        .iter()
        .map(|sheet| sheet.name.clone())
        .collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut reader = workbook.reader(&sheet)?;
    let mut row = SheetRow::default();
    while rows.len() < FIRST_ROWS_MAX + PREAMBLE_ROWS_MAX && reader.next_row(&mut row)? {
        let place = row.number.saturating_sub(1) as usize;
        if !(rows.len()..FIRST_ROWS_MAX + PREAMBLE_ROWS_MAX).contains(&place) {
            break;
        }
        rows.resize(place, Vec::new());
        rows.push(texts_of(&row));
    }
    let (skip_rows, heading, first_rows) = find_heading(rows);
    Ok(Recognised {
        kind: Kind::Workbook,
        encoding: TextEncoding::UTF_8,
        separator: None,
        line_end: LineEnd::Lf,
        skip_rows,
        heading,
        first_rows,
        sheets,
        sheet: Some(sheet.name),
    })
}

/// Reads the rows of the mapped sheet and hands them to `sink`.
pub(crate) fn read<R: Read + Seek>(
    input: R,
    mapping: &Mapping,
    settings: &ReadSettings,
    sink: &mut dyn SerialFileSink,
) -> Result<FileSummary, ReadRefused> {
    let mut input = Tracked::new(input)?;
    let (bytes_read, length) = (input.bytes_read.clone(), input.length);
    let mut workbook = Workbook::open(&mut input, settings.unpacked_bytes_max)?;
    let sheet = workbook.sheet_to_read(mapping.sheet.as_deref())?;
    let others: Vec<String> = workbook
        .sheets
        .clone()
        .iter()
        .filter(|other| other.name != sheet.name)
        .filter(|other| workbook.holds_something(other).unwrap_or(true))
        .map(|other| quoted(&other.name))
        .collect();
    let mut reader = workbook.reader(&sheet)?;
    let mut row = SheetRow::default();
    let mut heading = Vec::new();
    let mut more = true;
    while more && mapping.heading {
        more = reader.next_row(&mut row)?;
        if more && row.number > mapping.skip_rows {
            heading = texts_of(&row);
            break;
        }
    }
    let layout = Layout::new(mapping, &heading)?;
    let mut checker = RowChecker::new(mapping, settings, sink, layout.columns.clone(), false);
    let mut hidden = 0_u64;
    let mut begun = mapping.heading;
    let mut seen = 0_u64;
    while more && reader.next_row(&mut row)? {
        seen += 1;
        if seen.is_multiple_of(PROGRESS_ROWS) {
            checker.progress(bytes_read.get().min(length))?;
        }
        if row.number <= mapping.skip_rows || row.is_blank() {
            continue;
        }
        begun = begun || !is_leading_comment(texts_of(&row).iter().map(|text| text.as_bytes()));
        if !begun {
            continue;
        }
        hidden += u64::from(row.hidden);
        let picked = layout.pick(|place| row.cell(place));
        checker.row(row.number, &picked)?;
    }
    let merged = reader.merged;
    checker.progress(length)?;
    let mut summary = checker.summary;
    let mut note = |holds: bool, text: String| {
        if holds {
            summary.not_taken.push(text);
        }
    };
    note(
        !others.is_empty(),
        format!(
            "Read sheet {}. Not read: {}.",
            quoted(&sheet.name),
            others.join(", ")
        ),
    );
    note(
        hidden > 0,
        format!("{hidden} hidden rows were read like all others."),
    );
    note(
        merged > 0,
        format!("The sheet has {merged} merged areas; only their first cell holds a value."),
    );
    Ok(summary)
}

/// All cells of a row as a person sees them.
pub(crate) fn texts_of(row: &SheetRow) -> Vec<String> {
    (0..row.len())
        .map(|place| as_shown(&row.cell(place)).into_owned())
        .collect()
}

/// An open workbook.
pub(crate) struct Workbook<R> {
    package: Package<R>,
    sheets: Vec<Sheet>,
    strings: SharedStrings,
    styles: Styles,
    counts_from_1904: bool,
}

/// A sheet by name and part.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    name: String,
    part: String,
}

impl<R: Read + Seek> Workbook<R> {
    /// Opens the parts every sheet needs.
    pub(crate) fn open(input: R, produced_bytes_max: u64) -> Result<Self, ReadRefused> {
        let mut package = Package::open(input, produced_bytes_max)?;
        let main = main_part(&mut package)?;
        let folder = main
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned();
        let file = main.rsplit('/').next().unwrap_or(&main).to_owned();
        let relations = match package.part(&joined(&folder, &format!("_rels/{file}.rels")))? {
            Some(part) => relations(part)?,
            None => Vec::new(),
        };
        let target = |kind: &str| {
            relations
                .iter()
                .find(|relation| relation.kind.ends_with(kind))
                .map(|relation| joined(&folder, &relation.target))
        };
        let (listed, counts_from_1904) = match package.part(&main)? {
            Some(part) => sheet_list(part)?,
            None => (Vec::new(), false),
        };
        let sheets = listed
            .into_iter()
            .filter_map(|(name, id)| {
                let relation = relations.iter().find(|relation| relation.id == id)?;
                relation.kind.ends_with("/worksheet").then(|| Sheet {
                    name,
                    part: joined(&folder, &relation.target),
                })
            })
            .collect();
        let styles = match target("/styles") {
            Some(name) => package.part(&name)?.map(Styles::read).transpose()?,
            None => None,
        };
        let strings = match target("/sharedStrings") {
            Some(name) => package.part(&name)?.map(SharedStrings::read).transpose()?,
            None => None,
        };
        Ok(Workbook {
            package,
            sheets,
            strings: match strings {
                Some(strings) => strings,
                None => SharedStrings::none()?,
            },
            styles: styles.unwrap_or_default(),
            counts_from_1904,
        })
    }

    /// The sheet of this name, or the first one with anything in it.
    pub(crate) fn sheet_to_read(&mut self, name: Option<&str>) -> Result<Sheet, ReadRefused> {
        if let Some(name) = name {
            return self
                .sheets
                .iter()
                .find(|sheet| sheet.name == name)
                .cloned()
                .ok_or_else(|| {
                    ReadRefused::file(
                        Code::UploadMappingNeeded,
                        format!(
                            "The workbook has no sheet {}. Choose another sheet in the mapping.",
                            quoted(name)
                        ),
                    )
                });
        }
        for sheet in self.sheets.clone() {
            if self.holds_something(&sheet)? {
                return Ok(sheet);
            }
        }
        Err(ReadRefused::file(
            Code::UploadEmpty,
            "No sheet of the workbook holds anything.",
        ))
    }

    fn holds_something(&mut self, sheet: &Sheet) -> Result<bool, ReadRefused> {
        let mut reader = self.reader(sheet)?;
        let mut row = SheetRow::default();
        while reader.next_row(&mut row)? {
            if !row.is_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Begins to read a sheet.
    pub(crate) fn reader(
        &mut self,
        sheet: &Sheet,
    ) -> Result<SheetReader<'_, impl Read + '_>, ReadRefused> {
        let part = self.package.part(&sheet.part)?.ok_or_else(|| {
            ReadRefused::file(
                Code::UploadCut,
                format!(
                    "The workbook is damaged: sheet {} is missing.",
                    quoted(&sheet.name)
                ),
            )
        })?;
        SheetReader::new(part, &mut self.strings, &self.styles, self.counts_from_1904)
    }
}

/// The refusal of a part that cannot be read on.
fn xml_refused(fault: XmlFault, what: &str) -> ReadRefused {
    match fault {
        XmlFault::Io(error) => package::refused(error),
        fault => ReadRefused::file(
            match fault.code() {
                Code::UploadUnsafe => Code::UploadUnsafe,
                _ => Code::UploadCut,
            },
            format!(
                "The workbook cannot be read: in {what}, {fault}. Save it again as XLSX, or export CSV."
            ),
        ),
    }
}

struct Relation {
    id: String,
    kind: String,
    target: String,
}

/// The part that lists the sheets; other archives are named, so that the sender knows what to change.
fn main_part<R: Read + Seek>(package: &mut Package<R>) -> Result<String, ReadRefused> {
    let main = match package.part("_rels/.rels")? {
        Some(part) => relations(part)?
            .into_iter()
            .find(|relation| relation.kind.ends_with("/officeDocument"))
            .map(|relation| joined("", &relation.target)),
        None => None,
    };
    let names = package.names();
    let has = |name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
    let what = match main {
        Some(main) if main.ends_with("workbook.xml") && has(&main) => return Ok(main),
        _ if has("xl/workbook.xml") => return Ok("xl/workbook.xml".to_owned()),
        _ if has("xl/workbook.bin") => {
            "It is a workbook of the binary kind (XLSB); save it as XLSX.".to_owned()
        }
        _ if has("word/document.xml") => "It is a text document (DOCX).".to_owned(),
        _ if has("ppt/presentation.xml") => "It is a presentation (PPTX).".to_owned(),
        _ if has("content.xml") && has("mimetype") => {
            "It is an OpenDocument file; save it as XLSX.".to_owned()
        }
        _ => {
            let first: Vec<String> = names.iter().take(3).map(|name| quoted(name)).collect();
            format!(
                "It is an archive (ZIP) with {} parts such as {}. Unpack it and upload what is inside.",
                names.len(),
                first.join(", ")
            )
        }
    };
    Err(ReadRefused::file(
        Code::UploadNotRecognised,
        format!("We could not recognise the file. {what}"),
    ))
}

fn relations(part: impl Read) -> Result<Vec<Relation>, ReadRefused> {
    let refused = |fault| xml_refused(fault, "its relations");
    let mut xml = SafeXml::new(part).map_err(refused)?;
    let mut relations = Vec::new();
    loop {
        match xml.next_event().map_err(refused)? {
            XmlEvent::Start(element)
                if local_name(&element) == "Relationship" && relations.len() < SHEETS_MAX =>
            {
                let value = |name| attribute(&element, name).unwrap_or_default();
                if value("TargetMode") != "External" {
                    relations.push(Relation {
                        id: value("Id"),
                        kind: value("Type"),
                        target: value("Target"),
                    });
                }
            }
            XmlEvent::Complete => return Ok(relations),
            _ => {}
        }
    }
}

/// Name and relation of each sheet, and whether dates count from 1904.
fn sheet_list(part: impl Read) -> Result<(Vec<(String, String)>, bool), ReadRefused> {
    let refused = |fault| xml_refused(fault, "its list of sheets");
    let mut xml = SafeXml::new(part).map_err(refused)?;
    let mut sheets = Vec::new();
    let mut counts_from_1904 = false;
    loop {
        match xml.next_event().map_err(refused)? {
            XmlEvent::Start(element) => match local_name(&element) {
                "sheet" if sheets.len() < SHEETS_MAX => {
                    let value = |name| attribute(&element, name).unwrap_or_default();
                    sheets.push((value("name"), value("id")));
                }
                "workbookPr" => {
                    counts_from_1904 = matches!(
                        attribute(&element, "date1904").as_deref(),
                        Some("1" | "true")
                    );
                }
                _ => {}
            },
            XmlEvent::Complete => return Ok((sheets, counts_from_1904)),
            _ => {}
        }
    }
}

/// A part's name from the folder it is named in.
fn joined(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Counts the bytes fetched from the file, for the progress shown.
struct Tracked<R> {
    input: R,
    bytes_read: Rc<Shared<u64>>,
    length: u64,
}

impl<R: Read + Seek> Tracked<R> {
    fn new(mut input: R) -> io::Result<Self> {
        let length = input.seek(SeekFrom::End(0))?;
        input.seek(SeekFrom::Start(0))?;
        Ok(Tracked {
            input,
            bytes_read: Rc::new(Shared::new(0)),
            length,
        })
    }
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.bytes_read.set(self.bytes_read.get() + count as u64);
        Ok(count)
    }
}

impl<R: Seek> Seek for Tracked<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.input.seek(to)
    }
}

#[cfg(test)]
mod tests;
