//! Stretches: the sorted rows on their way into the store, and the serial lists written from the same reading.
//!
//! A thread of its own reads the rows once, writes the list of every load and cuts what is to be stored into stretches;
//! whoever stores them takes one while the next is being cut. Rows that an earlier attempt stored are in the lists and in
//! no stretch. Serves URS-SN-006. What a stretch means for job and store is `commit`'s to say.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::SyncSender;

use packtwin_core::ids::{LoadNo, ProductNo};
use packtwin_core::serial::Serial;
use packtwin_tenants::blob::{BlobWriter, Blobs, Stored};
use packtwin_tenants::error::StoreError;

use super::spool::{Entry, EntryFile};
use crate::error::AppError;

/// Stretches that wait to be stored.
pub(super) const WAITING_MAX: usize = 1;

/// Where the rows of a lot of the file go.
pub(super) struct Target {
    /// The number of the lot in the file.
    pub(super) lot: u16,
    pub(super) product: ProductNo,
    pub(super) load: LoadNo,
}

/// Packs of one product, in the order of serials.
pub(super) struct Stretch {
    /// `None` when none of its rows is to be stored.
    pub(super) product: Option<ProductNo>,
    pub(super) packs: Vec<(Serial, LoadNo)>,
    /// Rows of the file that are done once this stretch is.
    pub(super) done: u64,
}

/// The stored lists, by the number of their lot in the file.
pub(super) type Lists = HashMap<u16, Stored>;

/// Cuts the rows after the first `done` into stretches of at most `rows_max` packs and lists all of them. A receiver that
/// has gone ends the work early, with no list.
///
/// # Errors
/// The sorted rows or a list failed.
pub(super) fn cut(
    sorted: &Path,
    targets: Vec<Target>,
    blobs: &Blobs,
    (done, rows_max): (u64, usize),
    out: &SyncSender<Stretch>,
) -> Result<Lists, AppError> {
    let mut rows = EntryFile::open(sorted)?;
    let mut listed = ListedTargets::open(targets, blobs)?;
    let mut cutter = Cutter::new(rows_max);
    let mut seen = 0;
    while let Some(entry) = rows.next_entry()? {
        if seen >= done && cutter.ends_before(&entry) && out.send(cutter.cut(seen)).is_err() {
            return Ok(Lists::new());
        }
        seen += 1;
        let Some(target) = listed.of(entry.lot()) else {
            continue;
        };
        let serial = entry.serial().ok_or(StoreError::Damaged {
            what: "sorted rows",
        })?;
        target.list(&serial)?;
        if seen > done {
            cutter.take(&entry, serial, &target.target);
        }
    }
    if seen > done && out.send(cutter.cut(seen)).is_err() {
        return Ok(Lists::new());
    }
    listed.finish()
}

/// Gathers one stretch after the other.
struct Cutter {
    rows_max: usize,
    packs: Vec<(Serial, LoadNo)>,
    /// The product's number in the file and in the store.
    product: Option<(u16, ProductNo)>,
}

impl Cutter {
    fn new(rows_max: usize) -> Self {
        Cutter {
            rows_max,
            packs: Vec::with_capacity(rows_max),
            product: None,
        }
    }

    fn ends_before(&self, next: &Entry) -> bool {
        let other_product = self
            .product
            .is_some_and(|(index, _)| index != next.product());
        other_product || self.packs.len() == self.rows_max
    }

    fn take(&mut self, entry: &Entry, serial: Serial, target: &Target) {
        self.product
            .get_or_insert((entry.product(), target.product));
        self.packs.push((serial, target.load));
    }

    fn cut(&mut self, done: u64) -> Stretch {
        Stretch {
            product: self.product.take().map(|(_, product)| product),
            packs: std::mem::replace(&mut self.packs, Vec::with_capacity(self.rows_max)),
            done,
        }
    }
}

/// The targets with their open lists, found by lot without a search.
struct ListedTargets(Vec<Option<ListedTarget>>);

struct ListedTarget {
    target: Target,
    list: BufWriter<BlobWriter>,
}

impl ListedTargets {
    fn open(targets: Vec<Target>, blobs: &Blobs) -> io::Result<Self> {
        let mut places = Vec::new();
        for target in targets {
            let place = usize::from(target.lot);
            if places.len() <= place {
                places.resize_with(place + 1, || None);
            }
            let list = BufWriter::new(blobs.create()?);
            places[place] = Some(ListedTarget { target, list });
        }
        Ok(ListedTargets(places))
    }

    fn of(&mut self, lot: u16) -> Option<&mut ListedTarget> {
        self.0.get_mut(usize::from(lot))?.as_mut()
    }

    fn finish(self) -> Result<Lists, AppError> {
        let mut lists = Lists::new();
        for ListedTarget { target, list } in self.0.into_iter().flatten() {
            let list = list.into_inner().map_err(io::IntoInnerError::into_error)?;
            lists.insert(target.lot, list.finish()?);
        }
        Ok(lists)
    }
}

impl ListedTarget {
    /// One serial a line.
    fn list(&mut self, serial: &Serial) -> io::Result<()> {
        self.list.write_all(serial.as_bytes())?;
        self.list.write_all(b"\n")
    }
}
