//! Handing over: a document, which a job then captures; a single event, which is captured at once; a document that is only
//! looked at.

use std::io::{Read, Write};

use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::ids::CaptureId;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_epcis::document::DocumentHead;
use packtwin_epcis::event::Event;
use packtwin_epcis::hash::{EventHasher, HashDigest, HashProfile};
use packtwin_epcis::reading::{EventReader, ReadingError, Step};
use packtwin_epcis::translation::AnyReader;
use packtwin_epcis::validate::{Checks, Verdict, validate};
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::blob::hex;
use packtwin_tenants::store::capture::{CaptureRecord, CaptureSums, ErrorBehaviour};
use packtwin_tenants::store::job::NewJob;

use super::stretch::{events_of_id, store};
use super::taken::{Taken, take};
use super::{CAPTURE_JOB, audit_name};
use crate::desk::Desk;
use crate::error::AppError;

/// Bytes moved at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Takes a document; a job captures it.
///
/// # Errors
/// EPC-155 when it is longer than this site takes, UPL-002 when it is empty; the caller may not.
pub fn begin_capture(
    desk: &Desk<'_>,
    document: &mut dyn Read,
    behaviour: ErrorBehaviour,
) -> Result<CaptureRecord, AppError> {
    desk.require(Permission::UploadsWrite)?;
    let most = desk.house().settings().upload_bytes_max;
    let mut blob = desk.scope().blobs().create()?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = document.read(&mut piece)?;
        if read == 0 {
            break;
        }
        if blob.bytes() + read as u64 > most {
            let text = format!("the document is longer than {most} bytes");
            return Err(AppError::refuse(Code::EpcisCaptureLimit, text));
        }
        blob.write_all(&piece[..read])?;
    }
    if blob.bytes() == 0 {
        return Err(AppError::refuse(Code::UploadEmpty, "there is no document"));
    }
    let stored = blob.finish()?;
    desk.scope().change(desk.now(), |writer| {
        let id: CaptureId = writer.capture_create(&stored, behaviour)?;
        let job = writer.job_create(&NewJob {
            kind: CAPTURE_JOB,
            object: &id.to_string(),
            input: "{}",
            total: stored.bytes,
            unit: "bytes",
        })?;
        writer.capture_job(id, job)?;
        let detail = serde_json::json!({
            "sha256": hex(&stored.sha256), "bytes": stored.bytes, "behaviour": behaviour.as_str(),
        });
        let note = AuditNote::new("capture.begun", audit_name(id)).detail(detail);
        let record = writer.capture_get(id)?.ok_or(AppError::NotFound)?;
        Ok(note.returning(record))
    })
}

/// Captures one event at once and answers its identifier. Its facts may be parked; the event is kept.
///
/// # Errors
/// Every fault of the event; EPC-151 when another event has its identifier, EPC-152 when it was captured before.
pub fn capture_event(desk: &Desk<'_>, text: &[u8]) -> Result<String, AppError> {
    desk.require(Permission::UploadsWrite)?;
    let taken = read_one(text)?;
    desk.scope().change(desk.now(), |writer| {
        let id = taken.kept_id();
        let document = fact_document(&taken);
        let before = CaptureSums::default();
        let stored = store(writer, None, document, before, std::slice::from_ref(&taken))?;
        if stored.sums.stored == 0 {
            let is_same = events_of_id(writer, &id)?
                .iter()
                .any(|event| event.hash == taken.hash);
            let (code, text) = match is_same || taken.id.is_none() {
                true => (Code::EpcisEventRepeated, "the event was captured before"),
                false => (Code::EpcisEventTaken, "another event has this identifier"),
            };
            return Err(AppError::refuse_at(
                code,
                "/eventID",
                format!("{text}: {id}"),
            ));
        }
        let detail =
            serde_json::json!({ "parked": stored.sums.parked, "released": stored.released });
        let note = AuditNote::new("epcis_event.captured", format!("event {id}")).detail(detail);
        Ok(note.returning(id))
    })
}

/// Looks at a document as a partner would, and stores nothing: every finding goes to `sink`.
///
/// # Errors
/// The caller may not; the bytes could not be fetched.
pub fn validate_document(
    desk: &Desk<'_>,
    document: &mut dyn Read,
    checks: Checks,
    sink: &mut dyn FnMut(Finding),
) -> Result<Verdict, AppError> {
    desk.require(Permission::UploadsRead)?;
    let mut told = |error: ReadingError| match error {
        ReadingError::Refused(finding) => {
            sink(finding);
            let verdict = Verdict {
                errors: 1,
                ..Verdict::default()
            };
            Ok(verdict)
        }
        ReadingError::Io(error) => Err(AppError::from(error)),
    };
    let mut reader = match AnyReader::new(document) {
        Ok(reader) => reader,
        Err(error) => return told(error),
    };
    let mut findings = Vec::new();
    let verdict = validate(&mut reader, checks, &mut |finding| findings.push(finding));
    let outcome = match verdict {
        Ok(verdict) => Ok(verdict),
        Err(error) => {
            let told = told(error)?;
            let errors = findings
                .iter()
                .filter(|finding| finding.severity == Severity::Error)
                .count() as u64;
            Ok(Verdict {
                errors: told.errors + errors,
                ..told
            })
        }
    };
    findings.into_iter().for_each(sink);
    outcome
}

/// The only event of a text: bare, or alone in a document.
fn read_one(text: &[u8]) -> Result<Taken, AppError> {
    let refused =
        |finding: &Finding| Refusal::at(finding.code, &finding.column, finding.text.clone());
    let told = |error: ReadingError| match error {
        ReadingError::Refused(finding) => AppError::from(Refusals::from(refused(&finding))),
        ReadingError::Io(error) => error.into(),
    };
    let mut reader = AnyReader::new(text).map_err(told)?;
    let (mut event, mut findings) = (Event::default(), Vec::new());
    let (mut head, mut hasher) = (DocumentHead::default(), EventHasher::default());
    let mut taken = Vec::new();
    let mut events = 0;
    loop {
        match reader.next(&mut event, &mut findings).map_err(told)? {
            Step::Head(read) => {
                head = *read;
                hasher = EventHasher::new(HashProfile::Written, HashDigest::Sha256, &head);
            }
            Step::Event => {
                events += 1;
                taken.extend(take(&event, &head, &hasher, &mut findings)?);
            }
            Step::Complete => break,
            _ => {}
        }
    }
    let wrong = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let mut faults: Vec<Refusal> = wrong.map(refused).collect();
    if events != 1 {
        let text =
            format!("there are {events} events here; send one, or a document to /epcis/capture");
        faults.push(Refusal::new(Code::RequestMalformed, text));
    }
    Refusals::check(faults)?;
    taken.pop().ok_or_else(|| {
        AppError::refuse(
            Code::RequestMalformed,
            "there is no event here that can be kept",
        )
    })
}

/// An event that came alone is its own document; 0 is nobody's.
fn fact_document(event: &Taken) -> u64 {
    let leading = event.hash.get(..16).unwrap_or_default();
    u64::from_str_radix(leading, 16).unwrap_or_default().max(1)
}
