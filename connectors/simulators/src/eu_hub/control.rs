//! The control address of the simulated hub: plain HTTP on loopback, for the demo's connector page and for tests.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming as RequestBody;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::exchange::{Cut, Reply, plain, respond};
use super::server::Shared;
use super::switches::Switches;

const JSON: &str = "application/json";
const SWITCHES_BYTES_MAX: usize = 64 * 1024;

/// Serves one connection.
pub(crate) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| handle(request, Arc::clone(&shared)));
    let _ended = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30))
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn handle(
    request: Request<RequestBody>,
    shared: Arc<Shared>,
) -> Result<Response<Reply>, Cut> {
    let path = request.uri().path().to_owned();
    match (request.method(), path.as_str()) {
        (&Method::GET, "/simulator/switches") => Ok(json(&*shared.switches())),
        (&Method::PUT, "/simulator/switches") => {
            let Ok(body) = Limited::new(request.into_body(), SWITCHES_BYTES_MAX)
                .collect()
                .await
            else {
                return Ok(plain(413, "the switches are too large"));
            };
            match serde_json::from_slice::<Switches>(&body.to_bytes()) {
                Ok(switches) => {
                    *shared.switches() = switches;
                    Ok(json(&*shared.switches()))
                }
                Err(error) => Ok(plain(400, &format!("these are no switches: {error}"))),
            }
        }
        (&Method::GET, "/simulator/state") => Ok(json(&shared.hub().counts())),
        (&Method::GET, path) if path.starts_with("/simulator/packs/") => {
            let key = path
                .trim_start_matches("/simulator/packs/")
                .replace("%3A", ":");
            let mut lines = String::new();
            for serial in shared.hub().serials(&key) {
                lines.push_str(serial.as_str());
                lines.push('\n');
            }
            Ok(respond(200, "text/plain; charset=utf-8", lines))
        }
        _ => Ok(plain(
            404,
            "the simulator knows /simulator/switches, /simulator/state and /simulator/packs/{scheme}:{code}",
        )),
    }
}

fn json(value: &impl serde::Serialize) -> Response<Reply> {
    match serde_json::to_string_pretty(value) {
        Ok(text) => respond(200, JSON, text),
        Err(error) => plain(500, &error.to_string()),
    }
}
