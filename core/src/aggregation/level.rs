//! The levels of packaging and which may stand in which (URS-AG-001; EPC-112).
//!
//! From the smallest: unit, bundle, case, pallet, shipment. Bundles, cases and pallets may stand in their like, so that a
//! hierarchy has any depth. A logistic unit of which only the SSCC is known is a *container*: nobody said whether it is a
//! case or a pallet, so it stands anywhere, but what is inside and around it must still be in order with each other.

/// A level of packaging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// The pack that a patient gets.
    Unit,
    /// Several units held together.
    Bundle,
    /// A shipping case.
    Case,
    /// A pallet.
    Pallet,
    /// What goes to one receiver in one go; never inside anything.
    Shipment,
    /// A container whose level nobody named.
    Container,
}

/// How many levels there are.
pub const LEVELS: usize = 6;

impl Level {
    /// Every level, the named ones from the smallest.
    pub const ALL: [Level; LEVELS] = [
        Level::Unit,
        Level::Bundle,
        Level::Case,
        Level::Pallet,
        Level::Shipment,
        Level::Container,
    ];

    /// The word in database, API and sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Unit => "unit",
            Level::Bundle => "bundle",
            Level::Case => "case",
            Level::Pallet => "pallet",
            Level::Shipment => "shipment",
            Level::Container => "container",
        }
    }

    /// Reads the word of [`Level::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Level::ALL.into_iter().find(|level| level.as_str() == text)
    }

    /// The small number under which it is stored, also its place in counts per level.
    pub const fn number(self) -> usize {
        match self {
            Level::Unit => 0,
            Level::Bundle => 1,
            Level::Case => 2,
            Level::Pallet => 3,
            Level::Shipment => 4,
            Level::Container => 5,
        }
    }

    /// The level stored under a number.
    pub fn of_number(number: usize) -> Option<Self> {
        Level::ALL.get(number).copied()
    }

    /// Whether a container of this level may hold one of `child`, directly or further down.
    pub const fn may_hold(self, child: Level) -> bool {
        match (self, child) {
            (Level::Unit, _) | (_, Level::Shipment) => false,
            (Level::Container, _) | (_, Level::Container) => true,
            (Level::Bundle, child) => matches!(child, Level::Unit | Level::Bundle),
            (Level::Case, child) => matches!(child, Level::Unit | Level::Bundle | Level::Case),
            (Level::Pallet | Level::Shipment, _) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_name_the_same_levels() {
        for (number, level) in Level::ALL.into_iter().enumerate() {
            assert_eq!(Level::parse(level.as_str()), Some(level));
            assert_eq!(level.number(), number);
            assert_eq!(Level::of_number(number), Some(level));
        }
        assert_eq!(Level::parse("Unit"), None);
    }

    /// URS-AG-001.
    #[test]
    fn what_may_stand_in_what() {
        use Level::{Bundle, Case, Container, Pallet, Shipment, Unit};
        let check = |parent: Level, held: &[Level]| {
            for child in Level::ALL {
                assert_eq!(
                    parent.may_hold(child),
                    held.contains(&child),
                    "{parent:?} {child:?}"
                );
            }
        };
        check(Unit, &[]);
        check(Bundle, &[Unit, Bundle, Container]);
        check(Case, &[Unit, Bundle, Case, Container]);
        check(Pallet, &[Unit, Bundle, Case, Pallet, Container]);
        check(Shipment, &[Unit, Bundle, Case, Pallet, Container]);
        check(Container, &[Unit, Bundle, Case, Pallet, Container]);
    }
}
