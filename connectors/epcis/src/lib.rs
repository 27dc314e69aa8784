//! EPCIS documents: what a partner's system says about packs, read as facts and written again.
//!
//! Built so far: the commissioning of packs in EPCIS 1.0, 1.1 and 1.2 XML, in and out (first road). Aggregation and shipping
//! events are counted and reported, not read. A company prefix length is never guessed; see `core::company_prefix`.

pub mod commissioning;
pub mod commissioning_writer;
mod epc_spool;
mod ilmd_date;
mod object_event;
pub mod unread_fields;
