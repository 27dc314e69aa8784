//! Rows about likely causes: one text against another, or what many alerts have in common.

use packtwin_core::alert::near::{Field, explain};
use packtwin_core::alert::record::PreviousBy;
use packtwin_core::alert::{
    Alert, AlertId, BatchUpload, Known, Previous, Pseudonym, Source, cluster,
};
use packtwin_core::expiry::Expiry;
use packtwin_core::pack::{PackKey, PackState};
use packtwin_core::verification::{AlertCode, Delivery, EntryMode, Operation, Removal, Submitted};

use super::scenario::{GTIN, now};
use super::words::{number_near, seconds, value_behind, words};
use crate::conformance::Row;
use crate::conformance::corpus::CsvRow;

pub(super) fn check(row: &CsvRow, result: &mut Row) {
    let variation = row.get("input_variation");
    let entry = match row.get("entry_mode") {
        "manual" => EntryMode::Manual,
        _ => EntryMode::Scan,
    };
    let actual = if variation.contains("submitted") {
        texts(row, entry)
    } else {
        events(row, entry, result)
    };
    match actual {
        Ok(cause) => result.same("cause", row.get("expect_outcome"), cause),
        Err(why) => result.not_understood(&why),
    }
}

/// One element as stored and as sent; the stored one may stand among the remarks.
fn texts(row: &CsvRow, entry: EntryMode) -> Result<&'static str, String> {
    let (variation, extra) = (row.get("input_variation"), row.get("expect_extra"));
    let element = ["serial", "batch", "expiry"]
        .into_iter()
        .find(|element| variation.contains(element))
        .ok_or("which element?")?;
    let stored_label = format!("stored {element}");
    let labels = [format!("submitted {element}"), "submitted".to_owned()];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let sent = value_behind(variation, &labels).ok_or("what was sent?")?;
    let stored = [variation, extra]
        .into_iter()
        .find_map(|text| value_behind(text, &[&stored_label]));
    let field = match element {
        "serial" => Field::Serial,
        "batch" => Field::Batch,
        _ => {
            let code = AlertCode::A52;
            let mut alert = alert(0, code, entry)?;
            alert.sent.expiry = Some(expiry(sent)?);
            alert.known.expiry = Some(expiry(stored.ok_or("which expiry is stored?")?)?);
            return Ok(packtwin_core::alert::likely_cause(&alert).cause.as_str());
        }
    };
    let likely = explain(field, sent, stored, entry);
    Ok(likely.map_or("SUSPICION", |likely| likely.cause.as_str()))
}

/// Alerts as the row tells them: how many, where, how far apart, and when the batch came.
fn events(row: &CsvRow, entry: EntryMode, result: &mut Row) -> Result<&'static str, String> {
    let history = row.get("given_history");
    let code = words(history)
        .into_iter()
        .find_map(AlertCode::parse)
        .ok_or("which alert?")?;
    let locations = number_near(history, "location").or_else(|| number_near(history, "site"));
    let count = locations.filter(|_| history.contains("from")).unwrap_or(1);
    let within = history
        .split(',')
        .find(|part| part.contains("within"))
        .and_then(seconds)
        .unwrap_or(3_600);
    let mut alerts = Vec::new();
    for number in 0..count {
        let mut alert = alert(u8::try_from(number).unwrap_or(u8::MAX), code, entry)?;
        alert.raised_at = now().plus_seconds(within * number / count.max(1));
        if matches!(code, AlertCode::A7 | AlertCode::A24) {
            let apart = seconds(history).unwrap_or(60);
            alert.source = Source::Site(Operation::Remove(Removal::Supply));
            alert.previous = Some(Previous {
                at: alert.raised_at.plus_seconds(-apart),
                state: PackState::Supplied,
                by: match history.contains("same location") || history.contains("same site") {
                    true => PreviousBy::SameSite,
                    false => PreviousBy::OtherSite,
                },
            });
        }
        if code == AlertCode::A52 {
            alert.known.expiry = Some(expiry("301231")?);
        }
        if history.contains("replay") || history.contains("outage") {
            alert.delivery = Delivery::Deferred;
        }
        alerts.push(alert);
    }
    let stored = history
        .split(',')
        .find(|part| part.contains("uploaded") && part.contains("later"));
    let uploads: Vec<BatchUpload> = stored
        .and_then(seconds)
        .into_iter()
        .map(|later| {
            Ok(BatchUpload {
                product: GTIN.parse().map_err(|_| "our own product")?,
                batch: "LB42".parse().map_err(|_| "our own batch")?,
                stored_at: now().plus_seconds(within + later),
            })
        })
        .collect::<Result<_, String>>()?;
    let clusters = cluster(&alerts, &uploads);
    let first = clusters.first().ok_or("no cluster came of it")?;
    if row.get("expect_extra").contains("grouped under one cause") {
        result.same("alerts in one cluster", alerts.len(), first.alerts.len());
    }
    Ok(first.likely.cause.as_str())
}

fn expiry(text: &str) -> Result<Expiry, String> {
    Expiry::parse(text, now().year()).map_err(|error| error.to_string())
}

fn alert(number: u8, code: AlertCode, entry: EntryMode) -> Result<Alert, String> {
    let market = "DE".parse().map_err(|_| "a market")?;
    Ok(Alert {
        id: AlertId::from_random(market, u128::from(number)),
        code,
        raised_at: now(),
        market,
        fulfilled_by: None,
        sent: Submitted {
            pack: PackKey {
                product: GTIN.parse().map_err(|_| "our own product")?,
                serial: format!("S7K{number}Q")
                    .parse()
                    .map_err(|_| "our own serial")?,
            },
            batch: Some("LB42".parse().map_err(|_| "our own batch")?),
            expiry: Some(expiry("290630")?),
        },
        known: Known::default(),
        state_before: None,
        source: Source::Site(Operation::Verify),
        entry,
        delivery: Delivery::Immediate,
        pseudonym: Pseudonym([number; 16]),
        previous: None,
    })
}
