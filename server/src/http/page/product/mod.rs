//! Products (users.md 3.2): the list, and one product with its markets, versions and the hub's copy. Forms and what is
//! done with a product are the rooms beside this one.

pub(in crate::http) mod act;
pub(in crate::http) mod form;
pub(in crate::http) mod show;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use packtwin_core::ids::ProductNo;
use packtwin_core::market::Market;
use packtwin_core::product::{MasterData, VersionState};
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::Permission;
use packtwin_tenants::store::product::{ProductFilter, ProductRecord, VersionRecord};

use super::address::{self, Listing, cursor_parts, cut};
use super::{Desk, html, words};
use crate::http::problem::Problem;
use crate::http::request::Query;
use crate::pages::piece::{
    Action, Code, EmptyState, Field, FilterBar, Input, Mark, Select, Title, Tone,
};
use crate::pages::view::product::{ProductRow, ProductsPage};

/// Rows of one page of the list.
const ROWS: usize = 50;

/// The list.
pub(in crate::http) async fn list(desk: Desk, mut query: Query) -> Result<HttpResponse, Problem> {
    let text = query.text("text");
    let market = query.take(
        "market",
        |text| text.parse::<Market>().ok(),
        "two letters of a market",
    );
    let state = query.take("state", VersionState::parse, "a state of a version");
    let at = query.cursor(|key| {
        let (before, key) = cursor_parts(key)?;
        Some((before, ProductNo(key.parse().ok()?)))
    });
    query.close()?;
    let listing = Listing::new("/products", "products")
        .filter("text", "Name or code", text.as_deref())
        .filter("market", "Market", market.as_ref().map(Market::as_str))
        .filter("state", "State", state.map(VersionState::as_str));
    let (before, after) = at.map_or((0, None), |(before, key)| (before, Some(key)));
    let filter = ProductFilter {
        text,
        market,
        state,
    };
    let (mut records, held) = desk
        .caller
        .read(move |reader| {
            let records = reader.product_list(&filter, after, ROWS as i64 + 1)?;
            let mut held = Vec::with_capacity(records.len());
            for (product, _) in &records {
                held.push(reader.product_version_acknowledged_latest(product.no)?);
            }
            Ok((records, held))
        })
        .await?;
    let more = cut(&mut records, ROWS);
    let next = records
        .last()
        .filter(|_| more)
        .map(|(last, _)| last.no.0.to_string());
    let new = Action::link("Add a product", "/products/new");
    let may_write = desk.caller.may(Permission::ProductsWrite);
    let states = [
        ("", "any"),
        ("draft", "draft"),
        ("sent", "sent"),
        ("acknowledged", "acknowledged"),
        ("refused", "refused"),
    ];
    let page = ProductsPage {
        title: Title {
            primary: may_write.then(|| new.clone().primary()),
            ..Title::page("Products")
        },
        filter: FilterBar {
            action: "/products".into(),
            inputs: vec![
                Input::Field(Field::new("text", "Name or code", listing.value("text"))),
                Input::Field(
                    Field::new("market", "Market", listing.value("market"))
                        .hint("Two letters, such as DE."),
                ),
                Input::Select(Select::new(
                    "state",
                    "State",
                    &states,
                    &listing.value("state"),
                )),
            ],
            chips: listing.chips(),
            ..FilterBar::default()
        },
        pager: listing.pager(before, records.len(), next, None),
        rows: records
            .iter()
            .zip(held)
            .map(|((product, latest), held)| row(&desk, product, latest, held.as_ref()))
            .collect(),
        empty: if listing.is_filtered() {
            EmptyState {
                heading: "No product matches these filters".into(),
                sentence: "Remove a filter to see more.".into(),
                ..EmptyState::default()
            }
        } else {
            EmptyState {
                heading: "No products yet".into(),
                sentence: "A lot belongs to a product and a market. Enter the first one.".into(),
                next: may_write.then_some(new),
                sample: None,
            }
        },
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

fn row(
    desk: &Desk,
    product: &ProductRecord,
    latest: &VersionRecord,
    held: Option<&VersionRecord>,
) -> ProductRow {
    let code = product.code.as_str();
    let href = address::product(code);
    let drift = match held.map(|held| (held.hub_copy.as_ref(), &held.data)) {
        Some((Some(copy), ours)) if copy == ours => Mark::new(Tone::Good, "same as hub"),
        Some((Some(_), _)) => Mark::new(Tone::Attention, "differs from hub"),
        Some((None, _)) | None => Mark::new(Tone::Neutral, "not compared"),
    };
    ProductRow {
        code: Code::digits("product code", code).to(&href),
        href,
        scheme: product.code.scheme().as_str().to_owned(),
        name: latest.data.name.clone(),
        strength: latest.data.strength.clone(),
        form: latest.data.form.clone(),
        pack_size: latest.data.pack_size.to_string(),
        markets: markets(&latest.data),
        hub_version: held.map(|held| u64::from(held.version)),
        acknowledged_at: held
            .and_then(|held| held.acknowledged_at)
            .map(|at| desk.moment(at)),
        drift,
        state: words::version(latest.state),
    }
}

/// The codes of markets, separated by a space.
fn markets(data: &MasterData) -> String {
    data.markets
        .iter()
        .map(|entry| entry.market.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The product code of an address; what cannot be one is answered like what is not there.
fn named(code: &str) -> Result<ProductCode, Problem> {
    ProductCode::parse(code).map_err(|_| Problem::not_found())
}
