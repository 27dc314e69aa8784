//! The server: HTTP, pages, configuration, command line. The rules of the trade are not here; see `core` and `app`.

pub mod clock;
pub mod command;
pub mod configuration;
pub mod http;
pub mod listener;
pub mod log;
