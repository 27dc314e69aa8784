//! Writes a document in XML 1.2 or 2.0: strict, valid against the schemas (EPCIS 1.2 section 9.5, EPCIS 2.0 section 9.5).
//!
//! Streaming: head, event after event, end. What the form has no place for is counted in [`Losses`].

use std::io::{self, Write};

use super::FOREIGN_HEADER;
use super::event_writer::EventOut;
use super::text::{FLUSH_BYTES, OWN_PREFIXES, XmlText, is_xml_name};
use crate::cbv::CbvXmlFormat;
use crate::document::{DocumentHead, DocumentKind, SchemaVersion, Vocabulary, plain_sbdh};
use crate::event::{Event, EventKind};
use crate::extension::{Attribute, Element, Name};
use crate::loss::Losses;

/// Writes a document in XML.
pub struct XmlWriter<W: Write> {
    pub(super) text: XmlText,
    out: W,
    pub(super) version: SchemaVersion,
    pub(super) cbv: CbvXmlFormat,
    kind: DocumentKind,
    is_list_open: bool,
    holds_master_data: bool,
    document_elements: Vec<Element>,
    /// What could not be carried.
    pub losses: Losses,
}

impl<W: Write> XmlWriter<W> {
    /// Begins a document with its head.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(
        out: W,
        version: SchemaVersion,
        cbv: CbvXmlFormat,
        head: &DocumentHead,
    ) -> io::Result<Self> {
        let cbv = match version {
            SchemaVersion::V1 => CbvXmlFormat::Urn,
            SchemaVersion::V2 => cbv,
        };
        let mut writer = XmlWriter {
            text: XmlText::default(),
            out,
            version,
            cbv,
            kind: match &head.kind {
                DocumentKind::BareEvent => DocumentKind::Events,
                kind => kind.clone(),
            },
            is_list_open: false,
            holds_master_data: false,
            document_elements: head.document_elements.clone(),
            losses: Losses::default(),
        };
        writer.begin(head);
        writer.flush(0)?;
        Ok(writer)
    }

    /// The version that is written.
    pub fn version(&self) -> SchemaVersion {
        self.version
    }

    fn begin(&mut self, head: &DocumentHead) {
        let (root, namespace) = self.root();
        self.text
            .raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<epcis:");
        self.text.raw(root);
        self.text.raw(" xmlns:epcis=\"");
        self.text.raw(&namespace);
        self.text.raw("\"");
        self.text.scope.push(("epcis".to_owned(), namespace));
        for (prefix, namespace) in &head.namespaces {
            let is_free = !OWN_PREFIXES.contains(&prefix.as_str())
                && self.text.scope.iter().all(|(bound, _)| bound != prefix);
            if is_free && is_xml_name(prefix) && !namespace.is_empty() {
                self.text.declare(prefix, namespace);
            }
        }
        if head.is_json && self.text.scope.iter().all(|(bound, _)| bound != "cbvmda") {
            // The context of the standard binds it for every JSON document.
            self.text.declare("cbvmda", "urn:epcglobal:cbv:mda");
        }
        self.text.attribute(
            "schemaVersion",
            match self.version {
                SchemaVersion::V1 => "1.2",
                SchemaVersion::V2 => "2.0",
            },
        );
        if let Some(date) = &head.creation_date {
            self.text.attribute("creationDate", date);
        }
        self.text.foreign_attributes(&head.attributes);
        self.text.raw(">");
        self.text.open_depth = 1;
        if head.id.is_some() {
            self.losses
                .add(0, "the id of the document, which XML has no place for");
        }
        if !head.contexts.is_empty() {
            let contexts = head.contexts.join(", ");
            self.losses
                .add(0, format!("the address of the JSON-LD context {contexts}"));
        }
        self.header(head);
        self.text.open("EPCISBody");
        if let DocumentKind::QueryResults {
            query_name,
            subscription_id,
        } = &head.kind
        {
            self.text.open("epcis:QueryResults");
            self.text.leaf(
                "queryName",
                query_name.as_deref().unwrap_or("SimpleEventQuery"),
            );
            if let Some(id) = subscription_id {
                self.text.leaf("subscriptionID", id);
            }
            self.text.open("resultsBody");
        }
    }

    fn root(&self) -> (&'static str, String) {
        let (root, part) = match self.kind {
            DocumentKind::QueryResults { .. } | DocumentKind::Message => {
                ("EPCISQueryDocument", "epcis-query")
            }
            DocumentKind::MasterData => ("EPCISMasterDataDocument", "epcis-masterdata"),
            DocumentKind::Events | DocumentKind::BareEvent => ("EPCISDocument", "epcis"),
        };
        let number = match self.version {
            SchemaVersion::V1 => 1,
            SchemaVersion::V2 => 2,
        };
        (root, format!("urn:epcglobal:{part}:xsd:{number}"))
    }

    fn header(&mut self, head: &DocumentHead) {
        let has_extension = head.master_data.is_some() || !head.header_elements.is_empty();
        let is_needed = head.sbdh.is_some() || has_extension || head.has_header;
        if !is_needed {
            return;
        }
        self.text.open("EPCISHeader");
        match (&head.sbdh, self.version) {
            (Some(sbdh), _) => self.text.element(sbdh),
            (None, SchemaVersion::V1) => {
                self.losses.add(0, "that the header has no sender and receiver: EPCIS 1.2 demands a business document header, and an empty one was written");
                self.text
                    .element(&plain_sbdh(None, None, None, head.creation_date.as_deref()));
            }
            (None, SchemaVersion::V2) => {}
        }
        let (foreign, local): (Vec<&Element>, Vec<&Element>) = head
            .header_elements
            .iter()
            .partition(|element| !element.name.namespace.is_empty());
        let in_extension = self.version == SchemaVersion::V2 && !foreign.is_empty();
        if head.master_data.is_some() || in_extension || !local.is_empty() {
            self.text.open("extension");
            if let Some(vocabularies) = &head.master_data {
                self.text.open("EPCISMasterData");
                self.vocabulary_list(vocabularies);
                self.text.close("EPCISMasterData");
            }
            if in_extension || !local.is_empty() {
                self.text.open("extension");
                local.iter().for_each(|element| self.text.element(element));
                if in_extension {
                    self.text.open(FOREIGN_HEADER);
                    foreign
                        .iter()
                        .for_each(|element| self.text.element(element));
                    self.text.close(FOREIGN_HEADER);
                }
                self.text.close("extension");
            }
            self.text.close("extension");
        }
        if self.version == SchemaVersion::V1 {
            foreign
                .iter()
                .for_each(|element| self.text.element(element));
        }
        self.text.close("EPCISHeader");
    }

    fn vocabulary_list(&mut self, vocabularies: &[Vocabulary]) {
        self.text.open("VocabularyList");
        for vocabulary in vocabularies {
            self.text.begin("Vocabulary");
            self.text.attribute("type", &vocabulary.kind);
            self.text.begun();
            if let Some(elements) = vocabulary
                .elements
                .as_ref()
                .filter(|elements| !elements.is_empty())
            {
                self.text.open("VocabularyElementList");
                for element in elements {
                    self.text.begin("VocabularyElement");
                    self.text.attribute("id", &element.id);
                    self.text.begun();
                    for attribute in &element.attributes {
                        let mut value = attribute.value.clone();
                        value.name = Name::local("attribute");
                        let id = Attribute {
                            name: Name::local("id"),
                            value: attribute.id.clone(),
                        };
                        value.attributes.insert(0, id);
                        self.text.element(&value);
                    }
                    if let Some(children) = &element.children {
                        self.text.open("children");
                        children.iter().for_each(|id| self.text.leaf("id", id));
                        self.text.close("children");
                    }
                    self.text.extensions(&element.extensions);
                    self.text.close("VocabularyElement");
                }
                self.text.close("VocabularyElementList");
            }
            self.text.extensions(&vocabulary.extensions);
            self.text.close("Vocabulary");
        }
        self.text.close("VocabularyList");
    }

    /// Writes master data into the body.
    ///
    /// # Errors
    /// Writing failed.
    pub fn master_data(&mut self, vocabularies: &[Vocabulary]) -> io::Result<()> {
        self.vocabulary_list(vocabularies);
        self.holds_master_data = true;
        self.flush(FLUSH_BYTES)
    }

    /// Writes a message of the query interface.
    ///
    /// # Errors
    /// Writing failed.
    pub fn message(&mut self, message: &Element) -> io::Result<()> {
        if !message
            .name
            .namespace
            .starts_with("urn:epcglobal:epcis-query:")
        {
            let what = format!(
                "the message {}, which is none of the query interface",
                message.name.local
            );
            self.losses.add(0, what);
            return Ok(());
        }
        let (_, namespace) = self.root();
        let mut message = message.clone();
        message.name.namespace = namespace.into();
        message.name.prefix = "epcis".into();
        self.text.element(&message);
        self.flush(FLUSH_BYTES)
    }

    /// Writes an event.
    ///
    /// # Errors
    /// Writing failed.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        if !self.is_list_open {
            self.text.open("EventList");
            self.is_list_open = true;
        }
        let wrappers = match (&event.kind, self.version) {
            (EventKind::Transformation, SchemaVersion::V1) => 1,
            (EventKind::Association, SchemaVersion::V1) => 2,
            (EventKind::Foreign(name), SchemaVersion::V1) => {
                let what = format!(
                    "events of the type {}, for which EPCIS 1.2 has no place",
                    name.local
                );
                self.losses.add(event.number, what);
                return Ok(());
            }
            (EventKind::Foreign(_), SchemaVersion::V2) => 1,
            _ => 0,
        };
        (0..wrappers).for_each(|_| self.text.open("extension"));
        let mut writing = EventOut {
            text: &mut self.text,
            out: &mut self.out,
            version: self.version,
            cbv: self.cbv,
            losses: &mut self.losses,
        };
        writing.write(event)?;
        (0..wrappers).for_each(|_| self.text.close("extension"));
        self.flush(FLUSH_BYTES)
    }

    /// Ends the document; `tail` are foreign elements of the document that were read behind its body.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self, tail: &[Element]) -> io::Result<Losses> {
        let carries_events = matches!(
            self.kind,
            DocumentKind::Events | DocumentKind::QueryResults { .. }
        );
        if !self.is_list_open && !self.holds_master_data && carries_events {
            self.text.open("EventList");
            self.is_list_open = true;
        }
        if self.is_list_open {
            self.text.close("EventList");
        }
        if matches!(self.kind, DocumentKind::QueryResults { .. }) {
            self.text.close("resultsBody");
            self.text.close("epcis:QueryResults");
        }
        self.text.close("EPCISBody");
        let elements = std::mem::take(&mut self.document_elements);
        let all: Vec<Element> = elements.into_iter().chain(tail.iter().cloned()).collect();
        let carries_foreign =
            carries_events && !matches!(self.kind, DocumentKind::QueryResults { .. });
        if carries_foreign {
            self.text.extensions(&all);
        } else if !all.is_empty() {
            self.losses
                .add(0, "foreign elements around the results of a query");
        }
        let (root, _) = self.root();
        self.text.close(&format!("epcis:{root}"));
        self.text.raw("\n");
        self.flush(0)?;
        self.out.flush()?;
        for what in std::mem::take(&mut self.text.lost) {
            self.losses.add(0, what);
        }
        Ok(self.losses)
    }

    fn flush(&mut self, at: usize) -> io::Result<()> {
        self.text.flush(&mut self.out, at)
    }
}
