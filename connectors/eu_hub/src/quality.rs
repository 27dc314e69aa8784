//! Data quality hints as EMVO marks them red: the hub accepts the version, a person should look (emvs.md 5.2, EMVO-HC).

use packtwin_core::product::MasterData;

/// One hint on a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityHint {
    /// The field's JSON pointer.
    pub pointer: &'static str,
    /// What looks wrong and what is usual, one sentence.
    pub text: &'static str,
}

/// What EMVO would mark in this version.
pub fn quality(data: &MasterData) -> Vec<QualityHint> {
    let mut hints = Vec::new();
    let mut hint = |found: bool, pointer, text| {
        if found {
            hints.push(QualityHint { pointer, text });
        }
    };
    let name = data.name.to_lowercase();
    let strength = data.strength.to_lowercase();
    hint(
        !numbers(&strength)
            .iter()
            .all(|number| numbers(&name).contains(number))
            || numbers(&strength).is_empty(),
        "/name",
        "the name does not hold the strength; EMVO wants name, strength and form",
    );
    hint(
        !shares_word(&name, &data.form),
        "/name",
        "the name does not hold the pharmaceutical form; EMVO wants name, strength and form",
    );
    hint(
        data.name
            .split(|ch: char| !ch.is_alphanumeric())
            .any(|word| {
                data.markets
                    .iter()
                    .any(|entry| entry.market.as_str() == word)
            }),
        "/name",
        "the name holds a market; one name serves all markets",
    );
    hint(
        data.common_name
            .as_deref()
            .is_some_and(|text| text.chars().any(|ch| ch.is_ascii_digit())),
        "/common_name",
        "the common name holds digits; the strength belongs in its own field",
    );
    hint(
        !strength.chars().any(char::is_alphabetic) && !strength.contains('%'),
        "/strength",
        "the strength has no unit",
    );
    hints
}

/// The numbers in a text, commas read as points.
fn numbers(text: &str) -> Vec<String> {
    text.replace(',', ".")
        .split(|ch: char| !ch.is_ascii_digit() && ch != '.')
        .map(|number| number.trim_matches('.').to_owned())
        .filter(|number| !number.is_empty())
        .collect()
}

/// Whether a word of the form (its first five letters, so that plurals and inflections count) is in the name.
fn shares_word(name: &str, form: &str) -> bool {
    form.to_lowercase()
        .split(|ch: char| !ch.is_alphanumeric())
        .filter(|word| word.chars().count() >= 3)
        .any(|word| name.contains(&word.chars().take(5).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use packtwin_core::product::MasterData;

    use super::*;
    use crate::fixtures::version;

    fn check(change: impl FnOnce(&mut MasterData), expected: &[&str]) {
        let mut data = version().data;
        change(&mut data);
        let found: Vec<&str> = quality(&data).iter().map(|hint| hint.pointer).collect();
        assert_eq!(found, expected, "{data:?}");
    }

    #[test]
    fn hints_name_the_field() {
        check(|_| {}, &[]);
        check(
            |data| data.name = "Sandboxin Tabletten".to_owned(),
            &["/name"],
        );
        check(|data| data.name = "Sandboxin 20 mg".to_owned(), &["/name"]);
        check(
            |data| data.name = "Sandboxin 20 mg Tabletten DE".to_owned(),
            &["/name"],
        );
        check(
            |data| data.common_name = Some("sandboxinum 20 mg".to_owned()),
            &["/common_name"],
        );
        check(|data| data.strength = "20".to_owned(), &["/strength"]);
        check(
            |data| {
                data.strength = "0,5 %".to_owned();
                data.name = "Sandboxin 0.5 % Tabletten".to_owned()
            },
            &[],
        );
    }
}
