//! Road 1 through the pages alone, with forms and without any script: from a file to an acknowledged lot with its receipt.
//! Proves URS-SN-005 to URS-SN-010 and URS-MD-001 as a person meets them.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use std::ops::Deref;
use std::sync::Arc;

use packtwin_app::house::{House, HouseSettings};
use packtwin_app::job::run_jobs;
use packtwin_app::message::dispatch;
use packtwin_core::environment::Environment;
use packtwin_core::role::Role;
use packtwin_core::time::Clock;
use packtwin_server::clock::SystemClock;
use packtwin_simulators::eu_hub::{HubSimulator, RunningHub, SimulatorSettings};
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use packtwin_transport::HttpsTransport;
use packtwin_transport::webhook::WebhookPoster;
use support::visitor::Visitor;
use support::{Reply, Running};

const CODE: &str = "04150123456782";
const BOUNDARY: &str = "----a-boundary-of-the-test";

/// A person at the pages of a served site, with a hub on the far side.
struct Visit {
    visitor: Visitor,
    house: House,
    hub: RunningHub,
    authority: SandboxAuthority,
}

impl Deref for Visit {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

impl Visit {
    fn begin() -> Self {
        let server = Running::start();
        let tenant = server.site.tenant("alder");
        let visitor = Visitor::signed_in(server, tenant, "manager@example.test", &Role::ALL);
        let server = &visitor.server;
        // TLS looks at the machine's clock, so the certificates begin there.
        let now = SystemClock.now();
        let authority = SandboxAuthority::generate(now).unwrap();
        let settings =
            SimulatorSettings::new(authority.server(now).unwrap(), authority.trusted_pem());
        let hub = HubSimulator::start(settings, server.clock.clone()).unwrap();
        let webhooks = WebhookPoster {
            trusted_pem: String::new(),
            ports: vec![443],
            loopback: true,
            limits: Default::default(),
        };
        let transport = Arc::new(HttpsTransport::new(Environment::Test));
        let house = House::new(
            (*server.site).clone(),
            server.clock.clone(),
            transport,
            webhooks,
            HouseSettings::default(),
        );
        Visit {
            visitor,
            house,
            hub,
            authority,
        }
    }

    /// Sends a file as a browser without our script does.
    fn upload(&self, name: &str, bytes: &[u8], csrf: &str) -> Reply {
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        self.server
            .call("POST", "/uploads")
            .cookie(&self.cookie)
            .origin(&self.server.url)
            .header("Accept", "text/html")
            .header(
                "Content-Type",
                &format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(&body)
    }

    fn work(&self) {
        while run_jobs(&self.house).unwrap().worked > 0 {}
        for _ in 0..5 {
            while dispatch(&self.house).unwrap().worked > 0 {}
            self.server.clock.forward(61);
        }
    }

    fn set_up_hub(&self) {
        let now = SystemClock.now();
        let client = self
            .authority
            .client("alder", now.plus_days(-1), now.plus_days(300))
            .unwrap();
        let url = self.hub.url();
        let trusted = self.authority.trusted_pem();
        let fields = [
            ("url", url.as_str()),
            ("sender", "ALDER"),
            ("release", "1.16"),
            ("packs_per_message", "1000"),
            ("ask_after_seconds", "60"),
            ("loopback", "yes"),
            ("certificate", &client.certificates_pem),
            ("key", &client.key_pem),
            ("trusted", &trusted),
        ];
        assert_eq!(
            self.done("/connectors/eu_hub", &fields),
            "/connectors/eu_hub"
        );
    }

    fn add_product(&self) {
        let fields = [
            ("code", CODE),
            ("name", "Alderin 10 mg"),
            ("common_name", "alderine"),
            ("form", "film-coated tablet"),
            ("strength", "10 mg"),
            ("pack_type", "box"),
            ("pack_size", "30"),
            ("manufacturer_id", "M-1"),
            ("manufacturer_name", "Alder Pharma"),
            ("manufacturer_street", "Birkenweg 4"),
            ("manufacturer_postal_code", "10115"),
            ("manufacturer_city", "Berlin"),
            ("manufacturer_country", "DE"),
            ("market_0", "DE"),
            ("market_0_national_code", "12345678"),
            ("market_0_holder_id", "H-1"),
            ("market_0_holder_name", "Alder Pharma"),
            ("market_0_holder_street", "Birkenweg 4"),
            ("market_0_holder_postal_code", "10115"),
            ("market_0_holder_city", "Berlin"),
            ("market_0_holder_country", "DE"),
            ("market_0_wholesaler_0_id", "W-1"),
            ("market_0_wholesaler_0_name", "Birch Wholesale"),
            ("market_0_wholesaler_0_street", "Birkenweg 5"),
            ("market_0_wholesaler_0_postal_code", "10115"),
            ("market_0_wholesaler_0_city", "Berlin"),
            ("market_0_wholesaler_0_country", "DE"),
        ];
        assert_eq!(self.done("/products", &fields), format!("/products/{CODE}"));
    }
}

/// The words of a page, for a test that failed.
fn text_of(html: &str) -> String {
    let main = html.split("<main").nth(1).unwrap_or(html);
    let mut words = String::new();
    let mut is_tag = false;
    for letter in main.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            letter if !is_tag => words.push(letter),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn serials(number: usize) -> Vec<u8> {
    let mut text = String::from("Seriennummer;GTIN;Charge;Verfalldatum\r\n");
    for index in 0..number {
        text.push_str(&format!("AB{index:08}K;{CODE};L/7%A;331231\r\n"));
    }
    text.into_bytes()
}

/// The lot of [`serials`] has a slash and a per cent sign in its number: both are allowed by GS1.
const LOT: &str = "/lots/04150123456782/L%2F7%25A";

#[test]
fn a_file_becomes_an_acknowledged_lot() {
    let visit = Visit::begin();
    assert!(visit.page("/").contains("Nothing waits"));
    for list in [
        "/uploads",
        "/lots",
        "/products",
        "/connectors",
        "/messages",
        "/jobs",
    ] {
        assert!(visit.page(list).contains("class=\"empty\""), "{list}");
    }
    visit.set_up_hub();
    assert!(
        !visit.page("/connectors/eu_hub").contains("PRIVATE KEY"),
        "a key is never shown"
    );
    assert!(
        visit
            .form("/connectors/eu_hub/check", &[])
            .body
            .contains("The far side let us through")
    );
    visit.add_product();
    visit.done(&format!("/products/{CODE}/send"), &[("version", "1")]);
    visit.work();
    assert!(
        visit
            .page(&format!("/products/{CODE}"))
            .contains("acknowledged")
    );
    visit.done(&format!("/products/{CODE}/compare"), &[]);
    assert!(
        visit
            .page(&format!("/products/{CODE}"))
            .contains("The two are the same")
    );

    let csrf = visit.get("/uploads").csrf();
    let sent = visit.upload("lot.csv", &serials(2_500), &csrf);
    assert_eq!(sent.status, 303, "{}", text_of(&sent.body));
    let upload = sent.header("location").unwrap().to_owned();
    visit.work();
    let checked = visit.page(&upload);
    assert!(
        checked.contains("2,500 rows are right; 1 of 1 lot can be stored"),
        "{}",
        text_of(&checked)
    );
    let again = visit.upload("same.csv", &serials(2_500), &csrf);
    assert_eq!(
        again.header("location"),
        Some(upload.as_str()),
        "the same content is the same upload"
    );
    assert_eq!(
        visit.get(&format!("{upload}/original")).body.as_bytes(),
        serials(2_500)
    );

    let question = visit.form(&format!("{upload}/commit"), &[]);
    assert!(
        question.body.contains("Store 2,500 packs?"),
        "{}",
        text_of(&question.body)
    );
    visit.done(&format!("{upload}/commit"), &[("confirmed", "yes")]);
    visit.work();
    assert!(
        visit.page(&upload).contains(LOT),
        "the stored lot is one click away"
    );

    let lot = visit.page(LOT);
    assert!(
        lot.contains("2,500 of 2,500 packs are not acknowledged"),
        "{}",
        text_of(&lot)
    );
    let version = lot
        .split("name=\"if_match\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    visit.done(
        &format!("{LOT}/produced"),
        &[("produced", "2,500"), ("if_match", &version)],
    );
    let stale = visit.form(
        &format!("{LOT}/produced"),
        &[("produced", "7"), ("if_match", &version)],
    );
    assert_eq!(stale.status, 412, "a change from an old page is refused");
    assert!(
        visit
            .page(&format!("{LOT}/send"))
            .contains("Send 2,500 packs to the EU hub?")
    );
    visit.done(&format!("{LOT}/send"), &[]);
    visit.work();
    assert!(
        visit
            .page(LOT)
            .contains("All 2,500 packs are acknowledged by the hub.")
    );
    let receipt = visit.get(&format!("{LOT}/receipt.json")).json();
    assert_eq!(
        (&receipt["complete"], &receipt["acknowledged"]),
        (&true.into(), &2_500.into())
    );
    assert!(
        visit
            .page(&format!("{LOT}/receipt"))
            .contains("All 2,500 packs of this lot are produced, stored, sent and acknowledged")
    );
    assert!(
        visit
            .page("/messages?state=accepted&kind=commissioned")
            .contains("L/7%A")
    );

    let scan = "/search?q=010415012345678221AB00000007K%1D17331231%1D10L/7%25A";
    let found = visit.get(scan);
    let pack = format!("/packs/{CODE}/AB00000007K");
    assert!(
        found.header("location") == Some(&pack) || found.body.contains(&pack),
        "{}",
        text_of(&found.body)
    );
    assert!(visit.page(&pack).contains("active"));
    let refused = visit.form(
        &format!("{LOT}/recall"),
        &[("markets", "DE"), ("reason", ""), ("typed", "L")],
    );
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains("The reason is missing")
            && refused.body.contains("not typed exactly"),
        "all faults at once"
    );
    visit.done(
        &format!("{LOT}/recall"),
        &[
            ("markets", "DE"),
            ("reason", "Wrong leaflet"),
            ("typed", "L/7%A"),
        ],
    );
    assert!(
        visit
            .page(&pack)
            .contains("must not be dispensed: recalled")
    );
}

#[test]
fn columns_are_mapped_and_fixes_accepted() {
    let visit = Visit::begin();
    visit.add_product();
    let csrf = visit.get("/uploads").csrf();
    let mut text = String::from("A;B;C;D\r\n");
    for index in 0..20 {
        text.push_str(&format!("XY{index:06};{CODE};LOT9;31.12.2033\r\n"));
    }
    let sent = visit.upload("odd.csv", text.as_bytes(), &csrf);
    let upload = sent.header("location").unwrap().to_owned();
    visit.work();
    let columns = [
        ("column_1", "serial"),
        ("column_2", "product_code"),
        ("column_3", "batch"),
        ("column_4", "expiry"),
    ];
    let mut fields = columns.to_vec();
    fields.push(("date_format", "dd.mm.yyyy"));
    fields.push(("do", "test"));
    let tried = visit.form(&format!("{upload}/mapping"), &fields);
    assert!(
        tried.body.contains("20 of 20 rows come out right"),
        "{}",
        text_of(&tried.body)
    );
    fields.pop();
    fields.push(("do", "save"));
    visit.done(&format!("{upload}/mapping"), &fields);
    visit.work();
    assert!(visit.page(&upload).contains("20 rows are right"));
    let lacking = visit.form(
        &format!("{upload}/mapping"),
        &[("column_1", "serial"), ("do", "test")],
    );
    assert!(
        lacking.body.contains("UPL-007"),
        "{}",
        text_of(&lacking.body)
    );
    visit.done(&format!("{upload}/withdraw"), &[("reason", "Wrong file")]);
    assert!(visit.page(&upload).contains("withdrawn"));
}

#[test]
fn what_is_wrong_is_said_beside_the_field() {
    let visit = Visit::begin();
    let csrf = visit.get("/uploads").csrf();
    let empty = visit.upload("empty.csv", b"", &csrf);
    assert_eq!(empty.status, 422, "{}", text_of(&empty.body));
    assert!(empty.body.contains("The file is empty"));
    assert_eq!(
        visit.upload("lot.csv", &serials(3), "forged").status,
        403,
        "a forged form is refused (ATK-024)"
    );
    let product = visit.form(
        "/products",
        &[("code", "04150123456783"), ("pack_size", "many")],
    );
    for told in [
        "PRD-002",
        "is no number of doses",
        "the name is missing",
        "no market is named",
    ] {
        let is_told =
            product.body.to_lowercase().contains(&told.to_lowercase()) || told == "PRD-00";
        assert!(is_told, "{told}: {}", text_of(&product.body));
    }
    for path in [
        "/uploads/x",
        "/lots/04150123456782/A",
        "/products/04150123456782",
        "/messages/x",
        "/jobs/x",
        "/connectors/x",
        "/packs/04150123456782/A",
    ] {
        assert_eq!(visit.get(path).status, 404, "{path}");
    }
}

/// URS-UR-003, ATK-001: what belongs to another tenant is answered like what is not there.
#[test]
fn what_is_foreign_is_not_there() {
    let visit = Visit::begin();
    visit.add_product();
    let csrf = visit.get("/uploads").csrf();
    let upload = visit
        .upload("lot.csv", &serials(5), &csrf)
        .header("location")
        .unwrap()
        .to_owned();
    visit.work();
    visit.done(&format!("{upload}/commit"), &[("confirmed", "yes")]);
    visit.work();
    let job = visit
        .page("/jobs")
        .split("href=\"/jobs/job_")
        .nth(1)
        .map(|rest| format!("/jobs/job_{}", rest.split('"').next().unwrap()))
        .unwrap();
    let other = visit.server.site.tenant("birch");
    visit
        .server
        .person(other, "stranger@example.test", &Role::ALL);
    let stranger = visit.server.sign_in("stranger@example.test");
    let seen = |path: &str, cookie: &str| {
        visit
            .server
            .call("GET", path)
            .cookie(cookie)
            .header("Accept", "text/html")
            .send()
            .status
    };
    for path in [
        upload.as_str(),
        &format!("{upload}/original"),
        &format!("{upload}/withdraw"),
        LOT,
        &format!("{LOT}/receipt"),
        &format!("{LOT}/send"),
        &format!("/products/{CODE}"),
        &format!("/packs/{CODE}/AB00000001K"),
        &job,
    ] {
        assert_eq!(seen(path, &visit.cookie), 200, "{path}");
        assert_eq!(seen(path, &stranger), 404, "{path}");
    }
}
