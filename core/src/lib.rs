//! The law of packs: identifiers, scanned codes, product, batch, pack states, facts, verification, alerts and the audit chain.
//!
//! Nothing here does input or output, reads a clock, waits or knows a database: everything a rule needs is handed in,
//! so that every rule can be shown by a small test.

pub mod aggregation;
pub mod alert;
pub mod application_identifier;
pub mod audit;
pub mod batch_number;
pub mod charset;
pub mod check_digit;
pub mod code;
pub mod company_prefix;
pub mod date;
pub mod digital_link;
pub mod element_string;
pub mod environment;
pub mod epc;
pub mod expiry;
pub mod fact;
pub mod finding;
pub mod gln;
pub mod gtin;
pub mod ids;
mod inline_text;
pub mod iso15434;
pub mod issued_key;
pub mod lot;
pub mod market;
pub mod national_code;
pub mod pack;
pub mod percent;
pub mod ppn;
pub mod product;
pub mod product_code;
#[cfg(test)]
mod properties;
pub mod pzn;
pub mod refusal;
pub mod role;
pub mod russian_sgtin;
pub mod scan;
pub mod serial;
pub mod serial_rules;
pub mod site_certificate;
pub mod sscc;
pub mod symbology;
pub mod time;
pub mod verification;
