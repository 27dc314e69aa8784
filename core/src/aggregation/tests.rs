//! The laws by example: each refusal with its code and place, and the stories of URS-AG-001 to URS-AG-006.

use crate::time::Timestamp;

use super::*;

/// A site that is told facts one after the other, a second apart.
#[derive(Default)]
struct Site {
    rules: Rules,
    ledger: Ledger,
    now: i64,
}

impl Site {
    /// Units 1 to 9, bundles 11 to 19, cases 21 to 29, pallets 31 to 39, shipments 41 to 49, containers 51 to 59.
    fn furnished() -> Self {
        let mut site = Site::default();
        for (level, first) in Level::ALL.into_iter().zip([1, 11, 21, 31, 41, 51]) {
            let nodes = (first..first + 9).map(NodeId).collect();
            let kind = Kind::of(level);
            site.holds(Act::Commission { nodes, kind });
        }
        site
    }

    fn tell(&mut self, act: Act) -> Arrival {
        self.now += 1;
        let at = Timestamp::from_micros(self.now * 1_000_000);
        self.hear([HierarchyFact::new(at, 1, 0, act)])
    }

    fn hear(&mut self, facts: impl IntoIterator<Item = HierarchyFact>) -> Arrival {
        let Ok(arrival) = arrive(&self.rules, &mut self.ledger, facts);
        arrival
    }

    #[track_caller]
    fn holds(&mut self, act: Act) {
        self.check(act, &[]);
    }

    /// Tells an act and compares its faults, as `code@item:node`.
    #[track_caller]
    fn check(&mut self, act: Act, expected: &[&str]) {
        let arrival = self.tell(act.clone());
        let faults = match arrival.parked.as_slice() {
            [key] => self.faults(*key),
            _ => Vec::new(),
        };
        assert_eq!(faults, expected, "{act:?}");
    }

    fn faults(&self, key: FactKey) -> Vec<String> {
        let parked = self.ledger.parked().find(|(fact, _)| fact.key() == key);
        let Ok(faults) = reasons(&self.ledger, parked.unwrap().1);
        faults
            .iter()
            .map(|fault| {
                let node = fault.node.map_or(0, |node| node.0);
                format!("{}@{}:{node}", fault.code(), fault.item)
            })
            .collect()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now * 1_000_000)
    }

    fn see(&self, id: u64) -> Whereabouts {
        let Ok(seen) = whereabouts(&self.ledger, NodeId(id), self.now());
        seen.unwrap()
    }

    fn children(&self, parent: u64, as_of: i64) -> Vec<u64> {
        let as_of = Timestamp::from_micros(as_of * 1_000_000);
        let Ok(page) = page(&self.ledger, NodeId(parent), as_of, None, 1_000);
        page.children.into_iter().map(|(id, _)| id.0).collect()
    }
}

fn ids(nodes: &[u64]) -> Vec<NodeId> {
    nodes.iter().copied().map(NodeId).collect()
}

fn pack(parent: u64, children: &[u64]) -> Act {
    Act::Pack {
        parent: NodeId(parent),
        children: ids(children),
    }
}

fn unpack(parent: u64, children: &[u64]) -> Act {
    Act::Unpack {
        parent: NodeId(parent),
        children: Children::These(ids(children)),
    }
}

fn empty_out(parent: u64) -> Act {
    Act::Unpack {
        parent: NodeId(parent),
        children: Children::All,
    }
}

fn carry(from: u64, to: u64, children: &[u64]) -> Act {
    Act::Move {
        from: NodeId(from),
        to: NodeId(to),
        children: ids(children),
    }
}

fn replace(old: u64, new: u64) -> Act {
    Act::Replace {
        old: NodeId(old),
        new: NodeId(new),
    }
}

fn step(step: Step, nodes: &[u64]) -> Act {
    let nodes = ids(nodes);
    Act::OfNodes { step, nodes }
}

fn commission(level: Level, goods: Option<(u32, u32)>, capacity: Option<u32>, node: u64) -> Act {
    let goods = goods.map(|(product, lot)| Goods { product, lot });
    let kind = Kind {
        level,
        goods,
        capacity,
    };
    let nodes = ids(&[node]);
    Act::Commission { nodes, kind }
}

/// URS-AG-001: five levels in, asked, and out again.
#[test]
fn five_levels_are_counted_and_found() {
    let mut site = Site::furnished();
    for (parent, children) in [(11, [1, 2]), (12, [3, 4]), (21, [11, 12]), (31, [21, 22])] {
        site.holds(pack(parent, &children));
    }
    site.holds(pack(41, &[31, 5]));
    let shipment = site.see(41).node.contents;
    assert_eq!(shipment.levels, [5, 2, 2, 1, 0, 0]);
    assert_eq!(shipment.distances, [2, 2, 2, 4]);
    let around: Vec<u64> = site.see(3).around.iter().map(|(id, _)| id.0).collect();
    assert_eq!(around, [12, 21, 31, 41]);
    let Ok(first) = page(&site.ledger, NodeId(41), site.now(), None, 1);
    let Ok(second) = page(&site.ledger, NodeId(41), site.now(), first.next_after, 1);
    let ids = [first.children[0].0.0, second.children[0].0.0];
    assert_eq!((ids, second.next_after), ([5, 31], None));
}

/// URS-AG-002.
#[test]
fn one_parent() {
    let mut site = Site::furnished();
    site.holds(pack(21, &[1, 2]));
    site.check(pack(22, &[1]), &["EPC-110@2:1"]);
    site.check(pack(21, &[2]), &["EPC-110@2:2"]);
    site.holds(unpack(21, &[1]));
    site.holds(pack(22, &[1]));
    assert_eq!(
        (site.children(21, site.now), site.children(22, site.now)),
        (vec![2], vec![1])
    );
}

/// URS-AG-003: every earlier composition stays.
#[test]
fn the_composition_of_any_moment_stays() {
    let mut site = Site::furnished();
    site.holds(pack(21, &[1, 2, 3, 4]));
    let packed = site.now;
    site.holds(unpack(21, &[1]));
    site.holds(carry(21, 22, &[2]));
    site.holds(replace(3, 5));
    site.holds(step(Step::Sample, &[4]));
    let repaired = site.now;
    site.holds(empty_out(21));
    site.holds(step(Step::Void, &[21]));
    assert_eq!(site.children(21, packed - 1), [0u64; 0]);
    assert_eq!(site.children(21, packed), [1, 2, 3, 4]);
    assert_eq!(site.children(21, packed + 1), [2, 3, 4]);
    assert_eq!(site.children(21, repaired), [5]);
    assert_eq!(site.children(22, repaired), [2]);
    assert_eq!(site.children(21, site.now), [0u64; 0]);
    assert_eq!(
        (site.see(4).life, site.see(21).life),
        (Life::Sampled, Life::Void)
    );
}

/// URS-AG-004: cycles of one to six containers, each packing told by a file of its own.
#[test]
fn no_container_is_inside_itself() {
    for length in 1..=6 {
        let mut site = Site::furnished();
        for outer in 52..51 + length {
            site.holds(pack(outer, &[outer - 1]));
        }
        let last = 50 + length;
        site.check(pack(51, &[last]), &[&format!("AGG-403@2:{last}")]);
    }
}

/// URS-AG-004: whichever of two files comes first, the later fact is the one that is parked.
#[test]
fn a_cycle_across_two_files() {
    let at = |seconds: i64| Timestamp::from_micros((1_000 + seconds) * 1_000_000);
    let facts = [
        HierarchyFact::new(at(1), 7, 0, pack(51, &[52])),
        HierarchyFact::new(at(2), 3, 0, pack(52, &[51])),
    ];
    for order in [[0, 1], [1, 0]] {
        let mut site = Site::furnished();
        for index in order {
            site.hear([facts[index].clone()]);
        }
        assert_eq!(site.faults(facts[1].key()), ["AGG-403@2:51"]);
        site.now += 2_000;
        assert_eq!(site.children(51, site.now), [52]);
    }
}

/// URS-AG-005: the whole is refused, with those that prevent it.
#[test]
fn what_is_done_to_a_container_is_done_to_all_in_it() {
    let mut site = Site::furnished();
    site.holds(pack(21, &[1, 2]));
    site.holds(pack(31, &[21, 3]));
    site.holds(step(Step::Decommission, &[2]));
    for refused in [Step::Ship, Step::Decommission, Step::Destroy] {
        site.check(step(refused, &[31]), &["AGG-409@1:2"]);
    }
    site.holds(unpack(21, &[2]));
    site.holds(step(Step::Ship, &[31]));
    let in_transit = Custody::InTransit(Rest::Held);
    assert_eq!(
        (site.see(1).custody, site.see(2).custody),
        (in_transit, Custody::AtRest(Rest::Held))
    );
    site.holds(step(Step::Destroy, &[31]));
    assert_eq!(site.see(1).life, Life::Destroyed);
    site.check(step(Step::Return, &[1]), &["EPC-115@1:1"]);
}

/// URS-AG-006.
#[test]
fn what_a_container_says_is_inferred_until_it_is_seen() {
    let mut site = Site::furnished();
    site.holds(pack(21, &[1, 2]));
    assert_eq!(site.see(1).evidence, Evidence::Observed);
    site.holds(step(Step::Ship, &[21]));
    site.holds(step(Step::Receive, &[21]));
    let inferred = Evidence::Inferred { from: NodeId(21) };
    assert_eq!(
        (site.see(1).evidence, site.see(2).evidence),
        (inferred, inferred)
    );
    site.holds(step(Step::Observe, &[1]));
    assert_eq!(
        (site.see(1).evidence, site.see(2).evidence),
        (Evidence::Observed, inferred)
    );
    assert_eq!(site.see(2).custody, Custody::AtRest(Rest::Received));
}

#[test]
fn existence_comes_first_and_ends_once() {
    let mut site = Site::furnished();
    site.check(pack(29, &[99]), &["EPC-111@2:99"]);
    site.check(commission(Level::Unit, None, None, 1), &["EPC-113@1:1"]);
    site.holds(step(Step::Destroy, &[1]));
    site.check(commission(Level::Unit, None, None, 1), &["EPC-115@1:1"]);
    site.check(pack(21, &[1]), &["EPC-115@2:1"]);
    site.check(step(Step::Decommission, &[1]), &["EPC-115@1:1"]);
    site.holds(step(Step::Sample, &[2]));
    site.holds(step(Step::Destroy, &[2]));
    site.holds(pack(22, &[3]));
    site.holds(step(Step::Decommission, &[22]));
    site.check(unpack(22, &[3]), &["EPC-115@1:22"]);
    site.holds(step(Step::Destroy, &[3]));
}

#[test]
fn level_order_reaches_through_containers() {
    let mut site = Site::furnished();
    site.check(pack(1, &[2]), &["EPC-112@2:2"]);
    site.check(pack(21, &[31]), &["EPC-112@2:31"]);
    site.check(pack(51, &[41]), &["EPC-112@2:41"]);
    site.holds(pack(51, &[31]));
    site.check(pack(21, &[51]), &["EPC-112@2:51"]);
    site.holds(pack(22, &[52]));
    site.check(pack(52, &[32]), &["EPC-112@2:32"]);
    site.holds(pack(23, &[24]));
}

#[test]
fn depth_has_a_limit() {
    let mut site = Site::furnished();
    site.rules.depth_max = 4;
    site.holds(pack(52, &[51]));
    site.holds(pack(54, &[53]));
    site.holds(pack(53, &[52]));
    site.check(pack(55, &[54]), &["AGG-404@2:54"]);
    site.check(pack(51, &[1]), &["AGG-404@2:1"]);
    let mut deep = Site::default();
    let nodes = (0..10_000).map(NodeId).collect();
    let kind = Kind::of(Level::Container);
    deep.holds(Act::Commission { nodes, kind });
    let held = (1..10_000).filter(|id| deep.tell(pack(id - 1, &[*id])).parked.is_empty());
    assert_eq!(held.count(), 9_999 - 9_999 / 16);
}

#[test]
fn goods_and_capacity() {
    let mut site = Site::default();
    site.holds(commission(Level::Case, Some((1, 7)), Some(2), 21));
    site.holds(commission(Level::Bundle, None, None, 11));
    for (unit, goods) in [
        (1, Some((1, 7))),
        (2, Some((1, 8))),
        (3, None),
        (4, Some((1, 7))),
    ] {
        site.holds(commission(Level::Unit, goods, None, unit));
    }
    site.check(pack(21, &[2]), &["AGG-410@2:2"]);
    site.check(pack(21, &[3]), &["AGG-410@2:3"]);
    site.holds(pack(21, &[1, 11]));
    assert_eq!(site.see(21).node.contents.filling(Some(2)), Filling::Full);
    site.check(pack(21, &[4]), &["AGG-411@1:21"]);
    site.check(pack(11, &[2]), &["AGG-410@2:2"]);
    site.holds(pack(11, &[4]));
    let goods = Goods { product: 1, lot: 7 };
    assert_eq!(site.see(21).node.contents.mixture(), Mixture::OneLot(goods));
}

#[test]
fn nothing_is_shipped_twice_or_repacked_on_its_way() {
    let mut site = Site::furnished();
    site.holds(pack(21, &[1, 2]));
    site.holds(pack(31, &[21]));
    site.check(step(Step::Ship, &[21]), &["AGG-407@1:21"]);
    site.check(step(Step::Receive, &[31]), &["AGG-406@1:31"]);
    site.check(step(Step::Return, &[1]), &["AGG-406@1:1"]);
    // A shipment that lists the content of its containers too.
    site.holds(step(Step::Ship, &[31, 21, 1, 2, 3]));
    site.check(step(Step::Ship, &[31]), &["AGG-405@1:31"]);
    site.check(pack(31, &[4]), &["AGG-402@1:31"]);
    site.check(unpack(21, &[1]), &["AGG-402@1:21"]);
    site.check(pack(22, &[3]), &["AGG-402@2:3"]);
    site.check(carry(21, 22, &[1]), &["AGG-402@1:21"]);
    site.check(replace(1, 5), &["AGG-402@1:1"]);
    site.holds(step(Step::VoidShipping, &[31]));
    site.holds(step(Step::Ship, &[31]));
    site.holds(step(Step::Receive, &[31]));
    site.holds(step(Step::Ship, &[31]));
    // One pack comes back alone: its case was opened.
    site.holds(step(Step::Return, &[1]));
    assert_eq!(site.see(1).custody, Custody::AtRest(Rest::Returned));
    assert_eq!(site.see(31).node.contents.on(Level::Unit), 1);
}

#[test]
fn void_and_replace() {
    let mut site = Site::furnished();
    site.holds(pack(21, &[1]));
    site.check(step(Step::Void, &[21, 2]), &["AGG-408@1:21", "AGG-412@2:2"]);
    site.check(replace(2, 3), &["EPC-114@1:2"]);
    site.check(replace(1, 11), &["AGG-413@2:11"]);
    site.check(unpack(22, &[1]), &["EPC-114@2:1"]);
    site.check(empty_out(22), &["EPC-114@1:22"]);
    site.check(carry(22, 21, &[1]), &["EPC-114@3:1"]);
    site.holds(step(Step::Decommission, &[1]));
    site.holds(replace(1, 2));
    assert_eq!(site.see(21).node.contents.ended, 0);
}

#[test]
fn what_a_fact_names() {
    let mut site = Site::furnished();
    site.check(pack(21, &[]), &["AGG-415@0:0"]);
    site.check(step(Step::Ship, &[1, 2, 1]), &["AGG-414@3:1"]);
    site.check(pack(51, &[51]), &["AGG-403@2:51"]);
    site.rules.named_max = 3;
    site.check(pack(21, &[1, 2, 3]), &["AGG-416@0:0"]);
}

#[test]
fn all_faults_are_told_at_once_in_sentences() {
    let mut site = Site::furnished();
    site.holds(pack(22, &[1]));
    site.holds(step(Step::Ship, &[3]));
    let arrival = site.tell(pack(21, &[1, 99, 31, 3, 4]));
    let parked = site
        .ledger
        .parked()
        .find(|(fact, _)| fact.key() == arrival.parked[0]);
    let name = |id: NodeId| format!("no. {}", id.0);
    let faults = parked.unwrap().1;
    let told: Vec<String> = faults
        .iter()
        .map(|fault| fault.refusal(name).to_string())
        .collect();
    assert_eq!(
        told,
        [
            "item 2: no. 1 already has parent no. 22; this adds it to no. 21 (EPC-110)",
            "item 3: no. 99 is not commissioned (EPC-111)",
            "item 4: level error: a case cannot contain a pallet (EPC-112)",
            "item 5: no. 3: 1 units have been shipped (AGG-402)",
        ]
    );
    let outlooks: Vec<Outlook> = faults.iter().map(Fault::outlook).collect();
    assert_eq!(
        outlooks
            .iter()
            .filter(|outlook| **outlook == Outlook::Waiting)
            .count(),
        1
    );
}

#[test]
fn facts_wait_for_their_ground() {
    let mut site = Site::default();
    let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
    let ship = HierarchyFact::new(at(30), 3, 0, step(Step::Ship, &[21]));
    let packing = HierarchyFact::new(at(20), 2, 0, pack(21, &[1]));
    let unit = HierarchyFact::new(at(20), 9, 0, commission(Level::Unit, None, None, 1));
    let case = HierarchyFact::new(at(10), 1, 1, commission(Level::Case, None, None, 21));
    site.hear([ship.clone(), packing.clone()]);
    assert_eq!(site.faults(packing.key()), ["EPC-111@1:21", "EPC-111@2:1"]);
    let second = site.hear([unit]);
    assert_eq!((second.applied.len(), second.released.len()), (1, 0));
    let third = site.hear([case.clone(), packing.clone()]);
    assert_eq!(third.released, [packing.key(), ship.key()]);
    assert_eq!(third.repeated, [packing.key()]);
    let forged = HierarchyFact::new(at(10), 1, 1, commission(Level::Pallet, None, None, 21));
    assert_eq!(site.hear([forged]).contested, [case.key()]);
    // The unit turns out to have been destroyed before it was packed.
    let destroyed = HierarchyFact::new(at(20), 1, 0, step(Step::Destroy, &[1]));
    assert_eq!(site.hear([destroyed]).revoked, [packing.key()]);
    assert_eq!(site.children(21, 100), [0u64; 0]);
}

/// A parent that was shipped before its child existed, and a packing dated before the commissioning.
#[test]
fn misdated_facts_stay_parked_with_their_reason() {
    let mut site = Site::furnished();
    site.holds(step(Step::Ship, &[21]));
    let early = Timestamp::from_micros(500_000);
    let packing = HierarchyFact::new(early, 5, 0, pack(22, &[1]));
    site.hear([packing.clone()]);
    assert_eq!(site.faults(packing.key()), ["EPC-103@1:22", "EPC-103@2:1"]);
    site.holds(commission(Level::Unit, None, None, 60));
    site.check(pack(21, &[60]), &["AGG-402@1:21"]);
}

/// What was declared wrong was never done; its text stays and is not judged again.
#[test]
fn what_is_withdrawn_was_never_done() {
    let mut site = Site::furnished();
    let pack = |parent, child| Act::Pack {
        parent: NodeId(parent),
        children: vec![NodeId(child)],
    };
    site.holds(pack(21, 1));
    let wrong = FactKey::of_numbers(site.now(), 1, 1, 0).unwrap();
    let arrival = site.tell(pack(22, 1));
    assert_eq!(arrival.parked.len(), 1);
    let Ok(told) = withdraw(&site.rules, &mut site.ledger, [wrong]);
    assert_eq!((told.released, told.revoked), (arrival.parked, Vec::new()));
    assert_eq!(site.see(1).node.parent, Some(NodeId(22)));
    let again = HierarchyFact::new(wrong.at, 1, 0, pack(21, 1));
    assert_eq!(site.hear([again]).repeated, [wrong]);
    assert_eq!(site.see(1).node.parent, Some(NodeId(22)));
}
