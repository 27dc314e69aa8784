//! One file a noun: what can be read and changed of it within a scope. No decisions, no clock, no bare SQL string that a
//! query could say.

pub mod api_key;
pub mod idempotency;
pub mod session;
pub mod user;
