//! Sample upload and mapping pages.

use super::{Fill, data};
use crate::pages::{
    format,
    frame::Frame,
    piece::{
        Action, Choice, Code, Fact, FactValue, Field, FieldKind, Link, Progress, Select, Title,
    },
    view::{
        mapping::{MappingColumn, MappingPage, MappingTrial, TrialCell, TrialRow},
        upload::{FindingGroup, FindingRow, UploadLot, UploadPage},
    },
};

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
            keep: None,
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
                pick: (index == 0).then_some(0),
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
        commit_chosen: if fill == Fill::Empty {
            String::new()
        } else {
            "/uploads/u1/commit".into()
        },
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
        findings: vec![FindingRow {
            row: 412,
            column: "Serial".into(),
            proposal: None,
            message: "Row 412: the serial looks like a number changed by a spreadsheet.".into(),
        }],
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
        partner: Field::new("partner", "For files of", "Packager North"),
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
