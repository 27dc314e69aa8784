//! The second pass of a check: sorted rows show duplicates as neighbours, and the store is asked in sorted stretches.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use packtwin_core::ids::{LoadNo, ProductNo, UploadId};
use packtwin_core::serial::Serial;
use packtwin_tenants::scope::{Reader, TenantScope};

use super::Interrupted;
use crate::error::AppError;
use crate::job::JobDesk;
use crate::upload::ledger::WorkFiles;
use crate::upload::spool::{Entry, EntryWriter, Sorted, Spool};
use crate::upload::tally::Tally;

/// Serials looked up in the store at once.
const LOOK_UP_ROWS: usize = 20_000;

/// What the second pass found in one row; its words are written when all is in row order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cross {
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

    pub(super) fn read(entry: &Entry) -> (u64, Cross) {
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
pub(super) fn compare_rows(
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
