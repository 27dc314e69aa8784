//! Chains of events, clean and broken, and documents nobody can read: each finding by its code.

use super::*;
use crate::translation::AnyReader;

/// The codes found in a document, in order, or the code of the refusal.
fn check(document: &str, expected: &[Code]) {
    let mut reader = AnyReader::new(document.as_bytes()).unwrap();
    let mut codes = Vec::new();
    let mut texts = Vec::new();
    let checks = Checks {
        choreography: true,
        dscsa: false,
    };
    let result = validate(&mut reader, checks, &mut |finding| {
        codes.push(finding.code);
        texts.push(finding.text);
    });
    if let Err(ReadingError::Refused(finding)) = result {
        codes.push(finding.code);
        texts.push(finding.text);
    }
    assert_eq!(codes, expected, "{texts:#?}");
}

fn xml(events: &str) -> String {
    format!(
        "<e:EPCISDocument xmlns:e=\"urn:epcglobal:epcis:xsd:2\" schemaVersion=\"2.0\" creationDate=\"2026-05-01T00:00:00Z\">\
         <EPCISBody><EventList>{events}</EventList></EPCISBody></e:EPCISDocument>"
    )
}

fn object(serials: &str, action: &str, step: &str) -> String {
    let epcs: String = serials
        .split(' ')
        .map(|serial| format!("<epc>urn:epc:id:sgtin:4006381.033393.{serial}</epc>"))
        .collect();
    format!(
        "<ObjectEvent><eventTime>2026-05-01T10:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>\
         <epcList>{epcs}</epcList><action>{action}</action><bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep></ObjectEvent>"
    )
}

fn aggregation(parent: &str, serials: &str, action: &str) -> String {
    let epcs: String = serials
        .split_whitespace()
        .map(|serial| format!("<epc>urn:epc:id:sgtin:4006381.033393.{serial}</epc>"))
        .collect();
    format!(
        "<AggregationEvent><eventTime>2026-05-01T10:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>\
         <parentID>urn:epc:id:sgtin:4006381.533393.{parent}</parentID><childEPCs>{epcs}</childEPCs><action>{action}</action></AggregationEvent>"
    )
}

fn case(serial: &str) -> String {
    object("x", "ADD", "commissioning").replace("033393.x", &format!("533393.{serial}"))
}

#[test]
fn a_whole_chain_is_clean() {
    let events = [
        object("1 2", "ADD", "commissioning"),
        case("C"),
        aggregation("C", "1 2", "ADD"),
        aggregation("C", "1", "DELETE"),
        aggregation("C", " ", "DELETE"),
        object("1", "DELETE", "destroying"),
    ];
    check(&xml(&events.concat()), &[]);
}

#[test]
fn broken_chains_are_named() {
    let born = object("1 2", "ADD", "commissioning");
    check(
        &xml(&object("9", "OBSERVE", "shipping")),
        &[Code::EpcisNotCommissioned],
    );
    check(
        &xml(&format!("{born}{born}")),
        &[Code::EpcisCommissionedTwice],
    );
    let two = [
        born.clone(),
        case("C"),
        case("D"),
        aggregation("C", "1", "ADD"),
        aggregation("D", "1", "ADD"),
    ];
    check(&xml(&two.concat()), &[Code::EpcisTwoParents]);
    let not_in = [
        born.clone(),
        case("C"),
        aggregation("C", "1", "ADD"),
        aggregation("C", "2", "DELETE"),
    ];
    check(&xml(&not_in.concat()), &[Code::EpcisNotInParent]);
    let ended = [
        born,
        object("1", "DELETE", "destroying"),
        object("1", "OBSERVE", "shipping"),
    ];
    check(&xml(&ended.concat()), &[Code::EpcisAfterEnd]);
}

#[test]
fn every_fault_of_an_event_is_named() {
    let event = "<ObjectEvent><eventTime>2026-05-01T10:00:00</eventTime><epcList><epc>urn:x:1</epc><epc> urn:x:1</epc></epcList>\
                 <bizStep>urn:epcglobal:cbv:bizstep:comissioning</bizStep><action>OBSERV</action></ObjectEvent>";
    check(
        &xml(event),
        &[
            Code::EpcisSpace,
            Code::EpcisWrongPlace,
            Code::EpcisTimeZoneMissing,
            Code::EpcisZoneOffsetMalformed,
            Code::EpcisFieldWrong,
            Code::EpcisTwice,
            Code::EpcisBizStepUnknown,
            Code::EpcisNotCommissioned,
        ],
    );
}

#[test]
fn documents_nobody_can_read_are_refused_with_a_code() {
    check("<a/>", &[Code::UploadNotRecognised]);
    check(
        &xml(&object("1", "ADD", "commissioning")).replace("</e:EPCISDocument>", ""),
        &[Code::UploadCut],
    );
    let laughs = "<!DOCTYPE a [<!ENTITY b \"ha\">]><a>&b;</a>";
    check(laughs, &[Code::UploadUnsafe]);
    check(&"<a>".repeat(10_000).replacen("<a>", "<e:EPCISDocument xmlns:e=\"urn:epcglobal:epcis:xsd:2\" schemaVersion=\"2.0\" creationDate=\"x\"><EPCISBody>", 1), &[Code::UploadUnsafe]);
    check(
        &format!("{{\"@context\": {}", "[".repeat(10_000)),
        &[Code::UploadUnsafe],
    );
    check(
        "{\"@context\": [\"https://ref.gs1.org/standards/epcis/epcis-context.jsonld\"], \"type\": \"EPCISDocument\", \"epcisBody\": {\"eventList\": [",
        &[Code::UploadCut],
    );
    check("{\"type\": \"Pack\"}", &[Code::UploadNotRecognised]);
    check("{\"type\" \"EPCISDocument\"}", &[Code::EpcisJson]);
}

#[test]
fn a_document_without_namespace_is_read_and_reported() {
    let document = xml(&object("1", "ADD", "commissioning"))
        .replace("e:", "")
        .replace(" xmlns:e=\"urn:epcglobal:epcis:xsd:2\"", "");
    check(
        &document.replace(" xmlns", " x"),
        &[Code::EpcisNamespaceWrong],
    );
}
