//! Checkpoints of the audit chains, kept outside the database: one file for each tenant and day (security.md section 9).
//!
//! Whoever may write everything inside the database can cut the end of a chain off, or write a chain anew that holds in
//! itself. Neither agrees with a checkpoint that was taken before: the number and hash of the last entry, with the time,
//! signed. The form is a signed note as C2SP tlog-checkpoint has it, so that witnesses of other makes can read and co-sign
//! it; the hash is the chain's head, not the root of a tree. The key is Ed25519, derived from the site's key file, which
//! is not in the database either; its public half stands beside the files. Files can be copied anywhere (write-once
//! storage, mail, the periodic review) and are verified from there. Serves URS-AT-005.
//!
//! A separate signing process, a yearly key change and co-signatures are not here.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use packtwin_core::audit::{ChainBroken, ChainWalk, Checkpoint};
use packtwin_core::ids::TenantId;
use packtwin_core::time::Timestamp;

use crate::blob::hex;
use crate::error::StoreError;
use crate::random;
use crate::scope::Reader;
use crate::site::Site;

/// The folder within the site's folder.
const FOLDER: &str = "checkpoints";
/// The file with the public key, in the form of C2SP signed-note.
const KEY_FILE: &str = "key.pub";
/// What the signing key is derived for.
const KEY_PURPOSE: &str = "audit checkpoint";
/// C2SP signed-note: the kind of an Ed25519 key.
const ED25519_KIND: u8 = 1;
/// Length of the part of a signature that names the key.
const KEY_ID_BYTES: usize = 4;
/// More than a day's notes of one tenant ever need.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What became of an attempt to seal a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealing {
    /// A checkpoint was written.
    Written(Checkpoint),
    /// Nothing was added since the last one of the day.
    Unchanged,
    /// The chain does not go on from the last checkpoint. It was not sealed: a person must look.
    Broken(ChainBroken),
}

/// Why a checkpoint cannot be believed.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointFault {
    /// A file has another form than a day's checkpoints.
    #[error("{} holds no checkpoints: {why}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// A note was changed, or signed by another site.
    #[error("{}: note {note} does not bear this site's signature", path.display())]
    Signature {
        /// The file.
        path: PathBuf,
        /// The note, counted from 1.
        note: usize,
    },
    /// The files or the key could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<std::io::Error> for CheckpointFault {
    fn from(error: std::io::Error) -> Self {
        CheckpointFault::Store(error.into())
    }
}

impl Site {
    /// Where this site writes its checkpoints; a folder for each tenant.
    pub fn checkpoint_folder(&self) -> PathBuf {
        self.folder().join(FOLDER)
    }

    /// The public key of this site's checkpoints, in the form of C2SP signed-note: name, key id and key.
    ///
    /// # Errors
    /// The site's key gives none, which only damage can do.
    pub fn checkpoint_key(&self) -> Result<String, StoreError> {
        Ok(Signer::of(self)?.public_text())
    }

    /// Seals the chain of a tenant as it stands: once a day, and whenever it has grown since the last time. The entries since then are followed before, so that nothing broken is ever sealed.
    ///
    /// # Errors
    /// The database or the folder failed, or the last checkpoint cannot be believed.
    pub fn checkpoint_write(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Sealing, CheckpointFault> {
        let signer = Signer::of(self)?;
        let folder = self.checkpoint_folder().join(tenant.to_string());
        fs::create_dir_all(&folder)?;
        let last = match day_files(&folder)?.pop() {
            Some(newest) => signer.read_file(&newest, tenant)?.pop(),
            None => None,
        };
        let walk = last
            .as_ref()
            .map_or_else(|| ChainWalk::of(tenant), ChainWalk::after);
        let scope = self.system_scope(tenant, "checkpoint");
        let followed = scope.read(|reader| {
            if let Some(last) = &last
                && let Err(broken) = still_there(reader, last)?
            {
                return Ok(Err(broken));
            }
            reader.audit_follow(walk, &[])
        })?;
        let end = match followed {
            Ok(end) => end,
            Err(broken) => return Ok(Sealing::Broken(broken)),
        };
        let path = folder.join(format!("{}.txt", now.date()));
        if end.seq() == 0 || (path.exists() && last.is_some_and(|last| last.seq == end.seq())) {
            return Ok(Sealing::Unchanged);
        }
        let checkpoint = Checkpoint {
            seq: end.seq(),
            hash: *end.hash(),
            at: now,
        };
        let mut notes = match fs::read_to_string(&path) {
            Ok(notes) => notes + "\n",
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        notes.push_str(&signer.note(tenant, &checkpoint));
        write_whole(&path, &notes)?;
        write_whole(
            &self.checkpoint_folder().join(KEY_FILE),
            &format!("{}\n", signer.public_text()),
        )?;
        Ok(Sealing::Written(checkpoint))
    }

    /// All checkpoints of a tenant in a folder, this site's own or a copy kept elsewhere, each with its signature checked.
    ///
    /// # Errors
    /// A file was changed, is of another site or tenant, or cannot be read.
    pub fn checkpoint_list(
        &self,
        folder: &Path,
        tenant: TenantId,
    ) -> Result<Vec<Checkpoint>, CheckpointFault> {
        let signer = Signer::of(self)?;
        let mut checkpoints = Vec::new();
        for path in day_files(&folder.join(tenant.to_string()))? {
            checkpoints.extend(signer.read_file(&path, tenant)?);
        }
        Ok(checkpoints)
    }
}

/// Whether the entry that was sealed last still stands with its hash.
fn still_there(
    reader: &mut Reader<'_>,
    last: &Checkpoint,
) -> Result<Result<(), ChainBroken>, StoreError> {
    let expected = last.seq;
    let Some(newest) = reader.audit_list_before(i64::MAX, None, 1)?.pop() else {
        return Ok(Err(ChainBroken::Cut { expected, found: 0 }));
    };
    if newest.entry.seq < expected {
        let found = newest.entry.seq;
        return Ok(Err(ChainBroken::Cut { expected, found }));
    }
    Ok(match reader.audit_list_after(expected - 1, 1)?.pop() {
        Some(sealed) if sealed.entry.seq != expected => Err(ChainBroken::Gap {
            expected,
            found: sealed.entry.seq,
        }),
        Some(sealed) if sealed.hash == last.hash => Ok(()),
        _ => Err(ChainBroken::Rewritten { seq: expected }),
    })
}

/// The files of a tenant's days, the oldest first; none where there is no folder.
fn day_files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "txt") {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Writes a file so that it is whole or as it was before.
fn write_whole(path: &Path, text: &str) -> Result<(), StoreError> {
    let draft = path.with_extension(format!("{:032x}", random::bits()?));
    let mut file = File::create_new(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Signs and reads notes with the key of a site.
struct Signer {
    name: String,
    pair: Ed25519KeyPair,
}

impl Signer {
    fn of(site: &Site) -> Result<Self, StoreError> {
        let seed = site.derived_key(KEY_PURPOSE);
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| {
            StoreError::Damaged {
                what: "key of checkpoints",
            }
        })?;
        let name = format!(
            "packtwin.audit/{}",
            hex(&Sha256::digest(pair.public_key())[..8])
        );
        Ok(Signer { name, pair })
    }

    /// C2SP signed-note: the first bytes of a hash over name, kind and public key.
    fn key_id(&self) -> [u8; KEY_ID_BYTES] {
        let mut digest = Sha256::new();
        digest.update(self.name.as_bytes());
        digest.update([b'\n', ED25519_KIND]);
        digest.update(self.pair.public_key());
        let hash: [u8; 32] = digest.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn public_text(&self) -> String {
        let mut key = vec![ED25519_KIND];
        key.extend(self.pair.public_key().as_ref());
        format!(
            "{}+{}+{}",
            self.name,
            hex(&self.key_id()),
            BASE64.encode(key)
        )
    }

    fn origin(&self, tenant: TenantId) -> String {
        format!("{}/tenant/{tenant}", self.name)
    }

    /// Origin, number of entries, hash and time, a line each; an empty line; the signature.
    fn note(&self, tenant: TenantId, checkpoint: &Checkpoint) -> String {
        let origin = self.origin(tenant);
        let hash = BASE64.encode(checkpoint.hash);
        let body = format!("{origin}\n{}\n{hash}\n{}\n", checkpoint.seq, checkpoint.at);
        let mut signature = self.key_id().to_vec();
        signature.extend(self.pair.sign(body.as_bytes()).as_ref());
        format!("{body}\n— {} {}\n", self.name, BASE64.encode(signature))
    }

    /// The checkpoints of one file in the order written.
    fn read_file(&self, path: &Path, tenant: TenantId) -> Result<Vec<Checkpoint>, CheckpointFault> {
        let form = |why| CheckpointFault::Form {
            path: path.to_owned(),
            why,
        };
        let mut text = String::new();
        let mut file = File::open(path)?.take(FILE_BYTES_MAX + 1);
        match file.read_to_string(&mut text) {
            Ok(bytes) if bytes as u64 > FILE_BYTES_MAX => return Err(form("it is too long")),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(form("it is no text"));
            }
            Err(error) => return Err(error.into()),
        }
        let text = text
            .strip_suffix('\n')
            .ok_or_else(|| form("its end is missing"))?;
        let parts: Vec<&str> = text.split("\n\n").collect();
        if !parts.len().is_multiple_of(2) {
            return Err(form("a note has no signature"));
        }
        let mut checkpoints = Vec::new();
        for (index, part) in parts.chunks_exact(2).enumerate() {
            let body = format!("{}\n", part[0]);
            if !part[1].lines().any(|line| self.is_signed(&body, line)) {
                let path = path.to_owned();
                return Err(CheckpointFault::Signature {
                    path,
                    note: index + 1,
                });
            }
            let (origin, checkpoint) =
                read_body(&body).ok_or_else(|| form("a note is no checkpoint"))?;
            if origin != self.origin(tenant) {
                return Err(form("it belongs to another chain"));
            }
            checkpoints.push(checkpoint);
        }
        Ok(checkpoints)
    }

    /// Whether a line is our signature of a note; those of witnesses are passed over.
    fn is_signed(&self, body: &str, line: &str) -> bool {
        let encoded = line
            .strip_prefix("— ")
            .and_then(|rest| rest.strip_prefix(self.name.as_str()))
            .and_then(|rest| rest.strip_prefix(' '));
        let Some(bytes) = encoded.and_then(|text| BASE64.decode(text).ok()) else {
            return false;
        };
        let Some((key_id, signature)) = bytes.split_at_checked(KEY_ID_BYTES) else {
            return false;
        };
        key_id == self.key_id()
            && UnparsedPublicKey::new(&ED25519, self.pair.public_key())
                .verify(body.as_bytes(), signature)
                .is_ok()
    }
}

fn read_body(body: &str) -> Option<(&str, Checkpoint)> {
    let mut lines = body.lines();
    let origin = lines.next()?;
    let checkpoint = Checkpoint {
        seq: lines.next()?.parse().ok()?,
        hash: BASE64.decode(lines.next()?).ok()?.try_into().ok()?,
        at: Timestamp::parse(lines.next()?)?,
    };
    Some((origin, checkpoint))
}
