//! The site's API as the command line speaks it: calls that are repeated after a broken line, answers as JSON, refusals in
//! the site's own words.

use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use packtwin_connector_port::transport::{Limits, TransportFault};
use packtwin_core::code::Code;
use packtwin_tenants::blob::hex;
use packtwin_transport::site::{Content, Method, SiteClient};
use serde_json::Value;

/// How long to wait before looking again whether something has ended.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// The longest wait before a call is repeated.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// The wait before the first repetition; doubled with each.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// How long a call is repeated whose key another process still holds: longer than the site keeps the key of a dead one.
const BUSY_WITHIN: Duration = Duration::from_secs(90);
/// The wait before such a repetition.
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// Pages of one list, at most.
const PAGES_MAX: u32 = 10_000;

/// Why an upload did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("{0}")]
    WrongUse(String),
    /// The site's answer, with its code.
    #[error("{text} ({code})")]
    Refused { code: String, text: String },
    #[error("{0}")]
    Left(String),
    #[error("the site was not reached: {0}")]
    Unreached(String),
    #[error("the site's answer was not understood: {0}")]
    NotUnderstood(String),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A site that is called.
pub(super) struct Site {
    client: SiteClient,
    tries: u32,
}

impl Site {
    pub(super) fn open(url: &str, key: &str, trusted: &Path, tries: u32) -> Result<Self, Failed> {
        let trusted_pem = match url.starts_with("https://") {
            true => std::fs::read_to_string(trusted).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", trusted.display()))
            })?,
            false => String::new(),
        };
        let limits = Limits {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(300),
            ..Limits::default()
        };
        let client = SiteClient::new(url, key, trusted_pem, limits)
            .map_err(|fault| Failed::WrongUse(fault.to_string()))?;
        Ok(Site { client, tries })
    }

    /// How often a call is repeated.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// Waits before repetition number `count`.
    pub(super) fn pause(&self, count: u32) {
        let factor = 2u32.saturating_pow(count.saturating_sub(1));
        std::thread::sleep(PAUSE_FIRST.saturating_mul(factor).min(PAUSE_MAX));
    }

    /// Asks.
    pub(super) fn get(&self, path: &str) -> Result<Value, Failed> {
        self.repeated(|| self.call(Method::Get, path, &[], None))
    }

    /// Everything of a list, over all its pages.
    pub(super) fn all(&self, path: &str) -> Result<Vec<Value>, Failed> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut items = Vec::new();
        let mut next = path.to_owned();
        for _ in 0..PAGES_MAX {
            let mut page = self.get(&next)?;
            if let Value::Array(more) = page["items"].take() {
                items.extend(more);
            }
            match page["next"].as_str() {
                Some(cursor) => next = format!("{path}{joint}cursor={}", escaped(cursor)),
                None => return Ok(items),
            }
        }
        Err(Failed::NotUnderstood("a list has no end".to_owned()))
    }

    /// Asks for something to be done, once however often the line breaks.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).map_err(io::Error::other)?;
        let key = hex(&bits);
        let text = body.to_string();
        self.repeated(|| {
            let content = Content {
                content_type: "application/json",
                bytes: &mut text.as_bytes(),
                length: text.len() as u64,
            };
            let headers = [("idempotency-key", key.as_str())];
            self.call(Method::Post, path, &headers, Some(content))
        })
    }

    /// Sends a part once; the caller knows what a broken line means for it.
    pub(super) fn patch_part(
        &self,
        path: &str,
        offset: u64,
        bytes: &mut dyn Read,
        length: u64,
    ) -> Result<(), Failed> {
        let content = Content {
            content_type: "application/offset+octet-stream",
            bytes,
            length,
        };
        let offset = offset.to_string();
        let headers = [("upload-offset", offset.as_str())];
        self.call(Method::Patch, path, &headers, Some(content))
            .map(drop)
    }

    /// Asks again and again until the answer is as wanted.
    pub(super) fn wait_for(
        &self,
        path: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Failed> {
        loop {
            let answer = self.get(path)?;
            if wanted(&answer) {
                return Ok(answer);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn repeated(&self, call: impl Fn() -> Result<Value, Failed>) -> Result<Value, Failed> {
        let mut count = 0;
        let mut busy_since = None;
        loop {
            match call() {
                Err(Failed::Refused { code, .. })
                    if code == Code::IdempotencyBusy.as_str()
                        && busy_since.get_or_insert_with(Instant::now).elapsed() < BUSY_WITHIN =>
                {
                    std::thread::sleep(BUSY_PAUSE);
                }
                Err(Failed::Unreached(_)) if count < self.tries => {
                    count += 1;
                    self.pause(count);
                }
                other => return other,
            }
        }
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        content: Option<Content<'_>>,
    ) -> Result<Value, Failed> {
        let reply = match self.client.call(method, path, headers, content) {
            Ok(reply) => reply,
            Err(fault @ TransportFault::NotAllowed { .. }) => {
                return Err(Failed::WrongUse(fault.to_string()));
            }
            Err(fault) => return Err(Failed::Unreached(fault.to_string())),
        };
        match reply.status {
            200..=299 if reply.body.is_empty() => Ok(Value::Null),
            200..=299 => serde_json::from_slice(&reply.body)
                .map_err(|error| Failed::NotUnderstood(error.to_string())),
            // Overloaded or starting: as good as not reached.
            429 | 502..=504 => Err(Failed::Unreached(format!("HTTP {}", reply.status))),
            status => Err(refused(status, &reply.body)),
        }
    }
}

/// The site's refusal: every fault with its place and what to do.
fn refused(status: u16, body: &[u8]) -> Failed {
    let Ok(problem) = serde_json::from_slice::<Value>(body) else {
        return Failed::NotUnderstood(format!("HTTP {status}"));
    };
    let told = |fault: &Value| {
        let place = ["pointer", "parameter", "place"]
            .iter()
            .find_map(|member| fault[member].as_str());
        let place = place.map_or(String::new(), |place| format!("{place}: "));
        let word = |member: &str| fault[member].as_str().unwrap_or_default().to_owned();
        format!("{place}{} {}", word("detail"), word("remedy"))
    };
    let faults = problem["errors"].as_array().filter(|all| !all.is_empty());
    let text = match faults {
        Some(faults) => faults.iter().map(told).collect::<Vec<String>>().join("; "),
        None => told(&problem),
    };
    match problem["code"].as_str() {
        Some(code) => Failed::Refused {
            code: code.to_owned(),
            text,
        },
        None => Failed::NotUnderstood(format!("HTTP {status}")),
    }
}

/// A text as one segment of a path, or one value of a query (RFC 3986).
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => escaped.push(char::from(byte)),
            false => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
