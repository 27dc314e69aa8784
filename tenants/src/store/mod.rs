//! One file a noun: what can be read and changed of it within a scope. No decisions, no clock, no bare SQL string that a
//! query could say.

pub mod aggregation;
mod aggregation_chronicle;
mod aggregation_row;
pub mod alert;
pub mod api_key;
pub mod capture;
pub mod connector;
pub mod epc;
pub mod epcis_event;
pub mod epcis_query;
pub mod fact;
pub mod idempotency;
pub mod job;
pub mod letter;
pub mod load;
pub mod lot;
mod lot_count;
pub mod lot_list;
pub mod mapping;
mod master_data;
pub mod message;
pub mod message_answer;
pub mod outbox;
pub mod pack;
pub mod pack_change;
pub mod product;
pub mod role;
pub mod session;
mod stored;
pub mod upload;
pub mod upload_result;
pub mod user;
pub mod webhook;

pub use self::stored::random_bits;
