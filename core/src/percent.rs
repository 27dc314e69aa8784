//! Percent escapes of addresses (RFC 3986, section 2.1).

use std::borrow::Cow;

/// Where a value stands; a plus sign means a space in a query and itself in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a path, or wherever a plus sign is itself.
    Path,
    /// In a query as forms send it.
    Query,
}

/// The value that `text` stands for; `None` if it holds a zero byte or makes no UTF-8.
///
/// A percent sign without two hexadecimal digits behind it stays as it is, as the reference engine of GS1 has it.
pub fn decode(text: &str, place: Place) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let (byte, width) = match (bytes[index], escaped_byte(&bytes[index..])) {
            (b'%', Some(0)) => return None,
            (b'%', Some(byte)) => (byte, 3),
            (b'+', _) if place == Place::Query => (b' ', 1),
            (byte, _) => (byte, 1),
        };
        decoded.push(byte);
        index += width;
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Appends `text`, escaping all but the unreserved characters.
pub fn encode(text: &str, to: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            to.push(char::from(byte));
        } else {
            to.push('%');
            to.push(char::from(HEX[usize::from(byte >> 4)]));
            to.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn escaped_byte(bytes: &[u8]) -> Option<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    match bytes {
        [b'%', high, low, ..] => Some((hex(*high)? * 16 + hex(*low)?) as u8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, place: Place, expected: Option<&str>) {
        assert_eq!(decode(text, place).as_deref(), expected, "{text:?}");
    }

    #[test]
    fn decoding() {
        check("A%2Fb%2f", Place::Path, Some("A/b/"));
        check("a+b", Place::Path, Some("a+b"));
        check("a+b", Place::Query, Some("a b"));
        check("%", Place::Path, Some("%"));
        check("%4", Place::Path, Some("%4"));
        check("%zz%41", Place::Path, Some("%zzA"));
        check("%00", Place::Path, None);
        check("%FF", Place::Path, None);
    }

    #[test]
    fn encoding_keeps_only_the_unreserved() {
        let mut text = String::new();
        encode("aZ9-._~!/+ é", &mut text);
        assert_eq!(text, "aZ9-._~%21%2F%2B%20%C3%A9");
        check(&text, Place::Path, Some("aZ9-._~!/+ é"));
    }
}
