//! The first reading of a document that is to be kept whole or not at all: to its end, and nothing is stored.

use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_epcis::document::DocumentHead;
use packtwin_epcis::event::Event;
use packtwin_epcis::hash::{EventHasher, HashDigest, HashProfile};
use packtwin_epcis::reading::{EventReader, ReadingError, Step};
use packtwin_epcis::translation::AnyReader;
use packtwin_tenants::scope::TenantScope;

use super::FINDINGS_LISTED_MAX;
use super::taken::{Taken, take};
use crate::error::AppError;
use crate::job::JobDesk;

/// Events whose identifiers are looked up at once.
const EVENTS_AT_ONCE: usize = 500;

/// Something found, with the event it is about.
pub(super) type Found = (u64, Finding);

/// What a reading to the end found.
pub(super) struct Checked {
    /// The first findings.
    pub(super) findings: Vec<Found>,
    /// All findings.
    pub(super) count: u64,
    /// Errors among them.
    pub(super) errors: u64,
    /// Events read.
    pub(super) events: u64,
}

impl Checked {
    fn note(&mut self, event: u64, finding: Finding) {
        self.count += 1;
        self.errors += u64::from(finding.severity == Severity::Error);
        if self.count <= FINDINGS_LISTED_MAX {
            self.findings.push((event, finding));
        }
    }
}

/// Reads a document to its end. `None`: the job was asked to stop.
pub(super) fn check(
    desk: &JobDesk<'_>,
    document: std::fs::File,
) -> Result<Option<Checked>, AppError> {
    let mut checked = Checked {
        findings: Vec::new(),
        count: 0,
        errors: 0,
        events: 0,
    };
    let mut reader = match AnyReader::new(document) {
        Ok(reader) => reader,
        Err(error) => {
            checked.note(0, refusal_of(error)?);
            return Ok(Some(checked));
        }
    };
    let (mut event, mut findings) = (Event::default(), Vec::new());
    let (mut head, mut hasher) = (DocumentHead::default(), EventHasher::default());
    let mut taken = Vec::new();
    loop {
        let step = reader.next(&mut event, &mut findings);
        let number = match &step {
            Ok(Step::Event) => event.number,
            _ => 0,
        };
        if let Ok(Step::Event) = &step {
            checked.events = event.number;
            taken.extend(take(&event, &head, &hasher, &mut findings)?);
        }
        for finding in findings.drain(..) {
            checked.note(number, finding);
        }
        match step {
            Ok(Step::Head(read)) => {
                head = *read;
                hasher = EventHasher::new(HashProfile::Written, HashDigest::Sha256, &head);
            }
            Ok(Step::Complete) => break,
            Ok(_) => {}
            Err(error) => {
                checked.note(0, refusal_of(error)?);
                break;
            }
        }
        if taken.len() >= EVENTS_AT_ONCE {
            for found in taken_ids(desk.scope(), &taken)? {
                checked.note(found.0, found.1);
            }
            taken.clear();
            if !desk.progress(reader.bytes_read() / 2)? {
                return Ok(None);
            }
        }
    }
    for found in taken_ids(desk.scope(), &taken)? {
        checked.note(found.0, found.1);
    }
    Ok(Some(checked))
}

/// Events whose identifier another event has.
fn taken_ids(scope: &TenantScope, taken: &[Taken]) -> Result<Vec<Found>, AppError> {
    let ids: Vec<&str> = taken
        .iter()
        .filter_map(|event| event.id.as_deref())
        .collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let known = scope.read(|reader| reader.epcis_event_known(&ids, &[]))?;
    let mut found = Vec::new();
    for event in taken {
        let Some(id) = &event.id else { continue };
        if known
            .iter()
            .any(|(other, hash, _)| other == id && *hash != event.hash)
        {
            found.push((event.number, id_taken(event)));
        }
    }
    Ok(found)
}

/// That another event has the identifier of this one.
pub(super) fn id_taken(event: &Taken) -> Finding {
    let text = format!(
        "Event {} (line {}): another event has the identifier {}.",
        event.number,
        event.line,
        event.id.as_deref().unwrap_or_default()
    );
    Finding::error(Code::EpcisEventTaken, event.line, "eventID", text)
}

/// Why a document cannot be read on, as a finding; what the site could not do is an error of the site.
pub(super) fn refusal_of(error: ReadingError) -> Result<Finding, AppError> {
    match error {
        ReadingError::Refused(finding) => Ok(finding),
        ReadingError::Io(error) => Err(error.into()),
    }
}
