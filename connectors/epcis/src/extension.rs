//! Foreign content: elements and attributes that EPCIS does not define, kept as a tree with their namespaces (EPCIS 2.0,
//! sections 7.1.2 and 9.4 on extensions).
//!
//! A name is a namespace and a local part; the prefix is kept as a wish only. XML attributes and child elements are told
//! apart, JSON numbers and truth values keep their kind, so that either form comes back as it was.

use std::sync::Arc;

/// The namespace of XML Schema instance attributes such as `xsi:type`.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of XML Schema types.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Stands in for "no namespace" where a form demands one: event extensions in EPCIS 2.0 XML, keys in JSON.
pub const NO_NAMESPACE: &str = "urn:x-packtwin:no-namespace:";
/// The prefix that goes with [`NO_NAMESPACE`].
pub const NO_NAMESPACE_PREFIX: &str = "unqualified";

/// A name with its namespace; empty texts where there is none.
#[derive(Debug, Clone, Default)]
pub struct Name {
    /// The namespace as written in the document, empty for none.
    pub namespace: Arc<str>,
    /// The prefix it was written with. It has no meaning and takes no part in comparisons.
    pub prefix: Arc<str>,
    /// The name in the namespace.
    pub local: String,
}

impl Name {
    /// A name without namespace.
    pub fn local(local: impl Into<String>) -> Self {
        Name {
            local: local.into(),
            ..Name::default()
        }
    }

    /// A name in a namespace.
    pub fn new(namespace: &str, prefix: &str, local: impl Into<String>) -> Self {
        Name {
            namespace: namespace.into(),
            prefix: prefix.into(),
            local: local.into(),
        }
    }

    /// Whether it is this name of this namespace.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        &*self.namespace == namespace && self.local == local
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.namespace == other.namespace && self.local == other.local
    }
}

impl Eq for Name {}

/// An attribute of a foreign element, or a foreign attribute of an element of EPCIS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// Its value, references resolved.
    pub value: String,
}

/// What kind of JSON value a text was; XML knows texts only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scalar {
    /// A text.
    #[default]
    Text,
    /// A number, its digits as written.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
}

/// A part of the content of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Text.
    Text(String),
    /// An element.
    Element(Element),
}

/// A foreign element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// Its attributes, in order.
    pub attributes: Vec<Attribute>,
    /// Its content, in order. White space between elements is not content.
    pub content: Vec<Node>,
    /// The kind of its value, where it holds nothing but a text.
    pub scalar: Scalar,
}

impl Element {
    /// An element without content.
    pub fn empty(name: Name) -> Self {
        Element {
            name,
            ..Element::default()
        }
    }

    /// An element that holds a text.
    pub fn text(name: Name, text: impl Into<String>) -> Self {
        let mut element = Element::empty(name);
        let text = text.into();
        if !text.is_empty() {
            element.content.push(Node::Text(text));
        }
        element
    }

    /// An element that holds elements.
    pub fn parent(name: Name, children: impl IntoIterator<Item = Element>) -> Self {
        Element {
            content: children.into_iter().map(Node::Element).collect(),
            ..Element::empty(name)
        }
    }

    /// The elements in it.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.content.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element in it with this local name, whatever its namespace.
    pub fn child(&self, local: &str) -> Option<&Element> {
        self.children().find(|child| child.name.local == local)
    }

    /// Its text without that of the elements in it.
    pub fn own_text(&self) -> String {
        let texts = self.content.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    /// Whether texts stand between its elements.
    pub fn is_mixed(&self) -> bool {
        let texts = self
            .content
            .iter()
            .filter(|node| matches!(node, Node::Text(_)))
            .count();
        texts > 0 && self.content.len() > texts
    }

    /// Whether any part of it holds an element.
    pub fn has_children(&self) -> bool {
        self.children().next().is_some()
    }

    /// The value of an attribute.
    pub fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        let found = self
            .attributes
            .iter()
            .find(|attribute| attribute.name.is(namespace, local));
        found.map(|attribute| attribute.value.as_str())
    }
}

/// Calls `visit` with every name in the trees, attributes included.
pub fn each_name<'e>(elements: &'e [Element], visit: &mut dyn FnMut(&'e Name)) {
    for element in elements {
        visit(&element.name);
        element
            .attributes
            .iter()
            .for_each(|attribute| visit(&attribute.name));
        for node in &element.content {
            if let Node::Element(child) = node {
                each_name(std::slice::from_ref(child), visit);
            }
        }
    }
}
