//! One upload: what it is, what was found in it, and what can be done about it now.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::upload::{CheckSummary, KEEPABLE, UploadDetail, findings_page};
use packtwin_core::code::Code as Stable;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::ids::{MappingId, UploadId};
use packtwin_core::role::Permission;
use packtwin_tenants::blob::hex;
use packtwin_tenants::store::job::JobRecord;
use packtwin_tenants::store::upload::{UploadPurpose, UploadRecord, UploadState};
use packtwin_tenants::store::upload_result::{FindingSum, UploadLot};

use super::decide::code_named;
use super::file::refused_whole;
use crate::http::page::address::{self, Listing, cursor_parts};
use crate::http::page::history::{self, People};
use crate::http::page::{Desk, html, job, sentence, words};
use crate::http::problem::Problem;
use crate::http::request::{Query, id};
use crate::pages::format;
use crate::pages::piece::{
    Action, Code, Download, EmptyState, Fact, FactValue, FilterBar, Link, Mark, Progress, Title,
    Tone,
};
use crate::pages::view::upload::{
    self as view, FindingGroup, FindingRow, FindingsPage, UploadPage,
};

/// More lots than a file may hold.
pub(super) const LOTS_MAX: i64 = 100_000;
/// Findings on one page.
const FINDINGS: usize = 100;
/// Characters of a hash that are shown.
const HASH_SHOWN: usize = 16;

/// Everything the store holds about one upload.
struct Whole {
    record: UploadRecord,
    detail: UploadDetail,
    sums: Vec<FindingSum>,
    lots: Vec<UploadLot>,
    names: Vec<Option<String>>,
    job: Option<JobRecord>,
    mapping: Option<(MappingId, String)>,
}

/// One upload.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let whole = read(&desk, id).await?;
    let people = People::read(&desk).await?;
    let timeline = history::of(&desk, &people, Some(format!("upload {id}"))).await?;
    let summary = whole.detail.summary.unwrap_or_default();
    let may_decide = desk.caller.may(Permission::UploadsWrite);
    let choosable = may_decide
        && is_committable(whole.record.state)
        && !is_dry_run(&whole)
        && whole.lots.iter().filter(|lot| can_commit(lot)).count() > 1;
    let page = UploadPage {
        title: title(&desk, &whole),
        answer: answer(&whole),
        progress: progress(&desk, &whole),
        rows_right: summary.rows_settled(),
        rows_fixable: summary.rows_fixable,
        rows_wrong: summary.rows_wrong.saturating_sub(summary.rows_fixable),
        facts: facts(&desk, &people, &whole),
        findings: whole
            .sums
            .iter()
            .map(|sum| group(&desk, &whole, sum))
            .collect(),
        lots: whole
            .lots
            .iter()
            .zip(&whole.names)
            .map(|(lot, name)| lot_row(&desk, &whole, lot, name.as_deref(), choosable))
            .collect(),
        commit_chosen: if choosable {
            format!("/uploads/{id}/commit")
        } else {
            String::new()
        },
        actions: actions(&desk, &whole),
        downloads: downloads(&desk, &whole),
        timeline,
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// Every finding, or those of one code, page by page.
pub(in crate::http) async fn findings(
    desk: Desk,
    path: web::Path<String>,
    mut query: Query,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let code = query.take("code", code_named, "a code of the register");
    let before = query
        .cursor(|key| cursor_parts(key).map(|(before, _)| before))
        .unwrap_or(0);
    query.close()?;
    let whole = read(&desk, id).await?;
    let mut rows = desk
        .work(move |desk| findings_page(desk, id, code, before, FINDINGS + 1))
        .await?;
    let more = address::cut(&mut rows, FINDINGS);
    let total = whole
        .sums
        .iter()
        .filter(|sum| code.is_none_or(|code| code == sum.code))
        .map(|sum| sum.count)
        .sum();
    let listing = Listing::new("", "findings").filter("code", "Code", code.map(Stable::as_str));
    let path = format!("/uploads/{id}/findings");
    let mut pager = listing.pager(
        before,
        rows.len(),
        more.then(|| "-".to_owned()),
        Some(total),
    );
    pager.next_href = pager.next_href.map(|href| format!("{path}{href}"));
    let mut chips = listing.chips();
    for chip in &mut chips {
        chip.remove_href = path.clone();
    }
    let export = format!(
        "{path}.csv{}",
        code.map_or(String::new(), |code| format!("?code={code}"))
    );
    let page = FindingsPage {
        title: Title {
            note: whole.record.file_name.clone(),
            ..Title::page("Findings")
        }
        .back("Upload", &format!("/uploads/{id}")),
        filter: FilterBar {
            action: path,
            chips,
            export: Some(Link::new("Fetch as CSV", export)),
            ..FilterBar::default()
        },
        rows: rows.iter().map(finding_row).collect(),
        pager,
        empty: EmptyState {
            heading: "No finding".into(),
            sentence: "Every row is right.".into(),
            ..EmptyState::default()
        },
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

async fn read(desk: &Desk, id: UploadId) -> Result<Whole, Problem> {
    let whole = desk
        .caller
        .read(move |reader| {
            let Some(record) = reader.upload_get(id)? else {
                return Ok(None);
            };
            let detail = UploadDetail::from_record(&record);
            let lots = reader.upload_lots(id, None, LOTS_MAX)?;
            let mut names = Vec::with_capacity(lots.len());
            let mut known: std::collections::HashMap<i32, Option<String>> =
                std::collections::HashMap::new();
            for lot in &lots {
                let (Some(no), Some(version)) = (lot.product, lot.version) else {
                    names.push(None);
                    continue;
                };
                let name = match known.get(&no.0) {
                    Some(name) => name.clone(),
                    None => reader
                        .product_version_get(no, version)?
                        .map(|record| record.data.name),
                };
                known.insert(no.0, name.clone());
                names.push(name);
            }
            let job = match record.job_id {
                Some(job) => reader.job_get(job)?,
                None => None,
            };
            let mapping = match detail.mapping_id() {
                Some(id) => reader.mapping_get(id)?.map(|kept| (kept.id, kept.name)),
                None => None,
            };
            let sums = reader.upload_findings(id)?;
            Ok(Some(Whole {
                record,
                detail,
                sums,
                lots,
                names,
                job,
                mapping,
            }))
        })
        .await?;
    whole.ok_or_else(Problem::not_found)
}

fn is_committable(state: UploadState) -> bool {
    matches!(state, UploadState::Checked | UploadState::PartlyCommitted)
}

/// Whether every row of a lot can be stored and none of it is yet.
pub(super) fn can_commit(lot: &UploadLot) -> bool {
    lot.load.is_none() && lot.rows_right > 0 && lot.rows_wrong == 0 && lot.blocked_by.is_empty()
}

/// Why a dry run has no way to be stored.
const DRY_RUN: &str = "This is a dry run. Send the file again as an ordinary upload to store it.";

fn is_dry_run(whole: &Whole) -> bool {
    whole.record.purpose == UploadPurpose::DryRun
}

fn title(desk: &Desk, whole: &Whole) -> Title {
    let right: Vec<&UploadLot> = whole.lots.iter().filter(|lot| can_commit(lot)).collect();
    let packs: u64 = right.iter().map(|lot| lot.rows_right).sum();
    let commit = Action::post(
        format!("Store {}", words::counted(packs, "pack")),
        format!("/uploads/{}/commit", whole.record.id),
        desk.csrf(),
    )
    .primary();
    let primary = match whole.record.state {
        UploadState::Committed | UploadState::Withdrawn | UploadState::Failed => None,
        state if !is_committable(state) => {
            Some(commit.refused("It can be stored once it was checked."))
        }
        _ if !desk.caller.may(Permission::UploadsWrite) => {
            Some(commit.refused("Your role does not allow this."))
        }
        _ if is_dry_run(whole) => Some(commit.refused(DRY_RUN)),
        _ if packs == 0 => Some(commit.refused("No lot is without errors.")),
        _ => Some(commit),
    };
    Title {
        state: Some(words::upload(&whole.record)),
        primary,
        ..Title::named("Upload", &whole.record.file_name)
    }
    .back("Uploads", "/uploads")
}

fn answer(whole: &Whole) -> String {
    if let Some(refused) = refused_whole(&whole.detail) {
        return refused;
    }
    let job_result = whole.job.as_ref().map_or("", |job| job.result.as_str());
    match (whole.record.state, whole.detail.summary) {
        (UploadState::Receiving, _) => format!(
            "{} of {} are here. Choose the same file again to go on.",
            format::bytes(whole.record.bytes_received),
            format::bytes(whole.record.bytes_declared)
        ),
        (UploadState::Received | UploadState::Recognised, _) => "The file is here.".to_owned(),
        (UploadState::Checking, _) => "The file is being read to its end.".to_owned(),
        (UploadState::NeedsDecision, None) => {
            "The columns have no meaning yet. Map them once; the mapping is kept for the partner."
                .to_owned()
        }
        (UploadState::Failed, None) => sentence(job_result),
        (UploadState::Withdrawn, _) => {
            "This upload was withdrawn; nothing of it is stored.".to_owned()
        }
        (UploadState::Committed, Some(summary)) => match summary.lots {
            1 => "The lot of this file is stored.".to_owned(),
            lots => format!(
                "All {} of this file are stored.",
                words::counted(lots, "lot")
            ),
        },
        (_, Some(summary)) => checked(&summary),
        (_, None) => String::new(),
    }
}

/// The result of the check in one sentence with exact numbers.
fn checked(summary: &CheckSummary) -> String {
    let right = format::thousands(summary.rows_settled());
    let lots = format!(
        "{} of {} can be stored",
        format::thousands(summary.lots_right),
        words::counted(summary.lots, "lot")
    );
    let mut text = format!(
        "{right} of {} are right; {lots}.",
        words::counted(summary.rows, "row")
    );
    if summary.rows_fixable > 0 {
        text.push_str(&format!(
            " {} would be right with the proposals below.",
            words::counted(summary.rows_fixable, "row")
        ));
    }
    text
}

fn progress(desk: &Desk, whole: &Whole) -> Option<Progress> {
    let record = &whole.record;
    let label = match record.state {
        UploadState::Checking => "Checking the file",
        UploadState::Committing => "Storing packs",
        UploadState::Receiving => {
            return Some(Progress {
                label: "Received so far".into(),
                done: record.bytes_received,
                total: record.bytes_declared,
                unit: "bytes".into(),
                ..Progress::default()
            });
        }
        _ => return None,
    };
    let job = whole.job.as_ref()?;
    Some(job::progress(
        desk,
        job,
        label,
        &format!("/uploads/{}", record.id),
    ))
}

fn facts(desk: &Desk, people: &People, whole: &Whole) -> Vec<Fact> {
    let record = &whole.record;
    let or_absent = |label: &str, text: &str, why: &str| {
        if text.is_empty() {
            Fact::absent(label, why)
        } else {
            Fact::text(label, text)
        }
    };
    let mut facts = vec![
        Fact::text("File", &record.file_name),
        Fact::text(
            "Size",
            format!(
                "{} ({} bytes)",
                format::bytes(record.bytes_declared),
                format::thousands(record.bytes_declared)
            ),
        ),
        match record.sha256 {
            Some(sha256) => Fact::code(
                "SHA-256",
                Code::abridged("SHA-256", hex(&sha256), HASH_SHOWN),
            ),
            None => Fact::absent("SHA-256", "not whole yet"),
        },
        or_absent("Recognised as", &whole.detail.description, "not yet"),
        or_absent("Partner", &record.partner, "not named"),
        match (&whole.mapping, &whole.detail.mapping) {
            (Some((_, name)), _) => Fact::text("Mapping", name),
            (None, Some(_)) => Fact::text("Mapping", "of this file"),
            (None, None) => Fact::absent("Mapping", "none"),
        },
        Fact::text("Sent by", people.name(&record.created_by)),
        Fact::moment("Begun", desk.moment(record.created_at)),
        Fact::new(
            "Accepted fixes",
            FactValue::Text(if whole.detail.accepted.is_empty() {
                "none".into()
            } else {
                whole.detail.accepted.join(", ")
            }),
        ),
    ];
    facts.extend(
        whole
            .detail
            .notes
            .iter()
            .map(|note| Fact::text("Also in the file", note)),
    );
    facts
}

fn group(desk: &Desk, whole: &Whole, sum: &FindingSum) -> FindingGroup {
    let id = whole.record.id;
    let code = sum.code.as_str();
    let detail = &whole.detail;
    let is_accepted = detail.accepted.iter().any(|accepted| accepted == code);
    let is_kept = detail.kept.iter().any(|kept| kept == code);
    let is_open = !matches!(
        whole.record.state,
        UploadState::Checking
            | UploadState::Committing
            | UploadState::Committed
            | UploadState::Withdrawn
    );
    let decide = |label: String, accept: &str| {
        Action::post(label, format!("/uploads/{id}/fixes"), desk.csrf())
            .with("code", code)
            .with("accept", accept)
    };
    let accept = match (
        is_open && desk.caller.may(Permission::UploadsWrite),
        is_accepted,
        sum.proposals,
    ) {
        (false, _, _) | (_, false, 0) => None,
        (true, true, _) => Some(decide("Take the fixes back".into(), "no")),
        (true, false, proposals) => Some(decide(format!("Accept {}", fixes(proposals)), "yes")),
    };
    let keep = match accept {
        Some(_) if !KEEPABLE.contains(&sum.code) || is_accepted => None,
        Some(_) if is_kept => Some(decide("They are not right as they are".into(), "no")),
        Some(_) => Some(decide("They are right as they are".into(), "keep")),
        None => None,
    };
    FindingGroup {
        code: code.to_owned(),
        sentence: format!("{}. {}", sum.code.title(), sum.code.remedy()),
        mark: match sum.severity {
            Severity::Error if sum.proposals > 0 => Mark::new(Tone::Attention, "fixable"),
            Severity::Error => Mark::new(Tone::Bad, "wrong"),
            Severity::Warning => Mark::new(Tone::Info, "warning"),
            Severity::Fixed => Mark::new(Tone::Good, "fixed"),
        },
        count: sum.count,
        is_accepted,
        accept,
        keep,
        rows: sum.examples.iter().take(10).map(finding_row).collect(),
        all_href: format!("/uploads/{id}/findings?code={code}"),
    }
}

fn fixes(number: u64) -> String {
    if number == 1 {
        "1 fix".to_owned()
    } else {
        format!("{} fixes", format::thousands(number))
    }
}

fn finding_row(finding: &Finding) -> FindingRow {
    FindingRow {
        row: finding.row,
        column: finding.column.clone(),
        proposal: finding.proposal.clone(),
        message: sentence(&finding.text),
    }
}

fn lot_row(
    desk: &Desk,
    whole: &Whole,
    lot: &UploadLot,
    name: Option<&str>,
    choosable: bool,
) -> view::UploadLot {
    let can = can_commit(lot);
    let commit = Action::post(
        "Store this lot",
        format!("/uploads/{}/commit", whole.record.id),
        desk.csrf(),
    )
    .with("lot", lot.index.to_string());
    let blocked = lot
        .blocked_by
        .iter()
        .filter_map(|text| code_named(text))
        .map(Stable::title)
        .collect::<Vec<_>>()
        .join("; ");
    let (state, refusal) = match (lot.load.is_some(), can) {
        (true, _) => (Mark::new(Tone::Good, "stored"), None),
        (false, true) => (Mark::new(Tone::Info, "can be stored"), None),
        (false, false) if !blocked.is_empty() => {
            (Mark::new(Tone::Bad, "blocked"), Some(sentence(&blocked)))
        }
        (false, false) => {
            let text = format!(
                "{} wrong.",
                if lot.rows_wrong == 1 {
                    "1 row is".into()
                } else {
                    format!("{} rows are", format::thousands(lot.rows_wrong))
                }
            );
            (Mark::new(Tone::Bad, "has errors"), Some(text))
        }
    };
    let href = lot
        .load
        .is_some()
        .then(|| address::lot(&lot.product_text, &lot.batch_text));
    let mut lot_code = Code::plain("lot", &lot.batch_text);
    lot_code.href = href;
    view::UploadLot {
        product: name.unwrap_or("product not known here").to_owned(),
        code: Code::digits("product code", &lot.product_text),
        lot: lot_code,
        expiry: lot.expiry_text.clone(),
        rows_right: lot.rows_right,
        rows_wrong: lot.rows_wrong,
        state,
        pick: (choosable && can).then_some(lot.index),
        commit: match (
            lot.load.is_some() || !is_committable(whole.record.state),
            refusal,
        ) {
            (true, _) => None,
            (false, _) if is_dry_run(whole) => None,
            (false, Some(why)) => Some(commit.refused(why)),
            (false, None) if desk.caller.may(Permission::UploadsWrite) => Some(commit),
            (false, None) => None,
        },
    }
}

fn actions(desk: &Desk, whole: &Whole) -> Vec<Action> {
    if !desk.caller.may(Permission::UploadsWrite) {
        return Vec::new();
    }
    let id = whole.record.id;
    let state = whole.record.state;
    let mut actions = Vec::new();
    let is_table = !whole.detail.first_rows.is_empty()
        && whole.record.kind != packtwin_app::upload::EPCIS_KIND;
    if is_table
        && matches!(
            state,
            UploadState::NeedsDecision
                | UploadState::Checked
                | UploadState::Failed
                | UploadState::PartlyCommitted
        )
    {
        let label = if whole.detail.mapping.is_none() {
            "Map the columns"
        } else {
            "Change the mapping"
        };
        actions.push(Action::link(label, format!("/uploads/{id}/mapping")));
    }
    if let Some(job) = whole
        .job
        .as_ref()
        .filter(|_| matches!(state, UploadState::Checking | UploadState::Committing))
    {
        actions.push(Action::post(
            "Cancel",
            format!("/jobs/{}/cancel", job.id),
            desk.csrf(),
        ));
    }
    if matches!(
        state,
        UploadState::Receiving
            | UploadState::Received
            | UploadState::Recognised
            | UploadState::NeedsDecision
            | UploadState::Checked
            | UploadState::Failed
    ) {
        actions
            .push(Action::link("Withdraw the upload", format!("/uploads/{id}/withdraw")).danger());
    }
    actions
}

fn downloads(desk: &Desk, whole: &Whole) -> Vec<Download> {
    let record = &whole.record;
    let id = record.id;
    let mut downloads = Vec::new();
    if record.sha256.is_some() {
        downloads.push(Download {
            label: "Original".into(),
            href: format!("/uploads/{id}/original"),
            file_name: record.file_name.clone(),
            note: format::bytes(record.bytes_declared),
        });
    }
    if whole.detail.summary.is_some() && !whole.sums.is_empty() {
        let named = |object: &str, ending: &str| {
            crate::http::page::download::file_name(desk, &format!("{object}_{id}"), ending)
        };
        let ending = if record.kind == "xlsx" { "xlsx" } else { "csv" };
        downloads.push(Download {
            label: "Error file".into(),
            href: format!("/uploads/{id}/errors"),
            file_name: named("errors", ending),
            note: "four more columns".into(),
        });
        downloads.push(Download {
            label: "Findings".into(),
            href: format!("/uploads/{id}/findings.csv"),
            file_name: named("findings", "csv"),
            note: "CSV".into(),
        });
    }
    downloads
}
