//! The basic twin of a pack: what it is, what counts for whoever holds it, and what happened to it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_core::lot::BatchState;
use packtwin_core::pack::effective_state;
use packtwin_core::product::ProductState;
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;

use super::history::People;
use super::lot::printed;
use super::{Desk, address, happening, html, words};
use crate::http::problem::Problem;
use crate::pages::piece::{Code, Fact, FactValue, Link, Timeline, TimelineEntry, Title, Tone};
use crate::pages::view::pack::PackPage;

/// One pack.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let code = ProductCode::parse(&path.0).map_err(|_| Problem::not_found())?;
    let serial = Serial::parse(&path.1).map_err(|_| Problem::not_found())?;
    let found = desk
        .caller
        .read(move |reader| {
            let Some(product) = reader.product_find(&code)? else {
                return Ok(None);
            };
            let Some(pack) = reader.pack_find(product.no, &serial)? else {
                return Ok(None);
            };
            let Some(lot) = reader.lot_get(product.no, pack.lot)? else {
                return Ok(None);
            };
            let Some(version) = reader.product_version_get(product.no, lot.version)? else {
                return Ok(None);
            };
            let is_recalled = !reader.lot_recalls(product.no, lot.no)?.is_empty();
            let withdrawn = reader.product_withdrawals(product.no)?;
            let facts = reader.fact_list_of_pack(product.no, &serial)?;
            Ok(Some((
                product,
                pack,
                lot,
                version.data,
                is_recalled,
                withdrawn,
                facts,
            )))
        })
        .await?;
    let (product, pack, lot, data, is_recalled, withdrawn, mut facts) =
        found.ok_or_else(Problem::not_found)?;
    let people = People::read(&desk).await?;
    // The worst market counts here; which market a pack stands in is not known.
    let is_withdrawn = data.markets.iter().any(|entry| {
        withdrawn
            .iter()
            .any(|(market, _, _)| *market == entry.market)
    });
    let today = desk.today().parse().unwrap_or_default();
    let state = effective_state(
        if is_withdrawn {
            ProductState::Withdrawn
        } else {
            ProductState::Active
        },
        if is_recalled {
            BatchState::Recalled
        } else {
            BatchState::Active
        },
        lot.expiry,
        pack.state,
        today,
    );
    let mark = words::pack(state);
    facts.sort_by_key(|fact| std::cmp::Reverse(fact.no));
    let (code_text, batch) = (product.code.as_str(), lot.batch.as_str());
    let tree = super::container::tree_of_pack(code_text, pack.serial.as_str());
    let in_hierarchy = Link::new("See what it is in", tree);
    let markets: Vec<&str> = data
        .markets
        .iter()
        .map(|entry| entry.market.as_str())
        .collect();
    let page = PackPage {
        answer: match mark.tone {
            Tone::Good => "This pack is stored here and active.".to_owned(),
            _ => format!("This pack must not be dispensed: {}.", mark.word),
        },
        title: Title {
            state: Some(mark),
            note: data.name.clone(),
            ..Title::code("Pack", pack.serial.as_str())
        }
        .back("Lot", &address::lot(code_text, batch)),
        facts: vec![
            Fact::new(
                "Product",
                FactValue::Link(Link::new(&data.name, address::product(code_text))),
            ),
            Fact::code("Product code", Code::digits("product code", code_text)),
            Fact::code("Serial", Code::serial(pack.serial.as_str())),
            Fact::code(
                "Lot",
                Code::plain("lot", batch).to(address::lot(code_text, batch)),
            ),
            Fact::text("Expiry", printed(lot.expiry)),
            Fact::text("Own state", pack.state.as_str()),
            Fact::text("Markets of its version", markets.join(" ")),
            Fact::new("Hierarchy", FactValue::Link(in_hierarchy)),
        ],
        timeline: Timeline {
            entries: facts
                .iter()
                .map(|fact| TimelineEntry {
                    at: desk.moment(fact.at),
                    tone: Tone::Neutral,
                    what: happening::fact(fact.kind, &detail_of(&fact.detail)),
                    who: people.name(&fact.actor),
                    detail: told_to(&detail_of(&fact.detail)),
                    href: None,
                })
                .collect(),
            when_empty: "Nothing is recorded of this pack beside its being stored.".into(),
        },
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

fn detail_of(detail: &str) -> serde_json::Value {
    serde_json::from_str(detail).unwrap_or_default()
}

/// Where it holds, and by which message the far side was told.
fn told_to(detail: &serde_json::Value) -> String {
    let markets: Vec<&str> = detail["markets"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(serde_json::Value::as_str)
        .collect();
    let message = detail["message"].as_str().unwrap_or_default();
    let parts = [
        ("in ", markets.join(", ")),
        ("message ", message.to_owned()),
    ];
    let parts = parts.iter().filter(|(_, value)| !value.is_empty());
    parts
        .map(|(lead, value)| format!("{lead}{value}"))
        .collect::<Vec<_>>()
        .join(" · ")
}
