//! What is done with a lot: send it or its difference, recall it, change packs, enter the produced count. What leaves the
//! house or cannot be undone asks a second time, with the numbers; a recall has its lot number typed.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::lot::{
    LotView, SendWhat, change_states, enter_produced, recall_lot, request_send, view_lot,
};
use packtwin_core::code::Code as Stable;
use packtwin_core::market::Market;
use packtwin_core::pack::PackState;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::serial::Serial;

use super::show::{lot_page, market_codes};
use super::{named, printed};
use crate::http::page::closing::closing_order;
use crate::http::page::{Desk, Form, address, error_at, html, see, sentences, words};
use crate::http::problem::Problem;
use crate::pages::piece::confirm::CountLine;
use crate::pages::piece::{
    Check, Choice, Confirm, Fact, Field, FieldGroup, FieldKind, Form as FormPiece, Input, Link,
    Select, Title,
};
use crate::pages::view::confirm::ConfirmPage;
use crate::pages::view::product::ProductFormPage;

type LotPath = web::Path<(String, String)>;

/// Enters the count of the batch record.
pub(in crate::http) async fn produced(
    desk: Desk,
    path: LotPath,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let (code, batch) = named(name.clone())?;
    let version = form.version()?;
    let typed = form
        .filled("produced")
        .map(|text| text.replace([',', ' '], "").parse::<u64>())
        .transpose();
    let done = match typed {
        Ok(count) => {
            desk.work(move |desk| enter_produced(desk, &code, &batch, count, version))
                .await
        }
        Err(_) => Err(Problem::at(
            Stable::RequestMalformed,
            "/produced",
            "Write the number of packs in digits.",
        )),
    };
    match done {
        Ok(()) => Ok(see(address::lot(code.as_str(), batch.as_str()))),
        Err(problem) if is_final(&problem) => Err(problem),
        Err(problem) => lot_page(desk, name, false, Some(&problem)).await,
    }
}

/// Asks whether everything unsent is to be sent.
pub(in crate::http) async fn ask_send(desk: Desk, path: LotPath) -> Result<HttpResponse, Problem> {
    send_page(desk, path.into_inner(), SendWhat::Unsent, None).await
}

/// Asks whether the difference is to be sent.
pub(in crate::http) async fn ask_difference(
    desk: Desk,
    path: LotPath,
) -> Result<HttpResponse, Problem> {
    send_page(desk, path.into_inner(), SendWhat::Difference, None).await
}

/// Sends everything unsent.
pub(in crate::http) async fn send(
    desk: Desk,
    path: LotPath,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    do_send(desk, path.into_inner(), SendWhat::Unsent).await
}

/// Sends the difference.
pub(in crate::http) async fn send_difference(
    desk: Desk,
    path: LotPath,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    do_send(desk, path.into_inner(), SendWhat::Difference).await
}

async fn do_send(
    desk: Desk,
    name: (String, String),
    what: SendWhat,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = named(name.clone())?;
    match desk
        .work(move |desk| request_send(desk, &code, &batch, what))
        .await
    {
        Ok(_job) => Ok(see(address::lot(code.as_str(), batch.as_str()))),
        Err(problem) if is_final(&problem) => Err(problem),
        Err(problem) => send_page(desk, name, what, Some(problem)).await,
    }
}

async fn send_page(
    desk: Desk,
    name: (String, String),
    what: SendWhat,
    problem: Option<Problem>,
) -> Result<HttpResponse, Problem> {
    let lot = read(&desk, name).await?;
    let (packs, against, last) = match what {
        SendWhat::Unsent => (lot.unsent.0, &lot.unsent.1, "send"),
        SendWhat::Difference => (lot.difference.0, &lot.difference.1, "send-difference"),
    };
    let here = here(&lot);
    let refusals = match &problem {
        Some(problem) => sentences(problem),
        None => against
            .iter()
            .map(|refusal| {
                format!(
                    "{} {}",
                    crate::http::page::sentence(&refusal.text),
                    refusal.code.remedy()
                )
            })
            .collect(),
    };
    let page = ConfirmPage {
        title: title("Send lot", &lot, &here),
        facts: facts(&lot),
        confirm: Confirm {
            question: format!("Send {} to the EU hub?", words::counted(packs, "pack")),
            counts: vec![CountLine {
                count: packs,
                text: "packs leave the house".into(),
            }],
            consequences: vec![
                "What the hub has taken cannot be taken back; packs can only change their state."
                    .into(),
                "Nothing is sent twice: where an answer is missing, the hub is asked first.".into(),
            ],
            action: format!("{here}/{last}"),
            csrf: desk.csrf().to_owned(),
            submit: format!("Send {}", words::counted(packs, "pack")),
            cancel: Link::new("Back to the lot", here),
            refusals,
            ..Confirm::default()
        },
        frame: desk.frame,
    };
    html(
        problem.as_ref().map_or(StatusCode::OK, Problem::status),
        &page,
    )
}

/// Asks whether a lot is to be recalled.
pub(in crate::http) async fn ask_recall(
    desk: Desk,
    path: LotPath,
) -> Result<HttpResponse, Problem> {
    recall_page(desk, path.into_inner(), None, None).await
}

/// Recalls a lot.
pub(in crate::http) async fn recall(
    desk: Desk,
    path: LotPath,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let (code, batch) = named(name.clone())?;
    let done = match closing_order(
        &form,
        batch.as_str(),
        "the lot number was not typed exactly",
    ) {
        Ok((markets, reason)) => {
            desk.work(move |desk| recall_lot(desk, &code, &batch, &markets, &reason))
                .await
        }
        Err(faults) => Err(faults.into()),
    };
    match done {
        Ok(_message) => Ok(see(address::lot(code.as_str(), batch.as_str()))),
        Err(problem) if is_final(&problem) => Err(problem),
        Err(problem) => recall_page(desk, name, Some(problem), Some(&form)).await,
    }
}

async fn recall_page(
    desk: Desk,
    name: (String, String),
    problem: Option<Problem>,
    form: Option<&Form>,
) -> Result<HttpResponse, Problem> {
    let lot = read(&desk, name).await?;
    let here = here(&lot);
    let all: Vec<String> = market_codes(&lot).iter().map(Market::to_string).collect();
    let typed = |name: &str| form.map_or(String::new(), |form| form.text(name));
    let markets = form.map_or(all.join(" "), |form| form.text("markets"));
    let mut markets = Field::new("markets", "Markets", markets)
        .required()
        .hint("The codes, separated by spaces.");
    markets.error = error_at(problem.as_ref(), "/markets");
    let mut reason = Field::new("reason", "Reason", typed("reason")).required();
    reason.error = error_at(problem.as_ref(), "/reason");
    let page = ConfirmPage {
        title: title("Recall lot", &lot, &here),
        facts: facts(&lot),
        confirm: Confirm {
            question: format!("Recall lot {}?", lot.lot.batch),
            counts: vec![CountLine {
                count: lot.numbers.stored,
                text: "packs must not be dispensed any more".into(),
            }],
            consequences: vec![
                "A recall happens once and cannot be changed or undone.".into(),
                "The hub tells the national systems.".into(),
            ],
            action: format!("{here}/recall"),
            csrf: desk.csrf().to_owned(),
            fields: vec![markets, reason],
            type_word: lot.lot.batch.as_str().to_owned(),
            submit: format!("Recall {}", words::counted(lot.numbers.stored, "pack")),
            is_danger: true,
            cancel: Link::new("Back to the lot", here),
            refusals: problem.as_ref().map(sentences).unwrap_or_default(),
            ..Confirm::default()
        },
        frame: desk.frame,
    };
    html(
        problem.as_ref().map_or(StatusCode::OK, Problem::status),
        &page,
    )
}

/// The form that sets packs to a state.
pub(in crate::http) async fn ask_states(
    desk: Desk,
    path: LotPath,
) -> Result<HttpResponse, Problem> {
    states_page(desk, path.into_inner(), None, None).await
}

/// Sets packs to a state.
pub(in crate::http) async fn states(
    desk: Desk,
    path: LotPath,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let (code, batch) = named(name.clone())?;
    let done = match states_order(&form) {
        Ok((serials, state)) => {
            desk.work(move |desk| change_states(desk, &code, &batch, &serials, state))
                .await
        }
        Err(faults) => Err(faults.into()),
    };
    match done {
        Ok(_message) => Ok(see(address::lot(code.as_str(), batch.as_str()))),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => states_page(desk, name, Some(problem), Some(&form)).await,
    }
}

/// Every fault of the form at once.
fn states_order(form: &Form) -> Result<(Vec<Serial>, PackState), Refusals> {
    let mut faults = Vec::new();
    let state = PackState::parse(&form.text("state"));
    if state.is_none() {
        faults.push(Refusal::at(
            Stable::RequestMalformed,
            "/state",
            "no state is chosen",
        ));
    }
    let mut serials = Vec::new();
    for (index, text) in form.raw("serials").split_whitespace().enumerate() {
        match Serial::parse(text) {
            Ok(serial) => serials.push(serial),
            Err(error) => faults.push(Refusal::at(
                Stable::RequestMalformed,
                format!("/serials/{index}"),
                error.to_string(),
            )),
        }
    }
    if form.text("sure") != "yes" {
        faults.push(Refusal::at(
            Stable::HubIrreversible,
            "/sure",
            "the change was not confirmed",
        ));
    }
    Refusals::check(faults)?;
    Ok((serials, state.unwrap_or(PackState::Active)))
}

async fn states_page(
    desk: Desk,
    name: (String, String),
    problem: Option<Problem>,
    form: Option<&Form>,
) -> Result<HttpResponse, Problem> {
    let lot = read(&desk, name).await?;
    let here = here(&lot);
    let chosen = form.map_or(String::new(), |form| form.text("state"));
    let offered = PackState::ALL
        .into_iter()
        .filter(|state| !matches!(state, PackState::Supplied | PackState::CheckedOut));
    let choices = offered.map(|state| Choice {
        value: state.as_str().into(),
        label: state.as_str().into(),
        selected: state.as_str() == chosen,
    });
    let mut state = Select {
        choices: choices.collect(),
        ..Select::new("state", "New state", &[], "")
    };
    state.error = error_at(problem.as_ref(), "/state");
    let mut serials = Field::new(
        "serials",
        "Serials",
        form.map_or(String::new(), |form| form.raw("serials").to_owned()),
    )
    .kind(FieldKind::Lines)
    .required()
    .hint("One a line, of this lot. All of them are changed, or none.");
    serials.error = error_at(problem.as_ref(), "/serials");
    let sure = Check {
        name: "sure".into(),
        value: "yes".into(),
        label: "The hub is told. Destroyed and stolen cannot be undone.".into(),
        required: true,
        ..Check::default()
    };
    let page = ProductFormPage {
        title: title("Change packs of lot", &lot, &here),
        warning: None,
        form: FormPiece {
            action: format!("{here}/states"),
            csrf: desk.csrf().to_owned(),
            hidden: Vec::new(),
            groups: vec![FieldGroup {
                legend: "Packs".into(),
                hint: String::new(),
                inputs: vec![
                    Input::Select(state),
                    Input::Field(serials),
                    Input::Check(sure),
                ],
            }],
            submit: "Change these packs".into(),
            cancel_href: here,
            refusals: problem.as_ref().map(sentences).unwrap_or_default(),
            ..FormPiece::default()
        },
        frame: desk.frame,
    };
    html(
        problem.as_ref().map_or(StatusCode::OK, Problem::status),
        &page,
    )
}

/// What no form can mend: it is answered as it is.
fn is_final(problem: &Problem) -> bool {
    problem.status().is_server_error() || problem.status() == StatusCode::NOT_FOUND
}

async fn read(desk: &Desk, name: (String, String)) -> Result<LotView, Problem> {
    let (code, batch) = named(name)?;
    desk.work(move |desk| view_lot(desk, &code, &batch)).await
}

fn here(lot: &LotView) -> String {
    address::lot(lot.product.code.as_str(), lot.lot.batch.as_str())
}

fn title(kind: &str, lot: &LotView, here: &str) -> Title {
    Title {
        note: lot.data.name.clone(),
        ..Title::code(kind, lot.lot.batch.as_str())
    }
    .back("Lot", here)
}

fn facts(lot: &LotView) -> Vec<Fact> {
    vec![
        Fact::text("Product", &lot.data.name),
        Fact::text("Product code", lot.product.code.as_str()),
        Fact::text("Expiry", printed(lot.lot.expiry)),
        Fact::count("Stored", lot.numbers.stored),
        Fact::count("Sent", lot.numbers.sent),
        Fact::count("Acknowledged", lot.numbers.acknowledged),
    ]
}
