//! The question "what became of this message?", asked before anything is sent a second time.
//!
//! Results are asynchronous, at least once and unordered (emvs.md 5.1, I): whoever got no answer asks by message id.

use packtwin_connector_port::document::Envelope;

use crate::document_tree::{Node, Traced, message};

/// The document's element.
pub(crate) const NAME: &str = "MessageQuery";

/// The question as a whole message.
pub(crate) fn tree(about: &str, envelope: &Envelope) -> Node {
    let id = Traced::copied("message_id", about, "the message whose fate is asked");
    message(envelope, Node::group(NAME, vec![Node::text("About", id)]))
}
