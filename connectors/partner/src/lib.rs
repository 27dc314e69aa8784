//! Partners' files: separated text, lists of serials and workbooks, read as lots and serials, and written again.
//!
//! Serves the first road (a packager's file becomes a checked lot). A file is recognised by content, its columns get a
//! meaning by a mapping, and one pass hands over lots, rows and findings in constant memory. Whether a product is known, a
//! serial taken or a lot complete is not known here; `app` asks the store. EPCIS documents are recognised here and read by
//! the `epcis` connector.

use std::io::{Read, Seek};

use packtwin_connector_port::serial_file::{
    FileSummary, ReadRefused, ReadSettings, SerialFileSink,
};
use packtwin_core::code::Code;

mod cells;
pub mod dates;
pub mod error_file;
pub mod formula_guard;
mod headings;
mod layout;
pub mod mapping;
mod product_cell;
pub mod recognise;
mod rows;
pub mod serial_csv;
mod serial_list;
mod spreadsheet_number;
mod table_shape;
pub mod template;
#[cfg(test)]
mod test_sink;
mod workbook;

pub use mapping::{Column, Field, Mapping};
pub use recognise::{Kind, Recognised, recognise};

/// Reads the whole file: every lot, row and finding goes to `sink`, in file order.
///
/// # Errors
/// [`ReadRefused::File`] when the file cannot be read on; what stands before was handed over. [`ReadRefused::Stopped`]
/// when the sink asked for it.
pub fn read<R: Read + Seek>(
    input: R,
    recognised: &Recognised,
    mapping: &Mapping,
    settings: &ReadSettings,
    sink: &mut dyn SerialFileSink,
) -> Result<FileSummary, ReadRefused> {
    match recognised.kind {
        Kind::SeparatedText | Kind::SerialList => {
            serial_list::read(input, recognised, mapping, settings, sink)
        }
        Kind::Workbook => workbook::read(input, mapping, settings, sink),
        Kind::EpcisXml => Err(ReadRefused::file(
            Code::UploadNotRecognised,
            "The file is an EPCIS document, which has no columns to read.",
        )),
    }
}
