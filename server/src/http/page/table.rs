//! The table of the pages: every address that answers people.

use packtwin_core::role::Permission::{Administer, AuditRead, JobsRead};

use super::{api_key, asset, audit, password, role, sign_in, theme, user};
use crate::http::job;
use crate::http::route::Access::{Known, Needs, Open};

crate::routes! { rows for People {
    GET  "/static/{file}"                          Open  => asset::show;
    GET  "/sign-in"                                Open  => sign_in::show;
    POST "/sign-in"                                Open  => sign_in::sign_in;
    POST "/sign-out"                               Known => sign_in::sign_out;
    GET  "/set-password"                           Open  => password::show;
    POST "/set-password"                           Open  => password::set;
    POST "/theme"                                  Known => theme::choose;

    GET  "/jobs/{id}/events"                       Needs(JobsRead) => job::events;

    GET  "/administration/users"                   Needs(Administer) => user::list;
    POST "/administration/users"                   Needs(Administer) => user::create;
    GET  "/administration/users/invite"            Needs(Administer) => user::invite;
    GET  "/administration/users/{id}"              Needs(Administer) => user::show;
    POST "/administration/users/{id}"              Needs(Administer) => user::change;
    POST "/administration/users/{id}/state"        Needs(Administer) => user::state;
    POST "/administration/users/{id}/link"         Needs(Administer) => user::link;
    POST "/administration/users/{id}/end-sessions" Needs(Administer) => user::end_sessions;
    GET  "/administration/roles"                   Needs(Administer) => role::list;
    GET  "/administration/api-keys"                Needs(Administer) => api_key::list;
    POST "/administration/api-keys"                Needs(Administer) => api_key::create;
    GET  "/administration/api-keys/new"            Needs(Administer) => api_key::form;
    GET  "/administration/api-keys/{id}/revoke"    Needs(Administer) => api_key::ask_revoke;
    POST "/administration/api-keys/{id}/revoke"    Needs(Administer) => api_key::revoke;
    GET  "/administration/audit"                   Needs(AuditRead)  => audit::list;
} }
