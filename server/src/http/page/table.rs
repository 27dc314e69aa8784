//! The table of the pages: every address that answers people.

use packtwin_core::role::Permission::{
    Administer, AuditRead, ConnectorsRead, ConnectorsWrite, JobsRead, LotsRead, LotsRecall,
    LotsWrite, ProductsRead, ProductsWrite, UploadsRead, UploadsWrite,
};

use super::lot::{act, receipt};
use super::product::{act as product_act, form as product_form};
use super::upload::{decide, file, mapping, receive};
use super::webhook::act as webhook_act;
use super::{
    administration, api_key, asset, audit, capture, connector, container, expiring, home, job, lot,
    message, pack, password, product, role, search, sign_in, theme, upload, user, webhook,
};
use crate::http::job as api_job;
use crate::http::route::Access::{Known, Needs, Open};

crate::routes! { rows for People {
    GET  "/static/{file}"                          Open  => asset::show;
    GET  "/sign-in"                                Open  => sign_in::show;
    POST "/sign-in"                                Open  => sign_in::sign_in;
    POST "/sign-out"                               Known => sign_in::sign_out;
    GET  "/set-password"                           Open  => password::show;
    POST "/set-password"                           Open  => password::set;
    POST "/theme"                                  Known => theme::choose;

    GET  "/"                                       Known => home::show;

    GET  "/products"                               Needs(ProductsRead)  => product::list;
    POST "/products"                               Needs(ProductsWrite) => product_form::create;
    GET  "/products/new"                           Needs(ProductsWrite) => product_form::new;
    GET  "/products/{code}"                        Needs(ProductsRead)  => product::show::show;
    GET  "/products/{code}/edit"                   Needs(ProductsWrite) => product_form::edit;
    POST "/products/{code}/edit"                   Needs(ProductsWrite) => product_form::change;
    GET  "/products/{code}/versions/new"           Needs(ProductsWrite) => product_form::new_version;
    POST "/products/{code}/versions/new"           Needs(ProductsWrite) => product_form::add;
    POST "/products/{code}/send"                   Needs(ProductsWrite) => product_act::send;
    POST "/products/{code}/compare"                Needs(ProductsRead)  => product_act::compare;
    GET  "/products/{code}/withdraw"               Needs(LotsRecall)    => product_act::ask_withdraw;
    POST "/products/{code}/withdraw"               Needs(LotsRecall)    => product_act::withdraw;

    GET  "/connectors"                             Needs(ConnectorsRead)  => connector::list;
    GET  "/connectors/{name}"                      Needs(ConnectorsRead)  => connector::show;
    POST "/connectors/{name}"                      Needs(ConnectorsWrite) => connector::set_up;
    POST "/connectors/{name}/pause"                Needs(ConnectorsWrite) => connector::pause;
    POST "/connectors/{name}/resume"               Needs(ConnectorsWrite) => connector::resume;
    POST "/connectors/{name}/check"                Needs(ConnectorsWrite) => connector::check;
    POST "/connectors/{name}/simulator"            Needs(ConnectorsWrite) => connector::simulator::switch;

    GET  "/search"                                 Known           => search::search;
    GET  "/packs/{code}/{serial}"                  Needs(LotsRead) => pack::show;

    GET  "/packs/{code}/{serial}/tree"             Needs(LotsRead) => container::show_pack;
    GET  "/containers/{sscc}"                      Needs(LotsRead) => container::show;
    GET  "/captures"                               Needs(LotsRead) => capture::list;
    GET  "/captures/{id}"                          Needs(UploadsRead) => capture::show;

    GET  "/messages"                               Needs(ConnectorsRead)  => message::list;
    GET  "/messages/{id}"                          Needs(ConnectorsRead)  => message::show;
    GET  "/messages/{id}/document"                 Needs(ConnectorsWrite) => message::document;
    POST "/messages/{id}/retry"                    Needs(ConnectorsWrite) => message::retry;

    GET  "/uploads"                                Needs(UploadsRead)  => upload::list;
    POST "/uploads"                                Needs(UploadsWrite) => receive::create;
    GET  "/uploads/template.{ending}"              Needs(UploadsRead)  => file::template_file;
    GET  "/uploads/{id}"                           Needs(UploadsRead)  => upload::show::show;
    GET  "/uploads/{id}/findings"                  Needs(UploadsRead)  => upload::show::findings;
    GET  "/uploads/{id}/findings.csv"              Needs(UploadsRead)  => file::findings;
    GET  "/uploads/{id}/original"                  Needs(UploadsRead)  => file::original;
    GET  "/uploads/{id}/errors"                    Needs(UploadsRead)  => file::errors;
    POST "/uploads/{id}/fixes"                     Needs(UploadsWrite) => decide::fixes;
    POST "/uploads/{id}/commit"                    Needs(UploadsWrite) => decide::commit;
    GET  "/uploads/{id}/mapping"                   Needs(UploadsWrite) => mapping::show;
    POST "/uploads/{id}/mapping"                   Needs(UploadsWrite) => mapping::decide;
    GET  "/uploads/{id}/withdraw"                  Needs(UploadsWrite) => decide::ask_withdraw;
    POST "/uploads/{id}/withdraw"                  Needs(UploadsWrite) => decide::do_withdraw;

    GET  "/lots"                                   Needs(LotsRead)   => lot::list;
    GET  "/lots/{product}/{lot}"                   Needs(LotsRead)   => lot::show::show;
    GET  "/lots/{product}/{lot}/receipt"           Needs(LotsRead)   => receipt::sheet;
    GET  "/lots/{product}/{lot}/receipt.json"      Needs(LotsRead)   => receipt::json_form;
    POST "/lots/{product}/{lot}/produced"          Needs(LotsWrite)  => act::produced;
    GET  "/lots/{product}/{lot}/send"              Needs(LotsWrite)  => act::ask_send;
    POST "/lots/{product}/{lot}/send"              Needs(LotsWrite)  => act::send;
    GET  "/lots/{product}/{lot}/send-difference"   Needs(LotsWrite)  => act::ask_difference;
    POST "/lots/{product}/{lot}/send-difference"   Needs(LotsWrite)  => act::send_difference;
    GET  "/lots/{product}/{lot}/recall"            Needs(LotsRecall) => act::ask_recall;
    POST "/lots/{product}/{lot}/recall"            Needs(LotsRecall) => act::recall;
    GET  "/lots/{product}/{lot}/states"            Needs(LotsWrite)  => act::ask_states;
    POST "/lots/{product}/{lot}/states"            Needs(LotsWrite)  => act::states;

    GET  "/jobs"                                   Needs(JobsRead)     => job::list;
    GET  "/jobs/{id}"                              Needs(JobsRead)     => job::show;
    GET  "/jobs/{id}/events"                       Needs(JobsRead)     => api_job::events;
    POST "/jobs/{id}/cancel"                       Needs(UploadsWrite) => job::cancel;

    GET  "/administration"                         Known => administration::show;
    GET  "/administration/expiring"                Needs(Administer) => expiring::list;
    GET  "/administration/users"                   Needs(Administer) => user::list;
    POST "/administration/users"                   Needs(Administer) => user::create;
    GET  "/administration/users/invite"            Needs(Administer) => user::invite;
    GET  "/administration/users/{id}"              Needs(Administer) => user::show;
    POST "/administration/users/{id}"              Needs(Administer) => user::change;
    POST "/administration/users/{id}/state"        Needs(Administer) => user::state;
    POST "/administration/users/{id}/link"         Needs(Administer) => user::link;
    POST "/administration/users/{id}/end-sessions" Needs(Administer) => user::end_sessions;
    GET  "/administration/roles"                   Needs(Administer) => role::list;
    POST "/administration/roles"                   Needs(Administer) => role::create;
    GET  "/administration/roles/new"               Needs(Administer) => role::form;
    GET  "/administration/roles/{role}"            Needs(Administer) => role::show;
    POST "/administration/roles/{role}"            Needs(Administer) => role::change;
    POST "/administration/roles/{role}/delete"     Needs(Administer) => role::delete;
    GET  "/administration/api-keys"                Needs(Administer) => api_key::list;
    POST "/administration/api-keys"                Needs(Administer) => api_key::create;
    GET  "/administration/api-keys/new"            Needs(Administer) => api_key::form;
    GET  "/administration/api-keys/{id}/revoke"    Needs(Administer) => api_key::ask_revoke;
    POST "/administration/api-keys/{id}/revoke"    Needs(Administer) => api_key::revoke;
    GET  "/administration/webhooks"                Needs(Administer) => webhook::list;
    POST "/administration/webhooks"                Needs(Administer) => webhook_act::create;
    GET  "/administration/webhooks/new"            Needs(Administer) => webhook_act::new;
    GET  "/administration/webhooks/{id}"           Needs(Administer) => webhook::show;
    GET  "/administration/webhooks/{id}/edit"      Needs(Administer) => webhook_act::edit;
    POST "/administration/webhooks/{id}/edit"      Needs(Administer) => webhook_act::change;
    POST "/administration/webhooks/{id}/state"     Needs(Administer) => webhook_act::state;
    GET  "/administration/webhooks/{id}/secret"    Needs(Administer) => webhook_act::ask_secret;
    POST "/administration/webhooks/{id}/secret"    Needs(Administer) => webhook_act::secret;
    GET  "/administration/webhooks/{id}/remove"    Needs(Administer) => webhook_act::ask_remove;
    POST "/administration/webhooks/{id}/remove"    Needs(Administer) => webhook_act::do_remove;
    POST "/administration/webhooks/{id}/redeliver" Needs(Administer) => webhook_act::tell_again;
    GET  "/administration/audit"                   Needs(AuditRead)  => audit::list;
} }
