//! Rows about the manufacturers' side: master data, uploads, recalls, withdrawals and single packs.

use packtwin_core::expiry::Expiry;
use packtwin_core::lot::BatchState;
use packtwin_core::market::Market;
use packtwin_core::pack::PackState;
use packtwin_core::product::{ProductState, VersionState};
use packtwin_core::verification::manufacturer::{accept_batch, accept_serial, recall, withdraw};
use packtwin_core::verification::{Found, Holding, KnownBatch, MarketLayers, Outcome};
use packtwin_eu_hub::rules::{HubAnswer, hub_answer};
use packtwin_eu_hub::{HubSettings, Release};

use super::scenario::{Scenario, now, operation_of};
use super::single::ask_directly;
use super::words::number_near;
use crate::conformance::Row;
use crate::conformance::corpus::CsvRow;

pub(super) fn check(row: &CsvRow, result: &mut Row) {
    let operation = row.get("operation");
    let variation = row.get("input_variation");
    let actual = match operation {
        "UPLOAD_PMD" if variation.contains("market added") => new_market(),
        "UPLOAD_PMD" => master_data(row, result),
        "UPLOAD_PPD" => packs(row, result),
        "RECALL_BATCH" => {
            let state = match row.get("given_batch") {
                "Recalled" => BatchState::Recalled,
                _ => BatchState::Active,
            };
            Ok(verdict(recall(state).is_ok()))
        }
        "WITHDRAW_PRODUCT" => withdrawn(row, result),
        _ => match operation.strip_prefix("PSU_").and_then(operation_of) {
            Some(_) => single(row, operation, result),
            None => return result.not_understood(&format!("operation {operation} is not built")),
        },
    };
    match actual {
        Ok(word) => result.same("outcome", row.get("expect_outcome"), word.as_str()),
        Err(why) => result.not_understood(&why),
    }
}

fn verdict(done: bool) -> String {
    match done {
        true => "OK".to_owned(),
        false => "REJECTED".to_owned(),
    }
}

/// The fields a row can name.
const FIELDS: [(&str, &str); 8] = [
    ("common name", "CommonName"),
    ("MAH street2", "Market/Holder/Address/Street2"),
    ("MAH street 2", "Market/Holder/Address/Street2"),
    ("MAH street", "Market/Holder/Address/Street"),
    ("MAH city", "Market/Holder/Address/City"),
    ("MAH name", "Market/Holder/Name"),
    ("strength", "Strength"),
    ("pharmaceutical form", "Form"),
];

fn master_data(row: &CsvRow, result: &mut Row) -> Result<String, String> {
    let variation = row.get("input_variation");
    let (_, path) = FIELDS
        .iter()
        .find(|(words, _)| variation.contains(words))
        .ok_or_else(|| format!("field {variation}"))?;
    let length =
        number_near(variation, "characters").and_then(|length| usize::try_from(length).ok());
    let value = if variation.contains("absent") || variation.contains("missing") {
        None
    } else if variation.contains("blanks") {
        Some("   ".to_owned())
    } else if variation.contains("empty") {
        Some(String::new())
    } else if let Some(length) = length {
        Some("x".repeat(length))
    } else {
        return Err(format!("value {variation}"));
    };
    let answer = hub_answer(path, Release::R1_16, None, value.as_deref());
    if let Some((_, expected)) = row.get("expect_extra").split_once("hub response ") {
        let expected = expected.split([' ', ';', ',']).next().unwrap_or_default();
        result.same(
            "hub response",
            expected,
            answer.code().unwrap_or("ACCEPTED"),
        );
    }
    Ok(verdict(answer == HubAnswer::Accepted))
}

/// A version that is in use is not changed, so that a further market is a new version and old batches stay where they are.
fn new_market() -> Result<String, String> {
    match VersionState::Acknowledged.is_editable() {
        true => Ok("OLD_BATCHES_CHANGED".to_owned()),
        false => Ok("OLD_BATCHES_UNCHANGED".to_owned()),
    }
}

fn packs(row: &CsvRow, result: &mut Row) -> Result<String, String> {
    let variation = row.get("input_variation");
    let scenario = Scenario::of_operation(
        &row.replacing("input_variation", "exact"),
        packtwin_core::verification::Operation::Verify,
    )?;
    let Found::Here(holding) = &scenario.found else {
        return Err("a product of ours".to_owned());
    };
    if let Some(packs) =
        number_near(variation, "serials").filter(|_| variation.ends_with("serials"))
    {
        return split(row, u64::try_from(packs).unwrap_or(0), result);
    }
    if variation.contains("already stored") {
        return Ok(verdict(accept_serial(holding.pack.as_ref()).is_ok()));
    }
    let [here, there]: [Market; 2] =
        ["DE", "FR"].map(|code| code.parse().expect("two capital letters are a market"));
    let batch = stored(holding)?;
    let layers = |market, product, batch| MarketLayers {
        market,
        product,
        batch,
    };
    let markets = [
        layers(here, holding.product, batch.state),
        layers(there, ProductState::Active, BatchState::Active),
    ];
    let expiry = match variation.contains("another expiry") {
        true => Expiry::parse("301231", now().year()).map_err(|error| error.to_string())?,
        false => batch.expiry,
    };
    Ok(match accept_batch(&markets, Some(batch.expiry), expiry) {
        Err(_) => "REJECTED".to_owned(),
        Ok(taken) if taken.refused.is_empty() => "OK".to_owned(),
        Ok(taken) => {
            result.same("the other market takes it", vec![there], taken.accepted);
            result.same("the closed market refuses it", vec![here], taken.refused);
            // The row calls the market X.
            "REJECTED for X".to_owned()
        }
    })
}

fn stored(holding: &Holding) -> Result<KnownBatch, String> {
    holding.batch.ok_or_else(|| "a batch of ours".to_owned())
}

/// `connector splits into 3 messages of at most 250000`
fn split(row: &CsvRow, packs: u64, result: &mut Row) -> Result<String, String> {
    let limit = row
        .get("config")
        .split_once("hub_max=")
        .map(|(_, limit)| limit);
    let limit: u64 = limit
        .and_then(|limit| limit.split(';').next()?.parse().ok())
        .unwrap_or(HubSettings::default().packs_per_message);
    let settings = HubSettings {
        packs_per_message: limit,
        ..HubSettings::default()
    };
    let messages: Vec<u64> = settings.split(packs).collect();
    if let Some(expected) = number_near(row.get("expect_extra"), "messages") {
        result.same(
            "messages",
            usize::try_from(expected).unwrap_or(0),
            messages.len(),
        );
    }
    result.same("packs in all messages", packs, messages.iter().sum::<u64>());
    Ok(verdict(messages.iter().all(|packs| *packs <= limit)))
}

/// A withdrawal, after which no pack of the market may be supplied.
fn withdrawn(row: &CsvRow, result: &mut Row) -> Result<String, String> {
    let mut scenario = Scenario::of_operation(
        &row.replacing("input_variation", "exact")
            .replacing("actor", "pharmacy"),
        packtwin_core::verification::Operation::Remove(
            packtwin_core::verification::Removal::Supply,
        ),
    )?;
    let Found::Here(holding) = &mut scenario.found else {
        return Err("a product of ours".to_owned());
    };
    let Ok(state) = withdraw(holding.product) else {
        return Ok("REJECTED".to_owned());
    };
    holding.product = state;
    let decision = ask_directly(&scenario)?;
    result.same("supply", Outcome::ProductWithdrawn, decision.outcome);
    result.same("again", true, withdraw(state).is_err());
    Ok("OK".to_owned())
}

/// The change of single packs by the manufacturers' side.
fn single(row: &CsvRow, operation: &str, result: &mut Row) -> Result<String, String> {
    let word = operation.trim_start_matches("PSU_");
    let operation = operation_of(word).ok_or("operation")?;
    let scenario = Scenario::of_operation(&row.replacing("input_variation", "exact"), operation)?;
    let decision = ask_directly(&scenario)?;
    let expected = match row.get("expect_pack_state") {
        "unchanged" => scenario.given_state,
        word => PackState::parse(word),
    };
    result.same("state", expected, decision.state);
    Ok(verdict(decision.outcome == Outcome::Ok))
}
