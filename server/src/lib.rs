//! The server: HTTP, pages, configuration, command line. It holds no SQL and no law of packs; see `tenants` and `core`.

pub mod background;
pub mod clock;
pub mod command;
pub mod configuration;
pub mod http;
pub mod listener;
pub mod log;
pub mod pages;
pub mod timetable;
