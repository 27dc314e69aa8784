//! The pages of those who run a site, driven with forms and without any script: webhooks with their deliveries, the
//! simulator's switches, what ends soon, the door to administration, and readiness. Proves URS-CN-009 for simulators,
//! URS-ID-004 for what ends, URS-UR-003 for who sees what.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::ops::Deref;
use std::sync::mpsc::{self, Receiver};

use packtwin_app::connector::{ConnectorSettings, EU_HUB, SetUpConnector, set_up_connector};
use packtwin_app::desk::Desk;
use packtwin_core::ids::TenantId;
use packtwin_core::role::{Permission, Role};
use packtwin_core::time::Clock;
use packtwin_server::clock::SystemClock;
use packtwin_simulators::eu_hub::{
    Answers, Fault, HubSimulator, RunningHub, SimulatorSettings, Switches,
};
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use support::Running;
use support::visitor::Visitor;

const WEBHOOKS: &str = "/administration/webhooks";

/// A person at the pages of a served site.
struct Visit {
    visitor: Visitor,
    tenant: TenantId,
}

impl Deref for Visit {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

impl Visit {
    fn begin(settings: &[(&str, &str)], roles: &[Role]) -> Self {
        let server = Running::start_with(settings);
        let tenant = server.site.tenant("alder");
        Visit {
            visitor: Visitor::signed_in(server, tenant, "manager@alder.example", roles),
            tenant,
        }
    }

    /// Lets something happen that webhooks are told: a file is checked. Answers its address.
    fn upload_a_file(&self) -> String {
        let key = self.server.key(
            self.tenant,
            &[Permission::UploadsRead, Permission::UploadsWrite],
        );
        let file = b"SerialNumber;GTIN;Batch;ExpirationDate\r\nAB1;04150123456782;L1;311231\r\n";
        let call = |method, path| self.server.call(method, path).bearer(&key);
        let begun = call("POST", "/v1/uploads")
            .json(&serde_json::json!({ "name": "lot.csv", "size": file.len() }));
        let id = begun.json()["id"].as_str().unwrap().to_owned();
        let (own, complete) = (
            format!("/v1/uploads/{id}"),
            format!("/v1/uploads/{id}:complete"),
        );
        let part = call("PATCH", &own)
            .header("Content-Type", "application/offset+octet-stream")
            .header("Upload-Offset", "0")
            .body(file);
        assert_eq!(part.status, 204, "{}", part.body);
        let completed = call("POST", &complete).json(&serde_json::json!({}));
        assert!(completed.status < 300, "{}", completed.body);
        self.server.work();
        own
    }
}

/// A receiver of webhooks that answers these statuses in turn and hands on the heads and bodies that came.
fn receiver(statuses: &'static [u16]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let (send, came) = mpsc::channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut text, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                text.push_str(&line);
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            text.push_str(&String::from_utf8(body).unwrap());
            let answer =
                format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            if send.send(text).is_err() {
                return;
            }
        }
    });
    (url, came)
}

/// The value of a hidden or shown field of a page.
fn value_of<'p>(page: &'p str, name: &str) -> &'p str {
    let begin = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&begin).expect("the field is there");
    rest.split('"').next().unwrap_or_default()
}

/// users.md, Annex B: in order per object. What happens to a file while an earlier event about it is not told waits, and
/// goes as soon as that one is.
#[test]
fn a_webhook_is_told_of_one_file_in_order() {
    let (url, came) = receiver(&[500, 204, 204]);
    let visit = Visit::begin(&[("PACKTWIN_WEBHOOKS_LOOPBACK", "true")], &Role::ALL);
    visit.form(WEBHOOKS, &[("url", &url), ("event", "upload.checked")]);
    let upload = visit.upload_a_file();
    let refused = came.recv().unwrap();
    visit.server.clock.forward(1);
    let key = visit.server.key(
        visit.tenant,
        &[Permission::UploadsRead, Permission::UploadsWrite],
    );
    let mapping = "column.product_code=heading:GTIN\ncolumn.serial=heading:SerialNumber\ncolumn.batch=heading:Batch\ncolumn.expiry=heading:ExpirationDate\n";
    let again = visit
        .server
        .call("PUT", &format!("{upload}/mapping"))
        .bearer(&key)
        .json(&serde_json::json!({ "mapping": mapping }));
    assert!(again.status < 300, "{}", again.body);
    visit.server.work();
    assert!(came.try_recv().is_err(), "the second overtook the first");
    visit.server.clock.forward(1_200);
    visit.server.work();
    visit.server.work();
    let [first, second] = [(); 2].map(|()| came.recv().unwrap());
    let body = |text: &str| text.split("\r\n\r\n").nth(1).unwrap().to_owned();
    assert_eq!(body(&first), body(&refused));
    assert_ne!(body(&second), body(&first));
}

#[test]
fn a_webhook_lives_on_its_pages_from_its_secret_to_its_removal() {
    let (url, came) = receiver(&[500, 204, 204]);
    let visit = Visit::begin(&[("PACKTWIN_WEBHOOKS_LOOPBACK", "true")], &Role::ALL);
    assert!(visit.page(WEBHOOKS).contains("No webhooks yet"));

    // All faults at once, and what was typed stays.
    let refused = visit.form(WEBHOOKS, &[("url", "ftp://nowhere")]);
    assert_eq!(refused.status, 422, "{}", refused.body);
    for said in [
        "2 things to mend",
        "At least one event is needed",
        "ftp://nowhere",
    ] {
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }

    let made = visit.form(WEBHOOKS, &[("url", &url), ("event", "upload.checked")]);
    assert_eq!(made.status, 200, "{}", made.body);
    let secret = made.body.split("data-copy=\"whsec_").nth(1).unwrap();
    let secret = secret.split('"').next().unwrap().to_owned();
    let list = visit.page(WEBHOOKS);
    assert!(!list.contains(&secret), "the secret is shown once");
    let own = list.split("data-href=\"").nth(1).unwrap();
    let own = own.split('"').next().unwrap().to_owned();

    // The receiver is out of order, then it takes what is told again.
    visit.upload_a_file();
    assert!(came.recv().unwrap().contains("webhook-signature: v1,"));
    let page = visit.page(&own);
    assert!(page.contains("500 Internal Server Error"), "{page}");
    assert!(page.contains("will be tried again"), "{page}");
    visit.server.clock.forward(1_200);
    visit.server.work();
    let first = came.recv().unwrap();
    let page = visit.page(&own);
    assert!(page.contains("204 No Content"), "{page}");
    let delivery = value_of(&page, "delivery").to_owned();
    visit.done(&format!("{own}/redeliver"), &[("delivery", &delivery)]);
    visit.server.work();
    let again = came.recv().unwrap();
    let body = |text: &str| text.split("\r\n\r\n").nth(1).unwrap().to_owned();
    assert_eq!(body(&first), body(&again), "the same body");

    // Changed, paused, resumed, with another secret, removed.
    let edit = visit.page(&format!("{own}/edit"));
    let version = value_of(&edit, "if_match").to_owned();
    let fields = [
        ("if_match", version.as_str()),
        ("url", &url),
        ("event", "lot.sent"),
        ("event", "job.finished"),
    ];
    assert_eq!(visit.done(&format!("{own}/edit"), &fields), own);
    assert_eq!(visit.form(&format!("{own}/edit"), &fields).status, 412);
    for (state, word) in [("disabled", "paused"), ("active", "delivering")] {
        let page = visit.page(&own);
        let version = value_of(&page, "if_match").to_owned();
        visit.done(
            &format!("{own}/state"),
            &[("if_match", &version), ("state", state)],
        );
        assert!(visit.page(&own).contains(word), "{word}");
    }
    let ask = visit.page(&format!("{own}/secret"));
    let version = value_of(&ask, "if_match").to_owned();
    let rotated = visit.form(&format!("{own}/secret"), &[("if_match", &version)]);
    assert!(
        rotated.body.contains("data-copy=\"whsec_"),
        "{}",
        rotated.body
    );
    assert!(!rotated.body.contains(&secret), "the secret is another");
    assert!(visit.page(&own).contains("New signing secret made"));
    let ask = visit.page(&format!("{own}/remove"));
    let version = value_of(&ask, "if_match").to_owned();
    assert_eq!(
        visit.done(&format!("{own}/remove"), &[("if_match", &version)]),
        WEBHOOKS
    );
    assert_eq!(visit.get(&own).status, 404);
}

fn hub(authority: &SandboxAuthority) -> RunningHub {
    let clock = std::sync::Arc::new(SystemClock);
    let identity = authority.server(clock.now()).unwrap();
    HubSimulator::start(
        SimulatorSettings::new(identity, authority.trusted_pem()),
        clock,
    )
    .unwrap()
}

fn connect(visit: &Visit, hub: &RunningHub, authority: &SandboxAuthority, loopback: bool) {
    // TLS looks at the machine's clock.
    let now = SystemClock.now();
    let client = authority
        .client("alder", now.plus_days(-1), now.plus_days(60))
        .unwrap();
    let actor = visit
        .server
        .site
        .system_scope(visit.tenant, "test")
        .actor()
        .clone();
    let desk = Desk::new(&visit.server.house, actor, Permission::ALL.to_vec());
    let record = desk
        .scope()
        .read(|reader| reader.connector_get(EU_HUB))
        .unwrap();
    let change = SetUpConnector {
        settings: ConnectorSettings {
            url: if loopback {
                hub.url()
            } else {
                "https://hub.example.org/".to_owned()
            },
            trusted_pem: authority.trusted_pem(),
            sender: "ALDER".to_owned(),
            loopback,
            ..ConnectorSettings::default()
        },
        identity: Some(client),
        expected: record.map(|record| record.row_version),
    };
    set_up_connector(&desk, EU_HUB, change).unwrap();
}

/// URS-CN-009: the switches are there for a simulator, and for nothing else.
#[test]
fn a_simulator_is_switched_on_its_connectors_page_and_only_there() {
    let authority = SandboxAuthority::generate(SystemClock.now()).unwrap();
    let hub = hub(&authority);
    let control = hub.control_url();
    let visit = Visit::begin(&[("PACKTWIN_SIMULATORS_EU_HUB", &control)], &Role::ALL);
    connect(&visit, &hub, &authority, true);
    let page = visit.page("/connectors/eu_hub");
    assert!(page.contains("SIMULATOR · a stand-in"), "{page}");
    assert!(page.contains("It answers at once."), "{page}");

    let switches = "/connectors/eu_hub/simulator";
    let whole = |fault: &'static str, lasts: &'static str| {
        [
            ("fault", fault),
            ("lasts", lasts),
            ("code", "A16"),
            ("nth", "50"),
            ("late", "5"),
            ("answers", "late"),
            ("polls", "2"),
            ("callback", "3"),
            ("copies", "2"),
            ("group", "1"),
        ]
    };
    visit.done(switches, &whole("refuse_every", "always"));
    assert_eq!(
        hub.switches(),
        Switches {
            answers: Answers::Late {
                after_polls: 2,
                callback_ms: 3_000
            },
            always: Some(Fault::RefuseEvery { nth: 50 }),
            callback_copies: 2,
            ..Switches::default()
        }
    );
    let page = visit.page("/connectors/eu_hub");
    assert!(page.contains("every nth pack is refused"), "{page}");
    assert!(
        page.contains("simulator&#39;s switches were set")
            || page.contains("simulator's switches were set"),
        "{page}"
    );

    let mut wrong = whole("refuse", "next");
    wrong[2] = ("code", "<b>");
    wrong[8] = ("copies", "many");
    let refused = visit.form(switches, &wrong);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(
        refused.body.contains("2 things to mend"),
        "{}",
        refused.body
    );
    assert_eq!(hub.switches().callback_copies, 2, "nothing was changed");

    visit.done(switches, &[("do", "reset")]);
    assert_eq!(hub.switches(), Switches::default());

    // The same connector pointed at a real address has no switches.
    connect(&visit, &hub, &authority, false);
    assert!(!visit.page("/connectors/eu_hub").contains("SIMULATOR"));
    assert_eq!(visit.form(switches, &[("do", "reset")]).status, 404);
}

/// URS-ID-004: what ends is told in time, with what to do.
#[test]
fn what_ends_soon_is_listed_with_what_to_do() {
    let authority = SandboxAuthority::generate(SystemClock.now()).unwrap();
    let hub = hub(&authority);
    let mut visit = Visit::begin(&[], &Role::ALL);
    assert!(
        visit
            .page("/administration/expiring")
            .contains("Nothing ends within 90 days")
    );
    connect(&visit, &hub, &authority, true);
    let key = [("name", "ERP"), ("ends", "90"), ("scope", "lots:read")];
    assert_eq!(visit.form("/administration/api-keys", &key).status, 200);
    let long = [("name", "Store"), ("ends", "730"), ("scope", "lots:read")];
    assert_eq!(visit.form("/administration/api-keys", &long).status, 200);
    let person = [
        ("name", "Packaging Specialist"),
        ("login", "specialist@alder.example"),
        ("role", "operator"),
    ];
    assert_eq!(visit.form("/administration/users", &person).status, 200);
    let page = visit.page("/administration/expiring");
    for said in [
        "ERP",
        "90 days left",
        "Packaging Specialist",
        "Invitation",
        "EU hub",
        "Make a new link",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Store"), "it ends in two years");
    visit.server.clock.forward(4 * 86_400);
    visit.visitor.cookie = visit.server.sign_in("manager@alder.example");
    let page = visit.page("/administration/expiring");
    let row = page
        .split("<tr")
        .find(|row| row.contains("Packaging Specialist"))
        .unwrap();
    assert!(row.contains("ended"), "{row}");
}

/// URS-UR-003: the door to administration leads to what a role may see, and shows no other tab.
#[test]
fn administration_opens_where_the_role_allows() {
    let visit = Visit::begin(&[], &[Role::ComplianceManager]);
    let door = visit.get("/administration");
    assert_eq!(door.header("location"), Some("/administration/audit"));
    let page = visit.page("/administration/audit");
    assert!(page.contains("Signed in"), "{page}");
    assert!(!page.contains(">API keys<"), "{page}");
    let visit = Visit::begin(&[], &[Role::Administrator]);
    let door = visit.get("/administration");
    assert_eq!(door.header("location"), Some("/administration/users"));
    let visit = Visit::begin(&[], &[Role::Operator]);
    assert_eq!(visit.get("/administration").status, 404);
}

#[test]
fn a_site_that_cannot_write_is_not_ready_and_says_so_for_a_while() {
    let server = Running::start();
    let ready = || server.call("GET", "/health/ready").send();
    assert_eq!(ready().status, 200);
    let work = server.site.folder().join("work");
    std::fs::remove_dir_all(&work).unwrap();
    assert_eq!(ready().status, 200, "the answer holds for five seconds");
    server.clock.forward(6);
    let reply = ready();
    assert_eq!((reply.status, reply.code().as_str()), (503, "SYS-002"));
    assert!(reply.header("retry-after").is_some());
    assert!(
        !reply.body.contains("folder"),
        "nothing for outsiders: {}",
        reply.body
    );
    std::fs::create_dir_all(&work).unwrap();
    server.clock.forward(6);
    assert_eq!(ready().status, 200);
}
