//! The rows side by side: serials that stand twice, lots with two expiries, and the order in which the other form wants
//! its packs.

use packtwin_core::code::Code;
use packtwin_core::finding::Finding;
use packtwin_core::serial::Serial;

use super::gather::Gathered;
use super::lots::Lots;
use super::{Form, LotsWanted, NotTranslated, SORT_ROWS_MAX, TakeFinding, TranslateOrder};
use crate::upload::{Entry, Sorted, Spool};
use crate::whole_file::{serial_twice, two_expiries};

/// What can be written, as far as the input goes.
pub(super) struct Compared {
    pub(super) gathered: Gathered,
    pub(super) packs: Packs,
    /// Lots with errors, in sentences.
    pub(super) left_out: Vec<String>,
}

/// Packs in the order in which they are to be written; those of wrong lots are among them.
pub(super) struct Packs {
    sorted: Sorted,
    by: PackOrder,
}

/// The order of packs in a form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PackOrder {
    /// As the input has them: tables.
    OfInput,
    /// Lot by lot in the order of appearance, serials ascending: documents.
    OfLots,
}

impl PackOrder {
    const fn of(form: Form) -> Self {
        match form {
            Form::Csv | Form::Xlsx => PackOrder::OfInput,
            Form::Epcis12 | Form::Epcis20 | Form::Epcis20Xml | Form::EuHub => PackOrder::OfLots,
        }
    }

    /// The entry that sorts a pack into this order.
    fn arrange(self, entry: &Entry, lot: u16) -> Option<Entry> {
        Some(match self {
            PackOrder::OfInput => {
                let [first, second, third, row] = entry.words();
                Entry::from_words([row, first, second, third])
            }
            PackOrder::OfLots => Entry::new(lot, &entry.serial()?, entry.lot(), entry.row()),
        })
    }
}

impl Packs {
    /// The next pack: its combination and its serial.
    pub(super) fn next_pack(&mut self) -> std::io::Result<Option<(u16, Serial)>> {
        let Some(entry) = self.sorted.next_entry()? else {
            return Ok(None);
        };
        let entry = match self.by {
            PackOrder::OfLots => entry,
            PackOrder::OfInput => {
                let [row, first, second, third] = entry.words();
                Entry::from_words([first, second, third, row])
            }
        };
        let serial = entry
            .serial()
            .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidData))?;
        Ok(Some((entry.lot(), serial)))
    }
}

/// Compares all rows, tells what it finds, and refuses the file where something is wrong and all of it is wanted.
pub(super) fn compare(
    order: &TranslateOrder<'_>,
    mut gathered: Gathered,
    told: &mut TakeFinding<'_>,
) -> Result<Compared, NotTranslated> {
    if gathered.rows == 0 {
        let text = "The file holds no packs.";
        return Err(NotTranslated::refused(Code::UploadEmpty, text));
    }
    let keep_first = order.accepted.contains(&Code::UploadSerialTwiceInFile);
    let by = PackOrder::of(order.to);
    let rows = std::mem::replace(&mut gathered.spool, Spool::new(order.work, "none", 1));
    let mut twice = Spool::new(order.work, "twice", SORT_ROWS_MAX);
    let mut arranged = Spool::new(order.work, "arranged", SORT_ROWS_MAX);
    let lots = &mut gathered.lots;
    each_pack_once(rows.into_sorted()?, |entry, again| {
        let Some(stays) = again else {
            let lot = lots.combinations[usize::from(entry.lot())].lot;
            lots.lot_of_mut(entry.lot()).rows_right += 1;
            return by
                .arrange(&entry, lot)
                .map_or(Ok(()), |entry| arranged.push(entry));
        };
        if !keep_first {
            lots.lot_of_mut(entry.lot()).rows_wrong += 1;
        }
        twice.push(Entry::from_words([entry.row(), stays.row(), 0, 0]))
    })?;
    tell_two_expiries(lots, told)?;
    tell_twice(twice.into_sorted()?, keep_first, told)?;
    let left_out = wrong_lots(lots);
    let none_is_right = !lots.lots.iter().any(super::lots::Lot::is_right);
    if none_is_right || order.lots == LotsWanted::All && !left_out.is_empty() {
        return Err(NotTranslated::Findings(left_out));
    }
    Ok(Compared {
        gathered,
        packs: Packs {
            sorted: arranged.into_sorted()?,
            by,
        },
        left_out,
    })
}

/// Hands on every pack once; of equal ones the one that stands first in the file. The others come with that one.
fn each_pack_once(
    mut sorted: Sorted,
    mut take: impl FnMut(Entry, Option<Entry>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut group: Option<Entry> = None;
    while let Some(entry) = sorted.next_entry()? {
        match group {
            Some(first) if first.same_pack(&entry) => {
                let (stays, goes) = match entry.row() < first.row() {
                    true => (entry, first),
                    false => (first, entry),
                };
                take(goes, Some(stays))?;
                group = Some(stays);
            }
            ended => {
                if let Some(first) = ended {
                    take(first, None)?;
                }
                group = Some(entry);
            }
        }
    }
    group.map_or(Ok(()), |last| take(last, None))
}

fn tell_two_expiries(lots: &Lots, told: &mut TakeFinding<'_>) -> std::io::Result<()> {
    for lot in &lots.lots {
        let Some((other, combination)) = &lot.other_expiry else {
            continue;
        };
        let (first_row, row) = (lots.first_row(lot.first), lots.first_row(*combination));
        let text = two_expiries(&lot.batch_text, &lot.expiry_text, other, row);
        let finding = Finding::error(Code::UploadTwoExpiries, first_row, "expiry", text);
        told(&finding)?;
    }
    Ok(())
}

fn tell_twice(
    mut twice: Sorted,
    keep_first: bool,
    told: &mut TakeFinding<'_>,
) -> std::io::Result<()> {
    while let Some(entry) = twice.next_entry()? {
        let [row, first, ..] = entry.words();
        told(&serial_twice(first, row, keep_first))?;
    }
    Ok(())
}

fn wrong_lots(lots: &Lots) -> Vec<String> {
    let wrong = lots.lots.iter().filter(|lot| !lot.is_right());
    wrong
        .map(|lot| {
            let all = lot.rows_right + lot.rows_wrong;
            match lot.rows_wrong {
                0 => format!("{} has two expiry dates ({all} rows)", lot.name()),
                wrong => format!("{} has errors in {wrong} of {all} rows", lot.name()),
            }
        })
        .collect()
}
