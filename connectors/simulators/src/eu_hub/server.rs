//! The simulated hub on the wire: TLS on loopback, one thread of its own, and the faults of the switches.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Frame, Incoming as RequestBody};
use hyper::service::service_fn;
use hyper::{Request, Response};
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

use super::answer::Answer;
use super::callback::{self, Callback};
use super::control;
use super::hub::{self, Hub, HubCounts};
use super::incoming::{self, Element, Incoming};
use super::switches::{Answers, Fault, Switches};

/// Largest document taken, in bytes.
const DOCUMENT_BYTES_MAX: usize = 64 * 1024 * 1024;
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
    held_callbacks: Mutex<Vec<Callback>>,
    environment: Environment,
    clock: Arc<dyn Clock>,
    callback_tls: Arc<ClientConfig>,
}

impl Shared {
    pub fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn switches(&self) -> MutexGuard<'_, Switches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<String, u32>> {
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
    let service = service_fn(move |request| handle(request, Arc::clone(&shared)));
    // A connection that ends with an error is what a cut looks like from this side.
    let _ended = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(tls), service)
        .await;
}

/// The connection is to be cut: hyper drops it without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut by a switch of the simulator")]
pub(crate) struct Cut;

async fn handle(
    request: Request<RequestBody>,
    shared: Arc<Shared>,
) -> Result<Response<Reply>, Cut> {
    if request.method() != hyper::Method::POST {
        return Ok(plain(
            405,
            "this is the Packtwin EU hub simulator; documents are posted",
        ));
    }
    let cut_headers = {
        let mut switches = shared.switches();
        let due = switches.next.front().or(switches.always.as_ref()) == Some(&Fault::CutHeaders);
        due && switches.take().is_some()
    };
    if cut_headers {
        return Err(Cut);
    }
    let mut body = request.into_body();
    let cut_body = {
        let mut switches = shared.switches();
        let due = switches.next.front().or(switches.always.as_ref()) == Some(&Fault::CutBody);
        due && switches.take().is_some()
    };
    if cut_body {
        let _first = body.frame().await;
        return Err(Cut);
    }
    let bytes = match Limited::new(body, DOCUMENT_BYTES_MAX).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => return Ok(plain(413, "the document is too large or ended early")),
    };
    let for_work = Arc::clone(&shared);
    let work = tokio::task::spawn_blocking(move || decide(&for_work, &bytes));
    match work.await {
        Ok(step) => step.finish(&shared).await,
        Err(_) => Ok(plain(500, "the simulator failed")),
    }
}

/// A decided answer with what goes wrong on its way.
struct Step {
    status: u16,
    body: String,
    fault: Option<Fault>,
    callback: Option<(Callback, u64)>,
}

/// What a document, or a question, is answered with.
fn decide(shared: &Shared, bytes: &[u8]) -> Step {
    let step = |answer: Answer, namespace: &str, id: &str, fault| Step {
        status: answer.status(),
        body: answer.write(namespace, shared.environment.as_str(), id),
        fault,
        callback: None,
    };
    let document = match incoming::read(bytes) {
        Ok(document) => document,
        Err(why) => {
            let fault = super::answer::HubFault::new("I1", "HubMessage", why);
            let refused = super::answer::Outcome::Refused {
                faults: vec![fault],
            };
            return step(
                Answer::Outcome(refused),
                "urn:packtwin:eu-hub-mirror:1.16",
                "",
                shared.switches().take(),
            );
        }
    };
    let namespace = document.namespace.clone();
    if let Some(question) = document.root.child("MessageQuery") {
        let about = question
            .text_of("About")
            .unwrap_or_default()
            .trim()
            .to_owned();
        return step(fate(shared, &about), &namespace, &about, None);
    }
    if let Some(question) = document.root.child("ProductQuery") {
        let drift = shared.switches().drift.clone();
        let id = hub::message_id(&document).unwrap_or_default();
        return step(
            shared.hub().product_copy(question, drift.as_ref()),
            &namespace,
            &id,
            None,
        );
    }
    let (fault, answers) = {
        let mut switches = shared.switches();
        (switches.take(), switches.answers)
    };
    if let Some(
        Fault::CutBeforeProcessing | Fault::Unavailable | Fault::Redirect | Fault::Garbage,
    ) = fault
    {
        return Step {
            status: 503,
            body: String::new(),
            fault,
            callback: None,
        };
    }
    let callback_url = callback_url(&document);
    let now = shared.clock.now();
    let decided = shared.hub().decide(document, bytes, fault.as_ref(), now);
    let (id, outcome) = match decided {
        Ok(decided) => decided,
        Err(_) => {
            return Step {
                status: 500,
                body: "the journal cannot be written".to_owned(),
                fault: None,
                callback: None,
            };
        }
    };
    let answer = Answer::Outcome(outcome);
    match answers {
        Answers::Direct => step(answer, &namespace, &id, fault),
        Answers::Never => {
            shared.pending().insert(id.clone(), u32::MAX);
            step(
                Answer::Receipt {
                    reference: id.clone(),
                },
                &namespace,
                &id,
                fault,
            )
        }
        Answers::Late {
            after_polls,
            callback_ms,
        } => {
            shared.pending().insert(id.clone(), after_polls);
            let body = answer.write(&namespace, shared.environment.as_str(), &id);
            let callback = callback_url.map(|url| (Callback { url, body }, callback_ms));
            Step {
                callback,
                ..step(
                    Answer::Receipt {
                        reference: id.clone(),
                    },
                    &namespace,
                    &id,
                    fault,
                )
            }
        }
    }
}

/// What became of a message, as far as it is told.
fn fate(shared: &Shared, about: &str) -> Answer {
    let Some(outcome) = shared.hub().told(about).cloned() else {
        return Answer::NotReceived;
    };
    let mut pending = shared.pending();
    match pending.get_mut(about) {
        Some(&mut u32::MAX) => Answer::Receipt {
            reference: about.to_owned(),
        },
        Some(left) if *left > 0 => {
            *left -= 1;
            Answer::Receipt {
                reference: about.to_owned(),
            }
        }
        Some(_) | None => {
            pending.remove(about);
            Answer::Outcome(outcome)
        }
    }
}

fn callback_url(document: &Incoming) -> Option<String> {
    document
        .root
        .child("Header")
        .and_then(|header: &Element| header.text_of("CallbackUrl"))
        .map(|url| url.trim().to_owned())
}

impl Step {
    async fn finish(self, shared: &Arc<Shared>) -> Result<Response<Reply>, Cut> {
        let Step {
            mut status,
            mut body,
            fault,
            callback,
        } = self;
        if let Some((callback, after_ms)) = callback {
            tokio::spawn(call_back(
                Arc::clone(shared),
                callback,
                Duration::from_millis(after_ms),
            ));
        }
        match fault {
            Some(
                Fault::CutBeforeProcessing
                | Fault::LoseReply
                | Fault::CutHandshake
                | Fault::CutHeaders
                | Fault::CutBody,
            ) => {
                return Err(Cut);
            }
            Some(Fault::HalfReply) => return Ok(half(status, &body)),
            Some(Fault::Slow { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Some(Fault::WrongStatus { status: wrong }) => status = wrong,
            Some(Fault::Oversize { bytes }) => {
                body.push_str("<!--");
                body.extend(std::iter::repeat_n('x', bytes));
                body.push_str("-->\n");
            }
            Some(Fault::Redirect) => {
                let mut response = plain(307, "moved");
                response.headers_mut().insert(
                    "location",
                    hyper::header::HeaderValue::from_static("https://127.0.0.1:1/elsewhere"),
                );
                return Ok(response);
            }
            Some(Fault::Unavailable) => return Ok(plain(503, "the simulator plays an outage")),
            Some(Fault::Garbage) => return Ok(plain(200, "<html><body>Gateway</body></html>")),
            Some(
                Fault::Pass
                | Fault::Refuse { .. }
                | Fault::RefuseEvery { .. }
                | Fault::PartialDuplicates,
            )
            | None => {}
        }
        Ok(respond(status, "application/xml; charset=utf-8", body))
    }
}

/// Waits, collects as many callbacks as the switches want, and delivers them in reverse order of arrival.
async fn call_back(shared: Arc<Shared>, callback: Callback, after: Duration) {
    tokio::time::sleep(after).await;
    let due = {
        let (group, copies) = {
            let switches = shared.switches();
            (
                switches.callback_group.max(1) as usize,
                switches.callback_copies.max(1) as usize,
            )
        };
        let mut held = shared
            .held_callbacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        held.push(callback);
        if held.len() < group {
            return;
        }
        let mut due = Vec::new();
        for callback in held.drain(..).rev() {
            due.extend(std::iter::repeat_n(callback, copies));
        }
        due
    };
    for callback in due {
        callback::deliver(callback, Some(Arc::clone(&shared.callback_tls))).await;
    }
}

/// A text answer.
pub(crate) fn plain(status: u16, text: &str) -> Response<Reply> {
    respond(status, "text/plain; charset=utf-8", text.to_owned())
}

/// An answer with a body, labelled as the simulator's.
pub(crate) fn respond(status: u16, content_type: &'static str, body: String) -> Response<Reply> {
    let mut response = Response::new(Reply::Whole(Full::new(Bytes::from(body))));
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        "content-type",
        hyper::header::HeaderValue::from_static(content_type),
    );
    headers.insert(
        "server",
        hyper::header::HeaderValue::from_static("packtwin-simulator"),
    );
    response
}

fn half(status: u16, body: &str) -> Response<Reply> {
    let mut response = respond(status, "application/xml; charset=utf-8", String::new());
    response.headers_mut().insert(
        "content-length",
        hyper::header::HeaderValue::from(body.len()),
    );
    *response.body_mut() = Reply::Half(Some(Bytes::copy_from_slice(
        &body.as_bytes()[..body.len() / 2],
    )));
    response
}

/// A body, whole or cut in the middle.
pub(crate) enum Reply {
    Whole(Full<Bytes>),
    Half(Option<Bytes>),
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.get_mut() {
            Reply::Whole(full) => Pin::new(full)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(|never: Infallible| match never {}))),
            Reply::Half(first) => Poll::Ready(Some(first.take().map(Frame::data).ok_or(Cut))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Reply::Whole(full) => full.is_end_stream(),
            Reply::Half(_) => false,
        }
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Reply::Whole(full) => full.size_hint(),
            Reply::Half(_) => hyper::body::SizeHint::default(),
        }
    }
}
