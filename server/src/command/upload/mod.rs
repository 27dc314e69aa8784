//! `packtwin upload`: hands files in at a site, over the API that every program uses (users.md 3.5; URS-SN-005, URS-SN-006).
//!
//! The same file finds the same upload: a complete one by its hash, a broken one by name and length, whose end is then
//! compared with the hash. After a broken line the site is asked for the offset. What the check found is shown summed by
//! code. Nothing is decided here: what is right and what may be committed is the site's answer.

mod receive;
mod report;
mod site;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use self::report::Report;
use self::site::{Failed, Site};
use super::exit;

const AFTER_HELP: &str = "\
Exit status: 0 everything was taken; 1 done, and some rows or lots were left out, or the hub did not take all; 2 wrong use
of the command; 3 the site refused; 4 the file could not be read or the site not reached.

The key is made under administration, API keys, with the scopes uploads:read and uploads:write; --commit needs jobs:read,
--send lots:read and lots:write, --wait connectors:read beside them. Only https is spoken, and http on this machine.

  PACKTWIN_UPLOAD_KEY=pt_test_… packtwin upload --site https://packs.example lot.csv
  packtwin upload --site https://packs.example --key-file key.txt --commit --send --wait lot.csv";

/// What to upload, where, and what then.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct UploadArguments {
    /// The files.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The address of the site.
    #[arg(long, value_name = "URL", env = "PACKTWIN_UPLOAD_SITE")]
    site: String,
    /// An API key. On the command line others on this machine can see it: better the variable or --key-file.
    #[arg(
        long,
        value_name = "KEY",
        env = "PACKTWIN_UPLOAD_KEY",
        hide_env_values = true
    )]
    key: Option<String>,
    /// A file that holds the API key and nothing else.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The partner the files come from; chooses the column mapping.
    #[arg(long, value_name = "NAME", default_value = "")]
    partner: String,
    /// Commit the correct lots.
    #[arg(long)]
    commit: bool,
    /// Send the committed lots to the hub; commits first.
    #[arg(long)]
    send: bool,
    /// With --send: wait for the hub's answers.
    #[arg(long)]
    wait: bool,
    /// Print one JSON object for each file.
    #[arg(long)]
    json: bool,
    /// The authorities trusted for the site (PEM).
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/ssl/certs/ca-certificates.crt"
    )]
    trusted: PathBuf,
    /// How often a call is repeated after the line broke.
    #[arg(long, value_name = "N", default_value_t = 10)]
    tries: u32,
    /// Bytes of one part.
    #[arg(long, value_name = "BYTES", default_value_t = 8 << 20, value_parser = clap::value_parser!(u64).range(1..))]
    part_bytes: u64,
}

pub(super) fn run(arguments: &UploadArguments) -> ExitCode {
    let mut status = 0;
    let site = match open(arguments) {
        Ok(site) => site,
        Err(failed) => return ExitCode::from(tell(Path::new(&arguments.site), &failed)),
    };
    for file in &arguments.files {
        let ended = match upload(arguments, &site, file) {
            Ok(report) => match print(arguments, &report) {
                Ok(()) => report.status(),
                Err(_closed) => exit::FAILED,
            },
            Err(failed) => tell(file, &failed),
        };
        status = status.max(ended);
    }
    ExitCode::from(status)
}

/// Says what failed, and with which status the program ends.
fn tell(what: &Path, failed: &Failed) -> u8 {
    eprintln!("packtwin: {}: {failed}", what.display());
    match failed {
        Failed::WrongUse(_) => exit::WRONG_USE,
        Failed::Refused { .. } | Failed::Left(_) => exit::REFUSED,
        Failed::Unreached(_) | Failed::NotUnderstood(_) | Failed::Io(_) => exit::FAILED,
    }
}

fn open(arguments: &UploadArguments) -> Result<Site, Failed> {
    // A file that is named wins over a variable that happens to be set.
    let key = match (&arguments.key_file, &arguments.key) {
        (Some(path), _) => std::fs::read_to_string(path)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?
            .trim()
            .to_owned(),
        (None, Some(key)) => key.trim().to_owned(),
        (None, None) => {
            let text = "no API key is given; set PACKTWIN_UPLOAD_KEY or name a file by --key-file";
            return Err(Failed::WrongUse(text.to_owned()));
        }
    };
    Site::open(&arguments.site, &key, &arguments.trusted, arguments.tries)
}

/// One file, as far as was asked for.
fn upload(arguments: &UploadArguments, site: &Site, path: &Path) -> Result<Report, Failed> {
    let order = receive::ReceiveOrder {
        path,
        partner: &arguments.partner,
        part_bytes: arguments.part_bytes,
    };
    let received = receive::receive(site, &order)?;
    let id = text(&received, "id")?;
    let checked = site.wait_for(&format!("/v1/uploads/{id}"), |upload| {
        !["received", "recognised", "checking", "committing"].contains(&state(upload))
    })?;
    let mut report = Report::new(path, received["same"] == true, checked);
    if state(&report.upload) == "failed" {
        return Ok(report);
    }
    report.findings = site.all(&format!("/v1/uploads/{id}/findings"))?;
    report.lots = site.all(&format!("/v1/uploads/{id}/lots"))?;
    if !(arguments.commit || arguments.send) || state(&report.upload) == "needs_decision" {
        return Ok(report);
    }
    commit(site, &id, &mut report)?;
    if arguments.send {
        report.waited = arguments.wait;
        send(site, &mut report)?;
    }
    Ok(report)
}

fn commit(site: &Site, id: &str, report: &mut Report) -> Result<(), Failed> {
    let waiting = |lot: &&Value| lot["committed"] != true && lot["rows_wrong"] == 0 && is_free(lot);
    if report.lots.iter().any(|lot| waiting(&lot)) {
        let job = site.post(&format!("/v1/uploads/{id}:commit"), &json!({}))?;
        let job = site.wait_for(&format!("/v1/jobs/{}", text(&job, "job")?), is_ended)?;
        if state(&job) != "done" {
            let result = job["result"].as_str().unwrap_or_default().to_owned();
            return Err(Failed::Left(format!(
                "the lots were not committed: {result}"
            )));
        }
    }
    report.upload = site.get(&format!("/v1/uploads/{id}"))?;
    report.lots = site.all(&format!("/v1/uploads/{id}/lots"))?;
    Ok(())
}

fn is_free(lot: &Value) -> bool {
    lot["blocked_by"].as_array().is_none_or(Vec::is_empty)
}

/// Sends what was not sent of each committed lot.
fn send(site: &Site, report: &mut Report) -> Result<(), Failed> {
    for lot in report.lots.iter().filter(|lot| lot["committed"] == true) {
        let path = format!(
            "/v1/lots/{}/{}",
            site::escaped(&text(lot, "product")?),
            site::escaped(&text(lot, "batch")?)
        );
        if site.get(&path)?["unsent"].as_u64().unwrap_or(0) > 0 {
            let job = site.post(&format!("{path}:send"), &json!({ "what": "unsent" }))?;
            site.wait_for(&format!("/v1/jobs/{}", text(&job, "job")?), is_ended)?;
        }
        if report.waited {
            wait_for_answers(site, &path)?;
        }
        report.sent.push(site.get(&path)?);
    }
    Ok(())
}

/// Waits until the hub has answered every message of a lot, whatever it answered.
fn wait_for_answers(site: &Site, lot: &str) -> Result<(), Failed> {
    let known = site.get(lot)?;
    for message in known["messages"].as_array().into_iter().flatten() {
        let id = message.as_str().unwrap_or_default();
        site.wait_for(&format!("/v1/messages/{id}"), |message| {
            ["accepted", "partial", "refused", "cancelled"].contains(&state(message))
        })?;
    }
    Ok(())
}

fn is_ended(job: &Value) -> bool {
    ["done", "failed", "cancelled"].contains(&state(job))
}

fn state(object: &Value) -> &str {
    object["state"].as_str().unwrap_or_default()
}

/// A member that every answer of this kind has.
fn text(object: &Value, member: &str) -> Result<String, Failed> {
    object[member]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Failed::NotUnderstood(format!("the answer names no {member}")))
}

fn print(arguments: &UploadArguments, report: &Report) -> io::Result<()> {
    match arguments.json {
        true => super::print_line(&report.to_json().to_string()),
        false => report
            .lines()
            .iter()
            .try_for_each(|line| super::print_line(line)),
    }
}
