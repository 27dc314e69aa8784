//! When a removal can be undone (Art. 13; emvs.md 2.3). Serves URS-VF-004, URS-VF-005.
//!
//! All of: nothing stands over the pack, it was neither destroyed nor stolen, the same site asks, and not more than ten days
//! have passed. The window is 240 hours between two points in time, the last instant included, so that a clock change moves
//! nothing. A lock has no window.

use crate::pack::PackState;
use crate::time::Timestamp;

use super::found::KnownPack;
use super::market_profile::MarketProfile;
use super::outcome::{Layer, Outcome, UndoOffer};
use super::request::{Removal, SiteToken, Undo};

/// What the site `site` may undo at `at`, or the outcome that refuses it.
///
/// # Errors
/// The first rule that stands against it: layers, then the state, then the operation named, then the site, then the window.
pub fn undo(
    profile: &MarketProfile,
    pack: &KnownPack,
    layer: Option<Layer>,
    what: Undo,
    site: SiteToken,
    at: Timestamp,
) -> Result<UndoOffer, Outcome> {
    if layer.is_some() {
        return Err(Outcome::UndoBlockedLayer);
    }
    let Some(removal) = Removal::to(pack.state) else {
        return Err(Outcome::UndoNotNeeded);
    };
    if pack.state.change_to(PackState::Active).is_err() {
        return Err(Outcome::UndoIrreversible);
    }
    match what {
        Undo::Of(named) if named != removal => return Err(Outcome::UndoMismatch),
        Undo::Of(_) | Undo::Whatever => {}
    }
    let last = pack.last.filter(|last| last.site == Some(site));
    let last = last.ok_or(Outcome::UndoOtherSite)?;
    let until = match removal {
        Removal::Lock if !profile.undo_window_applies_to_lock => None,
        _ => Some(
            last.at
                .plus_seconds(i64::from(profile.undo_window_hours) * 3600),
        ),
    };
    match until {
        Some(end) if at > end => Err(Outcome::UndoTooLate),
        until => Ok(UndoOffer { until }),
    }
}
