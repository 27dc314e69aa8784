//! Drivers of hierarchies: facts, nodes and their names.
//!
//! Numbers of nodes are small and the same for everyone, so tenant A has nothing here. Methods that make new rows come last.

use packtwin_core::aggregation::{
    Act, FactKey, Goods, Ground, HierarchyFact, Kind, Level, NodeId, Rules, Step,
};
use packtwin_core::ids::TenantId;
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::testing::{TestSite, now};

use crate::{MARKER, drivers};

/// What tenant B has.
pub struct World {
    named: NodeId,
    goods: Goods,
    born: FactKey,
    parked: FactKey,
}

/// Gives tenant B a node with a name, a fact that holds and one that is parked.
pub fn plant(site: &TestSite, tenant: TenantId) -> World {
    let all = site.scope_of(tenant).change(now(), |writer| {
        let named = writer.epc_number(&["one", "two", MARKER])?[2];
        writer.goods_number("other", "L1")?;
        let goods = writer.goods_number(MARKER, MARKER)?;
        let (birth, pack) = (birth(named), pack(named));
        let (born, parked) = (birth.key(), pack.key());
        writer.aggregation_arrive(&Rules::default(), vec![birth, pack, seen(named)])?;
        let world = World {
            named,
            goods,
            born,
            parked,
        };
        Ok::<_, StoreError>(AuditNote::new("test.planted", MARKER).returning(world))
    });
    all.expect("the rows are new")
}

fn birth(node: NodeId) -> HierarchyFact {
    let act = Act::Commission {
        nodes: vec![node],
        kind: Kind::of(Level::Case),
    };
    HierarchyFact::new(Timestamp::from_micros(5), 1, 1, act)
}

fn seen(node: NodeId) -> HierarchyFact {
    let act = Act::OfNodes {
        step: Step::Observe,
        nodes: vec![node],
    };
    HierarchyFact::new(Timestamp::from_micros(7), 1, 3, act)
}

fn pack(parent: NodeId) -> HierarchyFact {
    let children = vec![NodeId(77)];
    HierarchyFact::new(
        Timestamp::from_micros(6),
        1,
        2,
        Act::Pack { parent, children },
    )
}

drivers! { World;
    aggregation_ground => |w, t| w.aggregation_ground().nodes(&[t.named], FactKey::LAST);
    aggregation_position => |w, _| w.aggregation_position(1);
    aggregation_fact_get => |w, t| w.aggregation_fact_get(t.born);
    aggregation_parked_list => |w, _| w.aggregation_parked_list(FactKey::FIRST, 10);
    aggregation_parked_count => |w, _| w.aggregation_parked_count(10);
    aggregation_reasons => |w, t| w.aggregation_reasons(&Rules::default(), t.parked);
    aggregation_fact_list_of_node => |w, t| w.aggregation_fact_list_of_node(t.named, FactKey::FIRST, 10);
    epc_find => |w, _| w.epc_find(&[MARKER]);
    epc_names => |w, t| w.epc_names(&[t.named]).map(|names| names.len());
    epc_list => |w, _| w.epc_list("", "", 10).map(|names| names.len());
    goods_name => |w, t| w.goods_name(t.goods).map(|name| name.is_some());
    aggregation_withdraw => |w, t| w.aggregation_withdraw(&Rules::default(), vec![t.born]);
    // It only waits and answers nothing.
    aggregation_hold (same) => |w, _| w.aggregation_hold();
    goods_number => |w, _| w.goods_number(MARKER, MARKER);
    epc_number => |w, _| w.epc_number(&[MARKER]);
    aggregation_arrive => |w, t| w.aggregation_arrive(&Rules::default(), vec![birth(t.named)]);
}
