//! Which PostgreSQL servers are trusted: libpq's rules for `sslmode` and `sslrootcert` (PostgreSQL documentation 34.19.1), by
//! rustls. TLS 1.2 and 1.3 only.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::postgres_address::{PostgresAddress, SslMode, wrong};
use crate::error::StoreError;

/// Where systems keep the authorities they trust.
const SYSTEM_ROOTS: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// The TLS side of connections to this address.
///
/// # Errors
/// [`StoreError::WrongSite`] naming the file or setting that cannot be used.
pub(super) fn client_config(address: &PostgresAddress) -> Result<ClientConfig, StoreError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(address, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &address.client_certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| wrong(&format!("the client certificate: {error}")))?
        }
    };
    // PostgreSQL 17 and later want the protocol named; earlier ones do not look.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

fn verifier(
    address: &PostgresAddress,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, StoreError> {
    let roots = roots(address)?;
    let Some(roots) = roots else {
        return match address.ssl_mode() {
            SslMode::VerifyCa | SslMode::VerifyFull => Err(wrong(
                "sslmode verify-ca and verify-full need sslrootcert=FILE or sslrootcert=system",
            )),
            SslMode::Disable | SslMode::Allow | SslMode::Prefer | SslMode::Require => {
                Ok(Arc::new(AnyCertificate(Arc::clone(provider))))
            }
        };
    };
    let strict = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| wrong(&format!("sslrootcert: {error}")))?;
    let full = address.ssl_mode() == SslMode::VerifyFull
        || address.root_certificate.as_deref() == Some("system");
    Ok(match full {
        true => strict,
        false => Arc::new(AnyName(strict)),
    })
}

/// The authorities to trust. `None` where none are named and none are needed.
fn roots(address: &PostgresAddress) -> Result<Option<RootCertStore>, StoreError> {
    let file = match address.root_certificate.as_deref() {
        Some("system") => system_roots()?,
        Some(file) => file.to_owned(),
        None => match own_roots() {
            Some(file) => file,
            None => return Ok(None),
        },
    };
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates(&file)?);
    match taken {
        0 => Err(wrong(&format!("{file} holds no certificate"))),
        _ => Ok(Some(roots)),
    }
}

fn system_roots() -> Result<String, StoreError> {
    let named = std::env::var("SSL_CERT_FILE").ok();
    let known = SYSTEM_ROOTS.iter().map(|file| (*file).to_owned());
    named
        .into_iter()
        .chain(known)
        .find(|file| std::path::Path::new(file).exists())
        .ok_or_else(|| {
            wrong("this system keeps no list of authorities where we look; set SSL_CERT_FILE")
        })
}

/// libpq's default place.
fn own_roots() -> Option<String> {
    let home = std::env::var_os("HOME")?;
    let file = PathBuf::from(home).join(".postgresql/root.crt");
    file.exists().then(|| file.display().to_string())
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &str, error: &rustls::pki_types::pem::Error) -> StoreError {
    wrong(&format!("{file} cannot be read: {error}"))
}

/// Encrypts without knowing for whom: what `require` without a root certificate means.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Any name on a certificate of a known authority: what `verify-ca` means. rustls looks at the name last, so that a wrong name
/// is told only where everything else is right.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let strict =
            self.0
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match strict {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
