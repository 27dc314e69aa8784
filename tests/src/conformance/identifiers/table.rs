//! The product's table of application identifiers against the syntax dictionary that GS1 publishes.
//!
//! One row for each identifier, named `AI-01`; the dictionary is read here in its own notation.

use std::collections::BTreeMap;
use std::path::Path;

use packtwin_core::application_identifier::{self, ApplicationIdentifier};

use crate::conformance::{Report, Row};

/// What the dictionary says about an identifier.
#[derive(Default)]
struct Entry {
    predefined_length: bool,
    query: bool,
    length_min: usize,
    length_max: usize,
    needs: Vec<String>,
    excludes: Vec<String>,
    key: Option<String>,
}

pub(super) fn run(folder: &Path, report: &mut Report) {
    let dictionaries = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let newest = dictionaries
        .filter(|path| path.to_string_lossy().contains("gs1-syntax-dictionary"))
        .max();
    let Some(Ok(text)) = newest.map(std::fs::read_to_string) else {
        return report.file_missing(format!(
            "no syntax dictionary in {}, skipped",
            folder.display()
        ));
    };
    let mut entries = read(&text);
    for ai in application_identifier::all() {
        let entry = entries.remove(ai.code());
        report.row(&format!("AI-{}", ai.code()), |row| match entry {
            Some(entry) => compare(&entry, ai, row),
            None => row.not_understood("the dictionary does not have it"),
        });
    }
    for code in entries.into_keys() {
        report.row(&format!("AI-{code}"), |row| {
            row.same("in the table", true, false)
        });
    }
}

fn compare(entry: &Entry, ai: &ApplicationIdentifier, row: &mut Row) {
    row.same(
        "predefined length",
        entry.predefined_length,
        ai.has_predefined_length(),
    );
    row.same("query", entry.query, ai.may_stand_in_query());
    row.same("shortest", entry.length_min, ai.length_min());
    row.same("longest", entry.length_max, ai.length_max());
    let together = |codes: &Vec<String>| codes.join("+");
    let group = |group: &Vec<Vec<String>>| {
        group
            .iter()
            .map(together)
            .collect::<Vec<_>>()
            .join(",")
            .replace('*', "n")
    };
    row.same(
        "needs",
        &entry.needs,
        &ai.needs().iter().map(group).collect::<Vec<_>>(),
    );
    let excludes: Vec<_> = ai
        .excludes()
        .iter()
        .map(|pattern| pattern.replace('*', "n"))
        .collect();
    row.same("excludes", &entry.excludes, &excludes);
    let sequences: Vec<_> = ai
        .qualifier_sequences()
        .iter()
        .map(|sequence| sequence.join(","))
        .collect();
    row.same(
        "key",
        &entry.key,
        &ai.is_digital_link_key().then(|| sequences.join("|")),
    );
}

fn read(text: &str) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line
            .split(" #")
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .peekable();
        let Some(codes) = words.next() else { continue };
        let flags = words
            .next_if(|word| !word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '['))
            .unwrap_or("");
        let words: Vec<&str> = words.collect();
        for code in codes_of(codes) {
            entries.insert(code, entry_of(flags, &words));
        }
    }
    entries
}

fn codes_of(codes: &str) -> Vec<String> {
    let (first, last) = codes.split_once('-').unwrap_or((codes, codes));
    let number = |code: &str| code.parse::<usize>().unwrap_or_default();
    (number(first)..=number(last))
        .map(|code| format!("{code:0width$}", width = first.len()))
        .collect()
}

fn entry_of(flags: &str, words: &[&str]) -> Entry {
    let mut entry = Entry {
        predefined_length: flags.contains('*'),
        query: flags.contains('?'),
        ..Entry::default()
    };
    for word in words {
        if let Some(needs) = word.strip_prefix("req=") {
            entry.needs.push(needs.to_owned());
        } else if let Some(excludes) = word.strip_prefix("ex=") {
            entry
                .excludes
                .extend(excludes.split(',').map(str::to_owned));
        } else if let Some(key) = word.strip_prefix("dlpkey") {
            entry.key = Some(key.trim_start_matches('=').to_owned());
        } else {
            let spec = word.split(',').next().unwrap_or_default();
            let length = spec
                .trim_matches(['[', ']'])
                .trim_start_matches(|c: char| c.is_ascii_uppercase());
            let longest: usize = length.trim_start_matches('.').parse().unwrap_or_default();
            let shortest = if length.starts_with('.') { 1 } else { longest };
            entry.length_min += if spec.starts_with('[') { 0 } else { shortest };
            entry.length_max += longest;
        }
    }
    entry
}
