//! Which prefixes a context must bind, for a document or for one event.

use super::ATTRIBUTE_SUFFIX;
use super::context::BUILT_IN;
use crate::extension::{Attribute, Element, Name, each_name};

/// Prefixes and their namespaces while a context is put together.
#[derive(Default)]
pub(super) struct Bindings {
    pub(super) known: Vec<(String, String)>,
    pub(super) fresh: Vec<(String, String)>,
}

impl Bindings {
    /// Everything that is bound now.
    pub(super) fn all(self) -> Vec<(String, String)> {
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

/// The prefix that the context of the standard binds.
pub(super) fn built_in_prefix(namespace: &str, is_attribute: bool) -> Option<String> {
    if is_attribute {
        return None;
    }
    let found = BUILT_IN.iter().find(|(_, bound)| *bound == namespace);
    found.map(|(prefix, _)| (*prefix).to_owned())
}
