//! What a document says besides its events: kind, version, header, master data, and what stands around the body
//! (EPCIS 2.0, section 9.3; EPCIS 1.2, section 9.5).
//!
//! The Standard Business Document Header and foreign header elements (the GS1 US DSCSA statements among them) are kept as
//! trees, so that every form can carry them whole. `dscsa` reads what they mean.

use crate::extension::{Attribute, Element, Name};

/// The namespace of the Standard Business Document Header.
pub const SBDH: &str = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader";

/// The versions of the standard that differ in their form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SchemaVersion {
    /// 1.0, 1.1 and 1.2.
    V1,
    /// 2.0.
    #[default]
    V2,
}

/// What kind of document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DocumentKind {
    /// Events (`EPCISDocument`).
    #[default]
    Events,
    /// The answer to a query (`EPCISQueryDocument` with `QueryResults`).
    QueryResults {
        /// The query that was asked.
        query_name: Option<String>,
        /// The subscription it belongs to.
        subscription_id: Option<String>,
    },
    /// Master data alone (`EPCISMasterDataDocument`).
    MasterData,
    /// A single event without a document around it.
    BareEvent,
    /// Another message of the query interface; its tree follows.
    Message,
}

/// One attribute of a master data element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MasterAttribute {
    /// Its identifier, e.g. `urn:epcglobal:cbv:mda#name`.
    pub id: String,
    /// Its value: text, elements or both; the name of this element has no meaning.
    pub value: Element,
}

/// One thing that master data describe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MasterElement {
    /// Its identifier.
    pub id: String,
    /// What is said of it.
    pub attributes: Vec<MasterAttribute>,
    /// What belongs to it; `Some` and empty for a list that stands empty.
    pub children: Option<Vec<String>>,
    /// Foreign elements in it.
    pub extensions: Vec<Element>,
}

/// The things of one type that master data describe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// The type, e.g. `urn:epcglobal:epcis:vtype:EPCClass`.
    pub kind: String,
    /// The things; `None` where the list itself is missing.
    pub elements: Option<Vec<MasterElement>>,
    /// Foreign elements in it.
    pub extensions: Vec<Element>,
}

/// All that stands before the first event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentHead {
    /// What kind of document.
    pub kind: DocumentKind,
    /// The form it was read in.
    pub version: SchemaVersion,
    /// Whether it was read from JSON, where prefixes in values have a meaning.
    pub is_json: bool,
    /// `schemaVersion` as written.
    pub schema_version: Option<String>,
    /// `creationDate` as written.
    pub creation_date: Option<String>,
    /// The identifier of a JSON document.
    pub id: Option<String>,
    /// Whether a header stood in the document.
    pub has_header: bool,
    /// The Standard Business Document Header, whole.
    pub sbdh: Option<Element>,
    /// Master data of the header; `None` where there are none.
    pub master_data: Option<Vec<Vocabulary>>,
    /// Foreign elements of the header, the DSCSA statements among them.
    pub header_elements: Vec<Element>,
    /// Foreign elements of the document that stood before the body (JSON).
    pub document_elements: Vec<Element>,
    /// Foreign attributes of the document.
    pub attributes: Vec<Attribute>,
    /// Prefixes bound for the whole document, in order; the fixed ones of EPCIS are not among them.
    pub namespaces: Vec<(String, String)>,
    /// Prefixes of the standard's own context that a JSON document binds once more, to the same.
    pub bound_again: Vec<String>,
    /// Addresses of JSON-LD contexts besides that of EPCIS.
    pub contexts: Vec<String>,
}

impl DocumentHead {
    /// Who sent the document.
    pub fn sender(&self) -> Option<String> {
        self.sbdh_text(&["Sender", "Identifier"])
    }

    /// Who is to receive it.
    pub fn receiver(&self) -> Option<String> {
        self.sbdh_text(&["Receiver", "Identifier"])
    }

    /// The key of the exchange, unique per sender.
    pub fn instance_identifier(&self) -> Option<String> {
        self.sbdh_text(&["DocumentIdentification", "InstanceIdentifier"])
    }

    /// A header element by its local name.
    pub fn header_element(&self, local: &str) -> Option<&Element> {
        self.header_elements
            .iter()
            .find(|element| element.name.local == local)
    }

    fn sbdh_text(&self, path: &[&str]) -> Option<String> {
        let mut at = self.sbdh.as_ref()?;
        for step in path {
            at = at.child(step)?;
        }
        Some(at.own_text().trim().to_owned())
    }
}

/// The Standard Business Document Header of what JSON says in its place: sender, receiver and instance.
pub fn plain_sbdh(
    sender: Option<&str>,
    receiver: Option<&str>,
    instance: Option<&str>,
    creation_date: Option<&str>,
) -> Element {
    let name = |local: &str| Name::new(SBDH, "sbdh", local);
    let text = |local: &str, text: &str| Element::text(name(local), text);
    let partner = |local: &str, id: &str| {
        let mut identifier = text("Identifier", id);
        identifier.attributes.push(Attribute {
            name: Name::local("Authority"),
            value: "GS1".to_owned(),
        });
        Element::parent(name(local), [identifier])
    };
    let identification = [
        text("Standard", "EPCglobal"),
        text("TypeVersion", "1.0"),
        text("InstanceIdentifier", instance.unwrap_or_default()),
        text("Type", "Events"),
        text("CreationDateAndTime", creation_date.unwrap_or_default()),
    ];
    Element::parent(
        name("StandardBusinessDocumentHeader"),
        [
            text("HeaderVersion", "1.0"),
            partner("Sender", sender.unwrap_or_default()),
            partner("Receiver", receiver.unwrap_or_default()),
            Element::parent(name("DocumentIdentification"), identification),
        ],
    )
}
