//! EPCIS documents: what a partner's system says about packs, read and written in every form of the standard.
//!
//! Two halves. `commissioning` and `commissioning_writer` turn the commissioning of packs into facts and back (first road).
//! The rest is EPCIS whole: one model of [`event`] and [`document`], tolerant readers and strict writers for XML 1.x, XML 2.0
//! and JSON 2.0, the event `hash` of CBV 2.0, and `validate`. A company prefix length is never guessed; see
//! `core::company_prefix`.

pub mod cbv;
pub mod commissioning;
pub mod commissioning_writer;
pub mod dialect;
pub mod document;
pub mod epc_format;
pub mod epc_name;
mod epc_spool;
pub mod event;
pub mod event_index;
pub mod extension;
mod fields;
pub mod hash;
mod hash_items;
pub mod hierarchy;
mod ilmd_date;
pub mod json;
mod layout;
pub mod loss;
mod object_event;
pub mod query;
pub mod reading;
pub mod recognise;
pub mod text_list;
pub mod translation;
pub mod unread_fields;
pub mod validate;
pub mod xml;
