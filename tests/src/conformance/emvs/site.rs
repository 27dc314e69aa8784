//! Rows about the certificate of a site: downloads, renewal, names, owners.

use packtwin_core::site_certificate::{Credentials, SiteCertificate, is_same_name};
use packtwin_core::time::Timestamp;

use super::scenario::now;
use super::words::{number, seconds, words};
use crate::conformance::Row;
use crate::conformance::corpus::CsvRow;

pub(super) fn check(row: &CsvRow, result: &mut Row) {
    let history = row.get("given_history");
    let actual = match row.get("operation") {
        "CERT_DOWNLOAD" => download(row, history, result),
        "CERT_RENEW" => renew(history),
        "CERT_TRANSFER" => Ok(SiteCertificate::issue(now()).transfer().is_ok()),
        "LOGIN" => login(row.get("input_variation")),
        other => Err(format!("operation {other}")),
    };
    match actual {
        Ok(done) => {
            let word = if done { "OK" } else { "REJECTED" };
            result.same("outcome", row.get("expect_outcome"), word);
        }
        Err(why) => result.not_understood(&why),
    }
}

/// `issued 1 Mar, first download 10 Mar`; `downloaded twice; wrong PIN entered four times`.
fn download(row: &CsvRow, history: &str, result: &mut Row) -> Result<bool, String> {
    let mut dates = history.split(',').filter_map(day);
    let (issued, first) = (dates.next(), dates.next());
    let mut held = SiteCertificate::issue(issued.unwrap_or(now()));
    let at = first.unwrap_or(now().plus_days(1));
    let count = |label: &str| {
        let part = history.split(';').find(|part| part.contains(label));
        part.and_then(|part| words(part).into_iter().find_map(times))
            .unwrap_or(0)
    };
    for _ in 0..count("wrong") {
        held = held.download(Credentials::Wrong, at).unwrap_or(held);
    }
    for _ in 0..count("downloaded") {
        held = held
            .download(Credentials::Right, at)
            .map_err(|error| error.to_string())?;
    }
    result.same("active before", count("downloaded") > 0, held.is_active(at));
    let after = held.download(Credentials::Right, at);
    let extra = row.get("expect_extra");
    if let (Ok(after), Some(first)) = (&after, first)
        && extra.contains("two years later")
    {
        let until = extra.split("until ").nth(1).and_then(day);
        let until = until.unwrap_or(first);
        result.same("active now", true, after.is_active(at));
        let end = after.validity.map(|validity| validity.until);
        result.same("until", Some(two_years_later(until)), end);
    }
    Ok(after.is_ok())
}

/// `expires in 80 days`
fn renew(history: &str) -> Result<bool, String> {
    let left = seconds(history).ok_or("when does it expire?")?;
    let held = SiteCertificate::issue(now())
        .download(Credentials::Right, now())
        .map_err(|error| error.to_string())?;
    let end = held.validity.ok_or("downloaded is valid")?.until;
    Ok(held.renew(end.plus_seconds(-left)).is_ok())
}

/// `apo12345678 instead of APO12345678`
fn login(variation: &str) -> Result<bool, String> {
    let (typed, kept) = variation
        .split_once(" instead of ")
        .ok_or("what was typed?")?;
    Ok(is_same_name(typed, kept))
}

fn times(word: &str) -> Option<i64> {
    match word {
        "a" | "an" => None,
        word => number(word),
    }
}

/// The day and month in a text, in the year of the scenarios.
fn day(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    words(text).windows(2).find_map(|pair| {
        let month = MONTHS.iter().position(|month| pair[1].starts_with(month))? + 1;
        let day: u32 = pair[0].parse().ok()?;
        Timestamp::parse(&format!("{}-{month:02}-{day:02}T09:00:00Z", now().year()))
    })
}

fn two_years_later(at: Timestamp) -> Timestamp {
    let text = at.to_string();
    let year = at.year() + 2;
    Timestamp::parse(&format!("{year}{}", &text[4..])).unwrap_or(at)
}
