//! `PUT` and `PATCH /v1/products/{code}`: the data of a product as people think of them, over the versions that keep them
//! (users.md 3.2 and Annex A; URS-MD-003).
//!
//! A change goes into the latest version while no far side knows it and no lot belongs to it, and opens the next one
//! otherwise. The answer names the version. `If-Match` is the `ETag` of the product: number and row of its latest version.

use actix_web::http::header::{ETAG, IF_MATCH};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};

use packtwin_app::product::{self, VersionRead};
use packtwin_core::code::Code;
use packtwin_core::product::MasterData;
use packtwin_core::product_code::ProductCode;
use packtwin_tenants::store::product::{ProductRecord, VersionRecord};

use super::caller::Caller;
use super::master_data::MasterDataBody;
use super::merge_patch::MergePatch;
use super::problem::Problem;
use super::product::{Product, code_of, latest};
use super::request::{Body, IfMatch};
use super::shared::Shared;

/// The tag of a product: `"2.5"` is the fifth state of version 2.
pub(super) fn product_etag(version: &VersionRecord) -> String {
    format!("\"{}.{}\"", version.version, version.row_version)
}

/// The answer to a change: the product with its latest version.
pub(super) fn answer(product: &ProductRecord, version: &VersionRecord) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, product_etag(version)))
        .json(Product::new(product, version))
}

/// The state of a product that a change was made from (`If-Match`).
pub struct IfProductMatch {
    version: Option<u32>,
    row_version: i32,
}

impl IfProductMatch {
    /// The row of a version that is named in the address. A tag that names another version fits none.
    ///
    /// # Errors
    /// The tag is of another version.
    pub(super) fn of_version(&self, number: u32) -> Result<i32, Problem> {
        match self.version {
            Some(version) if version != number => Err(IfMatch::failed()),
            _ => Ok(self.row_version),
        }
    }

    /// The state that was read; one that names no version is never the present one.
    fn read(&self) -> VersionRead {
        VersionRead {
            version: self.version.unwrap_or(0),
            row_version: self.row_version,
        }
    }
}

impl FromRequest for IfProductMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(match request.headers().get(IF_MATCH) {
            None => Err(Problem::of(
                Code::PreconditionRequired,
                "The change names no version.",
            )),
            Some(value) => value
                .to_str()
                .ok()
                .and_then(read_tag)
                .ok_or_else(IfMatch::failed),
        })
    }
}

fn read_tag(text: &str) -> Option<IfProductMatch> {
    let tag = text.trim().strip_prefix('"')?.strip_suffix('"')?;
    let (version, row) = match tag.split_once('.') {
        Some((version, row)) => (Some(version.parse().ok()?), row),
        None => (None, tag),
    };
    Some(IfProductMatch {
        version,
        row_version: row.parse().ok()?,
    })
}

/// Replaces the data of a product: in its latest version while that has not left the house, else in the next one. The same
/// data again change nothing.
///
/// # Errors
/// Every fault of the master data; someone changed the product since it was read.
#[utoipa::path(put, path = "/v1/products/{code}", tag = "products", request_body = MasterDataBody,
    params(("code" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Product)))]
pub async fn replace(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfProductMatch,
    Body(wanted): Body<MasterDataBody>,
) -> Result<HttpResponse, Problem> {
    let code = code_of(&path)?;
    let data = wanted.into_data()?;
    change(&caller, &shared, code, &if_match, data).await
}

/// Changes some of the data of a product, as a JSON merge patch (RFC 7396) over the data of its latest version.
///
/// # Errors
/// Every fault of the master data that come of it; someone changed the product since it was read.
#[utoipa::path(patch, path = "/v1/products/{code}", tag = "products",
    request_body(content = MasterDataBody, content_type = "application/merge-patch+json"),
    params(("code" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Product)))]
pub async fn patch(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    if_match: IfProductMatch,
    patch: MergePatch,
) -> Result<HttpResponse, Problem> {
    let code = code_of(&path)?;
    let (_, present) = caller
        .at_desk(&shared, move |desk| latest(desk, &code))
        .await?;
    let data = patch
        .onto(&MasterDataBody::from(&present.data))?
        .into_data()?;
    change(&caller, &shared, code, &if_match, data).await
}

async fn change(
    caller: &Caller,
    shared: &web::Data<Shared>,
    code: ProductCode,
    if_match: &IfProductMatch,
    data: MasterData,
) -> Result<HttpResponse, Problem> {
    let read = if_match.read();
    let (product, version) = caller
        .at_desk(shared, move |desk| {
            product::change_product(desk, &code, read, &data)?;
            latest(desk, &code)
        })
        .await?;
    Ok(answer(&product, &version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_version_and_row() {
        let read = |text| read_tag(text).map(|tag| (tag.version, tag.row_version));
        assert_eq!(read("\"2.5\""), Some((Some(2), 5)));
        assert_eq!(read("\"5\""), Some((None, 5)));
        for text in ["2.5", "\"2.\"", "\".5\"", "\"a.b\"", "*", "W/\"2.5\""] {
            assert_eq!(read(text), None, "{text}");
        }
        let tag = read_tag("\"2.5\"").unwrap();
        assert_eq!(tag.of_version(2).ok(), Some(5));
        assert!(tag.of_version(1).is_err());
    }
}
