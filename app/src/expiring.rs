//! What ends by itself (users.md 3.1, URS-ID-004): client certificates and API keys; and the letters that say so in time.
//!
//! Administrators of the tenant are told once at 90, 30 and 7 days before the end. Passwords are not among what ends: they do
//! not (ASVS 6.2.10). Invitations end too, but whoever made one sees it on the page.

use packtwin_core::role::Role;
use packtwin_core::time::Timestamp;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::{Housekeeping, TenantScope};
use packtwin_tenants::store::user::{UserRecord, UserState};
use serde_json::json;

use crate::connector::Link;
use crate::error::AppError;
use crate::house::House;
use crate::letter::{self, Language, LetterKind, tenant_name};

/// Keys and people that are looked through.
const LOOKED_THROUGH_MAX: i64 = 1_000;
/// So many days before the end a letter is written.
const TOLD_BEFORE_DAYS: [i64; 3] = [7, 30, 90];

/// What kind of thing ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndingKind {
    /// A connector's client certificate.
    Certificate,
    /// An API key.
    ApiKey,
}

/// Something that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What it is.
    pub kind: EndingKind,
    /// Its name: of the connector, of the key.
    pub name: String,
    /// What tells it from others of its kind.
    pub object: String,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// Everything of a tenant that ends, ended things among them.
///
/// # Errors
/// The store failed.
pub fn endings(scope: &TenantScope) -> Result<Vec<Ending>, StoreError> {
    let (connectors, keys) = scope.read(|reader| {
        Ok::<_, StoreError>((
            reader.connector_list()?,
            reader.api_key_list(None, LOOKED_THROUGH_MAX)?,
        ))
    })?;
    let certificates = connectors.iter().filter_map(|record| {
        let certificate = Link::from_record(record)?.certificate(scope)?;
        Some(Ending {
            kind: EndingKind::Certificate,
            name: record.name.clone(),
            object: format!("connector {}", record.name),
            ends_at: certificate.not_after,
        })
    });
    let keys = keys.iter().filter_map(|record| {
        Some(Ending {
            kind: EndingKind::ApiKey,
            name: record.name.clone(),
            object: format!("api key {}", record.id),
            ends_at: record.expires_at.filter(|_| record.revoked_at.is_none())?,
        })
    });
    Ok(certificates.chain(keys).collect())
}

/// Writes the letters that are due, over all tenants. Answers how many; running it again writes none twice.
///
/// # Errors
/// The store failed; what was written until then stays.
pub fn remind(house: &House) -> Result<u64, AppError> {
    let mut written = 0;
    if house.post().is_none() {
        return Ok(written);
    }
    for tenant in house.site().tenant_list()? {
        let scope = house.site().system_scope(tenant.id, "reminders");
        let due: Vec<(Ending, i64)> = endings(&scope)?
            .into_iter()
            .filter_map(|ending| due(ending, house.now()))
            .collect();
        if due.is_empty() {
            continue;
        }
        let name = tenant_name(house, &scope)?;
        let people = scope.read(|reader| reader.user_list(None, LOOKED_THROUGH_MAX))?;
        let told = people.iter().filter(|person| is_told(person));
        for person in told {
            written += scope.housekeep(house.now(), Housekeeping::Progress, |writer| {
                let mut written = 0;
                for (ending, before) in &due {
                    let occasion = format!(
                        "ends {} {} {before}",
                        ending.object,
                        ending.ends_at.micros()
                    );
                    let language = Language::parse(&person.language).unwrap_or_default();
                    let data = json!({
                        "thing": thing(ending.kind, language), "name": ending.name, "tenant": name,
                        "date": ending.ends_at.date().to_string(), "days": days_left(ending, house.now()),
                        "link": format!("{}/administration/expiring", house.settings().public_url),
                    });
                    let kind = LetterKind::EndsSoon;
                    let is_new =
                        letter::write(writer, kind, language, &person.login, &occasion, &data)?;
                    written += u64::from(is_new);
                }
                Ok::<_, StoreError>(written)
            })?;
        }
    }
    Ok(written)
}

fn is_told(person: &UserRecord) -> bool {
    person.state == UserState::Active && person.roles.contains(&Role::Administrator)
}

/// The smallest of the marks that the time left has passed: who comes late tells only what is true now.
fn due(ending: Ending, now: Timestamp) -> Option<(Ending, i64)> {
    let left = days_left(&ending, now);
    let before = TOLD_BEFORE_DAYS
        .into_iter()
        .find(|before| left <= *before)?;
    (left >= 0).then_some((ending, before))
}

/// Whole days until the end; negative when it is over.
fn days_left(ending: &Ending, now: Timestamp) -> i64 {
    const DAY: i64 = 86_400_000_000;
    ending.ends_at.micros_since(now).div_euclid(DAY)
}

fn thing(kind: EndingKind, language: Language) -> &'static str {
    match (kind, language) {
        (EndingKind::Certificate, Language::En) => "the client certificate",
        (EndingKind::Certificate, Language::De) => "das Zertifikat",
        (EndingKind::ApiKey, Language::En) => "the API key",
        (EndingKind::ApiKey, Language::De) => "der API-Schlüssel",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_is_told_when_it_is_passed_and_never_after_the_end() {
        let now = Timestamp::from_micros(1_000_000_000_000_000);
        for (left, mark) in [
            (91 * 86_400, None),
            (90 * 86_400, Some(90)),
            (30 * 86_400, Some(30)),
            (8 * 86_400, Some(30)),
            (7 * 86_400, Some(7)),
            (1, Some(7)),
            (-1, None),
        ] {
            let ending = Ending {
                kind: EndingKind::ApiKey,
                name: "ERP".into(),
                object: "api key key_1".into(),
                ends_at: now.plus_seconds(left),
            };
            assert_eq!(due(ending, now).map(|(_, before)| before), mark, "{left}");
        }
    }
}
