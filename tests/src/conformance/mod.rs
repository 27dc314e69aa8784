//! The conformance runner: vectors from a corpus folder against the product's public code.
//!
//! A suite is a list of files and, for each, a function that reads its rows and reports what the product made of them. The
//! corpus is read here and nowhere else, and no row of it is known to the product. Rows that fail for a reason we know
//! stand in `tests/conformance/known_failures.txt` as `SUITE ID reason`; they count as skipped, and as failed once they
//! pass, so that the list stays true.

mod corpus;
mod emvs;
mod epcis;
mod hash;
mod identifiers;
mod report;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

pub use report::{Report, Row};

/// A suite by name; those not built yet have no runner and are refused by name.
pub struct Suite {
    /// The name on the command line.
    pub name: &'static str,
    folder: &'static str,
    run: Option<fn(&Path, &mut Report)>,
}

/// Every suite of the design.
pub const SUITES: [Suite; 6] = [
    Suite {
        name: "identifiers",
        folder: "identifiers",
        run: Some(identifiers::run),
    },
    Suite {
        name: "emvs",
        folder: "emvs",
        run: Some(emvs::run),
    },
    Suite {
        name: "epcis",
        folder: "epcis",
        run: Some(epcis::run),
    },
    Suite {
        name: "hash",
        folder: "epcis",
        run: Some(hash::run),
    },
    Suite {
        name: "mdlp",
        folder: "mdlp",
        run: None,
    },
    Suite {
        name: "security",
        folder: "security",
        run: None,
    },
];

/// What to run.
pub struct Options {
    /// Name of the suite.
    pub suite: String,
    /// Folder laid out as the corpus is.
    pub corpus: PathBuf,
    /// Run only the row of this id.
    pub only: Option<String>,
}

/// What came of a run.
pub struct Summary {
    /// Everything to be printed.
    pub text: String,
    /// Whether no row failed without being a known failure.
    pub is_clean: bool,
}

/// `../shared/corpus` beside the workspace.
pub fn default_corpus() -> PathBuf {
    workspace().join("../shared/corpus")
}

/// Runs a suite; refuses one that does not exist or is not built yet.
pub fn run(options: &Options) -> Result<Summary, String> {
    let suite = SUITES.iter().find(|suite| suite.name == options.suite);
    let suite = suite.ok_or_else(|| format!("there is no suite {:?}", options.suite))?;
    let runner = suite
        .run
        .ok_or_else(|| format!("suite {} is not built yet", suite.name))?;
    let folder = options.corpus.join(suite.folder);
    let mut report = Report::new(options.only.clone());
    if folder.is_dir() {
        runner(&folder, &mut report);
    } else {
        report.file_missing(format!(
            "no corpus folder {}, suite {} is skipped",
            folder.display(),
            suite.name
        ));
    }
    if let (Some(id), 0) = (&options.only, report.rows().len()) {
        report.note(format!("no row {id} in suite {}", suite.name));
    }
    Ok(summarise(&report, &known_failures(suite.name)?))
}

fn summarise(report: &Report, known: &BTreeMap<String, String>) -> Summary {
    let mut text = String::new();
    let (mut passed, mut failed, mut skipped) = (0, 0, report.files_missing());
    for note in report.notes() {
        push_line(&mut text, note);
    }
    for row in report.rows() {
        match (row.is_right(), known.get(row.id())) {
            (true, None) => passed += 1,
            (false, None) => {
                failed += 1;
                push_line(&mut text, &row.describe());
            }
            (false, Some(reason)) => {
                skipped += 1;
                push_line(&mut text, &format!("{} known failure: {reason}", row.id()));
            }
            (true, Some(_)) => {
                failed += 1;
                push_line(
                    &mut text,
                    &format!(
                        "{} passes now: take it off the list of known failures",
                        row.id()
                    ),
                );
            }
        }
    }
    push_line(
        &mut text,
        &format!("{passed} passed, {failed} failed, {skipped} skipped"),
    );
    Summary {
        text,
        is_clean: failed == 0,
    }
}

fn push_line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

/// Reason by id, of one suite.
fn known_failures(suite: &str) -> Result<BTreeMap<String, String>, String> {
    let path = workspace().join("tests/conformance/known_failures.txt");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    read_known_failures(&text, suite)
}

fn read_known_failures(text: &str, suite: &str) -> Result<BTreeMap<String, String>, String> {
    let mut known = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.splitn(3, ' ');
        let (Some(name), Some(id), Some(reason)) = (words.next(), words.next(), words.next())
        else {
            return Err(format!(
                "line {} of the known failures is not SUITE ID reason",
                index + 1
            ));
        };
        if name == suite {
            known.insert(id.to_owned(), reason.to_owned());
        }
    }
    Ok(known)
}

fn workspace() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_and_judges() {
        let mut report = Report::new(None);
        report.row("A", |row| row.same("sum", 2, 1 + 1));
        report.row("B", |row| row.same("sum", 3, 1 + 1));
        report.row("C", |row| row.same("sum", 3, 1 + 1));
        report.row("D", |row| row.same("sum", 2, 1 + 1));
        let known = read_known_failures(
            "# why\nother A x\nsome C is hard\nsome D was hard\n",
            "some",
        )
        .unwrap();
        let summary = summarise(&report, &known);
        let expected = "B sum: expected 3, actual 2\nC known failure: is hard\n\
                        D passes now: take it off the list of known failures\n1 passed, 2 failed, 1 skipped\n";
        assert_eq!(summary.text, expected);
        assert!(!summary.is_clean);
        assert!(read_known_failures("some C", "some").is_err());
    }

    #[test]
    fn one_row_can_be_asked_for() {
        let mut report = Report::new(Some("B".to_owned()));
        for id in ["A", "B"] {
            report.row(id, |row| row.same("sum", 1, 2));
        }
        assert_eq!(report.rows().len(), 1);
    }

    #[test]
    fn a_missing_folder_is_said_and_skipped() {
        let options = Options {
            suite: "identifiers".to_owned(),
            corpus: PathBuf::from("/nowhere"),
            only: None,
        };
        let summary = run(&options).unwrap();
        assert!(
            summary
                .text
                .starts_with("no corpus folder /nowhere/identifiers"),
            "{}",
            summary.text
        );
        assert!(summary.is_clean);
        for suite in SUITES.iter().filter(|suite| suite.run.is_none()) {
            let options = Options {
                suite: suite.name.to_owned(),
                corpus: PathBuf::from("/nowhere"),
                only: None,
            };
            assert!(run(&options).is_err(), "{}", suite.name);
        }
    }
}
