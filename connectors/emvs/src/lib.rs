//! The wire forms in which pharmacies, hospitals and wholesalers ask a national system: two dialects over one decision.
//!
//! [`rest`] is JSON with operation codes of eight digits, [`soap`] has process numbers and `NMVS_` codes. Each reads requests
//! into core's canonical ones and writes core's decisions as answers; a public client's requests are understood unchanged.
//! What is decided stands in `packtwin_core::verification`; here is no socket, no clock and no store. Serves URS-VF-001,
//! URS-VF-002, URS-VF-007, URS-VF-014.

#[cfg(test)]
mod agreement;
pub mod rest;
pub mod soap;
pub mod wording;

use packtwin_core::alert::AlertId;
use packtwin_core::verification::{Decision, Operation};

/// What an answer tells besides the decision: product data and the reference to an alert, as the stores hold them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Background<'a> {
    /// The alert that the decision raised, once it is kept.
    pub alert: Option<AlertId>,
    /// Where people look the alert up.
    pub alert_link: Option<&'a str>,
    /// The product's name.
    pub product_name: Option<&'a str>,
    /// Why the batch is recalled.
    pub recall_reason: Option<&'a str>,
    /// Why the product is withdrawn.
    pub withdrawal_reason: Option<&'a str>,
    /// The national number.
    pub national_code: Option<&'a str>,
}

/// A decision with what was asked and what surrounds it.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// What was asked.
    pub operation: Operation,
    /// What was decided.
    pub decision: &'a Decision,
    /// The rest.
    pub background: Background<'a>,
}
