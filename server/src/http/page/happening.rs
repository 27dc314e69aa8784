//! What happened, in words: one row for each action of the audit trail, and one for each kind of fact.
//!
//! Timelines, the audit page and a pack's life all read this one table, so that the same thing has the same words
//! everywhere. A test compares it with the actions that the sources write. Serves users.md 2.12 and URS-AT-002.

use serde_json::Value;

use packtwin_core::fact::FactKind;

use super::words;
use crate::pages::piece::Tone;

/// Whose business an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Circle {
    /// The trade: packs, lots, files, messages. Stands on the home page.
    Trade,
    /// The running of the site: people, keys, webhooks. Stands with its object and in the audit trail.
    House,
}
use Circle::{House, Trade};
use Tone::{Attention, Bad, Good, Neutral};

/// An event in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Whose business.
    pub(super) circle: Circle,
    /// What it feels like.
    pub(super) tone: Tone,
    /// What happened.
    pub(super) what: String,
}

/// Action, circle, tone, words. `{packs}` and the like are filled in from the entry's detail.
const ACTIONS: &[(&str, Circle, Tone, &str)] = &[
    ("tenant.created", House, Neutral, "Tenant founded"),
    ("user.created", House, Neutral, "Account made"),
    ("user.invited", House, Neutral, "Invitation link made"),
    ("user.enabled", House, Neutral, "Account opened again"),
    ("user.disabled", House, Attention, "Account closed"),
    ("user.profile_changed", House, Neutral, "Name changed"),
    ("user.roles_changed", House, Attention, "Roles changed"),
    ("user.password_changed", House, Neutral, "Password set"),
    ("role.created", House, Neutral, "Role made"),
    ("role.changed", House, Attention, "Role changed"),
    ("role.removed", House, Attention, "Role removed"),
    ("session.opened", House, Neutral, "Signed in"),
    ("session.ended", House, Neutral, "Session ended"),
    ("sign_in.failed", House, Attention, "Sign-in refused"),
    ("api_key.created", House, Neutral, "API key made"),
    (
        "api_key.changed",
        House,
        Attention,
        "API key narrowed or renamed",
    ),
    ("api_key.revoked", House, Attention, "API key revoked"),
    ("api_key.refused", House, Attention, "API key refused"),
    ("webhook.added", House, Neutral, "Webhook added"),
    ("webhook.changed", House, Neutral, "Webhook changed"),
    (
        "webhook.secret_rotated",
        House,
        Neutral,
        "New signing secret made",
    ),
    ("webhook.removed", House, Attention, "Webhook removed"),
    (
        "webhook.redelivered",
        House,
        Neutral,
        "Delivery asked for again",
    ),
    ("mapping.created", House, Neutral, "Mapping kept"),
    ("mapping.changed", House, Neutral, "Mapping changed"),
    ("mapping.removed", House, Neutral, "Mapping removed"),
    ("upload.begun", Trade, Neutral, "Upload of {file} began"),
    (
        "aggregation.grounded",
        House,
        Neutral,
        "{packs} packs brought to the hierarchy",
    ),
    ("capture.begun", Trade, Neutral, "EPCIS document received"),
    ("capture.read", House, Neutral, "Sender of a document read"),
    (
        "capture.events_stored",
        House,
        Neutral,
        "{stored} events stored",
    ),
    (
        "capture.rejected",
        Trade,
        Bad,
        "Document rejected, {errors} errors",
    ),
    (
        "capture.stopped",
        Trade,
        Attention,
        "Capture of a document stopped",
    ),
    (
        "capture.finished",
        Trade,
        Good,
        "Document captured, {stored} events stored",
    ),
    ("epcis_event.captured", Trade, Neutral, "Event captured"),
    ("epcis_query.created", House, Neutral, "Query kept"),
    ("epcis_query.deleted", House, Attention, "Query deleted"),
    ("upload.received", Trade, Neutral, "File received whole"),
    (
        "upload.repeated",
        Trade,
        Attention,
        "The same file came again; nothing was stored twice",
    ),
    (
        "upload.sent_again",
        Trade,
        Attention,
        "The same file was sent again",
    ),
    ("upload.refused", Trade, Bad, "File refused"),
    (
        "upload.checked",
        Trade,
        Neutral,
        "File checked: {rows}, {wrong} wrong",
    ),
    (
        "upload.decided",
        Trade,
        Neutral,
        "Mapping or fixes decided; checked again",
    ),
    ("upload.check_again", Trade, Attention, "Checked again"),
    (
        "upload.commit_asked",
        Trade,
        Neutral,
        "Commit of {packs} asked for",
    ),
    ("upload.commit_opened", Trade, Neutral, "Storing began"),
    ("upload.committed", Trade, Good, "{packs} stored"),
    (
        "upload.commit_taken_back",
        Trade,
        Attention,
        "Commit taken back; nothing of it was stored",
    ),
    (
        "upload.commit_cancelled",
        Trade,
        Neutral,
        "Commit cancelled",
    ),
    ("upload.withdrawn", Trade, Attention, "Upload withdrawn"),
    ("upload.discarded", Trade, Attention, "Upload discarded"),
    ("lot.send_asked", Trade, Neutral, "Sending asked for"),
    ("lot.messages_planned", Trade, Neutral, "{messages} planned"),
    (
        "lot.sent",
        Trade,
        Neutral,
        "{packs} on their way to the hub",
    ),
    ("lot.recalled", Trade, Bad, "Lot recalled"),
    ("alert.decided", Trade, Neutral, "Alert decided: {new}"),
    (
        "alert.escalated",
        Trade,
        Attention,
        "Alert went to the authority by itself",
    ),
    (
        "lot.produced_entered",
        Trade,
        Neutral,
        "Count of the batch record entered",
    ),
    ("load.purged", Trade, Neutral, "{packs} removed"),
    (
        "pack.state_changed",
        Trade,
        Attention,
        "{packs} set to {state}",
    ),
    (
        "message.queued",
        Trade,
        Neutral,
        "Message with {packs} queued",
    ),
    ("message.answered", Trade, Neutral, "{outcome}"),
    ("message.called_back", Trade, Neutral, "The hub called back"),
    ("message.retry_asked", Trade, Neutral, "Retry asked for"),
    (
        "message.sent_anew",
        Trade,
        Neutral,
        "What the hub refused was sent anew",
    ),
    ("product.created", Trade, Neutral, "Product added"),
    ("product.version_added", Trade, Neutral, "Version added"),
    ("product.version_changed", Trade, Neutral, "Version changed"),
    (
        "product.version_sent",
        Trade,
        Neutral,
        "Version sent to the hub",
    ),
    (
        "product.hub_copy_read",
        Trade,
        Neutral,
        "Compared with the hub's copy",
    ),
    ("product.withdrawn", Trade, Bad, "Product withdrawn"),
    ("connector.set_up", Trade, Neutral, "Connector set up"),
    ("connector.paused", Trade, Attention, "Connector paused"),
    ("connector.resumed", Trade, Good, "Connector resumed"),
    ("connector.checked", Trade, Neutral, "Credentials checked"),
    (
        "connector.simulator_switched",
        Trade,
        Attention,
        "The simulator's switches were set",
    ),
    ("job.finished", Trade, Neutral, "{kind} {state}"),
    ("job.cancel_asked", Trade, Attention, "Job asked to stop"),
];

/// An entry of the audit trail in words. An action without words is told by its own name, to whoever reads the trail.
pub(super) fn told(action: &str, detail: &Value) -> Told {
    let row = ACTIONS.iter().find(|(known, ..)| *known == action);
    let Some((_, circle, tone, words)) = row else {
        return Told {
            circle: House,
            tone: Neutral,
            what: action.to_owned(),
        };
    };
    Told {
        circle: *circle,
        tone: tone_of(detail).unwrap_or(*tone),
        what: filled(words, detail),
    }
}

/// A fact as something that happened to a pack.
pub(super) fn fact(kind: FactKind, detail: &Value) -> String {
    let words = match kind {
        FactKind::ProductVersioned => "Product version told to the hub",
        FactKind::Commissioned => "Commissioned",
        FactKind::StateChanged => "Set to {state}",
        FactKind::Recalled => "Lot recalled",
        FactKind::Withdrawn => "Product withdrawn",
    };
    filled(words, detail)
}

/// Old and new value, where an entry has both.
pub(super) fn change(detail: &Value) -> String {
    match (detail.get("old"), detail.get("new")) {
        (Some(old), Some(new)) => {
            let written = super::audit::written;
            format!("was {}; is {}", written(old), written(new))
        }
        _ => String::new(),
    }
}

/// What came out decides the tone of a few.
fn tone_of(detail: &Value) -> Option<Tone> {
    match (detail["outcome"].as_str(), detail["state"].as_str()) {
        (Some("accepted"), _) => Some(Good),
        (Some("waiting" | "not received" | "not asked"), _) => Some(Neutral),
        (Some("refused"), _) => Some(Bad),
        (Some(_), _) | (None, Some("failed" | "cancelled")) => Some(Attention),
        _ => None,
    }
}

fn filled(words: &str, detail: &Value) -> String {
    let mut text = String::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(&value(name, detail));
        rest = after;
    }
    text.push_str(rest);
    text
}

fn value(name: &str, detail: &Value) -> String {
    let number = detail[name].as_u64().unwrap_or(0);
    let text = detail[name].as_str().unwrap_or_default();
    match name {
        "packs" => words::counted(number, "pack"),
        "rows" => words::counted(number, "row"),
        "messages" => words::counted(number, "message"),
        "wrong" => crate::pages::format::thousands(number),
        "kind" => words::work(text),
        "outcome" => outcome(text).to_owned(),
        _ => text.to_owned(),
    }
}

/// What came of an attempt at a message.
fn outcome(word: &str) -> &'static str {
    match word {
        "accepted" => "The hub acknowledged the message",
        "waiting" => "The hub received the message; its answer comes later",
        "partial" => "The hub took a part of the message",
        "refused" => "The hub refused the message",
        "not received" => "The hub never received the message; it is sent again",
        "unknown" => "Nobody knows yet whether the hub took the message; it is asked",
        "not asked" => "The hub could not be asked what became of the message",
        "certificate" => "The message waits: the certificate is not accepted",
        "not allowed" => "The message waits: the address is not allowed",
        "not reached" => "The message waits: the hub was not reached",
        _ => "The hub answered",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn an_entry_is_told_with_its_counts_and_outcome() {
        let check = |action: &str, detail: Value, tone, what: &str| {
            let told = told(action, &detail);
            assert_eq!((told.tone, told.what.as_str()), (tone, what));
        };
        let json = |text: &str| serde_json::from_str(text).unwrap();
        check(
            "upload.committed",
            json(r#"{"packs": 24000}"#),
            Good,
            "24,000 packs stored",
        );
        check(
            "job.finished",
            json(r#"{"kind": "lot.send", "state": "failed"}"#),
            Attention,
            "Send lot failed",
        );
        check(
            "message.answered",
            json(r#"{"outcome": "accepted"}"#),
            Good,
            "The hub acknowledged the message",
        );
        check("session.opened", json("{}"), Neutral, "Signed in");
        check("some.thing", json("{}"), Neutral, "some.thing");
    }

    #[test]
    fn a_change_says_what_was_and_what_is() {
        let detail = serde_json::json!({ "old": { "roles": ["operator"] }, "new": { "roles": ["integrator"] } });
        assert_eq!(change(&detail), "was roles: operator; is roles: integrator");
        assert_eq!(change(&Value::Null), "");
    }

    /// Every action that a source writes, minus those with words: nothing may remain.
    #[test]
    fn every_action_has_words_and_no_words_are_left_over() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut written = BTreeSet::new();
        for room in ["tenants/src", "app/src", "server/src"] {
            collect(&root.join(room), &mut written);
        }
        let known: BTreeSet<String> = ACTIONS
            .iter()
            .map(|(action, ..)| (*action).to_owned())
            .collect();
        assert!(written.len() > 40, "the sources were found: {written:?}");
        let silent: Vec<_> = written.difference(&known).collect();
        assert!(silent.is_empty(), "without words: {silent:?}");
        let left_over: Vec<_> = known.difference(&written).collect();
        assert!(left_over.is_empty(), "nobody writes: {left_over:?}");
    }

    /// What stands before an action in the sources: the makers of notes, and the choices that are handed to one.
    const BEFORE_ACTIONS: [&str; 6] = [
        "AuditNote::new(",
        "note(",
        "UserState::Active => (",
        "UserState::Disabled => (",
        "ConnectorState::Paused,",
        "ConnectorState::Active,",
    ];

    /// Gathers the actions that the sources of a folder write.
    fn collect(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                for before in BEFORE_ACTIONS {
                    found.extend(code.split(before).skip(1).filter_map(action));
                }
            }
        }
    }

    /// The literal `noun.verb` at the beginning of a text.
    fn action(text: &str) -> Option<String> {
        let literal = text.trim_start().strip_prefix('"')?.split('"').next()?;
        let (noun, verb) = literal.split_once('.')?;
        let plain = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (plain(noun) && plain(verb)).then(|| literal.to_owned())
    }
}
