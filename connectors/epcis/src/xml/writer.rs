//! Writes a document in XML 1.2 or 2.0: strict, valid against the schemas (EPCIS 1.2 section 9.5, EPCIS 2.0 section 9.5).
//!
//! Streaming: head, event after event, end. What the form has no place for is counted in [`Losses`].

use std::io::{self, Write};

use super::FOREIGN_HEADER;
use super::event_writer::EventOut;
use crate::cbv::CbvXmlFormat;
use crate::document::{DocumentHead, DocumentKind, SchemaVersion, Vocabulary, plain_sbdh};
use crate::event::{Event, EventKind};
use crate::extension::{Attribute, Element, Name, Node, Scalar, XSD, XSI};
use crate::loss::Losses;

/// Bytes gathered before they are handed on.
const FLUSH_BYTES: usize = 64 * 1024;

/// Prefixes of the writer itself, which no document may bind otherwise at its root.
const OWN_PREFIXES: [&str; 4] = ["epcis", "xml", "xmlns", "xsi"];

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

/// The text of a document as it grows: markup, escapes, and the prefixes in scope.
#[derive(Default)]
pub(super) struct XmlText {
    buffer: String,
    pub(super) open_depth: usize,
    scope: Vec<(String, String)>,
    generated: usize,
    lost: Vec<String>,
}

impl XmlText {
    pub(super) fn flush(&mut self, out: &mut impl Write, at: usize) -> io::Result<()> {
        if self.buffer.len() >= at {
            out.write_all(self.buffer.as_bytes())?;
            self.buffer.clear();
        }
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() >= FLUSH_BYTES
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.buffer.push_str(text);
    }

    fn line(&mut self) {
        const SPACES: &str = "                                                                ";
        self.buffer.push('\n');
        self.buffer
            .push_str(&SPACES[..(2 * self.open_depth).min(SPACES.len())]);
    }

    /// `<name` on a line of its own; attributes may follow, then [`XmlText::begun`].
    pub(super) fn begin(&mut self, name: &str) {
        self.line();
        self.buffer.push('<');
        self.buffer.push_str(name);
    }

    pub(super) fn begun(&mut self) {
        self.buffer.push('>');
        self.open_depth += 1;
    }

    pub(super) fn open(&mut self, name: &str) {
        self.begin(name);
        self.begun();
    }

    pub(super) fn close(&mut self, name: &str) {
        self.open_depth -= 1;
        self.line();
        self.buffer.push_str("</");
        self.buffer.push_str(name);
        self.buffer.push('>');
    }

    /// An element that holds a text.
    pub(super) fn leaf(&mut self, name: &str, text: &str) {
        self.begin(name);
        self.value(name, text);
    }

    /// The text of an element whose tag is still open, and its end.
    pub(super) fn value(&mut self, name: &str, text: &str) {
        self.buffer.push('>');
        self.escaped(text);
        self.buffer.push_str("</");
        self.buffer.push_str(name);
        self.buffer.push('>');
    }

    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        self.buffer.push(' ');
        self.buffer.push_str(name);
        self.buffer.push_str("=\"");
        self.escaped(value);
        self.buffer.push('"');
    }

    fn declare(&mut self, prefix: &str, namespace: &str) {
        self.attribute(&format!("xmlns:{prefix}"), namespace);
        self.scope.push((prefix.to_owned(), namespace.to_owned()));
    }

    /// Binds prefixes on the element whose tag is still open; returns the mark for [`XmlText::unbind`].
    pub(super) fn bind(&mut self, namespaces: &[(String, String)]) -> usize {
        let mark = self.scope.len();
        for (prefix, namespace) in namespaces {
            if is_xml_name(prefix)
                && !OWN_PREFIXES.contains(&prefix.as_str())
                && !namespace.is_empty()
            {
                self.declare(prefix, namespace);
            }
        }
        mark
    }

    pub(super) fn unbind(&mut self, mark: usize) {
        self.scope.truncate(mark);
    }

    /// Foreign attributes on the element whose tag is still open.
    pub(super) fn foreign_attributes(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            let mut declarations = Vec::new();
            let name = self.qualified(&attribute.name, &mut declarations);
            for (prefix, namespace) in declarations {
                self.declare(&prefix, &namespace);
            }
            self.attribute(&name, &attribute.value);
        }
    }

    /// Foreign attributes on an element of EPCIS whose tag is still open; what they bind ends with it.
    pub(super) fn core_attributes(&mut self, attributes: &[Attribute]) {
        let mark = self.scope.len();
        self.foreign_attributes(attributes);
        self.scope.truncate(mark);
    }

    /// Foreign elements where the schema has `extension` for those without namespace, and room for the others behind it.
    pub(super) fn extensions(&mut self, elements: &[Element]) {
        let (local, foreign): (Vec<&Element>, Vec<&Element>) = elements
            .iter()
            .partition(|element| element.name.namespace.is_empty());
        if !local.is_empty() {
            self.open("extension");
            local.iter().for_each(|element| self.element(element));
            self.close("extension");
        }
        foreign.iter().for_each(|element| self.element(element));
    }

    /// A foreign element, whole.
    pub(super) fn element(&mut self, element: &Element) {
        self.line();
        self.inline_element(element);
    }

    fn inline_element(&mut self, element: &Element) {
        let mark = self.scope.len();
        let mut declarations = Vec::new();
        let name = self.qualified(&element.name, &mut declarations);
        self.buffer.push('<');
        self.buffer.push_str(&name);
        for (prefix, namespace) in declarations {
            self.declare(&prefix, &namespace);
        }
        self.foreign_attributes(&element.attributes);
        if let Some(kind) = schema_type(element) {
            let xsi = Name::new(XSI, "xsi", if kind == "nil" { "nil" } else { "type" });
            let mut declarations = Vec::new();
            let xsd = self.qualified(&Name::new(XSD, "xsd", kind), &mut declarations);
            for (prefix, namespace) in declarations {
                self.declare(&prefix, &namespace);
            }
            let value = if kind == "nil" {
                "true".to_owned()
            } else {
                xsd
            };
            self.foreign_attributes(&[Attribute { name: xsi, value }]);
        }
        if element.content.is_empty() {
            self.buffer.push_str("/>");
        } else {
            self.buffer.push('>');
            let is_mixed = element.is_mixed();
            // Space around a value of a simple type has no meaning.
            let kind = element.attribute(XSI, "type");
            let is_typed = kind.is_some_and(|kind| !kind.ends_with("string"));
            self.open_depth += 1;
            for node in &element.content {
                match node {
                    Node::Text(text) if is_typed => self.escaped(text.trim()),
                    Node::Text(text) => self.escaped(text),
                    Node::Element(child) if is_mixed => self.inline_element(child),
                    Node::Element(child) => self.element(child),
                }
            }
            self.open_depth -= 1;
            if !is_mixed && element.has_children() {
                self.line();
            }
            self.buffer.push_str("</");
            self.buffer.push_str(&name);
            self.buffer.push('>');
        }
        self.scope.truncate(mark);
    }

    /// The name with a prefix that is in scope, or with one that is to be declared.
    pub(super) fn qualified(
        &mut self,
        name: &Name,
        declarations: &mut Vec<(String, String)>,
    ) -> String {
        let local = xml_name(&name.local);
        if name.namespace.is_empty() {
            return local;
        }
        let namespace = &*name.namespace;
        if namespace == "http://www.w3.org/XML/1998/namespace" {
            return format!("xml:{local}");
        }
        let bound_to = |scope: &[(String, String)], prefix: &str| {
            let found = scope.iter().rev().find(|(bound, _)| bound == prefix);
            found.map(|(_, namespace)| namespace.clone())
        };
        if bound_to(&self.scope, &name.prefix).as_deref() == Some(namespace) {
            return format!("{}:{local}", name.prefix);
        }
        let other = self.scope.iter().rev().find(|(prefix, bound)| {
            bound == namespace && bound_to(&self.scope, prefix).as_deref() == Some(namespace)
        });
        if let Some((prefix, _)) = other {
            return format!("{prefix}:{local}");
        }
        let is_usable = is_xml_name(&name.prefix) && !["xml", "xmlns"].contains(&&*name.prefix);
        let prefix = match is_usable {
            true => name.prefix.to_string(),
            false => {
                self.generated += 1;
                format!("ns{}", self.generated)
            }
        };
        declarations.push((prefix.clone(), namespace.to_owned()));
        format!("{prefix}:{local}")
    }

    /// Text with the characters escaped that XML reserves.
    pub(super) fn escaped(&mut self, text: &str) {
        let plain = |byte: u8| byte >= b' ' && !matches!(byte, b'&' | b'<' | b'>' | b'"');
        if text.bytes().fold(true, |all, byte| all & plain(byte)) {
            self.buffer.push_str(text);
            return;
        }
        for character in text.chars() {
            match character {
                '&' => self.buffer.push_str("&amp;"),
                '<' => self.buffer.push_str("&lt;"),
                '>' => self.buffer.push_str("&gt;"),
                '"' => self.buffer.push_str("&quot;"),
                '\t' | '\n' | '\r' => {
                    self.buffer
                        .push_str(&format!("&#{};", u32::from(character)));
                }
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    self.buffer.push('\u{fffd}');
                    self.lost
                        .push("control characters, which XML cannot hold".to_owned());
                }
                other => self.buffer.push(other),
            }
        }
    }
}

/// The XML Schema type that keeps the kind of a JSON value.
fn schema_type(element: &Element) -> Option<&'static str> {
    match element.scalar {
        Scalar::Text => None,
        Scalar::Boolean => Some("boolean"),
        Scalar::Null => Some("nil"),
        Scalar::Number => {
            let text = element.own_text();
            Some(match (text.contains(['e', 'E']), text.contains('.')) {
                (true, _) => "double",
                (false, true) => "decimal",
                (false, false) => "integer",
            })
        }
    }
}

fn is_xml_name(text: &str) -> bool {
    let begins = |c: char| c.is_alphabetic() || c == '_';
    text.starts_with(begins)
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// A name that XML allows; other characters become `_xHHHH_`.
fn xml_name(local: &str) -> String {
    if is_xml_name(local) {
        return local.to_owned();
    }
    let mut name = String::new();
    for (index, c) in local.chars().enumerate() {
        let fits = c.is_alphabetic()
            || c == '_'
            || (index > 0 && (c.is_numeric() || matches!(c, '-' | '.')));
        match fits {
            true => name.push(c),
            false => name.push_str(&format!("_x{:04X}_", u32::from(c))),
        }
    }
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}
