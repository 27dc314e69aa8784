//! What proves a pack: its place in a list with a hash, the documents it went out with, and the acts of the audit trail.
//!
//! **What it proves.** Whoever has the serial list (one serial a line, sorted by bytes) computes its SHA-256 and finds the
//! pack at the place that is told: the pack belongs to what was stored from that upload, and the list has not changed since
//! the audit entry of the upload's commit and the receipt told its hash. Whoever has a document computes its SHA-256; the
//! acknowledgement id is the far side's, who can be asked for it. Each audit entry comes with every byte that its hash is
//! made of and the hash before it, so that anyone computes it again as [`packtwin_core::audit`] says.
//!
//! **What it does not prove.** An entry by itself shows that it was not changed after its hash was told elsewhere, not that
//! none was left out: for that the chain between two checkpoints is followed whole (`packtwin audit verify`). Nothing here is
//! signed; the checkpoints are. That a physical pack exists, and that the far side still holds what it acknowledged, no
//! record of ours can prove. Serves URS-SN-009 and URS-AT-009.

use packtwin_core::audit::Hash;
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::Permission;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::{ChainedEntry, StoredEntry};
use serde_json::Value;

use super::message::{PackMessage, Tells, load_of, place_of, told_of};
use super::twin::{PackTwin, twin_now};
use crate::desk::Desk;
use crate::error::AppError;
use crate::lot;

/// Entries told at most; more concern no pack of this road.
const ENTRIES_MAX: i64 = 1_000;

/// What proves a pack.
#[derive(Debug, Clone)]
pub struct PackProof {
    /// When it was made.
    pub made_at: Timestamp,
    /// The pack.
    pub twin: PackTwin,
    /// Its place in a list with a hash.
    pub list: ListProof,
    /// The messages that told of it, the newest first.
    pub messages: Vec<PackMessage>,
    /// The acts that concern it; `None` for whoever may not read the audit trail.
    pub audit: Option<AuditProof>,
}

/// A pack's place in what was stored.
#[derive(Debug, Clone)]
pub struct ListProof {
    /// The upload that brought it.
    pub upload: String,
    /// The file's name at the sender.
    pub file_name: String,
    /// The SHA-256 of the original.
    pub original_sha256: Option<Hash>,
    /// The SHA-256 of the serial list.
    pub sha256: Option<Hash>,
    /// How many serials the list has.
    pub packs: u64,
    /// The line on which the pack stands, counted from 1.
    pub line: u64,
    /// When the list became visible.
    pub stored_at: Option<Timestamp>,
}

/// The acts that concern a pack.
#[derive(Debug, Clone)]
pub struct AuditProof {
    /// The entries, the oldest first, each with the hash before it.
    pub entries: Vec<ChainedEntry>,
    /// Whether these are all; otherwise the first thousand are told.
    pub is_whole: bool,
    /// The last entry of the whole chain at this moment.
    pub head: Option<StoredEntry>,
}

/// What proves a pack.
///
/// # Errors
/// There is no such pack; its serial list is damaged; the caller may not.
pub fn proof_of_pack(
    desk: &Desk<'_>,
    code: &ProductCode,
    serial: &Serial,
) -> Result<PackProof, AppError> {
    desk.require(Permission::LotsRead)?;
    let (twin, load, upload) = desk.scope().read(|reader| {
        let twin = twin_now(reader, code, serial)?;
        let load = load_of(reader, &twin)?;
        let upload = reader.upload_get(load.upload)?.ok_or(AppError::NotFound)?;
        Ok::<_, AppError>((twin, load, upload))
    })?;
    let place = place_of(desk, &load, serial)?;
    let messages = told_of(desk, &twin, place)?;
    let upload_name = upload.id.to_string();
    let audit = match desk.may(Permission::AuditRead) {
        true => Some(acts(desk, &twin, code, &upload_name, &messages)?),
        false => None,
    };
    Ok(PackProof {
        made_at: desk.now(),
        list: ListProof {
            upload: upload_name,
            file_name: upload.file_name,
            original_sha256: upload.sha256,
            sha256: load.list_sha256,
            packs: load.packs,
            line: place + 1,
            stored_at: load.visible_at,
        },
        twin,
        messages,
        audit,
    })
}

/// The acts on the upload that brought the pack, on its lot, its product's withdrawal, and the messages that told of it.
fn acts(
    desk: &Desk<'_>,
    twin: &PackTwin,
    code: &ProductCode,
    upload: &str,
    messages: &[PackMessage],
) -> Result<AuditProof, AppError> {
    let mut objects = vec![format!("upload {upload}")];
    // An act on a product or lot is kept under the code by which it was named: the NTIN or the PPN of one PZN.
    for code in [&twin.product.code, code] {
        objects.push(lot::audit_name(code, &twin.lot.batch));
        objects.push(format!("product {code}"));
    }
    let named: Vec<String> = messages
        .iter()
        .map(|told| told.message.id.to_string())
        .collect();
    objects.extend(named.iter().map(|id| format!("message {id}")));
    let (mut entries, head) = desk.scope().read(|reader| {
        let entries = reader.audit_list_of_objects(&objects, ENTRIES_MAX + 1)?;
        let head = reader.audit_list_before(i64::MAX, None, 1)?.pop();
        Ok::<_, AppError>((entries, head))
    })?;
    let is_whole = entries.len() as i64 <= ENTRIES_MAX;
    entries.truncate(ENTRIES_MAX as usize);
    let of_pack: Vec<&str> = messages
        .iter()
        .zip(&named)
        .filter(|(told, _)| told.tells == Tells::OfPack)
        .map(|(_, id)| id.as_str())
        .collect();
    entries.retain(|chained| concerns(&chained.stored, &of_pack));
    Ok(AuditProof {
        entries,
        is_whole,
        head,
    })
}

/// Whether an entry of these objects is about this pack: changes of state name the message that carries their packs, and
/// of a product's entries only a withdrawal reaches its packs.
fn concerns(stored: &StoredEntry, messages_of_pack: &[&str]) -> bool {
    let entry = &stored.entry;
    if entry.action == "pack.state_changed" {
        let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
        return detail["message"]
            .as_str()
            .is_some_and(|message| messages_of_pack.contains(&message));
    }
    !entry.object.starts_with("product ") || entry.action == "product.withdrawn"
}
