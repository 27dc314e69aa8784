//! Messages on both engines: they keep what they carry, are answered once, and facts are found by lot and pack.

use packtwin_core::fact::FactKind;
use packtwin_core::ids::LoadNo;
use packtwin_tenants::blob::Stored;
use packtwin_tenants::store::fact::NewFact;
use packtwin_tenants::store::message::{MessageContent, MessageFilter, MessageState};
use packtwin_tenants::store::message_answer::{MessageAnswer, NewAttempt, RefusedPack};
use packtwin_tenants::testing::{for_each_engine, now};

use super::fixture::*;

const GTIN: &str = "04012345678901";

fn taken(acknowledged_packs: u64) -> MessageAnswer {
    MessageAnswer {
        acknowledgement: "hub-7".to_owned(),
        acknowledged_at: Some(now()),
        acknowledged_packs,
        faults: "[]".to_owned(),
    }
}

#[test]
fn a_message_keeps_what_it_carries() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let lot = lot(&scope, no, "A1");
        let load = LoadNo(1);
        for content in [
            MessageContent::None,
            MessageContent::Stretch {
                load,
                first: 100,
                count: 50,
            },
            MessageContent::List {
                sha256: hash(9),
                count: 3,
                load: None,
                repeats: 0,
            },
            MessageContent::List {
                sha256: hash(9),
                count: 3,
                load: Some(load),
                repeats: 2,
            },
        ] {
            let id = message(&scope, no, lot, content);
            let record = read(&scope, |reader| reader.message_get(id)).unwrap();
            assert_eq!(
                (record.content, record.state),
                (content, MessageState::Writing)
            );
            assert_eq!(
                (record.event_at, record.sent_at),
                (now().plus_seconds(-60), None)
            );
            assert_eq!((record.document, record.answer), (None, None));
        }
        let stretches = read(&scope, |reader| reader.message_stretches_of_lot(no, lot));
        let [stretch] = stretches.as_slice() else {
            panic!("{stretches:?}")
        };
        assert_eq!(
            (stretch.load, stretch.first, stretch.count),
            (load, 100, 50)
        );
    });
}

/// URS-SN-006: an answer is taken once, while the message is out.
#[test]
fn a_message_goes_its_way_and_is_answered_once() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let lot = lot(&scope, no, "A1");
        let content = MessageContent::Stretch {
            load: LoadNo(1),
            first: 0,
            count: 10,
        };
        let id = message(&scope, no, lot, content);
        let document = Stored {
            sha256: hash(5),
            bytes: 1234,
        };
        let move_on = |from, to| change(&scope, |writer| writer.message_state(id, &[from], to));
        let refused = [
            (
                serial("B\"2"),
                "A42".to_owned(),
                "known, \"elsewhere\"".to_owned(),
            ),
            (serial("A1"), "A42".to_owned(), String::new()),
        ];
        let answer = |state, packs| {
            change(&scope, |writer| {
                writer.message_answer(id, state, &taken(packs), &refused)
            })
        };
        assert!(change(&scope, |writer| writer.message_document(id, &document)));
        assert!(move_on(MessageState::Writing, MessageState::Queued));
        assert!(
            !change(&scope, |writer| writer.message_document(id, &document)),
            "written"
        );
        assert!(!answer(MessageState::Accepted, 10), "it has not left");
        assert!(move_on(MessageState::Queued, MessageState::Sending));
        assert!(!move_on(MessageState::Queued, MessageState::Sending));
        let sent = |at| change(&scope, |writer| writer.message_sent(id, at));
        assert!(sent(now()));
        assert!(!sent(now().plus_seconds(5)), "the first time stays");
        assert!(answer(MessageState::Waiting, 0), "taken, judged later");
        assert!(answer(MessageState::Partial, 8));
        assert!(
            !answer(MessageState::Accepted, 10),
            "a callback that comes twice"
        );

        let record = read(&scope, |reader| reader.message_get(id)).unwrap();
        assert_eq!(
            (record.state, record.sent_at),
            (MessageState::Partial, Some(now()))
        );
        assert_eq!(
            (record.document, record.answer),
            (Some(document), Some(taken(8)))
        );
        let packs = |after: Option<&str>| -> Vec<RefusedPack> {
            let after = after.map(serial);
            read(&scope, |reader| {
                reader.message_refused_packs(id, after.as_ref(), 10)
            })
        };
        assert_eq!(packs(None).len(), 2);
        let [last] = packs(Some("A1")).try_into().unwrap();
        assert_eq!(
            (last.serial, last.text.as_str()),
            (serial("B\"2"), "known, \"elsewhere\"")
        );
    });
}

#[test]
fn attempts_are_added_and_counted() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let lot = lot(&scope, no, "A1");
        let id = message(&scope, no, lot, MessageContent::None);
        let add = |action, outcome, reply_sha256| {
            let attempt = NewAttempt {
                action,
                outcome,
                detail: "{}",
                reply_sha256,
            };
            change(&scope, |writer| writer.message_attempt_add(id, &attempt))
        };
        assert_eq!(add("sent", "timed_out", None), 1);
        assert_eq!(add("asked", "accepted", Some(hash(2))), 2);
        let attempts = read(&scope, |reader| reader.message_attempts(id));
        let told: Vec<(&str, &str)> = attempts
            .iter()
            .map(|attempt| (attempt.action.as_str(), attempt.outcome.as_str()))
            .collect();
        assert_eq!(told, [("sent", "timed_out"), ("asked", "accepted")]);
        assert_eq!(attempts[1].reply_sha256, Some(hash(2)));
    });
}

#[test]
fn lists_and_counts_see_the_same_messages() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (first, second) = (lot(&scope, no, "A1"), lot(&scope, no, "A2"));
        let ids: Vec<_> = [first, first, second]
            .map(|lot| message(&scope, no, lot, MessageContent::None))
            .into();
        let from = [MessageState::Writing];
        change(&scope, |writer| {
            writer.message_state(ids[0], &from, MessageState::Queued)
        });
        let count = |filter: MessageFilter| {
            read(&scope, |reader| reader.message_list(&filter, None, 10)).len()
        };
        let all = MessageFilter::default;
        assert_eq!(count(all()), 3);
        assert_eq!(
            count(MessageFilter {
                lot: Some(first),
                product: Some(no),
                ..all()
            }),
            2
        );
        assert_eq!(
            count(MessageFilter {
                state: Some(MessageState::Queued),
                ..all()
            }),
            1
        );
        assert_eq!(
            count(MessageFilter {
                kind: Some(FactKind::Recalled),
                ..all()
            }),
            0
        );
        assert_eq!(
            count(MessageFilter {
                connector: Some("epcis".to_owned()),
                ..all()
            }),
            0
        );
        let page = read(&scope, |reader| reader.message_list(&all(), None, 2));
        let before = (page[1].created_at, page[1].id);
        let rest = read(&scope, |reader| {
            reader.message_list(&all(), Some(before), 2)
        });
        assert_eq!(rest.len(), 1);
        let counts: Vec<_> = read(&scope, |reader| reader.message_counts())
            .into_iter()
            .map(|count| (count.state, count.messages, count.oldest_at))
            .collect();
        assert_eq!(
            counts,
            [
                (MessageState::Queued, 1, now()),
                (MessageState::Writing, 2, now())
            ]
        );
    });
}

/// URS-SN-010: the timeline of a pack is its facts, its lot's and its product's, and no other lot's.
#[test]
fn facts_are_found_by_lot_and_by_pack() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (lot, other) = (lot(&scope, no, "A1"), lot(&scope, no, "A2"));
        let upload = upload(&scope, "lot.csv");
        let packs = serials(0, 3);
        let load = visible_load(&scope, no, lot, upload, &packs);
        let record = |kind, lot, load, packs: &[_]| {
            let fact = NewFact {
                kind,
                product: no,
                lot,
                load,
                packs,
                at: now(),
                detail: "{}",
            };
            change(&scope, |writer| writer.fact_record(&fact))
        };
        let facts = [
            record(FactKind::Commissioned, Some(lot), Some(load), &[]),
            record(FactKind::StateChanged, Some(lot), None, &packs[1..]),
            record(FactKind::Recalled, Some(other), None, &[]),
            record(FactKind::Recalled, Some(lot), None, &[]),
            record(FactKind::Withdrawn, None, None, &[]),
            record(FactKind::ProductVersioned, None, None, &[]),
        ];
        assert_eq!(facts, [1, 2, 3, 4, 5, 6]);
        let of_lot = |after| -> Vec<i64> {
            let list = read(&scope, |reader| reader.fact_list_of_lot(no, lot, after, 10));
            list.iter().map(|fact| fact.no).collect()
        };
        assert_eq!((of_lot(0), of_lot(2)), (vec![1, 2, 4], vec![4]));
        let of_pack = |pack| -> Vec<i64> {
            let list = read(&scope, |reader| reader.fact_list_of_pack(no, pack));
            list.iter().map(|fact| fact.no).collect()
        };
        assert_eq!(of_pack(&packs[0]), [1, 4, 5]);
        assert_eq!(of_pack(&packs[2]), [1, 2, 4, 5]);
        assert_eq!(of_pack(&serial("unknown")), [] as [i64; 0]);
    });
}
