//! What a handler takes from a request: a strict JSON body, the parameters of its query, its version, its client's
//! address. Every extractor answers a [`Problem`] that names every fault.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, IF_MATCH};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;

use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};

use super::json::{self, FromJson};
use super::openapi;
use super::problem::Problem;
use super::route::{Access, Audience, RouteRow};
use super::selection;
use super::shared::Shared;
use crate::configuration::Network;

/// How long a body that is no file may take to arrive (ATK-084).
const BODY_SECONDS_MAX: u64 = 30;

/// A strict JSON body.
pub struct Body<T>(pub T);

impl<T: FromJson + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = content_type(request.headers()) == Some("application/json");
        let limit = Shared::of(request).configuration.limits.json_bytes;
        let payload = payload.take();
        Box::pin(async move {
            if !is_json {
                return Err(Problem::of(
                    Code::ContentTypeWrong,
                    "This address takes application/json.",
                ));
            }
            let bytes = collect(payload, limit).await?;
            Ok(Body(json::read(&bytes)?))
        })
    }
}

/// A strict JSON body, or none at all.
pub struct OptionalBody<T>(pub Option<T>);

impl<T: FromJson + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = content_type(request.headers()) == Some("application/json");
        let limit = Shared::of(request).configuration.limits.json_bytes;
        let payload = payload.take();
        Box::pin(async move {
            let bytes = collect(payload, limit).await?;
            if bytes.is_empty() {
                return Ok(OptionalBody(None));
            }
            if !is_json {
                return Err(Problem::of(
                    Code::ContentTypeWrong,
                    "This address takes application/json, or nothing.",
                ));
            }
            Ok(OptionalBody(Some(json::read(&bytes)?)))
        })
    }
}

/// The media type without its parameters.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

/// Takes a body of at most `limit` bytes; the limit holds whatever Content-Length says (ATK-033).
pub(super) async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let all = async {
        let mut bytes = BytesMut::new();
        while let Some(part) = payload.next().await {
            let part =
                part.map_err(|_| Problem::of(Code::RequestMalformed, "The body broke off."))?;
            if bytes.len() + part.len() > limit {
                let text = format!("The body is larger than {limit} bytes.");
                return Err(Problem::of(Code::RequestTooLarge, text));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes.freeze())
    };
    tokio::time::timeout(Duration::from_secs(BODY_SECONDS_MAX), all)
        .await
        .unwrap_or_else(|_| {
            Err(Problem::of(
                Code::RequestMalformed,
                "The body took too long to arrive.",
            ))
        })
}

/// The parameters of a query, taken one by one; what nobody takes, or what comes twice, is refused.
pub struct Query {
    parameters: Vec<(String, String)>,
    faults: Vec<Refusal>,
}

impl Query {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let is_taken = request.extensions().contains::<selection::Taken>();
        let read_here = |name: &str| !(is_taken && selection::PARAMETERS.contains(&name));
        actix_web::web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map(|parameters| Query {
                parameters: parameters
                    .into_inner()
                    .into_iter()
                    .filter(|(name, _)| read_here(name))
                    .collect(),
                faults: Vec::new(),
            })
            .map_err(|_| Problem::of(Code::RequestMalformed, "The query cannot be read."))
    }

    /// Takes a parameter, when it is there and not empty.
    pub fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
        wanted: &str,
    ) -> Option<T> {
        let index = self
            .parameters
            .iter()
            .position(|(given, _)| given == name)?;
        let (_, text) = self.parameters.swap_remove(index);
        if text.is_empty() {
            return None;
        }
        let value = read(&text);
        if value.is_none() {
            self.faults
                .push(fault(name, format!("Here belongs {wanted}.")));
        }
        value
    }

    /// Takes a text as it is.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, |text| Some(text.to_owned()), "a text")
    }

    /// Takes everything, for an address whose parameters are a language of their own.
    pub fn rest(self) -> Vec<(String, String)> {
        self.parameters
    }

    /// Takes `limit`, 1 to 1000, usually 100 (users.md, Annex A).
    pub fn limit(&mut self) -> u32 {
        let read = |text: &str| text.parse().ok().filter(|limit| (1..=1000).contains(limit));
        self.take("limit", read, "a number from 1 to 1000")
            .unwrap_or(100)
    }

    /// Takes `cursor`, the `next` of an earlier answer.
    pub fn cursor<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let index = self
            .parameters
            .iter()
            .position(|(given, _)| given == "cursor")?;
        let (_, text) = self.parameters.swap_remove(index);
        let value = super::list::cursor_key(&text).and_then(|key| read(&key));
        if value.is_none() {
            self.faults.push(Refusal::at(
                Code::CursorMalformed,
                "?cursor",
                "The cursor is not one of ours.",
            ));
        }
        value
    }

    /// Refuses what was wrong and what was not taken.
    ///
    /// # Errors
    /// Every fault.
    pub fn close(mut self) -> Result<(), Problem> {
        for (name, _) in self.parameters {
            self.faults.push(fault(
                &name,
                "There is no such parameter here, or it comes twice.".to_owned(),
            ));
        }
        Ok(Refusals::check(self.faults)?)
    }
}

/// Refuses the query of a call whose handler reads none, so that nobody believes that a parameter was heeded. A handler
/// that reads some refuses the others with [`Query::close`]; the description of the API says which. An address that
/// anyone may call is left alone: what asks for health or sends a callback may add what it likes.
///
/// # Errors
/// Every parameter; the query cannot be read.
pub(super) fn refuse_unread(row: &RouteRow, request: &HttpRequest) -> Result<(), Problem> {
    let is_judged = row.audience == Audience::Programs && row.access != Access::Open;
    if is_judged && !openapi::reads_query(row) {
        Query::of(request)?.close()?;
    }
    Ok(())
}

fn fault(name: &str, text: String) -> Refusal {
    Refusal::at(Code::RequestMalformed, format!("?{name}"), text)
}

impl FromRequest for Query {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        std::future::ready(Query::of(request))
    }
}

/// An identifier in an address. One that is malformed is answered like one that is not there.
///
/// # Errors
/// It is no identifier of this kind.
pub fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// The version that a change was made against (`If-Match`; users.md, Annex A).
pub struct IfMatch(i32);

impl IfMatch {
    /// The version the caller read.
    pub fn row_version(&self) -> i32 {
        self.0
    }

    /// What is answered when someone was quicker.
    pub fn failed() -> Problem {
        Problem::of(Code::PreconditionFailed, "Someone changed this meanwhile.")
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        std::future::ready(match request.headers().get(IF_MATCH) {
            None => Err(Problem::of(
                Code::PreconditionRequired,
                "The change names no version.",
            )),
            Some(value) => value
                .to_str()
                .ok()
                .and_then(read_etag)
                .map(IfMatch)
                .ok_or_else(IfMatch::failed),
        })
    }
}

/// The ETag of a version.
pub fn etag(row_version: i32) -> String {
    format!("\"{row_version}\"")
}

fn read_etag(text: &str) -> Option<i32> {
    text.trim()
        .strip_prefix('"')?
        .strip_suffix('"')?
        .parse()
        .ok()
}

/// Where a request comes from. A forwarded address is believed when the peer is a trusted proxy, and only its last part
/// that is no trusted proxy itself (ATK-091).
pub fn client_address(request: &HttpRequest, trusted: &[Network]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return Some(peer);
    }
    let forwarded = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    for hop in hops.into_iter().rev() {
        match hop.parse::<IpAddr>() {
            Ok(address) if is_trusted(address) => {}
            Ok(address) => return Some(address.to_canonical()),
            Err(_) => break,
        }
    }
    Some(peer)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// ATK-091: proxy headers count only when the peer is the configured proxy.
    #[test]
    fn a_forwarded_address_needs_a_trusted_peer() {
        let trusted: Vec<Network> = vec!["10.0.0.0/8".parse().unwrap()];
        for (peer, forwarded, expected) in [
            ("203.0.113.5", Some("198.51.100.1"), "203.0.113.5"),
            ("10.0.0.1", None, "10.0.0.1"),
            ("10.0.0.1", Some("198.51.100.1"), "198.51.100.1"),
            (
                "10.0.0.1",
                Some("192.0.2.7, 198.51.100.1, 10.2.2.2"),
                "198.51.100.1",
            ),
            ("10.0.0.1", Some("192.0.2.7, nonsense"), "10.0.0.1"),
        ] {
            let mut request =
                TestRequest::default().peer_addr(format!("{peer}:4000").parse().unwrap());
            if let Some(forwarded) = forwarded {
                request = request.insert_header(("X-Forwarded-For", forwarded));
            }
            let address = client_address(&request.to_http_request(), &trusted).unwrap();
            assert_eq!(address.to_string(), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn an_etag_comes_back_and_a_weak_or_foreign_one_does_not() {
        assert_eq!(read_etag(&etag(7)), Some(7));
        for text in ["7", "W/\"7\"", "\"x\"", "*", ""] {
            assert_eq!(read_etag(text), None, "{text}");
        }
    }
}
