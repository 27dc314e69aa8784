//! Slows guessing of passwords, per account and per address, without letting a stranger lock anyone out (ATK-014, ASVS 6.3.1).
//!
//! An attempt is counted as a failure before the password is looked at, and taken back when it was right, so that a thousand
//! attempts at once are not a thousand free ones. A few failures cost nothing; each further one doubles the wait, up to five
//! minutes. What waits is the account, or the address:
//!
//! - an address from which the person has signed in before is familiar. It has a counter of its own, so that strangers who
//!   keep an account waiting do not keep its owner waiting;
//! - an address has its own, wider counter over all accounts. IPv6 counts by the /64 that one subscriber has.
//!
//! Rows name accounts and addresses by a keyed digest: what someone types into the name field may be a password.

use std::net::IpAddr;

use diesel::prelude::*;

use packtwin_core::time::Timestamp;

use crate::engine::{Access, AnyConnection};
use crate::error::StoreError;
use crate::schema::throttle;
use crate::seal::SiteKey;
use crate::site::Site;

/// Failures of one account, or of one familiar address with it, that cost nothing.
const ACCOUNT_FREE: i32 = 4;
/// Failures of one address over all accounts that cost nothing: a whole company may be behind it.
const ADDRESS_FREE: i32 = 20;
/// The longest wait.
const WAIT_SECONDS_MAX: i64 = 300;
/// Without a failure for this long, the count begins again.
const FORGET_SECONDS: i64 = 3600;
/// How long an address stays familiar without a sign-in.
const FAMILIAR_DAYS: i64 = 90;

/// Try again at that time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) until: Timestamp,
}

/// The counters that one attempt touches.
pub(crate) struct Subjects {
    account: String,
    pair: String,
    familiar: String,
    address: String,
}

impl Subjects {
    pub(crate) fn of(key: &SiteKey, handle: &str, address: IpAddr) -> Self {
        let network = network_of(address);
        let pair = key.pseudonym("throttle pair", &format!("{network} {handle}"));
        Subjects {
            account: format!("account:{}", key.pseudonym("throttle account", handle)),
            familiar: format!("familiar:{pair}"),
            pair: format!("pair:{pair}"),
            address: format!("address:{}", key.pseudonym("throttle address", &network)),
        }
    }

    /// Counts an attempt as failed until it is known to be right.
    pub(crate) fn reserve(
        &self,
        connection: &mut AnyConnection,
        now: Timestamp,
    ) -> Result<Result<(), Wait>, StoreError> {
        let account = self.account_counter(connection, now)?;
        for (subject, free) in [(account, ACCOUNT_FREE), (&self.address, ADDRESS_FREE)] {
            if let Err(wait) = count(connection, subject, free, now)? {
                return Ok(Err(wait));
            }
        }
        Ok(Ok(()))
    }

    /// Takes the attempt back and remembers the address as familiar.
    pub(crate) fn right(
        &self,
        connection: &mut AnyConnection,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let account = self.account_counter(connection, now)?;
        diesel::delete(throttle::table.find(account)).execute(connection)?;
        diesel::update(throttle::table.find(&self.address))
            .filter(throttle::failures.gt(0))
            .set((
                throttle::failures.eq(throttle::failures - 1),
                throttle::blocked_until.eq(0),
            ))
            .execute(connection)?;
        let changed = diesel::update(throttle::table.find(&self.familiar))
            .set(throttle::last_at.eq(now.micros()))
            .execute(connection)?;
        if changed == 0 {
            insert(connection, &self.familiar, 0, now, 0)?;
        }
        Ok(())
    }

    fn account_counter(
        &self,
        connection: &mut AnyConnection,
        now: Timestamp,
    ) -> Result<&str, StoreError> {
        let familiar: Option<String> = throttle::table
            .find(&self.familiar)
            .filter(throttle::last_at.gt(now.plus_days(-FAMILIAR_DAYS).micros()))
            .select(throttle::subject)
            .first(connection)
            .optional()?;
        Ok(match familiar {
            Some(_) => &self.pair,
            None => &self.account,
        })
    }
}

impl Site {
    /// Lets an account be tried again at once, for an administrator who has set a new password.
    ///
    /// # Errors
    /// The database failed.
    pub fn throttle_clear(&self, login: &str) -> Result<(), StoreError> {
        let handle = crate::store::user::login_handle(login);
        let digest = self.inner.key.pseudonym("throttle account", &handle);
        self.platform(Access::Write, |connection| {
            diesel::delete(throttle::table.find(format!("account:{digest}")))
                .execute(connection)?;
            Ok(())
        })
    }

    /// Removes counters that mean nothing any more. Answers how many.
    ///
    /// # Errors
    /// The database failed.
    pub fn throttle_sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        let quiet = throttle::last_at.lt(now.plus_seconds(-FORGET_SECONDS).micros());
        let strange = throttle::last_at.lt(now.plus_days(-FAMILIAR_DAYS).micros());
        let counter = throttle::subject.not_like("familiar:%");
        self.platform(Access::Write, |connection| {
            Ok(diesel::delete(throttle::table)
                .filter(strange.or(counter.and(quiet)))
                .execute(connection)?)
        })
    }
}

fn count(
    connection: &mut AnyConnection,
    subject: &str,
    free: i32,
    now: Timestamp,
) -> Result<Result<(), Wait>, StoreError> {
    let row = throttle::table.find(subject);
    let quiet_since = now.plus_seconds(-FORGET_SECONDS).micros();
    // A block further away than the longest wait was written before the clock was set back.
    let longest = now.plus_seconds(WAIT_SECONDS_MAX).micros();
    diesel::update(row)
        .filter(throttle::last_at.lt(quiet_since))
        .set(throttle::failures.eq(0))
        .execute(connection)?;
    let open = throttle::blocked_until
        .le(now.micros())
        .or(throttle::blocked_until.gt(longest));
    let failures: Option<i32> = diesel::update(row)
        .filter(open)
        .set((
            throttle::failures.eq(throttle::failures + 1),
            throttle::last_at.eq(now.micros()),
        ))
        .returning(throttle::failures)
        .get_result(connection)
        .optional()?;
    if let Some(failures) = failures {
        let until = now.plus_seconds(wait_seconds(failures, free)).micros();
        diesel::update(row)
            .set(throttle::blocked_until.eq(until))
            .execute(connection)?;
        return Ok(Ok(()));
    }
    let blocked_until: Option<i64> = row
        .select(throttle::blocked_until)
        .first(connection)
        .optional()?;
    match blocked_until {
        Some(until) => Ok(Err(Wait {
            until: Timestamp::from_micros(until),
        })),
        None => {
            insert(connection, subject, 1, now, 0)?;
            Ok(Ok(()))
        }
    }
}

/// Whether something that may happen once in `seconds` is due, and counts it.
pub(crate) fn once_in(
    connection: &mut AnyConnection,
    subject: &str,
    seconds: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let last: Option<i64> = throttle::table
        .find(subject)
        .select(throttle::last_at)
        .first(connection)
        .optional()?;
    let Some(last) = last else {
        insert(connection, subject, 0, now, 0)?;
        return Ok(true);
    };
    let changed = diesel::update(throttle::table.find(subject))
        .filter(throttle::last_at.eq(last))
        .filter(throttle::last_at.le(now.plus_seconds(-seconds).micros()))
        .set(throttle::last_at.eq(now.micros()))
        .execute(connection)?;
    Ok(changed == 1)
}

fn insert(
    connection: &mut AnyConnection,
    subject: &str,
    failures: i32,
    now: Timestamp,
    blocked_until: i64,
) -> Result<(), StoreError> {
    diesel::insert_into(throttle::table)
        .values((
            throttle::subject.eq(subject),
            throttle::failures.eq(failures),
            throttle::last_at.eq(now.micros()),
            throttle::blocked_until.eq(blocked_until),
        ))
        .execute(connection)?;
    Ok(())
}

/// Nothing, then one second, two, four, … five minutes.
fn wait_seconds(failures: i32, free: i32) -> i64 {
    match u32::try_from(failures - free) {
        Ok(0) | Err(_) => 0,
        Ok(beyond) => 1_i64
            .checked_shl(beyond - 1)
            .filter(|&seconds| seconds > 0 && seconds < WAIT_SECONDS_MAX)
            .unwrap_or(WAIT_SECONDS_MAX),
    }
}

fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_ends_at_five_minutes() {
        let waits: Vec<i64> = [0, 4, 5, 6, 7, 13, 14, 40, i32::MAX]
            .map(|failures| wait_seconds(failures, ACCOUNT_FREE))
            .to_vec();
        assert_eq!(waits, [0, 0, 1, 2, 4, 256, 300, 300, 300]);
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_address() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::7"), network("2001:db8:1:2:ff::9"));
        assert_ne!(network("2001:db8:1:2::7"), network("2001:db8:1:3::7"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
    }
}
