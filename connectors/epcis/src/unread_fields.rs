//! What the commissioning events of a document say beside their packs: the fields that [`crate::commissioning`] does not
//! hand over, by name and number of events. A translation tells them, so that nothing is dropped in silence.
//!
//! A pass of its own over the document, since the check of an upload has no need of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use packtwin_connector_port::safe_xml::{SafeXml, XmlEvent, local_name};
use packtwin_connector_port::serial_file::ReadRefused;

use crate::event::{Event, EventKind};
use crate::fields::present_fields;
use crate::object_event::{ObjectEvent, Tag};
use crate::reading::{EventReader, ReadingError, Step};

/// Names kept of one document; a hostile one could have any number.
const FIELDS_MAX: usize = 200;

/// Elements that only hold others.
const CONTAINERS: [&str; 3] = ["baseExtension", "extension", "ilmd"];

/// The unread fields of the commissioning events, by local name, with the number of events that have them.
///
/// # Errors
/// The document cannot be read to its end.
pub fn unread_fields<R: Read>(input: R) -> Result<BTreeMap<String, u64>, ReadRefused> {
    let mut xml = SafeXml::new(input).map_err(|fault| fault.refused(1))?;
    let mut open: Vec<Place> = Vec::new();
    let mut event = ObjectEvent::default();
    let mut text = String::new();
    let mut of_event = BTreeSet::new();
    let mut fields = BTreeMap::new();
    loop {
        let next = match xml.next_event() {
            Ok(next) => next,
            Err(fault) => return Err(fault.refused(xml.line())),
        };
        match next {
            XmlEvent::Start(element) => {
                let name = local_name(&element);
                let place = Place::of(open.last(), name);
                match place {
                    Place::Event => {
                        event.begin(0, 0);
                        of_event.clear();
                    }
                    Place::Field(Tag::ErrorDeclaration) => event.declared_wrong = true,
                    Place::Field(tag) if !carried(tag) && of_event.len() < FIELDS_MAX => {
                        of_event.insert(name.to_owned());
                    }
                    _ => {}
                }
                text.clear();
                open.push(place);
            }
            XmlEvent::Text(part) => {
                if let Some(Place::Field(tag)) = open.last()
                    && *tag != Tag::Other
                {
                    text.push_str(&part);
                }
            }
            XmlEvent::End => match open.pop() {
                Some(Place::Field(tag)) => event.take(tag, &text, 0),
                Some(Place::Event) if event.is_commissioning() && !event.declared_wrong => {
                    count(&of_event, &mut fields);
                }
                _ => {}
            },
            XmlEvent::Other => {}
            XmlEvent::Complete => return Ok(fields),
        }
    }
}

/// The same for a document that is read event by event, as JSON is.
///
/// # Errors
/// The document cannot be read to its end.
pub fn unread_fields_of_events(
    from: &mut dyn EventReader,
) -> Result<BTreeMap<String, u64>, ReadingError> {
    let (mut event, mut findings) = (Event::default(), Vec::new());
    let mut said = ObjectEvent::default();
    let mut fields = BTreeMap::new();
    loop {
        let step = from.next(&mut event, &mut findings)?;
        findings.clear();
        match step {
            Step::Event if event.kind == EventKind::Object => {
                said.begin(0, 0);
                said.take_whole(&event);
                if said.is_commissioning() && !said.declared_wrong {
                    count(&unread_of(&event), &mut fields);
                }
            }
            Step::Complete => return Ok(fields),
            _ => {}
        }
    }
}

fn unread_of(event: &Event) -> BTreeSet<String> {
    let fields = present_fields(event).into_iter();
    let ilmd = event.ilmd.iter().flat_map(|ilmd| &ilmd.elements);
    let foreign = ilmd.chain(&event.extensions);
    fields
        .filter(|name| !CONTAINERS.contains(name))
        .chain(foreign.map(|element| element.name.local.as_str()))
        .filter(|name| !carried(Tag::of(name)))
        .take(FIELDS_MAX)
        .map(str::to_owned)
        .collect()
}

fn count(of_event: &BTreeSet<String>, fields: &mut BTreeMap<String, u64>) {
    for name in of_event {
        if fields.contains_key(name) || fields.len() < FIELDS_MAX {
            *fields.entry(name.clone()).or_insert(0) += 1;
        }
    }
}

/// Where an element stands, as far as fields of an event go.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Above the events, or inside a field.
    Elsewhere,
    Event,
    /// Holds fields of the event.
    Container,
    Field(Tag),
}

impl Place {
    fn of(parent: Option<&Place>, name: &str) -> Self {
        match (parent, Tag::of(name)) {
            (None | Some(Place::Elsewhere), Tag::ObjectEvent) => Place::Event,
            (Some(Place::Event | Place::Container), _) if CONTAINERS.contains(&name) => {
                Place::Container
            }
            (Some(Place::Event | Place::Container), tag) => Place::Field(tag),
            _ => Place::Elsewhere,
        }
    }
}

/// Whether the packs of the event say it.
fn carried(tag: Tag) -> bool {
    match tag {
        Tag::EpcList | Tag::Action | Tag::BizStep | Tag::Lot | Tag::Expiry | Tag::Manufactured => {
            true
        }
        Tag::Document
        | Tag::EventList
        | Tag::ObjectEvent
        | Tag::OtherEvent(_)
        | Tag::Epc
        | Tag::EventTime
        | Tag::ZoneOffset
        | Tag::ErrorDeclaration
        | Tag::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translation::AnyReader;

    fn check(events: &str, expected: &[(&str, u64)]) {
        let document = format!("<EPCISDocument><EventList>{events}</EventList></EPCISDocument>");
        let found = unread_fields(document.as_bytes()).unwrap();
        let found: Vec<(&str, u64)> = found.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(found, expected);
    }

    /// URS-CN-002: what is not carried is known by name.
    #[test]
    fn fields_beside_the_packs_are_named_once_an_event() {
        let event = "<ObjectEvent><eventTime>2026-01-02T00:00:00Z</eventTime><epcList><epc>x</epc></epcList>\
                     <action>ADD</action><bizStep>commissioning</bizStep><readPoint><id>a</id></readPoint>\
                     <extension><ilmd><v:lotNumber xmlns:v='urn:v'>L</v:lotNumber><v:colour xmlns:v='urn:v'>red</v:colour></ilmd></extension>\
                     </ObjectEvent>";
        let shipping = event
            .replace("ADD", "OBSERVE")
            .replace("readPoint", "bizLocation");
        check(
            &format!("{event}{shipping}{event}"),
            &[("colour", 2), ("eventTime", 2), ("readPoint", 2)],
        );
        check("", &[]);
        let json = r#"{"type": "EPCISDocument", "epcisBody": {"eventList": [
            {"type": "ObjectEvent", "eventTime": "2026-01-02T00:00:00Z", "action": "ADD", "bizStep": "commissioning", "epcList": ["x"],
             "readPoint": {"id": "a"}, "ilmd": {"cbvmda:lotNumber": "L", "cbvmda:colour": "red"}},
            {"type": "ObjectEvent", "action": "OBSERVE", "bizLocation": {"id": "a"}}]}}"#;
        let found = unread_fields_of_events(&mut AnyReader::new(json.as_bytes()).unwrap()).unwrap();
        let found: Vec<(&str, u64)> = found.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(found, [("colour", 1), ("eventTime", 1), ("readPoint", 1)]);
    }
}
