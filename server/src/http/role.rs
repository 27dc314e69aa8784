//! `/v1/roles`: the roles there are and what each allows (URS-UR-003). Roles are part of the release, not of a tenant.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_core::role::Role;

use super::list::Page;

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleBody {
    /// The word used in requests.
    name: &'static str,
    /// The name as people read it.
    title: &'static str,
    /// What it allows.
    permissions: Vec<PermissionBody>,
}

/// A permission.
#[derive(Debug, Serialize, ToSchema)]
pub struct PermissionBody {
    /// The scope name.
    name: &'static str,
    /// What it means.
    sentence: &'static str,
}

/// The roles there are.
#[utoipa::path(get, path = "/v1/roles", tag = "users", responses((status = 200, body = Page<RoleBody>)))]
pub async fn list() -> HttpResponse {
    let roles = Role::ALL.map(|role| RoleBody {
        name: role.as_str(),
        title: role.title(),
        permissions: role
            .permissions()
            .iter()
            .map(|permission| PermissionBody {
                name: permission.as_str(),
                sentence: permission.sentence(),
            })
            .collect(),
    });
    HttpResponse::Ok().json(Page {
        items: Vec::from(roles),
        next: None,
    })
}
