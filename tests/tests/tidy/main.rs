//! The doors of the house are shut, and its rooms are labelled: proved by reading the manifests and the sources.
//!
//! Which room may know which is design.md section 1; how a room reads is style.md sections 2 to 4. What needs a compiler
//! (unsafe code, missing docstrings, `unwrap`) is the lints' business; see the root manifest. Each rule is a function
//! from text to faults, and each has a test that hands it a fault, so that none of them can pass by seeing nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod doors;
mod machines;
mod names;
mod project;
mod requirements;
mod rooms;
