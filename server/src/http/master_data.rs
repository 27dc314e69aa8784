//! Master data as requests and answers write them; the canonical form is `packtwin_core::product`.

use packtwin_core::code::Code;
use packtwin_core::market::Market;
use packtwin_core::product::{Address, Company, MarketEntry, MasterData};
use packtwin_core::refusal::{Refusal, Refusals};

use crate::body;

body! {
    /// A postal address.
    pub struct AddressBody {
        /// Street and number.
        street: Option<String>,
        /// More of the street.
        street2: Option<String>,
        /// Postal code.
        postal_code: Option<String>,
        /// City.
        city: Option<String>,
        /// Country.
        country: Option<String>,
    }
}

body! {
    /// A company.
    pub struct CompanyBody {
        /// Its id at the far side.
        id: Option<String>,
        /// Its name.
        name: String,
        /// Its address.
        address: Option<AddressBody>,
    }
}

body! {
    /// What holds in one market.
    pub struct MarketBody {
        /// ISO 3166-1 alpha-2 code.
        market: String,
        /// The national code.
        national_code: Option<String>,
        /// The marketing authorisation holder.
        holder: CompanyBody,
        /// Designated wholesalers.
        wholesalers: Option<Vec<CompanyBody>>,
    }
}

body! {
    /// The master data of one version of a product.
    pub struct MasterDataBody {
        /// The name with strength and form, as on the pack.
        name: String,
        /// The common name of the active substance.
        common_name: Option<String>,
        /// The pharmaceutical form.
        form: String,
        /// The strength with its unit.
        strength: String,
        /// The type of pack.
        pack_type: String,
        /// Doses in a pack.
        pack_size: u32,
        /// ATC codes.
        atc_codes: Option<Vec<String>>,
        /// The manufacturer.
        manufacturer: CompanyBody,
        /// The markets, at least one.
        markets: Vec<MarketBody>,
    }
}

impl MasterDataBody {
    /// The canonical form; further rules are the use case's.
    ///
    /// # Errors
    /// Every market that is none.
    pub(super) fn into_data(self) -> Result<MasterData, Refusals> {
        let mut faults = Vec::new();
        let mut markets = Vec::new();
        for (index, entry) in self.markets.into_iter().enumerate() {
            match entry.market.parse::<Market>() {
                Ok(market) => markets.push(MarketEntry {
                    market,
                    national_code: entry.national_code,
                    holder: company(entry.holder),
                    wholesalers: entry
                        .wholesalers
                        .unwrap_or_default()
                        .into_iter()
                        .map(company)
                        .collect(),
                }),
                Err(error) => {
                    let place = format!("/markets/{index}/market");
                    faults.push(Refusal::at(
                        Code::ProductFieldWrong,
                        place,
                        error.to_string(),
                    ));
                }
            }
        }
        Refusals::check(faults)?;
        Ok(MasterData {
            name: self.name,
            common_name: self.common_name,
            form: self.form,
            strength: self.strength,
            pack_type: self.pack_type,
            pack_size: self.pack_size,
            atc_codes: self.atc_codes.unwrap_or_default(),
            manufacturer: company(self.manufacturer),
            markets,
        })
    }
}

fn company(body: CompanyBody) -> Company {
    let address = body
        .address
        .map_or_else(Address::default, |address| Address {
            street: address.street,
            street2: address.street2,
            postal_code: address.postal_code,
            city: address.city,
            country: address.country,
        });
    Company {
        id: body.id,
        name: body.name,
        address,
    }
}

impl From<&Company> for CompanyBody {
    fn from(company: &Company) -> Self {
        let address = &company.address;
        CompanyBody {
            id: company.id.clone(),
            name: company.name.clone(),
            address: Some(AddressBody {
                street: address.street.clone(),
                street2: address.street2.clone(),
                postal_code: address.postal_code.clone(),
                city: address.city.clone(),
                country: address.country.clone(),
            }),
        }
    }
}

impl From<&MasterData> for MasterDataBody {
    fn from(data: &MasterData) -> Self {
        let market = |entry: &MarketEntry| MarketBody {
            market: entry.market.to_string(),
            national_code: entry.national_code.clone(),
            holder: CompanyBody::from(&entry.holder),
            wholesalers: Some(entry.wholesalers.iter().map(CompanyBody::from).collect()),
        };
        MasterDataBody {
            name: data.name.clone(),
            common_name: data.common_name.clone(),
            form: data.form.clone(),
            strength: data.strength.clone(),
            pack_type: data.pack_type.clone(),
            pack_size: data.pack_size,
            atc_codes: Some(data.atc_codes.clone()),
            manufacturer: CompanyBody::from(&data.manufacturer),
            markets: data.markets.iter().map(market).collect(),
        }
    }
}
