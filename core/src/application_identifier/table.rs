//! Reads `table.txt`, whose head describes its notation, and finds the identifier with which data begins.
//!
//! The first two digits decide how many digits an identifier has (General Specifications, figure 7.8.1-1), so that its
//! number alone finds its row: an array of ten thousand places answers a lookup in a few nanoseconds.

use super::rule::Rule;
use super::{ApplicationIdentifier, CharacterKind, Component};

const NOWHERE: u16 = u16::MAX;

pub(super) struct Table {
    rows: Vec<ApplicationIdentifier>,
    /// Digits of an identifier by its first two; 0 where there is none.
    code_length: [u8; 100],
    /// Row by the number an identifier makes.
    row_by_number: Vec<u16>,
}

impl Table {
    /// Reads the notation; an error says the line and what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut table = Self {
            rows: Vec::new(),
            code_length: [0; 100],
            row_by_number: vec![NOWHERE; 10_000],
        };
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            table
                .read_line(line)
                .map_err(|fault| format!("line {}: {fault}", index + 1))?;
        }
        Ok(table)
    }

    pub(super) fn rows(&self) -> &[ApplicationIdentifier] {
        &self.rows
    }

    pub(super) fn at_start_of(&self, data: &[u8]) -> Option<&ApplicationIdentifier> {
        let length = match data {
            [a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => {
                self.code_length[usize::from(a - b'0') * 10 + usize::from(b - b'0')]
            }
            _ => return None,
        };
        let number = number_of(data.get(..usize::from(length))?)?;
        self.rows.get(usize::from(self.row_by_number[number]))
    }

    fn read_line(&mut self, line: &str) -> Result<(), String> {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [head, format, needs, excludes, path, title] = columns[..] else {
            return Err(format!("{} columns, expected 6", columns.len()));
        };
        let (codes, marks) = head.split_once(' ').ok_or("no marks behind the code")?;
        let (first, last) = codes.split_once("..").unwrap_or((codes, codes));
        let [from, to] = [first, last].map(|code| number_of(code.as_bytes()));
        let (from, to) = from
            .zip(to)
            .filter(|(from, to)| from <= to)
            .ok_or("no such code")?;
        for number in from..=to {
            self.add(ApplicationIdentifier {
                code: format!("{number:0width$}", width = first.len()),
                title: title.to_owned(),
                predefined_length: marks.contains('f'),
                query: marks.contains('q'),
                components: format
                    .split_whitespace()
                    .map(read_component)
                    .collect::<Result<_, _>>()?,
                needs: read_needs(needs),
                excludes: words(excludes),
                path: read_path(path),
            })?;
        }
        Ok(())
    }

    fn add(&mut self, ai: ApplicationIdentifier) -> Result<(), String> {
        let bytes = ai.code.as_bytes();
        let number = number_of(bytes).ok_or("no such code")?;
        let prefix = number_of(&bytes[..2]).ok_or("no such code")?;
        let length = ai.code.len() as u8;
        if self.code_length[prefix] != 0 && self.code_length[prefix] != length {
            return Err(format!(
                "({}) has another length than its neighbours",
                ai.code
            ));
        }
        if self.row_by_number[number] != NOWHERE {
            return Err(format!("({}) stands twice", ai.code));
        }
        self.code_length[prefix] = length;
        self.row_by_number[number] = self.rows.len() as u16;
        self.rows.push(ai);
        Ok(())
    }
}

fn number_of(digits: &[u8]) -> Option<usize> {
    let fits = (2..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    fits.then(|| {
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
    })
}

/// `n14/check/prefix2`, `an..20`, `c39:..30` or, optional, `an..17?`.
fn read_component(text: &str) -> Result<Component, String> {
    let fault = || format!("component {text:?}");
    let (spec, optional) = text
        .strip_suffix('?')
        .map_or((text, false), |spec| (spec, true));
    let mut parts = spec.split('/');
    let shape = parts.next().ok_or_else(fault)?;
    let (kind, length) = [
        ("c39:", CharacterKind::Set39),
        ("b64:", CharacterKind::Base64Url),
        ("an", CharacterKind::Set82),
        ("n", CharacterKind::Digits),
    ]
    .into_iter()
    .find_map(|(name, kind)| Some((kind, shape.strip_prefix(name)?)))
    .ok_or_else(fault)?;
    let (length_min, longest) = match length.strip_prefix("..") {
        Some(longest) => (Some(1), longest),
        None => (None, length),
    };
    let length_max = longest.parse().map_err(|_| fault())?;
    let rules = parts
        .map(|name| Rule::from_name(name).ok_or_else(fault))
        .collect::<Result<_, _>>()?;
    Ok(Component {
        kind,
        length_min: length_min.unwrap_or(length_max),
        length_max,
        optional,
        rules,
    })
}

/// Groups joined by `&`, alternatives by `/`, conjunctions by `+`.
fn read_needs(text: &str) -> Vec<Vec<Vec<String>>> {
    let all = |alternative: &str| {
        alternative
            .split('+')
            .map(|code| code.trim().to_owned())
            .collect()
    };
    text.split('&')
        .filter(|group| group.trim() != "-")
        .map(|group| group.split('/').map(all).collect())
        .collect()
}

/// `key 22 10 21 or 235`; `-` for what is no key.
fn read_path(text: &str) -> Option<Vec<Vec<String>>> {
    let qualifiers = text.strip_prefix("key")?;
    Some(
        qualifiers
            .split(" or ")
            .map(words)
            .filter(|sequence| !sequence.is_empty())
            .collect(),
    )
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|&word| word != "-")
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<usize, &str>) {
        match (Table::parse(text), expected) {
            (Ok(table), Ok(rows)) => assert_eq!(table.rows().len(), rows, "{text}"),
            (Err(fault), Err(expected)) => assert!(fault.contains(expected), "{text}: {fault}"),
            (Ok(_), Err(expected)) => panic!("{text}: read, expected {expected}"),
            (Err(fault), Ok(_)) => panic!("{text}: {fault}"),
        }
    }

    #[test]
    fn the_shipped_table_is_whole() {
        let table = Table::parse(include_str!("table.txt")).unwrap();
        assert_eq!(table.rows().len(), 541);
        let known = |pattern: &String| {
            table
                .rows()
                .iter()
                .any(|row| super::super::pattern_matches(pattern, &row.code))
        };
        for row in table.rows() {
            let named = row.needs.iter().flatten().flatten().chain(&row.excludes);
            let named = named.chain(row.path.iter().flatten().flatten());
            for pattern in named {
                assert!(known(pattern), "{row:?} names {pattern}");
            }
        }
    }

    #[test]
    fn mistakes_in_a_table_are_named() {
        check("01 fq | n14/check | - | - | key | GTIN", Ok(1));
        check(
            "3100..3105 fq | n6 | 01 / 02 | 310* | - | NET WEIGHT",
            Ok(6),
        );
        check("# nothing\n\n", Ok(0));
        check("01 fq | n14 | - | - | GTIN", Err("line 1: 5 columns"));
        check("01 fq | n14/chek | - | - | - | GTIN", Err("component"));
        check("01 fq | x14 | - | - | - | GTIN", Err("component"));
        check("1 fq | n14 | - | - | - | GTIN", Err("no such code"));
        check(
            "01 f | n1 | - | - | - | A\n01 f | n1 | - | - | - | B",
            Err("line 2: (01) stands twice"),
        );
        check(
            "01 f | n1 | - | - | - | A\n010 f | n1 | - | - | - | B",
            Err("another length"),
        );
    }
}
