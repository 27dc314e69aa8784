//! Pack State Update, single (PSU) and multiple (PSUM): single packs leave circulation or come back (emvs.md 2.2, 5.1).
//!
//! One pack is a PSU, more are a PSUM. Which state the sender may set follows from its role; whether the packs can take it
//! is the pack's own law (`core::pack`) and was decided before.

use packtwin_core::code::Code;
use packtwin_core::fact::LotHead;
use packtwin_core::pack::PackState;
use packtwin_core::refusal::Refusal;

use crate::document_tree::{Node, Traced};
use crate::product_master_data::product_code;
use crate::product_pack_data::{batch, expiry};
use crate::settings::Role;

/// The element for one pack.
pub(crate) const SINGLE: &str = "PackStateUpdate";
/// The element for several packs.
pub(crate) const MULTIPLE: &str = "PackStateUpdateMultiple";

/// One pack or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packs {
    One,
    Many,
}

/// The change as a tree with a place for the packs.
pub(crate) fn tree(lot: &LotHead, state: PackState, packs: Packs) -> Node {
    let mut children = vec![
        product_code(&lot.product),
        batch(lot),
        expiry(lot),
        Node::text(
            "State",
            Traced::copied("state", state.as_str(), state_rule(state)),
        ),
    ];
    match packs {
        Packs::One => {
            children.push(Node::Packs);
            Node::group(SINGLE, children)
        }
        Packs::Many => {
            children.push(Node::group("Packs", vec![Node::Packs]));
            children.push(Node::Total);
            Node::group(MULTIPLE, children)
        }
    }
}

/// Whether the sender may set this state.
pub(crate) fn faults(state: PackState, role: Role) -> Vec<Refusal> {
    let text = match (state, role) {
        (PackState::CheckedOut, Role::Manufacturer) => {
            "only a parallel distributor checks packs out for repackaging (DR 16, 35(4))"
        }
        (PackState::Supplied, Role::ParallelDistributor) => {
            "a parallel distributor does not supply to the public"
        }
        (
            PackState::Active
            | PackState::Supplied
            | PackState::Destroyed
            | PackState::Exported
            | PackState::Sample
            | PackState::FreeSample
            | PackState::Locked
            | PackState::Stolen
            | PackState::CheckedOut,
            Role::Manufacturer | Role::ParallelDistributor,
        ) => return Vec::new(),
    };
    vec![Refusal::at(Code::HubRefused, "/state", text)]
}

const fn state_rule(state: PackState) -> &'static str {
    match state {
        PackState::Active => {
            "undo: within 240 hours, locked packs at any time, same location (DR 13)"
        }
        PackState::Supplied => "direct supply by the holder (emvs.md 2.2, I)",
        PackState::Destroyed => "intended for destruction, final (DR 22(c), 25(4))",
        PackState::Exported => "left the Union (DR 22(a))",
        PackState::Sample => "sample for an authority (DR 22(d))",
        PackState::FreeSample => "free sample, marked before it is handed over (DR 41)",
        PackState::Locked => "held; undo has no time limit (EMVO-HC)",
        PackState::Stolen => "stolen, in every repository that holds the pack, final (DR 40(b))",
        PackState::CheckedOut => "taken out to be repackaged (DR 16, 35(4))",
    }
}
