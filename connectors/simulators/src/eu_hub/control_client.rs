//! Asks and switches a simulated hub at its control address, as the connector's page of a test site does. Goes to loopback
//! and nowhere else.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;

use super::switches::Switches;

/// A stand-in on this machine answers at once or not at all.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Its answers are small.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// The simulated hub did not do what it was asked at its control address.
#[derive(Debug, thiserror::Error)]
#[error("the simulated hub does not answer at its control address: {0}")]
pub struct ControlSilent(String);

/// What a simulated hub holds, as its control address tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Held {
    /// Messages decided, refused ones included.
    pub messages: u64,
    /// Messages that came again and were answered with the first answer.
    pub repeats: u64,
    /// Packs refused because the hub already held them.
    pub duplicates_refused: u64,
    /// Products by scheme and code.
    pub products: BTreeMap<String, HeldProduct>,
}

/// What it holds of one product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct HeldProduct {
    /// Packs, each once.
    pub packs: u64,
}

/// The switches of the hub behind a control address, and what it holds.
///
/// # Errors
/// [`ControlSilent`].
pub async fn look(control_url: &str) -> Result<(Switches, Held), ControlSilent> {
    let switches = call(control_url, "GET", "switches", String::new()).await?;
    let held = call(control_url, "GET", "state", String::new()).await?;
    Ok((read(&switches)?, read(&held)?))
}

/// Sets all switches of the hub behind a control address.
///
/// # Errors
/// [`ControlSilent`].
pub async fn switch(control_url: &str, switches: &Switches) -> Result<(), ControlSilent> {
    let text = serde_json::to_string(switches).map_err(silent)?;
    call(control_url, "PUT", "switches", text).await.map(drop)
}

async fn call(
    control_url: &str,
    method: &str,
    last: &str,
    body: String,
) -> Result<Bytes, ControlSilent> {
    let uri: Uri = format!("{control_url}/simulator/{last}")
        .parse()
        .map_err(silent)?;
    let exchanged = tokio::time::timeout(ANSWER_WITHIN, exchange(&uri, method, body)).await;
    exchanged.map_err(silent)?
}

async fn exchange(uri: &Uri, method: &str, body: String) -> Result<Bytes, ControlSilent> {
    let authority = uri.authority().ok_or_else(|| silent("it names no host"))?;
    let address = tokio::net::lookup_host((authority.host(), authority.port_u16().unwrap_or(80)))
        .await
        .map_err(silent)?
        .find(|address: &SocketAddr| address.ip().is_loopback())
        .ok_or_else(|| silent("it is not on loopback"))?;
    let stream = TcpStream::connect(address).await.map_err(silent)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(silent)?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(uri.path())
        .header("host", authority.as_str())
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(silent)?;
    let answer = sender.send_request(request).await.map_err(silent)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), BYTES_MAX).collect().await;
    connection.abort();
    if !status.is_success() {
        return Err(silent(format!("it answered {status}")));
    }
    Ok(body.map_err(silent)?.to_bytes())
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, ControlSilent> {
    serde_json::from_slice(bytes).map_err(silent)
}

fn silent(why: impl std::fmt::Display) -> ControlSilent {
    ControlSilent(why.to_string())
}
