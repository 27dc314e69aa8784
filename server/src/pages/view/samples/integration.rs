//! Sample pages for programs: API keys and webhooks.

use super::{Fill, administration::empty, data};
use crate::pages::{
    frame::Frame,
    piece::{Action, Check, Code, Fact, Field, FieldGroup, FieldKind, Form, Input, Select, Title},
    view::{
        AdministrationTab,
        api_key::{ApiKeyFormPage, ApiKeyRow, ApiKeysPage, SecretOncePage},
        webhook::{DeliveryRow, WebhookFormPage, WebhookPage, WebhookRow, WebhooksPage},
    },
};

pub fn api_keys_page(fill: Fill, frame: Frame) -> ApiKeysPage {
    let rows = (0..data::rows(fill).min(12))
        .map(|index| ApiKeyRow {
            name: if fill == Fill::Hostile {
                data::name(fill).into()
            } else {
                "ERP of the warehouse".into()
            },
            prefix: Code::plain("prefix", "pt_test_7Kq2"),
            scopes: ["uploads:write", "lots:read", "products:read"]
                .map(Into::into)
                .to_vec(),
            state: [
                data::good("active"),
                data::attention("ends in 12 days"),
                data::neutral("revoked"),
            ][index as usize % 3]
                .clone(),
            by: data::person(fill).into(),
            used_at: (index > 0).then(|| data::moment(3)),
            ends_at: Some(data::moment(-200_000)),
            revoke: (index % 3 != 2)
                .then(|| Action::link("Revoke", "/administration/api-keys/k1/revoke").danger()),
        })
        .collect();
    ApiKeysPage {
        frame,
        title: Title {
            primary: Some(Action::link("Create a key", "/administration/api-keys/new").primary()),
            ..Title::page("Administration")
        },
        tab: AdministrationTab::ApiKeys,
        rows,
        empty: empty(
            "No API keys yet",
            "A key lets a program upload files and read lots. It is shown once.",
        ),
    }
}

pub fn api_key_form_page(fill: Fill, frame: Frame) -> ApiKeyFormPage {
    let scopes = [
        "uploads:write",
        "lots:read",
        "lots:send",
        "products:read",
        "products:write",
        "audit:read",
    ]
    .map(|scope| {
        Input::Check(Check {
            name: "scope".into(),
            value: scope.replace(':', "-"),
            label: scope.into(),
            ..Check::default()
        })
    })
    .to_vec();
    let name = Field::new(
        "name",
        "What it is for",
        if fill == Fill::Hostile {
            data::name(fill)
        } else {
            ""
        },
    )
    .required();
    ApiKeyFormPage {
        title: Title::page("Create an API key").back("API keys", "/administration/api-keys"),
        tab: AdministrationTab::ApiKeys,
        form: Form {
            action: "/administration/api-keys".into(),
            csrf: frame.csrf.clone(),
            groups: vec![
                FieldGroup {
                    legend: "Key".into(),
                    hint: String::new(),
                    inputs: vec![
                        Input::Field(if fill == Fill::Hostile {
                            name.error("A key of this name exists. Choose another.")
                        } else {
                            name
                        }),
                        Input::Select(Select::new(
                            "ends",
                            "Ends after",
                            &[("90", "90 days"), ("365", "one year")],
                            "365",
                        )),
                    ],
                },
                FieldGroup {
                    legend: "Scopes".into(),
                    hint: "Give only what the program needs.".into(),
                    inputs: scopes,
                },
            ],
            submit: "Create key".into(),
            cancel_href: "/administration/api-keys".into(),
            ..Form::default()
        },
        frame,
    }
}

pub fn secret_once_page(_: Fill, frame: Frame) -> SecretOncePage {
    SecretOncePage {
        frame,
        title: Title::page("API key created").back("API keys", "/administration/api-keys"),
        tab: AdministrationTab::ApiKeys,
        noun: "API key".into(),
        secret: Code::plain(
            "API key",
            "pt_test_7Kq2sampleSampleSampleSampleSampleSampleSample",
        ),
        example: "curl -H \"Authorization: Bearer $PACKTWIN_KEY\" http://127.0.0.1:8080/v1/me"
            .into(),
        next: Action::link("I have copied it", "/administration/api-keys").primary(),
    }
}

pub fn webhooks_page(fill: Fill, frame: Frame) -> WebhooksPage {
    let rows = (0..data::rows(fill).min(12))
        .map(|index| WebhookRow {
            href: "/administration/webhooks/w1".into(),
            target: if fill == Fill::Hostile {
                format!(
                    "https://erp.sandbox.example/{}/hooks?token=hidden",
                    "long-path/".repeat(9)
                )
            } else {
                "https://erp.sandbox.example/packtwin".into()
            },
            events: ["upload.checked", "lot.acknowledged"]
                .map(Into::into)
                .to_vec(),
            state: if index == 1 {
                data::attention("not all taken")
            } else {
                data::good("delivering")
            },
            delivered_at: (index != 1).then(|| data::moment(12)),
            failed_24h: index * 7,
        })
        .collect();
    WebhooksPage {
        frame,
        title: Title {
            primary: Some(Action::link("Add a webhook", "/administration/webhooks/new").primary()),
            ..Title::page("Administration")
        },
        tab: AdministrationTab::Webhooks,
        rows,
        empty: empty(
            "No webhooks yet",
            "A webhook tells your ERP when a lot is acknowledged, so that it need not ask.",
        ),
    }
}

pub fn webhook_form_page(_: Fill, frame: Frame) -> WebhookFormPage {
    let events = [
        "upload.checked",
        "upload.committed",
        "lot.sent",
        "lot.acknowledged",
        "lot.difference",
        "job.finished",
    ]
    .map(|event| {
        Input::Check(Check {
            name: "event".into(),
            value: event.replace('.', "-"),
            label: event.into(),
            ..Check::default()
        })
    })
    .to_vec();
    WebhookFormPage {
        title: Title::page("Add a webhook").back("Webhooks", "/administration/webhooks"),
        tab: AdministrationTab::Webhooks,
        form: Form {
            action: "/administration/webhooks".into(),
            csrf: frame.csrf.clone(),
            groups: vec![
                FieldGroup {
                    legend: "Target".into(),
                    hint: "HTTPS only. Each delivery is signed with HMAC-SHA-256 and a timestamp."
                        .into(),
                    inputs: vec![Input::Field(
                        Field::new("target", "Address", "")
                            .kind(FieldKind::Url)
                            .required(),
                    )],
                },
                FieldGroup {
                    legend: "Events".into(),
                    hint: String::new(),
                    inputs: events,
                },
            ],
            submit: "Add webhook".into(),
            cancel_href: "/administration/webhooks".into(),
            ..Form::default()
        },
        frame,
    }
}

pub fn webhook_page(fill: Fill, frame: Frame) -> WebhookPage {
    let csrf = frame.csrf.clone();
    let deliveries = (0..data::rows(fill))
        .map(|index| DeliveryRow {
            id: Code::plain("delivery id", format!("D-{:06}", 991_204 - index)),
            event: "lot.acknowledged".into(),
            object: format!("lot {}", data::lot(fill)),
            state: [
                data::good("taken"),
                data::bad("refused"),
                data::info("waiting"),
            ][index as usize % 3]
                .clone(),
            answer: ["200", "500 Internal Server Error", "no connection"][index as usize % 3]
                .into(),
            attempts: index % 5 + 1,
            happened_at: data::moment(index as i64 * 9 + 1),
            tried_at: (index % 5 != 2).then(|| data::moment(index as i64 * 9)),
            redeliver: Some(
                Action::post("Tell again", "/administration/webhooks/w1/redeliver", &csrf)
                    .with("delivery", format!("D-{}", 991_204 - index)),
            ),
        })
        .collect();
    WebhookPage {
        title: Title {
            state: Some(data::good("delivering")),
            ..Title::named("Webhook", "erp.sandbox.example")
        }
        .back("Webhooks", "/administration/webhooks"),
        tab: AdministrationTab::Webhooks,
        facts: vec![
            Fact::text("Address", "https://erp.sandbox.example/packtwin"),
            Fact::text("Added by", data::person(fill)),
            Fact::moment("Added", data::moment(90_000)),
        ],
        events: ["upload.checked", "lot.acknowledged"]
            .map(Into::into)
            .to_vec(),
        kept_days: 30,
        actions: vec![
            Action::link(
                "Change address and events",
                "/administration/webhooks/w1/edit",
            ),
            Action::post("Pause", "/administration/webhooks/w1/state", &csrf),
            Action::link("New signing secret", "/administration/webhooks/w1/secret"),
            Action::link("Remove", "/administration/webhooks/w1/remove").danger(),
        ],
        deliveries,
        pager: data::pager(fill, "deliveries"),
        empty: empty(
            "Nothing delivered yet",
            "The first event is sent as soon as something happens.",
        ),
        timeline: data::timeline(fill),
        frame,
    }
}
