//! Rows about the handling of alerts: states, reasons, clocks, lists and who sees the trail.

use packtwin_core::alert::life::{
    change, investigate, list_window_fits, open, raise, reminders_due, tick,
};
use packtwin_core::alert::{AlertState, Cause, Move, Participation, Party, Standing};
use packtwin_core::pack::PackState;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::market_profile::{AlertModel, AlertRules};
use packtwin_core::verification::trail::{Changed, Extent, TrailEntry, Viewer, visible_to};
use packtwin_core::verification::{Operation, Outcome, Removal};

use super::scenario::{now, profile_of};
use super::words::{number_near, seconds};
use crate::conformance::Row;
use crate::conformance::corpus::CsvRow;

pub(super) fn check(row: &CsvRow, result: &mut Row) {
    let profile = match profile_of(row) {
        Ok(profile) => profile,
        Err(why) => return result.not_understood(&why),
    };
    let rules = &profile.alerts;
    let operation = row.get("operation");
    let word = operation.split(' ').next().unwrap_or_default();
    let actual = match word {
        "OPEN_ALERT" => opened(row, rules, result),
        "SET_INVESTIGATION_STATUS" => investigated(row, rules, result),
        "CLOSE_ALERT" | "CLOSE" | "RESOLVE_ALERT" => moved(row, rules, AlertState::Resolved),
        "ESCALATE_ALERT" | "ESCALATE" => moved(row, rules, AlertState::Escalated),
        "SET_STATUS" => {
            let name = operation.trim_start_matches("SET_STATUS").trim();
            match named_state(rules.model, name) {
                Some(state) => moved(row, rules, state),
                None => return result.not_understood(&format!("state {name}")),
            }
        }
        "LIST_ALERTS" => {
            let days = number_near(row.get("input_variation"), "day").unwrap_or(0);
            verdict(list_window_fits(rules, now(), now().plus_days(days)))
        }
        "CLOCK" => clock(row, rules),
        "RAISE_ALERT" => raised(row, rules),
        "REMIND" => reminded(row, rules, result),
        "AUDIT_TRAIL" => trail(row, result),
        _ => return result.not_understood(&format!("operation {operation}")),
    };
    result.same("outcome", row.get("expect_outcome"), actual);
}

fn verdict(done: bool) -> &'static str {
    match done {
        true => "OK",
        false => "REJECTED",
    }
}

/// The state that a model calls so; Czech closing numbers all mean resolved.
fn named_state(model: AlertModel, text: &str) -> Option<AlertState> {
    let named = |state: &AlertState| {
        state
            .name(model)
            .is_some_and(|name| text.to_lowercase().starts_with(&name.to_lowercase()))
    };
    AlertState::ALL.into_iter().find(named)
}

/// Where the alert of a row stands, and since when.
fn given(row: &CsvRow, rules: &AlertRules) -> Standing {
    let history = row.get("given_history");
    let state = AlertState::ALL.into_iter().find(|state| {
        state.name(rules.model).is_some_and(|name| {
            history.split([' ', ',', ';']).any(|word| word == name)
                || (name.contains(' ') && history.to_lowercase().contains(&name.to_lowercase()))
        })
    });
    let state = match state {
        Some(state) => state,
        None if history.contains("requested") => AlertState::AwaitingUser,
        None if rules.model == AlertModel::Emvo => AlertState::Opened,
        None => AlertState::New,
    };
    Standing {
        state,
        since: now().plus_seconds(-seconds(history).unwrap_or(0)),
        deadline: None,
    }
}

fn opened(row: &CsvRow, rules: &AlertRules, result: &mut Row) -> &'static str {
    let after = open(rules, &given(row, rules), now());
    check_becomes(row, rules, &after, result);
    "OK"
}

fn investigated(row: &CsvRow, rules: &AlertRules, result: &mut Row) -> &'static str {
    let after = investigate(rules, &given(row, rules), now());
    check_becomes(row, rules, &after, result);
    "OK"
}

/// `status becomes Active automatically`
fn check_becomes(row: &CsvRow, rules: &AlertRules, after: &Standing, result: &mut Row) {
    if let Some((_, name)) = row.get("expect_extra").split_once("becomes ") {
        result.same("state", named_state(rules.model, name), Some(after.state));
    }
}

fn moved(row: &CsvRow, rules: &AlertRules, to: AlertState) -> &'static str {
    let said = format!(
        "{} {}",
        row.get("input_variation"),
        row.get("given_history")
    );
    let length = number_near(&said, "characters").and_then(|length| usize::try_from(length).ok());
    let without = said.contains("no reason") || said.contains("no comment");
    let comment = match length {
        _ if without => String::new(),
        Some(length) if said.contains("characters") => "x".repeat(length),
        _ => "looked into".to_owned(),
    };
    let cause = if said.contains("no reason") {
        None
    } else if row.get("operation").ends_with("06o") {
        Some(Cause::EndUserUncooperative)
    } else if said.contains("Other") {
        Some(Cause::Other)
    } else if row.get("actor") == "pharmacy"
        || said.contains("end user")
        || said.contains("pharmacy error")
        || said.contains("not caused by")
    {
        Some(Cause::CapsLock)
    } else {
        Some(Cause::UploadMissing)
    };
    let by = match row.get("actor") {
        "MAH" | "OBP" | "parallel distributor" => Party::Holder,
        "pharmacy" | "hospital" | "wholesaler" => Party::Verifier,
        "authority" => Party::Authority,
        "system" => Party::System,
        _ => Party::Operator,
    };
    let wish = Move {
        to,
        by,
        comment: &comment,
        cause,
    };
    verdict(change(rules, &given(row, rules), &wish, now()).is_ok())
}

/// An alert, perhaps touched on a day, and the clock at the end.
fn clock(row: &CsvRow, rules: &AlertRules) -> &'static str {
    let history = row.get("given_history");
    let mut standing = raise(rules, Participation::TakesPart, now());
    let mut end = now().plus_seconds(seconds(history).unwrap_or(0));
    let days: Vec<i64> = history
        .split("day ")
        .skip(1)
        .filter_map(|rest| rest.split([' ', ',', ';']).next()?.parse().ok())
        .collect();
    if let (Some(touched), Some(last)) = (days.first(), days.last())
        && history.contains("set to")
    {
        let name = history.split("set to ").nth(1).unwrap_or_default();
        let wish = Move {
            to: named_state(rules.model, name).unwrap_or(AlertState::UnderReview),
            by: Party::Holder,
            comment: "we look",
            cause: None,
        };
        standing = change(rules, &standing, &wish, now().plus_days(*touched)).unwrap_or(standing);
        end = now().plus_days(*last);
    }
    match tick(&standing, end) {
        Some(Standing {
            state: AlertState::Escalated,
            ..
        }) => "ESCALATED",
        _ => "NOT_ESCALATED",
    }
}

fn raised(row: &CsvRow, rules: &AlertRules) -> &'static str {
    let holder = match row.get("given_history").contains("does not take part") {
        true => Participation::Absent,
        false => Participation::TakesPart,
    };
    match raise(rules, holder, now()).state {
        AlertState::Escalated => "ESCALATED",
        _ => "NOT_ESCALATED",
    }
}

fn reminded(row: &CsvRow, rules: &AlertRules, result: &mut Row) -> &'static str {
    let standing = Standing {
        since: now(),
        ..given(row, rules)
    };
    let extra = row.get("expect_extra");
    let mut due = 0;
    for part in extra.split(',').filter(|part| !part.trim().is_empty()) {
        let at: Timestamp = now().plus_seconds(seconds(part).unwrap_or(0));
        due += 1;
        result.same(part.trim(), due, reminders_due(rules, &standing, at));
        let before = at.plus_seconds(-1);
        if before >= standing.since {
            result.same(
                "a second before",
                due - 1,
                reminders_due(rules, &standing, before),
            );
        }
    }
    match due {
        0 => "NONE",
        _ => "MAILS",
    }
}

fn trail(row: &CsvRow, result: &mut Row) -> &'static str {
    let viewer = match row.get("actor") {
        "authority" => Viewer::Authority,
        _ => Viewer::Holder,
    };
    let entry = TrailEntry {
        at: now(),
        operation: Operation::Remove(Removal::Supply),
        outcome: Outcome::Ok,
        state: PackState::Supplied,
        changed: Changed::State,
        alert: None,
        site: Some("the site".to_owned()),
    };
    let (extent, seen) = visible_to(viewer, &[entry]);
    let named = seen.iter().any(|entry| entry.site.is_some());
    result.same("site told", viewer == Viewer::Authority, named);
    result.same(
        "change told",
        vec![now()],
        seen.iter().map(|entry| entry.at).collect::<Vec<_>>(),
    );
    match extent {
        Extent::Complete => "COMPLETE",
        Extent::Partial => "PARTIAL",
    }
}
