//! `packtwin translate`: file to file without a server (design.md, section 4; URS-SN-005, URS-CN-002).
//!
//! Reads files or standard input, writes files or standard output, tells findings and what is not carried on standard
//! error. What is right, needed and lost is decided by [`packtwin_app::translate`]; here stand the words of the command line
//! and the names of files. Nothing is written under its own name before all of it is written.

mod output_set;
mod told;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use packtwin_app::translate::{
    Amount, CbvSpelling, DocumentWords, EpcSpelling, Form, FormUnknown, HubWords, LotsWanted,
    NotTranslated, PrefixRule, TranslateOrder, Translated, translate,
};
use packtwin_core::code::Code;
use packtwin_core::company_prefix::{Declared, PrefixLength};
use packtwin_core::environment::Environment;
use packtwin_core::market::Market;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_epcis::dialect::Dialect;
use packtwin_eu_hub::HubSettings;
use packtwin_partner::mapping::Field;

use self::output_set::{Existing, OutputSet, refuse_existing};
use self::told::Told;
use super::exit;
use crate::clock::SystemClock;

/// Most bytes taken from standard input: as many as a site takes in one file.
const INPUT_BYTES_MAX: u64 = 20 << 30;

const AFTER_HELP: &str = "\
Exit status: 0 everything was carried; 1 written, and something was not carried or left out, as told on standard error;
2 wrong use of the command; 3 the input is refused and nothing was written; 4 reading or writing failed.

Several hub documents go to numbered files: into OUT where it is a folder (or ends with /), beside OUT where it is a file
(lot.xml becomes lot-0001.xml, lot-0002.xml, …). Standard output takes one document only. A file that is there already is
written over with --force only, and a file that is read never.

  packtwin translate --to eu-hub --sender ALDER --product-version 1 --market DE,AT lot.csv -o lot.xml
  packtwin translate --to csv lot.xml -o lot.csv
  packtwin translate --to epcis-1.2 --company-prefix 0952123 lot.xlsx -o lot-epcis.xml
  packtwin translate --to epcis-2.0 shipment.xml -o shipment.json";

/// What to translate.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct TranslateArguments {
    /// The files; several only where each is a hub document. Without one, or with -, standard input.
    #[arg(value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// What they are: csv, xlsx, epcis-1.2, epcis-2.0, epcis-2.0-xml, eu-hub, or auto to look at the content.
    #[arg(long, value_name = "F", default_value = "auto")]
    from: FromWord,
    /// What to write: csv, xlsx, epcis-1.2, epcis-2.0, epcis-2.0-xml or eu-hub. From EPCIS to EPCIS the document is carried
    /// whole; else its packs.
    #[arg(long, value_name = "F")]
    to: Form,
    /// Where to write; without it, or with -, standard output.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Write over a file of that name. A file that is read is never written over, and numbered files of an earlier run
    /// have to be removed.
    #[arg(long)]
    force: bool,
    /// A column mapping: lines such as column.serial=heading:SN, column.batch=number:3, fixed.expiry=291231.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The product code of every row, where the table has no column for it.
    #[arg(long, value_name = "CODE")]
    product: Option<String>,
    /// The batch number of every row, where the table has no column for it.
    #[arg(long, value_name = "BATCH")]
    batch: Option<String>,
    /// The expiry of every row, where the table has no column for it.
    #[arg(long, value_name = "YYMMDD")]
    expiry: Option<String>,
    /// The manufacturing date of every row, where the table has no column for it.
    #[arg(long, value_name = "YYMMDD")]
    manufactured: Option<String>,
    /// Accept the proposals of a code, such as UPL-010. May be repeated.
    #[arg(long, value_name = "CODE", value_parser = read_code)]
    accept: Vec<Code>,
    /// Say that values with a code are right as they are: UPL-017. May be repeated.
    #[arg(long, value_name = "CODE", value_parser = read_code)]
    keep: Vec<Code>,
    /// Write the lots without errors and leave the others out; without it nothing is written when anything is wrong.
    #[arg(long)]
    correct_lots_only: bool,
    /// Write every finding to this file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    findings: Option<PathBuf>,
    /// Hub: under which name the hub knows the sender.
    #[arg(long, value_name = "NAME")]
    sender: Option<String>,
    /// Hub: test, validation or production; test when nothing says otherwise.
    #[arg(long, value_name = "WORD")]
    environment: Option<Environment>,
    /// Hub: its release, 1.14 or 1.16; the newest when nothing says otherwise.
    #[arg(long, value_name = "RELEASE")]
    hub_release: Option<String>,
    /// Hub: the version of the product that the lots belong to.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    product_version: Option<u32>,
    /// Hub: the markets of that version, such as DE,AT.
    #[arg(long, value_name = "MARKETS", value_delimiter = ',')]
    market: Vec<Market>,
    /// Hub: the message id; numbered where there are several documents; made at random without it.
    #[arg(long, value_name = "ID")]
    message_id: Option<String>,
    /// Hub and EPCIS: when the packs were commissioned, such as 2026-11-22T08:00:00Z; now without it.
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    event_time: Option<Timestamp>,
    /// Hub: where it shall send late answers.
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// EPCIS: the length of the company prefix of all GTINs, 6 to 12 digits. It is never guessed.
    #[arg(long, value_name = "N", value_parser = read_length, conflicts_with = "company_prefix")]
    company_prefix_length: Option<PrefixLength>,
    /// EPCIS: a company prefix of yours. May be repeated.
    #[arg(long, value_name = "DIGITS")]
    company_prefix: Vec<String>,
    /// EPCIS: the dialect in which the sender's system writes, such as optel or sap; common holds what any sender may do.
    #[arg(long, value_name = "NAME", value_parser = super::epcis::read_dialect)]
    profile: Option<&'static Dialect>,
    /// EPCIS to EPCIS: how identifiers are spelled. Without it as they are, or as URN where a company prefix is given.
    #[arg(long, value_enum, value_name = "SPELLING")]
    epc_format: Option<EpcWord>,
    /// EPCIS to EPCIS 2.0 in XML: how the vocabulary of the standard is spelled.
    #[arg(long, value_enum, value_name = "SPELLING", default_value_t = CbvWord::AsWritten)]
    cbv_format: CbvWord,
    /// Most packs in one hub document, or in one EPCIS event.
    #[arg(long, value_name = "N", default_value_t = HubSettings::default().packs_per_message,
        value_parser = clap::value_parser!(u64).range(1..))]
    max_packs: u64,
}

/// The words behind `--epc-format`.
#[derive(Clone, Copy, ValueEnum)]
enum EpcWord {
    /// As the document has them.
    AsWritten,
    /// As GS1 Digital Links.
    DigitalLink,
    /// As EPC URNs; the company prefixes are needed.
    Urn,
}

/// The words behind `--cbv-format`.
#[derive(Clone, Copy, ValueEnum)]
enum CbvWord {
    /// As the document has it.
    AsWritten,
    /// As URNs.
    Urn,
    /// As Web URIs.
    WebUri,
}

/// The word behind `--from`.
#[derive(Clone, Copy)]
enum FromWord {
    Auto,
    Form(Form),
}

impl FromStr for FromWord {
    type Err = FormUnknown;

    fn from_str(text: &str) -> Result<Self, FormUnknown> {
        match text {
            "auto" => Ok(FromWord::Auto),
            word => word.parse().map(FromWord::Form),
        }
    }
}

pub(super) fn run(arguments: &TranslateArguments) -> ExitCode {
    match carry_out(arguments) {
        Ok(done) => answer(&done),
        Err(NotTranslated::Order(faults)) => {
            for fault in faults {
                eprintln!("packtwin: {fault}");
            }
            ExitCode::from(exit::WRONG_USE)
        }
        Err(NotTranslated::Findings(lots)) => {
            for lot in lots {
                eprintln!("packtwin: {lot}");
            }
            eprintln!(
                "packtwin: nothing was written. Mend the rows, accept proposals by --accept CODE, or write the correct lots alone by --correct-lots-only."
            );
            ExitCode::from(exit::REFUSED)
        }
        Err(NotTranslated::Refused(refusals)) => {
            for refusal in refusals.iter() {
                eprintln!("packtwin: {refusal}");
            }
            eprintln!("packtwin: nothing was written.");
            ExitCode::from(exit::REFUSED)
        }
        // Whoever reads the document has seen enough.
        Err(NotTranslated::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failed @ NotTranslated::Io(_)) => {
            eprintln!("packtwin: {}", super::with_causes(&failed));
            ExitCode::from(exit::FAILED)
        }
    }
}

fn carry_out(arguments: &TranslateArguments) -> Result<Done, NotTranslated> {
    let work = tempfile::Builder::new()
        .prefix("packtwin-translate-")
        .tempdir()?;
    let inputs = inputs(&arguments.inputs, work.path())?;
    let mapping = match &arguments.mapping {
        Some(path) => Some(named(path, std::fs::read_to_string(path))?),
        None => None,
    };
    let fixed = [
        (Field::ProductCode, &arguments.product),
        (Field::Batch, &arguments.batch),
        (Field::Expiry, &arguments.expiry),
        (Field::Manufactured, &arguments.manufactured),
    ];
    let fixed: Vec<(Field, String)> = fixed
        .into_iter()
        .filter_map(|(field, value)| Some((field, value.clone()?)))
        .collect();
    let order = TranslateOrder {
        inputs: &inputs,
        from: match arguments.from {
            FromWord::Auto => None,
            FromWord::Form(form) => Some(form),
        },
        to: arguments.to,
        mapping: mapping.as_deref(),
        fixed: &fixed,
        accepted: arguments.accept.iter().copied().collect::<BTreeSet<Code>>(),
        kept: arguments.keep.iter().copied().collect::<BTreeSet<Code>>(),
        lots: match arguments.correct_lots_only {
            true => LotsWanted::Correct,
            false => LotsWanted::All,
        },
        hub: hub_words(arguments),
        dialect: arguments.profile,
        document: document_words(arguments),
        event_at: arguments.event_time,
        prefix: prefix(arguments)?,
        packs_max: arguments.max_packs,
        work: work.path(),
        at: SystemClock.now(),
    };
    let existing = match arguments.force {
        true => Existing::Replaced,
        false => Existing::Refused,
    };
    let mut own = arguments.inputs.clone();
    own.extend(arguments.mapping.clone());
    if let Some(findings) = &arguments.findings {
        refuse_existing(findings, existing, &own)
            .map_err(|text| NotTranslated::Order(vec![text]))?;
        own.push(findings.clone());
    }
    let output = arguments.output.as_deref();
    let mut outputs = OutputSet::new(output, arguments.to, existing, own);
    let mut told = Told::begin(arguments.findings.as_deref())?;
    let translated = translate(&order, &mut outputs, &mut |finding| told.take(finding));
    told.finish()?;
    let translated = translated?;
    let written = outputs.finish()?;
    Ok(Done {
        translated,
        written,
    })
}

struct Done {
    translated: Translated,
    /// The files; none when standard output took it.
    written: Vec<PathBuf>,
}

fn answer(done: &Done) -> ExitCode {
    let Translated {
        recognised,
        amount,
        documents,
        not_carried,
        notes,
        left_out,
    } = &done.translated;
    match amount {
        Amount::Packs { rows, packs, lots } => {
            eprintln!("read     {recognised}: {rows} rows");
            eprintln!("written  {packs} packs, {lots} lots, {documents} documents");
        }
        Amount::Events { read } => {
            eprintln!("read     {recognised}: {read} events");
            eprintln!("written  {documents} documents");
        }
    }
    for path in &done.written {
        eprintln!("  {}", path.display());
    }
    for text in left_out {
        eprintln!("left out: {text}");
    }
    for text in not_carried {
        eprintln!("not carried: {text}");
    }
    for text in notes {
        eprintln!("note: {text}");
    }
    match left_out.is_empty() && not_carried.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(exit::NOT_ALL),
    }
}

fn document_words(arguments: &TranslateArguments) -> DocumentWords {
    DocumentWords {
        epcs: arguments.epc_format.map(|word| match word {
            EpcWord::AsWritten => EpcSpelling::AsWritten,
            EpcWord::DigitalLink => EpcSpelling::DigitalLink,
            EpcWord::Urn => EpcSpelling::Urn,
        }),
        cbv: match arguments.cbv_format {
            CbvWord::AsWritten => CbvSpelling::AsWritten,
            CbvWord::Urn => CbvSpelling::Urn,
            CbvWord::WebUri => CbvSpelling::WebUri,
        },
    }
}

fn hub_words(arguments: &TranslateArguments) -> HubWords {
    HubWords {
        sender: arguments.sender.clone(),
        environment: arguments.environment,
        release: arguments.hub_release.clone(),
        version: arguments.product_version,
        markets: arguments.market.clone(),
        message_id: arguments.message_id.clone(),
        callback_url: arguments.callback_url.clone(),
    }
}

fn prefix(arguments: &TranslateArguments) -> Result<Option<PrefixRule>, NotTranslated> {
    if let Some(length) = arguments.company_prefix_length {
        return Ok(Some(PrefixRule::Length(length)));
    }
    if arguments.company_prefix.is_empty() {
        return Ok(None);
    }
    let prefixes = arguments.company_prefix.iter().map(String::as_str);
    match Declared::new(prefixes) {
        Ok(declared) => Ok(Some(PrefixRule::Declared(declared))),
        Err(faults) => Err(NotTranslated::Order(
            faults.iter().map(ToString::to_string).collect(),
        )),
    }
}

/// The files to read. What cannot be read twice, as standard input cannot, goes to a file of the work folder first.
fn inputs(named_inputs: &[PathBuf], work: &Path) -> Result<Vec<PathBuf>, NotTranslated> {
    let spooled = |mut input: &mut dyn Read| -> Result<PathBuf, NotTranslated> {
        let path = work.join("input");
        let taken = io::copy(
            &mut (&mut input).take(INPUT_BYTES_MAX + 1),
            &mut File::create(&path)?,
        )?;
        match taken > INPUT_BYTES_MAX {
            true => Err(NotTranslated::Order(vec![format!(
                "more than {INPUT_BYTES_MAX} bytes come on standard input; split them by lot"
            )])),
            false => Ok(path),
        }
    };
    let standard = |path: &Path| path == Path::new("-");
    match named_inputs {
        [] => Ok(vec![spooled(&mut io::stdin().lock())?]),
        [only] if standard(only) => Ok(vec![spooled(&mut io::stdin().lock())?]),
        [only] if !named(only, std::fs::metadata(only))?.is_file() => {
            Ok(vec![spooled(&mut named(only, File::open(only))?)?])
        }
        several if several.iter().any(|path| standard(path)) => Err(NotTranslated::Order(vec![
            "standard input cannot be one of several files".to_owned(),
        ])),
        all => {
            for path in all {
                named(path, File::open(path))?;
            }
            Ok(all.to_vec())
        }
    }
}

/// An error that says which file it is about.
fn named<T>(path: &Path, outcome: io::Result<T>) -> io::Result<T> {
    outcome.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn read_code(word: &str) -> Result<Code, String> {
    let known = Code::ALL.iter().find(|code| code.as_str() == word);
    known
        .copied()
        .ok_or_else(|| "there is no such code; findings name theirs, such as UPL-010".to_owned())
}

fn read_time(word: &str) -> Result<Timestamp, String> {
    Timestamp::parse(word)
        .ok_or_else(|| "write a time with its offset, such as 2026-11-22T08:00:00Z".to_owned())
}

fn read_length(word: &str) -> Result<PrefixLength, String> {
    let digits = word.parse().ok().and_then(PrefixLength::new);
    digits.ok_or_else(|| "a company prefix has 6 to 12 digits".to_owned())
}
