//! What the simulated hub demands of product master data (emvs.md 5.2).

use packtwin_core::market::Market;
use packtwin_core::product_code::{CodingScheme, ProductCode};

use super::answer::HubFault;
use super::field_rules::{
    ANY, AddressWanted, COMMON_NAME, OPTIONAL, TEXT, check, check_company, check_named_company,
};
use super::incoming::Element;

const PLACE: &str = "ProductMasterData";

/// The key of a product at the hub: scheme and code, since NTIN and PPN of one PZN are two products there (emvs.md 6.3, I).
pub(crate) fn product_key(content: &Element) -> Result<String, HubFault> {
    let fault = |why: String| HubFault::new("I1", "ProductCode", why);
    let element = content
        .child("ProductCode")
        .ok_or_else(|| HubFault::new("A16", "ProductCode", "the element is missing"))?;
    let named = element.attribute("scheme").unwrap_or_default();
    let scheme = match named {
        "GTIN" => CodingScheme::Gtin,
        "PPN" => CodingScheme::Ppn,
        other => return Err(fault(format!("scheme \"{other}\" is neither GTIN nor PPN"))),
    };
    let code = ProductCode::parse_as(scheme, element.text.trim())
        .map_err(|error| fault(error.to_string()))?;
    if code.as_str() != element.text.trim() {
        return Err(fault("a GTIN is written with 14 digits".to_owned()));
    }
    Ok(format!("{named}:{code}"))
}

/// The version a document names.
pub(crate) fn version(content: &Element) -> Result<u32, HubFault> {
    content
        .text_of("Version")
        .and_then(|text| text.trim().parse().ok())
        .filter(|version| *version > 0)
        .ok_or_else(|| HubFault::new("I1", "Version", "the version is no number from 1 on"))
}

/// The markets a document names, as elements with text or with a code.
pub(crate) fn markets(content: &Element, faults: &mut Vec<HubFault>) -> Vec<String> {
    let mut markets = Vec::new();
    for element in content.children("Market") {
        let named = element.attribute("code").unwrap_or(element.text.trim());
        match named.parse::<Market>() {
            Ok(market) if !market.served_by_eu_hub() => {
                faults.push(HubFault::new(
                    "I1",
                    "Market",
                    format!("no national system serves {market}"),
                ));
            }
            Ok(market) if markets.iter().any(|known| known == market.as_str()) => {
                faults.push(HubFault::new(
                    "I1",
                    "Market",
                    format!("{market} is named twice"),
                ));
            }
            Ok(market) => markets.push(market.to_string()),
            Err(error) => faults.push(HubFault::new("I1", "Market", error.to_string())),
        }
    }
    if markets.is_empty() && faults.is_empty() {
        faults.push(HubFault::new("A16", "Market", "no market is named"));
    }
    markets
}

/// Every fault of the fields of a version.
pub(crate) fn check_version(content: &Element, release: &str, faults: &mut Vec<HubFault>) {
    let strict = release == "1.16";
    for name in ["Name", "Form", "Strength", "PackType", "PackSize"] {
        check(content, PLACE, name, TEXT, faults);
    }
    if let Some(size) = content.text_of("PackSize")
        && !size.trim().is_empty()
        && !size.trim().parse::<u32>().is_ok_and(|doses| doses > 0)
    {
        faults.push(HubFault::new(
            "I1",
            format!("{PLACE}/PackSize"),
            "the pack size is no number from 1 on",
        ));
    }
    check(
        content,
        PLACE,
        "CommonName",
        if strict { COMMON_NAME } else { OPTIONAL },
        faults,
    );
    for (index, atc) in content.children("AtcCode").enumerate() {
        if atc.text.trim().is_empty() || atc.text.chars().count() > 7 {
            faults.push(HubFault::new(
                "I1",
                format!("{PLACE}/AtcCode[{}]", index + 1),
                "an ATC code has up to 7 characters",
            ));
        }
    }
    check_company(
        content,
        PLACE,
        "Manufacturer",
        ANY,
        AddressWanted::Yes,
        faults,
    );
    for market in content.children("Market") {
        let place = format!(
            "{PLACE}/Market[@code=\"{}\"]",
            market.attribute("code").unwrap_or_default()
        );
        check(market, &place, "NationalCode", OPTIONAL, faults);
        check_company(market, &place, "Holder", TEXT, AddressWanted::Yes, faults);
        let wanted = if strict {
            AddressWanted::Yes
        } else {
            AddressWanted::No
        };
        for (index, wholesaler) in market.children("Wholesaler").enumerate() {
            let place = format!("{place}/Wholesaler[{}]", index + 1);
            check_named_company(wholesaler, &place, TEXT, wanted, faults);
        }
    }
}
