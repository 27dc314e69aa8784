//! Both dialects against every decision there is about a known pack: codes say of an alert what the decision says.

use packtwin_core::expiry::Expiry;
use packtwin_core::lot::BatchState;
use packtwin_core::pack::{PackKey, PackState};
use packtwin_core::product::ProductState;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::market_profile::SoapInterface;
use packtwin_core::verification::*;

use crate::rest::OperationCode;
use crate::rest::response::status;
use crate::soap::code::{SUCCESS, alert_of, code_of};

const HERE: SiteToken = SiteToken([1; 16]);
const THERE: SiteToken = SiteToken([2; 16]);

fn each(mut check: impl FnMut(&MarketProfile, &Request, &Decision)) {
    let at = Timestamp::parse("2027-06-15T12:00:00Z").unwrap();
    let last = |site, hours: i64, repeats| {
        let at = at.plus_seconds(-hours * 3600);
        Some(LastChange { at, site, repeats })
    };
    let pasts = [
        None,
        last(Some(HERE), 1, 0),
        last(Some(HERE), 1, 1),
        last(Some(HERE), 300, 9),
        last(Some(THERE), 1, 0),
    ];
    let mut operations = vec![Operation::Verify, Operation::Status];
    for removal in Removal::ALL {
        operations.extend([
            Operation::Remove(removal),
            Operation::Undo(Undo::Of(removal)),
        ]);
    }
    // A site that looks at the pack's own state first, too.
    let other_order = profile("DE")
        .unwrap()
        .with("layers_before_pack_state", "no");
    for profile in profiles().iter().chain(&[other_order.unwrap()]) {
        for dialect in [Dialect::Soap, Dialect::Rest] {
            for operation in operations.iter().copied() {
                for state in PackState::ALL {
                    for past in pasts {
                        for (product, batch, stored, sent) in [
                            (ProductState::Active, BatchState::Active, "280600", "280600"),
                            (ProductState::Active, BatchState::Active, "270614", "270614"),
                            (
                                ProductState::Active,
                                BatchState::Recalled,
                                "280600",
                                "280600",
                            ),
                            (
                                ProductState::Withdrawn,
                                BatchState::Active,
                                "280600",
                                "280600",
                            ),
                            (ProductState::Active, BatchState::Active, "280600", "290600"),
                        ] {
                            let expiry = |text| Expiry::parse(text, 2027).unwrap();
                            let known = KnownBatch {
                                number: "L1".parse().unwrap(),
                                expiry: expiry(stored),
                                state: batch,
                            };
                            let holding = Holding {
                                product,
                                batch: Some(known),
                                pack: Some(KnownPack {
                                    batch: known,
                                    state,
                                    last: past,
                                }),
                            };
                            let elsewhere = Found::Elsewhere {
                                holding: holding.clone(),
                                markets: Vec::new(),
                                asking: "ES".parse().unwrap(),
                            };
                            for found in [Found::Here(holding), elsewhere] {
                                let request = Request {
                                    operation,
                                    submitted: Submitted {
                                        pack: PackKey {
                                            product: "04006381333931".parse().unwrap(),
                                            serial: "S1".parse().unwrap(),
                                        },
                                        batch: Some("L1".parse().unwrap()),
                                        expiry: Some(expiry(sent)),
                                    },
                                    entry: EntryMode::Manual,
                                    dialect,
                                    actor: Actor::Wholesaler,
                                    site: HERE,
                                    at,
                                    scale: Scale::Single,
                                    delivery: Delivery::Immediate,
                                };
                                for typing_errors in [0, 9] {
                                    let history = SiteHistory {
                                        typing_errors,
                                        ..SiteHistory::CLEAN
                                    };
                                    check(
                                        profile,
                                        &request,
                                        &decide(profile, &request, &found, &history),
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// URS-VF-003, URS-VF-007: with a twin code nobody is alarmed, with its pair somebody is, by exactly the alert it stands for.
#[test]
fn a_code_tells_of_an_alert_what_the_decision_does() {
    each(|profile, request, decision| {
        if request.dialect != Dialect::Soap {
            return;
        }
        let operation = request.operation;
        let code = code_of(profile, SoapInterface::V5, operation, decision);
        let alarm = decision.alarm.code();
        // An undo too late or from elsewhere has no twin: there the profile alone decides.
        let twinless = ["NMVS_NC_PCK_20", "NMVS_NC_PCK_21"].contains(&code);
        match alert_of(code) {
            Some(alert) if !twinless => assert_eq!(alert, alarm, "{operation:?} {decision:?}"),
            Some(_) => {}
            None => assert_eq!(alarm, None, "{operation:?} {decision:?}"),
        }
        if code == SUCCESS {
            assert!(!decision.outcome.as_str().contains("MISMATCH"));
        }
    });
}

/// The status, the first digit and the warning digit of a REST answer never contradict each other or the decision.
#[test]
fn a_rest_answer_agrees_with_itself() {
    each(|_, request, decision| {
        let status = status(request.operation, decision);
        let Some(code) = OperationCode::of(request.operation, decision) else {
            assert_eq!(status, 403, "{decision:?}");
            return;
        };
        assert_eq!(OperationCode::parse(&code.to_string()), Some(code));
        let class = match status {
            200 => 1,
            404 => 4,
            409 => 5,
            other => panic!("{other} for {decision:?}"),
        };
        assert_eq!(code.class, class, "{decision:?}");
        if decision.alarm.code().is_some() {
            assert!(code.is_warning() && !code.is_success(), "{decision:?}");
        }
        if let Some(named) = code.pack_state() {
            assert_eq!(Some(named), decision.state, "{decision:?}");
        }
    });
}
