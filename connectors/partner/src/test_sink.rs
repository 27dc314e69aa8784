//! A sink that keeps everything, and the way from bytes to it, for the tests of this crate.

use std::io::Cursor;

use packtwin_connector_port::serial_file::{
    FileSummary, LotIndex, ReadRefused, ReadSettings, SeenLot, SerialFileSink, Stop,
};
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use crate::mapping::Mapping;
use crate::recognise::{Recognised, recognise};

/// Everything a reader handed over.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) lots: Vec<SeenLot>,
    pub(crate) rows: Vec<(u64, LotIndex, Option<Serial>)>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) bytes: u64,
    /// Stop after so many rows.
    pub(crate) rows_max: Option<usize>,
}

impl SerialFileSink for Kept {
    fn lot(&mut self, lot: SeenLot) -> Result<LotIndex, Stop> {
        self.lots.push(lot);
        Ok(LotIndex(self.lots.len() as u32 - 1))
    }

    fn row(&mut self, row: u64, lot: LotIndex, serial: Option<Serial>) -> Result<(), Stop> {
        self.rows.push((row, lot, serial));
        match self.rows_max == Some(self.rows.len()) {
            true => Err(Stop),
            false => Ok(()),
        }
    }

    fn finding(&mut self, finding: Finding) -> Result<(), Stop> {
        self.findings.push(finding);
        Ok(())
    }

    fn progress(&mut self, bytes: u64) -> Result<(), Stop> {
        assert!(bytes >= self.bytes, "progress never goes back");
        self.bytes = bytes;
        Ok(())
    }
}

impl Kept {
    /// `row code proposal` of every finding, one a line.
    pub(crate) fn told(&self) -> Vec<String> {
        let line = |finding: &Finding| match &finding.proposal {
            Some(proposal) => format!("{} {} -> {proposal}", finding.row, finding.code),
            None => format!("{} {}", finding.row, finding.code),
        };
        self.findings.iter().map(line).collect()
    }

    /// The serials that were handed over.
    pub(crate) fn serials(&self) -> Vec<String> {
        let serials = self.rows.iter().filter_map(|(_, _, serial)| *serial);
        serials.map(|serial| serial.to_string()).collect()
    }
}

/// The settings of all tests: a day in 2026.
pub(crate) fn settings(accepted: &[Code]) -> ReadSettings {
    let mut settings = ReadSettings::new(at());
    settings.accepted.extend(accepted);
    settings
}

pub(crate) fn at() -> Timestamp {
    Timestamp::parse("2026-06-15T12:00:00Z").unwrap()
}

/// Recognises and reads bytes with the mapping that is proposed for them.
pub(crate) fn read_bytes(
    bytes: &[u8],
    accepted: &[Code],
) -> Result<(Kept, FileSummary, Recognised), ReadRefused> {
    let recognised = recognise(Cursor::new(bytes))?;
    let mapping = Mapping::for_file(&recognised, at());
    let mut kept = Kept::default();
    let summary = crate::read(
        Cursor::new(bytes),
        &recognised,
        &mapping,
        &settings(accepted),
        &mut kept,
    )?;
    Ok((kept, summary, recognised))
}
