//! Stylesheet, icons and scripts, from the binary itself.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use sha2::{Digest, Sha256};

use packtwin_tenants::blob::hex;

use crate::http::problem::Problem;
use crate::pages::asset::asset_find;

/// One static file. A browser asks each time and is told when nothing changed, so that a new release shows at once.
pub(in crate::http) async fn show(
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let asset = asset_find(&path).ok_or_else(Problem::not_found)?;
    let tag = format!("\"{}\"", &hex(&Sha256::digest(asset.bytes))[..32]);
    let known = request
        .headers()
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let mut response = if known == Some(&tag) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((ETAG, tag.clone()));
    if known == Some(&tag) {
        return Ok(response.finish());
    }
    Ok(response
        .insert_header((CONTENT_TYPE, asset.content_type))
        .body(asset.bytes))
}
