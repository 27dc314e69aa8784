//! The laws of the decision, proved over every combination: operations, states, layers, sites, times, dialects, profiles.

use crate::expiry::Expiry;
use crate::lot::BatchState;
use crate::pack::{PackKey, PackState};
use crate::product::ProductState;
use crate::time::Timestamp;

use super::*;

const HERE: SiteToken = SiteToken([1; 16]);
const THERE: SiteToken = SiteToken([2; 16]);

fn now() -> Timestamp {
    Timestamp::parse("2027-06-15T12:00:00Z").unwrap()
}

fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::Verify,
        Operation::Status,
        Operation::Undo(Undo::Whatever),
    ];
    for removal in Removal::ALL {
        all.push(Operation::Remove(removal));
        all.push(Operation::Undo(Undo::Of(removal)));
    }
    all
}

/// Every case over the state of a pack: profile, request, what was found.
fn each(mut check: impl FnMut(&MarketProfile, &Request, &Holding, &Decision)) -> usize {
    let mut count = 0;
    let last = |site, hours: i64, repeats| LastChange {
        at: now().plus_seconds(-hours * 3600),
        site,
        repeats,
    };
    let histories = [
        None,
        Some(last(Some(HERE), 1, 0)),
        Some(last(Some(HERE), 240, 1)),
        Some(last(Some(HERE), 241, 9)),
        Some(last(Some(THERE), 1, 0)),
        Some(last(None, 1, 0)),
    ];
    for profile in profiles() {
        for operation in operations() {
            for actor in Actor::ALL {
                for dialect in [Dialect::Soap, Dialect::Rest] {
                    for state in PackState::ALL {
                        for last in histories {
                            for (product, batch, expiry) in [
                                (ProductState::Active, BatchState::Active, "280600"),
                                (ProductState::Active, BatchState::Active, "270614"),
                                (ProductState::Active, BatchState::Recalled, "280600"),
                                (ProductState::Withdrawn, BatchState::Active, "280600"),
                            ] {
                                let known = batch_of("L1", expiry, batch);
                                let holding = Holding {
                                    product,
                                    batch: Some(known),
                                    pack: Some(KnownPack {
                                        batch: known,
                                        state,
                                        last,
                                    }),
                                };
                                let request = Request {
                                    actor,
                                    dialect,
                                    ..request(operation, "L1", expiry)
                                };
                                let found = Found::Here(holding.clone());
                                let decision =
                                    decide(profile, &request, &found, &SiteHistory::CLEAN);
                                check(profile, &request, &holding, &decision);
                                count += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    count
}

fn batch_of(number: &str, expiry: &str, state: BatchState) -> KnownBatch {
    KnownBatch {
        number: number.parse().unwrap(),
        expiry: Expiry::parse(expiry, 2026).unwrap(),
        state,
    }
}

fn request(operation: Operation, batch: &str, expiry: &str) -> Request {
    Request {
        operation,
        submitted: Submitted {
            pack: PackKey {
                product: "04006381333931".parse().unwrap(),
                serial: "S1".parse().unwrap(),
            },
            batch: Some(batch.parse().unwrap()),
            expiry: Some(Expiry::parse(expiry, 2026).unwrap()),
        },
        entry: EntryMode::Scan,
        dialect: Dialect::Soap,
        actor: Actor::Pharmacy,
        site: HERE,
        at: now(),
        scale: Scale::Single,
        delivery: Delivery::Immediate,
    }
}

fn pack_of(holding: &Holding) -> &KnownPack {
    holding.pack.as_ref().unwrap()
}

/// URS-VF-001: looking changes nothing, in any state, and a known pack never alarms.
#[test]
fn looking_never_changes_and_never_alarms_about_a_known_pack() {
    let cases = each(|_, request, holding, decision| {
        if matches!(request.operation, Operation::Verify | Operation::Status) {
            assert_eq!(decision.write, Write::Nothing);
            assert_eq!(decision.state, Some(pack_of(holding).state));
            assert_eq!(decision.alarm.code(), None, "{request:?} {holding:?}");
            assert_eq!(decision.fact, None);
        }
    });
    assert_eq!(cases, 5 * 19 * 5 * 2 * 9 * 6 * 4);
}

/// URS-VF-005: destroyed and stolen stay, whoever asks however often.
#[test]
fn destroyed_and_stolen_never_change() {
    each(|_, request, holding, decision| {
        if matches!(
            pack_of(holding).state,
            PackState::Destroyed | PackState::Stolen
        ) {
            assert_eq!(
                decision.state.unwrap_or(pack_of(holding).state),
                pack_of(holding).state
            );
            assert!(
                !matches!(decision.write, Write::State { .. }),
                "{request:?}"
            );
        }
    });
}

/// URS-VF-008: under a recall, a withdrawal or an expiry no pack changes.
#[test]
fn nothing_changes_under_a_layer() {
    each(|_, request, _, decision| {
        if decision.layer.is_some() {
            assert!(
                !matches!(decision.write, Write::State { .. }),
                "{request:?}"
            );
        }
    });
}

/// URS-VF-004: every state change back is within the window, at the same site, of an undoable state; and nothing else is.
#[test]
fn an_undo_needs_site_window_and_state() {
    each(|profile, request, holding, decision| {
        let Operation::Undo(what) = request.operation else {
            return;
        };
        let pack = pack_of(holding);
        let undoable = Removal::to(pack.state).filter(|removal| {
            !matches!(removal, Removal::Destroy | Removal::Stolen)
                && (what == Undo::Whatever || what == Undo::Of(*removal))
        });
        let in_time = pack.last.is_some_and(|last| {
            pack.state == PackState::Locked || last.at >= request.at.plus_days(-10)
        });
        let here = pack.last.is_some_and(|last| last.site == Some(HERE));
        let permitted = match what {
            Undo::Of(removal) => profile.may(request.actor, removal),
            Undo::Whatever => true,
        };
        let expected =
            permitted && undoable.is_some() && in_time && here && decision.layer.is_none();
        assert_eq!(
            decision.outcome == Outcome::Ok,
            expected,
            "{request:?} {pack:?}"
        );
        assert_eq!(
            decision.state == Some(PackState::Active) && expected,
            expected
        );
    });
}

/// URS-VF-002: a pack leaves circulation once, and then an undo brings it back for whoever took it out.
#[test]
fn an_undo_restores_what_a_removal_did() {
    each(|profile, request, holding, decision| {
        let (Operation::Remove(removal), Write::State { from, to, last }) =
            (request.operation, decision.write)
        else {
            return;
        };
        assert_eq!((from, to), (PackState::Active, removal.state()));
        let after = KnownPack {
            state: to,
            last: Some(last),
            ..*pack_of(holding)
        };
        let back = Request {
            operation: Operation::Undo(Undo::Of(removal)),
            at: request.at.plus_days(10),
            ..request.clone()
        };
        let found = Found::Here(Holding {
            pack: Some(after),
            ..holding.clone()
        });
        let undone = decide(profile, &back, &found, &SiteHistory::CLEAN);
        let expected = match removal {
            Removal::Destroy | Removal::Stolen => Outcome::UndoIrreversible,
            _ => Outcome::Ok,
        };
        assert_eq!(undone.outcome, expected, "{removal:?}");
        let late = Request {
            at: Timestamp::from_micros(back.at.micros() + 1),
            ..back
        };
        let too_late = decide(profile, &late, &found, &SiteHistory::CLEAN).outcome;
        match removal {
            Removal::Destroy | Removal::Stolen => assert_eq!(too_late, Outcome::UndoIrreversible),
            Removal::Lock => assert_eq!(too_late, Outcome::Ok),
            _ => assert_eq!(too_late, Outcome::UndoTooLate),
        }
    });
}

/// URS-VF-003: so many silent repeats at the same site as the profile says, then an alert each time; elsewhere at once.
#[test]
fn repeats_are_tolerated_to_the_limit() {
    for profile in profiles() {
        for removal in [Removal::Supply, Removal::Destroy, Removal::Lock] {
            let mut pack = KnownPack {
                batch: batch_of("L1", "280600", BatchState::Active),
                state: PackState::Active,
                last: None,
            };
            let actor = Actor::Wholesaler;
            let mut alerts = Vec::new();
            for attempt in 1..=8 {
                let holding = Holding {
                    product: ProductState::Active,
                    batch: Some(pack.batch),
                    pack: Some(pack),
                };
                let asked = Request {
                    actor,
                    ..request(Operation::Remove(removal), "L1", "280600")
                };
                let found = Found::Here(holding);
                let elsewhere = Request {
                    site: THERE,
                    ..asked.clone()
                };
                if attempt > 1 {
                    let decision = decide(profile, &elsewhere, &found, &SiteHistory::CLEAN);
                    assert_eq!(decision.outcome, Outcome::AlreadyInactive);
                    assert_eq!(decision.alarm, Alarm::Raise(AlertCode::A24));
                }
                let decision = decide(profile, &asked, &found, &SiteHistory::CLEAN);
                match decision.write {
                    Write::State { to, last, .. } => {
                        pack.state = to;
                        pack.last = Some(last);
                    }
                    Write::Repeat { repeats } => {
                        pack.last.as_mut().unwrap().repeats = repeats;
                    }
                    Write::Nothing => panic!("attempt {attempt} was not counted"),
                }
                alerts.push(decision.alarm.code().is_some());
            }
            let silent = alerts.iter().position(|alert| *alert).unwrap();
            assert_eq!(
                silent as u32,
                1 + profile.repeats_tolerated,
                "{}",
                profile.name
            );
            assert!(alerts[silent..].iter().all(|alert| *alert));
        }
    }
}

/// URS-VF-007: all combinations of what is known and sent, each with its code; a mismatch never changes a state.
#[test]
fn mismatches_are_told_apart() {
    let profile = profile("EU").unwrap();
    let stored = batch_of("L1", "280600", BatchState::Active);
    let pack = KnownPack {
        batch: stored,
        state: PackState::Active,
        last: None,
    };
    let known = |batch, pack| {
        Found::Here(Holding {
            product: ProductState::Active,
            batch,
            pack,
        })
    };
    let cases = [
        (Found::Nowhere, "L1", "280600", "PRODUCT_UNKNOWN", None),
        (
            known(None, None),
            "L1",
            "280600",
            "BATCH_UNKNOWN",
            Some("A2"),
        ),
        (
            known(Some(stored), None),
            "L1",
            "280600",
            "SERIAL_UNKNOWN",
            Some("A3"),
        ),
        (
            known(None, Some(pack)),
            "L2",
            "280600",
            "BATCH_MISMATCH",
            Some("A68"),
        ),
        (
            known(Some(stored), Some(pack)),
            "L1",
            "280700",
            "EXPIRY_MISMATCH",
            Some("A52"),
        ),
        (known(Some(stored), Some(pack)), "L1", "280615", "OK", None),
        (
            Found::Unavailable,
            "L1",
            "280600",
            "SYSTEM_UNAVAILABLE",
            None,
        ),
    ];
    for operation in operations() {
        for (found, batch, expiry, word, alert) in &cases {
            let request = Request {
                actor: Actor::Wholesaler,
                ..request(operation, batch, expiry)
            };
            let decision = decide(profile, &request, found, &SiteHistory::CLEAN);
            if decision.outcome == Outcome::Forbidden
                || *word == "OK" && operation != Operation::Verify
            {
                continue;
            }
            assert_eq!(decision.word(), *word, "{operation:?}");
            assert_eq!(decision.write, Write::Nothing);
            let alert = alert.filter(|_| operation != Operation::Status);
            assert_eq!(
                decision.alarm.code().map(AlertCode::as_str),
                alert,
                "{operation:?}"
            );
        }
    }
}

/// URS-VF-010: typing errors are silent to the limit and counted beyond it; a scan is never taken for typing.
#[test]
fn typing_errors_are_tolerated_to_the_limit() {
    for profile in profiles() {
        let found = Found::Here(Holding {
            product: ProductState::Active,
            batch: Some(batch_of("L1", "280600", BatchState::Active)),
            pack: None,
        });
        for errors in 0..8 {
            let history = SiteHistory {
                typing_errors: errors,
                ..SiteHistory::CLEAN
            };
            let mut request = request(Operation::Verify, "L1", "280600");
            let scanned = decide(profile, &request, &found, &history);
            assert_eq!(scanned.alarm, Alarm::Raise(AlertCode::A3));
            request.entry = EntryMode::Manual;
            let typed = decide(profile, &request, &found, &history);
            let tolerated = errors < profile.typing_errors_tolerated;
            assert_eq!(
                typed.alarm.code().is_none(),
                tolerated,
                "{} {errors}",
                profile.name
            );
            assert_eq!(typed.typing, Typing::Errors(errors + 1));
        }
    }
}

/// URS-VF-006: the day before, the day of, the day after, in the market's own time, day 00 too.
#[test]
fn a_pack_expires_at_the_end_of_its_last_day() {
    for (profile, expiry, at, expired) in [
        ("DE", "270600", "2027-06-30T21:59:59Z", false),
        ("DE", "270600", "2027-06-30T22:00:00Z", true),
        ("UK", "270630", "2027-06-30T22:59:59Z", false),
        ("UK", "270630", "2027-06-30T23:00:00Z", true),
        ("EU", "270131", "2027-01-31T23:00:00Z", true),
    ] {
        let batch = batch_of("L1", expiry, BatchState::Active);
        let found = Found::Here(Holding {
            product: ProductState::Active,
            batch: Some(batch),
            pack: Some(KnownPack {
                batch,
                state: PackState::Active,
                last: None,
            }),
        });
        let profile = super::profile(profile).unwrap();
        let request = Request {
            at: Timestamp::parse(at).unwrap(),
            ..request(Operation::Remove(Removal::Supply), "L1", expiry)
        };
        let decision = decide(profile, &request, &found, &SiteHistory::CLEAN);
        assert_eq!(decision.outcome == Outcome::Expired, expired, "{at}");
        let alarms = expired && profile.name == "DE";
        assert_eq!(decision.alarm.code().is_some(), alarms, "{at}");
    }
}

/// URS-VF-013: a transaction that was answered before does nothing again.
#[test]
fn a_used_transaction_does_nothing() {
    let history = SiteHistory {
        transaction: Transaction::UsedBefore,
        ..SiteHistory::CLEAN
    };
    let profile = profile("EU").unwrap();
    for operation in operations() {
        let request = Request {
            actor: Actor::Wholesaler,
            ..request(operation, "L1", "280600")
        };
        let decision = decide(profile, &request, &Found::Nowhere, &history);
        if decision.outcome != Outcome::Forbidden {
            assert_eq!(decision.outcome, Outcome::DuplicateTransaction);
        }
        assert_eq!(
            (decision.write, decision.alarm.code()),
            (Write::Nothing, None)
        );
    }
}

/// URS-VF-012: what an outage delayed makes no alarm by coming again.
#[test]
fn a_late_repeat_from_the_queue_is_silent() {
    let batch = batch_of("L1", "280600", BatchState::Active);
    let found = Found::Here(Holding {
        product: ProductState::Active,
        batch: Some(batch),
        pack: Some(KnownPack {
            batch,
            state: PackState::Supplied,
            last: Some(LastChange {
                at: now(),
                site: Some(HERE),
                repeats: 7,
            }),
        }),
    });
    let late = Request {
        delivery: Delivery::Deferred,
        ..request(Operation::Remove(Removal::Supply), "L1", "280600")
    };
    let decision = decide(profile("DE").unwrap(), &late, &found, &SiteHistory::CLEAN);
    assert_eq!(decision.outcome, Outcome::RepeatTolerated);
    assert_eq!(decision.alarm, Alarm::Silent(Silence::ToleratedRepeat));
}
