//! Captured documents: the list, and one with its findings. What the API tells of them is [`crate::http::capture`]'s.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::capture::{find_capture, list_findings};
use packtwin_core::finding::Severity;
use packtwin_core::ids::CaptureId;
use packtwin_core::time::Timestamp;
use packtwin_tenants::blob::hex;
use packtwin_tenants::store::capture::{CaptureFinding, CaptureRecord, CaptureState};

use super::address::{Listing, cursor_parts, cut};
use super::{Desk, html};
use crate::http::problem::Problem;
use crate::http::request::{Query, id};
use crate::pages::format::thousands;
use crate::pages::piece::{
    Code, EmptyState, Fact, FilterBar, Input, Link, Mark, Select, Title, Tone,
};
use crate::pages::view::capture::{CaptureFindingRow, CapturePage, CaptureRow, CapturesPage};

/// Rows of one page of either list.
const ROWS: usize = 50;
/// Waiting facts are counted up to this.
const PARKED_MAX: i64 = 100_000;

/// The list.
pub(in crate::http) async fn list(desk: Desk, mut query: Query) -> Result<HttpResponse, Problem> {
    let state = query.take(
        "state",
        CaptureState::parse,
        "a state of a captured document",
    );
    let at = query.cursor(|key| {
        let (before, key) = cursor_parts(key)?;
        let (micros, id) = key.split_once(' ')?;
        let at = Timestamp::from_micros(micros.parse().ok()?);
        Some((before, (at, id.parse::<CaptureId>().ok()?)))
    });
    query.close()?;
    let (before, after) = at.map_or((0, None), |(before, key)| (before, Some(key)));
    let (mut records, parked) = desk
        .caller
        .read(move |reader| {
            let records = reader.capture_list(state, after, ROWS as i64 + 1)?;
            Ok((records, reader.aggregation_parked_count(PARKED_MAX)?))
        })
        .await?;
    let more = cut(&mut records, ROWS);
    let next = records.last().filter(|_| more);
    let next = next.map(|last| format!("{} {}", last.created_at.micros(), last.id));
    let listing = Listing::new("/captures", "documents").filter(
        "state",
        "State",
        state.map(CaptureState::as_str),
    );
    let states = [
        ("", "any"),
        ("running", "running"),
        ("stored", "stored"),
        ("partly_stored", "partly stored"),
        ("rejected", "rejected"),
    ];
    let row = |record: &CaptureRecord| CaptureRow {
        href: format!("/captures/{}", record.id),
        id: Code::plain("document id", record.id.to_string())
            .to(format!("/captures/{}", record.id)),
        sender: record.sender.clone(),
        state: mark(record.state),
        events: record.sums.stored + record.sums.repeated,
        parked: record.sums.parked,
        errors: record.sums.errors,
        at: desk.moment(record.created_at),
    };
    let page = CapturesPage {
        title: Title::page("Hierarchies"),
        answer: match parked {
            0 => String::new(),
            1 => "1 fact of the hierarchy waits for another, or contradicts one.".to_owned(),
            more => format!(
                "{} facts of the hierarchy wait for others, or contradict them.",
                thousands(more)
            ),
        },
        filter: FilterBar {
            action: "/captures".into(),
            inputs: vec![Input::Select(Select::new(
                "state",
                "State",
                &states,
                &listing.value("state"),
            ))],
            chips: listing.chips(),
            ..FilterBar::default()
        },
        rows: records.iter().map(row).collect(),
        pager: listing.pager(before, records.len(), next, None),
        empty: EmptyState {
            heading: match listing.is_filtered() {
                true => "No document matches these filters".into(),
                false => "No document was captured yet".into(),
            },
            sentence: "EPCIS documents that partners send to /v1/epcis/capture are listed here, with all that was found \
                       in them."
                .into(),
            ..EmptyState::default()
        },
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// One document.
pub(in crate::http) async fn show(
    desk: Desk,
    mut query: Query,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let at = query.cursor(|key| {
        let (before, key) = cursor_parts(key)?;
        Some((before, key.parse::<u64>().ok()?))
    });
    query.close()?;
    let id: CaptureId = id(&path)?;
    let (before, after) = at.unwrap_or((0, 0));
    let (record, mut findings) = desk
        .work(move |desk| {
            let record = find_capture(desk, id)?;
            Ok((record, list_findings(desk, id, after, ROWS as i64 + 1)?))
        })
        .await?;
    let more = cut(&mut findings, ROWS);
    let next = findings
        .last()
        .filter(|_| more)
        .map(|last| last.no.to_string());
    let listing = Listing::new(format!("/captures/{id}"), "findings");
    let sums = record.sums;
    let named = |text: &str, label: &str| match text.is_empty() {
        true => Fact::absent(label, "not named"),
        false => Fact::text(label, text),
    };
    let page = CapturePage {
        title: Title {
            state: Some(mark(record.state)),
            ..Title::code("Document", record.id.to_string())
        }
        .back("Hierarchies", "/captures"),
        answer: answer(&record),
        links: record
            .job
            .map(|job| Link::new("See its job", format!("/jobs/{job}")))
            .into_iter()
            .collect(),
        facts: vec![
            named(&record.sender, "From"),
            named(&record.instance, "Key of the exchange"),
            Fact::moment("Received", desk.moment(record.created_at)),
            record.finished_at.map_or_else(
                || Fact::absent("Ended", "not yet"),
                |at| Fact::moment("Ended", desk.moment(at)),
            ),
            Fact::text(
                "When something is wrong",
                match record.behaviour.as_str() {
                    "rollback" => "nothing is kept",
                    _ => "what can be kept is kept",
                },
            ),
            Fact::count("Bytes", record.bytes),
            Fact::count("Events read", sums.events),
            Fact::count("Events stored", sums.stored),
            Fact::count("There already", sums.repeated),
            Fact::count("Waiting facts", sums.parked),
            Fact::count("Errors", sums.errors),
            Fact::code(
                "SHA-256",
                Code::abridged("SHA-256", hex(&record.sha256), 12),
            ),
        ],
        rows: findings.iter().map(finding_row).collect(),
        pager: listing.pager(before, findings.len(), next, Some(sums.findings)),
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

fn answer(record: &CaptureRecord) -> String {
    let sums = record.sums;
    match record.state {
        CaptureState::Running => format!("{} events are read so far.", thousands(sums.events)),
        CaptureState::Stored if sums.parked > 0 => format!(
            "Every event is stored; {} of its facts wait for others, or contradict them.",
            thousands(sums.parked)
        ),
        CaptureState::Stored => "Every event of this document is stored.".to_owned(),
        CaptureState::PartlyStored => format!(
            "{} events are stored; the findings say why others are not.",
            thousands(sums.stored + sums.repeated)
        ),
        CaptureState::Rejected => {
            "Nothing of this document is stored; the findings say why.".to_owned()
        }
    }
}

fn finding_row(finding: &CaptureFinding) -> CaptureFindingRow {
    CaptureFindingRow {
        event: finding.event,
        line: finding.line,
        code: finding.code.as_str().to_owned(),
        severity: match finding.severity {
            Severity::Error => Mark::new(Tone::Bad, "error"),
            Severity::Warning | Severity::Fixed => Mark::new(Tone::Attention, "warning"),
        },
        text: finding.text.clone(),
        remedy: finding.code.remedy().to_owned(),
        proposal: finding.proposal.clone(),
    }
}

fn mark(state: CaptureState) -> Mark {
    match state {
        CaptureState::Running => Mark::new(Tone::Info, "being stored"),
        CaptureState::Stored => Mark::new(Tone::Good, "stored"),
        CaptureState::PartlyStored => Mark::new(Tone::Attention, "partly stored"),
        CaptureState::Rejected => Mark::new(Tone::Bad, "rejected"),
    }
}
