//! A reader of our own pages, just strict enough to check them: elements with attributes and the text inside.

use std::fmt;

/// An element of a page.
pub struct Element {
    /// Lower-case name.
    pub name: String,
    /// Attributes in order; the value of one without a value is empty.
    pub attributes: Vec<(String, String)>,
    /// Text up to its own end tag, tags taken out; read only for the elements whose words are checked.
    pub text: String,
}

impl Element {
    /// The attribute's value.
    pub fn attribute(&self, wanted: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Element {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(out, " {name}={value:?}")?;
        }
        out.write_str(">")
    }
}

/// Every element of a page, in order.
pub fn elements(html: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if !rest.starts_with(|character: char| character.is_ascii_alphabetic()) {
            continue;
        }
        let end = tag_end(rest);
        let tag = &rest[..end];
        rest = &rest[(end + 1).min(rest.len())..];
        let name: String = tag
            .chars()
            .take_while(|character| !character.is_whitespace())
            .collect();
        let text = if ["script", "style", "title", "button", "p"].contains(&name.as_str()) {
            rest.split(&format!("</{name}>"))
                .next()
                .map(without_tags)
                .unwrap_or_default()
        } else {
            String::new()
        };
        found.push(Element {
            attributes: attributes(&tag[name.len()..]),
            name,
            text,
        });
    }
    found
}

/// The same text as the pages escape it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

fn tag_end(rest: &str) -> usize {
    let mut is_quoted = false;
    for (at, character) in rest.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '>' if !is_quoted => return at,
            _ => {}
        }
    }
    rest.len()
}

fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        rest = rest
            .trim_start_matches(|character: char| character.is_whitespace() || character == '/');
        if rest.is_empty() {
            return found;
        }
        let name_end = rest
            .find(|character: char| character == '=' || character.is_whitespace())
            .unwrap_or(rest.len());
        let name = rest[..name_end].to_owned();
        rest = &rest[name_end..];
        let Some(after) = rest.strip_prefix("=\"") else {
            found.push((name, String::new()));
            continue;
        };
        let value_end = after.find('"').unwrap_or(after.len());
        found.push((name, after[..value_end].to_owned()));
        rest = &after[(value_end + 1).min(after.len())..];
    }
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for character in html.chars() {
        match character {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => text.push(character),
            _ => {}
        }
    }
    text
}

#[test]
fn elements_are_read_with_attributes_and_text() {
    let page = "<p class=\"a > b\" hidden>x <b>y</b></p><input id=\"i\">";
    let read: Vec<String> = elements(page)
        .iter()
        .map(|element| format!("{element}{}", element.text))
        .collect();
    assert_eq!(
        read,
        [
            "<p class=\"a > b\" hidden=\"\">x y",
            "<b>",
            "<input id=\"i\">"
        ]
    );
}
