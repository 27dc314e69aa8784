//! Several packs in one request: what refuses the whole of it before any pack is looked at (URS-VF-014).
//!
//! A refused bulk changes nothing. Each pack of an accepted one gets a decision of its own.

use std::collections::HashSet;

use crate::pack::PackKey;

use super::market_profile::MarketProfile;
use super::outcome::{Alarm, AlertCode, Decision, Outcome, Silence};

/// Tests a bulk request of `count` packs, of which the client says there are `stated`; `packs` are those whose elements could
/// be read. Whether the others are refused one by one is their own business.
///
/// # Errors
/// The decision that refuses the whole.
pub fn check_bulk(
    profile: &MarketProfile,
    count: usize,
    packs: &[PackKey],
    stated: Option<usize>,
) -> Result<(), Box<Decision>> {
    let refused = |outcome, alarm| Err(Box::new(Decision::of_request(outcome, alarm)));
    let quiet = Alarm::Silent(Silence::NotJudged);
    if count == 0 {
        return refused(Outcome::InvalidBody, quiet);
    }
    if count > profile.bulk_packs_max {
        return refused(Outcome::TooManyPacks, quiet);
    }
    if stated.is_some_and(|stated| stated != count) {
        return refused(Outcome::CountMismatch, quiet);
    }
    let mut seen = HashSet::with_capacity(packs.len());
    if packs.iter().all(|pack| seen.insert(pack)) {
        return Ok(());
    }
    let alarm = match profile.bulk_duplicate_alerts {
        true => Alarm::Raise(AlertCode::A24),
        false => Alarm::Silent(Silence::Profile),
    };
    refused(Outcome::DuplicateSerials, alarm)
}

#[cfg(test)]
mod tests {
    use super::super::market_profile::profile;
    use super::*;

    fn check(serials: &str, stated: Option<usize>, expected: Option<Outcome>) {
        let profile = profile("EU").unwrap().with("bulk_packs_max", "3").unwrap();
        let packs: Vec<PackKey> = serials
            .split_whitespace()
            .map(|serial| PackKey {
                product: "04006381333931".parse().unwrap(),
                serial: serial.parse().unwrap(),
            })
            .collect();
        let refused = check_bulk(&profile, packs.len(), &packs, stated).err();
        assert_eq!(
            refused.map(|decision| decision.outcome),
            expected,
            "{serials}"
        );
    }

    /// URS-VF-014.
    #[test]
    fn the_whole_is_refused_or_nothing_of_it() {
        check("a A b", None, None);
        check("a b", Some(2), None);
        check("", None, Some(Outcome::InvalidBody));
        check("a b c d", None, Some(Outcome::TooManyPacks));
        check("a b", Some(3), Some(Outcome::CountMismatch));
        check("a b a", Some(3), Some(Outcome::DuplicateSerials));
    }
}
