//! Signing in and out (ATK-014, ATK-015, ATK-021, ATK-023). A new session is a new row with a new token; what a browser
//! brought before means nothing.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, web};

use packtwin_core::code::Code;
use packtwin_tenants::sign_in::{SignIn, SignInRefused, SignedBy};

use super::form::visit_holder;
use super::{Form, bare, html, see};
use crate::http::caller::{Caller, Means};
use crate::http::envelope::RequestId;
use crate::http::problem::Problem;
use crate::http::request::{Query, client_address};
use crate::http::session_cookie;
use crate::http::session_token::SessionRef;
use crate::http::shared::Shared;
use crate::pages::piece::{Field, FieldKind};
use crate::pages::view::sign_in::SignInPage;

/// How much of a browser's own words is kept.
const CLIENT_CHARACTERS: usize = 200;

/// The sign-in page.
pub(in crate::http) async fn show(
    shared: web::Data<Shared>,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let next = query.text("next").unwrap_or_default();
    page(
        &shared,
        &request,
        StatusCode::OK,
        local_path(&next),
        "",
        None,
    )
}

/// Signs a person in.
pub(in crate::http) async fn sign_in(
    shared: web::Data<Shared>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let address = client_address(&request, &shared.configuration.trusted_proxies);
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let client = request
        .headers()
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let client: String = client.chars().take(CLIENT_CHARACTERS).collect();
    let (login, password) = (form.text("user"), form.raw("password").to_owned());
    let (typed, correlation) = (login.clone(), RequestId::of(&request));
    let outcome = shared
        .block(move |shared| {
            let (login, password, client) = (&login, &password, &client);
            let attempt = SignIn {
                login,
                password,
                address,
                client,
                correlation: &correlation,
            };
            match shared
                .site
                .sign_in(&attempt, shared.configuration.sessions, shared.now())
            {
                Ok(signed) => Ok(Ok(signed)),
                Err(SignInRefused::Store(error)) => Err(error.into()),
                Err(refused) => Ok(Err(refused)),
            }
        })
        .await?;
    let next = local_path(form.raw("next")).to_owned();
    match outcome {
        Ok(signed) => {
            let tenant = signed.actor.tenant();
            let SignedBy::Session { session, .. } = signed.by else {
                return Err(Problem::unavailable());
            };
            let now = shared.now();
            let seconds = shared.configuration.sessions.absolute_seconds;
            let token = shared.tokens.sign(
                SessionRef { tenant, session },
                now,
                now.plus_seconds(seconds),
            );
            let token = token.ok_or_else(Problem::unavailable)?;
            let cookie = session_cookie::session(&shared, token, seconds);
            Ok(HttpResponse::SeeOther()
                .insert_header((LOCATION, next))
                .cookie(cookie)
                .finish())
        }
        Err(SignInRefused::Throttled { until }) => {
            let seconds = (until.micros_since(shared.now()) / 1_000_000 + 1).max(1);
            let told = format!(
                "{}. Try again in {seconds} seconds.",
                Code::SignInThrottled.title()
            );
            let mut answer = page(
                &shared,
                &request,
                StatusCode::TOO_MANY_REQUESTS,
                &next,
                &typed,
                Some(told),
            )?;
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
            Ok(answer)
        }
        Err(SignInRefused::Wrong | SignInRefused::Store(_)) => {
            let told = format!(
                "{}. {}",
                Code::SignInFailed.title(),
                Code::SignInFailed.remedy()
            );
            page(
                &shared,
                &request,
                StatusCode::UNAUTHORIZED,
                &next,
                &typed,
                Some(told),
            )
        }
    }
}

/// Ends the session and takes its cookie away.
pub(in crate::http) async fn sign_out(
    shared: web::Data<Shared>,
    caller: Caller,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    if let Means::Session(session) = caller.means() {
        let now = shared.now();
        caller
            .block(move |scope| Ok(scope.change(now, |writer| writer.session_revoke(session))?))
            .await?;
    }
    let mut answer = see("/sign-in");
    let gone = session_cookie::no_session(&shared);
    answer
        .add_cookie(&gone)
        .map_err(|_| Problem::unavailable())?;
    Ok(answer)
}

fn page(
    shared: &Shared,
    request: &HttpRequest,
    status: StatusCode,
    next: &str,
    user: &str,
    refusal: Option<String>,
) -> Result<HttpResponse, Problem> {
    let (mark, cookie) = visit(shared, request)?;
    let page = SignInPage {
        frame: bare(
            shared,
            request,
            shared.tokens.form_token(&visit_holder(&mark)),
        ),
        user: Field::new("user", "Sign-in name", user)
            .kind(FieldKind::Email)
            .autocomplete("username")
            .required(),
        password: Field::new("password", "Password", "")
            .kind(FieldKind::Password)
            .autocomplete("current-password")
            .required(),
        next: next.to_owned(),
        refusal,
        demo_accounts: shared.demo_accounts.clone(),
    };
    let mut answer = html(status, &page)?;
    if let Some(cookie) = cookie {
        answer
            .add_cookie(&cookie)
            .map_err(|_| Problem::unavailable())?;
    }
    Ok(answer)
}

/// The mark of this browser's visit; a new one comes with its cookie.
pub(super) fn visit(
    shared: &Shared,
    request: &HttpRequest,
) -> Result<(String, Option<actix_web::cookie::Cookie<'static>>), Problem> {
    if let Some(mark) = session_cookie::read_visit(request, shared) {
        return Ok((mark, None));
    }
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|_| Problem::unavailable())?;
    let mark = packtwin_tenants::blob::hex(&bits);
    let cookie = session_cookie::visit(shared, mark.clone());
    Ok((mark, Some(cookie)))
}

/// A path of this site, or the first page: nobody is sent elsewhere after signing in.
fn local_path(path: &str) -> &str {
    let plain = |c: char| c.is_ascii_graphic() && c != '\\';
    let local = path.starts_with('/') && !path.starts_with("//") && path.chars().all(plain);
    if local { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for path in ["/", "/lots?state=sent&x=%20", "/a/b:c"] {
            assert_eq!(local_path(path), path);
        }
        for path in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb",
            "lots",
        ] {
            assert_eq!(local_path(path), "/", "{path}");
        }
    }
}
