//! The drop zone of the upload centre. With `static/upload.js` a file goes up in parts, can be paused, and continues after
//! a broken line or a reload; without it the same form posts the file in one piece.

use super::{Download, Field};
use crate::pages::filters;
use askama::Template;

/// A drop zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/drop_zone.html")]
pub struct DropZone {
    /// The ordinary form's target.
    pub action: String,
    /// The form token, also sent by the script as `X-CSRF-Token`.
    pub csrf: String,
    /// Where the script creates a resumable upload: `/v1/uploads`.
    pub resumable_href: String,
    /// Bytes in one part.
    pub part_bytes: u64,
    /// Largest file taken, in bytes.
    pub bytes_max: u64,
    /// What may be dropped, in words.
    pub kinds: String,
    /// Whose file it is, with the known partners; chooses the mapping.
    pub partner: Field,
    /// Templates and samples to start from.
    pub samples: Vec<Download>,
    /// Why no file can be taken now; `None` when it can.
    pub refused: Option<String>,
    /// Why the file that was just sent was not taken; `None` otherwise.
    pub problem: Option<String>,
}

super::embeddable!(DropZone);
