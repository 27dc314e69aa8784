//! The other half: getting bytes to a far side and its answer back. Implemented by the `transport` crate over HTTPS and
//! by tests in memory.

use std::io::Read;
use std::time::Duration;

use packtwin_core::environment::Environment;

/// Where and how a far side is reached.
#[derive(Clone)]
pub struct Endpoint {
    /// `https://…`.
    pub url: String,
    /// The environment the far side belongs to; must be the site's own.
    pub environment: Environment,
    /// The certificate chain and key we show, PEM.
    pub identity: Option<ClientIdentity>,
    /// The authorities we trust for this far side, PEM; none means the far side is not reached.
    pub trusted_pem: String,
    /// Whether a loopback address is meant (simulators of a test site) and nothing else.
    pub loopback: bool,
    /// Limits of one exchange.
    pub limits: Limits,
}

/// A client certificate with its key. Its `Debug` shows neither.
#[derive(Clone)]
pub struct ClientIdentity {
    /// Certificate chain, PEM.
    pub certificates_pem: String,
    /// Private key, PEM.
    pub key_pem: String,
}

impl std::fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientIdentity")
    }
}

/// Limits of one exchange (security.md section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time to connect.
    pub connect: Duration,
    /// Time for the whole exchange.
    pub total: Duration,
    /// Largest reply in bytes.
    pub reply_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(30),
            reply_bytes: 10 * 1024 * 1024,
        }
    }
}

/// A far side's answer as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawReply {
    /// HTTP status.
    pub status: u16,
    /// Body, within the limit.
    pub body: Vec<u8>,
}

/// Why there is no answer. What matters is whether the far side may have acted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportFault {
    /// Nothing was sent: name, address, connection or handshake failed. May be repeated.
    #[error("the far side was not reached: {why}")]
    NotSent {
        /// What failed.
        why: String,
    },
    /// The far side does not accept our certificate, or we not its.
    #[error("the certificate was not accepted: {why}")]
    Certificate {
        /// What failed.
        why: String,
    },
    /// The endpoint is not allowed: scheme, port, address or environment.
    #[error("the address is not allowed: {why}")]
    NotAllowed {
        /// Which rule stands against it.
        why: String,
    },
    /// Bytes left, no complete answer came. The far side may have acted: ask before sending again.
    #[error("no complete answer came: {why}")]
    Unknown {
        /// What failed.
        why: String,
    },
}

/// Sends a document and waits for the answer.
pub trait Transport: Send + Sync {
    /// One exchange: POST of `length` bytes.
    ///
    /// # Errors
    /// See [`TransportFault`].
    fn exchange(
        &self,
        endpoint: &Endpoint,
        content_type: &str,
        body: &mut dyn Read,
        length: u64,
    ) -> Result<RawReply, TransportFault>;
}
