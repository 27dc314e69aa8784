//! Where our version of a product and the hub's copy of it part company (users.md 3.2, drift panel).
//!
//! Absent and empty count as the same here: the hub gives back an empty element where we had none to give.

use std::collections::BTreeMap;

use packtwin_core::product::{Company, ProductVersion};

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDrift {
    /// The canonical place, e.g. `markets/DE/holder/name`; markets by code, wholesalers by id.
    pub canonical: String,
    /// Our value; `None` when we have none.
    pub ours: Option<String>,
    /// The hub's value; `None` when it has none.
    pub hub: Option<String>,
}

/// Every field that differs, by its place.
pub fn compare(ours: &ProductVersion, hub: &ProductVersion) -> Vec<FieldDrift> {
    let (ours, mut hub) = (flat(ours), flat(hub));
    let mut drifts = Vec::new();
    for (canonical, value) in ours {
        let theirs = hub.remove(&canonical);
        if theirs.as_ref() != Some(&value) {
            drifts.push(FieldDrift {
                canonical,
                ours: Some(value),
                hub: theirs,
            });
        }
    }
    drifts.extend(hub.into_iter().map(|(canonical, value)| FieldDrift {
        canonical,
        ours: None,
        hub: Some(value),
    }));
    drifts.sort_by(|left, right| left.canonical.cmp(&right.canonical));
    drifts
}

fn flat(version: &ProductVersion) -> BTreeMap<String, String> {
    let data = &version.data;
    let mut fields = BTreeMap::new();
    let mut put = |place: String, value: Option<&str>| {
        if let Some(text) = value.filter(|text| !text.is_empty()) {
            fields.insert(place, text.to_owned());
        }
    };
    put("product_code".to_owned(), Some(version.code.as_str()));
    put(
        "product_code/scheme".to_owned(),
        Some(version.code.scheme().as_str()),
    );
    put("version".to_owned(), Some(&version.version.to_string()));
    put("name".to_owned(), Some(&data.name));
    put("common_name".to_owned(), data.common_name.as_deref());
    put("form".to_owned(), Some(&data.form));
    put("strength".to_owned(), Some(&data.strength));
    put("pack_type".to_owned(), Some(&data.pack_type));
    put("pack_size".to_owned(), Some(&data.pack_size.to_string()));
    put("atc_codes".to_owned(), Some(&data.atc_codes.join(" ")));
    put_company(&mut put, "manufacturer", &data.manufacturer);
    for entry in &data.markets {
        let place = format!("markets/{}", entry.market);
        put(format!("{place}/market"), Some(entry.market.as_str()));
        put(
            format!("{place}/national_code"),
            entry.national_code.as_deref(),
        );
        put_company(&mut put, &format!("{place}/holder"), &entry.holder);
        for wholesaler in &entry.wholesalers {
            let id = wholesaler.id.as_deref().unwrap_or(&wholesaler.name);
            put_company(&mut put, &format!("{place}/wholesalers/{id}"), wholesaler);
        }
    }
    fields
}

fn put_company(put: &mut impl FnMut(String, Option<&str>), place: &str, company: &Company) {
    put(format!("{place}/id"), company.id.as_deref());
    put(format!("{place}/name"), Some(&company.name));
    let address = &company.address;
    put(format!("{place}/address/street"), address.street.as_deref());
    put(
        format!("{place}/address/street2"),
        address.street2.as_deref(),
    );
    put(
        format!("{place}/address/postal_code"),
        address.postal_code.as_deref(),
    );
    put(format!("{place}/address/city"), address.city.as_deref());
    put(
        format!("{place}/address/country"),
        address.country.as_deref(),
    );
}

#[cfg(test)]
mod tests {
    use packtwin_core::product::ProductVersion;

    use super::*;
    use crate::fixtures::{company, version};

    fn check(
        change: impl FnOnce(&mut ProductVersion),
        expected: &[(&str, Option<&str>, Option<&str>)],
    ) {
        let ours = version();
        let mut hub = version();
        change(&mut hub);
        let drifts = compare(&ours, &hub);
        let found: Vec<_> = drifts
            .iter()
            .map(|drift| {
                (
                    drift.canonical.as_str(),
                    drift.ours.as_deref(),
                    drift.hub.as_deref(),
                )
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_difference_is_named_from_both_sides() {
        check(|_| {}, &[]);
        check(
            |hub| hub.data.markets[0].holder.address.street2 = Some(String::new()),
            &[],
        );
        check(|hub| hub.data.markets.reverse(), &[]);
        check(
            |hub| hub.data.name = "Sandboxin".to_owned(),
            &[("name", Some("Sandboxin 20 mg Tabletten"), Some("Sandboxin"))],
        );
        check(
            |hub| {
                hub.data.common_name = None;
                let mut extra = company("WHO-2", "Zweiter", "Ort");
                extra.address = Default::default();
                hub.data.markets[0].wholesalers.push(extra);
            },
            &[
                ("common_name", Some("sandboxinum"), None),
                ("markets/AT/wholesalers/WHO-2/id", None, Some("WHO-2")),
                ("markets/AT/wholesalers/WHO-2/name", None, Some("Zweiter")),
            ],
        );
    }
}
