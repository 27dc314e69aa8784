//! Reads what stands in `EPCISHeader`, and lists of master data wherever they stand.

use std::io::Read;

use packtwin_core::code::Code;
use packtwin_core::finding::Finding;

use super::FOREIGN_HEADER;
use super::walker::{Token, Walker};
use crate::document::{
    DocumentHead, MasterAttribute, MasterElement, SBDH, SchemaVersion, Vocabulary,
};
use crate::extension::{Attribute, Element, Node};
use crate::reading::ReadingError;

/// Reads the header whose start was passed last.
pub(super) fn read_header<R: Read>(
    walker: &mut Walker<R>,
    head: &mut DocumentHead,
    findings: &mut Vec<Finding>,
) -> Result<(), ReadingError> {
    head.has_header = true;
    walker.tree_bytes = 0;
    loop {
        match walker.next()? {
            Token::Start if &*walker.namespace == SBDH => {
                let mut sbdh = walker.tree()?;
                trim_leaves(&mut sbdh);
                head.sbdh = Some(sbdh);
            }
            Token::Start if walker.is_core && walker.local == "extension" => {
                read_extension(walker, head, findings)?;
            }
            Token::Start if walker.is_core && walker.local == "EPCISMasterData" => {
                findings.push(misplaced(
                    walker,
                    "EPCISMasterData",
                    "EPCISHeader/extension",
                ));
                read_master_data(walker, head, findings)?;
            }
            Token::Start => {
                if head.version == SchemaVersion::V2 || walker.is_core {
                    let name = walker.local.clone();
                    findings.push(misplaced(
                        walker,
                        &name,
                        "a place that the schema of the header allows",
                    ));
                }
                head.header_elements.push(walker.tree()?);
            }
            Token::Text => {}
            Token::End | Token::Complete => return Ok(()),
        }
    }
}

/// `EPCISHeader/extension` and the `extension` in it.
fn read_extension<R: Read>(
    walker: &mut Walker<R>,
    head: &mut DocumentHead,
    findings: &mut Vec<Finding>,
) -> Result<(), ReadingError> {
    loop {
        match walker.next()? {
            Token::Start if walker.is_core && walker.local == "EPCISMasterData" => {
                read_master_data(walker, head, findings)?;
            }
            Token::Start if walker.is_core && walker.local == "extension" => {
                read_extension(walker, head, findings)?;
            }
            Token::Start if walker.is_core && walker.local == FOREIGN_HEADER => {
                let carried = walker.tree()?.content.into_iter();
                head.header_elements
                    .extend(carried.filter_map(into_element));
            }
            Token::Start => head.header_elements.push(walker.tree()?),
            Token::Text => {}
            Token::End | Token::Complete => return Ok(()),
        }
    }
}

fn read_master_data<R: Read>(
    walker: &mut Walker<R>,
    head: &mut DocumentHead,
    findings: &mut Vec<Finding>,
) -> Result<(), ReadingError> {
    let vocabularies = head.master_data.get_or_insert_default();
    loop {
        match walker.next()? {
            Token::Start if walker.is_core && walker.local == "VocabularyList" => {
                read_vocabulary_list(walker, vocabularies, findings)?;
            }
            Token::Start => {
                let name = walker.local.clone();
                findings.push(misplaced(walker, &name, "VocabularyList"));
                walker.skip()?;
            }
            Token::Text => {}
            Token::End | Token::Complete => return Ok(()),
        }
    }
}

/// Reads the `VocabularyList` whose start was passed last.
pub(super) fn read_vocabulary_list<R: Read>(
    walker: &mut Walker<R>,
    out: &mut Vec<Vocabulary>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReadingError> {
    loop {
        match walker.next()? {
            Token::Start if walker.is_core && walker.local == "Vocabulary" => {
                let kind = required(walker, "type", findings);
                let tree = walker.tree()?;
                out.push(vocabulary(kind, tree));
            }
            Token::Start => {
                let name = walker.local.clone();
                findings.push(misplaced(walker, &name, "Vocabulary"));
                walker.skip()?;
            }
            Token::Text => {}
            Token::End | Token::Complete => return Ok(()),
        }
    }
}

fn vocabulary(kind: String, tree: Element) -> Vocabulary {
    let mut vocabulary = Vocabulary {
        kind,
        ..Vocabulary::default()
    };
    for child in tree.content.into_iter().filter_map(into_element) {
        match child.name.local.as_str() {
            "VocabularyElementList" => {
                let elements = child.content.into_iter().filter_map(into_element);
                let list = vocabulary.elements.get_or_insert_default();
                list.extend(elements.map(master_element));
            }
            "extension" if child.name.namespace.is_empty() => {
                let inner = child.content.into_iter().filter_map(into_element);
                vocabulary.extensions.extend(inner);
            }
            _ => vocabulary.extensions.push(child),
        }
    }
    vocabulary
}

fn master_element(tree: Element) -> MasterElement {
    let mut element = MasterElement {
        id: tree
            .attribute("", "id")
            .unwrap_or_default()
            .trim()
            .to_owned(),
        ..MasterElement::default()
    };
    for child in tree.content.into_iter().filter_map(into_element) {
        match child.name.local.as_str() {
            "attribute" => element.attributes.push(master_attribute(child)),
            "children" => {
                let ids = child.children().map(|id| id.own_text().trim().to_owned());
                element.children.get_or_insert_default().extend(ids);
            }
            "extension" if child.name.namespace.is_empty() => {
                let inner = child.content.into_iter().filter_map(into_element);
                element.extensions.extend(inner);
            }
            _ => element.extensions.push(child),
        }
    }
    element
}

fn master_attribute(mut value: Element) -> MasterAttribute {
    let is_id = |attribute: &Attribute| attribute.name.is("", "id");
    let id = value
        .attribute("", "id")
        .unwrap_or_default()
        .trim()
        .to_owned();
    value.attributes.retain(|attribute| !is_id(attribute));
    MasterAttribute { id, value }
}

/// Space around the values of a business document header has no meaning, and its times do not allow any.
pub(super) fn trim_leaves(element: &mut Element) {
    for node in &mut element.content {
        match node {
            Node::Text(text) => *text = text.trim().to_owned(),
            Node::Element(child) => trim_leaves(child),
        }
    }
}

pub(super) fn into_element(node: Node) -> Option<Element> {
    match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    }
}

fn required<R: Read>(walker: &Walker<R>, name: &str, findings: &mut Vec<Finding>) -> String {
    let found = walker
        .attributes
        .iter()
        .find(|attribute| attribute.name.is("", name));
    if found.is_none() {
        let line = walker.line();
        findings.push(Finding::error(
            Code::EpcisFieldMissing,
            line,
            walker.local.as_str(),
            format!(
                "Line {line}: {} has no attribute {name}. Add it.",
                walker.local
            ),
        ));
    }
    found
        .map(|attribute| attribute.value.clone())
        .unwrap_or_default()
}

fn misplaced<R: Read>(walker: &Walker<R>, name: &str, place: &str) -> Finding {
    let line = walker.line();
    Finding::warning(
        Code::EpcisWrongPlace,
        line,
        name,
        format!(
            "Line {line}: {name} stands where the schema does not allow it. It was read all the same; it belongs in {place}."
        ),
    )
}
