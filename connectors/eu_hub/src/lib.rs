//! The documents of the EU hub (European Medicines Verification System) and how its answers read.
//!
//! The hub's own schema is under licence, so the wire form here is a documented mirror of what is public about it: the
//! transactions, fields and return codes of emvs.md section 5, in a namespace of our own, `urn:packtwin:eu-hub-mirror:`
//! and the hub's release. It is compatible with nothing but our simulator until a licensee puts the hub's element names in
//! its place; what is not public sits in [`settings`] and in the table of [`rules`], each row with its source.
//! Serves URS-CN-002, URS-CN-009, URS-CN-010.
//!
//! One file per document kind. Nothing here has a socket, a clock, a store or a retry.

mod batch_recall;
pub mod connector;
mod cursor;
mod document_tree;
pub mod drift;
pub mod fault_code;
mod message_query;
mod pack_state_update;
mod product_copy;
mod product_master_data;
mod product_pack_data;
mod product_withdrawal;
pub mod quality;
pub mod reading;
pub mod release;
mod reply;
pub mod rules;
pub mod settings;
mod xml_text;

pub use connector::EuHub;
pub use drift::{FieldDrift, compare};
pub use product_copy::{ProductCopy, read_product, write_product_query};
pub use quality::{QualityHint, quality};
pub use reading::{HubDocument, ReadError, is_hub_document, read_document};
pub use release::Release;
pub use settings::{HubSettings, Role};

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod golden_tests;
