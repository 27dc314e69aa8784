//! A requirement that a test claims to prove exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::project::{root, texts};

/// A requirement that a test claims to prove exists. The list of requirements is not part of the project: where it is
/// missing, the run says so.
#[test]
fn every_requirement_named_exists() {
    let corpus = std::env::var_os("PACKTWIN_CORPUS").map(PathBuf::from);
    let corpus = corpus.unwrap_or_else(|| root().join("../shared/corpus"));
    let Ok(list) = fs::read_to_string(corpus.join("validation/urs.csv")) else {
        println!("requirement ids are not compared: there is no validation/urs.csv in the corpus");
        return;
    };
    let known: BTreeSet<&str> = list
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect();
    assert!(known.contains("URS-MD-001"));
    let mut named = BTreeMap::new();
    for source in texts(&["rs"]) {
        for id in requirement_ids(&source.text) {
            named.entry(id).or_insert_with(|| source.place.clone());
        }
    }
    assert!(named.len() > 20, "{named:?}");
    let unknown: Vec<_> = named
        .iter()
        .filter(|(id, _)| !known.contains(id.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn requirement_ids_are_found() {
    assert_eq!(
        requirement_ids("/// URS-SN-005, (URS-MD-008): x URS-… and URS- too"),
        ["URS-SN-005", "URS-MD-008"]
    );
}

fn requirement_ids(text: &str) -> Vec<String> {
    let starts = text.match_indices("URS-").map(|(at, _)| &text[at..]);
    starts
        .map(|rest| {
            let is_of_id = |character: char| {
                character.is_ascii_uppercase() || character.is_ascii_digit() || character == '-'
            };
            rest.split(|character| !is_of_id(character))
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .filter(|id| id.len() > "URS-XX-".len())
        .collect()
}
