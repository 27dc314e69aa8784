//! How long an element may be: the few facts of the identifier tables that reading a scan needs.

/// The outer shape of an element.
pub(super) struct Shape {
    /// Characters of the identifier itself.
    pub identifier_length: usize,
    /// Fewest characters of the value.
    pub shortest: usize,
    /// Most characters of the value.
    pub longest: usize,
    /// Whether the value ends by its length, without a separator.
    pub predefined: bool,
    /// Whether the value is digits only.
    pub digits: bool,
    /// Data title.
    pub title: &'static str,
}

/// The shape of the element that begins `bytes`, by its application identifier; `None` if there is no such identifier.
pub(super) fn of(bytes: &[u8]) -> Option<Shape> {
    let fixed = |identifier_length, length, title| Some(Shape { identifier_length, shortest: length, longest: length, predefined: true, digits: true, title });
    let text = |identifier_length, longest, title| Some(Shape { identifier_length, shortest: 1, longest, predefined: false, digits: false, title });
    let count = |identifier_length, longest, title| Some(Shape { identifier_length, shortest: 1, longest, predefined: false, digits: true, title });
    match bytes {
        [b'0', b'0', ..] => fixed(2, 18, "SSCC"),
        [b'0', b'1', ..] => fixed(2, 14, "GTIN"),
        [b'0', b'2', ..] => fixed(2, 14, "CONTENT"),
        [b'1', b'0', ..] => text(2, 20, "BATCH/LOT"),
        [b'1', b'1', ..] => fixed(2, 6, "PROD DATE"),
        [b'1', b'3', ..] => fixed(2, 6, "PACK DATE"),
        [b'1', b'5', ..] => fixed(2, 6, "BEST BEFORE"),
        [b'1', b'7', ..] => fixed(2, 6, "EXPIRY"),
        [b'2', b'1', ..] => text(2, 20, "SERIAL"),
        [b'2', b'4', b'0', ..] => text(3, 30, "ADDITIONAL ID"),
        [b'3', b'7', ..] => count(2, 8, "COUNT"),
        [b'7', b'1', b'0'..=b'7', ..] => text(3, 20, "NHRN"),
        [b'9', b'0', ..] => text(2, 30, "INTERNAL"),
        [b'9', b'1'..=b'9', ..] => text(2, 90, "INTERNAL"),
        _ => None,
    }
}

/// What a data identifier (ANSI MH10.8.2) that may stand on a medicine pack means; `None` for every other.
pub(super) fn data_identifier_title(identifier: &str) -> Option<&'static str> {
    Some(match identifier {
        "9N" => "PPN",
        "1T" => "BATCH/LOT",
        "D" => "EXPIRY",
        "S" => "SERIAL",
        "8P" => "GTIN",
        "16D" => "PRODUCTION DATE",
        "27Q" => "NUMBER OF UNITS",
        "33L" => "URL",
        _ => return None,
    })
}
