//! Writes a document in JSON-LD 2.0: strict, as the schema of the standard has it.
//!
//! Streaming: head, event after event, end. Standard vocabulary becomes bare words, as JSON demands; prefixes that the
//! document does not bind are bound in the event that needs them.

use std::io::{self, Write};

use packtwin_core::time::Timestamp;

use super::bindings::Bindings;
use super::context::EPCIS_CONTEXT;
use super::event_writer::write_event;
use super::text::{FLUSH_BYTES, JsonText};
use crate::document::{DocumentHead, DocumentKind, Vocabulary, plain_sbdh};
use crate::event::Event;
use crate::extension::{Element, Name};
use crate::loss::Losses;

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
            let date = self.date_with_zone(date);
            self.text.member("creationDate", &date);
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
            self.text.core_attribute(attribute);
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

    /// The creation date; JSON demands a zone of it, which XML may leave out.
    fn date_with_zone(&mut self, date: &str) -> String {
        let zoned = format!("{date}Z");
        match (Timestamp::parse(date), Timestamp::parse(&zoned)) {
            (None, Some(_)) => {
                self.losses.add(
                    0,
                    "that the creation date names no time zone: JSON demands one, and UTC was written",
                );
                zoned
            }
            _ => date.to_owned(),
        }
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
