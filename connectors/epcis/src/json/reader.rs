//! Goes through an EPCIS document in JSON: context, header, then event after event.
//!
//! Members may come in any order. Where the body stands before the context, it is laid aside in a temporary file and read
//! once the context is known, so that memory stays flat.

use std::io::{Read, Seek, SeekFrom};

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;

use super::context::{Context, resolve, split_attributes};
use super::context_reader::read_context;
use super::event_reader::{EVENT_MEMBERS, EventReading};
use super::master_data::{resolve_vocabularies, vocabulary};
use super::tokens::{JsonTokens, Token};
use super::tree::{TreeReading, raw_name, read_value};
use crate::document::{DocumentHead, DocumentKind, SBDH, SchemaVersion, Vocabulary, plain_sbdh};
use crate::event::{Event, EventKind};
use crate::extension::{Element, Node};
use crate::reading::{EventReader, ReadingError, Step};

/// What is open at the place reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Root,
    Body,
    Results,
    ResultsBody,
    /// A list of events, and whether it is the whole document.
    Events,
    End,
}

/// Reads a document in JSON.
pub struct JsonReader<'r> {
    tokens: JsonTokens<'r>,
    places: Vec<Place>,
    context: Context,
    head: Option<Box<DocumentHead>>,
    sender: Option<String>,
    receiver: Option<String>,
    instance: Option<String>,
    pending: Option<Step>,
    tail: Vec<Element>,
    has_context: bool,
    /// The body that was laid aside, and the line it begins on.
    laid_aside: Option<(std::fs::File, u64)>,
    /// The first members of an event that stands alone wait for the event to begin.
    bare_key: Option<String>,
    bare_type: Option<String>,
    events: u64,
    is_context_checked: bool,
}

impl<'r> JsonReader<'r> {
    /// Begins to read.
    ///
    /// # Errors
    /// The bytes cannot be fetched.
    pub fn new(input: impl Read + 'r) -> Result<Self, ReadingError> {
        let mut tokens = JsonTokens::new(input, 1);
        tokens.skip_mark()?;
        let head = DocumentHead {
            version: SchemaVersion::V2,
            is_json: true,
            ..DocumentHead::default()
        };
        Ok(JsonReader {
            tokens,
            places: vec![Place::Begin],
            context: Context::default(),
            head: Some(Box::new(head)),
            sender: None,
            receiver: None,
            instance: None,
            pending: None,
            tail: Vec::new(),
            has_context: false,
            laid_aside: None,
            bare_key: None,
            bare_type: None,
            events: 0,
            is_context_checked: false,
        })
    }

    fn advance(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Step, ReadingError> {
        if let Some(step) = self.pending.take() {
            return Ok(step);
        }
        if self.head.is_none() {
            self.check_context(findings);
        }
        if (self.bare_key.is_some() || self.bare_type.is_some())
            && let Some(step) = self.bare_event(event, findings)?
        {
            return Ok(step);
        }
        loop {
            let place = self.places.last().copied().unwrap_or(Place::End);
            let step = match place {
                Place::Begin => self.begin(findings)?,
                Place::Root => self.root(findings)?,
                Place::Body | Place::Results | Place::ResultsBody => self.body(place, findings)?,
                Place::Events => self.event(event, findings)?,
                Place::End => return self.end(),
            };
            if let Some(step) = step {
                return Ok(step);
            }
        }
    }

    fn begin(&mut self, findings: &mut Vec<Finding>) -> Result<Option<Step>, ReadingError> {
        self.places.clear();
        match self.tokens.next()? {
            Token::ObjectBegin => self.places.push(Place::Root),
            Token::ArrayBegin => {
                let text = "the document is a bare list of events".to_owned();
                self.warn(findings, Code::EpcisWrapped, text);
                self.places.push(Place::Events);
                return Ok(Some(self.take_head()));
            }
            _ => return Err(self.no_epcis("it is a single value")),
        }
        Ok(None)
    }

    fn root(&mut self, findings: &mut Vec<Finding>) -> Result<Option<Step>, ReadingError> {
        if self.tokens.next()? != Token::Key {
            self.places.pop();
            return self.end_of_root(findings);
        }
        let key = std::mem::take(&mut self.tokens.text);
        if EVENT_MEMBERS.contains(&key.as_str()) && self.head.is_some() {
            return self.begin_bare(Some(key), findings);
        }
        if key == "epcisBody" {
            return self.enter_body(findings);
        }
        let first = self.tokens.next()?;
        match key.as_str() {
            "@context" => {
                self.has_context = true;
                read_context(&mut self.tokens, first, &mut self.context, findings)?;
            }
            "type" | "@type" | "isA" => {
                let text = self.text(&key, first, findings)?.unwrap_or_default();
                let bare = text.strip_prefix("epcis:").unwrap_or(&text);
                let kind = match bare {
                    "EPCISDocument" => DocumentKind::Events,
                    "EPCISQueryDocument" => DocumentKind::QueryResults {
                        query_name: None,
                        subscription_id: None,
                    },
                    "EPCISMasterDataDocument" => DocumentKind::MasterData,
                    _ if EventKind::of(bare).is_some() || text.contains(':') => {
                        self.bare_type = Some(text);
                        return self.begin_bare(None, findings);
                    }
                    _ => return Err(self.no_epcis(&format!("its type is {}", quoted(&text)))),
                };
                self.head_mut(|head| head.kind = kind);
            }
            "schemaVersion" => {
                let text = self.text(&key, first, findings)?;
                if text
                    .as_deref()
                    .is_none_or(|version| !version.starts_with('2'))
                {
                    let shown = text.as_deref().map_or("no version".to_owned(), quoted);
                    let text = format!("schemaVersion says {shown}; JSON exists since 2.0");
                    self.warn(findings, Code::EpcisVersionUnknown, text);
                }
                self.head_mut(|head| head.schema_version = text);
            }
            "creationDate" => {
                let text = self.text(&key, first, findings)?;
                self.head_mut(|head| head.creation_date = text);
            }
            "id" | "@id" => {
                let text = self.text(&key, first, findings)?;
                self.head_mut(|head| head.id = text);
            }
            "sender" => self.sender = self.text(&key, first, findings)?,
            "receiver" => self.receiver = self.text(&key, first, findings)?,
            "instanceIdentifier" => self.instance = self.text(&key, first, findings)?,
            "epcisHeader" => {
                self.header(first, findings)?;
                return Ok(self.pending.take());
            }
            _ => {
                if !key.contains(':') {
                    let text = format!(
                        "{} is no field of a document and has no prefix",
                        quoted(&key)
                    );
                    self.error(findings, Code::EpcisFieldUnknown, text);
                }
                let elements = self.tree(&key, first)?;
                match &mut self.head {
                    Some(head) => head.document_elements.extend(elements),
                    None => self.tail.extend(elements),
                }
            }
        }
        Ok(None)
    }

    /// Behind the last member of the document.
    fn end_of_root(&mut self, findings: &mut Vec<Finding>) -> Result<Option<Step>, ReadingError> {
        if self.tokens.next()? != Token::Complete {
            return Err(self.no_epcis("something stands behind it"));
        }
        let Some((mut file, line)) = self.laid_aside.take() else {
            return Ok(None);
        };
        file.seek(SeekFrom::Start(0))?;
        self.tokens = JsonTokens::new(file, line);
        match self.tokens.next()? {
            Token::ObjectBegin => self.places.push(Place::Body),
            other => self.wrong_kind("epcisBody", other, findings)?,
        }
        Ok(None)
    }

    fn enter_body(&mut self, findings: &mut Vec<Finding>) -> Result<Option<Step>, ReadingError> {
        if self.has_context {
            match self.tokens.next()? {
                Token::ObjectBegin => self.places.push(Place::Body),
                other => self.wrong_kind("epcisBody", other, findings)?,
            }
            return Ok(None);
        }
        let file = tempfile::tempfile()?;
        let line = self.tokens.line();
        self.tokens.begin_copy(Box::new(file.try_clone()?));
        let first = self.tokens.next()?;
        self.tokens.skip_from(first)?;
        self.tokens.end_copy()?;
        self.laid_aside = Some((file, line));
        Ok(None)
    }

    fn body(
        &mut self,
        place: Place,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Step>, ReadingError> {
        if self.tokens.next()? != Token::Key {
            self.places.pop();
            return Ok(None);
        }
        let key = std::mem::take(&mut self.tokens.text);
        let first = self.tokens.next()?;
        match (place, key.as_str(), first) {
            (_, "eventList", Token::ArrayBegin) => {
                self.places.push(Place::Events);
                return Ok(self.head_step());
            }
            (Place::Body, "event", Token::ObjectBegin) => {
                self.warn(
                    findings,
                    Code::EpcisWrapped,
                    "the body holds a single event without a list".to_owned(),
                );
                self.bare_key = Some(String::new());
                return Ok(self.head_step());
            }
            (Place::Body, "queryResults", Token::ObjectBegin) => self.places.push(Place::Results),
            (Place::Results, "resultsBody", Token::ObjectBegin) => {
                self.places.push(Place::ResultsBody)
            }
            (Place::Results, "queryName" | "subscriptionID", _) => {
                let text = self.text(&key, first, findings)?;
                self.head_mut(|head| {
                    if let DocumentKind::QueryResults {
                        query_name,
                        subscription_id,
                    } = &mut head.kind
                    {
                        *(if key == "queryName" {
                            query_name
                        } else {
                            subscription_id
                        }) = text;
                    }
                });
            }
            (_, "vocabularyList", _) => {
                let mut elements = Vec::new();
                let mut reading = TreeReading::default();
                read_value(
                    &mut self.tokens,
                    first,
                    &raw_name("vocabulary"),
                    &mut reading,
                    &mut elements,
                )?;
                let mut vocabularies = self.vocabularies(elements);
                resolve_vocabularies(&mut vocabularies, &self.context);
                let step = Step::MasterData(vocabularies);
                match self.head_step() {
                    Some(head) => {
                        self.pending = Some(step);
                        return Ok(Some(head));
                    }
                    None => return Ok(Some(step)),
                }
            }
            _ => {
                if !key.contains(':') {
                    let text = format!("{} does not belong in the body", quoted(&key));
                    self.error(findings, Code::EpcisFieldUnknown, text);
                }
                let elements = self.tree(&key, first)?;
                match &mut self.head {
                    Some(head) => head.document_elements.extend(elements),
                    None => self.tail.extend(elements),
                }
            }
        }
        Ok(None)
    }

    fn event(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Step>, ReadingError> {
        match self.tokens.next()? {
            Token::ArrayEnd => {
                self.places.pop();
                Ok(None)
            }
            Token::ObjectBegin => {
                self.prepare(event);
                let reading = EventReading::new(&mut self.tokens, &self.context, event, findings);
                Ok(reading.read()?.then_some(Step::Event))
            }
            other => {
                self.wrong_kind("eventList", other, findings)?;
                Ok(None)
            }
        }
    }

    fn prepare(&mut self, event: &mut Event) {
        self.events += 1;
        event.clear();
        event.number = self.events;
        event.line = self.tokens.line();
    }

    fn begin_bare(
        &mut self,
        key: Option<String>,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Step>, ReadingError> {
        let text = "an event stands alone, without a document around it".to_owned();
        self.warn(findings, Code::EpcisWrapped, text);
        self.bare_key = Some(key.unwrap_or_default());
        self.head_mut(|head| head.kind = DocumentKind::BareEvent);
        Ok(self.head_step())
    }

    /// The event that stands alone: what was read of it, and the rest of the object.
    fn bare_event(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Step>, ReadingError> {
        self.prepare(event);
        let key = self.bare_key.take().unwrap_or_default();
        let kind = self.bare_type.take();
        let is_root = self.places.last() == Some(&Place::Root);
        let mut reading = EventReading::new(&mut self.tokens, &self.context, event, findings);
        if let Some(kind) = kind {
            reading.set_type(kind);
        }
        if !key.is_empty() {
            reading.member(key)?;
        }
        let is_whole = reading.read()?;
        if is_root {
            self.places.pop();
        }
        Ok(is_whole.then_some(Step::Event))
    }

    fn header(&mut self, first: Token, findings: &mut Vec<Finding>) -> Result<(), ReadingError> {
        if first != Token::ObjectBegin {
            return self.wrong_kind("epcisHeader", first, findings);
        }
        let mut elements = Vec::new();
        let mut master = Vec::new();
        while self.tokens.next()? == Token::Key {
            let key = std::mem::take(&mut self.tokens.text);
            let first = self.tokens.next()?;
            let tree = self.tree(&key, first)?;
            match key.as_str() {
                "epcisMasterData" => master.extend(tree),
                _ => elements.extend(tree),
            }
        }
        let has_master = !master.is_empty();
        let lists = master.into_iter().flat_map(|data| data.content);
        let lists = lists.filter_map(|node| match node {
            Node::Element(list) if list.name.local == "vocabularyList" => Some(list),
            _ => None,
        });
        let vocabularies = self.vocabularies(lists.collect());
        if self.head.is_none() {
            self.warn(
                findings,
                Code::EpcisWrongPlace,
                "the header stands behind the body".to_owned(),
            );
            self.tail.extend(elements);
            if has_master {
                let mut vocabularies = vocabularies;
                resolve_vocabularies(&mut vocabularies, &self.context);
                self.pending = Some(Step::MasterData(vocabularies));
            }
            return Ok(());
        }
        self.head_mut(|head| {
            head.has_header = true;
            head.header_elements.extend(elements);
            if has_master {
                head.master_data = Some(vocabularies);
            }
        });
        Ok(())
    }

    fn vocabularies(&self, trees: Vec<Element>) -> Vec<Vocabulary> {
        trees.into_iter().map(vocabulary).collect()
    }

    fn tree(&mut self, key: &str, first: Token) -> Result<Vec<Element>, ReadingError> {
        let mut out = Vec::new();
        let mut reading = TreeReading::default();
        read_value(
            &mut self.tokens,
            first,
            &raw_name(key),
            &mut reading,
            &mut out,
        )?;
        Ok(out)
    }

    fn head_step(&mut self) -> Option<Step> {
        self.head.is_some().then(|| self.take_head())
    }

    /// Says once that the context of the standard is missing.
    fn check_context(&mut self, findings: &mut Vec<Finding>) {
        if !self.context.has_standard && !std::mem::replace(&mut self.is_context_checked, true) {
            let text = "@context does not name the context of EPCIS".to_owned();
            self.warn(findings, Code::EpcisPrefixUnbound, text);
        }
    }

    /// Completes the head: names get their namespaces, sender and receiver their header.
    fn take_head(&mut self) -> Step {
        let mut head = self.head.take().unwrap_or_default();
        head.namespaces = self.context.bound.clone();
        head.bound_again = self.context.bound_again.clone();
        head.contexts = self.context.addresses.clone();
        let mut unbound = Vec::new();
        let mut resolve_all = |elements: &mut [Element]| {
            for element in elements {
                resolve(element, &self.context, &[], &mut unbound);
            }
        };
        let attributes = split_attributes(&mut head.document_elements, &self.context, &[]);
        head.attributes.extend(attributes);
        resolve_all(&mut head.header_elements);
        resolve_all(&mut head.document_elements);
        if let Some(vocabularies) = &mut head.master_data {
            resolve_vocabularies(vocabularies, &self.context);
        }
        let is_sbdh = |element: &Element| element.name.is(SBDH, "StandardBusinessDocumentHeader");
        if let Some(at) = head.header_elements.iter().position(is_sbdh) {
            head.sbdh = Some(head.header_elements.remove(at));
        } else if self.sender.is_some() || self.receiver.is_some() || self.instance.is_some() {
            head.sbdh = Some(plain_sbdh(
                self.sender.as_deref(),
                self.receiver.as_deref(),
                self.instance.as_deref(),
                head.creation_date.as_deref(),
            ));
        }
        Step::Head(head)
    }

    fn end(&mut self) -> Result<Step, ReadingError> {
        if let Some(head) = self.head_step() {
            return Ok(head);
        }
        if self.tail.is_empty() {
            return Ok(Step::Complete);
        }
        let mut tail = std::mem::take(&mut self.tail);
        for element in &mut tail {
            resolve(element, &self.context, &[], &mut Vec::new());
        }
        Ok(Step::Tail(tail))
    }

    // ---- small tools ----

    fn head_mut(&mut self, change: impl FnOnce(&mut DocumentHead)) {
        if let Some(head) = &mut self.head {
            change(head);
        }
    }

    fn text(
        &mut self,
        name: &str,
        first: Token,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<String>, ReadingError> {
        match first {
            Token::Text => Ok(Some(self.tokens.text.trim().to_owned())),
            Token::Number => {
                let text = format!("{name} is a number and was read as a text");
                self.warn(findings, Code::EpcisFieldWrong, text);
                Ok(Some(self.tokens.text.clone()))
            }
            other => {
                self.wrong_kind(name, other, findings)?;
                Ok(None)
            }
        }
    }

    fn wrong_kind(
        &mut self,
        name: &str,
        first: Token,
        findings: &mut Vec<Finding>,
    ) -> Result<(), ReadingError> {
        let text = format!("{name} has a value of another kind than the schema says");
        self.error(findings, Code::EpcisFieldWrong, text);
        self.tokens.skip_from(first)
    }

    fn no_epcis(&self, why: &str) -> ReadingError {
        self.tokens.refused(
            Code::UploadNotRecognised,
            &format!("the document is JSON, but no EPCIS document: {why}"),
        )
    }

    fn warn(&self, findings: &mut Vec<Finding>, code: Code, text: String) {
        let line = self.tokens.line();
        findings.push(Finding::warning(
            code,
            line,
            "",
            format!("Line {line}: {text}."),
        ));
    }

    fn error(&self, findings: &mut Vec<Finding>, code: Code, text: String) {
        let line = self.tokens.line();
        findings.push(Finding::error(
            code,
            line,
            "",
            format!("Line {line}: {text}."),
        ));
    }
}

impl EventReader for JsonReader<'_> {
    fn next(
        &mut self,
        event: &mut Event,
        findings: &mut Vec<Finding>,
    ) -> Result<Step, ReadingError> {
        self.advance(event, findings)
    }

    fn bytes_read(&self) -> u64 {
        self.tokens.bytes_read()
    }
}
