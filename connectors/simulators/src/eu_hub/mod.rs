//! A stand-in for the EU hub, on loopback over TLS, with the faults a hub can show.
//!
//! Takes the mirror documents of `packtwin-eu-hub`, judges them by its own reading of emvs.md 2 and 5.2, keeps products,
//! batches and packs in memory (and, with a folder, in a journal that survives a kill), and answers as the hub does: at
//! once, or with a receipt and a late callback. The same message id is answered with the first answer; the same pack in
//! another message is refused. Where the hub's code for a refusal is not public the answer carries one of our own, which
//! begins with `PT-`. Serves URS-CN-002 and the faults F11 to F15 of operations.md. It is a simulator and says so.

mod answer;
mod callback;
mod control;
pub mod control_client;
mod exchange;
mod field_rules;
mod hub;
mod incoming;
mod journal;
mod judgement;
mod judgement_of_packs;
mod pack_register;
mod product_register;
mod product_rules;
mod server;
mod switches;

pub use product_register::{HubCounts, ProductCounts};
pub use server::{HubSimulator, RunningHub, SimulatorError, SimulatorSettings};
pub use switches::{Answers, Drift, Fault, Switches};

#[cfg(test)]
mod tests;
