//! Master data from their JSON trees (EPCIS 2.0, section 10: `vocabularyList`).

use super::context::{Context, resolve};
use crate::document::{MasterAttribute, MasterElement, Vocabulary};
use crate::extension::{Element, Name, Node};

/// Gives names in master data their namespaces.
pub(super) fn resolve_vocabularies(vocabularies: &mut [Vocabulary], context: &Context) {
    let mut unbound = Vec::new();
    for vocabulary in vocabularies {
        for element in vocabulary.elements.iter_mut().flatten() {
            let values = element
                .attributes
                .iter_mut()
                .map(|attribute| &mut attribute.value);
            for tree in values.chain(&mut element.extensions) {
                resolve(tree, context, &[], &mut unbound);
            }
        }
        for tree in &mut vocabulary.extensions {
            resolve(tree, context, &[], &mut unbound);
        }
    }
}

/// One vocabulary.
pub(super) fn vocabulary(tree: Element) -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    for child in into_elements(tree) {
        match child.name.local.as_str() {
            "type" | "@type" => vocabulary.kind = child.own_text(),
            "vocabularyElementList" => vocabulary
                .elements
                .get_or_insert_default()
                .push(master_element(child)),
            _ => vocabulary.extensions.push(child),
        }
    }
    vocabulary
}

fn master_element(tree: Element) -> MasterElement {
    let mut element = MasterElement::default();
    for child in into_elements(tree) {
        match child.name.local.as_str() {
            "id" | "@id" => element.id = child.own_text(),
            "attributes" => element.attributes.push(master_attribute(child)),
            "children" => element
                .children
                .get_or_insert_default()
                .push(child.own_text()),
            _ => element.extensions.push(child),
        }
    }
    element
}

fn master_attribute(tree: Element) -> MasterAttribute {
    let mut attribute = MasterAttribute::default();
    for child in into_elements(tree) {
        match child.name.local.as_str() {
            "id" | "@id" => attribute.id = child.own_text(),
            _ => attribute.value = child,
        }
    }
    attribute.value.name = Name::local("attribute");
    attribute
}

fn into_elements(tree: Element) -> impl Iterator<Item = Element> {
    tree.content.into_iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    })
}
