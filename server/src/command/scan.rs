//! `packtwin scan`: one JSON object for each scanned code, on one line each.
//!
//! A code stands on the command line, or codes come one a line on standard input and are answered as they come. With
//! `--jsonl` a line is a JSON string, or an object `{"raw": …, "capture": …, "context": {…}}` whose control characters
//! are escaped; without it a line is the code as the device typed it. Status 0: every code names a pack without doubt or
//! after a repair; 1: at least one does not; 2: the input could not be read. The diagnosis is `core::scan`'s (URS-VF-011).

use std::io::{self, BufRead, BufWriter, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;

use packtwin_core::scan::{Capture, DeviceContext, Diagnosis, ScanInput, Verdict, diagnose};
use packtwin_core::time::Clock;

use crate::clock::SystemClock;

/// Longest line that is taken as one code, in bytes: no carrier holds a hundredth of it.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
const CODES_IN_DOUBT: u8 = 1;
const INPUT_UNREADABLE: u8 = 2;

/// What to diagnose and what is known of the device.
#[derive(Args)]
pub(super) struct ScanArguments {
    /// The code; without it codes are read from standard input, one a line.
    code: Option<String>,
    /// Each line (or the code) is JSON: a string, or an object with `raw` and perhaps `capture` and `context`.
    #[arg(long)]
    jsonl: bool,
    /// The keyboard layout that the scanner types, such as en-US.
    #[arg(long, value_name = "LAYOUT")]
    scanner_layout: Option<String>,
    /// The keyboard layout of the computer, such as de; with it no doubt about the layout remains.
    #[arg(long, value_name = "LAYOUT")]
    host_layout: Option<String>,
    /// A text that the scanner puts before each code.
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// A text that the scanner puts behind each code.
    #[arg(long, value_name = "TEXT")]
    suffix: Option<String>,
    /// How the input was recorded.
    #[arg(long, value_enum, default_value_t = CaptureWord::Characters)]
    capture: CaptureWord,
    /// The year from which centuries of two-digit years are looked at; without it the present one.
    #[arg(long, value_name = "YEAR")]
    year: Option<i32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum CaptureWord {
    /// As a text field receives it.
    Characters,
    /// As key events: U+0000 stands for a key that shows nothing.
    #[value(alias = "key_events")]
    KeyEvents,
}

impl From<CaptureWord> for Capture {
    fn from(word: CaptureWord) -> Self {
        match word {
            CaptureWord::Characters => Capture::Characters,
            CaptureWord::KeyEvents => Capture::KeyEvents,
        }
    }
}

pub(super) fn run(arguments: &ScanArguments) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let outcome = match &arguments.code {
        Some(code) => answer(arguments, code, &mut out),
        None => answer_lines(arguments, &mut io::stdin().lock(), &mut out),
    };
    let outcome = outcome.and_then(|certain| {
        out.flush()?;
        Ok(certain)
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(CODES_IN_DOUBT),
        // Whoever reads the answers has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("packtwin: {error}");
            ExitCode::from(INPUT_UNREADABLE)
        }
    }
}

/// Answers line after line; whether all were certain.
fn answer_lines(
    arguments: &ScanArguments,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let mut certain = true;
    let mut line = Vec::new();
    let mut number = 0u64;
    loop {
        line.clear();
        number += 1;
        let taken = io::Read::take(&mut *input, LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if taken == 0 {
            return Ok(certain);
        }
        if taken as u64 == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
            return Err(invalid(format!(
                "line {number} is longer than {LINE_BYTES_MAX} bytes; a code is far shorter"
            )));
        }
        let text = std::str::from_utf8(&line)
            .map_err(|_| invalid(format!("line {number} is not UTF-8")))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        if arguments.jsonl && text.trim().is_empty() {
            continue;
        }
        certain &= answer(arguments, text, out)
            .map_err(|error| io::Error::new(error.kind(), format!("line {number}: {error}")))?;
        // Whoever types code after code reads each answer at once.
        out.flush()?;
    }
}

fn answer(arguments: &ScanArguments, text: &str, out: &mut dyn Write) -> io::Result<bool> {
    let mut context = DeviceContext {
        reference_year: arguments.year.unwrap_or_else(|| SystemClock.now().year()),
        scanner_layout: arguments.scanner_layout.clone(),
        host_layout: arguments.host_layout.clone(),
        prefix: arguments.prefix.clone(),
        suffix: arguments.suffix.clone(),
    };
    let mut capture = arguments.capture.into();
    let diagnosis = if arguments.jsonl {
        let raw = json_input(text, &mut context, &mut capture)?;
        diagnose(&ScanInput { raw: &raw, capture }, &context)
    } else {
        diagnose(&ScanInput { raw: text, capture }, &context)
    };
    writeln!(out, "{}", diagnosis.to_json())?;
    Ok(is_certain(&diagnosis))
}

/// Reads one line of JSON: what it does not say stays as the flags have it.
fn json_input(
    text: &str,
    context: &mut DeviceContext,
    capture: &mut Capture,
) -> io::Result<String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| invalid(format!("no JSON: {error}")))?;
    if let Value::String(raw) = value {
        return Ok(raw);
    }
    let Some(raw) = value["raw"].as_str() else {
        return Err(invalid(
            "neither a string nor an object with a string `raw`",
        ));
    };
    match value["capture"].as_str() {
        None => {}
        Some("characters") => *capture = Capture::Characters,
        Some("key_events") => *capture = Capture::KeyEvents,
        Some(other) => {
            return Err(invalid(format!(
                "capture \"{other}\" is unknown; write characters or key_events"
            )));
        }
    }
    let told = &value["context"];
    for (key, place) in [
        ("scanner_layout", &mut context.scanner_layout),
        ("host_layout", &mut context.host_layout),
        ("prefix", &mut context.prefix),
        ("suffix", &mut context.suffix),
    ] {
        if let Some(text) = told[key].as_str() {
            *place = Some(text.to_owned());
        }
    }
    if let Some(year) = told["reference_year"]
        .as_i64()
        .and_then(|year| i32::try_from(year).ok())
    {
        context.reference_year = year;
    }
    Ok(raw.to_owned())
}

fn is_certain(diagnosis: &Diagnosis) -> bool {
    matches!(diagnosis.verdict, Verdict::Ok | Verdict::Repaired)
}

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(jsonl: bool) -> ScanArguments {
        ScanArguments {
            code: None,
            jsonl,
            scanner_layout: None,
            host_layout: None,
            prefix: None,
            suffix: None,
            capture: CaptureWord::Characters,
            year: Some(2026),
        }
    }

    /// The verdicts of the lines, and whether all were certain; `None` when the input was refused.
    fn check(jsonl: bool, input: &str, expected: Option<(&[&str], bool)>) {
        let mut out = Vec::new();
        let certain = answer_lines(&arguments(jsonl), &mut input.as_bytes(), &mut out);
        let text = String::from_utf8(out).unwrap();
        let verdicts: Vec<String> = text
            .lines()
            .map(|line| {
                let value: Value = serde_json::from_str(line).unwrap();
                value["verdict"].as_str().unwrap().to_owned()
            })
            .collect();
        match expected {
            Some((words, all)) => {
                assert_eq!(
                    (verdicts, certain.unwrap()),
                    (words.iter().map(|word| (*word).to_owned()).collect(), all)
                );
            }
            None => assert!(certain.is_err(), "{text}"),
        }
    }

    /// URS-VF-011: one answer a line, whatever form the line has.
    #[test]
    fn every_line_is_answered() {
        let code = "]d2010400638133393110L1\u{1d}21ABCD123456";
        check(
            false,
            &format!("{code}\n{code}\r\n"),
            Some((&["ok", "ok"], true)),
        );
        check(
            false,
            &format!("{code}\n4006381333931\n"),
            Some((&["ok", "not_a_unique_identifier"], false)),
        );
        let json = serde_json::to_string(code).unwrap();
        check(
            true,
            &format!("{json}\n\n{{\"raw\":{json}}}"),
            Some((&["ok", "ok"], true)),
        );
        check(true, "{\"raw\":7}", None);
        check(true, "{\"raw\":\"\",\"capture\":\"film\"}", None);
    }
}
