//! A pack and its state: the three layers of the European system and what may follow what.
//!
//! Product over batch over pack: product and batch states belong to one market, the pack's own state holds in all of
//! Europe, and the effective state is the worst of the three (emvs.md 2.1). Which person at which place may ask for a
//! change, the ten days and the repeats are the verification decision's; here is only which change a state can take.

use chrono::NaiveDate;

use crate::expiry::Expiry;
use crate::lot::BatchState;
use crate::product::ProductState;
use crate::product_code::ProductCode;
use crate::serial::Serial;

/// The canonical key of a pack: product code and case-sensitive serial (EU 2016/161 Art. 4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackKey {
    /// GTIN, NTIN or PPN.
    pub product: ProductCode,
    /// Its serial number.
    pub serial: Serial,
}

/// The state of a pack of its own, without its batch and product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PackState {
    /// In circulation.
    Active,
    /// Dispensed to a patient or supplied under Art. 23.
    Supplied,
    /// Destroyed, final.
    Destroyed,
    /// Left the Union.
    Exported,
    /// Taken as sample by an authority.
    Sample,
    /// Given as free sample.
    FreeSample,
    /// Held by the holder.
    Locked,
    /// Stolen, final.
    Stolen,
    /// Taken out to be repacked.
    CheckedOut,
}

impl PackState {
    /// Every state.
    pub const ALL: [PackState; 9] = [
        PackState::Active,
        PackState::Supplied,
        PackState::Destroyed,
        PackState::Exported,
        PackState::Sample,
        PackState::FreeSample,
        PackState::Locked,
        PackState::Stolen,
        PackState::CheckedOut,
    ];

    /// The word of the REST dialect of the national systems (emvs.md 2.1), also ours.
    pub const fn as_str(self) -> &'static str {
        match self {
            PackState::Active => "Active",
            PackState::Supplied => "Supplied",
            PackState::Destroyed => "Destroyed",
            PackState::Exported => "Exported",
            PackState::Sample => "Sample",
            PackState::FreeSample => "FreeSample",
            PackState::Locked => "Locked",
            PackState::Stolen => "Stolen",
            PackState::CheckedOut => "CheckedOut",
        }
    }

    /// Reads the word of [`PackState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        PackState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
    }

    /// The small number under which it is stored.
    pub const fn number(self) -> i16 {
        match self {
            PackState::Active => 0,
            PackState::Supplied => 1,
            PackState::Destroyed => 2,
            PackState::Exported => 3,
            PackState::Sample => 4,
            PackState::FreeSample => 5,
            PackState::Locked => 6,
            PackState::Stolen => 7,
            PackState::CheckedOut => 8,
        }
    }

    /// The state stored under a number.
    pub fn from_number(number: i16) -> Option<Self> {
        PackState::ALL
            .into_iter()
            .find(|state| state.number() == number)
    }

    /// Whether `target` can follow this state, by what is physically and legally possible.
    ///
    /// # Errors
    /// [`TransitionRefused`] says which rule stands against it.
    pub fn change_to(self, target: PackState) -> Result<PackState, TransitionRefused> {
        use PackState::{
            Active, CheckedOut, Destroyed, Exported, FreeSample, Locked, Sample, Stolen, Supplied,
        };
        match (self, target) {
            (from, to) if from == to => Err(TransitionRefused::AlreadySet { state: to }),
            (Active, _) => Ok(target),
            (Supplied | Exported | Sample | FreeSample | Locked | CheckedOut, Active) => Ok(Active),
            (Destroyed | Stolen, Active) => Err(TransitionRefused::Final { state: self }),
            (
                Supplied | Destroyed | Exported | Sample | FreeSample | Locked | Stolen
                | CheckedOut,
                _,
            ) => Err(TransitionRefused::Inactive { state: self }),
        }
    }
}

/// Why a state change cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionRefused {
    /// The pack already is in the wanted state.
    #[error("the pack already is {}", state.as_str())]
    AlreadySet {
        /// That state.
        state: PackState,
    },
    /// The pack is inactive for another reason.
    #[error("the pack is {}, only an active pack can change", state.as_str())]
    Inactive {
        /// Its present state.
        state: PackState,
    },
    /// Destroyed and stolen are never undone (Art. 13).
    #[error("{} cannot be undone", state.as_str())]
    Final {
        /// Its present state.
        state: PackState,
    },
}

/// What counts for whoever holds the pack: the worst of the three layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EffectiveState {
    /// The product was withdrawn from this market.
    Withdrawn,
    /// The batch was recalled in this market.
    Recalled,
    /// The pack itself is in this inactive state.
    Pack(PackState),
    /// The expiry has passed.
    Expired,
    /// May be supplied.
    Active,
}

/// The effective state of a pack in a market on a day: withdrawn before recalled before the pack's own state before
/// expired (emvs.md 2.1). A batch expires at the end of its last day; day 00 is the last day of the month.
pub fn effective_state(
    product: ProductState,
    batch: BatchState,
    expiry: Expiry,
    pack: PackState,
    today: NaiveDate,
) -> EffectiveState {
    match (product, batch, pack) {
        (ProductState::Withdrawn, _, _) => EffectiveState::Withdrawn,
        (ProductState::Active, BatchState::Recalled, _) => EffectiveState::Recalled,
        (ProductState::Active, BatchState::Active, PackState::Active)
            if today > expiry.last_day() =>
        {
            EffectiveState::Expired
        }
        (ProductState::Active, BatchState::Active, PackState::Active) => EffectiveState::Active,
        (ProductState::Active, BatchState::Active, inactive) => EffectiveState::Pack(inactive),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_name_the_same_states() {
        for state in PackState::ALL {
            assert_eq!(PackState::parse(state.as_str()), Some(state));
            assert_eq!(PackState::from_number(state.number()), Some(state));
        }
        assert_eq!(PackState::parse("supplied"), None);
    }

    #[test]
    fn only_active_packs_leave_and_final_states_stay() {
        use PackState::{Active, Destroyed, Exported, Locked, Stolen, Supplied};
        for (from, to, expected) in [
            (Active, Supplied, Ok(Supplied)),
            (Supplied, Active, Ok(Active)),
            (Locked, Active, Ok(Active)),
            (
                Supplied,
                Supplied,
                Err(TransitionRefused::AlreadySet { state: Supplied }),
            ),
            (
                Supplied,
                Exported,
                Err(TransitionRefused::Inactive { state: Supplied }),
            ),
            (
                Destroyed,
                Active,
                Err(TransitionRefused::Final { state: Destroyed }),
            ),
            (
                Stolen,
                Active,
                Err(TransitionRefused::Final { state: Stolen }),
            ),
            (
                Stolen,
                Destroyed,
                Err(TransitionRefused::Inactive { state: Stolen }),
            ),
        ] {
            assert_eq!(from.change_to(to), expected, "{from:?} -> {to:?}");
        }
    }

    #[test]
    fn the_worst_layer_counts() {
        let expiry = Expiry::parse("270200", 2026).unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let check = |product, batch, pack, today: &str, expected| {
            assert_eq!(
                effective_state(product, batch, expiry, pack, day(today)),
                expected
            );
        };
        use {BatchState as B, PackState as K, ProductState as P};
        check(
            P::Withdrawn,
            B::Recalled,
            K::Supplied,
            "2027-01-01",
            EffectiveState::Withdrawn,
        );
        check(
            P::Active,
            B::Recalled,
            K::Supplied,
            "2027-01-01",
            EffectiveState::Recalled,
        );
        check(
            P::Active,
            B::Active,
            K::Supplied,
            "2027-03-01",
            EffectiveState::Pack(K::Supplied),
        );
        check(
            P::Active,
            B::Active,
            K::Active,
            "2027-02-28",
            EffectiveState::Active,
        );
        check(
            P::Active,
            B::Active,
            K::Active,
            "2027-03-01",
            EffectiveState::Expired,
        );
    }
}
