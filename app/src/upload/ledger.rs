//! The ledger of findings: every one in a file in row order, and their sums by code with the first ten rows each.
//!
//! Reading a file finds faults in row order; comparing its sorted rows finds others in key order. Both are brought
//! together here, so that the error file and the summary always say the same.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_tenants::store::upload_result::FindingSum;

/// Rows shown as examples of a code.
const EXAMPLES_MAX: usize = 10;
/// Separates the parts of a line in the findings file.
const TAB: char = '\t';

/// Writes findings line by line.
pub(super) struct FindingWriter {
    file: BufWriter<File>,
}

impl FindingWriter {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(FindingWriter {
            file: BufWriter::new(File::create(path)?),
        })
    }

    pub(super) fn push(&mut self, finding: &Finding) -> io::Result<()> {
        let Finding {
            code,
            severity,
            row,
            column,
            text,
            proposal,
        } = finding;
        write!(self.file, "{row}\t{code}\t{}\t", severity_word(*severity))?;
        escape(&mut self.file, column)?;
        self.file.write_all(b"\t")?;
        escape(&mut self.file, text)?;
        self.file.write_all(b"\t")?;
        if let Some(proposal) = proposal {
            self.file.write_all(b"=")?;
            escape(&mut self.file, proposal)?;
        }
        self.file.write_all(b"\n")
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Reads findings in the order written.
pub struct FindingReader {
    file: BufReader<File>,
    line: String,
}

impl FindingReader {
    /// Opens a findings file.
    ///
    /// # Errors
    /// It is not there.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(FindingReader {
            file: BufReader::with_capacity(128 * 1024, File::open(path)?),
            line: String::new(),
        })
    }

    /// The next finding.
    ///
    /// # Errors
    /// The file cannot be read, or a line was damaged.
    pub fn next_finding(&mut self) -> io::Result<Option<Finding>> {
        self.line.clear();
        if self.file.read_line(&mut self.line)? == 0 {
            return Ok(None);
        }
        parse_line(self.line.trim_end_matches('\n'))
            .map(Some)
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}

fn parse_line(line: &str) -> Option<Finding> {
    let mut parts = line.split(TAB);
    let row = parts.next()?.parse().ok()?;
    let code = parts.next()?;
    let code = *Code::ALL.iter().find(|known| known.as_str() == code)?;
    let severity = severity_from(parts.next()?)?;
    let column = unescape(parts.next()?);
    let text = unescape(parts.next()?);
    let proposal = parts.next()?.strip_prefix('=').map(unescape);
    Some(Finding {
        code,
        severity,
        row,
        column,
        text,
        proposal,
    })
}

fn escape(out: &mut dyn Write, text: &str) -> io::Result<()> {
    if !text.contains([TAB, '\n', '\r', '\\']) {
        return out.write_all(text.as_bytes());
    }
    for ch in text.chars() {
        match ch {
            '\t' => out.write_all(b"\\t")?,
            '\n' => out.write_all(b"\\n")?,
            '\r' => out.write_all(b"\\r")?,
            '\\' => out.write_all(b"\\\\")?,
            other => write!(out, "{other}")?,
        }
    }
    Ok(())
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        match (ch, if ch == '\\' { chars.next() } else { None }) {
            ('\\', Some('t')) => plain.push('\t'),
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some('r')) => plain.push('\r'),
            ('\\', Some(other)) => plain.push(other),
            (other, _) => plain.push(other),
        }
    }
    plain
}

/// The word of a severity in files, database and API.
pub const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Fixed => "fixed",
    }
}

/// Reads the word of [`severity_word`].
pub fn severity_from(word: &str) -> Option<Severity> {
    [Severity::Error, Severity::Warning, Severity::Fixed]
        .into_iter()
        .find(|severity| severity_word(*severity) == word)
}

/// How many findings there are of each code, with the first of them.
#[derive(Default)]
pub(super) struct FindingSums(BTreeMap<(Code, &'static str), FindingSum>);

impl FindingSums {
    pub(super) fn take(&mut self, finding: &Finding) {
        let sum = self
            .0
            .entry((finding.code, severity_word(finding.severity)))
            .or_insert_with(|| FindingSum {
                code: finding.code,
                severity: finding.severity,
                count: 0,
                proposals: 0,
                examples: Vec::new(),
            });
        sum.count += 1;
        sum.proposals += u64::from(finding.proposal.is_some());
        if sum.examples.len() < EXAMPLES_MAX {
            sum.examples.push(finding.clone());
        }
    }

    /// Takes over sums of findings that stand behind all of these.
    fn add(&mut self, later: FindingSums) {
        for (key, sum) in later.0 {
            let known = self.0.entry(key).or_insert_with(|| FindingSum {
                count: 0,
                proposals: 0,
                examples: Vec::new(),
                ..sum.clone()
            });
            known.count += sum.count;
            known.proposals += sum.proposals;
            known.examples.extend(sum.examples);
            known.examples.truncate(EXAMPLES_MAX);
        }
    }
}

/// Brings findings of several sources together in row order and sums them. What is beyond the limit is summed and not
/// listed, so that a file of nothing but faults does not fill the disk with their sentences.
pub(super) struct Ledger {
    file: FindingWriter,
    listed: u64,
    listed_max: u64,
    sums: FindingSums,
    /// Findings that were counted and not listed.
    unlisted: u64,
}

impl Ledger {
    pub(super) fn create(path: &Path, listed_max: u64) -> io::Result<Self> {
        Ok(Ledger {
            file: FindingWriter::create(path)?,
            listed: 0,
            listed_max,
            sums: FindingSums::default(),
            unlisted: 0,
        })
    }

    pub(super) fn push(&mut self, finding: &Finding) -> io::Result<()> {
        self.sums.take(finding);
        if self.listed == self.listed_max {
            self.unlisted += 1;
            return Ok(());
        }
        self.listed += 1;
        self.file.push(finding)
    }

    /// The sums, with those of findings that reading did not keep, and how many of all are not listed.
    pub(super) fn finish(mut self, not_kept: FindingSums) -> io::Result<(Vec<FindingSum>, u64)> {
        self.file.finish()?;
        let not_kept_count: u64 = not_kept.0.values().map(|sum| sum.count).sum();
        self.sums.add(not_kept);
        Ok((
            self.sums.0.into_values().collect(),
            self.unlisted + not_kept_count,
        ))
    }
}

/// The names of the files that a check leaves in an upload's work folder.
pub(super) struct WorkFiles {
    folder: PathBuf,
}

impl WorkFiles {
    pub(super) fn new(folder: PathBuf) -> Self {
        WorkFiles { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What reading found, in row order.
    pub(super) fn read_findings(&self) -> PathBuf {
        self.folder.join("findings-of-reading")
    }

    /// Everything found, in row order.
    pub(super) fn findings(&self) -> PathBuf {
        self.folder.join("findings")
    }

    /// The rows that can be stored, sorted.
    pub(super) fn sorted(&self) -> PathBuf {
        self.folder.join("sorted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_the_finding_back() {
        let plain = Finding::error(
            Code::UploadSerialLength,
            17,
            "Serial",
            "serial \"A\tB\\\n\" has 21 characters",
        );
        for finding in [
            plain.clone().proposing(""),
            plain.clone().proposing("a\r\\t"),
            plain,
        ] {
            let path = std::env::temp_dir().join(format!("packtwin-ledger-{}", std::process::id()));
            let mut writer = FindingWriter::create(&path).unwrap();
            writer.push(&finding).unwrap();
            writer.finish().unwrap();
            let mut reader = FindingReader::open(&path).unwrap();
            assert_eq!(reader.next_finding().unwrap(), Some(finding));
            assert_eq!(reader.next_finding().unwrap(), None);
            std::fs::remove_file(&path).unwrap();
        }
    }
}
