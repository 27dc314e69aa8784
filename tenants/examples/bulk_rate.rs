//! Prints how fast each engine stores and looks up packs by the product's route, and by the yardstick.
//!
//! `cargo run --release -p packtwin-tenants --features testing --example bulk_rate -- 1000000`; PostgreSQL is measured when
//! `PACKTWIN_TEST_POSTGRES` names a throw-away cluster.
#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use std::time::Instant;

use packtwin_core::ids::{LoadNo, ProductNo, TenantId};
use packtwin_core::product::{Company, MarketEntry, MasterData};
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_tenants::engine::Engine;
use packtwin_tenants::engine::yardstick::{database_bytes, pack_table_bytes, yardstick_store};
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::Housekeeping;
use packtwin_tenants::testing::{TestSite, now};

/// Rows a change stores.
const CHUNK_ROWS: usize = 10_000;

fn main() {
    let packs = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let serials = serials(packs);
    measure(&TestSite::sqlite(), &serials);
    if let Some(site) = TestSite::postgres() {
        measure(&site, &serials);
    }
}

fn measure(site: &TestSite, serials: &[Serial]) {
    let tenant = site.tenant("alder");
    let product = product(site, tenant);
    let scope = site.scope_of(tenant);
    let engine = match site.owner_address() {
        Some(url) => Engine::Postgres { url },
        None => site.settings().engine.clone(),
    };
    let before = database_bytes(&engine).expect("the database answers");

    let started = Instant::now();
    for chunk in serials.chunks(CHUNK_ROWS) {
        let rows: Vec<(Serial, LoadNo)> = chunk.iter().map(|serial| (*serial, LoadNo(1))).collect();
        scope
            .housekeep(now(), Housekeeping::Invisible, |writer| {
                writer.pack_store_chunk(product, &rows)
            })
            .expect("the packs are new");
    }
    let stored = started.elapsed().as_secs_f64();

    let started = Instant::now();
    let mut found = 0;
    for chunk in serials.chunks(CHUNK_ROWS) {
        found += scope
            .read(|reader| reader.pack_existing(product, chunk))
            .expect("the database answers")
            .len();
    }
    let looked_up = started.elapsed().as_secs_f64();
    assert_eq!(found, serials.len(), "every pack is found");

    let bytes = database_bytes(&engine).expect("the database answers") - before;
    let table = pack_table_bytes(&engine).expect("the database answers");
    let yardstick = yardstick_store(&engine, &mut serials.iter())
        .expect("the yardstick runs")
        .as_secs_f64();
    let count = serials.len() as f64;
    println!(
        "{}: {} packs; stored {stored:.2} s ({:.0}/s); looked up {looked_up:.2} s ({:.0}/s); yardstick {yardstick:.2} s \
         ({:.0}/s); ratio {:.2}; {:.1} bytes a pack in the table, {:.1} in the database",
        site.engine_name(),
        serials.len(),
        count / stored,
        count / looked_up,
        count / yardstick,
        stored / yardstick,
        table as f64 / count,
        bytes as f64 / count,
    );
}

fn product(site: &TestSite, tenant: TenantId) -> ProductNo {
    let company = |name: &str| Company {
        name: name.to_owned(),
        ..Company::default()
    };
    let data = MasterData {
        name: "Exemplar 10 mg".to_owned(),
        common_name: None,
        form: "tablet".to_owned(),
        strength: "10 mg".to_owned(),
        pack_type: "box".to_owned(),
        pack_size: 20,
        atc_codes: Vec::new(),
        manufacturer: company("Alder Pharma"),
        markets: vec![MarketEntry {
            market: "DE".parse().expect("DE is a market"),
            national_code: None,
            holder: company("Alder Pharma"),
            wholesalers: Vec::new(),
        }],
    };
    let code = ProductCode::parse("04012345678901").expect("the check digit is right");
    site.scope_of(tenant)
        .housekeep(now(), Housekeeping::Invisible, |writer| {
            writer.product_create(&code, &data)
        })
        .unwrap_or_else(|error: StoreError| panic!("the product is new: {error}"))
}

/// Sorted serials of 12 characters, scattered over their range as a serial generator scatters them.
fn serials(count: usize) -> Vec<Serial> {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut serials: Vec<Serial> = (0..count as u64)
        .map(|number| {
            // An odd factor makes a permutation of 60 bits: scattered, and none twice.
            let bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) & ((1 << 60) - 1);
            let mut text = [0; 12];
            for (place, ch) in text.iter_mut().enumerate() {
                *ch = ALPHABET[(bits >> (place * 5)) as usize & 31];
            }
            Serial::from_bytes(&text).expect("the alphabet is within set 82")
        })
        .collect();
    serials.sort_unstable();
    serials
}
