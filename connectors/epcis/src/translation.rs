//! From one form of EPCIS to another, part by part, in constant memory.
//!
//! The forms of documents, a reader and a writer for each, and the loop that carries one into the other. What the target
//! has no place for comes back as [`Losses`]; what the source got wrong comes back as findings.

use std::io::{self, Read, Write};

use packtwin_core::finding::Finding;
use packtwin_core::time::Timestamp;

use crate::cbv::CbvXmlFormat;
use crate::document::{DocumentHead, SchemaVersion, Vocabulary};
use crate::epc_format::EpcFormat;
use crate::event::Event;
use crate::extension::Element;
use crate::json::{JsonReader, JsonWriter};
use crate::loss::Losses;
use crate::reading::{EventReader, ReadingError, Step};
use crate::validate::schema_fault;
use crate::xml::{XmlReader, XmlWriter};

/// A form in which documents are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// EPCIS 1.2 XML.
    Xml1,
    /// EPCIS 2.0 XML.
    Xml2,
    /// EPCIS 2.0 JSON-LD.
    Json2,
}

/// How a document is written.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'p> {
    /// When: the creation date of a document whose source names none.
    pub at: Timestamp,
    /// Identifiers (`GS1-EPC-Format`).
    pub epc: EpcFormat<'p>,
    /// Vocabulary in XML (`GS1-CBV-XML-Format`).
    pub cbv: CbvXmlFormat,
}

/// Reads a document in whatever form it is.
pub enum AnyReader<'r> {
    /// XML of any version.
    Xml(Box<XmlReader<Box<dyn Read + 'r>>>),
    /// JSON.
    Json(Box<JsonReader<'r>>),
}

impl<'r> AnyReader<'r> {
    /// Recognises the form by the first character that is no white space: `{` or `[` begins JSON.
    ///
    /// # Errors
    /// See [`ReadingError`].
    pub fn new(mut input: impl Read + 'r) -> Result<Self, ReadingError> {
        let mut head = Vec::with_capacity(1024);
        input.by_ref().take(1024).read_to_end(&mut head)?;
        let is_layout =
            |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf);
        let first = head.iter().find(|byte| !is_layout(byte)).copied();
        let whole: Box<dyn Read + 'r> = Box::new(io::Cursor::new(head).chain(input));
        Ok(match first {
            Some(b'{' | b'[') => AnyReader::Json(Box::new(JsonReader::new(whole)?)),
            _ => AnyReader::Xml(Box::new(XmlReader::new(whole)?)),
        })
    }

    /// Whether the document is JSON.
    pub fn is_json(&self) -> bool {
        matches!(self, AnyReader::Json(_))
    }
}

impl EventReader for AnyReader<'_> {
    fn next(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Step, ReadingError> {
        match self {
            AnyReader::Xml(reader) => reader.next(event, findings),
            AnyReader::Json(reader) => reader.next(event, findings),
        }
    }

    fn bytes_read(&self) -> u64 {
        match self {
            AnyReader::Xml(reader) => reader.bytes_read(),
            AnyReader::Json(reader) => reader.bytes_read(),
        }
    }
}

/// Writes a document in one of the forms.
pub enum AnyWriter<W: Write> {
    /// XML.
    Xml(XmlWriter<W>),
    /// JSON.
    Json(JsonWriter<W>),
}

impl<W: Write> AnyWriter<W> {
    /// Begins a document.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(out: W, form: Form, cbv: CbvXmlFormat, head: &DocumentHead) -> io::Result<Self> {
        Ok(match form {
            Form::Xml1 => AnyWriter::Xml(XmlWriter::new(out, SchemaVersion::V1, cbv, head)?),
            Form::Xml2 => AnyWriter::Xml(XmlWriter::new(out, SchemaVersion::V2, cbv, head)?),
            Form::Json2 => AnyWriter::Json(JsonWriter::new(out, head)?),
        })
    }

    /// Writes an event, unless the schema of the form would refuse it; then it is counted as lost.
    ///
    /// # Errors
    /// Writing failed.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        let form = match self {
            AnyWriter::Xml(writer) => match writer.version() {
                SchemaVersion::V1 => Form::Xml1,
                SchemaVersion::V2 => Form::Xml2,
            },
            AnyWriter::Json(_) => Form::Json2,
        };
        if let Some(fault) = schema_fault(event, form) {
            let what = format!(
                "events that the schema of this form refuses: {} ({fault})",
                fault.title()
            );
            self.losses().add(event.number, what);
            return Ok(());
        }
        match self {
            AnyWriter::Xml(writer) => writer.event(event),
            AnyWriter::Json(writer) => writer.event(event),
        }
    }

    /// Writes master data of the body.
    ///
    /// # Errors
    /// Writing failed.
    pub fn master_data(&mut self, vocabularies: &[Vocabulary]) -> io::Result<()> {
        match self {
            AnyWriter::Xml(writer) => writer.master_data(vocabularies),
            AnyWriter::Json(writer) => writer.master_data(vocabularies),
        }
    }

    /// Writes a message of the query interface, which exists in XML only.
    ///
    /// # Errors
    /// Writing failed.
    pub fn message(&mut self, message: &Element) -> io::Result<()> {
        match self {
            AnyWriter::Xml(writer) => writer.message(message),
            AnyWriter::Json(writer) => {
                let what = format!(
                    "the message {}, which exists in XML only",
                    message.name.local
                );
                writer.losses.add(0, what);
                Ok(())
            }
        }
    }

    /// What could not be carried so far.
    pub fn losses(&mut self) -> &mut Losses {
        match self {
            AnyWriter::Xml(writer) => &mut writer.losses,
            AnyWriter::Json(writer) => &mut writer.losses,
        }
    }

    /// Ends the document.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(self, tail: &[Element]) -> io::Result<Losses> {
        match self {
            AnyWriter::Xml(writer) => writer.finish(tail),
            AnyWriter::Json(writer) => writer.finish(tail),
        }
    }
}

/// What became of a document.
#[derive(Debug, Default)]
pub struct Translated {
    /// Events read.
    pub events: u64,
    /// What the target could not carry.
    pub losses: Losses,
}

/// Carries a document from a reader into a form; every finding about the source goes to `sink`.
///
/// # Errors
/// The source cannot be read on, or writing failed; what was written so far is to be thrown away.
pub fn translate<W: Write>(
    reader: &mut dyn EventReader,
    out: W,
    form: Form,
    writing: Writing<'_>,
    sink: &mut dyn FnMut(Finding),
) -> Result<Translated, ReadingError> {
    let mut event = Event::default();
    let mut findings = Vec::new();
    let mut out = Some(out);
    let mut writer = None;
    let mut tail = Vec::new();
    let mut translated = Translated::default();
    loop {
        let step = reader.next(&mut event, &mut findings);
        findings.drain(..).for_each(&mut *sink);
        match (step?, &mut writer) {
            (Step::Head(mut head), None) => {
                head.creation_date
                    .get_or_insert_with(|| writing.at.to_string());
                if let Some(out) = out.take() {
                    writer = Some(AnyWriter::new(out, form, writing.cbv, &head)?);
                }
            }
            (Step::Event, Some(writer)) => {
                if writing.epc.is_changing() {
                    writing.epc.respell(&mut event, writer.losses());
                }
                writer.event(&event)?;
                translated.events += 1;
            }
            (Step::MasterData(vocabularies), Some(writer)) => writer.master_data(&vocabularies)?,
            (Step::Message(message), Some(writer)) => writer.message(&message)?,
            (Step::Tail(elements), _) => tail.extend(elements),
            (Step::Complete, _) => break,
            _ => {}
        }
    }
    if let Some(writer) = writer {
        translated.losses = writer.finish(&tail)?;
    }
    Ok(translated)
}

#[cfg(test)]
mod tests;
