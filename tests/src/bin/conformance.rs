//! `cargo run -p packtwin-tests --bin conformance -- SUITE [--corpus DIR] [--only ID]`
//!
//! Runs the vectors of one suite against the product's public code, prints every failing id with expected and actual, and
//! closes with `N passed, N failed, N skipped`. Ends with code 1 if a row failed that is not a known failure.
#![allow(clippy::print_stdout, reason = "this is the binary that prints")]

use std::path::PathBuf;
use std::process::ExitCode;

use packtwin_tests::conformance::{self, Options, SUITES};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options = match read_arguments(&arguments) {
        Ok(options) => options,
        Err(fault) => {
            println!("{fault}");
            println!("usage: conformance SUITE [--corpus DIR] [--only ID]");
            println!("suites: {}", SUITES.map(|suite| suite.name).join(" "));
            return ExitCode::from(2);
        }
    };
    match conformance::run(&options) {
        Ok(summary) => {
            print!("{}", summary.text);
            if summary.is_clean {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(fault) => {
            println!("{fault}");
            ExitCode::from(2)
        }
    }
}

fn read_arguments(arguments: &[String]) -> Result<Options, String> {
    let mut suite = None;
    let mut corpus = conformance::default_corpus();
    let mut only = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || {
            rest.next()
                .cloned()
                .ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "--corpus" => corpus = PathBuf::from(value()?),
            "--only" => only = Some(value()?),
            option if option.starts_with('-') => {
                return Err(format!("there is no option {option}"));
            }
            name if suite.is_none() => suite = Some(name.to_owned()),
            name => return Err(format!("one suite at a time, {name} is a second one")),
        }
    }
    let suite = suite.ok_or("which suite?")?;
    Ok(Options {
        suite,
        corpus,
        only,
    })
}
