//! Product Master Data (PMD): one version of a product, with one set of fields per market (emvs.md 5.1, 5.2; DR 33(2)).
//!
//! A lot belongs to one version for ever and a version's markets cannot be changed afterwards (since hub 1.14), so the
//! document always carries the whole version.

use std::borrow::Cow;

use packtwin_core::code::Code;
use packtwin_core::market::Market;
use packtwin_core::product::{Address, Company, MasterData, ProductVersion};
use packtwin_core::product_code::{CodingScheme, ProductCode};
use packtwin_core::refusal::Refusal;

use crate::document_tree::{Node, Traced};
use crate::release::Release;
use crate::rules::{self, HubAnswer};

/// The document's element.
pub(crate) const NAME: &str = "ProductMasterData";

/// The version as a tree.
pub(crate) fn tree(version: &ProductVersion, release: Release) -> Node {
    let data = &version.data;
    let at = Place {
        release,
        market: None,
    };
    let mut children = vec![
        product_code(&version.code),
        Node::text(
            "Version",
            Traced::copied(
                "version",
                version.version.to_string(),
                "a lot binds to one version for ever (EMVO-HC)",
            ),
        ),
    ];
    for field in head_fields(data) {
        children.extend(at.text(
            field.element,
            field.element,
            &field.canonical,
            field.value.as_deref(),
        ));
    }
    children.push(company(
        "Manufacturer",
        "Manufacturer",
        "manufacturer",
        &data.manufacturer,
        at,
    ));
    for entry in &data.markets {
        let canonical = format!("markets/{}", entry.market);
        let at = Place {
            release,
            market: Some(entry.market),
        };
        let mut market = Vec::new();
        market.extend(at.text(
            "NationalCode",
            "Market/NationalCode",
            &format!("{canonical}/national_code"),
            entry.national_code.as_deref(),
        ));
        market.push(company(
            "Holder",
            "Market/Holder",
            &format!("{canonical}/holder"),
            &entry.holder,
            at,
        ));
        for (index, wholesaler) in entry.wholesalers.iter().enumerate() {
            let canonical = format!("{canonical}/wholesalers/{index}");
            market.push(company(
                "Wholesaler",
                "Market/Wholesaler",
                &canonical,
                wholesaler,
                at,
            ));
        }
        let code = Traced::copied(
            format!("{canonical}/market"),
            entry.market.as_str(),
            "member state as ISO 3166-1, one set of fields each (EMVO-HC)",
        );
        children.push(Node::Group {
            name: "Market",
            attribute: Some(("code", code)),
            children: market,
        });
    }
    Node::group(NAME, children)
}

/// Product code with its scheme, as every document names it.
pub(crate) fn product_code(code: &ProductCode) -> Node {
    let scheme = Traced::changed(
        "product_code/scheme",
        code.scheme().as_str(),
        wire_scheme(code.scheme()),
        "coding scheme GTIN or PPN (DR 33(2)(b))",
    );
    Node::Text {
        name: "ProductCode",
        attribute: Some(("scheme", scheme)),
        text: Traced::copied(
            "product_code",
            code.as_str(),
            "as printed: 14 digits of the GTIN or NTIN, or the PPN; the key is scheme and code",
        ),
    }
}

/// How the hub writes a scheme.
pub(crate) const fn wire_scheme(scheme: CodingScheme) -> &'static str {
    match scheme {
        CodingScheme::Gtin => "GTIN",
        CodingScheme::Ppn => "PPN",
    }
}

/// Everything for which the hub would refuse the version, each with its JSON pointer.
pub(crate) fn faults(version: &ProductVersion, release: Release) -> Vec<Refusal> {
    let data = &version.data;
    let mut faults: Vec<Refusal> = data
        .check()
        .err()
        .iter()
        .flat_map(|refusals| refusals.iter().cloned())
        .collect();
    if let Some(fault) = version.code.national_fault() {
        faults.push(Refusal::at(
            Code::ProductCodeWrong,
            "/code",
            format!("the national number inside is wrong: {fault}"),
        ));
    }
    let at = Place {
        release,
        market: None,
    };
    for field in head_fields(data) {
        let pointer = format!("/{}", field.canonical);
        at.check(
            field.element,
            &pointer,
            field.label,
            field.value.as_deref(),
            &mut faults,
        );
    }
    check_company(
        at,
        "Manufacturer",
        "/manufacturer",
        "the manufacturer",
        &data.manufacturer,
        &mut faults,
    );
    for (index, entry) in data.markets.iter().enumerate() {
        let pointer = format!("/markets/{index}");
        if !entry.market.served_by_eu_hub() {
            faults.push(Refusal::at(
                Code::ProductFieldWrong,
                format!("{pointer}/market"),
                format!("the EU hub has no national system for {}", entry.market),
            ));
        }
        let at = Place {
            release,
            market: Some(entry.market),
        };
        at.check(
            "Market/NationalCode",
            &format!("{pointer}/national_code"),
            "the national code",
            entry.national_code.as_deref(),
            &mut faults,
        );
        check_company(
            at,
            "Market/Holder",
            &format!("{pointer}/holder"),
            "the marketing authorisation holder",
            &entry.holder,
            &mut faults,
        );
        for (number, wholesaler) in entry.wholesalers.iter().enumerate() {
            let pointer = format!("{pointer}/wholesalers/{number}");
            check_company(
                at,
                "Market/Wholesaler",
                &pointer,
                "the wholesaler",
                wholesaler,
                &mut faults,
            );
        }
    }
    faults
}

/// A field above the markets.
struct HeadField<'a> {
    element: &'static str,
    canonical: String,
    label: &'static str,
    value: Option<Cow<'a, str>>,
}

fn head_fields(data: &MasterData) -> Vec<HeadField<'_>> {
    fn field<'a>(
        element: &'static str,
        canonical: String,
        label: &'static str,
        value: Option<&'a str>,
    ) -> HeadField<'a> {
        HeadField {
            element,
            canonical,
            label,
            value: value.map(Cow::Borrowed),
        }
    }
    let mut fields = vec![
        field(
            "Name",
            "name".to_owned(),
            "the name",
            Some(data.name.as_str()),
        ),
        field(
            "CommonName",
            "common_name".to_owned(),
            "the common name",
            data.common_name.as_deref(),
        ),
        field(
            "Form",
            "form".to_owned(),
            "the pharmaceutical form",
            Some(data.form.as_str()),
        ),
        field(
            "Strength",
            "strength".to_owned(),
            "the strength",
            Some(data.strength.as_str()),
        ),
        field(
            "PackType",
            "pack_type".to_owned(),
            "the pack type",
            Some(data.pack_type.as_str()),
        ),
        HeadField {
            element: "PackSize",
            canonical: "pack_size".to_owned(),
            label: "the pack size",
            value: Some(Cow::Owned(data.pack_size.to_string())),
        },
    ];
    fields.extend(data.atc_codes.iter().enumerate().map(|(index, atc)| {
        field(
            "AtcCode",
            format!("atc_codes/{index}"),
            "the ATC code",
            Some(atc.as_str()),
        )
    }));
    fields
}

/// For which release and market a field is written.
#[derive(Clone, Copy)]
struct Place {
    release: Release,
    market: Option<Market>,
}

impl Place {
    fn text(
        self,
        element: &'static str,
        path: &str,
        canonical: &str,
        value: Option<&str>,
    ) -> Option<Node> {
        let rule = rules::field_rule(path, self.release, self.market)?;
        match (rule.written(value), value) {
            (Some(written), given) => Some(Node::text(
                element,
                Traced::changed(
                    canonical,
                    given.unwrap_or_default(),
                    written,
                    rule.in_words(),
                ),
            )),
            (None, Some(given)) => Some(Node::dropped(
                canonical,
                given,
                format!(
                    "left out, the hub refuses an empty element; {}",
                    rule.in_words()
                ),
            )),
            (None, None) => None,
        }
    }

    fn check(
        self,
        path: &str,
        pointer: &str,
        label: &str,
        value: Option<&str>,
        faults: &mut Vec<Refusal>,
    ) {
        if faults.iter().any(|known| known.place == pointer) {
            return;
        }
        let Some(rule) = rules::field_rule(path, self.release, self.market) else {
            return;
        };
        let answer = match rule.written(value) {
            Some(written) => rule.answer(Some(written)),
            None => rule.answer(None),
        };
        if answer == HubAnswer::Accepted {
            return;
        }
        let what = match value {
            None | Some("") => "is empty",
            Some(text) if text.trim().is_empty() => "holds only blanks",
            Some(text) if text.chars().count() > rule.longest => "is too long",
            Some(_) => "holds a character that XML does not allow",
        };
        let place = self
            .market
            .map(|market| format!(" for {market}"))
            .unwrap_or_default();
        let code = if what.starts_with("is empty") || what.starts_with("holds only") {
            Code::HubFieldEmpty
        } else {
            Code::ProductFieldWrong
        };
        let since = match rule.since {
            Release::R1_14 => String::new(),
            later => format!("; it became mandatory with hub {later}"),
        };
        let code_of_hub = answer.code().unwrap_or_default();
        let text = format!(
            "the hub would refuse the product with {code_of_hub}: {label} {what}{place}{since}"
        );
        faults.push(Refusal::at(code, pointer, text));
    }
}

fn company(
    element: &'static str,
    path: &str,
    canonical: &str,
    company: &Company,
    at: Place,
) -> Node {
    let mut children = Vec::new();
    children.extend(at.text(
        "Id",
        &format!("{path}/Id"),
        &format!("{canonical}/id"),
        company.id.as_deref(),
    ));
    children.extend(at.text(
        "Name",
        &format!("{path}/Name"),
        &format!("{canonical}/name"),
        Some(&company.name),
    ));
    let mut address = Vec::new();
    for (element, key, value) in address_fields(&company.address) {
        address.extend(at.text(
            element,
            &format!("{path}/Address/{element}"),
            &format!("{canonical}/address/{key}"),
            value,
        ));
    }
    if !address.is_empty() {
        children.push(Node::group("Address", address));
    }
    Node::group(element, children)
}

fn check_company(
    at: Place,
    path: &str,
    pointer: &str,
    label: &str,
    company: &Company,
    faults: &mut Vec<Refusal>,
) {
    at.check(
        &format!("{path}/Id"),
        &format!("{pointer}/id"),
        &format!("{label}'s id"),
        company.id.as_deref(),
        faults,
    );
    at.check(
        &format!("{path}/Name"),
        &format!("{pointer}/name"),
        &format!("{label}'s name"),
        Some(&company.name),
        faults,
    );
    for (element, key, value) in address_fields(&company.address) {
        at.check(
            &format!("{path}/Address/{element}"),
            &format!("{pointer}/address/{key}"),
            &format!("{label}'s {}", element_words(element)),
            value,
            faults,
        );
    }
}

fn address_fields(address: &Address) -> [(&'static str, &'static str, Option<&str>); 5] {
    [
        ("Street", "street", address.street.as_deref()),
        ("Street2", "street2", address.street2.as_deref()),
        ("PostalCode", "postal_code", address.postal_code.as_deref()),
        ("City", "city", address.city.as_deref()),
        ("Country", "country", address.country.as_deref()),
    ]
}

fn element_words(element: &str) -> &str {
    match element {
        "Street" => "street",
        "Street2" => "second address line",
        "PostalCode" => "postal code",
        "City" => "city",
        other => other,
    }
}
