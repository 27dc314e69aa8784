//! The text of a JSON document as it grows: members, escapes, and foreign content as values.

use std::io::{self, Write};

use super::bindings::built_in_prefix;
use super::{ATTRIBUTE_SUFFIX, MIXED_KEY, TEXT_KEY};
use crate::extension::{
    Attribute, Element, NO_NAMESPACE, NO_NAMESPACE_PREFIX, Name, Node, Scalar, XSI,
};
use crate::loss::Losses;

/// Bytes gathered before they are handed on.
pub(super) const FLUSH_BYTES: usize = 64 * 1024;

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

    /// An attribute of an element of EPCIS, where the schema allows no name without prefix.
    pub(super) fn core_attribute(&mut self, attribute: &Attribute) {
        if !attribute.name.namespace.is_empty() {
            return self.attribute_member(attribute);
        }
        let local = &attribute.name.local;
        let key = format!("{NO_NAMESPACE_PREFIX}{ATTRIBUTE_SUFFIX}:{local}");
        self.member(&key, &attribute.value);
    }

    fn attribute_member(&mut self, attribute: &Attribute) {
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
