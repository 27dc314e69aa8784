//! Writes a document in JSON-LD 2.0: strict, as the schema of the standard has it.
//!
//! Streaming: head, event after event, end. Standard vocabulary becomes bare words, as JSON demands; prefixes that the
//! document does not bind are bound in the event that needs them.

use std::io::{self, Write};

use super::ATTRIBUTE_SUFFIX;
use super::context::{BUILT_IN, EPCIS_CONTEXT};
use super::event_writer::write_event;
use crate::document::{DocumentHead, DocumentKind, Vocabulary, plain_sbdh};
use crate::event::Event;
use crate::extension::{
    Attribute, Element, NO_NAMESPACE, NO_NAMESPACE_PREFIX, Name, Node, Scalar, XSI, each_name,
};
use crate::json::{MIXED_KEY, TEXT_KEY};
use crate::loss::Losses;

/// Bytes gathered before they are handed on.
const FLUSH_BYTES: usize = 64 * 1024;

/// Writes a document in JSON.
pub struct JsonWriter<W: Write> {
    text: JsonText,
    out: W,
    kind: DocumentKind,
    events: u64,
    late: Vec<Element>,
    /// What could not be carried.
    pub losses: Losses,
}

impl<W: Write> JsonWriter<W> {
    /// Begins a document with its head.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(out: W, head: &DocumentHead) -> io::Result<Self> {
        let mut writer = JsonWriter {
            text: JsonText::default(),
            out,
            kind: head.kind.clone(),
            events: 0,
            late: Vec::new(),
            losses: Losses::default(),
        };
        writer.begin(head);
        writer.text.flush(&mut writer.out, 0)?;
        Ok(writer)
    }

    fn is_query(&self) -> bool {
        matches!(self.kind, DocumentKind::QueryResults { .. })
    }

    fn begin(&mut self, head: &DocumentHead) {
        let mut header_elements = head.header_elements.clone();
        header_elements.extend(self.carried_sbdh(head));
        let mut bindings = Bindings::default();
        for (prefix, namespace) in &head.namespaces {
            bindings.declare(prefix, namespace);
        }
        let mut all = header_elements.clone();
        all.extend(head.document_elements.iter().cloned());
        for vocabulary in head.master_data.iter().flatten() {
            for element in vocabulary.elements.iter().flatten() {
                all.extend(
                    element
                        .attributes
                        .iter()
                        .map(|attribute| attribute.value.clone()),
                );
                all.extend(element.extensions.iter().cloned());
            }
        }
        bindings.need(&all, &head.attributes);
        let addresses = head.contexts.iter().map(String::as_str);
        let addresses: Vec<&str> = std::iter::once(EPCIS_CONTEXT).chain(addresses).collect();
        self.text.raw("{\n  \"@context\": [");
        for (index, address) in addresses.iter().enumerate() {
            self.text.raw(if index == 0 { "" } else { ", " });
            self.text.string(address);
        }
        if !bindings.fresh.is_empty() {
            self.text.raw(", ");
            self.text.bindings(&bindings.fresh);
        }
        self.text.raw("]");
        self.text.known = bindings.all();
        if let Some(id) = &head.id {
            self.text.member("id", id);
        }
        let is_query = self.is_query();
        self.text.member(
            "type",
            if is_query {
                "EPCISQueryDocument"
            } else {
                "EPCISDocument"
            },
        );
        self.text.member("schemaVersion", "2.0");
        if let Some(date) = &head.creation_date {
            self.text.member("creationDate", date);
        }
        let exchange = [
            ("sender", head.sender()),
            ("receiver", head.receiver()),
            ("instanceIdentifier", head.instance_identifier()),
        ];
        for (name, value) in exchange {
            if let Some(value) = value.filter(|_| !is_query) {
                self.text.member(name, &value);
            }
        }
        for attribute in &head.attributes {
            self.text.attribute_member(attribute);
        }
        self.text.members(&head.document_elements, &mut self.losses);
        self.header(head, &header_elements);
        self.text.raw(",\n  \"epcisBody\": {");
        if let DocumentKind::QueryResults {
            query_name,
            subscription_id,
        } = &head.kind
        {
            self.text
                .raw("\n    \"queryResults\": {\n    \"queryName\": ");
            self.text
                .string(query_name.as_deref().unwrap_or("SimpleEventQuery"));
            if let Some(id) = subscription_id {
                self.text.member("subscriptionID", id);
            }
            self.text.raw(",\n    \"resultsBody\": {");
        }
        if self.kind == DocumentKind::MasterData {
            self.losses.note(0, "JSON has no document for master data alone; they stand in the header of one without events");
        }
        self.text.raw("\n    \"eventList\": [");
    }

    /// The business document header whole, unless sender, receiver and instance say it all.
    fn carried_sbdh(&self, head: &DocumentHead) -> Option<Element> {
        let sbdh = head.sbdh.as_ref()?;
        let plain = plain_sbdh(
            head.sender().as_deref(),
            head.receiver().as_deref(),
            head.instance_identifier().as_deref(),
            head.creation_date.as_deref(),
        );
        (*sbdh != plain || self.is_query()).then(|| sbdh.clone())
    }

    fn header(&mut self, head: &DocumentHead, elements: &[Element]) {
        let is_empty = head.master_data.is_none() && elements.is_empty();
        if is_empty && self.is_query() {
            return;
        }
        if self.is_query() {
            // A query document has no header; what it held stands beside the body.
            self.text.members(elements, &mut self.losses);
            if head.master_data.is_some() {
                self.losses
                    .add(0, "the master data in the header of a query document");
            }
            return;
        }
        if is_empty && !head.has_header {
            return;
        }
        self.text.raw(",\n  \"epcisHeader\": {");
        self.text.is_first = true;
        if let Some(vocabularies) = &head.master_data {
            self.text.key("epcisMasterData");
            self.text.raw("{\"vocabularyList\": ");
            self.vocabulary_list(vocabularies);
            self.text.raw("}");
        }
        self.text.members(elements, &mut self.losses);
        self.text.raw("}");
        self.text.is_first = false;
    }

    fn vocabulary_list(&mut self, vocabularies: &[Vocabulary]) {
        self.text.raw("[");
        for (index, vocabulary) in vocabularies.iter().enumerate() {
            self.text.raw(if index == 0 { "\n    " } else { ",\n    " });
            self.text.raw("{\"type\": ");
            self.text.string(&vocabulary.kind);
            self.text.is_first = false;
            if let Some(elements) = &vocabulary.elements {
                self.text.raw(", \"vocabularyElementList\": [");
                for (index, element) in elements.iter().enumerate() {
                    self.text
                        .raw(if index == 0 { "\n      " } else { ",\n      " });
                    self.text.raw("{\"id\": ");
                    self.text.string(&element.id);
                    self.text.is_first = false;
                    if !element.attributes.is_empty() {
                        self.text.raw(", \"attributes\": [");
                        for (index, attribute) in element.attributes.iter().enumerate() {
                            self.text.raw(if index == 0 {
                                "{\"id\": "
                            } else {
                                ", {\"id\": "
                            });
                            self.text.string(&attribute.id);
                            self.text.raw(", \"attribute\": ");
                            self.text.value(&attribute.value, &mut self.losses);
                            self.text.raw("}");
                        }
                        self.text.raw("]");
                    }
                    if let Some(children) = &element.children {
                        self.text.raw(", \"children\": ");
                        self.text.strings(children.iter().map(String::as_str));
                    }
                    self.text.is_first = false;
                    self.text.members(&element.extensions, &mut self.losses);
                    self.text.raw("}");
                }
                self.text.raw("]");
            }
            self.text.is_first = false;
            self.text.members(&vocabulary.extensions, &mut self.losses);
            self.text.raw("}");
        }
        self.text.raw("]");
    }

    /// Writes master data of the body.
    ///
    /// # Errors
    /// Writing failed.
    pub fn master_data(&mut self, vocabularies: &[Vocabulary]) -> io::Result<()> {
        if self.events > 0 {
            self.losses.add(0, "master data that stand behind events");
            return Ok(());
        }
        // The list of events was begun and stays empty.
        let key = if self.is_query() {
            "],\n    \"vocabularyList\": "
        } else {
            "]},\n  \"epcisHeader\": {\"epcisMasterData\": {\"vocabularyList\": "
        };
        self.text.raw(key);
        self.vocabulary_list(vocabularies);
        self.late
            .push(Element::empty(Name::local(if self.is_query() {
                "vocabularyList"
            } else {
                "header"
            })));
        self.text.flush(&mut self.out, FLUSH_BYTES)
    }

    /// Writes an event.
    ///
    /// # Errors
    /// Writing failed.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        if !self.late.is_empty() {
            self.losses.add(event.number, "events behind master data");
            return Ok(());
        }
        self.text.raw(if self.events == 0 {
            "\n      "
        } else {
            ",\n      "
        });
        self.events += 1;
        write_event(&mut self.text, &mut self.out, event, &mut self.losses)?;
        self.text.flush(&mut self.out, FLUSH_BYTES)
    }

    /// Ends the document; `tail` are foreign elements of the document that were read behind its body.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self, tail: &[Element]) -> io::Result<Losses> {
        self.text.raw(match (self.late.first(), self.is_query()) {
            (None, false) => "\n    ]}",
            (None, true) => "\n    ]}}}",
            (Some(_), true) => "}}}",
            (Some(_), false) => "}}",
        });
        self.text.is_first = false;
        let mut bindings = Bindings {
            known: self.text.known.clone(),
            fresh: Vec::new(),
        };
        bindings.need(tail, &[]);
        for name in tail.iter().map(|element| &element.name) {
            if bindings
                .fresh
                .iter()
                .any(|(_, namespace)| **namespace == *name.namespace)
            {
                let what = format!(
                    "the prefix of {}, which was read behind the body, is not bound; its name is a whole URI",
                    name.local
                );
                self.losses.note(0, what);
            }
        }
        self.text.members(tail, &mut self.losses);
        self.text.raw("\n}\n");
        self.text.flush(&mut self.out, 0)?;
        self.out.flush()?;
        Ok(self.losses)
    }
}

/// Prefixes and their namespaces while a context is put together.
#[derive(Default)]
pub(super) struct Bindings {
    pub(super) known: Vec<(String, String)>,
    pub(super) fresh: Vec<(String, String)>,
}

impl Bindings {
    fn all(self) -> Vec<(String, String)> {
        self.known.into_iter().chain(self.fresh).collect()
    }

    /// Binds a prefix as the document has it. The prefixes of the standard are protected and keep their meaning.
    pub(super) fn declare(&mut self, prefix: &str, namespace: &str) {
        let is_protected = BUILT_IN.iter().any(|(built_in, _)| *built_in == prefix);
        if !is_protected && !prefix.is_empty() && prefix_of(&self.fresh, namespace, false).is_none()
        {
            self.fresh.push((prefix.to_owned(), namespace.to_owned()));
        }
    }

    /// Binds what the names in these trees and attributes need.
    pub(super) fn need(&mut self, elements: &[Element], attributes: &[Attribute]) {
        for attribute in attributes {
            self.need_attribute(&attribute.name);
        }
        each_name(elements, &mut |name| self.need_name(name));
        self.need_attributes_of(elements);
    }

    fn need_attributes_of(&mut self, elements: &[Element]) {
        for element in elements {
            for attribute in &element.attributes {
                self.need_attribute(&attribute.name);
            }
            for child in element.children() {
                self.need_attributes_of(std::slice::from_ref(child));
            }
        }
    }

    fn need_name(&mut self, name: &Name) {
        if name.namespace.is_empty() || self.prefix(&name.namespace, false).is_some() {
            return;
        }
        let wished = match name.prefix.is_empty() {
            true => "ns".to_owned(),
            false => name.prefix.to_string(),
        };
        let prefix = self.free(&wished);
        self.fresh.push((prefix, name.namespace.to_string()));
    }

    fn need_attribute(&mut self, name: &Name) {
        self.need_name(name);
        if name.namespace.is_empty() || self.prefix(&name.namespace, true).is_some() {
            return;
        }
        if let Some(prefix) = self.prefix(&name.namespace, false) {
            let alias = (
                format!("{prefix}{ATTRIBUTE_SUFFIX}"),
                name.namespace.to_string(),
            );
            self.fresh.push(alias);
        }
    }

    fn prefix(&self, namespace: &str, is_attribute: bool) -> Option<String> {
        prefix_of(&self.fresh, namespace, is_attribute)
            .or_else(|| prefix_of(&self.known, namespace, is_attribute))
            .or_else(|| built_in_prefix(namespace, is_attribute))
    }

    /// A prefix nobody uses, as close to the wish as can be.
    fn free(&self, wished: &str) -> String {
        let is_taken = |prefix: &str| {
            let bound = self.known.iter().chain(&self.fresh);
            bound
                .map(|(bound, _)| bound.as_str())
                .chain(BUILT_IN.iter().map(|(bound, _)| *bound))
                .any(|bound| bound == prefix)
        };
        let numbered = (1..).map(|number| format!("{wished}{number}"));
        let mut wishes = std::iter::once(wished.to_owned()).chain(numbered);
        wishes.find(|prefix| !is_taken(prefix)).unwrap_or_default()
    }
}

fn prefix_of(bound: &[(String, String)], namespace: &str, is_attribute: bool) -> Option<String> {
    let fits = |(prefix, bound): &&(String, String)| {
        bound == namespace && prefix.ends_with(ATTRIBUTE_SUFFIX) == is_attribute
    };
    bound.iter().find(fits).map(|(prefix, _)| prefix.clone())
}

fn built_in_prefix(namespace: &str, is_attribute: bool) -> Option<String> {
    if is_attribute {
        return None;
    }
    let found = BUILT_IN.iter().find(|(_, bound)| *bound == namespace);
    found.map(|(prefix, _)| (*prefix).to_owned())
}

/// The text of a document as it grows.
#[derive(Default)]
pub(super) struct JsonText {
    buffer: String,
    /// Prefixes bound where the text stands now.
    pub(super) known: Vec<(String, String)>,
    /// Whether the next member is the first of its object.
    pub(super) is_first: bool,
}

impl JsonText {
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

    /// The name of a member, with the comma before it and the colon behind it.
    pub(super) fn key(&mut self, name: &str) {
        self.raw(if self.is_first { "" } else { ",\n  " });
        self.is_first = false;
        self.string(name);
        self.raw(": ");
    }

    pub(super) fn member(&mut self, name: &str, value: &str) {
        self.key(name);
        self.string(value);
    }

    pub(super) fn strings<'s>(&mut self, values: impl Iterator<Item = &'s str>) {
        self.raw("[");
        for (index, value) in values.enumerate() {
            self.raw(if index == 0 { "" } else { ", " });
            self.string(value);
        }
        self.raw("]");
    }

    pub(super) fn bindings(&mut self, bindings: &[(String, String)]) {
        self.raw("{");
        for (index, (prefix, namespace)) in bindings.iter().enumerate() {
            self.raw(if index == 0 { "" } else { ", " });
            self.string(prefix);
            self.raw(": ");
            self.string(namespace);
        }
        self.raw("}");
    }

    /// Foreign elements as members; those of one name make a list.
    pub(super) fn members(&mut self, elements: &[Element], losses: &mut Losses) {
        let groups = grouped(elements.iter(), losses);
        for (name, group) in groups {
            let key = match name.namespace.is_empty() {
                true => format!("{NO_NAMESPACE_PREFIX}:{}", name.local),
                false => self.curie(name, false),
            };
            self.key(&key);
            self.group(&group, losses);
        }
    }

    pub(super) fn attribute_member(&mut self, attribute: &Attribute) {
        let key = self.attribute_key(&attribute.name);
        self.member(&key, &attribute.value);
    }

    fn attribute_key(&self, name: &Name) -> String {
        match name.namespace.is_empty() {
            true => format!("@{}", name.local),
            false => self.curie(name, true),
        }
    }

    fn group(&mut self, group: &[&Element], losses: &mut Losses) {
        if let [single] = group {
            return self.value(single, losses);
        }
        self.raw("[");
        for (index, element) in group.iter().enumerate() {
            self.raw(if index == 0 { "" } else { ", " });
            self.value(element, losses);
        }
        self.raw("]");
    }

    /// The value that an element makes.
    pub(super) fn value(&mut self, element: &Element, losses: &mut Losses) {
        let is_leaf = !element.has_children();
        if is_leaf && let Some(kind) = scalar_kind(element) {
            let text = element.own_text();
            return match kind {
                Scalar::Text => self.string(&text),
                Scalar::Null => self.raw("null"),
                Scalar::Number | Scalar::Boolean => self.raw(&text),
            };
        }
        self.raw("{");
        let was_first = std::mem::replace(&mut self.is_first, true);
        for attribute in &element.attributes {
            self.attribute_member(attribute);
        }
        if element.is_mixed() {
            self.key(MIXED_KEY);
            self.raw("[");
            for (index, node) in element.content.iter().enumerate() {
                self.raw(if index == 0 { "" } else { ", " });
                match node {
                    Node::Text(text) => self.string(text),
                    Node::Element(child) => {
                        self.raw("{");
                        self.string(&self.child_key(&child.name));
                        self.raw(": ");
                        self.value(child, losses);
                        self.raw("}");
                    }
                }
            }
            self.raw("]");
        } else if is_leaf {
            let text = element.own_text();
            if !text.is_empty() {
                self.member(TEXT_KEY, &text);
            }
        } else {
            for (name, group) in grouped(element.children(), losses) {
                let key = self.child_key(name);
                self.key(&key);
                self.group(&group, losses);
            }
        }
        self.raw("}");
        self.is_first = was_first;
    }

    fn child_key(&self, name: &Name) -> String {
        match name.namespace.is_empty() {
            true => name.local.clone(),
            false => self.curie(name, false),
        }
    }

    fn curie(&self, name: &Name, is_attribute: bool) -> String {
        let namespace = &*name.namespace;
        let prefix = self.known.iter().rev().find(|(prefix, bound)| {
            bound == namespace && prefix.ends_with(ATTRIBUTE_SUFFIX) == is_attribute
        });
        let prefix = prefix.map(|(prefix, _)| prefix.clone());
        match prefix.or_else(|| built_in_prefix(namespace, is_attribute)) {
            Some(prefix) => format!("{prefix}:{}", name.local),
            None if namespace == NO_NAMESPACE => format!("{NO_NAMESPACE_PREFIX}:{}", name.local),
            None => format!("{namespace}{}", name.local),
        }
    }

    pub(super) fn string(&mut self, text: &str) {
        self.buffer.push('"');
        let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if text.bytes().fold(true, |all, byte| all & plain(byte)) {
            self.buffer.push_str(text);
        } else {
            for character in text.chars() {
                match character {
                    '"' => self.buffer.push_str("\\\""),
                    '\\' => self.buffer.push_str("\\\\"),
                    '\n' => self.buffer.push_str("\\n"),
                    '\t' => self.buffer.push_str("\\t"),
                    '\r' => self.buffer.push_str("\\r"),
                    '\0'..='\u{1f}' => {
                        self.buffer
                            .push_str(&format!("\\u{:04x}", u32::from(character)));
                    }
                    other => self.buffer.push(other),
                }
            }
        }
        self.buffer.push('"');
    }
}

/// Elements by name, each name at the place of its first. A name that comes again behind others loses its place among them.
fn grouped<'e>(
    elements: impl Iterator<Item = &'e Element>,
    losses: &mut Losses,
) -> Vec<(&'e Name, Vec<&'e Element>)> {
    let mut groups: Vec<(&Name, Vec<&Element>)> = Vec::new();
    for element in elements {
        let known = groups.iter().position(|(name, _)| **name == element.name);
        match known {
            Some(at) => {
                if at + 1 != groups.len() {
                    let what = format!("the order of {} among other elements", element.name.local);
                    losses.add(0, what);
                }
                groups[at].1.push(element);
            }
            None => groups.push((&element.name, vec![element])),
        }
    }
    groups
}

/// The kind of JSON value of an element without children; `None` when its attributes make it an object.
fn scalar_kind(element: &Element) -> Option<Scalar> {
    match element.attributes.as_slice() {
        [] => Some(element.scalar),
        [only] if only.name.is(XSI, "type") => {
            let text = element.own_text();
            let bare = only.value.rsplit(':').next().unwrap_or_default();
            let is_number = crate::json::tokens::is_number(text.as_bytes());
            match (bare, text.contains('.'), text.contains(['e', 'E'])) {
                ("boolean", ..) if text == "true" || text == "false" => Some(Scalar::Boolean),
                ("integer", false, false) | ("decimal", true, false) | ("double", _, true)
                    if is_number =>
                {
                    Some(Scalar::Number)
                }
                _ => None,
            }
        }
        [only]
            if only.name.is(XSI, "nil") && only.value == "true" && element.content.is_empty() =>
        {
            Some(Scalar::Null)
        }
        _ => None,
    }
}
