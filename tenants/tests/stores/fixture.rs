//! What every story begins with: a tenant with a product, a lot, an upload and a load. All numbers are our own.

use chrono::NaiveDate;

use packtwin_core::audit::Hash;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::FactKind;
use packtwin_core::ids::{LoadNo, LotNo, MessageId, ProductNo, UploadId};
use packtwin_core::market::Market;
use packtwin_core::product::{Address, Company, MarketEntry, MasterData};
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::{Housekeeping, Reader, TenantScope, Writer};
use packtwin_tenants::store::lot::NewLot;
use packtwin_tenants::store::message::{MessageContent, NewMessage};
use packtwin_tenants::store::random_bits;
use packtwin_tenants::store::upload::{NewUpload, UploadPurpose};
use packtwin_tenants::testing::now;

/// A change with its note.
pub fn change<T>(
    scope: &TenantScope,
    work: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError>,
) -> T {
    try_change(scope, work).unwrap()
}

pub fn try_change<T>(
    scope: &TenantScope,
    work: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    scope.change(now(), |writer| {
        work(writer).map(|value| AuditNote::new("test.changed", "test").returning(value))
    })
}

pub fn housekeep<T>(
    scope: &TenantScope,
    at: Timestamp,
    work: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError>,
) -> T {
    scope.housekeep(at, Housekeeping::Lease, work).unwrap()
}

pub fn read<T>(
    scope: &TenantScope,
    work: impl FnOnce(&mut Reader<'_>) -> Result<T, StoreError>,
) -> T {
    scope.read(work).unwrap()
}

pub fn master_data(name: &str, markets: &[&str]) -> MasterData {
    let company = |name: &str| Company {
        id: None,
        name: name.to_owned(),
        address: Address {
            street: Some(String::new()),
            city: Some("Köln".to_owned()),
            ..Address::default()
        },
    };
    MasterData {
        name: name.to_owned(),
        common_name: Some("exemplarin".to_owned()),
        form: "tablet".to_owned(),
        strength: "10 mg".to_owned(),
        pack_type: "box".to_owned(),
        pack_size: 20,
        atc_codes: vec!["N02BE01".to_owned()],
        manufacturer: company("Alder Pharma"),
        markets: markets
            .iter()
            .map(|market| MarketEntry {
                market: market.parse().unwrap(),
                national_code: None,
                holder: company("Alder Pharma"),
                wholesalers: vec![company("Grosso")],
            })
            .collect(),
    }
}

pub fn code(text: &str) -> ProductCode {
    ProductCode::parse(text).unwrap()
}

pub fn market(text: &str) -> Market {
    text.parse().unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn serial(text: &str) -> Serial {
    Serial::parse(text).unwrap()
}

/// `count` serials from `first` on, sorted.
pub fn serials(first: u32, count: u32) -> Vec<Serial> {
    (first..first + count)
        .map(|number| serial(&format!("S{number:07}")))
        .collect()
}

pub fn hash(byte: u8) -> Hash {
    [byte; 32]
}

pub fn product(scope: &TenantScope, text: &str) -> ProductNo {
    change(scope, |writer| {
        writer.product_create(&code(text), &master_data("Exemplar 10 mg", &["DE", "FR"]))
    })
}

pub fn new_lot(product: ProductNo, batch: &str) -> NewLot {
    NewLot {
        product,
        batch: batch.parse().unwrap(),
        expiry: Expiry::parse("290200", 2026).unwrap(),
        manufactured: Some(day("2026-11-01")),
        version: 1,
        produced: None,
        released_on: None,
        retention_until: day("2031-11-22"),
    }
}

pub fn lot(scope: &TenantScope, product: ProductNo, batch: &str) -> LotNo {
    change(scope, |writer| writer.lot_create(&new_lot(product, batch)))
}

pub fn upload(scope: &TenantScope, file_name: &str) -> UploadId {
    change(scope, |writer| {
        writer.upload_create(&NewUpload {
            file_name,
            partner: "Verpacker",
            bytes_declared: 100,
            detail: "{}",
            purpose: UploadPurpose::Store,
        })
    })
}

/// A load whose packs are stored and visible.
pub fn visible_load(
    scope: &TenantScope,
    product: ProductNo,
    lot: LotNo,
    upload: UploadId,
    serials: &[Serial],
) -> LoadNo {
    let load = stored_load(scope, product, lot, upload, serials);
    let packs = serials.len() as u64;
    let published = change(scope, |writer| {
        writer.load_publish(product, load, packs, &hash(7))
    });
    assert!(published);
    load
}

/// A load whose packs are stored and that nobody finds yet.
pub fn stored_load(
    scope: &TenantScope,
    product: ProductNo,
    lot: LotNo,
    upload: UploadId,
    serials: &[Serial],
) -> LoadNo {
    change(scope, |writer| {
        let load = writer.load_create(product, lot, upload)?;
        let packs: Vec<_> = serials.iter().map(|serial| (*serial, load)).collect();
        writer.pack_store_chunk(product, &packs)?;
        Ok(load)
    })
}

/// A commissioning message in the state writing.
pub fn message(
    scope: &TenantScope,
    product: ProductNo,
    lot: LotNo,
    content: MessageContent,
) -> MessageId {
    let id = MessageId::from_random(random_bits().unwrap());
    change(scope, |writer| {
        writer.message_create(&NewMessage {
            id,
            connector: "eu_hub",
            kind: FactKind::Commissioned,
            product,
            lot: Some(lot),
            version: Some(1),
            content,
            release: "2.0",
            event_at: now().plus_seconds(-60),
            detail: "{}",
        })
    });
    id
}
