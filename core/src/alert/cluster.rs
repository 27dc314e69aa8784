//! Alerts with a shared cause, found together: so that one decision can answer thousands (users.md 1.4, 3.10).
//!
//! Alerts fall apart by product, batch and code; inside such a group the causes that only many alerts show (a late or
//! missing upload, a wrong expiry) are tried first, then each alert is explained by itself and those with one cause stay
//! together. One pass over a sorted index: 100,000 alerts take well under five seconds (`examples/alert_clusters.rs`).
//! Pseudonyms link nothing: each stands for a site in one alert only. Serves URS-AL-008.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::batch_number::BatchNumber;
use crate::expiry::Expiry;
use crate::product_code::ProductCode;
use crate::scan::Confidence;
use crate::time::Timestamp;
use crate::verification::AlertCode;

use super::cause::{Cause, LikelyCause, likely_cause};
use super::record::{Alert, Source};

/// So many packs of one batch deviating alike are the batch's fault and not a hand's.
const SHARED_MIN: usize = 3;
/// From so many on it is as good as certain.
const CERTAIN_MIN: usize = 10;

/// When the packs of a batch were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchUpload {
    /// The product.
    pub product: ProductCode,
    /// Its batch.
    pub batch: BatchNumber,
    /// When the last pack of it became visible.
    pub stored_at: Timestamp,
}

/// Alerts that have one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The product.
    pub product: ProductCode,
    /// The batch they share: the stored one where it is known, else the one sent; `None` where none was sent.
    pub batch: Option<BatchNumber>,
    /// The alert they share.
    pub code: AlertCode,
    /// Their likely cause.
    pub likely: LikelyCause,
    /// Their places in the list handed in, in order of time.
    pub alerts: Vec<usize>,
    /// The first of them.
    pub first_at: Timestamp,
    /// The last of them.
    pub last_at: Timestamp,
}

type GroupKey = (ProductCode, Option<BatchNumber>, AlertCode);

/// Groups alerts by shared cause; the largest cluster first. Every alert is in exactly one cluster.
pub fn cluster(alerts: &[Alert], uploads: &[BatchUpload]) -> Vec<Cluster> {
    let stored: HashMap<(ProductCode, BatchNumber), Timestamp> = uploads
        .iter()
        .map(|upload| ((upload.product, upload.batch), upload.stored_at))
        .collect();
    let mut order: Vec<(GroupKey, Timestamp, usize)> = alerts
        .iter()
        .enumerate()
        .map(|(at, alert)| (group_of(alert), alert.raised_at, at))
        .collect();
    order.sort_unstable();
    let mut clusters = Vec::new();
    for group in order.chunk_by(|left, right| left.0 == right.0) {
        let key = group[0].0;
        let members: Vec<usize> = group.iter().map(|(_, _, at)| *at).collect();
        for (likely, members) in split(alerts, &key, members, &stored) {
            let time = |at: usize| alerts[at].raised_at;
            let (Some(&first), Some(&last)) = (members.first(), members.last()) else {
                continue;
            };
            clusters.push(Cluster {
                product: key.0,
                batch: key.1,
                code: key.2,
                likely,
                first_at: time(first),
                last_at: time(last),
                alerts: members,
            });
        }
    }
    clusters.sort_by_key(|cluster| (std::cmp::Reverse(cluster.alerts.len()), cluster.first_at));
    clusters
}

/// The places of alerts that are not the same event come again: a hub's retry queue replays old ones with a new time of
/// arrival, so pack, code and original time decide (EMVO-LoA). Of equal ones the first stays.
pub fn deduplicate(alerts: &[Alert]) -> Vec<usize> {
    let mut seen = HashSet::with_capacity(alerts.len());
    let is_new =
        |alert: &Alert| seen.insert((alert.sent.pack.clone(), alert.code, alert.raised_at));
    let news: Vec<bool> = alerts.iter().map(is_new).collect();
    (0..alerts.len()).filter(|at| news[*at]).collect()
}

fn group_of(alert: &Alert) -> GroupKey {
    let batch = match alert.code {
        // The batch sent is what the upload would have brought.
        AlertCode::A2 | AlertCode::A3 => alert.sent.batch.or(alert.known.batch),
        AlertCode::A7 | AlertCode::A24 | AlertCode::A52 | AlertCode::A68 => {
            alert.known.batch.or(alert.sent.batch)
        }
    };
    (alert.sent.pack.product, batch, alert.code)
}

/// The clusters inside one group, each in order of time.
fn split(
    alerts: &[Alert],
    key: &GroupKey,
    members: Vec<usize>,
    stored: &HashMap<(ProductCode, BatchNumber), Timestamp>,
) -> Vec<(LikelyCause, Vec<usize>)> {
    let stored_at = key.1.and_then(|batch| stored.get(&(key.0, batch)).copied());
    let (shared, single) = match key.2 {
        AlertCode::A2 | AlertCode::A3 => upload_causes(alerts, key.2, members, stored_at),
        AlertCode::A52 => expiry_causes(alerts, members),
        AlertCode::A7 | AlertCode::A24 | AlertCode::A68 => (Vec::new(), members),
    };
    let mut by_cause: BTreeMap<(Cause, Confidence), Vec<usize>> = BTreeMap::new();
    for at in single {
        let likely = likely_cause(&alerts[at]);
        let place = by_cause.entry((likely.cause, likely.confidence));
        place.or_default().push(at);
    }
    let single = by_cause
        .into_iter()
        .map(|((cause, confidence), members)| (LikelyCause::new(cause, confidence), members));
    shared.into_iter().chain(single).collect()
}

type Split = (Vec<(LikelyCause, Vec<usize>)>, Vec<usize>);

/// Alerts before the upload are late uploads; many packs of a batch that was never stored are a missing one. A batch that is
/// stored explains nothing after its time, and a text that betrays a scanner is no missing upload.
fn upload_causes(
    alerts: &[Alert],
    code: AlertCode,
    members: Vec<usize>,
    stored_at: Option<Timestamp>,
) -> Split {
    let by_site = |at: &usize| matches!(alerts[*at].source, Source::Site(_));
    let (site, mut single): (Vec<usize>, Vec<usize>) = members.into_iter().partition(by_site);
    let (shared, rest): (Vec<usize>, Vec<usize>) = match stored_at {
        Some(stored_at) => site
            .into_iter()
            .partition(|at| alerts[*at].raised_at < stored_at),
        None if code == AlertCode::A2 => site
            .into_iter()
            .partition(|at| likely_cause(&alerts[*at]).cause == Cause::Suspicion),
        None => (Vec::new(), site),
    };
    single.extend(rest);
    let packs: HashSet<&str> = shared
        .iter()
        .map(|at| alerts[*at].sent.pack.serial.as_str())
        .collect();
    let likely = match (stored_at, packs.len()) {
        (Some(_), 1) => LikelyCause::new(Cause::LateUpload, Confidence::Medium),
        (Some(_), 2..) => LikelyCause::new(Cause::LateUpload, Confidence::High),
        (None, CERTAIN_MIN..) => LikelyCause::new(Cause::UploadMissing, Confidence::High),
        (None, SHARED_MIN..) => LikelyCause::new(Cause::UploadMissing, Confidence::Medium),
        _ => {
            single.extend(shared);
            single.sort_by_key(|at| (alerts[*at].raised_at, *at));
            return (Vec::new(), single);
        }
    };
    single.sort_by_key(|at| (alerts[*at].raised_at, *at));
    (vec![(likely, shared)], single)
}

/// Packs of one batch that all print one other expiry: the stored one is wrong.
fn expiry_causes(alerts: &[Alert], members: Vec<usize>) -> Split {
    let mut by_expiry: BTreeMap<Option<Expiry>, Vec<usize>> = BTreeMap::new();
    for at in members {
        by_expiry
            .entry(alerts[at].sent.expiry)
            .or_default()
            .push(at);
    }
    let (mut shared, mut single) = (Vec::new(), Vec::new());
    for members in by_expiry.into_values() {
        let packs: HashSet<&str> = members
            .iter()
            .map(|at| alerts[*at].sent.pack.serial.as_str())
            .collect();
        let confidence = match packs.len() {
            CERTAIN_MIN.. => Confidence::High,
            SHARED_MIN.. => Confidence::Medium,
            _ => {
                single.extend(members);
                continue;
            }
        };
        shared.push((
            LikelyCause::new(Cause::WrongExpiryUploaded, confidence),
            members,
        ));
    }
    single.sort_by_key(|at| (alerts[*at].raised_at, *at));
    (shared, single)
}

#[cfg(test)]
mod tests {
    use super::super::id::AlertId;
    use super::super::record::{Known, Previous, PreviousBy, Pseudonym};
    use super::*;
    use crate::pack::{PackKey, PackState};
    use crate::verification::{Delivery, EntryMode, Operation, Removal, Submitted};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::parse("2027-01-01T08:00:00Z")
            .unwrap()
            .plus_seconds(seconds)
    }

    fn alert(number: u8, code: AlertCode, batch: &str, serial: &str) -> Alert {
        let market = "DE".parse().unwrap();
        Alert {
            id: AlertId::from_random(market, u128::from(number)),
            code,
            raised_at: at(i64::from(number) * 60),
            market,
            fulfilled_by: None,
            sent: Submitted {
                pack: PackKey {
                    product: "04006381333931".parse().unwrap(),
                    serial: serial.parse().unwrap(),
                },
                batch: Some(batch.parse().unwrap()),
                expiry: Some(Expiry::parse("280600", 2027).unwrap()),
            },
            known: Known::default(),
            state_before: None,
            source: Source::Site(Operation::Verify),
            entry: EntryMode::Scan,
            delivery: Delivery::Immediate,
            pseudonym: Pseudonym([number; 16]),
            previous: None,
        }
    }

    fn check(alerts: &[Alert], uploads: &[BatchUpload], expected: &[(Cause, usize)]) {
        let clusters = cluster(alerts, uploads);
        let found: Vec<(Cause, usize)> = clusters
            .iter()
            .map(|cluster| (cluster.likely.cause, cluster.alerts.len()))
            .collect();
        assert_eq!(found, expected);
        let mut all: Vec<usize> = clusters.iter().flat_map(|c| c.alerts.clone()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..alerts.len()).collect::<Vec<_>>());
    }

    /// URS-AL-008: a shared cause is one cluster.
    #[test]
    fn uploads_explain_many_alerts_at_once() {
        let many: Vec<Alert> = (0..12)
            .map(|n| alert(n, AlertCode::A2, "L1", &format!("S{n}Q")))
            .collect();
        check(&many, &[], &[(Cause::UploadMissing, 12)]);
        let upload = BatchUpload {
            product: many[0].sent.pack.product,
            batch: "L1".parse().unwrap(),
            stored_at: at(10 * 60),
        };
        check(
            &many,
            &[upload],
            &[(Cause::LateUpload, 10), (Cause::Suspicion, 2)],
        );
        check(&many[..2], &[], &[(Cause::Suspicion, 2)]);
    }

    #[test]
    fn a_wrong_expiry_is_the_batchs_and_not_a_hands() {
        let deviating = |n| Alert {
            known: Known {
                expiry: Some(Expiry::parse("290600", 2027).unwrap()),
                ..Known::default()
            },
            ..alert(n, AlertCode::A52, "L1", &format!("S{n}Q"))
        };
        let many: Vec<Alert> = (0..3).map(deviating).collect();
        check(&many, &[], &[(Cause::WrongExpiryUploaded, 3)]);
        check(&many[..2], &[], &[(Cause::Suspicion, 2)]);
    }

    #[test]
    fn states_are_explained_by_what_came_before() {
        let supplied = |n, seconds: i64, by| Alert {
            source: Source::Site(Operation::Remove(Removal::Supply)),
            previous: Some(Previous {
                at: at(i64::from(n) * 60 - seconds),
                state: PackState::Supplied,
                by,
            }),
            ..alert(n, AlertCode::A24, "L1", &format!("S{n}Q"))
        };
        let mut alerts = vec![
            supplied(1, 40, PreviousBy::SameSite),
            supplied(2, 40, PreviousBy::SameSite),
            supplied(3, 86_400, PreviousBy::SameSite),
            supplied(4, 40, PreviousBy::OtherSite),
        ];
        alerts.push(Alert {
            delivery: Delivery::Deferred,
            ..supplied(5, 40, PreviousBy::SameSite)
        });
        check(
            &alerts,
            &[],
            &[
                (Cause::DoubleDecommission, 2),
                (Cause::GoodsInAndCounter, 1),
                (Cause::DuplicateSerialPrinted, 1),
                (Cause::ReplayAfterOutage, 1),
            ],
        );
    }

    #[test]
    fn a_replayed_event_is_the_same_event() {
        let first = alert(1, AlertCode::A7, "L1", "S1");
        let again = Alert {
            id: AlertId::from_random(first.market, 99),
            ..first.clone()
        };
        let other = alert(2, AlertCode::A7, "L1", "S1");
        assert_eq!(deduplicate(&[first, again, other]), [0, 2]);
    }
}
