//! The life of an alert: which state may follow which, who may move it, what has to be said, and the clock.
//!
//! Three models are known (emvs.md 4.2): the European portal's, the German one, where every change needs a comment and an
//! escalated alert goes back through review, and the Czech one. What else differs is a setting of the market's profile.
//! Serves URS-AL-003, URS-AL-004, URS-AL-007. Sending the letters is the use case's business.

use crate::time::Timestamp;
use crate::verification::market_profile::{AlertModel, AlertRules};

use super::cause::Cause;

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertState {
    /// Raised and untouched.
    New,
    /// Somebody looked at it.
    Opened,
    /// Somebody works on it.
    UnderReview,
    /// The end user was asked for information.
    AwaitingUser,
    /// With the authority.
    Escalated,
    /// Found to be false, with a cause.
    Resolved,
}

impl AlertState {
    /// Every state.
    pub const ALL: [AlertState; 6] = [
        AlertState::New,
        AlertState::Opened,
        AlertState::UnderReview,
        AlertState::AwaitingUser,
        AlertState::Escalated,
        AlertState::Resolved,
    ];

    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            AlertState::New => "new",
            AlertState::Opened => "opened",
            AlertState::UnderReview => "under_review",
            AlertState::AwaitingUser => "awaiting_user",
            AlertState::Escalated => "escalated",
            AlertState::Resolved => "resolved",
        }
    }

    /// Reads the word of [`AlertState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        AlertState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
    }

    /// What a model calls it; `None` where the model has no such state.
    pub const fn name(self, model: AlertModel) -> Option<&'static str> {
        match (model, self) {
            (AlertModel::Emvo, AlertState::New) => Some("New"),
            (AlertModel::Emvo, AlertState::Opened) => Some("Active"),
            (AlertModel::Emvo, AlertState::UnderReview) => Some("Under investigation"),
            (AlertModel::Emvo, AlertState::Escalated) => Some("Escalated"),
            (AlertModel::Emvo, AlertState::Resolved) => Some("Closed"),
            (AlertModel::German, AlertState::New) => Some("Angelegt"),
            (AlertModel::German, AlertState::UnderReview) => Some("In Prüfung"),
            (AlertModel::German, AlertState::Escalated) => Some("Eskaliert"),
            (AlertModel::German, AlertState::Resolved) => Some("Gelöst"),
            (AlertModel::Czech, AlertState::New) => Some("01b"),
            (AlertModel::Czech, AlertState::AwaitingUser) => Some("04a"),
            (AlertModel::Czech, AlertState::UnderReview) => Some("under review"),
            (AlertModel::Czech, AlertState::Escalated) => Some("escalated"),
            (AlertModel::Czech, AlertState::Resolved) => Some("06"),
            (AlertModel::Emvo, AlertState::AwaitingUser)
            | (AlertModel::German | AlertModel::Czech, AlertState::Opened)
            | (AlertModel::German, AlertState::AwaitingUser) => None,
        }
    }
}

/// Who moves an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// The clock.
    System,
    /// The marketing authorisation holder, or its on-boarding partner.
    Holder,
    /// The site that raised it.
    Verifier,
    /// The national organisation.
    Operator,
    /// Reads everything and moves nothing.
    Authority,
}

/// A wish to move an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move<'a> {
    /// Where to.
    pub to: AlertState,
    /// Who wants it.
    pub by: Party,
    /// Why, in words.
    pub comment: &'a str,
    /// Why, from the list.
    pub cause: Option<Cause>,
}

/// Where an alert stands, with its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: AlertState,
    /// Since when.
    pub since: Timestamp,
    /// When it escalates by itself; gone with the first change of state by anybody.
    pub deadline: Option<Timestamp>,
}

/// Whether the holder takes part in the market's alert handling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Participation {
    /// It does.
    TakesPart,
    /// It does not.
    Absent,
}

/// What one organisation says about its own part; only the portal of the European model knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Investigation {
    /// Under way.
    Pending,
    /// No root cause on my side.
    NotOnMySide,
    /// The root cause is on my side.
    OnMySide,
}

/// Why an alert cannot be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoveRefused {
    /// The model has no such step.
    #[error("an alert that is {} cannot become {}; take the step between", from.as_str(), to.as_str())]
    NoSuchStep {
        /// Where it stands.
        from: AlertState,
        /// Where it should go.
        to: AlertState,
    },
    /// Not this party's to move.
    #[error("this role reads alerts of this market and does not move them")]
    NotByThisParty,
    /// A comment is due.
    #[error("every change of this kind needs a reason; write one")]
    CommentMissing,
    /// The comment is too long.
    #[error("the reason has {length} characters, at most {max} are kept; shorten it")]
    CommentTooLong {
        /// Characters found.
        length: usize,
        /// Characters allowed.
        max: usize,
    },
    /// A resolved alert has a cause.
    #[error("a resolved alert needs a cause from the list; choose one")]
    CauseMissing,
    /// The holder resolves only what it caused.
    #[error(
        "the holder resolves only causes of its own; choose one of them, or leave the alert to the other side"
    )]
    CauseOfAnother,
    /// The end user still has time.
    #[error("the end user may answer until {until}; close the alert after that")]
    NotYet {
        /// The last instant.
        until: Timestamp,
    },
}

/// The standing of a fresh alert. Where the holder takes no part, Germany escalates at once.
pub fn raise(rules: &AlertRules, holder: Participation, at: Timestamp) -> Standing {
    match holder {
        Participation::Absent if rules.absent_holder_escalates => Standing {
            state: AlertState::Escalated,
            since: at,
            deadline: None,
        },
        Participation::Absent | Participation::TakesPart => Standing {
            state: AlertState::New,
            since: at,
            deadline: rules.window_days.map(|days| at.plus_days(i64::from(days))),
        },
    }
}

/// The standing after looking: where the model knows "opened", the first look makes it so.
pub fn open(rules: &AlertRules, standing: &Standing, at: Timestamp) -> Standing {
    match (rules.model, standing.state) {
        (AlertModel::Emvo, AlertState::New) => Standing {
            state: AlertState::Opened,
            since: at,
            deadline: None,
        },
        _ => *standing,
    }
}

/// The standing after an organisation said something about its own part: the first word moves the alert under review.
pub fn investigate(rules: &AlertRules, standing: &Standing, at: Timestamp) -> Standing {
    match (rules.model, standing.state) {
        (AlertModel::Emvo, AlertState::New | AlertState::Opened) => Standing {
            state: AlertState::UnderReview,
            since: at,
            deadline: None,
        },
        _ => *standing,
    }
}

/// The standing after the clock: an alert nobody touched escalates when its days are over. Twice is once, since an
/// escalated alert has no deadline.
pub fn tick(standing: &Standing, now: Timestamp) -> Option<Standing> {
    standing
        .deadline
        .filter(|deadline| now >= *deadline)
        .map(|_| Standing {
            state: AlertState::Escalated,
            since: now,
            deadline: None,
        })
}

/// How many of the market's reminders are due to somebody who was asked for information.
pub fn reminders_due(rules: &AlertRules, standing: &Standing, now: Timestamp) -> usize {
    match standing.state {
        AlertState::AwaitingUser => {
            let hours = rules.reminders_after_hours.iter();
            hours
                .filter(|hours| now >= standing.since.plus_seconds(i64::from(**hours) * 3600))
                .count()
        }
        _ => 0,
    }
}

/// Whether one list may span from `from` to `to`.
pub fn list_window_fits(rules: &AlertRules, from: Timestamp, to: Timestamp) -> bool {
    from <= to && to <= from.plus_days(i64::from(rules.list_days_max))
}

/// Moves an alert.
///
/// # Errors
/// Everything that stands against it, at once.
pub fn change(
    rules: &AlertRules,
    standing: &Standing,
    wish: &Move<'_>,
    at: Timestamp,
) -> Result<Standing, Vec<MoveRefused>> {
    let mut refused = Vec::new();
    let (from, to) = (standing.state, wish.to);
    if !step_exists(rules.model, from, to) {
        refused.push(MoveRefused::NoSuchStep { from, to });
    }
    let may = match wish.by {
        Party::System | Party::Holder | Party::Operator => true,
        Party::Verifier => rules.verifier_resolves_own_alerts,
        Party::Authority => false,
    };
    if !may {
        refused.push(MoveRefused::NotByThisParty);
    }
    refused.extend(comment_fault(rules, wish));
    if to == AlertState::Resolved {
        refused.extend(cause_fault(rules, standing, wish, at));
    }
    match refused.is_empty() {
        true => Ok(Standing {
            state: to,
            since: at,
            deadline: None,
        }),
        false => Err(refused),
    }
}

/// The steps of each model. An alert decided with many others need not have been opened one by one.
fn step_exists(model: AlertModel, from: AlertState, to: AlertState) -> bool {
    use AlertState::{AwaitingUser, Escalated, New, Opened, Resolved, UnderReview};
    match (model, from, to) {
        (AlertModel::Emvo, New, Opened | UnderReview | Escalated | Resolved) => true,
        (AlertModel::Emvo, Opened, UnderReview | Escalated | Resolved) => true,
        (AlertModel::German, New, UnderReview | Escalated | Resolved) => true,
        (AlertModel::Czech, New, UnderReview | AwaitingUser | Escalated | Resolved) => true,
        (AlertModel::Czech, UnderReview, AwaitingUser) => true,
        (AlertModel::Czech, AwaitingUser, UnderReview | Escalated | Resolved) => true,
        // In every model; back to life through review only.
        (_, UnderReview, Escalated | Resolved) => true,
        (_, Escalated | Resolved, UnderReview) => true,
        _ => false,
    }
}

fn comment_fault(rules: &AlertRules, wish: &Move<'_>) -> Option<MoveRefused> {
    let said = !wish.comment.trim().is_empty();
    let listed = wish.cause.is_some_and(|cause| cause != Cause::Other);
    let needed = match (rules.model, wish.by) {
        (_, Party::System) => false,
        (AlertModel::German, _) => true,
        (AlertModel::Emvo | AlertModel::Czech, _) => {
            let step_is_free = matches!(
                wish.to,
                AlertState::UnderReview | AlertState::Opened | AlertState::AwaitingUser
            );
            !step_is_free && !listed
        }
    };
    let length = wish.comment.chars().count();
    let max = rules.reason_characters_max;
    match (said, length > max) {
        (false, _) if needed => Some(MoveRefused::CommentMissing),
        (_, true) => Some(MoveRefused::CommentTooLong { length, max }),
        _ => None,
    }
}

fn cause_fault(
    rules: &AlertRules,
    standing: &Standing,
    wish: &Move<'_>,
    at: Timestamp,
) -> Option<MoveRefused> {
    let Some(cause) = wish.cause else {
        return Some(MoveRefused::CauseMissing);
    };
    if cause == Cause::EndUserUncooperative {
        let days = rules.uncooperative_after_days;
        let until = days.filter(|_| standing.state == AlertState::AwaitingUser);
        let Some(days) = until else {
            return Some(MoveRefused::CauseOfAnother);
        };
        let until = standing.since.plus_days(i64::from(days));
        return (at <= until).then_some(MoveRefused::NotYet { until });
    }
    let holder_is_bound = wish.by == Party::Holder && rules.holder_resolves_own_causes_only;
    let foreign = match cause.responsible() {
        Some(party) => party != Party::Holder,
        // Germany: only errors of the holder's own.
        None => rules.model == AlertModel::German || cause != Cause::Other,
    };
    (holder_is_bound && foreign).then_some(MoveRefused::CauseOfAnother)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verification::profile;

    fn rules(name: &str) -> &'static AlertRules {
        &profile(name).unwrap().alerts
    }

    fn at(days: i64) -> Timestamp {
        Timestamp::parse("2027-01-01T10:00:00Z")
            .unwrap()
            .plus_days(days)
    }

    fn standing(state: AlertState) -> Standing {
        Standing {
            state,
            since: at(0),
            deadline: None,
        }
    }

    fn check(
        name: &str,
        from: AlertState,
        wish: Move<'_>,
        day: i64,
        expected: Result<AlertState, &[&str]>,
    ) {
        let moved = change(rules(name), &standing(from), &wish, at(day));
        let words = |faults: Vec<MoveRefused>| -> Vec<String> {
            let words = faults.iter().map(|fault| format!("{fault:?}"));
            words
                .map(|word| word.split([' ', '{']).next().unwrap().to_owned())
                .collect()
        };
        let moved = moved.map(|standing| standing.state).map_err(words);
        let expected = expected.map_err(|codes| codes.iter().map(|c| (*c).to_owned()).collect());
        assert_eq!(moved, expected, "{name} {from:?} {wish:?}");
    }

    /// URS-AL-003: to the second, once, and not after anybody touched it.
    #[test]
    fn seven_days_and_then_it_escalates() {
        let fresh = raise(rules("DE"), Participation::TakesPart, at(0));
        assert_eq!(tick(&fresh, at(7).plus_seconds(-1)), None);
        let escalated = tick(&fresh, at(7)).unwrap();
        assert_eq!(escalated.state, AlertState::Escalated);
        assert_eq!(tick(&escalated, at(8)), None);
        let wish = Move {
            to: AlertState::UnderReview,
            by: Party::Verifier,
            comment: "we look",
            cause: None,
        };
        let touched = change(rules("DE"), &fresh, &wish, at(6)).unwrap();
        assert_eq!(tick(&touched, at(20)), None);
        let absent = raise(rules("DE"), Participation::Absent, at(0));
        assert_eq!(absent.state, AlertState::Escalated);
        assert_eq!(
            raise(rules("EU"), Participation::Absent, at(0)).state,
            AlertState::New
        );
    }

    /// URS-AL-004: own causes, a comment, and escalation is always possible.
    #[test]
    fn who_may_move_an_alert_and_with_which_words() {
        use AlertState::{AwaitingUser, Escalated, New, Opened, Resolved, UnderReview};
        let wish = |to, by, comment, cause| Move {
            to,
            by,
            comment,
            cause,
        };
        let holder = |to, comment, cause| wish(to, Party::Holder, comment, cause);
        let own = Some(Cause::UploadMissing);
        let foreign = Some(Cause::CapsLock);
        check("DE", New, holder(Resolved, "late", own), 1, Ok(Resolved));
        check(
            "DE",
            New,
            holder(Resolved, "", own),
            1,
            Err(&["CommentMissing"]),
        );
        check(
            "DE",
            New,
            holder(Resolved, "caps", foreign),
            1,
            Err(&["CauseOfAnother"]),
        );
        check(
            "DE",
            New,
            holder(Resolved, "?", Some(Cause::Other)),
            1,
            Err(&["CauseOfAnother"]),
        );
        check("DE", New, holder(Escalated, "odd", None), 1, Ok(Escalated));
        check(
            "DE",
            Escalated,
            wish(Resolved, Party::Verifier, "ours", foreign),
            1,
            Err(&["NoSuchStep"]),
        );
        check(
            "DE",
            Escalated,
            wish(UnderReview, Party::Verifier, "ours", None),
            1,
            Ok(UnderReview),
        );
        check(
            "DE",
            UnderReview,
            wish(Resolved, Party::Verifier, "ours", foreign),
            1,
            Ok(Resolved),
        );
        check(
            "DE",
            New,
            wish(UnderReview, Party::Authority, "x", None),
            1,
            Err(&["NotByThisParty"]),
        );
        check(
            "EU",
            New,
            wish(UnderReview, Party::Verifier, "", None),
            1,
            Err(&["NotByThisParty"]),
        );
        check(
            "EU",
            Opened,
            holder(UnderReview, "", None),
            1,
            Ok(UnderReview),
        );
        check(
            "EU",
            Opened,
            holder(Resolved, "", None),
            1,
            Err(&["CommentMissing", "CauseMissing"]),
        );
        check("EU", Opened, holder(Resolved, "", own), 1, Ok(Resolved));
        let long = "x".repeat(501);
        check(
            "EU",
            Opened,
            holder(Resolved, &long, Some(Cause::Other)),
            1,
            Err(&["CommentTooLong"]),
        );
        check(
            "EU",
            Opened,
            holder(Resolved, &long[1..], Some(Cause::Other)),
            1,
            Ok(Resolved),
        );
        let silent = Some(Cause::EndUserUncooperative);
        check(
            "CZ",
            AwaitingUser,
            holder(Resolved, "", silent),
            14,
            Err(&["NotYet"]),
        );
        check(
            "CZ",
            AwaitingUser,
            holder(Resolved, "", silent),
            15,
            Ok(Resolved),
        );
        check(
            "EU",
            Opened,
            holder(Resolved, "", silent),
            90,
            Err(&["CauseOfAnother"]),
        );
    }

    #[test]
    fn looking_and_investigating_move_the_portals_alert() {
        let fresh = raise(rules("EU"), Participation::TakesPart, at(0));
        let opened = open(rules("EU"), &fresh, at(1));
        assert_eq!(opened.state, AlertState::Opened);
        assert_eq!(
            investigate(rules("EU"), &opened, at(1)).state,
            AlertState::UnderReview
        );
        let german = raise(rules("DE"), Participation::TakesPart, at(0));
        assert_eq!(open(rules("DE"), &german, at(1)), german);
    }

    #[test]
    fn reminders_and_lists_keep_their_days() {
        let asked = standing(AlertState::AwaitingUser);
        let due = |hours: i64| reminders_due(rules("CZ"), &asked, at(0).plus_seconds(hours * 3600));
        assert_eq!([due(0), due(47), due(48), due(120)], [1, 1, 2, 3]);
        assert!(list_window_fits(rules("EU"), at(0), at(31)));
        assert!(!list_window_fits(rules("EU"), at(0), at(32)));
        assert!(!list_window_fits(rules("EU"), at(1), at(0)));
    }

    /// No step leads from a state to itself, and every state of a model can be left.
    #[test]
    fn every_model_is_a_graph_without_ends() {
        for model in [AlertModel::Emvo, AlertModel::German, AlertModel::Czech] {
            for from in AlertState::ALL {
                assert!(!step_exists(model, from, from));
                if from.name(model).is_some() {
                    let mut ways = AlertState::ALL
                        .into_iter()
                        .filter(|to| step_exists(model, from, *to));
                    assert!(
                        ways.any(|to| to.name(model).is_some()),
                        "{model:?} {from:?}"
                    );
                }
            }
        }
    }
}
