//! How numbers are written for people: exact counts with thousands separators, sizes, rates and time left
//! (users.md 2.3: never "about").

/// `2000000` as `2,000,000`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut written = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// Bytes with a binary unit and one decimal where it helps: `512 B`, `4.0 MiB`, `1.2 GiB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    let mut tenths = u128::from(number) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A count in its unit: bytes as a size, everything else with separators and the unit's word.
pub fn amount(number: u64, unit: &str) -> String {
    if unit == "bytes" {
        bytes(number)
    } else {
        format!("{} {unit}", thousands(number))
    }
}

/// Whole seconds as `45 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// HTML of a line of text in which no product code and no id is broken in the middle: a word with a digit in it stands in one
/// line, and an id is shown by its beginning with the whole in its title. A word longer than a product code may break.
pub fn unbroken(text: &str) -> String {
    const LONGEST: usize = 20;
    const SHOWN_OF_AN_ID: usize = 12;
    let mut html = String::new();
    for (place, word) in text.split(' ').enumerate() {
        if place > 0 {
            html.push(' ');
        }
        let whole = askama::filters::escape(word, askama::filters::Html)
            .map(|safe| safe.to_string())
            .unwrap_or_default();
        let length = word.chars().count();
        match is_id(word) {
            true => {
                let start: String = word.chars().take(SHOWN_OF_AN_ID).collect();
                html.push_str(&format!(
                    "<span class=\"nowrap\" title=\"{whole}\">{start}…</span>"
                ));
            }
            false if length <= LONGEST && word.chars().any(|sign| sign.is_ascii_digit()) => {
                html.push_str(&format!("<span class=\"nowrap\">{whole}</span>"));
            }
            false => html.push_str(&whole),
        }
    }
    html
}

/// Whether a word is an id of this site: three letters, a line, twenty-six signs.
fn is_id(word: &str) -> bool {
    word.split_once('_').is_some_and(|(kind, rest)| {
        kind.len() == 3 && rest.len() == 26 && rest.bytes().all(|sign| sign.is_ascii_alphanumeric())
    })
}

/// The same functions as template filters.
pub(crate) mod filter {
    use askama::Values;

    /// `{{ object|unbroken }}`
    #[askama::filter_fn]
    pub fn unbroken(text: &str, _: &dyn Values) -> askama::Result<askama::filters::Safe<String>> {
        Ok(askama::filters::Safe(super::unbroken(text)))
    }

    /// `{{ count|thousands }}`
    #[askama::filter_fn]
    pub fn thousands(number: &u64, _: &dyn Values) -> askama::Result<String> {
        Ok(super::thousands(*number))
    }

    /// `{{ size|bytes }}`
    #[askama::filter_fn]
    pub fn bytes(number: &u64, _: &dyn Values) -> askama::Result<String> {
        Ok(super::bytes(*number))
    }

    /// `{{ done|amount(unit) }}`
    #[askama::filter_fn]
    pub fn amount(number: &u64, _: &dyn Values, unit: &str) -> askama::Result<String> {
        Ok(super::amount(*number, unit))
    }

    /// `{{ seconds|duration }}`
    #[askama::filter_fn]
    pub fn duration(seconds: &u64, _: &dyn Values) -> askama::Result<String> {
        Ok(super::duration(*seconds))
    }
}

#[cfg(test)]
mod tests {
    fn check(written: String, expected: &str) {
        assert_eq!(written, expected);
    }

    #[test]
    fn counts_are_exact() {
        check(super::thousands(0), "0");
        check(super::thousands(999), "999");
        check(super::thousands(1_000), "1,000");
        check(super::thousands(10_000_000), "10,000,000");
        check(super::thousands(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn codes_and_ids_stay_in_one_line() {
        check(
            super::unbroken("lot <B2> of 09521234551027"),
            "lot <span class=\"nowrap\">&#60;B2&#62;</span> of <span class=\"nowrap\">09521234551027</span>",
        );
        check(
            super::unbroken("upl_4bs397g7q02066rew91x4sxw10"),
            "<span class=\"nowrap\" title=\"upl_4bs397g7q02066rew91x4sxw10\">upl_4bs397g7…</span>",
        );
        check(
            super::unbroken("a \"quoted\" word"),
            "a &#34;quoted&#34; word",
        );
        let long = "W1".repeat(60);
        check(super::unbroken(&long), &long);
    }

    #[test]
    fn sizes_and_durations_read_at_a_glance() {
        check(super::bytes(1023), "1023 B");
        check(super::bytes(4 << 20), "4.0 MiB");
        check(super::bytes(10 * (1 << 30)), "10.0 GiB");
        check(super::bytes(u64::MAX), "16777215.9 TiB");
        check(super::amount(1_500, "rows"), "1,500 rows");
        check(super::amount(2_048, "bytes"), "2.0 KiB");
        check(super::duration(59), "59 s");
        check(super::duration(200), "3 min 20 s");
        check(super::duration(7_500), "2 h 05 min");
        check(super::duration(273_600), "3 d 4 h");
    }
}
