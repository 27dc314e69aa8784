//! Long work (users.md 2.4): list, one job with its result, and cancel. The events that a page
//! follows are those of the API.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::aggregation::GROUND_JOB;
use packtwin_app::capture::CAPTURE_JOB;
use packtwin_app::job::cancel_job;
use packtwin_core::ids::JobId;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::job::{JobFilter, JobRecord, JobState};

use super::address::{self, Listing, cursor_parts, cut};
use super::history::{People, object_name};
use super::{Desk, Form, html, see, sentence, words};
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::request::{Query, id};
use crate::pages::piece::filter::QuickFilter;
use crate::pages::piece::{Action, Code, EmptyState, Fact, FilterBar, Link, Progress, Title};
use crate::pages::view::job::{JobPage, JobRow, JobsPage};

/// Rows of one page of the list.
const ROWS: usize = 50;

/// The list.
pub(in crate::http) async fn list(desk: Desk, mut query: Query) -> Result<HttpResponse, Problem> {
    let state = query.take("state", JobState::parse, "a state of a job");
    let at = query.cursor(|key| {
        let (before, key) = cursor_parts(key)?;
        let (micros, id) = key.split_once(' ')?;
        Some((
            before,
            (
                Timestamp::from_micros(micros.parse().ok()?),
                id.parse::<JobId>().ok()?,
            ),
        ))
    });
    query.close()?;
    let (before, after) = at.map_or((0, None), |(before, key)| (before, Some(key)));
    let filter = JobFilter {
        state,
        ..JobFilter::default()
    };
    let (mut records, (queued, running)) = desk
        .caller
        .read(move |reader| {
            Ok((
                reader.job_list(&filter, after, ROWS as i64 + 1)?,
                reader.job_active_counts()?,
            ))
        })
        .await?;
    let more = cut(&mut records, ROWS);
    let next = records
        .last()
        .filter(|_| more)
        .map(|last| format!("{} {}", last.created_at.micros(), last.id));
    let listing =
        Listing::new("/jobs", "jobs").filter("state", "State", state.map(JobState::as_str));
    let people = People::read(&desk).await?;
    let quick = |wanted: JobState, label: &str, count| QuickFilter {
        label: label.into(),
        count,
        href: listing.with("state", wanted.as_str()),
        active: state == Some(wanted),
    };
    let states = [
        ("", "any"),
        ("queued", "waiting"),
        ("running", "running"),
        ("done", "done"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
    ];
    let selected = listing.value("state");
    let page = JobsPage {
        title: Title::page("Jobs"),
        filter: FilterBar {
            action: "/jobs".into(),
            quick: vec![
                quick(JobState::Running, "Running", running),
                quick(JobState::Queued, "Waiting", queued),
            ],
            inputs: vec![crate::pages::piece::Input::Select(
                crate::pages::piece::Select::new("state", "State", &states, &selected),
            )],
            chips: listing.chips(),
            export: None,
        },
        rows: records
            .iter()
            .map(|record| row(&desk, &people, record))
            .collect(),
        pager: listing.pager(before, records.len(), next, None),
        empty: EmptyState {
            heading: if listing.is_filtered() {
                "No job matches these filters".into()
            } else {
                "No jobs yet".into()
            },
            sentence: "Checks, commits and sends run as jobs and are listed here.".into(),
            ..EmptyState::default()
        },
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// One job.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: JobId = id(&path)?;
    let record = read(&desk.caller, id).await?;
    let people = People::read(&desk).await?;
    let has_ended = has_ended(&record);
    let cancel = Action::post("Cancel the job", format!("/jobs/{id}/cancel"), desk.csrf()).danger();
    let cancel = match (
        has_ended,
        record.cancel_requested,
        desk.caller.may(Permission::UploadsWrite),
    ) {
        (true, _, _) => None,
        (false, true, _) => {
            Some(cancel.refused("It was asked to stop and stops at its next step."))
        }
        (false, false, false) => Some(cancel.refused("Your role does not allow this.")),
        (false, false, true) => Some(cancel),
    };
    let page = JobPage {
        title: Title {
            state: Some(words::job(&record)),
            note: words::work(&record.kind),
            ..Title::code("Job", id.to_string())
        }
        .back("Jobs", "/jobs"),
        progress: (!has_ended).then(|| {
            progress(
                &desk,
                &record,
                &words::work(&record.kind),
                &format!("/jobs/{id}"),
            )
        }),
        result: if record.result.is_empty() {
            String::new()
        } else {
            sentence(&record.result)
        },
        links: object_page(&record)
            .map(|href| Link::new("See what it worked on", href))
            .into_iter()
            .collect(),
        facts: vec![
            Fact::text("Work", words::work(&record.kind)),
            Fact::text("On", object_name(&people, &record.object)),
            Fact::text("Asked for by", people.name(&record.created_by)),
            Fact::moment("Asked for", desk.moment(record.created_at)),
            record.started_at.map_or_else(
                || Fact::absent("Started", "not yet"),
                |at| Fact::moment("Started", desk.moment(at)),
            ),
            record.finished_at.map_or_else(
                || Fact::absent("Ended", "not yet"),
                |at| Fact::moment("Ended", desk.moment(at)),
            ),
            Fact::text(
                "Done",
                crate::pages::format::amount(record.done, &record.unit),
            ),
        ],
        actions: cancel.into_iter().collect(),
        log: Vec::new(),
        downloads: Vec::new(),
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// Asks a job to stop.
pub(in crate::http) async fn cancel(
    desk: Desk,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let id: JobId = id(&path)?;
    desk.work(move |desk| cancel_job(desk, id)).await?;
    Ok(see(format!("/jobs/{id}")))
}

async fn read(caller: &Caller, id: JobId) -> Result<JobRecord, Problem> {
    caller
        .read(move |reader| reader.job_get(id))
        .await?
        .ok_or_else(Problem::not_found)
}

/// Whether nothing more will happen.
pub(super) fn has_ended(record: &JobRecord) -> bool {
    match record.state {
        JobState::Queued | JobState::Running => false,
        JobState::Done | JobState::Failed | JobState::Cancelled => true,
    }
}

/// Whole per cent done, 100 only when it ended well.
pub(super) fn percent(record: &JobRecord) -> u64 {
    if record.state == JobState::Done {
        return 100;
    }
    let progress = Progress {
        done: record.done,
        total: record.total,
        ..Progress::default()
    };
    progress.percent().min(99)
}

/// The progress of a job, followed by script where the person may see jobs.
pub(super) fn progress(desk: &Desk, record: &JobRecord, label: &str, after_href: &str) -> Progress {
    let may_follow = desk.caller.may(Permission::JobsRead) && !has_ended(record);
    Progress {
        label: label.to_owned(),
        done: record.done,
        total: record.total,
        unit: record.unit.clone(),
        per_second: 0,
        seconds_left: None,
        events_href: if may_follow {
            format!("/jobs/{}/events", record.id)
        } else {
            String::new()
        },
        after_href: after_href.to_owned(),
    }
}

fn row(desk: &Desk, people: &People, record: &JobRecord) -> JobRow {
    let href = format!("/jobs/{}", record.id);
    JobRow {
        id: Code::abridged("job id", record.id.to_string(), 12).to(&href),
        href,
        kind: words::work(&record.kind),
        object: object_name(people, &record.object),
        state: words::job(record),
        percent: percent(record),
        by: people.name(&record.created_by),
        started_at: record.started_at.map(|at| desk.moment(at)),
        ended_at: record.finished_at.map(|at| desk.moment(at)),
    }
}

/// The page of what a job works on: an upload by its id, a lot by its name.
fn object_page(record: &JobRecord) -> Option<String> {
    let is_id = !record.object.contains(' ');
    let object = match record.kind.as_str() {
        CAPTURE_JOB => format!("capture {}", record.object),
        GROUND_JOB => format!("product {}", record.object),
        _ if is_id => format!("upload {}", record.object),
        _ => record.object.clone(),
    };
    address::of_object(&object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(state: JobState, done: u64, total: u64) -> JobRecord {
        JobRecord {
            id: JobId::from_random(7),
            kind: packtwin_app::upload::CHECK_JOB.into(),
            object: "upl_1".into(),
            input: "{}".into(),
            state,
            cancel_requested: false,
            done,
            total,
            unit: "bytes".into(),
            created_by: "usr_1".into(),
            created_at: Timestamp::from_micros(0),
            started_at: Some(Timestamp::from_micros(0)),
            finished_at: None,
            result: String::new(),
        }
    }

    #[test]
    fn only_a_job_that_is_done_has_a_hundred_per_cent() {
        for (state, done, per_cent) in [
            (JobState::Running, 1_000, 99),
            (JobState::Done, 10, 100),
            (JobState::Queued, 0, 0),
        ] {
            assert_eq!(percent(&record(state, done, 1_000)), per_cent);
        }
    }
}
