//! Sample product pages.

use super::{Fill, data};
use crate::pages::{
    frame::Frame,
    piece::{
        Action, Check, Difference, DifferenceRow, Fact, Field, FieldGroup, FieldKind, Form, Input,
        Title,
    },
    view::product::{ProductFormPage, ProductMarket, ProductPage, ProductVersion},
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
            state: Some(if fill == Fill::Empty {
                data::neutral("draft")
            } else {
                data::good("version 3 acknowledged")
            }),
            primary: Some(if fill == Fill::Empty {
                send.refused("The product has no market yet. Add one first.")
            } else {
                send
            }),
            ..Title::named("Product", data::name(fill))
        }
        .back("Products", "/products"),
        code: data::gtin(),
        warning: (fill != Fill::Empty).then(|| "12 lots exist for version 3; its markets cannot change. Create a new version to add one.".to_owned()),
        far_refusals: Vec::new(),
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
                wholesalers: if *market == "DE" {
                    vec![data::name(fill).into()]
                } else {
                    Vec::new()
                },
            })
            .collect(),
        versions: (0..data::rows(fill).min(4))
            .map(|index| ProductVersion {
                href: "/products/x/versions/1".into(),
                number: 4 - index,
                state: if index == 0 {
                    data::neutral("draft")
                } else {
                    data::good("acknowledged")
                },
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
..Form::default()
},
        frame,
    }
}
