//! The cookies of a browser: the session, and the visit before it (ASVS 3.3, ATK-025).
//!
//! Over TLS both carry the `__Host-` prefix: this host, whole site, never over plain HTTP. On a plain loopback site the
//! prefix would make browsers drop them, so they go by a plain name there. `SameSite=Lax` lets a link in a mail open a
//! page; changes are protected by origin and form token besides.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use super::shared::Shared;

/// What holds the signed session token.
const SESSION: &str = "pt_session";
/// What binds the sign-in form to this browser.
const VISIT: &str = "pt_visit";
const HOST_PREFIX: &str = "__Host-";

/// The session token a request brings.
pub(super) fn read(request: &HttpRequest, shared: &Shared) -> Option<String> {
    value(request, shared, SESSION)
}

/// The mark of the visit a request brings.
pub(super) fn read_visit(request: &HttpRequest, shared: &Shared) -> Option<String> {
    value(request, shared, VISIT)
        .filter(|visit| visit.len() == 32 && visit.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The cookie of a session, for as long as it can last.
pub(super) fn session(shared: &Shared, token: String, seconds: i64) -> Cookie<'static> {
    cookie(shared, SESSION, token, seconds)
}

/// The cookie of a visit, long enough to fill in a form.
pub(super) fn visit(shared: &Shared, mark: String) -> Cookie<'static> {
    cookie(shared, VISIT, mark, 24 * 3600)
}

/// Takes the session cookie away.
pub(super) fn no_session(shared: &Shared) -> Cookie<'static> {
    cookie(shared, SESSION, String::new(), 0)
}

fn value(request: &HttpRequest, shared: &Shared, base: &str) -> Option<String> {
    request
        .cookie(&name(shared, base))
        .map(|cookie| cookie.value().to_owned())
}

fn name(shared: &Shared, base: &str) -> String {
    if is_tls(shared) {
        format!("{HOST_PREFIX}{base}")
    } else {
        base.to_owned()
    }
}

fn cookie(shared: &Shared, base: &str, value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build(name(shared, base), value)
        .path("/")
        .http_only(true)
        .secure(is_tls(shared))
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(seconds))
        .finish()
}

fn is_tls(shared: &Shared) -> bool {
    shared.configuration.public_url.is_tls()
}
