//! Invented products, lots and packs for the tests of this crate.

use packtwin_connector_port::document::Envelope;
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::environment::Environment;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::LotHead;
use packtwin_core::market::Market;
use packtwin_core::product::{Address, Company, MarketEntry, MasterData, ProductVersion};
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

pub(crate) fn envelope(release: &str) -> Envelope {
    Envelope {
        message_id: "msg_00000000000000000000000001".to_owned(),
        event_at: Timestamp::parse("2026-11-20T09:30:00Z").unwrap(),
        sender: "OBP-SANDBOX-1".to_owned(),
        release: release.to_owned(),
        environment: Environment::Test,
        callback_url: Some("https://127.0.0.1:8443/callbacks/eu_hub?token=a&site=1".to_owned()),
    }
}

pub(crate) fn code() -> ProductCode {
    ProductCode::parse("04150123456782").unwrap()
}

pub(crate) fn market(code: &str) -> Market {
    code.parse().unwrap()
}

pub(crate) fn company(id: &str, name: &str, city: &str) -> Company {
    Company {
        id: Some(id.to_owned()),
        name: name.to_owned(),
        address: Address {
            street: Some("Musterweg 1".to_owned()),
            street2: None,
            postal_code: Some("00001".to_owned()),
            city: Some(city.to_owned()),
            country: Some("DE".to_owned()),
        },
    }
}

/// A version for Germany and Austria that every release takes.
pub(crate) fn version() -> ProductVersion {
    let entry = |code: &str, national: Option<&str>, wholesalers: Vec<Company>| MarketEntry {
        market: market(code),
        national_code: national.map(str::to_owned),
        holder: company(
            &format!("MAH-{code}"),
            "Sandbox Pharma & Söhne",
            "Musterstadt",
        ),
        wholesalers,
    };
    ProductVersion {
        code: code(),
        version: 2,
        data: MasterData {
            name: "Sandboxin 20 mg Tabletten".to_owned(),
            common_name: Some("sandboxinum".to_owned()),
            form: "Tabletten".to_owned(),
            strength: "20 mg".to_owned(),
            pack_type: "box".to_owned(),
            pack_size: 30,
            atc_codes: vec!["N02BE01".to_owned()],
            manufacturer: company("MFR-1", "Sandbox Works <Nord>", "Werkstadt"),
            markets: vec![
                entry("AT", Some("1234567"), Vec::new()),
                entry(
                    "DE",
                    None,
                    vec![company("WHO-1", "Sandbox Großhandel", "Lagerstadt")],
                ),
            ],
        },
    }
}

pub(crate) fn lot() -> LotHead {
    LotHead {
        product: code(),
        batch: BatchNumber::parse("LOT-1/a").unwrap(),
        expiry: Expiry::parse("281200", 2026).unwrap(),
        manufactured: "2026-11-01".parse().ok(),
    }
}

pub(crate) fn serials(texts: &[&str]) -> Vec<Serial> {
    let mut serials: Vec<Serial> = texts
        .iter()
        .map(|text| Serial::parse(text).unwrap())
        .collect();
    serials.sort_unstable();
    serials
}
