//! Sample pages of one object each: product, upload, mapping, lot, connector, message, job, pack.

use super::{Fill, data};
use crate::pages::{
    format,
    frame::Frame,
    piece::{
        Action, Check, Choice, Code, Completeness, Difference, DifferenceRow, Fact, FactValue,
        Field, FieldGroup, FieldKind, Form, Input, Link, Progress, Select, Title,
    },
    view::{
        connector::{Certificate, CheckStep, ConnectorPage, CredentialCheck, Simulator},
        job::{JobPage, LogLine},
        lot::{
            LotDifference, LotMessage, LotPage, LotReceiptPage, ReceiptAcknowledgement,
            ReceiptSource,
        },
        mapping::{MappingColumn, MappingPage, MappingTrial, TrialCell, TrialRow},
        message::{Attempt, DroppedField, MessageField, MessagePage, MessageResponse},
        pack::PackPage,
        product::{ProductFormPage, ProductMarket, ProductPage, ProductVersion},
        upload::{FindingGroup, FindingRow, UploadLot, UploadPage},
    },
};

pub fn product_page(fill: Fill, frame: Frame) -> ProductPage {
    let csrf = frame.csrf.clone();
    let send = Action::link("Send version 4 to the hub", "/products/x/versions/4/send").primary();
    let markets = [
        ("DE", "Germany"),
        ("AT", "Austria"),
        ("FR", "France"),
        ("IT", "Italy"),
    ];
    let count = [0, 2, 4][fill as usize];
    let differs = |label: &str, left: &str, right: Option<&str>| DifferenceRow {
        label: label.into(),
        left: Some(left.into()),
        right: right.map(Into::into),
    };
    ProductPage {
        title: Title {
            note: format!("20 mg · film-coated tablet · 30 tablets · {}", data::GTIN),
            state: Some(if fill == Fill::Empty { data::neutral("draft") } else { data::good("version 3 acknowledged") }),
            primary: Some(if fill == Fill::Empty { send.refused("The product has no market yet. Add one first.") } else { send }),
            ..Title::named("Product", data::name(fill))
        }
        .back("Products", "/products"),
        code: data::gtin(),
        warning: (fill != Fill::Empty).then(|| {
            "12 lots exist for version 3; its markets cannot change. Create a new version to add one.".to_owned()
        }),
        facts: vec![
            Fact::text("Name", data::name(fill)),
            Fact::text("Strength", "20 mg"),
            Fact::text("Form", "film-coated tablet"),
            Fact::text("Pack size", "30 tablets"),
            Fact::text("Scheme", "GTIN"),
            Fact::absent("PZN", "none"),
        ],
        markets: markets[..count]
            .iter()
            .map(|(market, name)| ProductMarket {
                market: (*market).into(),
                name: (*name).into(),
                state: data::good("released"),
                facts: vec![
                    Fact::text("National code", "12345678"),
                    Fact::text("Holder", data::tenant(fill)),
                    Fact::text("Address", "Sample street 1, 20095 Hamburg"),
                ],
                wholesalers: if *market == "DE" { vec![data::name(fill).into()] } else { Vec::new() },
            })
            .collect(),
        versions: (0..data::rows(fill).min(4))
            .map(|index| ProductVersion {
                href: "/products/x/versions/1".into(),
                number: 4 - index,
                state: if index == 0 { data::neutral("draft") } else { data::good("acknowledged") },
                markets: "AT DE".into(),
                sent_at: (index > 0).then(|| data::moment(index as i64 * 90_000)),
                acknowledged_at: (index > 0).then(|| data::moment(index as i64 * 90_000 - 3)),
                lots: index * 12,
                lots_href: "/lots?product=x&version=1".into(),
            })
            .collect(),
        drift: Difference {
            left_title: "Ours, version 3".into(),
            right_title: "The hub's copy".into(),
            rows: if fill == Fill::Empty {
                Vec::new()
            } else {
                vec![
                    differs("Name", data::name(fill), Some(data::name(fill))),
                    differs("Pack size", "30 tablets", Some("28 tablets")),
                    differs("Manufacturer", data::tenant(fill), None),
                    differs("Markets", "AT DE", Some("AT DE")),
                ]
            },
            when_empty: "The hub has no copy yet.".into(),
        },
        compared_at: (fill != Fill::Empty).then(|| data::moment(90)),
        actions: vec![
            Action::link("Edit version 4", "/products/x/edit"),
            Action::link("New version", "/products/x/versions/new"),
            Action::post("Compare with the hub now", "/products/x/compare", &csrf),
        ],
        timeline: data::timeline(fill),
        frame,
    }
}

pub fn product_form_page(fill: Fill, frame: Frame) -> ProductFormPage {
    let is_refused = fill == Fill::Hostile;
    let code = Field::new(
        "code",
        "Product code (GTIN, NTIN or PPN)",
        if is_refused { "04098765432102" } else { "" },
    )
    .kind(FieldKind::Code)
    .required()
    .hint("14 digits; the check digit is tested.");
    let code = if is_refused {
        code.error(
            "The check digit is 2; the digits before it give 1. Did you mean 04098765432101?",
        )
    } else {
        code
    };
    let text = |name: &str, label: &str, value: &str| {
        Input::Field(Field::new(name, label, value).required())
    };
    let market = |code: &str, label: &str| {
        Input::Check(Check {
            name: "market".into(),
            value: code.into(),
            label: label.into(),
            ..Check::default()
        })
    };
    ProductFormPage {
        title: Title::page("New product").back("Products", "/products"),
        warning: is_refused.then(|| "12 lots exist for this version; its markets cannot change.".to_owned()),
        form: Form {
            action: "/products".into(),
            csrf: frame.csrf.clone(),
            hidden: Vec::new(),
            groups: vec![
                FieldGroup {
                    legend: "Common data".into(),
                    hint: String::new(),
                    inputs: vec![
                        Input::Field(code),
                        text("name", "Name", if is_refused { data::name(fill) } else { "" }),
                        text("strength", "Strength", ""),
                        text("form", "Pharmaceutical form", ""),
                        text("pack_size", "Pack size", ""),
                    ],
                },
                FieldGroup {
                    legend: "Markets".into(),
                    hint: "A version in use cannot take another market; choose all it is released for.".into(),
                    inputs: vec![market("DE", "Germany"), market("AT", "Austria"), market("FR", "France")],
                },
            ],
            submit: "Save product".into(),
            cancel_href: "/products".into(),
            refusals: if is_refused {
                vec!["Product code: wrong check digit (UPL-010).".into(), "Strength is empty.".into()]
            } else {
                Vec::new()
            },
        },
        frame,
    }
}

pub fn upload_page(fill: Fill, frame: Frame) -> UploadPage {
    let csrf = frame.csrf.clone();
    let packs = data::packs(fill);
    let wrong = if fill == Fill::Empty { 0 } else { 2 };
    let right = packs - wrong - packs / 200;
    let group =
        |code: &str, sentence: &str, mark, count: u64, proposal: Option<&str>| FindingGroup {
            code: code.into(),
            sentence: sentence.into(),
            mark,
            count,
            is_accepted: false,
            accept: proposal.map(|_| {
                Action::post(
                    format!("Accept {} fixes", format::thousands(count)),
                    "/uploads/u1/fixes",
                    &csrf,
                )
                .with("code", code)
            }),
            rows: (0..count.min(if fill == Fill::Hostile { 10 } else { 3 }))
                .map(|index| FindingRow {
                    row: 17 + index * 9_041,
                    column: "SerialNumber".into(),
                    found: data::serial(fill).into(),
                    proposal: proposal.map(Into::into),
                    message: format!("Row {}: {sentence}", 17 + index * 9_041),
                })
                .collect(),
            all_href: format!("/uploads/u1/findings?code={code}"),
        };
    let commit = Action::link(
        format!("Commit {} packs", format::thousands(right)),
        "/uploads/u1/commit",
    );
    UploadPage {
        title: Title {
            state: Some(if fill == Fill::Empty {
                data::info("checking")
            } else {
                data::attention("needs a decision")
            }),
            primary: Some(if fill == Fill::Empty {
                Action::link("Commit packs", "")
                    .primary()
                    .refused("The check is still running.")
            } else {
                commit.clone().primary()
            }),
            ..Title::named(
                "Upload",
                if fill == Fill::Hostile {
                    "export_final_FINAL(2)_لوط_000000000000000000000000000000001.csv"
                } else {
                    "L-2291-07_serials.csv"
                },
            )
        }
        .back("Uploads", "/uploads"),
        answer: match fill {
            Fill::Empty => "The check is running; nothing is stored before you decide.".into(),
            _ => format!(
                "{} of {} rows are right, {} can be fixed, 2 serials occur twice.",
                format::thousands(right),
                format::thousands(packs),
                format::thousands(packs / 200)
            ),
        },
        progress: (fill == Fill::Empty).then(|| progress("Checking rows", "/jobs/j1/events")),
        rows_right: if fill == Fill::Empty { 14_640 } else { right },
        rows_fixable: packs / 200,
        rows_wrong: wrong,
        facts: vec![
            Fact::text("Size", format::bytes(packs * 47)),
            Fact::code("SHA-256", Code::abridged("SHA-256", data::HASH, 16)),
            Fact::text(
                "Recognised as",
                "CSV, semicolon, UTF-8 with BOM, German headings",
            ),
            Fact::new(
                "Mapping",
                FactValue::Link(Link::new(
                    "Contract packager, five columns",
                    "/uploads/u1/mapping",
                )),
            ),
            Fact::moment("Received", data::moment(64)),
            Fact::text("By", data::person(fill)),
        ],
        findings: if fill == Fill::Empty {
            Vec::new()
        } else {
            vec![
                group(
                    "UPL-013",
                    "The same serial twice in this file. Keep the first, or reject the lot.",
                    data::bad("wrong"),
                    2,
                    None,
                ),
                group(
                    "UPL-020",
                    "The expiry is not YYMMDD. Accept the proposal if it is what the pack says.",
                    data::attention("fixable"),
                    packs / 200,
                    Some("330600"),
                ),
                group(
                    "UPL-010",
                    "The code lost its leading zero. Accept the proposal.",
                    data::attention("fixable"),
                    1,
                    Some(data::GTIN),
                ),
            ]
        },
        lots: (0..data::rows(fill).min(3))
            .map(|index| UploadLot {
                product: data::name(fill).into(),
                code: data::gtin(),
                lot: Code::plain("lot", data::lot(fill)),
                expiry: "2033-06".into(),
                rows_right: packs / 3,
                rows_wrong: if index == 1 { 2 } else { 0 },
                state: [
                    data::good("can be committed"),
                    data::attention("2 rows wrong"),
                    data::good("committed"),
                ][index as usize]
                    .clone(),
                commit: match index {
                    0 => Some(Action::link(
                        format!("Commit {} packs", format::thousands(packs / 3)),
                        "/uploads/u1/commit?lot=1",
                    )),
                    1 => Some(
                        Action::link("Commit lot", "")
                            .refused("2 rows are wrong. Leave them out or correct them."),
                    ),
                    _ => None,
                },
            })
            .collect(),
        actions: vec![
            Action::link("Change mapping", "/uploads/u1/mapping"),
            Action::link("Reject the whole file", "/uploads/u1/reject").danger(),
        ],
        downloads: if fill == Fill::Empty {
            Vec::new()
        } else {
            vec![
                data::download("Original", &format::bytes(packs * 47), "original_TEST.csv"),
                data::download("Error file", "four more columns", "errors_TEST.csv"),
            ]
        },
        timeline: data::timeline(fill),
        frame,
    }
}

pub fn progress(label: &str, events_href: &str) -> Progress {
    Progress {
        label: label.into(),
        done: 1_220_000,
        total: 2_000_000,
        unit: "rows".into(),
        per_second: 412_000,
        seconds_left: Some(2),
        events_href: events_href.into(),
        after_href: "/uploads/u1".into(),
    }
}

pub fn mapping_page(fill: Fill, frame: Frame) -> MappingPage {
    let targets = [
        ("", "not used"),
        ("code", "Product code"),
        ("serial", "Serial"),
        ("lot", "Lot"),
        ("expiry", "Expiry"),
    ];
    let headings = ["Seriennummer", "GTIN", "Charge", "Verfalldatum", ""];
    let examples = [
        data::serial(fill),
        data::GTIN,
        data::lot(fill),
        "06.2033",
        "  ",
    ];
    let columns = (0..5)
        .map(|index| MappingColumn {
            position: index as u64 + 1,
            heading: headings[index].into(),
            examples: vec![examples[index].into(); if fill == Fill::Empty { 1 } else { 3 }],
            target: Select {
                name: format!("column_{}", index + 1),
                label: format!("Column {} is read as", index + 1),
                choices: targets
                    .iter()
                    .map(|(value, label)| Choice {
                        value: (*value).into(),
                        label: (*label).into(),
                        selected: *value == ["serial", "code", "lot", "expiry", ""][index],
                    })
                    .collect(),
                ..Select::default()
            },
        })
        .collect();
    let cell = |text: &str, fault: Option<&str>| TrialCell {
        text: text.into(),
        fault: fault.map(Into::into),
    };
    let trial = (fill != Fill::Empty).then(|| MappingTrial {
        rows_tried: 1_000,
        rows_right: 998,
        headings: ["Serial", "Product code", "Lot", "Expiry"]
            .map(Into::into)
            .to_vec(),
        rows: (2..7)
            .map(|row| TrialRow {
                row,
                cells: vec![
                    cell(data::serial(fill), None),
                    cell(data::GTIN, None),
                    cell(data::lot(fill), None),
                    cell(
                        "06.2033",
                        (row == 4).then_some("not YYMMDD; did you mean 330600?"),
                    ),
                ],
            })
            .collect(),
    });
    MappingPage {
        title: Title::page("Map columns").back("Upload", "/uploads/u1"),
        recognised: "Semicolon, UTF-8 with BOM, 5 columns, heading in row 1".into(),
        action: "/uploads/u1/mapping".into(),
        columns,
        date_format: Select::new(
            "date_format",
            "Dates are written",
            &[("yymmdd", "YYMMDD"), ("mm.yyyy", "MM.YYYY")],
            "mm.yyyy",
        ),
        fixed: vec![
            Field::new("fixed_market", "Market", ""),
            Field::new("fixed_code", "Product code", "").kind(FieldKind::Code),
        ],
        partner: Select::new(
            "partner",
            "For files of",
            &[("", "this file only"), ("p1", "Contract packager")],
            "p1",
        ),
        name: Field::new(
            "name",
            "Name of the mapping",
            if fill == Fill::Hostile {
                data::name(fill)
            } else {
                ""
            },
        ),
        trial,
        refusals: if fill == Fill::Hostile {
            vec!["Two columns are read as Serial. Choose one.".into()]
        } else {
            Vec::new()
        },
        cancel: Link::new("Back to the upload", "/uploads/u1"),
        frame,
    }
}

pub fn completeness(fill: Fill) -> Completeness {
    let packs = data::packs(fill);
    match fill {
        Fill::Empty => Completeness {
            produced: None,
            stored: 24_000,
            difference_href: "#d".into(),
            ..Completeness::default()
        },
        Fill::Little => Completeness {
            produced: Some(packs),
            stored: packs,
            sent: packs,
            acknowledged: packs,
            difference_href: "#d".into(),
        },
        Fill::Hostile => Completeness {
            produced: Some(packs),
            stored: packs - 2,
            sent: packs - 2,
            acknowledged: 8_123_456,
            difference_href: "#d".into(),
        },
    }
}

pub fn lot_page(fill: Fill, frame: Frame) -> LotPage {
    let total = if fill == Fill::Hostile { 1_876_544 } else { 0 };
    let send = Action::link("Send 24,000 packs", "/lots/x/y/send").primary();
    let (state, primary, answer) = match fill {
        Fill::Empty => (
            data::attention("blocked"),
            send.refused(
                "The produced count is not given, and the product is not released in Austria.",
            ),
            "24,000 packs are stored; none is sent.",
        ),
        Fill::Little => (
            data::good("acknowledged"),
            Action::link("Receipt for the Qualified Person", "/lots/x/y/receipt").primary(),
            "All 24,000 packs are acknowledged by the hub.",
        ),
        Fill::Hostile => (
            data::attention("1,876,544 missing"),
            Action::link(
                "Send difference only: 1,876,544 packs",
                "/lots/x/y/send-difference",
            )
            .primary(),
            "The hub has confirmed 8,123,456 of 9,999,998 packs.",
        ),
    };
    let mut facts = data::lot_facts(fill);
    facts.extend([
        Fact::count("Sampled", 12),
        Fact::count("Destroyed", 0),
        Fact::new(
            "Source",
            FactValue::Link(Link::new("L-2291-07_serials.csv", "/uploads/u1")),
        ),
    ]);
    LotPage {
        title: Title { state: Some(state), primary: Some(primary), ..data::lot_title(fill, "Lot") },
        answer: answer.into(),
        completeness: completeness(fill),
        progress: (fill == Fill::Hostile).then(|| Progress { unit: "packs".into(), ..progress("Sending packs", "/jobs/j2/events") }),
        facts,
        blocked: match fill {
            Fill::Empty => vec!["The produced count is not given. Type it from the batch record.".into(), "Product 04098765432101 is not released for Austria (UPL-030).".into()],
            _ => Vec::new(),
        },
        differences: (0..total.min(8))
            .map(|index| LotDifference {
                serial: Code::serial(data::serial(fill)),
                mark: if index % 2 == 0 { data::info("sent, no answer") } else { data::bad("refused") },
                reason: "The hub has not confirmed message 01J9ZQ4V since 10:12. It is still queued; no action needed.".into(),
                message_href: Some("/messages/m1".into()),
            })
            .collect(),
        differences_total: total,
        differences_href: "/lots/x/y/differences".into(),
        actions: vec![
            Action::link("State produced count", "/lots/x/y/produced"),
            Action::link("Recall", "/lots/x/y/recall").danger(),
            Action::link("Withdraw", "/lots/x/y/withdraw").danger(),
        ],
        messages: (0..data::rows(fill).min(3))
            .map(|index| LotMessage {
                href: "/messages/m1".into(),
                id: Code::plain("message id", format!("01J9ZQ4V{index}")).to("/messages/m1"),
                connector: "EU hub".into(),
                kind: format!("pack data, part {} of 3", index + 1),
                packs: data::packs(fill) / 3,
                state: data::good("acknowledged"),
                sent_at: Some(data::moment(14)),
                answered_at: (index != 2).then(|| data::moment(12)),
            })
            .collect(),
        downloads: vec![data::download("Reconciliation", "CSV", "reconciliation_TEST.csv")],
        timeline: data::timeline(fill),
        frame,
    }
}

pub fn lot_receipt_page(fill: Fill, frame: Frame) -> LotReceiptPage {
    let mut facts = data::lot_facts(fill);
    facts.push(Fact::text("Holder", data::tenant(fill)));
    LotReceiptPage {
        frame,
        title: data::lot_title(fill, "Receipt of lot").back("Lot", "/lots/x/y"),
        statement: match fill {
            Fill::Little => "All 24,000 packs produced are stored, sent and acknowledged.".into(),
            _ => "The lot is not complete.".into(),
        },
        state: if fill == Fill::Little {
            data::good("complete")
        } else {
            data::attention("not complete")
        },
        written_at: data::moment(0),
        number: "R-2031-000412".into(),
        facts,
        completeness: completeness(fill),
        counts: vec![
            Fact::count("Sampled", 12),
            Fact::count("Destroyed", 0),
            Fact::count("Open differences", 0),
        ],
        sources: (0..data::rows(fill).min(2))
            .map(|_| ReceiptSource {
                file: "L-2291-07_serials.csv".into(),
                sha256: data::HASH.into(),
                packs: data::packs(fill),
                received_at: data::moment(64),
                by: data::person(fill).into(),
            })
            .collect(),
        acknowledgements: (0..data::rows(fill).min(12))
            .map(|index| ReceiptAcknowledgement {
                message_id: format!("01J9ZQ4V{index:02}"),
                hub_id: format!("HUB-88120{index}"),
                packs: data::packs(fill) / 3,
                sent_at: data::moment(14),
                acknowledged_at: data::moment(12),
                sha256: data::HASH.into(),
            })
            .collect(),
        sha256: data::HASH.into(),
        downloads: vec![data::download("JSON form", "", "receipt_TEST.json")],
    }
}

pub fn connector_page(fill: Fill, frame: Frame) -> ConnectorPage {
    let csrf = frame.csrf.clone();
    let switch = |value: &str, label: &str, hint: &str, checked: bool| Check {
        name: "fault".into(),
        value: value.into(),
        label: label.into(),
        hint: hint.into(),
        checked,
        required: false,
    };
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
            action: "/connectors/eu-hub/simulator".into(),
            switches: vec![
                switch(
                    "late",
                    "Answer late",
                    "The acknowledgement comes by callback after 30 seconds.",
                    false,
                ),
                switch(
                    "lost",
                    "Lose the answer",
                    "The message is taken, the answer never arrives.",
                    is_down,
                ),
                switch(
                    "partial",
                    "Accept in part",
                    "Every hundredth pack is refused with A16.",
                    false,
                ),
                switch("refuse", "Refuse the file", "I1, file format.", false),
            ],
        }),
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
            state: Some(if is_answered { data::bad("refused") } else { data::info("waiting") }),
            primary: Some(if is_answered { retry } else { retry.refused("The hub still works on it. It is asked before anything is sent again.") }),
            ..Title::code("Message", "01J9ZQ4V7M")
        }
        .back("Messages", "/messages"),
        answer: if is_answered { "The hub refused the message: the manufacturer is empty for Austria (HUB-201). Fill it and resend.".into() } else { "The hub has taken the message and has not answered yet.".into() },
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
            field("lot.number", data::lot(fill), "as it is, case kept", "Batch/Id", data::lot(fill)),
            field("lot.expiry", "330600", "day 00 stays 00", "Batch/ExpiryDate", "330600"),
            field("pack.serial", data::serial(fill), "one element for each pack", "Packs/Sn", data::serial(fill)),
        ],
        dropped: vec![DroppedField { canonical: "lot.line".into(), value: data::name(fill).into(), reason: "The hub has no field for the packaging line.".into() }],
        document: format!("<PackData release=\"1.16\">\n  <Product>\n    <Code scheme=\"GTIN\">{}</Code>\n  </Product>\n  <Batch>\n    <Id>{}</Id>\n    <ExpiryDate>330600</ExpiryDate>\n  </Batch>\n</PackData>", data::GTIN, data::lot(fill)),
        is_document_cut: fill == Fill::Hostile,
        response: is_answered.then(|| MessageResponse { mark: data::bad("refused"), at: data::moment(12), sentence: "A16 data validation: Manufacturer is mandatory in AT.".into(), document: "<Answer code=\"A16\">Manufacturer</Answer>".into() }),
        attempts: (0..data::rows(fill).min(9))
            .map(|index| Attempt { number: index + 1, at: data::moment(20 + index as i64), mark: if index == 0 { data::bad("refused") } else { data::attention("unknown") }, sentence: "The connection closed before an answer came; the hub was asked and did not have the message.".into(), milliseconds: (index == 0).then_some(184) })
            .collect(),
        actions: vec![Action::post("Ask the hub", "/messages/m1/ask", &csrf)],
        downloads: vec![data::download("Outgoing document", "", "message_TEST.xml"), data::download("Canonical JSON", "", "message_TEST.json")],
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
                    ..progress("Waiting to start", "/jobs/j1/events")
                }
            } else {
                progress("Checking rows", "/jobs/j1/events")
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
                    crate::pages::piece::Tone::Attention
                } else {
                    crate::pages::piece::Tone::Neutral
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

pub fn pack_page(fill: Fill, frame: Frame) -> PackPage {
    PackPage {
        frame,
        title: Title {
            state: Some(if fill == Fill::Empty {
                data::neutral("not sent")
            } else {
                data::good("active")
            }),
            note: data::name(fill).into(),
            ..Title::code("Pack", data::serial(fill))
        }
        .back("Lot", "/lots/x/y"),
        answer: if fill == Fill::Empty {
            "The pack is stored here and not known to the hub yet.".into()
        } else {
            "Active at the hub since 2031-03-14 10:14.".into()
        },
        facts: {
            let mut facts = data::lot_facts(fill);
            facts.insert(2, Fact::code("Serial", Code::serial(data::serial(fill))));
            facts
        },
        timeline: data::timeline(fill),
    }
}
