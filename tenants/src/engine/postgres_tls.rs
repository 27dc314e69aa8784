//! TLS to PostgreSQL. Our libpq is built from source without OpenSSL, so that a fresh machine needs only a C compiler;
//! encryption is rustls' instead, outside of libpq (ASVS 12.3.1, 12.3.4).
//!
//! ```text
//! libpq ──plain──> socket in a folder that only we can enter ──relay──> SSLRequest, TLS ──> server
//! ```
//!
//! One relay serves the connections of one pool on a thread of its own, and ends with the pool. What goes wrong before the
//! server is reached is told to libpq as the server would tell it, and so comes out as the error of the connection. Channel
//! binding is not possible this way; a server that demands `channel_binding=require` cannot be used.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::{Connection as _, PgConnection};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

use super::postgres_address::{Place, PostgresAddress, SslMode};
use super::postgres_trust;
use crate::error::StoreError;
use crate::random;

/// "Do you speak TLS?": length 8 and the code 1234.5679 (PostgreSQL documentation 55.7, SSLRequest).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// No first message of either side is longer (PostgreSQL source, MAX_STARTUP_PACKET_LENGTH; an error may be).
const FIRST_MESSAGE_BYTES_MAX: u32 = 30_000;

/// How a database is reached, decided once for all connections of a pool.
#[derive(Clone)]
pub(super) enum Route {
    /// libpq speaks to the server itself.
    Plain(String),
    /// libpq speaks to a relay.
    Relayed(Arc<Relay>),
}

impl Route {
    /// Decides the route to an address.
    ///
    /// # Errors
    /// The address or a file it names is not usable, or, where the server is to choose, it was not reached either way.
    pub(super) fn open(address: &str) -> Result<Route, StoreError> {
        let address = PostgresAddress::parse(address)?;
        match address.ssl_mode() {
            SslMode::Disable => Ok(Route::Plain(address.plain())),
            SslMode::Allow => Route::as_the_server_wants(&address),
            SslMode::Prefer | SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                Ok(Route::Relayed(Arc::new(Relay::start(&address)?)))
            }
        }
    }

    fn as_the_server_wants(address: &PostgresAddress) -> Result<Route, StoreError> {
        let plain = Route::Plain(address.plain());
        let Err(refused) = plain.connect() else {
            return Ok(plain);
        };
        let relayed = Route::Relayed(Arc::new(Relay::start(address)?));
        match relayed.connect() {
            Ok(_) => Ok(relayed),
            Err(too) => Err(StoreError::Unreachable(format!(
                "{refused}; with TLS: {too}"
            ))),
        }
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// The server was not reached, or refused.
    pub(super) fn connect(&self) -> Result<PgConnection, StoreError> {
        let address = match self {
            Route::Plain(address) => address,
            Route::Relayed(relay) => &relay.address,
        };
        PgConnection::establish(address).map_err(|error| StoreError::Unreachable(error.to_string()))
    }
}

/// The relay of one pool.
pub(super) struct Relay {
    /// The address that libpq is given.
    address: String,
    folder: PathBuf,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a connection needs to know.
struct Far {
    place: Place,
    mode: SslMode,
    config: Arc<ClientConfig>,
    patience: Duration,
}

impl Relay {
    fn start(address: &PostgresAddress) -> Result<Relay, StoreError> {
        let config = Arc::new(postgres_trust::client_config(address)?);
        let folder = private_folder()?;
        let mut relay = Relay {
            address: String::new(),
            folder: folder.clone(),
            end: None,
            thread: None,
        };
        let mut doors = Vec::new();
        let mut hosts = Vec::new();
        for (number, place) in address.places.iter().enumerate() {
            let host = folder.join(number.to_string());
            make_private(&host)?;
            let listener = StdUnixListener::bind(host.join(format!(".s.PGSQL.{}", place.port)))?;
            listener.set_nonblocking(true)?;
            let far = Far {
                place: place.clone(),
                mode: address.ssl_mode(),
                config: Arc::clone(&config),
                patience: Duration::from_secs(address.connect_seconds.max(1)),
            };
            doors.push((listener, Arc::new(far)));
            hosts.push(host.display().to_string());
        }
        relay.address = address.with_hosts(&hosts.join(","));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (end, ended) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async move {
                for (listener, far) in doors {
                    tokio::spawn(accept(listener, far));
                }
                // An error means that the relay was dropped, which is the end as well.
                let _ = ended.await;
            });
        };
        let thread = std::thread::Builder::new().name("postgres-tls".to_owned());
        relay.thread = Some(thread.spawn(serve)?);
        relay.end = Some(end);
        Ok(relay)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the relay was told on standard error already.
            let _ = thread.join();
        }
        // Best effort: the folder holds nothing but dead sockets.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A fresh folder that nobody else can enter, with a short path: a socket's path has at most 107 bytes.
fn private_folder() -> Result<PathBuf, StoreError> {
    let name = format!("packtwin-{:016x}", random::bits()? as u64);
    let folder = std::env::temp_dir().join(name);
    make_private(&folder)?;
    Ok(folder)
}

/// Fails where something of that name is already.
fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)
}

async fn accept(listener: StdUnixListener, far: Arc<Far>) {
    let listener = match UnixListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the relay to PostgreSQL cannot listen"),
    };
    loop {
        match listener.accept().await {
            Ok((near, _)) => {
                let far = Arc::clone(&far);
                tokio::spawn(async move { relay(near, &far).await });
            }
            Err(error) => {
                // Too many open files, usually; others end and free theirs.
                tracing::warn!(%error, "the relay to PostgreSQL could not take a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn relay(mut near: UnixStream, far: &Far) {
    let outcome = tokio::time::timeout(far.patience, reach(far)).await;
    let reached = outcome.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)));
    // Either side may break off at any time; libpq sees its own end of it.
    let _ = match reached {
        Ok(Reached::Sealed(mut server)) => match introduce(&mut near, &mut server).await {
            Ok(()) => copy_bidirectional(&mut near, &mut *server).await,
            Err(error) => tell(&mut near, far, &error).await.map(|()| (0, 0)),
        },
        Ok(Reached::Plain(mut server)) => copy_bidirectional(&mut near, &mut server).await,
        Err(error) => match read_body(&mut near).await {
            Ok(_) => tell(&mut near, far, &error).await.map(|()| (0, 0)),
            Err(error) => Err(error),
        },
    };
}

type Sealed = tokio_rustls::client::TlsStream<TcpStream>;

enum Reached {
    Sealed(Box<Sealed>),
    Plain(TcpStream),
}

async fn reach(far: &Far) -> io::Result<Reached> {
    let place = &far.place;
    let mut server = TcpStream::connect((place.host.as_str(), place.port)).await?;
    server.set_nodelay(true)?;
    server.write_all(&SSL_REQUEST).await?;
    match (server.read_u8().await?, far.mode) {
        (b'S', _) => {
            let name = ServerName::try_from(place.host.clone()).map_err(io::Error::other)?;
            let connector = TlsConnector::from(Arc::clone(&far.config));
            let sealed = connector.connect(name, server).await?;
            Ok(Reached::Sealed(Box::new(sealed)))
        }
        (b'N', SslMode::Prefer) => Ok(Reached::Plain(server)),
        (b'N', _) => Err(io::Error::other("the server offers no TLS")),
        _ => Err(io::Error::other("the server's answer is not PostgreSQL's")),
    }
}

/// Passes the first words on, without the offer of channel binding: libpq does not see the encryption and takes such an offer
/// on a plain connection for an attack. Who the server is was settled by its certificate before.
async fn introduce(near: &mut UnixStream, server: &mut Sealed) -> io::Result<()> {
    let startup = read_body(near).await?;
    write_message(server, None, &startup).await?;
    loop {
        let kind = server.read_u8().await?;
        let mut body = read_body(server).await?;
        if kind == b'R' {
            body = without_channel_binding(body);
        }
        write_message(near, Some(kind), &body).await?;
        // NegotiateProtocolVersion comes before the first request to authenticate, nothing else does.
        if kind != b'v' {
            return Ok(());
        }
    }
}

/// AuthenticationSASL is the number 10 and a list of names, each ended by a zero byte, the list by another.
fn without_channel_binding(body: Vec<u8>) -> Vec<u8> {
    const PLUS: &[u8] = b"SCRAM-SHA-256-PLUS\0";
    match body
        .strip_prefix(&[0, 0, 0, 10])
        .and_then(|names| names.strip_prefix(PLUS))
    {
        Some(rest) => [&[0, 0, 0, 10], rest].concat(),
        None => body,
    }
}

/// A length that counts itself, and what follows.
async fn read_body(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    if !(4..=FIRST_MESSAGE_BYTES_MAX).contains(&length) {
        return Err(io::Error::other("the first words are not PostgreSQL's"));
    }
    let mut body = vec![0; length as usize - 4];
    from.read_exact(&mut body).await?;
    Ok(body)
}

async fn write_message(
    to: &mut (impl AsyncWrite + Unpin),
    kind: Option<u8>,
    body: &[u8],
) -> io::Result<()> {
    let length = u32::try_from(body.len() + 4).map_err(io::Error::other)?;
    let mut message = Vec::from_iter(kind);
    message.extend_from_slice(&length.to_be_bytes());
    message.extend_from_slice(body);
    to.write_all(&message).await?;
    to.flush().await
}

/// Tells libpq in the server's stead why there is no connection: an ErrorResponse (PostgreSQL documentation 55.7, 55.8).
async fn tell(near: &mut UnixStream, far: &Far, why: &io::Error) -> io::Result<()> {
    let Place { host, port } = &far.place;
    let message = format!("TLS to PostgreSQL at {host}:{port}: {why}");
    let mut fields = Vec::new();
    for (kind, text) in [
        (b'S', "FATAL"),
        (b'V', "FATAL"),
        (b'C', "08006"),
        (b'M', &message),
    ] {
        fields.push(kind);
        fields.extend_from_slice(text.as_bytes());
        fields.push(0);
    }
    fields.push(0);
    write_message(near, Some(b'E'), &fields).await?;
    near.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offer_of_channel_binding_is_left_out_and_nothing_else() {
        let check = |body: &[u8], expected: &[u8]| {
            assert_eq!(without_channel_binding(body.to_vec()), expected);
        };
        check(
            b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0",
            b"\0\0\0\x0aSCRAM-SHA-256\0\0",
        );
        for other in [
            b"\0\0\0\x0aSCRAM-SHA-256\0\0".as_slice(),
            b"\0\0\0\0",
            b"\0\0\0\x05salt",
            b"",
        ] {
            check(other, other);
        }
    }
}
