//! Workbooks.
use crate::mapping::Mapping;
use crate::recognise::Recognised;
use packtwin_connector_port::serial_file::{
    FileSummary, ReadRefused, ReadSettings, SerialFileSink,
};
use packtwin_core::code::Code;
use std::io::{Read, Seek};

pub(crate) fn recognise<R: Read + Seek>(_input: &mut R) -> Result<Recognised, ReadRefused> {
    Err(ReadRefused::file(
        Code::UploadNotRecognised,
        "Workbooks are not read yet.",
    ))
}

pub(crate) fn read<R: Read + Seek>(
    _input: R,
    _mapping: &Mapping,
    _settings: &ReadSettings,
    _sink: &mut dyn SerialFileSink,
) -> Result<FileSummary, ReadRefused> {
    Err(ReadRefused::file(
        Code::UploadNotRecognised,
        "Workbooks are not read yet.",
    ))
}
