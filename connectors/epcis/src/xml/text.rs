//! The text of an XML document as it grows: markup, escapes, and the prefixes in scope.

use std::io::{self, Write};

use crate::extension::{Attribute, Element, Name, Node, Scalar, XSD, XSI};

/// Bytes gathered before they are handed on.
pub(super) const FLUSH_BYTES: usize = 64 * 1024;

/// Prefixes of the writer itself, which no document may bind otherwise at its root.
pub(super) const OWN_PREFIXES: [&str; 4] = ["epcis", "xml", "xmlns", "xsi"];

/// The text of a document as it grows: markup, escapes, and the prefixes in scope.
#[derive(Default)]
pub(super) struct XmlText {
    buffer: String,
    pub(super) open_depth: usize,
    pub(super) scope: Vec<(String, String)>,
    generated: usize,
    pub(super) lost: Vec<String>,
}

impl XmlText {
    pub(super) fn flush(&mut self, out: &mut impl Write, at: usize) -> io::Result<()> {
        if self.buffer.len() >= at {
            out.write_all(self.buffer.as_bytes())?;
            self.buffer.clear();
        }
        Ok(())
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

    /// Elements of one name that hold a text each; hands on what is gathered whenever it is much.
    pub(super) fn leaves<'t>(
        &mut self,
        name: &str,
        texts: impl Iterator<Item = &'t str>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let from = self.buffer.len();
        self.begin(name);
        self.buffer.push('>');
        let before = self.buffer.split_off(from);
        let behind = format!("</{name}>");
        for text in texts {
            self.buffer.push_str(&before);
            self.escaped(text);
            self.buffer.push_str(&behind);
            self.flush(out, FLUSH_BYTES)?;
        }
        Ok(())
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

    pub(super) fn declare(&mut self, prefix: &str, namespace: &str) {
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

pub(super) fn is_xml_name(text: &str) -> bool {
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
