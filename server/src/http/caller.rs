//! The person or machine behind a request: its rights, and its hands on the tenant's data.
//!
//! A caller comes from a bearer key or a session cookie and from nothing else. Both are looked up on every request, so that
//! a revoked key, a disabled account and changed rights work at once (ATK-021, ATK-022, ATK-029). Only the gate makes one;
//! handlers take it as a parameter.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use packtwin_app::desk::Desk;
use packtwin_app::error::AppError;
use packtwin_app::house::House;
use packtwin_core::code::Code;
use packtwin_core::ids::SessionId;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::Noted;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::key_sign_in::KeyRefused;
use packtwin_tenants::scope::{Actor, Reader, TenantScope, Who, Writer};
use packtwin_tenants::sign_in::{Signed, SignedBy};

use super::envelope::RequestId;
use super::problem::Problem;
use super::session_cookie;
use super::shared::Shared;

/// How a caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// A bearer key, sent on purpose.
    Key,
    /// A session's cookie, which a browser sends by itself.
    Session(SessionId),
}

/// Someone whom the site recognised.
#[derive(Clone)]
pub struct Caller(Arc<Inner>);

struct Inner {
    scope: TenantScope,
    name: String,
    role_words: Vec<String>,
    role_titles: Vec<String>,
    permissions: Vec<Permission>,
    means: Means,
}

impl Caller {
    /// Who acts, as audit entries name it.
    pub fn who(&self) -> &Who {
        self.0.scope.actor().who()
    }

    /// How it proved who it is.
    pub fn means(&self) -> Means {
        self.0.means
    }

    /// The name of the person or key.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The words of a person's roles; none for a key.
    pub fn role_words(&self) -> &[String] {
        &self.0.role_words
    }

    /// The titles of a person's roles; none for a key.
    pub fn role_titles(&self) -> &[String] {
        &self.0.role_titles
    }

    /// Everything it may do.
    pub fn permissions(&self) -> &[Permission] {
        &self.0.permissions
    }

    /// Whether it may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.0.permissions.contains(&permission)
    }

    /// Its hands on the tenant's data.
    pub fn scope(&self) -> &TenantScope {
        &self.0.scope
    }

    /// Runs work that waits for the database where waiting is allowed.
    ///
    /// # Errors
    /// What the work answers.
    pub async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(&TenantScope) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let scope = self.0.scope.clone();
        web::block(move || work(&scope))
            .await
            .unwrap_or_else(|_panicked| Err(Problem::unavailable()))
    }

    /// A desk of the house to be used where waiting is allowed.
    pub fn desk(&self, shared: &Shared) -> DeskKey {
        DeskKey {
            house: Arc::clone(&shared.house),
            actor: self.0.scope.actor().clone(),
            permissions: self.0.permissions.clone(),
        }
    }

    /// Runs a use case at a desk of the house.
    ///
    /// # Errors
    /// What the use case answers.
    pub async fn at_desk<T: Send + 'static>(
        &self,
        shared: &Shared,
        work: impl FnOnce(&Desk<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        let desk = self.desk(shared);
        web::block(move || desk.work(work))
            .await
            .unwrap_or_else(|_panicked| Err(Problem::unavailable()))
    }

    /// Reads a consistent state.
    ///
    /// # Errors
    /// What the work answers.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        self.block(move |scope| Ok(scope.read(work)?)).await
    }

    /// Changes data together with the audit note that tells of it.
    ///
    /// # Errors
    /// What the work answers; then nothing was changed.
    pub async fn change<T: Send + 'static>(
        &self,
        at: Timestamp,
        work: impl FnOnce(&mut Writer<'_>) -> Result<Noted<T>, ChangeRefused> + Send + 'static,
    ) -> Result<T, Problem> {
        self.block(move |scope| Ok(scope.change(at, work)?)).await
    }
}

/// A caller's place in the house, to be taken to another thread.
pub struct DeskKey {
    house: Arc<House>,
    actor: Actor,
    permissions: Vec<Permission>,
}

impl DeskKey {
    /// Runs a use case. Waits; never called where requests are served.
    ///
    /// # Errors
    /// What the use case answers.
    pub fn work<T>(
        self,
        work: impl FnOnce(&Desk<'_>) -> Result<T, AppError>,
    ) -> Result<T, Problem> {
        Ok(work(&Desk::new(&self.house, self.actor, self.permissions))?)
    }
}

/// Why a change was not made: the store failed, or the change makes no sense now.
#[derive(Debug, thiserror::Error)]
pub enum ChangeRefused {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It makes no sense now.
    #[error("{0}")]
    Refused(Problem),
}

impl From<Problem> for ChangeRefused {
    fn from(problem: Problem) -> Self {
        ChangeRefused::Refused(problem)
    }
}

impl From<ChangeRefused> for Problem {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::Store(error) => error.into(),
            ChangeRefused::Refused(problem) => problem,
        }
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    /// Takes the caller whom the gate recognised. A handler that asks for one behind an open row is refused.
    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Caller>().cloned();
        std::future::ready(caller.ok_or_else(unauthenticated))
    }
}

/// What a request showed as proof.
enum Proof {
    Key(String),
    Session(String),
}

/// A key counts before a cookie. A header that is no bearer key is a refusal, never ignored.
fn proof(request: &HttpRequest, shared: &Shared) -> Result<Proof, Problem> {
    if let Some(value) = request.headers().get(AUTHORIZATION) {
        let key = value.to_str().ok().and_then(|text| text.split_once(' '));
        return match key {
            Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => {
                Ok(Proof::Key(key.trim().to_owned()))
            }
            _ => Err(unauthenticated()),
        };
    }
    session_cookie::read(request, shared)
        .map(Proof::Session)
        .ok_or_else(unauthenticated)
}

fn unauthenticated() -> Problem {
    Problem::of(Code::Unauthenticated, "You are not signed in.")
}

impl Caller {
    /// Recognises the caller of a request.
    ///
    /// # Errors
    /// SEC-700 when it shows nothing valid, SEC-701 when its key belongs to another environment.
    pub(super) async fn recognise(
        shared: &web::Data<Shared>,
        request: &HttpRequest,
    ) -> Result<Self, Problem> {
        let proof = proof(request, shared)?;
        let request_id = RequestId::of(request);
        let signed = shared
            .block(move |shared| recognise(shared, &proof))
            .await?;
        Ok(Caller::new(shared, signed, request_id))
    }

    /// Someone whom the store recognised, within one request.
    pub(super) fn new(shared: &Shared, signed: Signed, request_id: String) -> Self {
        let (role_words, role_titles) = match &signed.by {
            SignedBy::Session { user, .. } => (user.role_words(), user.role_titles()),
            SignedBy::Key(_) => (Vec::new(), Vec::new()),
        };
        let (name, means) = match signed.by {
            SignedBy::Session { session, user } => (user.name, Means::Session(session)),
            SignedBy::Key(key) => (key.name, Means::Key),
        };
        Caller(Arc::new(Inner {
            scope: shared.site.scope(signed.actor.within(request_id)),
            name,
            role_words,
            role_titles,
            permissions: signed.permissions.into_iter().collect(),
            means,
        }))
    }
}

fn recognise(shared: &Shared, proof: &Proof) -> Result<Signed, Problem> {
    let now = shared.now();
    match proof {
        Proof::Key(key) => match shared.site.authenticate_key(key, now) {
            Ok(signed) => Ok(signed),
            Err(KeyRefused::OtherEnvironment { environment }) => {
                let text = format!(
                    "This key belongs to the {environment} environment. {} refused the call.",
                    shared.configuration.environment
                );
                Err(Problem::of(Code::OtherEnvironment, text))
            }
            Err(KeyRefused::Revoked) => {
                Err(Problem::of(Code::Unauthenticated, "The key was revoked."))
            }
            Err(KeyRefused::Expired) => {
                Err(Problem::of(Code::Unauthenticated, "The key has expired."))
            }
            Err(KeyRefused::Unknown) => {
                Err(Problem::of(Code::Unauthenticated, "The key is not known."))
            }
            Err(KeyRefused::Store(error)) => Err(error.into()),
        },
        Proof::Session(token) => {
            let session = shared.tokens.read(token, now).ok_or_else(unauthenticated)?;
            let limits = shared.configuration.sessions;
            shared
                .site
                .authenticate_session(session.tenant, session.session, limits, now)?
                .ok_or_else(unauthenticated)
        }
    }
}
