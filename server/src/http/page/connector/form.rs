//! The settings of a connector as a form: how it is drawn, and how it is read back.
//!
//! A key is written and never shown again, not even the one that was just refused.

use packtwin_app::connector::{ConnectorSettings, SetUpConnector};
use packtwin_connector_port::transport::ClientIdentity;
use packtwin_core::code::Code as Stable;

use super::super::{Desk, Form, error_at, sentences};
use super::Whole;
use crate::http::problem::Problem;
use crate::pages::piece::action::Hidden;
use crate::pages::piece::{Check, Field, FieldGroup, FieldKind, Form as FormPiece, Input};

/// The settings that were typed.
pub(super) fn order(form: &Form) -> Result<SetUpConnector, Problem> {
    let number = |name: &str, what: &str| {
        let typed = form.text(name).replace([',', ' '], "").parse::<u32>();
        typed.map_err(|_| {
            Problem::at(
                Stable::RequestMalformed,
                format!("/{name}"),
                format!("Write {what} in digits."),
            )
        })
    };
    let (certificates_pem, key_pem) = (form.text("certificate"), form.text("key"));
    let has_identity = !certificates_pem.is_empty() || !key_pem.is_empty();
    let expected = match form.filled("if_match") {
        Some(_) => Some(form.version()?),
        None => None,
    };
    Ok(SetUpConnector {
        settings: ConnectorSettings {
            url: form.text("url"),
            trusted_pem: form.text("trusted"),
            sender: form.text("sender"),
            release: form.text("release"),
            packs_per_message: u64::from(number(
                "packs_per_message",
                "the most packs of one message",
            )?),
            parallel_distributor: form.text("parallel_distributor") == "yes",
            loopback: form.text("loopback") == "yes",
            ask_after_seconds: i64::from(number("ask_after_seconds", "the seconds")?),
            callback_handle: String::new(),
        },
        identity: has_identity.then_some(ClientIdentity {
            certificates_pem,
            key_pem,
        }),
        expected,
    })
}

/// The form, with what was typed and refused last time.
pub(super) fn settings_form(
    desk: &Desk,
    whole: &Whole,
    problem: Option<&Problem>,
    form: Option<&Form>,
) -> FormPiece {
    let settings = &whole.settings;
    let field = |name: &str, label: &str, value: String| {
        let mut field = Field::new(
            name,
            label,
            form.map_or(value, |form| form.raw(name).to_owned()),
        );
        field.error = error_at(problem, &format!("/{name}"));
        field
    };
    let ticked = |name: &str, value: bool| form.map_or(value, |form| form.text(name) == "yes");
    let check = |name: &str, label: &str, value: bool| {
        Input::Check(Check {
            name: name.into(),
            value: "yes".into(),
            label: label.into(),
            checked: ticked(name, value),
            ..Check::default()
        })
    };
    let mut trusted = field(
        "trusted",
        "Authorities trusted for the far side, PEM",
        settings.trusted_pem.clone(),
    )
    .kind(FieldKind::Lines);
    trusted.error = error_at(problem, "/trusted_pem");
    // A key is never written back into a page, not even the one that was just refused.
    let mut key = Field::new("key", "Private key, PEM", "")
        .kind(FieldKind::Lines)
        .hint("Written only; it is never shown again.");
    key.error = error_at(problem, "/key");
    let mut endpoint = vec![
        Input::Field(
            field("url", "Address", settings.url.clone())
                .kind(FieldKind::Url)
                .required(),
        ),
        Input::Field(
            field(
                "sender",
                "Known to the far side as",
                settings.sender.clone(),
            )
            .required(),
        ),
        Input::Field(
            field(
                "release",
                "Release of its interface",
                settings.release.clone(),
            )
            .required(),
        ),
        Input::Field(
            field(
                "packs_per_message",
                "Most packs in one message",
                settings.packs_per_message.to_string(),
            )
            .kind(FieldKind::Number)
            .required(),
        ),
        Input::Field(
            field(
                "ask_after_seconds",
                "Ask what became of a message after, in seconds",
                settings.ask_after_seconds.to_string(),
            )
            .kind(FieldKind::Number)
            .required(),
        ),
        check(
            "parallel_distributor",
            "We send as a parallel distributor",
            settings.parallel_distributor,
        ),
    ];
    if desk.shared.configuration.environment.allows_simulators() {
        endpoint.push(check(
            "loopback",
            "A simulator on this machine is meant",
            settings.loopback,
        ));
    }
    let hint = if whole.certificate.is_some() {
        "Leave both empty to keep the present ones."
    } else {
        ""
    };
    let identity = vec![
        Input::Field(
            field("certificate", "Certificate chain, PEM", String::new()).kind(FieldKind::Lines),
        ),
        Input::Field(key),
        Input::Field(trusted),
    ];
    FormPiece {
        action: format!("/connectors/{}", whole.name),
        csrf: desk.csrf().to_owned(),
        hidden: whole
            .record
            .iter()
            .map(|record| Hidden {
                name: "if_match".into(),
                value: record.row_version.to_string(),
            })
            .collect(),
        groups: vec![
            FieldGroup {
                legend: "Endpoint".into(),
                hint: String::new(),
                inputs: endpoint,
            },
            FieldGroup {
                legend: "Certificate and trust".into(),
                hint: hint.into(),
                inputs: identity,
            },
        ],
        submit: "Save the settings".into(),
        cancel_href: "/connectors".into(),
        is_quiet: whole.record.is_some(),
        refusals: problem.map(sentences).unwrap_or_default(),
    }
}
