//! Suite `hash`: the event hash of CBV 2.0.
//!
//! Published vectors and the wide net of computed hashes are those of the reference implementation and are compared with
//! the profile of its name. Files that hold several spellings of one event must hash alike under
//! both profiles. The set `gs1-identical` is stale and is no judge (README of the corpus).

use std::collections::BTreeSet;
use std::path::Path;

use packtwin_epcis::event::Event;
use packtwin_epcis::hash::{EventHasher, HashDigest, HashProfile};
use packtwin_epcis::reading::{EventReader, ReadingError, Step};
use packtwin_epcis::translation::AnyReader;

use super::Report;

pub(super) fn run(folder: &Path, report: &mut Report) {
    vectors(&folder.join("hash/vectors"), report);
    equals(&folder.join("hash/expected-equal"), report);
    computed(folder, report);
}

/// Hash and text of every event of a document.
fn hashes(path: &Path, profile: HashProfile) -> Result<Vec<(String, String)>, ReadingError> {
    let mut reader = AnyReader::new(std::fs::File::open(path)?)?;
    let (mut event, mut findings) = (Event::default(), Vec::new());
    let mut hasher = EventHasher::default();
    let mut hashes = Vec::new();
    loop {
        match reader.next(&mut event, &mut findings)? {
            Step::Head(head) => hasher = EventHasher::new(profile, HashDigest::Sha256, &head),
            Step::Event => {
                let text = hasher.pre_hash(&event);
                hashes.push((hasher.hash_of(&text), text));
            }
            Step::Complete => return Ok(hashes),
            _ => {}
        }
    }
}

/// Each document beside a file with the expected hashes, one a line.
fn vectors(folder: &Path, report: &mut Report) {
    for name in names(folder) {
        let Some((stem, "xml" | "jsonld")) = name.rsplit_once('.') else {
            continue;
        };
        let Ok(expected) = std::fs::read_to_string(folder.join(format!("{stem}.hashes"))) else {
            continue;
        };
        let texts =
            std::fs::read_to_string(folder.join(format!("{stem}.prehashes"))).unwrap_or_default();
        report.row(&format!("vector:{name}"), |row| {
            let actual = match hashes(&folder.join(&name), HashProfile::Reference2025) {
                Ok(actual) => actual,
                Err(error) => return row.same("read", "to the end", error.to_string()),
            };
            let found: Vec<&str> = actual.iter().map(|(hash, _)| hash.as_str()).collect();
            let wanted: Vec<&str> = expected.lines().filter(|line| !line.is_empty()).collect();
            if found != wanted {
                let differing = actual
                    .iter()
                    .zip(texts.lines())
                    .find(|((_, text), line)| text != line);
                if let Some(((_, text), line)) = differing {
                    row.same("pre-hash", line, text.as_str());
                }
                row.same("hashes", wanted, found);
            }
        });
    }
}

/// Files that hold several spellings of one event.
fn equals(folder: &Path, report: &mut Report) {
    for name in names(folder) {
        for (profile, word) in HashProfile::ALL {
            report.row(&format!("equal:{word}:{name}"), |row| {
                match hashes(&folder.join(&name), profile) {
                    Ok(hashes) => {
                        let texts: BTreeSet<&str> =
                            hashes.iter().map(|(_, text)| text.as_str()).collect();
                        row.same("has several events", true, hashes.len() > 1);
                        row.same("different texts", 1, texts.len());
                    }
                    Err(error) => row.same("read", "to the end", error.to_string()),
                }
            });
        }
    }
}

/// Every document of 2.0 as the reference implementation hashes it.
fn computed(folder: &Path, report: &mut Report) {
    let path = folder.join("hash/computed/reference-implementation-hashes.tsv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        return report.file_missing(format!("cannot read {}, skipped", path.display()));
    };
    let mut open = String::new();
    let mut actual = Ok(Vec::new());
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, index, expected, ..] = columns[..] else {
            continue;
        };
        if file.starts_with("hash/gs1-identical/") {
            continue;
        }
        if file != open {
            actual = hashes(&folder.join(file), HashProfile::Reference2025);
            open = file.to_owned();
        }
        let id = format!("computed:{}#{index}", file.replace(' ', "_"));
        report.row(&id, |row| match &actual {
            Ok(hashes) => {
                let found = index
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| hashes.get(index));
                row.same("hash", Some(expected), found.map(|(hash, _)| hash.as_str()));
            }
            Err(error) => row.same("read", "to the end", error.to_string()),
        });
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
