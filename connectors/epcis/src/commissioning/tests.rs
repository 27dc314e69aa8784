//! Packs out of commissioning events: lot and expiry, what is no pack, refusals, and a written document read back.

use super::*;
use crate::commissioning_writer::{CommissioningSettings, CommissioningWriter, NotWritten};
use crate::translation::{AnyReader, Form};
use packtwin_connector_port::serial_file::Stop;
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::charset::SET_82;
use packtwin_core::company_prefix::PrefixLength;
use packtwin_core::finding::Finding;
use proptest::prelude::*;

#[derive(Default)]
struct Kept {
    lots: Vec<SeenLot>,
    rows: Vec<(u64, LotIndex, Option<Serial>)>,
    findings: Vec<Finding>,
}

impl SerialFileSink for Kept {
    fn lot(&mut self, lot: SeenLot) -> Result<LotIndex, Stop> {
        self.lots.push(lot);
        Ok(LotIndex(self.lots.len() as u32 - 1))
    }

    fn row(&mut self, row: u64, lot: LotIndex, serial: Option<Serial>) -> Result<(), Stop> {
        self.rows.push((row, lot, serial));
        Ok(())
    }

    fn finding(&mut self, finding: Finding) -> Result<(), Stop> {
        self.findings.push(finding);
        Ok(())
    }

    fn progress(&mut self, _: u64) -> Result<(), Stop> {
        Ok(())
    }
}

fn at() -> Timestamp {
    Timestamp::parse("2026-06-15T12:00:00Z").unwrap()
}

fn read_text(document: &[u8]) -> Result<(Kept, FileSummary), ReadRefused> {
    let mut kept = Kept::default();
    let settings = ReadSettings::new(at());
    let summary = match document.first() {
        Some(b'{') => read_events(&mut AnyReader::new(document).unwrap(), &settings, &mut kept)?,
        _ => read(document, &settings, &mut kept)?,
    };
    Ok((kept, summary))
}

const EPC: &str = "urn:epc:id:sgtin:0952123.045432.A1";
const ILMD: &str = "<extension><ilmd><v:lotNumber>L1</v:lotNumber><v:itemExpirationDate>2029-01-31\n</v:itemExpirationDate></ilmd></extension>";

fn event(epcs: &[&str], more: &str) -> String {
    let epcs: String = epcs
        .iter()
        .map(|epc| format!("\n<epc>{epc}</epc>"))
        .collect();
    format!(
        "<ObjectEvent><eventTime>2026-01-01T00:00:00Z</eventTime><epcList>{epcs}</epcList><action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>{more}</ObjectEvent>"
    )
}

fn document(events: &str) -> String {
    format!(
        "<?xml version='1.0'?><e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:1'><EPCISHeader><x/></EPCISHeader><EPCISBody><EventList>{events}</EventList></EPCISBody></e:EPCISDocument>"
    )
}

/// Serials with lot and expiry as `serial@lot/expiry`, and findings as `row code`.
fn check(events: &str, packs: &[&str], told: &[&str]) -> FileSummary {
    let (kept, summary) = read_text(document(events).as_bytes()).unwrap();
    let shown: Vec<String> = kept
        .rows
        .iter()
        .map(|(_, lot, serial)| match &kept.lots[lot.0 as usize].head {
            Some(head) => format!("{}@{}/{}", serial.unwrap(), head.batch, head.expiry),
            None => format!("{}@", serial.unwrap()),
        })
        .collect();
    assert_eq!(shown, packs);
    let findings: Vec<String> = kept
        .findings
        .iter()
        .map(|found| format!("{} {}", found.row, found.code))
        .collect();
    assert_eq!(findings, told, "{:?}", kept.findings);
    summary
}

#[test]
fn packs_take_lot_and_expiry_of_their_event() {
    let other = ILMD
        .replace("L1", "L&amp;2")
        .replace("2029-01-31\n", "2029-02-00");
    let events = event(&[EPC, " urn:epc:id:sgtin:0952123.045432.B%2F1\n"], ILMD)
        + &event(&["https://id.gs1.org/01/09521230454322/21/C1"], &other);
    check(
        &events,
        &["A1@L1/290131", "B/1@L1/290131", "C1@L&2/290200"],
        &[],
    );
}

#[test]
fn what_is_no_pack_is_counted_and_said() {
    let events = event(
        &[
            EPC,
            "urn:epc:id:sscc:0952123.1234567890",
            "urn:epc:id:sgtin:0952123.145432.1",
        ],
        ILMD,
    ) + "<AggregationEvent><parentID>x</parentID><childEPCs><epc>y</epc></childEPCs></AggregationEvent>"
        + &event(&[EPC], "").replace("ADD", "OBSERVE")
        + &event(
            &["urn:epc:id:sgtin:0952123.045432.X"],
            &format!(
                "{ILMD}<baseExtension><errorDeclaration><declarationTime>2026-01-02T00:00:00</declarationTime></errorDeclaration></baseExtension>"
            ),
        );
    let summary = check(&events, &["A1@L1/290131"], &[]);
    let told = (summary.not_taken.len(), summary.notes.len());
    assert_eq!(told, (5, 1), "{summary:?}");
}

#[test]
fn a_time_to_come_and_an_unknown_step_are_told() {
    let right = event(&[EPC], ILMD);
    let ahead = right.replace("2026-01-01T00", "2036-01-01T00");
    check(&ahead, &["A1@L1/290131"], &["1 EPC-146"]);
    let today = right.replace("2026-01-01T00", "2026-06-15T23");
    check(&today, &["A1@L1/290131"], &[]);
    let step = |step| right.replace("bizstep:commissioning", step);
    check(
        &step("bizstep:comissioning"),
        &["A1@L1/290131"],
        &["1 EPC-102"],
    );
    check(&step("bizstep:packing"), &["A1@L1/290131"], &[]);
    let own = right.replace(
        "urn:epcglobal:cbv:bizstep:commissioning",
        "https://example.org/step",
    );
    check(&own, &["A1@L1/290131"], &[]);
}

#[test]
fn a_finding_names_its_event_also_in_a_document_of_one_line() {
    let second = event(&["urn:epc:id:sgtin:0952123.045432.B1"], ILMD);
    let second = second.replace("bizstep:commissioning", "bizstep:comissioning");
    let one_line = document(&(event(&[EPC], ILMD) + &second)).replace('\n', "");
    let (kept, _) = read_text(one_line.as_bytes()).unwrap();
    let text = &kept.findings[0].text;
    assert!(
        text.starts_with("Event 2, line 1:") && text.contains("commissioning?"),
        "{text}"
    );
}

#[test]
fn faults_have_line_and_code() {
    check(&event(&[EPC], ""), &["A1@"], &["1 EPC-105"]);
    check(
        &event(
            &[
                EPC,
                "urn:epc:id:sgtin:0952123.04543.A1",
                "",
                "urn:epc:idpat:sgtin:0952123.045432.*",
            ],
            ILMD,
        ),
        &["A1@L1/290131"],
        &["3 EPC-104", "4 EPC-104", "5 EPC-104"],
    );
    check(
        &event(&[EPC], ILMD).replace("00:00:00Z", "00:00:00"),
        &["A1@L1/290131"],
        &["1 EPC-101"],
    );
    check(
        &event(&[EPC], &ILMD.replace("2029-01-31", "31.01.2029")),
        &["A1@"],
        &["1 UPL-020"],
    );
    check(
        &event(&[EPC], &ILMD.replace("L1", "L 1")),
        &["A1@"],
        &["1 UPL-025"],
    );
    check(
        &event(&[EPC], &ILMD.replace("2029", "2019")),
        &["A1@L1/190131"],
        &["1 UPL-026"],
    );
}

#[test]
fn an_accepted_date_is_used() {
    let file = document(&event(&[EPC], &ILMD.replace("2029-01-31", "20290131")));
    let mut settings = ReadSettings::new(at());
    settings.accepted.insert(Code::UploadExpiryFormat);
    let mut kept = Kept::default();
    let summary = read(file.as_bytes(), &settings, &mut kept).unwrap();
    assert_eq!((summary.errors, summary.fixed), (0, 1));
    assert_eq!(
        kept.lots[0].head.as_ref().unwrap().expiry.as_str(),
        "290131"
    );
}

#[test]
fn documents_that_cannot_be_taken_are_refused() {
    let check = |document: &[u8], expected: Code| {
        let refused = read_text(document).map(|(_, summary)| summary).unwrap_err();
        assert_eq!(refused.code(), Some(expected), "{refused}");
    };
    let whole = document(&event(&[EPC], ILMD));
    check(b"", Code::UploadCut);
    check(&whole.as_bytes()[..whole.len() / 2], Code::UploadCut);
    check(
        whole.replace("</epcList>", "</epclist>").as_bytes(),
        Code::UploadXml,
    );
    check(document("").as_bytes(), Code::UploadNotCommissioning);
    check(b"<invoice/>", Code::UploadNotRecognised);
    check(
        whole
            .replace(
                "?>",
                "?><!DOCTYPE x [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]>",
            )
            .as_bytes(),
        Code::UploadUnsafe,
    );
    check(whole.replace("L1", "&b;").as_bytes(), Code::UploadXml);
    let mut bytes = whole.clone().into_bytes();
    let place = bytes.len() / 2;
    bytes[place] = 0xff;
    check(&bytes, Code::UploadEncoding);
    check(
        document(&event(&[EPC], &"<a>".repeat(70))).as_bytes(),
        Code::UploadUnsafe,
    );
}

fn lot(batch: &str, expiry: &str) -> LotHead {
    LotHead {
        product: ProductCode::parse("09521234543213").unwrap(),
        batch: BatchNumber::parse(batch).unwrap(),
        expiry: Expiry::parse(expiry, 2026).unwrap(),
        manufactured: None,
    }
}

fn set_82_text() -> impl Strategy<Value = String> {
    let set: Vec<char> = (0..=127_u8)
        .filter(|byte| SET_82[usize::from(*byte)])
        .map(char::from)
        .collect();
    proptest::collection::vec(proptest::sample::select(set), 1..=20)
        .prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_written_document_reads_back(packs in proptest::collection::vec((set_82_text(), set_82_text()), 1..40), digits in 6_usize..=14) {
        let forms: &[Form] = if digits > 12 { &[Form::Xml2, Form::Json2] } else { &[Form::Xml1, Form::Xml2, Form::Json2] };
        for &form in forms {
        let prefix = move |_: &Gtin| PrefixLength::new(digits);
        let settings = CommissioningSettings { form, at: at(), prefix_length: &prefix, epcs_per_event_max: 3 };
        let mut file = Vec::new();
        let mut writer = CommissioningWriter::new(&mut file, settings).unwrap();
        for (serial, batch) in &packs {
            writer.pack(&lot(batch, "290131"), &Serial::parse(serial).unwrap()).unwrap();
        }
        prop_assert_eq!(writer.finish().unwrap().packs, packs.len() as u64);
        let (kept, _) = read_text(&file).unwrap();
        prop_assert_eq!(kept.findings.len(), 0);
        let read: Vec<(String, String)> = kept.rows.iter().map(|(_, index, serial)| {
            let head = kept.lots[index.0 as usize].head.clone().unwrap();
            (serial.unwrap().to_string(), head.batch.to_string())
        }).collect();
        prop_assert_eq!(&read, &packs);
        }
    }
}

#[test]
fn what_the_form_cannot_carry_is_said() {
    let prefix = |_: &Gtin| PrefixLength::new(7);
    let settings = CommissioningSettings {
        form: Form::Xml1,
        at: at(),
        prefix_length: &prefix,
        epcs_per_event_max: 1000,
    };
    let mut writer = CommissioningWriter::new(Vec::new(), settings).unwrap();
    let mut day_zero = lot("L1", "290100");
    day_zero.manufactured = chrono::NaiveDate::from_ymd_opt(2026, 1, 1);
    writer
        .pack(&day_zero, &Serial::parse("A1").unwrap())
        .unwrap();
    let ppn = LotHead {
        product: ProductCode::parse("110375286414").unwrap(),
        ..day_zero
    };
    assert!(matches!(
        writer.pack(&ppn, &Serial::parse("A2").unwrap()),
        Err(NotWritten::NoGtin(_))
    ));
    let written = writer.finish().unwrap();
    assert_eq!(
        (written.packs, written.events, written.not_carried.len()),
        (1, 1, 2)
    );

    let none = |_: &Gtin| None;
    let settings = CommissioningSettings {
        form: Form::Xml1,
        at: at(),
        prefix_length: &none,
        epcs_per_event_max: 1000,
    };
    let mut writer = CommissioningWriter::new(Vec::new(), settings).unwrap();
    let refused = writer.pack(&lot("L1", "290131"), &Serial::parse("A1").unwrap());
    assert!(matches!(refused, Err(NotWritten::NoPrefix(_))));
}
