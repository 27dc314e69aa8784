//! Packs that road 1 stored are commissioned: the hierarchy stands on them.
//!
//! A pack that an event names, and that lies in a visible load, gets a commissioning fact of the house itself, dated to the
//! day on which its lot was made, or to the beginning of 1970 where nobody said when; so an event that was written before the
//! upload still has its ground. A load that becomes visible after the events brings the same facts for the packs that were
//! named before, and what waited for them is released. An event that commissions such a pack with the same lot says nothing
//! new and becomes no fact of its own.

use std::collections::{BTreeMap, HashMap};

use packtwin_core::aggregation::{Act, FactKey, Goods, Ground, HierarchyFact, Kind, Level, NodeId};
use packtwin_core::ids::ProductNo;
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_epcis::epc_name::{Thing, pack_names_begin, thing_of};
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::scope::{Reader, Writer};
use packtwin_tenants::store::job::NewJob;
use packtwin_tenants::store::load::LoadState;

use super::rules;
use crate::error::AppError;
use crate::job::{JobDesk, JobEnd, counted};

/// The kind of the job that brings packs of a product to events that named them before.
pub const GROUND_JOB: &str = "aggregation.ground";

/// The document of facts that no document told.
const NO_DOCUMENT: u64 = 0;
/// Names looked at in one change.
const NAMES_PER_CHANGE: i64 = 5_000;

/// What road 1 knows of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoadOne {
    /// Product and lot.
    pub(crate) goods: Goods,
    /// When it came into being, as far as known.
    pub(crate) at: Timestamp,
}

/// Which of these names are packs of visible loads.
pub(crate) fn packs_of_road_one<'n>(
    writer: &mut Writer<'_>,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<HashMap<&'n str, RoadOne>, AppError> {
    let mut by_product: BTreeMap<_, Vec<(Serial, &'n str)>> = BTreeMap::new();
    for name in names {
        let thing = thing_of(name);
        if let (Thing::Item(gtin, serial), Level::Unit) = (thing, thing.level()) {
            by_product.entry(gtin).or_default().push((serial, name));
        }
    }
    let mut found = HashMap::new();
    for (gtin, packs) in by_product {
        let code = ProductCode::Gtin(gtin);
        let Some(product) = writer.product_find(&code)? else {
            continue;
        };
        let serials: Vec<Serial> = packs.iter().map(|(serial, _)| *serial).collect();
        let loads: HashMap<Serial, _> = writer
            .pack_existing(product.no, &serials)?
            .into_iter()
            .collect();
        let mut known = HashMap::new();
        for (serial, name) in packs {
            let Some(load) = loads.get(&serial).copied() else {
                continue;
            };
            let goods = match known.get(&load) {
                Some(goods) => *goods,
                None => {
                    let goods = load_goods(writer, product.no, gtin.as_str(), load)?;
                    known.insert(load, goods);
                    goods
                }
            };
            if let Some(goods) = goods {
                found.insert(name, goods);
            }
        }
    }
    Ok(found)
}

/// Product and lot of a visible load.
fn load_goods(
    writer: &mut Writer<'_>,
    product: ProductNo,
    gtin: &str,
    load: packtwin_core::ids::LoadNo,
) -> Result<Option<RoadOne>, AppError> {
    let visible = writer
        .load_get(product, load)?
        .filter(|load| load.state == LoadState::Visible);
    let Some(lot) = visible
        .map(|load| writer.lot_get(product, load.lot))
        .transpose()?
        .flatten()
    else {
        return Ok(None);
    };
    let at = lot
        .manufactured
        .map_or(Timestamp::from_micros(0), Timestamp::start_of_day);
    let goods = writer.goods_number(gtin, lot.batch.as_str())?;
    Ok(Some(RoadOne { goods, at }))
}

/// The commissioning facts of packs that are in no fact yet.
pub(crate) fn ground_facts(
    writer: &mut Writer<'_>,
    packs: &[(NodeId, RoadOne)],
) -> Result<Vec<HierarchyFact>, AppError> {
    let ids: Vec<NodeId> = packs.iter().map(|(id, _)| *id).collect();
    let known = writer.aggregation_ground().nodes(&ids, FactKey::LAST)?;
    let mut groups: BTreeMap<(Timestamp, Goods), Vec<NodeId>> = BTreeMap::new();
    for ((id, pack), known) in packs.iter().zip(known) {
        if known.is_none() {
            let group = groups.entry((pack.at, pack.goods)).or_default();
            group.push(*id);
        }
    }
    let fact = |((at, goods), mut nodes): ((Timestamp, Goods), Vec<NodeId>)| {
        nodes.sort_unstable();
        nodes.dedup();
        // A pack gets its ground once, so that its number tells facts of one moment apart.
        let position = nodes.first().map_or(0, |first| first.0 as u32);
        let kind = Kind {
            goods: Some(goods),
            ..Kind::of(Level::Unit)
        };
        HierarchyFact::new(at, NO_DOCUMENT, position, Act::Commission { nodes, kind })
    };
    Ok(groups.into_iter().map(fact).collect())
}

/// Queues the bringing of a product's packs to the events that named them, where there are any.
///
/// # Errors
/// The store failed.
pub fn queue_ground(writer: &mut Writer<'_>, code: &ProductCode) -> Result<(), AppError> {
    let ProductCode::Gtin(gtin) = code else {
        return Ok(());
    };
    if writer.epc_list(&pack_names_begin(gtin), "", 1)?.is_empty() {
        return Ok(());
    }
    writer.job_create(&NewJob {
        kind: GROUND_JOB,
        object: gtin.as_str(),
        input: "{}",
        total: 0,
        unit: "packs",
    })?;
    Ok(())
}

/// Brings the packs of the product that the job names to the events that named them before.
///
/// # Errors
/// The store failed; the job is tried again by whoever claims it next.
pub fn run_ground(desk: &JobDesk<'_>) -> Result<JobEnd, AppError> {
    let gtin = packtwin_core::gtin::Gtin::parse(desk.object()).map_err(|_| AppError::NotFound)?;
    let prefix = pack_names_begin(&gtin);
    let (mut after, mut seen, mut brought, mut released) = (String::new(), 0, 0, 0);
    loop {
        let begin = after.clone();
        let page = desk.scope().read(|reader| named(reader, &prefix, &begin))?;
        let Some((_, last)) = page.last() else {
            break;
        };
        after.clone_from(last);
        seen += page.len() as u64;
        let told = desk.scope().change(desk.now(), |writer| {
            if !desk.progress_within(writer, seen)? {
                return Err(AppError::Stale);
            }
            writer.aggregation_hold()?;
            let names = page.iter().map(|(_, name)| name.as_str());
            let found = packs_of_road_one(writer, names)?;
            let packs: Vec<(NodeId, RoadOne)> = page
                .iter()
                .filter_map(|(id, name)| Some((*id, *found.get(name.as_str())?)))
                .collect();
            let facts = ground_facts(writer, &packs)?;
            let count: u64 = facts
                .iter()
                .map(|fact| fact.act().named().count() as u64)
                .sum();
            let arrival = writer.aggregation_arrive(&rules(), facts)?;
            let told = (count, arrival.released.len() as u64);
            let detail = serde_json::json!({ "packs": told.0, "released": told.1 });
            let note = AuditNote::new("aggregation.grounded", format!("product {gtin}"));
            Ok(note.detail(detail).returning(told))
        });
        match told {
            Ok((count, facts)) => (brought, released) = (brought + count, released + facts),
            Err(AppError::Stale) if !desk.is_lost() => return Ok(JobEnd::Cancelled),
            Err(error) => return Err(error),
        }
    }
    Ok(JobEnd::done(format!(
        "{} known to events; {} released",
        counted(brought, "pack"),
        counted(released, "parked fact")
    )))
}

fn named(
    reader: &mut Reader<'_>,
    prefix: &str,
    after: &str,
) -> Result<Vec<(NodeId, String)>, AppError> {
    Ok(reader.epc_list(prefix, after, NAMES_PER_CHANGE)?)
}
