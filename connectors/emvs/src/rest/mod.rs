//! The REST dialect: JSON, one address per pack, operation codes of eight digits (emvs.md 3.3, 3.5).
//!
//! [`request`] reads what a client sends, [`response`] writes what it gets, [`code`] is the grammar of operation codes, read
//! and written. Tokens and TLS are the server's business.

pub mod code;
pub mod request;
pub mod response;

pub use code::OperationCode;
pub use request::{HttpRequest, RestBulk, RestPack, RestRequest, read};
pub use response::{RestAnswer, accepted, answer, bulk_result, refused};

#[cfg(test)]
mod tests;
