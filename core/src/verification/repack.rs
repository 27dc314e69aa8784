//! Repackaging: originals taken out of circulation, new identifiers put in, and the link between them (Art. 16, 35(4), 36(n)).
//!
//! A parallel distributor verifies and checks out each original before its features are removed; the hub is told source
//! batches and identifiers, the resulting batch and the new identifiers. The *repack buffer* counts doses: no more may be
//! put in than were taken out. Serves URS-VF-015. Undoing a check-out is [`super::undo`]'s; who sends what is the use case's.

use std::collections::{BTreeMap, HashSet};

use crate::batch_number::BatchNumber;
use crate::expiry::Expiry;
use crate::pack::{PackKey, PackState};
use crate::product_code::ProductCode;
use crate::serial::Serial;

use super::market_profile::{MarketProfile, ShortBuffer};
use super::outcome::Layer;

/// A pack that is to be repacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// Its identifier.
    pub pack: PackKey,
    /// Its batch.
    pub batch: BatchNumber,
    /// Its expiry.
    pub expiry: Expiry,
    /// Its own state.
    pub state: PackState,
    /// What stands over it in the market it comes from.
    pub layer: Option<Layer>,
    /// Doses in it.
    pub doses: u32,
    /// Whose hands it is in.
    pub custody: Custody,
}

/// In whose hands an original is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Custody {
    /// Checked out by the distributor who repacks, and not used yet.
    Free,
    /// Checked out by the distributor, and linked to an earlier repackaging.
    Used,
    /// Somebody else's.
    Foreign,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repacked<'a> {
    /// The new product code.
    pub product: ProductCode,
    /// The new batch.
    pub batch: BatchNumber,
    /// Its expiry.
    pub expiry: Expiry,
    /// Doses in each new pack.
    pub doses: u32,
    /// The new serials.
    pub serials: &'a [Serial],
}

/// Why a repackaging cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepackRefused {
    /// Nothing goes in or nothing comes out.
    #[error("a repackaging needs at least one original and one new pack")]
    Empty,
    /// Art. 16: decommissioned before the features are removed.
    #[error("original {place} is {}, check it out first", state.as_str())]
    NotCheckedOut {
        /// Its place in the list, counted from 1.
        place: usize,
        /// Its state.
        state: PackState,
    },
    /// Another party checked it out.
    #[error("original {place} was checked out by somebody else")]
    Foreign {
        /// Its place in the list, counted from 1.
        place: usize,
    },
    /// It went into another batch already.
    #[error("original {place} is linked to an earlier repackaging")]
    Used {
        /// Its place in the list, counted from 1.
        place: usize,
    },
    /// Recalled, withdrawn and expired medicines are not repacked.
    #[error("original {place} is recalled, withdrawn or expired")]
    UnderLayer {
        /// Its place in the list, counted from 1.
        place: usize,
    },
    /// An original or a new pack stands twice in its list.
    #[error("{what} {place} stands in the list twice")]
    Twice {
        /// `original` or `new pack`.
        what: &'static str,
        /// The second place, counted from 1.
        place: usize,
    },
    /// Art. 42: a new identifier is not the old one.
    #[error("new pack {place} has the identifier of an original")]
    SameIdentifier {
        /// Its place in the list, counted from 1.
        place: usize,
    },
    /// New packs cannot last longer than what is in them.
    #[error("the new expiry {sent} is later than that of an original, {earliest}")]
    ExpiryTooLate {
        /// As wanted.
        sent: Expiry,
        /// The earliest of the originals.
        earliest: Expiry,
    },
    /// More doses come out than went in (A67).
    #[error("{missing} doses more come out than were checked out (A67)")]
    BufferShort {
        /// Doses missing.
        missing: u64,
    },
}

/// The link between old and new, as both sides are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepackLink {
    /// Source batches with their packs, in order.
    pub sources: Vec<SourceBatch>,
    /// Doses taken out.
    pub doses_out: u64,
    /// Doses put in.
    pub doses_in: u64,
    /// Doses missing where the profile only warns (A67); the buffer is then zero.
    pub shortage: Option<u64>,
}

/// One source batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceBatch {
    /// The original product code.
    pub product: ProductCode,
    /// The original batch.
    pub batch: BatchNumber,
    /// The originals.
    pub packs: Vec<PackKey>,
}

/// Tests a repackaging and gives the link.
///
/// # Errors
/// Everything that stands against it.
pub fn link(
    profile: &MarketProfile,
    originals: &[Original],
    repacked: &Repacked<'_>,
) -> Result<RepackLink, Vec<RepackRefused>> {
    let mut refused = Vec::new();
    if originals.is_empty() || repacked.serials.is_empty() {
        refused.push(RepackRefused::Empty);
    }
    let mut sources: BTreeMap<(ProductCode, BatchNumber), Vec<PackKey>> = BTreeMap::new();
    let mut old = HashSet::with_capacity(originals.len());
    for (place, original) in (1..).zip(originals) {
        refused.extend(original_faults(place, original));
        if !old.insert(&original.pack) {
            refused.push(RepackRefused::Twice {
                what: "original",
                place,
            });
        }
        sources
            .entry((original.pack.product, original.batch))
            .or_default()
            .push(original.pack.clone());
    }
    let mut new = HashSet::with_capacity(repacked.serials.len());
    for (place, serial) in (1..).zip(repacked.serials) {
        if !new.insert(serial) {
            refused.push(RepackRefused::Twice {
                what: "new pack",
                place,
            });
        }
        let pack = PackKey {
            product: repacked.product,
            serial: *serial,
        };
        if old.contains(&pack) {
            refused.push(RepackRefused::SameIdentifier { place });
        }
    }
    let earliest = originals.iter().map(|original| original.expiry).min();
    if let Some(earliest) =
        earliest.filter(|earliest| repacked.expiry.last_day() > earliest.last_day())
    {
        refused.push(RepackRefused::ExpiryTooLate {
            sent: repacked.expiry,
            earliest,
        });
    }
    let doses_out: u64 = originals.iter().map(|pack| u64::from(pack.doses)).sum();
    let doses_in = u64::from(repacked.doses).saturating_mul(repacked.serials.len() as u64);
    let missing = doses_in.saturating_sub(doses_out);
    let shortage = (missing > 0).then_some(missing);
    if let (Some(missing), ShortBuffer::Refused) = (shortage, profile.repack_buffer_short) {
        refused.push(RepackRefused::BufferShort { missing });
    }
    let source = |((product, batch), packs)| SourceBatch {
        product,
        batch,
        packs,
    };
    match refused.is_empty() {
        true => Ok(RepackLink {
            sources: sources.into_iter().map(source).collect(),
            doses_out,
            doses_in,
            shortage,
        }),
        false => Err(refused),
    }
}

fn original_faults(place: usize, original: &Original) -> Option<RepackRefused> {
    match (original.state, original.custody, original.layer) {
        (_, Custody::Foreign, _) => Some(RepackRefused::Foreign { place }),
        (PackState::CheckedOut, Custody::Used, _) => Some(RepackRefused::Used { place }),
        (PackState::CheckedOut, Custody::Free, Some(_)) => {
            Some(RepackRefused::UnderLayer { place })
        }
        (PackState::CheckedOut, Custody::Free, None) => None,
        (state, Custody::Free | Custody::Used, _) => {
            Some(RepackRefused::NotCheckedOut { place, state })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::market_profile::profile;
    use super::*;

    fn original(serial: &str, batch: &str) -> Original {
        Original {
            pack: PackKey {
                product: "04006381333931".parse().unwrap(),
                serial: serial.parse().unwrap(),
            },
            batch: batch.parse().unwrap(),
            expiry: Expiry::parse("280630", 2026).unwrap(),
            state: PackState::CheckedOut,
            layer: None,
            doses: 28,
            custody: Custody::Free,
        }
    }

    fn repacked<'a>(serials: &'a [Serial], doses: u32, expiry: &str) -> Repacked<'a> {
        Repacked {
            product: "04006381333931".parse().unwrap(),
            batch: "R1".parse().unwrap(),
            expiry: Expiry::parse(expiry, 2026).unwrap(),
            doses,
            serials,
        }
    }

    fn serials(text: &str) -> Vec<Serial> {
        text.split(' ')
            .map(|serial| serial.parse().unwrap())
            .collect()
    }

    /// URS-VF-015: old and new are linked by batch and by identifier.
    #[test]
    fn old_and_new_are_linked() {
        let eu = profile("EU").unwrap();
        let originals = [
            original("A", "L2"),
            original("B", "L1"),
            original("C", "L2"),
        ];
        let new = serials("N1 N2");
        let found = link(eu, &originals, &repacked(&new, 42, "280630")).unwrap();
        let batches: Vec<(String, usize)> = found
            .sources
            .iter()
            .map(|source| (source.batch.to_string(), source.packs.len()))
            .collect();
        assert_eq!(batches, [("L1".to_owned(), 1), ("L2".to_owned(), 2)]);
        assert_eq!(
            (found.doses_out, found.doses_in, found.shortage),
            (84, 84, None)
        );
    }

    #[test]
    fn everything_against_it_is_told() {
        let eu = profile("EU").unwrap();
        let active = Original {
            state: PackState::Active,
            ..original("A", "L1")
        };
        let of = |custody, layer| Original {
            custody,
            layer,
            ..original("B", "L1")
        };
        let originals = [
            active,
            of(Custody::Foreign, None),
            of(Custody::Used, None),
            of(Custody::Free, Some(Layer::Recalled)),
        ];
        let new = serials("A N N");
        let refused = link(eu, &originals, &repacked(&new, 100, "280700")).unwrap_err();
        let expected = [
            RepackRefused::NotCheckedOut {
                place: 1,
                state: PackState::Active,
            },
            RepackRefused::Foreign { place: 2 },
            RepackRefused::Used { place: 3 },
            RepackRefused::Twice {
                what: "original",
                place: 3,
            },
            RepackRefused::UnderLayer { place: 4 },
            RepackRefused::Twice {
                what: "original",
                place: 4,
            },
            RepackRefused::SameIdentifier { place: 1 },
            RepackRefused::Twice {
                what: "new pack",
                place: 3,
            },
            RepackRefused::ExpiryTooLate {
                sent: Expiry::parse("280700", 2026).unwrap(),
                earliest: Expiry::parse("280630", 2026).unwrap(),
            },
            RepackRefused::BufferShort { missing: 188 },
        ];
        assert_eq!(refused, expected);
        assert_eq!(
            link(eu, &[], &repacked(&[], 1, "280630")),
            Err(vec![RepackRefused::Empty])
        );
    }

    #[test]
    fn a_short_buffer_warns_where_the_profile_says_so() {
        let lenient = profile("EU")
            .unwrap()
            .with("repack_buffer_short", "warned")
            .unwrap();
        let new = serials("N1 N2");
        let found = link(
            &lenient,
            &[original("A", "L1")],
            &repacked(&new, 28, "280630"),
        );
        assert_eq!(found.unwrap().shortage, Some(28));
    }
}
