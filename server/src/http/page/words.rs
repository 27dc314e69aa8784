//! States and kinds as people read them: one word and one tone each, the same on every page (users.md 2.9).

use packtwin_app::aggregation::GROUND_JOB;
use packtwin_app::capture::CAPTURE_JOB;
use packtwin_app::lot::SEND_JOB;
use packtwin_app::message::{FarRefusal, Unconfirmed};
use packtwin_app::upload::{CHECK_JOB, COMMIT_JOB};
use packtwin_core::fact::FactKind;
use packtwin_core::lot::Completeness;
use packtwin_core::pack::EffectiveState;
use packtwin_core::product::VersionState;
use packtwin_core::role::Permission;
use packtwin_tenants::store::connector::ConnectorState;
use packtwin_tenants::store::job::{JobRecord, JobState};
use packtwin_tenants::store::message::MessageState;
use packtwin_tenants::store::upload::{UploadPurpose, UploadRecord, UploadState};

use super::Desk;
use crate::pages::piece::{Action, Mark, Tone};
use crate::pages::view::FarRefusalLine;

/// The state of an upload. A dry run that is checked waits for nobody.
pub(super) fn upload(record: &UploadRecord) -> Mark {
    match record.state {
        UploadState::Checked if record.purpose == UploadPurpose::DryRun => {
            Mark::new(Tone::Neutral, "dry run, checked")
        }
        UploadState::Receiving => Mark::new(Tone::Info, "being received"),
        UploadState::Received | UploadState::Recognised => Mark::new(Tone::Info, "received"),
        UploadState::Checking => Mark::new(Tone::Info, "checking"),
        UploadState::Checked => Mark::new(Tone::Attention, "checked, not committed"),
        UploadState::NeedsDecision => Mark::new(Tone::Attention, "needs a decision"),
        UploadState::Committing => Mark::new(Tone::Info, "being committed"),
        UploadState::Committed => Mark::new(Tone::Good, "committed"),
        UploadState::PartlyCommitted => Mark::new(Tone::Attention, "partly committed"),
        UploadState::Failed => Mark::new(Tone::Bad, "failed"),
        UploadState::Withdrawn => Mark::new(Tone::Neutral, "withdrawn"),
    }
}

/// The state of a message.
pub(super) fn message(state: MessageState) -> Mark {
    match state {
        MessageState::Writing => Mark::new(Tone::Info, "being written"),
        MessageState::Queued => Mark::new(Tone::Info, "queued"),
        MessageState::Sending => Mark::new(Tone::Info, "being sent"),
        MessageState::Waiting => Mark::new(Tone::Info, "waiting for the hub"),
        MessageState::Accepted => Mark::new(Tone::Good, "acknowledged"),
        MessageState::Partial => Mark::new(Tone::Attention, "acknowledged in part"),
        MessageState::Refused => Mark::new(Tone::Bad, "refused"),
        MessageState::Unknown => Mark::new(Tone::Attention, "outcome unknown"),
        MessageState::Cancelled => Mark::new(Tone::Neutral, "cancelled"),
    }
}

/// The state of a job.
pub(super) fn job(record: &JobRecord) -> Mark {
    match record.state {
        JobState::Queued => Mark::new(Tone::Neutral, "waiting"),
        JobState::Running if record.cancel_requested => Mark::new(Tone::Attention, "stopping"),
        JobState::Running => Mark::new(Tone::Info, "running"),
        JobState::Done => Mark::new(Tone::Good, "done"),
        JobState::Failed => Mark::new(Tone::Bad, "failed"),
        JobState::Cancelled => Mark::new(Tone::Neutral, "cancelled"),
    }
}

/// The state of a product's version.
pub(super) fn version(state: VersionState) -> Mark {
    match state {
        VersionState::Draft => Mark::new(Tone::Neutral, "draft"),
        VersionState::Sent => Mark::new(Tone::Info, "sent"),
        VersionState::Acknowledged => Mark::new(Tone::Good, "acknowledged"),
        VersionState::Refused => Mark::new(Tone::Bad, "refused"),
    }
}

/// Whether messages may leave.
pub(super) fn connector(state: ConnectorState) -> Mark {
    match state {
        ConnectorState::Active => Mark::new(Tone::Good, "active"),
        ConnectorState::Paused => Mark::new(Tone::Attention, "paused"),
    }
}

/// How far a lot has come.
pub(super) fn lot(numbers: &Completeness, is_recalled: bool) -> Mark {
    let produced = numbers.produced.unwrap_or(numbers.stored);
    if is_recalled {
        Mark::new(Tone::Bad, "recalled")
    } else if numbers.is_acknowledged() && !numbers.is_complete() {
        Mark::new(Tone::Info, "acknowledged; produced not stated")
    } else if numbers.acknowledged == numbers.stored && produced == numbers.stored {
        Mark::new(Tone::Good, "acknowledged")
    } else if produced != numbers.stored {
        Mark::new(Tone::Attention, "differs from the batch record")
    } else if numbers.sent < numbers.stored {
        Mark::new(Tone::Attention, "to send")
    } else {
        Mark::new(Tone::Attention, "not all acknowledged")
    }
}

/// The state of a lot of which the hub refused something.
pub(super) fn refused_lot(is_recalled: bool) -> Mark {
    match is_recalled {
        true => Mark::new(Tone::Bad, "recalled; the hub refused a message"),
        false => Mark::new(Tone::Bad, "refused by the hub"),
    }
}

/// What the hub refused and what did not leave anew, one line each: with the page of its message, and the button that
/// sends it anew where that is the way. Pack data goes by the lot's own button.
pub(super) fn far_refusals(desk: &Desk, refusals: &[FarRefusal]) -> Vec<FarRefusalLine> {
    let line = |refusal: &FarRefusal| {
        let href = format!("/messages/{}", refusal.message);
        let packs = match refusal.packs {
            0 => String::new(),
            packs => format!(" of {}", counted(packs, "pack")),
        };
        let again = Action::post("Send anew", format!("{href}/retry"), desk.csrf());
        FarRefusalLine {
            sentence: super::sentence(&format!("{}{packs}: {}", refusal.what, refusal.reason())),
            again: match refusal.kind {
                FactKind::Commissioned | FactKind::ProductVersioned => None,
                _ if desk.caller.may(Permission::ConnectorsWrite) => Some(again),
                _ => Some(again.refused("Your role does not allow this.")),
            },
            href,
        }
    };
    refusals.iter().map(line).collect()
}

/// What counts for whoever holds the pack. Red is kept for packs that must not be dispensed.
pub(super) fn pack(state: EffectiveState) -> Mark {
    match state {
        EffectiveState::Active => Mark::new(Tone::Good, "active"),
        EffectiveState::Withdrawn => Mark::new(Tone::Bad, "withdrawn"),
        EffectiveState::Recalled => Mark::new(Tone::Bad, "recalled"),
        EffectiveState::Expired => Mark::new(Tone::Bad, "expired"),
        EffectiveState::Pack(state) => Mark::new(Tone::Bad, state.as_str()),
    }
}

/// The kind of a fact, as what a message carries.
pub(super) fn fact(kind: FactKind) -> &'static str {
    match kind {
        FactKind::ProductVersioned => "product version",
        FactKind::Commissioned => "pack data",
        FactKind::StateChanged => "pack states",
        FactKind::Recalled => "recall",
        FactKind::Withdrawn => "withdrawal",
    }
}

/// The kind of a job.
pub(super) fn work(kind: &str) -> String {
    match kind {
        CHECK_JOB => "Check upload".to_owned(),
        COMMIT_JOB => "Commit upload".to_owned(),
        SEND_JOB => "Send lot".to_owned(),
        CAPTURE_JOB => "Capture document".to_owned(),
        GROUND_JOB => "Bring packs to the hierarchy".to_owned(),
        other => other.to_owned(),
    }
}

/// The name of a far side.
pub(super) fn far_side(connector: &str) -> String {
    match connector {
        packtwin_app::connector::EU_HUB => "EU hub".to_owned(),
        other => other.to_owned(),
    }
}

/// An event that a webhook can be told.
pub(super) fn event(event: &str) -> &'static str {
    match event {
        "upload.checked" => "A file was checked",
        "upload.committed" => "Packs of a file were stored",
        "alert.closed" => "An alert was resolved",
        "alert.escalated" => "An alert went to the authority by itself",
        "lot.sent" => "A lot was sent",
        "lot.acknowledged" => "The hub acknowledged a lot",
        "lot.difference" => "The hub did not take all of a lot",
        "pack.state_changed" => "Packs changed their state",
        "connector.down" => "A far side stopped answering",
        "connector.recovered" => "A far side answers again",
        "job.finished" => "A job ended",
        _ => "",
    }
}

/// A sentence and what is told of messages without a final answer: the one that waits longest, and how many more
/// (HUB-202).
pub(super) fn with_unconfirmed(sentence: String, open: &[Unconfirmed]) -> String {
    let Some(oldest) = open.iter().min_by_key(|one| one.since) else {
        return sentence;
    };
    let told = oldest.told();
    let more = match open.len() as u64 - 1 {
        0 => String::new(),
        more => format!(" So it is with {} more.", counted(more, "message")),
    };
    format!("{sentence} {} ({}){more}", told.text, told.code)
}

/// `1 pack`, `2 packs`: exact, with separators.
pub(super) fn counted(number: u64, one: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{} {one}{end}", crate::pages::format::thousands(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(produced: Option<u64>, [stored, sent, acknowledged]: [u64; 3], word: &str) {
        let numbers = Completeness {
            produced,
            stored,
            sent,
            acknowledged,
        };
        assert_eq!(lot(&numbers, false).word, word);
    }

    #[test]
    fn a_lot_is_done_only_when_all_four_numbers_agree() {
        check(None, [10, 0, 0], "to send");
        check(None, [10, 10, 8], "not all acknowledged");
        check(None, [10, 10, 10], "acknowledged; produced not stated");
        check(Some(10), [10, 10, 10], "acknowledged");
        check(Some(12), [10, 10, 10], "differs from the batch record");
    }

    #[test]
    fn every_event_has_words() {
        for name in packtwin_app::webhook::EVENTS {
            assert!(!event(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "pack"), "1 pack");
        assert_eq!(counted(24_000, "pack"), "24,000 packs");
        assert_eq!(counted(0, "lot"), "0 lots");
    }
}
