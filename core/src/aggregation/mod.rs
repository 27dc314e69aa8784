//! Hierarchies: what was packed into what, from the single unit to the shipment, at any depth, at any moment.
//!
//! Serves URS-AG-001 to URS-AG-007. A hierarchy is what its facts say ([`fact`]). One function judges a fact by what held
//! before it ([`law`]); [`arrival`] takes facts in whatever order they come and keeps what cannot hold yet, or contradicts,
//! parked with all its reasons ([`fault`]). What readers see is in [`tree`].
//!
//! ```text
//! facts in any order ─▶ arrival ─▶ law ─▶ applied: how nodes stand from this key on ─▶ tree, as of any moment
//!                          ▲        │ asks
//!                          │        ▼ nodes and what is around them
//!                       chronicle (ground): a store's tables, or a ledger in memory
//! ```
//!
//! Nodes are small numbers within one tenant; which pack or SSCC a number means is kept by who hands it in. Nothing here
//! holds a whole tree: [`ground`] says what is asked of a store. A container moves, is shipped or ends as one row, and the
//! sums of the containers around it change, so that its size does not matter.

pub mod arrival;
pub mod completeness;
pub mod contents;
pub mod fact;
pub mod fault;
pub mod ground;
pub mod law;
pub mod ledger;
pub mod level;
pub mod node;
#[cfg(test)]
mod properties;
mod scene;
#[cfg(test)]
mod tests;
pub mod tree;

pub use arrival::{Arrival, arrive, reasons, withdraw};
pub use contents::{Contents, Filling, Mixture};
pub use fact::{Act, Children, FactKey, HierarchyFact, Step};
pub use fault::{Breach, Fault, Outlook};
pub use ground::{Chronicle, Ground};
pub use law::{Judgement, Rules, Verdict, judge};
pub use ledger::Ledger;
pub use level::Level;
pub use node::{Custody, Goods, Kind, Life, Node, NodeId, Rest};
pub use tree::{Evidence, Page, Whereabouts, page, whereabouts};
