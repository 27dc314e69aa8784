//! The capture's job: first, where all or nothing is wanted, a reading to the end; then events in stretches.

use std::fs::File;

use packtwin_core::finding::{Finding, Severity};
use packtwin_core::ids::CaptureId;
use packtwin_epcis::document::DocumentHead;
use packtwin_epcis::event::Event;
use packtwin_epcis::hash::{EventHasher, HashDigest, HashProfile};
use packtwin_epcis::reading::{EventReader, Step};
use packtwin_epcis::translation::AnyReader;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::Writer;
use packtwin_tenants::store::capture::{
    CaptureFinding, CaptureRecord, CaptureState, CaptureSums, ErrorBehaviour,
};

use super::check::{Found, check, refusal_of};
use super::stretch;
use super::taken::{Taken, take};
use super::{FINDINGS_LISTED_MAX, audit_name};
use crate::error::AppError;
use crate::job::{JobDesk, JobEnd, counted};

/// A stretch ends with the event that brings it to so many EPCs, events, findings or bytes of text.
const EPCS_PER_CHANGE: usize = 5_000;
const EVENTS_PER_CHANGE: usize = 500;
const BYTES_PER_CHANGE: usize = 4 << 20;

/// Runs the capture that the job names.
///
/// # Errors
/// The store or a file failed; the job goes on behind the last stretch when it is claimed again.
pub fn run_capture(desk: &JobDesk<'_>) -> Result<JobEnd, AppError> {
    let id: CaptureId = desk.object().parse().map_err(|_| AppError::NotFound)?;
    let capture = desk.scope().read(|reader| reader.capture_get(id))?;
    let capture = capture.ok_or(AppError::NotFound)?;
    if capture.state != CaptureState::Running {
        return Ok(JobEnd::done("the document is no longer waiting"));
    }
    desk.begin(capture.bytes);
    let is_whole = capture.behaviour == ErrorBehaviour::Rollback;
    if is_whole && capture.sums == CaptureSums::default() {
        let document = desk.scope().blobs().open(&capture.sha256)?;
        let Some(checked) = check(desk, document)? else {
            return stopped(desk, &capture);
        };
        if checked.errors > 0 {
            let sums = CaptureSums {
                events: checked.events,
                findings: checked.count,
                errors: checked.errors,
                ..CaptureSums::default()
            };
            return reject(desk, &capture, sums, checked.findings);
        }
    }
    let document = desk.scope().blobs().open(&capture.sha256)?;
    match Storing::new(desk, capture).run(document) {
        Err(AppError::Stale) if !desk.is_lost() => {
            let capture = desk.scope().read(|reader| reader.capture_get(id))?;
            stopped(desk, &capture.ok_or(AppError::NotFound)?)
        }
        other => other,
    }
}

fn reject(
    desk: &JobDesk<'_>,
    capture: &CaptureRecord,
    sums: CaptureSums,
    findings: Vec<Found>,
) -> Result<JobEnd, AppError> {
    let told = format!("rejected: {}", counted(sums.errors, "error"));
    desk.scope().change(desk.now(), |writer| {
        list_findings(writer, capture.id, 0, findings)?;
        if !writer.capture_progress(capture.id, &capture.sums, &sums)? {
            return Err(AppError::Stale);
        }
        writer.capture_finish(capture.id, CaptureState::Rejected)?;
        let detail = serde_json::json!({ "events": sums.events, "errors": sums.errors });
        let note = AuditNote::new("capture.rejected", audit_name(capture.id)).detail(detail);
        Ok::<_, AppError>(note.returning(()))
    })?;
    Ok(JobEnd::Failed(told))
}

/// Someone cancelled the job. What is stored stays: others may have seen it, and facts are never taken back.
fn stopped(desk: &JobDesk<'_>, capture: &CaptureRecord) -> Result<JobEnd, AppError> {
    let state = match capture.sums.stored {
        0 => CaptureState::Rejected,
        _ => CaptureState::PartlyStored,
    };
    desk.scope().change(desk.now(), |writer| {
        writer.capture_finish(capture.id, state)?;
        let note = AuditNote::new("capture.stopped", audit_name(capture.id));
        Ok::<_, AppError>(note.returning(()))
    })?;
    Ok(JobEnd::Cancelled)
}

/// The second reading, which stores.
struct Storing<'d, 'h> {
    desk: &'d JobDesk<'h>,
    capture: CaptureRecord,
    document: u64,
    /// Sums as they are in the store.
    sums: CaptureSums,
    events: Vec<Taken>,
    findings: Vec<Found>,
    last_event: u64,
    epcs: usize,
    bytes: usize,
    released: u64,
}

impl<'d, 'h> Storing<'d, 'h> {
    fn new(desk: &'d JobDesk<'h>, capture: CaptureRecord) -> Self {
        let mut leading = [0; 8];
        leading.copy_from_slice(&capture.sha256[..8]);
        Storing {
            desk,
            document: u64::from_be_bytes(leading),
            sums: capture.sums,
            last_event: capture.sums.events,
            capture,
            events: Vec::new(),
            findings: Vec::new(),
            epcs: 0,
            bytes: 0,
            released: 0,
        }
    }

    fn run(mut self, document: File) -> Result<JobEnd, AppError> {
        let done_before = self.sums.events;
        let mut reader = match AnyReader::new(document) {
            Ok(reader) => reader,
            Err(error) => {
                self.findings.push((0, refusal_of(error)?));
                self.commit(0)?;
                return self.finish();
            }
        };
        let (mut event, mut found) = (Event::default(), Vec::new());
        let (mut head, mut hasher) = (DocumentHead::default(), EventHasher::default());
        loop {
            let step = reader.next(&mut event, &mut found);
            let is_event = matches!(step, Ok(Step::Event));
            // What stands before the last stretch was found when that was stored; so was all before the first event.
            let is_known = match is_event {
                true => event.number <= done_before,
                false => matches!(step, Ok(Step::Head(_))) && done_before > 0,
            };
            if is_event && !is_known {
                self.take(&event, &head, &hasher, &mut found)?;
            }
            let number = if is_event { event.number } else { 0 };
            match is_known {
                true => found.clear(),
                false => self
                    .findings
                    .extend(found.drain(..).map(|finding| (number, finding))),
            }
            match step {
                Ok(Step::Head(read)) => {
                    head = *read;
                    hasher = EventHasher::new(HashProfile::Written, HashDigest::Sha256, &head);
                    self.note_head(&head)?;
                }
                Ok(Step::Complete) => break,
                Ok(_) => {}
                Err(error) => {
                    self.findings.push((0, refusal_of(error)?));
                    break;
                }
            }
            if self.is_full() {
                self.commit(reader.bytes_read())?;
            }
        }
        self.commit(reader.bytes_read())?;
        self.finish()
    }

    fn note_head(&self, head: &DocumentHead) -> Result<(), AppError> {
        let text = |text: Option<String>| text.unwrap_or_default().chars().take(200).collect();
        let (sender, instance): (String, String) =
            (text(head.sender()), text(head.instance_identifier()));
        if sender == self.capture.sender && instance == self.capture.instance {
            return Ok(());
        }
        self.desk.scope().change(self.desk.now(), |writer| {
            writer.capture_head(self.capture.id, &sender, &instance)?;
            let detail = serde_json::json!({ "sender": sender, "instance": instance });
            let note = AuditNote::new("capture.read", audit_name(self.capture.id)).detail(detail);
            Ok::<_, AppError>(note.returning(()))
        })
    }

    fn take(
        &mut self,
        event: &Event,
        head: &DocumentHead,
        hasher: &EventHasher,
        found: &mut Vec<Finding>,
    ) -> Result<(), AppError> {
        self.last_event = event.number;
        if let Some(taken) = take(event, head, hasher, found)? {
            self.epcs += taken.epcs();
            self.bytes += taken.body.len();
            self.events.push(taken);
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.epcs >= EPCS_PER_CHANGE
            || self.events.len() >= EVENTS_PER_CHANGE
            || self.findings.len() >= EVENTS_PER_CHANGE
            || self.bytes >= BYTES_PER_CHANGE
    }

    fn commit(&mut self, bytes_read: u64) -> Result<(), AppError> {
        if self.last_event == self.sums.events && self.findings.is_empty() {
            return Ok(());
        }
        let findings = std::mem::take(&mut self.findings);
        let (id, before) = (self.capture.id, self.sums);
        let stored = self.desk.scope().change(self.desk.now(), |writer| {
            if !self.desk.progress_within(writer, bytes_read)? {
                return Err(AppError::Stale);
            }
            let mut stored =
                stretch::store(writer, Some(id), self.document, before, &self.events)?;
            let mut all = findings;
            all.append(&mut stored.findings);
            stored.sums.events = self.last_event;
            stored.sums.findings += all.len() as u64;
            let is_error = |found: &&Found| found.1.severity == Severity::Error;
            stored.sums.errors += all.iter().filter(is_error).count() as u64;
            list_findings(writer, id, before.findings, all)?;
            if !writer.capture_progress(id, &before, &stored.sums)? {
                return Err(AppError::Stale);
            }
            let detail = serde_json::json!({
                "from": before.events + 1, "to": self.last_event, "stored": stored.sums.stored - before.stored,
                "repeated": stored.sums.repeated - before.repeated, "parked": stored.sums.parked - before.parked,
                "released": stored.released,
            });
            let note = AuditNote::new("capture.events_stored", audit_name(id)).detail(detail);
            Ok(note.returning(stored))
        })?;
        self.sums = stored.sums;
        self.released += stored.released;
        self.events.clear();
        (self.epcs, self.bytes) = (0, 0);
        Ok(())
    }

    fn finish(self) -> Result<JobEnd, AppError> {
        let sums = self.sums;
        let kept = sums.stored + sums.repeated;
        let state = match (sums.errors, kept) {
            (0, _) => CaptureState::Stored,
            (_, 0) => CaptureState::Rejected,
            (_, _) => CaptureState::PartlyStored,
        };
        self.desk.scope().change(self.desk.now(), |writer| {
            writer.capture_finish(self.capture.id, state)?;
            let detail = serde_json::json!({
                "state": state.as_str(), "events": sums.events, "stored": sums.stored, "repeated": sums.repeated,
                "parked": sums.parked, "errors": sums.errors,
            });
            let note = AuditNote::new("capture.finished", audit_name(self.capture.id)).detail(detail);
            Ok::<_, AppError>(note.returning(()))
        })?;
        Ok(JobEnd::done(format!(
            "{} stored, {} there already, {} parked, {} released, {}",
            counted(sums.stored, "event"),
            sums.repeated,
            counted(sums.parked, "fact"),
            self.released,
            counted(sums.errors, "error")
        )))
    }
}

/// Lists findings as far as they are listed at all; `before` of them were counted before.
fn list_findings(
    writer: &mut Writer<'_>,
    id: CaptureId,
    before: u64,
    findings: Vec<Found>,
) -> Result<(), AppError> {
    let numbered = (before + 1..).zip(findings);
    let listed: Vec<CaptureFinding> = numbered
        .take_while(|(no, _)| *no <= FINDINGS_LISTED_MAX)
        .map(|(no, (event, finding))| CaptureFinding {
            no,
            event,
            line: finding.row,
            code: finding.code,
            severity: finding.severity,
            place: finding.column,
            text: finding.text,
            proposal: finding.proposal,
        })
        .collect();
    Ok(writer.capture_findings_add(id, &listed)?)
}
