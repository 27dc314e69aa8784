//! The hierarchy as people and programs look at it: where one thing is, what is in a container, page by page, as of any
//! moment (users.md 3.7, 3.8; URS-AG-003).

use packtwin_core::aggregation::{
    Custody, Evidence, FactKey, Fault, Filling, HierarchyFact, Level, Life, Mixture, Node, NodeId,
    page, whereabouts,
};
use packtwin_core::refusal::Refusal;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::scope::Reader;

use super::rules;
use crate::desk::Desk;
use crate::error::AppError;

/// One thing of a hierarchy with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its number.
    pub node: NodeId,
    /// Its name: GS1 elements in brackets.
    pub name: String,
    /// Its level.
    pub level: Level,
    /// Its own life.
    pub life: Life,
    /// Direct children.
    pub children: u64,
    /// Nodes inside by level, without levels of which there are none.
    pub counts: Vec<(Level, u64)>,
    /// What the units inside have in common.
    pub mixture: Mixture,
    /// How full it is.
    pub filling: Filling,
}

/// A thing in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The thing itself.
    pub own: Branch,
    /// Product code and batch, where they are known.
    pub goods: Option<(String, String)>,
    /// When it came into being.
    pub commissioned_at: Timestamp,
    /// The containers around it, the nearest first.
    pub around: Vec<Branch>,
    /// Its life, or the end of what it is in.
    pub life: Life,
    /// Where it is on its way.
    pub custody: Custody,
    /// Whether that is known of the thing itself; else the name of the container it is inferred from.
    pub inferred_from: Option<String>,
    /// As of when.
    pub as_of: Timestamp,
}

/// A fact that touched a thing, or waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where it stands among all facts.
    pub key: FactKey,
    /// What was done, in one word.
    pub act: &'static str,
    /// Why it does not hold; empty for one that does.
    pub faults: Vec<Refusal>,
    /// The event that told it: its identifier.
    pub event: Option<String>,
}

/// Finds what bears a name.
///
/// # Errors
/// Nothing ever bore it, or the caller may not know.
pub fn find_node(reader: &mut Reader<'_>, name: &str) -> Result<NodeId, AppError> {
    let found = reader.epc_find(&[name])?.pop().flatten();
    found.ok_or(AppError::NotFound)
}

/// A thing in its place as of a moment.
///
/// # Errors
/// There is nothing of this name, or it did not exist then.
pub fn container_view(
    desk: &Desk<'_>,
    name: &str,
    as_of: Timestamp,
) -> Result<Container, AppError> {
    desk.require(Permission::LotsRead)?;
    desk.scope().read(|reader| {
        let id = find_node(reader, name)?;
        let ground = reader.aggregation_ground();
        let place = whereabouts(&ground, id, as_of)?.ok_or(AppError::NotFound)?;
        let ids: Vec<NodeId> = place.around.iter().map(|(id, _)| *id).collect();
        let names = reader.epc_names(&ids)?;
        let name_of = |id: &NodeId| names.get(id).cloned().unwrap_or_default();
        let inferred_from = match place.evidence {
            Evidence::Observed => None,
            Evidence::Inferred { from } => Some(name_of(&from)),
        };
        let goods = match place.node.goods {
            Some(goods) => reader.goods_name(goods)?,
            None => None,
        };
        Ok(Container {
            goods,
            commissioned_at: place.node.commissioned_at,
            around: place
                .around
                .iter()
                .map(|(id, node)| branch(*id, name_of(id), node))
                .collect(),
            life: place.life,
            custody: place.custody,
            inferred_from,
            as_of,
            own: branch(id, name.to_owned(), &place.node),
        })
    })
}

/// A page of what is directly in a container, with the counts of each child, and where the next page begins.
///
/// # Errors
/// There is nothing of this name.
pub fn tree_page(
    desk: &Desk<'_>,
    name: &str,
    as_of: Timestamp,
    after: Option<NodeId>,
    limit: usize,
) -> Result<(Vec<Branch>, Option<NodeId>), AppError> {
    desk.require(Permission::LotsRead)?;
    desk.scope().read(|reader| {
        let id = find_node(reader, name)?;
        let page = page(&reader.aggregation_ground(), id, as_of, after, limit)?;
        let ids: Vec<NodeId> = page.children.iter().map(|(id, _)| *id).collect();
        let names = reader.epc_names(&ids)?;
        let children = page.children.iter().map(|(id, node)| {
            let name = names.get(id).cloned().unwrap_or_default();
            branch(*id, name, node)
        });
        Ok((children.collect(), page.next_after))
    })
}

/// Parked facts with their reasons, from a key on.
///
/// # Errors
/// The caller may not; the store failed.
pub fn parked_page(desk: &Desk<'_>, after: FactKey, limit: i64) -> Result<Vec<Step>, AppError> {
    desk.require(Permission::LotsRead)?;
    desk.scope().read(|reader| {
        let facts = reader.aggregation_parked_list(after, limit)?;
        facts.iter().map(|fact| parked_step(reader, fact)).collect()
    })
}

fn parked_step(reader: &mut Reader<'_>, fact: &HierarchyFact) -> Result<Step, AppError> {
    let faults = reader.aggregation_reasons(&rules(), fact.key())?;
    let (_, _, document, position) = fact.key().numbers();
    let event = reader.epcis_event_of_fact(document, position)?;
    Ok(Step {
        key: fact.key(),
        act: fact.act().as_str(),
        faults: named_faults(reader, &faults)?,
        event: event.map(|event| event.id),
    })
}

/// Faults with the names of what they are about.
pub(crate) fn named_faults(
    reader: &mut Reader<'_>,
    faults: &[Fault],
) -> Result<Vec<Refusal>, AppError> {
    use packtwin_core::aggregation::Breach;
    let mut ids: Vec<NodeId> = faults.iter().filter_map(|fault| fault.node).collect();
    for fault in faults {
        match fault.breach {
            Breach::TwoParents { parent, wanted } => ids.extend([parent, wanted]),
            Breach::AfterEnd {
                container: Some(id),
                ..
            }
            | Breach::NotInParent { claimed: Some(id) }
            | Breach::Cycle { parent: id }
            | Breach::ForeignGoods { container: id }
            | Breach::Inside { container: id }
            | Breach::ContentEnded { container: id } => ids.push(id),
            _ => {}
        }
    }
    ids.sort_unstable();
    ids.dedup();
    let names = reader.epc_names(&ids)?;
    let name = |id: NodeId| names.get(&id).cloned().unwrap_or_default();
    Ok(faults.iter().map(|fault| fault.refusal(name)).collect())
}

fn branch(node: NodeId, name: String, of: &Node) -> Branch {
    let contents = &of.contents;
    Branch {
        node,
        name,
        level: of.level,
        life: of.life,
        children: contents.children(),
        counts: contents
            .levels_inside()
            .map(|level| (level, contents.on(level)))
            .collect(),
        mixture: contents.mixture(),
        filling: contents.filling(of.capacity),
    }
}
