//! Late results: delivered by POST to the address a document named, as often and in the order the switches say.
//!
//! Only loopback addresses are called: the simulator stands beside the site it serves. A delivery that fails is tried
//! again a few times, as the hub's retry queues do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// A callback that is due.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    pub url: String,
    pub body: String,
}

const ATTEMPTS: u32 = 5;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(500);
const ATTEMPT_TIME: Duration = Duration::from_secs(10);

type CallbackError = Box<dyn std::error::Error + Send + Sync>;

/// Delivers one callback, with a few more tries.
pub(crate) async fn deliver(callback: Callback, tls: Option<Arc<ClientConfig>>) {
    for attempt in 1..=ATTEMPTS {
        let once = tokio::time::timeout(ATTEMPT_TIME, post(&callback, tls.clone()));
        if let Ok(Ok(true)) = once.await {
            return;
        }
        if attempt < ATTEMPTS {
            tokio::time::sleep(BETWEEN_ATTEMPTS).await;
        }
    }
}

async fn post(callback: &Callback, tls: Option<Arc<ClientConfig>>) -> Result<bool, CallbackError> {
    let uri: Uri = callback.url.parse()?;
    let host = uri
        .host()
        .ok_or("the address names no host")?
        .trim_matches(['[', ']'])
        .to_owned();
    let https = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
    let address = tokio::net::lookup_host((host.as_str(), port))
        .await?
        .find(|address: &SocketAddr| address.ip().is_loopback())
        .ok_or("the address is not on loopback")?;
    let stream = TcpStream::connect(address).await?;
    if https {
        let tls = TlsConnector::from(tls.ok_or("no authority is trusted for callbacks")?);
        exchange(
            tls.connect(ServerName::try_from(host)?, stream).await?,
            &uri,
            callback,
        )
        .await
    } else {
        exchange(stream, &uri, callback).await
    }
}

async fn exchange<S>(stream: S, uri: &Uri, callback: &Callback) -> Result<bool, CallbackError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(
            "host",
            uri.authority()
                .map_or("localhost", |authority| authority.as_str()),
        )
        .header("content-type", "application/xml; charset=utf-8")
        .header("x-packtwin-simulator", "eu_hub")
        .body(Full::new(Bytes::from(callback.body.clone())))?;
    let answered = sender.send_request(request).await;
    connection.abort();
    Ok(answered?.status().is_success())
}
