//! Verification under the knife: the serving process is killed at random moments while tills supply packs.
//!
//! URS-VF-013, F01: after every restart each supply that was answered is there, none is there twice, and whoever never heard
//! an answer hears it under the same key. The program is the real one, started as a process and killed without warning; the
//! tills are ordinary clients that repeat what was not answered. How many kills found a request between two of its steps is
//! counted, so that a run in which nothing was interrupted is no proof.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use packtwin_tenants::testing::{TestPremises, TestSite, number};
use serde_json::json;

/// How often the process is killed; `PACKTWIN_TEST_KILLS` sets another number.
const KILLS: u32 = 200;
/// Tills that ask at once.
const TILLS: usize = 6;
/// Packs; a till supplies each of its own once, and some of its neighbour's.
const PACKS: usize = 60_000;
/// Longest life of a process, in milliseconds after it answers.
const LIFE_MILLIS: u64 = 300;
/// How long a process may take to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(60);

const CODE: &str = "04123456000175";

struct Ground {
    site: TestSite,
    port: u16,
}

impl Ground {
    fn start(&self) -> Child {
        let mut child = Command::new(env!("CARGO_BIN_EXE_packtwin_under_test"))
            .arg("serve")
            .env("PACKTWIN_ENVIRONMENT", "test")
            .env("PACKTWIN_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("PACKTWIN_PUBLIC_URL", self.url(""))
            .env("PACKTWIN_DATABASE", self.site.sqlite_file().unwrap())
            .env(
                "PACKTWIN_VERIFIER_DATABASE",
                self.site.folder().join("verifier.db"),
            )
            .env("PACKTWIN_FOLDER", self.site.folder())
            .env("PACKTWIN_LIMITS_CALLS_PER_MINUTE_KEY", "10000000")
            .env("PACKTWIN_LIMITS_CALLS_PER_MINUTE_ADDRESS", "10000000")
            .env("PACKTWIN_LOG_LEVEL", "error")
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while agent().get(self.url("/health/live")).call().is_err() {
            assert!(
                child.try_wait().unwrap().is_none(),
                "the process ended by itself"
            );
            assert!(
                began.elapsed() < BEGINS_WITHIN,
                "the process does not begin"
            );
            std::thread::yield_now();
        }
        child
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .http_status_as_error(false)
        .build()
        .into()
}

/// A till that repeats each request under its key until it hears an answer.
struct Till<'a> {
    ground: &'a Ground,
    premises: &'a TestPremises,
    answered: BTreeMap<String, (String, String)>,
    repeated: &'a AtomicU64,
}

impl Till<'_> {
    fn supply(&mut self, serial: &str, over: &AtomicBool) {
        let name = format!("supply {serial}");
        let body = json!({
            "product": CODE, "serial": serial, "lot": "B1", "expiry": "281231", "operation": "supply"
        })
        .to_string();
        while !over.load(Ordering::SeqCst) {
            if let Some(answer) = self.once(&name, &body) {
                self.answered.insert(name, (body, answer));
                return;
            }
            self.repeated.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// `None` where the line broke, or the same request is still being worked on.
    fn once(&self, name: &str, body: &str) -> Option<String> {
        let sent = agent()
            .post(self.ground.url("/v1/packs:change"))
            .header("Authorization", &format!("Bearer {}", self.premises.key))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", name)
            .send(body);
        let mut reply = sent.ok()?;
        let status = reply.status().as_u16();
        let text = reply.body_mut().read_to_string().ok()?;
        match status {
            200 => Some(text),
            409 | 503 => None,
            other => panic!("{other}: {text}"),
        }
    }
}

/// SplitMix64: the moments are the same in every run.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let bits = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits ^ (bits >> 31)
}

#[test]
fn what_was_answered_is_there_once() {
    let kills: u32 =
        std::env::var("PACKTWIN_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let site = TestSite::sqlite();
    let tenant = site.tenant("alder");
    let serials: Vec<String> = (0..PACKS).map(|number| format!("K{number}")).collect();
    let named: Vec<&str> = serials.iter().map(String::as_str).collect();
    site.stock(tenant, CODE, "B1", "281231", &named);
    let verifiers = site.verifiers();
    let premises: Vec<TestPremises> = (0..TILLS)
        .map(|number| verifiers.pharmacy(&format!("till {number}")))
        .collect();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let ground = Ground { site, port };
    let (over, repeated) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut child = ground.start();
    let mut kills_under_way = 0;
    let tills: Vec<Till<'_>> = std::thread::scope(|threads| {
        let running: Vec<_> = premises
            .iter()
            .enumerate()
            .map(|(number, premises)| {
                let (ground, over, repeated, serials) = (&ground, &over, &repeated, &serials);
                threads.spawn(move || {
                    let mut till = Till {
                        ground,
                        premises,
                        answered: BTreeMap::new(),
                        repeated,
                    };
                    // Each pack is asked for by its own till, every fourth by the next one too.
                    for (place, serial) in serials.iter().enumerate() {
                        let own = place % TILLS == number;
                        let next = place % 4 == 0 && (place + 1) % TILLS == number;
                        if own || next {
                            till.supply(serial, over);
                        }
                        if over.load(Ordering::SeqCst) {
                            break;
                        }
                    }
                    till
                })
            })
            .collect();
        let mut random = 7;
        for _ in 0..kills {
            let life = Duration::from_millis(draw(&mut random) % LIFE_MILLIS);
            let began = Instant::now();
            while began.elapsed() < life {
                std::thread::yield_now();
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let open = "SELECT count(*) AS number FROM request_record WHERE answered_at IS NULL";
            let open = number(&mut verifiers.owner_connection(), open).unwrap();
            kills_under_way += u32::from(open > 0);
            child = ground.start();
        }
        // Everybody hears the answer to what they asked last.
        over.store(true, Ordering::SeqCst);
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let count = |sql: &str| ground.site.number_as_owner(sql);
    let answered: usize = tills.iter().map(|till| till.answered.len()).sum();
    // A kill that found nobody between two steps proves nothing.
    assert!(
        answered > 0 && kills_under_way > kills / 4,
        "{kills_under_way} of {kills}"
    );
    // Whoever was told so did it, and only one of two; a repetition is told the same.
    let mut supplied = 0;
    for till in &tills {
        for (place, (name, (body, answer))) in till.answered.iter().enumerate() {
            supplied += i64::from(answer.contains("\"outcome\":\"OK\""));
            if place % 97 == 0 {
                assert_eq!(till.once(name, body).as_ref(), Some(answer), "{name}");
            }
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let twice = "SELECT count(*) AS number FROM (SELECT serial FROM pack_change GROUP BY serial HAVING count(*) > 1)";
    assert_eq!(count(twice), 0);
    let without_state = "SELECT count(*) AS number FROM pack_change c
         WHERE NOT EXISTS (SELECT 1 FROM pack p WHERE p.serial = c.serial AND p.state = 1)";
    assert_eq!(count(without_state), 0);
    let changed = count("SELECT count(*) AS number FROM pack_change");
    let unheard = TILLS as i64;
    assert!(
        (supplied..=supplied + unheard).contains(&changed),
        "{changed} of {supplied}"
    );
    let counted = "SELECT packs AS number FROM lot_state_count WHERE state = 1";
    assert_eq!(count(counted), changed);
    let answered_there =
        "SELECT count(*) AS number FROM request_record WHERE answered_at IS NOT NULL";
    let there = number(&mut verifiers.owner_connection(), answered_there).unwrap();
    assert!(there >= answered as i64, "{there} of {answered}");
    eprintln!(
        "{kills_under_way} of {kills} kills fell between two steps; {answered} requests were answered, {} tries repeated",
        repeated.load(Ordering::SeqCst)
    );
}
