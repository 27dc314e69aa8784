//! Sample connector, message and job pages.

use super::{Fill, data, upload};
use crate::pages::{
    format,
    frame::Frame,
    piece::{
        Action, Code, Fact, Field, FieldGroup, FieldKind, Form, Input, Link, Progress, Select,
        Title, Tone,
    },
    view::{
        connector::{Certificate, CheckStep, ConnectorPage, CredentialCheck, Simulator},
        job::{JobPage, LogLine},
        message::{Attempt, DroppedField, MessageField, MessagePage, MessageResponse},
    },
};

pub fn connector_page(fill: Fill, frame: Frame) -> ConnectorPage {
    let csrf = frame.csrf.clone();
    let is_down = fill == Fill::Hostile;
    ConnectorPage {
        title: Title {
            state: Some(if is_down {
                data::bad("blocked by certificate")
            } else {
                data::good("up")
            }),
            primary: Some(
                Action::post("Check credentials", "/connectors/eu-hub/check", &csrf).primary(),
            ),
            ..Title::named(
                "Connector",
                if is_down {
                    data::name(fill)
                } else {
                    "EU hub simulator"
                },
            )
        }
        .back("Connectors", "/connectors"),
        answer: if is_down {
            "The hub refuses our certificate: it ended on 2031-03-02. Renew it; 12,408 messages wait and keep their event time.".into()
        } else {
            "The hub answers; nothing waits.".into()
        },
        health: vec![
            Fact::count("Waiting", if is_down { 12_408 } else { 0 }),
            Fact::text("Oldest", if is_down { "3 d 4 h" } else { "none" }),
            Fact::moment("Last acknowledgement", data::moment(12)),
            Fact::text("p95, 24 h", "184 ms"),
            Fact::count("Errors, 24 h", if is_down { 912 } else { 0 }),
        ],
        settings: vec![
            Fact::code(
                "Endpoint",
                Code::plain("address", "https://127.0.0.1:8444/hub"),
            ),
            Fact::text("Environment", "TEST"),
            Fact::text("Hub release", "1.16"),
            Fact::text("Schedule", "at once"),
        ],
        certificate: (fill != Fill::Empty).then(|| Certificate {
            mark: if is_down {
                data::bad("ended 12 days ago")
            } else {
                data::attention("41 days left")
            },
            facts: vec![
                Fact::text("Subject", "CN=sandbox-maker, O=Sandbox Manufacturer"),
                Fact::text("Issuer", "CN=Packtwin simulator"),
                Fact::code("Serial", Code::serial("4F21A90C77")),
                Fact::moment("Ends", data::moment(-59_040)),
            ],
            renewal_steps: vec![
                "Make a request under Renew.".into(),
                "Send it to the hub's portal.".into(),
                "Upload the certificate that comes back; both work until the old one ends.".into(),
            ],
        }),
        limits: vec![
            Fact::text("Packs in one message", "10,000"),
            Fact::text("Calls", "60 a minute"),
        ],
        check: (fill != Fill::Empty).then(|| CredentialCheck {
            at: data::moment(3),
            steps: vec![
                CheckStep {
                    mark: data::good("found"),
                    sentence: "127.0.0.1 answers on port 8444.".into(),
                },
                CheckStep {
                    mark: if is_down {
                        data::bad("refused")
                    } else {
                        data::good("accepted")
                    },
                    sentence: "Our client certificate was shown.".into(),
                },
                CheckStep {
                    mark: data::neutral("not tried"),
                    sentence: "Credentials.".into(),
                },
            ],
        }),
        simulator: Some(Simulator {
            state: if is_down {
                data::attention("switched")
            } else {
                data::good("no fault is switched on")
            },
            sentence: if is_down {
                "It answers at once; for every document it takes the document, and its answer is lost.".into()
            } else {
                "It answers at once.".into()
            },
            facts: vec![
                Fact::count("Messages decided", 412),
                Fact::count("Packs held", 2_400_000),
            ],
            form: Some(Form {
                action: "/connectors/eu-hub/simulator".into(),
                csrf: csrf.clone(),
                groups: vec![FieldGroup {
                    legend: "What goes wrong".into(),
                    hint: "One fault at a time.".into(),
                    inputs: vec![
                        Input::Select(Select::new(
                            "fault",
                            "Fault",
                            &[
                                ("pass", "nothing: it judges and answers as a hub does"),
                                (
                                    "lose_reply",
                                    "it takes the document, and its answer is lost",
                                ),
                            ],
                            if is_down { "lose_reply" } else { "pass" },
                        )),
                        Input::Field(
                            Field::new("late", "Seconds of a late answer", "5")
                                .kind(FieldKind::Number),
                        ),
                    ],
                }],
                submit: "Set the switches".into(),
                is_quiet: true,
                ..Form::default()
            }),
            reset: is_down.then(|| {
                Action::post(
                    "Switch everything back",
                    "/connectors/eu-hub/simulator",
                    &csrf,
                )
            }),
        }),
        form: None,
        actions: vec![
            Action::post("Pause", "/connectors/eu-hub/pause", &csrf),
            Action::link("Messages", "/messages?connector=eu-hub"),
            Action::link("Drain the queue", "").refused("Nothing waits."),
        ],
        timeline: data::timeline(fill),
        frame,
    }
}

pub fn message_page(fill: Fill, frame: Frame) -> MessagePage {
    let csrf = frame.csrf.clone();
    let field =
        |canonical: &str, value: &str, rule: &str, outgoing: &str, written: &str| MessageField {
            canonical: canonical.into(),
            canonical_value: value.into(),
            rule: rule.into(),
            outgoing: outgoing.into(),
            outgoing_value: written.into(),
        };
    let is_answered = fill != Fill::Empty;
    let retry = Action::post("Retry with the same key", "/messages/m1/retry", &csrf).primary();
    MessagePage {
        title: Title {
            note: format!("Pack data, lot {}, part 2 of 3", data::lot(fill)),
            state: Some(if is_answered {
                data::bad("refused")
            } else {
                data::info("waiting")
            }),
            primary: Some(if is_answered {
                retry
            } else {
                retry.refused("The hub still works on it. It is asked before anything is sent again.")
            }),
            ..Title::code("Message", "01J9ZQ4V7M")
        }
        .back("Messages", "/messages"),
        answer: if is_answered {
            "The hub refused the message: the manufacturer is empty for Austria (HUB-201). Fill it and resend.".into()
        } else {
            "The hub has taken the message and has not answered yet.".into()
        },
        facts: vec![
            Fact::text("Connector", "EU hub simulator"),
            Fact::moment("Event time, kept through retries", data::moment(60)),
            Fact::code("Idempotency key", Code::plain("key", "01J9ZQ4V7M-2")),
            Fact::text("Hub release", "1.16"),
            Fact::text("Size", format::bytes(data::packs(fill) * 60 + 900)),
            Fact::code("SHA-256", Code::abridged("SHA-256", data::HASH, 16)),
        ],
        fields: vec![
            field("product.code", data::GTIN, "as it is", "Product/Code", data::GTIN),
            field(
                "lot.number",
                data::lot(fill),
                "as it is, case kept",
                "Batch/Id",
                data::lot(fill),
            ),
            field("lot.expiry", "330600", "day 00 stays 00", "Batch/ExpiryDate", "330600"),
            field(
                "pack.serial",
                data::serial(fill),
                "one element for each pack",
                "Packs/Sn",
                data::serial(fill),
            ),
        ],
        dropped: vec![DroppedField {
            canonical: "lot.line".into(),
            value: data::name(fill).into(),
            reason: "The hub has no field for the packaging line.".into(),
        }],
        document: format!(
            "<PackData release=\"1.16\">\n  <Product>\n    <Code scheme=\"GTIN\">{}</Code>\n  </Product>\n  <Batch>\n    <Id>{}</Id>\n    <ExpiryDate>330600</ExpiryDate>\n  </Batch>\n</PackData>",
            data::GTIN,
            data::lot(fill)
        ),
        is_document_cut: fill == Fill::Hostile,
        response: is_answered.then(|| MessageResponse {
            mark: data::bad("refused"),
            at: data::moment(12),
            sentence: "A16 data validation: Manufacturer is mandatory in AT.".into(),
            document: "<Answer code=\"A16\">Manufacturer</Answer>".into(),
        }),
        attempts: (0..data::rows(fill).min(9))
            .map(|index| Attempt {
                number: data::rows(fill).min(9) - index,
                at: data::moment(20 + index as i64),
                mark: if index == 0 {
                    data::bad("refused")
                } else {
                    data::attention("unknown")
                },
                sentence: "The connection closed before an answer came; the hub was asked and did not have the message.".into(),
                milliseconds: (index == 0).then_some(184),
            })
            .collect(),
        actions: vec![Action::post("Ask the hub", "/messages/m1/ask", &csrf)],
        downloads: vec![
            data::download("Outgoing document", "", "message_TEST.xml"),
            data::download("Canonical JSON", "", "message_TEST.json"),
        ],
        frame,
    }
}

pub fn job_page(fill: Fill, frame: Frame) -> JobPage {
    let csrf = frame.csrf.clone();
    let cancel = Action::post("Cancel", "/jobs/j1/cancel", &csrf).danger();
    JobPage {
        title: Title {
            state: Some(if fill == Fill::Little {
                data::good("done")
            } else {
                data::info("running")
            }),
            note: format!("Check upload · {}", data::lot(fill)),
            ..Title::code("Job", "J-00812")
        }
        .back("Jobs", "/jobs"),
        progress: (fill != Fill::Little).then(|| {
            if fill == Fill::Empty {
                Progress {
                    done: 0,
                    total: 0,
                    per_second: 0,
                    seconds_left: None,
                    ..upload::progress("Waiting to start", "/jobs/j1/events")
                }
            } else {
                upload::progress("Checking rows", "/jobs/j1/events")
            }
        }),
        result: if fill == Fill::Little {
            "24,000 rows read; 2 findings.".into()
        } else {
            String::new()
        },
        links: if fill == Fill::Little {
            vec![Link::new("See the check", "/uploads/u1")]
        } else {
            Vec::new()
        },
        facts: vec![
            Fact::text("Work", "Check upload"),
            Fact::text("Started by", data::person(fill)),
            Fact::moment("Started", data::moment(5)),
            Fact::absent("Ended", "not yet"),
            Fact::count("Attempts", 1),
        ],
        actions: vec![if fill == Fill::Little {
            cancel.refused("The job has ended.")
        } else {
            cancel
        }],
        log: (0..data::rows(fill).min(20))
            .map(|index| LogLine {
                at: data::moment(index as i64),
                tone: if index == 2 {
                    Tone::Attention
                } else {
                    Tone::Neutral
                },
                text: format!(
                    "{} rows read, lot {}",
                    format::thousands(24_000 - index * 1_000),
                    data::lot(fill)
                ),
            })
            .collect(),
        downloads: vec![data::download("Whole log", "", "job_TEST.jsonl")],
        frame,
    }
}
