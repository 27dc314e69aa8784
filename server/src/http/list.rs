//! Lists: a page of items with a cursor to the next, as JSON or, where `Accept` asks for it, as CSV.
//!
//! A cursor is opaque to callers and holds only the key of the last item; it is never trusted with more than that, since
//! every list starts from the tenant's own slice. Cells that a spreadsheet would take for a formula get an apostrophe in
//! front, and a header says so (ATK-047); the JSON form is exact.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_core::time::Timestamp;

use super::problem::Problem;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An item that can stand in a row of CSV.
pub trait Row {
    /// The names of the columns.
    const HEAD: &'static [&'static str];

    /// The cells of this item, in the order of the columns.
    fn cells(&self) -> Vec<String>;
}

impl<T: Serialize + Row> Page<T> {
    /// Makes a page of up to `limit + 1` items: the one too many shows that there is a next page.
    pub fn of(items: Vec<T>, limit: u32, key: impl Fn(&T) -> String) -> Self {
        let keyed = items.into_iter().map(|item| (key(&item), item)).collect();
        Page::of_keyed(keyed, limit)
    }

    /// The same, where the key of an item is not in what is shown of it.
    pub fn of_keyed(mut items: Vec<(String, T)>, limit: u32) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|(key, _)| cursor(key));
        Page {
            items: items.into_iter().map(|(_, item)| item).collect(),
            next,
        }
    }

    /// Answers in the form the caller accepts.
    ///
    /// # Errors
    /// The page could not be written.
    pub fn respond(&self, request: &HttpRequest) -> Result<HttpResponse, Problem> {
        if !accepts_csv(request) {
            return Ok(HttpResponse::Ok().json(self));
        }
        let text = csv_of(&self.items).map_err(|error| {
            tracing::error!(%error, "a list could not be written as CSV");
            Problem::unavailable()
        })?;
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"));
        response.insert_header((
            "Packtwin-Csv-Note",
            "an apostrophe precedes cells that begin like a formula",
        ));
        if let Some(next) = &self.next {
            response.insert_header(("Packtwin-Next", next.as_str()));
        }
        Ok(response.body(text))
    }
}

fn accepts_csv(request: &HttpRequest) -> bool {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept
        .split(',')
        .any(|part| part.split(';').next().map(str::trim) == Some("text/csv"))
}

fn csv_of<T: Row>(items: &[T]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(T::HEAD)?;
    for item in items {
        writer.write_record(item.cells().iter().map(|cell| spreadsheet_safe(cell)))?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// A cell that no spreadsheet takes for a formula.
pub fn spreadsheet_safe(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\'') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}

/// The key of an item in a list that is ordered by time.
pub(super) fn time_key(at: Timestamp, id: impl std::fmt::Display) -> String {
    format!("{}/{id}", at.micros())
}

/// Reads [`time_key`] back.
pub(super) fn time_key_of<T: std::str::FromStr>(key: &str) -> Option<(Timestamp, T)> {
    let (micros, id) = key.split_once('/')?;
    Some((
        Timestamp::from_micros(micros.parse().ok()?),
        id.parse().ok()?,
    ))
}

/// The cursor behind the item with this key.
pub(super) fn cursor(key: &str) -> String {
    format!("c{}", packtwin_tenants::blob::hex(key.as_bytes()))
}

/// The key in a cursor of ours.
pub(super) fn cursor_key(cursor: &str) -> Option<String> {
    let digits = cursor.strip_prefix('c')?;
    if !digits.is_ascii() || digits.len() % 2 != 0 {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_rubbish_does_not() {
        for key in ["", "1742/upl_7", "\u{e9}"] {
            assert_eq!(cursor_key(&cursor(key)).as_deref(), Some(key));
        }
        for text in ["", "c1", "cxy", "c\u{e9}\u{e9}", "cff", "00"] {
            assert_eq!(cursor_key(text), None, "{text}");
        }
    }

    #[test]
    fn a_page_tells_whether_there_is_another() {
        #[derive(Serialize)]
        struct Item(u8);
        impl Row for Item {
            const HEAD: &'static [&'static str] = &["number"];
            fn cells(&self) -> Vec<String> {
                vec![self.0.to_string()]
            }
        }
        for (count, next) in [(0, None), (2, None), (3, Some(cursor("1")))] {
            let page = Page::of((0..count).map(Item).collect(), 2, |item| item.0.to_string());
            assert_eq!(page.next, next);
            assert!(page.items.len() <= 2);
        }
    }

    /// ATK-047: a spreadsheet shows text, and a text with its own apostrophe can be told from one of ours.
    #[test]
    fn formulas_are_disarmed() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("@x", "'@x"),
            ("-5", "'-5"),
            ("'=a", "''=a"),
            ("A-1", "A-1"),
            ("", ""),
        ] {
            assert_eq!(spreadsheet_safe(cell), safe);
        }
    }
}
