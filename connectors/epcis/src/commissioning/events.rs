//! The commissioning of packs from whole events: the way for JSON, where one element cannot be told from another before the
//! event is read.
//!
//! Every row stands on the line of its event. What the reader of events finds is told as a warning; an event that it does not
//! take refuses the document, since packs would be missing.

use packtwin_connector_port::serial_file::{
    FileSummary, ReadRefused, ReadSettings, SerialFileSink,
};
use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};

use super::{CommissioningReader, PROGRESS_STEPS};
use crate::event::{EpcRole, Event, EventKind};
use crate::object_event::{OTHER_EVENTS, Tag};
use crate::reading::{EventReader, ReadingError, Step};

/// Reads the document from its reader: every lot, row and finding goes to `sink`, in document order.
///
/// # Errors
/// As [`super::read`]; and what keeps the reader from reading on, or an event that it does not hold.
pub fn read_events(
    from: &mut dyn EventReader,
    settings: &ReadSettings,
    sink: &mut dyn SerialFileSink,
) -> Result<FileSummary, ReadRefused> {
    let mut reader = CommissioningReader::new(settings, sink);
    let (mut event, mut findings) = (Event::default(), Vec::new());
    loop {
        let step = from.next(&mut event, &mut findings);
        for finding in findings.drain(..) {
            let loses_event = matches!(
                finding.code,
                Code::EpcisEventTooLarge | Code::EpcisEventUnknown | Code::EpcisFieldMissing
            );
            if loses_event && finding.severity == Severity::Error {
                return Err(ReadRefused::File(Box::new(finding)));
            }
            // What the form gets wrong is no fault of a pack.
            let severity = match finding.severity {
                Severity::Error | Severity::Warning => Severity::Warning,
                Severity::Fixed => Severity::Fixed,
            };
            reader.summary.count(severity);
            reader.sink.finding(Finding {
                severity,
                ..finding
            })?;
        }
        match step.map_err(refused)? {
            Step::Event => {
                reader.whole_event(&event)?;
                if reader.counts.events().is_multiple_of(PROGRESS_STEPS) {
                    reader.sink.progress(from.bytes_read())?;
                }
            }
            Step::Complete => break,
            _ => {}
        }
    }
    reader.summary.bytes = from.bytes_read();
    reader.finish()
}

fn refused(error: ReadingError) -> ReadRefused {
    match error {
        ReadingError::Refused(finding) => ReadRefused::File(Box::new(finding)),
        ReadingError::Io(error) => ReadRefused::Io(error),
    }
}

impl CommissioningReader<'_> {
    fn whole_event(&mut self, event: &Event) -> Result<(), ReadRefused> {
        if event.kind != EventKind::Object {
            let other = OTHER_EVENTS
                .iter()
                .position(|name| *name == event.kind.name());
            if let Some(kind) = other {
                self.counts.other[kind] += 1;
            }
            return Ok(());
        }
        self.begin(Tag::ObjectEvent, &[], event.line)?;
        self.event.take_whole(event);
        for epc in event.epc_list(EpcRole::Epcs).iter() {
            self.epcs.push(event.line, epc)?;
        }
        self.end_event()
    }
}
