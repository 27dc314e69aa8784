//! A manufacturer on the road: a tenant with a key, a hub on loopback, and the calls that bring packs there.

use std::sync::Arc;

use packtwin_core::ids::TenantId;
use packtwin_core::role::Permission;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_simulators::eu_hub::{HubSimulator, RunningHub, SimulatorSettings};
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use packtwin_tenants::testing::{TestSite, now};
use serde_json::{Value, json};

use super::{CODE, Reply, Running, master_data};

/// The hub's own clock.
struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// A served site with a hub behind it.
pub struct Road {
    pub server: Running,
    pub hub: RunningHub,
    pub tenant: TenantId,
    pub key: String,
}

impl Road {
    /// Tells a story on each engine.
    pub fn on_each_engine(story: impl Fn(&Road)) {
        story(&Road::begin(TestSite::sqlite()));
        if let Some(site) = TestSite::postgres() {
            story(&Road::begin(site));
        }
    }

    fn begin(site: TestSite) -> Road {
        let clock_now = packtwin_server::clock::SystemClock.now();
        let authority = SandboxAuthority::generate(clock_now).unwrap();
        let identity = authority.server(clock_now).unwrap();
        let settings = SimulatorSettings::new(identity, authority.trusted_pem());
        let hub = HubSimulator::start(settings, Arc::new(Now)).unwrap();
        let server = Running::start_on(site, &[]);
        let tenant = server.site.tenant("alder");
        let key = server.key(tenant, &Permission::ALL);
        let client = authority
            .client("alder", clock_now.plus_days(-1), clock_now.plus_days(300))
            .unwrap();
        let connector = json!({
            "url": hub.url(), "trusted_pem": authority.trusted_pem(), "sender": "ALDER", "release": "1.16",
            "packs_per_message": 200, "loopback": true,
            "certificate_pem": client.certificates_pem, "key_pem": client.key_pem,
        });
        let road = Road {
            server,
            hub,
            tenant,
            key,
        };
        let set_up = road.call("PUT", "/v1/connectors/eu_hub", &[], &connector);
        assert_eq!(set_up.status, 200, "{}", set_up.body);
        road
    }

    /// Asks; whatever is answered.
    pub fn ask(&self, path: &str) -> Reply {
        self.server.call("GET", path).bearer(&self.key).send()
    }

    /// Asks for something that is there.
    pub fn get(&self, path: &str) -> Value {
        let reply = self.ask(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.json()
    }

    /// Calls with a body; whatever is answered.
    pub fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let mut call = self.server.call(method, path).bearer(&self.key);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        call.json(body)
    }

    /// Changes something with the version that is there now.
    pub fn change(&self, method: &str, path: &str, body: &Value) -> Reply {
        let etag = self.ask(path).header("etag").unwrap().to_owned();
        self.call(method, path, &[("If-Match", &etag)], body)
    }

    /// Posts something that is taken.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        let reply = self.call("POST", path, &[], body);
        assert!((200..300).contains(&reply.status), "{path}: {}", reply.body);
        reply
    }

    /// Adds the product and has the hub acknowledge it.
    pub fn product(&self) {
        let product = json!({ "code": CODE, "data": master_data() });
        self.post("/v1/products", &product);
        self.post(&format!("/v1/products/{CODE}/versions/1:send"), &json!({}));
        self.server.work();
    }

    /// Sends a file whole and has it checked. Answers the address of the upload.
    pub fn upload(&self, begin: &str, text: &str) -> String {
        let begun = self.post(begin, &json!({ "name": "lot.csv", "size": text.len() }));
        let path = format!("/v1/uploads/{}", begun.json()["id"].as_str().unwrap());
        let part = self
            .server
            .call("PATCH", &path)
            .bearer(&self.key)
            .header("Content-Type", "application/offset+octet-stream")
            .header("Upload-Offset", "0")
            .body(text.as_bytes());
        assert_eq!(part.status, 204, "{}", part.body);
        self.post(&format!("{path}:complete"), &json!({}));
        self.server.work();
        path
    }

    /// A lot of these serials, stored and sent.
    pub fn lot(&self, batch: &str, serials: &[String]) {
        let path = self.upload("/v1/uploads", &file_of(batch, serials));
        self.post(&format!("{path}:commit"), &json!({}));
        self.server.work();
        let lot = format!("/v1/lots/{CODE}/{batch}:send");
        self.post(&lot, &json!({ "what": "unsent" }));
        self.server.work();
    }
}

/// A file of one lot.
pub fn file_of(batch: &str, serials: &[String]) -> String {
    let rows = serials
        .iter()
        .map(|serial| format!("{serial};{CODE};{batch};301231\n"));
    format!(
        "SerialNumber;GTIN;Batch;ExpirationDate\n{}",
        rows.collect::<String>()
    )
}
