//! What the identifiers share: short ASCII text kept inside the value, without an allocation.
//!
//! A lot has millions of serial numbers; as `Copy` values of 21 bytes they are sorted, hashed and compared without
//! touching the heap. Byte order is the order of the text, because no identifier holds a zero byte.

/// Gives an identifier type its `Display`, `Debug`, `FromStr` and `AsRef<str>`, all from `as_str` and `parse`.
macro_rules! identifier_text {
    ($name:ident, $error:ty) => {
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    };
}
pub(crate) use identifier_text;

/// Up to `N` ASCII bytes with their length; unused bytes are zero so that derived order and equality are those of the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct InlineText<const N: usize> {
    bytes: [u8; N],
    length: u8,
}

impl<const N: usize> InlineText<N> {
    /// Keeps `text`, which the caller has tested to be ASCII without zero bytes and at most `N` long.
    pub(crate) fn of_ascii(text: &[u8]) -> Self {
        debug_assert!(text.len() <= N && text.is_ascii());
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text);
        Self {
            bytes,
            length: text.len() as u8,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    pub(crate) fn as_str(&self) -> &str {
        ascii(self.as_bytes())
    }
}

/// Bytes that were tested to be ASCII when they came in, as text.
pub(crate) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("identifiers keep ASCII only, and ASCII is UTF-8")
}
