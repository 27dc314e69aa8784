//! The check: the whole file is read, nothing is stored, everything is found.
//!
//! Three passes in flat memory. Reading finds the faults of single rows and spools the right ones; the sorted rows show
//! duplicates in the file and against the store; then all findings are brought together in row order. What remains is a
//! file of sorted rows, from which the commit stores packs.

use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::io;

use packtwin_connector_port::serial_file::{LotIndex, ReadRefused, SeenLot, SerialFileSink, Stop};
use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::ids::{LoadNo, ProductNo, UploadId};
use packtwin_core::serial::Serial;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::{Reader, TenantScope};
use packtwin_tenants::store::upload::{UploadRecord, UploadState};
use packtwin_tenants::store::upload_result::{FindingSum, UploadLot};

use super::judge::{judge_lots, lot_findings};
use super::ledger::{FindingReader, FindingWriter, Ledger, WorkFiles};
use super::read::{ReadOrder, read_serial_file};
use super::spool::{Entry, EntryWriter, Sorted, Spool};
use super::tally::{LotTally, Tally};
use super::{CheckSummary, UploadDetail, audit_name, upload_of};
use crate::error::AppError;
use crate::job::{JobDesk, JobEnd};

/// The kind of the check's job.
pub const CHECK_JOB: &str = "upload.check";

/// Serials looked up in the store at once.
const LOOK_UP_ROWS: usize = 20_000;

/// Runs the check of the upload that the job names.
///
/// # Errors
/// The store or a file failed; the job is tried again by whoever claims it next.
pub fn run_check(desk: &JobDesk<'_>) -> Result<JobEnd, AppError> {
    let id: UploadId = desk.object().parse().map_err(|_| AppError::NotFound)?;
    let upload = desk.scope().read(|reader| upload_of(reader, id))?;
    if upload.state != UploadState::Checking {
        return Ok(JobEnd::done(
            "the upload is no longer waiting for its check",
        ));
    }
    let mut detail = UploadDetail::from_record(&upload);
    let files = WorkFiles::new(desk.scope().blobs().work_folder(id)?);
    let outcome = match check(desk, &upload, &detail, &files) {
        Ok(outcome) => outcome,
        Err(Interrupted::Cancelled) => return Ok(JobEnd::Cancelled),
        Err(Interrupted::Refused(code, text)) => {
            detail.refused = Some((code.as_str().to_owned(), text.clone()));
            return fail(desk, id, &detail, code, &text);
        }
        Err(Interrupted::Failed(error)) => return Err(error),
    };
    detail.summary = Some(outcome.summary);
    detail.notes = outcome.notes;
    detail.manufactured = manufactured(&outcome.tally);
    detail.refused = None;
    let lots: Vec<UploadLot> = outcome
        .tally
        .lots
        .iter()
        .enumerate()
        .map(|(index, lot)| lot.stored(index))
        .collect();
    desk.scope().change(desk.now(), |writer| {
        writer.upload_findings_replace(id, &outcome.sums)?;
        writer.upload_lots_replace(id, &lots)?;
        writer.upload_state(id, &[UploadState::Checking], UploadState::Checked, Some(&detail.to_json()), None)?;
        let told = serde_json::json!({ "rows": outcome.summary.rows, "wrong": outcome.summary.rows_wrong });
        crate::webhook::announce(writer, "upload.checked", &id.to_string(), &told)?;
        Ok::<_, AppError>(AuditNote::new("upload.checked", audit_name(id)).detail(told).returning(()))
    })?;
    Ok(JobEnd::done(format!(
        "{} rows, {} wrong",
        outcome.summary.rows, outcome.summary.rows_wrong
    )))
}

fn manufactured(tally: &Tally) -> BTreeMap<u32, String> {
    let day = |(index, lot): (usize, &LotTally)| {
        let day = lot.head.as_ref()?.manufactured?;
        Some((u32::try_from(index).ok()?, day.to_string()))
    };
    tally.lots.iter().enumerate().filter_map(day).collect()
}

fn fail(
    desk: &JobDesk<'_>,
    id: UploadId,
    detail: &UploadDetail,
    code: Code,
    text: &str,
) -> Result<JobEnd, AppError> {
    desk.scope().change(desk.now(), |writer| {
        writer.upload_state(
            id,
            &[UploadState::Checking],
            UploadState::Failed,
            Some(&detail.to_json()),
            None,
        )?;
        let told = serde_json::json!({ "code": code.as_str(), "text": text });
        crate::webhook::announce(writer, "upload.checked", &id.to_string(), &told)?;
        Ok::<_, AppError>(
            AuditNote::new("upload.refused", audit_name(id))
                .detail(told)
                .returning(()),
        )
    })?;
    Ok(JobEnd::Failed(format!("{code}: {text}")))
}

/// Everything a check learns.
pub(super) struct Outcome {
    pub(super) summary: CheckSummary,
    pub(super) notes: Vec<String>,
    pub(super) tally: Tally,
    pub(super) sums: Vec<FindingSum>,
}

/// Why a check did not come to its end.
pub(super) enum Interrupted {
    Cancelled,
    /// The file cannot be read as a whole.
    Refused(Code, String),
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Interrupted {
    fn from(error: E) -> Self {
        Interrupted::Failed(error.into())
    }
}

fn check(
    desk: &JobDesk<'_>,
    upload: &UploadRecord,
    detail: &UploadDetail,
    files: &WorkFiles,
) -> Result<Outcome, Interrupted> {
    let accepted: BTreeSet<Code> = Code::ALL
        .iter()
        .copied()
        .filter(|code| detail.accepted.iter().any(|word| word == code.as_str()))
        .collect();
    let settings = desk.house().settings();
    let mut reading = Reading {
        desk,
        tally: Tally::default(),
        spool: Spool::new(files.folder(), "rows", settings.sort_rows_max),
        findings: FindingWriter::create(&files.read_findings())?,
        lots_max: settings.upload_lots_max,
        counts: Counts::default(),
        stopped: None,
    };
    let sha256 = upload.sha256.ok_or(AppError::NotFound)?;
    let order = ReadOrder {
        path: &desk.scope().blobs().path(&sha256),
        mapping: detail.mapping.as_deref(),
        accepted: &accepted,
        lots_max: u32::try_from(settings.upload_lots_max)
            .unwrap_or(u32::MAX)
            .saturating_mul(4),
        at: desk.now(),
    };
    desk.begin(upload.bytes_received);
    let read = read_serial_file(&order, &mut reading);
    if let Some(stopped) = reading.stopped {
        return Err(stopped);
    }
    let notes = match read {
        Ok(summary) => summary.notes,
        Err(ReadRefused::File(finding)) => {
            return Err(Interrupted::Refused(finding.code, finding.text));
        }
        Err(ReadRefused::Io(error)) => return Err(Interrupted::Failed(error.into())),
        Err(ReadRefused::Stopped(_)) => return Err(Interrupted::Cancelled),
    };
    let Reading {
        mut tally,
        spool,
        findings,
        counts,
        ..
    } = reading;
    findings.finish()?;

    let mut ledger = Ledger::create(&files.findings())?;
    let mut cross = Spool::new(files.folder(), "cross", settings.sort_rows_max);
    judge_lots(desk.scope(), upload.id, &mut tally)?;
    let sorted = spool.into_sorted()?;
    let keep_first = accepted.contains(&Code::UploadSerialTwiceInFile);
    let dropped = compare_rows(
        desk, upload.id, &mut tally, sorted, files, &mut cross, keep_first,
    )?;
    lot_findings(&mut ledger, &tally)?;
    let fixable = settle_findings(&mut ledger, files, cross.into_sorted()?, &tally, keep_first)?;

    let rows_right: u64 = tally.lots.iter().map(LotTally::rows_storable).sum();
    let all: u64 = tally
        .lots
        .iter()
        .map(|lot| lot.rows_right + lot.rows_wrong)
        .sum();
    let summary = CheckSummary {
        rows: counts.rows,
        rows_right,
        rows_fixed: counts.rows_fixed + dropped,
        rows_wrong: all - rows_right,
        rows_fixable: fixable,
        lots_right: tally.lots.iter().filter(|lot| lot.is_right()).count() as u64,
        lots: tally.lots.len() as u64,
    };
    Ok(Outcome {
        summary,
        notes,
        tally,
        sums: ledger.finish()?,
    })
}

#[derive(Default)]
struct Counts {
    rows: u64,
    rows_fixed: u64,
    last_fixed_row: u64,
    bytes: u64,
}

/// The first pass.
struct Reading<'a, 'h> {
    desk: &'a JobDesk<'h>,
    tally: Tally,
    spool: Spool,
    findings: FindingWriter,
    lots_max: usize,
    counts: Counts,
    stopped: Option<Interrupted>,
}

impl Reading<'_, '_> {
    fn keep(&mut self, outcome: io::Result<()>) -> Result<(), Stop> {
        outcome.map_err(|error| {
            self.stopped = Some(Interrupted::Failed(error.into()));
            Stop
        })
    }
}

impl SerialFileSink for Reading<'_, '_> {
    fn lot(&mut self, lot: SeenLot) -> Result<LotIndex, Stop> {
        let row = self.counts.rows + 1;
        match self.tally.combination(lot, row, self.lots_max) {
            Some(index) => Ok(LotIndex(index as u32)),
            None => {
                let text = format!("the file holds more than {} lots", self.lots_max);
                self.stopped = Some(Interrupted::Refused(Code::UploadTooManyLots, text));
                Err(Stop)
            }
        }
    }

    fn row(&mut self, row: u64, lot: LotIndex, serial: Option<Serial>) -> Result<(), Stop> {
        self.counts.rows += 1;
        let combination = self.tally.combinations[lot.0 as usize];
        match (serial, combination.product) {
            (Some(serial), Some(product)) => {
                let pushed = self
                    .spool
                    .push(Entry::new(product, &serial, combination.lot, row));
                self.keep(pushed)
            }
            (Some(_) | None, _) => {
                self.tally.lots[usize::from(combination.lot)].rows_wrong += 1;
                Ok(())
            }
        }
    }

    fn finding(&mut self, finding: Finding) -> Result<(), Stop> {
        if finding.severity == Severity::Fixed && finding.row != self.counts.last_fixed_row {
            self.counts.rows_fixed += 1;
            self.counts.last_fixed_row = finding.row;
        }
        let written = self.findings.push(&finding);
        self.keep(written)
    }

    fn progress(&mut self, bytes: u64) -> Result<(), Stop> {
        self.counts.bytes = bytes;
        match self.desk.progress(bytes) {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.stopped = Some(Interrupted::Cancelled);
                Err(Stop)
            }
            Err(error) => {
                self.stopped = Some(Interrupted::Failed(error));
                Err(Stop)
            }
        }
    }
}

/// What the second pass found in one row; its words are written when all is in row order.
#[derive(Debug, Clone, Copy)]
enum Cross {
    /// The same pack stands in an earlier row.
    Twice { first_row: u64 },
    /// The pack is stored already, in this lot of the store.
    Taken { product: ProductNo, load: i32 },
}

impl Cross {
    fn entry(self, row: u64) -> Entry {
        match self {
            Cross::Twice { first_row } => Entry::from_words([row, 0, first_row, 0]),
            Cross::Taken { product, load } => Entry::from_words([
                row,
                1,
                product.0.unsigned_abs().into(),
                load.unsigned_abs().into(),
            ]),
        }
    }

    fn read(entry: &Entry) -> (u64, Cross) {
        let [row, kind, first, second] = entry.words();
        let number = |word: u64| i32::try_from(word).unwrap_or(i32::MAX);
        let cross = match kind {
            0 => Cross::Twice { first_row: first },
            _ => Cross::Taken {
                product: ProductNo(number(first)),
                load: number(second),
            },
        };
        (row, cross)
    }
}

/// The second pass: duplicates are neighbours, and the store is asked in sorted stretches. Writes the rows that can be
/// stored; answers how many repeated rows were dropped because someone accepted to keep the first.
fn compare_rows(
    desk: &JobDesk<'_>,
    id: UploadId,
    tally: &mut Tally,
    mut sorted: Sorted,
    files: &WorkFiles,
    cross: &mut Spool,
    keep_first: bool,
) -> Result<u64, Interrupted> {
    let own_loads: BTreeSet<(ProductNo, i32)> = desk.scope().read(|reader| {
        let loads = reader.load_list_of_upload(id)?;
        Ok::<_, AppError>(loads.iter().map(|load| (load.product, load.no.0)).collect())
    })?;
    let mut out = EntryWriter::create(&files.sorted())?;
    let mut dropped = 0;
    let mut stretch: Vec<Entry> = Vec::with_capacity(LOOK_UP_ROWS);
    let mut group: Option<Entry> = None;
    loop {
        let next = sorted.next_entry()?;
        match (&mut group, next) {
            (Some(first), Some(entry)) if first.same_pack(&entry) => {
                // Of equal packs the one that stands first in the file stays, whatever lot it names.
                let (stays, goes) = if entry.row() < first.row() {
                    (entry, *first)
                } else {
                    (*first, entry)
                };
                *first = stays;
                if keep_first {
                    dropped += 1;
                } else {
                    tally.lots[usize::from(goes.lot())].rows_wrong += 1;
                }
                cross.push(
                    Cross::Twice {
                        first_row: stays.row(),
                    }
                    .entry(goes.row()),
                )?;
                continue;
            }
            _ => {}
        }
        let ended = std::mem::replace(&mut group, next);
        if let Some(entry) = ended {
            let other_product = stretch
                .last()
                .is_some_and(|last: &Entry| last.product() != entry.product());
            if stretch.len() == LOOK_UP_ROWS || other_product {
                compare_stretch(desk.scope(), tally, &stretch, &own_loads, &mut out, cross)?;
                stretch.clear();
                if !desk.still_wanted()? {
                    return Err(Interrupted::Cancelled);
                }
            }
            stretch.push(entry);
        }
        if group.is_none() {
            break;
        }
    }
    compare_stretch(desk.scope(), tally, &stretch, &own_loads, &mut out, cross)?;
    out.finish()?;
    Ok(dropped)
}

/// Asks the store for a stretch of rows of one product and passes on those that it does not hold.
fn compare_stretch(
    scope: &TenantScope,
    tally: &mut Tally,
    stretch: &[Entry],
    own_loads: &BTreeSet<(ProductNo, i32)>,
    out: &mut EntryWriter,
    cross: &mut Spool,
) -> Result<(), Interrupted> {
    let Some(first) = stretch.first() else {
        return Ok(());
    };
    let product = tally
        .lots
        .iter()
        .find(|lot| lot.product_index == Some(first.product()))
        .and_then(|lot| lot.product);
    let taken = match product {
        Some(product) => {
            scope.read(|reader| taken_in(reader, product, stretch, &mut tally.taken_lots))?
        }
        None => Vec::new(),
    };
    let mut taken = taken.into_iter().peekable();
    for entry in stretch {
        let lot = &mut tally.lots[usize::from(entry.lot())];
        let held = taken.next_if(|(serial, _)| entry.serial().as_ref() == Some(serial));
        match (held, product) {
            (Some((_, load)), Some(product)) if !own_loads.contains(&(product, load.0)) => {
                lot.rows_wrong += 1;
                cross.push(
                    Cross::Taken {
                        product,
                        load: load.0,
                    }
                    .entry(entry.row()),
                )?;
            }
            _ => {
                lot.rows_right += 1;
                out.push(entry)?;
            }
        }
    }
    Ok(())
}

/// The serials of a stretch that the store holds, in order; the names of their lots go into `lots`.
fn taken_in(
    reader: &mut Reader<'_>,
    product: ProductNo,
    stretch: &[Entry],
    lots: &mut BTreeMap<(ProductNo, i32), String>,
) -> Result<Vec<(Serial, LoadNo)>, AppError> {
    if !reader.pack_any(product)? {
        return Ok(Vec::new());
    }
    let serials: Vec<Serial> = stretch.iter().filter_map(Entry::serial).collect();
    let mut taken = reader.pack_existing(product, &serials)?;
    taken.sort_unstable_by_key(|(serial, _)| *serial);
    for (_, load) in &taken {
        if let btree_map::Entry::Vacant(place) = lots.entry((product, load.0)) {
            let record = reader.load_get(product, *load)?;
            let lot = record
                .map(|load| reader.lot_get(product, load.lot))
                .transpose()?
                .flatten();
            place.insert(lot.map_or(String::new(), |lot| lot.batch.to_string()));
        }
    }
    Ok(taken)
}

/// The third pass: findings of reading and of comparing, merged in row order. Answers how many rows have a proposal for
/// each of their errors.
fn settle_findings(
    ledger: &mut Ledger,
    files: &WorkFiles,
    mut cross: Sorted,
    tally: &Tally,
    keep_first: bool,
) -> Result<u64, Interrupted> {
    let mut read = FindingReader::open(&files.read_findings())?;
    let mut from_read = read.next_finding()?;
    let mut from_cross = cross.next_entry()?;
    let mut fixable = Fixable::default();
    loop {
        let cross_first = match (&from_read, &from_cross) {
            (Some(finding), Some(entry)) => Cross::read(entry).0 < finding.row,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => break,
        };
        let finding = if cross_first {
            let finding = from_cross
                .as_ref()
                .map(|entry| cross_finding(entry, tally, keep_first));
            from_cross = cross.next_entry()?;
            finding
        } else {
            let finding = from_read.take();
            from_read = read.next_finding()?;
            finding
        };
        if let Some(finding) = finding {
            fixable.take(&finding);
            ledger.push(&finding)?;
        }
    }
    drop(read);
    std::fs::remove_file(files.read_findings())?;
    Ok(fixable.finish())
}

/// Counts rows all of whose errors have a proposal.
#[derive(Default)]
struct Fixable {
    row: u64,
    errors: u64,
    proposals: u64,
    rows: u64,
}

impl Fixable {
    fn take(&mut self, finding: &Finding) {
        if finding.row != self.row {
            self.close();
            self.row = finding.row;
        }
        if finding.severity == Severity::Error {
            self.errors += 1;
            self.proposals += u64::from(finding.proposal.is_some());
        }
    }

    fn close(&mut self) {
        self.rows += u64::from(self.errors > 0 && self.errors == self.proposals);
        (self.errors, self.proposals) = (0, 0);
    }

    fn finish(mut self) -> u64 {
        self.close();
        self.rows
    }
}

fn cross_finding(entry: &Entry, tally: &Tally, keep_first: bool) -> Finding {
    let (row, cross) = Cross::read(entry);
    match cross {
        Cross::Twice { first_row } => {
            let text = format!("rows {first_row} and {row}: the same serial twice in this file");
            let finding = Finding::error(Code::UploadSerialTwiceInFile, row, "serial", text);
            let severity = if keep_first {
                Severity::Fixed
            } else {
                Severity::Error
            };
            Finding {
                severity,
                ..finding
            }
            .proposing(format!("keep row {first_row}"))
        }
        Cross::Taken { product, load } => {
            let code = tally.lots.iter().find(|lot| lot.product == Some(product));
            let code = code.map_or("", |lot| lot.product_text.as_str());
            let batch = tally
                .taken_lots
                .get(&(product, load))
                .map_or("", String::as_str);
            let text =
                format!("row {row}: this serial already exists for product {code} in lot {batch}");
            Finding::error(Code::UploadSerialTaken, row, "serial", text)
        }
    }
}
