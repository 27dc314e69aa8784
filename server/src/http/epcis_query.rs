//! `/v1/epcis/queries`: queries under a name, and the events that they find (EPCIS 2.0, section 12.7).

use actix_web::http::StatusCode;
use actix_web::http::header::{LINK, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use packtwin_app::capture::{create_query, delete_query, find_query};
use packtwin_core::code::Code;
use packtwin_core::refusal::Refusals;
use packtwin_epcis::query::read_query;
use packtwin_tenants::store::epcis_query::NamedQuery;

use super::caller::Caller;
use super::epcis_event::{answer, bound_prefixes, encoded, parameters, typed, with_token};
use super::json;
use super::list::{cursor, cursor_key};
use super::problem::Problem;
use super::request::{Query, collect};
use super::shared::Shared;

/// Queries of one page.
const QUERIES: i64 = 100;

fn shown(query: &NamedQuery) -> Value {
    json!({
        "name": query.name,
        "query": serde_json::from_str::<Value>(&query.query).unwrap_or_default(),
    })
}

/// The parameters of a query in JSON: a value, or a list of values.
fn parameters_of(query: &Map<String, Value>) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let values = |value: &Value| match value {
        Value::Array(values) => values.iter().map(text).collect(),
        other => vec![text(other)],
    };
    let pairs = query.iter();
    pairs
        .map(|(name, value)| (name.clone(), values(value)))
        .collect()
}

/// Keeps a query under a name.
///
/// # Errors
/// Every parameter that is wrong; EPC-153 when there is one of this name.
#[utoipa::path(post, path = "/v1/epcis/queries", tag = "epcis",
    request_body(content = String, content_type = "application/json"),
    responses((status = 201, description = "`Location` is the query")))]
pub async fn create(
    caller: Caller,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let limit = shared.configuration.limits.json_bytes;
    let bytes = collect(payload.into_inner(), limit).await?;
    let body = json::parse(&bytes)?;
    let wrong = |place: &str, text: &str| Problem::at(Code::RequestMalformed, place, text);
    let name = body["name"].as_str().map(str::to_owned);
    let name = name.ok_or_else(|| wrong("/name", "Here belongs the name of the query."))?;
    let query = body["query"].as_object();
    let query = query.ok_or_else(|| wrong("/query", "Here belongs an object of parameters."))?;
    read_query(&parameters_of(query), &bound_prefixes(&request))
        .map_err(|faults| Refusals::all(faults).map_or_else(Problem::unavailable, Problem::from))?;
    let text = Value::Object(query.clone()).to_string();
    let location = format!("/v1/epcis/queries/{}", encoded(&name));
    caller
        .at_desk(&shared, move |desk| create_query(desk, &name, &text))
        .await?;
    Ok(typed(StatusCode::CREATED, "application/json")
        .insert_header((LOCATION, location))
        .finish())
}

/// Queries by name.
///
/// # Errors
/// The token is wrong.
#[utoipa::path(get, path = "/v1/epcis/queries", tag = "epcis", params(("nextPageToken" = Option<String>, Query)),
    responses((status = 200, description = "A list of names with their queries")))]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let after = query.take("nextPageToken", cursor_key, "one of our tokens");
    query.close()?;
    let after = after.unwrap_or_default();
    let mut queries = caller
        .read(move |reader| reader.epcis_query_list(&after, QUERIES + 1))
        .await?;
    let more = queries.len() as i64 > QUERIES;
    queries.truncate(QUERIES as usize);
    let mut response = typed(StatusCode::OK, "application/json");
    if let (true, Some(last)) = (more, queries.last()) {
        let link = format!(
            "<{}>; rel=\"next\"",
            with_token(&request, &cursor(&last.name))
        );
        response.insert_header((LINK, link));
    }
    Ok(response.json(queries.iter().map(shown).collect::<Vec<_>>()))
}

/// One query.
///
/// # Errors
/// There is none of this name.
#[utoipa::path(get, path = "/v1/epcis/queries/{name}", tag = "epcis", params(("name" = String, Path)),
    responses((status = 200, description = "The name and the query")))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let found = caller
        .at_desk(&shared, move |desk| find_query(desk, &name))
        .await?;
    Ok(typed(StatusCode::OK, "application/json").json(shown(&found)))
}

/// Forgets a query.
///
/// # Errors
/// There is none of this name.
#[utoipa::path(delete, path = "/v1/epcis/queries/{name}", tag = "epcis", params(("name" = String, Path)),
    responses((status = 204)))]
pub async fn delete(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    caller
        .at_desk(&shared, move |desk| delete_query(desk, &name))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The events that a query finds.
///
/// # Errors
/// There is no such query; a parameter besides the paging.
#[utoipa::path(get, path = "/v1/epcis/queries/{name}/events", tag = "epcis",
    params(("name" = String, Path), ("perPage" = Option<u32>, Query), ("nextPageToken" = Option<String>, Query)),
    responses((status = 200, description = "A query document")))]
pub async fn events(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let name = path.into_inner();
    let (page, more) = parameters(query)?;
    if let Some((name, _)) = more.first() {
        let place = format!("?{name}");
        return Err(Problem::at(
            Code::RequestMalformed,
            place,
            "A query under a name takes no parameters but those of paging.",
        ));
    }
    let asked = name.clone();
    let found = caller
        .at_desk(&shared, move |desk| find_query(desk, &asked))
        .await?;
    let kept: Map<String, Value> = serde_json::from_str(&found.query).unwrap_or_default();
    answer(
        &caller,
        &shared,
        &request,
        page,
        parameters_of(&kept),
        Vec::new(),
        &name,
    )
    .await
}
