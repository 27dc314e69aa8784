//! Goes through an EPCIS document in XML: root, wrappers, header, then event after event.
//!
//! Tolerant: a document without namespace, one wrapped in SOAP, a bare event, names in the wrong case are read, and each is
//! a finding. Refused is what is no EPCIS at all, and what `port::safe_xml` does not let through.

use std::io::Read;

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;

use super::event_reader::EventReading;
use super::header::{read_header, read_vocabulary_list};
use super::walker::{Token, Walker};
use crate::document::{DocumentHead, DocumentKind, SchemaVersion};
use crate::event::{Event, EventKind};
use crate::extension::{Attribute, Element, XSI};
use crate::layout::known_spelling;
use crate::reading::{EventReader, ReadingError, Step};

/// What is open above the place reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// A SOAP envelope or other wrapper.
    Wrapper,
    /// The document and everything between it and its lists.
    Document,
    /// `extension` of document or body: foreign elements without namespace.
    Extension,
    EventList,
    /// `EventList/extension`, where 1.x puts newer types.
    EventListExtension,
}

/// Reads a document in XML.
pub struct XmlReader<R: Read> {
    walker: Walker<R>,
    levels: Vec<Level>,
    /// Given out with the first step.
    head: Option<Box<DocumentHead>>,
    version: SchemaVersion,
    /// What comes after the head, already read.
    pending: Option<Step>,
    /// Whether the event begun last waits behind the head.
    event_waits: bool,
    tail: Vec<Element>,
    events: u64,
    is_complete: bool,
}

impl<R: Read> XmlReader<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// The encoding is unknown, or the bytes cannot be fetched.
    pub fn new(input: R) -> Result<Self, ReadingError> {
        Ok(XmlReader {
            walker: Walker::new(input)?,
            levels: Vec::new(),
            head: Some(Box::default()),
            version: SchemaVersion::default(),
            pending: None,
            event_waits: false,
            tail: Vec::new(),
            events: 0,
            is_complete: false,
        })
    }

    /// The version, once the root of the document was seen.
    pub(crate) fn version_begun(&self) -> Option<SchemaVersion> {
        let is_begun = !self.levels.is_empty() && self.levels != [Level::Wrapper];
        is_begun.then_some(self.version)
    }

    fn advance(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Step, ReadingError> {
        if let Some(step) = self.pending.take() {
            return Ok(step);
        }
        if std::mem::take(&mut self.event_waits)
            && let Some(step) = self.begin_event(event, findings)?
        {
            return Ok(step);
        }
        loop {
            if self.is_complete {
                return Ok(self.finish());
            }
            match self.walker.next()? {
                Token::Start => {
                    if let Some(step) = self.enter(event, findings)? {
                        return Ok(step);
                    }
                }
                Token::End => {
                    self.levels.pop();
                }
                Token::Text if self.walker.text.trim().is_empty() => {}
                Token::Text => {
                    let line = self.walker.line();
                    let text = quoted(self.walker.text.trim());
                    let text = format!(
                        "Line {line}: the text {text} stands between elements and was passed over."
                    );
                    findings.push(Finding::error(Code::EpcisWrongPlace, line, "", text));
                }
                Token::Complete => self.is_complete = true,
            }
        }
    }

    fn finish(&mut self) -> Step {
        if let Some(head) = self.head.take() {
            return Step::Head(head);
        }
        match self.tail.is_empty() {
            true => Step::Complete,
            false => Step::Tail(std::mem::take(&mut self.tail)),
        }
    }

    fn enter(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Step>, ReadingError> {
        match self.levels.last().copied() {
            None => self.enter_root(findings),
            Some(Level::Wrapper) => self.enter_wrapped(findings),
            Some(Level::Document) => self.enter_document(findings),
            Some(Level::Extension) => {
                let element = self.walker.tree()?;
                self.keep(element);
                Ok(None)
            }
            Some(Level::EventList | Level::EventListExtension) => self.begin_event(event, findings),
        }
    }

    fn enter_root(&mut self, findings: &mut Vec<Finding>) -> Result<Option<Step>, ReadingError> {
        if self.walker.is_core
            && let Some(known) = known_spelling(&self.walker.local)
        {
            let text = format!(
                "{} was read as {known}; names are case-sensitive",
                quoted(&self.walker.local)
            );
            self.warn(findings, Code::EpcisFieldUnknown, text);
            self.walker.local = known.to_owned();
        }
        if self.document_begins(findings) {
            return Ok(None);
        }
        if self.walker.is_core && EventKind::of(&self.walker.local).is_some() {
            let text = "an event stands alone, without a document around it".to_owned();
            self.warn(findings, Code::EpcisWrapped, text);
            self.take_root(DocumentKind::BareEvent);
            self.levels.push(Level::EventList);
            self.event_waits = true;
            return Ok(self.head.take().map(Step::Head));
        }
        let is_wrapper =
            ["Envelope", "StandardBusinessDocument"].contains(&self.walker.local.as_str());
        if is_wrapper {
            let text = format!("the document is wrapped in {}", quoted(&self.walker.local));
            self.warn(findings, Code::EpcisWrapped, text);
            self.levels.push(Level::Wrapper);
            return Ok(None);
        }
        if !self.walker.namespace.is_empty() && self.walker.is_core {
            return self.enter_wrapped(findings);
        }
        Err(ReadingError::refused(
            Code::UploadNotRecognised,
            self.walker.line(),
            format!(
                "Line {}: the document is XML, but no EPCIS document; its root is {}.",
                self.walker.line(),
                quoted(&self.walker.local)
            ),
        ))
    }

    fn enter_wrapped(&mut self, findings: &mut Vec<Finding>) -> Result<Option<Step>, ReadingError> {
        if self.document_begins(findings) {
            return Ok(None);
        }
        match self.walker.local.as_str() {
            "Body" => {
                self.levels.push(Level::Wrapper);
                Ok(None)
            }
            "Header" | "StandardBusinessDocumentHeader" => {
                let tree = self.walker.tree()?;
                if let Some(head) = &mut self.head
                    && tree.name.local != "Header"
                {
                    head.has_header = true;
                    head.sbdh = Some(tree);
                }
                Ok(None)
            }
            "QueryResults" => {
                self.take_root(DocumentKind::QueryResults {
                    query_name: None,
                    subscription_id: None,
                });
                self.levels.push(Level::Document);
                Ok(None)
            }
            _ => self.message().map(Some),
        }
    }

    /// Whether the element that began last is the document; its attributes are taken.
    fn document_begins(&mut self, findings: &mut Vec<Finding>) -> bool {
        let kind = match self.walker.local.as_str() {
            "EPCISDocument" => DocumentKind::Events,
            "EPCISQueryDocument" => DocumentKind::QueryResults {
                query_name: None,
                subscription_id: None,
            },
            "EPCISMasterDataDocument" => DocumentKind::MasterData,
            _ => return false,
        };
        if self.walker.namespace.is_empty() || !self.walker.is_core {
            let text = format!("{} is not in the namespace of EPCIS", self.walker.local);
            self.warn(findings, Code::EpcisNamespaceWrong, text);
        } else if self.walker.prefix.is_empty() {
            let text = "the namespace of EPCIS is declared as default, which also qualifies the elements in the document".to_owned();
            self.warn(findings, Code::EpcisNamespaceWrong, text);
        }
        self.take_root(kind);
        self.check_version(findings);
        self.levels.push(Level::Document);
        true
    }

    fn take_root(&mut self, kind: DocumentKind) {
        let Some(head) = &mut self.head else {
            return;
        };
        head.kind = kind;
        let namespaces = self.walker.declared_here();
        let foreign = namespaces.filter(|(prefix, namespace)| {
            !prefix.is_empty() && !super::EPCIS_NAMESPACES.contains(namespace)
        });
        head.namespaces
            .extend(foreign.map(|(prefix, namespace)| (prefix.to_owned(), namespace.to_owned())));
        let is_version_2 = self.walker.namespace.ends_with(":2");
        for Attribute { name, value } in std::mem::take(&mut self.walker.attributes) {
            match (&*name.namespace, name.local.as_str()) {
                ("", "schemaVersion") => head.schema_version = Some(value),
                ("", "creationDate") => head.creation_date = Some(value),
                (XSI, _) => {}
                _ => head.attributes.push(Attribute { name, value }),
            }
        }
        let says_2 = head
            .schema_version
            .as_deref()
            .is_some_and(|version| version.trim().starts_with('2'));
        let is_bare_2 =
            self.walker.namespace.is_empty() && (says_2 || head.kind == DocumentKind::BareEvent);
        self.version = match is_version_2 || is_bare_2 {
            true => SchemaVersion::V2,
            false => SchemaVersion::V1,
        };
        head.version = self.version;
    }

    fn check_version(&mut self, findings: &mut Vec<Finding>) {
        let Some(head) = &self.head else {
            return;
        };
        let version = head.schema_version.as_deref().map(str::trim);
        let (is_fitting, proposal) = match self.version {
            SchemaVersion::V1 => (matches!(version, Some("1" | "1.0" | "1.1" | "1.2")), "1.2"),
            SchemaVersion::V2 => (
                matches!(version, Some("2" | "2.0" | "2.0.0" | "2.0.1")),
                "2.0",
            ),
        };
        if !is_fitting {
            let shown = version.map_or("no version".to_owned(), quoted);
            let line = self.walker.line();
            let text = format!(
                "Line {line}: schemaVersion says {shown}, which does not fit the namespace."
            );
            findings.push(
                Finding::warning(Code::EpcisVersionUnknown, line, "schemaVersion", text)
                    .proposing(proposal),
            );
        }
        if head.creation_date.is_none() {
            let line = self.walker.line();
            let text = format!(
                "Line {line}: the document does not say when it was created. Add creationDate."
            );
            findings.push(Finding::warning(
                Code::EpcisFieldMissing,
                line,
                "creationDate",
                text,
            ));
        }
    }

    fn enter_document(
        &mut self,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Step>, ReadingError> {
        if !self.walker.is_core {
            // A message of the query interface is qualified with the query namespace, which is core.
            let element = self.walker.tree()?;
            self.keep(element);
            return Ok(None);
        }
        if let Some(known) = known_spelling(&self.walker.local) {
            let text = format!(
                "{} was read as {known}; names are case-sensitive",
                quoted(&self.walker.local)
            );
            self.warn(findings, Code::EpcisFieldUnknown, text);
            self.walker.local = known.to_owned();
        }
        match self.walker.local.as_str() {
            "EPCISHeader" => {
                let mut late = DocumentHead::default();
                let head = self.head.as_deref_mut().unwrap_or(&mut late);
                read_header(&mut self.walker, head, findings)?;
            }
            "EPCISBody" | "QueryResults" | "resultsBody" => self.levels.push(Level::Document),
            "EventList" => {
                self.levels.push(Level::EventList);
                return Ok(self.head.take().map(Step::Head));
            }
            "extension" => self.levels.push(Level::Extension),
            "VocabularyList" => {
                let mut vocabularies = Vec::new();
                self.walker.tree_bytes = 0;
                read_vocabulary_list(&mut self.walker, &mut vocabularies, findings)?;
                return Ok(Some(self.behind_head(Step::MasterData(vocabularies))));
            }
            name @ ("queryName" | "subscriptionID") => {
                let is_name = name == "queryName";
                let mut text = String::new();
                self.walker.leaf(&mut text)?;
                self.take_query_text(is_name, text.trim().to_owned());
            }
            _ => return self.message().map(Some),
        }
        Ok(None)
    }

    fn take_query_text(&mut self, is_name: bool, text: String) {
        if let Some(head) = &mut self.head
            && let DocumentKind::QueryResults {
                query_name,
                subscription_id,
            } = &mut head.kind
        {
            *(if is_name { query_name } else { subscription_id }) = Some(text);
        }
    }

    fn begin_event(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Step>, ReadingError> {
        let name = self.walker.local.as_str();
        let level = self.levels.last().copied();
        if self.walker.is_core && name == "extension" {
            self.levels.push(Level::EventListExtension);
            return Ok(None);
        }
        let known = known_spelling(name).unwrap_or(name);
        let kind = match self.walker.is_core {
            true => EventKind::of(known),
            false if level == Some(Level::EventListExtension) => {
                Some(EventKind::Foreign(self.walker.name()))
            }
            false => None,
        };
        let Some(kind) = kind else {
            let line = self.walker.line();
            let text = format!(
                "Line {line}: there is no type of event {}; it was not taken.",
                quoted(name)
            );
            findings.push(Finding::error(Code::EpcisEventUnknown, line, name, text));
            self.walker.skip()?;
            return Ok(None);
        };
        self.events += 1;
        event.clear();
        event.number = self.events;
        event.line = self.walker.line();
        self.check_event_place(&kind, level, findings);
        event.kind = kind;
        let mut reading = EventReading {
            walker: &mut self.walker,
            version: self.version,
            event,
            findings,
            bytes: 0,
        };
        let is_whole = reading.read()?;
        Ok(is_whole.then_some(Step::Event))
    }

    /// 2.0 has every type directly in the list, 1.x the newer ones in `extension`.
    fn check_event_place(
        &self,
        kind: &EventKind,
        level: Option<Level>,
        findings: &mut Vec<Finding>,
    ) {
        let in_extension = level == Some(Level::EventListExtension);
        let belongs_in_extension = match (kind, self.version) {
            (EventKind::Foreign(_), _) => true,
            (EventKind::Transformation | EventKind::Association, SchemaVersion::V1) => true,
            (EventKind::Quantity, SchemaVersion::V2) => {
                let text =
                    "QuantityEvent is gone in EPCIS 2.0; send an ObjectEvent with a quantityList"
                        .to_owned();
                self.warn(findings, Code::EpcisWrongPlace, text);
                false
            }
            _ => false,
        };
        if in_extension != belongs_in_extension && self.levels.len() > 1 {
            let text = format!(
                "{} stands where the schema does not allow it; it was read all the same",
                kind.name()
            );
            self.warn(findings, Code::EpcisWrongPlace, text);
        }
    }

    fn message(&mut self) -> Result<Step, ReadingError> {
        if let Some(head) = &mut self.head {
            head.kind = DocumentKind::Message;
        }
        self.walker.tree_bytes = 0;
        let tree = self.walker.tree()?;
        Ok(self.behind_head(Step::Message(tree)))
    }

    fn behind_head(&mut self, step: Step) -> Step {
        match self.head.take() {
            Some(head) => {
                self.pending = Some(step);
                Step::Head(head)
            }
            None => step,
        }
    }

    /// Keeps a foreign element of the document for its place in the stream.
    fn keep(&mut self, element: Element) {
        match &mut self.head {
            Some(head) => head.document_elements.push(element),
            None => self.tail.push(element),
        }
    }

    fn warn(&self, findings: &mut Vec<Finding>, code: Code, text: String) {
        let line = self.walker.line();
        let text = format!("Line {line}: {text}.");
        findings.push(Finding::warning(
            code,
            line,
            self.walker.local.as_str(),
            text,
        ));
    }
}

impl<R: Read> EventReader for XmlReader<R> {
    fn next(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Step, ReadingError> {
        self.advance(event, findings)
    }

    fn bytes_read(&self) -> u64 {
        self.walker.bytes_read()
    }
}
