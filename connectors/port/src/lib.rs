//! What every connector is: fact in, document out; reply in, verdict out.
//!
//! A connector is pure. It has no socket, no clock, no database and no retries, so everything it does can be shown with
//! two files side by side. What it lacks is absent from its type: no trait method here has a body that quietly succeeds.
//! Sending bytes is [`transport`]'s, keeping them the store's, deciding when to send the use case's.
//!
//! What readers of serial files share stands here too, since connectors never import each other: the sink they fill
//! ([`serial_file`]), the wording of faults of single values ([`serial_check`]), encodings ([`text_encoding`]) and the one
//! limited reader of XML ([`safe_xml`]).

pub mod document;
pub mod safe_xml;
pub mod serial_check;
pub mod serial_file;
pub mod text_encoding;
pub mod transport;
pub mod verdict;
