//! The table of the API: every address that answers programs, who may, and which handler answers.
//!
//! The router, the description at `/v1/openapi.json` and the test that every address refuses a stranger are driven from
//! this one list (users.md, Annex A).

use utoipa::OpenApi;

use packtwin_core::role::Permission::{
    Administer, AlertsDecide, AlertsRead, AuditRead, ConnectorsRead, ConnectorsWrite, JobsRead,
    LotsRead, LotsRecall, LotsWrite, ProductsRead, ProductsWrite, UploadsRead, UploadsWrite,
};

use super::route::Access::{Known, Needs, Open, Premises};
use super::{
    alert, api_key, audit, callback, capture, connector, container, dialect, epcis_event,
    epcis_query, finding, health, job, lot, mapping, me, message, openapi, pack, pack_proof,
    product, product_change, receipt, role, upload, user, verification, webhook,
};

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
    POST   "/v1/roles"             Needs(Administer) => role::create;
    GET    "/v1/roles/{name}"      Known             => role::show;
    PATCH  "/v1/roles/{name}"      Needs(Administer) => role::change;
    DELETE "/v1/roles/{name}"      Needs(Administer) => role::delete;
    GET    "/v1/api-keys"          Needs(Administer) => api_key::list;
    POST   "/v1/api-keys"          Needs(Administer) => api_key::create;
    GET    "/v1/api-keys/{id}"     Needs(Administer) => api_key::show;
    PATCH  "/v1/api-keys/{id}"     Needs(Administer) => api_key::change;
    DELETE "/v1/api-keys/{id}"     Needs(Administer) => api_key::revoke;
    GET    "/v1/audit"             Needs(AuditRead)  => audit::list;
    GET    "/v1/audit/proof"       Needs(AuditRead)  => audit::proof;

    GET    "/v1/webhooks"                     Needs(Administer) => webhook::list;
    POST   "/v1/webhooks"                     Needs(Administer) => webhook::create;
    GET    "/v1/webhooks/{id}"                Needs(Administer) => webhook::show;
    PATCH  "/v1/webhooks/{id}"                Needs(Administer) => webhook::change;
    DELETE "/v1/webhooks/{id}"                Needs(Administer) => webhook::delete;
    POST   "/v1/webhooks/{id}:rotate-secret"  Needs(Administer) => webhook::rotate_secret;
    GET    "/v1/webhooks/{id}/deliveries"     Needs(Administer) => webhook::deliveries;
    POST   "/v1/webhooks/{id}/deliveries/{delivery}:redeliver" Needs(Administer) => webhook::tell_again;

    GET    "/v1/products"                               Needs(ProductsRead)  => product::list;
    POST   "/v1/products"                               Needs(ProductsWrite) => product::create;
    GET    "/v1/products/{code}"                        Needs(ProductsRead)  => product::show;
    PUT    "/v1/products/{code}"                        Needs(ProductsWrite) => product_change::replace;
    PATCH  "/v1/products/{code}"                        Needs(ProductsWrite) => product_change::patch;
    POST   "/v1/products/{code}:withdraw"               Needs(LotsRecall)    => product::withdraw;
    GET    "/v1/products/{code}/versions"               Needs(ProductsRead)  => product::versions;
    POST   "/v1/products/{code}/versions"               Needs(ProductsWrite) => product::add_version;
    PUT    "/v1/products/{code}/versions/{number}"      Needs(ProductsWrite) => product::change_version;
    POST   "/v1/products/{code}/versions/{number}:send" Needs(ProductsWrite) => product::send_version;
    GET    "/v1/products/{code}/drift"                  Needs(ProductsRead)  => product::drift;
    POST   "/v1/products/{code}/drift:read"             Needs(ProductsRead)  => product::read_drift;

    GET    "/v1/uploads"                          Needs(UploadsRead)  => upload::list;
    POST   "/v1/uploads"                          Needs(UploadsWrite) => upload::begin;
    GET    "/v1/uploads/{id}"                     Needs(UploadsRead)  => upload::show;
    PATCH  "/v1/uploads/{id}"                     Needs(UploadsWrite) => upload::append;
    DELETE "/v1/uploads/{id}"                     Needs(UploadsWrite) => upload::withdraw;
    POST   "/v1/uploads/{id}:complete"            Needs(UploadsWrite) => upload::complete;
    POST   "/v1/uploads/{id}:commit"              Needs(UploadsWrite) => upload::commit;
    PUT    "/v1/uploads/{id}/mapping"             Needs(UploadsWrite) => upload::choose_mapping;
    GET    "/v1/uploads/{id}/original"            Needs(UploadsRead)  => upload::original;
    GET    "/v1/uploads/{id}/findings"            Needs(UploadsRead)  => finding::sums;
    GET    "/v1/uploads/{id}/findings/{code}"     Needs(UploadsRead)  => finding::list;
    POST   "/v1/uploads/{id}/findings:apply-fixes" Needs(UploadsWrite) => finding::apply_fixes;
    GET    "/v1/uploads/{id}/error-file"          Needs(UploadsRead)  => finding::error_file;
    GET    "/v1/uploads/{id}/lots"                Needs(UploadsRead)  => finding::lots;
    GET    "/v1/mappings"                         Needs(UploadsRead)  => mapping::list;
    POST   "/v1/mappings"                         Needs(UploadsWrite) => mapping::create;
    POST   "/v1/mappings:test"                    Needs(UploadsRead)  => mapping::try_out;
    GET    "/v1/mappings/{id}"                    Needs(UploadsRead)  => mapping::show;
    PUT    "/v1/mappings/{id}"                    Needs(UploadsWrite) => mapping::change;
    DELETE "/v1/mappings/{id}"                    Needs(UploadsWrite) => mapping::delete;

    GET    "/v1/lots"                                Needs(LotsRead)   => lot::list;
    GET    "/v1/lots/{product}/{lot}"                Needs(LotsRead)   => lot::show;
    PATCH  "/v1/lots/{product}/{lot}"                Needs(LotsWrite)  => lot::enter_produced;
    POST   "/v1/lots/{product}/{lot}:send"           Needs(LotsWrite)  => lot::send;
    POST   "/v1/lots/{product}/{lot}:recall"         Needs(LotsRecall) => lot::recall;
    GET    "/v1/lots/{product}/{lot}/receipt"        Needs(LotsRead)   => receipt::show;
    GET    "/v1/lots/{product}/{lot}/reconciliation" Needs(LotsRead)   => receipt::difference;
    GET    "/v1/lots/{product}/{lot}/packs"          Needs(LotsRead)   => pack::list;
    GET    "/v1/packs/{code}/{serial}"               Needs(LotsRead)   => pack::show;
    GET    "/v1/packs/{code}/{serial}/events"        Needs(LotsRead)   => pack::events;
    GET    "/v1/packs/{code}/{serial}/messages"      Needs(LotsRead)   => pack_proof::messages;
    GET    "/v1/packs/{code}/{serial}/proof"         Needs(LotsRead)   => pack_proof::proof;
    POST   "/v1/packs:change-bulk"                   Needs(LotsWrite)  => pack::change;

    GET    "/v1/packs/{code}/{serial}/tree"          Needs(LotsRead)     => container::tree_of_pack;
    GET    "/v1/containers:parked"                   Needs(LotsRead)     => container::parked;
    GET    "/v1/containers/{sscc}"                   Needs(LotsRead)     => container::show;
    GET    "/v1/containers/{sscc}/tree"              Needs(LotsRead)     => container::tree;

    POST   "/v1/epcis/capture"                       Needs(UploadsWrite) => capture::begin;
    GET    "/v1/epcis/capture"                       Needs(UploadsRead)  => capture::list;
    GET    "/v1/epcis/capture/{id}"                  Needs(UploadsRead)  => capture::show;
    GET    "/v1/epcis/capture/{id}/findings"         Needs(UploadsRead)  => capture::findings;
    POST   "/v1/epcis/validate"                      Needs(UploadsRead)  => capture::validate;
    GET    "/v1/epcis/events"                        Needs(LotsRead)     => epcis_event::list;
    POST   "/v1/epcis/events"                        Needs(UploadsWrite) => epcis_event::capture;
    GET    "/v1/epcis/events/{id}"                   Needs(LotsRead)     => epcis_event::show;
    GET    "/v1/epcis/eventTypes"                    Needs(LotsRead)     => epcis_event::event_types;
    GET    "/v1/epcis/epcs"                          Needs(LotsRead)     => epcis_event::epcs;
    GET    "/v1/epcis/bizSteps"                      Needs(LotsRead)     => epcis_event::biz_steps;
    GET    "/v1/epcis/bizLocations"                  Needs(LotsRead)     => epcis_event::biz_locations;
    GET    "/v1/epcis/readPoints"                    Needs(LotsRead)     => epcis_event::read_points;
    GET    "/v1/epcis/dispositions"                  Needs(LotsRead)     => epcis_event::dispositions;
    GET    "/v1/epcis/{resource}/{value}"            Needs(LotsRead)     => epcis_event::below_value;
    GET    "/v1/epcis/{resource}/{value}/events"     Needs(LotsRead)     => epcis_event::list_of_value;
    GET    "/v1/epcis/queries"                       Needs(LotsRead)     => epcis_query::list;
    POST   "/v1/epcis/queries"                       Needs(UploadsWrite) => epcis_query::create;
    GET    "/v1/epcis/queries/{name}"                Needs(LotsRead)     => epcis_query::show;
    DELETE "/v1/epcis/queries/{name}"                Needs(UploadsWrite) => epcis_query::delete;
    GET    "/v1/epcis/queries/{name}/events"         Needs(LotsRead)     => epcis_query::events;

    POST   "/v1/packs:verify"      Premises => verification::verify;
    POST   "/v1/packs:change"      Premises => verification::change;
    POST   "/v1/packs:undo"        Premises => verification::undo;
    POST   "/v1/packs:verify-bulk" Premises => verification::bulk;
    GET    "/emvs/rest/product/{scheme}/{code}/pack/{serial}" Premises => dialect::rest_verify;
    PATCH  "/emvs/rest/product/{scheme}/{code}/pack/{serial}" Premises => dialect::rest_change;
    POST   "/emvs/soap"                                       Premises => dialect::soap;

    GET    "/v1/alerts"             Needs(AlertsRead)   => alert::list;
    GET    "/v1/alerts/{id}"        Needs(AlertsRead)   => alert::show;
    POST   "/v1/alerts/{id}:decide" Needs(AlertsDecide) => alert::decide;

    GET    "/v1/connectors"               Needs(ConnectorsRead)  => connector::list;
    GET    "/v1/connectors/{name}"        Needs(ConnectorsRead)  => connector::show;
    PUT    "/v1/connectors/{name}"        Needs(ConnectorsWrite) => connector::set_up;
    PATCH  "/v1/connectors/{name}"        Needs(ConnectorsWrite) => connector::patch;
    POST   "/v1/connectors/{name}:pause"  Needs(ConnectorsWrite) => connector::pause;
    POST   "/v1/connectors/{name}:resume" Needs(ConnectorsWrite) => connector::resume;
    POST   "/v1/connectors/{name}:check"  Needs(ConnectorsWrite) => connector::check;
    GET    "/v1/connectors/{name}/health" Needs(ConnectorsRead)  => connector::health;
    GET    "/v1/messages"                 Needs(ConnectorsRead)  => message::list;
    GET    "/v1/messages/{id}"            Needs(ConnectorsRead)  => message::show;
    GET    "/v1/messages/{id}/document"   Needs(ConnectorsWrite) => message::document;
    POST   "/v1/messages/{id}:retry"      Needs(ConnectorsWrite) => message::retry;
    GET    "/v1/jobs"                     Needs(JobsRead)        => job::list;
    GET    "/v1/jobs/{id}"                Needs(JobsRead)        => job::show;
    POST   "/v1/jobs/{id}:cancel"         Needs(UploadsWrite)    => job::cancel;

    POST   "/callbacks/{handle}"          Open                   => callback::receive;
}
