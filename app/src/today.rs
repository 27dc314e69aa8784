//! The home page: what waits for whom, each number with the rows behind it.

use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::connector::ConnectorState;
use packtwin_tenants::store::message::{MessageCount, MessageState};
use packtwin_tenants::store::upload::UploadState;

use crate::connector::Link;
use crate::desk::Desk;
use crate::error::AppError;

/// Certificates that run out within so many days are shown (users.md 3.1).
pub const EXPIRY_NOTICE_DAYS: i64 = 90;

/// What the home page tells.
pub struct Today {
    /// How many lots there are whose numbers do not agree yet, exactly.
    pub lots_differing: u64,
    /// Uploads by state.
    pub uploads: Vec<(UploadState, u64)>,
    /// Jobs that wait and that run.
    pub jobs: (u64, u64),
    /// Connectors with their queue.
    pub connectors: Vec<ConnectorHealth>,
}

/// How a connector is doing.
pub struct ConnectorHealth {
    /// Its name.
    pub name: String,
    /// Whether messages may leave.
    pub state: ConnectorState,
    /// Messages that have no final answer.
    pub open: u64,
    /// The oldest of them.
    pub oldest_at: Option<Timestamp>,
    /// Messages refused and not yet replaced.
    pub refused: u64,
    /// Days until its certificate ends; `None` when it has none.
    pub certificate_days: Option<i64>,
}

/// Collects the home page.
///
/// # Errors
/// The store failed.
pub fn today(desk: &Desk<'_>) -> Result<Today, AppError> {
    desk.require(Permission::LotsRead)?;
    let now = desk.now();
    let scope = desk.scope();
    let (lots_differing, uploads, jobs, connectors, counts) = scope.read(|reader| {
        Ok::<_, AppError>((
            reader.lot_difference_count()?,
            reader.upload_counts()?,
            reader.job_active_counts()?,
            reader.connector_list()?,
            reader.message_counts()?,
        ))
    })?;
    let connectors = connectors
        .iter()
        .map(|record| {
            let certificate = Link::from_record(record).and_then(|link| link.certificate(scope));
            health(
                &record.name,
                record.state,
                &counts,
                certificate.map(|facts| facts.days_left(now)),
            )
        })
        .collect();
    Ok(Today {
        lots_differing,
        uploads,
        jobs,
        connectors,
    })
}

/// How one connector is doing.
///
/// # Errors
/// It is not set up; the caller may not.
pub fn connector_health(desk: &Desk<'_>, name: &str) -> Result<ConnectorHealth, AppError> {
    desk.require(Permission::ConnectorsRead)?;
    let scope = desk.scope();
    let (record, counts) = scope.read(|reader| {
        let record = reader.connector_get(name)?.ok_or(AppError::NotFound)?;
        Ok::<_, AppError>((record, reader.message_counts()?))
    })?;
    let certificate = Link::from_record(&record).and_then(|link| link.certificate(scope));
    let days = certificate.map(|facts| facts.days_left(desk.now()));
    Ok(health(&record.name, record.state, &counts, days))
}

/// A connector's queue from the counts of its messages.
pub fn health(
    name: &str,
    state: ConnectorState,
    counts: &[MessageCount],
    certificate_days: Option<i64>,
) -> ConnectorHealth {
    let of = |wanted: &[MessageState]| {
        counts
            .iter()
            .filter(|count| count.connector == name && wanted.contains(&count.state))
            .fold(
                (0, None),
                |(sum, oldest): (u64, Option<Timestamp>), count| {
                    let oldest = Some(
                        oldest.map_or(count.oldest_at, |earlier| earlier.min(count.oldest_at)),
                    );
                    (sum + count.messages, oldest)
                },
            )
    };
    let (open, oldest_at) = of(&[
        MessageState::Writing,
        MessageState::Queued,
        MessageState::Sending,
        MessageState::Waiting,
        MessageState::Unknown,
    ]);
    let (refused, _) = of(&[MessageState::Refused, MessageState::Partial]);
    ConnectorHealth {
        name: name.to_owned(),
        state,
        open,
        oldest_at,
        refused,
        certificate_days,
    }
}
