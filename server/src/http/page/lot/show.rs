//! One lot: four numbers, what parts them, its messages, and what can be done with it now or why not.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::lot::{LotView, audit_name, difference_list, view_lot};
use packtwin_core::market::Market;
use packtwin_core::refusal::Refusal;
use packtwin_core::role::Permission;
use packtwin_tenants::store::load::LoadState;
use packtwin_tenants::store::message::MessageRecord;

use super::{named, printed};
use crate::http::page::history::{self, People};
use crate::http::page::{Desk, address, html, sentence, words};
use crate::http::problem::Problem;
use crate::pages::piece::{
    Action, Code, Completeness, Fact, FactValue, Field, FieldGroup, FieldKind, Form as FormPiece,
    Input, Link, Mark, Title, Tone,
};
use crate::pages::view::lot::{LotDifference, LotMessage, LotPage};

/// Lines of the difference that the page shows; all of them are at `#differences` with `?all=yes`.
const DIFFERENCES: usize = 100;

/// One lot.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<(String, String)>,
    mut query: crate::http::request::Query,
) -> Result<HttpResponse, Problem> {
    let shows_all = query
        .take("all", |text| (text == "yes").then_some(()), "yes")
        .is_some();
    query.close()?;
    lot_page(desk, path.into_inner(), shows_all, None).await
}

/// The page, with what was refused of the produced count that was just entered.
pub(super) async fn lot_page(
    desk: Desk,
    name: (String, String),
    shows_all: bool,
    problem: Option<&Problem>,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = named(name)?;
    let (lot, lines) = desk
        .work(move |desk| {
            Ok((
                view_lot(desk, &code, &batch)?,
                difference_list(desk, &code, &batch)?,
            ))
        })
        .await?;
    let people = People::read(&desk).await?;
    let object = audit_name(&lot.product.code, &lot.lot.batch);
    let timeline = history::of(&desk, &people, Some(object)).await?;
    let here = address::lot(lot.product.code.as_str(), lot.lot.batch.as_str());
    let shown = if shows_all { lines.len() } else { DIFFERENCES };
    let may_enter = desk.caller.may(Permission::LotsWrite);
    let page = LotPage {
        title: title(&desk, &lot, &here),
        answer: words::with_unconfirmed(answer(&lot), &lot.unconfirmed),
        far_refusals: words::far_refusals(&desk, &lot.refusals),
        completeness: completeness(&lot),
        progress: None,
        facts: facts(&desk, &lot),
        blocked: blocked(&lot),
        differences: lines.iter().take(shown).map(difference).collect(),
        differences_total: lines.len() as u64,
        differences_href: format!("{here}?all=yes#differences"),
        actions: actions(&desk, &lot, &here),
        produced: may_enter.then(|| produced_form(&desk, &lot, &here, problem)),
        messages: lot
            .messages
            .iter()
            .map(|message| message_row(&desk, message))
            .collect(),
        downloads: Vec::new(),
        timeline,
        frame: desk.frame,
    };
    html(problem.map_or(StatusCode::OK, Problem::status), &page)
}

/// The four numbers of a lot.
pub(super) fn completeness(lot: &LotView) -> Completeness {
    Completeness {
        produced: lot.numbers.produced,
        stored: lot.numbers.stored,
        sent: lot.numbers.sent,
        acknowledged: lot.numbers.acknowledged,
        difference_href: "#differences-".into(),
    }
}

fn title(desk: &Desk, lot: &LotView, here: &str) -> Title {
    let has_refused = differs_from_unsent(lot);
    let (packs, against) = if has_refused {
        &lot.difference
    } else {
        &lot.unsent
    };
    let counted = words::counted(*packs, "pack");
    let send = if has_refused {
        let label = format!("Send the difference only: {counted}");
        Action::link(label, format!("{here}/send-difference"))
    } else {
        Action::link(format!("Send {counted}"), format!("{here}/send"))
    };
    let send = send.primary();
    let primary = match (packs, against.first()) {
        (0, _) => None,
        _ if !desk.caller.may(Permission::LotsWrite) => {
            Some(send.refused("Your role does not allow sending."))
        }
        (_, Some(first)) => Some(send.refused(reason(first))),
        (_, None) => Some(send),
    };
    Title {
        state: Some(match lot.refusals.is_empty() {
            true => words::lot(&lot.numbers, !lot.recalls.is_empty()),
            false => words::refused_lot(!lot.recalls.is_empty()),
        }),
        note: lot.data.name.clone(),
        primary,
        ..Title::code("Lot", lot.lot.batch.as_str())
    }
    .back("Lots", "/lots")
}

/// Whether the hub refused packs that can be sent again, beside those never sent.
fn differs_from_unsent(lot: &LotView) -> bool {
    lot.difference.0 > 0 && lot.difference.0 != lot.unsent.0
}

fn answer(lot: &LotView) -> String {
    let numbers = &lot.numbers;
    let stored = words::counted(numbers.stored, "pack");
    if !lot.recalls.is_empty() {
        let markets: Vec<&str> = lot
            .recalls
            .iter()
            .map(|(market, _, _)| market.as_str())
            .collect();
        return format!(
            "This lot is recalled in {}. {stored} are stored.",
            markets.join(", ")
        );
    }
    if numbers.acknowledged == numbers.stored && numbers.sent == numbers.stored {
        return format!("All {stored} are acknowledged by the hub.");
    }
    let missing = numbers.stored.saturating_sub(numbers.acknowledged);
    format!(
        "{} of {stored} {} not acknowledged by the hub.",
        crate::pages::format::thousands(missing),
        if missing == 1 { "is" } else { "are" }
    )
}

/// A refusal with what to do.
fn reason(refusal: &Refusal) -> String {
    format!(
        "{} {} ({})",
        sentence(&refusal.text),
        refusal.code.remedy(),
        refusal.code
    )
}

fn blocked(lot: &LotView) -> Vec<String> {
    let (packs, against) = &lot.unsent;
    if *packs == 0 {
        Vec::new()
    } else {
        against.iter().map(reason).collect()
    }
}

fn facts(desk: &Desk, lot: &LotView) -> Vec<Fact> {
    let code = lot.product.code.as_str();
    let markets: Vec<&str> = lot
        .data
        .markets
        .iter()
        .map(|entry| entry.market.as_str())
        .collect();
    let mut facts = vec![
        Fact::new(
            "Product",
            FactValue::Link(Link::new(&lot.data.name, address::product(code))),
        ),
        Fact::code("Product code", Code::digits("product code", code)),
        Fact::code("Lot", Code::plain("lot", lot.lot.batch.as_str())),
        Fact::text(
            "Expiry",
            format!(
                "{} (printed {})",
                printed(lot.lot.expiry),
                lot.lot.expiry.raw()
            ),
        ),
        match lot.lot.manufactured {
            Some(day) => Fact::text("Manufactured", day.to_string()),
            None => Fact::absent("Manufactured", "not given"),
        },
        Fact::text("Version", lot.lot.version.to_string()),
        Fact::text("Markets", markets.join(" ")),
        Fact::text("Kept until", lot.lot.retention_until.to_string()),
        Fact::moment("Created", desk.moment(lot.lot.created_at)),
    ];
    for load in lot
        .loads
        .iter()
        .filter(|load| load.state == LoadState::Visible)
    {
        let label = format!("{} from upload", words::counted(load.packs, "pack"));
        let upload = load.upload.to_string();
        let short: String = upload.chars().take(16).collect();
        facts.push(Fact::new(
            &label,
            FactValue::Link(Link::new(format!("{short}…"), format!("/uploads/{upload}"))),
        ));
    }
    for (market, at, why) in &lot.recalls {
        facts.push(Fact::moment(
            &format!("Recalled in {market}: {why}"),
            desk.moment(*at),
        ));
    }
    facts
}

fn actions(desk: &Desk, lot: &LotView, here: &str) -> Vec<Action> {
    let mut actions = vec![Action::link(
        "Receipt for the Qualified Person",
        format!("{here}/receipt"),
    )];
    let (packs, against) = &lot.unsent;
    if desk.caller.may(Permission::LotsWrite) && *packs > 0 && differs_from_unsent(lot) {
        let label = format!("Send {} that never left", words::counted(*packs, "pack"));
        let send = Action::link(label, format!("{here}/send"));
        actions.push(match against.first() {
            Some(first) => send.refused(reason(first)),
            None => send,
        });
    }
    if desk.caller.may(Permission::LotsWrite) && lot.numbers.stored > 0 {
        let change = Action::link("Change the state of packs", format!("{here}/states"));
        actions.push(if lot.recalls.is_empty() {
            change
        } else {
            change.refused("Packs of a recalled lot are not changed.")
        });
    }
    if desk.caller.may(Permission::LotsRecall) {
        let recall = Action::link("Recall this lot", format!("{here}/recall")).danger();
        actions.push(if lot.recalls.is_empty() {
            recall
        } else {
            recall.refused("It is recalled already.")
        });
    }
    actions
}

fn produced_form(desk: &Desk, lot: &LotView, here: &str, problem: Option<&Problem>) -> FormPiece {
    let value = lot
        .lot
        .produced
        .map_or(String::new(), |count| count.to_string());
    let mut field = Field::new("produced", "Packs produced", value)
        .kind(FieldKind::Number)
        .hint("As the batch record says. Leave it empty when it is not known yet.");
    field.error = crate::http::page::error_at(problem, "/produced");
    FormPiece {
        action: format!("{here}/produced"),
        csrf: desk.csrf().to_owned(),
        hidden: vec![crate::pages::piece::action::Hidden {
            name: "if_match".into(),
            value: lot.lot.row_version.to_string(),
        }],
        groups: vec![FieldGroup {
            legend: "Batch record".into(),
            hint: String::new(),
            inputs: vec![Input::Field(field)],
        }],
        submit: "Enter the produced count".into(),
        cancel_href: String::new(),
        is_quiet: true,
        refusals: problem
            .map(crate::http::page::sentences)
            .unwrap_or_default(),
    }
}

fn difference(line: &packtwin_app::lot::DifferenceLine) -> LotDifference {
    LotDifference {
        serial: match &line.serial {
            Some(serial) => Code::serial(serial),
            None if line.packs == 0 => Code::plain("", "the lot"),
            None => Code::plain("", words::counted(line.packs, "pack")),
        },
        mark: if line.refused {
            Mark::new(Tone::Bad, "refused")
        } else {
            Mark::new(Tone::Attention, "open")
        },
        reason: sentence(&line.why),
        message_href: line.message.as_ref().map(|id| format!("/messages/{id}")),
    }
}

fn message_row(desk: &Desk, message: &MessageRecord) -> LotMessage {
    let href = format!("/messages/{}", message.id);
    LotMessage {
        id: Code::abridged("message id", message.id.to_string(), 12).to(&href),
        href,
        connector: words::far_side(&message.connector),
        kind: words::fact(message.kind).to_owned(),
        packs: message.content.packs(),
        state: words::message(message.state),
        sent_at: message.sent_at.map(|at| desk.moment(at)),
        answered_at: message.answered_at.map(|at| desk.moment(at)),
    }
}

/// The codes of markets, one after another.
pub(super) fn market_codes(lot: &LotView) -> Vec<Market> {
    lot.data.markets.iter().map(|entry| entry.market).collect()
}
