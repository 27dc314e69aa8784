//! Reads `@context`: addresses and bindings, at the document or at an event.

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;

use super::context::Context;
use super::tokens::{JsonTokens, Token};
use crate::reading::ReadingError;

/// Reads the value of `@context`.
pub(super) fn read_context(
    tokens: &mut JsonTokens<'_>,
    first: Token,
    context: &mut Context,
    findings: &mut Vec<Finding>,
) -> Result<(), ReadingError> {
    match first {
        Token::Text => {
            let address = tokens.text.clone();
            if !context.add_address(&address) {
                let line = tokens.line();
                let text = format!(
                    "Line {line}: nothing is known of the context {}; its prefixes stay unknown.",
                    quoted(&address)
                );
                findings.push(Finding::warning(
                    Code::EpcisPrefixUnbound,
                    line,
                    "@context",
                    text,
                ));
            }
            Ok(())
        }
        Token::ArrayBegin => loop {
            match tokens.next()? {
                Token::ArrayEnd => return Ok(()),
                token => read_context(tokens, token, context, findings)?,
            }
        },
        Token::ObjectBegin => {
            while tokens.next()? == Token::Key {
                let term = tokens.text.clone();
                match tokens.next()? {
                    Token::Text if !term.starts_with('@') => {
                        let namespace = tokens.text.clone();
                        context.bind(&term, &namespace);
                    }
                    Token::ObjectBegin => {
                        while tokens.next()? == Token::Key {
                            let is_id = tokens.text == "@id";
                            match tokens.next()? {
                                Token::Text if is_id => {
                                    let namespace = tokens.text.clone();
                                    context.bind(&term, &namespace);
                                }
                                other => tokens.skip_from(other)?,
                            }
                        }
                    }
                    other => tokens.skip_from(other)?,
                }
            }
            Ok(())
        }
        other => tokens.skip_from(other),
    }
}
