//! The `/design` page: every shared piece in every state.

use super::{Fill, data, lists, lot, upload};
use crate::pages::{
    frame::Frame,
    piece::{
        Action, Check, Code, Difference, DifferenceRow, Fact, FactValue, Field, FieldGroup,
        FieldKind, Form, Input, Link, Progress, Select, Title, Toast, Tone, Tree, TreeRow,
    },
    view::design::DesignPage,
};

/// Every shared piece in every state, in the given frame.
pub fn design_page(frame: Frame) -> DesignPage {
    let csrf = frame.csrf.clone();
    let words = |list: &[&str]| {
        list.iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<String>>()
    };
    DesignPage {
        title: Title {
            note: "The pieces of the house".into(),
            ..Title::page("Design")
        },
        colours: words(&[
            "ink",
            "quiet",
            "ground",
            "raised",
            "line",
            "accent",
            "good",
            "attention",
            "bad",
            "info",
            "tint-accent",
            "tint-good",
            "tint-attention",
            "tint-bad",
            "tint-info",
        ]),
        type_sizes: words(&["label", "table", "text", "title", "number", "code"]),
        actions: vec![
            Action::link("Send 24,000 packs", "#").primary(),
            Action::link("New version", "#"),
            Action::post("Recall lot", "#", &csrf).danger(),
            Action::link("Send 24,000 packs", "#")
                .primary()
                .refused("The produced count is not given. Type it from the batch record."),
        ],
        fields: vec![
            Field::new("text", "Text", "Sandozol 20 mg tablets").hint("As on the pack."),
            Field::new("code_right", "Code", "04098765432101").kind(FieldKind::Code),
            Field::new("code_wrong", "Code with an error", "04098765432102")
                .kind(FieldKind::Code)
                .error("The check digit is 2; the digits before it give 1.")
                .hint("14 digits."),
            Field::new("date", "Date, in UTC", "2031-03-14")
                .kind(FieldKind::Date)
                .required(),
            Field::new("lines", "Reason", "").kind(FieldKind::Lines),
        ],
        select: Select::new(
            "select",
            "Market",
            &[("DE", "Germany"), ("AT", "Austria")],
            "AT",
        )
        .hint("Where it is sold."),
        checks: vec![
            Check {
                name: "check".into(),
                value: "a".into(),
                label: "Lose the answer".into(),
                hint: "The message is taken, the answer never arrives.".into(),
                checked: true,
                required: false,
            },
            Check {
                name: "check".into(),
                value: "b".into(),
                label: "Answer late".into(),
                ..Check::default()
            },
        ],
        form: Form {
            action: "#".into(),
            csrf: csrf.clone(),
            groups: vec![FieldGroup {
                legend: "A group".into(),
                hint: "What belongs together.".into(),
                inputs: vec![Input::Field(
                    Field::new("grouped", "Name", "")
                        .required()
                        .error("The name is empty."),
                )],
            }],
            submit: "Save product".into(),
            cancel_href: "#".into(),
            refusals: vec!["The name is empty.".into()],
            ..Form::default()
        },
        marks: vec![
            data::neutral("draft"),
            data::good("acknowledged"),
            data::attention("needs a decision"),
            data::bad("refused"),
            data::info("being sent"),
        ],
        codes: vec![
            data::gtin(),
            Code::serial(data::serial(Fill::Hostile)),
            Code::plain("lot", data::lot(Fill::Little)).to("#"),
            Code::abridged("SHA-256", data::HASH, 12),
        ],
        moment: data::moment(0),
        facts: vec![
            Fact::text("Text", data::name(Fill::Hostile)),
            Fact::code("Code", data::gtin()),
            Fact::moment("Time", data::moment(12)),
            Fact::new("State", FactValue::Mark(data::good("active"))),
            Fact::count("Count", 10_000_000),
            Fact::new("Link", FactValue::Link(Link::new("the upload", "#"))),
            Fact::absent("Absent", "not yet"),
        ],
        completeness: Fill::ALL.into_iter().map(lot::completeness).collect(),
        progress: vec![
            Progress {
                label: "Waiting to start".into(),
                unit: "rows".into(),
                ..Progress::default()
            },
            Progress {
                after_href: String::new(),
                ..upload::progress("Checking rows", "")
            },
            Progress {
                label: "Received".into(),
                done: 4 << 30,
                total: 4 << 30,
                unit: "bytes".into(),
                ..Progress::default()
            },
        ],
        filter: data::filter(Fill::Hostile, "#", &["All", "To send", "Acknowledged"]),
        pager: data::pager(Fill::Hostile, "lots"),
        timeline: data::timeline(Fill::Little),
        tree: tree(),
        difference: Difference {
            left_title: "Ours".into(),
            right_title: "The hub's copy".into(),
            rows: vec![
                DifferenceRow {
                    label: "Name".into(),
                    left: Some("Sandozol".into()),
                    right: Some("Sandozol".into()),
                },
                DifferenceRow {
                    label: "Pack size".into(),
                    left: Some("30".into()),
                    right: None,
                },
            ],
            when_empty: String::new(),
        },
        drop: lists::drop_zone(&csrf),
        empty: data::empty(
            "No lots yet",
            "A lot appears when an upload is committed.",
            Some(Action::link("Upload a file", "#").primary()),
        ),
        confirm: data::recall(&csrf),
        toasts: [
            Tone::Neutral,
            Tone::Good,
            Tone::Attention,
            Tone::Bad,
            Tone::Info,
        ]
        .map(|tone| Toast {
            tone,
            text: "Lot L-2291-07 is acknowledged by the hub.".into(),
            link: Some(Link::new("See the lot", "#")),
        })
        .to_vec(),
        downloads: vec![data::sample_file()],
        frame,
    }
}

fn tree() -> Tree {
    let row = |depth: u8, level: &str, code: Code, count: u64| TreeRow {
        depth,
        level: level.into(),
        code,
        count,
        mark: None,
    };
    Tree {
        label: "What is in the pallet".into(),
        rows: vec![
            row(
                0,
                "pallet",
                Code::digits("SSCC", "340123450000000014"),
                2_400,
            ),
            row(1, "case", Code::digits("SSCC", "340123450000000021"), 120),
            row(2, "bundle", Code::digits("SSCC", "340123450000000038"), 10),
            TreeRow {
                mark: Some(data::attention("not commissioned")),
                ..row(3, "unit", Code::serial(data::serial(Fill::Hostile)), 1)
            },
        ],
    }
}
