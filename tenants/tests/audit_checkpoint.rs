//! Checkpoints outside the database: they find what nothing inside can, a tail that was cut off and a chain that was written
//! anew to its end, by someone with every right on the database (URS-AT-005; ATK-068, ATK-069).

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use std::fs;
use std::path::PathBuf;

use packtwin_core::audit::{ChainBroken, genesis};
use packtwin_core::ids::TenantId;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::blob::hex;
use packtwin_tenants::checkpoint::{CheckpointFault, Sealing};
use packtwin_tenants::error::StoreError;
use packtwin_tenants::testing::{TestSite, for_each_engine, now};

fn note(site: &TestSite, tenant: TenantId, object: &str) {
    let note = AuditNote::new("lot.committed", object).returning(());
    let written: Result<(), StoreError> = site.scope_of(tenant).change(now(), |_| Ok(note));
    written.unwrap();
}

fn write(site: &TestSite, tenant: TenantId, count: usize) {
    for number in 1..=count {
        note(site, tenant, &format!("lot {number}"));
    }
}

fn seal(site: &TestSite, tenant: TenantId, at: Timestamp) -> Sealing {
    site.checkpoint_write(tenant, at).unwrap()
}

/// The chain against the site's own checkpoints, and without them.
fn verify(
    site: &TestSite,
    tenant: TenantId,
) -> (Result<i64, ChainBroken>, Result<i64, ChainBroken>) {
    let folder = site.checkpoint_folder();
    let checkpoints = site.checkpoint_list(&folder, tenant).unwrap();
    let scope = site.scope_of(tenant);
    let against = scope.read(|reader| reader.audit_verify_against(&checkpoints));
    let alone = scope.read(|reader| reader.audit_verify());
    (against.unwrap(), alone.unwrap())
}

fn file_of(site: &TestSite, tenant: TenantId, day: &str) -> PathBuf {
    let folder = site.checkpoint_folder().join(tenant.to_string());
    folder.join(format!("{day}.txt"))
}

/// SQLite's triggers stop mistakes, not an attacker with the file.
fn lift_guard(site: &TestSite) {
    if site.sqlite_file().is_some() {
        site.execute_as_owner(
            "DROP TRIGGER audit_entry_is_not_changed; DROP TRIGGER audit_entry_is_not_removed",
        );
    }
}

fn hash_literal(site: &TestSite, hash: &[u8]) -> String {
    match site.sqlite_file() {
        Some(_) => format!("x'{}'", hex(hash)),
        None => format!("'\\x{}'::bytea", hex(hash)),
    }
}

/// Makes entry `last` the end of the chain, head and all: inside, nothing is wrong.
fn cut_after(site: &TestSite, tenant: TenantId, last: i64) {
    site.execute_as_owner(&format!(
        "DELETE FROM audit_entry WHERE tenant_id = {tenant} AND seq > {last};
         UPDATE tenant_head SET audit_seq = {last}, audit_hash =
             (SELECT hash FROM audit_entry WHERE tenant_id = {tenant} AND seq = {last})
         WHERE tenant_id = {tenant};"
    ));
}

/// Changes the reason of the first entry and computes every hash after it anew, head and all.
fn write_anew(site: &TestSite, tenant: TenantId) {
    let scope = site.scope_of(tenant);
    let mut entries = scope
        .read(|reader| reader.audit_list_after(0, 1_000))
        .unwrap();
    entries[0].entry.reason = "another reason".to_owned();
    let mut previous = genesis(tenant);
    for stored in &entries {
        previous = stored.entry.hash(&previous);
        let (seq, reason) = (stored.entry.seq, &stored.entry.reason);
        let hash = hash_literal(site, &previous);
        site.execute_as_owner(&format!(
            "UPDATE audit_entry SET reason = '{reason}', hash = {hash} WHERE tenant_id = {tenant} AND seq = {seq};
             UPDATE tenant_head SET audit_hash = {hash} WHERE tenant_id = {tenant};"
        ));
    }
}

#[test]
fn a_cut_tail_is_found_by_the_checkpoint_alone() {
    for_each_engine(|site| {
        let tenant = site.tenant("alder");
        write(site, tenant, 5);
        assert!(matches!(seal(site, tenant, now()), Sealing::Written(sealed) if sealed.seq == 5));
        assert_eq!(verify(site, tenant), (Ok(5), Ok(5)));
        lift_guard(site);
        cut_after(site, tenant, 3);
        let cut = ChainBroken::Cut {
            expected: 5,
            found: 3,
        };
        assert_eq!(verify(site, tenant), (Err(cut.clone()), Ok(3)));
        // It is not sealed over, neither now nor when it has grown past the old mark again.
        let later = now().plus_seconds(3_600);
        assert_eq!(seal(site, tenant, later), Sealing::Broken(cut));
        for number in 4..=7 {
            note(site, tenant, &format!("another lot {number}"));
        }
        let anew = ChainBroken::Rewritten { seq: 5 };
        assert_eq!(seal(site, tenant, later), Sealing::Broken(anew.clone()));
        assert_eq!(verify(site, tenant), (Err(anew), Ok(7)));
    });
}

#[test]
fn a_chain_written_anew_is_found_by_the_checkpoint_alone() {
    for_each_engine(|site| {
        let tenant = site.tenant("alder");
        write(site, tenant, 3);
        seal(site, tenant, now());
        write(site, tenant, 2);
        lift_guard(site);
        write_anew(site, tenant);
        let anew = ChainBroken::Rewritten { seq: 3 };
        assert_eq!(verify(site, tenant), (Err(anew), Ok(5)));
    });
}

/// One file a day; within a day a chain that did not grow gets no further checkpoint.
#[test]
fn a_day_has_a_file_and_growth_a_note() {
    let site = TestSite::sqlite();
    let (a, b) = site.two_tenants();
    let hours = |hours: i64| now().plus_seconds(hours * 3_600);
    assert_eq!(
        seal(&site, a, now()),
        Sealing::Unchanged,
        "there is no entry"
    );
    write(&site, a, 2);
    let sealed = |outcome| match outcome {
        Sealing::Written(checkpoint) => checkpoint.seq,
        other => panic!("{other:?}"),
    };
    assert_eq!(sealed(seal(&site, a, hours(1))), 2);
    assert_eq!(seal(&site, a, hours(2)), Sealing::Unchanged);
    write(&site, a, 1);
    assert_eq!(sealed(seal(&site, a, hours(3))), 3);
    assert_eq!(sealed(seal(&site, a, hours(24))), 3, "each day has one");
    let notes = fs::read_to_string(file_of(&site, a, "2026-11-22")).unwrap();
    assert_eq!(notes.matches("\n— packtwin.audit/").count(), 2, "{notes}");
    let listed = site.checkpoint_list(&site.checkpoint_folder(), a).unwrap();
    let seqs: Vec<i64> = listed.iter().map(|checkpoint| checkpoint.seq).collect();
    assert_eq!(seqs, [2, 3, 3]);
    assert!(
        site.checkpoint_list(&site.checkpoint_folder(), b)
            .unwrap()
            .is_empty()
    );
    // The public key lies beside the files: name, key id, key.
    let key = fs::read_to_string(site.checkpoint_folder().join("key.pub")).unwrap();
    assert_eq!(key.trim_end(), site.checkpoint_key().unwrap());
    assert_eq!(key.split('+').nth(1).map(str::len), Some(8));
}

/// A note that was changed, that another site signed, or that belongs to another chain is not believed.
#[test]
fn a_forged_checkpoint_is_refused() {
    let (site, other) = (TestSite::sqlite(), TestSite::sqlite());
    let (a, b) = site.two_tenants();
    for tenant in [a, b] {
        write(&site, tenant, 2);
        seal(&site, tenant, now());
    }
    let (of_a, of_b) = (
        file_of(&site, a, "2026-11-22"),
        file_of(&site, b, "2026-11-22"),
    );
    let right = fs::read_to_string(&of_a).unwrap();
    let list = || site.checkpoint_list(&site.checkpoint_folder(), a);
    assert_eq!(list().unwrap().len(), 1);
    for (what, forged) in [
        ("another number", right.replacen("\n2\n", "\n1\n", 1)),
        (
            "another name",
            right.replace("packtwin.audit", "packtwin.other"),
        ),
        (
            "no signature",
            right.split("\n\n").next().unwrap().to_owned() + "\n",
        ),
        ("cut", right[..right.len() - 9].to_owned()),
        ("another chain", fs::read_to_string(&of_b).unwrap()),
        ("nothing", String::new()),
    ] {
        assert_ne!(forged, right, "{what}");
        fs::write(&of_a, forged).unwrap();
        let told = list().unwrap_err();
        let named = matches!(
            told,
            CheckpointFault::Form { .. } | CheckpointFault::Signature { .. }
        );
        assert!(named, "{what}: {told}");
        assert!(site.checkpoint_write(a, now()).is_err(), "{what}");
    }
    fs::write(&of_a, &right).unwrap();
    assert!(list().is_ok());
    // Another site has another key.
    assert_eq!(other.tenant("alder"), a);
    let elsewhere = other.checkpoint_list(&site.checkpoint_folder(), a);
    assert!(matches!(
        elsewhere,
        Err(CheckpointFault::Signature { note: 1, .. })
    ));
}
