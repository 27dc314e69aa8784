//! What becomes of alerts: explained, decided by the holder with a reason, escalated by the clock (URS-AL-003, URS-AL-004).
//!
//! Raising them is [`crate::verification`]'s. The rules of each market are data (`core::alert::life`); here they meet the
//! store. Clusters, attachments and letters are not here yet.

pub mod decide;
pub mod escalate;
pub mod explain;

pub use self::decide::{DecideAlert, decide_alert};
pub use self::escalate::{EscalationPass, escalate};
pub use self::explain::{AlertView, NearSerial, view_alert};
