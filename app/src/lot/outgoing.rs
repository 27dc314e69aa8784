//! How a message comes into being: a row, a document under its hash, a place in the outbox.
//!
//! Small messages (master data, recall, withdrawal, a few packs) are written before the change that queues them, so that
//! change, audit entry and outgoing work are one transaction. Large ones are written by the send job.

use std::io::{self, BufWriter, Write};

use packtwin_connector_port::document::{Envelope, WriteError};
use packtwin_core::code::Code;
use packtwin_core::fact::{Fact, FactKind, SerialSource};
use packtwin_core::ids::{LotNo, MessageId, ProductNo};
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::blob::{BlobWriter, Stored};
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::{TenantScope, Writer};
use packtwin_tenants::store::fact::NewFact;
use packtwin_tenants::store::message::{MessageContent, MessageState, NewMessage};

use crate::connector::Link;
use crate::desk::Desk;
use crate::error::AppError;
use crate::message::{MessageDetail, TOPIC};

/// What a message is about.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The product.
    pub product: ProductNo,
    /// The lot, if it is about one.
    pub lot: Option<LotNo>,
    /// The version, if it is about one.
    pub version: Option<u32>,
    /// The kind of fact.
    pub kind: FactKind,
    /// What else it carries.
    pub detail: MessageDetail,
    /// When the fact happened.
    pub event_at: Timestamp,
}

/// Writes a small message and queues it in one change with what `also` does.
///
/// # Errors
/// The connector refuses the fact, all faults at once; what `also` answers.
pub fn queue_small(
    desk: &Desk<'_>,
    link: &Link,
    fact: &Fact,
    outgoing: &Outgoing,
    serials: &[Serial],
    also: impl FnOnce(&mut Writer<'_>, MessageId) -> Result<AuditNote, AppError>,
) -> Result<MessageId, AppError> {
    let id = MessageId::from_random(packtwin_tenants::random::bits()?);
    queue_small_as(desk, id, link, fact, outgoing, serials, also)
}

/// The same under a given id.
///
/// # Errors
/// As [`queue_small`]; a message has this id already (HUB-206).
pub(crate) fn queue_small_as(
    desk: &Desk<'_>,
    id: MessageId,
    link: &Link,
    fact: &Fact,
    outgoing: &Outgoing,
    serials: &[Serial],
    also: impl FnOnce(&mut Writer<'_>, MessageId) -> Result<AuditNote, AppError>,
) -> Result<MessageId, AppError> {
    let release = link.settings.release.clone();
    let envelope = link.envelope(desk.house(), id, outgoing.event_at, &release);
    let document = write_document(desk.scope(), link, fact, &mut serials.iter(), &envelope)?;
    let content = match serials {
        [] => MessageContent::None,
        some => MessageContent::List {
            sha256: write_list(desk.scope(), some)?.sha256,
            count: some.len() as u64,
            load: None,
            repeats: 0,
        },
    };
    let now = desk.now();
    desk.scope().change(now, |writer| {
        writer
            .message_create(&NewMessage {
                id,
                connector: link.connector.name(),
                kind: outgoing.kind,
                product: outgoing.product,
                lot: outgoing.lot,
                version: outgoing.version,
                content,
                release: &release,
                event_at: outgoing.event_at,
                detail: &outgoing.detail.to_json(),
            })
            .map_err(|error| match error {
                StoreError::Taken => {
                    let text = format!("it is on its way as message {id} already");
                    AppError::refuse(Code::HubRefused, text)
                }
                other => AppError::from(other),
            })?;
        enqueue(writer, id, &document)?;
        Ok::<_, AppError>(also(writer, id)?.returning(id))
    })
}

/// Records a fact that happens now.
pub(crate) fn record_fact(
    writer: &mut Writer<'_>,
    kind: FactKind,
    product: ProductNo,
    lot: Option<LotNo>,
    packs: &[Serial],
    detail: &serde_json::Value,
) -> Result<(), AppError> {
    let (at, detail) = (writer.at(), detail.to_string());
    writer.fact_record(&NewFact {
        kind,
        product,
        lot,
        load: None,
        packs,
        at,
        detail: &detail,
    })?;
    Ok(())
}

/// Gives a written message its document and its place in the outbox.
pub(super) fn enqueue(
    writer: &mut Writer<'_>,
    id: MessageId,
    document: &Stored,
) -> Result<(), AppError> {
    writer.message_document(id, document)?;
    writer.message_state(id, &[MessageState::Writing], MessageState::Queued)?;
    let now = writer.at();
    writer.outbox_put(TOPIC, &id.to_string(), now)?;
    Ok(())
}

/// Writes the document of a fact under its hash.
pub(super) fn write_document(
    scope: &TenantScope,
    link: &Link,
    fact: &Fact,
    serials: &mut dyn SerialSource,
    envelope: &Envelope,
) -> Result<Stored, AppError> {
    let mut file = BufWriter::with_capacity(128 * 1024, scope.blobs().create()?);
    match link.connector.write(fact, serials, envelope, &mut file) {
        Ok(_) => finish(file).map_err(AppError::from),
        Err(WriteError::Refused(refusals)) => Err(AppError::Refused(refusals)),
        Err(error @ WriteError::NotCarried { .. }) => {
            Err(AppError::refuse(Code::HubRefused, error.to_string()))
        }
        Err(WriteError::Io(error)) => Err(error.into()),
    }
}

/// Writes a serial list, one a line, under its hash.
pub(super) fn write_list(scope: &TenantScope, serials: &[Serial]) -> Result<Stored, AppError> {
    let mut file = BufWriter::new(scope.blobs().create()?);
    for serial in serials {
        file.write_all(serial.as_bytes())?;
        file.write_all(b"\n")?;
    }
    Ok(finish(file)?)
}

fn finish(file: BufWriter<BlobWriter>) -> io::Result<Stored> {
    file.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .finish()
}
