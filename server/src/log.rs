//! What an operator reads: structured lines on standard error, UTC, one record a line (operations.md section 7).
//!
//! Values that came from outside are only ever fields, and the JSON form escapes them, so that no text can begin a
//! record of its own (ATK-071). No secret, cookie, key or serial is handed to a log call anywhere (ATK-072); a panic is
//! told by its place alone, since its message may hold data.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a record looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// One line of text, for a person who tries things.
    Text,
}

/// Begins to log, and tells of panics without their message.
pub fn start(format: LogFormat, level: &str) {
    subscribe(format, level, std::io::stderr);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, ToString::to_string);
        tracing::error!(place, "a panic was caught; this is a defect of Packtwin");
    }));
}

fn subscribe<W>(format: LogFormat, level: &str, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter: Targets = level
        .parse()
        .unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let site = tracing_subscriber::registry().with(filter);
    // A second start in one process (a test) keeps the first subscriber.
    let _first_one_stays = match format {
        LogFormat::Json => site.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text => site
            .with(lines.with_target(false).with_ansi(false))
            .try_init(),
    };
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// ATK-071: line breaks, JSON fragments and terminal escapes stay inside one record.
    #[test]
    fn a_hostile_value_stays_in_its_record() {
        let lines = Lines::default();
        let sink = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_writer(move || sink.clone())
            .finish();
        let hostile = "a\r\n{\"level\":\"ERROR\"}\u{1b}[31m";
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(name = hostile, "a file was named");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(record["fields"]["name"], hostile);
    }
}
