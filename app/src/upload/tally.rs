//! The lots of one file: which rows belong together, how many are right, and what keeps a lot from being stored.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use packtwin_connector_port::serial_file::SeenLot;
use packtwin_core::code::Code;
use packtwin_core::fact::LotHead;
use packtwin_core::ids::{LoadNo, ProductNo};
use packtwin_core::product_code::ProductCode;
use packtwin_tenants::store::upload_result::UploadLot;

use crate::market::MarketStanding;

/// A lot of the file: all combinations with the same product and batch.
#[derive(Debug, Clone)]
pub(super) struct LotTally {
    /// Where it first stands in the file; 0 before its first row was read.
    pub(super) first_row: u64,
    pub(super) product_text: String,
    pub(super) batch_text: String,
    pub(super) expiry_text: String,
    /// The product, once a combination had its code without error.
    pub(super) code: Option<ProductCode>,
    /// The errors that keep combinations of the lot from having checked values.
    pub(super) flawed_by: Vec<Code>,
    /// Checked values of the first combination that had them.
    pub(super) head: Option<LotHead>,
    /// A second expiry that was seen, with its row.
    pub(super) other_expiry: Option<(String, u64)>,
    pub(super) product_index: Option<u16>,
    pub(super) rows_right: u64,
    pub(super) rows_wrong: u64,
    pub(super) blocked_by: Vec<Code>,
    pub(super) version: Option<u32>,
    /// Whether the hub has not acknowledged that version.
    pub(super) version_unknown_to_hub: bool,
    /// The markets that the file names.
    pub(super) markets: BTreeSet<String>,
    /// Those of them that the version is not for.
    pub(super) markets_not_released: BTreeSet<String>,
    /// The product's latest version, when the file means that one and the lot belongs to another.
    pub(super) other_version: Option<u32>,
    /// Which markets of the version take packs of this lot.
    pub(super) standing: MarketStanding,
    pub(super) product: Option<ProductNo>,
    /// The load of an earlier commit of the same upload.
    pub(super) load: Option<LoadNo>,
}

/// Where rows of one combination go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Combination {
    pub(super) lot: u16,
    /// `None` when product, batch or expiry have an error: such rows cannot be stored.
    pub(super) product: Option<u16>,
    /// Whether it brought the lot's second expiry.
    brings_other_expiry: bool,
    /// Whether a row of it was read.
    stood: bool,
}

/// All lots and products of a file.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) lots: Vec<LotTally>,
    pub(super) combinations: Vec<Combination>,
    pub(super) products: Vec<ProductCode>,
    /// The lots that hold packs which the file has again, by product and load.
    pub(super) taken_lots: BTreeMap<(ProductNo, i32), String>,
    by_name: HashMap<(String, String), u16>,
    by_identity: HashMap<String, u16>,
}

impl Tally {
    /// Takes a combination that was not seen before. `None` when the file holds more lots than `lots_max`.
    pub(super) fn combination(&mut self, seen: SeenLot, lots_max: usize) -> Option<usize> {
        let product = match &seen.head {
            Some(head) => Some(self.product_index(&head.product)?),
            None => None,
        };
        // A wrong date does not make another lot: the rows of one product and batch stay together.
        let identity = seen
            .product
            .map_or_else(|| seen.product_text.clone(), |product| product.identity());
        let name = (identity, seen.batch_text.clone());
        let market = Some(seen.market_text.clone()).filter(|market| !market.is_empty());
        let mut brings_other_expiry = false;
        let lot = match self.by_name.get(&name) {
            Some(&lot) => {
                brings_other_expiry = self.join(lot, seen, product, market);
                lot
            }
            None => {
                let lot = u16::try_from(self.lots.len())
                    .ok()
                    .filter(|&lot| usize::from(lot) < lots_max)?;
                self.by_name.insert(name, lot);
                self.lots.push(LotTally {
                    first_row: 0,
                    product_text: seen.product_text,
                    batch_text: seen.batch_text,
                    expiry_text: seen.expiry_text,
                    code: seen.product,
                    flawed_by: seen.flawed_by,
                    head: seen.head,
                    other_expiry: None,
                    product_index: product,
                    rows_right: 0,
                    rows_wrong: 0,
                    blocked_by: Vec::new(),
                    version: None,
                    version_unknown_to_hub: false,
                    markets: market.into_iter().collect(),
                    markets_not_released: BTreeSet::new(),
                    other_version: None,
                    standing: MarketStanding::default(),
                    product: None,
                    load: None,
                });
                lot
            }
        };
        self.combinations.push(Combination {
            lot,
            product,
            brings_other_expiry,
            stood: false,
        });
        Some(self.combinations.len() - 1)
    }

    /// The combination of a row, which is remembered where it is the first.
    pub(super) fn stands_in(&mut self, combination: usize, row: u64) -> Combination {
        let combination = &mut self.combinations[combination];
        if !combination.stood {
            combination.stood = true;
            let lot = &mut self.lots[usize::from(combination.lot)];
            if lot.first_row == 0 {
                lot.first_row = row;
            }
            if let (true, Some((_, place))) =
                (combination.brings_other_expiry, &mut lot.other_expiry)
            {
                *place = row;
            }
        }
        *combination
    }

    /// Whether the combination brought a second expiry into the lot.
    fn join(
        &mut self,
        lot: u16,
        seen: SeenLot,
        product: Option<u16>,
        market: Option<String>,
    ) -> bool {
        let tally = &mut self.lots[usize::from(lot)];
        tally.markets.extend(market);
        let new: Vec<Code> = seen
            .flawed_by
            .into_iter()
            .filter(|code| !tally.flawed_by.contains(code))
            .collect();
        tally.flawed_by.extend(new);
        match (&tally.head, seen.head) {
            (Some(first), Some(second)) => {
                if first.expiry != second.expiry && tally.other_expiry.is_none() {
                    tally.other_expiry = Some((seen.expiry_text, 0));
                    return true;
                }
            }
            (None, Some(second)) => {
                tally.head = Some(second);
                tally.product_index = product;
            }
            (_, None) => {}
        }
        false
    }

    fn product_index(&mut self, code: &ProductCode) -> Option<u16> {
        let identity = code.identity();
        if let Some(&index) = self.by_identity.get(&identity) {
            return Some(index);
        }
        let index = u16::try_from(self.products.len()).ok()?;
        self.by_identity.insert(identity, index);
        self.products.push(*code);
        Some(index)
    }
}

impl LotTally {
    /// Whether every row can be stored and nothing stands against the lot.
    pub(super) fn is_right(&self) -> bool {
        self.rows_right > 0 && self.rows_wrong == 0 && self.blocked_by.is_empty()
    }

    /// Rows that can be stored: none while something stands against the whole lot.
    pub(super) fn rows_storable(&self) -> u64 {
        if self.blocked_by.is_empty() {
            self.rows_right
        } else {
            0
        }
    }

    /// The line that the store keeps; checked values in their canonical form, others as written.
    pub(super) fn stored(&self, index: usize) -> UploadLot {
        let written = [&self.product_text, &self.batch_text, &self.expiry_text].map(String::clone);
        let [product_text, batch_text, expiry_text] = match &self.head {
            Some(head) => [
                head.product.to_string(),
                head.batch.to_string(),
                head.expiry.raw().to_owned(),
            ],
            None => written,
        };
        UploadLot {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            product_text,
            batch_text,
            expiry_text,
            product: self.product,
            version: self.version,
            rows_right: self.rows_right,
            rows_wrong: self.rows_wrong,
            blocked_by: self
                .blocked_by
                .iter()
                .map(|code| code.as_str().to_owned())
                .collect(),
            load: self.load,
        }
    }

    pub(super) fn block(&mut self, code: Code) {
        if !self.blocked_by.contains(&code) {
            self.blocked_by.push(code);
        }
    }
}
