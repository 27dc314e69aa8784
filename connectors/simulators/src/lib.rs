//! Stand-ins for the far sides: part of the product, labelled as such, never part of a production site.
//!
//! A newcomer sees the whole road and a customer can test without an authority's contract. Each stand-in judges documents
//! by its own reading of the public rules, never by the connector's check, and has switches for every fault a far side
//! can show.

pub mod eu_hub;
pub mod sandbox_authority;

pub use sandbox_authority::SandboxAuthority;
