//! Suite `epcis`: documents read, carried into every form and back, what we write against the schemas, twins in two
//! syntaxes, documents that must be found wrong, and identifiers in both spellings.
//!
//! Row ids are the kind of check and the path in the corpus, spaces as underscores: `read:xml-1.2/gs1/ObjectEvent.xml`.

mod canonical;
mod documents;
mod identifiers;
mod invalid;
mod json_schema;
mod schemas;

use std::path::{Path, PathBuf};

use packtwin_core::finding::Finding;
use packtwin_core::time::Timestamp;
use packtwin_epcis::cbv::CbvXmlFormat;
use packtwin_epcis::document::{DocumentHead, Vocabulary};
use packtwin_epcis::epc_format::EpcFormat;
use packtwin_epcis::event::Event;
use packtwin_epcis::extension::Element;
use packtwin_epcis::reading::{EventReader, ReadingError, Step};
use packtwin_epcis::translation::{AnyReader, Writing};

use super::Report;

/// Folders whose documents hold events or master data.
const FOLDERS: [&str; 4] = ["xml-1.2", "xml-2.0", "json-2.0", "dscsa/documents"];

pub(super) fn run(folder: &Path, report: &mut Report) {
    let written = documents::run(folder, report);
    schemas::run(folder, &written, report);
    documents::twins(folder, report);
    invalid::run(folder, report);
    identifiers::run(folder, report);
}

/// A document, whole.
#[derive(Default)]
pub(super) struct Document {
    pub(super) head: DocumentHead,
    pub(super) events: Vec<Event>,
    pub(super) master_data: Vec<Vocabulary>,
    pub(super) messages: usize,
    pub(super) tail: Vec<Element>,
    pub(super) findings: Vec<Finding>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Document, ReadingError> {
    let mut reader = AnyReader::new(bytes)?;
    let mut event = Event::default();
    let mut document = Document::default();
    loop {
        match reader.next(&mut event, &mut document.findings)? {
            Step::Head(head) => document.head = *head,
            Step::Event => document.events.push(event.clone()),
            Step::MasterData(vocabularies) => document.master_data.extend(vocabularies),
            Step::Message(_) => document.messages += 1,
            Step::Tail(tail) => document.tail = tail,
            Step::Complete => return Ok(document),
        }
    }
}

/// How everything here is written.
pub(super) fn writing() -> Writing<'static> {
    Writing {
        at: Timestamp::from_micros(1_767_225_600_000_000),
        epc: EpcFormat::AsWritten,
        cbv: CbvXmlFormat::AsWritten,
    }
}

/// Every document of these folders, by path from the corpus, in order.
pub(super) fn files(folder: &Path, folders: &[&str]) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for part in folders {
        walk(&folder.join(part), &mut found);
    }
    let id = |path: &Path| {
        let path = path.strip_prefix(folder).unwrap_or(path);
        path.to_string_lossy().replace(' ', "_")
    };
    let mut files: Vec<(String, PathBuf)> =
        found.into_iter().map(|path| (id(&path), path)).collect();
    files.sort();
    files
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = path
            .extension()
            .map(|kind| kind.to_string_lossy().into_owned());
        match kind.as_deref() {
            _ if path.is_dir() => walk(&path, found),
            Some("xml" | "json" | "jsonld") => found.push(path),
            _ => {}
        }
    }
}
