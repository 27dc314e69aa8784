//! EPCIS in XML: 1.0, 1.1, 1.2 and 2.0, read tolerantly and written strictly.

mod event_reader;
mod event_writer;

mod header;
mod reader;
mod sensor_reader;
mod text;
mod walker;
mod writer;

pub use reader::XmlReader;
pub use writer::XmlWriter;

/// The namespaces of EPCIS itself; their elements are known by local name, wherever a partner qualifies them.
const EPCIS_NAMESPACES: [&str; 6] = [
    "urn:epcglobal:epcis:xsd:1",
    "urn:epcglobal:epcis:xsd:2",
    "urn:epcglobal:epcis-query:xsd:1",
    "urn:epcglobal:epcis-query:xsd:2",
    "urn:epcglobal:epcis-masterdata:xsd:1",
    "urn:epcglobal:epcis-masterdata:xsd:2",
];

/// Carries foreign header elements in 2.0, whose header has no place for them but `extension/extension`.
const FOREIGN_HEADER: &str = "foreignHeaderElements";
