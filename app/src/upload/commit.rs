//! The commit: the rows of chosen lots become packs, all at once or not at all.
//!
//! 1. One change makes the lots and their loads, state *storing*: nobody sees packs of such a load.
//! 2. The serial list of each load is written, sorted, under its hash: the body of the commissioning fact. A second thread
//!    does it from the same reading that cuts the stretches.
//! 3. Packs are stored in stretches, each in a transaction with the job's progress, so that after a kill the work goes on
//!    at the very row where it stopped, and a cancel takes everything back.
//! 4. One change makes all loads visible, records the facts, tells the webhooks.
//!
//! If another upload stored one of the packs in between, or the lot with other values, nothing of this commit remains and
//! the file is checked again. A lot is seen with its first visible load, and goes with the last load that is taken back.
//! Serves URS-SN-006, URS-SN-007, URS-SN-008.

use std::collections::HashMap;
use std::sync::mpsc;

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::{FactKind, LotHead};
use packtwin_core::ids::{LoadNo, LotNo, ProductNo, UploadId};
use packtwin_core::lot::retention_until;
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::serial::Serial;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::blob::hex;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::{Housekeeping, Writer};
use packtwin_tenants::store::fact::NewFact;
use packtwin_tenants::store::load::LoadState;
use packtwin_tenants::store::lot::NewLot;
use packtwin_tenants::store::upload::{UploadRecord, UploadState};
use packtwin_tenants::store::upload_result::UploadLot;

use super::judge::differing_values;
use super::ledger::WorkFiles;
use super::receive::queue_check;
use super::spool::EntryFile;
use super::stretch::{self, Lists, Stretch, Target, WAITING_MAX};
use super::{UploadDetail, all_lots, audit_name, upload_of};
use crate::error::AppError;
use crate::job::{JobDesk, JobEnd, counted};
use crate::lot::lot_name;

/// The kind of the commit's job.
pub const COMMIT_JOB: &str = "upload.commit";

/// Packs removed in one transaction when a commit is taken back.
const DISCARD_ROWS: i64 = 20_000;

/// Runs the commit of the upload that the job names.
///
/// # Errors
/// The store or a file failed; the job goes on where it stopped when it is claimed again.
pub fn run_commit(desk: &JobDesk<'_>) -> Result<JobEnd, AppError> {
    let id: UploadId = desk.object().parse().map_err(|_| AppError::NotFound)?;
    let upload = desk.scope().read(|reader| upload_of(reader, id))?;
    if upload.state != UploadState::Committing {
        return Ok(JobEnd::done(
            "the upload is no longer waiting for its commit",
        ));
    }
    let files = WorkFiles::new(desk.scope().blobs().work_folder(id)?);
    if !files.sorted().exists() {
        let text = "Nothing was stored: the sorted rows of the check were gone. The file was checked again; commit it once \
                    more.";
        // An attempt before may have stored some of it.
        take_back(desk, id)?;
        check_again(desk, id, Code::UploadState, text)?;
        return Ok(JobEnd::Failed(text.to_owned()));
    }
    let opened = match open_loads(desk, &upload) {
        // Another commit made the same lot at the same moment: it is compared with.
        Err(AppError::Store(StoreError::Taken)) => open_loads(desk, &upload),
        opened => opened,
    };
    let plan = match opened {
        Err(AppError::Refused(differing)) if differing.code() != Code::StorageFull => {
            take_back(desk, id)?;
            let text = format!("Nothing was stored: {differing}. The file was checked again.");
            check_again(desk, id, differing.code(), &text)?;
            return Ok(JobEnd::Failed(text));
        }
        opened => opened?,
    };
    let committed =
        store_packs(desk, &plan, &files).and_then(|lists| publish(desk, &upload, &plan, &lists));
    match committed {
        Err(AppError::Stale) if !desk.is_lost() => {
            cancel_commit(desk, id)?;
            Ok(JobEnd::Cancelled)
        }
        Err(AppError::Store(StoreError::Taken)) => {
            take_back(desk, id)?;
            let text = "Nothing was stored: another upload stored one of these packs meanwhile. The file was checked again; \
                        its findings name the rows.";
            check_again(desk, id, Code::UploadSerialTaken, text)?;
            Ok(JobEnd::Failed(text.to_owned()))
        }
        other => other,
    }
}

/// The loads of this commit, by the number of their lot in the file.
struct Plan {
    loads: HashMap<u16, PlannedLoad>,
}

impl Plan {
    fn targets(&self) -> Vec<Target> {
        let target = |(lot, planned): (&u16, &PlannedLoad)| Target {
            lot: *lot,
            product: planned.product,
            load: planned.load,
        };
        self.loads.iter().map(target).collect()
    }
}

#[derive(Clone)]
struct PlannedLoad {
    product: ProductNo,
    lot: LotNo,
    load: LoadNo,
    rows: u64,
    name: String,
}

/// Makes lots and loads, or finds those that an earlier attempt of this job made.
fn open_loads(desk: &JobDesk<'_>, upload: &UploadRecord) -> Result<Plan, AppError> {
    let detail = UploadDetail::from_record(upload);
    let job = desk.claim().job.id;
    desk.scope().change(desk.now(), |writer| {
        let mut lots = all_lots(writer, upload.id)?;
        lots.retain(|lot| {
            let chosen = detail.commit.is_empty() || detail.commit.contains(&lot.index);
            chosen && is_right(lot)
        });
        let mut faults = Vec::new();
        for lot in lots.iter().filter(|lot| lot.load.is_none()) {
            faults.extend(stored_meanwhile(writer, lot, &detail)?);
        }
        Refusals::check(faults)?;
        let mut loads = HashMap::new();
        for lot in lots {
            let (Some(product), Some(version)) = (lot.product, lot.version) else {
                continue;
            };
            let load = match open_load_of(writer, &lot, product)? {
                OpenLoad::Visible => continue,
                OpenLoad::Storing(load) => load,
                OpenLoad::None => new_load(writer, upload.id, &lot, &detail, product, version)?,
            };
            let of = writer
                .load_get(product, load)?
                .ok_or(AppError::NotFound)?
                .lot;
            let code = writer.product_get(product)?.ok_or(AppError::NotFound)?.code;
            let batch = writer
                .lot_get(product, of)?
                .ok_or(AppError::NotFound)?
                .batch;
            let name = lot_name(&code, &batch);
            loads.insert(
                lot_key(&lot)?,
                PlannedLoad {
                    product,
                    lot: of,
                    load,
                    rows: lot.rows_right,
                    name,
                },
            );
        }
        let told = serde_json::json!({ "lots": loads.len(), "job": job.to_string() });
        let note = AuditNote::new("upload.commit_opened", audit_name(upload.id)).detail(told);
        Ok::<_, AppError>(note.returning(Plan { loads }))
    })
}

/// Whether a stored lot line can be committed.
pub(super) fn is_right(lot: &UploadLot) -> bool {
    lot.rows_right > 0 && lot.rows_wrong == 0 && lot.blocked_by.is_empty()
}

enum OpenLoad {
    None,
    Storing(LoadNo),
    Visible,
}

fn open_load_of(
    writer: &mut Writer<'_>,
    lot: &UploadLot,
    product: ProductNo,
) -> Result<OpenLoad, AppError> {
    let Some(load) = lot.load else {
        return Ok(OpenLoad::None);
    };
    Ok(
        match writer.load_get(product, load)?.map(|record| record.state) {
            Some(LoadState::Storing) => OpenLoad::Storing(load),
            Some(LoadState::Visible | LoadState::Purged) => OpenLoad::Visible,
            None => OpenLoad::None,
        },
    )
}

fn new_load(
    writer: &mut Writer<'_>,
    upload: UploadId,
    line: &UploadLot,
    detail: &UploadDetail,
    product: ProductNo,
    version: u32,
) -> Result<LoadNo, AppError> {
    let head = head_of_line(line, detail, writer.at().year())?;
    let lot = match writer.lot_find(product, &head.batch)? {
        Some(lot) => lot.no,
        None => {
            let today = writer.at().date();
            writer.lot_create(&NewLot {
                product,
                batch: head.batch,
                expiry: head.expiry,
                manufactured: head.manufactured,
                version,
                produced: None,
                released_on: None,
                retention_until: retention_until(head.expiry.last_day(), today),
            })?
        }
    };
    let load = writer.load_create(product, lot, upload)?;
    writer.upload_lot_loaded(upload, line.index, load)?;
    Ok(load)
}

/// What stands against a load of a lot that was made since the check, by another upload: a lot has one expiry, one
/// manufacturing date and one product version, whoever came first.
fn stored_meanwhile(
    writer: &mut Writer<'_>,
    line: &UploadLot,
    detail: &UploadDetail,
) -> Result<Vec<Refusal>, AppError> {
    let (Some(no), Some(version)) = (line.product, line.version) else {
        return Ok(Vec::new());
    };
    let head = head_of_line(line, detail, writer.at().year())?;
    let Some(stored) = writer.lot_find(no, &head.batch)? else {
        return Ok(Vec::new());
    };
    let LotHead { product, batch, .. } = &head;
    let mut faults: Vec<Refusal> = differing_values(&stored, &head)
        .into_iter()
        .map(|code| {
            let value = match code {
                Code::UploadExpiryDiffersFromLot => "expiry",
                _ => "manufacturing date",
            };
            let text = format!(
                "another upload brought lot {batch} of product {product} meanwhile, with another {value}"
            );
            Refusal::new(code, text)
        })
        .collect();
    if stored.version != version {
        let text = format!(
            "another upload brought lot {batch} of product {product} meanwhile, in product version {}",
            stored.version
        );
        faults.push(Refusal::new(Code::UploadOtherVersion, text));
    }
    Ok(faults)
}

/// The number of a lot in the sorted rows.
fn lot_key(line: &UploadLot) -> Result<u16, AppError> {
    u16::try_from(line.index).map_err(|_| AppError::Store(StoreError::Damaged { what: "lot line" }))
}

/// The checked values of a lot line: the check wrote them in their canonical form.
fn head_of_line(
    line: &UploadLot,
    detail: &UploadDetail,
    reference_year: i32,
) -> Result<LotHead, AppError> {
    let damaged = || AppError::Store(StoreError::Damaged { what: "lot line" });
    Ok(LotHead {
        product: ProductCode::parse(&line.product_text).map_err(|_| damaged())?,
        batch: BatchNumber::parse(&line.batch_text).map_err(|_| damaged())?,
        expiry: Expiry::parse(&line.expiry_text, reference_year).map_err(|_| damaged())?,
        manufactured: detail
            .manufactured
            .get(&line.index)
            .and_then(|day| day.parse().ok()),
    })
}

/// Stores the packs, stretch by stretch, while the next is cut and the lists are written. [`AppError::Stale`] when the job
/// was cancelled.
fn store_packs(desk: &JobDesk<'_>, plan: &Plan, files: &WorkFiles) -> Result<Lists, AppError> {
    let rows = EntryFile::open(&files.sorted())?.left();
    desk.begin(rows);
    let done = desk.claim().job.done.min(rows);
    let rows_max = desk.house().settings().store_rows_per_change;
    let blobs = desk.scope().blobs();
    let (sender, stretches) = mpsc::sync_channel(WAITING_MAX);
    std::thread::scope(|threads| {
        let cutting = threads.spawn(move || {
            let sorted = files.sorted();
            stretch::cut(&sorted, plan.targets(), &blobs, (done, rows_max), &sender)
        });
        let stored = stretches
            .into_iter()
            .try_for_each(|stretch| store_stretch(desk, &stretch));
        // The receiver has gone by now, so the other thread ends. Its panic would be this thread's own.
        let lists = cutting
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        stored.and(lists)
    })
}

fn store_stretch(desk: &JobDesk<'_>, stretch: &Stretch) -> Result<(), AppError> {
    desk.scope()
        .housekeep(desk.now(), Housekeeping::Invisible, |writer| {
            if !desk.progress_within(writer, stretch.done)? {
                return Err(AppError::Stale);
            }
            if let Some(product) = stretch.product {
                writer.pack_store_chunk(product, &stretch.packs)?;
            }
            Ok(())
        })
}

/// The one change that everybody sees.
fn publish(
    desk: &JobDesk<'_>,
    upload: &UploadRecord,
    plan: &Plan,
    lists: &Lists,
) -> Result<JobEnd, AppError> {
    let packs: u64 = plan.loads.values().map(|planned| planned.rows).sum();
    let lots = plan.loads.len();
    desk.scope().change(desk.now(), |writer| {
        // Whoever lost the lease must not publish beside the one who took it up.
        if !desk.progress_within(writer, desk.done())? {
            return Err(AppError::Stale);
        }
        let mut told = Vec::new();
        // Lots are locked in one order by every commit, so that two of them never wait for each other.
        let mut loads: Vec<_> = plan.loads.iter().collect();
        loads.sort_unstable_by_key(|(_, planned)| (planned.product, planned.lot));
        for (index, planned) in loads {
            let list = lists.get(index).ok_or(StoreError::Damaged { what: "serial list" })?;
            if !writer.load_publish(planned.product, planned.load, planned.rows, &list.sha256)? {
                return Err(AppError::Store(StoreError::Damaged { what: "load" }));
            }
            let detail = serde_json::json!({
                "packs": planned.rows, "list_sha256": hex(&list.sha256), "upload": upload.id.to_string(),
            });
            let at = writer.at();
            writer.fact_record(&NewFact {
                kind: FactKind::Commissioned,
                product: planned.product,
                lot: Some(planned.lot),
                load: Some(planned.load),
                packs: &[],
                at,
                detail: &detail.to_string(),
            })?;
            let product = writer.product_get(planned.product)?.ok_or(AppError::NotFound)?;
            crate::aggregation::queue_ground(writer, &product.code)?;
            told.push(serde_json::json!({ "lot": planned.name, "packs": planned.rows }));
        }
        let left = all_lots(writer, upload.id)?.iter().any(|lot| lot.load.is_none());
        let state = if left { UploadState::PartlyCommitted } else { UploadState::Committed };
        writer.upload_state(upload.id, &[UploadState::Committing], state, None, None)?;
        let told = serde_json::json!({ "packs": packs, "lots": told });
        crate::webhook::announce(writer, "upload.committed", &upload.id.to_string(), &told)?;
        Ok::<_, AppError>(AuditNote::new("upload.committed", audit_name(upload.id)).detail(told).returning(()))
    })?;
    Ok(JobEnd::done(format!(
        "{} in {} stored",
        counted(packs, "pack"),
        counted(lots as u64, "lot")
    )))
}

/// Ends a commit that someone cancelled: nothing of it remains, and it can be asked for again.
fn cancel_commit(desk: &JobDesk<'_>, upload: UploadId) -> Result<(), AppError> {
    take_back(desk, upload)?;
    desk.scope().change(desk.now(), |writer| {
        Ok::<_, AppError>(commit_cancelled(writer, upload)?.returning(()))
    })
}

/// Leads an upload whose commit was cancelled back to where it was before.
pub(crate) fn commit_cancelled(
    writer: &mut Writer<'_>,
    upload: UploadId,
) -> Result<AuditNote, AppError> {
    let committed = all_lots(writer, upload)?
        .iter()
        .any(|lot| lot.load.is_some());
    let before = match committed {
        true => UploadState::PartlyCommitted,
        false => UploadState::Checked,
    };
    writer.upload_state(upload, &[UploadState::Committing], before, None, None)?;
    Ok(AuditNote::new(
        "upload.commit_cancelled",
        audit_name(upload),
    ))
}

/// Removes what this upload's commit has stored, if anything. Nobody has seen any of it.
fn take_back(desk: &JobDesk<'_>, upload: UploadId) -> Result<(), AppError> {
    let mut loads = desk
        .scope()
        .read(|reader| reader.load_list_of_upload(upload))?;
    loads.retain(|load| load.state == LoadState::Storing);
    for load in &loads {
        let mut after: Option<Serial> = None;
        loop {
            let removal =
                desk.scope()
                    .housekeep(desk.now(), Housekeeping::Invisible, |writer| {
                        // From here on a killed commit begins at the first row again.
                        desk.progress_within(writer, 0)?;
                        let after = after.as_ref();
                        writer
                            .pack_discard_chunk(load.product, load.no, after, DISCARD_ROWS)
                            .map_err(AppError::from)
                    })?;
            after = removal.next;
            if after.is_none() {
                break;
            }
        }
    }
    desk.scope().change(desk.now(), |writer| {
        for load in &loads {
            writer.load_discard(load.product, load.no)?;
        }
        let told = serde_json::json!({ "loads": loads.len() });
        let note = AuditNote::new("upload.commit_taken_back", audit_name(upload)).detail(told);
        Ok::<_, AppError>(note.returning(()))
    })
}

/// Queues a new check. The upload says why, for whoever asked for the commit does not see its job's end.
fn check_again(
    desk: &JobDesk<'_>,
    upload: UploadId,
    code: Code,
    why: &str,
) -> Result<(), AppError> {
    desk.scope().change(desk.now(), |writer| {
        let record = upload_of(writer, upload)?;
        let mut detail = UploadDetail::from_record(&record);
        detail.commit_undone = Some((code.as_str().to_owned(), why.to_owned()));
        let job = queue_check(writer, &record)?;
        writer.upload_state(
            upload,
            &[UploadState::Committing],
            UploadState::Checking,
            Some(&detail.to_json()),
            Some(job),
        )?;
        let note = AuditNote::new("upload.check_again", audit_name(upload)).reason(why);
        Ok::<_, AppError>(note.returning(()))
    })
}
