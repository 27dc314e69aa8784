//! Jobs: long work with progress, cancel and a result, which survives a restart.
//!
//! A worker holds a job by lease and renews it with every report of progress. When it dies, the lease runs out and another
//! worker starts the job again; what a job does must bear that. A running job is cancelled by asking: its worker learns it
//! with the next report and ends the job itself, at a place where nothing is half done.

use diesel::prelude::*;

use packtwin_core::ids::JobId;
use packtwin_core::time::Timestamp;

use super::stored::{at_if, column_count, count, fresh_token, known, parsed, random_bits};
use crate::error::StoreError;
use crate::schema::job;
use crate::scope::{Reader, Writer};

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Nobody has begun.
    Queued,
    /// A worker has it, or had it when it died.
    Running,
    /// It came to its end.
    Done,
    /// It could not; the result says why.
    Failed,
    /// Someone stopped it.
    Cancelled,
}

impl JobState {
    /// Every state.
    pub const ALL: [JobState; 5] = [
        JobState::Queued,
        JobState::Running,
        JobState::Done,
        JobState::Failed,
        JobState::Cancelled,
    ];

    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
        }
    }

    /// Reads the word of [`JobState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        JobState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A running job that someone asked to stop is stored under a word of its own.
const CANCELLING: &str = "cancelling";
/// The words of jobs that a worker holds or held.
const HELD: [&str; 2] = [JobState::Running.as_str(), CANCELLING];

/// A job as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its public id.
    pub id: JobId,
    /// What kind of work.
    pub kind: String,
    /// What it is about: a public id or key.
    pub object: String,
    /// What it was given, JSON of the use case.
    pub input: String,
    /// How far it has come.
    pub state: JobState,
    /// Whether someone asked a running job to stop.
    pub cancel_requested: bool,
    /// Units done.
    pub done: u64,
    /// Units in all, as far as known.
    pub total: u64,
    /// What is counted: rows, bytes, messages.
    pub unit: String,
    /// Who asked for it: a public id.
    pub created_by: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When a worker began it first.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What came of it, JSON of the use case; empty until the end.
    pub result: String,
}

/// A job to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob<'a> {
    /// What kind of work.
    pub kind: &'a str,
    /// What it is about.
    pub object: &'a str,
    /// What it is given, JSON of the use case.
    pub input: &'a str,
    /// Units in all, as far as known.
    pub total: u64,
    /// What is counted.
    pub unit: &'a str,
}

/// A job in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobClaim {
    /// The job as it was claimed.
    pub job: JobRecord,
    /// Proves that this claim still holds it.
    pub token: String,
}

/// What a worker does after a report of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobGoes {
    /// Go on.
    Continue,
    /// Stop at the next clean place and finish as cancelled.
    Cancel,
    /// Stop at once: another worker has it.
    Lost,
}

/// What a cancel met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobCancel {
    /// The job had not begun and now never will.
    Cancelled,
    /// The job is running and was asked to stop.
    Requested,
    /// The job is over, or there is none.
    TooLate,
}

/// Which jobs a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// In this state.
    pub state: Option<JobState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// About this object.
    pub object: Option<String>,
}

impl Reader<'_> {
    /// One job.
    ///
    /// # Errors
    /// The database failed.
    pub fn job_get(&mut self, id: JobId) -> Result<Option<JobRecord>, StoreError> {
        let row: Option<Row> = job::table
            .filter(job::tenant_id.eq(self.tenant_id()))
            .filter(job::job_id.eq(id.to_string()))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(JobRecord::try_from).transpose()
    }

    /// Jobs before a point of the list, the newest first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn job_list(
        &mut self,
        filter: &JobFilter,
        before: Option<(Timestamp, JobId)>,
        limit: i64,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let mut query = job::table
            .filter(job::tenant_id.eq(self.tenant_id()))
            .order((job::created_at.desc(), job::job_id.desc()))
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        match filter.state {
            Some(JobState::Running) => query = query.filter(job::state.eq_any(HELD)),
            Some(state) => query = query.filter(job::state.eq(state.as_str())),
            None => {}
        }
        if let Some(kind) = &filter.kind {
            query = query.filter(job::kind.eq(kind.clone()));
        }
        if let Some(object) = &filter.object {
            query = query.filter(job::object.eq(object.clone()));
        }
        if let Some((at, id)) = before {
            query = query.filter(
                job::created_at.lt(at.micros()).or(job::created_at
                    .eq(at.micros())
                    .and(job::job_id.lt(id.to_string()))),
            );
        }
        let rows: Vec<Row> = query.load(self.connection)?;
        rows.into_iter().map(JobRecord::try_from).collect()
    }

    /// How many jobs are queued and how many are running.
    ///
    /// # Errors
    /// The database failed.
    pub fn job_active_counts(&mut self) -> Result<(u64, u64), StoreError> {
        let rows: Vec<(String, i64)> = job::table
            .filter(job::tenant_id.eq(self.tenant_id()))
            .filter(job::state.eq_any([JobState::Queued.as_str(), HELD[0], HELD[1]]))
            .group_by(job::state)
            .select((job::state, diesel::dsl::count_star()))
            .load(self.connection)?;
        let (mut queued, mut running) = (0, 0);
        for (state, jobs) in rows {
            let jobs = count(jobs, "job count")?;
            match state == JobState::Queued.as_str() {
                true => queued += jobs,
                false => running += jobs,
            }
        }
        Ok((queued, running))
    }
}

impl Writer<'_> {
    /// Queues a job.
    ///
    /// # Errors
    /// The database failed.
    pub fn job_create(&mut self, new: &NewJob<'_>) -> Result<JobId, StoreError> {
        let id = JobId::from_random(random_bits()?);
        let created_by = self.actor().who().to_string();
        diesel::insert_into(job::table)
            .values((
                job::tenant_id.eq(self.tenant_id()),
                job::job_id.eq(id.to_string()),
                job::kind.eq(new.kind),
                job::object.eq(new.object),
                job::input.eq(new.input),
                job::state.eq(JobState::Queued.as_str()),
                job::done.eq(0),
                job::total.eq(column_count(new.total)),
                job::unit.eq(new.unit),
                job::created_by.eq(created_by),
                job::created_at.eq(self.at().micros()),
                job::lease_until.eq(0),
                job::lease_token.eq(""),
                job::result.eq(""),
            ))
            .execute(self.connection)?;
        Ok(id)
    }

    /// Claims the oldest job that nobody has begun, or whose worker's lease ran out by `now`.
    ///
    /// # Errors
    /// The database failed.
    pub fn job_claim(
        &mut self,
        now: Timestamp,
        lease_seconds: i64,
    ) -> Result<Option<JobClaim>, StoreError> {
        let tenant = self.tenant_id();
        loop {
            let claimable = job::state.eq(JobState::Queued.as_str()).or(job::state
                .eq_any(HELD)
                .and(job::lease_until.le(now.micros())));
            let oldest: Option<Row> = job::table
                .filter(job::tenant_id.eq(tenant))
                .filter(claimable)
                .order((job::created_at, job::job_id))
                .select(Row::as_select())
                .first(self.connection)
                .optional()?;
            let Some(row) = oldest else {
                return Ok(None);
            };
            let token = fresh_token()?;
            let started_at = row.started_at.unwrap_or(now.micros());
            let state = match row.state.as_str() {
                CANCELLING => CANCELLING,
                _ => JobState::Running.as_str(),
            };
            // On PostgreSQL another worker may have taken it since it was read; then the next one is looked for.
            let claimed = diesel::update(job::table)
                .filter(job::tenant_id.eq(tenant))
                .filter(job::job_id.eq(&row.job_id))
                .filter(job::state.eq(&row.state))
                .filter(job::lease_token.eq(&row.lease_token))
                .set((
                    job::state.eq(state),
                    job::started_at.eq(started_at),
                    job::lease_until.eq(now.plus_seconds(lease_seconds).micros()),
                    job::lease_token.eq(&token),
                ))
                .execute(self.connection)?;
            if claimed == 1 {
                let mut job = JobRecord::try_from(row)?;
                job.state = JobState::Running;
                job.started_at = Some(Timestamp::from_micros(started_at));
                return Ok(Some(JobClaim { job, token }));
            }
        }
    }

    /// Ends every lease: whoever held one is known to be dead. Answers how many jobs were freed.
    ///
    /// # Errors
    /// The database failed.
    pub fn job_release_all(&mut self) -> Result<u64, StoreError> {
        let freed = diesel::update(job::table)
            .filter(job::tenant_id.eq(self.tenant_id()))
            .filter(job::state.eq_any(HELD))
            .set((job::lease_until.eq(0), job::lease_token.eq("")))
            .execute(self.connection)?;
        Ok(freed as u64)
    }

    /// Reports how far a job has come, renews its lease and learns whether to go on.
    ///
    /// # Errors
    /// The database failed.
    pub fn job_progress(
        &mut self,
        claim: &JobClaim,
        done: u64,
        total: u64,
        lease_until: Timestamp,
    ) -> Result<JobGoes, StoreError> {
        let state: Option<String> = diesel::update(job::table)
            .filter(job::tenant_id.eq(self.tenant_id()))
            .filter(job::job_id.eq(claim.job.id.to_string()))
            .filter(job::lease_token.eq(&claim.token))
            .filter(job::state.eq_any(HELD))
            .set((
                job::done.eq(column_count(done)),
                job::total.eq(column_count(total)),
                job::lease_until.eq(lease_until.micros()),
            ))
            .returning(job::state)
            .get_result(self.connection)
            .optional()?;
        Ok(match state.as_deref() {
            None => JobGoes::Lost,
            Some(CANCELLING) => JobGoes::Cancel,
            Some(_) => JobGoes::Continue,
        })
    }

    /// Ends a job with its result. `false`: the claim no longer holds it.
    ///
    /// # Errors
    /// The database failed.
    pub fn job_finish(
        &mut self,
        claim: &JobClaim,
        state: JobState,
        result: &str,
    ) -> Result<bool, StoreError> {
        let ended = diesel::update(job::table)
            .filter(job::tenant_id.eq(self.tenant_id()))
            .filter(job::job_id.eq(claim.job.id.to_string()))
            .filter(job::lease_token.eq(&claim.token))
            .filter(job::state.eq_any(HELD))
            .set((
                job::state.eq(state.as_str()),
                job::result.eq(result),
                job::finished_at.eq(self.at().micros()),
                job::lease_until.eq(0),
                job::lease_token.eq(""),
            ))
            .execute(self.connection)?;
        Ok(ended == 1)
    }

    /// Stops a job that has not begun, or asks a running one to stop.
    ///
    /// # Errors
    /// The database failed.
    pub fn job_cancel(&mut self, id: JobId) -> Result<JobCancel, StoreError> {
        let (tenant, id) = (self.tenant_id(), id.to_string());
        let ended = diesel::update(job::table)
            .filter(job::tenant_id.eq(tenant))
            .filter(job::job_id.eq(&id))
            .filter(job::state.eq(JobState::Queued.as_str()))
            .set((
                job::state.eq(JobState::Cancelled.as_str()),
                job::finished_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        if ended == 1 {
            return Ok(JobCancel::Cancelled);
        }
        let asked = diesel::update(job::table)
            .filter(job::tenant_id.eq(tenant))
            .filter(job::job_id.eq(&id))
            .filter(job::state.eq_any(HELD))
            .set(job::state.eq(CANCELLING))
            .execute(self.connection)?;
        Ok(match asked {
            0 => JobCancel::TooLate,
            _ => JobCancel::Requested,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = job)]
struct Row {
    job_id: String,
    kind: String,
    object: String,
    input: String,
    state: String,
    done: i64,
    total: i64,
    unit: String,
    created_by: String,
    created_at: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    lease_token: String,
    result: String,
}

impl TryFrom<Row> for JobRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let cancel_requested = row.state == CANCELLING;
        let state = match cancel_requested {
            true => JobState::Running,
            false => known(JobState::parse(&row.state), "job state")?,
        };
        Ok(JobRecord {
            id: parsed(&row.job_id, "job id")?,
            kind: row.kind,
            object: row.object,
            input: row.input,
            state,
            cancel_requested,
            done: count(row.done, "job progress")?,
            total: count(row.total, "job progress")?,
            unit: row.unit,
            created_by: row.created_by,
            created_at: Timestamp::from_micros(row.created_at),
            started_at: at_if(row.started_at),
            finished_at: at_if(row.finished_at),
            result: row.result,
        })
    }
}
