//! What one event of a document says, gathered while its elements pass by.
//!
//! Elements are known by local name: documents of EPCIS 1.0 have no namespace at all, and partners put lot and expiry
//! into namespaces of their own (`cbvmda`, `gs1ushc`, a vendor's).

use crate::event::Event;
use crate::extension::Element;

/// The elements that mean something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Document,
    EventList,
    ObjectEvent,
    /// Another kind of event, with its place in [`OTHER_EVENTS`].
    OtherEvent(usize),
    EpcList,
    Epc,
    Action,
    BizStep,
    EventTime,
    ZoneOffset,
    ErrorDeclaration,
    Lot,
    Expiry,
    Manufactured,
    Other,
}

/// Events that are counted and not read.
pub(crate) const OTHER_EVENTS: [&str; 5] = [
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "QuantityEvent",
    "AssociationEvent",
];

impl Tag {
    pub(crate) fn of(local_name: &str) -> Self {
        match local_name {
            "EPCISDocument" | "EPCISQueryDocument" => Tag::Document,
            "EventList" => Tag::EventList,
            "ObjectEvent" => Tag::ObjectEvent,
            "epcList" => Tag::EpcList,
            "epc" => Tag::Epc,
            "action" => Tag::Action,
            "bizStep" => Tag::BizStep,
            "eventTime" => Tag::EventTime,
            "eventTimeZoneOffset" => Tag::ZoneOffset,
            "errorDeclaration" => Tag::ErrorDeclaration,
            "lotNumber" | "LotNumber" | "lot" | "lotId" | "batchNumber" | "BatchNumber"
            | "batch" | "batchId" => Tag::Lot,
            "itemExpirationDate" | "ItemExpirationDate" | "expirationDate" | "ExpirationDate"
            | "expiryDate" | "ExpiryDate" | "expiry" => Tag::Expiry,
            "manufacturingDate" | "ManufacturingDate" | "manufactureDate" | "dateOfManufacture"
            | "productionDate" => Tag::Manufactured,
            other => OTHER_EVENTS
                .iter()
                .position(|event| *event == other)
                .map_or(Tag::Other, Tag::OtherEvent),
        }
    }

    pub(crate) fn is_event(self) -> bool {
        matches!(self, Tag::ObjectEvent | Tag::OtherEvent(_))
    }
}

/// The texts of one ObjectEvent, apart from its EPCs.
#[derive(Debug, Default)]
pub(crate) struct ObjectEvent {
    /// Its place in the document, counted from 1.
    pub(crate) number: u64,
    /// The line it begins on.
    pub(crate) line: u64,
    pub(crate) time_line: u64,
    pub(crate) action: String,
    pub(crate) biz_step: String,
    pub(crate) time: String,
    pub(crate) zone_offset: String,
    pub(crate) lot: String,
    pub(crate) expiry: String,
    pub(crate) manufactured: String,
    pub(crate) declared_wrong: bool,
}

impl ObjectEvent {
    /// Makes ready for the next event without giving its buffers back.
    pub(crate) fn begin(&mut self, number: u64, line: u64) {
        self.number = number;
        self.line = line;
        self.time_line = line;
        self.declared_wrong = false;
        for text in [
            &mut self.action,
            &mut self.biz_step,
            &mut self.time,
            &mut self.zone_offset,
            &mut self.lot,
            &mut self.expiry,
            &mut self.manufactured,
        ] {
            text.clear();
        }
    }

    /// Takes all that an event says which was read whole. Lot and dates may stand wherever foreign content may.
    pub(crate) fn take_whole(&mut self, event: &Event) {
        self.declared_wrong = event.error_declaration.is_some();
        for (tag, text) in [
            (Tag::Action, &event.action),
            (Tag::BizStep, &event.biz_step),
            (Tag::EventTime, &event.event_time),
            (Tag::ZoneOffset, &event.zone_offset),
        ] {
            self.take(tag, text.as_deref().unwrap_or_default(), event.line);
        }
        let ilmd = event.ilmd.iter().flat_map(|ilmd| &ilmd.elements);
        ilmd.chain(&event.extensions)
            .for_each(|element| self.take_tree(element, event.line));
    }

    fn take_tree(&mut self, element: &Element, line: u64) {
        let tag = Tag::of(&element.name.local);
        if matches!(tag, Tag::Lot | Tag::Expiry | Tag::Manufactured) {
            self.take(tag, &element.own_text(), line);
        }
        element
            .children()
            .for_each(|child| self.take_tree(child, line));
    }

    /// Takes the text of an element; of two elements of one kind the first counts.
    pub(crate) fn take(&mut self, tag: Tag, text: &str, line: u64) {
        let place = match tag {
            Tag::Action => &mut self.action,
            Tag::BizStep => &mut self.biz_step,
            Tag::EventTime => {
                self.time_line = line;
                &mut self.time
            }
            Tag::ZoneOffset => &mut self.zone_offset,
            Tag::Lot => &mut self.lot,
            Tag::Expiry => &mut self.expiry,
            Tag::Manufactured => &mut self.manufactured,
            _ => return,
        };
        if place.is_empty() {
            place.push_str(text.trim());
        }
    }

    /// Items came into being: added, and either the step says so or a lot is given to them (CBV 1.2, section 7.1.1).
    pub(crate) fn is_commissioning(&self) -> bool {
        let step = self
            .biz_step
            .rsplit([':', '/', '#', '-'])
            .next()
            .unwrap_or_default();
        self.action == "ADD" && (step == "commissioning" || !self.lot.is_empty())
    }

    /// Where something of this event stands. A document may be one line, so that the line alone says nothing.
    pub(crate) fn place(&self, line: u64) -> String {
        format!("Event {}, line {line}", self.number)
    }

    /// The event time with the zone it lacks; `None` when nothing is lacking. EPCIS 1.2 section 7.3.7 demands one.
    pub(crate) fn time_without_zone(&self) -> Option<Option<String>> {
        let (_, clock) = self.time.split_once('T')?;
        let zoned = clock.ends_with(['Z', 'z']) || clock.contains(['+', '-']);
        (!zoned).then(|| {
            let offset = self.zone_offset.as_str();
            (!offset.is_empty()).then(|| format!("{}{offset}", self.time))
        })
    }
}
