//! Products: kept in versions, sent to the hub, compared with the hub's copy.
//!
//! A version that left the house is never changed; another market or another address is another version. Serves
//! URS-MD-001 to URS-MD-004 and URS-MD-008.

use packtwin_connector_port::verdict::Verdict;
use packtwin_core::code::Code;
use packtwin_core::fact::{Fact, FactKind};
use packtwin_core::ids::{MessageId, ProductNo};
use packtwin_core::market::Market;
use packtwin_core::product::{MasterData, ProductVersion, VersionState};
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Permission;
use packtwin_eu_hub::drift::{FieldDrift, compare};
use packtwin_eu_hub::{ProductCopy, read_product, write_product_query};
use packtwin_tenants::audit::{AuditNote, Noted};
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::product::{ProductRecord, VersionRecord};

use crate::connector::{EU_HUB, Link};
use crate::desk::Desk;
use crate::error::AppError;
use crate::lot::outgoing::{Outgoing, queue_small, record_fact};
use crate::message::MessageDetail;

/// How a product is named in the audit trail.
pub(crate) fn audit_name(code: &ProductCode) -> String {
    format!("product {code}")
}

/// The product of a code: an NTIN and a PPN of one PZN name the same.
///
/// # Errors
/// [`AppError::NotFound`].
pub fn product_of(reader: &mut Reader<'_>, code: &ProductCode) -> Result<ProductRecord, AppError> {
    reader.product_find(code)?.ok_or(AppError::NotFound)
}

fn version_of(
    reader: &mut Reader<'_>,
    product: ProductNo,
    version: u32,
) -> Result<VersionRecord, AppError> {
    reader
        .product_version_get(product, version)?
        .ok_or(AppError::NotFound)
}

/// Adds a product with its first version.
///
/// # Errors
/// All faults of the master data; PRD-001 when the code is in use on this site; PRD-002 when the PZN inside it is wrong.
pub fn create_product(
    desk: &Desk<'_>,
    code: ProductCode,
    data: &MasterData,
) -> Result<ProductNo, AppError> {
    desk.require(Permission::ProductsWrite)?;
    let mut faults: Vec<Refusal> = data
        .check()
        .err()
        .iter()
        .flat_map(Refusals::iter)
        .cloned()
        .collect();
    if let Some(fault) = code.national_fault() {
        faults.insert(
            0,
            Refusal::at(Code::ProductCodeWrong, "/code", format!("{code}: {fault}")),
        );
    }
    Refusals::check(faults)?;
    let created = desk.scope().change(desk.now(), |writer| {
        let product = writer.product_create(&code, data)?;
        let told = serde_json::json!({ "name": data.name, "markets": market_names(data) });
        Ok(AuditNote::new("product.created", audit_name(&code))
            .detail(told)
            .returning(product))
    });
    match created {
        Err(StoreError::Taken) => {
            let text = format!("product code {code} is already in use on this site");
            Err(AppError::refuse_at(Code::ProductCodeTaken, "/code", text))
        }
        other => Ok(other?),
    }
}

/// Changes a version that has not left the house.
///
/// # Errors
/// All faults of the master data; PRD-005 when the version is in use or sent; [`AppError::Stale`].
pub fn change_version(
    desk: &Desk<'_>,
    code: &ProductCode,
    version: u32,
    data: &MasterData,
    expected: i32,
) -> Result<(), AppError> {
    desk.require(Permission::ProductsWrite)?;
    data.check()?;
    desk.scope().change(desk.now(), |writer| {
        let product = product_of(writer, code)?;
        let record = version_of(writer, product.no, version)?;
        if !record.state.is_editable() || writer.product_lot_count(product.no, version)? > 0 {
            let text = format!("version {version} is {}; create a new version", record.state.as_str());
            return Err(AppError::refuse(Code::ProductVersionInUse, text));
        }
        if !writer.product_version_change(product.no, version, data, expected)? {
            return Err(AppError::Stale);
        }
        let told = serde_json::json!({ "version": version, "fields": changed_fields(code, version, &record.data, data) });
        Ok(AuditNote::new("product.version_changed", audit_name(code)).detail(told).returning(()))
    })
}

/// Adds a version after the latest.
///
/// # Errors
/// All faults of the master data; the latest version is still a draft (PRD-005: change that one).
pub fn add_version(
    desk: &Desk<'_>,
    code: &ProductCode,
    data: &MasterData,
) -> Result<u32, AppError> {
    desk.require(Permission::ProductsWrite)?;
    data.check()?;
    desk.scope().change(desk.now(), |writer| {
        let product = product_of(writer, code)?;
        let latest = version_of(writer, product.no, product.latest_version)?;
        if latest.state == VersionState::Draft {
            let text = format!(
                "version {} is still a draft; change that one",
                latest.version
            );
            return Err(AppError::refuse(Code::ProductVersionInUse, text));
        }
        let version = writer.product_version_add(product.no, data)?;
        Ok(version_added(code, version, &latest.data, data).map(|()| version))
    })
}

/// The state of a product that a change was made from: its latest version and the row of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRead {
    /// The number of the latest version.
    pub version: u32,
    /// How often that version had changed.
    pub row_version: i32,
}

/// Changes the data of a product, whatever version that takes: the latest while it has not left the house and no lot
/// belongs to it, else the next one. The same data again change nothing.
///
/// # Errors
/// All faults of the master data; [`AppError::Stale`] when the product is no longer as it was read.
pub fn change_product(
    desk: &Desk<'_>,
    code: &ProductCode,
    read: VersionRead,
    data: &MasterData,
) -> Result<(), AppError> {
    desk.require(Permission::ProductsWrite)?;
    let (present, has_lots) = desk.scope().read(|reader| {
        let product = product_of(reader, code)?;
        let present = version_of(reader, product.no, product.latest_version)?;
        let lots = reader.product_lot_count(product.no, present.version)?;
        Ok::<_, AppError>((present, lots > 0))
    })?;
    if (present.version, present.row_version) != (read.version, read.row_version) {
        return Err(AppError::Stale);
    }
    data.check()?;
    if *data == present.data {
        return Ok(());
    }
    if present.state.is_editable() && !has_lots {
        return change_version(desk, code, present.version, data, present.row_version);
    }
    open_next_version(desk, code, &present, data)
}

/// Adds the version after one that was read, unless that has changed or another came meanwhile.
fn open_next_version(
    desk: &Desk<'_>,
    code: &ProductCode,
    read: &VersionRecord,
    data: &MasterData,
) -> Result<(), AppError> {
    desk.scope().change(desk.now(), |writer| {
        let product = product_of(writer, code)?;
        let version = writer.product_version_add(product.no, data)?;
        let before = version_of(writer, product.no, read.version)?;
        if version != read.version + 1 || before.row_version != read.row_version {
            return Err(AppError::Stale);
        }
        Ok(version_added(code, version, &before.data, data))
    })
}

/// The note of a new version.
fn version_added(
    code: &ProductCode,
    version: u32,
    old: &MasterData,
    new: &MasterData,
) -> Noted<()> {
    let fields = changed_fields(code, version, old, new);
    let told = serde_json::json!({ "version": version, "fields": fields });
    AuditNote::new("product.version_added", audit_name(code))
        .detail(told)
        .returning(())
}

fn changed_fields(
    code: &ProductCode,
    version: u32,
    old: &MasterData,
    new: &MasterData,
) -> Vec<serde_json::Value> {
    let whole = |data: &MasterData| ProductVersion {
        code: *code,
        version,
        data: data.clone(),
    };
    compare(&whole(new), &whole(old))
        .into_iter()
        .map(|drift| serde_json::json!({ "field": drift.canonical, "old": drift.hub, "new": drift.ours }))
        .collect()
}

fn market_names(data: &MasterData) -> Vec<String> {
    data.markets
        .iter()
        .map(|entry| entry.market.to_string())
        .collect()
}

/// Sends a version to the hub.
///
/// # Errors
/// All fields the hub's release demands and the version lacks (HUB-201); the version is on its way already.
pub fn send_version(
    desk: &Desk<'_>,
    code: &ProductCode,
    version: u32,
) -> Result<MessageId, AppError> {
    desk.require(Permission::ProductsWrite)?;
    let (product, record, link) = desk.scope().read(|reader| {
        let product = product_of(reader, code)?;
        let record = version_of(reader, product.no, version)?;
        Ok::<_, AppError>((product, record, Link::of(reader, EU_HUB)?))
    })?;
    if !record.state.is_editable() {
        let text = format!("version {version} is {} already", record.state.as_str());
        return Err(AppError::refuse(Code::ProductVersionInUse, text));
    }
    let fact = Fact::ProductVersioned(Box::new(ProductVersion {
        code: product.code,
        version,
        data: record.data,
    }));
    let outgoing = Outgoing {
        product: product.no,
        lot: None,
        version: Some(version),
        kind: FactKind::ProductVersioned,
        detail: MessageDetail::default(),
        event_at: desk.now(),
    };
    queue_small(desk, &link, &fact, &outgoing, &[], |writer, message| {
        let from = [VersionState::Draft, VersionState::Refused];
        if !writer.product_version_state(
            product.no,
            version,
            &from,
            VersionState::Sent,
            Some(message),
        )? {
            return Err(AppError::Stale);
        }
        let told = serde_json::json!({ "version": version, "message": message.to_string() });
        record_fact(
            writer,
            FactKind::ProductVersioned,
            product.no,
            None,
            &[],
            &told,
        )?;
        Ok(AuditNote::new("product.version_sent", audit_name(code)).detail(told))
    })
}

/// Withdraws a product from markets: final (emvs.md 2.1).
///
/// # Errors
/// A market has no version or is withdrawn already; the reason is missing; the hub's rules stand against it.
pub fn withdraw_product(
    desk: &Desk<'_>,
    code: &ProductCode,
    markets: &[Market],
    reason: &str,
) -> Result<MessageId, AppError> {
    desk.require(Permission::LotsRecall)?;
    let (product, link, withdrawn) = desk.scope().read(|reader| {
        let product = product_of(reader, code)?;
        let withdrawn = reader.product_withdrawals(product.no)?;
        Ok::<_, AppError>((product, Link::of(reader, EU_HUB)?, withdrawn))
    })?;
    let already = |market: &Market| withdrawn.iter().any(|(gone, _, _)| gone == market);
    let faults = markets
        .iter()
        .filter(|market| already(market))
        .map(|market| {
            Refusal::at(
                Code::LotRecalled,
                "/markets",
                format!("the product is withdrawn from {market} already"),
            )
        });
    Refusals::check(faults.collect())?;
    let fact = Fact::Withdrawn {
        product: product.code,
        markets: markets.to_vec(),
        reason: reason.to_owned(),
    };
    let outgoing = Outgoing {
        product: product.no,
        lot: None,
        version: None,
        kind: FactKind::Withdrawn,
        detail: MessageDetail {
            markets: markets.iter().map(Market::to_string).collect(),
            reason: reason.to_owned(),
            ..MessageDetail::default()
        },
        event_at: desk.now(),
    };
    queue_small(desk, &link, &fact, &outgoing, &[], |writer, message| {
        for market in markets {
            if !writer.product_withdraw(product.no, *market, reason, Some(message))? {
                return Err(AppError::Stale);
            }
        }
        let told = serde_json::json!({ "markets": outgoing.detail.markets, "message": message.to_string() });
        record_fact(writer, FactKind::Withdrawn, product.no, None, &[], &told)?;
        Ok(AuditNote::new("product.withdrawn", audit_name(code))
            .detail(told)
            .reason(reason))
    })
}

/// Where ours and the hub's copy of a version part company.
#[derive(Debug, Clone)]
pub struct Drift {
    /// The version that is compared.
    pub version: u32,
    /// Whether the hub holds it; `None` when it was never asked.
    pub held: Option<bool>,
    /// When the hub's copy was read.
    pub read_at: Option<packtwin_core::time::Timestamp>,
    /// Every field that differs.
    pub fields: Vec<FieldDrift>,
}

/// The drift against the last copy read from the hub.
///
/// # Errors
/// There is no such product.
pub fn drift(desk: &Desk<'_>, code: &ProductCode) -> Result<Drift, AppError> {
    desk.require(Permission::ProductsRead)?;
    desk.scope().read(|reader| {
        let product = product_of(reader, code)?;
        let sent = reader.product_version_acknowledged_latest(product.no)?;
        let record = match sent {
            Some(record) => record,
            None => version_of(reader, product.no, product.latest_version)?,
        };
        let whole = |data: &MasterData| ProductVersion {
            code: product.code,
            version: record.version,
            data: data.clone(),
        };
        let fields = match &record.hub_copy {
            Some(copy) => compare(&whole(&record.data), &whole(copy)),
            None => Vec::new(),
        };
        Ok(Drift {
            version: record.version,
            held: record.hub_copy_at.map(|_| record.hub_copy.is_some()),
            read_at: record.hub_copy_at,
            fields,
        })
    })
}

/// Asks the hub for its copy of the newest version it acknowledged and keeps it.
///
/// # Errors
/// The hub was not reached or its answer cannot be read (HUB-207).
pub fn read_hub_copy(desk: &Desk<'_>, code: &ProductCode) -> Result<Drift, AppError> {
    desk.require(Permission::ProductsRead)?;
    let (product, record, link) = desk.scope().read(|reader| {
        let product = product_of(reader, code)?;
        let record = reader.product_version_acknowledged_latest(product.no)?;
        let record = record.ok_or_else(|| {
            AppError::refuse(
                Code::HubProductNotAcknowledged,
                "no version of this product is acknowledged yet",
            )
        })?;
        Ok::<_, AppError>((product, record, Link::of(reader, EU_HUB)?))
    })?;
    let id = MessageId::from_random(packtwin_tenants::random::bits()?);
    let envelope = link.envelope(desk.house(), id, desk.now(), &link.settings.release);
    let mut question = Vec::new();
    write_product_query(&product.code, record.version, &envelope, &mut question)?;
    let endpoint = link.endpoint(desk.scope())?;
    let length = question.len() as u64;
    let content_type = packtwin_eu_hub::connector::CONTENT_TYPE;
    let reply = desk
        .house()
        .transport()
        .exchange(&endpoint, content_type, &mut question.as_slice(), length)
        .map_err(|fault| AppError::refuse(Code::HubUnknownOutcome, fault.to_string()))?;
    let copy = read_product(reply.status, &reply.body).map_err(|error| {
        let told = match link.connector.read_reply(reply.status, &reply.body).verdict {
            Verdict::Refused { faults } => faults
                .iter()
                .map(|fault| fault.text.clone())
                .collect::<Vec<_>>()
                .join("; "),
            _ => error.to_string(),
        };
        AppError::refuse(Code::HubUnknownOutcome, format!("the hub's answer: {told}"))
    })?;
    let copy = match copy {
        ProductCopy::Held(version) => Some(version.data),
        ProductCopy::NotHeld => None,
    };
    desk.scope().change(desk.now(), |writer| {
        if let Some(copy) = &copy {
            writer.product_version_hub_copy(product.no, record.version, copy)?;
        }
        let told = serde_json::json!({ "version": record.version, "held": copy.is_some() });
        Ok::<_, AppError>(
            AuditNote::new("product.hub_copy_read", audit_name(code))
                .detail(told)
                .returning(()),
        )
    })?;
    drift(desk, code)
}
