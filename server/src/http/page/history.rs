//! What happened, in the words of the trade: audit entries as the timeline of an object or of the whole tenant.
//!
//! Everyone who sees the object sees its events in words. Values, accounts and sessions are shown to those who may read
//! the audit trail.

use std::collections::HashMap;

use serde_json::Value;

use packtwin_core::role::Permission;
use packtwin_tenants::audit::StoredEntry;

use super::{Desk, address, words};
use crate::http::problem::Problem;
use crate::pages::piece::{Timeline, TimelineEntry, Tone};

/// Entries on one page (users.md 3.1).
const ENTRIES: i64 = 50;
/// People whose names are looked up.
const PEOPLE_MAX: i64 = 1_000;

/// Who acted, by the name in the audit trail.
pub(super) struct People(HashMap<String, String>);

impl People {
    /// Reads the people of the tenant.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn read(desk: &Desk) -> Result<Self, Problem> {
        let users = desk
            .caller
            .read(|reader| reader.user_list(None, PEOPLE_MAX))
            .await?;
        let named = |user: &packtwin_tenants::store::user::UserRecord| {
            (user.id.to_string(), user.name.clone())
        };
        Ok(People(users.iter().map(named).collect()))
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

/// The timeline of one object, or of the tenant.
///
/// # Errors
/// The store failed.
pub(super) async fn of(
    desk: &Desk,
    people: &People,
    object: Option<String>,
) -> Result<Timeline, Problem> {
    // On its own page an object needs no name.
    let names_object = object.is_none();
    let entries = desk
        .caller
        .read(move |reader| reader.audit_list_before(i64::MAX, object.as_deref(), ENTRIES))
        .await?;
    Ok(Timeline {
        entries: entries
            .iter()
            .filter_map(|stored| line(desk, people, stored, names_object))
            .collect(),
        when_empty: "Nothing happened yet.".to_owned(),
    })
}

fn line(
    desk: &Desk,
    people: &People,
    stored: &StoredEntry,
    names_object: bool,
) -> Option<TimelineEntry> {
    let entry = &stored.entry;
    let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
    let is_auditor = desk.caller.may(Permission::AuditRead);
    let (tone, what) = match told(&entry.action, &detail) {
        Some(told) => told,
        None if is_auditor => (Tone::Neutral, entry.action.clone()),
        None => return None,
    };
    let object = entry.object.split_once(' ').map_or("", |(_, name)| name);
    let object = if names_object { object } else { "" };
    Some(TimelineEntry {
        at: desk.moment(entry.at),
        tone,
        what: if object.is_empty() {
            what
        } else {
            format!("{what}: {object}")
        },
        who: people.name(&entry.actor),
        detail: match (entry.reason.is_empty(), is_auditor) {
            (false, _) => entry.reason.clone(),
            (true, true) => super::audit::written(&detail),
            (true, false) => String::new(),
        },
        href: names_object
            .then(|| address::of_object(&entry.object))
            .flatten(),
    })
}

/// The event in words; `None` for what is no event of the trade.
fn told(action: &str, detail: &Value) -> Option<(Tone, String)> {
    let count = |name: &str| detail[name].as_u64().unwrap_or(0);
    let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
    let plain = |tone, what: &str| Some((tone, what.to_owned()));
    match action {
        "upload.begun" => Some((Tone::Neutral, format!("Upload of {} began", text("file")))),
        "upload.received" => plain(Tone::Neutral, "File received whole"),
        "upload.repeated" => plain(Tone::Attention, "The same file came again"),
        "upload.refused" => plain(Tone::Bad, "File refused"),
        "upload.checked" => plain(Tone::Neutral, "File checked"),
        "upload.decided" => plain(Tone::Neutral, "Mapping or fixes decided; checked again"),
        "upload.check_again" => plain(Tone::Attention, "Checked again"),
        "upload.commit_asked" => Some((
            Tone::Neutral,
            format!(
                "Commit of {} asked for",
                words::counted(count("packs"), "pack")
            ),
        )),
        "upload.commit_opened" => plain(Tone::Neutral, "Storing began"),
        "upload.committed" => Some((
            Tone::Good,
            format!("{} stored", words::counted(count("packs"), "pack")),
        )),
        "upload.commit_taken_back" => plain(
            Tone::Attention,
            "Commit taken back; nothing of it was stored",
        ),
        "upload.withdrawn" => plain(Tone::Attention, "Upload withdrawn"),
        "upload.discarded" => plain(Tone::Attention, "Upload discarded"),
        "lot.send_asked" => plain(Tone::Neutral, "Sending asked for"),
        "lot.messages_planned" => plain(Tone::Neutral, "Messages planned"),
        "lot.sent" => plain(Tone::Good, "Lot sent"),
        "lot.recalled" => plain(Tone::Bad, "Lot recalled"),
        "lot.produced_entered" => plain(Tone::Neutral, "Produced count entered"),
        "pack.state_changed" => Some((
            Tone::Attention,
            format!(
                "{} set to {}",
                words::counted(count("packs"), "pack"),
                text("state")
            ),
        )),
        "message.queued" => plain(Tone::Neutral, "Message queued"),
        "message.answered" => Some((Tone::Neutral, format!("Answered: {}", text("state")))),
        "message.called_back" => plain(Tone::Neutral, "The hub called back"),
        "message.retry_asked" => plain(Tone::Neutral, "Retry asked for"),
        "product.created" => plain(Tone::Neutral, "Product added"),
        "product.version_added" => plain(Tone::Neutral, "Version added"),
        "product.version_changed" => plain(Tone::Neutral, "Version changed"),
        "product.version_sent" => plain(Tone::Neutral, "Version sent to the hub"),
        "product.hub_copy_read" => plain(Tone::Neutral, "Compared with the hub's copy"),
        "product.withdrawn" => plain(Tone::Bad, "Product withdrawn"),
        "connector.set_up" => plain(Tone::Neutral, "Connector set up"),
        "connector.paused" => plain(Tone::Attention, "Connector paused"),
        "connector.resumed" => plain(Tone::Good, "Connector resumed"),
        "connector.checked" => plain(Tone::Neutral, "Credentials checked"),
        "connector.down" => plain(Tone::Bad, "Connector down"),
        "connector.recovered" => plain(Tone::Good, "Connector recovered"),
        "job.finished" => {
            let tone = if text("state") == "done" {
                Tone::Neutral
            } else {
                Tone::Attention
            };
            Some((
                tone,
                format!("{} {}", words::work(&text("kind")), text("state")),
            ))
        }
        "job.cancel_asked" => plain(Tone::Attention, "Job asked to stop"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_the_trade_are_told_and_others_are_not() {
        let detail = serde_json::json!({ "packs": 24_000, "kind": "lot.send", "state": "done" });
        for (action, what) in [
            ("upload.committed", Some("24,000 packs stored")),
            ("job.finished", Some("Send lot done")),
            ("session.opened", None),
        ] {
            assert_eq!(told(action, &detail).map(|(_, what)| what).as_deref(), what);
        }
    }
}
