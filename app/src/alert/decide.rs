//! The holder decides an alert: under review, resolved with a cause, or to the authority; a reason always where it is due.

use serde_json::json;

use packtwin_core::alert::{AlertId, AlertState, Cause, Move, MoveRefused, Party, life};
use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::store::alert::AlertRecord;

use crate::desk::Desk;
use crate::error::AppError;
use crate::verification::profile_of;
use crate::webhook::announce;

/// A decision.
#[derive(Debug, Clone)]
pub struct DecideAlert {
    /// Where to.
    pub to: AlertState,
    /// Why, from the list.
    pub cause: Option<Cause>,
    /// Why, in words.
    pub comment: String,
}

/// Decides one alert of the tenant's products and answers how it stands.
///
/// # Errors
/// Everything that stands against it; there is no such alert; someone else moved it meanwhile.
pub fn decide_alert(
    desk: &Desk<'_>,
    id: AlertId,
    wish: &DecideAlert,
) -> Result<AlertRecord, AppError> {
    desk.require(Permission::AlertsDecide)?;
    let now = desk.now();
    desk.scope().change(now, |writer| {
        let record = writer.alert_get(id)?.ok_or(AppError::NotFound)?;
        let rules = &profile_of(record.market).alerts;
        let wanted = Move {
            to: wish.to,
            by: Party::Holder,
            comment: &wish.comment,
            cause: wish.cause,
        };
        let standing = life::change(rules, &record.standing, &wanted, now)
            .map_err(|refused| AppError::from(told(&refused)))?;
        let comment = wish.comment.trim();
        if !writer.alert_move(&record, &standing, Party::Holder, wish.cause, comment)? {
            return Err(AppError::Stale);
        }
        let change = json!({
            "old": record.standing.state.as_str(),
            "new": standing.state.as_str(),
            "cause": wish.cause.map(Cause::as_str),
        });
        if standing.state == AlertState::Resolved {
            announce(writer, "alert.closed", &id.to_string(), &change)?;
        }
        let after = writer.alert_get(id)?.ok_or(AppError::NotFound)?;
        Ok(AuditNote::new("alert.decided", format!("alert {id}"))
            .detail(change)
            .reason(comment)
            .returning(after))
    })
}

fn told(refused: &[MoveRefused]) -> Refusals {
    let refusal = |refused: &MoveRefused| {
        let place = match refused {
            MoveRefused::CommentMissing | MoveRefused::CommentTooLong { .. } => "/comment",
            MoveRefused::CauseMissing | MoveRefused::CauseOfAnother => "/cause",
            MoveRefused::NoSuchStep { .. }
            | MoveRefused::NotByThisParty
            | MoveRefused::NotYet { .. } => "/to",
        };
        Refusal::at(Code::AlertMoveRefused, place, refused.to_string())
    };
    let all: Vec<Refusal> = refused.iter().map(refusal).collect();
    Refusals::all(all).unwrap_or_else(|| {
        Refusal::new(
            Code::AlertMoveRefused,
            "the alert cannot be moved like this",
        )
        .into()
    })
}
