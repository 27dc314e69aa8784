//! The signed text that a session's cookie holds, and the form token that belongs to it.
//!
//! The token is a JWT, signed with HMAC-SHA-256 under a key derived from the site's key; only that algorithm is read, and
//! audience and expiry are demanded (ATK-020, ASVS 9.1). It proves nothing by itself: the session's row is looked up on
//! every request, so that signing out, disabling and changed rights work at once (URS-UR-005, ATK-021, ATK-022, ATK-029).
//! The form token is another HMAC over the session's id (ATK-024).

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use packtwin_core::environment::Environment;
use packtwin_core::ids::{SessionId, TenantId};
use packtwin_core::time::Timestamp;

/// Which session a cookie means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRef {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub session: SessionId,
}

/// Signs and reads session tokens and form tokens of one site.
pub struct SessionTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    form_key: Vec<u8>,
    audience: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    iat: i64,
    tenant: i32,
    session: String,
}

impl SessionTokens {
    /// Takes the keys that the site derived for the two purposes.
    pub fn new(environment: Environment, session_key: &[u8], form_key: &[u8]) -> Self {
        SessionTokens {
            encoding: EncodingKey::from_secret(session_key),
            decoding: DecodingKey::from_secret(session_key),
            form_key: form_key.to_vec(),
            audience: format!("packtwin {environment}"),
        }
    }

    /// The token of a session. `None` when it could not be signed.
    pub fn sign(
        &self,
        session: SessionRef,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Option<String> {
        let claims = Claims {
            aud: self.audience.clone(),
            exp: expires_at.seconds(),
            iat: now.seconds(),
            tenant: session.tenant.0,
            session: session.session.to_string(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).ok()
    }

    /// The session that a token names, when it is ours, for this site, and not expired.
    pub fn read(&self, token: &str, now: Timestamp) -> Option<SessionRef> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "aud"]);
        // The library would ask the machine's clock; time is handed in here.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &rules)
            .ok()?
            .claims;
        if claims.exp <= now.seconds() {
            return None;
        }
        Some(SessionRef {
            tenant: TenantId(claims.tenant),
            session: claims.session.parse().ok()?,
        })
    }

    /// The token that every form of a session (or, before sign-in, of a visit) carries.
    pub fn form_token(&self, holder: &str) -> String {
        packtwin_tenants::blob::hex(&self.form_mac(holder).finalize().into_bytes())
    }

    /// Whether a form token belongs to this holder; compared in constant time.
    pub fn form_token_is_right(&self, holder: &str, token: &str) -> bool {
        let bytes: Option<Vec<u8>> = (token.is_ascii() && token.len() == 64)
            .then(|| {
                (0..64)
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&token[at..at + 2], 16).ok())
                    .collect()
            })
            .flatten();
        bytes.is_some_and(|bytes| self.form_mac(holder).verify_slice(&bytes).is_ok())
    }

    fn form_mac(&self, holder: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.form_key).expect("HMAC takes a key of any length");
        mac.update(holder.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn tokens(environment: Environment, key: &[u8]) -> SessionTokens {
        SessionTokens::new(environment, key, b"form")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn session() -> SessionRef {
        SessionRef {
            tenant: TenantId(7),
            session: SessionId::from_random(99),
        }
    }

    #[test]
    fn a_token_names_its_session_until_it_expires() {
        let tokens = tokens(Environment::Test, KEY);
        let token = tokens.sign(session(), at(1000), at(2000)).unwrap();
        assert_eq!(tokens.read(&token, at(1999)), Some(session()));
        assert_eq!(tokens.read(&token, at(2000)), None);
    }

    /// ATK-020: other algorithm, other key, other audience, cut, or changed.
    #[test]
    fn every_other_token_is_refused() {
        let ours = tokens(Environment::Test, KEY);
        let token = ours.sign(session(), at(1000), at(2000)).unwrap();
        let (head, rest) = token.split_once('.').unwrap();
        let (claims, signature) = rest.split_once('.').unwrap();
        // {"typ":"JWT","alg":"none"} and the same claims.
        let none = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.{claims}.");
        let wide = jsonwebtoken::encode(
            &Header::new(Algorithm::HS512),
            &serde_json::json!({ "aud": "packtwin test", "exp": 2000, "iat": 1, "tenant": 7, "session": "ses_0" }),
            &EncodingKey::from_secret(KEY),
        );
        let foreign_key =
            tokens(Environment::Test, b"another key").sign(session(), at(1000), at(2000));
        let production = tokens(Environment::Production, KEY).sign(session(), at(1000), at(2000));
        for refused in [
            none,
            wide.unwrap(),
            foreign_key.unwrap(),
            production.unwrap(),
            format!("{head}.{claims}."),
            format!("{head}.{claims}x.{signature}"),
            String::new(),
        ] {
            assert_eq!(ours.read(&refused, at(1500)), None, "{refused}");
        }
    }

    #[test]
    fn a_form_token_belongs_to_one_holder() {
        let tokens = tokens(Environment::Test, KEY);
        let token = tokens.form_token("ses_a");
        assert!(tokens.form_token_is_right("ses_a", &token));
        assert!(!tokens.form_token_is_right("ses_b", &token));
        for wrong in [
            "",
            "00",
            &token[..62],
            &"g".repeat(64),
            &"\u{e9}".repeat(32),
        ] {
            assert!(!tokens.form_token_is_right("ses_a", wrong), "{wrong}");
        }
    }
}
