//! The character sets of GS1 data (GS1 General Specifications, figures 7.11-1, 7.11-2 and 7.11-3).
//!
//! Set 82 is what serial and batch numbers are written in, set 39 is used by component identifiers only, set 64 is
//! base64url. A space, a control character and everything beyond ASCII belongs to none of them.

/// Which bytes belong to a set: one entry for each of the 256 byte values.
pub type ByteSet = [bool; 256];

const DIGITS_AND_UPPER: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// Set 82: digits, letters and `! " % & ' ( ) * + , - . / : ; < = > ? _`.
pub const SET_82: ByteSet = byte_set(&[DIGITS_AND_UPPER, LOWER, b"!\"%&'()*+,-./:;<=>?_"]);
/// Set 39: digits, upper-case letters and `# - /`.
pub const SET_39: ByteSet = byte_set(&[DIGITS_AND_UPPER, b"#-/"]);
/// Set 64: digits, letters, `-` and `_`; the padding sign `=` is tested where it may stand.
pub const SET_64: ByteSet = byte_set(&[DIGITS_AND_UPPER, LOWER, b"-_"]);

/// Whether every byte belongs to set 82. True of the empty text.
pub fn is_set82(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| SET_82[usize::from(byte)])
}

/// The first character outside `set`, with its place in characters counted from 1.
pub fn first_outside(text: &str, set: &ByteSet) -> Option<(char, usize)> {
    let outside = |c: char| u8::try_from(u32::from(c)).map_or(true, |byte| !set[usize::from(byte)]);
    text.chars()
        .enumerate()
        .find(|&(_, c)| outside(c))
        .map(|(index, c)| (c, index + 1))
}

/// `set` without the bytes in `taken`.
pub(crate) const fn without(mut set: ByteSet, taken: &[u8]) -> ByteSet {
    let mut index = 0;
    while index < taken.len() {
        set[taken[index] as usize] = false;
        index += 1;
    }
    set
}

const fn byte_set(parts: &[&[u8]]) -> ByteSet {
    let mut set = [false; 256];
    let mut part = 0;
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            set[parts[part][index] as usize] = true;
            index += 1;
        }
        part += 1;
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(set: &ByteSet) -> String {
        (0..=255u8)
            .filter(|&byte| set[usize::from(byte)])
            .map(char::from)
            .collect()
    }

    #[test]
    fn the_sets_have_the_size_in_their_name() {
        assert_eq!(members(&SET_82).len(), 82);
        assert_eq!(members(&SET_39).len(), 39);
        assert_eq!(members(&SET_64).len(), 64);
    }

    #[test]
    fn ascii_outside_set_82() {
        let outside: String = (0x20..0x7f)
            .map(char::from)
            .filter(|c| first_outside(&c.to_string(), &SET_82).is_some())
            .collect();
        assert_eq!(outside, " #$@[\\]^`{|}~");
    }

    #[test]
    fn the_first_offender_is_named_with_its_place() {
        assert_eq!(first_outside("AÄ B", &SET_82), Some(('Ä', 2)));
        assert_eq!(first_outside("A\u{1d}", &SET_82), Some(('\u{1d}', 2)));
        assert_eq!(first_outside("", &SET_82), None);
    }
}
