//! The market profile: everything in which markets differ, and everything that is inferred, as data with date and source.
//!
//! The table is `market_profiles.txt`; a profile begins with the blueprint `EU` and changes what its own lines say. All of
//! it is read and checked at once ([`MarketProfile::load`]), and a site may change single settings of its own
//! ([`MarketProfile::with`]). No rule of a market stands in code: the decision asks the profile.

use std::sync::OnceLock;

use chrono::NaiveDate;

use crate::pack::PackState;

use super::market_day::{MarketClock, SummerTime};
use super::request::{Actor, Dialect, Removal};

/// The rules of one market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketProfile {
    /// The name of the profile, such as `DE`; `EU` is the blueprint.
    pub name: String,
    /// How often the same site may ask for the same removal again without an alert, for ever (`ddl`).
    pub repeats_tolerated: u32,
    /// How many typing errors of a manual entry stay without an alert, for ever (`typo`).
    pub typing_errors_tolerated: u32,
    /// Whether a repeat that comes late from a queue counts and alerts like any other.
    pub deferred_repeat_alerts: bool,
    /// Hours within which a removal can be undone, the last instant included (Art. 13).
    pub undo_window_hours: u32,
    /// Whether the window holds for a lock too.
    pub undo_window_applies_to_lock: bool,
    /// Whether an undo too late or from another site alerts in the SOAP dialect.
    pub undo_violation_alerts_soap: bool,
    /// The same in the REST dialect.
    pub undo_violation_alerts_rest: bool,
    /// Whether removing an expired pack alerts.
    pub expired_alerts: bool,
    /// Whether withdrawn, recalled and expired are looked at before the pack's own state.
    pub layers_before_pack_state: bool,
    /// How an expiry with day 00 compares.
    pub expiry_day_zero: DayZeroRule,
    /// Most packs of one bulk request.
    pub bulk_packs_max: usize,
    /// Whether the same serial twice in one bulk request alerts.
    pub bulk_duplicate_alerts: bool,
    /// What becomes of a repackaging for which too few doses were checked out (A67).
    pub repack_buffer_short: ShortBuffer,
    /// The market's clock.
    pub clock: MarketClock,
    /// The dialect whose conventions count where the wire does not say.
    pub home_dialect: Dialect,
    /// Whether "no alert" twins exist in the SOAP dialect.
    pub soap_interface: SoapInterface,
    /// Whether both dialects demand batch and expiry.
    pub batch_and_expiry: Presence,
    /// The code by which a client hears that the system is not available.
    pub unavailable_code: String,
    /// The states each role may set.
    may: Vec<(Actor, Vec<Removal>)>,
    /// How alerts are handled.
    pub alerts: AlertRules,
    origins: Vec<Origin>,
}

/// The alert handling of a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRules {
    /// Which life cycle alerts have.
    pub model: AlertModel,
    /// Days after which an untouched alert escalates by itself.
    pub window_days: Option<u32>,
    /// Longest reason text, in characters.
    pub reason_characters_max: usize,
    /// Most days one list may span.
    pub list_days_max: u32,
    /// Whether the holder may resolve only what it caused itself.
    pub holder_resolves_own_causes_only: bool,
    /// Whether an alert escalates at once when the holder takes no part in alert handling.
    pub absent_holder_escalates: bool,
    /// Whether a site may resolve its own alerts.
    pub verifier_resolves_own_alerts: bool,
    /// Hours after which somebody asked for information is reminded.
    pub reminders_after_hours: Vec<u32>,
    /// Days after which the holder may close because the end user does not answer.
    pub uncooperative_after_days: Option<u32>,
}

/// Whose model of states an alert follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertModel {
    /// The portal of the European organisation.
    Emvo,
    /// securPharm.
    German,
    /// The Czech portal.
    Czech,
}

/// How an expiry with day 00 compares with one that has a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayZeroRule {
    /// Year and month only.
    Month,
    /// As the last day of its month.
    LastDay,
}

/// Interface version of the SOAP dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SoapInterface {
    /// Without twins: one code with and without alert.
    V4,
    /// With a twin code for "no alert".
    V5,
}

/// What becomes of a repackaging for which too few doses were checked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShortBuffer {
    /// It is refused.
    Refused,
    /// It is taken with the warning A67.
    Warned,
}

/// Whether an element must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// It must.
    Required,
    /// It may be left out.
    Optional,
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The setting.
    pub setting: String,
    /// Its value as written.
    pub value: String,
    /// Since when it holds.
    pub since: NaiveDate,
    /// How sure it is.
    pub certainty: Certainty,
    /// Who says so.
    pub source: String,
}

/// How sure a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// A named public source states it.
    Certain,
    /// Sources disagree, or changed over time.
    Mixed,
    /// Our own rule where no public text exists.
    Inferred,
}

/// Why a setting cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not five columns behind a profile name.
    #[error("line {line} is not: profile | setting | value | since | certainty | source")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// No setting of this name.
    #[error("there is no setting {setting:?}")]
    Setting {
        /// The name as written.
        setting: String,
    },
    /// The setting cannot have this value.
    #[error("setting {setting} cannot be {value:?}, expected {expected}")]
    Value {
        /// The name.
        setting: String,
        /// The value as written.
        value: String,
        /// What it can be.
        expected: &'static str,
    },
    /// The blueprint leaves a setting open.
    #[error("profile EU does not set {setting}")]
    Missing {
        /// The name.
        setting: &'static str,
    },
}

/// Every setting there is.
const SETTINGS: [&str; 32] = [
    "repeats_tolerated",
    "typing_errors_tolerated",
    "deferred_repeat_alerts",
    "undo_window_hours",
    "undo_window_applies_to_lock",
    "undo_violation_alerts_soap",
    "undo_violation_alerts_rest",
    "expired_alerts",
    "layers_before_pack_state",
    "expiry_day_zero",
    "bulk_packs_max",
    "bulk_duplicate_alerts",
    "repack_buffer_short",
    "utc_offset_minutes",
    "summer_time",
    "home_dialect",
    "soap_interface",
    "batch_and_expiry",
    "unavailable_code",
    "may_manufacturer",
    "may_parallel_distributor",
    "may_wholesaler",
    "may_pharmacy",
    "may_hospital",
    "alert_model",
    "alert_window_days",
    "alert_reason_characters_max",
    "alert_list_days_max",
    "holder_resolves_own_causes_only",
    "absent_holder_escalates",
    "verifier_resolves_own_alerts",
    "reminders_after_hours",
];
/// The last one stands apart, since it belongs to one model only.
const UNCOOPERATIVE: &str = "uncooperative_after_days";
/// Most hours a window may have: ten years.
const HOURS_MAX: u32 = 87_600;

/// The profiles that come with the product.
pub fn profiles() -> &'static [MarketProfile] {
    static PROFILES: OnceLock<Vec<MarketProfile>> = OnceLock::new();
    PROFILES.get_or_init(|| {
        MarketProfile::load(include_str!("market_profiles.txt"))
            .expect("a test reads the table that is compiled in")
    })
}

/// The profile of this name, `EU` for the blueprint.
pub fn profile(name: &str) -> Option<&'static MarketProfile> {
    profiles().iter().find(|profile| profile.name == name)
}

impl MarketProfile {
    /// Reads a whole table and checks it: every line, and that the blueprint sets everything.
    ///
    /// # Errors
    /// All faults at once.
    pub fn load(table: &str) -> Result<Vec<MarketProfile>, Vec<ProfileError>> {
        let mut faults = Vec::new();
        let mut blueprint = MarketProfile::unset("EU");
        let mut lines = Vec::new();
        for (index, line) in table.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            match read_line(line) {
                Some((name, origin)) => lines.push((name, origin)),
                None => faults.push(ProfileError::Line { line: index + 1 }),
            }
        }
        for (_, origin) in lines.iter().filter(|(name, _)| name == "EU") {
            blueprint
                .apply(origin.clone())
                .unwrap_or_else(|fault| faults.push(fault));
        }
        for setting in SETTINGS.iter().chain([&UNCOOPERATIVE]) {
            if blueprint.origin(setting).is_none() {
                faults.push(ProfileError::Missing { setting });
            }
        }
        let mut profiles = vec![blueprint];
        for (name, origin) in lines {
            if name == "EU" {
                continue;
            }
            let place = profiles.iter().position(|profile| profile.name == name);
            let place = place.unwrap_or_else(|| {
                let blueprint = profiles[0].clone();
                profiles.push(MarketProfile { name, ..blueprint });
                profiles.len() - 1
            });
            profiles[place]
                .apply(origin)
                .unwrap_or_else(|fault| faults.push(fault));
        }
        match faults.is_empty() {
            true => Ok(profiles),
            false => Err(faults),
        }
    }

    /// The same profile with one setting of the site's own.
    ///
    /// # Errors
    /// The setting does not exist or cannot have this value.
    pub fn with(&self, setting: &str, value: &str) -> Result<MarketProfile, ProfileError> {
        let mut changed = self.clone();
        changed.set(setting, value)?;
        Ok(changed)
    }

    /// Where a setting comes from.
    pub fn origin(&self, setting: &str) -> Option<&Origin> {
        self.origins.iter().find(|origin| origin.setting == setting)
    }

    /// Every setting with its origin.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// Whether a role may bring a pack into a state, and back from it.
    pub fn may(&self, actor: Actor, removal: Removal) -> bool {
        self.may
            .iter()
            .any(|(role, removals)| *role == actor && removals.contains(&removal))
    }

    /// Whether an undo too late or from elsewhere alerts in a dialect.
    pub fn undo_violation_alerts(&self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Soap => self.undo_violation_alerts_soap,
            Dialect::Rest => self.undo_violation_alerts_rest,
        }
    }

    /// A profile before its lines: the strictest of everything, so that a forgotten line tolerates nothing.
    fn unset(name: &str) -> Self {
        MarketProfile {
            name: name.to_owned(),
            repeats_tolerated: 0,
            typing_errors_tolerated: 0,
            deferred_repeat_alerts: true,
            undo_window_hours: 0,
            undo_window_applies_to_lock: true,
            undo_violation_alerts_soap: true,
            undo_violation_alerts_rest: true,
            expired_alerts: true,
            layers_before_pack_state: true,
            expiry_day_zero: DayZeroRule::LastDay,
            bulk_packs_max: 1,
            bulk_duplicate_alerts: true,
            repack_buffer_short: ShortBuffer::Refused,
            clock: MarketClock {
                utc_offset_minutes: 0,
                summer_time: SummerTime::None,
            },
            home_dialect: Dialect::Soap,
            soap_interface: SoapInterface::V4,
            batch_and_expiry: Presence::Required,
            unavailable_code: String::new(),
            may: Vec::new(),
            alerts: AlertRules {
                model: AlertModel::Emvo,
                window_days: None,
                reason_characters_max: 0,
                list_days_max: 1,
                holder_resolves_own_causes_only: true,
                absent_holder_escalates: true,
                verifier_resolves_own_alerts: false,
                reminders_after_hours: Vec::new(),
                uncooperative_after_days: None,
            },
            origins: Vec::new(),
        }
    }

    fn apply(&mut self, origin: Origin) -> Result<(), ProfileError> {
        self.set(&origin.setting, &origin.value)?;
        self.origins.retain(|old| old.setting != origin.setting);
        self.origins.push(origin);
        Ok(())
    }

    fn set(&mut self, setting: &str, value: &str) -> Result<(), ProfileError> {
        let wrong = |expected| ProfileError::Value {
            setting: setting.to_owned(),
            value: value.to_owned(),
            expected,
        };
        let number = |max: u32| {
            let read = value.parse::<u32>().ok().filter(|number| *number <= max);
            read.ok_or_else(|| wrong("a number within the limit"))
        };
        let optional = |max: u32| match value {
            "none" => Ok(None),
            _ => number(max).map(Some),
        };
        let yes = || match value {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(wrong("yes or no")),
        };
        match setting {
            "repeats_tolerated" => self.repeats_tolerated = number(1000)?,
            "typing_errors_tolerated" => self.typing_errors_tolerated = number(1000)?,
            "deferred_repeat_alerts" => self.deferred_repeat_alerts = yes()?,
            "undo_window_hours" => self.undo_window_hours = number(HOURS_MAX)?,
            "undo_window_applies_to_lock" => self.undo_window_applies_to_lock = yes()?,
            "undo_violation_alerts_soap" => self.undo_violation_alerts_soap = yes()?,
            "undo_violation_alerts_rest" => self.undo_violation_alerts_rest = yes()?,
            "expired_alerts" => self.expired_alerts = yes()?,
            "layers_before_pack_state" => self.layers_before_pack_state = yes()?,
            "expiry_day_zero" => {
                self.expiry_day_zero = match value {
                    "month" => DayZeroRule::Month,
                    "last_day" => DayZeroRule::LastDay,
                    _ => return Err(wrong("month or last_day")),
                }
            }
            "bulk_packs_max" => {
                self.bulk_packs_max = usize::try_from(number(10_000_000)?.max(1))
                    .map_err(|_| wrong("a number within the limit"))?;
            }
            "bulk_duplicate_alerts" => self.bulk_duplicate_alerts = yes()?,
            "repack_buffer_short" => {
                self.repack_buffer_short = match value {
                    "refused" => ShortBuffer::Refused,
                    "warned" => ShortBuffer::Warned,
                    _ => return Err(wrong("refused or warned")),
                }
            }
            "utc_offset_minutes" => {
                let minutes = value.parse::<i32>().ok().filter(|m| m.abs() <= 14 * 60);
                self.clock.utc_offset_minutes =
                    minutes.ok_or_else(|| wrong("minutes from -840 to 840"))?;
            }
            "summer_time" => {
                self.clock.summer_time = match value {
                    "eu" => SummerTime::Eu,
                    "none" => SummerTime::None,
                    _ => return Err(wrong("eu or none")),
                }
            }
            "home_dialect" => {
                self.home_dialect = match value {
                    "soap" => Dialect::Soap,
                    "rest" => Dialect::Rest,
                    _ => return Err(wrong("soap or rest")),
                }
            }
            "soap_interface" => {
                self.soap_interface = match value {
                    "v4" => SoapInterface::V4,
                    "v5" => SoapInterface::V5,
                    _ => return Err(wrong("v4 or v5")),
                }
            }
            "batch_and_expiry" => {
                self.batch_and_expiry = match value {
                    "required" => Presence::Required,
                    "optional" => Presence::Optional,
                    _ => return Err(wrong("required or optional")),
                }
            }
            "unavailable_code" => self.unavailable_code = value.to_owned(),
            "alert_model" => {
                self.alerts.model = match value {
                    "emvo" => AlertModel::Emvo,
                    "german" => AlertModel::German,
                    "czech" => AlertModel::Czech,
                    _ => return Err(wrong("emvo, german or czech")),
                }
            }
            "alert_window_days" => self.alerts.window_days = optional(365)?,
            "alert_reason_characters_max" => {
                self.alerts.reason_characters_max = number(100_000)? as usize;
            }
            "alert_list_days_max" => self.alerts.list_days_max = number(3660)?,
            "holder_resolves_own_causes_only" => {
                self.alerts.holder_resolves_own_causes_only = yes()?;
            }
            "absent_holder_escalates" => self.alerts.absent_holder_escalates = yes()?,
            "verifier_resolves_own_alerts" => self.alerts.verifier_resolves_own_alerts = yes()?,
            "reminders_after_hours" => {
                let hours = match value {
                    "none" => Some(Vec::new()),
                    _ => value.split(' ').map(|word| word.parse().ok()).collect(),
                };
                self.alerts.reminders_after_hours =
                    hours.ok_or_else(|| wrong("hours with blanks between, or none"))?;
            }
            UNCOOPERATIVE => self.alerts.uncooperative_after_days = optional(365)?,
            _ => {
                let actor = setting.strip_prefix("may_").and_then(Actor::parse);
                let actor = actor.ok_or_else(|| ProfileError::Setting {
                    setting: setting.to_owned(),
                })?;
                let removals: Option<Vec<Removal>> = value
                    .split_whitespace()
                    .map(|word| PackState::parse(word).and_then(Removal::to))
                    .collect();
                let removals = removals.ok_or_else(|| wrong("states with blanks between"))?;
                self.may.retain(|(role, _)| *role != actor);
                self.may.push((actor, removals));
            }
        }
        Ok(())
    }
}

fn read_line(line: &str) -> Option<(String, Origin)> {
    let mut columns = line.splitn(6, '|').map(str::trim);
    let mut next = || columns.next().filter(|column| !column.is_empty());
    let (name, setting, value) = (next()?, next()?, next()?);
    let since = next()?.parse().ok()?;
    let certainty = match next()? {
        "certain" => Certainty::Certain,
        "mixed" => Certainty::Mixed,
        "inferred" => Certainty::Inferred,
        _ => return None,
    };
    let origin = Origin {
        setting: setting.to_owned(),
        value: value.to_owned(),
        since,
        certainty,
        source: next()?.to_owned(),
    };
    Some((name.to_owned(), origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_right_and_names_a_source_for_every_setting() {
        let profiles = MarketProfile::load(include_str!("market_profiles.txt")).unwrap();
        let names: Vec<&str> = profiles.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["EU", "UK", "DE", "GR", "CZ"]);
        for profile in &profiles {
            assert_eq!(
                profile.origins().len(),
                SETTINGS.len() + 1,
                "{}",
                profile.name
            );
            assert!(profile.origins().iter().all(|o| !o.source.is_empty()));
        }
        let (eu, uk) = (profile("EU").unwrap(), profile("UK").unwrap());
        assert_eq!((eu.repeats_tolerated, uk.repeats_tolerated), (2, 3));
        assert!(!profile("GR").unwrap().may(Actor::Pharmacy, Removal::Export));
        assert!(
            profile("GR")
                .unwrap()
                .may(Actor::Wholesaler, Removal::Export)
        );
        assert!(!eu.may(Actor::Pharmacy, Removal::CheckOut));
    }

    #[test]
    fn every_fault_of_a_table_is_told() {
        let table = "EU | repeats_tolerated | many | 2019-02-09 | certain | x\nEU | oops\n\
                     XX | no_such | 1 | 2019-02-09 | certain | x";
        let faults = MarketProfile::load(table).unwrap_err();
        assert!(faults.contains(&ProfileError::Line { line: 2 }));
        assert!(matches!(&faults[1], ProfileError::Value { value, .. } if value == "many"));
        assert!(
            faults
                .iter()
                .any(|f| matches!(f, ProfileError::Setting { setting } if setting == "no_such"))
        );
        assert!(faults.contains(&ProfileError::Missing {
            setting: "summer_time"
        }));
    }

    #[test]
    fn a_site_may_change_single_settings() {
        let eu = profile("EU").unwrap();
        assert_eq!(
            eu.with("repeats_tolerated", "5").unwrap().repeats_tolerated,
            5
        );
        assert!(eu.with("repeats_tolerated", "-1").is_err());
        assert!(eu.with("may_authority", "Supplied").is_err());
    }
}
