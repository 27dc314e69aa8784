//! A file on its way to the site: found again or announced, part after part, ended with its hash.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use packtwin_tenants::blob::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::site::{Failed, Site, escaped};
use super::{state, text};

/// Bytes hashed at once.
const HASH_BYTES: usize = 256 * 1024;
/// How often an upload is begun anew when what an earlier run left held other bytes.
const BEGINNINGS_MAX: u32 = 2;

/// What to hand in.
pub(super) struct ReceiveOrder<'a> {
    pub(super) path: &'a Path,
    pub(super) partner: &'a str,
    pub(super) part_bytes: u64,
}

/// Hands the file in. Answers the upload that holds it.
pub(super) fn receive(site: &Site, order: &ReceiveOrder<'_>) -> Result<Value, Failed> {
    let mut file = File::open(order.path)?;
    let (sha256, bytes) = hash(&mut file)?;
    let name = order.path.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let begin = json!({ "name": name, "size": bytes, "partner": order.partner, "sha256": sha256 });
    for beginning in 1.. {
        let upload = match found(site, &name, bytes, order.partner)? {
            Some(broken) if beginning == 1 => broken,
            _ => site.post("/v1/uploads", &begin)?,
        };
        if state(&upload) != "receiving" {
            return Ok(upload);
        }
        let id = text(&upload, "id")?;
        send_parts(site, &id, &mut file, bytes, order.part_bytes)?;
        let ended = site.post(
            &format!("/v1/uploads/{id}:complete"),
            &json!({ "sha256": sha256 }),
        );
        match ended {
            // What an earlier run had sent under this name was another file; the site has thrown it away.
            Err(Failed::Refused { code, .. })
                if code == "UPL-042" && beginning < BEGINNINGS_MAX => {}
            other => return other,
        }
    }
    Err(Failed::Left("the upload could not be begun".to_owned()))
}

/// An upload of the same name, length and partner whose sending was broken off; a dry run could not be committed.
fn found(site: &Site, name: &str, bytes: u64, partner: &str) -> Result<Option<Value>, Failed> {
    let path = format!("/v1/uploads?state=receiving&text={}", escaped(name));
    let same = |upload: &Value| {
        upload["name"] == name
            && upload["size"] == bytes
            && upload["partner"] == partner
            && upload["dry_run"] != true
    };
    Ok(site.all(&path)?.into_iter().find(same))
}

fn send_parts(
    site: &Site,
    id: &str,
    file: &mut File,
    bytes: u64,
    part_bytes: u64,
) -> Result<(), Failed> {
    let path = format!("/v1/uploads/{id}");
    let offset_here = || -> Result<u64, Failed> {
        site.get(&path)?["offset"]
            .as_u64()
            .ok_or_else(|| Failed::NotUnderstood("the answer names no offset".to_owned()))
    };
    let mut offset = offset_here()?;
    let mut broken = 0;
    while offset < bytes {
        let length = part_bytes.min(bytes - offset);
        file.seek(SeekFrom::Start(offset))?;
        match site.patch_part(&path, offset, &mut file.take(length), length) {
            Ok(()) => {
                offset += length;
                broken = 0;
            }
            // The line broke, or parts crossed: the site knows how far it came.
            Err(Failed::Unreached(why)) if broken < site.tries() => {
                broken += 1;
                eprintln!(
                    "packtwin: the connection broke at {} % ({why}); going on",
                    offset * 100 / bytes
                );
                site.pause(broken);
                offset = offset_here()?;
            }
            Err(Failed::Refused { code, .. }) if code == "UPL-041" && broken < site.tries() => {
                broken += 1;
                offset = offset_here()?;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

fn hash(file: &mut File) -> io::Result<(String, u64)> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; HASH_BYTES];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((hex(&digest.finalize()), bytes)),
            read => {
                digest.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}
