//! The lots of one file and the combinations of values in which they were seen.

use std::collections::{BTreeSet, HashMap};

use packtwin_connector_port::serial_file::SeenLot;
use packtwin_core::fact::LotHead;
use packtwin_core::market::Market;
use packtwin_core::refusal::Refusal;

/// A distinct set of values as the file writes it. Tables can name two manufacturing dates in one lot; each row keeps its
/// own.
pub(super) struct Combination {
    pub(super) lot: u16,
    /// Where it stands first; 0 until its first row is handed over.
    pub(super) first_row: u64,
    /// The number of the product, and the values; `None` when one of them has an error.
    pub(super) right: Option<(u16, LotHead)>,
}

/// All combinations with the same product and batch.
pub(super) struct Lot {
    pub(super) batch_text: String,
    pub(super) expiry_text: String,
    /// The values of the first right combination.
    pub(super) head: Option<LotHead>,
    /// The combination in which it was seen first.
    pub(super) first: u16,
    /// A second expiry that was seen, with its combination.
    pub(super) other_expiry: Option<(String, u16)>,
    pub(super) rows_right: u64,
    pub(super) rows_wrong: u64,
    /// The markets that a table names, as written.
    pub(super) markets_written: BTreeSet<String>,
    /// The versions and markets that hub documents name.
    pub(super) hub_words: Vec<(u32, Vec<Market>)>,
    /// What keeps the lot out of the other form.
    pub(super) faults: Vec<Refusal>,
}

impl Lot {
    /// Whether all its rows are right. What the other form needs is another matter.
    pub(super) fn is_right(&self) -> bool {
        self.head.is_some()
            && self.rows_right > 0
            && self.rows_wrong == 0
            && self.other_expiry.is_none()
    }

    /// How messages name it.
    pub(super) fn name(&self) -> String {
        match &self.head {
            Some(head) => format!("lot {} of {}", head.batch, head.product),
            None => format!("lot {}", self.batch_text),
        }
    }
}

/// All lots of a file in the order of appearance.
#[derive(Default)]
pub(super) struct Lots {
    pub(super) lots: Vec<Lot>,
    pub(super) combinations: Vec<Combination>,
    lots_by_name: HashMap<(String, String), u16>,
    products: HashMap<String, u16>,
}

impl Lots {
    /// Takes a combination. `None` when there are too many to count.
    pub(super) fn take(&mut self, seen: SeenLot) -> Option<u16> {
        let index = u16::try_from(self.combinations.len()).ok()?;
        let identity = match &seen.head {
            Some(head) => head.product.identity(),
            None => seen.product_text,
        };
        let right = match seen.head.clone() {
            Some(head) => Some((self.product(&identity)?, head)),
            None => None,
        };
        let name = (identity, seen.batch_text.clone());
        let lot = match self.lots_by_name.get(&name) {
            Some(&lot) => lot,
            None => {
                let lot = u16::try_from(self.lots.len()).ok()?;
                self.lots_by_name.insert(name, lot);
                self.lots.push(Lot {
                    batch_text: seen.batch_text,
                    expiry_text: seen.expiry_text.clone(),
                    head: None,
                    first: index,
                    other_expiry: None,
                    rows_right: 0,
                    rows_wrong: 0,
                    markets_written: BTreeSet::new(),
                    hub_words: Vec::new(),
                    faults: Vec::new(),
                });
                lot
            }
        };
        let known = &mut self.lots[usize::from(lot)];
        if !seen.market_text.is_empty() {
            known.markets_written.insert(seen.market_text);
        }
        match (&known.head, seen.head) {
            (Some(first), Some(other)) if first.expiry != other.expiry => {
                known.other_expiry.get_or_insert((seen.expiry_text, index));
            }
            (None, Some(first)) => known.head = Some(first),
            _ => {}
        }
        self.combinations.push(Combination {
            lot,
            first_row: 0,
            right,
        });
        Some(index)
    }

    /// The place in [`Lots::lots`] of the lot of a combination.
    pub(super) fn number_of(&self, combination: u16) -> usize {
        usize::from(self.combinations[usize::from(combination)].lot)
    }

    pub(super) fn lot_of_mut(&mut self, combination: u16) -> &mut Lot {
        let lot = self.number_of(combination);
        &mut self.lots[lot]
    }

    /// Notes that a combination stands in a row.
    pub(super) fn stands_in(&mut self, combination: u16, row: u64) {
        let known = &mut self.combinations[usize::from(combination)];
        if known.first_row == 0 {
            known.first_row = row;
        }
    }

    /// The row in which a combination stands first.
    pub(super) fn first_row(&self, combination: u16) -> u64 {
        self.combinations[usize::from(combination)].first_row
    }

    /// The values of a right combination.
    pub(super) fn head(&self, combination: u16) -> Option<&LotHead> {
        let combination = &self.combinations[usize::from(combination)];
        combination.right.as_ref().map(|(_, head)| head)
    }

    fn product(&mut self, identity: &str) -> Option<u16> {
        if let Some(&known) = self.products.get(identity) {
            return Some(known);
        }
        let number = u16::try_from(self.products.len()).ok()?;
        self.products.insert(identity.to_owned(), number);
        Some(number)
    }
}
