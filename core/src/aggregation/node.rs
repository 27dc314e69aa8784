//! A node of the hierarchy: a pack or a container, by a small number, and how it stands.
//!
//! The number is given by whoever stores it, who alone knows which [`crate::pack::PackKey`] or [`crate::sscc::Sscc`] it
//! means. Custody is kept at the outermost container only, and holds for everything inside; so does an end of life.

use crate::time::Timestamp;

use super::contents::Contents;
use super::fact::{FactKey, Step};
use super::level::Level;

/// The small number of a pack or container within one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u64);

/// Product and lot by their small numbers within one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Goods {
    /// The product of the units.
    pub product: u32,
    /// Their lot.
    pub lot: u32,
}

/// What a node is from its commissioning on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    /// Its level.
    pub level: Level,
    /// Of a unit: what it is. Of a container: the only goods it may hold, as a case that bears a GTIN and a lot; `None`
    /// for a container that may be mixed.
    pub goods: Option<Goods>,
    /// How many direct children it is made for, if anybody said.
    pub capacity: Option<u32>,
}

impl Kind {
    /// A node of a level, of which nothing else is known.
    pub const fn of(level: Level) -> Self {
        Kind {
            level,
            goods: None,
            capacity: None,
        }
    }
}

/// How a node stands after a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its level.
    pub level: Level,
    /// See [`Kind::goods`].
    pub goods: Option<Goods>,
    /// See [`Kind::capacity`].
    pub capacity: Option<u32>,
    /// When it came into being.
    pub commissioned_at: Timestamp,
    /// What it is directly in.
    pub parent: Option<NodeId>,
    /// Its own life, not that of what it is in.
    pub life: Life,
    /// Where it is on its way; true of a node without parent only, see [`super::tree::whereabouts`].
    pub custody: Custody,
    /// The fact that gave it this custody.
    pub custody_since: FactKey,
    /// The last fact that named the node itself; whatever is known later is inferred from its container (URS-AG-006).
    pub observed: FactKey,
    /// What is in it.
    pub contents: Contents,
}

impl Node {
    /// As it stands when it comes into being.
    pub fn commissioned(kind: Kind, by: FactKey) -> Self {
        Node {
            level: kind.level,
            goods: kind.goods,
            capacity: kind.capacity,
            commissioned_at: by.at,
            parent: None,
            life: Life::Active,
            custody: Custody::AtRest(Rest::Held),
            custody_since: by,
            observed: by,
            contents: Contents::default(),
        }
    }
}

/// Whether an identity is still in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Life {
    /// In use.
    Active,
    /// Taken out as a sample.
    Sampled,
    /// Its identity is at an end.
    Decommissioned,
    /// It does not exist any more.
    Destroyed,
    /// The label of an empty container that is not used any more.
    Void,
}

impl Life {
    /// Every state of life.
    pub const ALL: [Life; 5] = [
        Life::Active,
        Life::Sampled,
        Life::Decommissioned,
        Life::Destroyed,
        Life::Void,
    ];

    /// The word in database, API and sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Life::Active => "active",
            Life::Sampled => "sampled",
            Life::Decommissioned => "decommissioned",
            Life::Destroyed => "destroyed",
            Life::Void => "void",
        }
    }

    /// Reads the word of [`Life::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Life::ALL.into_iter().find(|life| life.as_str() == text)
    }

    /// Whether it is not in use any more.
    pub const fn is_end(self) -> bool {
        match self {
            Life::Active => false,
            Life::Sampled | Life::Decommissioned | Life::Destroyed | Life::Void => true,
        }
    }

    /// Whether `end` may follow: everything follows active, destruction follows a sample and a decommissioning.
    pub const fn may_end_as(self, end: Life) -> bool {
        match (self, end) {
            (_, Life::Active) => false,
            (Life::Active, _) => true,
            (Life::Sampled, Life::Decommissioned | Life::Destroyed)
            | (Life::Decommissioned, Life::Destroyed) => true,
            (Life::Sampled | Life::Decommissioned | Life::Destroyed | Life::Void, _) => false,
        }
    }
}

/// Where goods are on their way between two parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Custody {
    /// With somebody.
    AtRest(Rest),
    /// Shipped and not received; from where, so that a voided shipment puts it back.
    InTransit(Rest),
}

/// How goods came to where they rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rest {
    /// Never shipped since it came into being.
    Held,
    /// Received from a shipment.
    Received,
    /// Came back.
    Returned,
}

impl Custody {
    /// Every custody.
    pub const ALL: [Custody; 6] = [
        Custody::AtRest(Rest::Held),
        Custody::AtRest(Rest::Received),
        Custody::AtRest(Rest::Returned),
        Custody::InTransit(Rest::Held),
        Custody::InTransit(Rest::Received),
        Custody::InTransit(Rest::Returned),
    ];

    /// The word in database and API; how goods rested before their transit is part of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Custody::AtRest(Rest::Held) => "held",
            Custody::AtRest(Rest::Received) => "received",
            Custody::AtRest(Rest::Returned) => "returned",
            Custody::InTransit(Rest::Held) => "in_transit",
            Custody::InTransit(Rest::Received) => "in_transit_onward",
            Custody::InTransit(Rest::Returned) => "in_transit_again",
        }
    }

    /// Reads the word of [`Custody::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Custody::ALL
            .into_iter()
            .find(|custody| custody.as_str() == text)
    }

    /// The custody after a step; `None` for a step that cannot follow, or that does not change custody.
    pub const fn after(self, step: Step) -> Option<Custody> {
        match step {
            Step::Ship => self.shipped(),
            Step::VoidShipping => self.shipping_voided(),
            Step::Receive => self.received(),
            Step::Return => self.returned(),
            Step::Sample | Step::Void | Step::Decommission | Step::Destroy | Step::Observe => None,
        }
    }

    /// Shipped; `None` for what is in transit already.
    pub const fn shipped(self) -> Option<Custody> {
        match self {
            Custody::AtRest(rest) => Some(Custody::InTransit(rest)),
            Custody::InTransit(_) => None,
        }
    }

    /// Received; `None` for what was not shipped.
    pub const fn received(self) -> Option<Custody> {
        match self {
            Custody::AtRest(_) => None,
            Custody::InTransit(_) => Some(Custody::AtRest(Rest::Received)),
        }
    }

    /// Returned; `None` for what never left or is back already.
    pub const fn returned(self) -> Option<Custody> {
        match self {
            Custody::AtRest(Rest::Held | Rest::Returned) => None,
            Custody::AtRest(Rest::Received) | Custody::InTransit(_) => {
                Some(Custody::AtRest(Rest::Returned))
            }
        }
    }

    /// Its shipment did not happen; `None` for what is not in transit.
    pub const fn shipping_voided(self) -> Option<Custody> {
        match self {
            Custody::AtRest(_) => None,
            Custody::InTransit(rest) => Some(Custody::AtRest(rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_what_they_say() {
        for life in Life::ALL {
            assert_eq!(Life::parse(life.as_str()), Some(life));
        }
        for custody in Custody::ALL {
            assert_eq!(Custody::parse(custody.as_str()), Some(custody));
        }
    }

    #[test]
    fn an_end_is_followed_by_destruction_only() {
        use Life::{Active, Decommissioned, Destroyed, Sampled, Void};
        let check = |from: Life, ends: &[Life]| {
            for end in Life::ALL {
                assert_eq!(
                    from.may_end_as(end),
                    ends.contains(&end),
                    "{from:?} {end:?}"
                );
            }
        };
        check(Active, &[Sampled, Decommissioned, Destroyed, Void]);
        check(Sampled, &[Decommissioned, Destroyed]);
        check(Decommissioned, &[Destroyed]);
        check(Destroyed, &[]);
        check(Void, &[]);
    }

    #[test]
    fn nothing_is_shipped_twice() {
        let held = Custody::AtRest(Rest::Held);
        let shipped = held.shipped().unwrap();
        assert_eq!(shipped.shipped(), None);
        assert_eq!(shipped.shipping_voided(), Some(held));
        assert_eq!(
            (held.received(), held.returned(), held.shipping_voided()),
            (None, None, None)
        );
        let received = shipped.received().unwrap();
        assert_eq!(received.shipped(), Some(Custody::InTransit(Rest::Received)));
        assert_eq!(received.returned(), shipped.returned());
    }
}
