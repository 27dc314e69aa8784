//! Products on both engines: one under every code, versions that change only while no far side knows them.

use packtwin_core::ids::ProductNo;
use packtwin_core::product::VersionState;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::store::product::ProductFilter;
use packtwin_tenants::testing::{for_each_engine, now};

use super::fixture::*;

/// NTIN and PPN of the PZN 03752864.
const NTIN: &str = "04150037528643";
const PPN: &str = "110375286414";
const GTIN: &str = "04012345678901";

/// URS-MD-001: the same product under either scheme, and for one tenant of the site only.
#[test]
fn a_product_is_one_under_every_code_and_belongs_to_one_tenant() {
    for_each_engine(|site| {
        let (alder, birch) = site.two_tenants();
        let (alder, birch) = (site.scope_of(alder), site.scope_of(birch));
        let no = product(&alder, NTIN);
        let found = read(&alder, |reader| reader.product_find(&code(PPN))).unwrap();
        assert_eq!((found.no, found.code), (no, code(NTIN)));
        assert_eq!(read(&birch, |reader| reader.product_find(&code(PPN))), None);
        for scope in [&alder, &birch] {
            let again = try_change(scope, |writer| {
                writer.product_create(&code(PPN), &master_data("Exemplar", &["DE"]))
            });
            assert!(matches!(again, Err(StoreError::Taken)), "{again:?}");
        }
        assert_eq!(
            product(&birch, GTIN),
            ProductNo(1),
            "the failed try took no number"
        );
    });
}

/// URS-MD-002: content survives, absent and empty apart; a version in use is not changed.
#[test]
fn a_version_changes_only_while_no_far_side_knows_it() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let version =
            |number| read(&scope, |reader| reader.product_version_get(no, number)).unwrap();
        let first = version(1);
        assert_eq!(first.data, master_data("Exemplar 10 mg", &["DE", "FR"]));
        assert_eq!(
            (first.state, first.created_by.as_str()),
            (VersionState::Draft, "system:test")
        );

        let changed = master_data("Exemplar 20 mg", &["DE"]);
        let change_at = |row_version| {
            change(&scope, |writer| {
                writer.product_version_change(no, 1, &changed, row_version)
            })
        };
        assert!(
            !change_at(first.row_version + 1),
            "a row version that never was"
        );
        assert!(change_at(first.row_version));
        assert!(!change_at(first.row_version), "someone was first");
        assert_eq!(version(1).data, changed);

        let move_on = |from, to| {
            change(&scope, |writer| {
                writer.product_version_state(no, 1, &[from], to, None)
            })
        };
        assert!(move_on(VersionState::Draft, VersionState::Sent));
        assert!(!move_on(VersionState::Draft, VersionState::Sent));
        assert!(!change_at(version(1).row_version), "on its way");
        let acknowledge = || {
            change(&scope, |writer| {
                writer.product_version_acknowledge(no, 1, now())
            })
        };
        assert!(acknowledge());
        assert!(!acknowledge());
        assert!(!change_at(version(1).row_version), "in use");
        assert_eq!(version(1).acknowledged_at, Some(now()));
        assert!(change(&scope, |writer| writer
            .product_version_hub_copy(no, 1, &changed)));
        assert_eq!(version(1).hub_copy, Some(changed.clone()));

        let second = change(&scope, |writer| writer.product_version_add(no, &changed));
        assert_eq!(second, 2);
        assert_eq!(
            read(&scope, |reader| reader.product_version_list(no)).len(),
            2
        );
        let latest = read(&scope, |reader| {
            reader.product_version_acknowledged_latest(no)
        });
        assert_eq!(latest.unwrap().version, 1);
        let got = read(&scope, |reader| reader.product_get(no)).unwrap();
        assert_eq!(got.latest_version, 2);
    });
}

#[test]
fn lists_are_filtered_and_paged() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        for (code_text, name, markets) in [
            (GTIN, "Exemplar 10 mg", ["DE", "FR"].as_slice()),
            ("04012345678918", "Muster_5 %", &["DE"]),
            ("04012345678925", "MUSTERX5", &["AT"]),
        ] {
            change(&scope, |writer| {
                writer.product_create(&code(code_text), &master_data(name, markets))
            });
        }
        let list = |filter: ProductFilter, after| -> Vec<i32> {
            read(&scope, |reader| reader.product_list(&filter, after, 2))
                .iter()
                .map(|(product, _)| product.no.0)
                .collect()
        };
        let text = |text: &str| ProductFilter {
            text: Some(text.to_owned()),
            ..ProductFilter::default()
        };
        assert_eq!(list(ProductFilter::default(), None), [1, 2]);
        assert_eq!(list(ProductFilter::default(), Some(ProductNo(2))), [3]);
        assert_eq!(list(text("muster"), None), [2, 3], "in any letter case");
        assert_eq!(
            list(text("muster_5"), None),
            [2],
            "a wildcard is a character"
        );
        assert_eq!(list(text("5 %"), None), [2]);
        assert_eq!(list(text("678925"), None), [3], "by code");
        let in_market = |name: &str| ProductFilter {
            market: Some(market(name)),
            ..ProductFilter::default()
        };
        assert_eq!(list(in_market("FR"), None), [1]);
        assert_eq!(list(in_market("EF"), None), [] as [i32; 0]);
        let sent = ProductFilter {
            state: Some(VersionState::Sent),
            ..ProductFilter::default()
        };
        assert_eq!(list(sent, None), [] as [i32; 0]);
    });
}

/// URS-MD-003: a withdrawal cannot be undone or told twice.
#[test]
fn a_withdrawal_happens_once_a_market() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let withdraw = |name: &str, reason: &str| {
            change(&scope, |writer| {
                writer.product_withdraw(no, market(name), reason, None)
            })
        };
        assert!(withdraw("FR", "authorisation ended"));
        assert!(!withdraw("FR", "another reason"));
        assert!(withdraw("DE", "authorisation ended"));
        let withdrawals = read(&scope, |reader| reader.product_withdrawals(no));
        let told: Vec<(&str, &str)> = withdrawals
            .iter()
            .map(|(market, _, reason)| (market.as_str(), reason.as_str()))
            .collect();
        assert_eq!(
            told,
            [("DE", "authorisation ended"), ("FR", "authorisation ended")]
        );
    });
}
