//! The place of a serial in a serial list: sorted bytes, one serial a line.
//!
//! A list holds millions of lines of several lengths, so it is searched by bytes, and only where the serial stands are the
//! lines before it counted, through one buffer. Memory is the same for every list; `--example list_place_rate` measures.

use std::cmp::Ordering;
use std::io::{self, Read, Seek, SeekFrom};

use packtwin_core::serial::Serial;

/// The longest line: a serial of 20 characters and its end.
const LINE_BYTES_MAX: u64 = 21;
/// Bytes counted at once.
const BUFFER_BYTES: usize = 128 * 1024;

/// The place of a serial in a list, counted from 0; `None` when the list does not have it.
///
/// # Errors
/// The list cannot be read, or is none: a line is longer than a serial, or the last one has no end.
pub fn place_in_list(list: &mut (impl Read + Seek), serial: &Serial) -> io::Result<Option<u64>> {
    let length = list.seek(SeekFrom::End(0))?;
    // The line that is looked for begins in `low..high`, if it is there.
    let (mut low, mut high) = (0, length);
    while low < high {
        let line = Line::around(list, low + (high - low) / 2, length)?;
        match line.bytes.as_slice().cmp(serial.as_bytes()) {
            Ordering::Less => low = line.next,
            Ordering::Greater => high = line.begin,
            Ordering::Equal => return lines_before(list, line.begin).map(Some),
        }
    }
    Ok(None)
}

/// One line of a list.
struct Line {
    begin: u64,
    next: u64,
    bytes: Vec<u8>,
}

impl Line {
    /// The line in which a byte stands.
    fn around(list: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Self> {
        let from = at.saturating_sub(LINE_BYTES_MAX);
        let until = (at + LINE_BYTES_MAX).min(length);
        list.seek(SeekFrom::Start(from))?;
        let mut window = Vec::with_capacity(2 * LINE_BYTES_MAX as usize);
        list.by_ref().take(until - from).read_to_end(&mut window)?;
        let here = (at - from) as usize;
        let before = window.get(..here).ok_or_else(no_list)?;
        let begin = match before.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if from == 0 => 0,
            None => return Err(no_list()),
        };
        let end = window[here..].iter().position(|byte| *byte == b'\n');
        let end = here + end.ok_or_else(no_list)?;
        Ok(Line {
            begin: from + begin as u64,
            next: from + end as u64 + 1,
            bytes: window[begin..end].to_vec(),
        })
    }
}

fn lines_before(list: &mut (impl Read + Seek), end: u64) -> io::Result<u64> {
    list.seek(SeekFrom::Start(0))?;
    let mut left = list.take(end);
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut lines = 0;
    loop {
        let read = left.read(&mut buffer)?;
        if read == 0 {
            return Ok(lines);
        }
        lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}

fn no_list() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn list(serials: &[&str]) -> Cursor<Vec<u8>> {
        let lines = serials.iter().map(|serial| format!("{serial}\n"));
        Cursor::new(lines.collect::<String>().into_bytes())
    }

    fn check(serials: &[&str], absent: &[&str]) {
        let mut list = list(serials);
        let mut place = |text: &str| place_in_list(&mut list, &Serial::parse(text).unwrap());
        for (index, serial) in serials.iter().enumerate() {
            assert_eq!(place(serial).unwrap(), Some(index as u64), "{serial}");
        }
        for serial in absent {
            assert_eq!(place(serial).unwrap(), None, "{serial}");
        }
    }

    #[test]
    fn every_place_of_a_list_is_found_and_nothing_else() {
        check(&[], &["A"]);
        check(&["A"], &["0", "B", "a", "AA"]);
        check(
            &["0", "00", "01", "A", "AAAAAAAAAAAAAAAAAAAA", "AB", "a"],
            &["000", "AAAAAAAAAAAAAAAAAAA", "AAA", "AC", "b", "!"],
        );
        let many: Vec<String> = (0..5_000).map(|number| format!("S{number:06}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check(&many, &["S", "S0000001", "S005000", "R", "T"]);
    }

    #[test]
    fn what_is_no_list_is_told() {
        let long = "X".repeat(400);
        for text in ["A", "A\nB", &format!("{long}\n")] {
            let mut file = Cursor::new(text.as_bytes().to_vec());
            let found = place_in_list(&mut file, &Serial::parse("Z").unwrap());
            assert_eq!(
                found.map_err(|error| error.kind()),
                Err(io::ErrorKind::InvalidData),
                "{text}"
            );
        }
    }
}
