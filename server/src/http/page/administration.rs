//! The door to the administration pages: to the first of them that the person may see.

use actix_web::HttpResponse;

use packtwin_core::role::Permission;

use super::see;
use crate::http::caller::Caller;
use crate::http::problem::Problem;

/// Leads on.
pub(in crate::http) async fn show(caller: Caller) -> Result<HttpResponse, Problem> {
    if caller.may(Permission::Administer) {
        return Ok(see("/administration/users"));
    }
    if caller.may(Permission::AuditRead) {
        return Ok(see("/administration/audit"));
    }
    Err(Problem::not_found())
}
