//! Long work: claimed by lease, with progress, cancel and a result, and taken up again after a restart.
//!
//! A job is a kind, the object it works on and a function. The worker that claims one holds a lease; a worker that died
//! leaves a lease that runs out, and the next one takes the job up. Every job is therefore written so that doing it
//! twice is doing it once.

use std::cell::Cell;

use packtwin_core::code::Code;
use packtwin_core::ids::{JobId, TenantId};
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::{Housekeeping, TenantScope, Writer};
use packtwin_tenants::store::job::{JobCancel, JobClaim, JobGoes, JobState};

use crate::error::AppError;
use crate::house::House;
use crate::{aggregation, capture, lot, upload};

/// How long a worker may be silent before another takes its job.
const LEASE_SECONDS: i64 = 30;
/// How often progress is written, in microseconds.
const PROGRESS_EVERY_MICROS: i64 = 250_000;

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// Done; a sentence for the job page.
    Done(String),
    /// It cannot be done; a sentence that says why.
    Failed(String),
    /// Someone cancelled it; nothing of it remains.
    Cancelled,
}

impl JobEnd {
    pub(crate) fn done(text: impl Into<String>) -> Self {
        JobEnd::Done(text.into())
    }
}

/// What a kind of job does.
type Work = fn(&JobDesk<'_>) -> Result<JobEnd, AppError>;

/// The work of each kind of job.
fn work_of(kind: &str) -> Option<Work> {
    match kind {
        upload::CHECK_JOB => Some(upload::run_check),
        upload::COMMIT_JOB => Some(upload::run_commit),
        lot::SEND_JOB => Some(lot::run_send),
        capture::CAPTURE_JOB => Some(capture::run_capture),
        aggregation::GROUND_JOB => Some(aggregation::run_ground),
        _ => None,
    }
}

/// What a job stands at: its tenant's data, its claim, its progress.
pub struct JobDesk<'h> {
    house: &'h House,
    scope: TenantScope,
    claim: JobClaim,
    written_at: Cell<Timestamp>,
    total: Cell<u64>,
    done: Cell<u64>,
    cancelled: Cell<bool>,
    lost: Cell<bool>,
}

impl<'h> JobDesk<'h> {
    /// The house.
    pub fn house(&self) -> &'h House {
        self.house
    }

    /// The tenant's data.
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.house.now()
    }

    /// The job.
    pub fn claim(&self) -> &JobClaim {
        &self.claim
    }

    /// What it works on.
    pub fn object(&self) -> &str {
        &self.claim.job.object
    }

    /// Says how much there is to do.
    pub(crate) fn begin(&self, total: u64) {
        self.total.set(total);
    }

    /// Whether another worker has the job by now: nothing of it may be touched any more.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.get()
    }

    /// How far the work has come, as last written.
    pub(crate) fn done(&self) -> u64 {
        self.done.get()
    }

    /// Says how far the work has come; written at most a few times a second. `false` asks the job to stop.
    pub(crate) fn progress(&self, done: u64) -> Result<bool, AppError> {
        let now = self.now();
        if now.micros_since(self.written_at.get()) < PROGRESS_EVERY_MICROS {
            return Ok(!self.cancelled.get());
        }
        self.written_at.set(now);
        let signal = self
            .scope
            .housekeep(now, Housekeeping::Progress, |writer| {
                self.signal(writer, done)
            })?;
        Ok(self.note(signal))
    }

    /// Keeps the lease; `false` asks the job to stop.
    pub(crate) fn still_wanted(&self) -> Result<bool, AppError> {
        let now = self.now();
        if now.micros_since(self.written_at.get()) < PROGRESS_EVERY_MICROS {
            return Ok(!self.cancelled.get());
        }
        self.written_at.set(now);
        let signal = self
            .scope
            .housekeep(now, Housekeeping::Progress, |writer| {
                self.signal(writer, self.done.get())
            })?;
        Ok(self.note(signal))
    }

    /// Writes progress within a change that must only happen while the lease is held. `false` asks the job to stop; the
    /// caller then throws the change away.
    pub(crate) fn progress_within(
        &self,
        writer: &mut Writer<'_>,
        done: u64,
    ) -> Result<bool, AppError> {
        let signal = self.signal(writer, done)?;
        Ok(self.note(signal))
    }

    fn signal(&self, writer: &mut Writer<'_>, done: u64) -> Result<JobGoes, AppError> {
        self.done.set(done);
        let until = writer.at().plus_seconds(LEASE_SECONDS);
        Ok(writer.job_progress(&self.claim, done, self.total.get(), until)?)
    }

    fn note(&self, signal: JobGoes) -> bool {
        match signal {
            JobGoes::Continue => true,
            JobGoes::Cancel => {
                self.cancelled.set(true);
                false
            }
            JobGoes::Lost => {
                self.cancelled.set(true);
                self.lost.set(true);
                false
            }
        }
    }
}

/// What one pass over all tenants did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobPass {
    /// Jobs that were worked on.
    pub worked: u32,
    /// Jobs that failed in a way the operator must look at.
    pub broken: u32,
}

/// Claims and does at most one job of each tenant, so that no tenant waits for another's long work.
///
/// # Errors
/// The tenants could not be listed.
pub fn run_jobs(house: &House) -> Result<JobPass, AppError> {
    let mut pass = JobPass::default();
    for tenant in house.site().tenant_list()? {
        match run_one(house, tenant.id) {
            Ok(true) => pass.worked += 1,
            Ok(false) => {}
            Err(error) => {
                pass.broken += 1;
                tracing::error!(
                    tenant = tenant.id.0,
                    error = &error as &dyn std::error::Error,
                    "a job broke off; it is tried again when its lease ends"
                );
            }
        }
    }
    Ok(pass)
}

fn run_one(house: &House, tenant: TenantId) -> Result<bool, AppError> {
    let scope = house.site().system_scope(tenant, "jobs");
    let claim = scope.housekeep(house.now(), Housekeeping::Lease, |writer| {
        writer
            .job_claim(writer.at(), LEASE_SECONDS)
            .map_err(AppError::from)
    })?;
    let Some(claim) = claim else { return Ok(false) };
    let scope = house
        .site()
        .scope(scope.actor().clone().within(claim.job.id.to_string()));
    let desk = JobDesk {
        house,
        scope,
        written_at: Cell::new(Timestamp::from_micros(0)),
        total: Cell::new(claim.job.total),
        done: Cell::new(claim.job.done),
        cancelled: Cell::new(false),
        lost: Cell::new(false),
        claim,
    };
    let end = match work_of(&desk.claim.job.kind) {
        Some(work) => match work(&desk) {
            Ok(end) => end,
            // A full disk is the operator's to mend: the job is taken up again when its lease ends.
            Err(AppError::Refused(refusals)) if refusals.code() != Code::StorageFull => {
                JobEnd::Failed(refusals.to_string())
            }
            Err(AppError::NotFound) => JobEnd::Failed("its object is no longer there".to_owned()),
            Err(error) => return Err(error),
        },
        None => JobEnd::Failed(format!(
            "this version knows no job of kind {}",
            desk.claim.job.kind
        )),
    };
    finish(&desk, end)?;
    Ok(true)
}

fn finish(desk: &JobDesk<'_>, end: JobEnd) -> Result<(), AppError> {
    let (state, text) = match end {
        JobEnd::Done(text) => (JobState::Done, text),
        JobEnd::Failed(text) => (JobState::Failed, text),
        JobEnd::Cancelled => (JobState::Cancelled, "cancelled".to_owned()),
    };
    desk.scope.change(desk.now(), |writer| {
        writer.job_finish(&desk.claim, state, &text)?;
        let told = serde_json::json!({ "kind": desk.claim.job.kind, "state": state.as_str(), "result": text });
        crate::webhook::announce(writer, "job.finished", &desk.claim.job.id.to_string(), &told)?;
        let note = AuditNote::new("job.finished", format!("job {}", desk.claim.job.id)).detail(told);
        Ok::<_, AppError>(note.returning(()))
    })
}

/// Asks a job to stop. It stops at its next step and leaves nothing half done.
///
/// # Errors
/// There is no such job.
pub fn cancel_job(desk: &crate::desk::Desk<'_>, id: JobId) -> Result<JobCancel, AppError> {
    desk.require(packtwin_core::role::Permission::UploadsWrite)?;
    desk.scope().change(desk.now(), |writer| {
        let job = writer.job_get(id)?.ok_or(AppError::NotFound)?;
        let asked = writer.job_cancel(id)?;
        if asked == JobCancel::Cancelled && job.kind == upload::COMMIT_JOB {
            // Nobody began it, so nobody else leads its upload back.
            let upload = job.object.parse().map_err(|_| AppError::NotFound)?;
            upload::commit_cancelled(writer, upload)?;
        }
        Ok(AuditNote::new("job.cancel_asked", format!("job {id}")).returning(asked))
    })
}

/// `1 pack`, `1500 packs`: for the sentence in which a job tells its result.
pub(crate) fn counted(number: u64, one: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {one}{end}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_no_plural() {
        let told = [0, 1, 1_500].map(|number| counted(number, "message"));
        assert_eq!(told, ["0 messages", "1 message", "1500 messages"]);
    }
}
