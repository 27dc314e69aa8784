//! The listening end: threads, time limits, TLS, and the way it stops.
//!
//! Time limits close connections that send their headers one byte at a time (ATK-084); stopping lets running requests end.
//! TLS is rustls with ring, 1.2 and up (ASVS 12.1); there is no plain port beside it that would redirect.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{HttpServer, web};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::configuration::TlsFiles;
use crate::http::{self, Shared};

/// How long the headers of a request may take.
const HEADERS: Duration = Duration::from_secs(10);
/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections of one thread, at most.
const CONNECTIONS_MAX: usize = 8192;
/// How long running requests may take to end when the server stops.
const STOP_SECONDS: u64 = 30;

/// Why a server does not begin to listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A PEM file cannot be read.
    #[error("{file} cannot be read: {told}")]
    Pem {
        /// Which file.
        file: String,
        /// What is wrong with it.
        told: String,
    },
    /// Certificate and key do not fit.
    #[error("certificate and key cannot be used")]
    Tls(#[source] rustls::Error),
}

/// Takes the configured address.
///
/// # Errors
/// [`ListenError::Address`].
pub fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).map_err(|source| ListenError::Address { address, source })
}

/// Serves on a listener until told to stop, by a signal or by the handle of what is answered.
///
/// # Errors
/// The certificate cannot be used, or the listener failed.
pub fn serve(shared: web::Data<Shared>, listener: TcpListener) -> Result<Server, ListenError> {
    let address = listener.local_addr().unwrap_or(shared.configuration.listen);
    let tls = shared
        .configuration
        .tls
        .as_ref()
        .map(server_config)
        .transpose()?;
    let workers = shared.configuration.workers;
    let mut server = HttpServer::new(move || http::app(shared.clone()))
        .client_request_timeout(HEADERS)
        .client_disconnect_timeout(Duration::from_secs(5))
        .keep_alive(KEEP_ALIVE)
        .tls_handshake_timeout(HANDSHAKE)
        .max_connections(CONNECTIONS_MAX)
        .shutdown_timeout(STOP_SECONDS);
    if let Some(workers) = workers {
        server = server.workers(workers);
    }
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls),
        None => server.listen(listener),
    };
    Ok(server
        .map_err(|source| ListenError::Address { address, source })?
        .run())
}

fn server_config(files: &TlsFiles) -> Result<ServerConfig, ListenError> {
    let pem = |file: &std::path::Path| {
        let file = file.display().to_string();
        move |error: rustls::pki_types::pem::Error| ListenError::Pem {
            file,
            told: error.to_string(),
        }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(pem(&files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(pem(&files.key))?;
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(ListenError::Tls)
}
