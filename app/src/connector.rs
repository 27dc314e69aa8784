//! Connectors of a tenant: which far side, with which settings and credentials, and the register of what can be built.
//!
//! The register is [`open`]: one line a connector. Settings are plain and shown; credentials are sealed, write-only, and
//! opened only where a document is about to leave.

use packtwin_connector_port::document::{Connector, Envelope};
use packtwin_connector_port::transport::{ClientIdentity, Endpoint, Limits};
use packtwin_core::code::Code;
use packtwin_core::ids::MessageId;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_eu_hub::connector::EuHub;
use packtwin_eu_hub::release::Release;
use packtwin_eu_hub::settings::{HubSettings, Role};
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::{Reader, TenantScope};
use packtwin_tenants::seal::Secret;
use packtwin_tenants::store::connector::{ConnectorRecord, ConnectorState};
use packtwin_transport::certificate;
use serde::{Deserialize, Serialize};

use crate::desk::Desk;
use crate::error::AppError;
use crate::house::House;

/// The name of the EU hub's connector.
pub const EU_HUB: &str = "eu_hub";
/// What sealed credentials are bound to, beside the tenant.
const SEAL_PURPOSE: &str = "connector credentials";

/// What an operator sets of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectorSettings {
    /// Where documents go, `https://…`.
    pub url: String,
    /// The authorities trusted for the far side, PEM.
    pub trusted_pem: String,
    /// Under which name the far side knows us.
    pub sender: String,
    /// The release of the far side's interface.
    pub release: String,
    /// Most packs in one message.
    pub packs_per_message: u64,
    /// Whether we speak as a parallel distributor.
    pub parallel_distributor: bool,
    /// Whether a simulator on loopback is meant.
    pub loopback: bool,
    /// How long to wait before asking what became of a message, in seconds.
    pub ask_after_seconds: i64,
    /// The unguessable last part of our callback address; made by the house.
    pub callback_handle: String,
}

impl Default for ConnectorSettings {
    fn default() -> Self {
        let hub = HubSettings::default();
        ConnectorSettings {
            url: String::new(),
            trusted_pem: String::new(),
            sender: String::new(),
            release: Release::R1_16.as_str().to_owned(),
            packs_per_message: hub.packs_per_message,
            parallel_distributor: false,
            loopback: false,
            ask_after_seconds: 60,
            callback_handle: String::new(),
        }
    }
}

/// Builds the connector of a name: the register, one line each.
fn open(name: &str, settings: &ConnectorSettings) -> Option<Box<dyn Connector>> {
    match name {
        EU_HUB => Some(Box::new(EuHub::new(hub_settings(settings)))),
        _ => None,
    }
}

fn hub_settings(settings: &ConnectorSettings) -> HubSettings {
    HubSettings {
        packs_per_message: settings.packs_per_message,
        role: if settings.parallel_distributor {
            Role::ParallelDistributor
        } else {
            Role::Manufacturer
        },
        ..HubSettings::default()
    }
}

/// A connector ready to translate.
pub struct Link {
    /// The translator.
    pub connector: Box<dyn Connector>,
    /// Its settings.
    pub settings: ConnectorSettings,
    /// Whether messages may leave.
    pub state: ConnectorState,
    sealed: Option<Vec<u8>>,
}

/// The certificate and key as they are sealed.
#[derive(Serialize, Deserialize)]
struct Credentials {
    certificates_pem: String,
    key_pem: String,
}

impl Link {
    /// The tenant's connector of a name.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not set up.
    pub fn of(reader: &mut Reader<'_>, name: &str) -> Result<Self, AppError> {
        let record = reader.connector_get(name)?.ok_or(AppError::NotFound)?;
        Link::from_record(&record).ok_or(AppError::NotFound)
    }

    /// The connector of a record.
    pub fn from_record(record: &ConnectorRecord) -> Option<Self> {
        let settings: ConnectorSettings = serde_json::from_str(&record.settings).ok()?;
        Some(Link {
            connector: open(&record.name, &settings)?,
            settings,
            state: record.state,
            sealed: record.sealed.clone(),
        })
    }

    /// What surrounds a document of this connector.
    pub fn envelope(
        &self,
        house: &House,
        message: MessageId,
        event_at: Timestamp,
        release: &str,
    ) -> Envelope {
        let public_url = &house.settings().public_url;
        let callback_url = (!public_url.is_empty() && !self.settings.callback_handle.is_empty())
            .then(|| format!("{public_url}/callbacks/{}", self.settings.callback_handle));
        Envelope {
            environment: house.site().environment(),
            message_id: message.to_string(),
            event_at,
            sender: self.settings.sender.clone(),
            release: release.to_owned(),
            callback_url,
        }
    }

    /// Where it sends to, with its credentials opened.
    ///
    /// # Errors
    /// The credentials are missing (HUB-203) or cannot be opened.
    pub fn endpoint(&self, scope: &TenantScope) -> Result<Endpoint, AppError> {
        let sealed = self.sealed.as_ref().ok_or_else(|| {
            AppError::refuse(Code::HubCertificate, "the connector has no certificate yet")
        })?;
        let opened = scope.unseal(SEAL_PURPOSE, sealed)?;
        let credentials: Credentials = serde_json::from_slice(opened.expose()).map_err(|_| {
            AppError::refuse(
                Code::HubCertificate,
                "the stored certificate cannot be read",
            )
        })?;
        Ok(Endpoint {
            url: self.settings.url.clone(),
            environment: scope.environment(),
            identity: Some(ClientIdentity {
                certificates_pem: credentials.certificates_pem,
                key_pem: credentials.key_pem,
            }),
            trusted_pem: self.settings.trusted_pem.clone(),
            loopback: self.settings.loopback,
            limits: Limits::default(),
        })
    }

    /// What the certificate says of itself; `None` when there is none or it cannot be read.
    pub fn certificate(&self, scope: &TenantScope) -> Option<certificate::CertificateFacts> {
        let identity = self.endpoint(scope).ok()?.identity?;
        certificate::read_chain(&identity.certificates_pem).ok()
    }
}

/// What an operator hands over to set a connector up.
#[derive(Debug, Clone)]
pub struct SetUpConnector {
    /// Its settings; the callback handle is kept or made by the house.
    pub settings: ConnectorSettings,
    /// A new certificate with its key; `None` keeps the present one.
    pub identity: Option<ClientIdentity>,
    /// The row version that was read; `None` for the first time.
    pub expected: Option<i32>,
}

/// Sets a connector up or changes it.
///
/// # Errors
/// All faults of the settings and the certificate at once; [`AppError::Stale`].
pub fn set_up_connector(
    desk: &Desk<'_>,
    name: &str,
    change: SetUpConnector,
) -> Result<(), AppError> {
    desk.require(Permission::ConnectorsWrite)?;
    let present = desk
        .scope()
        .read(|reader| reader.connector_get(name).map_err(AppError::from))?;
    if present.as_ref().map(|record| record.row_version) != change.expected {
        return Err(AppError::Stale);
    }
    let mut settings = change.settings;
    settings.callback_handle = present
        .as_ref()
        .and_then(Link::from_record)
        .map_or(String::new(), |link| link.settings.callback_handle);
    check_settings(
        desk,
        name,
        &settings,
        change.identity.as_ref(),
        present.is_some(),
    )?;
    let sealed = match &change.identity {
        Some(identity) => {
            let credentials = Credentials {
                certificates_pem: identity.certificates_pem.clone(),
                key_pem: identity.key_pem.clone(),
            };
            let plain = Secret::new(serde_json::to_vec(&credentials).unwrap_or_default());
            Some(desk.scope().seal(SEAL_PURPOSE, &plain)?)
        }
        None => present.and_then(|record| record.sealed),
    };
    desk.scope().change(desk.now(), |writer| {
        if settings.callback_handle.is_empty() {
            settings.callback_handle = writer.callback_create(name)?;
        }
        let text = serde_json::to_string(&settings).unwrap_or_default();
        if !writer.connector_put(name, &text, sealed.as_deref(), change.expected)? {
            return Err(AppError::Stale);
        }
        let told = serde_json::json!({
            "url": settings.url, "release": settings.release, "sender": settings.sender,
            "packs_per_message": settings.packs_per_message, "certificate_changed": change.identity.is_some(),
        });
        Ok(AuditNote::new("connector.set_up", format!("connector {name}")).detail(told).returning(()))
    })
}

fn check_settings(
    desk: &Desk<'_>,
    name: &str,
    settings: &ConnectorSettings,
    identity: Option<&ClientIdentity>,
    has_identity: bool,
) -> Result<(), AppError> {
    let mut faults = Vec::new();
    let mut fault =
        |place: &str, text: String| faults.push(Refusal::at(Code::RequestMalformed, place, text));
    let Some(connector) = open(name, settings) else {
        return Err(AppError::NotFound);
    };
    if !settings.url.starts_with("https://") {
        fault("/url", format!("\"{}\" is no https address", settings.url));
    }
    if settings.sender.trim().is_empty() {
        fault(
            "/sender",
            "the name under which the far side knows you is missing".to_owned(),
        );
    }
    if !connector.releases().contains(&settings.release.as_str()) {
        let known = connector.releases().join(", ");
        fault(
            "/release",
            format!("release {} is unknown; known are {known}", settings.release),
        );
    }
    if settings.packs_per_message == 0 {
        fault(
            "/packs_per_message",
            "a message holds at least one pack".to_owned(),
        );
    }
    if !(1..=86_400).contains(&settings.ask_after_seconds) {
        fault("/ask_after_seconds", "write 1 to 86400 seconds".to_owned());
    }
    if settings.loopback && !desk.scope().environment().allows_simulators() {
        fault(
            "/loopback",
            "a production site reaches no simulator".to_owned(),
        );
    }
    match identity {
        Some(identity) => {
            if let Err(error) = certificate::check_pair(identity) {
                faults.push(Refusal::at(
                    Code::HubCertificate,
                    "/certificate",
                    error.to_string(),
                ));
            }
        }
        None if !has_identity => {
            faults.push(Refusal::at(
                Code::HubCertificate,
                "/certificate",
                "a certificate with its key is missing",
            ));
        }
        None => {}
    }
    Ok(Refusals::check(faults)?)
}

/// Stops messages from leaving; they wait in order.
///
/// # Errors
/// The connector is not set up; the caller may not.
pub fn pause_connector(desk: &Desk<'_>, name: &str, reason: &str) -> Result<(), AppError> {
    set_state(
        desk,
        name,
        ConnectorState::Paused,
        "connector.paused",
        reason,
    )
}

/// Lets messages leave again.
///
/// # Errors
/// The connector is not set up; the caller may not.
pub fn resume_connector(desk: &Desk<'_>, name: &str) -> Result<(), AppError> {
    set_state(desk, name, ConnectorState::Active, "connector.resumed", "")
}

fn set_state(
    desk: &Desk<'_>,
    name: &str,
    state: ConnectorState,
    action: &'static str,
    reason: &str,
) -> Result<(), AppError> {
    desk.require(Permission::ConnectorsWrite)?;
    desk.scope().change(desk.now(), |writer| {
        writer.connector_get(name)?.ok_or(AppError::NotFound)?;
        match state {
            ConnectorState::Active => writer.connector_resume(name)?,
            ConnectorState::Paused => writer.connector_pause(name)?,
        };
        Ok(AuditNote::new(action, format!("connector {name}"))
            .reason(reason)
            .returning(()))
    })
}
