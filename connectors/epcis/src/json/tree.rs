//! JSON values as trees of foreign content: members are elements, lists are repeated elements.
//!
//! Names are taken apart at their colon here and get their namespaces later, when the context is known.

use super::tokens::{JsonTokens, Token};
use super::{MIXED_KEY, TEXT_KEY};
use crate::extension::{Element, Name, Node, Scalar};
use crate::reading::{HEAD_BYTES_MAX, ReadingError};

/// What was read besides the tree.
#[derive(Debug, Default)]
pub(super) struct TreeReading {
    /// Bytes of names and texts.
    pub bytes: usize,
    /// Names that stand twice in one object.
    pub twice: Vec<String>,
    /// Whether a list stood directly in a list, whose bounds no element can keep.
    pub had_nested_lists: bool,
}

/// A name as it stands in a document, without its namespace.
pub(super) fn raw_name(key: &str) -> Name {
    match key.split_once(':') {
        Some((prefix, local)) => Name::new("", prefix, local),
        None => Name::local(key),
    }
}

/// The elements that the value of a member makes; `first` is its first token.
pub(super) fn read_value(
    tokens: &mut JsonTokens<'_>,
    first: Token,
    name: &Name,
    reading: &mut TreeReading,
    out: &mut Vec<Element>,
) -> Result<(), ReadingError> {
    reading.bytes += 64 + name.local.len() + tokens.text.len();
    if reading.bytes > HEAD_BYTES_MAX {
        let what = "more than 24 MB of content outside of lists";
        return Err(tokens.refused(packtwin_core::code::Code::UploadUnsafe, what));
    }
    let mut element = Element::empty(name.clone());
    match first {
        Token::ObjectBegin => {
            read_members(tokens, &mut element, reading)?;
            out.push(element);
        }
        Token::ArrayBegin => loop {
            match tokens.next()? {
                Token::ArrayEnd => break,
                token => {
                    reading.had_nested_lists |= token == Token::ArrayBegin;
                    read_value(tokens, token, name, reading, out)?;
                }
            }
        },
        scalar => {
            let (kind, text) = match scalar {
                Token::Number => (Scalar::Number, tokens.text.as_str()),
                Token::True => (Scalar::Boolean, "true"),
                Token::False => (Scalar::Boolean, "false"),
                Token::Null => (Scalar::Null, ""),
                _ => (Scalar::Text, tokens.text.as_str()),
            };
            element.scalar = kind;
            if !text.is_empty() {
                element.content.push(Node::Text(text.to_owned()));
            }
            out.push(element);
        }
    }
    Ok(())
}

/// The members of an object, whose beginning was passed, as content of `element`.
fn read_members(
    tokens: &mut JsonTokens<'_>,
    element: &mut Element,
    reading: &mut TreeReading,
) -> Result<(), ReadingError> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        if tokens.next()? != Token::Key {
            break;
        }
        let key = tokens.text.clone();
        let first = tokens.next()?;
        if key == TEXT_KEY && first == Token::Text {
            element.content.push(Node::Text(tokens.text.clone()));
            continue;
        }
        if key == MIXED_KEY && first == Token::ArrayBegin {
            read_mixed(tokens, element, reading)?;
            continue;
        }
        let mut children = Vec::new();
        read_value(tokens, first, &raw_name(&key), reading, &mut children)?;
        element
            .content
            .extend(children.into_iter().map(Node::Element));
        keys.push(key);
    }
    keys.sort_unstable();
    let twice = keys.windows(2).filter(|pair| pair[0] == pair[1]);
    reading.twice.extend(twice.map(|pair| pair[0].clone()));
    Ok(())
}

/// Texts and elements in turn: `["text", {"name": …}, "text"]`.
fn read_mixed(
    tokens: &mut JsonTokens<'_>,
    element: &mut Element,
    reading: &mut TreeReading,
) -> Result<(), ReadingError> {
    loop {
        match tokens.next()? {
            Token::ArrayEnd => return Ok(()),
            Token::Text => element.content.push(Node::Text(tokens.text.clone())),
            Token::ObjectBegin => read_members(tokens, element, reading)?,
            other => tokens.skip_from(other)?,
        }
    }
}
