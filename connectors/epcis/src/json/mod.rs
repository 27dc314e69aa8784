//! EPCIS in JSON and JSON-LD, version 2.0: read tolerantly, written strictly (EPCIS 2.0, section 10).
//!
//! JSON-LD is read as the standard's own context defines it; that context is built in, and no address is ever fetched.

mod bindings;
mod context;
mod context_reader;
mod event_reader;
mod event_writer;
mod master_data;
mod reader;
mod single;
mod text;
mod tokens;
mod tree;
mod writer;

pub(crate) use context::EPCIS_CONTEXT;
pub use reader::JsonReader;
pub use single::{read_single_event, single_event};
pub use writer::JsonWriter;

/// Marks the alias of a prefix under which XML attributes are written; it is bound to the same namespace.
const ATTRIBUTE_SUFFIX: &str = ".attribute";
/// The text of an element that has attributes too.
const TEXT_KEY: &str = "#text";
/// The content of an element in which texts stand between elements.
const MIXED_KEY: &str = "#mixed";
