//! Documents: read to the end, carried into every form without loss, and equal to their twin in the other syntax.

use std::path::{Path, PathBuf};

use packtwin_epcis::document::{DocumentKind, Vocabulary};
use packtwin_epcis::hash::{EventHasher, HashDigest, HashProfile};
use packtwin_epcis::loss::Losses;
use packtwin_epcis::translation::{AnyReader, Form, translate};

use super::{Document, FOLDERS, canonical, files, read, writing};
use crate::conformance::{Report, Row};

/// Every form with its name in row ids.
pub(super) const FORMS: [(Form, &str); 3] = [
    (Form::Xml1, "to-1.2"),
    (Form::Xml2, "to-2.0"),
    (Form::Json2, "to-json"),
];

/// A document that was written, for the schemas to judge.
pub(super) struct Written {
    pub(super) id: String,
    pub(super) form: Form,
    pub(super) kind: DocumentKind,
    pub(super) bytes: Vec<u8>,
}

/// Reads every document and carries it into every form.
pub(super) fn run(folder: &Path, report: &mut Report) -> Vec<Written> {
    let mut written = Vec::new();
    for (id, path) in files(folder, &FOLDERS) {
        let Ok(bytes) = std::fs::read(&path) else {
            report.file_missing(format!("cannot read {}, skipped", path.display()));
            continue;
        };
        let mut document = None;
        report.row(&format!("read:{id}"), |row| match read(&bytes) {
            Ok(read) => {
                let parts = read.events.len() + read.messages + read.master_data.len();
                let has_content =
                    parts > 0 || read.head.master_data.is_some() || is_empty_result(&read);
                row.same("holds something", true, has_content);
                document = Some(read);
            }
            Err(error) => row.same("read", "to the end", error.to_string()),
        });
        // With a single row asked for, the document is read for the others all the same.
        let Some(document) = document.or_else(|| read(&bytes).ok()) else {
            continue;
        };
        for (form, name) in FORMS {
            let (losses, bytes) = carry(&bytes, form);
            report.row(&format!("{name}:{id}"), |row| {
                compare(&document, &bytes, form, &losses, row)
            });
            // A message that is none of the query interface is reported and leaves nothing to be judged.
            if document.messages > 0 && !losses.is_empty() {
                continue;
            }
            written.push(Written {
                id: format!("schema-{name}:{id}"),
                form,
                kind: document.head.kind.clone(),
                bytes,
            });
        }
    }
    written
}

/// A query may have found nothing.
fn is_empty_result(document: &Document) -> bool {
    matches!(
        document.head.kind,
        DocumentKind::QueryResults { .. } | DocumentKind::MasterData
    )
}

fn carry(bytes: &[u8], form: Form) -> (Losses, Vec<u8>) {
    let mut out = Vec::new();
    let reader = AnyReader::new(bytes);
    let translated = reader
        .and_then(|mut reader| translate(&mut reader, &mut out, form, writing(), &mut |_| {}));
    (
        translated
            .map(|translated| translated.losses)
            .unwrap_or_default(),
        out,
    )
}

/// What came out of the form must say what went in, but for what was reported as lost.
fn compare(document: &Document, bytes: &[u8], form: Form, losses: &Losses, row: &mut Row) {
    let there = match read(bytes) {
        Ok(there) => there,
        Err(error) => return row.same("read again", "to the end", error.to_string()),
    };
    if !losses.is_empty() {
        // What is reported needs no comparison; that the report is no empty talk is seen by the next lines.
        let sentences: Vec<String> = losses.sentences().collect();
        let all = document.events.len() == there.events.len()
            && document
                .events
                .iter()
                .zip(&there.events)
                .all(|(one, other)| canonical::event(one).says_the_same(&canonical::event(other)));
        let is_document_only = losses.iter().all(|(_, loss)| loss.first_event == 0);
        if all && !is_document_only {
            row.same(
                "events differ, as the losses say",
                sentences,
                Vec::<String>::new(),
            );
        }
        return;
    }
    row.same("events", document.events.len(), there.events.len());
    for (one, other) in document.events.iter().zip(&there.events) {
        let (one, other) = (canonical::event(one), canonical::event(other));
        if !one.says_the_same(&other) {
            row.same(
                &format!("event {}", one.number),
                format!("{one:?}"),
                format!("{other:?}"),
            );
            return;
        }
    }
    let plain = |vocabularies: &[Vocabulary]| vocabularies.to_vec();
    let head = |document: &Document| {
        let mut all = plain(document.head.master_data.as_deref().unwrap_or_default());
        all.extend(plain(&document.master_data));
        all
    };
    row.same("master data", head(document), head(&there));
    row.same(
        "header elements",
        &document.head.header_elements,
        &there.head.header_elements,
    );
    if form == Form::Json2 || document.head.sbdh.is_some() {
        row.same(
            "business document header",
            &document.head.sbdh,
            &there.head.sbdh,
        );
    }
    let around = |document: &Document| {
        let elements = document.head.document_elements.iter().chain(&document.tail);
        elements.cloned().collect::<Vec<_>>()
    };
    row.same("elements of the document", around(document), around(&there));
}

/// Documents of one path in both syntaxes of 2.0 say the same.
pub(super) fn twins(folder: &Path, report: &mut Report) {
    let list = folder.join("hash/computed/xml-json-twins.tsv");
    let Ok(text) = std::fs::read_to_string(&list) else {
        return report.file_missing(format!("cannot read {}, skipped", list.display()));
    };
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [xml, json, ..] = columns[..] else {
            continue;
        };
        let id = format!("twins:{}", xml.replace(' ', "_"));
        report.row(&id, |row| {
            row.same(
                "hashes",
                hashes(&folder.join(xml)),
                hashes(&folder.join(json)),
            );
        });
    }
}

fn hashes(path: &PathBuf) -> Vec<String> {
    let Some(document) = std::fs::read(path).ok().and_then(|bytes| read(&bytes).ok()) else {
        return vec![format!("{} cannot be read", path.display())];
    };
    let hasher = EventHasher::new(HashProfile::Written, HashDigest::Sha256, &document.head);
    // The namespace of CBV's attributes differs between the syntaxes as the standard has it.
    let hash = |event| {
        hasher
            .pre_hash(event)
            .replace("{urn:epcglobal:cbv:mda:}", "{urn:epcglobal:cbv:mda}")
    };
    document.events.iter().map(hash).collect()
}
