//! A product and its versions: what Regulation (EU) 2016/161 Art. 33(2) wants known of it, market by market.
//!
//! A lot belongs to one version for ever, and the markets of a version in use do not change (EU hub since 1.14): another
//! market is another version. Whether a field is absent or empty matters to the hub, so optional text is an `Option`.
//! What a market or a hub release demands is data in the connector, not here; here is only what every product must have.
//! Serves URS-MD-001, URS-MD-002, URS-MD-003.

use crate::code::Code;
use crate::market::Market;
use crate::product_code::ProductCode;
use crate::refusal::{Refusal, Refusals};

/// A postal address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// Street and number.
    pub street: Option<String>,
    /// A second line.
    pub street2: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// Two letters of ISO 3166-1.
    pub country: Option<String>,
}

/// A company as master data name it: marketing authorisation holder, manufacturer or designated wholesaler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    /// The identifier under which the far side knows it.
    pub id: Option<String>,
    /// Registered name.
    pub name: String,
    /// Where it sits.
    pub address: Address,
}

/// What belongs to one market of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketEntry {
    /// The market.
    pub market: Market,
    /// National reimbursement or other number (Art. 4(b)(iii)).
    pub national_code: Option<String>,
    /// Marketing authorisation holder in this market.
    pub holder: Company,
    /// Wholesalers the holder designated by contract (Art. 33(2)(h)).
    pub wholesalers: Vec<Company>,
}

/// The master data of one version of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterData {
    /// Name with strength and form, without market names.
    pub name: String,
    /// International non-proprietary or common name, without strength.
    pub common_name: Option<String>,
    /// Pharmaceutical form, such as a term of the EDQM list.
    pub form: String,
    /// Strength with its unit.
    pub strength: String,
    /// Kind of pack, such as box or vial.
    pub pack_type: String,
    /// Doses in a pack.
    pub pack_size: u32,
    /// ATC codes, if given.
    pub atc_codes: Vec<String>,
    /// The manufacturer who places the safety features.
    pub manufacturer: Company,
    /// The markets in which packs of this version are placed, each once, in the order of their codes.
    pub markets: Vec<MarketEntry>,
}

/// Longest name or text the record takes, in characters.
const TEXT_CHARACTERS_MAX: usize = 255;

impl MasterData {
    /// Names every field that keeps this version from being stored, each with its JSON pointer.
    ///
    /// # Errors
    /// All missing and malformed fields at once (PRD-003, PRD-004).
    pub fn check(&self) -> Result<(), Refusals> {
        let mut faults = Vec::new();
        for (pointer, label, value) in [
            ("/name", "the name", &self.name),
            ("/form", "the pharmaceutical form", &self.form),
            ("/strength", "the strength", &self.strength),
            ("/pack_type", "the pack type", &self.pack_type),
            (
                "/manufacturer/name",
                "the manufacturer's name",
                &self.manufacturer.name,
            ),
        ] {
            require_text(&mut faults, pointer, label, value);
        }
        if self.pack_size == 0 {
            faults.push(Refusal::at(
                Code::ProductFieldMissing,
                "/pack_size",
                "the pack size is 0; write the doses in a pack",
            ));
        }
        if self.markets.is_empty() {
            faults.push(Refusal::at(
                Code::ProductFieldMissing,
                "/markets",
                "no market is named; a product needs at least one",
            ));
        }
        for (index, entry) in self.markets.iter().enumerate() {
            if self.markets[..index]
                .iter()
                .any(|earlier| earlier.market == entry.market)
            {
                let text = format!("market {} is named twice", entry.market);
                faults.push(Refusal::at(
                    Code::ProductFieldWrong,
                    format!("/markets/{index}/market"),
                    text,
                ));
            }
            let label = format!("the marketing authorisation holder in {}", entry.market);
            require_text(
                &mut faults,
                &format!("/markets/{index}/holder/name"),
                &label,
                &entry.holder.name,
            );
        }
        Refusals::check(faults)
    }

    /// The entry of one market.
    pub fn market(&self, market: Market) -> Option<&MarketEntry> {
        self.markets.iter().find(|entry| entry.market == market)
    }
}

fn require_text(faults: &mut Vec<Refusal>, pointer: &str, label: &str, value: &str) {
    if value.trim().is_empty() {
        faults.push(Refusal::at(
            Code::ProductFieldMissing,
            pointer,
            format!("{label} is missing"),
        ));
    } else if value.chars().count() > TEXT_CHARACTERS_MAX {
        let text = format!("{label} has more than {TEXT_CHARACTERS_MAX} characters");
        faults.push(Refusal::at(Code::ProductFieldWrong, pointer, text));
    } else if value.chars().any(char::is_control) {
        faults.push(Refusal::at(
            Code::ProductFieldWrong,
            pointer,
            format!("{label} holds a control character"),
        ));
    }
}

/// How far one version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionState {
    /// May still be changed; unknown to every far side.
    Draft,
    /// On its way; no longer changed.
    Sent,
    /// The hub holds it: lots of this version can be sent.
    Acknowledged,
    /// The hub refused it; mend and send again.
    Refused,
}

impl VersionState {
    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            VersionState::Draft => "draft",
            VersionState::Sent => "sent",
            VersionState::Acknowledged => "acknowledged",
            VersionState::Refused => "refused",
        }
    }

    /// Reads the word of [`VersionState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [
            VersionState::Draft,
            VersionState::Sent,
            VersionState::Acknowledged,
            VersionState::Refused,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }

    /// Whether its master data may still be changed in place.
    pub const fn is_editable(self) -> bool {
        match self {
            VersionState::Draft | VersionState::Refused => true,
            VersionState::Sent | VersionState::Acknowledged => false,
        }
    }
}

/// The state of a product in one market; a withdrawal cannot be undone (emvs.md 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProductState {
    /// Packs may be supplied.
    Active,
    /// Withdrawn from this market.
    Withdrawn,
}

/// A version as a document of any far side needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductVersion {
    /// GTIN, NTIN or PPN.
    pub code: ProductCode,
    /// Counted from 1.
    pub version: u32,
    /// Its content.
    pub data: MasterData,
}
