//! The archive a workbook is: opened with limits (security.md, section 7, "Archives"), read part by part.
//!
//! Nothing is written to disk under a name from the archive, and no part is opened but the few a workbook needs. Bytes are
//! counted as they are really produced: what the archive says about its sizes is not believed.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use packtwin_connector_port::serial_file::ReadRefused;
use packtwin_core::code::Code;
use zip::ZipArchive;
use zip::result::ZipError;

/// Entries of the archive.
const ENTRIES_MAX: u64 = 10_000;
/// Bytes of the table of contents; 10,000 entries with long names fit.
const DIRECTORY_BYTES_MAX: u64 = 8 << 20;
/// Produced bytes for one packed byte.
const RATIO_MAX: u64 = 100;
/// Below this the ratio says nothing.
const RATIO_FROM_BYTES: u64 = 4 << 20;
/// The fixed part of the record that ends an archive.
const END_RECORD_BYTES: usize = 22;
/// The record of large archives that stands before it.
const END_RECORD_64_BYTES: u64 = 56;

/// An open archive with a budget of bytes it may produce.
pub(crate) struct Package<R> {
    archive: ZipArchive<R>,
    budget: Rc<Cell<u64>>,
}

impl<R: Read + Seek> Package<R> {
    /// Opens the archive and looks at its table of contents.
    pub(crate) fn open(mut input: R, produced_bytes_max: u64) -> Result<Self, ReadRefused> {
        check_end_record(&mut input)?;
        let mut archive = ZipArchive::new(input).map_err(broken)?;
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(broken)?;
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            let fault = if entry.encrypted() {
                Some("is encrypted")
            } else if entry.is_symlink() {
                Some("is a link to another file")
            } else if entry.enclosed_name().is_none() || name.starts_with(['/', '\\']) {
                Some("has a path that leads out of the archive")
            } else {
                None
            };
            if let Some(fault) = fault {
                return Err(not_opened(&format!("its part {name:?} {fault}")));
            }
        }
        Ok(Package {
            archive,
            budget: Rc::new(Cell::new(produced_bytes_max)),
        })
    }

    /// The names of all parts.
    pub(crate) fn names(&self) -> Vec<String> {
        self.archive
            .file_names_raw()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect()
    }

    /// Opens a part; `None` when the archive has none of this name.
    pub(crate) fn part(&mut self, name: &str) -> Result<Option<impl Read + '_>, ReadRefused> {
        let wanted = name.trim_start_matches('/');
        let found = self
            .archive
            .file_names_raw()
            .position(|name| name.eq_ignore_ascii_case(wanted.as_bytes()));
        let Some(index) = found else {
            return Ok(None);
        };
        let entry = self.archive.by_index(index).map_err(broken)?;
        Ok(Some(Counted {
            packed: entry.compressed_size(),
            input: entry,
            produced: 0,
            budget: self.budget.clone(),
        }))
    }
}

/// Counts what a part produces.
struct Counted<R> {
    input: R,
    packed: u64,
    produced: u64,
    budget: Rc<Cell<u64>>,
}

/// The limit that was passed, as the source of an I/O error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TooMuch(&'static str);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.produced += count as u64;
        let Some(left) = self.budget.get().checked_sub(count as u64) else {
            return Err(io::Error::other(TooMuch(
                "the workbook unpacks to more bytes than this site takes",
            )));
        };
        self.budget.set(left);
        if self.produced > RATIO_FROM_BYTES && self.produced / RATIO_MAX > self.packed {
            return Err(io::Error::other(TooMuch(
                "a part of the workbook unpacks to more than 100 times its size",
            )));
        }
        Ok(count)
    }
}

/// The refusal behind an I/O error of a part.
pub(crate) fn refused(error: io::Error) -> ReadRefused {
    match find_source::<TooMuch>(&error) {
        Some(too_much) => not_opened(&too_much.to_string()),
        None if matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        ) =>
        {
            broken_at(&error.to_string())
        }
        None => ReadRefused::Io(error),
    }
}

fn find_source<'e, T: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        if let Some(io) = error.downcast_ref::<io::Error>()
            && let Some(found) = io.get_ref().and_then(|inner| inner.downcast_ref::<T>())
        {
            return Some(found);
        }
        if let Some(io) = error.downcast_ref::<io::Error>()
            && let Some(inner) = io.get_ref()
        {
            next = Some(inner);
            continue;
        }
        next = error.source();
    }
    None
}

fn not_opened(what: &str) -> ReadRefused {
    ReadRefused::file(
        Code::UploadUnsafe,
        format!(
            "The workbook is not opened: {what}. Save it again as XLSX without this, or export CSV."
        ),
    )
}

pub(crate) fn broken(error: ZipError) -> ReadRefused {
    match error {
        ZipError::Io(error) => refused(error),
        ZipError::UnsupportedArchive(what) => not_opened(what),
        other => broken_at(&other.to_string()),
    }
}

fn broken_at(what: &str) -> ReadRefused {
    ReadRefused::file(
        Code::UploadCut,
        format!("The workbook is damaged or cut ({what}). Save and upload it again."),
    )
}

/// Tests the number of entries and the size of the table of contents before a library allocates for them.
fn check_end_record<R: Read + Seek>(input: &mut R) -> Result<(), ReadRefused> {
    let length = input.seek(SeekFrom::End(0))?;
    let tail_length = length.min(END_RECORD_BYTES as u64 + u64::from(u16::MAX) + 20);
    input.seek(SeekFrom::Start(length - tail_length))?;
    let mut tail = Vec::new();
    input.by_ref().take(tail_length).read_to_end(&mut tail)?;
    let at = memchr::memmem::rfind(&tail, b"PK\x05\x06")
        .filter(|at| at + END_RECORD_BYTES <= tail.len())
        .ok_or_else(|| broken_at("its end is missing"))?;
    let mut entries = u64::from(u16_at(&tail, at + 10));
    let mut directory = u64::from(u32_at(&tail, at + 12));
    let large = entries == 0xffff || directory == 0xffff_ffff;
    if large && at >= 20 && tail[at - 20..].starts_with(b"PK\x06\x07") {
        let place = u64_at(&tail, at - 12);
        if place
            .checked_add(END_RECORD_64_BYTES)
            .is_none_or(|end| end > length)
        {
            return Err(broken_at("its end record points outside of it"));
        }
        let mut record = [0; END_RECORD_64_BYTES as usize];
        input.seek(SeekFrom::Start(place))?;
        input.read_exact(&mut record)?;
        (entries, directory) = (u64_at(&record, 32), u64_at(&record, 40));
    }
    input.seek(SeekFrom::Start(0))?;
    if entries > ENTRIES_MAX {
        return Err(not_opened("it has more than 10,000 parts"));
    }
    if directory > DIRECTORY_BYTES_MAX {
        return Err(not_opened("its table of contents is larger than 8 MB"));
    }
    Ok(())
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
