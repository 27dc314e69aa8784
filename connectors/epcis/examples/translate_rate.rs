//! How fast EPCIS is read and carried from form to form, beside bare quick-xml on the same bytes in the same run.
//!
//! `cargo run --release -p packtwin-epcis --example translate_rate -- [EPCS]` writes a document of that many packs (100,000
//! unless told otherwise) in the manner of a packaging line: commissioning in events of 500, cases of 50, one shipment; then
//! measures each way and prints one line for it. Time is that of the thread on a core, which a busy machine does not
//! stretch, where the system tells it. `packtwin bench translate` measures the same from file to file by the clock.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::fmt::Write as _;
use std::io::{Cursor, Write};
use std::time::Instant;

use packtwin_core::time::Timestamp;
use packtwin_epcis::cbv::CbvXmlFormat;
use packtwin_epcis::epc_format::EpcFormat;
use packtwin_epcis::event::Event;
use packtwin_epcis::hash::EventHasher;
use packtwin_epcis::reading::{EventReader, ReadingError, Step};
use packtwin_epcis::translation::{AnyReader, Form, Writing, translate};

fn main() -> Result<(), ReadingError> {
    let epcs = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    let xml = document(epcs);
    let (bare, _) = measured("quick-xml, read and thrown away", xml.len(), 1.0, || {
        quick_xml_alone(&xml);
        Ok(())
    })?;
    measured("XML 1.2 -> events", xml.len(), bare, || {
        read_all(xml.as_bytes(), |_| {})
    })?;
    let hasher = EventHasher::default();
    measured("XML 1.2 -> event hashes", xml.len(), bare, || {
        read_all(xml.as_bytes(), |event| drop(hasher.hash(event)))
    })?;
    let (_, json) = measured("XML 1.2 -> JSON 2.0", xml.len(), bare, || {
        carried(xml.as_bytes(), Form::Json2)
    })?;
    measured("XML 1.2 -> XML 2.0", xml.len(), bare, || {
        carried(xml.as_bytes(), Form::Xml2)
    })?;
    measured("JSON 2.0 -> events", json.len(), bare, || {
        read_all(&json, |_| {})
    })?;
    let (_, back) = measured("JSON 2.0 -> XML 1.2", json.len(), bare, || {
        carried(&json, Form::Xml1)
    })?;
    println!(
        "{epcs} EPCs, {} bytes of XML, {} of JSON, {} back",
        xml.len(),
        json.len(),
        back.len()
    );
    Ok(())
}

/// Runs the work and prints its rate; gives the rate in MB/s and what the work gave.
fn measured<T>(
    name: &str,
    bytes: usize,
    yardstick: f64,
    work: impl FnOnce() -> Result<T, ReadingError>,
) -> Result<(f64, T), ReadingError> {
    let (began, on_core) = (Instant::now(), on_core_seconds());
    let result = work()?;
    let wall = began.elapsed().as_secs_f64();
    let on_core = on_core.zip(on_core_seconds());
    let seconds = on_core.map_or(wall, |(before, after)| after - before);
    let rate = bytes as f64 / 1e6 / seconds;
    println!(
        "{name:<34} {rate:>8.1} MB/s  {:>5.2} of quick-xml",
        rate / yardstick
    );
    Ok((rate, result))
}

/// Seconds that this thread was on a core; `None` where the system does not tell.
fn on_core_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

fn quick_xml_alone(xml: &str) {
    let mut reader = quick_xml::Reader::from_reader(Cursor::new(xml.as_bytes()));
    let mut buffer = Vec::new();
    while !matches!(
        reader.read_event_into(&mut buffer),
        Ok(quick_xml::events::Event::Eof) | Err(_)
    ) {
        buffer.clear();
    }
}

fn read_all(bytes: &[u8], mut take: impl FnMut(&Event)) -> Result<(), ReadingError> {
    let mut reader = AnyReader::new(bytes)?;
    let (mut event, mut findings) = (Event::default(), Vec::new());
    loop {
        match reader.next(&mut event, &mut findings)? {
            Step::Event => take(&event),
            Step::Complete => return Ok(()),
            _ => {}
        }
    }
}

fn carried(bytes: &[u8], form: Form) -> Result<Vec<u8>, ReadingError> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 4);
    let writing = Writing {
        at: Timestamp::from_micros(0),
        epc: EpcFormat::AsWritten,
        cbv: CbvXmlFormat::AsWritten,
    };
    translate(
        &mut AnyReader::new(bytes)?,
        &mut out,
        form,
        writing,
        &mut |_| {},
    )?;
    out.flush()?;
    Ok(out)
}

/// A lot as a packaging line reports it.
fn document(epcs: usize) -> String {
    const HEAD: &str = "<eventTime>2026-05-04T08:00:00.000Z</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset>\n";
    const PLACE: &str = "<readPoint><id>urn:epc:id:sgln:4006381.00001.0</id></readPoint>\n";
    let mut xml = String::with_capacity(epcs * 160);
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\" xmlns:cbvmda=\"urn:epcglobal:cbv:mda\" schemaVersion=\"1.2\" creationDate=\"2026-05-04T08:00:00Z\">\n<EPCISBody><EventList>\n");
    let pack = |xml: &mut String, number: usize| {
        // Writing to a string does not fail.
        let _ = writeln!(
            xml,
            "          <epc>urn:epc:id:sgtin:4006381.033393.X{number:011}</epc>"
        );
    };
    for first in (0..epcs).step_by(500) {
        let _ = writeln!(xml, "<ObjectEvent>{HEAD}<epcList>");
        (first..epcs.min(first + 500)).for_each(|number| pack(&mut xml, number));
        let _ = writeln!(
            xml,
            "</epcList><action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>\
             <disposition>urn:epcglobal:cbv:disp:active</disposition>{PLACE}<extension><ilmd><cbvmda:lotNumber>L{first}</cbvmda:lotNumber>\
             <cbvmda:itemExpirationDate>2028-05-31</cbvmda:itemExpirationDate></ilmd></extension></ObjectEvent>"
        );
    }
    for first in (0..epcs).step_by(50) {
        let _ = writeln!(
            xml,
            "<AggregationEvent>{HEAD}<parentID>urn:epc:id:sscc:4006381.0{first:09}</parentID><childEPCs>"
        );
        (first..epcs.min(first + 50)).for_each(|number| pack(&mut xml, number));
        let _ = writeln!(
            xml,
            "</childEPCs><action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:packing</bizStep>{PLACE}</AggregationEvent>"
        );
    }
    let _ = writeln!(xml, "<ObjectEvent>{HEAD}<epcList>");
    for first in (0..epcs).step_by(50) {
        let _ = writeln!(
            xml,
            "          <epc>urn:epc:id:sscc:4006381.0{first:09}</epc>"
        );
    }
    let _ = writeln!(
        xml,
        "</epcList><action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>{PLACE}</ObjectEvent>\n</EventList></EPCISBody></epcis:EPCISDocument>"
    );
    xml
}
