//! Lots (users.md 3.6): the list. One lot, what is done with it, and its receipt are the rooms beside this one.

pub(in crate::http) mod act;
pub(in crate::http) mod receipt;
pub(in crate::http) mod show;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use chrono::NaiveDate;

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::expiry::Expiry;
use packtwin_core::ids::{LotNo, ProductNo};
use packtwin_core::market::Market;
use packtwin_core::product_code::ProductCode;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::lot_list::{LotCursor, LotFilter, LotSummary};

use super::address::{self, Listing, cursor_parts, cut};
use super::{Desk, html, words};
use crate::http::problem::Problem;
use crate::http::request::Query;
use crate::pages::piece::{
    Action, Check, Code, EmptyState, Field, FieldKind, FilterBar, Input, Title,
};
use crate::pages::view::lot::{LotRow, LotsPage};

/// Rows of one page of the list.
const ROWS: usize = 50;

/// The list.
pub(in crate::http) async fn list(desk: Desk, mut query: Query) -> Result<HttpResponse, Problem> {
    let date = |text: &str| text.parse::<NaiveDate>().ok();
    let product = query.take(
        "product",
        |text| ProductCode::parse(text).ok(),
        "a product code",
    );
    let lot = query.text("lot");
    let market = query.take(
        "market",
        |text| text.parse::<Market>().ok(),
        "two letters of a market",
    );
    let expiry_from = query.take("expiry_from", date, "a date, YYYY-MM-DD");
    let expiry_to = query.take("expiry_to", date, "a date, YYYY-MM-DD");
    let difference = query.take("difference", |text| (text == "yes").then_some(()), "yes");
    let at = query.cursor(place);
    query.close()?;
    let listing = Listing::new("/lots", "lots")
        .filter(
            "product",
            "Product",
            product.as_ref().map(ProductCode::as_str),
        )
        .filter("lot", "Lot", lot.as_deref())
        .filter("market", "Market", market.as_ref().map(Market::as_str))
        .filter(
            "expiry_from",
            "Expires from",
            expiry_from.map(|day| day.to_string()).as_deref(),
        )
        .filter(
            "expiry_to",
            "Expires until",
            expiry_to.map(|day| day.to_string()).as_deref(),
        )
        .filter(
            "difference",
            "With a difference",
            difference.map(|()| "yes"),
        );
    let (before, after) = at.map_or((0, None), |(before, key)| (before, Some(key)));
    let mut records = desk
        .caller
        .read(move |reader| {
            let no = match &product {
                None => None,
                Some(code) => match reader.product_find(code)? {
                    Some(record) => Some(record.no),
                    None => return Ok(Vec::new()),
                },
            };
            let filter = LotFilter {
                product: no,
                batch_text: lot,
                expiry_from,
                expiry_to,
                market,
                difference_only: difference.is_some(),
            };
            reader.lot_list(&filter, after, ROWS as i64 + 1)
        })
        .await?;
    let more = cut(&mut records, ROWS);
    let next = records.last().filter(|_| more).map(|last| {
        let cursor = last.cursor();
        format!(
            "{} {} {}",
            cursor.created_at.micros(),
            cursor.product.0,
            cursor.lot.0
        )
    });
    let field = |name: &str, label: &str| Field::new(name, label, listing.value(name));
    let page = LotsPage {
        title: Title::page("Lots"),
        filter: FilterBar {
            action: "/lots".into(),
            inputs: vec![
                Input::Field(field("product", "Product code").kind(FieldKind::Code)),
                Input::Field(field("lot", "Lot begins with or holds").kind(FieldKind::Code)),
                Input::Field(field("market", "Market").hint("Two letters, such as DE.")),
                Input::Field(field("expiry_from", "Expires from").kind(FieldKind::Date)),
                Input::Field(field("expiry_to", "Expires until").kind(FieldKind::Date)),
                Input::Check(Check {
                    name: "difference".into(),
                    value: "yes".into(),
                    label: "Only lots with a difference".into(),
                    checked: listing.value("difference") == "yes",
                    ..Check::default()
                }),
            ],
            chips: listing.chips(),
            ..FilterBar::default()
        },
        rows: records.iter().map(row).collect(),
        pager: listing.pager(before, records.len(), next, None),
        empty: empty(listing.is_filtered()),
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

fn place(key: &str) -> Option<(u64, LotCursor)> {
    let (before, key) = cursor_parts(key)?;
    let mut parts = key.split(' ');
    let cursor = LotCursor {
        created_at: Timestamp::from_micros(parts.next()?.parse().ok()?),
        product: ProductNo(parts.next()?.parse().ok()?),
        lot: LotNo(parts.next()?.parse().ok()?),
    };
    Some((before, cursor))
}

fn row(summary: &LotSummary) -> LotRow {
    let numbers = &summary.completeness;
    let (code, batch) = (summary.product_code.as_str(), summary.lot.batch.as_str());
    let href = address::lot(code, batch);
    LotRow {
        product: summary.product_name.clone(),
        code: Code::digits("product code", code).to(address::product(code)),
        lot: Code::plain("lot", batch).to(&href),
        href,
        expiry: printed(summary.lot.expiry),
        produced: numbers.produced,
        stored: numbers.stored,
        sent: numbers.sent,
        acknowledged: numbers.acknowledged,
        state: words::lot(numbers, summary.recalled),
    }
}

/// An expiry for people: `2033-06-30`, or `2033-06` where the day is 00.
pub(super) fn printed(expiry: Expiry) -> String {
    let day = expiry.last_day();
    if expiry.raw().ends_with("00") {
        day.format("%Y-%m").to_string()
    } else {
        day.to_string()
    }
}

/// The product code and lot number of an address; what cannot be one is answered like what is not there.
pub(super) fn named(
    (code, batch): (String, String),
) -> Result<(ProductCode, BatchNumber), Problem> {
    let code = ProductCode::parse(&code).map_err(|_| Problem::not_found())?;
    let batch = BatchNumber::parse(&batch).map_err(|_| Problem::not_found())?;
    Ok((code, batch))
}

fn empty(is_filtered: bool) -> EmptyState {
    if is_filtered {
        return EmptyState {
            heading: "No lot matches these filters".into(),
            sentence: "Remove a filter to see more.".into(),
            ..EmptyState::default()
        };
    }
    EmptyState {
        heading: "No lots yet".into(),
        sentence: "A lot appears when an upload is stored.".into(),
        next: Some(Action::link("Upload a file", "/uploads").primary()),
        ..EmptyState::default()
    }
}
