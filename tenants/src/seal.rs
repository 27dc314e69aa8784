//! Secrets: how they are held in memory, and how they are sealed before they reach the database.
//!
//! A site has one key of 256 bits in the file `site.key` of its folder, readable by its owner only and made when the site
//! is founded. Nothing uses it directly: each purpose has a key derived from it, so that a token key tells nothing of the
//! sealing key. Sealed values are XChaCha20-Poly1305 with the tenant's number and the purpose as associated data: copied to
//! another tenant's row or another purpose they do not open (security.md sections 6, 8 and 10). The database keeps a
//! fingerprint of the key, so that a site never starts with the key of another. Losing the file loses the sealed secrets;
//! it belongs into the backup beside the database, never into it.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use packtwin_core::ids::TenantId;

use crate::blob::hex;
use crate::error::StoreError;
use crate::random;
use crate::scope::TenantScope;

/// The file of the key within the site's folder.
const FILE_NAME: &str = "site.key";
/// Length of the key and of every key derived from it.
const KEY_BYTES: usize = 32;
/// Names the way keys are derived.
const DERIVE_DOMAIN: &[u8] = b"packtwin derived key v1\0";
/// Names the form of sealed values; also their first byte.
const SEAL_VERSION: u8 = 1;
/// Length of the random part before the sealed bytes.
const NONCE_BYTES: usize = 24;

/// Bytes that must not be seen: printing shows nothing of them, dropping wipes them.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes bytes or text into custody.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Secret(Zeroizing::new(bytes.into()))
    }

    /// The bytes, for the one place that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, when they are text.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// Compares in a time that tells nothing of where the two differ.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

/// The key of a site.
pub(crate) struct SiteKey(Secret);

impl SiteKey {
    /// Reads the key of a site, when there is one.
    ///
    /// # Errors
    /// The file is not 64 hexadecimal digits, or others than its owner may read it.
    pub(crate) fn load(folder: &Path) -> Result<Option<Self>, StoreError> {
        SiteKey::load_file(&folder.join(FILE_NAME))
    }

    /// As [`SiteKey::load`], for a key with a file of its own.
    ///
    /// # Errors
    /// The file is not 64 hexadecimal digits, or others than its owner may read it.
    pub(crate) fn load_file(path: &Path) -> Result<Option<Self>, StoreError> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if file.metadata()?.mode() & 0o077 != 0 {
            return Err(StoreError::WrongSite(format!(
                "{} can be read by others than its owner; run chmod 600 on it",
                path.display()
            )));
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text)?;
        let bytes = bytes_of_hex(text.trim_end()).ok_or(StoreError::Damaged {
            what: "key of the site (site.key or verifier.key)",
        })?;
        Ok(Some(SiteKey(bytes)))
    }

    /// Draws a new key and writes it; the key that another process wrote first wins.
    ///
    /// # Errors
    /// The folder is not writable.
    pub(crate) fn make(folder: &Path) -> Result<Self, StoreError> {
        SiteKey::make_file(&folder.join(FILE_NAME))
    }

    /// As [`SiteKey::make`], for a key with a file of its own.
    ///
    /// # Errors
    /// The folder is not there or not writable.
    pub(crate) fn make_file(path: &Path) -> Result<Self, StoreError> {
        let folder = path.parent().ok_or(StoreError::NotFound)?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random::fill(&mut *bytes)?;
        let draft = folder.join(format!("key.{:032x}", random::bits()?));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(format!("{}\n", hex(&*bytes)).as_bytes())?;
        file.sync_all()?;
        // A link is made only where no file is, so that the key is whole or absent and never replaced.
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        File::open(folder)?.sync_all()?;
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        SiteKey::load_file(path)?.ok_or(StoreError::NotFound)
    }

    /// What the database remembers of the key: enough to recognise it, too little to find it.
    pub(crate) fn fingerprint(&self) -> String {
        hex(&self.derive("fingerprint").expose()[..8])
    }

    /// The key for one purpose.
    pub(crate) fn derive(&self, purpose: &str) -> Secret {
        let mut mac = mac(&self.0);
        mac.update(DERIVE_DOMAIN);
        mac.update(purpose.as_bytes());
        Secret::new(mac.finalize().into_bytes().to_vec())
    }

    /// A keyed digest of a text, for counters about a person or address whose text is not to be kept.
    pub(crate) fn pseudonym(&self, purpose: &str, text: &str) -> String {
        let mut mac = mac(&self.derive(purpose));
        mac.update(text.as_bytes());
        hex(&mac.finalize().into_bytes()[..16])
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let key = self.derive("seal");
        XChaCha20Poly1305::new_from_slice(key.expose())
            .expect("a derived key has the 32 bytes that the cipher takes")
    }
}

impl TenantScope {
    /// Seals a secret of this tenant for one purpose. Each call gives other bytes.
    ///
    /// # Errors
    /// The operating system gave no random bits.
    pub fn seal(&self, purpose: &str, secret: &Secret) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        random::fill(&mut nonce)?;
        let payload = Payload {
            msg: secret.expose(),
            aad: &associated_data(self.actor.tenant, purpose),
        };
        let sealed = self
            .site
            .key
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Damaged { what: "secret" })?;
        let mut bytes = vec![SEAL_VERSION];
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Opens what [`TenantScope::seal`] sealed for this tenant and purpose.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the bytes were changed or were sealed for another tenant, purpose or site.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Secret, StoreError> {
        let damaged = || StoreError::Damaged {
            what: "sealed secret",
        };
        let rest = sealed.strip_prefix(&[SEAL_VERSION]).ok_or_else(damaged)?;
        let (nonce, message) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(damaged)?;
        let payload = Payload {
            msg: message,
            aad: &associated_data(self.actor.tenant, purpose),
        };
        let opened = self
            .site
            .key
            .cipher()
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| damaged())?;
        Ok(Secret::new(opened))
    }
}

fn associated_data(tenant: TenantId, purpose: &str) -> Vec<u8> {
    let mut data = tenant.0.to_be_bytes().to_vec();
    data.extend_from_slice(purpose.as_bytes());
    data
}

fn mac(key: &Secret) -> Hmac<Sha256> {
    Hmac::new_from_slice(key.expose()).expect("HMAC takes a key of any length")
}

fn bytes_of_hex(text: &str) -> Option<Secret> {
    if text.len() != 2 * KEY_BYTES {
        return None;
    }
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).map(|value| value as u8))
        .collect();
    let digits = Zeroizing::new(digits?);
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    Some(Secret::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestSite, for_each_engine};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_sealed_secret_opens_for_its_tenant_and_purpose_only() {
        for_each_engine(|site| {
            let (a, b) = site.two_tenants();
            let (a, b) = (site.scope_of(a), site.scope_of(b));
            let secret = Secret::new("hub password");
            let sealed = a.seal("connector eu_hub", &secret).unwrap();
            assert_eq!(a.unseal("connector eu_hub", &sealed).unwrap(), secret);
            assert!(b.unseal("connector eu_hub", &sealed).is_err());
            assert!(a.unseal("webhook", &sealed).is_err());
            for place in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[place] ^= 1;
                assert!(a.unseal("connector eu_hub", &changed).is_err(), "{place}");
            }
            assert!(a.unseal("connector eu_hub", &sealed[..20]).is_err());
            assert_ne!(a.seal("connector eu_hub", &secret).unwrap(), sealed);
            assert!(!sealed.windows(8).any(|part| part == b"password"));
        });
    }

    #[test]
    fn printing_a_secret_shows_nothing_of_it() {
        assert_eq!(format!("{:?}", Secret::new("hidden")), "Secret(not shown)");
    }

    #[test]
    fn the_key_is_its_owners_and_belongs_to_its_database() {
        let mut site = TestSite::sqlite();
        let path = site.folder().join(FILE_NAME);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let text = fs::read_to_string(&path).unwrap();
        site.reopen().unwrap();

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(site.reopen(), Err(StoreError::WrongSite(_))));

        fs::remove_file(&path).unwrap();
        assert!(matches!(site.reopen(), Err(StoreError::WrongSite(_))));
        assert!(!path.exists(), "a founded site gets no new key");

        SiteKey::make(site.folder()).unwrap();
        assert_ne!(fs::read_to_string(&path).unwrap(), text);
        assert!(matches!(site.reopen(), Err(StoreError::WrongSite(_))));

        fs::write(&path, "cut").unwrap();
        assert!(matches!(site.reopen(), Err(StoreError::Damaged { .. })));
        fs::write(&path, text).unwrap();
        site.reopen().unwrap();
    }
}
