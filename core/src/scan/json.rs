//! A diagnosis as one JSON object on one line, as `packtwin scan` prints it.
//!
//! Written by hand because core depends on no serialiser. Keys and labels are part of the interface. Control characters
//! are escaped, so that one object is always one line.

use std::fmt::Write;

use super::diagnosis::{Candidate, Diagnosis, ScannedData, ScannedElement, Scheme};

impl Diagnosis {
    /// This diagnosis as a JSON object without line breaks.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(512);
        out.push_str("{\"raw\":");
        string(&mut out, &self.raw);
        field(&mut out, "verdict", Some(self.verdict.as_str()));
        field(&mut out, "confidence", Some(self.confidence.as_str()));
        field(&mut out, "scheme", self.scheme.map(Scheme::as_str));
        let symbology = self.symbology.map(|id| id.to_string());
        field(&mut out, "symbology", symbology.as_deref());
        out.push_str(",\"faults\":");
        list(&mut out, &self.faults, |out, fault| {
            string(out, fault.label())
        });
        out.push_str(",\"data\":");
        match &self.data {
            Some(found) => data(&mut out, found),
            None => out.push_str("null"),
        }
        out.push_str(",\"elements\":");
        let key = match self.scheme {
            Some(Scheme::Ifa) => "di",
            Some(Scheme::Gs1) | None => "ai",
        };
        list(&mut out, &self.elements, |out, found| {
            element(out, key, found)
        });
        out.push_str(",\"candidates\":");
        list(&mut out, &self.candidates, candidate);
        field(&mut out, "advice", Some(&self.advice));
        out.push('}');
        out
    }
}

fn data(out: &mut String, data: &ScannedData) {
    out.push_str("{\"product_code\":");
    nullable(out, data.product_code.as_ref().map(|code| code.as_str()));
    field(
        out,
        "serial",
        data.serial.as_ref().map(|serial| serial.as_str()),
    );
    field(
        out,
        "batch",
        data.batch.as_ref().map(|batch| batch.as_str()),
    );
    field(
        out,
        "expiry",
        data.expiry.as_ref().map(|expiry| expiry.raw()),
    );
    field(out, "nhrn", data.nhrn.as_deref());
    out.push('}');
}

fn element(out: &mut String, key: &str, element: &ScannedElement) {
    out.push('{');
    string(out, key);
    out.push(':');
    string(out, &element.identifier);
    field(out, "title", Some(element.title));
    field(out, "value", Some(&element.value));
    out.push('}');
}

fn candidate(out: &mut String, candidate: &Candidate) {
    out.push_str("{\"data\":");
    data(out, &candidate.data);
    field(out, "confidence", Some(candidate.confidence.as_str()));
    out.push_str(",\"evidence\":");
    list(out, &candidate.evidence, |out, sentence| {
        string(out, sentence)
    });
    out.push('}');
}

fn field(out: &mut String, key: &str, value: Option<&str>) {
    out.push(',');
    string(out, key);
    out.push(':');
    nullable(out, value);
}

fn list<T>(out: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

fn nullable(out: &mut String, value: Option<&str>) {
    match value {
        Some(text) => string(out, text),
        None => out.push_str("null"),
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // U+2028 and U+2029 end a line in JavaScript; the C1 controls confuse terminals.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_quotes_are_escaped() {
        let mut out = String::new();
        string(&mut out, "]d2\u{1d}\"\\\r\u{0}é\u{feff}");
        assert_eq!(out, "\"]d2\\u001d\\\"\\\\\\u000d\\u0000é\\ufeff\"");
    }
}
