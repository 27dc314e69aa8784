//! The files of one tenant: originals, documents, serial lists, work in progress.
//!
//! Finished files are kept under their SHA-256 and never change. They are written under a temporary name, synced, renamed
//! and the folder synced, so that after a power cut a file is whole or absent; a failed sync is an error, never retried.
//! Every path contains the tenant's number, and only its own [`Blobs`] can name it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use packtwin_core::audit::Hash;
use packtwin_core::ids::{TenantId, UploadId};

/// Bytes moved at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// The files of one tenant.
#[derive(Debug, Clone)]
pub struct Blobs {
    blobs: PathBuf,
    incoming: PathBuf,
    work: PathBuf,
}

/// A finished file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its SHA-256, which is also its name.
    pub sha256: Hash,
    /// Its length.
    pub bytes: u64,
}

impl Blobs {
    pub(crate) fn new(folder: &Path, tenant: TenantId) -> Self {
        let of = |part: &str| folder.join(part).join(tenant.to_string());
        Blobs {
            blobs: of("blobs"),
            incoming: of("incoming"),
            work: of("work"),
        }
    }

    /// Begins a file whose hash is known at its end.
    ///
    /// # Errors
    /// The folder is not writable.
    pub fn create(&self) -> io::Result<BlobWriter> {
        fs::create_dir_all(&self.blobs)?;
        let path = self.blobs.join(format!("new-{}", unique_name()?));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok(BlobWriter {
            file: Some(io::BufWriter::with_capacity(BUFFER_BYTES, file)),
            path,
            folder: self.blobs.clone(),
            digest: Sha256::new(),
            bytes: 0,
        })
    }

    /// Opens a finished file.
    ///
    /// # Errors
    /// It is not there.
    pub fn open(&self, sha256: &Hash) -> io::Result<File> {
        File::open(self.path(sha256))
    }

    /// Where a finished file lies, for readers that need a path.
    pub fn path(&self, sha256: &Hash) -> PathBuf {
        blob_path(&self.blobs, sha256)
    }

    /// Appends a part to a file that is being received, which must be `offset` bytes long. Answers the new length. What
    /// was answered is on the disk.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] when the length is another; the part was not taken. Other errors: what had
    /// arrived before the failure may have been kept, so ask for the length.
    pub fn incoming_append(
        &self,
        upload: UploadId,
        offset: u64,
        part: &mut dyn Read,
    ) -> io::Result<u64> {
        fs::create_dir_all(&self.incoming)?;
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.incoming_path(upload))?;
        if file.metadata()?.len() != offset {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let copied = io::copy(part, &mut file);
        // Whatever arrived is synced; why the rest did not is told first.
        let synced = file.sync_data();
        let bytes = copied?;
        synced?;
        Ok(offset + bytes)
    }

    /// Takes back what a refused part appended: the file is `length` bytes long again.
    ///
    /// # Errors
    /// The file is not there or cannot be cut.
    pub fn incoming_cut(&self, upload: UploadId, length: u64) -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .open(self.incoming_path(upload))?;
        file.set_len(length)?;
        file.sync_data()
    }

    /// How much of a file has arrived.
    ///
    /// # Errors
    /// The file cannot be looked at.
    pub fn incoming_length(&self, upload: UploadId) -> io::Result<u64> {
        match fs::metadata(self.incoming_path(upload)) {
            Ok(data) => Ok(data.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Makes a received file a finished one: hashed, synced and linked to its name. The received one stays until it is
    /// discarded, so that a process killed in between can do this again.
    ///
    /// # Errors
    /// The file is not there or cannot be linked.
    pub fn incoming_finish(&self, upload: UploadId) -> io::Result<Stored> {
        let path = self.incoming_path(upload);
        let mut file = File::open(&path)?;
        let (sha256, bytes) = hash_of(&mut file)?;
        file.sync_all()?;
        drop(file);
        let to = blob_path(&self.blobs, &sha256);
        fs::create_dir_all(to.parent().unwrap_or(&self.blobs))?;
        match fs::hard_link(&path, &to) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
        sync_folders(&to, &self.blobs)?;
        Ok(Stored { sha256, bytes })
    }

    /// Throws away what has arrived of a file.
    ///
    /// # Errors
    /// The file is there and cannot be removed.
    pub fn incoming_discard(&self, upload: UploadId) -> io::Result<()> {
        absent_is_fine(fs::remove_file(self.incoming_path(upload)))
    }

    /// The folder for intermediate files of an upload; made when absent.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn work_folder(&self, upload: UploadId) -> io::Result<PathBuf> {
        let folder = self.work.join(upload.to_string());
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Removes the intermediate files of an upload.
    ///
    /// # Errors
    /// The folder is there and cannot be removed.
    pub fn work_discard(&self, upload: UploadId) -> io::Result<()> {
        absent_is_fine(fs::remove_dir_all(self.work.join(upload.to_string())))
    }

    fn incoming_path(&self, upload: UploadId) -> PathBuf {
        self.incoming.join(upload.to_string())
    }
}

/// A file being written. Dropped without [`BlobWriter::finish`], it is removed.
pub struct BlobWriter {
    file: Option<io::BufWriter<File>>,
    path: PathBuf,
    folder: PathBuf,
    digest: Sha256,
    bytes: u64,
}

impl BlobWriter {
    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the file: from here on it is on the disk under its hash.
    ///
    /// # Errors
    /// Writing or syncing failed; the file is gone.
    pub fn finish(mut self) -> io::Result<Stored> {
        let buffer = self.file.take().ok_or(io::ErrorKind::Other)?;
        let file = buffer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        drop(file);
        let sha256: Hash = std::mem::take(&mut self.digest).finalize().into();
        settle(&self.path, &self.folder, &sha256)?;
        Ok(Stored {
            sha256,
            bytes: self.bytes,
        })
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::Other)?;
        let taken = file.write(bytes)?;
        self.digest.update(&bytes[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Best effort: a left-over temporary file is swept at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Renames a synced file to its hash and syncs the folders on the way.
fn settle(from: &Path, blobs: &Path, sha256: &Hash) -> io::Result<()> {
    let to = blob_path(blobs, sha256);
    let folder = to.parent().unwrap_or(blobs);
    fs::create_dir_all(folder)?;
    fs::rename(from, &to)?;
    sync_folders(&to, blobs)
}

fn sync_folders(file: &Path, blobs: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        File::open(folder)?.sync_all()?;
    }
    File::open(blobs)?.sync_all()
}

fn blob_path(blobs: &Path, sha256: &Hash) -> PathBuf {
    let name = hex(sha256);
    blobs.join(&name[..2]).join(name)
}

/// A hash in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
            text
        })
}

fn hash_of(source: &mut dyn Read) -> io::Result<(Hash, u64)> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut bytes = 0;
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            return Ok((digest.finalize().into(), bytes));
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
    }
}

fn unique_name() -> io::Result<String> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(io::Error::other)?;
    Ok(hex(&bits))
}

fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
