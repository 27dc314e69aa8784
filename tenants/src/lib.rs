//! The only crate that opens a database: sites, scopes, stores, people, keys, audit and outbox.
//!
//! The only way to a tenant's data is a [`scope::TenantScope`], and the only way to change it is with an audit note in
//! hand. What differs between SQLite and PostgreSQL sits in [`engine`], two arms each.

pub mod audit;
pub mod blob;
pub mod breach_list;
pub mod callback;
pub mod checkpoint;
pub mod engine;
pub mod error;
mod founding;
pub mod key_sign_in;
pub mod password;
pub mod probe;
pub mod random;
#[allow(missing_docs, reason = "columns are described in the migrations")]
mod schema;
pub mod scope;
pub mod seal;
pub mod sign_in;
pub mod site;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod throttle;
pub mod verifier;
pub mod verifier_scope;
