//! A certificate authority of our own for demo and tests: it issues the simulators' and the clients' certificates.
//!
//! Its key lives in memory and is gone with it; what a demo site keeps are the issued certificates.

use chrono::Datelike;
use packtwin_connector_port::transport::ClientIdentity;
use packtwin_core::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// Certificates of a sandbox are valid for this long.
const VALID_DAYS: i64 = 365;

/// An authority that nobody but a test site trusts.
pub struct SandboxAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// Making a key or a certificate failed.
#[derive(Debug, thiserror::Error)]
#[error("a sandbox certificate could not be made")]
pub struct SandboxError(#[from] rcgen::Error);

impl SandboxAuthority {
    /// A fresh authority, valid from yesterday for a year and a day.
    ///
    /// # Errors
    /// The machine gave no randomness.
    pub fn generate(now: Timestamp) -> Result<Self, SandboxError> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Packtwin sandbox authority (simulator)");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(
            &mut params,
            now.plus_days(-1),
            now.plus_days(VALID_DAYS + 1),
        );
        Ok(SandboxAuthority {
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)?,
        })
    }

    /// The authority's certificate, PEM: what the other side trusts.
    pub fn trusted_pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server on `localhost`, `127.0.0.1` and `::1`.
    ///
    /// # Errors
    /// Making the key or certificate failed.
    pub fn server(&self, now: Timestamp) -> Result<ClientIdentity, SandboxError> {
        let mut params = CertificateParams::new(
            ["localhost", "127.0.0.1", "::1"]
                .map(str::to_owned)
                .to_vec(),
        )?;
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        self.issue(
            params,
            "Packtwin EU hub simulator",
            now.plus_days(-1),
            now.plus_days(VALID_DAYS),
        )
    }

    /// A client certificate for a partner.
    ///
    /// # Errors
    /// Making the key or certificate failed.
    pub fn client(
        &self,
        name: &str,
        not_before: Timestamp,
        not_after: Timestamp,
    ) -> Result<ClientIdentity, SandboxError> {
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, name, not_before, not_after)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        name: &str,
        not_before: Timestamp,
        not_after: Timestamp,
    ) -> Result<ClientIdentity, SandboxError> {
        let key = KeyPair::generate()?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        set_validity(&mut params, not_before, not_after);
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(ClientIdentity {
            certificates_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

/// Validity in whole days, as the issuing library takes it.
fn set_validity(params: &mut CertificateParams, not_before: Timestamp, not_after: Timestamp) {
    let day = |at: Timestamp| {
        let date = at.date();
        date_time_ymd(date.year(), date.month() as u8, date.day() as u8)
    };
    params.not_before = day(not_before);
    params.not_after = day(not_after);
}
