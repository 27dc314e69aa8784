//! Reads sensor data: attributes in XML, of which those without namespace must be the standard's (EPCIS 2.0, section 7.3.7).

use super::header::into_element;
use crate::event::{
    SENSOR_METADATA, SENSOR_REPORT, SENSOR_REPORT_EXTRA, SensorElement, SensorFields, SensorText,
};
use crate::extension::Element;

/// Reads one `sensorElement`; names that do not belong in it are added to `unknown`.
pub(super) fn read_sensor_element(tree: Element, unknown: &mut Vec<String>) -> SensorElement {
    let mut element = SensorElement::default();
    for child in tree.content.into_iter().filter_map(into_element) {
        match child.name.local.as_str() {
            "sensorMetadata" => {
                element.metadata = Some(sensor_fields(child, &SENSOR_METADATA, unknown))
            }
            "sensorReport" => {
                let mut known = SENSOR_REPORT.to_vec();
                known.push(SENSOR_REPORT_EXTRA);
                element.reports.push(sensor_fields(child, &known, unknown));
            }
            "extension" if child.name.namespace.is_empty() => {
                let inner = child.content.into_iter().filter_map(into_element);
                element.extensions.extend(inner);
            }
            _ => element.extensions.push(child),
        }
    }
    element
}

fn sensor_fields(
    tree: Element,
    known: &[(&'static str, SensorText)],
    unknown: &mut Vec<String>,
) -> SensorFields {
    let mut fields = SensorFields::default();
    for attribute in tree.attributes {
        let standard = known.iter().find(|(name, _)| attribute.name.is("", name));
        match standard {
            Some((name, _)) => fields.fields.push((name, attribute.value)),
            None => {
                if attribute.name.namespace.is_empty() {
                    unknown.push(attribute.name.local.clone());
                }
                fields
                    .extensions
                    .push(Element::text(attribute.name, attribute.value));
            }
        }
    }
    // XML has attributes only; elements come from forms that know no difference.
    fields
        .extensions
        .extend(tree.content.into_iter().filter_map(into_element));
    fields
}
