//! How facts and nodes of a hierarchy lie in columns: keys as four numbers, lists of nodes as runs, the rest as short JSON.
//!
//! Nodes that came into being together have numbers in a row, so that the 10,000 packs of an act are one run.

use serde::{Deserialize, Serialize};

use packtwin_core::aggregation::{
    Act, Children, Contents, Custody, FactKey, Goods, Kind, Level, Life, Node, NodeId, Step,
};
use packtwin_core::time::Timestamp;

use super::epc::{column, node};
use super::stored::{json, json_text, known};
use crate::engine::aggregation::{Key, Standing};
use crate::error::StoreError;

/// Flips the highest bit, so that signed columns have the order of unsigned numbers.
const FLIP: u64 = 1 << 63;

/// A key as columns.
pub(super) fn key_columns(key: FactKey) -> Key {
    let (at, phase, document, position) = key.numbers();
    (
        at.micros(),
        i16::from(phase),
        document_column(document),
        i64::from(position),
    )
}

/// The document of a key as a column.
pub(super) const fn document_column(document: u64) -> i64 {
    (document ^ FLIP) as i64
}

/// Reads [`key_columns`].
pub(super) fn key_of((at, phase, document, position): Key) -> Result<FactKey, StoreError> {
    let key = u8::try_from(phase).ok().zip(u32::try_from(position).ok());
    let key = key.and_then(|(phase, position)| {
        let document = document as u64 ^ FLIP;
        FactKey::of_numbers(Timestamp::from_micros(at), phase, document, position)
    });
    known(key, "hierarchy key")
}

/// `7-9,12` for 7, 8, 9 and 12, in the order given.
pub(super) fn run_text(numbers: &[i64]) -> String {
    let mut text = String::new();
    let mut rest = numbers;
    while let Some((&first, _)) = rest.split_first() {
        let follows = |(at, number): &(usize, &i64)| **number == first + *at as i64;
        let length = rest.iter().enumerate().take_while(follows).count();
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&first.to_string());
        if length > 1 {
            text.push('-');
            text.push_str(&(first + length as i64 - 1).to_string());
        }
        rest = &rest[length..];
    }
    text
}

/// Reads [`run_text`].
pub(super) fn runs_of(text: &str) -> Result<Vec<i64>, StoreError> {
    let mut numbers = Vec::new();
    for run in text.split(',').filter(|run| !run.is_empty()) {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        let bounds = first.parse::<i64>().ok().zip(last.parse::<i64>().ok());
        let (first, last) = known(bounds, "run of nodes")?;
        numbers.extend(first..=last);
    }
    Ok(numbers)
}

/// An act as it lies in a column.
#[derive(Serialize, Deserialize)]
struct ActRow {
    /// The word of [`Act::as_str`].
    act: String,
    /// The containers it names, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    heads: Vec<u64>,
    /// The nodes it lists; absent for all children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nodes: Option<String>,
    /// What a commissioning brought into being.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<KindRow>,
}

#[derive(Serialize, Deserialize)]
struct KindRow {
    level: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    goods: Option<(u32, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capacity: Option<u32>,
}

/// An act as text.
pub(super) fn act_text(act: &Act) -> String {
    let runs = |nodes: &[NodeId]| {
        let numbers: Vec<i64> = nodes.iter().map(|id| column(*id)).collect();
        Some(run_text(&numbers))
    };
    let (heads, nodes) = match act {
        Act::Commission { nodes, .. } | Act::OfNodes { nodes, .. } => (Vec::new(), runs(nodes)),
        Act::Pack { parent, children } => (vec![parent.0], runs(children)),
        Act::Unpack { parent, children } => match children {
            Children::All => (vec![parent.0], None),
            Children::These(these) => (vec![parent.0], runs(these)),
        },
        Act::Move { from, to, children } => (vec![from.0, to.0], runs(children)),
        Act::Replace { old, new } => (vec![old.0, new.0], None),
    };
    let kind = match act {
        Act::Commission { kind, .. } => Some(KindRow {
            level: kind.level.number(),
            goods: kind.goods.map(|goods| (goods.product, goods.lot)),
            capacity: kind.capacity,
        }),
        _ => None,
    };
    json_text(&ActRow {
        act: act.as_str().to_owned(),
        heads,
        nodes,
        kind,
    })
}

/// Reads [`act_text`].
pub(super) fn act_of(text: &str) -> Result<Act, StoreError> {
    const WHAT: &str = "hierarchy act";
    let row: ActRow = json(text, WHAT)?;
    let nodes: Option<Vec<NodeId>> = match &row.nodes {
        Some(runs) => Some(
            runs_of(runs)?
                .into_iter()
                .map(node)
                .collect::<Result<_, _>>()?,
        ),
        None => None,
    };
    let head = |at: usize| known(row.heads.get(at).copied().map(NodeId), WHAT);
    Ok(match (row.act.as_str(), nodes) {
        ("commission", Some(nodes)) => {
            let kind = known(row.kind, WHAT)?;
            Act::Commission {
                nodes,
                kind: Kind {
                    level: known(Level::of_number(kind.level), WHAT)?,
                    goods: kind.goods.map(|(product, lot)| Goods { product, lot }),
                    capacity: kind.capacity,
                },
            }
        }
        ("pack", Some(children)) => Act::Pack {
            parent: head(0)?,
            children,
        },
        ("unpack", children) => Act::Unpack {
            parent: head(0)?,
            children: children.map_or(Children::All, Children::These),
        },
        ("move", Some(children)) => Act::Move {
            from: head(0)?,
            to: head(1)?,
            children,
        },
        ("replace", None) => Act::Replace {
            old: head(0)?,
            new: head(1)?,
        },
        (word, Some(nodes)) => Act::OfNodes {
            step: known(step_of(word), WHAT)?,
            nodes,
        },
        (_, None) => return Err(StoreError::Damaged { what: WHAT }),
    })
}

fn step_of(word: &str) -> Option<Step> {
    const STEPS: [Step; 9] = [
        Step::Sample,
        Step::Void,
        Step::Ship,
        Step::VoidShipping,
        Step::Receive,
        Step::Return,
        Step::Decommission,
        Step::Destroy,
        Step::Observe,
    ];
    STEPS.into_iter().find(|step| step.as_str() == word)
}

/// What of a node no query asks for, under short names, since there is one for each pack and fact. A key is left out where
/// it is the row's own.
#[derive(Serialize, Deserialize)]
struct Body {
    /// Level.
    l: usize,
    /// Goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    g: Option<(u32, u32)>,
    /// Capacity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k: Option<u32>,
    /// Commissioned at.
    c: i64,
    /// Custody, by its place among all.
    #[serde(default, skip_serializing_if = "is_zero")]
    u: usize,
    /// Custody since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<(i64, u8, u64, u32)>,
    /// Observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    o: Option<(i64, u8, u64, u32)>,
    /// Contents by level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    n: Vec<u64>,
    /// Contents by distance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    d: Vec<u64>,
    /// Contents by goods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    e: Vec<(u32, u32, u64)>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What of a node is no column.
pub(super) fn body_of(node: &Node, written_by: FactKey) -> String {
    let other = |key: FactKey| {
        let (at, phase, document, position) = key.numbers();
        (key != written_by).then_some((at.micros(), phase, document, position))
    };
    let contents = &node.contents;
    let custody = Custody::ALL.iter().position(|known| *known == node.custody);
    json_text(&Body {
        l: node.level.number(),
        g: node.goods.map(|goods| (goods.product, goods.lot)),
        k: node.capacity,
        c: node.commissioned_at.micros(),
        u: custody.unwrap_or_default(),
        s: other(node.custody_since),
        o: other(node.observed),
        n: match contents.is_empty() {
            true => Vec::new(),
            false => contents.levels.to_vec(),
        },
        d: contents.distances.clone(),
        e: contents
            .goods
            .iter()
            .map(|(goods, count)| (goods.product, goods.lot, *count))
            .collect(),
    })
}

/// Reads a standing.
pub(super) fn node_of(row: &Standing) -> Result<Node, StoreError> {
    const WHAT: &str = "node of a hierarchy";
    let body: Body = json(&row.body, WHAT)?;
    let own = key_of((row.at, row.phase, row.document, row.position))?;
    let key = |numbers: Option<(i64, u8, u64, u32)>| match numbers {
        None => Ok(own),
        Some((at, phase, document, position)) => {
            let at = Timestamp::from_micros(at);
            known(FactKey::of_numbers(at, phase, document, position), WHAT)
        }
    };
    let mut levels = [0; packtwin_core::aggregation::level::LEVELS];
    for (own, stored) in levels.iter_mut().zip(&body.n) {
        *own = *stored;
    }
    let life = usize::try_from(row.life).ok();
    Ok(Node {
        level: known(Level::of_number(body.l), WHAT)?,
        goods: body.g.map(|(product, lot)| Goods { product, lot }),
        capacity: body.k,
        commissioned_at: Timestamp::from_micros(body.c),
        parent: row.parent.map(node).transpose()?,
        life: known(life.and_then(|at| Life::ALL.get(at).copied()), WHAT)?,
        custody: known(Custody::ALL.get(body.u).copied(), WHAT)?,
        custody_since: key(body.s)?,
        observed: key(body.o)?,
        contents: Contents {
            levels,
            distances: body.d,
            ended: row.ended.unsigned_abs(),
            goods: body
                .e
                .into_iter()
                .map(|(product, lot, count)| (Goods { product, lot }, count))
                .collect(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_back_in_their_order() {
        for (numbers, text) in [
            (vec![], ""),
            (vec![7], "7"),
            (vec![7, 8, 9, 12], "7-9,12"),
            (vec![9, 8, 7, 8], "9,8,7-8"),
        ] {
            assert_eq!(run_text(&numbers), text);
            assert_eq!(runs_of(text).unwrap(), numbers);
        }
        assert!(runs_of("7-x").is_err());
    }

    #[test]
    fn columns_have_the_order_of_keys() {
        let key = |document, position| {
            FactKey::of_numbers(Timestamp::from_micros(1), 1, document, position).unwrap()
        };
        let keys = [
            FactKey::FIRST,
            key(0, 9),
            key(1, 0),
            key(u64::MAX, 0),
            FactKey::LAST,
        ];
        assert!(keys.map(key_columns).is_sorted());
        for known in keys {
            assert_eq!(key_of(key_columns(known)).unwrap(), known);
        }
    }

    #[test]
    fn acts_come_back() {
        let nodes = || vec![NodeId(3), NodeId(4), NodeId(9)];
        for act in [
            Act::Commission {
                nodes: nodes(),
                kind: Kind {
                    goods: Some(Goods { product: 1, lot: 2 }),
                    capacity: Some(5),
                    ..Kind::of(Level::Case)
                },
            },
            Act::Pack {
                parent: NodeId(1),
                children: nodes(),
            },
            Act::Pack {
                parent: NodeId(1),
                children: Vec::new(),
            },
            Act::Unpack {
                parent: NodeId(1),
                children: Children::All,
            },
            Act::Unpack {
                parent: NodeId(1),
                children: Children::These(nodes()),
            },
            Act::Move {
                from: NodeId(1),
                to: NodeId(2),
                children: nodes(),
            },
            Act::Replace {
                old: NodeId(1),
                new: NodeId(2),
            },
            Act::OfNodes {
                step: Step::VoidShipping,
                nodes: nodes(),
            },
        ] {
            assert_eq!(act_of(&act_text(&act)).unwrap(), act);
        }
        assert!(act_of("{\"act\":\"juggle\",\"nodes\":\"1\"}").is_err());
    }
}
