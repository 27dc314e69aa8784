//! Bytes out, bytes in: HTTPS to far sides with client certificates, posts to webhooks, letters to a
//! mail server, calls to a site of ours, under limits.
//!
//! Knows nothing of documents. Decides on the address really connected to, follows no redirect, trusts only the authorities
//! an endpoint names, and says of each failure whether the far side may have acted (security.md section 8; URS-CN-009,
//! URS-CN-012). Does not retry and does not queue; see the outbox.

pub mod address;
pub mod certificate;
mod client;
mod https;
pub mod mail;
pub mod site;
mod web_address;
pub mod webhook;

pub use address::AddressRules;
pub use https::HttpsTransport;
pub use webhook::WebhookPoster;
