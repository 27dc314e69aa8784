//! The words of a scenario: numbers with units, number words, sites, and texts between them.

/// Seconds of a unit, by how its word begins.
const UNITS: [(&str, i64); 11] = [
    ("second", 1),
    ("sec", 1),
    ("minute", 60),
    ("min", 60),
    ("hour", 3_600),
    ("day", 86_400),
    ("calendar", 86_400),
    ("week", 604_800),
    ("month", 2_592_000),
    ("year", 31_536_000),
    ("s", 1),
];

const NUMBER_WORDS: [(&str, i64); 15] = [
    ("never", 0),
    ("once", 1),
    ("one", 1),
    ("a", 1),
    ("an", 1),
    ("twice", 2),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
];

/// The words of a text, without the signs around them.
pub(super) fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || ",;|".contains(c))
        .map(|word| word.trim_matches(|c: char| "()\"'".contains(c)))
        .filter(|word| !word.is_empty())
        .collect()
}

/// A number in digits or as a word.
pub(super) fn number(word: &str) -> Option<i64> {
    word.parse().ok().or_else(|| {
        let word = word.to_lowercase();
        let found = NUMBER_WORDS.iter().find(|(name, _)| *name == word);
        found.map(|(_, number)| *number)
    })
}

/// All durations of a text, added: `9 days 23 hours ago`, `10 d 1 s`, `yesterday`. `None` if there is none.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let words = words(text);
    let mut sum = None;
    for pair in words.windows(2) {
        if let (Some(count), Some(unit)) = (number(pair[0]), unit(pair[1])) {
            sum = Some(sum.unwrap_or(0) + count * unit);
        }
    }
    let yesterday = words
        .iter()
        .any(|word| word.eq_ignore_ascii_case("yesterday"));
    sum.or(yesterday.then_some(86_400))
}

fn unit(word: &str) -> Option<i64> {
    match word {
        "d" => Some(86_400),
        "h" => Some(3_600),
        "m" => Some(60),
        _ => {
            let found = UNITS.iter().find(|(name, _)| match *name {
                "s" => word == "s",
                name => word.starts_with(name),
            });
            found.map(|(_, seconds)| *seconds)
        }
    }
}

/// The number behind or before a word: `attempt no. 3`, `untouched until day 20`, `from 14 locations`.
pub(super) fn number_near(text: &str, word: &str) -> Option<i64> {
    let words = words(text);
    let at = words
        .iter()
        .position(|found| found.to_lowercase().starts_with(word))?;
    let behind = words[at + 1..]
        .iter()
        .take(2)
        .find_map(|word| word.parse().ok());
    behind.or_else(|| words[..at].last().and_then(|word| number(word)))
}

/// The site a text names: `site A`, `at B`, `in X`, `market Y`; the innermost wins. `None` where none is named.
pub(super) fn site(text: &str) -> Option<String> {
    let words = words(text);
    if text.contains("another site") || text.contains("other site") {
        return Some("another".to_owned());
    }
    let is_name = |word: &str| word.len() == 1 && word.chars().all(|c| c.is_ascii_uppercase());
    let behind = |prefix: &str| {
        words
            .windows(2)
            .find(|pair| pair[0] == prefix && is_name(pair[1]))
            .map(|pair| pair[1].to_owned())
    };
    ["site", "at", "in", "market", "by"]
        .into_iter()
        .find_map(behind)
        .or_else(|| Some(text.trim().to_owned()).filter(|text| is_name(text)))
}

/// The word behind `label`, without the comma at its end: `stored serial X, submitted Y`.
pub(super) fn value_behind<'a>(text: &'a str, labels: &[&str]) -> Option<&'a str> {
    labels.iter().find_map(|label| {
        let (_, rest) = text.split_once(label)?;
        rest.trim_start()
            .split([' ', ',', ';'])
            .next()
            .filter(|word| !word.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up() {
        for (text, expected) in [
            (
                "supplied at A 9 days 23 hours 59 minutes 59 seconds ago",
                Some(863_999),
            ),
            ("10 d 1 s ago", Some(864_001)),
            ("recalled yesterday", Some(86_400)),
            ("untouched for 7 calendar days", Some(604_800)),
            ("supplied at B", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn sites_and_numbers_are_found() {
        for (text, expected) in [
            ("supplied at B 2 days ago", Some("B")),
            ("set at another site 1 day ago", Some("another")),
            ("supplied by market Y site A via IMT 4 days ago", Some("A")),
            ("market Y", Some("Y")),
            ("set by MAH", None),
            ("A", Some("A")),
        ] {
            assert_eq!(site(text).as_deref(), expected, "{text}");
        }
        assert_eq!(
            number_near("supplied at A; attempt no. 3", "attempt"),
            Some(3)
        );
        assert_eq!(number_near("from 14 locations", "location"), Some(14));
        assert_eq!(
            number_near("downloaded twice; wrong PIN", "downloaded"),
            None
        );
        assert_eq!(
            value_behind("stored serial AB, submitted BA", &["submitted"]),
            Some("BA")
        );
    }
}
