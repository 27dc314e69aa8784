//! Text into XML 1.0: which characters may stand there, and how the five special ones are written.

/// Whether XML 1.0 lets the character stand in a document at all (XML 1.0, 2.2).
pub fn is_xml_char(ch: char) -> bool {
    matches!(ch, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Appends text so that it reads back unchanged as element content and as attribute value in double quotes.
///
/// Line breaks and tabs are written as references, since a parser would normalise them in an attribute.
pub fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    if !text.iter().any(|byte| is_special(*byte)) {
        out.extend_from_slice(text);
        return;
    }
    for &byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\t' => out.extend_from_slice(b"&#9;"),
            b'\n' => out.extend_from_slice(b"&#10;"),
            b'\r' => out.extend_from_slice(b"&#13;"),
            plain => out.push(plain),
        }
    }
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped_and_others_kept() {
        for (text, expected) in [
            ("AB12", "AB12"),
            ("a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c'"),
            ("zwei\nZeilen", "zwei&#10;Zeilen"),
            ("ü", "ü"),
        ] {
            let mut out = Vec::new();
            push_escaped(&mut out, text.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
