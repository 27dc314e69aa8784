//! What a demo site must remember beside its database: how to sign in, and the simulator's certificate and port.
//!
//! `demo.json` is for the next start, `sign-in.txt` for people. Both hold secrets of a sandbox and are readable by their
//! owner alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use packtwin_connector_port::transport::ClientIdentity;
use packtwin_core::time::Timestamp;
use packtwin_simulators::sandbox_authority::SandboxAuthority;

use super::sample;
use crate::command::Failure;
use crate::pages::view::sign_in::DemoAccount;

/// For people.
pub(super) const SIGN_IN_FILE: &str = "sign-in.txt";

/// What the next start needs.
#[derive(Serialize, Deserialize)]
pub(super) struct Keepsake {
    pub(super) accounts: Vec<Account>,
    pub(super) api_key: String,
    /// The key of a pharmacy; empty where the folder was founded before pharmacies could ask.
    #[serde(default)]
    pub(super) premises_key: String,
    pub(super) trusted_pem: String,
    hub_certificate_pem: String,
    hub_key_pem: String,
    pub(super) hub_port: u16,
}

/// A way to sign in.
#[derive(Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) tenant: String,
    pub(super) login: String,
    pub(super) password: String,
    pub(super) role: String,
}

impl Keepsake {
    /// Certificates for a new site. The authority's key is gone when the founding ends.
    pub(super) fn begin(now: Timestamp) -> Result<(Self, SandboxAuthority), Failure> {
        let authority = SandboxAuthority::generate(now)?;
        let hub = authority.server(now)?;
        let keepsake = Keepsake {
            accounts: Vec::new(),
            api_key: String::new(),
            premises_key: String::new(),
            trusted_pem: authority.trusted_pem(),
            hub_certificate_pem: hub.certificates_pem,
            hub_key_pem: hub.key_pem,
            hub_port: 0,
        };
        Ok((keepsake, authority))
    }

    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join("demo.json")
    }

    /// What an earlier start kept.
    pub(super) fn load(folder: &Path) -> Result<Option<Self>, Failure> {
        match fs::read(Keepsake::path(folder)) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| Failure::found(format!("demo.json cannot be read: {error}"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn save(&self, folder: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::found(format!("demo.json cannot be written: {error}")))?;
        Ok(write_private(&Keepsake::path(folder), &text)?)
    }

    pub(super) fn hub_identity(&self) -> ClientIdentity {
        ClientIdentity {
            certificates_pem: self.hub_certificate_pem.clone(),
            key_pem: self.hub_key_pem.clone(),
        }
    }

    /// What the sign-in page of this site shows.
    pub(super) fn demo_accounts(&self) -> Vec<DemoAccount> {
        let shown = |account: &Account| DemoAccount {
            tenant: account.tenant.clone(),
            user: account.login.clone(),
            password: account.password.clone(),
            role: account.role.clone(),
        };
        self.accounts.iter().map(shown).collect()
    }

    /// How to begin, for people.
    pub(super) fn text(&self, folder: &Path, url: &str, control_url: &str) -> String {
        let mut text = format!(
            "Packtwin demo: sandbox data, simulated hub, this machine only.\n\naddress   {url}\n\nsign in as\n"
        );
        for account in &self.accounts {
            text.push_str(&format!(
                "  {:<22} {:<34} {}   {}\n",
                account.tenant, account.login, account.password, account.role
            ));
        }
        text.push_str(&format!(
            "\nfiles to upload (as Alder Pharma)\n  {}   a correct lot\n  {}   a lot with findings\n\n\
             API      curl -H 'Authorization: Bearer {}' {url}/v1/products\n\
             pharmacy curl -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' \\\n           \
             -d '{{\"product\":\"…\",\"serial\":\"…\"}}' {url}/v1/packs:verify\n\
             hub      simulator, {control_url}/simulator/state and /simulator/switches\n\
             kept in  {}\n",
            folder.join(sample::RIGHT_FILE).display(),
            folder.join(sample::WRONG_FILE).display(),
            self.api_key,
            self.premises_key,
            folder.join(SIGN_IN_FILE).display(),
        ));
        text
    }
}

/// Writes a file that only its owner can read, from its first byte on.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let part = path.with_extension("part");
    // A file left by a broken start may have other rights; the rights below only hold for a new one.
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// ATK-019: what holds passwords is readable by its owner alone, also when the file was there before.
    #[test]
    fn secrets_are_readable_by_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SIGN_IN_FILE);
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_private(&path, "new").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode, fs::read_to_string(&path).unwrap().as_str()),
            (0o600, "new")
        );
    }
}
