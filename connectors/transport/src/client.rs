//! One HTTP exchange under all rules: what `https`, `webhook` and `site` share.
//!
//! A new connection for every exchange: nothing is kept that could be reused by another tenant or after a certificate
//! was taken back. The address rule sits in the resolver, whose answer is what is connected to.

use std::io::Read;
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use packtwin_connector_port::transport::{ClientIdentity, Limits, RawReply, TransportFault};
use rustls::AlertDescription;
use rustls::crypto::CryptoProvider;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, SendBody};

use crate::address::AddressRules;
use crate::certificate;

/// What is sent.
pub(crate) struct Request<'a> {
    pub method: Method,
    pub url: &'a str,
    pub headers: &'a [(String, String)],
    pub content_type: &'a str,
    pub length: u64,
}

/// The methods that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asks.
    Get,
    /// Hands over.
    Post,
    /// Hands over a part.
    Patch,
}

impl Method {
    const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
        }
    }
}

/// With whom, under which rules.
pub(crate) struct Peer<'a> {
    pub identity: Option<&'a ClientIdentity>,
    pub trusted_pem: &'a str,
    /// Which addresses may be reached; `None` where a person at the command line named the address.
    pub addresses: Option<AddressRules>,
    pub limits: Limits,
}

/// One exchange.
pub(crate) fn exchange(
    peer: &Peer<'_>,
    request: &Request<'_>,
    body: &mut dyn Read,
) -> Result<RawReply, TransportFault> {
    let refused_by_rule = Arc::new(std::sync::Mutex::new(None));
    let agent = Agent::with_parts(
        config(peer, request.url.starts_with("https://"))?,
        DefaultConnector::default(),
        RuledResolver {
            rules: peer.addresses.clone(),
            refused: Arc::clone(&refused_by_rule),
        },
    );
    let sent = AtomicBool::new(false);
    let mut watched = Watched {
        inner: body,
        sent: &sent,
    };
    let result = send(&agent, request, &mut watched).and_then(|response| {
        let status = response.status().as_u16();
        let body = response
            .into_body()
            .into_with_config()
            .limit(peer.limits.reply_bytes)
            .read_to_vec()?;
        Ok(RawReply { status, body })
    });
    let rule = refused_by_rule
        .lock()
        .ok()
        .and_then(|mut refused| refused.take());
    match (result, rule) {
        (_, Some(why)) => Err(TransportFault::NotAllowed { why }),
        (Ok(reply), None) if (300..400).contains(&reply.status) => Err(TransportFault::Unknown {
            why: format!(
                "the far side answered with a redirect (HTTP {}), which is never followed",
                reply.status
            ),
        }),
        (Ok(reply), None) => Ok(reply),
        (Err(error), None) => Err(fault(&error, sent.load(Ordering::Relaxed))),
    }
}

fn send(
    agent: &Agent,
    request: &Request<'_>,
    body: &mut dyn Read,
) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
    let mut builder = ureq::http::Request::builder()
        .method(request.method.as_str())
        .uri(request.url);
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    match request.method {
        Method::Get => agent.run(builder.body(())?),
        Method::Post | Method::Patch => {
            let builder = builder
                .header("content-type", request.content_type)
                .header("content-length", request.length.to_string())
                // The far side speaks before the body leaves: a refused certificate is then known while nothing was sent.
                .header("expect", "100-continue");
            agent.run(builder.body(SendBody::from_reader(body))?)
        }
    }
}

/// The provider of every TLS connection: ring, named and not inherited from the process.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn config(peer: &Peer<'_>, tls: bool) -> Result<Config, TransportFault> {
    let builder = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // No proxy from the environment: where bytes go is configured, never inherited.
        .proxy(None)
        .user_agent("packtwin")
        .timeout_connect(Some(peer.limits.connect))
        .timeout_resolve(Some(peer.limits.connect))
        .timeout_global(Some(peer.limits.total));
    Ok(if tls {
        builder
            .https_only(true)
            .tls_config(tls_config(peer)?)
            .build()
    } else {
        builder.build()
    })
}

fn tls_config(peer: &Peer<'_>) -> Result<TlsConfig, TransportFault> {
    let fault = |why: &str| TransportFault::Certificate {
        why: why.to_owned(),
    };
    let roots: Vec<Certificate<'static>> = certificates(peer.trusted_pem);
    if roots.is_empty() {
        return Err(fault(
            "no trusted authority is configured for this far side",
        ));
    }
    let identity = match peer.identity {
        None => None,
        Some(identity) => {
            certificate::check_pair(identity).map_err(|error| fault(&error.to_string()))?;
            let key = PrivateKey::from_pem(identity.key_pem.as_bytes())
                .map_err(|_| fault("the private key cannot be read"))?;
            Some(ClientCert::new_with_certs(
                &certificates(&identity.certificates_pem),
                key,
            ))
        }
    };
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider())
        .root_certs(RootCerts::new_with_certs(&roots))
        .client_cert(identity)
        .build())
}

fn certificates(pem: &str) -> Vec<Certificate<'static>> {
    ureq::tls::parse_pem(pem.as_bytes())
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            Ok(_) | Err(_) => None,
        })
        .collect()
}

/// Resolves a name and lets nothing through that the rules refuse.
#[derive(Debug)]
struct RuledResolver {
    rules: Option<AddressRules>,
    refused: Arc<std::sync::Mutex<Option<String>>>,
}

impl Resolver for RuledResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        for address in &found {
            let checked = self.rules.as_ref().map(|rules| rules.check(*address));
            if let Some(Err(why)) = checked {
                if let Ok(mut refused) = self.refused.lock() {
                    *refused = Some(why);
                }
                return Err(ureq::Error::HostNotFound);
            }
        }
        Ok(found)
    }
}

/// A body that remembers whether its first byte left.
struct Watched<'a> {
    inner: &'a mut dyn Read,
    sent: &'a AtomicBool,
}

impl Read for Watched<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.sent.store(true, Ordering::Relaxed);
        self.inner.read(out)
    }
}

fn fault(error: &ureq::Error, sent: bool) -> TransportFault {
    if let Some(tls) = tls_error(error)
        && let Some(why) = certificate_words(tls)
    {
        return TransportFault::Certificate { why };
    }
    let why = error.to_string();
    if sent {
        TransportFault::Unknown { why }
    } else {
        TransportFault::NotSent { why }
    }
}

fn tls_error(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(tls) => Some(tls),
        ureq::Error::Io(io) => io.get_ref()?.downcast_ref::<rustls::Error>(),
        _ => None,
    }
}

/// In words, when the fault is about a certificate. An alert about ours ends the far side's handshake: it read nothing.
/// `DecryptError` is how a signature by another authority of the same name is told.
fn certificate_words(error: &rustls::Error) -> Option<String> {
    match error {
        rustls::Error::InvalidCertificate(why) => {
            Some(format!("the far side's certificate: {why}"))
        }
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied
            | AlertDescription::NoCertificate),
        ) => Some(format!("the far side does not accept ours: {alert:?}")),
        rustls::Error::NoCertificatesPresented => {
            Some("the far side showed no certificate".to_owned())
        }
        _ => None,
    }
}

/// Host and port of an address, for the check before anything is resolved.
pub(crate) fn literal_addresses(url: &str) -> Vec<std::net::SocketAddr> {
    url.parse::<Uri>()
        .ok()
        .and_then(|uri| DefaultResolver::host_and_port(uri.scheme()?, uri.authority()?))
        .filter(|host| host.parse::<std::net::SocketAddr>().is_ok())
        .and_then(|host| host.to_socket_addrs().ok())
        .map(Iterator::collect)
        .unwrap_or_default()
}
