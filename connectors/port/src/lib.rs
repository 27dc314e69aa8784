//! What every connector is: fact in, document out; reply in, verdict out.
//!
//! A connector is pure. It has no socket, no clock, no database and no retries, so everything it does can be shown with
//! two files side by side. What it lacks is absent from its type: no trait method here has a body that quietly succeeds.
//! Sending bytes is [`transport`]'s, keeping them the store's, deciding when to send the use case's.

pub mod document;
pub mod safe_xml;
pub mod serial_check;
pub mod serial_file;
pub mod text_encoding;
pub mod transport;
pub mod verdict;
