//! Keeps the EPCs of one event until its end, where its lot is named: in memory while they are few, in a file after.
//!
//! EPCIS puts the list of EPCs before action, business step and lot. One event may list millions, so that the list cannot
//! stay in memory; it goes to a temporary file that has no name and is gone with the process.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// Bytes kept in memory.
const MEMORY_BYTES: usize = 4 << 20;
/// The longest EPC that is kept whole. An SGTIN has at most 79 bytes, a Digital Link with a long stem a few hundred.
pub(crate) const EPC_BYTES_MAX: usize = 512;

/// The EPCs of one event with the lines they stand on.
#[derive(Default)]
pub(crate) struct EpcSpool {
    memory: Vec<u8>,
    file: Option<BufWriter<File>>,
}

impl EpcSpool {
    /// Forgets all EPCs; the file stays for the next event.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.memory.clear();
        if let Some(file) = &mut self.file {
            file.flush()?;
            file.get_mut().set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
        }
        Ok(())
    }

    /// Keeps an EPC; what is longer than [`EPC_BYTES_MAX`] is cut there, since it is none.
    pub(crate) fn push(&mut self, line: u64, epc: &str) -> io::Result<()> {
        let epc = &epc[..epc.floor_char_boundary(EPC_BYTES_MAX)];
        self.memory.extend_from_slice(&line.to_le_bytes());
        self.memory
            .extend_from_slice(&(epc.len() as u16).to_le_bytes());
        self.memory.extend_from_slice(epc.as_bytes());
        if self.memory.len() >= MEMORY_BYTES {
            let file = match &mut self.file {
                Some(file) => file,
                None => self.file.insert(BufWriter::new(tempfile::tempfile()?)),
            };
            file.write_all(&self.memory)?;
            self.memory.clear();
        }
        Ok(())
    }

    /// Hands over every EPC in order, with its line.
    pub(crate) fn for_each<E: From<io::Error>>(
        &mut self,
        mut take: impl FnMut(u64, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(file) = &mut self.file {
            file.flush()?;
            let length = file.stream_position()?;
            let file = file.get_mut();
            file.seek(SeekFrom::Start(0))?;
            each(BufReader::new(&mut *file).take(length), &mut take)?;
            file.seek(SeekFrom::Start(length))?;
        }
        each(self.memory.as_slice(), &mut take)
    }
}

fn each<E: From<io::Error>>(
    mut from: impl Read,
    take: &mut impl FnMut(u64, &str) -> Result<(), E>,
) -> Result<(), E> {
    let mut line = [0; 8];
    let mut length = [0; 2];
    let mut epc = [0; EPC_BYTES_MAX];
    loop {
        match from.read(&mut line[..1])? {
            0 => return Ok(()),
            _ => from.read_exact(&mut line[1..])?,
        }
        from.read_exact(&mut length)?;
        let epc = &mut epc[..usize::from(u16::from_le_bytes(length))];
        from.read_exact(epc)?;
        let text = std::str::from_utf8(epc).map_err(io::Error::other)?;
        take(u64::from_le_bytes(line), text)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spool: &mut EpcSpool, count: u64) {
        for number in 0..count {
            spool
                .push(
                    number + 1,
                    &format!("urn:epc:id:sgtin:0614141.112345.{number}"),
                )
                .unwrap();
        }
        let mut seen = 0;
        spool
            .for_each(|line, epc| {
                seen += 1;
                assert_eq!(line, seen);
                assert!(epc.ends_with(&format!(".{}", seen - 1)));
                Ok::<(), io::Error>(())
            })
            .unwrap();
        assert_eq!(seen, count);
        spool.clear().unwrap();
    }

    #[test]
    fn few_and_many_come_back_in_order() {
        let mut spool = EpcSpool::default();
        check(&mut spool, 3);
        check(&mut spool, 300_000);
        assert!(spool.memory.capacity() < MEMORY_BYTES * 4);
        check(&mut spool, 0);
        check(&mut spool, 200_000);
    }

    #[test]
    fn what_is_no_epc_is_cut() {
        let mut spool = EpcSpool::default();
        spool.push(1, &"ü".repeat(400)).unwrap();
        spool
            .for_each(|_, epc| {
                assert_eq!(epc.len(), EPC_BYTES_MAX);
                Ok::<(), io::Error>(())
            })
            .unwrap();
    }
}
