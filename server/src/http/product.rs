//! `/v1/products`: products in versions, sent to the hub and compared with its copy (users.md 3.2 and Annex A). Changing a
//! product without naming a version is in [`super::product_change`].

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::message::refusals_of_product;
use packtwin_app::product::{self, Drift, product_of};
use packtwin_core::code::Code;
use packtwin_core::ids::ProductNo;
use packtwin_core::product::VersionState;
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::Permission;
use packtwin_tenants::store::product::{ProductFilter, ProductRecord, VersionRecord};

use super::caller::Caller;
use super::list::{Page, Row};
use super::market::markets_of;
use super::master_data::MasterDataBody;
use super::message::{FarRefusalBody, on_its_way};
use super::problem::Problem;
use super::product_change::{IfProductMatch, answer, product_etag};
use super::request::{Body, Query};
use super::shared::Shared;
use crate::body;

/// A product with its latest version.
#[derive(Debug, Serialize, ToSchema)]
pub struct Product {
    /// GTIN, NTIN or PPN.
    code: String,
    /// `GTIN` or `PPN`.
    scheme: &'static str,
    /// The number of the latest version.
    latest_version: u32,
    /// The version that is shown.
    version: ProductVersionBody,
    /// Withdrawals that the hub refused and that did not leave anew; told of a single product.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refusals: Vec<FarRefusalBody>,
}

/// One version.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductVersionBody {
    /// Its number, from 1.
    number: u32,
    /// How far it has come.
    state: &'static str,
    /// Its master data.
    data: MasterDataBody,
    /// When it was made.
    created_at: String,
    /// When the hub acknowledged it.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<String>,
    /// The message that carried it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl From<&VersionRecord> for ProductVersionBody {
    fn from(record: &VersionRecord) -> Self {
        ProductVersionBody {
            number: record.version,
            state: record.state.as_str(),
            data: MasterDataBody::from(&record.data),
            created_at: record.created_at.to_string(),
            acknowledged_at: record.acknowledged_at.map(|at| at.to_string()),
            message: record.message_id.map(|id| id.to_string()),
        }
    }
}

impl Product {
    pub(super) fn new(product: &ProductRecord, version: &VersionRecord) -> Self {
        Product {
            code: product.code.to_string(),
            scheme: product.code.scheme().as_str(),
            latest_version: product.latest_version,
            version: ProductVersionBody::from(version),
            refusals: Vec::new(),
        }
    }
}

impl Row for Product {
    const HEAD: &'static [&'static str] = &[
        "code",
        "scheme",
        "name",
        "strength",
        "form",
        "pack_size",
        "markets",
        "version",
        "state",
        "acknowledged_at",
    ];

    fn cells(&self) -> Vec<String> {
        let data = &self.version.data;
        let markets: Vec<&str> = data
            .markets
            .iter()
            .map(|entry| entry.market.as_str())
            .collect();
        vec![
            self.code.clone(),
            self.scheme.to_owned(),
            data.name.clone(),
            data.strength.clone(),
            data.form.clone(),
            data.pack_size.to_string(),
            markets.join(" "),
            self.version.number.to_string(),
            self.version.state.to_owned(),
            self.version.acknowledged_at.clone().unwrap_or_default(),
        ]
    }
}

/// Where ours and the hub's copy part company.
#[derive(Debug, Serialize, ToSchema)]
pub struct DriftBody {
    /// The version that is compared.
    version: u32,
    /// Whether the hub holds it; null when it was never asked.
    held: Option<bool>,
    /// When the hub's copy was read.
    read_at: Option<String>,
    /// Every field that differs.
    fields: Vec<DriftField>,
}

/// A field that differs.
#[derive(Debug, Serialize, ToSchema)]
pub struct DriftField {
    /// The canonical place.
    canonical: String,
    /// Our value.
    ours: Option<String>,
    /// The hub's value.
    hub: Option<String>,
}

impl From<&Drift> for DriftBody {
    fn from(drift: &Drift) -> Self {
        let field = |field: &packtwin_eu_hub::FieldDrift| DriftField {
            canonical: field.canonical.clone(),
            ours: field.ours.clone(),
            hub: field.hub.clone(),
        };
        DriftBody {
            version: drift.version,
            held: drift.held,
            read_at: drift.read_at.map(|at| at.to_string()),
            fields: drift.fields.iter().map(field).collect(),
        }
    }
}

body! {
    /// A product to be added.
    pub struct ProductWanted {
        /// GTIN, NTIN or PPN.
        code: String,
        /// The master data of its first version.
        data: MasterDataBody,
    }
}

body! {
    /// A withdrawal: final.
    pub struct WithdrawalWanted {
        /// Markets by ISO 3166-1 alpha-2 code.
        markets: Vec<String>,
        /// Why, as the authority is told.
        reason: String,
    }
}

/// Products in the order in which they were added.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/products", tag = "products",
    params(("text" = Option<String>, Query), ("market" = Option<String>, Query), ("state" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<Product>)))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let filter = ProductFilter {
        text: query.text("text"),
        market: query.take("market", |text| text.parse().ok(), "a market such as DE"),
        state: query.take("state", VersionState::parse, "a state of versions"),
    };
    let limit = query.limit();
    let after = query.cursor(|key| key.parse().ok().map(ProductNo));
    query.close()?;
    let records = caller
        .read(move |reader| reader.product_list(&filter, after, i64::from(limit) + 1))
        .await?;
    let keyed = records
        .iter()
        .map(|(product, version)| (product.no.to_string(), Product::new(product, version)));
    Page::of_keyed(keyed.collect(), limit).respond(&request)
}

/// Adds a product with its first version.
///
/// # Errors
/// Every fault of code and master data; PRD-001 when the code is in use on this site.
#[utoipa::path(post, path = "/v1/products", tag = "products", request_body = ProductWanted,
    responses((status = 201, body = Product)))]
pub async fn create(
    caller: Caller,
    shared: web::Data<Shared>,
    Body(wanted): Body<ProductWanted>,
) -> Result<HttpResponse, Problem> {
    let code = ProductCode::parse(&wanted.code)
        .map_err(|error| Problem::at(Code::ProductCodeWrong, "/code", error.to_string()))?;
    let data = wanted.data.into_data()?;
    let (product, version) = caller
        .at_desk(&shared, move |desk| {
            product::create_product(desk, code, &data)?;
            latest(desk, &code)
        })
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/v1/products/{}", product.code)))
        .insert_header((ETAG, product_etag(&version)))
        .json(Product::new(&product, &version)))
}

/// One product with its latest version.
///
/// # Errors
/// There is none under this code.
#[utoipa::path(get, path = "/v1/products/{code}", tag = "products", params(("code" = String, Path)),
    responses((status = 200, body = Product)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = code_of(&path)?;
    let (product, version, refusals) = caller
        .at_desk(&shared, move |desk| {
            let (product, version) = latest(desk, &code)?;
            let refusals = desk
                .scope()
                .read(|reader| refusals_of_product(reader, product.no))?;
            Ok::<_, packtwin_app::error::AppError>((product, version, refusals))
        })
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, product_etag(&version)))
        .json(Product {
            refusals: refusals.iter().map(FarRefusalBody::from).collect(),
            ..Product::new(&product, &version)
        }))
}

/// Every version, oldest first.
///
/// # Errors
/// There is no such product.
#[utoipa::path(get, path = "/v1/products/{code}/versions", tag = "products", params(("code" = String, Path)),
    responses((status = 200, body = Page<ProductVersionBody>)))]
pub async fn versions(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = code_of(&path)?;
    let versions = caller.at_desk(&shared, move |desk| {
        desk.require(Permission::ProductsRead)?;
        desk.scope().read(|reader| {
            let product = product_of(reader, &code)?;
            Ok::<_, packtwin_app::error::AppError>(reader.product_version_list(product.no)?)
        })
    });
    let items = versions
        .await?
        .iter()
        .map(ProductVersionBody::from)
        .collect();
    Ok(HttpResponse::Ok().json(Page::<ProductVersionBody> { items, next: None }))
}

/// Adds a version after the latest.
///
/// # Errors
/// Every fault of the master data; the latest version is still a draft.
#[utoipa::path(post, path = "/v1/products/{code}/versions", tag = "products", request_body = MasterDataBody,
    params(("code" = String, Path)), responses((status = 201, body = Product)))]
pub async fn add_version(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    Body(wanted): Body<MasterDataBody>,
) -> Result<HttpResponse, Problem> {
    let code = code_of(&path)?;
    let data = wanted.into_data()?;
    let (product, version) = caller
        .at_desk(&shared, move |desk| {
            product::add_version(desk, &code, &data)?;
            latest(desk, &code)
        })
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((ETAG, product_etag(&version)))
        .json(Product::new(&product, &version)))
}

/// Changes a version that has not left the house.
///
/// # Errors
/// Every fault of the master data; PRD-005; the version is another.
#[utoipa::path(put, path = "/v1/products/{code}/versions/{number}", tag = "products", request_body = MasterDataBody,
    params(("code" = String, Path), ("number" = u32, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Product)))]
pub async fn change_version(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    if_match: IfProductMatch,
    Body(wanted): Body<MasterDataBody>,
) -> Result<HttpResponse, Problem> {
    let (code, number) = (code_of(&path.0)?, number_of(&path.1)?);
    let data = wanted.into_data()?;
    let expected = if_match.of_version(number)?;
    let (product, version) = caller
        .at_desk(&shared, move |desk| {
            product::change_version(desk, &code, number, &data, expected)?;
            latest(desk, &code)
        })
        .await?;
    Ok(answer(&product, &version))
}

/// Sends a version to the hub.
///
/// # Errors
/// Every field the hub demands and the version lacks (HUB-201); it is on its way already.
#[utoipa::path(post, path = "/v1/products/{code}/versions/{number}:send", tag = "products",
    params(("code" = String, Path), ("number" = u32, Path)),
    responses((status = 202, description = "`Location` is the message")))]
pub async fn send_version(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (code, number) = (code_of(&path.0)?, number_of(&path.1)?);
    Ok(on_its_way(
        caller
            .at_desk(&shared, move |desk| {
                product::send_version(desk, &code, number)
            })
            .await?,
    ))
}

/// Withdraws a product from markets: final.
///
/// # Errors
/// A market has no version or is withdrawn already; the reason is missing.
#[utoipa::path(post, path = "/v1/products/{code}:withdraw", tag = "products", request_body = WithdrawalWanted,
    params(("code" = String, Path)), responses((status = 202, description = "`Location` is the message")))]
pub async fn withdraw(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    Body(wanted): Body<WithdrawalWanted>,
) -> Result<HttpResponse, Problem> {
    let code = code_of(&path)?;
    let markets = markets_of(&wanted.markets)?;
    let reason = wanted.reason;
    let message = caller.at_desk(&shared, move |desk| {
        product::withdraw_product(desk, &code, &markets, &reason)
    });
    Ok(on_its_way(message.await?))
}

/// The drift against the last copy read from the hub.
///
/// # Errors
/// There is no such product.
#[utoipa::path(get, path = "/v1/products/{code}/drift", tag = "products", params(("code" = String, Path)),
    responses((status = 200, body = DriftBody)))]
pub async fn drift(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = code_of(&path)?;
    let drift = caller
        .at_desk(&shared, move |desk| product::drift(desk, &code))
        .await?;
    Ok(HttpResponse::Ok().json(DriftBody::from(&drift)))
}

/// Asks the hub for its copy and answers the drift against it.
///
/// # Errors
/// The hub was not reached; no version is acknowledged yet.
#[utoipa::path(post, path = "/v1/products/{code}/drift:read", tag = "products", params(("code" = String, Path)),
    responses((status = 200, body = DriftBody)))]
pub async fn read_drift(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = code_of(&path)?;
    let drift = caller
        .at_desk(&shared, move |desk| product::read_hub_copy(desk, &code))
        .await?;
    Ok(HttpResponse::Ok().json(DriftBody::from(&drift)))
}

/// A product with its latest version.
pub(super) fn latest(
    desk: &packtwin_app::desk::Desk<'_>,
    code: &ProductCode,
) -> Result<(ProductRecord, VersionRecord), packtwin_app::error::AppError> {
    desk.require(Permission::ProductsRead)?;
    desk.scope().read(|reader| {
        let product = product_of(reader, code)?;
        let version = reader.product_version_get(product.no, product.latest_version)?;
        Ok((
            product,
            version.ok_or(packtwin_app::error::AppError::NotFound)?,
        ))
    })
}

/// A product code of an address. What is none is not there.
pub(super) fn code_of(text: &str) -> Result<ProductCode, Problem> {
    ProductCode::parse(text).map_err(|_| Problem::not_found())
}

fn number_of(text: &str) -> Result<u32, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}
