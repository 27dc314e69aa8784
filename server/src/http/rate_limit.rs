//! How often one caller may call: per address before anyone is recognised, per key or person afterwards (ATK-083,
//! LIM-901). Each kind has its own budget, which refills evenly over a minute; a flood of one caller costs the others
//! nothing.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use packtwin_core::code::Code;
use packtwin_core::ids::PremisesKeyId;
use packtwin_tenants::scope::Who;

use super::problem::Problem;
use crate::configuration::Limits;

/// After so many calls the budgets of callers that stayed away are forgotten.
const SWEEP_CALLS: u32 = 4096;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The budgets of all callers.
pub struct RateLimits {
    addresses: Budgets<IpAddr>,
    keys: Budgets<String>,
    people: Budgets<String>,
    premises_keys: Budgets<PremisesKeyId>,
}

/// What is left of a caller's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    limit: u32,
    remaining: u32,
}

impl RateLimits {
    /// Full budgets for everyone.
    pub fn new(limits: &Limits) -> Self {
        RateLimits {
            addresses: Budgets::new(limits.calls_per_minute_address),
            keys: Budgets::new(limits.calls_per_minute_key),
            people: Budgets::new(limits.calls_per_minute_person),
            premises_keys: Budgets::new(limits.calls_per_minute_key),
        }
    }

    /// Takes one call from the budget of an address; the 64 bits of an IPv6 network count as one.
    ///
    /// # Errors
    /// LIM-901 with the seconds to wait.
    pub fn take_address(&self, address: IpAddr) -> Result<Budget, Problem> {
        self.addresses.take(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        })
    }

    /// Takes one call from the budget of a key or person.
    ///
    /// # Errors
    /// LIM-901 with the seconds to wait.
    pub fn take_caller(&self, who: &Who) -> Result<Budget, Problem> {
        match who {
            Who::Key(key) => self.keys.take(key.to_string()),
            Who::Person(_) | Who::System(_) => self.people.take(who.to_string()),
        }
    }

    /// Takes one call from the budget of the software of premises.
    ///
    /// # Errors
    /// LIM-901 with the seconds to wait.
    pub fn take_premises_key(&self, key: PremisesKeyId) -> Result<Budget, Problem> {
        self.premises_keys.take(key)
    }
}

impl Budget {
    /// Says what is left (`RateLimit-Limit`, `-Remaining`, `-Reset` in seconds until the budget is whole).
    pub fn write(self, headers: &mut HeaderMap) {
        let reset = (u64::from(self.limit - self.remaining) * 60).div_ceil(u64::from(self.limit));
        for (name, value) in [
            (
                HeaderName::from_static("ratelimit-limit"),
                u64::from(self.limit),
            ),
            (
                HeaderName::from_static("ratelimit-remaining"),
                u64::from(self.remaining),
            ),
            (HeaderName::from_static("ratelimit-reset"), reset),
        ] {
            headers.insert(name, HeaderValue::from(value));
        }
    }
}

struct Budgets<K: Clone + Eq + Hash> {
    limit: NonZeroU32,
    limiter: Limiter<K>,
    calls: AtomicU32,
}

impl<K: Clone + Eq + Hash> Budgets<K> {
    fn new(limit: NonZeroU32) -> Self {
        Budgets {
            limit,
            limiter: RateLimiter::hashmap(Quota::per_minute(limit)).with_middleware(),
            calls: AtomicU32::new(0),
        }
    }

    fn take(&self, caller: K) -> Result<Budget, Problem> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP_CALLS == SWEEP_CALLS - 1 {
            self.limiter.retain_recent();
        }
        let limit = self.limit.get();
        match self.limiter.check_key(&caller) {
            Ok(left) => Ok(Budget {
                limit,
                remaining: left.remaining_burst_capacity().min(limit),
            }),
            Err(early) => {
                let wait = early.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_secs() + 1;
                let text =
                    format!("Too many calls. Wait {seconds} seconds (limit {limit} per minute).");
                Err(Problem::of(Code::TooManyCalls, text).retry_after(seconds))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use packtwin_core::ids::{ApiKeyId, UserId};

    use super::*;

    fn limits(calls: u32) -> RateLimits {
        let calls = NonZeroU32::new(calls).unwrap();
        RateLimits::new(&Limits {
            upload_bytes: 0,
            json_bytes: 0,
            calls_per_minute_key: calls,
            calls_per_minute_person: calls,
            calls_per_minute_address: calls,
        })
    }

    /// ATK-083: the flood of one caller is refused with the time to wait, another caller notices nothing.
    #[test]
    fn a_flood_is_refused_for_its_caller_alone() {
        let limits = limits(3);
        let (one, other) = (
            Who::Key(ApiKeyId::from_random(1)),
            Who::Key(ApiKeyId::from_random(2)),
        );
        for remaining in [2, 1, 0] {
            assert_eq!(
                limits.take_caller(&one).unwrap(),
                Budget {
                    limit: 3,
                    remaining
                }
            );
        }
        let refused = limits.take_caller(&one).unwrap_err();
        assert_eq!(refused.code(), Code::TooManyCalls);
        assert!(refused.respond("").headers().contains_key("retry-after"));
        assert!(limits.take_caller(&other).is_ok());
        assert!(
            limits
                .take_caller(&Who::Person(UserId::from_random(1)))
                .is_ok()
        );
    }

    #[test]
    fn one_ipv6_network_has_one_budget() {
        let limits = limits(1);
        assert!(limits.take_address("2001:db8::1".parse().unwrap()).is_ok());
        assert!(limits.take_address("2001:db8::2".parse().unwrap()).is_err());
        assert!(
            limits
                .take_address("2001:db8:0:1::1".parse().unwrap())
                .is_ok()
        );
    }
}
