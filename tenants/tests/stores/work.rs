//! Waiting work on both engines: outbox, jobs, connectors, mappings and deliveries, claimed by one and never lost.

use std::collections::BTreeSet;

use packtwin_core::time::Timestamp;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::TenantScope;
use packtwin_tenants::store::connector::ConnectorState;
use packtwin_tenants::store::job::{JobCancel, JobClaim, JobFilter, JobGoes, JobState, NewJob};
use packtwin_tenants::store::outbox::Claim;
use packtwin_tenants::store::webhook::{DELIVERY_KEPT_DAYS, DeliveryState, WebhookState};
use packtwin_tenants::testing::{for_each_engine, now};

use super::fixture::*;

fn claim(scope: &TenantScope, seconds: i64) -> Vec<Claim> {
    let at = now().plus_seconds(seconds);
    housekeep(scope, at, |writer| writer.outbox_claim(at, 60, 10))
}

fn put(scope: &TenantScope, object: &str, seconds: i64) {
    change(scope, |writer| {
        writer.outbox_put("send", object, now().plus_seconds(seconds))
    });
}

/// URS-DR-003: a worker that dies keeps its work until its lease runs out, and nothing is lost.
#[test]
fn work_is_held_by_one_until_its_lease_runs_out() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        put(&scope, "a", 0);
        put(&scope, "b", 30);
        let [first] = claim(&scope, 0).try_into().unwrap();
        assert_eq!((first.object_id.as_str(), first.attempts), ("a", 1));
        assert_eq!(claim(&scope, 29), []);
        let due: Vec<String> = claim(&scope, 60)
            .into_iter()
            .map(|claim| claim.object_id)
            .collect();
        assert_eq!(due, ["a", "b"], "the lease of a ran out");
        let done = |claim: &Claim| housekeep(&scope, now(), |writer| writer.outbox_done(claim));
        assert!(!done(&first), "another holds it");
        let [again] = claim(&scope, 120)
            .into_iter()
            .filter(|claim| claim.object_id == "a")
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        assert_eq!(again.attempts, 3);
        let later = now().plus_seconds(500);
        assert!(housekeep(&scope, now(), |writer| writer.outbox_again(&again, later)));
        assert!(!done(&again), "given back");
        let due = |id: &str| read(&scope, |reader| reader.outbox_due_at("send", id));
        assert_eq!((due("a"), due("c")), (Some(later), None));
        assert_eq!(claim(&scope, 499).len(), 1, "b only");
        let [last] = claim(&scope, 500).try_into().unwrap();
        assert!(done(&last));
        let depth = read(&scope, |reader| reader.outbox_depth("send"));
        assert_eq!((depth.rows, depth.oldest_at), (1, Some(now())));
        assert_eq!(read(&scope, |reader| reader.outbox_depth("other")).rows, 0);
    });
}

#[test]
fn work_put_again_while_it_is_held_is_done_again() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        put(&scope, "a", 0);
        let [held] = claim(&scope, 0).try_into().unwrap();
        put(&scope, "a", 10);
        assert_eq!(claim(&scope, 10), [], "the first worker is still sending");
        assert!(!housekeep(&scope, now(), |writer| writer.outbox_done(&held)));
        assert_eq!(claim(&scope, 60).len(), 1);
    });
}

#[test]
fn two_workers_never_hold_the_same_row() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let objects: BTreeSet<String> = (0..40).map(|number| format!("m{number:02}")).collect();
        for object in &objects {
            put(&scope, object, 0);
        }
        let claimed: Vec<String> = std::thread::scope(|threads| {
            let workers: Vec<_> = (0..4)
                .map(|_| {
                    threads.spawn(|| {
                        let mut mine = Vec::new();
                        // A round that meets only rows of others comes back empty although work is left.
                        for _ in 0..12 {
                            mine.extend(claim(&scope, 0).into_iter().map(|claim| claim.object_id));
                        }
                        mine
                    })
                })
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap())
                .collect()
        });
        assert_eq!(claimed.len(), objects.len(), "none twice");
        assert_eq!(
            claimed.into_iter().collect::<BTreeSet<_>>(),
            objects,
            "none left out"
        );
    });
}

fn job(scope: &TenantScope, object: &str) -> packtwin_core::ids::JobId {
    let new = NewJob {
        kind: "check",
        object,
        input: "{}",
        total: 10,
        unit: "rows",
    };
    change(scope, |writer| writer.job_create(&new))
}

fn job_claim(scope: &TenantScope, seconds: i64) -> Option<JobClaim> {
    let at = now().plus_seconds(seconds);
    housekeep(scope, at, |writer| writer.job_claim(at, 60))
}

#[test]
fn a_job_survives_its_worker() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let id = job(&scope, "upl_1");
        assert_eq!(read(&scope, |reader| reader.job_active_counts()), (1, 0));
        let first = job_claim(&scope, 0).unwrap();
        assert_eq!((first.job.id, first.job.state), (id, JobState::Running));
        assert_eq!(read(&scope, |reader| reader.job_active_counts()), (0, 1));
        let report = |claim: &JobClaim, seconds: i64| {
            let until = now().plus_seconds(seconds);
            housekeep(&scope, now(), |writer| {
                writer.job_progress(claim, 4, 12, until)
            })
        };
        assert_eq!(report(&first, 100), JobGoes::Continue);
        assert_eq!(job_claim(&scope, 99), None, "the lease was renewed");
        let second = job_claim(&scope, 100).unwrap();
        assert_eq!((second.job.done, second.job.started_at), (4, Some(now())));
        assert_eq!(report(&first, 200), JobGoes::Lost);
        let finish = |claim: &JobClaim| {
            change(&scope, |writer| {
                writer.job_finish(claim, JobState::Done, "{\"lots\":1}")
            })
        };
        assert!(!finish(&first));
        assert!(finish(&second));
        assert!(!finish(&second));
        let record = read(&scope, |reader| reader.job_get(id)).unwrap();
        assert_eq!((record.state, record.total), (JobState::Done, 12));
        assert_eq!(
            (record.result.as_str(), record.finished_at),
            ("{\"lots\":1}", Some(now()))
        );
        assert_eq!(job_claim(&scope, 1000), None);
    });
}

#[test]
fn a_cancel_is_asked_of_a_running_job_and_ends_a_queued_one() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let (running, queued) = (job(&scope, "upl_1"), job(&scope, "upl_2"));
        let mut claimed = job_claim(&scope, 0).unwrap();
        let (running, queued) = match claimed.job.id == running {
            true => (running, queued),
            false => (queued, running),
        };
        let cancel = |id| change(&scope, |writer| writer.job_cancel(id));
        assert_eq!(cancel(queued), JobCancel::Cancelled);
        assert_eq!(cancel(queued), JobCancel::TooLate);
        assert_eq!(cancel(running), JobCancel::Requested);
        let filter = JobFilter {
            state: Some(JobState::Running),
            ..JobFilter::default()
        };
        let list = read(&scope, |reader| reader.job_list(&filter, None, 10));
        assert_eq!((list.len(), list[0].cancel_requested), (1, true));
        // The wish outlives the worker that should have heard it.
        claimed = job_claim(&scope, 60).unwrap();
        let goes = housekeep(&scope, now(), |writer| {
            writer.job_progress(&claimed, 1, 10, now().plus_seconds(120))
        });
        assert_eq!(goes, JobGoes::Cancel);
        assert!(change(&scope, |writer| writer.job_finish(
            &claimed,
            JobState::Cancelled,
            "{}"
        )));
        assert_eq!(cancel(running), JobCancel::TooLate);
        let newest = read(&scope, |reader| {
            reader.job_list(&JobFilter::default(), None, 1)
        });
        let before = (newest[0].created_at, newest[0].id);
        let rest = read(&scope, |reader| {
            reader.job_list(&JobFilter::default(), Some(before), 10)
        });
        assert_eq!(rest.len(), 1);
    });
}

#[test]
fn every_job_is_claimed_by_one_worker() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let jobs: BTreeSet<_> = (0..12)
            .map(|number| job(&scope, &format!("upl_{number}")))
            .collect();
        let claimed: Vec<_> = std::thread::scope(|threads| {
            let workers: Vec<_> = (0..4)
                .map(|_| {
                    threads.spawn(|| {
                        std::iter::from_fn(|| job_claim(&scope, 0))
                            .map(|claim| claim.job.id)
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap())
                .collect()
        });
        assert_eq!(claimed.len(), jobs.len());
        assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), jobs);
    });
}

#[test]
fn connectors_are_kept_paused_and_resumed() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let put = |settings: &str, sealed: Option<&[u8]>, version| {
            try_change(&scope, |writer| {
                writer.connector_put("eu_hub", settings, sealed, version)
            })
        };
        assert!(!put("{}", None, Some(1)).unwrap(), "there is none yet");
        assert!(put("{}", Some(b"sealed"), None).unwrap());
        assert!(matches!(put("{}", None, None), Err(StoreError::Taken)));
        assert!(put("{\"limit\":9}", None, Some(1)).unwrap());
        assert!(!put("{}", None, Some(1)).unwrap(), "someone was first");
        let record = read(&scope, |reader| reader.connector_get("eu_hub")).unwrap();
        assert_eq!(record.settings, "{\"limit\":9}");
        assert_eq!(
            record.sealed.as_deref(),
            Some(b"sealed".as_slice()),
            "credentials stay"
        );
        assert!(!format!("{record:?}").contains("sealed"));
        let pause = || change(&scope, |writer| writer.connector_pause("eu_hub"));
        let resume = || change(&scope, |writer| writer.connector_resume("eu_hub"));
        assert_eq!(
            [pause(), pause(), resume(), resume(), pause()],
            [true, false, true, false, true]
        );
        let list = read(&scope, |reader| reader.connector_list());
        assert_eq!(list[0].state, ConnectorState::Paused);
    });
}

#[test]
fn mappings_are_kept_by_partner() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let id = change(&scope, |writer| {
            writer.mapping_create("Verpacker", "old layout", "{}")
        });
        change(&scope, |writer| {
            writer.mapping_create("Abfüller", "lines", "{}")
        });
        let rename = |version| {
            change(&scope, |writer| {
                writer.mapping_change(id, "layout", "{\"a\":1}", version)
            })
        };
        assert_eq!([rename(1), rename(1)], [true, false]);
        let of_partner = read(&scope, |reader| reader.mapping_find_by_partner("Verpacker"));
        assert_eq!(
            of_partner,
            [read(&scope, |reader| reader.mapping_get(id)).unwrap()]
        );
        assert_eq!(
            (of_partner[0].name.as_str(), of_partner[0].data.as_str()),
            ("layout", "{\"a\":1}")
        );
        assert_eq!(read(&scope, |reader| reader.mapping_list()).len(), 2);
        let delete = |version| change(&scope, |writer| writer.mapping_delete(id, version));
        assert_eq!([delete(1), delete(2), delete(2)], [false, true, false]);
    });
}

/// users.md, Annex B: in order per object.
#[test]
fn events_of_one_object_wait_for_the_earlier_ones() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let [one, other] = [(); 2].map(|()| {
            change(&scope, |writer| {
                writer.webhook_create("https://hooks.example.org/", &[], b"sealed")
            })
        });
        let add = |webhook, object: &str, seconds| {
            let at = now().plus_seconds(seconds);
            housekeep(&scope, at, |writer| {
                writer.webhook_delivery_add(webhook, "upload.checked", object, "{}")
            })
        };
        let first = add(one, "upl_1", 0);
        let second = add(one, "upl_1", 1);
        let third = add(one, "upl_1", 2);
        let beside = add(one, "upl_1", 2);
        let free = [add(one, "upl_2", 3), add(other, "upl_1", 3)];
        let of = |id| read(&scope, |reader| reader.webhook_delivery_get(id)).unwrap();
        let waits = |id| read(&scope, |reader| reader.webhook_delivery_waits(&of(id)));
        let next = |id| {
            let ids = read(&scope, |reader| reader.webhook_delivery_next(&of(id)));
            ids.into_iter().collect::<BTreeSet<_>>()
        };
        let ends = |id, state| {
            change(&scope, |writer| {
                writer.webhook_delivery_answer(id, state, Some(503), "busy")
            })
        };
        assert_eq!([first, second, third].map(waits), [false, true, true]);
        assert_eq!(free.map(waits), [false, false]);
        assert!(ends(first, DeliveryState::Pending), "tried in vain");
        assert!(waits(second));
        assert!(ends(first, DeliveryState::Failed), "given up");
        assert_eq!(next(first), BTreeSet::from([second]));
        assert_eq!([second, third].map(waits), [false, true]);
        assert!(ends(second, DeliveryState::Delivered));
        assert_eq!(next(second), BTreeSet::from([third, beside]));
        assert_eq!([third, beside].map(waits), [false, false]);
        assert_eq!(next(third), BTreeSet::new());
    });
}

#[test]
fn deliveries_are_told_told_again_and_forgotten() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let events = ["lot.acknowledged".to_owned()];
        let id = change(&scope, |writer| {
            writer.webhook_create("https://hooks.example.org/", &events, b"sealed")
        });
        let add = |scope| {
            change(scope, |writer| {
                writer.webhook_delivery_add(id, "lot.acknowledged", "lot", "{}")
            })
        };
        let (first, second) = (add(&scope), add(&scope));
        let answer = |state| {
            change(&scope, |writer| {
                writer.webhook_delivery_answer(first, state, Some(503), "busy")
            })
        };
        assert!(answer(DeliveryState::Pending));
        assert!(answer(DeliveryState::Failed));
        assert!(!answer(DeliveryState::Delivered), "given up");
        let not_taken = |since: Timestamp| {
            let healths = read(&scope, |reader| reader.webhook_health(since));
            healths.iter().map(|health| health.not_taken).sum::<u64>()
        };
        assert_eq!(not_taken(now()), 1);
        assert_eq!(not_taken(now().plus_days(1)), 0, "long ago");
        let again = || change(&scope, |writer| writer.webhook_redeliver(first));
        assert_eq!([again(), again()], [true, false]);
        assert!(answer(DeliveryState::Delivered));
        let record = read(&scope, |reader| reader.webhook_delivery_get(first)).unwrap();
        assert_eq!(
            (record.state, record.attempts, record.status),
            (DeliveryState::Delivered, 3, Some(503))
        );
        let [health] = read(&scope, |reader| reader.webhook_health(now()))[..] else {
            panic!("one webhook was told something")
        };
        assert_eq!((health.taken_at, health.not_taken), (record.answered_at, 0));
        let page = read(&scope, |reader| reader.webhook_delivery_list(id, None, 1));
        let before = (page[0].created_at, page[0].id);
        let rest = read(&scope, |reader| {
            reader.webhook_delivery_list(id, Some(before), 9)
        });
        let both: BTreeSet<_> = page
            .iter()
            .chain(&rest)
            .map(|delivery| delivery.id)
            .collect();
        assert_eq!(both, BTreeSet::from([first, second]));

        let sweep = |days| {
            housekeep(&scope, now().plus_days(days), |writer| {
                writer.webhook_delivery_sweep()
            })
        };
        assert_eq!(
            [sweep(DELIVERY_KEPT_DAYS), sweep(DELIVERY_KEPT_DAYS + 1)],
            [0, 2]
        );
        let reseal = |version| {
            change(&scope, |writer| {
                writer.webhook_reseal(id, b"another", version)
            })
        };
        assert_eq!([reseal(1), reseal(1)], [true, false]);
        let sealed = read(&scope, |reader| reader.webhook_get(id))
            .unwrap()
            .sealed;
        assert_eq!(sealed, b"another");
        let disable = |version| {
            change(&scope, |writer| {
                writer.webhook_change(
                    id,
                    "https://hooks.example.org/2",
                    &events,
                    WebhookState::Disabled,
                    version,
                )
            })
        };
        assert_eq!([disable(2), disable(2)], [true, false]);
        let record = read(&scope, |reader| reader.webhook_get(id)).unwrap();
        assert_eq!(
            (record.state, record.events),
            (WebhookState::Disabled, events.to_vec())
        );
        add(&scope);
        let delete = |version| change(&scope, |writer| writer.webhook_delete(id, version));
        assert_eq!([delete(1), delete(3), delete(3)], [false, true, false]);
        assert_eq!(read(&scope, |reader| reader.webhook_list()), []);
    });
}
