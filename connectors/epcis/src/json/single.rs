//! One event as a JSON text of its own, with every prefix that it needs, to be kept and read again without its document.

use std::io;

use super::event_writer::write_event;
use super::reader::JsonReader;
use super::text::JsonText;
use crate::document::DocumentHead;
use crate::event::Event;
use crate::loss::Losses;
use crate::reading::{EventReader, ReadingError, Step};

/// Writes an event so that it can stand alone. Prefixes that a JSON document binds may have a meaning in values, so that
/// they go with the event.
///
/// # Errors
/// The text could not be gathered.
pub fn single_event(event: &Event, head: &DocumentHead) -> io::Result<String> {
    let with_prefixes;
    let event = match head.is_json && !head.namespaces.is_empty() {
        false => event,
        true => {
            let mut own = event.clone();
            for (prefix, namespace) in &head.namespaces {
                if !own.namespaces.iter().any(|(bound, _)| bound == prefix) {
                    own.namespaces.push((prefix.clone(), namespace.clone()));
                }
            }
            with_prefixes = own;
            &with_prefixes
        }
    };
    let mut text = JsonText::default();
    let mut out = Vec::new();
    write_event(&mut text, &mut out, event, &mut Losses::default())?;
    text.flush(&mut out, 0)?;
    String::from_utf8(out).map_err(io::Error::other)
}

/// Reads what [`single_event`] wrote.
///
/// # Errors
/// The text is no event.
pub fn read_single_event(text: &str) -> Result<Event, ReadingError> {
    let mut reader = JsonReader::new(Box::new(text.as_bytes()))?;
    let (mut event, mut findings) = (Event::default(), Vec::new());
    loop {
        match reader.next(&mut event, &mut findings)? {
            Step::Event => return Ok(event),
            Step::Complete => {
                return Err(ReadingError::Io(io::Error::from(
                    io::ErrorKind::InvalidData,
                )));
            }
            _ => {}
        }
    }
}
