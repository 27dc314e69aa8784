//! `/v1/epcis/events` and the resources beside it: events found by what they say, one event captured at once (EPCIS 2.0,
//! section 12; users.md, Annex A).
//!
//! Parameters are those of the standard's `SimpleEventQuery`; several values stand behind each other with commas, or the
//! parameter comes several times. The answer is a query document in the form that `Accept` asks for; what that form has no
//! place for is named in the header `Packtwin-Not-Carried`.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, LINK, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};

use packtwin_app::capture::{EventPage, capture_event, read_events};
use packtwin_core::code::Code;
use packtwin_core::refusal::Refusals;
use packtwin_core::time::Timestamp;
use packtwin_epcis::cbv::Standard;
use packtwin_epcis::epc_name::{link_of_name, name_of};
use packtwin_epcis::event_index::vocabulary_value;
use packtwin_epcis::query::{EventQuery, Test, read_query};

use super::caller::Caller;
use super::epcis_form::{Answer, Wanted, vendor_headers};
use super::gate::escaped;
use super::list::{cursor, cursor_key};
use super::problem::Problem;
use super::request::{Query, collect, content_type};
use super::shared::Shared;

/// Events of one page, unless asked otherwise (EPCIS 2.0, section 12.6).
const PER_PAGE: u64 = 30;
/// Events of one page at most.
const PER_PAGE_MAX: u64 = 1_000;
/// Values of one page of a resource.
const VALUES_MAX: usize = 1_000;

/// Where a page begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PageAsked {
    per_page: u64,
    after: Option<(Timestamp, i64)>,
    seen: u64,
}

/// The parameters of a query by name, in the order of their first appearance.
type Parameters = Vec<(String, Vec<String>)>;

/// Takes the paging out of a query and groups the rest.
pub(super) fn parameters(query: Query) -> Result<(PageAsked, Parameters), Problem> {
    let mut page = PageAsked {
        per_page: PER_PAGE,
        ..PageAsked::default()
    };
    let mut parameters: Parameters = Vec::new();
    for (name, text) in query.rest() {
        let wrong = |what: &str| Problem::at(Code::RequestMalformed, format!("?{name}"), what);
        match name.as_str() {
            "perPage" => {
                let read = text
                    .parse()
                    .ok()
                    .filter(|count| (1..=PER_PAGE_MAX).contains(count));
                page.per_page =
                    read.ok_or_else(|| wrong("Here belongs a number from 1 to 1000."))?;
            }
            "nextPageToken" => {
                let read = cursor_key(&text).and_then(|key| read_token(&key));
                (page.after, page.seen) = read
                    .map(|(after, seen)| (Some(after), seen))
                    .ok_or_else(|| wrong("The token is not one of ours."))?;
            }
            _ => {
                let values = text.split(',').map(str::to_owned);
                match parameters.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => known.extend(values),
                    None => parameters.push((name, values.collect())),
                }
            }
        }
    }
    Ok((page, parameters))
}

/// The prefixes that a caller binds for names of extensions: `GS1-Extensions: ex=https://…, …`.
pub(super) fn bound_prefixes(request: &HttpRequest) -> Vec<(String, String)> {
    let header = request.headers().get("gs1-extensions");
    let text = header
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    text.split(',')
        .filter_map(|part| part.trim().split_once('='))
        .map(|(prefix, namespace)| (prefix.trim().to_owned(), namespace.trim().to_owned()))
        .collect()
}

/// Events that pass a query.
///
/// # Errors
/// Every parameter that is unknown or wrong; EPC-150 for what this site does not answer; EPC-154.
#[utoipa::path(get, path = "/v1/epcis/events", tag = "epcis",
    params(("eventType" = Option<String>, Query), ("GE_eventTime" = Option<String>, Query),
        ("MATCH_anyEPC" = Option<String>, Query), ("perPage" = Option<u32>, Query),
        ("nextPageToken" = Option<String>, Query)),
    responses((status = 200, description = "A query document; `Link` with `rel=\"next\"` leads on")))]
pub async fn list(
    caller: Caller,
    shared: web::Data<Shared>,
    query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (page, parameters) = parameters(query)?;
    answer(
        &caller,
        &shared,
        &request,
        page,
        parameters,
        Vec::new(),
        "SimpleEventQuery",
    )
    .await
}

/// Reads the parameters, adds `more` tests and answers a page.
pub(super) async fn answer(
    caller: &Caller,
    shared: &Shared,
    request: &HttpRequest,
    page: PageAsked,
    parameters: Parameters,
    more: Vec<Test>,
    query_name: &str,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::of(request)?;
    let mut query = read_parameters(request, &parameters)?;
    query.tests.extend(more);
    let found = found(caller, shared, query, page).await?;
    let next = found.next.map(|(at, no)| {
        let seen = page.seen + found.events.len() as u64;
        cursor(&format!("{}/{no}/{seen}", at.micros()))
    });
    let written = Answer::write(&wanted, query_name, &found.events)?;
    let mut response = written.respond();
    if let Some(token) = next {
        let link = format!("<{}>; rel=\"next\"", with_token(request, &token));
        response.insert_header((LINK, link));
    }
    Ok(response.body(written.body))
}

/// The parameters of a query as what is asked for, or every fault.
fn read_parameters(request: &HttpRequest, parameters: &Parameters) -> Result<EventQuery, Problem> {
    read_query(parameters, &bound_prefixes(request))
        .map_err(|faults| Refusals::all(faults).map_or_else(Problem::unavailable, Problem::from))
}

async fn found(
    caller: &Caller,
    shared: &Shared,
    query: EventQuery,
    page: PageAsked,
) -> Result<EventPage, Problem> {
    let read = caller.at_desk(shared, move |desk| {
        read_events(desk, &query, page.after, page.seen, page.per_page)
    });
    read.await
}

/// Captures one event at once.
///
/// # Errors
/// Every fault of the event; EPC-151 and EPC-152 when its identifier or it itself is there already.
#[utoipa::path(post, path = "/v1/epcis/events", tag = "epcis",
    request_body(content = String, content_type = "application/ld+json"),
    responses((status = 201, description = "`Location` is the event")))]
pub async fn capture(
    caller: Caller,
    shared: web::Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    require_epcis(&request)?;
    let limit = shared.configuration.limits.json_bytes;
    let bytes = collect(payload.into_inner(), limit).await?;
    let captured = caller.at_desk(&shared, move |desk| capture_event(desk, &bytes));
    let location = format!("/v1/epcis/events/{}", encoded(&captured.await?));
    let mut response = HttpResponse::Created();
    vendor_headers(&mut response);
    Ok(response.insert_header((LOCATION, location)).finish())
}

/// The events of one identifier: the event, and a declaration that it is wrong.
///
/// # Errors
/// There is none of this identifier.
#[utoipa::path(get, path = "/v1/epcis/events/{id}", tag = "epcis", params(("id" = String, Path)),
    responses((status = 200, description = "A query document")))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::of(&request)?;
    let query = EventQuery {
        tests: vec![Test::Id(vec![path.into_inner()])],
        ..EventQuery::default()
    };
    let page = PageAsked {
        per_page: PER_PAGE_MAX,
        ..PageAsked::default()
    };
    let found = found(&caller, &shared, query, page).await?;
    if found.events.is_empty() {
        return Err(Problem::not_found());
    }
    let written = Answer::write(&wanted, "SimpleEventQuery", &found.events)?;
    Ok(written.respond().body(written.body))
}

/// Declares the handlers of the lists of what events name.
macro_rules! resources {
    ($($handler:ident $path:literal $resource:literal $about:literal;)*) => {
        $(
            #[doc = $about]
            ///
            /// # Errors
            /// The token is wrong.
            #[utoipa::path(get, path = $path, tag = "epcis", params(("nextPageToken" = Option<String>, Query)),
                responses((status = 200, body = Vec<String>)))]
            pub async fn $handler(
                caller: Caller,
                query: Query,
                request: HttpRequest,
            ) -> Result<HttpResponse, Problem> {
                values(caller, query, request, $resource).await
            }
        )*
    };
}

resources! {
    event_types "/v1/epcis/eventTypes" "eventTypes" "The types of the events that are kept.";
    epcs "/v1/epcis/epcs" "epcs" "Every identity and class that an event named.";
    biz_steps "/v1/epcis/bizSteps" "bizSteps" "The business steps of events.";
    biz_locations "/v1/epcis/bizLocations" "bizLocations" "The business locations of events.";
    read_points "/v1/epcis/readPoints" "readPoints" "The read points of events.";
    dispositions "/v1/epcis/dispositions" "dispositions" "The dispositions of events.";
}

/// Under which name of the index a resource's values stand.
fn index_name(resource: &str) -> Option<&'static str> {
    Some(match resource {
        "eventTypes" => "eventType",
        "bizSteps" => "bizStep",
        "bizLocations" => "bizLocation",
        "readPoints" => "readPoint",
        "dispositions" => "disposition",
        _ => return None,
    })
}

async fn values(
    caller: Caller,
    query: Query,
    request: HttpRequest,
    resource: &'static str,
) -> Result<HttpResponse, Problem> {
    let mut after = String::new();
    for (name, text) in query.rest() {
        match (name.as_str(), cursor_key(&text)) {
            ("nextPageToken", Some(key)) => after = key,
            _ => {
                let place = format!("?{name}");
                return Err(Problem::at(
                    Code::RequestMalformed,
                    place,
                    "There is no such parameter here, or it is not one of our tokens.",
                ));
            }
        }
    }
    let wanted = VALUES_MAX + 1;
    let mut names = caller
        .read(move |reader| match index_name(resource) {
            Some(name) => reader.epcis_event_values(name, &after, wanted),
            None => {
                let named = reader.epc_list("", &after, wanted as i64)?;
                Ok(named.into_iter().map(|(_, name)| name).collect())
            }
        })
        .await?;
    let more = names.len() > VALUES_MAX;
    names.truncate(VALUES_MAX);
    let mut response = HttpResponse::Ok();
    vendor_headers(&mut response);
    if let (true, Some(last)) = (more, names.last()) {
        let link = format!("<{}>; rel=\"next\"", with_token(&request, &cursor(last)));
        response.insert_header((LINK, link));
    }
    let shown: Vec<String> = names
        .iter()
        .map(|name| shown_value(resource, name))
        .collect();
    Ok(response.json(shown))
}

/// Vocabulary as a bare word where it is the standard's, identifiers as Digital Links.
fn shown_value(resource: &str, value: &str) -> String {
    let word = |standard: Standard| {
        standard
            .value(value)
            .map_or_else(|| value.to_owned(), str::to_owned)
    };
    match resource {
        "bizSteps" => word(Standard::BizStep),
        "dispositions" => word(Standard::Disposition),
        "eventTypes" => value.to_owned(),
        _ => link_of_name(value),
    }
}

/// The test that an event names a value of a resource.
fn test_of(resource: &str, value: &str) -> Option<Test> {
    let index = |value: String| {
        let name = index_name(resource)?.to_owned();
        let values = vec![value];
        Some(Test::Value { name, values })
    };
    match resource {
        "eventTypes" => index(value.to_owned()),
        "bizSteps" => index(vocabulary_value(Standard::BizStep, value)),
        "dispositions" => index(vocabulary_value(Standard::Disposition, value)),
        "bizLocations" | "readPoints" => index(name_of(value)),
        "epcs" => {
            use packtwin_epcis::query::Place;
            const ALL: &[Place] = &[
                Place::Epc,
                Place::Child,
                Place::Input,
                Place::Output,
                Place::Parent,
                Place::Class,
                Place::ChildClass,
                Place::InputClass,
                Place::OutputClass,
            ];
            Some(Test::Names {
                places: ALL,
                names: vec![name_of(value)],
                prefixes: Vec::new(),
            })
        }
        _ => None,
    }
}

/// What there is below a value of a resource.
///
/// # Errors
/// No event names it.
#[utoipa::path(get, path = "/v1/epcis/{resource}/{value}", tag = "epcis",
    params(("resource" = String, Path), ("value" = String, Path)), responses((status = 200, body = Vec<String>)))]
pub async fn below_value(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let query = EventQuery {
        tests: vec![test_of(&path.0, &path.1).ok_or_else(Problem::not_found)?],
        ..EventQuery::default()
    };
    let page = PageAsked {
        per_page: 1,
        ..PageAsked::default()
    };
    if found(&caller, &shared, query, page)
        .await?
        .events
        .is_empty()
    {
        return Err(Problem::not_found());
    }
    let mut response = HttpResponse::Ok();
    vendor_headers(&mut response);
    Ok(response.json(["events"]))
}

/// The events that name a value of a resource, and pass a query besides.
///
/// # Errors
/// No event names it; every parameter that is wrong.
#[utoipa::path(get, path = "/v1/epcis/{resource}/{value}/events", tag = "epcis",
    params(("resource" = String, Path), ("value" = String, Path), ("perPage" = Option<u32>, Query),
        ("nextPageToken" = Option<String>, Query)),
    responses((status = 200, description = "A query document")))]
pub async fn list_of_value(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (page, parameters) = parameters(query)?;
    read_parameters(&request, &parameters)?;
    let test = test_of(&path.0, &path.1).ok_or_else(Problem::not_found)?;
    let exists = EventQuery {
        tests: vec![test.clone()],
        ..EventQuery::default()
    };
    let one = PageAsked {
        per_page: 1,
        ..PageAsked::default()
    };
    if found(&caller, &shared, exists, one)
        .await?
        .events
        .is_empty()
    {
        return Err(Problem::not_found());
    }
    answer(
        &caller,
        &shared,
        &request,
        page,
        parameters,
        vec![test],
        "SimpleEventQuery",
    )
    .await
}

/// Refuses a body that says it is no EPCIS.
pub(super) fn require_epcis(request: &HttpRequest) -> Result<(), Problem> {
    const KINDS: [&str; 4] = [
        "application/json",
        "application/ld+json",
        "application/xml",
        "text/xml",
    ];
    match content_type(request.headers()).is_some_and(|kind| KINDS.contains(&kind)) {
        true => Ok(()),
        false => Err(Problem::of(
            Code::ContentTypeWrong,
            format!("This address takes {}.", KINDS.join(", ")),
        )),
    }
}

/// The address that was asked, with another token.
pub(super) fn with_token(request: &HttpRequest, token: &str) -> String {
    let kept = request
        .query_string()
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("nextPageToken="))
        .collect::<Vec<_>>()
        .join("&");
    let joint = if kept.is_empty() { "" } else { "&" };
    format!("{}?{kept}{joint}nextPageToken={token}", request.path())
}

fn read_token(key: &str) -> Option<((Timestamp, i64), u64)> {
    let mut parts = key.splitn(3, '/');
    let at = Timestamp::from_micros(parts.next()?.parse().ok()?);
    Some((
        (at, parts.next()?.parse().ok()?),
        parts.next()?.parse().ok()?,
    ))
}

/// A value as one part of an address.
pub(super) fn encoded(value: &str) -> String {
    escaped(value).replace('/', "%2F")
}

/// The content type of an answer.
pub(super) fn typed(status: StatusCode, kind: &'static str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, kind));
    vendor_headers(&mut response);
    response
}

/// Names what a form could not carry.
pub(super) const NOT_CARRIED: HeaderName = HeaderName::from_static("packtwin-not-carried");
