//! The audit trail as a page (users.md 3.17, the part road 1 needs), newest first, with the state of the chain.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use packtwin_core::role::Permission;
use packtwin_tenants::audit::StoredEntry;

use super::history::{People, object_name};
use super::{Desk, address, happening, html};
use crate::http::list::cursor;
use crate::http::problem::Problem;
use crate::http::request::Query;
use crate::pages::piece::{
    Chip, Code, EmptyState, Field, FilterBar, Input, Link, Mark, Pager, Title, Tone,
};
use crate::pages::view::AdministrationTab;
use crate::pages::view::audit::{AuditPage, AuditRow};

const LIST: &str = "/administration/audit";
const ROWS: u32 = 100;
/// How much of a request's id is shown.
const REQUEST_ID_SHOWN: usize = 12;

/// Entries, newest first; of one object, when it is named.
pub(in crate::http) async fn list(desk: Desk, mut query: Query) -> Result<HttpResponse, Problem> {
    let before = query
        .cursor(|key| key.parse::<i64>().ok())
        .unwrap_or(i64::MAX);
    let object = query.text("object");
    query.close()?;
    let wanted = object.clone();
    let (outcome, mut entries, newest) = desk
        .caller
        .read(move |reader| {
            let entries =
                reader.audit_list_before(before, wanted.as_deref(), i64::from(ROWS) + 1)?;
            let newest = reader.audit_list_before(i64::MAX, None, 1)?;
            Ok((reader.audit_verify()?, entries, newest))
        })
        .await?;
    let people = People::read(&desk).await?;
    let more = entries.len() > ROWS as usize;
    entries.truncate(ROWS as usize);
    let total = newest.first().map_or(0, |stored| number(stored.entry.seq));
    html(
        StatusCode::OK,
        &AuditPage {
            title: Title::page("Administration"),
            tab: AdministrationTab::Audit,
            chain: match outcome {
                Ok(entries) => Mark::new(Tone::Good, format!("chain unbroken, {entries} entries")),
                Err(fault) => Mark::new(Tone::Bad, fault.to_string()),
            },
            filter: filter(object.as_deref()),
            pager: pager(&entries, total, more, object.as_deref()),
            rows: entries
                .iter()
                .map(|stored| row(&desk, &people, stored))
                .collect(),
            empty: EmptyState {
                heading: "No entry matches".into(),
                sentence: "Change the filter.".into(),
                ..EmptyState::default()
            },
            frame: desk.frame,
        },
    )
}

fn row(desk: &Desk, people: &People, stored: &StoredEntry) -> AuditRow {
    let entry = &stored.entry;
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    let part = |name: &str| detail.get(name).map(written).unwrap_or_default();
    let (old, new) = (part("old"), part("new"));
    let rest = if old.is_empty() && new.is_empty() {
        written(&detail)
    } else {
        new
    };
    AuditRow {
        at: desk.moment(entry.at),
        who: people.name(&entry.actor),
        actor: entry.actor.clone(),
        what: happening::told(&entry.action, &detail).what,
        action: entry.action.clone(),
        object: object_name(people, &entry.object),
        object_href: address::of_object(&entry.object).filter(|href| {
            !href.starts_with("/administration/") || desk.caller.may(Permission::Administer)
        }),
        field: String::new(),
        old,
        new: rest,
        reason: entry.reason.clone(),
        request_id: Code::abridged("request id", &entry.correlation, REQUEST_ID_SHOWN),
    }
}

/// A value as a person reads it: members and values without braces.
pub(super) fn written(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(members) => {
            let parts: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name}: {}", written(value)))
                .collect();
            parts.join("; ")
        }
        serde_json::Value::Array(values) => {
            values.iter().map(written).collect::<Vec<_>>().join(", ")
        }
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

fn filter(object: Option<&str>) -> FilterBar {
    FilterBar {
        action: LIST.into(),
        inputs: vec![Input::Field(
            Field::new("object", "Object", object.unwrap_or_default())
                .hint("Its kind and name, as the list shows it."),
        )],
        chips: object
            .map(|object| Chip {
                label: "Object".into(),
                value: object.to_owned(),
                remove_href: LIST.into(),
            })
            .into_iter()
            .collect(),
        export: Some(Link::new("Fetch as CSV", "/v1/audit")),
        ..FilterBar::default()
    }
}

/// Entries count from 1 without gaps, so that the numbers of a page are those of its entries, counted from the newest.
fn pager(entries: &[StoredEntry], total: u64, more: bool, object: Option<&str>) -> Pager {
    let first = entries
        .first()
        .map_or(0, |stored| total + 1 - number(stored.entry.seq));
    let last = entries
        .last()
        .map_or(0, |stored| total + 1 - number(stored.entry.seq));
    let of_object = object
        .map(|object| format!("&object={}", crate::http::gate::escaped(object)))
        .unwrap_or_default();
    let next = entries
        .last()
        .filter(|_| more)
        .map(|stored| cursor(&stored.entry.seq.to_string()));
    Pager {
        noun: "entries".into(),
        total,
        first,
        last,
        previous_href: None,
        next_href: next.map(|next| format!("{LIST}?cursor={next}{of_object}")),
    }
}

fn number(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn a_detail_reads_without_braces() {
        let detail =
            serde_json::json!({ "roles": ["operator", "integrator"], "name": null, "count": 3 });
        assert_eq!(
            written(&detail),
            "count: 3; name: none; roles: operator, integrator"
        );
    }
}
