//! Drivers of the business stores of road 1.
//!
//! Numbers within a tenant are small and the same for everyone, so tenant A has nothing here: whatever a driver finds in
//! A's scope would be B's. Methods that make new rows come last, after all that could find them.

use packtwin_core::code::Code;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::FactKind;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::ids::{
    DeliveryId, JobId, LetterId, LoadNo, LotNo, MappingId, MessageId, ProductNo, TenantId,
    UploadId, WebhookId,
};
use packtwin_core::market::Market;
use packtwin_core::pack::PackState;
use packtwin_core::product::{Company, MarketEntry, MasterData, VersionState};
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::blob::Stored;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::Writer;
use packtwin_tenants::store::fact::NewFact;
use packtwin_tenants::store::job::{JobClaim, JobFilter, JobState, NewJob};
use packtwin_tenants::store::letter::{LetterState, NewLetter};
use packtwin_tenants::store::lot::NewLot;
use packtwin_tenants::store::lot_list::LotFilter;
use packtwin_tenants::store::message::{MessageContent, MessageFilter, MessageState, NewMessage};
use packtwin_tenants::store::message_answer::{MessageAnswer, NewAttempt};
use packtwin_tenants::store::outbox::Claim;
use packtwin_tenants::store::product::ProductFilter;
use packtwin_tenants::store::random_bits;
use packtwin_tenants::store::upload::{NewUpload, UploadFilter, UploadPurpose, UploadState};
use packtwin_tenants::store::upload_result::{FindingSum, UploadLot};
use packtwin_tenants::store::webhook::{DeliveryRecord, DeliveryState, WebhookState};
use packtwin_tenants::testing::{TestSite, now};

use crate::{MARKER, drivers};

/// Work that nobody holds and that is not due.
const WAITING: &str = "waiting";
/// The occasion of a letter that left.
const OLD: &str = "old";

/// What tenant B has.
pub struct World {
    product: ProductNo,
    lot: LotNo,
    upload: UploadId,
    finished: UploadId,
    load: LoadNo,
    storing: LoadNo,
    mapping: MappingId,
    writing: MessageId,
    waiting: MessageId,
    partial: MessageId,
    claim: Claim,
    job: JobId,
    job_claim: JobClaim,
    webhook: WebhookId,
    pending: DeliveryId,
    failed: DeliveryId,
    letter: LetterId,
}

/// Gives tenant B one of everything, with [`MARKER`] in every text.
pub fn plant(site: &TestSite, tenant: TenantId) -> World {
    let all = site.scope_of(tenant).change(now(), |writer| {
        let world = plant_world(writer)?;
        Ok::<_, StoreError>(AuditNote::new("test.planted", MARKER).returning(world))
    });
    all.expect("the rows are new")
}

fn plant_world(writer: &mut Writer<'_>) -> Result<World, StoreError> {
    let product = plant_product(writer)?;
    let lot = writer.lot_create(&new_lot(product, "A1"))?;
    writer.lot_recall(product, lot, market("FR"), MARKER, None)?;
    let upload = writer.upload_create(&new_upload(MARKER))?;
    let finished = writer.upload_create(&new_upload(MARKER))?;
    let done = writer.upload_finish_receiving(finished, &stored())?;
    assert_eq!(done, Ok(()));
    writer.upload_findings_replace(upload, &[finding_sum()])?;
    writer.upload_lots_replace(upload, &[upload_lot()])?;
    let load = writer.load_create(product, lot, upload)?;
    writer.pack_store_chunk(product, &[(serial("A1"), load), (serial("A2"), load)])?;
    writer.load_publish(product, load, 2, &[7; 32])?;
    let storing = writer.load_create(product, lot, upload)?;
    writer.pack_store_chunk(product, &[(serial("B1"), storing)])?;
    writer.fact_record(&NewFact {
        packs: &[serial("A1")],
        ..new_fact(product, lot)
    })?;
    let mapping = writer.mapping_create(MARKER, MARKER, MARKER)?;
    writer.connector_put(MARKER, MARKER, Some(MARKER.as_bytes()), None)?;
    writer.connector_put("paused", MARKER, None, None)?;
    writer.connector_pause("paused")?;
    let [writing, waiting, partial] = plant_messages(writer, product, lot, load)?;
    writer.outbox_put(MARKER, MARKER, now())?;
    let [claim] = writer
        .outbox_claim(now(), 1, 1)?
        .try_into()
        .expect("one row was put");
    writer.job_create(&new_job(MARKER))?;
    let job_claim = writer.job_claim(now(), 1)?.expect("a job was queued");
    writer.outbox_put(MARKER, WAITING, now().plus_days(500))?;
    let job = writer.job_create(&new_job(MARKER))?;
    let webhook = writer.webhook_create(MARKER, &[MARKER.to_owned()], MARKER.as_bytes())?;
    let mut delivery = || writer.webhook_delivery_add(webhook, MARKER, MARKER, MARKER);
    let (pending, failed) = (delivery()?, delivery()?);
    writer.webhook_delivery_answer(failed, DeliveryState::Failed, None, MARKER)?;
    let letter = writer
        .letter_add(&new_letter(MARKER))?
        .expect("nobody was told");
    let old = writer
        .letter_add(&new_letter(OLD))?
        .expect("nobody was told");
    writer.letter_tried(old, LetterState::Sent, MARKER)?;
    Ok(World {
        product,
        lot,
        upload,
        finished,
        load,
        storing,
        mapping,
        writing,
        waiting,
        partial,
        claim,
        job,
        job_claim,
        webhook,
        pending,
        failed,
        letter,
    })
}

fn new_letter(occasion: &str) -> NewLetter<'_> {
    static DATA: serde_json::Value = serde_json::Value::Null;
    NewLetter {
        kind: MARKER,
        language: MARKER,
        recipient: MARKER,
        occasion,
        data: &DATA,
    }
}

/// A product with a version in use, one on its way and one that is a draft.
fn plant_product(writer: &mut Writer<'_>) -> Result<ProductNo, StoreError> {
    let (draft, sent) = ([VersionState::Draft], VersionState::Sent);
    let product = writer.product_create(&code(), &master_data())?;
    writer.product_version_add(product, &master_data())?;
    writer.product_version_add(product, &master_data())?;
    writer.product_version_state(product, 1, &draft, sent, None)?;
    writer.product_version_state(product, 2, &draft, sent, None)?;
    writer.product_version_acknowledge(product, 1, now())?;
    writer.product_withdraw(product, market("FR"), MARKER, None)?;
    Ok(product)
}

/// A message that is being written, one that is out, one that is answered.
fn plant_messages(
    writer: &mut Writer<'_>,
    product: ProductNo,
    lot: LotNo,
    load: LoadNo,
) -> Result<[MessageId; 3], StoreError> {
    let ids = [message_id()?, message_id()?, message_id()?];
    for id in ids {
        writer.message_create(&NewMessage {
            connector: MARKER,
            release: MARKER,
            detail: MARKER,
            content: MessageContent::Stretch {
                load,
                first: 0,
                count: 2,
            },
            ..new_message(id, product, lot)
        })?;
    }
    let from = [MessageState::Writing];
    writer.message_state(ids[1], &from, MessageState::Waiting)?;
    writer.message_state(ids[2], &from, MessageState::Waiting)?;
    let refused = [(serial("A2"), MARKER.to_owned(), MARKER.to_owned())];
    writer.message_answer(ids[2], MessageState::Partial, &answer(), &refused)?;
    writer.message_attempt_add(ids[2], &new_attempt())?;
    Ok(ids)
}

drivers! { World;
    connector_get => |writer, _| writer.connector_get(MARKER);
    connector_list => |writer, _| writer.connector_list();
    connector_pause => |writer, _| writer.connector_pause(MARKER);
    connector_put => |writer, _| writer.connector_put(MARKER, "{}", None, Some(1));
    connector_resume => |writer, _| writer.connector_resume("paused");
    fact_list_of_lot => |writer, b| writer.fact_list_of_lot(b.product, b.lot, 0, 9);
    fact_list_of_pack => |writer, b| writer.fact_list_of_pack(b.product, &serial("A1"));
    job_active_counts => |writer, _| writer.job_active_counts();
    job_cancel => |writer, b| writer.job_cancel(b.job);
    job_claim => |writer, _| writer.job_claim(writer.at(), 60).map(|claim| claim.is_some());
    job_finish => |writer, b| writer.job_finish(&b.job_claim, JobState::Failed, "{}");
    job_get => |writer, b| writer.job_get(b.job);
    job_list => |writer, _| writer.job_list(&JobFilter::default(), None, 9);
    job_release_all => |writer, _| writer.job_release_all();
    job_progress => |writer, b| writer.job_progress(&b.job_claim, 1, 2, writer.at());
    load_discard => |writer, b| writer.load_discard(b.product, b.storing);
    load_get => |writer, b| writer.load_get(b.product, b.load);
    load_list_of_lot => |writer, b| writer.load_list_of_lot(b.product, b.lot);
    load_list_of_upload => |writer, b| writer.load_list_of_upload(b.upload);
    load_list_storing => |writer, _| writer.load_list_storing();
    load_publish => |writer, b| writer.load_publish(b.product, b.storing, 1, &[8; 32]);
    load_purged => |writer, b| writer.load_purged(b.product, b.load);
    lot_completeness => |writer, b| writer.lot_completeness(b.product, b.lot);
    lot_find => |writer, b| writer.lot_find(b.product, &new_lot(b.product, "A1").batch);
    lot_get => |writer, b| writer.lot_get(b.product, b.lot);
    lot_difference_count => |writer, _| writer.lot_difference_count();
    lot_list => |writer, _| writer.lot_list(&LotFilter::default(), None, 9);
    lot_past_retention => |writer, _| writer.lot_past_retention(day("2027-06-01"), 9);
    lot_produced => |writer, b| writer.lot_produced(b.product, b.lot, Some(5), 1);
    lot_recalls => |writer, b| writer.lot_recalls(b.product, b.lot);
    lot_released => |writer, b| {
        writer.lot_released(b.product, b.lot, day("2027-01-01"), day("2032-01-01"), 1)
    };
    lot_summary => |writer, b| writer.lot_summary(b.product, b.lot);
    mapping_change => |writer, b| writer.mapping_change(b.mapping, "name", "{}", 1);
    mapping_delete => |writer, b| writer.mapping_delete(b.mapping, 1);
    mapping_find_by_partner => |writer, _| writer.mapping_find_by_partner(MARKER);
    mapping_get => |writer, b| writer.mapping_get(b.mapping);
    mapping_list => |writer, _| writer.mapping_list();
    message_answer => |writer, b| {
        writer.message_answer(b.waiting, MessageState::Accepted, &answer(), &[])
    };
    message_attempt_add => |writer, b| writer.message_attempt_add(b.partial, &new_attempt());
    message_attempts => |writer, b| writer.message_attempts(b.partial);
    message_counts => |writer, _| writer.message_counts();
    message_document => |writer, b| writer.message_document(b.writing, &stored());
    message_get => |writer, b| writer.message_get(b.partial);
    message_list => |writer, _| writer.message_list(&MessageFilter::default(), None, 9);
    message_refused_pack => |writer, b| writer.message_refused_pack(b.partial, &serial("A2"));
    message_refused_packs => |writer, b| writer.message_refused_packs(b.partial, None, 9);
    message_sent => |writer, b| writer.message_sent(b.waiting, now());
    message_state => |writer, b| {
        writer.message_state(b.writing, &[MessageState::Writing], MessageState::Cancelled)
    };
    message_stretches_of_lot => |writer, b| writer.message_stretches_of_lot(b.product, b.lot);
    outbox_again => |writer, b| writer.outbox_again(&b.claim, now());
    outbox_claim => |writer, _| writer.outbox_claim(writer.at(), 60, 9).map(|claims| claims.len());
    outbox_depth => |writer, _| writer.outbox_depth(MARKER);
    outbox_due_at => |writer, _| writer.outbox_due_at(MARKER, MARKER);
    outbox_done => |writer, b| writer.outbox_done(&b.claim);
    outbox_hasten => |writer, _| writer.outbox_hasten(MARKER, WAITING);
    outbox_release_all => |writer, _| writer.outbox_release_all();
    pack_any => |writer, b| writer.pack_any(b.product);
    pack_any_in_range => |writer, b| {
        writer.pack_any_in_range(b.product, &serial("A1"), &serial("A2"))
    };
    pack_count_in_range => |writer, b| {
        writer.pack_count_in_range(b.product, &serial("A1"), &serial("A2"))
    };
    pack_discard_chunk => |writer, b| {
        writer.pack_discard_chunk(b.product, b.storing, None, 9)
    };
    pack_existing => |writer, b| writer.pack_existing(b.product, &[serial("A1"), serial("B1")]);
    pack_find => |writer, b| writer.pack_find(b.product, &serial("A1"));
    pack_list => |writer, b| writer.pack_list(b.product, b.lot, None, 9);
    pack_purge => |writer, b| writer.pack_purge(b.product, b.load, None, 9);
    pack_state_set => |writer, b| {
        let packs = [serial("A1")];
        writer.pack_state_set(b.product, &packs, PackState::Active, PackState::Stolen)
    };
    product_find => |writer, _| writer.product_find(&code());
    product_get => |writer, b| writer.product_get(b.product);
    product_list => |writer, _| writer.product_list(&ProductFilter::default(), None, 9);
    product_lot_count => |writer, b| writer.product_lot_count(b.product, 1);
    product_version_acknowledge => |writer, b| {
        writer.product_version_acknowledge(b.product, 2, now())
    };
    product_version_acknowledged_latest => |writer, b| {
        writer.product_version_acknowledged_latest(b.product)
    };
    product_version_change => |writer, b| {
        writer.product_version_change(b.product, 3, &master_data(), 1)
    };
    product_version_get => |writer, b| writer.product_version_get(b.product, 1);
    product_version_hub_copy => |writer, b| {
        writer.product_version_hub_copy(b.product, 1, &master_data())
    };
    product_version_list => |writer, b| writer.product_version_list(b.product);
    product_version_state => |writer, b| {
        let from = [VersionState::Draft];
        writer.product_version_state(b.product, 3, &from, VersionState::Sent, None)
    };
    product_withdrawals => |writer, b| writer.product_withdrawals(b.product);
    upload_counts => |writer, _| writer.upload_counts();
    upload_detail => |writer, b| writer.upload_detail(b.upload, "{}", 1);
    upload_find_by_hash => |writer, _| {
        writer.upload_find_by_hash(&stored().sha256, UploadPurpose::Store)
    };
    upload_findings => |writer, b| writer.upload_findings(b.upload);
    upload_finish_receiving => |writer, b| {
        let other = Stored { sha256: [9; 32], bytes: 1 };
        writer.upload_finish_receiving(b.upload, &other)
    };
    upload_get => |writer, b| writer.upload_get(b.finished);
    upload_kind => |writer, b| writer.upload_kind(b.upload, "csv", "partner");
    upload_list => |writer, _| writer.upload_list(&UploadFilter::default(), None, 9);
    upload_lot_loaded => |writer, b| writer.upload_lot_loaded(b.upload, 0, b.load);
    upload_lots => |writer, b| writer.upload_lots(b.upload, None, 9);
    upload_progress => |writer, b| writer.upload_progress(b.upload, 0, 10);
    upload_state => |writer, b| {
        let from = [UploadState::Receiving];
        writer.upload_state(b.upload, &from, UploadState::Withdrawn, None, None)
    };
    letter_get => |writer, b| writer.letter_get(b.letter);
    letter_list => |writer, _| writer.letter_list(MARKER, 9);
    letter_tried => |writer, b| writer.letter_tried(b.letter, LetterState::Sent, "");
    // Answers how many were removed; the letters here are not old enough to be.
    letter_sweep (same) => |writer, _| writer.letter_sweep();
    webhook_change => |writer, b| {
        writer.webhook_change(b.webhook, "https://a.example", &[], WebhookState::Disabled, 1)
    };
    webhook_delete => |writer, b| writer.webhook_delete(b.webhook, 1);
    webhook_delivery_answer => |writer, b| {
        writer.webhook_delivery_answer(b.pending, DeliveryState::Delivered, Some(200), "")
    };
    webhook_delivery_get => |writer, b| writer.webhook_delivery_get(b.pending);
    webhook_delivery_list => |writer, b| writer.webhook_delivery_list(b.webhook, None, 9);
    webhook_delivery_next => |writer, b| {
        writer.webhook_delivery_next(&delivery(b, Timestamp::from_micros(0)))
    };
    webhook_delivery_waits => |writer, b| {
        writer.webhook_delivery_waits(&delivery(b, now().plus_days(500)))
    };
    webhook_delivery_sweep => |writer, _| writer.webhook_delivery_sweep();
    webhook_get => |writer, b| writer.webhook_get(b.webhook);
    webhook_health => |writer, _| writer.webhook_health(Timestamp::from_micros(0));
    webhook_list => |writer, _| writer.webhook_list();
    webhook_redeliver => |writer, b| writer.webhook_redeliver(b.failed);
    webhook_reseal => |writer, b| writer.webhook_reseal(b.webhook, b"sealed by another", 1);

    // These make rows that hang on a row of B: A has none to hang them on.
    fact_record => |writer, b| writer.fact_record(&new_fact(b.product, b.lot));
    load_create => |writer, b| writer.load_create(b.product, b.lot, b.upload);
    lot_create => |writer, b| writer.lot_create(&new_lot(b.product, "A9"));
    lot_recall => |writer, b| {
        writer.lot_recall(b.product, b.lot, market("DE"), "reason", None)
    };
    product_version_add => |writer, b| writer.product_version_add(b.product, &master_data());
    product_withdraw => |writer, b| {
        writer.product_withdraw(b.product, market("DE"), "reason", None)
    };
    upload_findings_replace => |writer, b| {
        writer.upload_findings_replace(b.upload, &[finding_sum()])
    };
    upload_lots_replace => |writer, b| writer.upload_lots_replace(b.upload, &[upload_lot()]);
    webhook_delivery_add => |writer, b| {
        writer.webhook_delivery_add(b.webhook, "event", "object", "{}").is_ok()
    };

    // These make rows of the caller's own, whatever others have.
    letter_add => |writer, _| writer.letter_add(&new_letter(MARKER)).map(|made| made.is_some());
    job_create (same) => |writer, _| writer.job_create(&new_job("object")).is_ok();
    mapping_create (same) => |writer, _| writer.mapping_create("partner", "name", "{}").is_ok();
    message_create (same) => |writer, b| {
        writer.message_create(&new_message(message_id().expect("bits"), b.product, b.lot)).is_ok()
    };
    outbox_put (same) => |writer, _| writer.outbox_put("topic", "object", now());
    // A serial is unique within the tenant's own product; the code of a product is unique on the site.
    pack_store_chunk => |writer, b| {
        writer.pack_store_chunk(b.product, &[(serial("A1"), b.load)])
    };
    product_create (same) => |writer, _| writer.product_create(&code(), &master_data());
    upload_create (same) => |writer, _| writer.upload_create(&new_upload("file")).is_ok();
    webhook_create (same) => |writer, _| {
        writer.webhook_create("https://a.example", &[], b"sealed").is_ok()
    };
}

fn code() -> ProductCode {
    ProductCode::parse("04012345678901").expect("the check digit is right")
}

fn serial(text: &str) -> Serial {
    Serial::parse(text).expect("the text is within set 82")
}

fn market(text: &str) -> Market {
    text.parse().expect("two capital letters")
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day of the calendar")
}

fn message_id() -> Result<MessageId, StoreError> {
    random_bits().map(MessageId::from_random)
}

fn stored() -> Stored {
    Stored {
        sha256: [1; 32],
        bytes: 10,
    }
}

fn master_data() -> MasterData {
    let company = Company {
        name: MARKER.to_owned(),
        ..Company::default()
    };
    MasterData {
        name: MARKER.to_owned(),
        common_name: None,
        form: MARKER.to_owned(),
        strength: MARKER.to_owned(),
        pack_type: MARKER.to_owned(),
        pack_size: 1,
        atc_codes: Vec::new(),
        manufacturer: company.clone(),
        markets: vec![MarketEntry {
            market: market("DE"),
            national_code: None,
            holder: company,
            wholesalers: Vec::new(),
        }],
    }
}

fn new_lot(product: ProductNo, batch: &str) -> NewLot {
    NewLot {
        product,
        batch: batch.parse().expect("the text is within set 82"),
        expiry: Expiry::from_date(day("2027-01-31")),
        manufactured: None,
        version: 1,
        produced: None,
        released_on: None,
        retention_until: day("2027-05-31"),
    }
}

fn new_upload(text: &str) -> NewUpload<'_> {
    NewUpload {
        file_name: text,
        partner: text,
        bytes_declared: 10,
        detail: text,
        purpose: UploadPurpose::Store,
    }
}

fn finding_sum() -> FindingSum {
    let finding = Finding::error(Code::UploadSerialEmpty, 2, MARKER, MARKER);
    FindingSum {
        code: finding.code,
        severity: Severity::Error,
        count: 1,
        proposals: 0,
        examples: vec![finding],
    }
}

fn upload_lot() -> UploadLot {
    UploadLot {
        index: 0,
        product_text: MARKER.to_owned(),
        batch_text: MARKER.to_owned(),
        expiry_text: MARKER.to_owned(),
        product: None,
        version: None,
        rows_right: 1,
        rows_wrong: 0,
        blocked_by: vec![MARKER.to_owned()],
        load: None,
    }
}

fn new_fact(product: ProductNo, lot: LotNo) -> NewFact<'static> {
    NewFact {
        kind: FactKind::StateChanged,
        product,
        lot: Some(lot),
        load: None,
        packs: &[],
        at: now(),
        detail: MARKER,
    }
}

fn new_message(id: MessageId, product: ProductNo, lot: LotNo) -> NewMessage<'static> {
    NewMessage {
        id,
        connector: "eu_hub",
        kind: FactKind::Commissioned,
        product,
        lot: Some(lot),
        version: Some(1),
        content: MessageContent::None,
        release: "2.0",
        event_at: now(),
        detail: "{}",
    }
}

/// A delivery beside those that B has, about the same object.
fn delivery(b: &World, created_at: Timestamp) -> DeliveryRecord {
    DeliveryRecord {
        id: b.failed,
        webhook: b.webhook,
        event: MARKER.to_owned(),
        object: MARKER.to_owned(),
        body: MARKER.to_owned(),
        state: DeliveryState::Pending,
        attempts: 0,
        status: None,
        detail: String::new(),
        created_at,
        answered_at: None,
    }
}

fn answer() -> MessageAnswer {
    MessageAnswer {
        acknowledgement: MARKER.to_owned(),
        acknowledged_at: None,
        acknowledged_packs: 1,
        faults: MARKER.to_owned(),
    }
}

fn new_attempt() -> NewAttempt<'static> {
    NewAttempt {
        action: MARKER,
        outcome: MARKER,
        detail: MARKER,
        reply_sha256: None,
    }
}

fn new_job(object: &str) -> NewJob<'_> {
    NewJob {
        kind: object,
        object,
        input: object,
        total: 1,
        unit: object,
    }
}
