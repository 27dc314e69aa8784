//! Road 1 over HTTP, from a file to the hub's acknowledgement (URS-SN-005, URS-SN-006, URS-SN-009).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use std::sync::Arc;

use packtwin_core::role::Permission;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_simulators::eu_hub::{HubSimulator, SimulatorSettings};
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use packtwin_tenants::testing::now;
use serde_json::{Value, json};
use support::{CODE, Reply, Running, master_data};

/// The hub's own clock; certificates are valid from yesterday.
struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        now()
    }
}

struct Api<'a> {
    server: &'a Running,
    key: String,
}

impl Api<'_> {
    fn get(&self, path: &str) -> Value {
        let reply = self.server.call("GET", path).bearer(&self.key).send();
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.json()
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        let reply = self.server.call("POST", path).bearer(&self.key).json(body);
        assert!((200..300).contains(&reply.status), "{path}: {}", reply.body);
        reply
    }

    fn part(&self, path: &str, offset: usize, bytes: &[u8]) -> Reply {
        let call = self.server.call("PATCH", path).bearer(&self.key);
        let offset = offset.to_string();
        call.header("Content-Type", "application/offset+octet-stream")
            .header("Upload-Offset", &offset)
            .body(bytes)
    }
}

#[test]
fn a_file_becomes_an_acknowledged_lot() {
    let clock_now = packtwin_server::clock::SystemClock.now();
    let authority = SandboxAuthority::generate(clock_now).unwrap();
    let identity = authority.server(clock_now).unwrap();
    let hub = HubSimulator::start(
        SimulatorSettings::new(identity, authority.trusted_pem()),
        Arc::new(Now),
    )
    .unwrap();
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    let api = Api {
        server: &server,
        key: server.key(tenant, &Permission::ALL),
    };

    let client = authority
        .client("alder", clock_now.plus_days(-1), clock_now.plus_days(300))
        .unwrap();
    let connector = json!({
        "url": hub.url(), "trusted_pem": authority.trusted_pem(), "sender": "ALDER", "release": "1.16",
        "loopback": true, "certificate_pem": client.certificates_pem, "key_pem": client.key_pem,
    });
    let set_up = server
        .call("PUT", "/v1/connectors/eu_hub")
        .bearer(&api.key)
        .json(&connector);
    assert_eq!(set_up.status, 200, "{}", set_up.body);
    assert!(
        !set_up.body.contains("PRIVATE KEY"),
        "a key never comes out again"
    );

    // users.md 3.9: the check asks the hub itself, and health tells the queue and the days of the certificate.
    let check = api.post("/v1/connectors/eu_hub:check", &json!({})).json();
    assert_eq!(check["outcome"], "let_through", "{check}");
    let health = api.get("/v1/connectors/eu_hub/health");
    assert_eq!(
        (&health["state"], &health["open"], &health["refused"]),
        (&json!("active"), &json!(0), &json!(0)),
        "{health}"
    );
    assert!(health["certificate_days"].as_i64().unwrap() > 250);

    api.post(
        "/v1/products",
        &json!({ "code": CODE, "data": master_data() }),
    );
    api.post(&format!("/v1/products/{CODE}/versions/1:send"), &json!({}));
    server.work();
    let product = api.get(&format!("/v1/products/{CODE}"));
    assert_eq!(product["version"]["state"], "acknowledged", "{product}");

    let mut file = String::from("SerialNumber;GTIN;Batch;ExpirationDate\n");
    for number in 0..500 {
        file.push_str(&format!("SN{number:08};{CODE};L42;301231\n"));
    }
    let begin = json!({ "name": "../../L42.csv", "size": file.len() });
    let begun = api.post("/v1/uploads", &begin);
    assert_eq!(begun.json()["name"], "L42.csv");
    let path = format!("/v1/uploads/{}", begun.json()["id"].as_str().unwrap());
    let (first, second) = file.as_bytes().split_at(5_000);
    assert_eq!(api.part(&path, 0, first).status, 204);
    // UPL-041: the line broke and the sender begins again; it is told where to go on.
    let wrong = api.part(&path, 0, second);
    assert_eq!(
        (wrong.status, wrong.header("upload-offset")),
        (409, Some("5000")),
        "{}",
        wrong.body
    );
    // Killed in the middle of a part: the bytes are on the disk and nobody could write it down.
    let (middle, rest) = second.split_at(700);
    let id = begun.json()["id"].as_str().unwrap().parse().unwrap();
    let blobs = server.site.scope_of(tenant).blobs();
    blobs.incoming_append(id, 5_000, &mut &middle[..]).unwrap();
    let told = server.call("GET", &path).bearer(&api.key).send();
    assert_eq!(
        (told.header("upload-offset"), &told.json()["offset"]),
        (Some("5700"), &json!(5_700)),
        "{}",
        told.body
    );
    assert_eq!(api.part(&path, 5_700, rest).status, 204);
    api.post(&format!("{path}:complete"), &json!({}));
    server.work();

    let upload = api.get(&path);
    assert_eq!(upload["state"], "checked", "{upload}");
    assert_eq!(upload["summary"]["rows_right"], 500, "{upload}");
    assert_eq!(
        api.get(&format!("{path}/lots"))["items"][0]["rows_right"],
        500
    );
    let sums = server
        .call("GET", &format!("{path}/findings"))
        .bearer(&api.key)
        .header("Accept", "text/csv")
        .send();
    assert!(
        sums.body
            .starts_with("code,severity,count,proposals,title,remedy\n"),
        "{}",
        sums.body
    );
    let original = server
        .call("GET", &format!("{path}/original"))
        .bearer(&api.key)
        .send();
    assert_eq!(original.body, file, "byte for byte");
    assert!(
        original
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );

    // URS-SN-006: the same content again is the same upload.
    let again = api.post(
        "/v1/uploads",
        &json!({ "name": "x", "size": file.len(), "sha256": upload["sha256"] }),
    );
    assert_eq!(
        (again.status, &again.json()["id"], &again.json()["same"]),
        (200, &upload["id"], &json!(true))
    );

    let committed = api.post(&format!("{path}:commit"), &json!({}));
    assert_eq!(committed.status, 202);
    let job = committed.header("location").unwrap().to_owned();
    server.work();
    assert_eq!(api.get(&job)["state"], "done");
    let lot = format!("/v1/lots/{CODE}/L42");
    let shown = server.call("GET", &lot).bearer(&api.key).send();
    assert_eq!(shown.json()["numbers"]["stored"], 500, "{}", shown.body);
    let etag = shown.header("etag").unwrap();
    let produced = server
        .call("PATCH", &lot)
        .bearer(&api.key)
        .header("If-Match", etag)
        .json(&json!({ "produced": 500 }));
    assert_eq!(produced.status, 200, "{}", produced.body);

    // HUB-202: a message that waits is told with its id, since when, and when it is tried next.
    api.post("/v1/connectors/eu_hub:pause", &json!({}));
    api.post(&format!("{lot}:send"), &json!({ "what": "unsent" }));
    server.work();
    let waits = api.get(&lot)["unconfirmed"][0].clone();
    let message = waits["message"].as_str().unwrap().to_owned();
    assert_eq!(waits["code"], "HUB-202", "{waits}");
    assert!(waits["text"].as_str().unwrap().contains(&message));
    for member in ["since", "next_try_at"] {
        assert!(waits[member].is_string(), "{waits}");
    }
    assert_eq!(
        api.get(&format!("{lot}/receipt"))["unconfirmed"][0]["message"],
        waits["message"]
    );
    assert_eq!(
        api.get(&format!("/v1/messages/{message}"))["unconfirmed"]["code"],
        "HUB-202"
    );
    api.post("/v1/connectors/eu_hub:resume", &json!({}));
    api.post(&format!("/v1/messages/{message}:retry"), &json!({}));
    server.work();
    assert_eq!(api.get(&lot)["unconfirmed"], json!([]));
    let shown = api.get(&lot);
    assert_eq!(
        shown["numbers"],
        json!({ "produced": 500, "stored": 500, "sent": 500, "acknowledged": 500, "complete": true, "missing": [] }),
        "{shown}"
    );
    assert_eq!(
        api.get(&format!("{lot}/reconciliation"))["items"],
        json!([])
    );
    let receipt = api.get(&format!("{lot}/receipt"));
    assert_eq!(receipt["complete"], true);
    assert_eq!(receipt["sources"][0]["original_sha256"], upload["sha256"]);
    assert!(
        !receipt["messages"][0]["acknowledgement"]
            .as_str()
            .unwrap()
            .is_empty(),
        "{receipt}"
    );

    let message = format!("/v1/messages/{}", shown["messages"][0].as_str().unwrap());
    let told = api.get(&message);
    assert_eq!(
        (
            &told["state"],
            told["fields"].as_array().unwrap().is_empty()
        ),
        (&json!("accepted"), false),
        "{told}"
    );
    let document = server
        .call("GET", &format!("{message}/document"))
        .bearer(&api.key)
        .send();
    assert!(document.body.contains("SN00000499"), "{}", document.status);
    let (_, handle) = document.body.split_once("/callbacks/").unwrap();
    let handle: String = handle
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    assert!(
        handle.len() > 20 && !told.to_string().contains(&handle),
        "the callback address is a secret"
    );
    assert_eq!(
        api.get(&format!("/v1/packs/{CODE}/SN00000007"))["state"],
        "active"
    );
    assert_eq!(
        server
            .call("GET", &format!("/v1/packs/{CODE}/SN7"))
            .bearer(&api.key)
            .send()
            .status,
        404
    );
    assert!(
        !api.get(&format!("/v1/packs/{CODE}/SN00000007/events"))["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        api.get(&format!("{lot}/packs?limit=2"))["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let callback = server.call("POST", "/callbacks/guessed").body(b"<x/>");
    assert_eq!(callback.status, 404);
    hub.stop();
}
