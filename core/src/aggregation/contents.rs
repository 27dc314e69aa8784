//! What is inside a container, as sums that are kept and never counted anew.
//!
//! Every number is additive: packing adds the sums of what comes in to each container around it, unpacking subtracts them.
//! So a pallet of 10,000 packs moves in as many steps as the hierarchy is deep, and a page asks no child for its count.

use super::level::{LEVELS, Level};
use super::node::{Goods, Node};

/// The sums of what is below a node, the node itself not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// Nodes by [`Level::number`].
    pub levels: [u64; LEVELS],
    /// Nodes by distance: direct children first. Its length is the height of what is below; the last is never zero.
    pub distances: Vec<u64>,
    /// Nodes that bear an end of their own: decommissioned, destroyed.
    pub ended: u64,
    /// Units by their goods, ascending and never zero. Units of unknown goods are in no entry.
    pub goods: Vec<(Goods, u64)>,
}

/// What the units in a container have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mixture {
    /// No units.
    Empty,
    /// Units of one product and one lot: homogeneous.
    OneLot(Goods),
    /// Units of one product and several lots.
    OneProduct {
        /// The product.
        product: u32,
    },
    /// Units of several products, or of goods that nobody named.
    Mixed,
}

/// How a container compares with what it is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filling {
    /// Nobody said how many it is made for.
    Unmeasured,
    /// Nothing in it.
    Empty,
    /// Direct children are missing.
    Partial {
        /// How many.
        missing: u64,
    },
    /// As many as it is made for.
    Full,
}

impl Contents {
    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.distances.is_empty()
    }

    /// Direct children.
    pub fn children(&self) -> u64 {
        self.distances.first().copied().unwrap_or(0)
    }

    /// Nodes on a level, at any distance.
    pub fn on(&self, level: Level) -> u64 {
        self.levels[level.number()]
    }

    /// All nodes below.
    pub fn nodes(&self) -> u64 {
        self.levels.iter().sum()
    }

    /// Levels of nodes below each other: zero for an empty container.
    pub fn height(&self) -> usize {
        self.distances.len()
    }

    /// The levels found inside.
    pub fn levels_inside(&self) -> impl Iterator<Item = Level> {
        Level::ALL.into_iter().filter(|level| self.on(*level) > 0)
    }

    /// What the units inside have in common.
    pub fn mixture(&self) -> Mixture {
        let named: u64 = self.goods.iter().map(|(_, count)| count).sum();
        match self.goods.as_slice() {
            _ if self.on(Level::Unit) == 0 => Mixture::Empty,
            _ if named < self.on(Level::Unit) => Mixture::Mixed,
            [(goods, _)] => Mixture::OneLot(*goods),
            [(first, _), .., (last, _)] if first.product == last.product => Mixture::OneProduct {
                product: first.product,
            },
            _ => Mixture::Mixed,
        }
    }

    /// How full a container made for `capacity` direct children is.
    pub fn filling(&self, capacity: Option<u32>) -> Filling {
        match (capacity.map(u64::from), self.children()) {
            (None, _) => Filling::Unmeasured,
            (Some(_), 0) => Filling::Empty,
            (Some(capacity), children) if children < capacity => Filling::Partial {
                missing: capacity - children,
            },
            (Some(_), _) => Filling::Full,
        }
    }

    /// Counts `node` and all that is in it, `distance` below (1 for a direct child).
    pub(super) fn add_node(&mut self, node: &Node, distance: usize) {
        self.levels[node.level.number()] += 1;
        self.at_distance(distance, 1);
        self.ended += u64::from(node.life.is_end());
        if let (Level::Unit, Some(goods)) = (node.level, node.goods) {
            self.change_goods(goods, 1, u64::saturating_add);
        }
        self.add(&node.contents, distance);
    }

    /// Counts what `other` counts, seen from `distance` further up.
    pub(super) fn add(&mut self, other: &Contents, distance: usize) {
        for (own, more) in self.levels.iter_mut().zip(other.levels) {
            *own += more;
        }
        for (further, more) in other.distances.iter().enumerate() {
            self.at_distance(distance + 1 + further, *more);
        }
        self.ended += other.ended;
        for (goods, more) in &other.goods {
            self.change_goods(*goods, *more, u64::saturating_add);
        }
    }

    /// The reverse of [`Contents::add`].
    pub(super) fn subtract(&mut self, other: &Contents, distance: usize) {
        for (own, less) in self.levels.iter_mut().zip(other.levels) {
            *own = own.saturating_sub(less);
        }
        for (further, less) in other.distances.iter().enumerate() {
            if let Some(own) = self.distances.get_mut(distance + further) {
                *own = own.saturating_sub(*less);
            }
        }
        while self.distances.last() == Some(&0) {
            self.distances.pop();
        }
        self.ended = self.ended.saturating_sub(other.ended);
        for (goods, less) in &other.goods {
            self.change_goods(*goods, *less, u64::saturating_sub);
        }
    }

    fn at_distance(&mut self, distance: usize, more: u64) {
        if self.distances.len() < distance {
            self.distances.resize(distance, 0);
        }
        self.distances[distance - 1] += more;
    }

    fn change_goods(&mut self, goods: Goods, count: u64, change: fn(u64, u64) -> u64) {
        match self.goods.binary_search_by_key(&goods, |(known, _)| *known) {
            Ok(place) => {
                self.goods[place].1 = change(self.goods[place].1, count);
                if self.goods[place].1 == 0 {
                    self.goods.remove(place);
                }
            }
            Err(place) => match change(0, count) {
                0 => {}
                count => self.goods.insert(place, (goods, count)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::FactKey;
    use super::super::node::Kind;
    use super::*;

    fn unit(product: u32, lot: u32) -> Node {
        let kind = Kind {
            goods: Some(Goods { product, lot }),
            ..Kind::of(Level::Unit)
        };
        Node::commissioned(kind, FactKey::FIRST)
    }

    fn holding(units: &[(u32, u32)]) -> Contents {
        let mut contents = Contents::default();
        for (product, lot) in units {
            contents.add_node(&unit(*product, *lot), 1);
        }
        contents
    }

    #[test]
    fn homogeneous_mixed_and_partial() {
        let check = |units: &[(u32, u32)], mixture, filling| {
            let contents = holding(units);
            assert_eq!(
                (contents.mixture(), contents.filling(Some(2))),
                (mixture, filling)
            );
        };
        check(&[], Mixture::Empty, Filling::Empty);
        let one = Mixture::OneLot(Goods { product: 1, lot: 7 });
        check(&[(1, 7)], one, Filling::Partial { missing: 1 });
        check(&[(1, 7), (1, 7)], one, Filling::Full);
        check(
            &[(1, 7), (1, 8)],
            Mixture::OneProduct { product: 1 },
            Filling::Full,
        );
        check(&[(1, 7), (2, 7)], Mixture::Mixed, Filling::Full);
        let mut unnamed = holding(&[(1, 7)]);
        unnamed.add_node(
            &Node::commissioned(Kind::of(Level::Unit), FactKey::FIRST),
            1,
        );
        assert_eq!(unnamed.mixture(), Mixture::Mixed);
        assert_eq!(unnamed.filling(None), Filling::Unmeasured);
    }

    #[test]
    fn what_is_added_can_be_subtracted() {
        let mut case = Node::commissioned(Kind::of(Level::Case), FactKey::FIRST);
        case.contents = holding(&[(1, 7), (2, 9)]);
        let mut load = Contents::default();
        load.add_node(&case, 1);
        let mut pallet = holding(&[(1, 7)]);
        let before = pallet.clone();
        pallet.add(&load, 0);
        assert_eq!(
            (pallet.children(), pallet.height(), pallet.on(Level::Unit)),
            (2, 2, 3)
        );
        pallet.subtract(&load, 0);
        assert_eq!(pallet, before);
    }
}
