//! What the house does by itself every now and then: ends what its legal or technical time has ended.
//!
//! Safe to run twice, and to be cut anywhere: the next run does the rest. Retention is Regulation (EU) 2016/161 Art. 4(d)
//! and 33(4): packs leave one year after their expiry or five years after release, whichever is later, and only then may
//! a serial be given again (URS-SN-004).

use packtwin_core::ids::{LotNo, ProductNo};
use packtwin_core::serial::Serial;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::{Housekeeping, TenantScope};
use packtwin_tenants::store::load::LoadState;

use crate::checkpoint::seal_audit_chains;
use crate::error::AppError;
use crate::house::House;

/// Lots whose packs are removed in one run, of each tenant.
const LOTS_PER_RUN: i64 = 20;
/// Packs removed in one transaction.
const PACKS_PER_CHANGE: i64 = 20_000;

/// What one run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpkeepPass {
    /// Packs whose retention is over and that were removed.
    pub packs_purged: u64,
    /// Remembered answers, sessions, deliveries and sign-in counters that were removed.
    pub swept: u64,
    /// Audit chains that were sealed outside the database.
    pub chains_sealed: u64,
    /// Audit chains that could not be sealed, because they do not hold or their last checkpoint cannot be believed.
    pub chains_broken: u64,
}

/// One run over all tenants.
///
/// # Errors
/// The store failed; what was done until then stays.
pub fn upkeep(house: &House) -> Result<UpkeepPass, AppError> {
    let mut pass = UpkeepPass::default();
    for tenant in house.site().tenant_list()? {
        let scope = house.site().system_scope(tenant.id, "upkeep");
        pass.packs_purged += purge_past_retention(house, &scope)?;
        pass.swept += scope.housekeep(house.now(), Housekeeping::Sweep, |writer| {
            let answers = writer.idempotency_sweep()? as u64;
            let sessions = writer.session_sweep()? as u64;
            let deliveries = writer.webhook_delivery_sweep()?;
            Ok::<_, StoreError>(answers + sessions + deliveries)
        })?;
    }
    pass.swept += house.site().throttle_sweep(house.now())? as u64;
    let sealed = seal_audit_chains(house)?;
    pass.chains_sealed = sealed.sealed;
    pass.chains_broken = sealed.broken;
    Ok(pass)
}

/// Frees what workers held that are known to be dead, and the keys of requests they never answered, so that a restart goes
/// on at once instead of after their leases. Only for a process that knows itself to be the site's one worker, and before
/// it takes requests.
///
/// # Errors
/// The store failed.
pub fn take_over(house: &House) -> Result<u64, AppError> {
    let mut freed = 0;
    for tenant in house.site().tenant_list()? {
        let scope = house.site().system_scope(tenant.id, "take over");
        freed += scope.housekeep(house.now(), Housekeeping::Lease, |writer| {
            let leases = writer.outbox_release_all()? + writer.job_release_all()?;
            Ok::<_, StoreError>(leases + writer.idempotency_release_all()?)
        })?;
    }
    Ok(freed)
}

fn purge_past_retention(house: &House, scope: &TenantScope) -> Result<u64, AppError> {
    let today = house.now().date();
    let lots = scope.read(|reader| {
        reader
            .lot_past_retention(today, LOTS_PER_RUN)
            .map_err(AppError::from)
    })?;
    let mut purged = 0;
    for (product, lot) in lots {
        purged += purge_lot(house, scope, product, lot)?;
    }
    Ok(purged)
}

fn purge_lot(
    house: &House,
    scope: &TenantScope,
    product: ProductNo,
    lot: LotNo,
) -> Result<u64, AppError> {
    let mut packs = 0;
    for load in scope.read(|reader| {
        reader
            .load_list_of_lot(product, lot)
            .map_err(AppError::from)
    })? {
        if load.state != LoadState::Visible {
            continue;
        }
        let mut after: Option<Serial> = None;
        loop {
            let removal = scope.housekeep(house.now(), Housekeeping::Sweep, |writer| {
                writer
                    .pack_purge(product, load.no, after.as_ref(), PACKS_PER_CHANGE)
                    .map_err(AppError::from)
            })?;
            packs += removal.removed;
            after = removal.next;
            if after.is_none() {
                break;
            }
        }
        scope.change(house.now(), |writer| {
            writer.load_purged(product, load.no)?;
            let told = serde_json::json!({ "load": load.no.0, "packs": load.packs });
            let note =
                AuditNote::new("load.purged", format!("product {product} lot {lot}")).detail(told);
            Ok::<_, AppError>(note.reason("retention is over").returning(()))
        })?;
    }
    Ok(packs)
}
