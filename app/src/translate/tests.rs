//! Files in, files out: each case is a text, what is ordered, and what must come of it.

use std::io::{self, Write};
use std::path::PathBuf;

use packtwin_core::code::Code;
use packtwin_core::company_prefix::PrefixLength;
use packtwin_core::finding::Severity;
use packtwin_core::time::Timestamp;
use packtwin_partner::mapping::Field;

use super::*;

mod documents;

const TABLE: &str = "SN;GTIN;LOT;EXP\nB1;04150123456782;L1;290131\n0A;04150123456782;L1;290131\nZ9;04150123456782;L2;300200\n";

/// What a case orders beyond the form.
#[derive(Default)]
struct Words {
    hub: HubWords,
    document: DocumentWords,
    dialect: Option<&'static Dialect>,
    prefix: Option<usize>,
    fixed: Vec<(Field, &'static str)>,
    accepted: Vec<Code>,
    correct_only: bool,
    packs_max: Option<u64>,
    places: Option<u64>,
    is_final: bool,
}

/// What came of it.
#[derive(Debug)]
struct Outcome {
    outcome: Result<Translated, NotTranslated>,
    documents: Vec<String>,
    /// `row code`, with `!` where the finding is no error.
    findings: Vec<String>,
}

impl Outcome {
    fn not_carried(&self) -> Vec<&str> {
        let done = self.outcome.as_ref().unwrap();
        done.not_carried.iter().map(String::as_str).collect()
    }

    /// The codes of a refusal, or the sentences of a wrong order.
    fn refused(&self) -> Vec<String> {
        assert!(self.documents.is_empty(), "nothing is written");
        match self.outcome.as_ref().unwrap_err() {
            NotTranslated::Order(texts) | NotTranslated::Findings(texts) => texts.clone(),
            NotTranslated::Refused(refusals) => refusals
                .iter()
                .map(|fault| fault.code.to_string())
                .collect(),
            NotTranslated::Io(error) => panic!("{error}"),
        }
    }
}

#[derive(Default)]
struct Memory {
    documents: Vec<Vec<u8>>,
    places: Option<u64>,
    is_final: bool,
}

impl Outputs for Memory {
    fn announce(&mut self, documents: u64) -> Result<(), OutputFault> {
        match self.places.is_some_and(|places| documents > places) {
            true => Err(OutputFault::NoPlace(format!("no place for {documents}"))),
            false => Ok(()),
        }
    }

    fn is_final(&self) -> bool {
        self.is_final
    }

    fn next(&mut self) -> io::Result<&mut (dyn Write + Send)> {
        self.documents.push(Vec::new());
        Ok(self.documents.last_mut().unwrap())
    }
}

fn at() -> Timestamp {
    Timestamp::parse("2026-11-22T08:00:00Z").unwrap()
}

fn run(files: &[&[u8]], to: Form, words: Words) -> (Outcome, Vec<Vec<u8>>) {
    let work = tempfile::tempdir().unwrap();
    let inputs: Vec<PathBuf> = files
        .iter()
        .enumerate()
        .map(|(number, bytes)| {
            let path = work.path().join(format!("in-{number}"));
            std::fs::write(&path, bytes).unwrap();
            path
        })
        .collect();
    let fixed: Vec<(Field, String)> = words
        .fixed
        .iter()
        .map(|(field, value)| (*field, (*value).to_owned()))
        .collect();
    let order = TranslateOrder {
        inputs: &inputs,
        from: None,
        to,
        mapping: None,
        fixed: &fixed,
        accepted: words.accepted.iter().copied().collect(),
        kept: Default::default(),
        lots: match words.correct_only {
            true => LotsWanted::Correct,
            false => LotsWanted::All,
        },
        hub: words.hub,
        dialect: words.dialect,
        document: words.document,
        event_at: None,
        prefix: words
            .prefix
            .and_then(PrefixLength::new)
            .map(PrefixRule::Length),
        packs_max: words.packs_max.unwrap_or(250_000),
        work: work.path(),
        at: at(),
    };
    let mut outputs = Memory {
        places: words.places,
        is_final: words.is_final,
        ..Memory::default()
    };
    let mut findings = Vec::new();
    let outcome = translate(&order, &mut outputs, &mut |finding| {
        let mark = match finding.severity {
            Severity::Error => "",
            Severity::Warning | Severity::Fixed => "!",
        };
        findings.push(format!("{} {}{mark}", finding.row, finding.code));
        Ok(())
    });
    let shown = outputs
        .documents
        .iter()
        .map(|document| String::from_utf8_lossy(document).into_owned())
        .collect();
    let outcome = Outcome {
        outcome,
        documents: shown,
        findings,
    };
    (outcome, outputs.documents)
}

fn text(file: &str, to: Form, words: Words) -> Outcome {
    run(&[file.as_bytes()], to, words).0
}

fn hub() -> Words {
    Words {
        hub: HubWords {
            sender: Some("ALDER".to_owned()),
            version: Some(2),
            markets: vec!["DE".parse().unwrap(), "AT".parse().unwrap()],
            message_id: Some("m".to_owned()),
            ..HubWords::default()
        },
        ..Words::default()
    }
}

fn with(change: impl FnOnce(&mut Words)) -> Words {
    let mut words = hub();
    change(&mut words);
    words
}

/// The serials of a hub document.
fn serials(document: &str) -> Vec<&str> {
    let packs = document.split("<Pack sn=\"").skip(1);
    packs.filter_map(|pack| pack.split('"').next()).collect()
}

/// URS-SN-005, URS-CN-002: a table becomes hub documents, lot by lot, sorted, split at the limit.
#[test]
fn a_table_becomes_hub_documents() {
    let done = text(TABLE, Form::EuHub, hub());
    assert_eq!(done.not_carried(), [""; 0]);
    let packs: Vec<Vec<&str>> = done.documents.iter().map(|text| serials(text)).collect();
    assert_eq!(packs, [vec!["0A", "B1"], vec!["Z9"]]);
    for part in [
        "<MessageId>m-0001</MessageId>",
        "<Version>2</Version>",
        "<Market>AT</Market>",
        "<Environment>test</Environment>",
        "<EventTime>2026-11-22T08:00:00.000Z</EventTime>",
    ] {
        assert!(done.documents[0].contains(part), "{part}");
    }
    assert!(done.documents[1].contains("<Expiry>300200</Expiry>"));

    let split = text(TABLE, Form::EuHub, with(|words| words.packs_max = Some(1)));
    let packs: Vec<Vec<&str>> = split.documents.iter().map(|text| serials(text)).collect();
    assert_eq!(packs, [["0A"], ["B1"], ["Z9"]]);
}

/// From the table through each other form and back: the same table, in the order of the documents.
#[test]
fn every_way_there_and_back_keeps_the_packs() {
    let sorted = "SerialNumber,GTIN,Batch,ExpirationDate,ManufacturingDate\n0A,04150123456782,L1,290131,\nB1,04150123456782,L1,290131,\nZ9,04150123456782,L2,300200,\n";
    let as_written = "SerialNumber,GTIN,Batch,ExpirationDate,ManufacturingDate\nB1,04150123456782,L1,290131,\n0A,04150123456782,L1,290131,\nZ9,04150123456782,L2,300200,\n";
    let in_its_form = as_written.replace(',', ";");
    let epcis = || Words {
        prefix: Some(7),
        ..Words::default()
    };
    for (through, words, expected) in [
        (Form::Csv, Words::default(), in_its_form.as_str()),
        (Form::Xlsx, Words::default(), as_written),
        (Form::EuHub, hub(), sorted),
        // EPCIS writes a calendar day: day 00 is told as lost, and comes back as the last of the month.
        (Form::Epcis12, epcis(), &sorted.replace("300200", "300228")),
        (Form::Epcis20, epcis(), &sorted.replace("300200", "300228")),
        (
            Form::Epcis20,
            Words::default(),
            &sorted.replace("300200", "300228"),
        ),
        (
            Form::Epcis20Xml,
            epcis(),
            &sorted.replace("300200", "300228"),
        ),
        (
            Form::Epcis20Xml,
            Words::default(),
            &sorted.replace("300200", "300228"),
        ),
    ] {
        let (_, documents) = run(&[TABLE.as_bytes()], through, words);
        let files: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
        let back = run(&files, Form::Csv, Words::default()).0;
        assert_eq!(back.documents, [expected], "{through:?} {back:?}");
    }
}

/// URS-CN-002: the way from a hub document to a table and back gives the same bytes, by the options that are named.
#[test]
fn a_hub_document_comes_back_byte_for_byte() {
    let one_lot = TABLE.rsplit_once("Z9").unwrap().0;
    let words = with(|words| words.hub.callback_url = Some("https://a.example/x y".to_owned()));
    let kept = words.hub.clone();
    let document = text(one_lot, Form::EuHub, words).documents.remove(0);
    let table = text(&document, Form::Csv, Words::default());
    let said = table.not_carried()[0];
    for option in [
        "--sender ALDER",
        "--environment test",
        "--hub-release 1.16",
        "--product-version 2",
        "--market DE,AT",
        "--message-id m",
        "--event-time 2026-11-22T08:00:00.000Z",
        "--callback-url 'https://a.example/x y'",
    ] {
        assert!(said.contains(option), "{said} lacks {option}");
    }
    let again = text(
        &table.documents[0],
        Form::EuHub,
        Words {
            hub: kept,
            ..Words::default()
        },
    );
    assert_eq!(again.documents, std::slice::from_ref(&document));
    assert_eq!(
        text(&document, Form::EuHub, Words::default()).documents,
        [document]
    );
}

#[test]
fn what_is_not_carried_is_told() {
    let file = "SN;GTIN;LOT;EXP;MFG;Market;Line\nA1;04150123456782;L1;290131;260101;DE;7\n";
    let told = |to, words| {
        let done = text(file, to, words);
        done.not_carried().join("|")
    };
    let epcis = told(
        Form::Epcis12,
        Words {
            prefix: Some(7),
            ..Words::default()
        },
    );
    for part in [
        "Line",
        "markets that the file names (DE)",
        "manufacturing date",
    ] {
        assert!(epcis.contains(part), "{epcis} lacks {part}");
    }
    assert_eq!(told(Form::Csv, Words::default()).matches('|').count(), 1);
    let hub = told(Form::EuHub, with(|words| words.hub.markets.clear()));
    assert!(
        hub.contains("manufacturing date") && !hub.contains("markets"),
        "{hub}"
    );
    let overruled = told(Form::EuHub, self::hub());
    assert!(overruled.contains("--market says others"), "{overruled}");
}

/// URS-SN-008: what is wrong is told with its row, and nothing is written unless the correct lots alone are wanted.
#[test]
fn wrong_lots_keep_all_back() {
    let file = "SN;GTIN;LOT;EXP\nA1;04150123456782;L1;290131\nA1;04150123456782;L2;290131\nB 2;04150123456782;L2;290131\nC3;04150123456782;L3;290131\nC4;04150123456782;L3;300131\n";
    let all = ["4 UPL-012", "5 UPL-021", "3 UPL-013"];
    let refused = text(file, Form::Csv, Words::default());
    assert_eq!(refused.findings, all);
    assert_eq!(refused.refused().len(), 2);
    let correct = text(
        file,
        Form::Csv,
        Words {
            correct_only: true,
            ..Words::default()
        },
    );
    assert_eq!(correct.documents[0].lines().count(), 2);
    assert_eq!(correct.outcome.unwrap().left_out.len(), 2);
    let fixed = text(
        "SN;GTIN;LOT;EXP\nA1;04150123456782;L1;290131\nA1;04150123456782;L1;290131\n",
        Form::EuHub,
        with(|words| words.accepted.push(Code::UploadSerialTwiceInFile)),
    );
    assert_eq!(fixed.findings, ["3 UPL-013!"]);
    assert_eq!(serials(&fixed.documents[0]), ["A1"]);
}

#[test]
fn what_the_other_form_needs_is_told_at_once() {
    let lacking = text(TABLE, Form::EuHub, Words::default());
    assert_eq!(lacking.refused().len(), 3, "{:?}", lacking.refused());
    let prefix = text(TABLE, Form::Epcis12, Words::default());
    assert!(prefix.refused()[0].contains("never guessed"));
    let useless = text(TABLE, Form::Csv, hub());
    assert!(useless.refused()[0].contains("--to eu-hub only"));
    let ppn = TABLE.replace("04150123456782", "110375286414");
    let words = || Words {
        prefix: Some(7),
        ..Words::default()
    };
    assert_eq!(text(&ppn, Form::Epcis12, words()).refused().len(), 2);
    let market = with(|words| words.hub.markets = vec!["US".parse().unwrap()]);
    assert_eq!(text(TABLE, Form::EuHub, market).refused(), ["PRD-004"; 2]);
    let long = with(|words| words.hub.message_id = Some("m".repeat(61)));
    assert_eq!(text(TABLE, Form::EuHub, long).refused().len(), 1);
    let places = with(|words| words.places = Some(1));
    assert_eq!(
        text(TABLE, Form::EuHub, places).refused(),
        ["no place for 2"]
    );
    let columns = "SN;LOT\nA1;L1\nA2;L1\n";
    assert_eq!(
        text(columns, Form::Csv, Words::default()).refused(),
        ["UPL-007", "UPL-007"]
    );
    let given = text(
        columns,
        Form::Csv,
        Words {
            fixed: vec![
                (Field::ProductCode, "04150123456782"),
                (Field::Expiry, "290131"),
            ],
            ..Words::default()
        },
    );
    assert_eq!(given.documents[0].lines().count(), 3);
    let twice = Words {
        fixed: vec![(Field::Batch, "L9")],
        ..Words::default()
    };
    assert!(text(TABLE, Form::Csv, twice).refused()[0].contains("has a column"));
}

/// The refusals of an upload, and the same for hub documents: with code, and nothing written.
#[test]
fn bad_input_is_refused_with_its_code() {
    let document = text(TABLE, Form::EuHub, hub()).documents.remove(0);
    let cut = &document[..document.len() - 40];
    let fewer = document.replace("<Pack sn=\"0A\"/>", "");
    let entity = document.replace("ALDER", "&boom;");
    let doctype = document.replace("<HubMessage", "<!DOCTYPE x [<!ENTITY a \"b\">]><HubMessage");
    let recall = document.replace("ProductPackData", "ProductMasterDatum");
    for (file, code) in [
        ("", "UPL-002"),
        ("SN;GTIN;LOT;EXP\n", "UPL-002"),
        ("%PDF-1.7", "UPL-008"),
        ("{\"epcisBody\":{}}", "UPL-049"),
        ("{\"packs\":[]} x", "EPC-144"),
        ("{\"type\":\"Order\"}", "UPL-004"),
        ("<a/>", "UPL-004"),
        (cut, "UPL-005"),
        (&fewer, "UPL-005"),
        (&entity, "UPL-048"),
        (&doctype, "UPL-006"),
        (&recall, "UPL-004"),
    ] {
        let refused = text(file, Form::Csv, Words::default());
        assert_eq!(refused.refused(), [code], "{file}");
    }
}

#[test]
fn several_inputs_are_hub_documents_of_one_sender() {
    let first = text(TABLE, Form::EuHub, hub()).documents.remove(0);
    let second = first
        .replace("ALDER", "BIRCH")
        .replace("0A", "0X")
        .replace("B1", "B2");
    let both = [first.as_bytes(), second.as_bytes()];
    let differ = run(&both, Form::EuHub, Words::default()).0;
    assert_eq!(
        differ.refused(),
        ["the documents name different senders; give --sender"]
    );
    let one = run(&both, Form::EuHub, hub()).0;
    assert_eq!(serials(&one.documents[0]), ["0A", "0X", "B1", "B2"]);
    let mixed = [first.as_bytes(), TABLE.as_bytes()];
    assert_eq!(
        run(&mixed, Form::Csv, Words::default()).0.refused().len(),
        1
    );
}
