//! What we write against the schemas of the standard: XML judged by xmllint, one call for each schema; JSON by our own check,
//! see `json_schema`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use packtwin_epcis::document::DocumentKind;
use packtwin_epcis::translation::Form;

use super::documents::Written;
use super::json_schema::Schema;
use crate::conformance::Report;

pub(super) fn run(folder: &Path, written: &[Written], report: &mut Report) {
    judge_json(folder, written, report);
    let Ok(scratch) = tempfile::tempdir() else {
        return report.file_missing("no temporary folder for the schemas, skipped".to_owned());
    };
    let mut by_schema: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, document) in written.iter().enumerate() {
        let (version, number) = match document.form {
            Form::Xml1 => ("epcis-1.2", "1_2"),
            Form::Xml2 => ("epcis-2.0/xsd", "2_0"),
            Form::Json2 => continue,
        };
        let part = match document.kind {
            DocumentKind::QueryResults { .. } | DocumentKind::Message => "-query",
            DocumentKind::MasterData => "-masterdata",
            DocumentKind::Events | DocumentKind::BareEvent => "",
        };
        let schema = format!("schema/{version}/EPCglobal-epcis{part}-{number}.xsd");
        let file = scratch.path().join(format!("{index}.xml"));
        if fs::write(file, &document.bytes).is_ok() {
            by_schema.entry(schema).or_default().push(index);
        }
    }
    for (schema, documents) in by_schema {
        judge(
            &folder.join(schema),
            scratch.path(),
            &documents,
            written,
            report,
        );
    }
}

fn judge_json(folder: &Path, written: &[Written], report: &mut Report) {
    let path = folder.join("schema/epcis-2.0/json-schema/EPCIS-JSON-Schema.json");
    let schema = match fs::read_to_string(&path).map(|text| Schema::read(&text)) {
        Ok(Ok(schema)) => schema,
        Ok(Err(fault)) => {
            return report.row("schema-to-json", |row| row.not_understood(&fault));
        }
        Err(_) => {
            return report.file_missing(format!("cannot read {}, skipped", path.display()));
        }
    };
    let json = written
        .iter()
        .filter(|document| document.form == Form::Json2);
    for document in json {
        report.row(&document.id, |row| {
            let fault = match serde_json::from_slice(&document.bytes) {
                Ok(value) => schema.fault(&value),
                Err(error) => Some(error.to_string()),
            };
            row.same("fault", None, fault);
        });
    }
}

fn judge(
    schema: &Path,
    scratch: &Path,
    documents: &[usize],
    written: &[Written],
    report: &mut Report,
) {
    let names = documents.iter().map(|index| format!("{index}.xml"));
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .args(names)
        .current_dir(scratch)
        .output();
    let Ok(output) = output else {
        return report
            .file_missing("xmllint is not installed, what we write was not checked".to_owned());
    };
    let verdicts = String::from_utf8_lossy(&output.stderr).into_owned();
    for index in documents {
        let name = format!("{index}.xml");
        let lines = verdicts.lines().filter(|line| {
            line.starts_with(&format!("{name} ")) || line.starts_with(&format!("{name}:"))
        });
        let lines: Vec<&str> = lines.collect();
        let is_valid = lines.contains(&format!("{name} validates").as_str());
        report.row(&written[*index].id, |row| {
            if !is_valid {
                row.same(
                    "xmllint",
                    "validates",
                    lines.first().copied().unwrap_or("no verdict"),
                );
            }
        });
    }
}
