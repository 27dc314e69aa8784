//! Whether the site lives and whether it can work (operations.md section 6). Both answer anyone, so they tell nothing
//! that an outsider could use.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::shared::Shared;

/// The state of the site.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `live` or `ready`.
    state: &'static str,
}

/// The process turns. Depends on nothing else.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = Health)))]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Health { state: "live" })
}

/// The site can work: the database takes a write and has the schema of this build, the folder takes a file and has room.
/// The answer holds for five seconds.
///
/// # Errors
/// SYS-002 with `Retry-After` when it cannot, so that a balancer sends elsewhere.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses((status = 200, body = Health)))]
pub async fn ready(shared: web::Data<Shared>) -> Result<HttpResponse, Problem> {
    let is_ready = shared
        .block(|shared| Ok(shared.readiness.is_ready(&shared.site, shared.now())))
        .await?;
    if is_ready {
        Ok(HttpResponse::Ok().json(Health { state: "ready" }))
    } else {
        Err(Problem::unavailable())
    }
}
