//! The promise under the knife: the process is killed at random moments of upload, commit and send.
//!
//! URS-SN-007, F01: after each restart no acknowledged pack is lost, none is doubled, no lot is half visible, and the hub
//! holds each pack once. The program is the real one, started as a process and killed without warning; the client is an
//! ordinary one that goes on where it was; the hub lives beside it and is never killed. Where the kills fell is counted, so
//! that a run in which nothing was interrupted is no proof.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use std::collections::BTreeMap;
use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use packtwin_app::connector::{ConnectorSettings, EU_HUB, SetUpConnector, set_up_connector};
use packtwin_app::desk::Desk;
use packtwin_app::house::{House, HouseSettings};
use packtwin_app::message::dispatch;
use packtwin_app::product::{create_product, send_version};
use packtwin_core::environment::Environment;
use packtwin_core::role::Permission;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_simulators::eu_hub::{HubSimulator, RunningHub, SimulatorSettings};
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use packtwin_tenants::engine::Engine;
use packtwin_tenants::scope::Housekeeping;
use packtwin_tenants::site::{Site, SiteSettings};
use packtwin_tenants::store::api_key::NewApiKey;
use packtwin_tests::story::{master_data, product_code, serial_csv};
use packtwin_transport::HttpsTransport;
use packtwin_transport::webhook::WebhookPoster;
use serde_json::{Value, json};

/// How often the process is killed; `PACKTWIN_TEST_KILLS` sets another number.
const KILLS: u32 = 200;
/// Out of how many kills some have to fall into each of the three steps; fewer prove only what they hit.
const KILLS_OF_EACH_STEP: u32 = 100;
/// Kills for one lot that has to come through, at most.
const KILLS_OF_A_LOT: u32 = 20;
/// Where the moments of the kills begin; `PACKTWIN_TEST_SEED` sets another number.
const SEED: u64 = 0x2545_f491_4f6c_dd1d;
/// Packs of one lot: several parts, stretches and messages.
const PACKS: usize = 1_500;
/// Bytes of one part of a file.
const PART_BYTES: usize = 8 * 1024;
/// Longest life of a process, in milliseconds after it answers.
const LIFE_MILLIS: u64 = 450;
/// How long the last process gets to bring everything to its end.
const LAST_WITHIN: Duration = Duration::from_secs(120);

struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
    }
}

/// A founded site with a product at the hub and a key.
struct Ground {
    folder: tempfile::TempDir,
    hub: RunningHub,
    key: String,
    port: u16,
}

impl Ground {
    fn found() -> Ground {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(MachineClock);
        let authority = SandboxAuthority::generate(clock.now()).unwrap();
        let identity = authority.server(clock.now()).unwrap();
        let hub = HubSimulator::start(
            SimulatorSettings::new(identity, authority.trusted_pem()),
            clock.clone(),
        )
        .unwrap();
        let engine = Engine::from_address(&folder.path().join("site.db").display().to_string());
        engine.migrate().unwrap();
        let settings = SiteSettings {
            engine,
            folder: folder.path().to_owned(),
            environment: Environment::Test,
            connections: 4,
        };
        let site = Site::open(settings, clock.now()).unwrap();
        let tenant = site
            .tenant_create("Alder Pharma", "alder", "Europe/Berlin", clock.now())
            .unwrap();
        let actor = site.system_scope(tenant, "founding").actor().clone();
        let webhooks = WebhookPoster {
            trusted_pem: String::new(),
            ports: Vec::new(),
            loopback: false,
            limits: packtwin_connector_port::transport::Limits::default(),
        };
        let transport = Arc::new(HttpsTransport::new(Environment::Test));
        let house = House::new(
            site,
            clock.clone(),
            transport,
            webhooks,
            HouseSettings::default(),
        );
        let desk = Desk::new(&house, actor, Permission::ALL.to_vec());
        let client = authority
            .client(
                "alder",
                clock.now().plus_days(-1),
                clock.now().plus_days(300),
            )
            .unwrap();
        let connector = SetUpConnector {
            settings: ConnectorSettings {
                url: hub.url(),
                trusted_pem: authority.trusted_pem(),
                sender: "ALDER".to_owned(),
                packs_per_message: 400,
                ask_after_seconds: 1,
                loopback: true,
                ..ConnectorSettings::default()
            },
            identity: Some(client),
            expected: None,
        };
        set_up_connector(&desk, EU_HUB, connector).unwrap();
        create_product(
            &desk,
            product_code(),
            &master_data("Alderine 10 mg tablets", &["DE"]),
        )
        .unwrap();
        send_version(&desk, &product_code(), 1).unwrap();
        dispatch(&house).unwrap();
        let scopes = [
            Permission::UploadsRead,
            Permission::UploadsWrite,
            Permission::LotsRead,
            Permission::LotsWrite,
        ];
        let new = NewApiKey {
            name: "kill test",
            scopes: &scopes,
            expires_at: None,
        };
        let (_, secret) = desk
            .scope()
            .change(desk.now(), |writer| writer.api_key_create(new))
            .unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        Ground {
            key: secret.expose_text().unwrap().to_owned(),
            folder,
            hub,
            port,
        }
    }

    fn start(&self) -> Server {
        let child = Command::new(env!("CARGO_BIN_EXE_packtwin_under_test"))
            .arg("serve")
            .env("PACKTWIN_ENVIRONMENT", "test")
            .env("PACKTWIN_LISTEN", format!("127.0.0.1:{}", self.port))
            .env(
                "PACKTWIN_PUBLIC_URL",
                format!("http://127.0.0.1:{}", self.port),
            )
            .env("PACKTWIN_DATABASE", self.folder.path().join("site.db"))
            .env("PACKTWIN_FOLDER", self.folder.path())
            .env("PACKTWIN_LIMITS_CALLS_PER_MINUTE_KEY", "100000")
            .env("PACKTWIN_LIMITS_CALLS_PER_MINUTE_ADDRESS", "100000")
            .env("PACKTWIN_LOG_LEVEL", "error")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Server { child }
    }

    fn client(&self) -> Client {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            .http_status_as_error(false)
            .build()
            .into();
        Client {
            agent,
            base: format!("http://127.0.0.1:{}", self.port),
            key: self.key.clone(),
        }
    }
}

struct Server {
    child: Child,
}

impl Server {
    /// Waits until it answers. A process that ends by itself is a failure with its last words.
    fn wait_until_ready(&mut self, client: &Client) {
        let started = Instant::now();
        while client
            .call("GET", "/health/ready", None, None)
            .is_none_or(|answer| answer.status != 200)
        {
            if let Some(status) = self.child.try_wait().unwrap() {
                let mut words = String::new();
                self.child
                    .stderr
                    .take()
                    .unwrap()
                    .read_to_string(&mut words)
                    .unwrap();
                panic!("the process ended by itself ({status}): {words}");
            }
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "the process does not become ready"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn kill(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has told by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client {
    agent: ureq::Agent,
    base: String,
    key: String,
}

struct Answer {
    status: u16,
    offset: Option<u64>,
    body: Value,
}

impl Client {
    /// One call; `None` when the connection broke, which says nothing about what happened.
    fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
        offset: Option<u64>,
    ) -> Option<Answer> {
        let kind = if offset.is_some() {
            "application/offset+octet-stream"
        } else {
            "application/json"
        };
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.key));
        if let Some(offset) = offset {
            request = request.header("upload-offset", offset.to_string());
        }
        if body.is_some() {
            request = request.header("content-type", kind);
        }
        let request = request.body(body.unwrap_or_default().to_vec()).unwrap();
        let mut answer = self.agent.run(request).ok()?;
        let offset = answer
            .headers()
            .get("upload-offset")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_vec().ok()?;
        Some(Answer {
            status,
            offset,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }

    fn post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.call("POST", path, Some(body.to_string().as_bytes()), None)
    }
}

/// What the client knows of one lot. It only believes what was answered.
struct Lot {
    name: String,
    file: Vec<u8>,
    upload: Option<String>,
    acknowledged: bool,
    /// What the server was last seen or asked to do.
    step: Step,
}

/// What a kill interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Beginning,
    Receiving,
    Checking,
    Committing,
    Sending,
}

impl Lot {
    fn new(number: usize) -> Lot {
        let name = format!("K{number:04}");
        let serials = (0..PACKS).map(|pack| format!("{number:04}X{:07}", pack * 7_919 % 9_999_991));
        Lot {
            file: serial_csv(&product_code(), &name, "290630", serials),
            name,
            upload: None,
            acknowledged: false,
            step: Step::Beginning,
        }
    }

    /// Takes the next step that the server's state asks for. `None` when the line broke.
    fn step(&mut self, client: &Client) -> Option<()> {
        let Some(upload) = self.upload.clone() else {
            let begun = client.post(
                "/v1/uploads",
                &json!({ "name": self.name, "size": self.file.len() }),
            )?;
            assert_eq!(begun.status, 201, "{}", begun.body);
            self.upload = Some(begun.body["id"].as_str().unwrap().to_owned());
            return Some(());
        };
        let seen = client.call("GET", &format!("/v1/uploads/{upload}"), None, None)?;
        assert_eq!(seen.status, 200, "{}", seen.body);
        match seen.body["state"].as_str().unwrap() {
            "receiving" => {
                self.step = Step::Receiving;
                self.send_parts(client, &upload, seen.offset.unwrap_or(0))
            }
            "checked" => {
                self.step = Step::Committing;
                client
                    .post(&format!("/v1/uploads/{upload}:commit"), &json!({}))
                    .map(|_| ())
            }
            "committed" => self.bring_to_the_hub(client),
            state @ ("checking" | "committing" | "received" | "recognised") => {
                self.step = match state {
                    "committing" => Step::Committing,
                    _ => Step::Checking,
                };
                std::thread::sleep(Duration::from_millis(3));
                Some(())
            }
            other => panic!("{} is {other}: {}", self.name, seen.body),
        }
    }

    fn send_parts(&self, client: &Client, upload: &str, offset: u64) -> Option<()> {
        let mut at = usize::try_from(offset).unwrap();
        while at < self.file.len() {
            let part = &self.file[at..self.file.len().min(at + PART_BYTES)];
            let taken = client.call(
                "PATCH",
                &format!("/v1/uploads/{upload}"),
                Some(part),
                Some(at as u64),
            )?;
            at = usize::try_from(
                taken
                    .offset
                    .expect("every answer to a part tells the offset"),
            )
            .unwrap();
        }
        let done = client.post(&format!("/v1/uploads/{upload}:complete"), &json!({}))?;
        assert!(
            done.status == 200 && done.body["same"] != json!(true),
            "{}",
            done.body
        );
        Some(())
    }

    fn bring_to_the_hub(&mut self, client: &Client) -> Option<()> {
        let path = format!("/v1/lots/{}/{}", product_code(), self.name);
        let lot = client.call("GET", &path, None, None)?;
        let numbers = &lot.body["numbers"];
        assert_eq!(
            numbers["stored"],
            json!(PACKS),
            "a committed lot is whole: {}",
            lot.body
        );
        self.step = Step::Sending;
        if numbers["acknowledged"] == json!(PACKS) {
            self.acknowledged = true;
        } else if numbers["sent"] == json!(0) {
            let asked = client.post(&format!("{path}:send"), &json!({ "what": "unsent" }))?;
            // LOT-002: it is being sent already, which is as good.
            assert!(
                asked.status == 202 || asked.body["code"] == json!("LOT-002"),
                "{}",
                asked.body
            );
        } else {
            std::thread::sleep(Duration::from_millis(3));
        }
        Some(())
    }

    /// No lot is half visible, and what was acknowledged stays.
    fn is_whole(&self, client: &Client) {
        let Some(lot) = client.call(
            "GET",
            &format!("/v1/lots/{}/{}", product_code(), self.name),
            None,
            None,
        ) else {
            return;
        };
        if lot.status == 404 {
            assert!(
                !self.acknowledged,
                "{} was acknowledged and is gone",
                self.name
            );
            return;
        }
        let numbers = &lot.body["numbers"];
        let stored = numbers["stored"].as_u64().unwrap();
        assert!(
            stored == 0 || stored == PACKS as u64,
            "{} is half visible: {}",
            self.name,
            lot.body
        );
        if self.acknowledged {
            assert_eq!(
                numbers["acknowledged"],
                json!(PACKS),
                "{} lost acknowledged packs",
                self.name
            );
        }
    }
}

#[test]
fn a_process_killed_anywhere_loses_and_doubles_nothing() {
    let ground = Ground::found();
    let client = ground.client();
    let kills: u32 = told("PACKTWIN_TEST_KILLS").unwrap_or(KILLS);
    let seed: u64 = told("PACKTWIN_TEST_SEED").unwrap_or(SEED);
    println!("PACKTWIN_TEST_SEED={seed}");
    let mut moments = Moments(seed);
    let mut fell: BTreeMap<Step, u32> = BTreeMap::new();
    let mut lots = vec![Lot::new(0)];
    for _ in 0..kills {
        let mut server = ground.start();
        server.wait_until_ready(&client);
        let dies_at = Instant::now() + Duration::from_millis(moments.next() % LIFE_MILLIS);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(dies_at.saturating_duration_since(Instant::now()));
            server.kill();
        });
        for lot in lots.iter().rev().take(2) {
            lot.is_whole(&client);
        }
        while Instant::now() < dies_at {
            let number = lots.len();
            let last = lots.last_mut().unwrap();
            if last.step(&client).is_none() {
                break;
            }
            if last.acknowledged {
                lots.push(Lot::new(number));
            }
        }
        killer.join().unwrap();
        *fell.entry(lots.last().unwrap().step).or_default() += 1;
    }
    finish(&ground, &client, &mut lots);
    compare_with_hub(&ground, &lots);
    println!(
        "{kills} kills, {} lots of {PACKS} packs acknowledged; they fell while {fell:?}",
        lots.len()
    );
    if kills >= KILLS_OF_EACH_STEP {
        for step in [Step::Receiving, Step::Committing, Step::Sending] {
            assert!(
                fell.contains_key(&step),
                "no kill fell while {step:?}: {fell:?}"
            );
        }
    }
    assert!(
        lots.len() >= (kills / KILLS_OF_A_LOT) as usize,
        "only {} lots came through {kills} kills",
        lots.len()
    );
}

/// A number from the environment; one that cannot be read is no reason to test something else in silence.
fn told<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    let number = text.parse().ok();
    assert!(number.is_some(), "{name}={text} is no such number");
    number
}

/// A last process that is left alone brings everything to its end.
fn finish(ground: &Ground, client: &Client, lots: &mut [Lot]) {
    let mut server = ground.start();
    server.wait_until_ready(client);
    let started = Instant::now();
    while !lots.last().unwrap().acknowledged {
        assert!(
            started.elapsed() < LAST_WITHIN,
            "the last lot does not come to its end"
        );
        lots.last_mut()
            .unwrap()
            .step(client)
            .expect("nobody kills this process");
    }
    for lot in lots.iter() {
        lot.is_whole(client);
        assert!(lot.acknowledged);
    }
    server.kill();
}

/// The hub holds every pack of every lot once, and nothing else; the audit chain holds.
fn compare_with_hub(ground: &Ground, lots: &[Lot]) {
    let counts = ground.hub.counts();
    let held = &counts.products[&format!("GTIN:{}", product_code())];
    let expected: BTreeMap<String, u64> = lots
        .iter()
        .map(|lot| (lot.name.clone(), PACKS as u64))
        .collect();
    assert_eq!(held.batches, expected);
    assert_eq!(held.packs, (lots.len() * PACKS) as u64);
    assert_eq!(
        counts.duplicates_refused, 0,
        "no pack was sent under two messages"
    );

    let settings = SiteSettings {
        engine: Engine::from_address(&ground.folder.path().join("site.db").display().to_string()),
        folder: ground.folder.path().to_owned(),
        environment: Environment::Test,
        connections: 1,
    };
    let site = Site::open(settings, MachineClock.now()).unwrap();
    for tenant in site.tenant_list().unwrap() {
        let scope = site.system_scope(tenant.id, "check");
        scope.read(|reader| reader.audit_verify()).unwrap().unwrap();
        let left = scope.housekeep(MachineClock.now(), Housekeeping::Invisible, |writer| {
            writer.load_list_storing()
        });
        assert!(left.unwrap().is_empty(), "no load is left half stored");
    }
}

/// Moments in no order that anyone would choose (a linear congruence; it only has to scatter).
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}
