//! Messages: documents to far sides and what came back.
//!
//! A message is written once and its bytes never change; a repeat sends the same bytes under the same id. Before anything
//! is sent again whose outcome is unknown, the far side is asked.

mod callback;
mod dispatch;
mod fact;
mod refused;
mod unconfirmed;
mod view;

pub use self::callback::receive_callback;
pub use self::dispatch::{DispatchPass, dispatch, pause_before, retry_message};
pub use self::fact::{MessageDetail, fact_of};
pub(crate) use self::refused::refusals_of_lot;
pub use self::refused::{Anew, FarReason, FarRefusal, refusals_of_product};
pub use self::unconfirmed::Unconfirmed;
pub(crate) use self::unconfirmed::unconfirmed;
pub use self::view::{MessageView, view_message};

/// The topic of messages in the outbox.
pub(crate) const TOPIC: &str = "message";
