//! How fast alerts fall into clusters: `cargo run -p packtwin-core --example alert_clusters [ALERTS]`.
//!
//! A day of a large market: late and missing uploads, wrong expiries, scanners, double bookings, all mixed. Prints one line.
#![allow(clippy::print_stdout, reason = "this is a program that prints")]

use std::time::Instant;

use packtwin_core::alert::record::PreviousBy;
use packtwin_core::alert::{
    Alert, AlertId, BatchUpload, Cause, Known, Previous, Pseudonym, Source, cluster, deduplicate,
};
use packtwin_core::expiry::Expiry;
use packtwin_core::gtin::Gtin;
use packtwin_core::market::Market;
use packtwin_core::pack::{PackKey, PackState};
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{AlertCode, Delivery, EntryMode, Operation, Removal, Submitted};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(100_000), |text| text.parse())?;
    let alerts = (0..count).map(one).collect::<Result<Vec<_>, _>>()?;
    let uploads = (0..400)
        .filter(|batch| batch % 3 == 0)
        .map(|batch| {
            Ok(BatchUpload {
                product: product(batch)?.into(),
                batch: format!("L{batch}").parse()?,
                stored_at: start().plus_seconds(50_000),
            })
        })
        .collect::<Result<Vec<_>, Box<dyn std::error::Error>>>()?;
    let began = Instant::now();
    let kept = deduplicate(&alerts);
    let clusters = cluster(&alerts, &uploads);
    let seconds = began.elapsed().as_secs_f64();
    let explained: usize = clusters
        .iter()
        .filter(|cluster| cluster.likely.cause != Cause::Suspicion)
        .map(|cluster| cluster.alerts.len())
        .sum();
    println!(
        "{} alerts ({} distinct), {} clusters, {explained} explained, {seconds:.3} s",
        alerts.len(),
        kept.len(),
        clusters.len()
    );
    Ok(())
}

fn start() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000)
}

fn product(batch: u64) -> Result<Gtin, Box<dyn std::error::Error>> {
    let body = format!("0400638{:06}", batch % 40);
    Gtin::from_body(body.as_bytes()).ok_or_else(|| "thirteen digits make a GTIN".into())
}

fn one(number: u64) -> Result<Alert, Box<dyn std::error::Error>> {
    let market: Market = "DE".parse()?;
    let batch = number.wrapping_mul(7_919) % 400;
    let at = start().plus_seconds((number % 86_400) as i64);
    let stored = format!("Y{number:08}z");
    let (code, serial, known) = match number % 6 {
        0 => (AlertCode::A2, stored.clone(), None),
        1 => (
            AlertCode::A3,
            stored.replace('Y', "Z").replace('z', "y"),
            Some(&stored),
        ),
        2 => (AlertCode::A3, stored.to_lowercase(), Some(&stored)),
        3 => (AlertCode::A3, format!("{stored}17280630"), Some(&stored)),
        4 => (AlertCode::A24, stored.clone(), Some(&stored)),
        _ => (AlertCode::A52, stored.clone(), Some(&stored)),
    };
    Ok(Alert {
        id: AlertId::from_random(market, u128::from(number)),
        code,
        raised_at: at,
        market,
        fulfilled_by: None,
        sent: Submitted {
            pack: PackKey {
                product: product(batch)?.into(),
                serial: serial.parse()?,
            },
            batch: Some(format!("L{batch}").parse()?),
            expiry: Some(Expiry::parse("280630", 2027)?),
        },
        known: Known {
            serial: known.map(|known| known.parse()).transpose()?,
            batch: Some(format!("L{batch}").parse()?),
            expiry: Some(Expiry::parse("290630", 2027)?),
        },
        state_before: None,
        source: Source::Site(Operation::Remove(Removal::Supply)),
        entry: EntryMode::Scan,
        delivery: Delivery::Immediate,
        pseudonym: Pseudonym(u128::from(number).to_be_bytes()),
        previous: Some(Previous {
            at: at.plus_seconds(-40),
            state: PackState::Supplied,
            by: PreviousBy::SameSite,
        }),
    })
}
