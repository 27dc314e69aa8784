//! The spool: the rows of a file, sorted by product and serial, in flat memory.
//!
//! Rows arrive in file order and leave in key order. What fits is sorted in memory; more is sorted in runs on the disk
//! and merged. Sorted order is what makes duplicates neighbours, look-ups cheap and bulk inserts quick, so it is made
//! once, at the check, and kept until the commit.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use packtwin_core::serial::Serial;

/// Bytes of an entry on disk.
const ENTRY_BYTES: usize = 32;
/// Buffer of one run while merging.
const RUN_BUFFER_BYTES: usize = 128 * 1024;
/// Begins every sorted file; the number of entries follows.
const MAGIC: &[u8; 8] = b"ptspool1";

/// One row: product and serial as the sort key, the lot it belongs to, and where it stood.
///
/// The key packs the product's number within the file (16 bits), the serial padded with zero bytes (20 bytes; no serial
/// contains one, so the order is that of the serials) and the lot's number within the file (16 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    key: [u64; 3],
    row: u64,
}

impl Entry {
    /// A row of a file.
    pub fn new(product: u16, serial: &Serial, lot: u16, row: u64) -> Self {
        let mut bytes = [0; 24];
        bytes[..2].copy_from_slice(&product.to_be_bytes());
        bytes[2..2 + serial.as_bytes().len()].copy_from_slice(serial.as_bytes());
        bytes[22..].copy_from_slice(&lot.to_be_bytes());
        let word = |at: usize| {
            let mut part = [0; 8];
            part.copy_from_slice(&bytes[at..at + 8]);
            u64::from_be_bytes(part)
        };
        Entry {
            key: [word(0), word(8), word(16)],
            row,
        }
    }

    /// Four words of another meaning, sorted in their order.
    pub fn from_words([first, second, third, fourth]: [u64; 4]) -> Self {
        Entry {
            key: [first, second, third],
            row: fourth,
        }
    }

    /// The words of [`Entry::from_words`].
    pub fn words(&self) -> [u64; 4] {
        [self.key[0], self.key[1], self.key[2], self.row]
    }

    /// The product's number within the file.
    pub fn product(&self) -> u16 {
        (self.key[0] >> 48) as u16
    }

    /// The lot's number within the file.
    pub fn lot(&self) -> u16 {
        (self.key[2] & 0xffff) as u16
    }

    /// Where it stood in the file.
    pub fn row(&self) -> u64 {
        self.row
    }

    /// The serial.
    pub fn serial(&self) -> Option<Serial> {
        let mut bytes = [0; 24];
        for (place, word) in bytes.chunks_exact_mut(8).zip(self.key) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        let padded = &bytes[2..22];
        let length = padded
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(padded.len());
        Serial::from_bytes(&padded[..length])
    }

    /// Whether both name the same pack.
    pub fn same_pack(&self, other: &Entry) -> bool {
        self.key[0] == other.key[0]
            && self.key[1] == other.key[1]
            && self.key[2] >> 16 == other.key[2] >> 16
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut bytes = [0; ENTRY_BYTES];
        for (place, word) in bytes
            .chunks_exact_mut(8)
            .zip(self.key.iter().chain([&self.row]))
        {
            place.copy_from_slice(&word.to_le_bytes());
        }
        out.write_all(&bytes)
    }

    fn read(input: &mut dyn Read) -> io::Result<Self> {
        let mut bytes = [0; ENTRY_BYTES];
        input.read_exact(&mut bytes)?;
        let mut words = bytes.chunks_exact(8).map(|part| {
            let mut word = [0; 8];
            word.copy_from_slice(part);
            u64::from_le_bytes(word)
        });
        let mut next = || words.next().unwrap_or_default();
        Ok(Entry {
            key: [next(), next(), next()],
            row: next(),
        })
    }
}

/// Takes rows in file order.
pub struct Spool {
    folder: PathBuf,
    name: &'static str,
    rows_max: usize,
    rows: Vec<Entry>,
    runs: Vec<PathBuf>,
}

impl Spool {
    /// An empty spool that keeps at most `rows_max` rows in memory and its runs in `folder`, under `name`.
    pub fn new(folder: &Path, name: &'static str, rows_max: usize) -> Self {
        Spool {
            folder: folder.to_owned(),
            name,
            rows_max: rows_max.max(1),
            rows: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// A run could not be written.
    pub fn push(&mut self, entry: Entry) -> io::Result<()> {
        if self.rows.len() == self.rows_max {
            self.spill()?;
        }
        self.rows.push(entry);
        Ok(())
    }

    /// Ends the taking; the rows come out in order.
    ///
    /// # Errors
    /// A run could not be written or opened.
    pub fn into_sorted(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            self.rows.sort_unstable();
            return Ok(Sorted::Memory(std::mem::take(&mut self.rows).into_iter()));
        }
        self.spill()?;
        self.rows = Vec::new();
        let mut runs = Vec::with_capacity(self.runs.len());
        let mut heads = BinaryHeap::with_capacity(self.runs.len());
        for (index, path) in self.runs.iter().enumerate() {
            let mut run = EntryFile::open(path)?;
            if let Some(entry) = run.next_entry()? {
                heads.push(Reverse((entry, index)));
            }
            runs.push(run);
        }
        Ok(Sorted::Disk { heads, runs })
    }

    fn spill(&mut self) -> io::Result<()> {
        self.rows.sort_unstable();
        let path = self
            .folder
            .join(format!("{}-{}", self.name, self.runs.len()));
        let mut file = EntryWriter::create(&path)?;
        for entry in &self.rows {
            file.push(entry)?;
        }
        file.finish()?;
        self.runs.push(path);
        self.rows.clear();
        Ok(())
    }
}

/// The runs are only needed until they are merged.
impl Drop for Spool {
    fn drop(&mut self) {
        for run in &self.runs {
            // On failure the file goes with the work folder; an open run can still be read to its end.
            let _ = std::fs::remove_file(run);
        }
    }
}

/// Rows in order of product and serial.
pub enum Sorted {
    /// All in memory.
    Memory(std::vec::IntoIter<Entry>),
    /// In runs on the disk.
    Disk {
        /// The next row of each run.
        heads: BinaryHeap<Reverse<(Entry, usize)>>,
        /// The runs.
        runs: Vec<EntryFile>,
    },
}

impl Sorted {
    /// The next row.
    ///
    /// # Errors
    /// A run could not be read.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        match self {
            Sorted::Memory(rows) => Ok(rows.next()),
            Sorted::Disk { heads, runs } => {
                let Some(Reverse((entry, index))) = heads.pop() else {
                    return Ok(None);
                };
                if let Some(next) = runs[index].next_entry()? {
                    heads.push(Reverse((next, index)));
                }
                Ok(Some(entry))
            }
        }
    }
}

/// Writes a file of sorted rows.
pub struct EntryWriter {
    file: BufWriter<File>,
    path: PathBuf,
    count: u64,
}

impl EntryWriter {
    /// Begins a file; it is not valid before [`EntryWriter::finish`].
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file =
            BufWriter::with_capacity(RUN_BUFFER_BYTES, File::create(path.with_extension("part"))?);
        file.write_all(MAGIC)?;
        file.write_all(&0u64.to_le_bytes())?;
        Ok(EntryWriter {
            file,
            path: path.to_owned(),
            count: 0,
        })
    }

    /// Takes a row; the caller keeps the order.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn push(&mut self, entry: &Entry) -> io::Result<()> {
        self.count += 1;
        entry.write(&mut self.file)
    }

    /// Ends the file with its count and gives it its name. Answers the count.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> io::Result<u64> {
        use std::io::{Seek, SeekFrom};
        let mut file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
        file.write_all(&self.count.to_le_bytes())?;
        drop(file);
        std::fs::rename(self.path.with_extension("part"), &self.path)?;
        Ok(self.count)
    }
}

/// Reads a file of sorted rows.
pub struct EntryFile {
    file: BufReader<File>,
    left: u64,
}

impl EntryFile {
    /// Opens a finished file.
    ///
    /// # Errors
    /// It is not there, or is no finished spool file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(RUN_BUFFER_BYTES, File::open(path)?);
        let mut head = [0; 16];
        file.read_exact(&mut head)?;
        if &head[..8] != MAGIC {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        let mut count = [0; 8];
        count.copy_from_slice(&head[8..]);
        Ok(EntryFile {
            file,
            left: u64::from_le_bytes(count),
        })
    }

    /// How many rows are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Passes over rows.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn skip(&mut self, rows: u64) -> io::Result<()> {
        let rows = rows.min(self.left);
        let bytes = i64::try_from(rows * ENTRY_BYTES as u64).map_err(io::Error::other)?;
        self.file.seek_relative(bytes)?;
        self.left -= rows;
        Ok(())
    }

    /// The next row.
    ///
    /// # Errors
    /// The file cannot be read or was cut.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        Entry::read(&mut self.file).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(text: &str) -> Serial {
        Serial::parse(text).unwrap()
    }

    #[test]
    fn an_entry_gives_back_what_it_was_made_of() {
        for text in ["A", "abc!\"%&'()*+,-./:", "12345678901234567890"] {
            let entry = Entry::new(7, &serial(text), 65_535, 9);
            assert_eq!((entry.product(), entry.lot(), entry.row()), (7, 65_535, 9));
            assert_eq!(entry.serial(), Some(serial(text)));
        }
    }

    #[test]
    fn the_order_is_product_then_serial_bytewise() {
        let keys = [(0, "A"), (0, "A0"), (0, "B"), (0, "a"), (1, "0")];
        let entries: Vec<Entry> = keys
            .iter()
            .map(|(product, text)| Entry::new(*product, &serial(text), 3, 1))
            .collect();
        assert!(entries.is_sorted());
        assert!(Entry::new(0, &serial("A"), 1, 5).same_pack(&Entry::new(0, &serial("A"), 2, 9)));
        assert!(!Entry::new(0, &serial("A"), 1, 5).same_pack(&Entry::new(0, &serial("A0"), 1, 5)));
    }

    /// The same rows come out whether they fit in memory or not.
    #[test]
    fn runs_on_disk_merge_to_the_order_of_memory() {
        let folder = std::env::temp_dir().join(format!("packtwin-spool-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let rows: Vec<Entry> = (0..1_000u64)
            .map(|row| {
                Entry::new(
                    (row % 3) as u16,
                    &serial(&format!("S{}", row * 7_919 % 1_000)),
                    0,
                    row,
                )
            })
            .collect();
        let drain = |rows_max| {
            let mut spool = Spool::new(&folder, "rows", rows_max);
            for row in &rows {
                spool.push(*row).unwrap();
            }
            let mut sorted = spool.into_sorted().unwrap();
            std::iter::from_fn(|| sorted.next_entry().unwrap()).collect::<Vec<_>>()
        };
        let expected = drain(10_000);
        assert!(expected.is_sorted());
        assert_eq!(drain(64), expected);
        assert_eq!(drain(1_000), expected);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
