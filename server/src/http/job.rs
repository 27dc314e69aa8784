//! `/v1/jobs` and the live progress of one: long work that nobody needs to wait for (users.md 2.4).

use std::time::Duration;

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::job;
use packtwin_core::ids::JobId;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::job::{JobCancel, JobFilter, JobRecord, JobState};

use super::caller::Caller;
use super::list::{Page, Row, time_key, time_key_of};
use super::problem::Problem;
use super::request::{Query, id};
use super::shared::Shared;

/// How often progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After so many looks a stream ends; the browser asks again, and is recognised again (ATK-022: within 60 seconds).
const LOOKS_MAX: u32 = 60;

/// Long work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Job {
    /// Its id, `job_…`.
    id: String,
    /// What kind of work.
    kind: String,
    /// What it works on.
    object: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    state: &'static str,
    /// Whether someone asked it to stop.
    cancel_requested: bool,
    /// How much is done.
    done: u64,
    /// How much there is to do; 0 when it is not known yet.
    total: u64,
    /// What is counted.
    unit: String,
    /// Who asked for it.
    created_by: String,
    /// When it was asked for.
    created_at: String,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    /// What came of it, one sentence.
    result: String,
}

impl From<&JobRecord> for Job {
    fn from(record: &JobRecord) -> Self {
        Job {
            id: record.id.to_string(),
            kind: record.kind.clone(),
            object: record.object.clone(),
            state: record.state.as_str(),
            cancel_requested: record.cancel_requested,
            done: record.done,
            total: record.total,
            unit: record.unit.clone(),
            created_by: record.created_by.clone(),
            created_at: record.created_at.to_string(),
            started_at: record.started_at.map(|at| at.to_string()),
            finished_at: record.finished_at.map(|at| at.to_string()),
            result: record.result.clone(),
        }
    }
}

impl Row for Job {
    const HEAD: &'static [&'static str] = &[
        "id",
        "kind",
        "object",
        "state",
        "done",
        "total",
        "unit",
        "created_by",
        "created_at",
        "finished_at",
        "result",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.kind.clone(),
            self.object.clone(),
            self.state.to_owned(),
            self.done.to_string(),
            self.total.to_string(),
            self.unit.clone(),
            self.created_by.clone(),
            self.created_at.clone(),
            self.finished_at.clone().unwrap_or_default(),
            self.result.clone(),
        ]
    }
}

/// Jobs, newest first.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs",
    params(("state" = Option<String>, Query), ("kind" = Option<String>, Query), ("object" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Job>)))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let filter = JobFilter {
        state: query.take("state", JobState::parse, "a state of jobs"),
        kind: query.text("kind"),
        object: query.text("object"),
    };
    let limit = query.limit();
    let before = query.cursor(time_key_of);
    query.close()?;
    let records = caller
        .read(move |reader| reader.job_list(&filter, before, i64::from(limit) + 1))
        .await?;
    let keyed = |record: &JobRecord| (time_key(record.created_at, record.id), Job::from(record));
    Page::of_keyed(records.iter().map(keyed).collect(), limit).respond(&request)
}

/// One job with its progress.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = Job)))]
pub async fn show(caller: Caller, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Job::from(&found(&caller, id(&path)?).await?)))
}

/// Asks a job to stop; it leaves nothing half done.
///
/// # Errors
/// There is none under this id.
#[utoipa::path(post, path = "/v1/jobs/{id}:cancel", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = Job)))]
pub async fn cancel(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: JobId = id(&path)?;
    let _outcome: JobCancel = caller
        .at_desk(&shared, move |desk| job::cancel_job(desk, id))
        .await?;
    Ok(HttpResponse::Ok().json(Job::from(&found(&caller, id).await?)))
}

/// What a page is told of a job while it runs.
#[derive(Serialize)]
struct Progress<'a> {
    label: &'a str,
    done: u64,
    total: u64,
    per_second: f64,
    seconds_left: Option<u64>,
    ended: bool,
}

/// The progress of a job as server-sent events, until it ends or for half a minute; a browser asks again by itself.
///
/// # Errors
/// There is none under this id.
pub async fn events(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: JobId = id(&path)?;
    found(&caller, id).await?;
    let looks = stream::unfold(
        (caller, shared, 0, false),
        move |(caller, shared, look, ended)| async move {
            if ended || look == LOOKS_MAX {
                return None;
            }
            if look > 0 {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            let record = found(&caller, id).await.ok()?;
            let ended = record.finished_at.is_some();
            let text = serde_json::to_string(&progress(&record, shared.now())).ok()?;
            let event =
                Ok::<_, actix_web::Error>(Bytes::from(format!("retry: 1000\ndata: {text}\n\n")));
            Some((event, (caller, shared, look + 1, ended)))
        },
    );
    Ok(HttpResponse::Ok()
        .insert_header(("content-type", "text/event-stream"))
        .streaming(looks))
}

fn progress(record: &JobRecord, now: Timestamp) -> Progress<'_> {
    let (per_second, seconds_left) = pace(record, now);
    Progress {
        label: &record.result,
        done: record.done,
        total: record.total,
        per_second,
        seconds_left,
        ended: record.finished_at.is_some(),
    }
}

/// Units in a second so far, and how long the rest takes at that pace.
pub(super) fn pace(record: &JobRecord, now: Timestamp) -> (f64, Option<u64>) {
    let Some(started_at) = record.started_at.filter(|_| record.finished_at.is_none()) else {
        return (0.0, None);
    };
    let seconds = now.micros_since(started_at) as f64 / 1_000_000.0;
    let per_second = if seconds > 0.0 {
        record.done as f64 / seconds
    } else {
        0.0
    };
    let left = record.total.saturating_sub(record.done) as f64;
    let seconds_left =
        (per_second > 0.0 && record.total > 0).then(|| (left / per_second).ceil() as u64);
    (per_second, seconds_left)
}

/// One job of the tenant, or the uniform refusal.
pub(super) async fn found(caller: &Caller, id: JobId) -> Result<JobRecord, Problem> {
    caller
        .read(move |reader| reader.job_get(id))
        .await?
        .ok_or_else(Problem::not_found)
}
