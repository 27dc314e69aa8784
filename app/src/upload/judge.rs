//! The judgement of whole lots: is the product known, which version do the packs belong to, and what stands against
//! storing them. Single rows were judged by the reader.

use std::collections::BTreeSet;

use packtwin_core::code::Code;
use packtwin_core::fact::LotHead;
use packtwin_core::finding::Finding;
use packtwin_core::ids::UploadId;
use packtwin_core::market::Market;
use packtwin_tenants::scope::{Reader, TenantScope};
use packtwin_tenants::store::load::LoadState;
use packtwin_tenants::store::lot::LotRecord;
use packtwin_tenants::store::product::{ProductRecord, VersionRecord};

use super::all_lots;
use super::tally::{LotTally, Tally};
use crate::error::AppError;
use crate::market::{ClosedMarket, market_standing};
use crate::whole_file::two_expiries;

/// Looks every lot up in the store: its product, its version, and what stands against it.
pub(super) fn judge_lots(
    scope: &TenantScope,
    id: UploadId,
    tally: &mut Tally,
) -> Result<(), AppError> {
    scope.read(|reader| {
        let earlier = all_lots(reader, id)?;
        for lot in &mut tally.lots {
            if lot.head.is_none() {
                // What is wrong with its values was reported where they stand.
                lot.flawed_by
                    .clone()
                    .into_iter()
                    .for_each(|code| lot.block(code));
            }
            if lot.other_expiry.is_some() {
                lot.block(Code::UploadTwoExpiries);
            }
            let Some(code) = lot.code else {
                continue;
            };
            let Some(product) = reader.product_find(&code)? else {
                lot.block(Code::UploadProductUnknown);
                continue;
            };
            lot.product = Some(product.no);
            let Some(head) = lot.head.clone() else {
                continue;
            };
            judge_lot(reader, lot, &head, &product)?;
            lot.load = earlier
                .iter()
                .find(|known| {
                    known.product == lot.product && known.batch_text == head.batch.as_str()
                })
                .and_then(|known| known.load);
        }
        Ok(())
    })
}

fn judge_lot(
    reader: &mut Reader<'_>,
    lot: &mut LotTally,
    head: &LotHead,
    product: &ProductRecord,
) -> Result<(), AppError> {
    let stored = match reader.lot_find(product.no, &head.batch)? {
        Some(lot) if was_visible(reader, &lot)? => Some(lot),
        _ => None,
    };
    let version = match &stored {
        Some(stored) => {
            differing_values(stored, head)
                .into_iter()
                .for_each(|code| lot.block(code));
            version_of(reader, product, stored.version)?
        }
        None => match reader.product_version_acknowledged_latest(product.no)? {
            Some(acknowledged) => acknowledged,
            None => version_of(reader, product, product.latest_version)?,
        },
    };
    lot.version = Some(version.version);
    lot.version_unknown_to_hub = version.acknowledged_at.is_none();
    let stored = stored.map(|stored| stored.no);
    lot.standing = market_standing(reader, product.no, stored, &version.data)?;
    if lot.standing.is_shut() || closed_markets_named(lot).next().is_some() {
        lot.block(Code::UploadLotRecalled);
    }
    let released = |market: &String| {
        market
            .parse::<Market>()
            .is_ok_and(|market| version.data.market(market).is_some())
    };
    lot.markets_not_released.extend(
        lot.markets
            .iter()
            .filter(|market| !released(market))
            .cloned(),
    );
    if stored.is_some() {
        lot.other_version = version_with(reader, product, &lot.markets_not_released)?
            .filter(|other| *other != version.version);
    }
    match (lot.markets_not_released.is_empty(), lot.other_version) {
        (true, _) => {}
        (false, Some(_)) => lot.block(Code::UploadOtherVersion),
        (false, None) => lot.block(Code::UploadMarketNotReleased),
    }
    Ok(())
}

/// What a lot of a file says differently from the lot that is stored: its expiry and manufacturing date are printed or
/// told once and hold for all of its packs.
pub(super) fn differing_values(stored: &LotRecord, head: &LotHead) -> Vec<Code> {
    let mut codes = Vec::new();
    if stored.expiry != head.expiry {
        codes.push(Code::UploadExpiryDiffersFromLot);
    }
    if let (Some(known), Some(told)) = (stored.manufactured, head.manufactured)
        && known != told
    {
        codes.push(Code::UploadManufacturedDiffersFromLot);
    }
    codes
}

/// Whether packs of a lot are or were visible. A lot that another commit is still storing may yet be taken back, and says
/// nothing; the commit compares with it again.
fn was_visible(reader: &mut Reader<'_>, lot: &LotRecord) -> Result<bool, AppError> {
    let loads = reader.load_list_of_lot(lot.product, lot.no)?;
    Ok(loads.iter().any(|load| load.state != LoadState::Storing))
}

/// The latest version, when it has all these markets: a file for them means that one.
fn version_with(
    reader: &mut Reader<'_>,
    product: &ProductRecord,
    markets: &BTreeSet<String>,
) -> Result<Option<u32>, AppError> {
    let latest = version_of(reader, product, product.latest_version)?;
    let has = |name: &String| {
        let market = name.parse::<Market>();
        market.is_ok_and(|market| latest.data.market(market).is_some())
    };
    Ok((!markets.is_empty() && markets.iter().all(has)).then_some(latest.version))
}

fn version_of(
    reader: &mut Reader<'_>,
    product: &ProductRecord,
    version: u32,
) -> Result<VersionRecord, AppError> {
    reader
        .product_version_get(product.no, version)?
        .ok_or(AppError::NotFound)
}

/// Closed markets that the file itself names for the lot.
fn closed_markets_named(lot: &LotTally) -> impl Iterator<Item = &ClosedMarket> {
    lot.standing
        .closed
        .iter()
        .filter(|closed| lot.markets.contains(closed.market.as_str()))
}

/// One finding for each closed market: an error where the file asks for that market or no other is left, else a warning
/// that says where the packs go. A file that names open markets only is not told of the closed ones.
fn closed_market_findings(lot: &LotTally) -> Vec<Finding> {
    let (product, batch) = (&lot.product_text, &lot.batch_text);
    let code = Code::UploadLotRecalled;
    let row = lot.first_row;
    if lot.standing.is_shut() {
        let told = |closed: &ClosedMarket| {
            let why = closed.reason(product, batch);
            let text = format!("{why}, and no other market is open; no pack can be added");
            Finding::error(code, row, "batch", text)
        };
        return lot.standing.closed.iter().map(told).collect();
    }
    if !lot.markets.is_empty() {
        let told = |closed: &ClosedMarket| {
            let why = closed.reason(product, batch);
            let text = format!("{why}; rows of this lot name that market and cannot be added");
            Finding::error(code, row, "market", text)
        };
        return closed_markets_named(lot).map(told).collect();
    }
    let open = lot.standing.open_words();
    let told = |closed: &ClosedMarket| {
        let why = closed.reason(product, batch);
        Finding::warning(
            code,
            row,
            "batch",
            format!("{why}; its packs are stored for {open} only"),
        )
    };
    lot.standing.closed.iter().map(told).collect()
}

/// Findings that belong to whole lots, in the words of users.md section 5.
pub(super) fn lot_findings(tally: &Tally) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lot in &tally.lots {
        findings.extend(closed_market_findings(lot));
        for code in &lot.blocked_by {
            if let Some((column, text)) = finding_text(lot, *code) {
                findings.push(Finding::error(*code, lot.first_row, column, text));
            }
        }
        if lot.version_unknown_to_hub {
            let version = lot.version.unwrap_or_default();
            let text = format!(
                "Lot {}: the hub does not know version {version} of product {} yet; packs are stored and wait.",
                lot.batch_text, lot.product_text
            );
            let code = Code::HubProductNotAcknowledged;
            findings.push(Finding::warning(code, lot.first_row, "product_code", text));
        }
    }
    findings
}

/// The words for a fault of a whole lot; malformed values were reported where they stand.
fn finding_text(lot: &LotTally, code: Code) -> Option<(&'static str, String)> {
    let (product, batch, rows) = (
        &lot.product_text,
        &lot.batch_text,
        lot.rows_right + lot.rows_wrong,
    );
    Some(match code {
        Code::UploadProductUnknown => (
            "product_code",
            format!(
                "Product {product} is not known here ({rows} {} of lot {batch}). Add the product, then check the file again.",
                if rows == 1 { "row" } else { "rows" }
            ),
        ),
        Code::UploadTwoExpiries => {
            let (other, row) = lot.other_expiry.as_ref()?;
            ("expiry", two_expiries(batch, &lot.expiry_text, other, *row))
        }
        Code::UploadExpiryDiffersFromLot => (
            "expiry",
            format!(
                "Lot {batch} is stored with another expiry than {}.",
                lot.expiry_text
            ),
        ),
        Code::UploadManufacturedDiffersFromLot => (
            "manufactured",
            format!("Lot {batch} is stored with another manufacturing date."),
        ),
        Code::UploadOtherVersion => {
            let (stored, other) = (lot.version?, lot.other_version?);
            (
                "market",
                format!(
                    "Lot {batch} belongs to product version {stored}; this file says {other}. A lot cannot move to another \
                     version. Version {other} alone is for {}.",
                    market_words(lot)
                ),
            )
        }
        Code::UploadMarketNotReleased => (
            "market",
            format!(
                "Product {product} is not released for market {}. Add the market in a new version and send it first.",
                market_words(lot)
            ),
        ),
        _ => return None,
    })
}

/// The markets that the lot's version is not for, as a sentence names them.
fn market_words(lot: &LotTally) -> String {
    let names: Vec<&str> = lot
        .markets_not_released
        .iter()
        .map(String::as_str)
        .collect();
    names.join(", ")
}
