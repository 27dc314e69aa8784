//! JSON documents against a JSON schema of the draft that EPCIS 2.0 uses: strict, and no more than its schema needs.
//!
//! A keyword that is not known here is an error and is not passed over, so that a schema never seems to hold where it was
//! not looked at. Formats are asserted. Libraries for the whole of JSON Schema were refused: the schema of EPCIS needs
//! some twenty keywords, and every one of them compiles longer than this file.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

/// A schema, ready to judge.
pub(super) struct Schema {
    root: Value,
    patterns: BTreeMap<String, Pattern>,
}

/// A pattern; the schema forbids beginnings by a look ahead, which is the one thing the engine does not have.
struct Pattern {
    regex: Regex,
    is_forbidden: bool,
}

/// Keywords that say something to people only.
const REMARKS: [&str; 7] = [
    "$id",
    "$schema",
    "$comment",
    "title",
    "description",
    "examples",
    "definitions",
];

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// It is no JSON, or has a pattern that cannot be read.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let root: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut patterns = BTreeMap::new();
        collect_patterns(&root, &mut patterns)?;
        Ok(Schema { root, patterns })
    }

    /// Why a document does not follow the schema: the first fault with its place, or nothing.
    pub(super) fn fault(&self, document: &Value) -> Option<String> {
        self.check(&self.root, document, "").err()
    }

    fn check(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let Value::Object(schema) = schema else {
            return match schema {
                Value::Bool(true) => Ok(()),
                _ => Err(format!("{place}: nothing is allowed here")),
            };
        };
        // Beside a reference nothing else counts in this draft.
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let at = reference.strip_prefix('#').unwrap_or(reference);
            let at = at.replace("%40", "@");
            let target = self.root.pointer(&at);
            let target = target.ok_or_else(|| format!("{place}: no definition {reference}"))?;
            return self.check(target, value, place);
        }
        for (keyword, rule) in schema {
            self.keyword(schema, keyword, rule, value, place)?;
        }
        Ok(())
    }

    fn keyword(
        &self,
        schema: &Map<String, Value>,
        keyword: &str,
        rule: &Value,
        value: &Value,
        place: &str,
    ) -> Result<(), String> {
        let wrong = |what: String| Err(format!("{place}: {what}"));
        let rules = || rule.as_array().into_iter().flatten();
        let fits = |rule: &Value| self.check(rule, value, place).is_ok();
        match keyword {
            "type" if !is_of_type(value, rule) => wrong(format!("is no {rule}")),
            "enum" if !rules().any(|one| one == value) => wrong(format!("{value} is not listed")),
            "const" if rule != value => wrong(format!("{value} is not {rule}")),
            "allOf" => rules().try_for_each(|one| self.check(one, value, place)),
            "anyOf" if !rules().any(fits) => {
                let why = rules().filter_map(|one| self.check(one, value, place).err());
                wrong(format!(
                    "fits none of: {}",
                    why.collect::<Vec<_>>().join("; ")
                ))
            }
            "oneOf" if rules().filter(|one| fits(one)).count() != 1 => {
                wrong(format!("{value} does not fit exactly one"))
            }
            "not" if fits(rule) => wrong(format!("{value} is what must not be")),
            "if" => {
                let next = if fits(rule) { "then" } else { "else" };
                match schema.get(next) {
                    Some(rule) => self.check(rule, value, place),
                    None => Ok(()),
                }
            }
            "format" => match (rule.as_str(), value.as_str()) {
                (Some("uri"), Some(text)) if !is_uri(text) => wrong(format!("{text} is no URI")),
                (Some("date-time"), Some(text))
                    if chrono::DateTime::parse_from_rfc3339(text).is_err() =>
                {
                    wrong(format!("{text} is no time with zone"))
                }
                (Some("uri" | "date-time"), _) => Ok(()),
                _ => wrong(format!(
                    "the schema has a format {rule}, which is not known here"
                )),
            },
            "pattern" => match (
                value.as_str(),
                rule.as_str().and_then(|text| self.patterns.get(text)),
            ) {
                (Some(text), Some(pattern))
                    if pattern.regex.is_match(text) == pattern.is_forbidden =>
                {
                    wrong(format!("{text} does not fit {rule}"))
                }
                _ => Ok(()),
            },
            "minItems" => match value.as_array() {
                Some(items) if (items.len() as u64) < rule.as_u64().unwrap_or_default() => {
                    wrong(format!("has fewer than {rule} items"))
                }
                _ => Ok(()),
            },
            "uniqueItems" => match value.as_array() {
                Some(items) => {
                    let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
                    texts.sort_unstable();
                    match texts.windows(2).find(|pair| pair[0] == pair[1]) {
                        Some(pair) => wrong(format!("{} stands twice", pair[0])),
                        None => Ok(()),
                    }
                }
                None => Ok(()),
            },
            "items" => value
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
                .try_for_each(|(index, item)| self.check(rule, item, &format!("{place}/{index}"))),
            "required" => match value.as_object() {
                Some(object) => {
                    let missing = rules()
                        .filter_map(Value::as_str)
                        .find(|name| !object.contains_key(*name));
                    missing.map_or(Ok(()), |name| wrong(format!("{name} is missing")))
                }
                None => Ok(()),
            },
            "properties" | "propertyNames" | "additionalProperties" => {
                self.members(schema, keyword, rule, value, place)
            }
            "type" | "enum" | "const" | "anyOf" | "oneOf" | "not" | "then" | "else" => Ok(()),
            remark if REMARKS.contains(&remark) => Ok(()),
            unknown => wrong(format!(
                "the schema has a keyword {unknown}, which is not known here"
            )),
        }
    }

    fn members(
        &self,
        schema: &Map<String, Value>,
        keyword: &str,
        rule: &Value,
        value: &Value,
        place: &str,
    ) -> Result<(), String> {
        let known = schema.get("properties").and_then(Value::as_object);
        let members = value.as_object().into_iter().flatten();
        members.into_iter().try_for_each(|(name, member)| {
            let inside = format!("{place}/{name}");
            match keyword {
                "propertyNames" => self.check(rule, &Value::String(name.clone()), &inside),
                "properties" => match rule.get(name) {
                    Some(rule) => self.check(rule, member, &inside),
                    None => Ok(()),
                },
                _ if known.is_some_and(|known| known.contains_key(name)) => Ok(()),
                _ => self.check(rule, member, &inside),
            }
        })
    }
}

fn collect_patterns(value: &Value, into: &mut BTreeMap<String, Pattern>) -> Result<(), String> {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(text)) = object.get("pattern") {
                into.insert(text.clone(), read_pattern(text)?);
            }
            object
                .values()
                .try_for_each(|value| collect_patterns(value, into))
        }
        Value::Array(items) => items
            .iter()
            .try_for_each(|value| collect_patterns(value, into)),
        _ => Ok(()),
    }
}

fn read_pattern(text: &str) -> Result<Pattern, String> {
    let text = text.replace("\\/", "/");
    let forbidden = text
        .strip_prefix("^(?!")
        .and_then(|rest| rest.strip_suffix(')'));
    let regex = match forbidden {
        Some(beginning) => Regex::new(&format!("^{beginning}")),
        None => Regex::new(&text),
    };
    Ok(Pattern {
        regex: regex.map_err(|error| format!("pattern {text}: {error}"))?,
        is_forbidden: forbidden.is_some(),
    })
}

fn is_of_type(value: &Value, rule: &Value) -> bool {
    let is_it = |name: &Value| match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    };
    match rule {
        Value::Array(names) => names.iter().any(is_it),
        name => is_it(name),
    }
}

/// RFC 3986: a scheme, and none of the characters that no URI has.
fn is_uri(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else {
        return false;
    };
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let scheme_fits = scheme
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte);
    begins && scheme_fits && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, document: &str, expected: bool) {
        let schema = Schema::read(schema).unwrap();
        let fault = schema.fault(&serde_json::from_str(document).unwrap());
        assert_eq!(fault.is_none(), expected, "{document}: {fault:?}");
    }

    #[test]
    fn every_keyword_judges() {
        for (schema, right, wrong) in [
            (r#"{"type": ["string", "null"]}"#, "null", "1"),
            (r#"{"enum": ["a", 1]}"#, "1", "2"),
            (
                r#"{"allOf": [{"type": "number"}, {"not": {"const": 1}}]}"#,
                "2",
                "1",
            ),
            (r#"{"anyOf": [{"const": 1}, {"const": 2}]}"#, "2", "3"),
            (r#"{"oneOf": [{"type": "number"}, {"const": 2}]}"#, "1", "2"),
            (
                r#"{"if": {"type": "string"}, "then": {"const": "a"}, "else": {"const": 1}}"#,
                "1",
                "\"b\"",
            ),
            (
                r#"{"pattern": "^(?!(urn:a|x\\/))"}"#,
                "\"urn:b\"",
                "\"x/1\"",
            ),
            (r#"{"pattern": "^[A-Z]{2}$"}"#, "\"AB\"", "\"ABC\""),
            (r#"{"format": "uri"}"#, "\"urn:x:1\"", "\"no uri\""),
            (
                r#"{"format": "date-time"}"#,
                "\"2026-05-04T08:00:00Z\"",
                "\"2026-05-04T08:00:00\"",
            ),
            (
                r#"{"items": {"type": "number"}, "minItems": 1, "uniqueItems": true}"#,
                "[1, 2]",
                "[1, 1]",
            ),
            (
                r#"{"items": {"type": "number"}, "minItems": 1}"#,
                "[1]",
                "[]",
            ),
            (
                r#"{"required": ["a"], "properties": {"a": {"const": 1}}}"#,
                "{\"a\": 1, \"b\": 2}",
                "{\"a\": 2}",
            ),
            (r#"{"required": ["a"]}"#, "{\"a\": 1}", "{}"),
            (
                r#"{"properties": {"a": {}}, "additionalProperties": false}"#,
                "{\"a\": 1}",
                "{\"b\": 1}",
            ),
            (
                r#"{"propertyNames": {"enum": ["a"]}}"#,
                "{\"a\": 1}",
                "{\"b\": 1}",
            ),
            (
                r##"{"definitions": {"@a": {"const": 1}}, "properties": {"a": {"$ref": "#/definitions/%40a"}}}"##,
                "{\"a\": 1}",
                "{\"a\": 2}",
            ),
        ] {
            check(schema, right, true);
            check(schema, wrong, false);
        }
    }

    #[test]
    fn what_is_not_known_is_never_passed_over() {
        check(r#"{"contains": 1}"#, "[1]", false);
        check(r#"{"format": "email"}"#, "\"a\"", false);
        check(r##"{"$ref": "#/definitions/none"}"##, "1", false);
    }
}
