//! The link by which a person sets a password: at the first time, or after forgetting one.
//!
//! It is signed, expires after three days, and names the moment at which the present password was set; setting another ends
//! the link, so that it works once (ATK-049) without a table of its own. Nobody but the person ever knows the password.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use packtwin_core::ids::{TenantId, UserId};
use packtwin_core::time::Timestamp;

use packtwin_tenants::site::Site;

/// What the key of these links is derived for.
const PURPOSE: &str = "invitation";
/// How long a link works.
pub const DAYS: i64 = 3;

/// Whom a link invites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// In which tenant.
    pub tenant: TenantId,
    /// Whom.
    pub user: UserId,
    /// When the password was set that the link replaces.
    pub password_set_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    tenant: i32,
    user: String,
    stamp: i64,
}

impl Invitation {
    /// The address to send to the person. `None` when it could not be signed.
    pub fn link(&self, site: &Site, public_url: &str, now: Timestamp) -> Option<String> {
        let claims = Claims {
            aud: audience(public_url),
            exp: now.plus_days(DAYS).seconds(),
            tenant: self.tenant.0,
            user: self.user.to_string(),
            stamp: self.password_set_at.micros(),
        };
        let key = EncodingKey::from_secret(site.derived_key(PURPOSE).expose());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).ok()?;
        Some(format!("{public_url}/set-password?token={token}"))
    }

    /// Reads the token of a link that is ours and has not expired.
    pub fn read(site: &Site, public_url: &str, token: &str, now: Timestamp) -> Option<Self> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[audience(public_url)]);
        rules.set_required_spec_claims(&["exp", "aud"]);
        // Time is handed in.
        rules.validate_exp = false;
        let key = DecodingKey::from_secret(site.derived_key(PURPOSE).expose());
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules)
            .ok()?
            .claims;
        if claims.exp <= now.seconds() {
            return None;
        }
        Some(Invitation {
            tenant: TenantId(claims.tenant),
            user: claims.user.parse().ok()?,
            password_set_at: Timestamp::from_micros(claims.stamp),
        })
    }
}

/// A link is good at the address it was made for, and so never at another site.
fn audience(public_url: &str) -> String {
    format!("packtwin invitation {public_url}")
}
