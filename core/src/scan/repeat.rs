//! Scans that arrived joined: the same code twice, two codes, a pack's code and a linear one.
//!
//! A scanner that fires twice, or a program that collects too long, delivers more than one code as one text. Equal ones are
//! used once; of different packs none is used, because nobody knows which was meant.

use crate::gtin::Gtin;

/// The one code that `body` repeats two to four times, with nothing but line ends or spaces between.
pub(super) fn repeated(body: &str) -> Option<&str> {
    let length = body.len();
    (2..=4usize).find_map(|times| {
        (0..=2usize).find_map(|gap| {
            let total = length.checked_sub(gap * (times - 1))?;
            if total % times != 0 || total / times < 12 {
                return None;
            }
            let size = total / times;
            let once = body.get(..size)?;
            let joined = (1..times).all(|index| {
                let at = index * (size + gap);
                let between = body.get(at - gap..at);
                between.is_some_and(|text| text.chars().all(is_between))
                    && body.get(at..at + size) == Some(once)
            });
            joined.then_some(once)
        })
    })
}

/// The codes of which `body` is joined, parted at symbology identifiers and envelope heads; one if it is not joined.
pub(super) fn parts(body: &str) -> Vec<&str> {
    let bytes = body.as_bytes();
    let mut starts = vec![0];
    for at in 1..bytes.len() {
        let identifier = bytes[at] == b']'
            && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic)
            && bytes.get(at + 2).is_some_and(u8::is_ascii_alphanumeric)
            // `^]` is a way to write the separator.
            && bytes[at - 1] != b'^';
        let envelope = bytes[at..].starts_with(b"[)>") && at > 3 && !starts.contains(&(at - 3));
        if identifier || envelope {
            starts.push(at);
        }
    }
    starts.push(bytes.len());
    starts
        .windows(2)
        .filter_map(|pair| body.get(pair[0]..pair[1]))
        .map(|part| part.trim_matches(is_between))
        .collect()
}

/// Where in an element string a second GTIN begins that could open a second code, nearest first.
pub(super) fn second_starts(body: &str) -> impl Iterator<Item = usize> {
    (1..body.len().saturating_sub(16)).filter(|&at| {
        body.get(at..at + 16).is_some_and(|start| {
            start.starts_with("01") && Gtin::from_bytes(&start.as_bytes()[2..]).is_some()
        })
    })
}

/// The 13 or 8 digits of an EAN code at the end of `value`, with what stands before them.
pub(super) fn appended_ean(value: &str) -> Option<&str> {
    let at = value.len().checked_sub(13).filter(|&at| at > 0)?;
    let (before, ean) = value.split_at_checked(at)?;
    // Numbers of national health systems and of EAN manufacturers do not begin with 0; those with 2 are in-store numbers.
    let plausible = !ean.starts_with(['0', '2']) && Gtin::from_bytes(ean.as_bytes()).is_some();
    plausible.then_some(before)
}

fn is_between(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\t' | ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions() {
        let once = "010400638133393121A";
        for (text, expected) in [
            (format!("{once}{once}"), Some(once)),
            (format!("{once}\r{once}"), Some(once)),
            (format!("{once}\r\n{once}\r\n{once}"), Some(once)),
            (format!("{once}B{once}"), None),
            (once.to_owned(), None),
            ("1212".to_owned(), None),
        ] {
            assert_eq!(repeated(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn parts_begin_at_identifiers() {
        assert_eq!(parts("]d201A\r]E0400"), ["]d201A", "]E0400"]);
        assert_eq!(parts("]d1[)>06A[)>06B"), ["]d1[)>06A", "[)>06B"]);
        assert_eq!(parts("]d210A^]21B"), ["]d210A^]21B"]);
    }

    #[test]
    fn appended_codes() {
        assert_eq!(appended_ean("2204174006381333931"), Some("220417"));
        assert_eq!(appended_ean("4006381333931"), None);
        assert_eq!(appended_ean("AB4006381333932"), None);
    }
}
