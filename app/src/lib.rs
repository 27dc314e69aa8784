//! Use cases: what happens when someone asks for something, and the passes that run by themselves.
//!
//! Here core, connectors and tenants first meet. Everything is synchronous and handed in: no web framework, no socket of
//! its own, no clock of its own. A use case reads as a list: who asks, what they hand over, whether they may, whether it
//! makes sense now, one transaction, the answer.

pub mod aggregation;
pub mod alert;
pub mod capture;
pub mod checkpoint;
pub mod connector;
pub mod credential_check;
pub mod desk;
pub mod error;
pub mod expiring;
pub mod house;
pub mod invitation;
pub mod job;
pub mod letter;
pub mod lot;
pub mod market;
pub mod message;
pub mod pack;
pub mod product;
pub mod today;
pub mod translate;
pub mod upkeep;
pub mod upload;
pub mod verification;
pub mod webhook;
mod whole_file;
