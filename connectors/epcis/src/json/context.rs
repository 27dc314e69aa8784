//! Contexts: what prefixes and bare names in JSON-LD stand for (JSON-LD 1.1; EPCIS 2.0, section 10.1).
//!
//! The contexts of the standard are built in, and so are those of published extensions, as data below. An address that is
//! not built in is never fetched: its prefixes stay unknown and are reported.

use std::sync::Arc;

use crate::extension::{Attribute, Element, NO_NAMESPACE, NO_NAMESPACE_PREFIX, Name, Node};
use crate::json::ATTRIBUTE_SUFFIX;

/// The context that documents of ours name.
pub(crate) const EPCIS_CONTEXT: &str =
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

/// The addresses under which the context of the standard occurs.
const EPCIS_CONTEXTS: [&str; 4] = [
    EPCIS_CONTEXT,
    "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
    "https://ref.gs1.org/standards/epcis/2.0.1/epcis-context.jsonld",
    "https://gs1.github.io/EPCIS/epcis-context.jsonld",
];

/// Prefixes of the standard's context. The CBV master data attributes have a colon behind their namespace in JSON-LD and
/// none in XML; the model has the form of XML.
pub(super) const BUILT_IN: [(&str, &str); 8] = [
    ("epcis", "https://ref.gs1.org/epcis/"),
    ("cbv", "https://ref.gs1.org/cbv/"),
    ("cbvmda", "urn:epcglobal:cbv:mda"),
    ("gs1", "https://gs1.org/voc/"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("dcterms", "http://purl.org/dc/terms/"),
];

/// What the standard's context says of the CBV master data attributes.
const CBVMDA_IN_JSON: &str = "urn:epcglobal:cbv:mda:";

/// Published contexts of extensions: part of the address, prefix, namespace.
const PUBLISHED: [(&str, &str, &str); 1] = [(
    "ref.gs1eg.org/extensions/epcis/hc/",
    "gs1egypthc",
    "https://ref.gs1eg.org/extensions/epcis/hc/",
)];

/// The prefixes that are bound at a place of a document.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    /// Prefixes that the document binds itself, later ones last.
    pub bound: Vec<(String, String)>,
    /// Prefixes of the standard that the document binds once more, to the same.
    pub bound_again: Vec<String>,
    /// Addresses besides those of the standard.
    pub addresses: Vec<String>,
    /// Prefixes of published contexts; not written again, since the address is.
    published: Vec<(&'static str, &'static str)>,
    /// Whether the standard's context was named.
    pub has_standard: bool,
}

impl Context {
    /// Takes an address; `false` when nothing is known of it.
    pub(super) fn add_address(&mut self, address: &str) -> bool {
        if EPCIS_CONTEXTS.contains(&address) {
            self.has_standard = true;
            return true;
        }
        self.addresses.push(address.to_owned());
        let published = PUBLISHED.iter().filter(|(part, ..)| address.contains(part));
        let before = self.published.len();
        self.published
            .extend(published.map(|(_, prefix, namespace)| (*prefix, *namespace)));
        self.published.len() > before
    }

    /// Binds a prefix. One that the standard binds to the same is no news.
    pub(super) fn bind(&mut self, prefix: &str, namespace: &str) {
        let is_same = |known: &(&str, &str)| {
            known.0 == prefix
                && (known.1 == namespace || (prefix == "cbvmda" && namespace == CBVMDA_IN_JSON))
        };
        let is_alias = prefix.ends_with(ATTRIBUTE_SUFFIX) || namespace == NO_NAMESPACE;
        if BUILT_IN.iter().any(is_same) {
            self.bound_again.push(prefix.to_owned());
        } else if !is_alias {
            self.bound.push((prefix.to_owned(), namespace.to_owned()));
        }
    }

    /// The namespace of a prefix; `inner` are the bindings of the event.
    pub(super) fn namespace<'c>(
        &'c self,
        prefix: &str,
        inner: &'c [(String, String)],
    ) -> Option<&'c str> {
        let own = inner.iter().rev().chain(self.bound.iter().rev());
        let own = own.map(|(prefix, namespace)| (prefix.as_str(), namespace.as_str()));
        let known = self.published.iter().copied().chain(BUILT_IN);
        own.chain(known)
            .find(|(bound, _)| *bound == prefix)
            .map(|(_, namespace)| namespace)
    }
}

/// Gives the names of a tree their namespaces, and makes attributes of what is marked as such. Prefixes that nothing binds
/// are added to `unbound`.
pub(super) fn resolve(
    element: &mut Element,
    context: &Context,
    inner: &[(String, String)],
    unbound: &mut Vec<String>,
) {
    resolve_name(&mut element.name, context, inner, unbound);
    let mut content = Vec::with_capacity(element.content.len());
    for node in std::mem::take(&mut element.content) {
        let Node::Element(mut child) = node else {
            content.push(node);
            continue;
        };
        match attribute_name(&child.name, context, inner) {
            Some(name) => element.attributes.push(Attribute {
                name,
                value: child.own_text(),
            }),
            None => {
                resolve(&mut child, context, inner, unbound);
                content.push(Node::Element(child));
            }
        }
    }
    element.content = content;
}

/// Takes the attributes of an element of EPCIS out of its foreign members.
pub(super) fn split_attributes(
    elements: &mut Vec<Element>,
    context: &Context,
    inner: &[(String, String)],
) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    elements.retain(|element| {
        let name = attribute_name(&element.name, context, inner);
        let is_attribute = name.is_some();
        attributes.extend(name.map(|name| Attribute {
            name,
            value: element.own_text(),
        }));
        !is_attribute
    });
    attributes
}

/// The name of an attribute that is written as a member: `@name`, or with the alias of a prefix.
fn attribute_name(name: &Name, context: &Context, inner: &[(String, String)]) -> Option<Name> {
    if name.prefix.is_empty() {
        return name.local.strip_prefix('@').map(Name::local);
    }
    let prefix = name.prefix.strip_suffix(ATTRIBUTE_SUFFIX)?;
    if prefix == NO_NAMESPACE_PREFIX {
        return Some(Name::local(name.local.as_str()));
    }
    let namespace = match prefix {
        "xsi" => crate::extension::XSI,
        prefix => context.namespace(prefix, inner)?,
    };
    Some(Name::new(namespace, prefix, name.local.as_str()))
}

/// Gives a name its namespace.
pub(super) fn resolve_name(
    name: &mut Name,
    context: &Context,
    inner: &[(String, String)],
    unbound: &mut Vec<String>,
) {
    if name.prefix.is_empty() {
        return;
    }
    if let Some(namespace) = context.namespace(&name.prefix, inner) {
        name.namespace = namespace.into();
        return;
    }
    if &*name.prefix == NO_NAMESPACE_PREFIX {
        name.prefix = "".into();
        return;
    }
    // A whole URI as a name: what stands behind the last separator is the name.
    if let Some(at) = name.local.rfind(['/', '#', ':']) {
        let namespace = format!("{}:{}", name.prefix, &name.local[..=at]);
        name.local = name.local[at + 1..].to_owned();
        name.namespace = namespace.into();
        name.prefix = "".into();
        return;
    }
    unbound.push(name.prefix.to_string());
    let namespace: Arc<str> = format!("{}:", name.prefix).into();
    name.namespace = namespace;
}
