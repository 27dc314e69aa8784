//! Lots on both engines: kept as given, counted to the unit, listed with their differences, recalled once.

use packtwin_core::ids::LotNo;
use packtwin_core::lot::Completeness;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::store::lot_list::LotFilter;
use packtwin_tenants::store::message::{MessageContent, MessageState};
use packtwin_tenants::store::message_answer::MessageAnswer;
use packtwin_tenants::testing::for_each_engine;

use super::fixture::*;

const GTIN: &str = "04012345678901";

#[test]
fn a_lot_is_kept_as_it_was_given() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let first = lot(&scope, no, "A1");
        assert_eq!(
            lot(&scope, no, "a1"),
            LotNo(2),
            "batch numbers are told by case"
        );
        let again = try_change(&scope, |writer| writer.lot_create(&new_lot(no, "A1")));
        assert!(matches!(again, Err(StoreError::Taken)), "{again:?}");

        let batch = "A1".parse().unwrap();
        let record = read(&scope, |reader| reader.lot_find(no, &batch)).unwrap();
        let given = new_lot(no, "A1");
        assert_eq!(
            (record.no, record.batch, record.expiry),
            (first, given.batch, given.expiry)
        );
        assert_eq!(
            record.expiry.last_day(),
            day("2029-02-28"),
            "day 00 is kept as printed"
        );
        assert_eq!(record.manufactured, given.manufactured);
        assert_eq!(record.retention_until, given.retention_until);

        let enter = |packs, version| {
            change(&scope, |writer| {
                writer.lot_produced(no, first, Some(packs), version)
            })
        };
        assert!(enter(500, record.row_version));
        assert!(!enter(600, record.row_version), "someone was first");
        let release = |version| {
            let (on, until) = (day("2027-01-04"), day("2032-01-04"));
            change(&scope, |writer| {
                writer.lot_released(no, first, on, until, version)
            })
        };
        assert!(release(record.row_version + 1));
        let record = read(&scope, |reader| reader.lot_get(no, first)).unwrap();
        assert_eq!(
            (record.produced, record.released_on),
            (Some(500), Some(day("2027-01-04")))
        );
        assert_eq!(record.retention_until, day("2032-01-04"));
        assert_eq!(read(&scope, |reader| reader.product_lot_count(no, 1)), 2);
    });
}

/// URS-SN-009: exact to the unit, over loads, partial answers, refusals, unknown outcomes and what is sent again.
#[test]
fn the_four_numbers_count_every_pack_once() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (lot, upload) = (lot(&scope, no, "A1"), upload(&scope, "lot.csv"));
        let load = visible_load(&scope, no, lot, upload, &serials(0, 100));
        stored_load(&scope, no, lot, upload, &serials(200, 50));
        let check = |stored, sent, acknowledged| {
            let numbers = Completeness {
                produced: None,
                stored,
                sent,
                acknowledged,
            };
            assert_eq!(
                read(&scope, |reader| reader.lot_completeness(no, lot)),
                numbers
            );
        };
        check(100, 0, 0);

        let stretch = |first, count| {
            message(
                &scope,
                no,
                lot,
                MessageContent::Stretch { load, first, count },
            )
        };
        let leave = |id, to| {
            let from = [MessageState::Writing];
            assert!(change(&scope, |writer| writer.message_state(id, &from, to)));
        };
        let answer = |id, state, acknowledged_packs| {
            let answer = MessageAnswer {
                acknowledgement: "ack".to_owned(),
                acknowledged_at: None,
                acknowledged_packs,
                faults: "[]".to_owned(),
            };
            assert!(change(&scope, |writer| writer.message_answer(
                id,
                state,
                &answer,
                &[]
            )));
        };
        let (first, second) = (stretch(0, 60), stretch(60, 40));
        check(100, 0, 0);
        leave(first, MessageState::Waiting);
        leave(second, MessageState::Unknown);
        check(100, 100, 0);
        answer(first, MessageState::Partial, 55);
        check(100, 100, 55);
        answer(second, MessageState::Refused, 0);
        check(100, 60, 55);
        let list = MessageContent::List {
            sha256: hash(3),
            count: 5,
            load: Some(load),
            repeats: 5,
        };
        let (third, fourth) = (message(&scope, no, lot, list), stretch(60, 40));
        leave(third, MessageState::Waiting);
        leave(fourth, MessageState::Waiting);
        check(100, 100, 55);
        answer(third, MessageState::Accepted, 5);
        answer(fourth, MessageState::Accepted, 40);
        check(100, 100, 100);
    });
}

#[test]
fn lists_show_differences_and_go_on_where_they_stopped() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let other = product(&scope, "04012345678918");
        let upload = upload(&scope, "lot.csv");
        for (batch, place) in [("A1", 0), ("A2", 1), ("B_1", 2)] {
            let lot = lot(&scope, no, batch);
            let load = visible_load(&scope, no, lot, upload, &serials(place, 1));
            let whole = MessageContent::Stretch {
                load,
                first: 0,
                count: 1,
            };
            let message = message(&scope, no, lot, whole);
            let answer = MessageAnswer {
                acknowledgement: "ack".to_owned(),
                acknowledged_at: None,
                acknowledged_packs: 1,
                faults: "[]".to_owned(),
            };
            assert!(change(&scope, |writer| {
                let from = [MessageState::Writing];
                writer.message_state(message, &from, MessageState::Waiting)?;
                writer.message_answer(message, MessageState::Accepted, &answer, &[])
            }));
        }
        // A lot of which nothing is visible yet is in no list.
        let unseen = lot(&scope, no, "A3");
        stored_load(&scope, no, unseen, upload, &serials(3, 1));
        let odd = lot(&scope, other, "A1");
        visible_load(&scope, other, odd, upload, &serials(0, 10));
        change(&scope, |writer| {
            writer.lot_recall(other, odd, market("DE"), "mix-up", None)
        });

        let all = LotFilter::default;
        let mut batches = Vec::new();
        let mut after = None;
        loop {
            let page = read(&scope, |reader| reader.lot_list(&all(), after, 3));
            let Some(last) = page.last() else { break };
            after = Some(last.cursor());
            batches.extend(
                page.iter()
                    .map(|lot| (lot.lot.product.0, lot.lot.batch.to_string())),
            );
        }
        let expected = [(2, "A1"), (1, "B_1"), (1, "A2"), (1, "A1")];
        assert_eq!(
            batches,
            expected.map(|(product, batch)| (product, batch.to_owned()))
        );

        let count =
            |filter: LotFilter| read(&scope, |reader| reader.lot_list(&filter, None, 10)).len();
        assert_eq!(
            count(LotFilter {
                product: Some(no),
                ..all()
            }),
            3
        );
        assert_eq!(
            count(LotFilter {
                batch_text: Some("b_".to_owned()),
                ..all()
            }),
            1
        );
        assert_eq!(
            count(LotFilter {
                expiry_from: Some(day("2029-03-01")),
                ..all()
            }),
            0
        );
        assert_eq!(
            count(LotFilter {
                expiry_from: Some(day("2029-02-28")),
                ..all()
            }),
            4
        );
        assert_eq!(
            count(LotFilter {
                expiry_to: Some(day("2029-02-27")),
                ..all()
            }),
            0
        );
        assert_eq!(
            count(LotFilter {
                market: Some(market("FR")),
                ..all()
            }),
            4
        );
        assert_eq!(
            count(LotFilter {
                market: Some(market("IT")),
                ..all()
            }),
            0
        );
        let differing = LotFilter {
            difference_only: true,
            ..all()
        };
        let page = read(&scope, |reader| reader.lot_list(&differing, None, 10));
        assert_eq!(read(&scope, |reader| reader.lot_difference_count()), 1);
        let [only] = page.as_slice() else {
            panic!("{page:?}")
        };
        assert_eq!(
            (only.lot.no, only.product_code, only.recalled),
            (odd, code("04012345678918"), true)
        );
        assert_eq!(
            (only.product_name.as_str(), only.completeness.stored),
            ("Exemplar 10 mg", 10)
        );
    });
}

#[test]
fn a_recall_happens_once_a_market() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let lot = lot(&scope, no, "A1");
        let recall = |name: &str| {
            change(&scope, |writer| {
                writer.lot_recall(no, lot, market(name), "mix-up", None)
            })
        };
        assert_eq!(
            [recall("DE"), recall("DE"), recall("AT")],
            [true, false, true]
        );
        let recalls = read(&scope, |reader| reader.lot_recalls(no, lot));
        let markets: Vec<&str> = recalls
            .iter()
            .map(|(market, _, _)| market.as_str())
            .collect();
        assert_eq!(markets, ["AT", "DE"]);
    });
}
