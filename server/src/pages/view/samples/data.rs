//! Invented values the samples share. The GTINs carry a right check digit and belong to nobody known to us.

use super::Fill;
use crate::pages::{
    format,
    frame::Environment,
    piece::{
        Action, Code, Confirm, Download, EmptyState, Fact, FactValue, Field, FieldKind, FilterBar,
        Input, Link, Mark, Moment, Pager, Select, Timeline, TimelineEntry, Title, Tone,
        action::Hidden,
        confirm::CountLine,
        filter::{Chip, QuickFilter},
    },
};
use chrono::{DateTime, Utc};

/// 2031-03-14 09:26 UTC, in seconds.
const NOW: i64 = 1_931_246_760;

/// So many minutes before the samples' now, in Berlin.
pub fn moment(minutes_ago: i64) -> Moment {
    let at = DateTime::<Utc>::from_timestamp(NOW - minutes_ago * 60, 0).unwrap_or_default();
    Moment::new(at, chrono_tz::Europe::Berlin)
}

/// Production for the empty fill, test for the little one, validation for the hostile one.
pub fn environment(fill: Fill) -> Environment {
    match fill {
        Fill::Empty => Environment::Production,
        Fill::Little => Environment::Test,
        Fill::Hostile => Environment::Validation,
    }
}

pub fn tenant(fill: Fill) -> &'static str {
    match fill {
        Fill::Hostile => "Sandbox Gesellschaft für Arzneimittelherstellung und Vertrieb KG",
        _ => "Sandbox Manufacturer",
    }
}

pub fn person(fill: Fill) -> &'static str {
    match fill {
        Fill::Hostile => "مدير بيانات التسلسل في الموقع الرئيسي لشركة الأدوية",
        _ => "Demo manager",
    }
}

/// A product's name: ordinary, or 64 characters with markup.
pub fn name(fill: Fill) -> &'static str {
    match fill {
        Fill::Hostile => "Acetylsalicylsäure-Hydrochlorothiazid <b>\"retard\"</b> & Komb. 64",
        _ => "Sandozol 20 mg tablets",
    }
}

pub const GTIN: &str = "04098765432101";

pub fn gtin() -> Code {
    Code::digits("GTIN", GTIN)
}

pub fn lot(fill: Fill) -> &'static str {
    match fill {
        Fill::Hostile => "WWWWWWWWWW/MMMMMMMMM",
        _ => "L-2291-07",
    }
}

pub fn serial(fill: Fill) -> &'static str {
    match fill {
        Fill::Hostile => "0OIl1WMWM0OIl1WMWM%&",
        _ => "8K2M4T9QX3HW",
    }
}

pub fn packs(fill: Fill) -> u64 {
    match fill {
        Fill::Empty => 0,
        Fill::Little => 24_000,
        Fill::Hostile => 10_000_000,
    }
}

/// How many rows a list shows.
pub fn rows(fill: Fill) -> u64 {
    match fill {
        Fill::Empty => 0,
        Fill::Little => 5,
        Fill::Hostile => 50,
    }
}

pub fn pager(fill: Fill, noun: &str) -> Pager {
    let total = if fill == Fill::Hostile {
        10_000_000
    } else {
        rows(fill)
    };
    let is_long = fill == Fill::Hostile;
    Pager {
        noun: noun.into(),
        total,
        first: if is_long {
            9_999_901
        } else {
            u64::from(total > 0)
        },
        last: if is_long { 9_999_950 } else { total },
        previous_href: is_long.then(|| "?before=c1".to_owned()),
        next_href: is_long.then(|| "?after=c2".to_owned()),
    }
}

pub fn filter(fill: Fill, path: &str, states: &[&str]) -> FilterBar {
    if fill == Fill::Empty {
        return FilterBar::default();
    }
    let quick = states
        .iter()
        .enumerate()
        .map(|(index, state)| QuickFilter {
            label: (*state).to_owned(),
            count: packs(fill) / 8_000 / (index as u64 + 1),
            href: format!("{path}?state={index}"),
            active: index == 0,
        })
        .collect();
    let chips = match fill {
        Fill::Hostile => vec![
            Chip {
                label: "Product".into(),
                value: name(fill).into(),
                remove_href: path.into(),
            },
            Chip {
                label: "Since".into(),
                value: "2031-01-01".into(),
                remove_href: path.into(),
            },
        ],
        _ => Vec::new(),
    };
    let inputs = vec![
        Input::Field(Field::new("product", "Product", "")),
        Input::Field(Field::new("since", "Since", "").kind(FieldKind::Date)),
        Input::Select(Select::new(
            "market",
            "Market",
            &[("", "Any"), ("DE", "Germany"), ("AT", "Austria")],
            "",
        )),
    ];
    FilterBar {
        action: path.into(),
        quick,
        inputs,
        chips,
        export: Some(Link::new("Download list", format!("{path}.csv"))),
    }
}

pub fn empty(heading: &str, sentence: &str, next: Option<Action>) -> EmptyState {
    EmptyState {
        heading: heading.into(),
        sentence: sentence.into(),
        next,
        sample: Some(sample_file()),
    }
}

pub fn sample_file() -> Download {
    download(
        "Sample file",
        "two products, 200 serials",
        "sample_serials_TEST.csv",
    )
}

pub fn download(label: &str, note: &str, file_name: &str) -> Download {
    Download {
        label: label.into(),
        note: note.into(),
        file_name: file_name.into(),
        href: format!("/downloads/{file_name}"),
    }
}

pub fn timeline(fill: Fill) -> Timeline {
    let entry =
        |minutes: i64, tone: Tone, what: &str, who: &str, detail: String, href: Option<&str>| {
            TimelineEntry {
                at: moment(minutes),
                tone,
                what: what.into(),
                who: who.into(),
                detail,
                href: href.map(Into::into),
            }
        };
    let entries = match fill {
        Fill::Empty => Vec::new(),
        Fill::Little => vec![
            entry(
                12,
                Tone::Good,
                "The hub acknowledged 24,000 packs",
                "EU hub simulator",
                "message 01J9ZQ4V".into(),
                None,
            ),
            entry(
                14,
                Tone::Info,
                "24,000 packs were sent in 3 messages",
                "Demo manager",
                String::new(),
                Some("/messages"),
            ),
            entry(
                55,
                Tone::Neutral,
                "Lot committed: 24,000 packs became visible at once",
                "Demo manager",
                "2 serials left out".into(),
                None,
            ),
            entry(
                63,
                Tone::Attention,
                "The check found 2 serials twice in the file",
                "Check",
                "UPL-013".into(),
                Some("/uploads"),
            ),
            entry(
                64,
                Tone::Neutral,
                "File received, 1.1 MiB",
                "Contract packager",
                String::new(),
                None,
            ),
        ],
        Fill::Hostile => (0..50)
            .map(|index| {
                let tone = [
                    Tone::Good,
                    Tone::Bad,
                    Tone::Info,
                    Tone::Attention,
                    Tone::Neutral,
                ][index % 5];
                entry(
                    index as i64 * 977,
                    tone,
                    if index % 4 == 1 {
                        "رفض المركز الدفعة لأن حقل السوق فارغ"
                    } else {
                        name(fill)
                    },
                    person(fill),
                    format!("from {} to {}", serial(fill), lot(fill)),
                    Some("/x"),
                )
            })
            .collect(),
    };
    Timeline {
        entries,
        when_empty: "Nothing has happened yet.".into(),
    }
}

pub fn lot_title(fill: Fill, kind: &str) -> Title {
    Title {
        note: name(fill).into(),
        ..Title::code(kind, lot(fill))
    }
    .back("Lots", "/lots")
}

pub fn lot_facts(fill: Fill) -> Vec<Fact> {
    vec![
        Fact::text("Product", name(fill)),
        Fact::code("GTIN", gtin()),
        Fact::code("Lot", Code::plain("lot", lot(fill))),
        Fact::text("Expiry", "2033-06 (day 00: last day of the month)"),
        Fact::text(
            "Markets",
            if fill == Fill::Hostile {
                "AT BE BG CY CZ DE DK EE ES FI FR HR HU IE"
            } else {
                "AT DE"
            },
        ),
        Fact::new(
            "Product version",
            FactValue::Link(Link::new("3", "/products/04098765432101")),
        ),
    ]
}

pub fn send(fill: Fill, csrf: &str) -> Confirm {
    let count = packs(fill).max(1);
    Confirm {
        question: format!(
            "Send {} packs of lot {} to the EU hub?",
            format::thousands(count),
            lot(fill)
        ),
        counts: vec![
            CountLine {
                count,
                text: "packs become verifiable in Germany and Austria".into(),
            },
            CountLine {
                count: count.div_ceil(10_000),
                text: "messages of at most 10,000 packs".into(),
            },
        ],
        consequences: vec![
            "What the hub has acknowledged cannot be taken back, only recalled.".into(),
        ],
        action: "/lots/x/y/send".into(),
        csrf: csrf.into(),
        hidden: vec![Hidden {
            name: "idempotency_key".into(),
            value: "k1".into(),
        }],
        fields: Vec::new(),
        type_word: String::new(),
        submit: format!("Send {} packs", format::thousands(count)),
        is_danger: false,
        cancel: Link::new("Back to the lot", "/lots/x/y"),
        refusals: Vec::new(),
    }
}

pub fn recall(csrf: &str) -> Confirm {
    Confirm {
        question: "Recall the whole lot in every market?".into(),
        counts: vec![
            CountLine {
                count: 10_000_000,
                text: "packs become inactive; every pharmacy that scans one is told not to dispense it".into(),
            },
            CountLine {
                count: 14,
                text: "markets are told".into(),
            },
        ],
        consequences: vec![
            "A recall cannot be undone.".into(),
            "The authorities of the markets see it within minutes.".into(),
        ],
        action: "/lots/x/y/recall".into(),
        csrf: csrf.into(),
        hidden: Vec::new(),
        fields: vec![
            Field::new("reason", "Reason, seen by the hub", "")
                .kind(FieldKind::Lines)
                .required()
                .error("The reason is empty. Say why the lot is recalled."),
        ],
        type_word: lot(Fill::Hostile).into(),
        submit: "Recall 10,000,000 packs".into(),
        is_danger: true,
        cancel: Link::new("Back to the lot", "/lots/x/y"),
        refusals: vec!["The reason is empty.".into(), "The lot number was not typed.".into()],
    }
}

pub fn good(word: &str) -> Mark {
    Mark::new(Tone::Good, word)
}

pub fn attention(word: &str) -> Mark {
    Mark::new(Tone::Attention, word)
}

pub fn bad(word: &str) -> Mark {
    Mark::new(Tone::Bad, word)
}

pub fn info(word: &str) -> Mark {
    Mark::new(Tone::Info, word)
}

pub fn neutral(word: &str) -> Mark {
    Mark::new(Tone::Neutral, word)
}

pub const HASH: &str = "9f2b5c1e7a40d863b19e2f77c05ad4e1638fb2907dce415a6b8820f3e7c9d154";
