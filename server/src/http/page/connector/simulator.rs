//! The switches of a simulated hub on the connector's page: how it answers, what goes wrong next or always, and what it
//! holds. Shown where the site's settings name its control address and the connector points at a simulator; never on a
//! production site (URS-CN-009).

use actix_web::{HttpResponse, web};

use packtwin_core::role::Permission;
use packtwin_simulators::eu_hub::Switches;
use packtwin_simulators::eu_hub::control_client::{self, ControlSilent, Held};
use packtwin_tenants::audit::AuditNote;

use super::super::{Desk, Form, error_at, see, sentences};
use super::switches::{self, ANSWERS, FAULTS, LASTS, Now};
use super::{Said, Whole, connector_page};
use crate::configuration::ControlUrl;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::pages::piece::{
    Action, Fact, Field, FieldGroup, FieldKind, Form as FormPiece, Input, Mark, Select, Tone,
};
use crate::pages::view::connector::Simulator;

/// Sets the switches, or all of them back.
pub(in crate::http) async fn switch(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let whole = super::read(&desk, &path).await?;
    let Some(control) = control_of(&desk.shared, &whole).cloned() else {
        return Err(Problem::not_found());
    };
    let wanted = match form.text("do").as_str() {
        "reset" => Ok(Switches::default()),
        _ => switches::read(&form),
    };
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(refusals) => {
            let said = Said::SwitchesRefused(refusals.into(), form);
            return connector_page(desk, &whole.name, said).await;
        }
    };
    let (old, _) = control_client::look(control.as_str())
        .await
        .map_err(unreached)?;
    control_client::switch(control.as_str(), &wanted)
        .await
        .map_err(unreached)?;
    let (now, object) = (desk.shared.now(), format!("connector {}", whole.name));
    desk.caller
        .change(now, move |_| {
            let told = serde_json::json!({ "old": old, "new": wanted });
            let note = AuditNote::new("connector.simulator_switched", object);
            Ok(note.detail(told).returning(()))
        })
        .await?;
    Ok(see(format!("/connectors/{}#simulator", whole.name)))
}

fn unreached(silent: ControlSilent) -> Problem {
    tracing::warn!(%silent, "the switches were not set");
    Problem::unavailable()
}

/// The control address of the simulator behind a connector, if that is what it points at.
fn control_of<'s>(shared: &'s Shared, whole: &Whole) -> Option<&'s ControlUrl> {
    let is_simulator = whole.record.is_some()
        && whole.settings.loopback
        && shared.configuration.environment.allows_simulators();
    shared
        .configuration
        .simulator
        .as_ref()
        .filter(|_| is_simulator)
}

/// The section of the page; `None` where the far side is no simulator that can be switched.
pub(super) async fn section(desk: &Desk, whole: &Whole, said: &Said) -> Option<Simulator> {
    let control = control_of(&desk.shared, whole)?.clone();
    let (problem, typed) = match said {
        Said::SwitchesRefused(problem, form) => (Some(problem), Some(form)),
        _ => (None, None),
    };
    let address = format!("/connectors/{}/simulator", whole.name);
    let Ok((switches, held)) = control_client::look(control.as_str()).await else {
        return Some(Simulator {
            state: Mark::new(Tone::Bad, "does not run"),
            sentence:
                "The simulator does not answer at its control address. Start it, and look again."
                    .into(),
            ..Simulator::default()
        });
    };
    let is_plain = switches == Switches::default();
    let may_write = desk.caller.may(Permission::ConnectorsWrite);
    let back = Action::post("Switch everything back", &address, desk.csrf()).with("do", "reset");
    Some(Simulator {
        state: if is_plain {
            Mark::new(Tone::Good, "no fault is switched on")
        } else {
            Mark::new(Tone::Attention, "switched")
        },
        sentence: switches::told(&switches),
        facts: facts(&held),
        form: may_write.then(|| switches_form(desk, address, &switches, problem, typed)),
        reset: (may_write && !is_plain).then_some(back),
    })
}

fn facts(held: &Held) -> Vec<Fact> {
    let packs = held.products.values().map(|product| product.packs).sum();
    vec![
        Fact::count("Messages decided", held.messages),
        Fact::count("Came again, answered as before", held.repeats),
        Fact::count("Packs refused as doubles", held.duplicates_refused),
        Fact::count("Products held", held.products.len() as u64),
        Fact::count("Packs held", packs),
    ]
}

fn switches_form(
    desk: &Desk,
    action: String,
    on: &Switches,
    problem: Option<&Problem>,
    typed: Option<&Form>,
) -> FormPiece {
    let now = Now::of(on);
    let value = |name: &str, now: &str| {
        typed.map_or_else(|| now.to_owned(), |form| form.raw(name).to_owned())
    };
    let field = |name: &str, label: &str, now: &str| {
        let mut field = Field::new(name, label, value(name, now));
        field.error = error_at(problem, &format!("/{name}"));
        field
    };
    let number = |name: &str, label: &str, now: &str| {
        Input::Field(field(name, label, now).kind(FieldKind::Number))
    };
    let select = |name: &str, label: &str, choices: &[(&str, &str)], now: &str| {
        let mut select = Select::new(name, label, choices, &value(name, now));
        select.error = error_at(problem, &format!("/{name}"));
        Input::Select(select)
    };
    FormPiece {
        action,
        csrf: desk.csrf().to_owned(),
        groups: vec![
            FieldGroup {
                legend: "What goes wrong".into(),
                hint: "One fault at a time; it replaces what is switched on now.".into(),
                inputs: vec![
                    select("fault", "Fault", &FAULTS, now.fault),
                    select("lasts", "It lasts", &LASTS, now.lasts),
                    Input::Field(
                        field("code", "Code of a refusal", &now.code).kind(FieldKind::Code),
                    ),
                    number("nth", "Every nth pack is refused, n", &now.nth),
                    number("late", "Seconds of a late answer", &now.late),
                ],
            },
            FieldGroup {
                legend: "When a result is told".into(),
                hint: String::new(),
                inputs: vec![
                    select("answers", "Results", &ANSWERS, now.answers),
                    number("polls", "Questions without a result first", &now.polls),
                    number("callback", "Seconds until the callback", &now.callback),
                    number("copies", "Times each callback comes", &now.copies),
                    number("group", "Callbacks that wait for each other", &now.group),
                ],
            },
            FieldGroup {
                legend: "Its copy of a product".into(),
                hint: "Leave both empty for a true copy. The element is the hub's, such as Name."
                    .into(),
                inputs: vec![
                    Input::Field(
                        field("drift_element", "Element that differs", &now.drift.0)
                            .kind(FieldKind::Code),
                    ),
                    Input::Field(field(
                        "drift_value",
                        "What the copy says there",
                        &now.drift.1,
                    )),
                ],
            },
        ],
        submit: "Set the switches".into(),
        is_quiet: true,
        refusals: problem.map(sentences).unwrap_or_default(),
        ..FormPiece::default()
    }
}
