//! The business stores of road 1, each story told on both engines.
#![allow(
    clippy::unwrap_used,
    reason = "a story says what it expects by unwrapping it"
)]

mod aggregation;
mod fixture;
mod lot_counts;
mod lots;
mod messages;
mod packs;
mod products;
mod uploads;
mod work;
