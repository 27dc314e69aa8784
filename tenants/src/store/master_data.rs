//! Master data as the database keeps them: one JSON text a version, in a form private to this crate.
//!
//! Absent and empty fields stay apart (`null` and `""`), since the hub tells them apart. A field that an older build did
//! not write reads as absent.

use serde::{Deserialize, Serialize};

use packtwin_core::product::{Address, Company, MarketEntry, MasterData};

use super::stored::{json, json_text, parsed};
use crate::error::StoreError;

/// The JSON text of a version's content.
pub(super) fn master_data_text(data: &MasterData) -> String {
    json_text(&Stored::from(data))
}

/// Reads what [`master_data_text`] wrote.
pub(super) fn master_data(text: &str) -> Result<MasterData, StoreError> {
    json::<Stored>(text, "master data")?.try_into()
}

/// The markets of a version, sorted as it has them, one blank between: a search for two letters finds only a market.
pub(super) fn markets_text(data: &MasterData) -> String {
    let markets: Vec<&str> = data
        .markets
        .iter()
        .map(|entry| entry.market.as_str())
        .collect();
    markets.join(" ")
}

#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    #[serde(default)]
    common_name: Option<String>,
    form: String,
    strength: String,
    pack_type: String,
    pack_size: u32,
    #[serde(default)]
    atc_codes: Vec<String>,
    manufacturer: StoredCompany,
    markets: Vec<StoredMarket>,
}

#[derive(Serialize, Deserialize)]
struct StoredMarket {
    market: String,
    #[serde(default)]
    national_code: Option<String>,
    holder: StoredCompany,
    #[serde(default)]
    wholesalers: Vec<StoredCompany>,
}

#[derive(Serialize, Deserialize)]
struct StoredCompany {
    #[serde(default)]
    id: Option<String>,
    name: String,
    #[serde(default)]
    street: Option<String>,
    #[serde(default)]
    street2: Option<String>,
    #[serde(default)]
    postal_code: Option<String>,
    #[serde(default)]
    city: Option<String>,
    #[serde(default)]
    country: Option<String>,
}

impl From<&MasterData> for Stored {
    fn from(data: &MasterData) -> Self {
        Stored {
            name: data.name.clone(),
            common_name: data.common_name.clone(),
            form: data.form.clone(),
            strength: data.strength.clone(),
            pack_type: data.pack_type.clone(),
            pack_size: data.pack_size,
            atc_codes: data.atc_codes.clone(),
            manufacturer: (&data.manufacturer).into(),
            markets: data.markets.iter().map(StoredMarket::from).collect(),
        }
    }
}

impl TryFrom<Stored> for MasterData {
    type Error = StoreError;

    fn try_from(stored: Stored) -> Result<Self, StoreError> {
        let markets: Result<_, _> = stored
            .markets
            .into_iter()
            .map(MarketEntry::try_from)
            .collect();
        Ok(MasterData {
            name: stored.name,
            common_name: stored.common_name,
            form: stored.form,
            strength: stored.strength,
            pack_type: stored.pack_type,
            pack_size: stored.pack_size,
            atc_codes: stored.atc_codes,
            manufacturer: stored.manufacturer.into(),
            markets: markets?,
        })
    }
}

impl From<&MarketEntry> for StoredMarket {
    fn from(entry: &MarketEntry) -> Self {
        StoredMarket {
            market: entry.market.to_string(),
            national_code: entry.national_code.clone(),
            holder: (&entry.holder).into(),
            wholesalers: entry.wholesalers.iter().map(StoredCompany::from).collect(),
        }
    }
}

impl TryFrom<StoredMarket> for MarketEntry {
    type Error = StoreError;

    fn try_from(stored: StoredMarket) -> Result<Self, StoreError> {
        Ok(MarketEntry {
            market: parsed(&stored.market, "market")?,
            national_code: stored.national_code,
            holder: stored.holder.into(),
            wholesalers: stored.wholesalers.into_iter().map(Company::from).collect(),
        })
    }
}

impl From<&Company> for StoredCompany {
    fn from(company: &Company) -> Self {
        let address = company.address.clone();
        StoredCompany {
            id: company.id.clone(),
            name: company.name.clone(),
            street: address.street,
            street2: address.street2,
            postal_code: address.postal_code,
            city: address.city,
            country: address.country,
        }
    }
}

impl From<StoredCompany> for Company {
    fn from(stored: StoredCompany) -> Self {
        Company {
            id: stored.id,
            name: stored.name,
            address: Address {
                street: stored.street,
                street2: stored.street2,
                postal_code: stored.postal_code,
                city: stored.city,
                country: stored.country,
            },
        }
    }
}
