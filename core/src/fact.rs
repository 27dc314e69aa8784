//! Facts: what happened to packs, lots and products, in the words every connector translates.
//!
//! A fact is never changed or taken back; a later fact says what came after. State tables answer quickly, facts answer
//! why. The packs of a commissioning are not in the fact itself (there may be millions) but in the serial list whose
//! hash it names.

use crate::batch_number::BatchNumber;
use crate::expiry::Expiry;
use crate::market::Market;
use crate::pack::PackState;
use crate::product::ProductVersion;
use crate::product_code::ProductCode;
use crate::serial::Serial;

/// A lot as documents name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotHead {
    /// The product code as printed on the packs of the lot.
    pub product: ProductCode,
    /// Batch number.
    pub batch: BatchNumber,
    /// Expiry as printed, six digits.
    pub expiry: Expiry,
    /// Manufacturing date, if known.
    pub manufactured: Option<chrono::NaiveDate>,
}

/// Something that happened and that a far side may have to be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A product version is to be known.
    ProductVersioned(Box<ProductVersion>),
    /// Packs of a lot were commissioned: the serials come from a [`SerialSource`].
    Commissioned {
        /// Lot and expiry.
        lot: LotHead,
        /// The version the lot belongs to.
        version: u32,
        /// The markets of that version.
        markets: Vec<Market>,
    },
    /// Single packs changed their state: the serials come from a [`SerialSource`].
    StateChanged {
        /// Lot and expiry of the packs.
        lot: LotHead,
        /// The new state; [`PackState::Active`] is an undo.
        state: PackState,
    },
    /// A batch was recalled in markets.
    Recalled {
        /// Lot and expiry.
        lot: LotHead,
        /// Where.
        markets: Vec<Market>,
        /// Why, as the authority is told.
        reason: String,
    },
    /// A product was withdrawn from markets.
    Withdrawn {
        /// Which product.
        product: ProductCode,
        /// Where.
        markets: Vec<Market>,
        /// Why, as the authority is told.
        reason: String,
    },
}

impl Fact {
    /// The kind of fact in one word, as timeline and messages show it.
    pub const fn kind(&self) -> FactKind {
        match self {
            Fact::ProductVersioned(_) => FactKind::ProductVersioned,
            Fact::Commissioned { .. } => FactKind::Commissioned,
            Fact::StateChanged { .. } => FactKind::StateChanged,
            Fact::Recalled { .. } => FactKind::Recalled,
            Fact::Withdrawn { .. } => FactKind::Withdrawn,
        }
    }
}

/// The kinds of [`Fact`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactKind {
    /// A product version is to be known.
    ProductVersioned,
    /// Packs were commissioned.
    Commissioned,
    /// Single packs changed their state.
    StateChanged,
    /// A batch was recalled.
    Recalled,
    /// A product was withdrawn.
    Withdrawn,
}

impl FactKind {
    /// Every kind.
    pub const ALL: [FactKind; 5] = [
        FactKind::ProductVersioned,
        FactKind::Commissioned,
        FactKind::StateChanged,
        FactKind::Recalled,
        FactKind::Withdrawn,
    ];

    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            FactKind::ProductVersioned => "product_versioned",
            FactKind::Commissioned => "commissioned",
            FactKind::StateChanged => "state_changed",
            FactKind::Recalled => "recalled",
            FactKind::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word of [`FactKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        FactKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Hands over serials one by one, in ascending order, in constant memory.
pub trait SerialSource {
    /// The next serial, or `None` after the last.
    ///
    /// # Errors
    /// What keeps the source from being read to its end; the document is then thrown away.
    fn next_serial(&mut self) -> std::io::Result<Option<Serial>>;
}

/// Serials that are already in memory.
impl SerialSource for std::slice::Iter<'_, Serial> {
    fn next_serial(&mut self) -> std::io::Result<Option<Serial>> {
        Ok(self.next().copied())
    }
}
