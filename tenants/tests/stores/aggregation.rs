//! Hierarchies in the store: the same as the ledger in memory, whatever the order of arrival (URS-AG-001 to URS-AG-005).

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use packtwin_core::aggregation::{
    Act, Arrival, Breach, Children, FactKey, Ground, HierarchyFact, Kind, Ledger, Level, NodeId,
    Rules, Step, arrive, page, whereabouts,
};
use packtwin_core::ids::TenantId;
use packtwin_core::time::Timestamp;
use packtwin_tenants::testing::{TestSite, for_each_engine};

use crate::fixture::{change, read};

/// Units 1 to 6, bundles 7 and 8, cases 9 and 10, a pallet 11.
const NODES: u64 = 11;

fn kind_of(id: u64) -> Kind {
    Kind::of(match id {
        1..=6 => Level::Unit,
        7..=8 => Level::Bundle,
        9..=10 => Level::Case,
        _ => Level::Pallet,
    })
}

fn some_nodes(most: usize) -> impl Strategy<Value = Vec<NodeId>> {
    proptest::collection::btree_set(1..=NODES, 1..=most)
        .prop_map(|nodes| nodes.into_iter().map(NodeId).collect())
}

fn acts() -> impl Strategy<Value = Act> {
    let container = || (7..=NODES).prop_map(NodeId);
    let steps = prop::sample::select(vec![
        Step::Ship,
        Step::Receive,
        Step::Return,
        Step::Sample,
        Step::Decommission,
        Step::Observe,
        Step::Void,
    ]);
    prop_oneof![
        8 => (container(), some_nodes(3)).prop_map(|(parent, children)| Act::Pack { parent, children }),
        2 => (container(), some_nodes(2)).prop_map(|(parent, these)| Act::Unpack {
            parent,
            children: Children::These(these),
        }),
        2 => container().prop_map(|parent| Act::Unpack { parent, children: Children::All }),
        2 => (container(), container(), some_nodes(2))
            .prop_map(|(from, to, children)| Act::Move { from, to, children }),
        1 => (1..=NODES, 1..=NODES)
            .prop_map(|(old, new)| Act::Replace { old: NodeId(old), new: NodeId(new) }),
        5 => (steps, some_nodes(2)).prop_map(|(step, nodes)| Act::OfNodes { step, nodes }),
    ]
}

/// Facts of a few documents, and the same in another order.
fn facts_and_order() -> impl Strategy<Value = (Vec<HierarchyFact>, Vec<HierarchyFact>)> {
    let later = proptest::collection::vec((0i64..20, 0u64..3, acts()), 5..35);
    let facts = later.prop_map(|later| {
        let births = (1..=NODES).map(|id| {
            let nodes = vec![NodeId(id)];
            let kind = kind_of(id);
            ((id as i64) % 7 - 3, 7, Act::Commission { nodes, kind })
        });
        births
            .chain(later)
            .zip(0..)
            .map(|((at, document, act), position)| {
                HierarchyFact::new(Timestamp::from_micros(at), document, position, act)
            })
            .collect::<Vec<_>>()
    });
    facts.prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle()))
}

fn store(site: &TestSite, tenant: TenantId, facts: &[HierarchyFact]) -> Arrival {
    let scope = site.scope_of(tenant);
    change(&scope, |writer| {
        writer.aggregation_hold()?;
        writer.aggregation_arrive(&Rules::default(), facts.to_vec())
    })
}

/// Every node as of every moment, every child, what is parked and why.
fn shown(site: &TestSite, tenant: TenantId) -> String {
    read(&site.scope_of(tenant), |reader| {
        let mut text = String::new();
        for at in (-4..24).step_by(4) {
            let at = Timestamp::from_micros(at);
            let ground = reader.aggregation_ground();
            for id in (1..=NODES).map(NodeId) {
                let whereabouts = whereabouts(&ground, id, at)?;
                let children = page(&ground, id, at, None, 100)?;
                text.push_str(&format!("{at:?} {id:?} {whereabouts:?} {children:?}\n"));
            }
        }
        for fact in reader.aggregation_parked_list(FactKey::FIRST, 1_000)? {
            let reasons = reader.aggregation_reasons(&Rules::default(), fact.key())?;
            text.push_str(&format!("{fact:?} {reasons:?}\n"));
        }
        Ok(text)
    })
}

#[test]
fn any_order_of_arrival_ends_alike() {
    for_each_engine(|site| {
        let mut runner = TestRunner::new(Config {
            cases: 16,
            failure_persistence: None,
            ..Config::default()
        });
        let numbers = std::cell::Cell::new(0);
        let outcome = runner.run(&facts_and_order(), |(facts, other)| {
            let tenant = |name: &str| {
                numbers.set(numbers.get() + 1);
                site.tenant(&format!("{name}{}", numbers.get()))
            };
            let (at_once, one_by_one) = (tenant("a"), tenant("b"));
            store(site, at_once, &facts);
            for part in other.chunks(3) {
                store(site, one_by_one, part);
            }
            prop_assert_eq!(shown(site, at_once), shown(site, one_by_one));

            let mut ledger = Ledger::default();
            let Ok(_) = arrive(&Rules::default(), &mut ledger, facts);
            let parked: Vec<FactKey> = ledger.parked().map(|(fact, _)| fact.key()).collect();
            let stored = read(&site.scope_of(at_once), |reader| {
                for id in (1..=NODES).map(NodeId) {
                    let node = reader.aggregation_ground().nodes(&[id], FactKey::LAST)?;
                    assert_eq!(
                        node,
                        [ledger.standing(id, FactKey::LAST).cloned()],
                        "{id:?}"
                    );
                }
                reader.aggregation_parked_list(FactKey::FIRST, 1_000)
            });
            let stored: Vec<FactKey> = stored.iter().map(HierarchyFact::key).collect();
            prop_assert_eq!(stored, parked);
            Ok(())
        });
        assert_eq!(outcome, Ok(()), "{}", site.engine_name());
    });
}

fn commission(ids: std::ops::RangeInclusive<u64>, level: Level) -> Act {
    Act::Commission {
        nodes: ids.map(NodeId).collect(),
        kind: Kind::of(level),
    }
}

fn at(micros: i64, position: u32, act: Act) -> HierarchyFact {
    HierarchyFact::new(Timestamp::from_micros(micros), 1, position, act)
}

/// A pallet of 10,000 packs is shipped by one row, and what ended keeps the whole from going (URS-AG-005).
#[test]
fn a_pallet_of_ten_thousand_moves_as_one_act() {
    for_each_engine(|site| {
        let tenant = site.tenant("alder");
        let pallet = NodeId(20_000);
        let cases = 10_001..=10_100u64;
        let mut facts = vec![
            at(0, 0, commission(1..=10_000, Level::Unit)),
            at(0, 1, commission(cases.clone(), Level::Case)),
            at(0, 2, commission(20_000..=20_000, Level::Pallet)),
        ];
        facts.extend(cases.clone().map(|case| {
            let first = (case - 10_001) * 100 + 1;
            let children = (first..first + 100).map(NodeId).collect();
            let parent = NodeId(case);
            at(1, case as u32, Act::Pack { parent, children })
        }));
        let children = cases.map(NodeId).collect();
        facts.push(at(
            2,
            0,
            Act::Pack {
                parent: pallet,
                children,
            },
        ));
        let arrival = store(site, tenant, &facts);
        assert_eq!(arrival.applied.len(), facts.len());
        let rows = format!(
            "SELECT count(*) AS number FROM aggregation_standing WHERE tenant_id = {tenant}"
        );
        let before = site.number_as_owner(&rows);
        let ship = |at_micros, step| {
            let nodes = vec![pallet];
            at(at_micros, 0, Act::OfNodes { step, nodes })
        };
        assert_eq!(store(site, tenant, &[ship(3, Step::Ship)]).applied.len(), 1);
        assert_eq!(site.number_as_owner(&rows), before + 1);
        read(&site.scope_of(tenant), |reader| {
            let ground = reader.aggregation_ground();
            let node = ground.nodes(&[pallet], FactKey::LAST)?.pop().flatten();
            let contents = node.unwrap().contents;
            assert_eq!(
                (contents.children(), contents.on(Level::Unit)),
                (100, 10_000)
            );
            let second = page(
                &ground,
                pallet,
                Timestamp::from_micros(9),
                Some(NodeId(10_050)),
                10,
            )?;
            assert_eq!(second.children.len(), 10);
            assert_eq!(second.next_after, Some(NodeId(10_060)));
            Ok(())
        });

        let nodes = vec![NodeId(77)];
        let back = [
            ship(4, Step::Receive),
            at(
                5,
                0,
                Act::OfNodes {
                    step: Step::Destroy,
                    nodes,
                },
            ),
            ship(6, Step::Ship),
        ];
        let arrival = store(site, tenant, &back);
        assert_eq!(arrival.parked, [back[2].key()]);
        let reasons = read(&site.scope_of(tenant), |reader| {
            reader.aggregation_reasons(&Rules::default(), back[2].key())
        });
        assert_eq!(reasons.len(), 1);
        assert_eq!(reasons[0].node, Some(NodeId(77)));
        assert_eq!(
            reasons[0].breach,
            Breach::ContentEnded { container: pallet }
        );
    });
}

#[test]
fn names_get_numbers_once() {
    for_each_engine(|site| {
        let tenant = site.tenant("alder");
        let scope = site.scope_of(tenant);
        let first = change(&scope, |writer| {
            writer.epc_number(&["b", "a", "b", "c\"\\ü"])
        });
        assert_eq!(first, [1, 2, 1, 3].map(NodeId));
        let second = change(&scope, |writer| writer.epc_number(&["d", "a"]));
        assert_eq!(second, [4, 2].map(NodeId));
        let (found, names, listed, goods) = change(&scope, |writer| {
            let goods = writer.goods_number("04012345000015", "L1")?;
            assert_eq!(writer.goods_number("04012345000015", "L1")?, goods);
            assert_ne!(writer.goods_number("04012345000015", "L2")?.lot, goods.lot);
            Ok((
                writer.epc_find(&["c\"\\ü", "x"])?,
                writer.epc_names(&[NodeId(3), NodeId(9)])?,
                writer.epc_list("", "a", 2)?,
                writer.goods_name(goods)?,
            ))
        });
        assert_eq!(found, [Some(NodeId(3)), None]);
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            [(NodeId(3), "c\"\\ü".to_owned())]
        );
        assert_eq!(
            listed,
            [
                (NodeId(1), "b".to_owned()),
                (NodeId(3), "c\"\\ü".to_owned())
            ]
        );
        assert_eq!(goods, Some(("04012345000015".to_owned(), "L1".to_owned())));
    });
}
