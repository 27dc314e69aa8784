//! The clock of alerts: whom nobody touched goes to the authority when the market's days are over (URS-AL-003).
//!
//! Seven calendar days in Germany; other markets publish none, and their alerts have no deadline. Twice is once, since an
//! escalated alert has no deadline any more. Webhooks that asked for it are told; letters are not sent yet.

use serde_json::json;

use packtwin_core::alert::{AlertState, Party, life};
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::TenantScope;
use packtwin_tenants::store::alert::AlertRecord;

use crate::error::AppError;
use crate::house::House;
use crate::webhook::announce;

/// Alerts looked at in one run, of each tenant.
const ALERTS_PER_RUN: i64 = 500;

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EscalationPass {
    /// Alerts whose time was over.
    pub overdue: u64,
    /// Those that escalated; the others were moved by somebody in the same moment.
    pub escalated: u64,
}

/// One run over all tenants.
///
/// # Errors
/// The store failed; what was done until then stays.
pub fn escalate(house: &House) -> Result<EscalationPass, AppError> {
    let mut pass = EscalationPass::default();
    for tenant in house.site().tenant_list()? {
        let scope = house.site().system_scope(tenant.id, "escalation");
        let now = house.now();
        let overdue = scope.read(|reader| {
            reader
                .alert_list_overdue(now, ALERTS_PER_RUN)
                .map_err(AppError::from)
        })?;
        for alert in overdue {
            pass.overdue += 1;
            pass.escalated += u64::from(escalate_one(house, &scope, &alert)?);
        }
    }
    Ok(pass)
}

fn escalate_one(house: &House, scope: &TenantScope, alert: &AlertRecord) -> Result<bool, AppError> {
    let now = house.now();
    let Some(standing) = life::tick(&alert.standing, now) else {
        return Ok(false);
    };
    let moved = scope.change(now, |writer| {
        if !writer.alert_move(alert, &standing, Party::System, None, "")? {
            return Err(AppError::Stale);
        }
        let id = alert.id.to_string();
        let change = json!({
            "old": alert.standing.state.as_str(),
            "new": AlertState::Escalated.as_str(),
        });
        announce(writer, "alert.escalated", &id, &change)?;
        Ok(AuditNote::new("alert.escalated", format!("alert {id}"))
            .detail(change)
            .returning(()))
    });
    match moved {
        Ok(()) => Ok(true),
        Err(AppError::Stale) => Ok(false),
        Err(error) => Err(error),
    }
}
