//! `packtwin bench translate`: an EPCIS document of N packs from XML 1.2 to JSON 2.0 and back, file to file, by the use case
//! that the command line has; and the yardsticks on the same file.
//!
//! Yardsticks are quick-xml that reads every event of the XML and does nothing, and libxml2's streaming reader (`xmllint
//! --stream`), where it is installed. All are done several times in turn, and the quickest of each counts. A rate is the
//! bytes of the input by the seconds of the clock; a ratio is that rate by the yardstick's. The figures count only when every
//! event came back as it went. Then the document is captured once ([`super::capture`]).

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Args;

use packtwin_app::translate::{
    Amount, DocumentWords, Form, HubWords, LotsWanted, OutputFault, Outputs, TranslateOrder,
    translate,
};
use packtwin_core::time::Clock;
use packtwin_epcis::event::Event;
use packtwin_epcis::reading::{EventReader, ReadingError, Step};
use packtwin_epcis::translation::AnyReader;

use super::ingest::WorkFolder;
use super::measure::{peak_rss_mib, rounded};
use super::{capture, epcis_file};
use crate::clock::SystemClock;
use crate::command::Failure;

/// Bytes fetched at once by the yardstick, as many as the product fetches.
const BUFFER_BYTES: usize = 128 * 1024;

/// What to translate.
#[derive(Args)]
pub(in crate::command) struct TranslateBenchArguments {
    /// Packs of the document.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    epcs: u64,
    /// How often each part is done; the quickest counts.
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Where the work folder is made; removed at the end.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// The quickest seconds of each part.
struct Quickest {
    quick_xml: f64,
    xmllint: Option<f64>,
    there: f64,
    back: f64,
}

pub(super) fn run(arguments: &TranslateBenchArguments) -> Result<(), Failure> {
    let folder = WorkFolder::create(arguments.folder.as_deref())?;
    let place = |name: &str| folder.0.join(name);
    let (xml, json, again) = (place("there.xml"), place("there.json"), place("back.xml"));
    let bytes = epcis_file::write(File::create(&xml)?, arguments.epcs)?;
    eprintln!("  {} packs, {bytes} bytes of EPCIS 1.2 XML", arguments.epcs);
    let mut quickest = Quickest {
        quick_xml: f64::INFINITY,
        xmllint: None,
        there: f64::INFINITY,
        back: f64::INFINITY,
    };
    for _ in 0..arguments.rounds {
        let seconds = timed(|| quick_xml_alone(&xml))?;
        quickest.quick_xml = quickest.quick_xml.min(seconds);
        if let Some(seconds) = xmllint(&xml)? {
            quickest.xmllint = Some(quickest.xmllint.unwrap_or(seconds).min(seconds));
        }
        let seconds = timed(|| carry(&xml, Form::Epcis20, &json, &folder.0))?;
        quickest.there = quickest.there.min(seconds);
        let seconds = timed(|| carry(&json, Form::Epcis12, &again, &folder.0))?;
        quickest.back = quickest.back.min(seconds);
    }
    let peak = peak_rss_mib();
    let events = compare(&xml, &again)?;
    let json_bytes = std::fs::metadata(&json)?.len();
    let yardsticks = Yardsticks {
        quick_xml: rate(bytes, quickest.quick_xml),
        xmllint: quickest.xmllint.map(|seconds| rate(bytes, seconds)),
    };
    eprintln!("  quick-xml reads {:>9.0} MB/s", yardsticks.quick_xml);
    match yardsticks.xmllint {
        Some(rate) => eprintln!("  xmllint reads   {rate:>9.0} MB/s"),
        None => eprintln!("  xmllint is not installed; there is no figure beside it"),
    }
    let part = |name: &str, bytes: u64, seconds: f64| yardsticks.beside(name, bytes, seconds);
    let captured = capture::run(&xml, arguments.epcs, &folder.0)?;
    let mut capture = part("XML 1.2 -> store", bytes, captured.seconds);
    capture["events"] = captured.events.into();
    capture["epcs_per_second"] = (arguments.epcs as f64 / captured.seconds).round().into();
    capture["yardstick_seconds"] = rounded(captured.yardstick_seconds).into();
    capture["ratio_bulk_yardstick"] = rounded(captured.seconds / captured.yardstick_seconds).into();
    capture["peak_rss_mib"] = serde_json::json!(peak_rss_mib());
    let report = serde_json::json!({
        "bench": "translate",
        "epcs": arguments.epcs,
        "events": events,
        "bytes": bytes,
        "json_bytes": json_bytes,
        "rounds": arguments.rounds,
        "xml12_to_json20": part("XML 1.2 -> JSON 2.0", bytes, quickest.there),
        "json20_to_xml12": part("JSON 2.0 -> XML 1.2", json_bytes, quickest.back),
        "capture": capture,
        "quick_xml_seconds": rounded(quickest.quick_xml),
        "xmllint_seconds": quickest.xmllint.map(rounded),
        "peak_rss_mib": peak,
    });
    super::super::print_line(&report.to_string())?;
    Ok(())
}

/// Megabytes (10^6) by seconds.
fn rate(bytes: u64, seconds: f64) -> f64 {
    bytes as f64 / 1e6 / seconds
}

/// What reading the XML and doing nothing comes to, in MB/s.
struct Yardsticks {
    quick_xml: f64,
    /// `None` where xmllint is not installed.
    xmllint: Option<f64>,
}

impl Yardsticks {
    fn beside(&self, name: &str, bytes: u64, seconds: f64) -> serde_json::Value {
        let rate = rate(bytes, seconds);
        eprintln!(
            "  {name}  {rate:>7.0} MB/s, {:.2} of quick-xml",
            rate / self.quick_xml
        );
        serde_json::json!({
            "seconds": rounded(seconds),
            "mb_per_second": rounded(rate),
            "ratio_quick_xml": rounded(rate / self.quick_xml),
            "ratio_xmllint": self.xmllint.map(|yardstick| rounded(rate / yardstick)),
        })
    }
}

/// The seconds that something takes.
fn timed(work: impl FnOnce() -> Result<(), Failure>) -> Result<f64, Failure> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64())
}

fn quick_xml_alone(path: &Path) -> Result<(), Failure> {
    let file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    let mut reader = quick_xml::Reader::from_reader(file);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(quick_xml::events::Event::Eof) => return Ok(()),
            Ok(event) => drop(std::hint::black_box(event)),
            Err(error) => return Err(Failure::found(error.to_string())),
        }
    }
}

/// The seconds of `xmllint --stream`; `None` where it is not installed.
fn xmllint(path: &Path) -> Result<Option<f64>, Failure> {
    let started = Instant::now();
    let read = Command::new("xmllint")
        .args(["--stream", "--noout", "--huge", "--nonet"])
        .arg(path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match read {
        Ok(status) if status.success() => Ok(Some(started.elapsed().as_secs_f64())),
        Ok(_) => Err(Failure::found(
            "xmllint finds fault with the document of the bench",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The way of `packtwin translate`, from file to file.
fn carry(from: &Path, to: Form, path: &Path, work: &Path) -> Result<(), Failure> {
    let inputs = [from.to_owned()];
    let order = TranslateOrder {
        inputs: &inputs,
        from: None,
        to,
        mapping: None,
        fixed: &[],
        accepted: Default::default(),
        kept: Default::default(),
        lots: LotsWanted::All,
        hub: HubWords::default(),
        dialect: None,
        document: DocumentWords::default(),
        event_at: None,
        prefix: None,
        packs_max: u64::MAX,
        work,
        at: SystemClock.now(),
    };
    let mut findings = 0_u64;
    let mut output = OneFile(BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?));
    let carried = translate(&order, &mut output, &mut |_| {
        findings += 1;
        Ok(())
    });
    output.0.flush()?;
    let carried = carried.map_err(|error| Failure::found(error.to_string()))?;
    match (carried.not_carried.is_empty(), findings, carried.amount) {
        (true, 0, Amount::Events { .. }) => Ok(()),
        _ => Err(Failure::found(
            "the document of the bench was not carried whole",
        )),
    }
}

struct OneFile(BufWriter<File>);

impl Outputs for OneFile {
    fn announce(&mut self, _: u64) -> Result<(), OutputFault> {
        Ok(())
    }

    fn is_final(&self) -> bool {
        false
    }

    fn next(&mut self) -> io::Result<&mut (dyn Write + Send)> {
        Ok(&mut self.0)
    }
}

/// Whether both documents say the same, event by event; answers how many there are.
fn compare(one: &Path, other: &Path) -> Result<u64, Failure> {
    let mut one = Events::open(one)?;
    let mut other = Events::open(other)?;
    let mut events = 0;
    loop {
        match (one.next()?, other.next()?) {
            (None, None) => return Ok(events),
            (Some(event), Some(back)) if event.says_the_same(back) => events += 1,
            _ => {
                return Err(Failure::found(format!(
                    "event {} did not come back as it went",
                    events + 1
                )));
            }
        }
    }
}

struct Events {
    reader: AnyReader<'static>,
    event: Event,
}

impl Events {
    fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Events {
            reader: AnyReader::new(File::open(path)?).map_err(unreadable)?,
            event: Event::default(),
        })
    }

    fn next(&mut self) -> Result<Option<&Event>, Failure> {
        loop {
            match self
                .reader
                .next(&mut self.event, &mut Vec::new())
                .map_err(unreadable)?
            {
                Step::Event => return Ok(Some(&self.event)),
                Step::Complete => return Ok(None),
                _ => {}
            }
        }
    }
}

fn unreadable(error: ReadingError) -> Failure {
    Failure::found(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys that design and README name, with figures in them.
    #[test]
    fn the_document_goes_there_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let bytes = epcis_file::write(File::create(place("a.xml")).unwrap(), 4_321).unwrap();
        assert_eq!(std::fs::metadata(place("a.xml")).unwrap().len(), bytes);
        quick_xml_alone(&place("a.xml")).unwrap();
        carry(
            &place("a.xml"),
            Form::Epcis20,
            &place("a.json"),
            folder.path(),
        )
        .unwrap();
        carry(
            &place("a.json"),
            Form::Epcis12,
            &place("b.xml"),
            folder.path(),
        )
        .unwrap();
        let events = 4_321_u64.div_ceil(500) + 1 + 1 + 87 + 3 + 1;
        assert_eq!(compare(&place("a.xml"), &place("b.xml")).unwrap(), events);
        epcis_file::write(File::create(place("c.xml")).unwrap(), 4_320).unwrap();
        assert!(compare(&place("a.xml"), &place("c.xml")).is_err());
        let captured = capture::run(&place("a.xml"), 4_321, folder.path()).unwrap();
        assert_eq!(captured.events, events);
        assert!(captured.seconds > 0.0 && captured.yardstick_seconds > 0.0);
        let yardsticks = Yardsticks {
            quick_xml: 200.0,
            xmllint: None,
        };
        let part = yardsticks.beside("", 100_000_000, 1.0);
        assert_eq!(
            (
                part["mb_per_second"].as_f64(),
                part["ratio_quick_xml"].as_f64()
            ),
            (Some(100.0), Some(0.5))
        );
        assert!(part["ratio_xmllint"].is_null());
    }
}
