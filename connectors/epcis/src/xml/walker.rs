//! Goes through an XML document element by element, with names resolved to namespaces.
//!
//! What XML may contain at all is decided by `port::safe_xml`. Here prefixes get their meaning and trees of foreign content
//! are built. Nothing is known of EPCIS but its namespaces.

use std::io::{Chain, Cursor, Read};
use std::sync::Arc;

use packtwin_connector_port::safe_xml::{SafeXml, XmlEvent, XmlFault};
use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;

use super::EPCIS_NAMESPACES;
use crate::extension::{Attribute, Element, Name, Node};
use crate::reading::{HEAD_BYTES_MAX, ReadingError};

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// An element begins: see the fields of the walker.
    Start,
    /// Text, in [`Walker::text`].
    Text,
    /// The element opened last ends.
    End,
    /// The document is complete.
    Complete,
}

struct Binding {
    depth: usize,
    prefix: Arc<str>,
    namespace: Arc<str>,
}

/// The walker: what it passed last stands in its fields.
pub(super) struct Walker<R: Read> {
    xml: SafeXml<Chain<Cursor<Vec<u8>>, R>>,
    bindings: Vec<Binding>,
    none: Arc<str>,
    depth: usize,
    /// Local name of the element that began last.
    pub local: String,
    /// Its prefix.
    pub prefix: Arc<str>,
    /// Its namespace as bound.
    pub namespace: Arc<str>,
    /// Whether its name belongs to EPCIS: no namespace, or one of the standard's.
    pub is_core: bool,
    /// Its attributes but for namespace declarations.
    pub attributes: Vec<Attribute>,
    /// The text passed last.
    pub text: String,
    /// Bytes of foreign content since [`Walker::tree_bytes`] was set to zero.
    pub tree_bytes: usize,
}

impl<R: Read> Walker<R> {
    pub(super) fn new(input: R) -> Result<Self, ReadingError> {
        let none: Arc<str> = "".into();
        let bound = |prefix: &str, namespace: &str| Binding {
            depth: 0,
            prefix: prefix.into(),
            namespace: namespace.into(),
        };
        Ok(Walker {
            xml: SafeXml::new(input).map_err(|fault| unreadable(fault, 1))?,
            bindings: vec![bound("xml", "http://www.w3.org/XML/1998/namespace")],
            depth: 0,
            local: String::new(),
            prefix: none.clone(),
            namespace: none.clone(),
            is_core: true,
            attributes: Vec::new(),
            text: String::new(),
            tree_bytes: 0,
            none,
        })
    }

    pub(super) fn line(&self) -> u64 {
        self.xml.line()
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.xml.bytes_read()
    }

    /// The prefixes bound by the element that began last, in order.
    pub(super) fn declared_here(&self) -> impl Iterator<Item = (&str, &str)> {
        let here = self
            .bindings
            .iter()
            .filter(|binding| binding.depth == self.depth);
        here.map(|binding| (&*binding.prefix, &*binding.namespace))
    }

    /// Whether the element that began last binds no prefix.
    pub(super) fn declares_nothing(&self) -> bool {
        self.declared_here().next().is_none()
    }

    /// Goes on to the next start, text or end.
    pub(super) fn next(&mut self) -> Result<Token, ReadingError> {
        let token = self.step();
        token.map_err(|fault| unreadable(fault, self.xml.line()))
    }

    fn step(&mut self) -> Result<Token, XmlFault> {
        loop {
            match self.xml.next_event()? {
                XmlEvent::Start(element) => {
                    self.depth += 1;
                    let (depth, bindings) = (self.depth, &mut self.bindings);
                    self.attributes.clear();
                    let (prefix, local) = split(element.name().into_inner());
                    self.local.clear();
                    self.local.push_str(local);
                    if element.attributes_raw().is_empty() {
                        if prefix.is_empty() && bindings.len() == 1 {
                            self.prefix = self.none.clone();
                            self.namespace = self.none.clone();
                            self.is_core = true;
                            return Ok(Token::Start);
                        }
                    } else {
                        read_attributes(&element, depth, bindings, &mut self.attributes)?;
                    }
                    let (prefix, namespace) = resolve(prefix, bindings, &self.none)?;
                    self.is_core = namespace.is_empty() || EPCIS_NAMESPACES.contains(&&*namespace);
                    (self.prefix, self.namespace) = (prefix, namespace);
                    return Ok(Token::Start);
                }
                XmlEvent::End => {
                    let depth = self.depth;
                    while self
                        .bindings
                        .last()
                        .is_some_and(|last| last.depth == depth && depth > 0)
                    {
                        self.bindings.pop();
                    }
                    self.depth -= 1;
                    return Ok(Token::End);
                }
                XmlEvent::Text(text) => {
                    self.text.clear();
                    self.text.push_str(&text);
                    return Ok(Token::Text);
                }
                XmlEvent::Other => {}
                XmlEvent::Complete => return Ok(Token::Complete),
            }
        }
    }

    /// The name of the element that began last.
    pub(super) fn name(&self) -> Name {
        Name {
            namespace: self.namespace.clone(),
            prefix: self.prefix.clone(),
            local: self.local.clone(),
        }
    }

    /// Reads the element that began last to its end, as a tree.
    pub(super) fn tree(&mut self) -> Result<Element, ReadingError> {
        let mut element = Element::empty(self.name());
        element.attributes = std::mem::take(&mut self.attributes);
        self.tree_bytes += element.name.local.len() + 64 * (1 + element.attributes.len());
        let mut text = String::new();
        loop {
            match self.next()? {
                Token::Start => {
                    push_text(&mut element, &mut text, false);
                    let child = self.tree()?;
                    element.content.push(Node::Element(child));
                }
                Token::Text => {
                    self.tree_bytes += self.text.len();
                    if self.tree_bytes > HEAD_BYTES_MAX {
                        let fault = XmlFault::Limit("more than 24 MB of content outside of lists");
                        return Err(unreadable(fault, self.line()));
                    }
                    text.push_str(&self.text);
                }
                Token::End | Token::Complete => {
                    let is_leaf = element.content.is_empty();
                    push_text(&mut element, &mut text, is_leaf);
                    return Ok(element);
                }
            }
        }
    }

    /// Reads the element that began last to its end and gives its text; `true` when elements stood in it.
    pub(super) fn leaf(&mut self, out: &mut String) -> Result<bool, ReadingError> {
        out.clear();
        let mut had_elements = false;
        loop {
            match self.next()? {
                Token::Text => out.push_str(&self.text),
                Token::Start => {
                    had_elements = true;
                    self.skip()?;
                }
                Token::End | Token::Complete => return Ok(had_elements),
            }
        }
    }

    /// Passes plain elements of this name, which are of EPCIS; to be called where one has just ended whose name had no
    /// prefix.
    pub(super) fn plain_leaves(&mut self, name: &str, take: impl FnMut(&str)) {
        self.xml.plain_leaves(name, take);
    }

    /// Passes the element that began last.
    pub(super) fn skip(&mut self) -> Result<(), ReadingError> {
        let mut open = 1;
        while open > 0 {
            match self.next()? {
                Token::Start => open += 1,
                Token::End => open -= 1,
                Token::Text => {}
                Token::Complete => break,
            }
        }
        Ok(())
    }
}

/// White space between elements is layout; in a leaf it is content.
fn push_text(element: &mut Element, text: &mut String, is_leaf: bool) {
    let is_layout = text.trim().is_empty();
    if !text.is_empty() && (is_leaf || !is_layout) {
        element.content.push(Node::Text(std::mem::take(text)));
    }
    text.clear();
}

fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

fn read_attributes(
    element: &BytesStart<'_>,
    depth: usize,
    bindings: &mut Vec<Binding>,
    out: &mut Vec<Attribute>,
) -> Result<(), XmlFault> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| XmlFault::IllFormed(error.to_string()))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| XmlFault::IllFormed(error.to_string()))?;
        let key = attribute.key.into_inner();
        let (prefix, local) = split(key);
        let declared = match (prefix, local) {
            ("", "xmlns") => Some(""),
            ("xmlns", prefix) => Some(prefix),
            _ => None,
        };
        match declared {
            Some(prefix) => bindings.push(Binding {
                depth,
                prefix: prefix.into(),
                namespace: (*value).into(),
            }),
            None => out.push(Attribute {
                name: Name::new("", prefix, local),
                value: value.into_owned(),
            }),
        }
    }
    // A prefix may be bound behind its first use in the same tag.
    let none: Arc<str> = "".into();
    for attribute in out {
        if !attribute.name.prefix.is_empty() {
            let (prefix, namespace) = resolve(&attribute.name.prefix, bindings, &none)?;
            (attribute.name.prefix, attribute.name.namespace) = (prefix, namespace);
        }
    }
    Ok(())
}

fn resolve(
    prefix: &str,
    bindings: &[Binding],
    none: &Arc<str>,
) -> Result<(Arc<str>, Arc<str>), XmlFault> {
    let bound = bindings
        .iter()
        .rev()
        .find(|binding| &*binding.prefix == prefix);
    match bound {
        Some(binding) => Ok((binding.prefix.clone(), binding.namespace.clone())),
        None if prefix.is_empty() => Ok((none.clone(), none.clone())),
        // Not bound: as in JSON, the prefix itself stands for its namespace. The readers report it.
        None => Ok((prefix.into(), format!("{prefix}:").into())),
    }
}

fn unreadable(fault: XmlFault, line: u64) -> ReadingError {
    match fault {
        XmlFault::Io(error) => ReadingError::Io(error),
        fault => ReadingError::refused(
            fault.code(),
            line,
            format!("Line {line}: {fault}. {}", fault.code().remedy()),
        ),
    }
}
