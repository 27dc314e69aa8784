//! How single values lie in columns and are read back: ids and words as text, days as numbers, hashes as bytes.
//!
//! A value that cannot be read back was changed from outside the house and is reported as [`StoreError::Damaged`].

use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::de::DeserializeOwned;

use packtwin_core::audit::Hash;
use packtwin_core::time::Timestamp;

use crate::error::StoreError;
use crate::random;

/// 128 bits from the machine's secure generator, for ids and lease tokens.
///
/// # Errors
/// The machine gave no random bits.
pub fn random_bits() -> Result<u128, StoreError> {
    random::bits()
}

/// A fresh name for one holder of a lease.
pub(super) fn fresh_token() -> Result<String, StoreError> {
    Ok(format!("{:032x}", random_bits()?))
}

/// Reads an id or another value that prints and parses itself.
pub(super) fn parsed<T: FromStr>(text: &str, what: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged { what })
}

/// As [`parsed`], for a column that may be empty.
pub(super) fn parsed_if<T: FromStr>(
    text: Option<String>,
    what: &'static str,
) -> Result<Option<T>, StoreError> {
    text.map(|text| parsed(&text, what)).transpose()
}

/// Keeps a value that was found, or says which one is missing.
pub(super) fn known<T>(value: Option<T>, what: &'static str) -> Result<T, StoreError> {
    value.ok_or(StoreError::Damaged { what })
}

/// A day as both engines store it: days since the first of January of the year 1.
pub(super) fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// Reads a [`day_number`].
pub(super) fn day(number: i32, what: &'static str) -> Result<NaiveDate, StoreError> {
    known(NaiveDate::from_num_days_from_ce_opt(number), what)
}

/// As [`day`], for a column that may be empty.
pub(super) fn day_if(
    number: Option<i32>,
    what: &'static str,
) -> Result<Option<NaiveDate>, StoreError> {
    number.map(|number| day(number, what)).transpose()
}

/// A point in time from a column that may be empty.
pub(super) fn at_if(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(Timestamp::from_micros)
}

/// A count as a column holds it. Nothing that is counted here comes near the limit of the column.
pub(super) fn column_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Reads a count, which is never negative.
pub(super) fn count(number: i64, what: &'static str) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Damaged { what })
}

/// A version or index as a column holds it.
pub(super) fn column_number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Reads a version or index, which is never negative.
pub(super) fn number(number: i32) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::Damaged { what: "number" })
}

/// Reads a SHA-256.
pub(super) fn hash(bytes: Vec<u8>, what: &'static str) -> Result<Hash, StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged { what })
}

/// As [`hash`], for a column that may be empty.
pub(super) fn hash_if(
    bytes: Option<Vec<u8>>,
    what: &'static str,
) -> Result<Option<Hash>, StoreError> {
    bytes.map(|bytes| hash(bytes, what)).transpose()
}

/// Reads a JSON column into its private form.
pub(super) fn json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged { what })
}

/// Writes a JSON column.
pub(super) fn json_text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("strings, numbers and lists always have a JSON form")
}

/// A `LIKE` pattern for a text that contains `part`, in lower case, with `\` before every wildcard of the part.
pub(super) fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for ch in part.trim().to_lowercase().chars() {
        if matches!(ch, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(ch);
    }
    pattern.push('%');
    pattern
}

diesel::define_sql_function! {
    /// Lower case, of ASCII letters at least.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}
