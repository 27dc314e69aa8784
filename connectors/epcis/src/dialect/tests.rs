//! The table, each deviation put right, and what no dialect may touch.

use packtwin_core::finding::{Finding, Severity};
use packtwin_core::time::Timestamp;

use super::*;
use crate::event::Event;
use crate::reading::{EventReader, Step};
use crate::translation::AnyReader;

/// The one event of a document, and the findings as `code` for faults and `code=proposal` for what was put right.
fn read(name: &str, event_text: &str) -> (Event, Vec<String>) {
    let document = format!(
        "<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:1' xmlns:x='urn:x' schemaVersion='1.2' creationDate='2026-05-04T08:00:00Z'>\
         <EPCISBody><EventList><ObjectEvent>{event_text}</ObjectEvent></EventList></EPCISBody></e:EPCISDocument>"
    );
    let at = Timestamp::parse("2026-06-15T12:00:00Z").unwrap();
    let inner = AnyReader::new(document.as_bytes()).unwrap();
    let mut reader = DialectReader::new(inner, dialect(name).unwrap(), at);
    let (mut event, mut findings, mut kept) = (Event::default(), Vec::new(), Event::default());
    loop {
        match reader.next(&mut event, &mut findings).unwrap() {
            Step::Event => kept = event.clone(),
            Step::Complete => return (kept, findings.iter().map(told).collect()),
            _ => {}
        }
    }
}

fn told(finding: &Finding) -> String {
    match finding.severity {
        Severity::Fixed => format!(
            "{}={}",
            finding.code,
            finding.proposal.as_deref().unwrap_or_default()
        ),
        Severity::Error | Severity::Warning => finding.code.to_string(),
    }
}

/// A text of an event, put right or left.
fn check(
    name: &str,
    event_text: &str,
    value: impl Fn(&Event) -> Option<&str>,
    expected: &str,
    findings: &[&str],
) {
    let (event, told) = read(name, event_text);
    assert_eq!(value(&event), Some(expected), "{event_text}");
    assert_eq!(told, findings, "{event_text}");
}

#[test]
fn the_table_holds() {
    let all = dialects();
    assert_eq!(all[0].name, COMMON);
    for other in &all[1..] {
        assert!(
            other.tolerances.len() > all[0].tolerances.len(),
            "{}",
            other.name
        );
    }
    let faults = Dialect::load(
        "a | time | no-zone | offset | certain\na | time | never | now | certain | x\na | word | bizStep x* | y | mixed | x",
    );
    assert_eq!(faults.unwrap_err().len(), 3);
    let own = Dialect::load("mine | number | decimal-comma | point | mixed | our partner");
    assert_eq!(own.unwrap()[1].tolerances.len(), 1);
}

#[test]
fn times_get_the_zone_that_the_event_names() {
    let event = |time: &str, offset: &str| {
        format!("<eventTime>{time}</eventTime><eventTimeZoneOffset>{offset}</eventTimeZoneOffset>")
    };
    for (time, offset, expected, findings) in [
        (
            "2026-05-04T08:00:00",
            "+02:00",
            "2026-05-04T08:00:00+02:00",
            &["EPC-101=2026-05-04T08:00:00+02:00"][..],
        ),
        (
            "2026-05-04 08:00:00.5",
            "-05:00",
            "2026-05-04T08:00:00.5-05:00",
            &["EPC-101=2026-05-04T08:00:00.5-05:00"],
        ),
        (
            "2026-05-04T08:00:00Z+00:00",
            "+02:00",
            "2026-05-04T08:00:00Z",
            &["EPC-135=2026-05-04T08:00:00Z"],
        ),
        (
            "2026-05-04T08:00:00Z",
            "+02:00",
            "2026-05-04T08:00:00Z",
            &[],
        ),
        ("soon", "+02:00", "soon", &[]),
        ("2026-05-04T08:00:00", "nowhere", "2026-05-04T08:00:00", &[]),
    ] {
        check(
            "common",
            &event(time, offset),
            |event| event.event_time.as_deref(),
            expected,
            findings,
        );
    }
    for (offset, expected) in [
        ("-05:00:00", "-05:00"),
        ("Z", "+00:00"),
        ("+2", "+02:00"),
        ("+0530", "+05:30"),
    ] {
        let finding = format!("EPC-136={expected}");
        let text = event("2026-05-04T08:00:00Z", offset);
        check(
            "common",
            &text,
            |event| event.zone_offset.as_deref(),
            expected,
            &[&finding],
        );
    }
}

#[test]
fn amounts_words_and_places_are_those_of_the_standard() {
    let amount = |text: &str| {
        format!(
            "<action>ADD</action><extension><quantityList><quantityElement><epcClass>urn:x:c</epcClass><quantity>{text}</quantity></quantityElement></quantityList></extension>"
        )
    };
    let number =
        |event: &Event| -> Option<String> { event.quantities[0].as_ref()?[0].quantity.clone() };
    for (text, expected) in [
        ("12,5", "12.5"),
        ("0,125", "0.125"),
        ("1,000", "1,000"),
        ("1,2,3", "1,2,3"),
        ("7", "7"),
    ] {
        let (event, _) = read("common", &amount(text));
        assert_eq!(number(&event).as_deref(), Some(expected), "{text}");
    }
    let step = "<action>add</action><bizStep>urn:epcglobal:fmcg:bizstep:shipping</bizStep>";
    check(
        "epcis-1.0",
        step,
        |event| event.biz_step.as_deref(),
        "urn:epcglobal:cbv:bizstep:shipping",
        &["EPC-139=ADD", "EPC-102=urn:epcglobal:cbv:bizstep:shipping"],
    );
    let place =
        |text: &str| format!("<action>ADD</action><bizLocation><id>{text}</id></bizLocation>");
    let id = |event: &Event| event.biz_location.as_ref().map(|place| place.id.clone());
    for (text, expected) in [
        ("0614141.12345.0", "urn:epc:id:sgln:0614141.12345.0"),
        ("LINE 7", "urn:x-optel:place:LINE%207"),
        ("urn:x:1", "urn:x:1"),
    ] {
        assert_eq!(
            id(&read("optel", &place(text)).0).as_deref(),
            Some(expected)
        );
    }
}

/// Lot and expiry of each vendor's own tags stand in the ILMD afterwards, and the tags stay.
#[test]
fn vendor_fields_are_copied_into_the_ilmd() {
    let event = |vendor: &str| {
        format!(
            "<eventTime>2026-05-04T08:00:00Z</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset><epcList><epc>urn:epc:id:sgtin:0614141.012345.1</epc></epcList><action>ADD</action>{vendor}"
        )
    };
    for (name, vendor) in [
        (
            "optel",
            "<x:extension name='BATCH'>L7</x:extension><x:extension name='EXPIRY'>20280131</x:extension>",
        ),
        (
            "sap",
            "<x:SAPExtension><x:ObjAttributes><x:LOTNO>L7</x:LOTNO><x:DATEX>280131</x:DATEX></x:ObjAttributes></x:SAPExtension>",
        ),
        (
            "us-r1.0",
            "<x:lotNumber>L7</x:lotNumber><x:itemExpirationDate>2028-01-31</x:itemExpirationDate>",
        ),
    ] {
        let (read_event, findings) = read(name, &event(vendor));
        let ilmd = read_event.ilmd.expect(name);
        let said: Vec<String> = ilmd
            .elements
            .iter()
            .map(|element| format!("{}={}", element.name.local, element.own_text()))
            .collect();
        assert_eq!(
            said,
            ["lotNumber=L7", "itemExpirationDate=2028-01-31"],
            "{name}"
        );
        assert!(!read_event.extensions.is_empty(), "{name}");
        assert!(
            findings.iter().all(|finding| finding.contains('=')),
            "{findings:?}"
        );
    }
    let (shipped, _) = read(
        "sap",
        &event("<x:objAttributes><x:LOTNO>L7</x:LOTNO></x:objAttributes>")
            .replace("ADD", "OBSERVE"),
    );
    assert_eq!(shipped.ilmd, None);
}

#[test]
fn what_is_lost_is_never_tolerated() {
    let wrong = "<eventTime> 2026-05-04T08:00:00Z</eventTime>stray<eventTimeZoneOffset>+02:00</eventTimeZoneOffset><action>ADD</action><odd/>";
    let (_, findings) = read("common", wrong);
    assert_eq!(
        findings,
        ["EPC-133=2026-05-04T08:00:00Z", "EPC-134", "EPC-138"]
    );
    let (_, findings) = read("sap", wrong);
    assert_eq!(
        findings,
        ["EPC-133=2026-05-04T08:00:00Z", "EPC-134", "EPC-138="]
    );
}
