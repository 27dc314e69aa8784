//! temp
use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};

use super::caller::Caller;
use super::problem::Problem;

pub(super) enum Before {
    Unasked,
    Fresh(Claim),
    Replay(HttpResponse),
}
pub(super) struct Claim;
impl Claim {
    pub(super) async fn finish(
        self,
        response: ServiceResponse<BoxBody>,
    ) -> ServiceResponse<BoxBody> {
        response
    }
}
pub(super) async fn before(
    _caller: &Caller,
    _request: &mut ServiceRequest,
) -> Result<Before, Problem> {
    Ok(Before::Unasked)
}
