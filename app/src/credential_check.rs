//! The credential check: one harmless question to the far side, to learn whether it lets us through (users.md 3.9).
//!
//! It asks what became of a message that never existed. Nothing can come of it; nothing is stored but the audit entry.

use packtwin_connector_port::transport::TransportFault;
use packtwin_core::ids::MessageId;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_eu_hub::connector::CONTENT_TYPE;
use packtwin_tenants::audit::AuditNote;

use crate::connector::Link;
use crate::desk::Desk;
use crate::error::AppError;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialCheck {
    /// When it was made.
    pub at: Timestamp,
    /// The HTTP status of the answer, or why there is none.
    pub outcome: Result<u16, TransportFault>,
}

/// Asks the far side of a connector one harmless question.
///
/// # Errors
/// The connector is not set up or has no certificate (HUB-203); the caller may not. That the far side was not reached is
/// an outcome and no error.
pub fn check_credentials(desk: &Desk<'_>, name: &str) -> Result<CredentialCheck, AppError> {
    desk.require(Permission::ConnectorsWrite)?;
    let link = desk.scope().read(|reader| Link::of(reader, name))?;
    let endpoint = link.endpoint(desk.scope())?;
    let at = desk.now();
    let id = MessageId::from_random(packtwin_tenants::random::bits()?);
    let envelope = link.envelope(desk.house(), id, at, &link.settings.release);
    let mut question = Vec::new();
    link.connector
        .write_query(&id.to_string(), &envelope, &mut question)?;
    let length = question.len() as u64;
    let reply = desk.house().transport().exchange(
        &endpoint,
        CONTENT_TYPE,
        &mut question.as_slice(),
        length,
    );
    let outcome = reply.map(|reply| reply.status);
    let told = match &outcome {
        Ok(status) => serde_json::json!({ "status": status }),
        Err(fault) => serde_json::json!({ "fault": fault.to_string() }),
    };
    desk.scope().change(desk.now(), |_| {
        let note = AuditNote::new("connector.checked", format!("connector {name}")).detail(told);
        Ok::<_, AppError>(note.returning(()))
    })?;
    Ok(CredentialCheck { at, outcome })
}
