//! The last part of `packtwin bench translate`: the same document captured into the store of a fresh site, and the yardstick.
//!
//! The product path is that of `/v1/epcis/capture` without HTTP: the document is handed over, read to its end, since it is
//! to be kept whole or not at all, and stored event by event with its index and its hierarchy. The yardstick stores the
//! packs' serials in a bare table by the engine's fastest bulk route (`tenants::engine::yardstick`). The figure counts only
//! when every event is stored and no fact is parked.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use packtwin_app::capture::begin_capture;
use packtwin_tenants::engine::Engine;
use packtwin_tenants::store::capture::{CaptureState, ErrorBehaviour};

use super::ingest::{Bench, yardstick};
use crate::command::{Failure, sandbox};

/// What capturing came to.
pub(super) struct Captured {
    pub(super) seconds: f64,
    pub(super) yardstick_seconds: f64,
    pub(super) events: u64,
}

/// Captures a document of `packs` packs on SQLite.
pub(super) fn run(document: &Path, packs: u64, folder: &Path) -> Result<Captured, Failure> {
    let folder = folder.join("capture");
    std::fs::create_dir(&folder)?;
    let engine = Engine::Sqlite {
        path: folder.join("packtwin.db").display().to_string(),
    };
    engine.migrate()?;
    let bench = Bench::found(&engine, &folder, &[])?;
    let desk = sandbox::desk(&bench.house, bench.tenant, "bench");
    let mut document = File::open(document)?;
    let started = Instant::now();
    let begun = begin_capture(&desk, &mut document, ErrorBehaviour::Rollback)?;
    sandbox::work(&bench.house)?;
    let seconds = started.elapsed().as_secs_f64();
    let record = desk.scope().read(|reader| reader.capture_get(begun.id))?;
    let events = match record {
        Some(record) if record.state == CaptureState::Stored && record.sums.parked == 0 => {
            record.sums.stored
        }
        _ => return Err(Failure::found("the document was not captured whole")),
    };
    drop(desk);
    drop(bench);
    let yardstick = yardstick(&engine, &folder, packs)?;
    Ok(Captured {
        seconds,
        yardstick_seconds: yardstick.as_secs_f64(),
        events,
    })
}
