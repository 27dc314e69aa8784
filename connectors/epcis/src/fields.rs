//! Which fields an event has, by their names in documents: what writers subtract from what they wrote.

use crate::event::{EpcRole, Event, QuantityRole};

/// The names of all fields that say something.
pub(crate) fn present_fields(event: &Event) -> Vec<&'static str> {
    let mut present = Vec::with_capacity(16);
    let mut add = |is_present: bool, name: &'static str| {
        if is_present {
            present.push(name);
        }
    };
    add(event.event_time.is_some(), "eventTime");
    add(event.record_time.is_some(), "recordTime");
    add(event.zone_offset.is_some(), "eventTimeZoneOffset");
    add(event.event_id.is_some(), "eventID");
    add(event.error_declaration.is_some(), "errorDeclaration");
    add(!event.certification_info.is_empty(), "certificationInfo");
    add(event.parent_id.is_some(), "parentID");
    for role in EpcRole::ALL {
        add(!event.epc_list(role).is_empty(), role.name());
    }
    for role in QuantityRole::ALL {
        add(event.quantities[role as usize].is_some(), role.name());
    }
    add(event.action.is_some(), "action");
    add(event.biz_step.is_some(), "bizStep");
    add(event.disposition.is_some(), "disposition");
    add(
        event.persistent_disposition.is_some(),
        "persistentDisposition",
    );
    add(event.read_point.is_some(), "readPoint");
    add(event.biz_location.is_some(), "bizLocation");
    let is_filled =
        |list: &Option<Vec<_>>| list.as_ref().is_some_and(|list: &Vec<_>| !list.is_empty());
    add(is_filled(&event.biz_transactions), "bizTransactionList");
    add(is_filled(&event.sources), "sourceList");
    add(is_filled(&event.destinations), "destinationList");
    add(event.transformation_id.is_some(), "transformationID");
    add(event.sensor_elements.is_some(), "sensorElementList");
    add(event.ilmd.is_some(), "ilmd");
    present
}
