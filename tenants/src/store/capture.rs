//! Captures: one EPCIS document each, from its arrival to the last of its events (EPCIS 2.0, section 8.2.4).
//!
//! The sums are written in the change that stores what they count, so that a capture goes on where it stopped. Its original
//! lies under its hash ([`crate::blob`]).

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use packtwin_core::audit::Hash;
use packtwin_core::code::Code;
use packtwin_core::finding::Severity;
use packtwin_core::ids::{CaptureId, JobId};
use packtwin_core::time::Timestamp;

use super::stored::{
    at_if, column_count, count, hash, json, json_text, known, parsed, parsed_if, random_bits,
};
use crate::blob::Stored;
use crate::error::StoreError;
use crate::schema::{capture, capture_finding};
use crate::scope::{Reader, Writer};

/// How far a capture has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaptureState {
    /// It waits, is checked, or its events are being stored.
    Running,
    /// Every event is stored.
    Stored,
    /// Some events are stored; the findings say why others are not.
    PartlyStored,
    /// Nothing of it is stored; the findings say why.
    Rejected,
}

impl CaptureState {
    /// Every state.
    pub const ALL: [CaptureState; 4] = [
        CaptureState::Running,
        CaptureState::Stored,
        CaptureState::PartlyStored,
        CaptureState::Rejected,
    ];

    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            CaptureState::Running => "running",
            CaptureState::Stored => "stored",
            CaptureState::PartlyStored => "partly_stored",
            CaptureState::Rejected => "rejected",
        }
    }

    /// Reads the word of [`CaptureState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        CaptureState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// What becomes of a document in which something is wrong (`GS1-Capture-Error-Behaviour`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorBehaviour {
    /// Nothing of it is kept.
    Rollback,
    /// Whatever can be kept is kept.
    Proceed,
}

impl ErrorBehaviour {
    /// The word in header, database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorBehaviour::Rollback => "rollback",
            ErrorBehaviour::Proceed => "proceed",
        }
    }

    /// Reads the word of [`ErrorBehaviour::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [ErrorBehaviour::Rollback, ErrorBehaviour::Proceed]
            .into_iter()
            .find(|behaviour| behaviour.as_str() == text)
    }
}

/// What a capture has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaptureSums {
    /// Events read.
    pub events: u64,
    /// Events stored.
    pub stored: u64,
    /// Events that were there already.
    pub repeated: u64,
    /// Facts of the hierarchy told.
    pub facts: u64,
    /// Facts that are parked since they wait for others, or contradict them.
    pub parked: u64,
    /// Findings, those that are no longer listed too.
    pub findings: u64,
    /// Errors among them.
    pub errors: u64,
}

/// A capture as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRecord {
    /// Its public id.
    pub id: CaptureId,
    /// The hash of the document.
    pub sha256: Hash,
    /// Its length.
    pub bytes: u64,
    /// What becomes of it when something is wrong.
    pub behaviour: ErrorBehaviour,
    /// How far it has come.
    pub state: CaptureState,
    /// The job that works on it.
    pub job: Option<JobId>,
    /// Who handed it over: a public id.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Who the document says sent it; empty until it is read.
    pub sender: String,
    /// The sender's key of the exchange; empty where it has none.
    pub instance: String,
    /// What it has done so far.
    pub sums: CaptureSums,
}

/// Something found in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureFinding {
    /// Its number within the capture.
    pub no: u64,
    /// The event it is about, counted from 1; 0 for the document.
    pub event: u64,
    /// The line, counted from 1; 0 where there is none.
    pub line: u64,
    /// The stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The field or item it is about; may be empty.
    pub place: String,
    /// One sentence.
    pub text: String,
    /// The value that would mend it.
    pub proposal: Option<String>,
}

impl Reader<'_> {
    /// One capture.
    ///
    /// # Errors
    /// The database failed.
    pub fn capture_get(&mut self, id: CaptureId) -> Result<Option<CaptureRecord>, StoreError> {
        let row: Option<Row> = capture::table
            .filter(capture::tenant_id.eq(self.tenant_id()))
            .filter(capture::capture_id.eq(id.to_string()))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(CaptureRecord::try_from).transpose()
    }

    /// Captures before a point of the list, the newest first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn capture_list(
        &mut self,
        state: Option<CaptureState>,
        before: Option<(Timestamp, CaptureId)>,
        limit: i64,
    ) -> Result<Vec<CaptureRecord>, StoreError> {
        let mut query = capture::table
            .filter(capture::tenant_id.eq(self.tenant_id()))
            .order((capture::created_at.desc(), capture::capture_id.desc()))
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(state) = state {
            query = query.filter(capture::state.eq(state.as_str()));
        }
        if let Some((at, id)) = before {
            let earlier = capture::created_at.lt(at.micros());
            let same = capture::created_at.eq(at.micros());
            query = query.filter(earlier.or(same.and(capture::capture_id.lt(id.to_string()))));
        }
        let rows: Vec<Row> = query.load(self.connection)?;
        rows.into_iter().map(CaptureRecord::try_from).collect()
    }

    /// Findings of a capture with a number above `after`, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn capture_findings(
        &mut self,
        id: CaptureId,
        after: u64,
        limit: i64,
    ) -> Result<Vec<CaptureFinding>, StoreError> {
        let rows: Vec<FindingRow> = capture_finding::table
            .filter(capture_finding::tenant_id.eq(self.tenant_id()))
            .filter(capture_finding::capture_id.eq(id.to_string()))
            .filter(capture_finding::finding_no.gt(column_count(after)))
            .order(capture_finding::finding_no)
            .limit(limit)
            .select(FindingRow::as_select())
            .load(self.connection)?;
        rows.into_iter().map(CaptureFinding::try_from).collect()
    }
}

impl Writer<'_> {
    /// Begins a capture of a document that lies under its hash.
    ///
    /// # Errors
    /// The database failed.
    pub fn capture_create(
        &mut self,
        document: &Stored,
        behaviour: ErrorBehaviour,
    ) -> Result<CaptureId, StoreError> {
        let id = CaptureId::from_random(random_bits()?);
        let created_by = self.actor().who().to_string();
        diesel::insert_into(capture::table)
            .values((
                capture::tenant_id.eq(self.tenant_id()),
                capture::capture_id.eq(id.to_string()),
                capture::sha256.eq(document.sha256.to_vec()),
                capture::bytes.eq(column_count(document.bytes)),
                capture::behaviour.eq(behaviour.as_str()),
                capture::state.eq(CaptureState::Running.as_str()),
                capture::created_by.eq(created_by),
                capture::created_at.eq(self.at().micros()),
                capture::sender.eq(""),
                capture::instance.eq(""),
                capture::sums.eq(sums_text(&CaptureSums::default())),
            ))
            .execute(self.connection)?;
        Ok(id)
    }

    /// Names the job that works on a capture. `false`: there is no such capture.
    ///
    /// # Errors
    /// The database failed.
    pub fn capture_job(&mut self, id: CaptureId, job: JobId) -> Result<bool, StoreError> {
        let changed = diesel::update(capture::table)
            .filter(capture::tenant_id.eq(self.tenant_id()))
            .filter(capture::capture_id.eq(id.to_string()))
            .set(capture::job_id.eq(job.to_string()))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Notes who sent the document. `false`: the capture is not running.
    ///
    /// # Errors
    /// The database failed.
    pub fn capture_head(
        &mut self,
        id: CaptureId,
        sender: &str,
        instance: &str,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(capture::table)
            .filter(capture::tenant_id.eq(self.tenant_id()))
            .filter(capture::capture_id.eq(id.to_string()))
            .filter(capture::state.eq(CaptureState::Running.as_str()))
            .set((capture::sender.eq(sender), capture::instance.eq(instance)))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Writes how far a capture has come, from what it was before. `false`: another worker was there, or it has ended.
    ///
    /// # Errors
    /// The database failed.
    pub fn capture_progress(
        &mut self,
        id: CaptureId,
        from: &CaptureSums,
        to: &CaptureSums,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(capture::table)
            .filter(capture::tenant_id.eq(self.tenant_id()))
            .filter(capture::capture_id.eq(id.to_string()))
            .filter(capture::state.eq(CaptureState::Running.as_str()))
            .filter(capture::sums.eq(sums_text(from)))
            .set(capture::sums.eq(sums_text(to)))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Lists findings of a running capture.
    ///
    /// # Errors
    /// The database failed; it refuses a finding of a capture that is not there.
    pub fn capture_findings_add(
        &mut self,
        id: CaptureId,
        findings: &[CaptureFinding],
    ) -> Result<(), StoreError> {
        for finding in findings {
            diesel::insert_into(capture_finding::table)
                .values((
                    capture_finding::tenant_id.eq(self.tenant_id()),
                    capture_finding::capture_id.eq(id.to_string()),
                    capture_finding::finding_no.eq(column_count(finding.no)),
                    capture_finding::event.eq(column_count(finding.event)),
                    capture_finding::line.eq(column_count(finding.line)),
                    capture_finding::code.eq(finding.code.as_str()),
                    capture_finding::severity.eq(severity_number(finding.severity)),
                    capture_finding::place.eq(&finding.place),
                    capture_finding::text.eq(&finding.text),
                    capture_finding::proposal.eq(&finding.proposal),
                ))
                .execute(self.connection)?;
        }
        Ok(())
    }

    /// Ends a capture. `false`: it has ended already.
    ///
    /// # Errors
    /// The database failed.
    pub fn capture_finish(
        &mut self,
        id: CaptureId,
        state: CaptureState,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(capture::table)
            .filter(capture::tenant_id.eq(self.tenant_id()))
            .filter(capture::capture_id.eq(id.to_string()))
            .filter(capture::state.eq(CaptureState::Running.as_str()))
            .set((
                capture::state.eq(state.as_str()),
                capture::finished_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }
}

/// Sums as they lie in a column: always with all their parts, since a change compares the whole text.
#[derive(Serialize, Deserialize)]
struct SumsRow {
    events: u64,
    stored: u64,
    repeated: u64,
    facts: u64,
    parked: u64,
    findings: u64,
    errors: u64,
}

fn sums_text(sums: &CaptureSums) -> String {
    json_text(&SumsRow {
        events: sums.events,
        stored: sums.stored,
        repeated: sums.repeated,
        facts: sums.facts,
        parked: sums.parked,
        findings: sums.findings,
        errors: sums.errors,
    })
}

fn sums_of(text: &str) -> Result<CaptureSums, StoreError> {
    let row: SumsRow = json(text, "sums of a capture")?;
    Ok(CaptureSums {
        events: row.events,
        stored: row.stored,
        repeated: row.repeated,
        facts: row.facts,
        parked: row.parked,
        findings: row.findings,
        errors: row.errors,
    })
}

const fn severity_number(severity: Severity) -> i16 {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Fixed => 2,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = capture)]
struct Row {
    capture_id: String,
    sha256: Vec<u8>,
    bytes: i64,
    behaviour: String,
    state: String,
    job_id: Option<String>,
    created_by: String,
    created_at: i64,
    finished_at: Option<i64>,
    sender: String,
    instance: String,
    sums: String,
}

impl TryFrom<Row> for CaptureRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(CaptureRecord {
            id: parsed(&row.capture_id, "capture id")?,
            sha256: hash(row.sha256, "hash of a document")?,
            bytes: count(row.bytes, "length of a document")?,
            behaviour: known(ErrorBehaviour::parse(&row.behaviour), "error behaviour")?,
            state: known(CaptureState::parse(&row.state), "capture state")?,
            job: parsed_if(row.job_id, "job id")?,
            created_by: row.created_by,
            created_at: Timestamp::from_micros(row.created_at),
            finished_at: at_if(row.finished_at),
            sender: row.sender,
            instance: row.instance,
            sums: sums_of(&row.sums)?,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = capture_finding)]
struct FindingRow {
    finding_no: i64,
    event: i64,
    line: i64,
    code: String,
    severity: i16,
    place: String,
    text: String,
    proposal: Option<String>,
}

impl TryFrom<FindingRow> for CaptureFinding {
    type Error = StoreError;

    fn try_from(row: FindingRow) -> Result<Self, StoreError> {
        let code = Code::ALL.iter().find(|code| code.as_str() == row.code);
        Ok(CaptureFinding {
            no: count(row.finding_no, "finding")?,
            event: count(row.event, "finding")?,
            line: count(row.line, "finding")?,
            code: *known(code, "code")?,
            severity: known(
                [Severity::Error, Severity::Warning, Severity::Fixed]
                    .into_iter()
                    .find(|severity| severity_number(*severity) == row.severity),
                "severity",
            )?,
            place: row.place,
            text: row.text,
            proposal: row.proposal,
        })
    }
}
