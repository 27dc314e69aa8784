//! `/callbacks/{handle}`: late answers of far sides. The address is the secret: it cannot be guessed, names one connector
//! of one tenant, and is shown nowhere. What comes in is trusted only as far as the message it names.

use actix_web::{HttpResponse, web};

use packtwin_app::message;

use super::problem::Problem;
use super::request::collect;
use super::shared::Shared;

/// Takes an answer.
///
/// # Errors
/// An unknown address or message is not there; HUB-207 when it cannot be read.
#[utoipa::path(post, path = "/callbacks/{handle}", tag = "callbacks", params(("handle" = String, Path)),
    request_body(content = String, content_type = "application/xml"), responses((status = 204)))]
pub async fn receive(
    shared: web::Data<Shared>,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let body = collect(payload.into_inner(), shared.configuration.limits.json_bytes).await?;
    shared
        .block(move |shared| Ok(message::receive_callback(&shared.house, &path, &body)?))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
