//! Texts of a dialect put right: times, offsets, amounts, dates. Each function gives the new text, or `None` where there is
//! nothing to do or nothing certain to be done.

use packtwin_core::expiry::Expiry;

use super::{Deviation, Dialect};
use crate::validate::is_offset;

/// A time as the standard writes it (EPCIS 2.0, section 7.3.7); `offset` is the one the event names, already put right.
pub(super) fn time(dialect: &Dialect, text: &str, offset: Option<&str>) -> Option<String> {
    let mut mended = text.to_owned();
    if dialect.has(&Deviation::TimeSpace) && mended.as_bytes().get(10) == Some(&b' ') {
        mended.replace_range(10..11, "T");
    }
    let (day, clock) = mended.split_once('T')?;
    let is_clock = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',');
    let at = clock.find(|c| !is_clock(c)).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(at);
    let whole = match zone {
        "" if dialect.has(&Deviation::TimeNoZone) => {
            let offset = offset.filter(|offset| is_offset(offset))?;
            format!("{day}T{clock}{offset}")
        }
        zone if dialect.has(&Deviation::TimeTwoZones) && is_two_zones(zone) => {
            format!("{day}T{clock}{}", &zone[..zone_length(zone)])
        }
        _ => mended.clone(),
    };
    let is_time = packtwin_core::time::Timestamp::parse(&whole).is_some();
    (whole != text && is_time).then_some(whole)
}

/// How long the zone is with which the text begins; 0 for none.
fn zone_length(zone: &str) -> usize {
    match zone.get(..6) {
        _ if zone.starts_with('Z') => 1,
        Some(offset) if is_offset(offset) => 6,
        _ => 0,
    }
}

fn is_two_zones(zone: &str) -> bool {
    let first = zone_length(zone);
    first > 0 && first < zone.len() && first + zone_length(&zone[first..]) == zone.len()
}

/// An offset as the standard writes it: `+02:00`.
pub(super) fn offset(dialect: &Dialect, text: &str) -> Option<String> {
    if is_offset(text) {
        return None;
    }
    if matches!(text, "Z" | "z") {
        let zulu = dialect.has(&Deviation::OffsetZulu);
        return zulu.then(|| "+00:00".to_owned());
    }
    let sign = text.get(..1).filter(|sign| matches!(*sign, "+" | "-"))?;
    let digits: Vec<&str> = text[1..].split(':').collect();
    let mended = match digits[..] {
        [hours, minutes, seconds] if dialect.has(&Deviation::OffsetSeconds) && seconds == "00" => {
            format!("{sign}{hours}:{minutes}")
        }
        [hours] if dialect.has(&Deviation::OffsetShort) => match hours.len() {
            1 => format!("{sign}0{hours}:00"),
            2 => format!("{sign}{hours}:00"),
            4 => format!("{sign}{}:{}", hours.get(..2)?, hours.get(2..)?),
            _ => return None,
        },
        _ => return None,
    };
    is_offset(&mended).then_some(mended)
}

/// An amount with a point: one comma between digits, and nothing that could be a group of thousands.
pub(super) fn number(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_group = fraction.len() == 3 && whole.trim_start_matches('0').len() <= 3 && whole != "0";
    let is_plain = digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction);
    (is_plain && !is_group).then(|| format!("{whole}.{fraction}"))
}

/// A calendar day from its digits, YYYYMMDD or YYMMDD. A day 00 is a month, which stays as it is.
pub(super) fn day(text: &str, reference_year: i32) -> Option<String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, month_day) = match text.len() {
        8 => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        6 => {
            let expiry = Expiry::parse(text, reference_year).ok()?;
            let year = expiry.last_day().format("%Y").to_string();
            (year.parse().ok()?, text.get(2..)?)
        }
        _ => return None,
    };
    let (month, day) = (
        month_day.get(..2)?.parse().ok()?,
        month_day.get(2..)?.parse().ok()?,
    );
    chrono::NaiveDate::from_ymd_opt(year, month, day).map(|day| day.to_string())
}
