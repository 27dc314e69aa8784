//! Characters that only look like those of a code: letters of other scripts, typographic dashes and quotes, full-width
//! forms, spaces inside; and text that was decoded with the wrong encoding.
//!
//! None of them is ever printed in a pack's code, so replacing them loses nothing. Letters with accents are not touched:
//! those come from keyboard layouts, see `keyboard`.

use super::fault::Fault;

/// Greek and Cyrillic letters beside the Latin ones they are mistaken for.
const SAME_LOOK: [(&str, &str); 4] = [
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
    ("οανικρυχ", "oavikpux"),
    ("АВЕКМНОРСТХУЅІЈ", "ABEKMHOPCTXYSIJ"),
    ("аеорсухѕіј", "aeopcyxsij"),
];

/// `text` with every look-alike replaced, and the fault that names the replacement; `None` if there is none.
pub(super) fn plain_characters(text: &str) -> Option<(String, Fault)> {
    let mut fault = None;
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match replacement(c) {
            None => plain.push(c),
            Some((with, named)) => {
                plain.push_str(with.encode_utf8(&mut [0; 4]).trim_matches('\0'));
                fault = Some(named);
            }
        }
    }
    fault.map(|fault| (plain, fault))
}

/// The fault that replacing `c` would be; `None` if it resembles no character of a code.
pub(super) fn meaning(c: char) -> Option<Fault> {
    replacement(c).map(|(_, fault)| fault)
}

/// What stands for `c`; U+0000 stands for nothing at all.
fn replacement(c: char) -> Option<(char, Fault)> {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => {
            Some(('-', Fault::TypographicDash))
        }
        '‘' | '’' | '‚' | '‛' | '′' => Some(('\'', Fault::TypographicDash)),
        '“' | '”' | '„' | '‟' | '″' => Some(('"', Fault::TypographicDash)),
        '⁄' | '∕' => Some(('/', Fault::TypographicDash)),
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xfee0).map(|plain| (plain, Fault::Homoglyph))
        }
        ' ' | '\u{a0}' | '\u{2000}'..='\u{200d}' | '\u{202f}' | '\u{2060}' | '\u{3000}' => {
            Some(('\0', Fault::Whitespace))
        }
        _ => SAME_LOOK.iter().find_map(|(foreign, latin)| {
            let index = foreign.chars().position(|letter| letter == c)?;
            latin
                .chars()
                .nth(index)
                .map(|plain| (plain, Fault::Homoglyph))
        }),
    }
}

/// The text whose UTF-8 bytes were shown as Latin-1 (or Windows-1252); `None` if that is not what happened.
pub(super) fn decode_again(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(byte_of).collect();
    String::from_utf8(bytes?).ok()
}

/// The byte that Windows-1252 shows as `c`; where it has no character, Latin-1's control stands.
fn byte_of(c: char) -> Option<u8> {
    const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    if let Ok(byte) = u8::try_from(u32::from(c)) {
        return Some(byte);
    }
    let index = WINDOWS_1252.chars().position(|shown| shown == c)?;
    u8::try_from(0x80 + index).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, Fault)>) {
        let plain = plain_characters(text);
        assert_eq!(
            plain.as_ref().map(|(text, fault)| (text.as_str(), *fault)),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn look_alikes_are_replaced() {
        check("ABC-1", None);
        check("\u{410}BC1", Some(("ABC1", Fault::Homoglyph)));
        check("ABC\u{2013}1", Some(("ABC-1", Fault::TypographicDash)));
        check("AB\u{a0}C 1", Some(("ABC1", Fault::Whitespace)));
        check("ＡＢ１", Some(("AB1", Fault::Homoglyph)));
        check("Zß", None);
    }

    #[test]
    fn wrong_encoding_is_undone() {
        assert_eq!(decode_again("Ã¨").as_deref(), Some("è"));
        assert_eq!(decode_again("â†”").as_deref(), Some("↔"));
        assert_eq!(decode_again("è"), None);
        assert_eq!(decode_again("e"), None);
    }
}
