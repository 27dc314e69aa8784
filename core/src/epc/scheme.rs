//! The schemes of EPC URIs and the elements each is made of (Tag Data Standard, sections 6.3 and 7).

use super::EpcKind;

/// A scheme of EPC URIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EpcScheme {
    /// A trade item with serial: (01) and (21).
    Sgtin,
    /// The lot of a trade item: (01) and (10).
    Lgtin,
    /// A trade item with third-party serial: (01) and (235).
    Upui,
    /// A piece of a trade item: (8006) and (21).
    Itip,
    /// A logistic unit: (00).
    Sscc,
    /// A location: (414) and (254).
    Sgln,
    /// A party: (417).
    Pgln,
    /// A returnable asset: (8003).
    Grai,
    /// An individual asset: (8004).
    Giai,
    /// A document: (253).
    Gdti,
    /// A coupon: (255).
    Sgcn,
    /// A service relation, recipient: (8018).
    Gsrn,
    /// A service relation, provider: (8017).
    Gsrnp,
    /// A shipment: (402).
    Gsin,
    /// A consignment: (401).
    Ginc,
    /// A component: (8010) and (8011).
    Cpi,
}

/// How a scheme is written.
pub(super) struct Shape {
    pub(super) scheme: EpcScheme,
    /// The name in the URI.
    pub(super) name: &'static str,
    /// The kind under which it stands, besides patterns.
    pub(super) kind: EpcKind,
    /// The element that holds prefix and reference.
    pub(super) ai: &'static str,
    pub(super) reference: Reference,
    pub(super) tail: Tail,
}

/// What stands behind the company prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference {
    /// Digits that make `total` together with the prefix; a check digit follows them in the element.
    Digits { total: usize, lead: Lead },
    /// Text of set 82.
    Text,
    /// Text of set 39.
    Part,
}

/// What stands in front of the company prefix in the element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    Nothing,
    /// The first digit of the reference: the indicator of a GTIN, the extension digit of an SSCC.
    FirstOfReference,
    /// A zero that the URI leaves out.
    Zero,
}

/// What stands behind the reference.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    Nothing,
    /// A serial or lot in an element of its own.
    Element(&'static str),
    /// The extension of a location, `0` for none.
    Extension,
    /// A serial at the end of the same element.
    Appended,
    /// Piece and total in the same element, then a serial in (21).
    PieceAndSerial,
}

impl EpcScheme {
    /// The name in the URI, such as `sgtin`.
    pub fn name(self) -> &'static str {
        self.shape().name
    }

    pub(super) fn shape(self) -> &'static Shape {
        &SHAPES[self as usize]
    }
}

impl Shape {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.name == name)
    }

    /// The element of the tail, if it is one of its own.
    pub(super) fn tail_ai(&self) -> Option<&'static str> {
        match self.tail {
            Tail::Element(ai) => Some(ai),
            Tail::Extension => Some("254"),
            Tail::PieceAndSerial => Some("21"),
            Tail::Nothing | Tail::Appended => None,
        }
    }

    /// The number of components, which dots separate.
    pub(super) fn components(&self) -> usize {
        match self.tail {
            Tail::Nothing => 2,
            Tail::Element(_) | Tail::Extension | Tail::Appended => 3,
            Tail::PieceAndSerial => 5,
        }
    }
}

const fn shape(
    scheme: EpcScheme,
    name: &'static str,
    ai: &'static str,
    reference: Reference,
    tail: Tail,
) -> Shape {
    Shape {
        scheme,
        name,
        kind: EpcKind::Identity,
        ai,
        reference,
        tail,
    }
}

const fn digits(total: usize, lead: Lead) -> Reference {
    Reference::Digits { total, lead }
}

const ITEM: Reference = digits(13, Lead::FirstOfReference);
const PLACE: Reference = digits(12, Lead::Nothing);

/// In the order of the variants, which a test holds.
pub(super) static SHAPES: [Shape; 16] = [
    shape(EpcScheme::Sgtin, "sgtin", "01", ITEM, Tail::Element("21")),
    Shape {
        scheme: EpcScheme::Lgtin,
        name: "lgtin",
        kind: EpcKind::Class,
        ai: "01",
        reference: ITEM,
        tail: Tail::Element("10"),
    },
    shape(EpcScheme::Upui, "upui", "01", ITEM, Tail::Element("235")),
    shape(EpcScheme::Itip, "itip", "8006", ITEM, Tail::PieceAndSerial),
    shape(
        EpcScheme::Sscc,
        "sscc",
        "00",
        digits(17, Lead::FirstOfReference),
        Tail::Nothing,
    ),
    shape(EpcScheme::Sgln, "sgln", "414", PLACE, Tail::Extension),
    shape(EpcScheme::Pgln, "pgln", "417", PLACE, Tail::Nothing),
    shape(
        EpcScheme::Grai,
        "grai",
        "8003",
        digits(12, Lead::Zero),
        Tail::Appended,
    ),
    shape(
        EpcScheme::Giai,
        "giai",
        "8004",
        Reference::Text,
        Tail::Nothing,
    ),
    shape(EpcScheme::Gdti, "gdti", "253", PLACE, Tail::Appended),
    shape(EpcScheme::Sgcn, "sgcn", "255", PLACE, Tail::Appended),
    shape(
        EpcScheme::Gsrn,
        "gsrn",
        "8018",
        digits(17, Lead::Nothing),
        Tail::Nothing,
    ),
    shape(
        EpcScheme::Gsrnp,
        "gsrnp",
        "8017",
        digits(17, Lead::Nothing),
        Tail::Nothing,
    ),
    shape(
        EpcScheme::Gsin,
        "gsin",
        "402",
        digits(16, Lead::Nothing),
        Tail::Nothing,
    ),
    shape(
        EpcScheme::Ginc,
        "ginc",
        "401",
        Reference::Text,
        Tail::Nothing,
    ),
    shape(
        EpcScheme::Cpi,
        "cpi",
        "8010",
        Reference::Part,
        Tail::Element("8011"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application_identifier;

    #[test]
    fn every_scheme_finds_its_shape_and_its_elements() {
        for (index, shape) in SHAPES.iter().enumerate() {
            assert_eq!(shape.scheme as usize, index, "{}", shape.name);
            assert_eq!(shape.scheme.name(), shape.name);
            for ai in std::iter::once(shape.ai).chain(shape.tail_ai()) {
                assert!(
                    application_identifier::find(ai).is_some(),
                    "{} names {ai}",
                    shape.name
                );
            }
        }
    }
}
