//! How fast a hierarchy grows, moves and opens: `cargo run -p packtwin-core --example hierarchy_pages [PACKS]`.
//!
//! Packs in bundles of 10, cases of 10 bundles, pallets of 100 cases (10,000 packs), one shipment; in memory. Prints what
//! each step took, then what a reader waits for: pages of the tree, and a pallet that moves, is shipped and is received as one act.
#![allow(clippy::print_stdout, reason = "this is a program that prints")]

use std::convert::Infallible;
use std::time::{Duration, Instant};

use packtwin_core::aggregation::{
    Act, Arrival, Evidence, FactKey, Goods, Ground, HierarchyFact, Kind, Ledger, Level, NodeId,
    Rules, Step, arrive, page, whereabouts,
};
use packtwin_core::time::Timestamp;

/// Levels with how many of them go into one of the next.
const LEVELS: [(Level, u64); 4] = [
    (Level::Unit, 10),
    (Level::Bundle, 10),
    (Level::Case, 100),
    (Level::Pallet, u64::MAX),
];
/// Nodes of a level begin at its number times this.
const STRIDE: u64 = 1 << 40;
/// Rows of a page.
const PAGE: usize = 100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let packs: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(100_000), |text| text.parse())?;
    let facts = facts(packs.max(1));
    let named: usize = facts.iter().map(|fact| fact.act().named().count()).sum();
    let count = facts.len();
    let mut site = Ledger::default();
    let (arrival, took) = timed(|| arrive(&Rules::default(), &mut site, facts.clone()))?;
    hold(&arrival, count)?;
    println!(
        "{packs} packs: {count} facts naming {named} nodes in {took:.2?}, {:.0} nodes/s",
        named as f64 / took.as_secs_f64()
    );
    let mut late = Ledger::default();
    let files = facts.len().div_ceil(8);
    let (outcome, took) = timed(|| {
        facts
            .chunks(files)
            .rev()
            .try_fold(Arrival::default(), |mut all, file| {
                let arrival = arrive(&Rules::default(), &mut late, file.to_vec())?;
                all.applied.extend(arrival.applied);
                all.released.extend(arrival.released);
                all.parked.extend(arrival.parked);
                Ok::<_, Infallible>(all)
            })
    })?;
    println!(
        "the same in 8 files, the last first: {took:.2?}, {} facts parked and later released, {} parked at the end",
        outcome.released.len(),
        late.parked().count()
    );
    read_pages(&site)?;
    move_as_one(&mut site)
}

fn read_pages(site: &Ledger) -> Result<(), Infallible> {
    let now = Timestamp::from_micros(i64::MAX);
    let shipment = node(Level::Shipment, 0);
    let (seen, took) = timed(|| whereabouts(site, shipment, now))?;
    let levels = seen.map(|seen| seen.node.contents.levels);
    println!("counts per level of the shipment {levels:?}: {took:.1?}");
    for parent in [shipment, node(Level::Pallet, 0), node(Level::Case, 0)] {
        let (first, took) = timed(|| page(site, parent, now, None, PAGE))?;
        println!("page of {} children: {took:.1?}", first.children.len());
    }
    let (found, took) = timed(|| whereabouts(site, node(Level::Unit, 0), now))?;
    let depth = found.map_or(0, |found| found.around.len());
    println!("one pack with the {depth} containers around it: {took:.1?}");
    let early = Timestamp::from_micros(3);
    let (then, took) = timed(|| page(site, node(Level::Case, 0), early, None, PAGE))?;
    println!(
        "page of {} children as of an earlier moment: {took:.1?}",
        then.children.len()
    );
    Ok(())
}

fn move_as_one(site: &mut Ledger) -> Result<(), Box<dyn std::error::Error>> {
    let pallet = node(Level::Pallet, 0);
    let shipment = node(Level::Shipment, 0);
    let other = node(Level::Shipment, 1);
    let outermost = |step| Act::OfNodes {
        step,
        nodes: vec![other],
    };
    let acts = [
        Act::Commission {
            nodes: vec![other],
            kind: Kind::of(Level::Shipment),
        },
        Act::Move {
            from: shipment,
            to: other,
            children: vec![pallet],
        },
        outermost(Step::Ship),
        outermost(Step::Receive),
    ];
    for (act, at) in acts.into_iter().zip(1_000_000..) {
        let word = act.as_str();
        let fact = HierarchyFact::new(Timestamp::from_micros(at), 2, 0, act);
        let (arrival, took) = timed(|| arrive(&Rules::default(), site, [fact]))?;
        hold(&arrival, 1)?;
        println!("{word}: {took:.1?}");
    }
    let Some(seen) = whereabouts(site, node(Level::Unit, 0), Timestamp::from_micros(i64::MAX))?
    else {
        return Err("the first pack exists".into());
    };
    let inferred = seen.evidence == Evidence::Inferred { from: other };
    println!(
        "a pack of it is {}, inferred from the shipment: {inferred}",
        seen.custody.as_str()
    );
    let standing = site.nodes(&[other], FactKey::LAST)?.pop().flatten();
    let packs = standing.map_or(0, |node| node.contents.on(Level::Unit));
    println!("packs that went as one act: {packs}");
    Ok(())
}

fn facts(packs: u64) -> Vec<HierarchyFact> {
    let mut acts = Vec::new();
    let mut count = packs;
    for (level, into) in LEVELS {
        let goods = (level == Level::Unit).then_some(Goods { product: 1, lot: 1 });
        let kind = Kind {
            goods,
            ..Kind::of(level)
        };
        let all: Vec<u64> = (0..count).collect();
        for nodes in all.chunks(10_000) {
            let nodes = nodes.iter().map(|number| node(level, *number)).collect();
            acts.push((1, Act::Commission { nodes, kind }));
        }
        count = count.div_ceil(into.min(count));
    }
    let kind = Kind::of(Level::Shipment);
    let nodes = vec![node(Level::Shipment, 0)];
    acts.push((1, Act::Commission { nodes, kind }));
    let mut count = packs;
    let above = [Level::Bundle, Level::Case, Level::Pallet, Level::Shipment];
    for (((level, into), parent_level), at) in LEVELS.into_iter().zip(above).zip(2..) {
        let all: Vec<NodeId> = (0..count).map(|number| node(level, number)).collect();
        let size = usize::try_from(into).unwrap_or(usize::MAX);
        for (number, children) in (0..).zip(all.chunks(size)) {
            let parent = node(parent_level, number);
            let children = children.to_vec();
            acts.push((at, Act::Pack { parent, children }));
        }
        count = count.div_ceil(into.min(count));
    }
    let told = acts.into_iter().zip(0..);
    told.map(|((at, act), position)| {
        HierarchyFact::new(Timestamp::from_micros(at), 1, position, act)
    })
    .collect()
}

fn node(level: Level, number: u64) -> NodeId {
    NodeId(level.number() as u64 * STRIDE + number)
}

fn hold(arrival: &Arrival, count: usize) -> Result<(), String> {
    match arrival.applied.len() == count {
        true => Ok(()),
        false => Err(format!("{} facts are parked", arrival.parked.len())),
    }
}

fn timed<T, E>(run: impl FnOnce() -> Result<T, E>) -> Result<(T, Duration), E> {
    let began = Instant::now();
    let made = run()?;
    Ok((made, began.elapsed()))
}
