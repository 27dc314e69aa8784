//! The verification core: a pack is asked about or taken out of circulation, and the answer is decided here.
//!
//! [`decide`] takes a market's profile, a request, what the repositories found and what is remembered of the asker, and
//! gives the canonical [`Decision`]: outcome, state, alert or the reason why there is none, and what is to be written. Law:
//! Delegated Regulation (EU) 2016/161 Art. 10 to 13, 20 to 30, 34 to 42; rules: the reference on the European system, 2 and 3.
//! Serves URS-VF-001 to URS-VF-016.
//!
//! What markets do differently is data ([`market_profile`]). How the question and the answer look on the wire is the
//! business of `packtwin-emvs`; what becomes of an alert that is raised stands in `core::alert`.

pub mod decision;
pub mod found;
pub mod input;
pub mod intermarket;
pub mod manufacturer;
pub mod many;
pub mod market_day;
pub mod market_profile;
pub mod outcome;
#[cfg(test)]
mod properties;
pub mod repack;
pub mod request;
pub mod trail;
pub mod undo;

pub use decision::decide;
pub use found::{
    Found, Holding, KnownBatch, KnownPack, LastChange, MarketLayers, SiteHistory, Transaction,
};
pub use market_profile::{MarketProfile, profile, profiles};
pub use outcome::{Alarm, AlertCode, Decision, Layer, Outcome, Silence, Typing, UndoOffer, Write};
pub use request::{
    Actor, Delivery, Dialect, EntryMode, Operation, Removal, Request, Scale, SiteToken, Submitted,
    Undo,
};
