//! One pack: what it is now or was at a time, the messages that carried it, and what proves it (users.md 3.7).
//!
//! A pack is no row of its own in a message: it stands at a place in the serial list of its load, and messages carry
//! stretches of that list. Serves URS-SN-009 and URS-SN-010. Changes of state are [`crate::lot`]'s, for many packs at once.

mod list_place;
mod message;
mod proof;
mod twin;

pub use self::list_place::place_in_list;
pub use self::message::{PackMessage, PackVerdict, Tells, messages_of_pack};
pub use self::proof::{AuditProof, ListProof, PackProof, proof_of_pack};
pub use self::twin::{PackTwin, view_pack};
