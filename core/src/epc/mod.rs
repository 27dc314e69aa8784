//! EPC URIs: identifiers as EPCIS writes them (GS1 EPC Tag Data Standard, sections 6 to 8).
//!
//! `urn:epc:id:sgtin:0614141.112345.400` is GTIN 10614141123459 with serial 400: the company prefix stands in front, the
//! indicator digit moves behind it, the check digit is dropped. Where the prefix ends cannot be read off a GTIN, so that
//! writing a URI takes a [`PrefixLength`], which is never guessed (see `company_prefix`). The canonical key of a pack stays
//! GTIN and serial; a URI is written for output and read on the way in.
//!
//! Covers every scheme of identity URIs, lot classes and patterns for a whole class (`idpat` with `*` in the last place).
//! Binary tag forms are not covered.

mod escape;
mod read;
mod scheme;
mod write;

pub use escape::EscapeFault;
pub use read::{EpcError, read_lgtin, read_sgtin};
pub use scheme::EpcScheme;
pub use write::{EpcBuildError, write_sgtin};

use std::fmt;

use crate::batch_number::BatchNumber;
use crate::company_prefix::PrefixLength;
use crate::element_string::ElementString;
use crate::gln::Gln;
use crate::gtin::Gtin;
use crate::serial::Serial;
use crate::sscc::Sscc;

/// Whether a URI names one thing or all things of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EpcKind {
    /// `urn:epc:id:…`: one thing.
    Identity,
    /// `urn:epc:class:…`: the things of one lot.
    Class,
    /// `urn:epc:idpat:….*`: whatever serial stands in the last place.
    Pattern,
}

/// An EPC taken apart: what it names, and how long the company prefix in it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epc {
    scheme: EpcScheme,
    kind: EpcKind,
    prefix_length: PrefixLength,
    elements: ElementString<'static>,
}

/// What an EPC names, for the schemes that packs, cases and parties use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EpcKey {
    /// One pack, bundle or case.
    Sgtin(Gtin, Serial),
    /// The packs of one batch.
    Lgtin(Gtin, BatchNumber),
    /// All packs of a product.
    GtinPattern(Gtin),
    /// One logistic unit.
    Sscc(Sscc),
    /// A place, with its extension unless that is the `0` that stands for none.
    Sgln(Gln, Option<String>),
    /// A party.
    Pgln(Gln),
    /// A scheme that medicines seldom use; its elements say the rest.
    Other(EpcScheme),
}

impl Epc {
    /// Reads a URI such as `urn:epc:id:sscc:0614141.1234567890`.
    pub fn parse(uri: &str) -> Result<Self, EpcError> {
        read::parse(uri)
    }

    /// The EPC of GS1 elements, such as (01) with (21).
    ///
    /// The scheme follows from the elements, which must be those of one scheme and no others.
    pub fn from_elements(
        elements: &ElementString<'_>,
        prefix_length: PrefixLength,
    ) -> Result<Self, EpcBuildError> {
        write::from_elements(elements, prefix_length)
    }

    /// The EPC of one pack.
    pub fn sgtin(gtin: &Gtin, serial: &Serial, prefix_length: PrefixLength) -> Self {
        write::of_gtin(
            EpcScheme::Sgtin,
            EpcKind::Identity,
            gtin,
            Some(("21", serial.as_str())),
            prefix_length,
        )
    }

    /// The class of the packs of one batch.
    pub fn lgtin(gtin: &Gtin, batch: &BatchNumber, prefix_length: PrefixLength) -> Self {
        write::of_gtin(
            EpcScheme::Lgtin,
            EpcKind::Class,
            gtin,
            Some(("10", batch.as_str())),
            prefix_length,
        )
    }

    /// The pattern of all packs of a product.
    pub fn gtin_pattern(gtin: &Gtin, prefix_length: PrefixLength) -> Self {
        write::of_gtin(
            EpcScheme::Sgtin,
            EpcKind::Pattern,
            gtin,
            None,
            prefix_length,
        )
    }

    /// The EPC of one logistic unit.
    pub fn sscc(sscc: &Sscc, prefix_length: PrefixLength) -> Self {
        write::of_key(EpcScheme::Sscc, &[("00", sscc.as_str())], prefix_length)
    }

    /// The EPC of a place; no extension is written as `0`.
    pub fn sgln(
        gln: &Gln,
        extension: Option<&str>,
        prefix_length: PrefixLength,
    ) -> Result<Self, EpcBuildError> {
        let text = format!(
            "(414){gln}(254){}",
            extension.unwrap_or("0").replace('(', "\\(")
        );
        let elements = ElementString::parse_bracketed(&text, crate::element_string::Level::Content);
        write::from_elements(&elements.map_err(EpcBuildError::Elements)?, prefix_length)
    }

    /// The EPC of a party.
    pub fn pgln(gln: &Gln, prefix_length: PrefixLength) -> Self {
        write::of_key(EpcScheme::Pgln, &[("417", gln.as_str())], prefix_length)
    }

    /// The scheme, such as `sgtin`.
    pub fn scheme(&self) -> EpcScheme {
        self.scheme
    }

    /// Whether it names one thing, a lot or a class.
    pub fn kind(&self) -> EpcKind {
        self.kind
    }

    /// How many digits of it are the company prefix.
    pub fn prefix_length(&self) -> PrefixLength {
        self.prefix_length
    }

    /// The same as GS1 elements, check digits included. A pattern has no element for its last place.
    pub fn elements(&self) -> &ElementString<'static> {
        &self.elements
    }

    /// What it names, as checked types.
    pub fn key(&self) -> EpcKey {
        self.pharma_key().unwrap_or(EpcKey::Other(self.scheme))
    }

    fn pharma_key(&self) -> Option<EpcKey> {
        let value = |code: &str| self.elements.value(code);
        let gtin = || Gtin::parse(value("01")?).ok();
        Some(match (self.scheme, self.kind) {
            (EpcScheme::Sgtin, EpcKind::Pattern) => EpcKey::GtinPattern(gtin()?),
            (EpcScheme::Sgtin, _) => EpcKey::Sgtin(gtin()?, Serial::parse(value("21")?).ok()?),
            (EpcScheme::Lgtin, _) => EpcKey::Lgtin(gtin()?, BatchNumber::parse(value("10")?).ok()?),
            (EpcScheme::Sscc, EpcKind::Identity) => EpcKey::Sscc(Sscc::parse(value("00")?).ok()?),
            (EpcScheme::Sgln, EpcKind::Identity) => {
                let extension = value("254").filter(|&extension| extension != "0");
                EpcKey::Sgln(
                    Gln::parse(value("414")?).ok()?,
                    extension.map(str::to_owned),
                )
            }
            (EpcScheme::Pgln, EpcKind::Identity) => EpcKey::Pgln(Gln::parse(value("417")?).ok()?),
            _ => return None,
        })
    }
}

impl fmt::Display for Epc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write::uri(self))
    }
}

impl std::str::FromStr for Epc {
    type Err = EpcError;

    fn from_str(uri: &str) -> Result<Self, EpcError> {
        Self::parse(uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element_string::Level;

    fn check(uri: &str, bracketed: &str) {
        let epc = Epc::parse(uri).unwrap_or_else(|error| panic!("{uri}: {error}"));
        assert_eq!(epc.elements().to_bracketed(), bracketed, "{uri}");
        assert_eq!(epc.to_string(), uri);
        let elements = ElementString::parse_bracketed(bracketed, Level::Content).unwrap();
        assert_eq!(
            Epc::from_elements(&elements, epc.prefix_length()),
            Ok(epc),
            "{bracketed}"
        );
    }

    fn check_refused(uri: &str, expected: &str) {
        let message = Epc::parse(uri).expect_err(uri).to_string();
        assert!(message.contains(expected), "{uri}: {message}");
        assert_eq!(read_sgtin(uri), None, "{uri}");
    }

    #[test]
    fn trade_items() {
        check(
            "urn:epc:id:sgtin:400638133393.0.a.b%2Fc.",
            "(01)04006381333931(21)a.b/c.",
        );
        check(
            "urn:epc:id:sgtin:061414.1112345.4",
            "(01)10614141123459(21)4",
        );
        check(
            "urn:epc:class:lgtin:4006381.033393.L%22",
            "(01)04006381333931(10)L\"",
        );
        check("urn:epc:idpat:sgtin:4006381.033393.*", "(01)04006381333931");
        check(
            "urn:epc:id:upui:4006381.033393.T:1",
            "(01)04006381333931(235)T:1",
        );
        check(
            "urn:epc:id:itip:4006381.033393.02.03.9.9",
            "(8006)040063813339310203(21)9.9",
        );
        check(
            "urn:epc:idpat:itip:4006381.033393.02.03.*",
            "(8006)040063813339310203",
        );
    }

    #[test]
    fn units_places_and_parties() {
        check(
            "urn:epc:id:sscc:0614141.1234567890",
            "(00)106141412345678908",
        );
        check(
            "urn:epc:id:sgln:400638133393..0",
            "(414)4006381333931(254)0",
        );
        check(
            "urn:epc:id:sgln:0614141.12345.A%261",
            "(414)0614141123452(254)A&1",
        );
        check("urn:epc:id:pgln:0614141.12345", "(417)0614141123452");
    }

    #[test]
    fn seldom_schemes() {
        check(
            "urn:epc:id:grai:0614141.12345.A.1",
            "(8003)00614141123452A.1",
        );
        check("urn:epc:idpat:grai:0614141.12345.*", "(8003)00614141123452");
        check("urn:epc:id:giai:0614141.A.1%3F", "(8004)0614141A.1?");
        check("urn:epc:id:gdti:0614141.12345.A", "(253)0614141123452A");
        check("urn:epc:id:sgcn:0614141.12345.007", "(255)0614141123452007");
        check(
            "urn:epc:id:gsrn:0614141.1234567890",
            "(8018)061414112345678902",
        );
        check(
            "urn:epc:id:gsrnp:0614141.1234567890",
            "(8017)061414112345678902",
        );
        check(
            "urn:epc:id:gsin:0614141.123456789",
            "(402)06141411234567890",
        );
        check("urn:epc:id:ginc:0614141.x:Y", "(401)0614141x:Y");
        check(
            "urn:epc:id:cpi:0614141.12%23A-B.42",
            "(8010)061414112#A-B(8011)42",
        );
    }

    #[test]
    fn refusals() {
        check_refused("urn:epc:id:sgtin:0614141.1123456.4", "make 14 characters");
        check_refused("urn:epc:id:sgtin:06141.41123456.4", "company prefix");
        check_refused("urn:epc:id:sgtin:0614141123456..4", "company prefix");
        check_refused("urn:epc:id:sgtin:0614141.11234X.4", "has 13 digits");
        check_refused("urn:epc:id:sgtin:0614141.112345.", "is empty");
        check_refused("urn:epc:id:sgtin:0614141.112345", "has 3 components");
        check_refused("urn:epc:id:sgtin:0614141.112345.a/b", "must be escaped");
        check_refused(
            "urn:epc:id:sgtin:0614141.112345.a%2gb",
            "escape at position 2",
        );
        check_refused(
            "urn:epc:id:sgtin:0614141.112345.%41",
            "escape at position 1",
        );
        check_refused(
            "urn:epc:id:sgtin:0614141.112345.123456789012345678901",
            "at most 20",
        );
        check_refused("urn:epc:id:sgtin:000000.0000000.1", "all zeros");
        check_refused("urn:epc:id:SGTIN:0614141.112345.4", "no EPC scheme");
        check_refused("urn:epc:id:lgtin:0614141.112345.4", "no EPC scheme");
        check_refused("urn:epc:idpat:sgtin:0614141.112345.4", "ends in *");
        check_refused("urn:epc:idpat:sscc:0614141.*", "no EPC scheme");
        check_refused("urn:epc:tag:sgtin-96:3.0614141.112345.4", "does not begin");
        check_refused("urn:epc:id:cpi:0614141.A/B.1", "must be escaped");
        check_refused("urn:epc:id:cpi:0614141.AB.01", "must not begin with a zero");
        check_refused("", "does not begin");
    }

    #[test]
    fn elements_of_no_scheme() {
        for bracketed in ["(10)A", "(01)04006381333931(21)A(17)280200", "(8004)0614A"] {
            let elements = ElementString::parse_bracketed(bracketed, Level::Content).unwrap();
            let length = PrefixLength::new(7).unwrap();
            assert!(
                Epc::from_elements(&elements, length).is_err(),
                "{bracketed}"
            );
        }
    }

    #[test]
    fn typed_keys_and_the_quick_roads_agree() {
        let (gtin, length) = (
            Gtin::parse("04006381333931").unwrap(),
            PrefixLength::new(7).unwrap(),
        );
        for text in ["A", "a.b%/?", "12345678901234567890"] {
            let (serial, batch) = (
                Serial::parse(text).unwrap(),
                BatchNumber::parse(text).unwrap(),
            );
            let uri = Epc::sgtin(&gtin, &serial, length).to_string();
            assert_eq!(Epc::parse(&uri).unwrap().key(), EpcKey::Sgtin(gtin, serial));
            assert_eq!(read_sgtin(&uri), Some((gtin, serial, length)));
            let mut written = String::new();
            write_sgtin(&gtin, &serial, length, &mut written);
            assert_eq!(written, uri);
            let class = Epc::lgtin(&gtin, &batch, length).to_string();
            assert_eq!(read_lgtin(&class), Some((gtin, batch, length)));
        }
        let gln = Gln::parse("0614141123452").unwrap();
        let place = Epc::sgln(&gln, None, length).unwrap();
        assert_eq!(
            (place.to_string().as_str(), place.key()),
            ("urn:epc:id:sgln:0614141.12345.0", EpcKey::Sgln(gln, None))
        );
        assert!(Epc::sgln(&gln, Some("A B"), length).is_err());
        assert_eq!(
            Epc::gtin_pattern(&gtin, length).key(),
            EpcKey::GtinPattern(gtin)
        );
        assert_eq!(Epc::pgln(&gln, length).key(), EpcKey::Pgln(gln));
        let sscc = Sscc::parse("106141412345678908").unwrap();
        assert_eq!(
            Epc::sscc(&sscc, length).to_string(),
            "urn:epc:id:sscc:0614141.1234567890"
        );
    }
}
