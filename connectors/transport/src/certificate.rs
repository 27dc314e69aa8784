//! What a certificate says: for whom, which number, until when, and whether the key beside it is its own.
//!
//! The connector page shows it and a timed pass warns from it (operations.md F33). Reads only; who is trusted is decided in
//! the handshake.

use packtwin_connector_port::transport::ClientIdentity;
use packtwin_core::time::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What the first certificate of a chain says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Its subject as a distinguished name.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Its serial number in hexadecimal, pairs separated by colons.
    pub serial: String,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// Certificates in the chain, this one included.
    pub chain_length: usize,
}

impl CertificateFacts {
    /// Whole days until it expires, rounded down; negative when it has.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.micros_since(now).div_euclid(86_400_000_000)
    }

    /// Whether it is valid at this time.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// Why a certificate or key cannot be used. Names nothing of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is no certificate in the text.
    #[error("the text holds no PEM certificate")]
    NoCertificate,
    /// A certificate cannot be read.
    #[error("certificate {number} of the chain cannot be read")]
    Malformed {
        /// Counted from 1.
        number: usize,
    },
    /// There is no key in the text, or of a kind that is not used.
    #[error("the text holds no PEM private key of a known kind")]
    NoKey,
    /// The key does not belong to the certificate.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
}

/// Reads a chain in PEM.
///
/// # Errors
/// There is no certificate, or one cannot be read.
pub fn read_chain(pem: &str) -> Result<CertificateFacts, CertificateError> {
    let chain = chain(pem)?;
    let mut first = None;
    for (index, der) in chain.iter().enumerate() {
        let malformed = CertificateError::Malformed { number: index + 1 };
        let (_, parsed) = X509Certificate::from_der(der).map_err(|_| malformed)?;
        first.get_or_insert(CertificateFacts {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            serial: parsed.raw_serial_as_string(),
            not_before: Timestamp::from_micros(
                parsed.validity().not_before.timestamp() * 1_000_000,
            ),
            not_after: Timestamp::from_micros(parsed.validity().not_after.timestamp() * 1_000_000),
            chain_length: chain.len(),
        });
    }
    first.ok_or(CertificateError::NoCertificate)
}

/// Whether a certificate and its key can be read and belong together.
///
/// # Errors
/// What stands against it.
pub fn check_pair(identity: &ClientIdentity) -> Result<(), CertificateError> {
    let chain = chain(&identity.certificates_pem)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())
        .map_err(|_| CertificateError::NoKey)?;
    match CertifiedKey::from_der(chain, key, &crate::client::provider()) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InconsistentKeys(_)) => Err(CertificateError::KeyMismatch),
        Err(rustls::Error::InvalidCertificate(_)) => Err(CertificateError::Malformed { number: 1 }),
        Err(_) => Err(CertificateError::NoKey),
    }
}

fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let mut chain = Vec::new();
    for der in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let number = chain.len() + 1;
        chain.push(der.map_err(|_| CertificateError::Malformed { number })?);
    }
    if chain.is_empty() {
        Err(CertificateError::NoCertificate)
    } else {
        Ok(chain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters =
            rcgen::CertificateParams::new(vec!["partner.example".to_owned()]).unwrap();
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        parameters.serial_number = Some(vec![0x4a, 0x01].into());
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2026, 12, 1);
        (
            parameters.self_signed(&key).unwrap().pem(),
            key.serialize_pem(),
        )
    }

    #[test]
    fn a_certificate_says_for_whom_and_how_long() {
        let (pem, _) = issued("Sandbox Pharma");
        let facts = read_chain(&format!("{pem}{pem}")).unwrap();
        assert_eq!((facts.serial.as_str(), facts.chain_length), ("4a:01", 2));
        assert!(
            facts.subject.contains("CN=Sandbox Pharma"),
            "{}",
            facts.subject
        );
        for (now, days, valid) in [
            ("2026-11-30T00:00:00Z", 1, true),
            ("2026-11-30T12:00:00Z", 0, true),
            ("2026-12-01T00:00:01Z", -1, false),
            ("2025-12-31T23:59:59Z", 334, false),
        ] {
            let now = Timestamp::parse(now).unwrap();
            assert_eq!(
                (facts.days_left(now), facts.is_valid_at(now)),
                (days, valid),
                "{now}"
            );
        }
    }

    #[test]
    fn certificate_and_key_belong_together_or_not() {
        let (certificates_pem, key_pem) = issued("A");
        let (_, other_key) = issued("B");
        for (certificates_pem, key_pem, expected) in [
            (certificates_pem.clone(), key_pem, Ok(())),
            (
                certificates_pem.clone(),
                other_key.clone(),
                Err(CertificateError::KeyMismatch),
            ),
            (
                certificates_pem,
                "no key".to_owned(),
                Err(CertificateError::NoKey),
            ),
            (
                "nothing".to_owned(),
                other_key,
                Err(CertificateError::NoCertificate),
            ),
        ] {
            assert_eq!(
                check_pair(&ClientIdentity {
                    certificates_pem,
                    key_pem
                }),
                expected
            );
        }
    }
}
