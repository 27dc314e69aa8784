//! Sending a lot: what was not sent yet, or only the difference, split at the far side's limit.
//!
//! A load's serial list never changes, so a message names a stretch of it, and what is not yet covered by a live message
//! is exact arithmetic. The request plans and answers at once; the job makes the message rows in one change and then
//! writes document after document, each queued as soon as it is on the disk. Doing the job again finds the rows it made.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::fact::{Fact, FactKind, SerialSource};
use packtwin_core::ids::{JobId, LoadNo, LotNo, MessageId, ProductNo};
use packtwin_core::market::Market;
use packtwin_core::product::VersionState;
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_core::serial::Serial;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::blob::Stored;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::job::{JobFilter, JobState, NewJob};
use packtwin_tenants::store::load::LoadState;
use packtwin_tenants::store::lot::LotRecord;
use packtwin_tenants::store::message::{
    MessageContent, MessageFilter, MessageRecord, MessageState, NewMessage,
};
use packtwin_tenants::store::product::ProductRecord;
use serde::{Deserialize, Serialize};

use super::outgoing::{enqueue, write_document, write_list};
use super::{audit_name, lot_name, lot_of};
use crate::connector::{EU_HUB, Link};
use crate::desk::Desk;
use crate::error::AppError;
use crate::job::{JobDesk, JobEnd, counted};
use crate::market::market_standing;
use crate::message::{MessageDetail, fact_of};
use crate::webhook;

/// The kind of the send job.
pub const SEND_JOB: &str = "lot.send";

/// Refused packs read at once.
const REFUSED_ROWS: i64 = 10_000;

/// What to send of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendWhat {
    /// Everything not sent yet.
    Unsent,
    /// Everything the far side does not hold: not sent, refused as a whole, refused pack by pack.
    Difference,
}

#[derive(Serialize, Deserialize)]
struct SendInput {
    product: i32,
    lot: i32,
    what: SendWhat,
    event_at: i64,
}

/// Asks for a lot to be sent. Answers the job.
///
/// # Errors
/// Everything that stands in the way, at once: see [`blocked_by`].
pub fn request_send(
    desk: &Desk<'_>,
    code: &ProductCode,
    batch: &BatchNumber,
    what: SendWhat,
) -> Result<JobId, AppError> {
    desk.require(Permission::LotsWrite)?;
    desk.scope().change(desk.now(), |writer| {
        let (product, lot) = lot_of(writer, code, batch)?;
        Refusals::check(blocked_by(writer, &product, &lot, what)?)?;
        let input = SendInput {
            product: product.no.0,
            lot: lot.no.0,
            what,
            event_at: writer.at().micros(),
        };
        let input = serde_json::to_string(&input).unwrap_or_default();
        let name = audit_name(code, batch);
        let new = NewJob {
            kind: SEND_JOB,
            object: &name,
            input: &input,
            total: 0,
            unit: "packs",
        };
        let job = writer.job_create(&new)?;
        let told = serde_json::json!({ "what": what, "job": job.to_string() });
        Ok(AuditNote::new("lot.send_asked", name)
            .detail(told)
            .returning(job))
    })
}

/// Every reason why a lot cannot be sent now, in words; empty when it can.
pub(super) fn blocked_by(
    reader: &mut Reader<'_>,
    product: &ProductRecord,
    lot: &LotRecord,
    what: SendWhat,
) -> Result<Vec<Refusal>, AppError> {
    let mut reasons = Vec::new();
    let mut because = |code, text: String| reasons.push(Refusal::new(code, text));
    if reader.connector_get(EU_HUB)?.is_none() {
        because(
            Code::HubCertificate,
            "the EU hub is not set up yet; set it up under connectors".to_owned(),
        );
    }
    let version = reader
        .product_version_get(product.no, lot.version)?
        .ok_or(AppError::NotFound)?;
    match version.state {
        VersionState::Sent | VersionState::Acknowledged => {}
        VersionState::Draft | VersionState::Refused => because(
            Code::HubProductNotAcknowledged,
            format!(
                "version {} of the product is {}; send it to the hub first",
                lot.version,
                version.state.as_str()
            ),
        ),
    }
    let standing = market_standing(reader, product.no, Some(lot.no), &version.data)?;
    if standing.is_shut() {
        let (product, batch) = (product.code.to_string(), lot.batch.to_string());
        for closed in &standing.closed {
            because(Code::LotRecalled, closed.reason(&product, &batch));
        }
    }
    if is_being_sent(reader, &audit_name(&product.code, &lot.batch))? {
        because(
            Code::LotNothingToSend,
            "the lot is being sent right now".to_owned(),
        );
    } else if plan(reader, product.no, lot.no, what)?.packs() == 0 {
        because(
            Code::LotNothingToSend,
            "every stored pack of this lot is on its way or acknowledged".to_owned(),
        );
    }
    Ok(reasons)
}

fn is_being_sent(reader: &mut Reader<'_>, object: &str) -> Result<bool, AppError> {
    for state in [JobState::Queued, JobState::Running] {
        let filter = JobFilter {
            state: Some(state),
            kind: Some(SEND_JOB.to_owned()),
            object: Some(object.to_owned()),
        };
        if !reader.job_list(&filter, None, 1)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a sending would carry.
pub(super) struct SendPlan {
    /// Stretches of loads that no live message covers: load, first place, count.
    stretches: Vec<(LoadNo, u64, u64)>,
    /// Messages whose refused packs are to go again, with their number.
    resends: Vec<(MessageId, u64)>,
}

impl SendPlan {
    pub(super) fn packs(&self) -> u64 {
        let stretches: u64 = self.stretches.iter().map(|(_, _, count)| count).sum();
        let resends: u64 = self.resends.iter().map(|(_, count)| count).sum();
        stretches + resends
    }

    pub(super) fn stretches(&self) -> &[(LoadNo, u64, u64)] {
        &self.stretches
    }

    pub(super) fn resends(&self) -> &[(MessageId, u64)] {
        &self.resends
    }
}

/// More messages than any lot has.
const MESSAGES_ALL: i64 = 100_000;

pub(crate) fn messages_of_lot(
    reader: &mut Reader<'_>,
    product: ProductNo,
    lot: LotNo,
) -> Result<Vec<MessageRecord>, AppError> {
    let filter = MessageFilter {
        product: Some(product),
        lot: Some(lot),
        ..MessageFilter::default()
    };
    Ok(reader.message_list(&filter, None, MESSAGES_ALL)?)
}

/// Works out what is not covered. A message that was refused as a whole or cancelled covers nothing.
pub(super) fn plan(
    reader: &mut Reader<'_>,
    product: ProductNo,
    lot: LotNo,
    what: SendWhat,
) -> Result<SendPlan, AppError> {
    let messages = messages_of_lot(reader, product, lot)?;
    let live = |message: &&MessageRecord| {
        !matches!(
            message.state,
            MessageState::Refused | MessageState::Cancelled
        ) && message.kind == FactKind::Commissioned
    };
    let mut stretches = Vec::new();
    for load in reader.load_list_of_lot(product, lot)? {
        if load.state != LoadState::Visible {
            continue;
        }
        let mut covered: Vec<(u64, u64)> = messages
            .iter()
            .filter(live)
            .filter_map(|message| match message.content {
                MessageContent::Stretch {
                    load: of,
                    first,
                    count,
                } if of == load.no => Some((first, count)),
                _ => None,
            })
            .collect();
        covered.sort_unstable();
        let mut next = 0;
        for (first, count) in covered {
            if first > next {
                stretches.push((load.no, next, first - next));
            }
            next = next.max(first + count);
        }
        if next < load.packs {
            stretches.push((load.no, next, load.packs - next));
        }
    }
    let mut resends = Vec::new();
    if what == SendWhat::Difference {
        let again: Vec<String> = messages
            .iter()
            .filter(live)
            .flat_map(|message| MessageDetail::from_record(message).resends)
            .collect();
        for message in messages
            .iter()
            .filter(|message| message.state == MessageState::Partial)
        {
            let held = message
                .answer
                .as_ref()
                .map_or(0, |answer| answer.acknowledged_packs);
            let missing = message.content.packs().saturating_sub(held);
            if missing > 0 && !again.contains(&message.id.to_string()) {
                resends.push((message.id, missing));
            }
        }
    }
    Ok(SendPlan { stretches, resends })
}

/// Runs the sending that the job names.
///
/// # Errors
/// The store or a file failed; the job goes on where it stopped when it is claimed again.
pub fn run_send(desk: &JobDesk<'_>) -> Result<JobEnd, AppError> {
    let input: SendInput =
        serde_json::from_str(&desk.claim().job.input).map_err(|_| AppError::NotFound)?;
    let (product, lot) = (ProductNo(input.product), LotNo(input.lot));
    let link = desk.scope().read(|reader| Link::of(reader, EU_HUB))?;
    make_messages(desk, &link, &input)?;
    let waiting: Vec<MessageRecord> = desk.scope().read(|reader| {
        let messages = messages_of_lot(reader, product, lot)?;
        Ok::<_, AppError>(
            messages
                .into_iter()
                .filter(|message| message.state == MessageState::Writing)
                .collect(),
        )
    })?;
    let total: u64 = waiting.iter().map(|message| message.content.packs()).sum();
    desk.begin(total);
    let mut done = 0;
    for message in &waiting {
        let document = write_message(desk, &link, message)?;
        done += message.content.packs();
        desk.scope().change(desk.now(), |writer| {
            desk.progress_within(writer, done)?;
            enqueue(writer, message.id, &document)?;
            let told =
                serde_json::json!({ "packs": message.content.packs(), "bytes": document.bytes });
            Ok::<_, AppError>(
                AuditNote::new("message.queued", format!("message {}", message.id))
                    .detail(told)
                    .returning(()),
            )
        })?;
    }
    desk.scope().change(desk.now(), |writer| {
        let product = writer.product_get(product)?.ok_or(AppError::NotFound)?;
        let lot = writer.lot_get(product.no, lot)?.ok_or(AppError::NotFound)?;
        let told = serde_json::json!({ "packs": total, "messages": waiting.len() });
        webhook::announce(
            writer,
            "lot.sent",
            &lot_name(&product.code, &lot.batch),
            &told,
        )?;
        Ok::<_, AppError>(
            AuditNote::new("lot.sent", desk.object())
                .detail(told)
                .returning(()),
        )
    })?;
    Ok(JobEnd::done(format!(
        "{} in {} on the way to the hub",
        counted(total, "pack"),
        counted(waiting.len() as u64, "message"),
    )))
}

/// Makes the rows of all messages in one change: from here on the packs are spoken for.
fn make_messages(desk: &JobDesk<'_>, link: &Link, input: &SendInput) -> Result<(), AppError> {
    let (product, lot) = (ProductNo(input.product), LotNo(input.lot));
    let most = link.settings.packs_per_message.max(1);
    let resend_lists = read_resends(desk, product, lot, input.what)?;
    desk.scope().change(desk.now(), |writer| {
        let version = writer
            .lot_get(product, lot)?
            .ok_or(AppError::NotFound)?
            .version;
        let markets = open_markets(writer, product, lot, version)?;
        let plan = plan(writer, product, lot, input.what)?;
        let mut contents: Vec<(MessageContent, MessageDetail)> = Vec::new();
        for (load, first, count) in plan.stretches {
            let mut at = first;
            while at < first + count {
                let size = most.min(first + count - at);
                contents.push((
                    MessageContent::Stretch {
                        load,
                        first: at,
                        count: size,
                    },
                    MessageDetail {
                        markets: markets.clone(),
                        ..MessageDetail::default()
                    },
                ));
                at += size;
            }
        }
        for (message, list, count) in &resend_lists {
            if plan.resends.iter().any(|(planned, _)| planned == message) {
                let detail = MessageDetail {
                    markets: markets.clone(),
                    resends: vec![message.to_string()],
                    ..MessageDetail::default()
                };
                contents.push((
                    MessageContent::List {
                        sha256: list.sha256,
                        count: *count,
                        load: None,
                        repeats: *count,
                    },
                    detail,
                ));
            }
        }
        for (content, detail) in &contents {
            writer.message_create(&NewMessage {
                id: MessageId::from_random(packtwin_tenants::random::bits()?),
                connector: link.connector.name(),
                kind: FactKind::Commissioned,
                product,
                lot: Some(lot),
                version: Some(version),
                content: *content,
                release: &link.settings.release,
                event_at: packtwin_core::time::Timestamp::from_micros(input.event_at),
                detail: &detail.to_json(),
            })?;
        }
        let told = serde_json::json!({ "messages": contents.len() });
        Ok::<_, AppError>(
            AuditNote::new("lot.messages_planned", desk.object())
                .detail(told)
                .returning(()),
        )
    })
}

/// The markets that the packs of a message are for: those of the version that are open at the moment it is planned. The
/// message keeps them, since its document names them.
fn open_markets(
    reader: &mut Reader<'_>,
    product: ProductNo,
    lot: LotNo,
    version: u32,
) -> Result<Vec<String>, AppError> {
    let record = reader
        .product_version_get(product, version)?
        .ok_or(AppError::NotFound)?;
    let standing = market_standing(reader, product, Some(lot), &record.data)?;
    if standing.is_shut() {
        let text = "every market of the lot was closed to it meanwhile; nothing was sent";
        return Err(AppError::refuse(Code::LotRecalled, text));
    }
    Ok(standing.open.iter().map(Market::to_string).collect())
}

/// The refused packs of each message to resend, as a list of their own.
fn read_resends(
    desk: &JobDesk<'_>,
    product: ProductNo,
    lot: LotNo,
    what: SendWhat,
) -> Result<Vec<(MessageId, Stored, u64)>, AppError> {
    let resends = desk
        .scope()
        .read(|reader| plan(reader, product, lot, what))?
        .resends;
    let mut lists = Vec::new();
    for (message, _) in resends {
        let mut serials: Vec<Serial> = Vec::new();
        loop {
            let rows = desk.scope().read(|reader| {
                reader
                    .message_refused_packs(message, serials.last(), REFUSED_ROWS)
                    .map_err(AppError::from)
            })?;
            if rows.is_empty() {
                break;
            }
            serials.extend(rows.iter().map(|row| row.serial));
        }
        if !serials.is_empty() {
            lists.push((
                message,
                write_list(desk.scope(), &serials)?,
                serials.len() as u64,
            ));
        }
    }
    Ok(lists)
}

fn write_message(
    desk: &JobDesk<'_>,
    link: &Link,
    message: &MessageRecord,
) -> Result<Stored, AppError> {
    let (fact, list, first, count) = desk.scope().read(|reader| {
        let fact: Fact = fact_of(reader, message)?;
        let (list, first, count) = match message.content {
            MessageContent::Stretch { load, first, count } => {
                let load = reader
                    .load_get(message.product, load)?
                    .ok_or(AppError::NotFound)?;
                (load.list_sha256.ok_or(AppError::NotFound)?, first, count)
            }
            MessageContent::List { sha256, count, .. } => (sha256, 0, count),
            MessageContent::None => return Err(AppError::NotFound),
        };
        Ok::<_, AppError>((fact, list, first, count))
    })?;
    let mut serials = ListStretch::open(desk.scope().blobs().open(&list)?, first, count)?;
    let envelope = link.envelope(desk.house(), message.id, message.event_at, &message.release);
    let document = write_document(desk.scope(), link, &fact, &mut serials, &envelope)?;
    if serials.left > 0 {
        return Err(AppError::Store(StoreError::Damaged {
            what: "serial list",
        }));
    }
    Ok(document)
}

/// A stretch of a serial list on the disk.
pub(crate) struct ListStretch {
    file: BufReader<File>,
    line: Vec<u8>,
    left: u64,
}

impl ListStretch {
    pub(crate) fn open(file: File, first: u64, count: u64) -> io::Result<Self> {
        let mut stretch = ListStretch {
            file: BufReader::with_capacity(128 * 1024, file),
            line: Vec::with_capacity(24),
            left: count,
        };
        for _ in 0..first {
            stretch.read_line()?;
        }
        Ok(stretch)
    }

    fn read_line(&mut self) -> io::Result<()> {
        self.line.clear();
        self.file.read_until(b'\n', &mut self.line)?;
        match self.line.pop() {
            Some(b'\n') => Ok(()),
            _ => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }
    }
}

impl SerialSource for ListStretch {
    fn next_serial(&mut self) -> io::Result<Option<Serial>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.read_line()?;
        self.left -= 1;
        Serial::from_bytes(&self.line)
            .map(Some)
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}
