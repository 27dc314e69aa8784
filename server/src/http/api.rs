//! The table of the API: every address that answers programs, who may, and which handler answers.
//!
//! The router, the description at `/v1/openapi.json` and the test that every address refuses a stranger are driven from
//! this one list (users.md, Annex A).

use utoipa::OpenApi;

use packtwin_core::role::Permission::{Administer, AuditRead};

use super::route::Access::{Known, Needs, Open};
use super::{api_key, audit, health, me, openapi, role, user};

/// Declares the table and, from the same list, the description of its handlers.
macro_rules! api {
    ($($method:ident $path:literal $access:expr => $noun:ident::$handler:ident;)*) => {
        crate::routes! { rows for Programs { $($method $path $access => $noun::$handler;)* } }

        /// What the handlers say of themselves.
        #[derive(OpenApi)]
        #[openapi(paths($($noun::$handler,)*))]
        pub(super) struct Described;
    };
}

api! {
    GET "/health/live"     Open  => health::live;
    GET "/health/ready"    Open  => health::ready;
    GET "/v1/openapi.json" Open  => openapi::show;
    GET "/v1/version"      Open  => me::version;
    GET "/v1/status"       Known => me::status;
    GET "/v1/limits"       Known => me::limits;
    GET "/v1/me"           Known => me::show;

    GET    "/v1/users"             Needs(Administer) => user::list;
    POST   "/v1/users"             Needs(Administer) => user::create;
    GET    "/v1/users/{id}"        Needs(Administer) => user::show;
    PATCH  "/v1/users/{id}"        Needs(Administer) => user::change;
    DELETE "/v1/users/{id}"        Needs(Administer) => user::disable;
    POST   "/v1/users/{id}:invite" Needs(Administer) => user::invite;
    GET    "/v1/roles"             Known             => role::list;
    GET    "/v1/api-keys"          Needs(Administer) => api_key::list;
    POST   "/v1/api-keys"          Needs(Administer) => api_key::create;
    GET    "/v1/api-keys/{id}"     Needs(Administer) => api_key::show;
    DELETE "/v1/api-keys/{id}"     Needs(Administer) => api_key::revoke;
    GET    "/v1/audit"             Needs(AuditRead)  => audit::list;
    GET    "/v1/audit/proof"       Needs(AuditRead)  => audit::proof;
}
