//! Reading an original, whatever it is: recognised again from its own bytes, so that the stored file alone decides.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use packtwin_connector_port::serial_file::{
    FileSummary, ReadRefused, ReadSettings, SerialFileSink,
};
use packtwin_core::code::Code;
use packtwin_core::time::Timestamp;
use packtwin_partner::mapping::Mapping;
use packtwin_partner::recognise::{Kind, recognise};

/// The kind word of files that need no mapping.
pub const EPCIS_KIND: &str = Kind::EpcisXml.as_str();

/// What to read and how.
pub struct ReadOrder<'a> {
    /// The original.
    pub path: &'a Path,
    /// The mapping in its text form; `None` takes the one that the headings suggest.
    pub mapping: Option<&'a str>,
    /// Codes whose proposals were accepted.
    pub accepted: &'a BTreeSet<Code>,
    /// Codes whose values are right as they are.
    pub kept: &'a BTreeSet<Code>,
    /// Most combinations of lot columns.
    pub lots_max: u32,
    /// When it is read.
    pub at: Timestamp,
}

/// Reads a serial file into `sink`.
///
/// # Errors
/// The file is not recognised, not readable as a whole, or the sink stopped.
pub fn read_serial_file(
    order: &ReadOrder<'_>,
    sink: &mut dyn SerialFileSink,
) -> Result<FileSummary, ReadRefused> {
    let mut file = File::open(order.path)?;
    let recognised = recognise(&mut file)?;
    let settings = ReadSettings {
        accepted: order.accepted.clone(),
        kept: order.kept.clone(),
        lots_max: order.lots_max,
        ..ReadSettings::new(order.at)
    };
    match recognised.kind {
        Kind::EpcisXml => packtwin_epcis::commissioning::read(
            BufReader::with_capacity(256 * 1024, file),
            &settings,
            sink,
        ),
        Kind::SeparatedText | Kind::SerialList | Kind::Workbook => {
            let mapping = match order.mapping {
                Some(text) => Mapping::parse(text).map_err(|error| {
                    ReadRefused::file(Code::UploadMappingNeeded, error.to_string())
                })?,
                None => Mapping::for_file(&recognised, order.at),
            };
            packtwin_partner::read(file, &recognised, &mapping, &settings, sink)
        }
    }
}
