//! A row read into what the decision needs: profile, what is stored, what happened before, and what is sent.
//!
//! The stored pack has numbers of our own; a row changes single elements of it, as stored or as sent.

use chrono::Days;
use packtwin_core::expiry::Expiry;
use packtwin_core::lot::BatchState;
use packtwin_core::pack::PackState;
use packtwin_core::product::ProductState;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{
    Actor, EntryMode, Found, Holding, KnownBatch, KnownPack, LastChange, MarketLayers,
    MarketProfile, Operation, Removal, SiteHistory, SiteToken, Transaction, Undo, profile,
};

use super::words::{self, seconds, site, value_behind};
use crate::conformance::corpus::CsvRow;

/// Our own product, of no company.
pub(super) const GTIN: &str = "04006381333931";
const SERIAL: &str = "S7K2M9Q4";
const BATCH: &str = "LB42";
const EXPIRY: &str = "290630";
/// The expiry of a batch that is expired.
const EXPIRED: &str = "260531";

/// The elements as sent, each of which a row may leave out.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// `GTIN` or `PPN`, as the SOAP dialect writes it.
    pub(super) scheme: Option<&'static str>,
    pub(super) code: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) batch: Option<String>,
    pub(super) expiry: Option<String>,
    /// The header of the REST dialect.
    pub(super) entry_header: Option<String>,
}

/// A scenario, ready to be decided.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) profile: MarketProfile,
    pub(super) actor: Actor,
    pub(super) site: SiteToken,
    pub(super) at: Timestamp,
    pub(super) operation: Operation,
    pub(super) entry: EntryMode,
    pub(super) sent: Sent,
    pub(super) found: Found,
    pub(super) history: SiteHistory,
    pub(super) given_state: Option<PackState>,
}

/// The present of every scenario.
pub(super) fn now() -> Timestamp {
    Timestamp::parse("2026-06-15T12:00:00Z").expect("this is RFC 3339")
}

/// A site's token: the same name is the same site.
pub(super) fn token(name: &str) -> SiteToken {
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    SiteToken(bytes)
}

/// The profile of a row with its configuration.
pub(super) fn profile_of(row: &CsvRow) -> Result<MarketProfile, String> {
    let name = row.get("profile");
    let mut found = profile(name)
        .cloned()
        .ok_or_else(|| format!("there is no profile {name}"))?;
    let settings = row
        .get("config")
        .split(';')
        .filter(|part| !part.trim().is_empty());
    for setting in settings {
        let (key, value) = setting
            .split_once('=')
            .ok_or_else(|| format!("{setting} is no setting"))?;
        let key = match key.trim() {
            "ddl" => "repeats_tolerated",
            "typo" => "typing_errors_tolerated",
            "max_bulk" => "bulk_packs_max",
            "alert_on_undo_violation" => {
                for dialect in ["undo_violation_alerts_soap", "undo_violation_alerts_rest"] {
                    let yes = ["on", "yes", "true", "1"].contains(&value.trim());
                    found = found
                        .with(dialect, if yes { "yes" } else { "no" })
                        .map_err(|error| error.to_string())?;
                }
                continue;
            }
            // The hub connector's own.
            "hub_max" => continue,
            other => other,
        };
        found = found
            .with(key, value.trim())
            .map_err(|error| error.to_string())?;
    }
    Ok(found)
}

/// The role of a row; `None` for those that ask nothing.
pub(super) fn actor_of(text: &str) -> Option<Actor> {
    match text {
        "pharmacy" => Some(Actor::Pharmacy),
        "hospital" => Some(Actor::Hospital),
        "wholesaler" => Some(Actor::Wholesaler),
        "OBP" | "MAH" | "manufacturer" => Some(Actor::Manufacturer),
        "parallel distributor" => Some(Actor::ParallelDistributor),
        _ => None,
    }
}

/// The operation of a word such as `FREE_SAMPLE` or `UNDO_DESTROY(via undo supply)`.
pub(super) fn operation_of(text: &str) -> Option<Operation> {
    let word = text.split('(').next().unwrap_or_default().trim();
    let removal = |word: &str| match word {
        "SUPPLY" | "SUPPLIED" | "DISPENSE" => Some(Removal::Supply),
        "DESTROY" | "DESTROYED" => Some(Removal::Destroy),
        "EXPORT" | "EXPORTED" => Some(Removal::Export),
        "SAMPLE" => Some(Removal::Sample),
        "FREE_SAMPLE" | "FREESAMPLE" => Some(Removal::FreeSample),
        "LOCK" | "LOCKED" => Some(Removal::Lock),
        "STOLEN" | "STEAL" => Some(Removal::Stolen),
        "CHECK_OUT" | "CHECKOUT" | "CHECKED_OUT" => Some(Removal::CheckOut),
        _ => None,
    };
    match word {
        "VERIFY" => Some(Operation::Verify),
        "STATUS" | "QUERY_STATUS" | "READ_STATUS" => Some(Operation::Status),
        "REACTIVATE" | "ACTIVE" => Some(Operation::Undo(Undo::Whatever)),
        word => match word.strip_prefix("UNDO_") {
            Some(undone) => removal(undone).map(|removal| Operation::Undo(Undo::Of(removal))),
            None => removal(word).map(Operation::Remove),
        },
    }
}

impl Scenario {
    /// Reads a row.
    pub(super) fn of(row: &CsvRow) -> Result<Self, String> {
        let operation = row.get("operation");
        Scenario::of_operation(
            row,
            operation_of(operation).ok_or_else(|| format!("operation {operation}"))?,
        )
    }

    /// Reads a row whose operation was understood elsewhere.
    pub(super) fn of_operation(row: &CsvRow, operation: Operation) -> Result<Self, String> {
        let mut profile = profile_of(row)?;
        let variation = row.get("input_variation");
        let history = row.get("given_history");
        let stored_expiry =
            value_behind(variation, &["stored expiry"]).unwrap_or(match row.get("given_batch") {
                batch if batch.contains("Expired") => EXPIRED,
                _ => EXPIRY,
            });
        let at = present(stored_expiry, row.get("given_batch"))?;
        let expiry = Expiry::parse(stored_expiry, at.year()).map_err(|error| error.to_string())?;
        let batch = KnownBatch {
            number: BATCH.parse().map_err(|_| "our own batch number")?,
            expiry,
            state: match row.get("given_batch").contains("Recalled") {
                true => BatchState::Recalled,
                false => BatchState::Active,
            },
        };
        let given_state = PackState::parse(row.get("given_pack"));
        let own_site = site(row.get("actor_site")).unwrap_or_else(|| "A".to_owned());
        let pack = given_state.map(|state| KnownPack {
            batch,
            state,
            last: last_change(state, history, &own_site, at),
        });
        let typing = variation.contains("typing error");
        let mut sent = Sent {
            scheme: Some("GTIN"),
            code: Some(GTIN.to_owned()),
            serial: Some(SERIAL.to_owned()),
            batch: Some(BATCH.to_owned()),
            expiry: Some(stored_expiry.to_owned()),
            entry_header: Some(
                match row.get("entry_mode") {
                    "manual" => "manual",
                    _ => "non-manual",
                }
                .to_owned(),
            ),
        };
        let mut mistyped_serial =
            typing && !variation.contains("batch") && !variation.contains("expiry");
        if typing && variation.contains("batch") {
            sent.batch = Some("LB43".to_owned());
        }
        if typing && variation.contains("expiry") {
            sent.expiry = Some("290731".to_owned());
        }
        if !typing {
            mistyped_serial = vary(&mut sent, variation, row.get("given_history"), &mut profile)?;
        }
        let given_product = row.get("given_product");
        let holding = Holding {
            product: match given_product.contains("Withdrawn") {
                true => ProductState::Withdrawn,
                false => ProductState::Active,
            },
            batch: (!row.get("given_batch").contains("unknown")).then_some(batch),
            pack: pack.filter(|_| !mistyped_serial),
        };
        let elsewhere =
            given_product.contains("only in") || given_product.contains("another market");
        let asking = "ES".parse().map_err(|_| "a market")?;
        let unavailable = history.contains("unavailable") || history.contains("not available");
        let found = if unavailable {
            Found::Unavailable
        } else if given_product.contains("unknown") {
            Found::Nowhere
        } else if elsewhere {
            let layers = MarketLayers {
                market: "FR".parse().map_err(|_| "a market")?,
                product: holding.product,
                batch: batch.state,
            };
            Found::Elsewhere {
                holding,
                markets: vec![layers],
                asking,
            }
        } else {
            Found::Here(holding)
        };
        Ok(Scenario {
            actor: actor_of(row.get("actor"))
                .ok_or_else(|| format!("actor {}", row.get("actor")))?,
            profile,
            site: token(&own_site),
            at,
            operation,
            entry: match row.get("entry_mode") {
                "manual" => EntryMode::Manual,
                _ => EntryMode::Scan,
            },
            sent,
            found,
            history: SiteHistory {
                typing_errors: words::number_near(variation, "error")
                    .filter(|_| typing)
                    .map_or(0, |nth| u32::try_from(nth - 1).unwrap_or(0)),
                transaction: match variation.contains("used before") {
                    true => Transaction::UsedBefore,
                    false => Transaction::New,
                },
            },
            given_state,
        })
    }
}

/// Where a row gives the stored expiry itself, the scenario plays ten days before it, or after it for an expired batch.
fn present(stored_expiry: &str, given_batch: &str) -> Result<Timestamp, String> {
    if [EXPIRY, EXPIRED].contains(&stored_expiry) {
        return Ok(now());
    }
    let last = Expiry::parse(stored_expiry, now().year())
        .map_err(|error| error.to_string())?
        .last_day();
    let day = match given_batch.contains("Expired") {
        true => last.checked_add_days(Days::new(2)),
        false => last.checked_sub_days(Days::new(10)),
    };
    let day = day.ok_or("a day of the calendar")?;
    Ok(Timestamp::start_of_day(day).plus_seconds(43_200))
}

/// What brought the pack into its state, as the part of the history that speaks of it tells.
fn last_change(
    state: PackState,
    history: &str,
    own_site: &str,
    at: Timestamp,
) -> Option<LastChange> {
    if state == PackState::Active && history.is_empty() {
        return None;
    }
    let verbs = [
        "suppl", "destroy", "export", "sample", "lock", "stolen", "check", "set ", "parallel",
        "dispens",
    ];
    let parts = || history.split(';').map(str::trim);
    let part = parts()
        .find(|part| verbs.iter().any(|verb| part.to_lowercase().contains(verb)))
        .unwrap_or_default();
    let named = site(part);
    let by_others =
        part.contains("MAH") || part.contains("manufacturer") || part.contains("parallel");
    let site = match named {
        Some(name) => Some(token(&name)),
        None if by_others => None,
        None if history.is_empty() || history.contains("serials:") => Some(token("another")),
        None => Some(token(own_site)),
    };
    let attempt = words::number_near(history, "attempt").unwrap_or(2);
    Some(LastChange {
        at: at.plus_seconds(-seconds(part).unwrap_or(3_600)),
        site,
        repeats: u32::try_from(attempt - 2).unwrap_or(0),
    })
}

/// Changes what is sent as the row says; gives whether the serial sent is another than the stored one.
fn vary(
    sent: &mut Sent,
    variation: &str,
    history: &str,
    profile: &mut MarketProfile,
) -> Result<bool, String> {
    let said = |text: &str| variation.contains(text);
    let plain = ["", "exact"].contains(&variation) || said("used before");
    if plain || history.contains("serials:") {
        return Ok(false);
    }
    if said("two elements") || said("two-element") || said("product code and serial only") {
        (sent.batch, sent.expiry) = (None, None);
        *profile = profile
            .with("batch_and_expiry", "optional")
            .map_err(|error| error.to_string())?;
        return Ok(false);
    }
    if said("emvs-data-entry-mode") {
        let value = variation.split_once("emvs-data-entry-mode:");
        sent.entry_header = value.map(|(_, value)| value.trim().to_owned());
        return Ok(false);
    }
    if said("missing") || said("empty") || said("absent") {
        for (word, element) in [
            ("serial", &mut sent.serial),
            ("batch", &mut sent.batch),
            ("expiry", &mut sent.expiry),
            ("product code", &mut sent.code),
        ] {
            if variation.contains(word) {
                *element = None;
            }
        }
        if said("scheme") {
            sent.scheme = None;
        }
        return Ok(false);
    }
    if said("check digit") {
        (sent.scheme, sent.code) = match (said("PPN"), said("PZN")) {
            (true, true) => (Some("PPN"), Some(ppn_around("12345679"))),
            (true, false) => (Some("PPN"), Some("110375286415".to_owned())),
            (false, _) => (Some("GTIN"), Some("04006381333932".to_owned())),
        };
        return Ok(false);
    }
    if said("outside the allowed") || said("outside character set") || said("not allowed") {
        for (word, element, wrong) in [
            ("serial", &mut sent.serial, "S7#K2"),
            ("batch", &mut sent.batch, "LB#42"),
        ] {
            if variation.contains(word) {
                *element = Some(wrong.to_owned());
            }
        }
        return Ok(false);
    }
    if let Some(length) = words::number_near(variation, "characters").filter(|_| said("characters"))
    {
        let text = "A".repeat(usize::try_from(length).map_err(|error| error.to_string())?);
        match (said("serial"), said("batch")) {
            (true, _) => sent.serial = Some(text),
            (_, true) => sent.batch = Some(text),
            _ => return Err(format!("input {variation}")),
        }
        return Ok(false);
    }
    if let Some(expiry) = value_behind(variation, &["submitted"]).filter(|_| said("stored expiry"))
    {
        sent.expiry = Some(expiry.to_owned());
        return Ok(false);
    }
    if let Some(value) =
        value_behind(variation, &["serial"]).filter(|_| said("valid in character set"))
    {
        sent.serial = Some(value.to_owned());
        return Ok(false);
    }
    if let Some(value) = value_behind(variation, &["expiry"])
        .filter(|value| value.len() >= 5 && value.bytes().all(|byte| byte.is_ascii_digit()))
    {
        sent.expiry = Some(value.to_owned());
        return Ok(false);
    }
    if said("differ") || said("unknown") || said("another batch") || said("wrong") {
        if said("expiry day") {
            sent.expiry = Some("290629".to_owned());
        } else if said("expiry") {
            sent.expiry = Some("290731".to_owned());
        }
        if said("batch") {
            sent.batch = Some("LB43".to_owned());
        }
        let serial = said("serial") && !said("serial belongs");
        if serial {
            sent.serial = Some("S7K2M9Q5".to_owned());
        }
        return match said("expiry") || said("batch") || serial {
            true => Ok(serial),
            false => Err(format!("input {variation}")),
        };
    }
    Err(format!("input {variation}"))
}

/// A PPN with right check digits around a number, whatever it is (IFA: ASCII codes weighted 2, 3, 4 … modulo 97).
fn ppn_around(pzn: &str) -> String {
    let body = format!("11{pzn}");
    let sum: u32 = (2u32..)
        .zip(body.bytes())
        .map(|(weight, byte)| weight * u32::from(byte))
        .sum();
    format!("{body}{:02}", sum % 97)
}
