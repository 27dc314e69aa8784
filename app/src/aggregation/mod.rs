//! Road 2, hierarchies: where packs and containers are, and what road 1 knows of packs as the ground that facts stand on.
//!
//! What was done to packs and containers is told by captured events ([`crate::capture`]); what may follow what is
//! `core::aggregation`'s to say. Serves URS-AG-001 to URS-AG-007.

mod ground;
mod view;

pub use self::ground::{GROUND_JOB, queue_ground, run_ground};
pub(crate) use self::ground::{RoadOne, ground_facts, packs_of_road_one};
pub(crate) use self::view::named_faults;
pub use self::view::{Branch, Container, Step, container_view, find_node, parked_page, tree_page};

use packtwin_core::aggregation::Rules;

/// What a site allows in hierarchies.
pub fn rules() -> Rules {
    Rules::default()
}
