//! The upload centre (users.md 3.5): the drop zone with the list beneath. One upload, what is decided about it, and its
//! files are the rooms beside this one.

pub(in crate::http) mod decide;
pub(in crate::http) mod file;
pub(in crate::http) mod mapping;
pub(in crate::http) mod receive;
pub(in crate::http) mod show;
mod trial;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use packtwin_app::upload::UploadDetail;
use packtwin_core::ids::UploadId;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::job::JobRecord;
use packtwin_tenants::store::upload::{UploadFilter, UploadRecord, UploadState};
use packtwin_tenants::store::upload_result::UploadLot;

use super::address::{Listing, cursor_parts, cut};
use super::history::People;
use super::{Desk, html, words};
use crate::http::problem::Problem;
use crate::http::request::Query;
use crate::pages::piece::filter::QuickFilter;
use crate::pages::piece::{Download, DropZone, EmptyState, Field, FilterBar, Input, Title};
use crate::pages::view::upload::{UploadRow, UploadsPage};

/// Rows of one page of the list.
const ROWS: usize = 50;
/// Bytes of one part that the script sends.
const PART_BYTES: u64 = 4 << 20;
/// The states offered as quick choices, with their words.
const QUICK: [(UploadState, &str); 6] = [
    (UploadState::NeedsDecision, "Need a decision"),
    (UploadState::Checked, "To commit"),
    (UploadState::PartlyCommitted, "Partly committed"),
    (UploadState::Committed, "Committed"),
    (UploadState::Failed, "Failed"),
    (UploadState::Withdrawn, "Withdrawn"),
];

/// The list.
pub(in crate::http) async fn list(desk: Desk, mut query: Query) -> Result<HttpResponse, Problem> {
    let state = query.take("state", UploadState::parse, "a state of an upload");
    let partner = query.text("partner");
    let text = query.text("text");
    let at = query.cursor(place);
    query.close()?;
    uploads_page(desk, StatusCode::OK, (state, partner, text, at), None).await
}

type Wanted = (
    Option<UploadState>,
    Option<String>,
    Option<String>,
    Option<Place>,
);

/// The list, with what was refused of a file that was just sent.
async fn uploads_page(
    desk: Desk,
    status: StatusCode,
    (state, partner, text, at): Wanted,
    refused: Option<&Problem>,
) -> Result<HttpResponse, Problem> {
    let listing = Listing::new("/uploads", "uploads")
        .filter("state", "State", state.map(UploadState::as_str))
        .filter("partner", "Partner", partner.as_deref())
        .filter("text", "File", text.as_deref());
    let (before, after) = at.map_or((0, None), |place| (place.before, Some(place.key)));
    let filter = UploadFilter {
        state,
        partner,
        text,
    };
    let is_by_state_only = filter.partner.is_none() && filter.text.is_none();
    let (mut records, counts) = desk
        .caller
        .read(move |reader| Ok((read_rows(reader, &filter, after)?, reader.upload_counts()?)))
        .await?;
    let more = cut(&mut records, ROWS);
    let count_of = |wanted: UploadState| {
        counts
            .iter()
            .find(|(state, _)| *state == wanted)
            .map_or(0, |(_, count)| *count)
    };
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let total = is_by_state_only.then(|| state.map_or(all, count_of));
    let next = records
        .last()
        .filter(|_| more)
        .map(|row| format!("{} {}", row.record.created_at.micros(), row.record.id));
    let people = People::read(&desk).await?;
    let mut quick = vec![QuickFilter {
        label: "All".into(),
        count: all,
        href: listing.with("state", ""),
        active: state.is_none(),
    }];
    quick.extend(
        QUICK
            .into_iter()
            .filter(|(wanted, _)| count_of(*wanted) > 0 || state == Some(*wanted))
            .map(|(wanted, label)| QuickFilter {
                label: label.into(),
                count: count_of(wanted),
                href: listing.with("state", wanted.as_str()),
                active: state == Some(wanted),
            }),
    );
    let page = UploadsPage {
        title: Title::page("Uploads"),
        drop: drop_zone(&desk, partners(&desk).await?, refused),
        filter: FilterBar {
            action: "/uploads".into(),
            quick,
            inputs: vec![
                Input::Field(Field::new("text", "File name holds", listing.value("text"))),
                Input::Field(Field::new("partner", "Partner", listing.value("partner"))),
            ],
            chips: listing.chips(),
            export: None,
        },
        rows: records
            .iter()
            .map(|row| upload_row(&desk, &people, row))
            .collect(),
        pager: listing.pager(before, records.len(), next, total),
        empty: empty(listing.is_filtered()),
        frame: desk.frame,
    };
    html(status, &page)
}

/// Where a page of the list begins.
#[derive(Debug, Clone, Copy)]
struct Place {
    before: u64,
    key: (Timestamp, UploadId),
}

fn place(key: &str) -> Option<Place> {
    let (before, key) = cursor_parts(key)?;
    let (micros, id) = key.split_once(' ')?;
    let at = Timestamp::from_micros(micros.parse().ok()?);
    Some(Place {
        before,
        key: (at, id.parse().ok()?),
    })
}

struct Row {
    record: UploadRecord,
    lots: Vec<UploadLot>,
    job: Option<JobRecord>,
}

fn read_rows(
    reader: &mut packtwin_tenants::scope::Reader<'_>,
    filter: &UploadFilter,
    after: Option<(Timestamp, UploadId)>,
) -> Result<Vec<Row>, packtwin_tenants::error::StoreError> {
    let records = reader.upload_list(filter, after, ROWS as i64 + 1)?;
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let lots = reader.upload_lots(record.id, None, 2)?;
        let runs = matches!(
            record.state,
            UploadState::Checking | UploadState::Committing
        );
        let job = match record.job_id.filter(|_| runs) {
            Some(id) => reader.job_get(id)?,
            None => None,
        };
        rows.push(Row { record, lots, job });
    }
    Ok(rows)
}

fn upload_row(desk: &Desk, people: &People, row: &Row) -> UploadRow {
    let record = &row.record;
    let summary = UploadDetail::from_record(record).summary;
    let (products, lots) = match (row.lots.as_slice(), summary) {
        ([only], _) => (only.product_text.clone(), only.batch_text.clone()),
        ([_, ..], Some(summary)) => (String::from("several"), words::counted(summary.lots, "lot")),
        _ => (String::new(), String::new()),
    };
    UploadRow {
        href: format!("/uploads/{}", record.id),
        file: record.file_name.clone(),
        bytes: record.bytes_declared,
        kind: kind(&record.kind).to_owned(),
        products,
        lots,
        rows: summary.map(|summary| summary.rows),
        errors: summary.map_or(0, |summary| {
            summary.rows_wrong - summary.rows_fixable.min(summary.rows_wrong)
        }),
        warnings: summary.map_or(0, |summary| summary.rows_fixable),
        state: words::upload(record),
        percent: row.job.as_ref().map(super::job::percent),
        by: people.name(&record.created_by),
        at: desk.moment(record.created_at),
    }
}

/// A kind of file as people call it.
fn kind(word: &str) -> &str {
    match word {
        "csv" => "CSV",
        "xlsx" => "XLSX",
        "serial-list" => "serial list",
        packtwin_app::upload::EPCIS_KIND => "EPCIS 1.2",
        "unknown" => "not recognised",
        other => other,
    }
}

/// The partners for whom a mapping is kept, each once.
async fn partners(desk: &Desk) -> Result<Vec<String>, Problem> {
    let kept = desk.caller.read(|reader| reader.mapping_list()).await?;
    let names: std::collections::BTreeSet<String> =
        kept.into_iter().map(|mapping| mapping.partner).collect();
    Ok(names.into_iter().collect())
}

fn drop_zone(desk: &Desk, partners: Vec<String>, refused: Option<&Problem>) -> DropZone {
    let template = |label: &str, ending: &str| Download {
        label: label.to_owned(),
        href: format!("/uploads/template.{ending}"),
        file_name: format!("serial_template.{ending}"),
        note: String::new(),
    };
    let cannot = "Your role does not allow uploads. Ask your administrator for the role.";
    DropZone {
        action: "/uploads".into(),
        csrf: desk.csrf().to_owned(),
        resumable_href: "/v1/uploads".into(),
        part_bytes: PART_BYTES,
        bytes_max: desk.shared.configuration.limits.upload_bytes,
        kinds: "CSV, TSV, XLSX or EPCIS 1.2 XML.".into(),
        partner: Field::new("partner", "From which partner", "")
            .hint("May be empty. The mapping kept for the partner is used.")
            .suggest(partners),
        samples: vec![
            template("CSV template", "csv"),
            template("XLSX template", "xlsx"),
        ],
        refused: (!desk.caller.may(Permission::UploadsWrite)).then(|| cannot.to_owned()),
        problem: refused.map(|problem| super::sentences(problem).join(" ")),
    }
}

fn empty(is_filtered: bool) -> EmptyState {
    let (heading, sentence) = if is_filtered {
        (
            "No upload matches these filters",
            "Remove a filter to see more.",
        )
    } else {
        (
            "No uploads yet",
            "Drop a file above. It is checked, and nothing is stored before you decide.",
        )
    };
    EmptyState {
        heading: heading.into(),
        sentence: sentence.into(),
        ..EmptyState::default()
    }
}
