//! Packs on both engines: visible with their load, a serial taken once, kept for the retention and no longer.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use packtwin_core::ids::{LoadNo, ProductNo};
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::{Housekeeping, TenantScope};
use packtwin_tenants::store::load::LoadState;
use packtwin_tenants::testing::{for_each_engine, now};

use super::fixture::*;

const GTIN: &str = "04012345678901";

/// URS-SN-007: all packs of a load become visible at once.
#[test]
fn packs_are_found_when_their_load_is_visible_and_not_before() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (lot, upload) = (lot(&scope, no, "A1"), upload(&scope, "lot.csv"));
        let packs = serials(0, 100);
        let load = stored_load(&scope, no, lot, upload, &packs);
        let find = || read(&scope, |reader| reader.pack_find(no, &packs[42]));
        let list = |after: Option<&Serial>, limit| {
            read(&scope, |reader| reader.pack_list(no, lot, after, limit))
        };
        assert_eq!((find(), list(None, 10)), (None, vec![]));
        assert_eq!(read(&scope, |reader| reader.load_list_storing()).len(), 1);
        assert!(change(&scope, |writer| writer.load_publish(
            no,
            load,
            100,
            &hash(7)
        )));
        assert!(!change(&scope, |writer| writer.load_publish(
            no,
            load,
            100,
            &hash(7)
        )));
        let found = find().unwrap();
        assert_eq!(
            (found.lot, found.load, found.state),
            (lot, load, PackState::Active)
        );
        assert_eq!(list(Some(&packs[97]), 10).len(), 2);
        assert_eq!(
            read(&scope, |reader| reader.pack_find(no, &serial("s0000042"))),
            None
        );
        let record = read(&scope, |reader| reader.load_get(no, load)).unwrap();
        assert_eq!((record.state, record.packs), (LoadState::Visible, 100));
        assert_eq!(record.list_sha256, Some(hash(7)));
        assert_eq!(
            read(&scope, |reader| reader.load_list_of_lot(no, lot)),
            std::slice::from_ref(&record)
        );
        assert_eq!(
            read(&scope, |reader| reader.load_list_of_upload(upload)),
            [record]
        );
    });
}

/// URS-SN-001, URS-SN-005: a serial exists once per product, told by case, and a refused chunk leaves nothing behind.
#[test]
fn a_serial_is_taken_once() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (lot, upload) = (lot(&scope, no, "A1"), upload(&scope, "lot.csv"));
        let first = ["A\"1", "AbC", "a%_'x"].map(serial);
        let load = visible_load(&scope, no, lot, upload, &first);
        let store = |texts: &[&str]| {
            let packs: Vec<_> = texts.iter().map(|text| (serial(text), load)).collect();
            try_change(&scope, |writer| writer.pack_store_chunk(no, &packs))
        };
        assert!(matches!(store(&["AAA", "AbC"]), Err(StoreError::Taken)));
        assert!(matches!(store(&["ZZZ", "ZZZ"]), Err(StoreError::Taken)));
        assert!(
            store(&["ABC", "aBC"]).is_ok(),
            "another letter case is another serial"
        );
        let wanted = ["zzz", "a%_'x", "A\"1", "AAA", "ABC"].map(serial);
        let existing = read(&scope, |reader| reader.pack_existing(no, &wanted));
        assert_eq!(
            existing,
            ["A\"1", "ABC", "a%_'x"].map(|text| (serial(text), load))
        );
    });
}

/// Two uploads at the same moment with one serial in common: one of them is refused, whole.
#[test]
fn of_two_loads_with_the_same_serial_one_wins() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let store = |load: i32, first: u32| {
            let packs: Vec<_> = serials(first, 500)
                .iter()
                .map(|serial| (*serial, LoadNo(load)))
                .collect();
            scope.housekeep(now(), Housekeeping::Invisible, |writer| {
                writer.pack_store_chunk(no, &packs)
            })
        };
        let outcomes = std::thread::scope(|threads| {
            let left = threads.spawn(|| store(1, 0));
            let right = threads.spawn(|| store(2, 499));
            [left.join().unwrap(), right.join().unwrap()]
        });
        let refused = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Err(StoreError::Taken)));
        assert_eq!(refused.count(), 1, "{outcomes:?}");
        let all = read(&scope, |reader| {
            reader.pack_count_in_range(no, &serial("S0000000"), &serial("S0000998"))
        });
        assert_eq!(all, 500);
    });
}

#[test]
fn numbers_are_given_once_however_many_ask() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (lot, upload) = (lot(&scope, no, "A1"), upload(&scope, "lot.csv"));
        let mut given: Vec<i32> = std::thread::scope(|threads| {
            let workers: Vec<_> = (0..4)
                .map(|_| {
                    threads.spawn(|| -> Vec<i32> {
                        (0..5)
                            .map(|_| change(&scope, |writer| writer.load_create(no, lot, upload)).0)
                            .collect()
                    })
                })
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap())
                .collect()
        });
        given.sort_unstable();
        assert_eq!(given, (1..=20).collect::<Vec<i32>>());
    });
}

#[test]
fn states_change_as_a_set_and_answer_who_changed() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (lot, upload) = (lot(&scope, no, "A1"), upload(&scope, "lot.csv"));
        let (seen, unseen) = (serials(0, 3), serials(10, 1));
        visible_load(&scope, no, lot, upload, &seen);
        stored_load(&scope, no, lot, upload, &unseen);
        let set = |packs: &[Serial], from, to| {
            change(&scope, |writer| writer.pack_state_set(no, packs, from, to))
        };
        let (active, sample) = (PackState::Active, PackState::Sample);
        assert_eq!(
            set(&[seen[2], seen[0], unseen[0]], active, sample),
            [seen[0], seen[2]]
        );
        assert_eq!(set(&seen, active, sample), [seen[1]]);
        assert_eq!(set(&[], active, sample), []);
        let state = |pack: &Serial| {
            read(&scope, |reader| reader.pack_find(no, pack))
                .unwrap()
                .state
        };
        assert_eq!(seen.iter().map(state).collect::<Vec<_>>(), [sample; 3]);
    });
}

#[test]
fn an_abandoned_load_is_removed_in_chunks_and_a_visible_one_is_not() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (lot, upload) = (lot(&scope, no, "A1"), upload(&scope, "lot.csv"));
        let kept = visible_load(&scope, no, lot, upload, &serials(10, 20));
        let lost = stored_load(&scope, no, lot, upload, &serials(0, 10));
        change(&scope, |writer| {
            let packs: Vec<_> = serials(30, 15)
                .iter()
                .map(|serial| (*serial, lost))
                .collect();
            writer.pack_store_chunk(no, &packs)
        });
        let discard = |load, after: Option<&Serial>| {
            change(&scope, |writer| {
                writer.pack_discard_chunk(no, load, after, 8)
            })
        };
        assert_eq!(discard(kept, None).removed, 0);
        let (mut removed, mut after, mut chunks) = (0, None, 0);
        loop {
            let removal = discard(lost, after.as_ref());
            removed += removal.removed;
            chunks += 1;
            after = removal.next;
            if after.is_none() {
                break;
            }
        }
        // The first pass already took packs away, so the stretches of eight cover what is left: 45 packs, then less.
        assert_eq!(removed, 25);
        assert!(chunks >= 5, "{chunks}");
        assert!(change(&scope, |writer| writer.load_discard(no, lost)));
        assert!(!change(&scope, |writer| writer.load_discard(no, kept)));
        let kept_lot = read(&scope, |reader| reader.lot_get(no, lot)).unwrap();
        assert!(kept_lot.is_visible(), "a lot stays with its other loads");
        let left = read(&scope, |reader| reader.pack_list(no, lot, None, 100));
        assert_eq!(left.len(), 20);
    });
}

/// URS-SN-004: packs stay until the retention has ended, and are removed after it.
#[test]
fn packs_are_purged_after_their_retention_only() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (lot, upload) = (lot(&scope, no, "A1"), upload(&scope, "lot.csv"));
        let load = visible_load(&scope, no, lot, upload, &serials(0, 5));
        let past = |text: &str| read(&scope, |reader| reader.lot_past_retention(day(text), 10));
        let purge = |text: &str| {
            let at = packtwin_core::time::Timestamp::start_of_day(day(text));
            housekeep(&scope, at, |writer| writer.pack_purge(no, load, None, 100))
        };
        assert_eq!(past("2031-11-22"), []);
        assert_eq!(purge("2031-11-22").removed, 0, "the last day");
        assert_eq!(past("2031-11-23"), [(no, lot)]);
        assert_eq!(purge("2031-11-23").removed, 5);
        assert!(change(&scope, |writer| writer.load_purged(no, load)));
        assert_eq!(past("2031-11-23"), []);
        assert!(!read(&scope, |reader| reader.pack_any(no)));
    });
}

/// Set-based look-up answers what one-by-one reasoning says, for every character a serial can have.
#[test]
fn existing_packs_are_exactly_those_stored() {
    let text = "[!\"%-?A-Z_a-z]{1,3}";
    let stored = prop::collection::btree_map(text, 1..4i32, 0..60);
    let wanted = prop::collection::vec(text, 0..60);
    for_each_engine(|site| {
        let tenants = std::cell::Cell::new(0);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(32));
        let checked = runner.run(&(stored.clone(), wanted.clone()), |(stored, wanted)| {
            tenants.set(tenants.get() + 1);
            let scope = site.scope_of(site.tenant(&format!("t{}", tenants.get())));
            check_existing(&scope, &stored, &wanted);
            Ok(())
        });
        checked.unwrap();
    });
}

fn check_existing(scope: &TenantScope, stored: &BTreeMap<String, i32>, wanted: &[String]) {
    let no = ProductNo(1);
    let packs: Vec<(Serial, LoadNo)> = stored
        .iter()
        .map(|(text, load)| (serial(text), LoadNo(*load)))
        .collect();
    change(scope, |writer| writer.pack_store_chunk(no, &packs));
    let mut expected: Vec<(Serial, LoadNo)> = wanted
        .iter()
        .filter_map(|text| stored.get(text).map(|load| (serial(text), LoadNo(*load))))
        .collect();
    expected.sort_unstable();
    expected.dedup();
    let wanted: Vec<Serial> = wanted.iter().map(|text| serial(text)).collect();
    assert_eq!(
        read(scope, |reader| reader.pack_existing(no, &wanted)),
        expected
    );
    let (first, last) = (serial("!"), serial("zzz"));
    let any = read(scope, |reader| reader.pack_any_in_range(no, &first, &last));
    assert_eq!(any, !packs.is_empty());
}
