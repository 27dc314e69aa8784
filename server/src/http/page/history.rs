//! What happened, in the words of the trade: audit entries as the timeline of an object or of the whole tenant.
//!
//! Everyone who sees the object sees the events of the trade. Old and new values, accounts and sessions are shown to
//! administrators and to those who may read the audit trail. The words are those of [`happening`].

use std::collections::HashMap;

use serde_json::Value;

use packtwin_core::role::Permission;
use packtwin_tenants::audit::StoredEntry;

use super::happening::{self, Circle, Told};
use super::{Desk, address, words};
use crate::http::problem::Problem;
use crate::pages::piece::{Timeline, TimelineEntry};

/// Entries on one page (users.md 3.1).
const ENTRIES: usize = 50;
/// Entries read for the home page, where those of the house are left out.
const ENTRIES_READ: i64 = 250;
/// People and keys whose names are looked up.
const PEOPLE_MAX: i64 = 1_000;

/// Who acted, by the name in the audit trail.
pub(super) struct People(HashMap<String, String>);

impl People {
    /// Reads the people and API keys of the tenant.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn read(desk: &Desk) -> Result<Self, Problem> {
        let (users, keys) = desk
            .caller
            .read(|reader| {
                Ok((
                    reader.user_list(None, PEOPLE_MAX)?,
                    reader.api_key_list(None, PEOPLE_MAX)?,
                ))
            })
            .await?;
        let users = users
            .into_iter()
            .map(|user| (user.id.to_string(), user.name));
        let keys = keys
            .into_iter()
            .map(|key| (key.id.to_string(), format!("{} (API key)", key.name)));
        Ok(People(users.chain(keys).collect()))
    }

    /// The name of an actor as a page shows it.
    pub(super) fn name(&self, actor: &str) -> String {
        match (self.0.get(actor), actor.starts_with("system:")) {
            (Some(name), _) => name.clone(),
            (None, true) => "Packtwin".to_owned(),
            (None, false) => actor.to_owned(),
        }
    }
}

/// The timeline of one object, or of the tenant's trade.
///
/// # Errors
/// The store failed.
pub(super) async fn of(
    desk: &Desk,
    people: &People,
    object: Option<String>,
) -> Result<Timeline, Problem> {
    let of_tenant = object.is_none();
    let limit = if of_tenant {
        ENTRIES_READ
    } else {
        ENTRIES as i64
    };
    let stored = desk
        .caller
        .read(move |reader| reader.audit_list_before(i64::MAX, object.as_deref(), limit))
        .await?;
    Ok(Timeline {
        entries: stored
            .iter()
            .filter_map(|stored| line(desk, people, stored, of_tenant))
            .take(ENTRIES)
            .collect(),
        when_empty: "Nothing happened yet.".to_owned(),
    })
}

/// One entry; `None` for what is not for this place or this person.
pub(super) fn line(
    desk: &Desk,
    people: &People,
    stored: &StoredEntry,
    of_tenant: bool,
) -> Option<TimelineEntry> {
    let entry = &stored.entry;
    let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    let sees_all =
        desk.caller.may(Permission::AuditRead) || desk.caller.may(Permission::Administer);
    let Told { circle, tone, what } = happening::told(&entry.action, &detail);
    if circle == Circle::House && (of_tenant || !sees_all) {
        return None;
    }
    let change = happening::change(&detail);
    let details = [
        // On its own page an object needs no name.
        Some(object_name(people, &entry.object)).filter(|_| of_tenant),
        Some(change).filter(|_| sees_all),
        Some(entry.reason.clone()),
    ];
    let details: Vec<String> = details
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    Some(TimelineEntry {
        at: desk.moment(entry.at),
        tone,
        what,
        who: people.name(&entry.actor),
        detail: details.join(" · "),
        href: of_tenant
            .then(|| address::of_object(&entry.object))
            .flatten(),
    })
}

/// The object of an entry as people call it: `lot A1 of 04150123456782`, a person by name, everything else as it stands.
pub(super) fn object_name(people: &People, object: &str) -> String {
    match object.split_once(' ') {
        Some(("lot", name)) => match name.split_once('/') {
            Some((code, batch)) => format!("lot {batch} of {code}"),
            None => object.to_owned(),
        },
        Some(("user", id)) => people.name(id),
        Some(("connector", name)) => words::far_side(name),
        _ => object.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_called_as_people_call_them() {
        let people = People([("usr_1".to_owned(), "Alder Manager".to_owned())].into());
        for (object, name) in [
            ("lot 04150123456782/A 1", "lot A 1 of 04150123456782"),
            ("user usr_1", "Alder Manager"),
            ("user usr_2", "usr_2"),
            ("connector eu_hub", "EU hub"),
            ("message msg_1", "message msg_1"),
            ("", ""),
        ] {
            assert_eq!(object_name(&people, object), name);
        }
    }
}
