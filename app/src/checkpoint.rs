//! The audit chains against what was sealed outside the database: sealing them, and verifying them (URS-AT-005).
//!
//! Sealing is part of the hourly upkeep. A chain that does not go on from its last checkpoint is not sealed again: the old
//! checkpoint stays, the operator is told every time, and the verification names the place. What a checkpoint is and how
//! it is signed, `packtwin_tenants::checkpoint` says.

use std::path::Path;

use packtwin_core::audit::ChainBroken;
use packtwin_core::ids::TenantId;
use packtwin_core::time::Timestamp;
use packtwin_tenants::checkpoint::{CheckpointFault, Sealing};
use packtwin_tenants::site::Site;

use crate::error::AppError;
use crate::house::House;

/// What one run of sealing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckpointPass {
    /// Chains that got a checkpoint.
    pub sealed: u64,
    /// Chains that were not sealed because something does not hold.
    pub broken: u64,
}

/// Seals the chain of every tenant and of the platform, as far as each has grown or a day has begun.
///
/// # Errors
/// The tenants could not be listed, or the store or its folder failed.
pub fn seal_audit_chains(house: &House) -> Result<CheckpointPass, AppError> {
    let mut pass = CheckpointPass::default();
    for (tenant, _) in chains(house.site())? {
        let broken = match house.site().checkpoint_write(tenant, house.now()) {
            Ok(Sealing::Written(_)) => {
                pass.sealed += 1;
                continue;
            }
            Ok(Sealing::Unchanged) => continue,
            Ok(Sealing::Broken(broken)) => broken.to_string(),
            Err(CheckpointFault::Store(error)) => return Err(error.into()),
            Err(fault) => fault.to_string(),
        };
        pass.broken += 1;
        tracing::error!(
            tenant = tenant.0,
            broken,
            "an audit chain does not go on from its last checkpoint and was not sealed"
        );
    }
    Ok(pass)
}

/// What a verification found of one chain.
#[derive(Debug)]
pub struct ChainReport {
    /// The tenant's short name, or `platform`.
    pub tenant: String,
    /// Entries of the chain, or why it does not hold.
    pub chain: Result<i64, ChainFault>,
    /// How many checkpoints it was compared with.
    pub checkpoints: u64,
    /// When the newest of them was taken.
    pub sealed_at: Option<Timestamp>,
}

/// Why a chain is not believed.
#[derive(Debug, thiserror::Error)]
pub enum ChainFault {
    /// The chain does not hold.
    #[error(transparent)]
    Broken(#[from] ChainBroken),
    /// A checkpoint was changed or is another site's.
    #[error(transparent)]
    Checkpoint(CheckpointFault),
}

/// Follows every chain from its beginning and compares it with the checkpoints in a folder: the site's own, or a copy kept
/// elsewhere.
///
/// # Errors
/// The store or the folder failed. What does not hold is in the reports.
pub fn verify_audit_chains(site: &Site, folder: &Path) -> Result<Vec<ChainReport>, AppError> {
    let mut reports = Vec::new();
    for (tenant, name) in chains(site)? {
        let mut report = ChainReport {
            tenant: name,
            chain: Ok(0),
            checkpoints: 0,
            sealed_at: None,
        };
        match site.checkpoint_list(folder, tenant) {
            Ok(checkpoints) => {
                let scope = site.system_scope(tenant, "audit verify");
                let verified = scope.read(|reader| reader.audit_verify_against(&checkpoints))?;
                report.chain = verified.map_err(ChainFault::Broken);
                report.checkpoints = checkpoints.len() as u64;
                report.sealed_at = checkpoints.iter().map(|checkpoint| checkpoint.at).max();
            }
            Err(CheckpointFault::Store(error)) => return Err(error.into()),
            Err(fault) => report.chain = Err(ChainFault::Checkpoint(fault)),
        }
        reports.push(report);
    }
    Ok(reports)
}

/// Every chain of the site: the platform's and each tenant's.
fn chains(site: &Site) -> Result<Vec<(TenantId, String)>, AppError> {
    let platform = site.platform_scope("audit").actor().tenant();
    let mut chains = vec![(platform, "platform".to_owned())];
    chains.extend(
        site.tenant_list()?
            .into_iter()
            .map(|tenant| (tenant.id, tenant.short_name)),
    );
    Ok(chains)
}
