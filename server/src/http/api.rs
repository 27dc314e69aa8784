//! The table of the API: every address that answers programs, who may, and which handler answers.
//!
//! The router, the description at `/v1/openapi.json` and the test that every address refuses a stranger are driven from
//! this one list (users.md, Annex A).

use utoipa::OpenApi;

use super::route::Access::{Known, Open};
use super::{health, me, openapi};

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
}
