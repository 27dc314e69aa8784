//! The documents that we write, judged by xmllint against the schema they name: a second opinion that shares no code with
//! us. Proves URS-CN-002.
//!
//! The connectors' own tests show that what is written equals the golden files byte for byte; here the golden files are
//! shown to be valid. EPCIS schemas are GS1's and no part of the project: they are read from the corpus where it is there.

#![allow(
    clippy::unwrap_used,
    reason = "a document that cannot be judged ends the test"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::company_prefix::PrefixLength;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::LotHead;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_epcis::commissioning_writer::{CommissioningSettings, CommissioningWriter};
use packtwin_epcis::translation::Form;
use packtwin_tests::story::product_code;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Whether xmllint is there. Where it is missing the run says so, and fails when `CI` is set.
fn has_xmllint() -> bool {
    let found = Command::new("xmllint").arg("--version").output().is_ok();
    if !found {
        assert!(
            std::env::var_os("CI").is_none(),
            "xmllint must be installed when CI is set"
        );
        eprintln!("documents are not compared with their schemas: xmllint is not installed");
    }
    found
}

/// What xmllint says against a document, or nothing.
fn faults_of(document: &str, schema: &Path) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.xml");
    fs::write(&file, document).unwrap();
    let output = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .args([schema, &file])
        .output()
        .unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The schema of the hub release that a document names in its namespace.
fn hub_schema(document: &str) -> PathBuf {
    let (_, rest) = document.split_once("urn:packtwin:eu-hub-mirror:").unwrap();
    let (release, _) = rest.split_once('"').unwrap();
    let name = format!("hub_mirror_{}.xsd", release.replace('.', "_"));
    root().join("connectors/eu_hub/schema").join(name)
}

fn hub_documents() -> Vec<(String, String)> {
    let folder = root().join("connectors/eu_hub/golden");
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            (
                path.display().to_string(),
                fs::read_to_string(path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_hub_document_follows_the_schema_of_its_release() {
    if !has_xmllint() {
        return;
    }
    let documents = hub_documents();
    assert!(documents.len() >= 10);
    for (place, document) in documents {
        assert_eq!(
            faults_of(&document, &hub_schema(&document)),
            None,
            "{place}"
        );
    }
}

/// The schema is a judge: without any one of its elements, or with one that nobody knows, no document passes.
#[test]
fn a_damaged_hub_document_does_not() {
    if !has_xmllint() {
        return;
    }
    for (place, document) in hub_documents() {
        let schema = hub_schema(&document);
        for damaged in [
            without_header(&document),
            document.replacen("</Header>", "<Surprise/></Header>", 1),
            document.replacen("HubMessage", "HubMassage", 2),
        ] {
            assert_ne!(damaged, document, "{place}");
            assert!(faults_of(&damaged, &schema).is_some(), "{place}: {damaged}");
        }
    }
}

fn without_header(document: &str) -> String {
    let (before, rest) = document.split_once("<Header>").unwrap();
    let (_, after) = rest.split_once("</Header>").unwrap();
    format!("{before}{after}")
}

/// EPCIS 1.2 and 2.0, section 9, in GS1's own words.
#[test]
fn commissioning_follows_the_schema_of_epcis() {
    let corpus = std::env::var_os("PACKTWIN_CORPUS").map(PathBuf::from);
    let corpus = corpus.unwrap_or_else(|| root().join("../shared/corpus"));
    for (form, name) in [
        (Form::Xml1, "epcis-1.2/EPCglobal-epcis-1_2.xsd"),
        (Form::Xml2, "epcis-2.0/xsd/EPCglobal-epcis-2_0.xsd"),
    ] {
        let schema = corpus.join("epcis/schema").join(name);
        if !schema.is_file() {
            eprintln!(
                "commissioning is not compared with the schema of EPCIS: it is not in the corpus"
            );
            return;
        }
        if !has_xmllint() {
            return;
        }
        let document = commissioning(form);
        assert_eq!(faults_of(&document, &schema), None, "{document}");
        let damaged =
            document
                .replacen("<action>", "<deed>", 1)
                .replacen("</action>", "</deed>", 1);
        assert_ne!(damaged, document);
        assert!(faults_of(&damaged, &schema).is_some());
    }
}

/// Two lots and a limit of two packs in an event: three events.
fn commissioning(form: Form) -> String {
    let settings = CommissioningSettings {
        form,
        at: Timestamp::parse("2026-11-22T08:00:00Z").unwrap(),
        prefix_length: &|_| PrefixLength::new(7),
        epcs_per_event_max: 2,
    };
    let mut bytes = Vec::new();
    let mut writer = CommissioningWriter::new(&mut bytes, settings).unwrap();
    for (lot, serials) in [("A1234", &["1", "A/2", "a&3"][..]), ("B/2", &["4"])] {
        let lot = LotHead {
            product: product_code(),
            batch: BatchNumber::parse(lot).unwrap(),
            expiry: Expiry::parse("290600", 2026).unwrap(),
            manufactured: None,
        };
        for serial in serials {
            writer.pack(&lot, &Serial::parse(serial).unwrap()).unwrap();
        }
    }
    let written = writer.finish().unwrap();
    assert_eq!((written.packs, written.events), (4, 3));
    String::from_utf8(bytes).unwrap()
}
