//! In which order and under which wrapper each field of an event stands in XML (EPCIS 1.2 and 2.0, XML schemas).
//!
//! One table for reader and writer: what the reader reports as misplaced is what the writer never writes. Version 2.0 has
//! every field directly in the event. Version 1.x has the later ones in `extension`, and carries those of 2.0 in
//! `extension/extension`, which its schema leaves open, as GS1's own samples do.

use crate::event::EventKind;

/// Fields that every event begins with, 2.0.
pub const BASE_2: [&str; 7] = [
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "eventID",
    "errorDeclaration",
    "certificationInfo",
    "baseExtension",
];
/// Fields that every event begins with, 1.x.
pub const BASE_1: [&str; 4] = [
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "baseExtension",
];
/// Fields in `baseExtension`, 1.2.
pub const BASE_1_EXTENSION: [&str; 3] = ["eventID", "errorDeclaration", "extension"];
/// Fields of 2.0 in `baseExtension/extension`, 1.2.
pub const BASE_1_EXTENSION_2: [&str; 1] = ["certificationInfo"];

/// The fields of one type of event behind the base.
pub struct Layout {
    /// Directly in the event, 2.0.
    pub v2: &'static [&'static str],
    /// Directly in the event, 1.x.
    pub v1: &'static [&'static str],
    /// In `extension`, 1.x.
    pub v1_extension: &'static [&'static str],
    /// In `extension/extension`, 1.x.
    pub v1_extension_2: &'static [&'static str],
}

/// What EPCIS 2.0 added to all events.
const NEW_IN_2: [&str; 2] = ["sensorElementList", "persistentDisposition"];

const OBJECT: Layout = Layout {
    v2: &[
        "epcList",
        "action",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "quantityList",
        "sourceList",
        "destinationList",
        "sensorElementList",
        "persistentDisposition",
        "ilmd",
        "extension",
    ],
    v1: &[
        "epcList",
        "action",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "extension",
    ],
    v1_extension: &[
        "quantityList",
        "sourceList",
        "destinationList",
        "ilmd",
        "extension",
    ],
    v1_extension_2: &NEW_IN_2,
};

const AGGREGATION: Layout = Layout {
    v2: &[
        "parentID",
        "childEPCs",
        "action",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "childQuantityList",
        "sourceList",
        "destinationList",
        "sensorElementList",
        "persistentDisposition",
        "extension",
    ],
    v1: &[
        "parentID",
        "childEPCs",
        "action",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "extension",
    ],
    v1_extension: &[
        "childQuantityList",
        "sourceList",
        "destinationList",
        "extension",
    ],
    v1_extension_2: &NEW_IN_2,
};

const TRANSACTION: Layout = Layout {
    v2: &[
        "bizTransactionList",
        "parentID",
        "epcList",
        "action",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "quantityList",
        "sourceList",
        "destinationList",
        "sensorElementList",
        "persistentDisposition",
        "extension",
    ],
    v1: &[
        "bizTransactionList",
        "parentID",
        "epcList",
        "action",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "extension",
    ],
    v1_extension: &["quantityList", "sourceList", "destinationList", "extension"],
    v1_extension_2: &NEW_IN_2,
};

const TRANSFORMATION: Layout = Layout {
    v2: &[
        "inputEPCList",
        "inputQuantityList",
        "outputEPCList",
        "outputQuantityList",
        "transformationID",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "sourceList",
        "destinationList",
        "sensorElementList",
        "persistentDisposition",
        "ilmd",
        "extension",
    ],
    v1: &[
        "inputEPCList",
        "inputQuantityList",
        "outputEPCList",
        "outputQuantityList",
        "transformationID",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "sourceList",
        "destinationList",
        "ilmd",
        "extension",
    ],
    v1_extension: &NEW_IN_2,
    v1_extension_2: &[],
};

const ASSOCIATION_FIELDS: [&str; 14] = [
    "parentID",
    "childEPCs",
    "childQuantityList",
    "action",
    "bizStep",
    "disposition",
    "readPoint",
    "bizLocation",
    "bizTransactionList",
    "sourceList",
    "destinationList",
    "sensorElementList",
    "persistentDisposition",
    "extension",
];

const ASSOCIATION: Layout = Layout {
    v2: &ASSOCIATION_FIELDS,
    // The type does not exist in 1.x; where it is carried, it keeps its form of 2.0.
    v1: &ASSOCIATION_FIELDS,
    v1_extension: &[],
    v1_extension_2: &[],
};

/// `QuantityEvent` of EPCIS 1.0; its class and number stand directly in it.
const QUANTITY: Layout = Layout {
    v2: &[
        "epcClass",
        "quantity",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "extension",
    ],
    v1: &[
        "epcClass",
        "quantity",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "extension",
    ],
    v1_extension: &[],
    v1_extension_2: &[],
};

/// An event of somebody's own may hold any field.
const FOREIGN: Layout = Layout {
    v2: &[
        "bizTransactionList",
        "parentID",
        "epcList",
        "childEPCs",
        "inputEPCList",
        "inputQuantityList",
        "outputEPCList",
        "outputQuantityList",
        "transformationID",
        "action",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "quantityList",
        "childQuantityList",
        "sourceList",
        "destinationList",
        "sensorElementList",
        "persistentDisposition",
        "ilmd",
    ],
    v1: &[],
    v1_extension: &[],
    v1_extension_2: &[],
};

impl Layout {
    /// The layout of a type of event.
    pub const fn of(kind: &EventKind) -> &'static Layout {
        match kind {
            EventKind::Object => &OBJECT,
            EventKind::Aggregation => &AGGREGATION,
            EventKind::Transaction => &TRANSACTION,
            EventKind::Transformation => &TRANSFORMATION,
            EventKind::Association => &ASSOCIATION,
            EventKind::Quantity => &QUANTITY,
            EventKind::Foreign(_) => &FOREIGN,
        }
    }
}

/// The spelling of the standard for a name that differs from it in case only.
pub fn known_spelling(name: &str) -> Option<&'static str> {
    const AROUND: [&str; 11] = [
        "EPCISDocument",
        "EPCISQueryDocument",
        "EPCISMasterDataDocument",
        "EPCISHeader",
        "EPCISBody",
        "EventList",
        "ObjectEvent",
        "AggregationEvent",
        "TransactionEvent",
        "TransformationEvent",
        "AssociationEvent",
    ];
    let fields = FOREIGN.v2.iter().chain(&BASE_2).chain(&AROUND);
    fields
        .copied()
        .find(|known| known.eq_ignore_ascii_case(name) && *known != name)
}
