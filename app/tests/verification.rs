//! Stories of road 3 at the service itself, on both engines: supplied, supplied twice, undone, refused; two sites at one
//! instant; a kill between any two steps.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};

use packtwin_app::verification::{Ask, Judged, Reply, Verifying, Work, judge};
use packtwin_core::ids::TenantId;
use packtwin_core::pack::{PackKey, PackState};
use packtwin_core::time::{Clock, Timestamp};
use packtwin_core::verification::{
    AlertCode, Delivery, EntryMode, Operation, Outcome, Removal, Scale, Submitted, Undo,
};
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::testing::{
    TestPremises, TestSite, TestVerifiers, for_each_engine, lines, now, number,
};
use packtwin_tenants::verifier::request_record::{Again, Asked, Asking, Handle, KeyRefusal};
use packtwin_tenants::verifier::{Answer, VerifierStore};

const CODE: &str = "04123456000175";
const SUPPLY: Operation = Operation::Remove(Removal::Supply);
const UNDO: Operation = Operation::Undo(Undo::Whatever);

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A site with a lot of packs and its verifiers.
struct World<'a> {
    site: &'a TestSite,
    tenant: TenantId,
    verifiers: TestVerifiers,
    clock: Arc<TestClock>,
    service: Verifying,
}

impl<'a> World<'a> {
    fn new(site: &'a TestSite, serials: &[&str]) -> Self {
        let tenant = site.tenant("alder");
        site.stock(tenant, CODE, "B1", "281231", serials);
        let verifiers = site.verifiers();
        let clock = Arc::new(TestClock(AtomicI64::new(now().micros())));
        let service = start(&verifiers, verifiers.store.clone(), &clock);
        World {
            site,
            tenant,
            verifiers,
            clock,
            service,
        }
    }

    fn forward(&self, seconds: i64) {
        self.clock
            .0
            .fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    fn ask(&self, premises: &TestPremises, operation: Operation, serial: &str) -> Answer {
        self.answer(asking(self, premises, operation, serial))
    }

    fn answer(&self, asking: Asking) -> Answer {
        match self.service.ask_and_wait(ask(asking)) {
            Reply::Answered { answer, .. } => *answer,
            other => panic!("{other:?}"),
        }
    }

    fn count(&self, sql: &str) -> i64 {
        self.site.number_as_owner(sql)
    }

    fn state_of(&self, serial: &str) -> PackState {
        let sql =
            format!("SELECT CAST(state AS BIGINT) AS number FROM pack WHERE serial = '{serial}'");
        PackState::from_number(self.count(&sql) as i16).unwrap()
    }
}

fn start(verifiers: &TestVerifiers, store: VerifierStore, clock: &Arc<TestClock>) -> Verifying {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    Verifying::start(store, verifiers.scope.clone(), clock).unwrap()
}

fn submitted(serial: &str, batch: Option<&str>, expiry: Option<&str>) -> Submitted {
    Submitted {
        pack: PackKey {
            product: CODE.parse().unwrap(),
            serial: serial.parse().unwrap(),
        },
        batch: batch.map(|batch| batch.parse().unwrap()),
        expiry: expiry.map(|expiry| packtwin_core::expiry::Expiry::parse(expiry, 2026).unwrap()),
    }
}

fn asking(
    world: &World<'_>,
    premises: &TestPremises,
    operation: Operation,
    serial: &str,
) -> Asking {
    Asking {
        key: premises.key.parse().unwrap(),
        handle: None,
        operation,
        submitted: submitted(serial, Some("B1"), Some("281231")),
        entry: EntryMode::Scan,
        delivery: Delivery::Immediate,
        at: world.clock.now(),
    }
}

fn ask(asking: Asking) -> Ask {
    Ask {
        asking,
        dialect: None,
        scale: Scale::Single,
    }
}

fn named(asking: Asking, name: &str) -> Asking {
    Asking {
        handle: Some(Handle {
            name: name.to_owned(),
            hash: [7; 32],
            again: Again::SameAnswer,
        }),
        ..asking
    }
}

fn seen(answer: &Answer) -> (Outcome, Option<AlertCode>) {
    assert_eq!(
        answer.decision.alarm.code().is_some(),
        answer.alert.is_some()
    );
    (answer.decision.outcome, answer.decision.alarm.code())
}

/// URS-VF-001, URS-VF-002, URS-VF-003: verified, supplied once, and the second site hears the truth with an alert.
#[test]
fn a_pack_is_supplied_once() {
    for_each_engine(|site| {
        let world = World::new(site, &["S1", "S2"]);
        let (here, there) = (
            world.verifiers.pharmacy("here"),
            world.verifiers.pharmacy("there"),
        );
        assert_eq!(
            seen(&world.ask(&here, Operation::Verify, "S1")),
            (Outcome::Ok, None)
        );
        let supplied = world.ask(&here, SUPPLY, "S1");
        assert_eq!(seen(&supplied), (Outcome::Ok, None));
        let until = supplied.decision.undo.unwrap().until.unwrap();
        assert_eq!(until, now().plus_days(10));
        // Twice at the same site is tolerated, then it alerts; elsewhere it alerts at once.
        let again: Vec<_> = (0..3)
            .map(|_| seen(&world.ask(&here, SUPPLY, "S1")))
            .collect();
        assert_eq!(
            again,
            [
                (Outcome::RepeatTolerated, None),
                (Outcome::RepeatToleratedLast, None),
                (Outcome::RepeatLimitExceeded, Some(AlertCode::A24)),
            ]
        );
        assert_eq!(
            seen(&world.ask(&there, SUPPLY, "S1")),
            (Outcome::AlreadyInactive, Some(AlertCode::A24))
        );
        assert_eq!(
            seen(&world.ask(&there, Operation::Verify, "S1")),
            (Outcome::InactiveReported, None)
        );
        assert_eq!(world.state_of("S1"), PackState::Supplied);
        assert_eq!(world.state_of("S2"), PackState::Active);
        assert_eq!(
            world.count("SELECT count(*) AS number FROM verification_record"),
            7
        );
        assert_eq!(world.count("SELECT count(*) AS number FROM alert"), 2);
        assert_eq!(
            world.count("SELECT packs AS number FROM lot_state_count WHERE state = 1"),
            1
        );
        let answered =
            "SELECT count(*) AS number FROM request_record WHERE answered_at IS NOT NULL";
        assert_eq!(
            number(&mut world.verifiers.owner_connection(), answered).unwrap(),
            7
        );
        let sites = "SELECT count(*) AS number FROM alert_site";
        assert_eq!(
            number(&mut world.verifiers.owner_connection(), sites).unwrap(),
            2
        );
    });
}

/// URS-VF-004, URS-VF-005: ten days to the same instant, at the same site.
#[test]
fn a_supply_is_undone_within_ten_days_where_it_was_done() {
    for_each_engine(|site| {
        let world = World::new(site, &["S1", "S2", "S3"]);
        let (here, there) = (
            world.verifiers.pharmacy("here"),
            world.verifiers.pharmacy("there"),
        );
        for serial in ["S1", "S2", "S3"] {
            world.ask(&here, SUPPLY, serial);
        }
        assert_eq!(
            world.ask(&there, UNDO, "S3").decision.outcome,
            Outcome::UndoOtherSite
        );
        world.forward(10 * 86_400 - 1);
        assert_eq!(world.ask(&here, UNDO, "S1").decision.outcome, Outcome::Ok);
        assert_eq!(world.state_of("S1"), PackState::Active);
        world.forward(2);
        assert_eq!(
            world.ask(&here, UNDO, "S2").decision.outcome,
            Outcome::UndoTooLate
        );
        assert_eq!(world.state_of("S2"), PackState::Supplied);
        let changes = "SELECT count(*) AS number FROM pack_change WHERE serial = 'S1'";
        assert_eq!(world.count(changes), 2);
        assert_eq!(
            world.count("SELECT packs AS number FROM lot_state_count WHERE state = 1"),
            2
        );
        // The circle can be gone again, and repeats begin anew.
        assert_eq!(
            world.ask(&there, SUPPLY, "S1").decision.outcome,
            Outcome::Ok
        );
        assert_eq!(
            world.ask(&there, SUPPLY, "S1").decision.outcome,
            Outcome::RepeatTolerated
        );
    });
}

/// URS-VF-006, URS-VF-007, URS-VF-008: what does not fit is said as what it is, and changes nothing.
#[test]
fn what_does_not_fit_is_named() {
    for_each_engine(|site| {
        let world = World::new(site, &["S1"]);
        site.stock(world.tenant, CODE, "OLD", "261031", &["X1"]);
        let here = world.verifiers.pharmacy("here");
        let check = |serial: &str, batch, expiry, expected| {
            let asking = Asking {
                submitted: submitted(serial, batch, expiry),
                ..asking(&world, &here, SUPPLY, serial)
            };
            assert_eq!(seen(&world.answer(asking)), expected, "{serial} {batch:?}");
        };
        let (b1, right) = (Some("B1"), Some("281231"));
        check(
            "S9",
            b1,
            right,
            (Outcome::SerialUnknown, Some(AlertCode::A3)),
        );
        check(
            "S9",
            Some("B9"),
            right,
            (Outcome::BatchUnknown, Some(AlertCode::A2)),
        );
        check(
            "S1",
            Some("OLD"),
            right,
            (Outcome::BatchMismatch, Some(AlertCode::A68)),
        );
        check(
            "S1",
            b1,
            Some("281130"),
            (Outcome::ExpiryMismatch, Some(AlertCode::A52)),
        );
        // Booking out an expired pack alerts in Germany.
        check(
            "X1",
            Some("OLD"),
            Some("261031"),
            (Outcome::Expired, Some(AlertCode::A24)),
        );
        check(
            "s1",
            b1,
            right,
            (Outcome::SerialUnknown, Some(AlertCode::A3)),
        );
        let foreign = Asking {
            submitted: Submitted {
                pack: PackKey {
                    product: "04006381333931".parse().unwrap(),
                    serial: "S1".parse().unwrap(),
                },
                batch: None,
                expiry: None,
            },
            ..asking(&world, &here, SUPPLY, "S1")
        };
        assert_eq!(
            seen(&world.answer(foreign)),
            (Outcome::ProductUnknown, None)
        );
        let recall = |writer: &mut packtwin_tenants::scope::Writer<'_>| {
            let product = writer.product_find(&CODE.parse().unwrap())?.unwrap().no;
            let lot = writer
                .lot_find(product, &"B1".parse().unwrap())?
                .unwrap()
                .no;
            let market = "DE".parse().unwrap();
            writer.lot_recall(product, lot, market, "Glass found", None)?;
            Ok::<_, StoreError>(AuditNote::new("test.recalled", "lot").returning(()))
        };
        world
            .site
            .scope_of(world.tenant)
            .change(now(), recall)
            .unwrap();
        check("S1", b1, right, (Outcome::BatchRecalled, None));
        assert_eq!(world.state_of("S1"), PackState::Active);
        // The recall closes one market: the next one still supplies.
        let austrian = world.verifiers.premises(
            "vienna",
            packtwin_core::verification::Actor::Pharmacy,
            "AT",
            packtwin_tenants::verifier::premises_key::KeyScope::Change,
        );
        assert_eq!(
            world.ask(&austrian, SUPPLY, "S1").decision.outcome,
            Outcome::Ok
        );
    });
}

/// URS-VF-006: typing errors are tolerated, counted for the site, and begin anew once typed right.
#[test]
fn a_few_typing_errors_alarm_nobody() {
    for_each_engine(|site| {
        let world = World::new(site, &["S1"]);
        let (here, there) = (
            world.verifiers.pharmacy("here"),
            world.verifiers.pharmacy("there"),
        );
        let typed = |premises, serial| {
            let asking = Asking {
                entry: EntryMode::Manual,
                ..asking(&world, premises, Operation::Verify, serial)
            };
            seen(&world.answer(asking)).0
        };
        use Outcome::{SerialUnknown as Alarmed, SerialUnknownTolerated as Tolerated};
        let errors = |premises| [(); 3].map(|()| typed(premises, "S9"));
        assert_eq!(errors(&here), [Tolerated, Tolerated, Alarmed]);
        assert_eq!(typed(&there, "S9"), Tolerated);
        assert_eq!(typed(&here, "S1"), Outcome::Ok);
        assert_eq!(errors(&here), [Tolerated, Tolerated, Alarmed]);
    });
}

/// A revoked key is refused with the next request; so are false and expired ones, and those whose scope is too narrow.
#[test]
fn a_key_counts_as_long_as_it_counts() {
    for_each_engine(|site| {
        let world = World::new(site, &["S1"]);
        let here = world.verifiers.pharmacy("here");
        let store = &world.verifiers.store;
        let refused = |key: &str, operation| {
            let asking = Asking {
                key: key.parse().unwrap(),
                ..asking(&world, &here, operation, "S1")
            };
            match world.service.ask_and_wait(ask(asking)) {
                Reply::Refused(refusal) => Some(refusal),
                Reply::Answered { .. } => None,
                other => panic!("{other:?}"),
            }
        };
        use packtwin_tenants::verifier::premises_key::KeyScope;
        let end = now().plus_seconds(60);
        let make = |scope, expires_at| {
            let (id, key) = store
                .premises_key_create(here.id, "till", scope, expires_at, now())
                .unwrap();
            (id, key.expose_text().unwrap().to_owned())
        };
        let (id, key) = make(KeyScope::Change, None);
        let (_, short) = make(KeyScope::Change, Some(end));
        let (_, narrow) = make(KeyScope::Verify, None);
        assert_eq!(refused(&key, Operation::Verify), None);
        store.premises_key_revoke(id, now()).unwrap();
        assert_eq!(refused(&key, Operation::Verify), Some(KeyRefusal::Revoked));
        let mut wrong = key.clone();
        let last = if wrong.ends_with('0') { "1" } else { "0" };
        wrong.replace_range(key.len() - 1.., last);
        assert_eq!(
            refused(&wrong, Operation::Verify),
            Some(KeyRefusal::Unknown)
        );
        assert_eq!(refused(&short, Operation::Verify), None);
        world.forward(60);
        assert_eq!(
            refused(&short, Operation::Verify),
            Some(KeyRefusal::Expired)
        );
        assert_eq!(refused(&narrow, Operation::Verify), None);
        assert_eq!(refused(&narrow, SUPPLY), Some(KeyRefusal::Scope));
        assert_eq!(world.state_of("S1"), PackState::Active);
    });
}

/// The manufacturer's own change takes the pack out of every site's hands.
#[test]
fn no_site_undoes_what_the_manufacturer_did() {
    for_each_engine(|site| {
        let world = World::new(site, &["S1"]);
        let here = world.verifiers.pharmacy("here");
        world.ask(&here, SUPPLY, "S1");
        world.ask(&here, UNDO, "S1");
        let lock = |writer: &mut packtwin_tenants::scope::Writer<'_>| {
            let product = writer.product_find(&CODE.parse().unwrap())?.unwrap().no;
            let serials = ["S1".parse().unwrap()];
            writer.pack_state_set(product, &serials, PackState::Active, PackState::Supplied)?;
            Ok::<_, StoreError>(AuditNote::new("test.changed", "pack").returning(()))
        };
        world
            .site
            .scope_of(world.tenant)
            .change(now(), lock)
            .unwrap();
        assert_eq!(
            world.ask(&here, UNDO, "S1").decision.outcome,
            Outcome::UndoOtherSite
        );
        assert_eq!(
            world.ask(&here, SUPPLY, "S1").decision.outcome,
            Outcome::AlreadyInactive
        );
    });
}

/// URS-VF-013: many sites supply few packs at the same instant; each pack has one winner and everybody else the alert.
#[test]
fn of_two_at_one_instant_one_wins() {
    const SITES: usize = 4;
    const PACKS: usize = 60;
    for_each_engine(|site| {
        let serials: Vec<String> = (0..PACKS).map(|number| format!("R{number}")).collect();
        let serials: Vec<&str> = serials.iter().map(String::as_str).collect();
        let world = World::new(site, &serials);
        let premises: Vec<TestPremises> = (0..SITES)
            .map(|number| world.verifiers.pharmacy(&format!("site {number}")))
            .collect();
        let barrier = Barrier::new(SITES);
        let won: Vec<usize> = std::thread::scope(|threads| {
            let running: Vec<_> = premises
                .iter()
                .map(|premises| {
                    let (world, barrier, serials) = (&world, &barrier, &serials);
                    threads.spawn(move || {
                        let mut won = 0;
                        for serial in serials {
                            barrier.wait();
                            match seen(&world.ask(premises, SUPPLY, serial)) {
                                (Outcome::Ok, None) => won += 1,
                                (Outcome::AlreadyInactive, Some(AlertCode::A24)) => {}
                                other => panic!("{other:?}"),
                            }
                        }
                        won
                    })
                })
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(won.iter().sum::<usize>(), PACKS);
        let (packs, all) = (PACKS as i64, (PACKS * SITES) as i64);
        assert_eq!(
            world.count("SELECT count(*) AS number FROM pack WHERE state = 1"),
            packs
        );
        assert_eq!(
            world.count("SELECT count(*) AS number FROM pack_change"),
            packs
        );
        assert_eq!(
            world.count("SELECT count(*) AS number FROM alert"),
            all - packs
        );
        assert_eq!(
            world.count("SELECT count(*) AS number FROM verification_record"),
            all
        );
    });
}

/// What the first step of a request leaves behind when the process ends after it.
fn recorded(world: &World<'_>, asking: &Asking) -> Work {
    let asked = world
        .verifiers
        .store
        .exchange(std::slice::from_ref(asking), &[], world.clock.now())
        .unwrap();
    let Some(Asked::Recorded(asker)) = asked.into_iter().next() else {
        panic!("the request is new");
    };
    Work {
        asker,
        asking: asking.clone(),
        dialect: None,
        scale: Scale::Single,
        respond: Box::new(|_| {}),
    }
}

/// URS-VF-013: killed after "asked", after the commit, or after "answered", the same handle gets the same answer and nothing
/// is done twice.
#[test]
fn a_kill_between_any_two_steps_is_mended_by_the_same_handle() {
    for_each_engine(|site| {
        let world = World::new(site, &["S1", "S2", "S3", "S4"]);
        let here = world.verifiers.pharmacy("here");
        let there = world.verifiers.pharmacy("there");
        let restarted = || start(&world.verifiers, world.verifiers.reopened(), &world.clock);
        let again = |asking: &Asking| match restarted().ask_and_wait(ask(asking.clone())) {
            Reply::Answered { answer, .. } => *answer,
            other => panic!("{other:?}"),
        };
        let rows = || {
            ["verification_record", "pack_change", "alert"]
                .map(|table| world.count(&format!("SELECT count(*) AS number FROM {table}")))
        };

        // After "asked": nothing is in the repository yet.
        let first = named(asking(&world, &here, SUPPLY, "S1"), "first");
        recorded(&world, &first);
        assert_eq!(rows(), [0, 0, 0]);
        world.forward(3600);
        let answer = again(&first);
        assert_eq!(seen(&answer), (Outcome::Ok, None));
        // The time is the one at which it was asked.
        let until = answer.decision.undo.unwrap().until;
        assert_eq!(until, Some(now().plus_days(10)));
        assert_eq!(rows(), [1, 1, 0]);
        assert_eq!(again(&first).to_text(), answer.to_text());
        assert_eq!(rows(), [1, 1, 0]);

        // After the commit: the repository knows the answer, the asker never heard it.
        let second = named(asking(&world, &there, SUPPLY, "S1"), "second");
        let work = recorded(&world, &second);
        let Judged { answer, .. } = judge(&world.verifiers.scope, &[work], world.clock.now())
            .unwrap()
            .remove(0);
        assert_eq!(
            seen(&answer),
            (Outcome::AlreadyInactive, Some(AlertCode::A24))
        );
        assert_eq!(rows(), [2, 1, 1]);
        let told = again(&second);
        assert_eq!(told.to_text(), answer.to_text());
        assert_eq!(again(&second).to_text(), answer.to_text());
        assert_eq!(rows(), [2, 1, 1]);
        let sites = "SELECT count(*) AS number FROM alert_site";
        assert_eq!(
            number(&mut world.verifiers.owner_connection(), sites).unwrap(),
            1
        );

        // Another request under the same handle is none of it.
        let other = Asking {
            handle: Some(Handle {
                hash: [8; 32],
                ..second.handle.clone().unwrap()
            }),
            ..second
        };
        assert!(matches!(
            restarted().ask_and_wait(ask(other)),
            Reply::OtherRequest
        ));
    });
}

/// URS-VF-016: after a day of traffic nothing on the manufacturers' side tells of a site.
#[test]
fn no_table_of_the_repository_names_a_site() {
    for_each_engine(|site| {
        let world = World::new(site, &["S1", "S2", "S3"]);
        let marker = "nachtigall";
        let (here, there) = (
            world.verifiers.pharmacy(&format!("{marker} north")),
            world.verifiers.pharmacy(&format!("{marker} south")),
        );
        for premises in [&here, &there] {
            for serial in ["S1", "S2", "S3", "S9"] {
                for operation in [Operation::Verify, SUPPLY, UNDO] {
                    world.answer(named(
                        asking(&world, premises, operation, serial),
                        &format!("{marker} {serial} {operation:?}"),
                    ));
                }
            }
        }
        let tables = match site.sqlite_file() {
            Some(_) => "SELECT name AS line FROM sqlite_schema WHERE type = 'table'",
            None => {
                "SELECT table_name::text AS line FROM information_schema.tables
                 WHERE table_schema = 'public'"
            }
        };
        let mut owner = site.owner_connection();
        let tables = lines(&mut owner, tables).unwrap();
        assert!(tables.iter().any(|table| table == "alert"));
        let secrets = [
            marker.to_owned(),
            here.id.to_string(),
            there.id.to_string(),
            here.key[8..34].to_owned(),
            there.key[8..34].to_owned(),
        ];
        for table in tables {
            for line in rows_of(site, &mut owner, &table) {
                for secret in &secrets {
                    assert!(!line.contains(secret.as_str()), "{table}: {line}");
                }
            }
        }
        // No two alerts of one site share anything that a third does not.
        let names = match site.sqlite_file() {
            Some(_) => "SELECT hex(pseudonym) AS line FROM alert",
            None => "SELECT encode(pseudonym, 'hex') AS line FROM alert",
        };
        let mut names = lines(&mut owner, names).unwrap();
        let all = names.len();
        names.sort();
        names.dedup();
        assert!(all > 4 && names.len() == all);
    });
}

/// Every row of a table as text.
fn rows_of(
    site: &TestSite,
    owner: &mut packtwin_tenants::engine::AnyConnection,
    table: &str,
) -> Vec<String> {
    let sql = match site.sqlite_file() {
        Some(_) => {
            let columns = format!(
                "SELECT group_concat('quote(' || name || ')', ' || '','' || ') AS line FROM pragma_table_info('{table}')"
            );
            let columns = lines(owner, &columns).unwrap().remove(0);
            format!("SELECT {columns} AS line FROM {table}")
        }
        None => format!("SELECT ({table}.*)::text AS line FROM {table}"),
    };
    lines(owner, &sql).unwrap()
}
