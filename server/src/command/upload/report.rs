//! What came of one file, for people and for programs.

use std::path::{Path, PathBuf};

use packtwin_core::code::Code;
use serde_json::{Value, json};

use super::state;
use crate::command::exit;

/// What the site says of a file.
pub(super) struct Report {
    path: PathBuf,
    /// Whether the same content had come before.
    same: bool,
    pub(super) upload: Value,
    /// Sums by code.
    pub(super) findings: Vec<Value>,
    pub(super) lots: Vec<Value>,
    /// The lots that were to be sent, with their numbers.
    pub(super) sent: Vec<Value>,
    /// Whether the hub's answers were waited for.
    pub(super) waited: bool,
}

impl Report {
    pub(super) fn new(path: &Path, same: bool, upload: Value) -> Self {
        Report {
            path: path.to_owned(),
            same,
            upload,
            findings: Vec::new(),
            lots: Vec::new(),
            sent: Vec::new(),
            waited: false,
        }
    }

    /// The exit status it stands for.
    pub(super) fn status(&self) -> u8 {
        let summary = &self.upload["summary"];
        if summary["rows_right"].as_u64().unwrap_or(0) == 0 {
            return exit::REFUSED;
        }
        let left_out = ["needs_decision", "withdrawn", "partly_committed"];
        let all_right = summary["rows_wrong"] == 0 && summary["lots_right"] == summary["lots"];
        let unanswered = |lot: &Value| lot["numbers"]["acknowledged"] != lot["numbers"]["stored"];
        let not_taken = Code::UploadNotTaken.as_str();
        let all_taken = self.findings.iter().all(|sum| sum["code"] != not_taken);
        let held_back = self.waited && self.sent.iter().any(unanswered);
        match all_right && all_taken && !left_out.contains(&state(&self.upload)) && !held_back {
            true => 0,
            false => exit::NOT_ALL,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "file": self.path.display().to_string(),
            "same": self.same,
            "upload": self.upload,
            "findings": self.findings,
            "lots": self.lots,
            "sent": self.sent,
        })
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let word = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let upload = &self.upload;
        let mut lines = vec![format!(
            "{}: upload {}, {}{}",
            self.path.display(),
            word(&upload["id"]),
            state(upload),
            if self.same {
                " (received before; nothing was sent again)"
            } else {
                ""
            }
        )];
        if let Some(refused) = upload["refused"].as_object() {
            lines.push(format!(
                "  refused  {} {}",
                word(&refused["code"]),
                word(&refused["text"])
            ));
        }
        if upload["summary"].is_object() {
            let sum = &upload["summary"];
            lines.push(format!(
                "  rows     {} in all, {} right, {} mended, {} wrong ({} could be mended)",
                sum["rows"],
                sum["rows_right"],
                sum["rows_fixed"],
                sum["rows_wrong"],
                sum["rows_fixable"]
            ));
        }
        for sum in &self.findings {
            lines.push(format!(
                "  {:<8} {} {} times: {}. {}",
                word(&sum["severity"]),
                word(&sum["code"]),
                sum["count"],
                word(&sum["title"]),
                word(&sum["remedy"])
            ));
            let examples = sum["examples"].as_array().into_iter().flatten();
            lines
                .extend(examples.map(|example| format!("             {}", word(&example["text"]))));
        }
        for lot in &self.lots {
            let blocked: Vec<String> = lot["blocked_by"]
                .as_array()
                .into_iter()
                .flatten()
                .map(word)
                .collect();
            let stands = match (lot["committed"] == true, blocked.is_empty()) {
                (true, _) => "committed".to_owned(),
                (false, true) => "not committed".to_owned(),
                (false, false) => format!("blocked by {}", blocked.join(", ")),
            };
            lines.push(format!(
                "  lot      {} of {}, expiry {}: {} rows right, {} wrong, {stands}",
                word(&lot["batch"]),
                word(&lot["product"]),
                word(&lot["expiry"]),
                lot["rows_right"],
                lot["rows_wrong"]
            ));
        }
        for lot in &self.sent {
            let numbers = &lot["numbers"];
            lines.push(format!(
                "  sent     {} of {}: {} stored, {} sent, {} acknowledged",
                word(&lot["lot"]),
                word(&lot["product"]),
                numbers["stored"],
                numbers["sent"],
                numbers["acknowledged"]
            ));
        }
        lines
    }
}
