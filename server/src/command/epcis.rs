//! `packtwin epcis`: what an EPCIS document is worth, and the hashes of its events, without a site.
//!
//! Streaming, in constant memory, for XML of every version and JSON. Status 0: fine; 1: something was found; 2: wrong use of
//! the command; 3: the document cannot be read on; 4: input or output failed.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::time::Clock;
use packtwin_epcis::dialect::{Dialect, DialectReader, dialect, dialects};
use packtwin_epcis::event::Event;
use packtwin_epcis::hash::{EventHasher, HashDigest, HashProfile};
use packtwin_epcis::reading::{EventReader, ReadingError, Step};
use packtwin_epcis::translation::AnyReader;
use packtwin_epcis::validate::{Checks, Layer, Verdict, validate};

use super::exit::{FAILED, NOT_ALL, REFUSED};
use crate::clock::SystemClock;

/// What to do with a document.
#[derive(Subcommand)]
pub(super) enum EpcisCommand {
    /// Say what is wrong with a document: schema, vocabulary, order of events, profile.
    Validate(ValidateArguments),
    /// Print the event hash of CBV 2.0 for every event, one a line.
    Hash(HashArguments),
}

#[derive(Args)]
pub(super) struct ValidateArguments {
    /// The document, or - for standard input.
    file: PathBuf,
    /// Do not check the order of events.
    #[arg(long)]
    no_choreography: bool,
    /// What the document is held against besides the standard and the profile it names: dscsa for the GS1 US guideline, or
    /// the dialect of the sender's system, such as optel or sap, which is then read as it is meant. May be repeated.
    #[arg(long, value_name = "NAME", value_parser = read_profile)]
    profile: Vec<Profile>,
    /// One JSON object a line instead of text.
    #[arg(long)]
    jsonl: bool,
}

#[derive(Clone, Copy)]
enum Profile {
    /// GS1 US guideline for DSCSA.
    Dscsa,
    Dialect(&'static Dialect),
}

fn read_profile(word: &str) -> Result<Profile, String> {
    match word {
        "dscsa" => Ok(Profile::Dscsa),
        word => read_dialect(word)
            .map(Profile::Dialect)
            .map_err(|text| format!("{text}, dscsa")),
    }
}

/// A dialect by its name.
pub(super) fn read_dialect(word: &str) -> Result<&'static Dialect, String> {
    dialect(word).ok_or_else(|| {
        let names: Vec<&str> = dialects().iter().map(|known| known.name.as_str()).collect();
        format!(
            "there is no profile of this name; write {}",
            names.join(", ")
        )
    })
}

#[derive(Args)]
pub(super) struct HashArguments {
    /// The document, or - for standard input.
    file: PathBuf,
    /// Print the text that is hashed before each hash.
    #[arg(long)]
    prehash: bool,
    /// How the rules are read where text and reference implementation part.
    #[arg(long, value_enum, default_value_t = HashProfileWord::Written)]
    profile: HashProfileWord,
    /// Which digest.
    #[arg(long, value_enum, default_value_t = DigestWord::Sha256)]
    digest: DigestWord,
}

#[derive(Clone, Copy, ValueEnum)]
enum HashProfileWord {
    /// The rules as written.
    Written,
    /// The reference implementation of October 2025.
    #[value(name = "reference-2025")]
    Reference2025,
}

#[derive(Clone, Copy, ValueEnum)]
enum DigestWord {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

pub(super) fn run(command: &EpcisCommand) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let outcome = match command {
        EpcisCommand::Validate(arguments) => print_verdict(arguments, &mut out),
        EpcisCommand::Hash(arguments) => print_hashes(arguments, &mut out),
    };
    let flushed = out.flush();
    match outcome.and_then(|is_fine| {
        flushed?;
        Ok(is_fine)
    }) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(NOT_ALL),
        Err(ReadingError::Refused(finding)) => {
            eprintln!("packtwin: {} {}", finding.code, finding.text);
            ExitCode::from(REFUSED)
        }
        // Whoever reads the output has seen enough.
        Err(ReadingError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(ReadingError::Io(error)) => {
            eprintln!("packtwin: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn open(file: &Path) -> io::Result<Box<dyn Read>> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let opened = File::open(file);
    opened
        .map(|file| Box::new(file) as Box<dyn Read>)
        .map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("{} cannot be read: {error}", file.display()),
            )
        })
}

/// Prints every finding and the sum; whether there was none.
fn print_verdict(arguments: &ValidateArguments, out: &mut dyn Write) -> Result<bool, ReadingError> {
    let inner = AnyReader::new(open(&arguments.file)?)?;
    let dialects = arguments
        .profile
        .iter()
        .filter_map(|profile| match profile {
            Profile::Dialect(dialect) => Some(*dialect),
            Profile::Dscsa => None,
        });
    let mut reader: Box<dyn EventReader> = Box::new(inner);
    for dialect in dialects {
        reader = Box::new(DialectReader::new(reader, dialect, SystemClock.now()));
    }
    let is_dscsa = |profile: &Profile| matches!(profile, Profile::Dscsa);
    let checks = Checks {
        choreography: !arguments.no_choreography,
        dscsa: arguments.profile.iter().any(is_dscsa),
    };
    let mut broken = None;
    let verdict = validate(&mut *reader, checks, &mut |finding| {
        let printed = match arguments.jsonl {
            true => print_json(&finding, out),
            false => print_text(&finding, out),
        };
        broken = broken.take().or(printed.err());
    });
    if let Some(error) = broken {
        return Err(error.into());
    }
    let verdict = verdict?;
    print_sum(&verdict, arguments.jsonl, out)?;
    Ok(verdict.findings.iter().all(|count| *count == 0))
}

fn print_text(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let layer = Layer::of(finding.code).as_str();
    write!(
        out,
        "{} {} {layer}: {}",
        finding.code,
        word(finding.severity),
        finding.text
    )?;
    if let Some(proposal) = &finding.proposal {
        write!(out, " Proposal: {proposal}")?;
    }
    writeln!(out)
}

fn print_json(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let object = serde_json::json!({
        "code": finding.code.as_str(),
        "severity": word(finding.severity),
        "layer": Layer::of(finding.code).as_str(),
        "line": finding.row,
        "field": finding.column,
        "text": finding.text,
        "proposal": finding.proposal,
        "remedy": finding.code.remedy(),
    });
    writeln!(out, "{object}")
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Fixed => "fixed",
    }
}

fn print_sum(verdict: &Verdict, is_json: bool, out: &mut dyn Write) -> io::Result<()> {
    let [schema, vocabulary, choreography, profile] = verdict.findings;
    let (events, epcs, errors) = (verdict.events, verdict.epcs, verdict.errors);
    let tolerated = verdict.tolerated;
    if is_json {
        let object = serde_json::json!({
            "events": events, "epcs": epcs, "errors": errors, "tolerated": tolerated,
            "findings": {"schema": schema, "vocabulary": vocabulary, "choreography": choreography, "profile": profile},
        });
        return writeln!(out, "{object}");
    }
    writeln!(
        out,
        "{events} events, {epcs} EPCs; findings: {schema} schema, {vocabulary} vocabulary, {choreography} choreography, \
         {profile} profile; {errors} of them errors; {tolerated} put right by the sender's profile"
    )
}

/// Prints a hash for every event; whether every event could be read without error.
fn print_hashes(arguments: &HashArguments, out: &mut dyn Write) -> Result<bool, ReadingError> {
    let profile = match arguments.profile {
        HashProfileWord::Written => HashProfile::Written,
        HashProfileWord::Reference2025 => HashProfile::Reference2025,
    };
    let digest = match arguments.digest {
        DigestWord::Sha256 => HashDigest::Sha256,
        DigestWord::Sha384 => HashDigest::Sha384,
        DigestWord::Sha512 => HashDigest::Sha512,
    };
    let mut reader = AnyReader::new(open(&arguments.file)?)?;
    let mut hasher = EventHasher::default();
    let (mut event, mut findings) = (Event::default(), Vec::new());
    let mut is_fine = true;
    loop {
        let step = reader.next(&mut event, &mut findings)?;
        for finding in findings.drain(..) {
            if finding.severity == Severity::Error {
                is_fine = false;
                eprintln!("packtwin: {} {}", finding.code, finding.text);
            }
        }
        match step {
            Step::Head(head) => hasher = EventHasher::new(profile, digest, &head),
            Step::Event => {
                let text = hasher.pre_hash(&event);
                if arguments.prehash {
                    writeln!(out, "{text}")?;
                }
                writeln!(out, "{}", hasher.hash_of(&text))?;
            }
            Step::Complete => return Ok(is_fine),
            _ => {}
        }
    }
}
