//! The simulated hub on the wire: TLS on loopback, one thread of its own, and the faults of the switches.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use packtwin_connector_port::transport::ClientIdentity;
use packtwin_core::environment::Environment;
use packtwin_core::serial::Serial;
use packtwin_core::time::Clock;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto};

use super::callback::Callback;
use super::control;
use super::exchange;
use super::hub::Hub;
use super::product_register::HubCounts;
use super::switches::Switches;

/// A client that does not finish its handshake or headers is let go after this.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a simulated hub is set up.
#[derive(Debug, Clone)]
pub struct SimulatorSettings {
    /// Its own certificate and key.
    pub identity: ClientIdentity,
    /// The authority whose client certificates it accepts, and which it trusts for callbacks, PEM.
    pub trusted_pem: String,
    /// The environment it plays; messages of another are refused.
    pub environment: Environment,
    /// A folder for its journal: with it, what it answered survives a kill. Without it everything is in memory.
    pub state_dir: Option<PathBuf>,
    /// The port of the hub on loopback, 0 for any.
    pub port: u16,
    /// The port of the control address on loopback, 0 for any.
    pub control_port: u16,
    /// Most packs in one message.
    pub packs_per_message: u64,
    /// How it behaves at the start.
    pub switches: Switches,
}

impl SimulatorSettings {
    /// A hub of a test site in memory on any port, without faults.
    pub fn new(identity: ClientIdentity, trusted_pem: String) -> Self {
        SimulatorSettings {
            identity,
            trusted_pem,
            environment: Environment::Test,
            state_dir: None,
            port: 0,
            control_port: 0,
            packs_per_message: 250_000,
            switches: Switches::default(),
        }
    }
}

/// Why a simulated hub did not start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// A simulator beside a production site.
    #[error("a simulator never runs beside a production site")]
    Production,
    /// Its certificate, key or authority cannot be used.
    #[error("the simulator's certificate cannot be used: {0}")]
    Certificate(String),
    /// A port or the journal cannot be opened.
    #[error("the simulator cannot start")]
    Io(#[from] io::Error),
}

/// Starts simulated hubs.
pub struct HubSimulator;

impl HubSimulator {
    /// Starts one on a thread of its own; it ends with [`RunningHub::stop`] or when that is dropped.
    ///
    /// # Errors
    /// See [`SimulatorError`].
    pub fn start(
        settings: SimulatorSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<RunningHub, SimulatorError> {
        if !settings.environment.allows_simulators() {
            return Err(SimulatorError::Production);
        }
        let acceptor = TlsAcceptor::from(Arc::new(server_config(&settings)?));
        let callback_tls = Arc::new(callback_config(&settings)?);
        let hub = Hub::open(
            settings.environment,
            settings.packs_per_message,
            settings.state_dir.as_deref(),
        )?;
        let (listener, address) = listen(settings.port)?;
        let (control_listener, control_address) = listen(settings.control_port)?;
        let (stop, stopped) = watch::channel(());
        let shared = Arc::new(Shared {
            hub: Mutex::new(hub),
            switches: Mutex::new(settings.switches),
            pending: Mutex::new(HashMap::new()),
            held_callbacks: Mutex::new(Vec::new()),
            environment: settings.environment,
            clock,
            callback_tls,
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("eu-hub-simulator".to_owned())
            .spawn(move || {
                runtime.block_on(run(
                    listener,
                    control_listener,
                    acceptor,
                    for_thread,
                    stopped,
                ));
                // Late callbacks and slow answers end with the simulator.
                runtime.shutdown_background();
            })?;
        Ok(RunningHub {
            address,
            control_address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

/// A simulated hub that runs.
pub struct RunningHub {
    address: SocketAddr,
    control_address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<watch::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl RunningHub {
    /// Where documents are posted, `https://127.0.0.1:…/eu-hub`.
    pub fn url(&self) -> String {
        format!("https://{}/eu-hub", self.address)
    }

    /// The address of [`RunningHub::url`].
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Where it is controlled, `http://127.0.0.1:…`: `/simulator/switches` (GET, PUT), `/simulator/state` (GET),
    /// `/simulator/packs/{scheme}:{code}` (GET, one serial a line).
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control_address)
    }

    /// Its switches as they stand.
    pub fn switches(&self) -> Switches {
        self.shared.switches().clone()
    }

    /// Changes all switches.
    pub fn set_switches(&self, switches: Switches) {
        *self.shared.switches() = switches;
    }

    /// What it holds, in numbers.
    pub fn counts(&self) -> HubCounts {
        self.shared.hub().counts()
    }

    /// The serials it holds of a product, ascending; `key` is scheme and code, such as `GTIN:04150123456782`.
    pub fn serials(&self, key: &str) -> Vec<Serial> {
        self.shared.hub().serials(key)
    }

    /// Stops it and waits for its thread; connections are cut.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed where it happened; there is nothing left to stop.
            let _ended = thread.join();
        }
    }
}

impl Drop for RunningHub {
    fn drop(&mut self) {
        self.end();
    }
}

/// What all connections share.
pub(crate) struct Shared {
    hub: Mutex<Hub>,
    switches: Mutex<Switches>,
    /// Messages whose result is not told yet, with the questions still to be answered by a receipt.
    pending: Mutex<HashMap<String, u32>>,
    pub held_callbacks: Mutex<Vec<Callback>>,
    pub environment: Environment,
    pub clock: Arc<dyn Clock>,
    pub callback_tls: Arc<ClientConfig>,
}

impl Shared {
    pub fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn switches(&self) -> MutexGuard<'_, Switches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn pending(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(port: u16) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn roots(pem: &str) -> Result<RootCertStore, SimulatorError> {
    let mut roots = RootCertStore::empty();
    for der in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let der = der.map_err(|error| SimulatorError::Certificate(error.to_string()))?;
        roots
            .add(der)
            .map_err(|error| SimulatorError::Certificate(error.to_string()))?;
    }
    Ok(roots)
}

fn server_config(settings: &SimulatorSettings) -> Result<ServerConfig, SimulatorError> {
    let refuse = |error: &dyn std::fmt::Display| SimulatorError::Certificate(error.to_string());
    let provider = Arc::new(crypto::ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots(&settings.trusted_pem)?),
        provider.clone(),
    )
    .build()
    .map_err(|error| refuse(&error))?;
    let chain = CertificateDer::pem_slice_iter(settings.identity.certificates_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refuse(&error))?;
    let key = PrivateKeyDer::from_pem_slice(settings.identity.key_pem.as_bytes())
        .map_err(|error| refuse(&error))?;
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_client_cert_verifier(clients)
                .with_single_cert(chain, key)
        })
        .map_err(|error| refuse(&error))
}

fn callback_config(settings: &SimulatorSettings) -> Result<ClientConfig, SimulatorError> {
    let trusted = roots(&settings.trusted_pem)?;
    ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| {
            builder
                .with_root_certificates(trusted)
                .with_no_client_auth()
        })
        .map_err(|error| SimulatorError::Certificate(error.to_string()))
}

async fn run(
    listener: std::net::TcpListener,
    control_listener: std::net::TcpListener,
    acceptor: TlsAcceptor,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<()>,
) {
    let (Ok(listener), Ok(control_listener)) = (
        TcpListener::from_std(listener),
        TcpListener::from_std(control_listener),
    ) else {
        return;
    };
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            Ok((stream, _)) = listener.accept() => {
                if !shared.switches().take_handshake() {
                    tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&shared)));
                }
            }
            Ok((stream, _)) = control_listener.accept() => {
                tokio::spawn(control::serve(stream, Arc::clone(&shared)));
            }
        }
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let Ok(Ok(tls)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await else {
        return;
    };
    let service = service_fn(move |request| exchange::handle(request, Arc::clone(&shared)));
    // A connection that ends with an error is what a cut looks like from this side.
    let _ended = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(tls), service)
        .await;
}
