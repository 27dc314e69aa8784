//! The audit chain in the database: what an attacker with the owner's rights does to it is found, many writers at once leave
//! no gap, and a change that did not happen leaves no entry (URS-AT-002, URS-AT-005; ATK-068, ATK-069).
//!
//! A chain that the attacker recomputes to its end together with its head is found only by checkpoints kept outside: see
//! `audit_checkpoint.rs`.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use packtwin_core::audit::ChainBroken;
use packtwin_core::ids::TenantId;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::site::Site;
use packtwin_tenants::testing::{TestSite, for_each_engine, now};

fn write(site: &Site, tenant: TenantId, object: &str) -> Result<(), StoreError> {
    let scope = site.system_scope(tenant, "test");
    scope.change(now(), |_| {
        let note = AuditNote::new("lot.committed", object).reason("because");
        Ok(note.returning(()))
    })
}

fn verify(site: &Site, tenant: TenantId) -> Result<i64, ChainBroken> {
    let scope = site.system_scope(tenant, "test");
    scope.read(|reader| reader.audit_verify()).unwrap()
}

/// A new tenant with five entries.
fn with_entries(site: &TestSite, name: &str) -> TenantId {
    let tenant = site.tenant(name);
    for number in 1..=5 {
        write(site, tenant, &format!("lot {number}")).unwrap();
    }
    assert_eq!(verify(site, tenant), Ok(5));
    tenant
}

/// Proves URS-AT-005 for what is done to the rows: each kind of tampering is found, with its place.
#[test]
fn tampering_is_found_at_its_place() {
    let changed = |seq| ChainBroken::Changed { seq };
    let gap = |expected, found| ChainBroken::Gap { expected, found };
    let cut = |expected, found| ChainBroken::Cut { expected, found };
    let set =
        |what: &str| format!("UPDATE audit_entry SET {what} WHERE tenant_id = $t AND seq = 3");
    let delete = |which: &str| format!("DELETE FROM audit_entry WHERE tenant_id = $t AND {which}");
    let renumber = |from: i64, to: i64| {
        format!("UPDATE audit_entry SET seq = {to} WHERE tenant_id = $t AND seq = {from};")
    };
    let second_hash = "hash = (SELECT hash FROM audit_entry WHERE tenant_id = $t AND seq = 2)";
    let copy = "INSERT INTO audit_entry SELECT tenant_id, 6, at, actor, action, object, detail, reason, correlation, hash
                FROM audit_entry WHERE tenant_id = $t AND seq = 3;";
    let head = |seq: i64| format!("UPDATE tenant_head SET audit_seq = {seq} WHERE tenant_id = $t;");
    let cases = [
        (set("at = at + 1"), changed(3)),
        (set("actor = 'usr_other'"), changed(3)),
        (set("action = 'lot.recalled'"), changed(3)),
        (set("object = 'lot 4'"), changed(3)),
        (set("detail = '{ }'"), changed(3)),
        (set("reason = ''"), changed(3)),
        (set("correlation = 'req_2'"), changed(3)),
        (set(second_hash), changed(3)),
        (delete("seq = 3"), gap(3, 4)),
        (delete("seq = 1"), gap(1, 2)),
        (delete("seq = 5"), cut(5, 4)),
        (delete("seq > 0"), cut(5, 0)),
        (delete("seq = 5;") + &head(4), changed(4)),
        (copy.to_owned(), changed(6)),
        (copy.to_owned() + &head(6), changed(6)),
        (
            renumber(2, 99) + &renumber(3, 2) + &renumber(99, 3),
            changed(2),
        ),
        (
            delete("seq = 3;") + &renumber(4, 3) + &renumber(5, 4) + &head(4),
            changed(3),
        ),
    ];
    for_each_engine(|site| {
        let untouched = with_entries(site, "untouched");
        lift_guard(site);
        for (number, (sql, expected)) in cases.iter().enumerate() {
            let tenant = with_entries(site, &format!("case {number}"));
            let sql = sql.replace("$t", &tenant.to_string());
            site.execute_as_owner(&sql);
            let engine = site.engine_name();
            assert_eq!(
                verify(site, tenant),
                Err(expected.clone()),
                "{sql} on {engine}"
            );
        }
        assert_eq!(verify(site, untouched), Ok(5));
    });
}

/// SQLite's triggers stop mistakes, not an attacker with the file.
fn lift_guard(site: &TestSite) {
    if site.sqlite_file().is_some() {
        site.execute_as_owner(
            "DROP TRIGGER audit_entry_is_not_changed; DROP TRIGGER audit_entry_is_not_removed",
        );
    }
}

/// Proves URS-AT-004 on SQLite: what the product could say to its database does not change an entry. PostgreSQL's grants are
/// in `row_security.rs`.
#[test]
fn the_triggers_of_sqlite_keep_entries() {
    use diesel::connection::SimpleConnection;
    let site = TestSite::sqlite();
    let a = site.tenant("alder");
    write(&site, a, "lot 1").unwrap();
    for sql in [
        "UPDATE audit_entry SET reason = ''",
        "DELETE FROM audit_entry",
    ] {
        let told = site.serving_connection().batch_execute(sql).unwrap_err();
        assert!(told.to_string().contains("an audit entry is not"), "{told}");
    }
    assert_eq!(verify(&site, a), Ok(1));
}

#[test]
fn many_writers_leave_no_gap() {
    const WRITERS: i64 = 8;
    const ENTRIES: i64 = 25;
    for_each_engine(|site| {
        let (a, b) = site.two_tenants();
        std::thread::scope(|threads| {
            for writer in 0..WRITERS {
                threads.spawn(move || {
                    for number in 0..ENTRIES {
                        let tenant = if number % 5 == 0 { b } else { a };
                        write(site, tenant, &format!("lot {writer} {number}")).unwrap();
                    }
                });
            }
        });
        assert_eq!(verify(site, a), Ok(WRITERS * ENTRIES * 4 / 5));
        assert_eq!(verify(site, b), Ok(WRITERS * ENTRIES / 5));
    });
}

#[test]
fn a_change_that_did_not_happen_leaves_no_entry() {
    for_each_engine(|site| {
        let tenant = with_entries(site, "alder");
        let scope = site.scope_of(tenant);
        let before = site.dump_of(tenant);
        let refused: Result<(), StoreError> = scope.change(now(), |writer| {
            let _ = writer.idempotency_begin("k", &[1; 32])?;
            Err::<packtwin_tenants::audit::Noted<()>, _>(StoreError::NotFound)
        });
        assert!(refused.is_err());
        let died = std::thread::scope(|threads| {
            let change = threads.spawn(|| {
                scope.change(now(), |writer| {
                    writer.idempotency_begin("k", &[1; 32]).unwrap();
                    if writer.at() == now() {
                        panic!("the worker dies in the middle of the change, as this test wants");
                    }
                    Ok::<_, StoreError>(AuditNote::new("lot.committed", "lot").returning(()))
                })
            });
            change.join().is_err()
        });
        assert!(died);
        assert!(site.dump_of(tenant) == before);
        write(site, tenant, "lot 6").unwrap();
        assert_eq!(verify(site, tenant), Ok(6));
    });
}

/// PostgreSQL: the server cuts the connection between the change and its end.
#[test]
fn a_cut_connection_keeps_nothing() {
    let Some(site) = TestSite::postgres() else {
        return;
    };
    let a = site.tenant("alder");
    write(&site, a, "lot 1").unwrap();
    let before = site.dump_of(a);
    let cut: Result<(), StoreError> = site.scope_of(a).change(now(), |writer| {
        let _ = writer.idempotency_begin("k", &[1; 32])?;
        let others = "SELECT count(pg_terminate_backend(pid)) AS number FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        assert!(site.number_as_owner(others) > 0);
        Ok(AuditNote::new("lot.committed", "lot 2").returning(()))
    });
    assert!(cut.is_err());
    assert!(site.dump_of(a) == before);
    write(&site, a, "lot 2").unwrap();
    assert_eq!(verify(&site, a), Ok(2));
}
