//! Parameters by example: what each becomes, and that all faults are told at once.

use super::*;

fn read(parameters: &[(&str, &[&str])]) -> Result<EventQuery, Vec<String>> {
    let parameters: Vec<(String, Vec<String>)> = parameters
        .iter()
        .map(|(name, values)| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            ((*name).to_owned(), values)
        })
        .collect();
    let prefixes = [("ex".to_owned(), "https://example.com/".to_owned())];
    read_query(&parameters, &prefixes)
        .map_err(|faults| faults.into_iter().map(|fault| fault.place).collect())
}

#[test]
fn parameters_become_tests() {
    let value = |name: &str, value: &str| Test::Value {
        name: name.to_owned(),
        values: vec![value.to_owned()],
    };
    let compares = |name: &str, comparison, text: &str| Test::Compares {
        name: name.to_owned(),
        comparison,
        order: order_of(text).unwrap(),
    };
    for (name, given, expected) in [
        (
            "EQ_bizStep",
            "shipping",
            value("bizStep", "https://ref.gs1.org/cbv/BizStep-shipping"),
        ),
        (
            "EQ_readPoint",
            "urn:epc:id:sgln:0614141.12345.0",
            value("readPoint", "(414)0614141123452"),
        ),
        (
            "EQ_source_owning_party",
            "urn:epc:id:pgln:0614141.12345",
            value(
                "source_https://ref.gs1.org/cbv/SDT-owning_party",
                "(417)0614141123452",
            ),
        ),
        ("EQ_action", "ADD", value("action", "ADD")),
        (
            "EQ_ILMD_cbvmda:lotNumber",
            "L1",
            value("ilmd:urn:epcglobal:cbv:mda#lotNumber", "L1"),
        ),
        (
            "EQ_INNER_ILMD_urn:x#y",
            "1",
            value("inner:ilmd:urn:x#y", "1"),
        ),
        (
            "GT_ex:size",
            "7",
            compares("https://example.com/#size", Comparison::Greater, "7"),
        ),
        (
            "LE_quantity_KGM",
            "7.5",
            compares("quantity_KGM", Comparison::LessOrEqual, "7.5"),
        ),
        (
            "GE_errorDeclaration_Time",
            "2026-01-01T00:00:00Z",
            compares(
                "errorDeclarationTime",
                Comparison::GreaterOrEqual,
                "2026-01-01T00:00:00Z",
            ),
        ),
        (
            "EXISTS_ERROR_DECLARATION_ex:why",
            "",
            Test::Exists("error_declaration:https://example.com/#why".to_owned()),
        ),
        (
            "MATCH_anyEPC",
            "urn:epc:idpat:sgtin:4006381.033393.*",
            Test::Names {
                places: MATCHES[4].1,
                names: vec!["(01)04006381333931".to_owned()],
                prefixes: vec!["(01)04006381333931(21)".to_owned()],
            },
        ),
    ] {
        assert_eq!(
            read(&[(name, &[given])]).map(|query| query.tests),
            Ok(vec![expected]),
            "{name}"
        );
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let wrong: &[(&str, &[&str])] = &[
        ("EQ_colour", &["red"]),
        ("GE_eventTime", &["2026-01-01T00:00:00"]),
        ("MATCH_thing", &["x"]),
        ("WD_readPoint", &["x"]),
        ("eventType", &["ObjectEvent", "PartyEvent"]),
        ("EXISTS_nobody:x", &["true"]),
        ("eventCountLimit", &["7"]),
    ];
    let mut places: Vec<String> = wrong.iter().map(|(name, _)| format!("?{name}")).collect();
    assert_eq!(read(wrong), Err(std::mem::take(&mut places)));
    let ordered: &[(&str, &[&str])] = &[("eventCountLimit", &["7"]), ("orderBy", &["eventTime"])];
    assert_eq!(
        read(ordered).map(|query| query.event_count_limit),
        Ok(Some(7))
    );
}
