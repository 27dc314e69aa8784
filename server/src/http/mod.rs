//! The site on the wire: one table of addresses, one gate before every handler, one shape for every refusal.
//!
//! A handler reads as a list: who is asking, what they hand over, what the store or use case says, the answer. It holds no
//! SQL and no rule of the trade; those are in `tenants`, `app` and `core`.

pub(crate) mod account;
mod alert;
mod api;
mod api_key;
mod audit;
mod callback;
mod caller;
mod capture;
mod connector;
mod container;
mod dialect;
mod envelope;
mod epcis_event;
mod epcis_form;
mod epcis_query;
mod expand;
mod finding;
mod gate;
mod health;
mod idempotency;
mod job;
pub mod json;
mod list;
mod lot;
mod mapping;
mod market;
mod master_data;
mod me;
mod merge_patch;
mod message;
mod openapi;
mod pack;
mod pack_proof;
mod page;
mod premises;
mod problem;
mod product;
mod product_change;
mod rate_limit;
pub mod readiness;
mod receipt;
mod request;
mod role;
pub mod route;
mod selection;
mod session_cookie;
mod session_token;
mod shared;
mod stream;
mod upload;
mod user;
mod verification;
mod webhook;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpRequest, HttpResponse, web};

pub use self::api::rows as api_rows;
pub use self::openapi::description;
pub use self::page::rows as page_rows;
pub use self::problem::Problem;
pub use self::shared::{Shared, house};

/// The whole site, one for each thread that serves.
pub fn app(
    shared: web::Data<Shared>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(shared)
        .wrap(from_fn(envelope::envelope))
        .configure(|service| route::mount(&rows(), service))
        .default_service(web::route().to(nothing_here))
}

/// Every row of every table.
pub fn rows() -> Vec<route::RouteRow> {
    [api::rows(), page::rows()].concat()
}

async fn nothing_here(_: HttpRequest) -> Result<HttpResponse, Problem> {
    Err(Problem::not_found())
}
