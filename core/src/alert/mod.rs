//! Alerts: what is kept of one, who may move it, when it escalates, and what many of them have in common.
//!
//! An alert is raised by [`crate::verification::decide`] and lives on apart from its pack: closing one changes no pack state
//! (URS-AL-007). Life cycle: [`life`]; likely cause of one: [`cause`] and [`near`]; of many: [`cluster`]. Serves URS-AL-001
//! to URS-AL-008. Where an alert is kept and who is mailed is the stores' and the use cases' business.

pub mod cause;
pub mod cluster;
pub mod id;
pub mod life;
pub mod near;
pub mod record;

pub use cause::{Cause, LikelyCause, likely_cause};
pub use cluster::{BatchUpload, Cluster, cluster, deduplicate};
pub use id::AlertId;
pub use life::{AlertState, Investigation, Move, MoveRefused, Participation, Party, Standing};
pub use record::{Alert, Known, Previous, Pseudonym, Source};
