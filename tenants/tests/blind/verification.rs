//! Alerts and pack changes of tenant B, planted past every scope, since only verification makes them.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use packtwin_core::alert::{AlertId, AlertState, Cause, Party, Standing};
use packtwin_core::ids::{ProductNo, TenantId};
use packtwin_core::product_code::ProductCode;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::alert::{AlertFilter, AlertRecord};
use packtwin_tenants::testing::{TestSite, now};

use crate::MARKER;
use crate::drivers;

/// What belongs to tenant B.
pub struct Theirs {
    alert: AlertId,
    record: AlertRecord,
    product: ProductNo,
}

/// Plants a product with a pack that was changed, and an alert that was decided.
pub fn plant(site: &TestSite, tenant: TenantId) -> Theirs {
    let code = "04123456000175";
    let (product, _) = site.stock(tenant, code, "B1", "281231", &["S1"]);
    let alert = AlertId::from_random("DE".parse().unwrap(), u128::from(tenant.0.unsigned_abs()));
    let at = now().micros();
    let bytes = match site.sqlite_file() {
        Some(_) => "x'000102030405060708090a0b0c0d0e0f'",
        None => "'\\x000102030405060708090a0b0c0d0e0f'",
    };
    let detail = format!(
        r#"{{"expiry":null,"known_batch":"{MARKER}","known_expiry":null,"state_before":null,"entry":"scan","delivery":"immediate","previous":null}}"#
    );
    site.execute_as_owner(&format!(
        "INSERT INTO alert VALUES ({tenant}, '{alert}', 'A3', '{MARKER}', {at}, {at}, 'DE', {product}, '{code}', 'S1', '{MARKER}',
             '{MARKER}', {bytes}, '{detail}');
         INSERT INTO alert_state VALUES ({tenant}, '{alert}', 'new', {at}, {at}, 1);
         INSERT INTO alert_decision VALUES ({tenant}, '{alert}', 0, {at}, '{MARKER}', 'holder', 'new', NULL, '{MARKER}');
         INSERT INTO pack_change VALUES ({tenant}, {product}, 'S1', 1, 1, {at}, {at}, {bytes}, 0, {bytes});"
    ));
    let record = site
        .scope_of(tenant)
        .read(|reader| reader.alert_get(alert))
        .unwrap()
        .unwrap();
    let code = ProductCode::parse(code).unwrap();
    assert!(
        site.scope_of(tenant)
            .read(|reader| reader.product_find(&code))
            .unwrap()
            .is_some()
    );
    Theirs {
        alert,
        record,
        product,
    }
}

fn resolved() -> Standing {
    Standing {
        state: AlertState::Resolved,
        since: now(),
        deadline: None,
    }
}

drivers! {
    Theirs;
    alert_get => |writer, theirs| writer.alert_get(theirs.alert);
    alert_list => |writer, _theirs| writer.alert_list(&AlertFilter::default(), None, 10);
    alert_list_overdue => |writer, _theirs| writer.alert_list_overdue(Timestamp::from_micros(i64::MAX), 10);
    alert_decisions => |writer, theirs| writer.alert_decisions(theirs.alert);
    alert_move => |writer, theirs|
        writer.alert_move(&theirs.record, &resolved(), Party::Holder, Some(Cause::Other), "wanted");
    pack_change_list => |writer, theirs| writer.pack_change_list(theirs.product, &"S1".parse().unwrap());
}
