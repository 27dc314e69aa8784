//! The Core Business Vocabulary: its values, and the four spellings in which documents write them (CBV 2.0, sections 7 and
//! 8; EPCIS 2.0, section 10 on JSON-LD).
//!
//! `urn:epcglobal:cbv:bizstep:shipping` (1.x, allowed in 2.0 XML), `https://ref.gs1.org/cbv/BizStep-shipping` (2.0),
//! `cbv:BizStep-shipping` (JSON-LD), and the bare word `shipping` (JSON only, and there the only one for standard values).

/// A standard vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// Business steps.
    BizStep,
    /// Dispositions.
    Disposition,
    /// Types of business transactions.
    TransactionType,
    /// Types of sources and destinations.
    SourceDestType,
    /// Reasons of error declarations.
    ErrorReason,
    /// Components of vectors and coordinates in sensor reports.
    Component,
    /// Measurement types of sensor reports (GS1 Web Vocabulary).
    MeasurementType,
    /// Alerts of sensor reports (GS1 Web Vocabulary).
    AlertType,
}

/// In which spelling XML is written (the REST header `GS1-CBV-XML-Format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CbvXmlFormat {
    /// URIs stay as they are; bare words become URNs.
    #[default]
    AsWritten,
    /// `urn:epcglobal:cbv:…`.
    Urn,
    /// `https://ref.gs1.org/cbv/…`.
    WebUri,
}

/// The address of the vocabulary.
const CBV: &str = "https://ref.gs1.org/cbv/";
/// The address of the GS1 Web Vocabulary.
const VOC: &str = "https://gs1.org/voc/";

const BIZ_STEPS: &str = "accepting arriving assembling collecting commissioning consigning creating_class_instance \
cycle_counting decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting \
installing killing loading other packing picking receiving removing repackaging repairing replacing reserving \
retail_selling shipping staging_outbound stock_taking stocking storing transporting unloading unpacking void_shipping \
sampling sensor_reporting";

const DISPOSITIONS: &str = "active container_closed damaged destroyed dispensed disposed encoded expired in_progress \
in_transit inactive no_pedigree_match non_sellable_other partially_dispensed recalled reserved retail_sold returned \
sellable_accessible sellable_not_accessible stolen unknown available completeness_inferred completeness_verified \
conformant container_open mismatch_class mismatch_instance mismatch_quantity needs_replacement non_conformant unavailable";

const TRANSACTION_TYPES: &str =
    "bol desadv inv pedigree po poc prodorder recadv rma cert testprd testres upevt";

const SOURCE_DEST_TYPES: &str = "owning_party possessing_party location";

const ERROR_REASONS: &str = "did_not_occur incorrect_data";

const COMPONENTS: &str = "x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting \
northing latitude longitude altitude";

const MEASUREMENT_TYPES: &str = "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Radioactivity Altitude \
AmountOfSubstance AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area \
Capacitance Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity \
ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency Illuminance \
Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux LuminousIntensity MagneticFlux \
MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate MassPerAreaTime MemoryCapacity \
MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux RadiantIntensity RelativeHumidity \
Resistance Resistivity SolidAngle SpecificVolume Speed SurfaceDensity SurfaceTension Temperature Time Torque Voltage \
Volume VolumeFlowRate VolumeFraction VolumetricFlux Wavenumber";

const ALERT_TYPES: &str = "ALARM_CONDITION ERROR_CONDITION";

/// Values that came with CBV 2.0, of the vocabularies that 1.x has too.
const NEW_IN_2: &str = "sampling sensor_reporting available completeness_inferred completeness_verified conformant \
container_open mismatch_class mismatch_instance mismatch_quantity needs_replacement non_conformant unavailable cert testprd \
testres upevt";

impl Standard {
    /// Its values.
    pub fn values(self) -> impl Iterator<Item = &'static str> {
        let text = match self {
            Standard::BizStep => BIZ_STEPS,
            Standard::Disposition => DISPOSITIONS,
            Standard::TransactionType => TRANSACTION_TYPES,
            Standard::SourceDestType => SOURCE_DEST_TYPES,
            Standard::ErrorReason => ERROR_REASONS,
            Standard::Component => COMPONENTS,
            Standard::MeasurementType => MEASUREMENT_TYPES,
            Standard::AlertType => ALERT_TYPES,
        };
        text.split_ascii_whitespace()
    }

    /// The stem of its URNs; `None` where CBV defines none.
    const fn urn_stem(self) -> Option<&'static str> {
        match self {
            Standard::BizStep => Some("urn:epcglobal:cbv:bizstep:"),
            Standard::Disposition => Some("urn:epcglobal:cbv:disp:"),
            Standard::TransactionType => Some("urn:epcglobal:cbv:btt:"),
            Standard::SourceDestType => Some("urn:epcglobal:cbv:sdt:"),
            Standard::ErrorReason => Some("urn:epcglobal:cbv:er:"),
            Standard::Component | Standard::MeasurementType | Standard::AlertType => None,
        }
    }

    /// The address and stem of its Web URIs, and the prefix that JSON-LD binds to the address.
    const fn web_stem(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Standard::BizStep => (CBV, "BizStep-", "cbv:"),
            Standard::Disposition => (CBV, "Disp-", "cbv:"),
            Standard::TransactionType => (CBV, "BTT-", "cbv:"),
            Standard::SourceDestType => (CBV, "SDT-", "cbv:"),
            Standard::ErrorReason => (CBV, "ER-", "cbv:"),
            Standard::Component => (CBV, "Comp-", "cbv:"),
            Standard::MeasurementType | Standard::AlertType => (VOC, "", "gs1:"),
        }
    }

    /// The value behind the stem of any spelling, standard or not; `None` for a URI of somebody's own.
    pub fn word(self, text: &str) -> Option<&str> {
        if let Some(stem) = self.urn_stem()
            && let Some(word) = text.strip_prefix(stem)
        {
            return Some(word);
        }
        let (address, stem, prefix) = self.web_stem();
        let behind = text
            .strip_prefix(address)
            .or_else(|| text.strip_prefix(prefix));
        if let Some(word) = behind.and_then(|rest| rest.strip_prefix(stem)) {
            return Some(word);
        }
        (!text.contains([':', '/'])).then_some(text)
    }

    /// The standard value that a text means, in whatever spelling.
    pub fn value(self, text: &str) -> Option<&'static str> {
        let word = self.word(text)?;
        self.values().find(|value| *value == word)
    }

    /// Whether a text means the value.
    pub fn is(self, text: Option<&str>, value: &str) -> bool {
        text.and_then(|text| self.word(text)) == Some(value)
    }

    /// Whether the value came with CBV 2.0.
    pub fn is_new_in_2(self, value: &str) -> bool {
        self.urn_stem().is_none() || NEW_IN_2.split_ascii_whitespace().any(|new| new == value)
    }

    /// The text as XML writes it.
    pub fn for_xml(self, text: &str, format: CbvXmlFormat) -> Option<String> {
        let word = self.value(text)?;
        let is_bare = !text.contains(':');
        let (address, stem, prefix) = self.web_stem();
        match (self.urn_stem(), format) {
            (None, _) => is_bare.then(|| format!("{prefix}{stem}{word}")),
            (Some(_), CbvXmlFormat::WebUri) => Some(format!("{address}{stem}{word}")),
            (Some(urn), CbvXmlFormat::Urn) => Some(format!("{urn}{word}")),
            (Some(urn), CbvXmlFormat::AsWritten) => {
                (is_bare || text.starts_with(prefix)).then(|| format!("{urn}{word}"))
            }
        }
    }

    /// The Web URI of whatever stands behind a known stem, and of standard values: as the event hash writes it.
    pub fn web_uri(self, text: &str) -> Option<String> {
        let word = self.word(text)?;
        let is_bare = !text.contains(':');
        if is_bare && self.value(text).is_none() {
            return None;
        }
        let (address, stem, _) = self.web_stem();
        Some(format!("{address}{stem}{word}"))
    }

    /// The standard value most like a text, when one is near.
    pub fn nearest(self, text: &str) -> Option<&'static str> {
        let word = self
            .word(text)
            .unwrap_or(text)
            .to_ascii_lowercase()
            .replace(['-', ' '], "_");
        let distance = |value: &str| edit_distance(&word, &value.to_ascii_lowercase());
        let best = self.values().min_by_key(|value| distance(value))?;
        (distance(best) <= 1 + word.len() / 5).then_some(best)
    }
}

/// Insertions, deletions and changes between two short words.
fn edit_distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let change = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_mean_one_value() {
        for text in [
            "shipping",
            "urn:epcglobal:cbv:bizstep:shipping",
            "https://ref.gs1.org/cbv/BizStep-shipping",
            "cbv:BizStep-shipping",
        ] {
            assert_eq!(Standard::BizStep.value(text), Some("shipping"), "{text}");
            assert!(Standard::BizStep.is(Some(text), "shipping"));
            let urn = Standard::BizStep.for_xml(text, CbvXmlFormat::Urn);
            assert_eq!(urn.as_deref(), Some("urn:epcglobal:cbv:bizstep:shipping"));
            let web = Standard::BizStep.web_uri(text);
            assert_eq!(
                web.as_deref(),
                Some("https://ref.gs1.org/cbv/BizStep-shipping")
            );
        }
        assert_eq!(
            Standard::BizStep.value("https://example.org/step/shipping"),
            None
        );
        assert_eq!(
            Standard::MeasurementType.value("gs1:Temperature"),
            Some("Temperature")
        );
        assert_eq!(
            Standard::MeasurementType
                .for_xml("Mass", CbvXmlFormat::Urn)
                .as_deref(),
            Some("gs1:Mass")
        );
    }

    #[test]
    fn near_misses_are_proposed() {
        assert_eq!(
            Standard::BizStep.nearest("comissioning"),
            Some("commissioning")
        );
        assert_eq!(
            Standard::Disposition.nearest("In-Transit"),
            Some("in_transit")
        );
        assert_eq!(Standard::BizStep.nearest("meditating"), None);
    }
}
