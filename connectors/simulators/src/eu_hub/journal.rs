//! The journal of the simulated hub: what was decided, one line a message, on disk before the answer leaves.
//!
//! A line that was cut by a kill has no line end and is dropped at the next start: its answer never left.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::answer::Outcome;

/// One message with what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub message_id: String,
    /// SHA-256 of the document, hexadecimal.
    pub digest: String,
    pub outcome: Outcome,
    pub effect: Option<Effect>,
}

/// What a message changed. Serials are joined by blanks, which no serial holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    Product {
        key: String,
        version: u32,
        markets: Vec<String>,
        fragment: String,
    },
    Packs {
        key: String,
        version: u32,
        batch: String,
        expiry: String,
        markets: Vec<String>,
        serials: String,
    },
    States {
        key: String,
        state: String,
        at: i64,
        serials: String,
    },
    Recall {
        key: String,
        batch: String,
        markets: Vec<String>,
        reason: String,
    },
    Withdrawal {
        key: String,
        markets: Vec<String>,
        reason: String,
    },
}

/// The file.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Opens the journal of a folder and hands its whole lines to `replay`.
    pub fn open(folder: &Path, mut replay: impl FnMut(Record)) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(folder.join("eu_hub.journal"))?;
        let mut whole = 0;
        let mut reader = BufReader::new(&mut file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if length == 0 || line.last() != Some(&b'\n') {
                break;
            }
            let record = serde_json::from_slice(&line)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            replay(record);
            whole += length as u64;
        }
        drop(reader);
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Journal { file })
    }

    /// Writes one record and waits until it is on disk.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record).map_err(io::Error::other)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}
