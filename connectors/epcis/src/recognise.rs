//! Which form of EPCIS a document has, found by its content and never by its name's ending.
//!
//! Tolerant as the readers are: a document without namespace, wrapped in SOAP, or a bare event is EPCIS too. Whether it can
//! be read to its end is not asked here.

use std::io::{self, Read};

use crate::document::SchemaVersion;
use crate::event::Event;
use crate::reading::{EventReader, ReadingError, Step};
use crate::translation::{AnyReader, Form};

/// The form, or `None` where the document is no EPCIS. XML of 1.0 and 1.1 has the form of 1.2. All JSON counts, since
/// nothing else that is read here is JSON; its reader says what is wrong with it.
///
/// # Errors
/// The bytes cannot be fetched.
pub fn form_of(input: impl Read) -> io::Result<Option<Form>> {
    let mut reader = match AnyReader::new(input) {
        Ok(reader) if reader.is_json() => return Ok(Some(Form::Json2)),
        Ok(reader) => reader,
        Err(ReadingError::Io(error)) => return Err(error),
        Err(ReadingError::Refused(_)) => return Ok(None),
    };
    match reader.next(&mut Event::default(), &mut Vec::new()) {
        Ok(Step::Head(head)) => Ok(Some(of_xml(head.version))),
        Err(ReadingError::Io(error)) => Err(error),
        // A document that cannot be read on is EPCIS all the same where its root was seen.
        _ => Ok(match &reader {
            AnyReader::Xml(reader) => reader.version_begun().map(of_xml),
            AnyReader::Json(_) => None,
        }),
    }
}

const fn of_xml(version: SchemaVersion) -> Form {
    match version {
        SchemaVersion::V1 => Form::Xml1,
        SchemaVersion::V2 => Form::Xml2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        let root = |number, version| {
            format!(
                "<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:{number}' schemaVersion='{version}'><EPCISBody/></e:EPCISDocument>"
            )
        };
        for (document, form) in [
            (root(1, "1.2"), Some(Form::Xml1)),
            (root(1, "1.0"), Some(Form::Xml1)),
            (root(2, "2.0"), Some(Form::Xml2)),
            (
                format!("<Envelope><Body>{}</Body></Envelope>", root(2, "2.0")),
                Some(Form::Xml2),
            ),
            (
                " \n{\"type\": \"EPCISDocument\"}".to_owned(),
                Some(Form::Json2),
            ),
            (
                "<EPCISDocument><EPCISBody><EventList>".to_owned(),
                Some(Form::Xml1),
            ),
            ("<EPCISDocument><EPCISBody>".to_owned(), Some(Form::Xml1)),
            ("<HubMessage/>".to_owned(), None),
            ("SN;GTIN\n1;2\n".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(form_of(document.as_bytes()).unwrap(), form, "{document}");
        }
    }
}
