//! The software of premises behind a request: a bearer key that begins with `pv_`.
//!
//! Here a key is only read. Whether it counts is looked at in the transaction that records the request, so that a revoked one
//! is refused with the next request and no request costs a look-up of its own. A tenant's key, a session or nothing at all is
//! answered alike.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use packtwin_core::code::Code;
use packtwin_core::ids::PremisesKeyId;
use packtwin_tenants::verifier::PremisesKeyText;
use packtwin_tenants::verifier::request_record::KeyRefusal;

use super::problem::Problem;
use super::shared::Shared;

/// A key that was shown.
#[derive(Debug, Clone, Copy)]
pub struct Premises(PremisesKeyText);

impl Premises {
    /// Reads the key of a request.
    ///
    /// # Errors
    /// SEC-700 when it shows none, SEC-701 when it is one of another environment.
    pub(super) fn read(shared: &Shared, request: &HttpRequest) -> Result<Self, Problem> {
        let header = request.headers().get(AUTHORIZATION);
        let (scheme, text) = header
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.split_once(' '))
            .ok_or_else(unknown)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unknown());
        }
        let key: PremisesKeyText = text.trim().parse().map_err(|_| unknown())?;
        let environment = shared.configuration.environment;
        if key.environment != environment {
            let text = format!(
                "This key belongs to the {} environment. {environment} refused the call.",
                key.environment
            );
            return Err(Problem::of(Code::OtherEnvironment, text));
        }
        Ok(Premises(key))
    }

    /// The key.
    pub fn key(&self) -> PremisesKeyText {
        self.0
    }

    /// Which key it says to be.
    pub fn key_id(&self) -> PremisesKeyId {
        self.0.id()
    }
}

impl FromRequest for Premises {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    /// Takes the key that the gate read.
    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let premises = request.extensions().get::<Premises>().copied();
        std::future::ready(premises.ok_or_else(unknown))
    }
}

fn unknown() -> Problem {
    Problem::of(
        Code::Unauthenticated,
        "This address is for premises; send a premises key.",
    )
}

/// How a key that does not count is told.
pub(super) fn refused(refusal: KeyRefusal) -> Problem {
    let (code, text) = match refusal {
        KeyRefusal::Unknown => (Code::Unauthenticated, "The key is not known."),
        KeyRefusal::Revoked => (Code::Unauthenticated, "The key was revoked."),
        KeyRefusal::Expired => (Code::Unauthenticated, "The key has expired."),
        KeyRefusal::Scope => (Code::Forbidden, "This needs the scope packs:change."),
    };
    Problem::of(code, text)
}
