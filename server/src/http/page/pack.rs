//! The twin of a pack: what it is or was on a day, what counts for whoever holds it, what happened to it, which messages
//! told of it, and what proves it (users.md 3.7).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chrono::{NaiveDate, NaiveTime, TimeZone};

use packtwin_app::pack::{self, PackMessage, PackProof, PackTwin, PackVerdict};
use packtwin_core::code::Code as Stable;
use packtwin_core::fact::FactKind;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::ChainedEntry;
use packtwin_tenants::blob::hex;
use packtwin_tenants::store::fact::FactRecord;

use super::history::People;
use super::lot::printed;
use super::{Desk, address, happening, html, sentence, words};
use crate::http::pack::{found, pack_names};
use crate::http::problem::Problem;
use crate::http::request::Query;
use crate::pages::piece::{
    Chip, Code, Download, Fact, FactValue, Field, FieldKind, FilterBar, Input, Link, Mark,
    Timeline, TimelineEntry, Title, Tone,
};
use crate::pages::view::pack::{PackMessageRow, PackPage, ProofEntryRow};

/// One pack, now or at the end of a day.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<(String, String)>,
    mut query: Query,
) -> Result<HttpResponse, Problem> {
    let day = query.take(
        "as_of",
        |text| text.parse::<NaiveDate>().ok(),
        "a day, YYYY-MM-DD",
    );
    query.close()?;
    let (twin, refused) = at_end_of(&desk, &path, day).await?;
    let (code, serial) = pack_names(&path)?;
    let proof = desk
        .work(move |desk| pack::proof_of_pack(desk, &code, &serial))
        .await;
    let people = People::read(&desk).await?;
    let told_day = day.filter(|_| refused.is_none());
    let on = told_day.or_else(|| desk.today().parse().ok());
    let mark = words::pack(twin.effective(on.unwrap_or_default()));
    let here = address::pack(twin.product.code.as_str(), twin.pack.serial.as_str());
    // A list that cannot be read is the operator's matter and has been logged; the twin itself is shown all the same.
    let proof_fault = match &proof {
        Ok(_) => String::new(),
        Err(_) => {
            "Messages and proof cannot be read now. Tell the operator of the site.".to_owned()
        }
    };
    let proof = proof.ok();
    let audit = proof.as_ref().and_then(|proof| proof.audit.as_ref());
    let entries = audit.map_or(&[][..], |audit| &audit.entries);
    let page = PackPage {
        answer: answer(&mark, told_day, refused),
        as_of: day_picker(&here, day, told_day),
        facts: facts(&twin),
        timeline: Timeline {
            entries: facts_newest_first(&twin)
                .map(|fact| happened(&desk, &people, fact))
                .collect(),
            when_empty: "Nothing is recorded of this pack beside its being stored.".into(),
        },
        messages: proof
            .iter()
            .flat_map(|proof| &proof.messages)
            .map(|told| message_row(&desk, told))
            .collect(),
        proof: proof.as_ref().map_or_else(Vec::new, proof_facts),
        proof_fault,
        may_read_audit: audit.is_some(),
        entries: entries
            .iter()
            .map(|chained| entry_row(&desk, chained))
            .collect(),
        downloads: vec![Download {
            label: "Proof as JSON".into(),
            href: format!("/v1{here}/proof"),
            file_name: format!("{}_{}_proof.json", twin.product.code, twin.pack.serial),
            note: String::new(),
        }],
        title: Title {
            state: Some(mark),
            note: twin.data.name.clone(),
            ..Title::code("Pack", twin.pack.serial.as_str())
        }
        .back(
            "Lot",
            &address::lot(twin.product.code.as_str(), twin.lot.batch.as_str()),
        ),
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// The pack at the end of a day in the zone of the tenant; where there was none that day, the pack as it is now, and why.
async fn at_end_of(
    desk: &Desk,
    path: &(String, String),
    day: Option<NaiveDate>,
) -> Result<(PackTwin, Option<String>), Problem> {
    let now = found(&desk.caller, &desk.shared, path, None).await?;
    let Some(day) = day else {
        return Ok((now, None));
    };
    let is_today = desk.today().parse() == Ok(day);
    let at = if is_today {
        desk.shared.now()
    } else {
        end_of(desk, day)
    };
    match found(&desk.caller, &desk.shared, path, Some(at)).await {
        Ok(then) => Ok((then, None)),
        Err(problem) if [Stable::NotFound, Stable::RequestMalformed].contains(&problem.code()) => {
            Ok((now, Some(sentence(&problem.refusals().first().text))))
        }
        Err(problem) => Err(problem),
    }
}

/// The last microsecond of a day in the zone of the tenant.
fn end_of(desk: &Desk, day: NaiveDate) -> Timestamp {
    let next = day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN);
    let begin = desk.zone.from_local_datetime(&next).earliest();
    // A midnight that the clocks leave out is taken in UTC.
    let begin = begin.map_or_else(|| next.and_utc(), |at| at.to_utc());
    Timestamp::from_micros(begin.timestamp_micros() - 1)
}

fn answer(mark: &Mark, day: Option<NaiveDate>, refused: Option<String>) -> String {
    let told = match (mark.tone, day) {
        (Tone::Good, None) => "This pack is stored here and active.".to_owned(),
        (_, None) => format!("This pack must not be dispensed: {}.", mark.word),
        (Tone::Good, Some(day)) => format!("At the end of {day} this pack was active."),
        (_, Some(day)) => format!("At the end of {day} this pack was {}.", mark.word),
    };
    match refused {
        Some(refused) => format!("{refused} What follows is the pack as it is now. {told}"),
        None => told,
    }
}

fn day_picker(here: &str, asked: Option<NaiveDate>, told: Option<NaiveDate>) -> FilterBar {
    let value = asked.map_or_else(String::new, |day| day.to_string());
    let field = Field::new("as_of", "As it was at the end of", value).kind(FieldKind::Date);
    let chip = |day: NaiveDate| Chip {
        label: "As of the end of".to_owned(),
        value: day.to_string(),
        remove_href: here.to_owned(),
    };
    FilterBar {
        action: here.to_owned(),
        inputs: vec![Input::Field(field)],
        chips: told.map(chip).into_iter().collect(),
        ..FilterBar::default()
    }
}

fn facts(twin: &PackTwin) -> Vec<Fact> {
    let (code, batch) = (twin.product.code.as_str(), twin.lot.batch.as_str());
    let tree = super::container::tree_of_pack(code, twin.pack.serial.as_str());
    let markets: Vec<&str> = twin
        .data
        .markets
        .iter()
        .map(|entry| entry.market.as_str())
        .collect();
    vec![
        Fact::new(
            "Product",
            FactValue::Link(Link::new(&twin.data.name, address::product(code))),
        ),
        Fact::code("Product code", Code::digits("product code", code)),
        Fact::code("Serial", Code::serial(twin.pack.serial.as_str())),
        Fact::code(
            "Lot",
            Code::plain("lot", batch).to(address::lot(code, batch)),
        ),
        Fact::text("Expiry", printed(twin.lot.expiry)),
        Fact::text("Own state", twin.state.as_str()),
        Fact::text("Markets of its version", markets.join(" ")),
        Fact::new(
            "Hierarchy",
            FactValue::Link(Link::new("See what it is in", tree)),
        ),
    ]
}

fn facts_newest_first(twin: &PackTwin) -> impl Iterator<Item = &FactRecord> {
    twin.facts.iter().rev()
}

fn happened(desk: &Desk, people: &People, fact: &FactRecord) -> TimelineEntry {
    let detail = detail_of(&fact.detail);
    TimelineEntry {
        at: desk.moment(fact.at),
        tone: Tone::Neutral,
        what: happening::fact(fact.kind, &detail),
        who: people.name(&fact.actor),
        detail: told_to(&detail),
        href: None,
    }
}

fn message_row(desk: &Desk, told: &PackMessage) -> PackMessageRow {
    let message = &told.message;
    let href = format!("/messages/{}", message.id);
    PackMessageRow {
        id: Code::abridged("message id", message.id.to_string(), 12).to(&href),
        href,
        connector: words::far_side(&message.connector),
        kind: match message.kind {
            FactKind::Recalled => "recall of the lot".to_owned(),
            FactKind::Withdrawn => "withdrawal of the product".to_owned(),
            kind => words::fact(kind).to_owned(),
        },
        verdict: verdict(&told.verdict),
        reason: match &told.verdict {
            PackVerdict::Refused { code, text } => format!("{code}: {text}"),
            _ => String::new(),
        },
        sent_at: message.sent_at.map(|at| desk.moment(at)),
        answered_at: message.answered_at.map(|at| desk.moment(at)),
    }
}

fn verdict(verdict: &PackVerdict) -> Mark {
    match verdict {
        PackVerdict::NotSent => Mark::new(Tone::Info, "not sent yet"),
        PackVerdict::Waiting => Mark::new(Tone::Info, "waiting for the hub"),
        PackVerdict::Unknown => Mark::new(Tone::Attention, "outcome unknown"),
        PackVerdict::Accepted => Mark::new(Tone::Good, "acknowledged"),
        PackVerdict::Refused { .. } => Mark::new(Tone::Bad, "this pack refused"),
        PackVerdict::RefusedWhole => Mark::new(Tone::Bad, "message refused"),
        PackVerdict::Cancelled => Mark::new(Tone::Neutral, "cancelled"),
    }
}

fn proof_facts(proof: &PackProof) -> Vec<Fact> {
    let list = &proof.list;
    let hash = |hash: &Option<packtwin_core::audit::Hash>| {
        let whole = hash.as_ref().map_or(String::new(), |hash| hex(hash));
        Code::abridged("SHA-256", whole, 16)
    };
    let upload = Link::new(&list.file_name, format!("/uploads/{}", list.upload));
    vec![
        Fact::new("From the file", FactValue::Link(upload)),
        Fact::code("SHA-256 of the file", hash(&list.original_sha256)),
        Fact::code("SHA-256 of the serial list", hash(&list.sha256)),
        Fact::count("Line of this pack in the list", list.line),
        Fact::count("Lines of the list", list.packs),
    ]
}

fn entry_row(desk: &Desk, chained: &ChainedEntry) -> ProofEntryRow {
    let entry = &chained.stored.entry;
    let detail = detail_of(&entry.detail);
    ProofEntryRow {
        number: entry.seq.unsigned_abs(),
        at: desk.moment(entry.at),
        what: happening::told(&entry.action, &detail).what,
        hash: Code::abridged("SHA-256", hex(&chained.stored.hash), 16),
    }
}

fn detail_of(detail: &str) -> serde_json::Value {
    serde_json::from_str(detail).unwrap_or_default()
}

/// Where it holds, and by which message the far side was told.
fn told_to(detail: &serde_json::Value) -> String {
    let markets: Vec<&str> = detail["markets"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(serde_json::Value::as_str)
        .collect();
    let message = detail["message"].as_str().unwrap_or_default();
    let parts = [
        ("in ", markets.join(", ")),
        ("message ", message.to_owned()),
    ];
    let parts = parts.iter().filter(|(_, value)| !value.is_empty());
    parts
        .map(|(lead, value)| format!("{lead}{value}"))
        .collect::<Vec<_>>()
        .join(" · ")
}
