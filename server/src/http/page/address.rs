//! Addresses of objects, and lists whose filters live in the address (users.md 2.7).

use crate::http::gate::escaped;
use crate::http::list::cursor;
use crate::pages::piece::{Chip, Pager};

/// One segment of a path: a slash in a batch number is no path.
pub(super) fn segment(text: &str) -> String {
    escaped(text).replace('/', "%2F")
}

/// The page of a product.
pub(super) fn product(code: &str) -> String {
    format!("/products/{}", segment(code))
}

/// The page of a lot.
pub(super) fn lot(code: &str, batch: &str) -> String {
    format!("/lots/{}/{}", segment(code), segment(batch))
}

/// The page of a pack.
pub(super) fn pack(code: &str, serial: &str) -> String {
    format!("/packs/{}/{}", segment(code), segment(serial))
}

/// Where the object of an audit entry has its page: `lot 04150123456782 A1` and the like.
pub(super) fn of_object(object: &str) -> Option<String> {
    let (kind, name) = object.split_once(' ')?;
    match kind {
        "capture" => Some(format!("/captures/{}", segment(name))),
        "upload" => Some(format!("/uploads/{}", segment(name))),
        "product" => Some(product(name)),
        "lot" => name.split_once('/').map(|(code, batch)| lot(code, batch)),
        "message" => Some(format!("/messages/{}", segment(name))),
        "connector" => Some(format!("/connectors/{}", segment(name))),
        "job" => Some(format!("/jobs/{}", segment(name))),
        "user" => Some(format!("/administration/users/{}", segment(name))),
        "webhook" => Some(format!("/administration/webhooks/{}", segment(name))),
        _ => None,
    }
}

/// A list with the filters that are in force.
pub(super) struct Listing {
    path: String,
    noun: &'static str,
    filters: Vec<(&'static str, &'static str, String)>,
}

impl Listing {
    /// A list under its path, of things with this name in the plural.
    pub(super) fn new(path: impl Into<String>, noun: &'static str) -> Self {
        Listing {
            path: path.into(),
            noun,
            filters: Vec::new(),
        }
    }

    /// Puts a filter in force when it has a value.
    pub(super) fn filter(
        mut self,
        name: &'static str,
        label: &'static str,
        value: Option<&str>,
    ) -> Self {
        if let Some(value) = value {
            self.filters.push((name, label, value.to_owned()));
        }
        self
    }

    /// Whether any filter is in force.
    pub(super) fn is_filtered(&self) -> bool {
        !self.filters.is_empty()
    }

    /// The value of a filter in force; empty when it is not.
    pub(super) fn value(&self, name: &str) -> String {
        self.filters
            .iter()
            .find(|(given, _, _)| *given == name)
            .map_or(String::new(), |(_, _, value)| value.clone())
    }

    /// The list with another value of one filter; without it when the value is empty.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let mut pairs: Vec<String> = self
            .filters
            .iter()
            .filter(|(given, _, _)| *given != name)
            .map(|(given, _, value)| format!("{given}={}", escaped(value)))
            .collect();
        if !value.is_empty() {
            pairs.push(format!("{name}={}", escaped(value)));
        }
        let mark = if pairs.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", self.path, pairs.join("&"))
    }

    /// The chips of the filters in force.
    pub(super) fn chips(&self) -> Vec<Chip> {
        self.filters
            .iter()
            .map(|(name, label, value)| Chip {
                label: (*label).to_owned(),
                value: value.clone(),
                remove_href: self.with(name, ""),
            })
            .collect()
    }

    /// Where the page stands. `next` is the key behind the last row when there are more rows; `total` the whole count
    /// where it is known.
    pub(super) fn pager(
        &self,
        before: u64,
        shown: usize,
        next: Option<String>,
        total: Option<u64>,
    ) -> Pager {
        let last = before + shown as u64;
        // The last page knows the whole count by itself.
        let total = if next.is_none() {
            last
        } else {
            total.unwrap_or(0)
        };
        let href = next.map(|key| self.with("cursor", &cursor(&format!("{last} {key}"))));
        Pager {
            noun: self.noun.to_owned(),
            total,
            first: if shown == 0 { 0 } else { before + 1 },
            last,
            previous_href: None,
            next_href: href,
        }
    }
}

/// The parts of a cursor that [`Listing::pager`] wrote: rows before, and the key.
pub(super) fn cursor_parts(key: &str) -> Option<(u64, String)> {
    let (before, key) = key.split_once(' ')?;
    Some((before.parse().ok()?, key.to_owned()))
}

/// Takes away the row too many that shows that there is a next page.
pub(super) fn cut<T>(rows: &mut Vec<T>, limit: usize) -> bool {
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_lead_to_their_pages() {
        for (object, page) in [
            ("upload upl_1", Some("/uploads/upl_1")),
            (
                "lot 04150123456782/A/1%",
                Some("/lots/04150123456782/A%2F1%25"),
            ),
            ("user usr_1", Some("/administration/users/usr_1")),
            ("api key key_1", None),
            ("", None),
        ] {
            assert_eq!(of_object(object).as_deref(), page);
        }
    }

    #[test]
    fn filters_come_and_go_in_the_address() {
        let list = Listing::new("/uploads", "uploads")
            .filter("state", "State", Some("failed"))
            .filter("text", "Text", None);
        assert_eq!(list.with("text", "a b"), "/uploads?state=failed&text=a%20b");
        assert_eq!(list.with("state", ""), "/uploads");
        assert_eq!(list.chips()[0].remove_href, "/uploads");
    }

    #[test]
    fn a_page_knows_its_place() {
        let list = Listing::new("/lots", "lots");
        let pager = list.pager(50, 50, Some("k 1".into()), None);
        assert_eq!((pager.first, pager.last, pager.total), (51, 100, 0));
        let key = crate::http::list::cursor_key(
            pager.next_href.unwrap().split("cursor=").nth(1).unwrap(),
        )
        .unwrap();
        assert_eq!(cursor_parts(&key), Some((100, "k 1".to_owned())));
        assert_eq!(list.pager(100, 3, None, None).total, 103);
    }
}
