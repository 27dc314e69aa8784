//! Setting a password by the link of an invitation. The link proves who may; it works once (see
//! [`crate::http::invitation`]).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use packtwin_core::code::Code;

use super::form::visit_holder;
use super::sign_in::visit;
use super::{Form, bare, html, see, sentences};
use crate::http::account;
use crate::http::envelope::RequestId;
use crate::http::problem::Problem;
use crate::http::request::Query;
use crate::http::shared::Shared;
use crate::pages::piece::{Field, FieldKind};
use crate::pages::view::sign_in::SetPasswordPage;
use packtwin_app::invitation::Invitation;

/// The page behind a link.
pub(in crate::http) async fn show(
    shared: web::Data<Shared>,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let token = query.text("token").unwrap_or_default();
    let person = person(&shared, &token).await?;
    page(&shared, &request, StatusCode::OK, person, token, Vec::new())
}

/// Sets the password, ends the person's sessions, and leads to the sign-in page.
pub(in crate::http) async fn set(
    shared: web::Data<Shared>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (token, password) = (form.text("token"), form.raw("password").to_owned());
    let person = person(&shared, &token).await?;
    if password != form.raw("repeat") {
        let told = vec!["The two passwords differ. Type the same one twice.".to_owned()];
        return page(
            &shared,
            &request,
            StatusCode::UNPROCESSABLE_ENTITY,
            person,
            token,
            told,
        );
    }
    let (link, correlation) = (token.clone(), RequestId::of(&request));
    let set = shared.block(move |shared| {
        let now = shared.now();
        let invitation = Invitation::read(
            &shared.site,
            shared.configuration.public_url.as_str(),
            &link,
            now,
        )
        .ok_or_else(account::link_is_over)?;
        let actor = shared
            .site
            .system_scope(invitation.tenant, "invitation")
            .actor()
            .clone();
        let scope = shared.site.scope(actor.within(correlation));
        let still = Some(invitation.password_set_at);
        account::set_password(shared, &scope, invitation.user, &password, now, still, None)
    });
    match set.await {
        Ok(()) => Ok(see("/sign-in")),
        Err(problem) if problem.code() == Code::PasswordWeak => page(
            &shared,
            &request,
            problem.status(),
            person,
            token,
            sentences(&problem),
        ),
        Err(problem) => Err(problem),
    }
}

/// Whose password a link sets, when the link is still good.
async fn person(shared: &web::Data<Shared>, token: &str) -> Result<String, Problem> {
    let token = token.to_owned();
    shared
        .block(move |shared| {
            let invitation = Invitation::read(
                &shared.site,
                shared.configuration.public_url.as_str(),
                &token,
                shared.now(),
            )
            .ok_or_else(account::link_is_over)?;
            let scope = shared.site.system_scope(invitation.tenant, "invitation");
            let record = account::account(&scope, invitation.user)?;
            if record.password_set_at != invitation.password_set_at {
                return Err(account::link_is_over());
            }
            Ok(record.name)
        })
        .await
}

fn page(
    shared: &Shared,
    request: &HttpRequest,
    status: StatusCode,
    person: String,
    token: String,
    refusals: Vec<String>,
) -> Result<HttpResponse, Problem> {
    let (mark, cookie) = visit(shared, request)?;
    let field = |name: &str, label: &str| {
        Field::new(name, label, "")
            .kind(FieldKind::Password)
            .autocomplete("new-password")
            .required()
    };
    let page = SetPasswordPage {
        frame: bare(
            shared,
            request,
            shared.tokens.form_token(&visit_holder(&mark)),
        ),
        person,
        token,
        password: field("password", "New password"),
        repeat: field("repeat", "The same again"),
        rules: vec![
            "At least 12 characters; a few words are better than a few signs.".to_owned(),
            "Not on a list of known passwords, and without your own or the company's name."
                .to_owned(),
        ],
        refusals,
    };
    let mut answer = html(status, &page)?;
    if let Some(cookie) = cookie {
        answer
            .add_cookie(&cookie)
            .map_err(|_| Problem::unavailable())?;
    }
    Ok(answer)
}
