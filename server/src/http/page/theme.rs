//! The choice of light or dark, for browsers without script.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};

use super::{Form, see};
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::shared::Shared;
use crate::pages::frame::Theme;

/// Remembers the choice in this browser and goes back to the page.
pub(in crate::http) async fn choose(
    shared: web::Data<Shared>,
    _caller: Caller,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let cookie = Cookie::build("pt_theme", Theme::from_cookie(&form.text("theme")).name())
        .path("/")
        .same_site(SameSite::Lax)
        .secure(shared.configuration.public_url.is_tls())
        .max_age(Duration::days(365))
        .finish();
    let mut answer = see(page_before(&shared, &request));
    answer
        .add_cookie(&cookie)
        .map_err(|_| Problem::unavailable())?;
    Ok(answer)
}

/// The page of this site on which the form stood.
fn page_before(shared: &Shared, request: &HttpRequest) -> String {
    let referer = request
        .headers()
        .get("referer")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match referer.strip_prefix(shared.configuration.public_url.as_str()) {
        Some(path) if path.starts_with('/') && !path.starts_with("//") => path.to_owned(),
        _ => "/".to_owned(),
    }
}
