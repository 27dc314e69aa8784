//! The business stores of road 1, each story told on both engines.

mod fixture;
mod lots;
mod messages;
mod packs;
mod products;
mod uploads;
mod work;
