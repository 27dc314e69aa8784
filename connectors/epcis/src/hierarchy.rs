//! What an event says was done to packs and containers, as acts of the hierarchy with names in place of numbers (EPCIS 2.0,
//! section 7.4; CBV 2.0, section 7.1).
//!
//! | event | act |
//! |---|---|
//! | ObjectEvent ADD; what a transformation puts out | commissioning, one act for each level and product |
//! | ObjectEvent DELETE; what a transformation takes in | decommissioning; destruction where the step says `destroying` |
//! | step `shipping`, `void_shipping`, `receiving`, `sampling` | that step; `receiving` of what is `returned` is a return |
//! | AggregationEvent ADD, DELETE | packing, unpacking; without children, of all |
//! | any other event | its things were seen |
//!
//! An AssociationEvent says that a thing belongs to another for longer, not that it is inside, and a QuantityEvent names no
//! single thing: neither is an act. Whether an act makes sense is `core::aggregation`'s to say.

use packtwin_core::aggregation::{Level, Step};
use packtwin_core::batch_number::BatchNumber;

use crate::cbv::Standard;
use crate::epc_name::{Thing, name_of, thing_of};
use crate::event::{EpcRole, Event, EventKind, QuantityRole};
use crate::extension::Element;
use crate::object_event::Tag;

/// The names of all that an event names.
#[derive(Debug, Default)]
pub struct EventNames {
    /// The parent.
    pub parent: Option<String>,
    /// The lists of EPCs, by [`EpcRole`].
    pub epcs: [Vec<String>; 4],
    /// The classes of the lists of quantities, by [`QuantityRole`].
    pub classes: [Vec<String>; 4],
}

impl EventNames {
    /// Spells all identifiers of an event in their one way.
    pub fn of(event: &Event) -> Self {
        let classes = |role| {
            let list = event.quantity_list(role).iter();
            list.map(|quantity| name_of(&quantity.epc_class)).collect()
        };
        EventNames {
            parent: event.parent_id.as_deref().map(name_of),
            epcs: EpcRole::ALL.map(|role| event.epc_list(role).iter().map(name_of).collect()),
            classes: [
                classes(QuantityRole::Quantities),
                classes(QuantityRole::Children),
                classes(QuantityRole::Inputs),
                classes(QuantityRole::Outputs),
            ],
        }
    }

    fn list(&self, role: EpcRole) -> Vec<&str> {
        self.epcs[role as usize]
            .iter()
            .map(String::as_str)
            .collect()
    }

    fn all(&self) -> Vec<&str> {
        let parent = self.parent.iter().map(String::as_str);
        parent
            .chain(self.epcs.iter().flatten().map(String::as_str))
            .collect()
    }
}

/// An act with the names of those it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedAct<'n> {
    /// Identities of one level, and of one product where they have one, came into being.
    Commission {
        /// Their level.
        level: Level,
        /// The GTIN of units, and their lot where the event names one.
        goods: Option<(String, String)>,
        /// Which.
        names: Vec<&'n str>,
    },
    /// Things were put into a container.
    Pack {
        /// Into which.
        parent: &'n str,
        /// What.
        children: Vec<&'n str>,
    },
    /// Things were taken out of a container.
    Unpack {
        /// Out of which.
        parent: &'n str,
        /// What; `None` for all there was.
        children: Option<Vec<&'n str>>,
    },
    /// One thing was done to each of several.
    Of {
        /// What.
        step: Step,
        /// To which.
        names: Vec<&'n str>,
    },
}

/// The acts of an event, in the order in which they happened.
pub fn acts<'n>(event: &Event, names: &'n EventNames) -> Vec<NamedAct<'n>> {
    let action = event.action.as_deref().unwrap_or_default();
    let of = |step, names: Vec<&'n str>| match names.is_empty() {
        true => Vec::new(),
        false => vec![NamedAct::Of { step, names }],
    };
    match (&event.kind, action) {
        (EventKind::Object, "ADD") => commissions(event, names.list(EpcRole::Epcs)),
        (EventKind::Object, "DELETE") => of(ending(event), names.list(EpcRole::Epcs)),
        (EventKind::Aggregation, "ADD") => pack(names),
        (EventKind::Aggregation, "DELETE") => unpack(event, names),
        (EventKind::Transformation, _) => {
            let mut acts = of(Step::Decommission, names.list(EpcRole::Inputs));
            acts.extend(commissions(event, names.list(EpcRole::Outputs)));
            acts
        }
        (EventKind::Association | EventKind::Quantity | EventKind::Foreign(_), _) => Vec::new(),
        (EventKind::Object | EventKind::Aggregation | EventKind::Transaction, _) => {
            of(handling(event), names.all())
        }
    }
}

/// The lot that an event gives to what comes into being.
pub fn lot_of(event: &Event) -> Option<String> {
    let ilmd = event.ilmd.iter().flat_map(|ilmd| &ilmd.elements);
    let text = first_text(ilmd, Tag::Lot)?;
    BatchNumber::parse(&text)
        .ok()
        .map(|batch| batch.to_string())
}

fn first_text<'e>(elements: impl IntoIterator<Item = &'e Element>, tag: Tag) -> Option<String> {
    for element in elements {
        let text = element.own_text();
        if Tag::of(&element.name.local) == tag && !text.trim().is_empty() {
            return Some(text.trim().to_owned());
        }
        if let Some(text) = first_text(element.children(), tag) {
            return Some(text);
        }
    }
    None
}

/// Things of one level and product come into being together; what differs is told apart.
fn commissions<'n>(event: &Event, names: Vec<&'n str>) -> Vec<NamedAct<'n>> {
    let lot = lot_of(event);
    type Group<'n> = ((Level, Option<String>), Vec<&'n str>);
    let mut groups: Vec<Group<'n>> = Vec::new();
    for name in names {
        let thing = thing_of(name);
        let level = thing.level();
        // A case that bears a GTIN of its own does not say what it may hold.
        let product = match thing {
            Thing::Item(gtin, _) if level == Level::Unit => Some(gtin.to_string()),
            Thing::Item(..) | Thing::LogisticUnit(_) | Thing::Other => None,
        };
        let group = (level, product);
        match groups.iter_mut().rev().find(|(known, _)| *known == group) {
            Some((_, names)) => names.push(name),
            None => groups.push((group, vec![name])),
        }
    }
    let act = |((level, product), names): Group<'n>| NamedAct::Commission {
        level,
        goods: product.zip(lot.clone()),
        names,
    };
    groups.into_iter().map(act).collect()
}

fn pack(names: &EventNames) -> Vec<NamedAct<'_>> {
    let children = names.list(EpcRole::Children);
    match &names.parent {
        Some(parent) if !children.is_empty() => vec![NamedAct::Pack { parent, children }],
        Some(_) | None => Vec::new(),
    }
}

/// No children at all means every child; children that are only counted mean none that is known.
fn unpack<'n>(event: &Event, names: &'n EventNames) -> Vec<NamedAct<'n>> {
    let children = names.list(EpcRole::Children);
    let is_counted = !event.quantity_list(QuantityRole::Children).is_empty();
    let children = match (children.is_empty(), is_counted) {
        (true, true) => return Vec::new(),
        (true, false) => None,
        (false, _) => Some(children),
    };
    let parent = names.parent.as_deref();
    parent
        .map(|parent| NamedAct::Unpack { parent, children })
        .into_iter()
        .collect()
}

fn ending(event: &Event) -> Step {
    match step_of(event) {
        Some("destroying") => Step::Destroy,
        Some("sampling") => Step::Sample,
        _ => Step::Decommission,
    }
}

fn handling(event: &Event) -> Step {
    let is_returned = Standard::Disposition.is(event.disposition.as_deref(), "returned");
    match step_of(event) {
        Some("shipping") => Step::Ship,
        Some("void_shipping") => Step::VoidShipping,
        Some("receiving") if is_returned => Step::Return,
        Some("receiving") => Step::Receive,
        Some("sampling") => Step::Sample,
        _ => Step::Observe,
    }
}

fn step_of(event: &Event) -> Option<&'static str> {
    Standard::BizStep.value(event.biz_step.as_deref()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text_list::TextList;

    const A: &str = "urn:epc:id:sgtin:4006381.033393.A";
    const B: &str = "urn:epc:id:sgtin:4006381.033393.B";
    const CASE: &str = "urn:epc:id:sscc:4006381.0000000001";

    fn event(kind: EventKind, action: &str, step: &str, role: EpcRole, epcs: &[&str]) -> Event {
        let mut event = Event {
            kind,
            action: Some(action.to_owned()),
            biz_step: Some(step.to_owned()),
            parent_id: (role == EpcRole::Children).then(|| CASE.to_owned()),
            ..Event::default()
        };
        *event.epc_list_mut(role) = TextList::from_iter(epcs.iter().copied());
        event
    }

    fn told(event: &Event) -> String {
        let names = EventNames::of(event);
        format!("{:?}", acts(event, &names))
            .replace("(01)04006381333931(21)", "")
            .replace("(00)040063810000000017", "case")
    }

    #[test]
    fn events_become_acts() {
        let check = |event: Event, expected: &str| assert_eq!(told(&event), expected);
        use EpcRole::{Children, Epcs, Inputs};
        use EventKind::{Aggregation, Association, Object, Transformation};
        check(
            event(Object, "ADD", "commissioning", Epcs, &[A, CASE, B]),
            "[Commission { level: Unit, goods: None, names: [\"A\", \"B\"] }, \
             Commission { level: Container, goods: None, names: [\"case\"] }]",
        );
        check(
            event(
                Object,
                "OBSERVE",
                "urn:epcglobal:cbv:bizstep:shipping",
                Epcs,
                &[CASE],
            ),
            "[Of { step: Ship, names: [\"case\"] }]",
        );
        check(
            event(Object, "OBSERVE", "inspecting", Epcs, &[A]),
            "[Of { step: Observe, names: [\"A\"] }]",
        );
        check(
            event(
                Object,
                "DELETE",
                "https://ref.gs1.org/cbv/BizStep-destroying",
                Epcs,
                &[A],
            ),
            "[Of { step: Destroy, names: [\"A\"] }]",
        );
        check(
            event(Aggregation, "ADD", "packing", Children, &[A, B]),
            "[Pack { parent: \"case\", children: [\"A\", \"B\"] }]",
        );
        check(
            event(Aggregation, "DELETE", "unpacking", Children, &[]),
            "[Unpack { parent: \"case\", children: None }]",
        );
        check(
            event(Transformation, "", "repackaging", Inputs, &[A]),
            "[Of { step: Decommission, names: [\"A\"] }]",
        );
        check(
            event(Association, "ADD", "assembling", Children, &[A]),
            "[]",
        );
        check(event(Object, "OBSERVE", "shipping", Epcs, &[]), "[]");
    }

    #[test]
    fn units_bear_the_lot_of_their_event() {
        use crate::event::Ilmd;
        use crate::extension::Name;
        let mut commissioning = event(
            EventKind::Object,
            "ADD",
            "commissioning",
            EpcRole::Epcs,
            &[A],
        );
        let lot = Element::text(
            Name::new("urn:epcglobal:cbv:mda", "cbvmda", "lotNumber"),
            " L7 ",
        );
        commissioning.ilmd = Some(Ilmd {
            elements: vec![lot],
            ..Ilmd::default()
        });
        let names = EventNames::of(&commissioning);
        let goods = Some(("04006381333931".to_owned(), "L7".to_owned()));
        assert_eq!(
            acts(&commissioning, &names),
            [NamedAct::Commission {
                level: Level::Unit,
                goods,
                names: vec!["(01)04006381333931(21)A"]
            }]
        );
    }
}
