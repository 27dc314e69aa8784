//! The outermost room: HTTP, pages, configuration and process start. It holds no SQL and no law of packs.

pub mod pages;
