//! Findings as the command line tells them: summed by code with the first rows of each, and all of them as JSON lines
//! where a file is named.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use packtwin_app::upload::severity_word;
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;

/// Rows shown of each code.
const EXAMPLES_MAX: u64 = 10;

/// Takes findings while a file is read.
pub(super) struct Told {
    file: Option<BufWriter<File>>,
    sums: BTreeMap<(Code, &'static str), Sum>,
}

#[derive(Default)]
struct Sum {
    count: u64,
    examples: Vec<String>,
}

impl Told {
    /// Begins the file of findings, where one is named. It is kept when the input is refused: that is when it is needed.
    pub(super) fn begin(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(|path| super::named(path, File::create(path)));
        Ok(Told {
            file: file.transpose()?.map(BufWriter::new),
            sums: BTreeMap::new(),
        })
    }

    pub(super) fn take(&mut self, finding: &Finding) -> io::Result<()> {
        let severity = severity_word(finding.severity);
        let sum = self.sums.entry((finding.code, severity)).or_default();
        sum.count += 1;
        if sum.count <= EXAMPLES_MAX {
            let mut example = finding.text.clone();
            if let Some(proposal) = &finding.proposal {
                example.push_str(&format!(" [proposal: {proposal}]"));
            }
            sum.examples.push(example);
        }
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let line = serde_json::json!({
            "row": finding.row,
            "column": finding.column,
            "code": finding.code.as_str(),
            "severity": severity,
            "text": finding.text,
            "proposal": finding.proposal,
            "remedy": finding.code.remedy(),
        });
        writeln!(file, "{line}")
    }

    /// Tells the sums on standard error.
    pub(super) fn finish(self) -> io::Result<()> {
        if let Some(mut file) = self.file {
            file.flush()?;
        }
        for ((code, severity), sum) in &self.sums {
            eprintln!(
                "{severity:<8} {code} {} times: {}. {}",
                sum.count,
                code.title(),
                code.remedy()
            );
            for example in &sum.examples {
                eprintln!("         {example}");
            }
            if sum.count > EXAMPLES_MAX {
                eprintln!("         and {} more", sum.count - EXAMPLES_MAX);
            }
        }
        Ok(())
    }
}
