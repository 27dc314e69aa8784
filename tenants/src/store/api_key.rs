//! Keys of machines that call the API (users.md 3.18 and Annex A; security.md section 6).
//!
//! A key reads `pt_<env>_<id>_<secret>`: the beginning lets scanners find leaked keys and production refuse those of a test
//! site, the id finds the row, and of the secret's 160 random bits only the SHA-256 is kept. A hash without salt or work is
//! enough, since nobody guesses 160 bits. The whole key is shown once, when it is made.

use std::str::FromStr;

use diesel::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use packtwin_core::environment::Environment;
use packtwin_core::ids::{ApiKeyId, UserId};
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;

use crate::audit::{AuditNote, Noted};
use crate::blob::hex;
use crate::error::StoreError;
use crate::random;
use crate::schema::{api_key, directory};
use crate::scope::{Reader, Writer};
use crate::seal::Secret;

/// The kind of keys in the directory.
pub(crate) const API_KEY: &str = "api_key";
/// 160 bits.
const SECRET_BYTES: usize = 20;
/// How much of the id is shown in lists.
const SHOWN_OF_ID: usize = 6;

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// Its id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// The beginning of the key, by which its owner knows it.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// Who made it: a person's id, or a pass.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if it does by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Counts changes; a change names the version it was made from.
    pub row_version: i32,
}

/// A key to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewApiKey<'a> {
    /// What people call it.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a [Permission],
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// A key as text, taken apart.
#[derive(Debug)]
pub(crate) struct KeyText {
    pub(crate) environment: Environment,
    pub(crate) id: ApiKeyId,
    secret: Secret,
}

/// The text is no key of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoKey;

impl KeyText {
    pub(crate) fn secret_hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.expose()).into()
    }

    fn whole(&self) -> Secret {
        let secret = String::from_utf8_lossy(self.secret.expose());
        Secret::new(format!(
            "{}{}_{secret}",
            self.environment.key_prefix(),
            id_text(self.id)
        ))
    }
}

impl FromStr for KeyText {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let beginning = |environment: Environment| {
            Some((environment, text.strip_prefix(environment.key_prefix())?))
        };
        let (environment, rest) = ENVIRONMENTS.into_iter().find_map(beginning).ok_or(NoKey)?;
        let (id, secret) = rest.split_once('_').ok_or(NoKey)?;
        if secret.len() != 2 * SECRET_BYTES || !secret.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NoKey);
        }
        Ok(KeyText {
            environment,
            id: format!("{}_{id}", ApiKeyId::PREFIX)
                .parse()
                .map_err(|_| NoKey)?,
            secret: Secret::new(secret),
        })
    }
}

const ENVIRONMENTS: [Environment; 3] = [
    Environment::Test,
    Environment::Validation,
    Environment::Production,
];

/// The id without the name of its kind.
fn id_text(id: ApiKeyId) -> String {
    let text = id.to_string();
    text[ApiKeyId::PREFIX.len() + 1..].to_owned()
}

impl Reader<'_> {
    /// One key.
    ///
    /// # Errors
    /// The database failed.
    pub fn api_key_get(&mut self, id: ApiKeyId) -> Result<Option<ApiKeyRecord>, StoreError> {
        let row: Option<Row> = api_key::table
            .find((self.tenant_id(), id.to_string()))
            .select(COLUMNS)
            .first(self.connection)
            .optional()?;
        row.map(record_from).transpose()
    }

    /// Keys in the order in which they were made, from behind `after`, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn api_key_list(
        &mut self,
        after: Option<(Timestamp, ApiKeyId)>,
        limit: i64,
    ) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let mut query = api_key::table
            .filter(api_key::tenant_id.eq(self.tenant_id()))
            .order((api_key::created_at, api_key::key_id))
            .limit(limit)
            .select(COLUMNS)
            .into_boxed();
        if let Some((at, id)) = after {
            let later = api_key::created_at.gt(at.micros());
            let beside = api_key::created_at
                .eq(at.micros())
                .and(api_key::key_id.gt(id.to_string()));
            query = query.filter(later.or(beside));
        }
        let rows: Vec<Row> = query.load(self.connection)?;
        rows.into_iter().map(record_from).collect()
    }

    /// Whether a secret's hash is the stored one, in a time that tells nothing of where they differ.
    pub(crate) fn api_key_matches(
        &mut self,
        id: ApiKeyId,
        secret_hash: &[u8; 32],
    ) -> Result<bool, StoreError> {
        let stored: Option<Vec<u8>> = api_key::table
            .find((self.tenant_id(), id.to_string()))
            .select(api_key::secret_hash)
            .first(self.connection)
            .optional()?;
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| vec![0; 32]);
        Ok(known & bool::from(stored.ct_eq(secret_hash)))
    }
}

impl Writer<'_> {
    /// Makes a key. The answer holds the whole key, which is nowhere kept.
    ///
    /// # Errors
    /// The database failed.
    pub fn api_key_create(
        &mut self,
        new: NewApiKey<'_>,
    ) -> Result<Noted<(ApiKeyId, Secret)>, StoreError> {
        let mut secret = [0; SECRET_BYTES];
        random::fill(&mut secret)?;
        let key = KeyText {
            environment: self.environment(),
            id: ApiKeyId::from_random(random::bits()?),
            secret: Secret::new(hex(&secret)),
        };
        let prefix = format!(
            "{}{}",
            key.environment.key_prefix(),
            &id_text(key.id)[..SHOWN_OF_ID]
        );
        let (tenant, at) = (self.tenant_id(), self.at().micros());
        let created_by = self.actor().who().to_string();
        diesel::insert_into(directory::table)
            .values((
                directory::kind.eq(API_KEY),
                directory::handle.eq(key.id.to_string()),
                directory::tenant_id.eq(tenant),
                directory::object_id.eq(key.id.to_string()),
            ))
            .execute(self.connection)?;
        diesel::insert_into(api_key::table)
            .values((
                api_key::tenant_id.eq(tenant),
                api_key::key_id.eq(key.id.to_string()),
                api_key::name.eq(new.name),
                api_key::prefix.eq(&prefix),
                api_key::secret_hash.eq(key.secret_hash().to_vec()),
                api_key::scopes.eq(words(new.scopes).join(" ")),
                api_key::created_by.eq(created_by),
                api_key::created_at.eq(at),
                api_key::expires_at.eq(new.expires_at.map(Timestamp::micros)),
            ))
            .execute(self.connection)?;
        let detail = json!({"new": {
            "name": new.name,
            "prefix": prefix,
            "scopes": words(new.scopes),
            "expires_at": new.expires_at.map(|at| at.to_string()),
        }});
        let whole = key.whole();
        Ok(note("api_key.created", key.id)
            .detail(detail)
            .returning((key.id, whole)))
    }

    /// Gives a key that is not revoked another name, other scopes and another end. `None`: its version is another, or it is
    /// revoked. Whether it may have them is for the caller to say.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when this tenant has no such key.
    pub fn api_key_change(
        &mut self,
        id: ApiKeyId,
        new: NewApiKey<'_>,
        expected_row_version: i32,
    ) -> Result<Option<Noted<()>>, StoreError> {
        let old = self.api_key_get(id)?.ok_or(StoreError::NotFound)?;
        let changed = diesel::update(api_key::table.find((self.tenant_id(), id.to_string())))
            .filter(api_key::row_version.eq(expected_row_version))
            .filter(api_key::revoked_at.is_null())
            .set((
                api_key::name.eq(new.name),
                api_key::scopes.eq(words(new.scopes).join(" ")),
                api_key::expires_at.eq(new.expires_at.map(Timestamp::micros)),
                api_key::row_version.eq(expected_row_version + 1),
            ))
            .execute(self.connection)?;
        let told = |name: &str, scopes: &[Permission], end: Option<Timestamp>| {
            json!({
                "name": name,
                "scopes": words(scopes),
                "expires_at": end.map(|at| at.to_string()),
            })
        };
        let detail = json!({
            "old": told(&old.name, &old.scopes, old.expires_at),
            "new": told(new.name, new.scopes, new.expires_at),
        });
        let note = note("api_key.changed", id).detail(detail);
        Ok((changed == 1).then(|| note.returning(())))
    }

    /// Ends a key at once. Ending it twice is one end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when this tenant has no such key.
    pub fn api_key_revoke(&mut self, id: ApiKeyId) -> Result<Noted<()>, StoreError> {
        let record = self.api_key_get(id)?.ok_or(StoreError::NotFound)?;
        let at = self.at().micros();
        diesel::update(api_key::table.find((self.tenant_id(), id.to_string())))
            .filter(api_key::revoked_at.is_null())
            .set((
                api_key::revoked_at.eq(at),
                api_key::row_version.eq(api_key::row_version + 1),
            ))
            .execute(self.connection)?;
        let detail = json!({"name": record.name, "prefix": record.prefix});
        Ok(note("api_key.revoked", id).detail(detail).returning(()))
    }

    /// Notes that a key was used. Never moves the time back.
    ///
    /// # Errors
    /// The database failed.
    pub fn api_key_used(&mut self, id: ApiKeyId) -> Result<bool, StoreError> {
        let at = self.at().micros();
        let earlier = api_key::last_used_at
            .is_null()
            .or(api_key::last_used_at.lt(at));
        let changed = diesel::update(api_key::table.find((self.tenant_id(), id.to_string())))
            .filter(earlier)
            .set(api_key::last_used_at.eq(at))
            .execute(self.connection)?;
        Ok(changed == 1)
    }
}

impl ApiKeyRecord {
    /// The person who made the key, unless a pass did.
    pub fn maker(&self) -> Option<UserId> {
        self.created_by.parse().ok()
    }
}

pub(crate) fn note(action: &'static str, id: ApiKeyId) -> AuditNote {
    AuditNote::new(action, format!("api key {id}"))
}

/// The words of scopes, each once, in the order of the register.
fn words(scopes: &[Permission]) -> Vec<&'static str> {
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    scopes.into_iter().map(Permission::as_str).collect()
}

type Row = (
    String,
    String,
    String,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i32,
);

type Columns = (
    api_key::key_id,
    api_key::name,
    api_key::prefix,
    api_key::scopes,
    api_key::created_by,
    api_key::created_at,
    api_key::expires_at,
    api_key::last_used_at,
    api_key::revoked_at,
    api_key::row_version,
);

const COLUMNS: Columns = (
    api_key::key_id,
    api_key::name,
    api_key::prefix,
    api_key::scopes,
    api_key::created_by,
    api_key::created_at,
    api_key::expires_at,
    api_key::last_used_at,
    api_key::revoked_at,
    api_key::row_version,
);

fn record_from(row: Row) -> Result<ApiKeyRecord, StoreError> {
    let (id, name, prefix, scopes, created_by, created, expires, last_used, revoked, row_version) =
        row;
    let damaged = || StoreError::Damaged { what: "API key" };
    Ok(ApiKeyRecord {
        id: id.parse().map_err(|_| damaged())?,
        name,
        prefix,
        scopes: scopes
            .split_whitespace()
            .map(|word| Permission::parse(word).ok_or_else(damaged))
            .collect::<Result<_, _>>()?,
        created_by,
        created_at: Timestamp::from_micros(created),
        expires_at: expires.map(Timestamp::from_micros),
        last_used_at: last_used.map(Timestamp::from_micros),
        revoked_at: revoked.map(Timestamp::from_micros),
        row_version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_apart_and_nothing_else_is() {
        let key = KeyText {
            environment: Environment::Production,
            id: ApiKeyId::from_random(77),
            secret: Secret::new("0123456789abcdef0123456789abcdef01234567"),
        };
        let text = key.whole().expose_text().unwrap().to_owned();
        assert!(text.starts_with("pt_live_"), "{text}");
        let back: KeyText = text.parse().unwrap();
        assert_eq!(back.environment, Environment::Production);
        assert_eq!(back.id, key.id);
        assert_eq!(back.secret_hash(), key.secret_hash());
        assert!(!format!("{back:?}").contains("0123456789"));
        for wrong in [
            "",
            "pt_live_",
            &text[..text.len() - 1],
            &format!("{text}0"),
            &text.replace("pt_live_", "pt_other_"),
            &text.replace("pt_live_", "Pt_live_"),
            &text.replacen('_', "-", 3),
            &text.replace("01234567", "0123456é"),
        ] {
            assert!(wrong.parse::<KeyText>().is_err(), "{wrong}");
        }
    }
}
