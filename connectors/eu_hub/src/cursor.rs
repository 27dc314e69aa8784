//! A tolerant, limited walk through an XML document: children by name, texts whole, everything unknown skipped.
//!
//! Tolerant of prefixes, comments, unknown elements and attributes in any order. Not tolerant of what is never needed and
//! sometimes an attack: a DOCTYPE, entities other than the five of XML, deep nesting, giant names and texts
//! (security.md section 7). A token that does not end is refused before it fills the memory.

use std::io::{self, BufRead, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::reading::ReadError;

const DEPTH_MAX: usize = 64;
const ATTRIBUTES_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 256;
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// An element that was opened.
#[derive(Debug)]
pub(crate) struct Element {
    /// Its local name.
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of an attribute by its local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

enum Token {
    Open(Element),
    Text(String),
    Close,
    End,
}

/// The walk.
pub(crate) struct Cursor<R: BufRead> {
    reader: NsReader<TokenLimit<R>>,
    buffer: Vec<u8>,
    depth: usize,
    namespace: String,
}

impl<R: BufRead> Cursor<R> {
    /// Opens the document at its root element; the namespace is what the root has.
    pub fn open(input: R) -> Result<(Self, Element), ReadError> {
        let mut reader = NsReader::from_reader(TokenLimit {
            inner: input,
            since_bracket: 0,
        });
        reader.config_mut().expand_empty_elements = true;
        let mut cursor = Cursor {
            reader,
            buffer: Vec::new(),
            depth: 0,
            namespace: String::new(),
        };
        loop {
            match cursor.token()? {
                Token::Open(root) => return Ok((cursor, root)),
                Token::Text(text) if text.trim_matches('\u{feff}').trim().is_empty() => {}
                Token::Text(_) | Token::Close | Token::End => {
                    return Err(cursor.fault("there is no root element"));
                }
            }
        }
    }

    /// The namespace of the root element.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The next child of the element the walk stands in, `None` at its end. The child before it must have been read.
    pub fn child(&mut self) -> Result<Option<Element>, ReadError> {
        loop {
            match self.token()? {
                Token::Open(element) => return Ok(Some(element)),
                Token::Close => return Ok(None),
                Token::Text(_) => {}
                Token::End => return Err(self.fault("the document ends in the middle")),
            }
        }
    }

    /// The whole text of the element the walk stands in, up to its end. Elements inside are skipped.
    pub fn text(&mut self) -> Result<String, ReadError> {
        let mut whole = String::new();
        loop {
            match self.token()? {
                Token::Text(part) => {
                    whole.push_str(&part);
                    if whole.len() > TEXT_BYTES_MAX {
                        return Err(self.fault("a text is longer than 1 MB"));
                    }
                }
                Token::Open(_) => self.skip()?,
                Token::Close => return Ok(whole),
                Token::End => return Err(self.fault("the document ends in the middle")),
            }
        }
    }

    /// Leaves the element the walk stands in unread.
    pub fn skip(&mut self) -> Result<(), ReadError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if let Token::End = self.token()? {
                return Err(self.fault("the document ends in the middle"));
            }
        }
        Ok(())
    }

    /// After the root: nothing but blanks and comments may follow.
    pub fn finish(mut self) -> Result<(), ReadError> {
        loop {
            match self.token()? {
                Token::End => return Ok(()),
                Token::Text(text) if text.trim().is_empty() => {}
                Token::Open(_) | Token::Text(_) | Token::Close => {
                    return Err(self.fault("something follows the root element"));
                }
            }
        }
    }

    /// A fault at the place reached.
    pub fn fault(&self, why: impl Into<String>) -> ReadError {
        ReadError::Malformed {
            byte: self.reader.buffer_position(),
            why: why.into(),
        }
    }

    fn token(&mut self) -> Result<Token, ReadError> {
        loop {
            self.buffer.clear();
            let byte = self.reader.buffer_position();
            let fault = |why: String| ReadError::Malformed { byte, why };
            let (resolved, event) = self
                .reader
                .read_resolved_event_into(&mut self.buffer)
                .map_err(|error| fault(error.to_string()))?;
            return Ok(match event {
                Event::Start(start) => {
                    if self.depth == 0 {
                        self.namespace = match resolved {
                            ResolveResult::Bound(namespace) => {
                                AsRef::<str>::as_ref(&namespace).to_owned()
                            }
                            ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
                        };
                    }
                    self.depth += 1;
                    if self.depth > DEPTH_MAX {
                        return Err(fault(format!(
                            "elements are nested deeper than {DEPTH_MAX}"
                        )));
                    }
                    Token::Open(element(&start).map_err(fault)?)
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Token::Close
                }
                Event::Text(text) => Token::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Token::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => {
                    let resolved = reference
                        .resolve_char_ref()
                        .map_err(|error| fault(error.to_string()))?;
                    let name = reference.xml10_content();
                    let built_in = quick_xml::escape::resolve_xml_entity(&name).map(str::to_owned);
                    match resolved.map(String::from).or(built_in) {
                        Some(text) => Token::Text(text),
                        None => {
                            return Err(fault(
                                "an entity other than the five of XML is used".to_owned(),
                            ));
                        }
                    }
                }
                Event::DocType(_) => return Err(fault("a DOCTYPE is never read".to_owned())),
                Event::Eof => {
                    if self.depth > 0 {
                        return Err(fault("the document ends in the middle".to_owned()));
                    }
                    Token::End
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => continue,
            });
        }
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = start.local_name().as_ref().to_owned();
    if name.len() > NAME_BYTES_MAX {
        return Err(format!("a name is longer than {NAME_BYTES_MAX} bytes"));
    }
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attributes.len() == ATTRIBUTES_MAX {
            return Err(format!(
                "an element has more than {ATTRIBUTES_MAX} attributes"
            ));
        }
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Explicit1_0)
            .map_err(|error| error.to_string())?;
        attributes.push((
            attribute.key.local_name().as_ref().to_owned(),
            value.into_owned(),
        ));
    }
    Ok(Element { name, attributes })
}

/// Refuses a tag or text that goes on for more than the limit, before the parser keeps it.
struct TokenLimit<R> {
    inner: R,
    since_bracket: usize,
}

impl<R: BufRead> Read for TokenLimit<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(out.len());
        out[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for TokenLimit<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since_bracket > TEXT_BYTES_MAX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a tag or text is longer than 1 MB",
            ));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Ok(available) = self.inner.fill_buf() {
            let eaten = &available[..amount.min(available.len())];
            match eaten.iter().rposition(|byte| matches!(byte, b'<' | b'>')) {
                Some(at) => self.since_bracket = eaten.len() - at,
                None => self.since_bracket += eaten.len(),
            }
        }
        self.inner.consume(amount);
    }
}
