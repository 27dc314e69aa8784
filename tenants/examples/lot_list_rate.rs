//! Prints how long a page of the lot list takes on a grown tenant: all lots, and only those whose numbers differ.
//!
//! `cargo run --release -p packtwin-tenants --features testing --example lot_list_rate -- 100000`; PostgreSQL is measured
//! when `PACKTWIN_TEST_POSTGRES` names a throw-away cluster. Every lot has one load and one acknowledged message, so that
//! all are complete but the oldest three: the hardest place for a list of differences to find them.
#![allow(clippy::print_stdout, reason = "an example prints what it measured")]

use std::time::Instant;

use packtwin_core::ids::TenantId;
use packtwin_tenants::store::lot_list::LotFilter;
use packtwin_tenants::testing::{TestSite, now};

/// Rows of a page.
const PAGE_ROWS: i64 = 50;

fn main() {
    let lots = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    measure(&TestSite::sqlite(), lots);
    if let Some(site) = TestSite::postgres() {
        measure(&site, lots);
    }
}

fn measure(site: &TestSite, lots: u32) {
    let tenant = site.tenant("alder");
    plant(site, tenant, lots);
    let scope = site.scope_of(tenant);
    for difference_only in [false, true] {
        let filter = LotFilter {
            difference_only,
            ..LotFilter::default()
        };
        let mut times = Vec::new();
        let mut rows = 0;
        for _ in 0..5 {
            let started = Instant::now();
            let page = scope.read(|reader| reader.lot_list(&filter, None, PAGE_ROWS));
            rows = page.expect("the database answers").len();
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{} {lots} lots, difference only {difference_only}: {rows} rows, median {:.1} ms, worst {:.1} ms",
            site.engine_name(),
            times[2],
            times[4]
        );
    }
}

fn plant(site: &TestSite, tenant: TenantId, lots: u32) {
    let at = now().micros();
    let numbers =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {lots})");
    let hash = match site.owner_address() {
        Some(_) => "'\\x00'::bytea",
        None => "x'00'",
    };
    site.execute_as_owner(&format!(
        "INSERT INTO product (tenant_id, product_no, code, scheme, identity, latest_version, last_lot, last_load, created_at)
         VALUES ({tenant}, 1, '04012345678901', 'gtin', 'gtin 04012345678901', 1, {lots}, {lots}, {at});
         INSERT INTO product_version (tenant_id, product_no, version, name, markets, state, data, created_at, created_by,
                                      changed_at, row_version)
         VALUES ({tenant}, 1, 1, 'Exemplar', 'DE', 'acknowledged', '{{}}', {at}, 'test', {at}, 1);
         INSERT INTO upload (tenant_id, upload_id, file_name, partner, bytes_declared, bytes_received, state, kind, detail,
                             created_by, created_at, changed_at, row_version)
         VALUES ({tenant}, 'upl_1', 'f', '', 1, 1, 'committed', 'csv', '{{}}', 'test', {at}, {at}, 1);
         {numbers} INSERT INTO lot (tenant_id, product_no, lot_no, batch, expiry, expires_on, version, retention_until,
                                    created_at, row_version)
         SELECT {tenant}, 1, i, 'L' || i, '290630', 740893, 1, 742000, {at} + i, 1 FROM n;
         {numbers} INSERT INTO load (tenant_id, product_no, load_no, lot_no, upload_id, state, packs, list_sha256, created_at)
         SELECT {tenant}, 1, i, i, 'upl_1', 'visible', 1000, {hash}, {at} FROM n;
         {numbers} INSERT INTO message (tenant_id, message_id, connector, kind, product_no, lot_no, version, packs, state,
                                        release, document_bytes, event_at, created_at)
         SELECT {tenant}, 'msg_' || i, 'eu_hub', 'commissioned', 1, i, 1, 1000, 'accepted', '1.16', 0, {at}, {at} + i FROM n;
         {numbers} INSERT INTO message_content (tenant_id, message_id, product_no, load_no, first, count, repeats, detail)
         SELECT {tenant}, 'msg_' || i, 1, i, 0, 1000, 0, '{{}}' FROM n;
         {numbers} INSERT INTO message_answer (tenant_id, message_id, acknowledgement, acknowledged_packs, faults)
         SELECT {tenant}, 'msg_' || i, 'a', CASE WHEN i < 4 THEN 999 ELSE 1000 END, '[]' FROM n;
         UPDATE lot SET stored = 1000, sent = 1000, acknowledged = CASE WHEN lot_no < 4 THEN 999 ELSE 1000 END
         WHERE tenant_id = {tenant};
         INSERT INTO lot_state_count (tenant_id, product_no, lot_no, state, packs)
         SELECT {tenant}, 1, lot_no, 4, 2 FROM lot WHERE tenant_id = {tenant};"
    ));
}
