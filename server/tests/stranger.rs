//! Every address refuses a stranger. The table of routes is the list; what a test here does not know how to try fails it.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_core::aggregation::{Act, HierarchyFact, Kind, Level, Rules};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::FactKind;
use packtwin_core::ids::{MessageId, TenantId, UploadId, WebhookId};
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::{Permission, Role};
use packtwin_core::serial::Serial;
use packtwin_server::http::route::{Access, Audience, RouteRow};
use packtwin_server::http::rows;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::blob::Stored;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::Writer;
use packtwin_tenants::store::capture::ErrorBehaviour;
use packtwin_tenants::store::epcis_event::NewEvent;
use packtwin_tenants::store::job::NewJob;
use packtwin_tenants::store::lot::NewLot;
use packtwin_tenants::store::message::{MessageContent, NewMessage};
use packtwin_tenants::testing::now;
use packtwin_tenants::verifier::premises_key::KeyScope;
use serde_json::{Value, json};
use support::{CODE, MAPPING, OTHER_CODE, Reply, Running, envelope, master_data};

/// A container of theirs.
const SSCC: &str = "041509990000000010";

/// An address with something in every gap.
fn filled(row: &RouteRow, fill: &str) -> String {
    let mut path = row.path.to_owned();
    while let (Some(begin), Some(end)) = (path.find('{'), path.find('}')) {
        path.replace_range(begin..=end, fill);
    }
    path
}

/// Without credentials, and with false ones, nobody is let in (ATK-027).
#[test]
fn nobody_is_let_in_without_credentials() {
    let server = Running::start();
    let false_key = format!("pt_test_{}_{}", "0".repeat(26), "a".repeat(40));
    for row in rows().iter().filter(|row| row.access != Access::Open) {
        let path = filled(row, "x");
        let none = server.call(row.method.as_str(), &path).send();
        let wrong = server
            .call(row.method.as_str(), &path)
            .bearer(&false_key)
            .send();
        let forged = server
            .call(row.method.as_str(), &path)
            .cookie("pt_session=a.b.c")
            .send();
        for reply in [none, wrong, forged] {
            if row.audience == Audience::People && row.method == "GET" {
                assert_eq!(reply.status, 303, "{} {path}", row.method);
                assert!(
                    reply
                        .header("location")
                        .unwrap()
                        .starts_with("/sign-in?next=/"),
                    "{path}"
                );
            } else {
                assert_eq!(reply.status, 401, "{} {path}", row.method);
                assert_eq!(reply.code(), "SEC-700", "{} {path}", row.method);
                assert!(reply.header("www-authenticate").is_some());
            }
        }
    }
}

/// Premises are let in by their own keys alone: a manufacturer's key with every permission is refused like no key at all, a
/// false one as unknown, and a revoked one with its next request.
#[test]
fn premises_are_let_in_by_their_own_keys_alone() {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    server.site.stock(tenant, CODE, "B1", "281231", &["S1"]);
    let manufacturer = server.key(tenant, &Permission::ALL);
    let premises = server.verifiers.pharmacy("here");
    let store = &server.verifiers.store;
    let made = store.premises_key_create(premises.id, "till", KeyScope::Change, None, now());
    let (id, key) = made.unwrap();
    let key = key.expose_text().unwrap();
    let false_key = format!("pv_test_{}_{}", "0".repeat(26), "a".repeat(40));
    let other_site = premises.key.replace("pv_test_", "pv_live_");
    let pack = json!({ "product": CODE, "serial": "S1" });
    let rows: Vec<RouteRow> = rows()
        .into_iter()
        .filter(|row| row.access == Access::Premises)
        .collect();
    assert!(rows.len() > 3);
    let call = |row: &RouteRow, key: &str| {
        let mut body = match row.path {
            "/v1/packs:verify-bulk" => json!({ "packs": [pack] }),
            _ => pack.clone(),
        };
        if row.path == "/v1/packs:change" {
            body["operation"] = json!("supply");
        }
        let path = row
            .path
            .replace("{scheme}", "gs1")
            .replace("{code}", CODE)
            .replace("{serial}", "S1");
        let query = match row.path.starts_with("/emvs/rest") {
            true => "?batch=B1&expiry=281231",
            false => "",
        };
        let address = format!("{path}{query}");
        let call = server.call(row.method.as_str(), &address).bearer(key);
        match (row.path, row.method.as_str()) {
            ("/emvs/soap", _) => call.body(envelope("G110", "t1", CODE, "S1").as_bytes()),
            (path, "PATCH") if path.starts_with("/emvs") => call
                .header("emvs-data-entry-mode", "manual")
                .body(br#"{"state":"Supplied"}"#),
            (path, _) if path.starts_with("/emvs") => {
                call.header("emvs-data-entry-mode", "manual").send()
            }
            _ => call.json(&body),
        }
    };
    for row in &rows {
        for (key, status, code) in [
            (manufacturer.as_str(), 401, "SEC-700"),
            (false_key.as_str(), 401, "SEC-700"),
            (other_site.as_str(), 401, "SEC-701"),
        ] {
            let reply = call(row, key);
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (status, code),
                "{}",
                row.path
            );
        }
        assert_eq!(call(row, key).status, 200, "{}", row.path);
    }
    store.premises_key_revoke(id, now()).unwrap();
    for row in &rows {
        let reply = call(row, key);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (401, "SEC-700"),
            "{}",
            row.path
        );
    }
    // And premises see nothing of what belongs to tenants.
    for row in packtwin_server::http::rows() {
        if matches!(row.access, Access::Known | Access::Needs(_))
            && row.audience == Audience::Programs
        {
            let reply = server
                .call(row.method.as_str(), &filled(&row, "x"))
                .bearer(&premises.key)
                .send();
            assert_eq!(reply.status, 401, "{} {}", row.method, row.path);
        }
    }
}

/// A key with every permission but the needed one is refused, before anything is looked up (URS-UR-003, ATK-027).
#[test]
fn nobody_does_what_their_role_does_not_allow() {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    for permission in Permission::ALL {
        let others: Vec<Permission> = Permission::ALL
            .into_iter()
            .filter(|&other| other != permission)
            .collect();
        let key = server.key(tenant, &others);
        for row in rows()
            .iter()
            .filter(|row| row.access == Access::Needs(permission))
        {
            let path = filled(row, "x");
            let reply = server.call(row.method.as_str(), &path).bearer(&key).send();
            assert_eq!(reply.status, 403, "{} {path}", row.method);
            assert_eq!(reply.code(), "SEC-702", "{} {path}", row.method);
        }
    }
}

/// Something of each noun that belongs to a tenant, by the second part of the address.
struct Belongings(Vec<(&'static str, Vec<String>)>);

impl Belongings {
    /// What stands in the gaps of an address.
    fn of(&self, row: &RouteRow) -> Vec<String> {
        // The nouns of EPCIS stand one part further back.
        let place = if row.path.starts_with("/v1/epcis/") {
            3
        } else {
            2
        };
        let noun = row.path.split('/').nth(place).unwrap_or_default();
        let found = self.0.iter().find(|(name, _)| *name == noun);
        found
            .unwrap_or_else(|| {
                panic!(
                    "say how {} {} is shown to refuse a stranger",
                    row.method, row.path
                )
            })
            .1
            .clone()
    }

    /// Makes something of everything in a tenant.
    fn make(server: &Running, tenant: TenantId) -> Self {
        let key = server.key(tenant, &Permission::ALL);
        let id = |reply: Reply| {
            reply.json()["id"]
                .as_str()
                .unwrap_or_else(|| panic!("{}", reply.body))
                .to_owned()
        };
        let post = |path: &str, body: &Value| server.call("POST", path).bearer(&key).json(body);
        let me = id(server.call("GET", "/v1/me").bearer(&key).send());
        let user = server
            .person(tenant, "theirs@example.test", &[Role::Operator])
            .to_string();
        let events = json!({ "url": "https://receiver.example/hook", "events": ["lot.sent"] });
        let webhook = id(post("/v1/webhooks", &events));
        let mapping = json!({ "partner": "Line", "name": "Usual", "mapping": MAPPING });
        let mapping = id(post("/v1/mappings", &mapping));
        let role =
            json!({ "name": "night_shift", "title": "Night shift", "permissions": ["jobs:read"] });
        let role = post("/v1/roles", &role).json()["name"]
            .as_str()
            .unwrap()
            .to_owned();
        let upload = id(post(
            "/v1/uploads",
            &json!({ "name": "lot.csv", "size": 10 }),
        ));
        let made = post(
            "/v1/products",
            &json!({ "code": CODE, "data": master_data() }),
        );
        assert_eq!(made.status, 201, "{}", made.body);
        let code = ProductCode::parse(CODE).unwrap();
        let (upload_id, webhook_id) = (
            upload.parse::<UploadId>().unwrap(),
            webhook.parse::<WebhookId>().unwrap(),
        );
        let change = |writer: &mut Writer<'_>| {
            let product = writer.product_find(&code)?.unwrap().no;
            let expiry = Expiry::parse("301231", 2026).unwrap();
            let lot = writer.lot_create(&NewLot {
                product,
                batch: BatchNumber::parse("B1").unwrap(),
                expiry,
                manufactured: None,
                version: 1,
                produced: None,
                released_on: None,
                retention_until: expiry.last_day(),
            })?;
            let load = writer.load_create(product, lot, upload_id)?;
            writer.pack_store_chunk(product, &[(Serial::parse("S1").unwrap(), load)])?;
            writer.load_publish(product, load, 1, &[0; 32])?;
            writer.message_create(&NewMessage {
                id: MessageId::from_random(77),
                connector: "eu_hub",
                kind: FactKind::Commissioned,
                product,
                lot: Some(lot),
                version: Some(1),
                content: MessageContent::None,
                release: "1.16",
                event_at: now(),
                detail: "{}",
            })?;
            writer.connector_put("eu_hub", "{}", None, None)?;
            let job = NewJob {
                kind: "upload.check",
                object: &upload,
                input: "{}",
                total: 0,
                unit: "rows",
            };
            let job = writer.job_create(&job)?;
            let delivery = writer.webhook_delivery_add(webhook_id, "lot.sent", "lot", "{}")?;
            let document = Stored {
                sha256: [7; 32],
                bytes: 7,
            };
            let capture = writer.capture_create(&document, ErrorBehaviour::Proceed)?;
            let named =
                writer.epc_number(&[&format!("(00){SSCC}"), &format!("(01){CODE}(21)S1")])?;
            let act = Act::Commission {
                nodes: named,
                kind: Kind::of(Level::Container),
            };
            let born = HierarchyFact::new(now(), 1, 0, act);
            writer.aggregation_arrive(&Rules::default(), vec![born])?;
            writer.epcis_event_store(&[NewEvent {
                id: "urn:theirs".into(),
                hash: "0".into(),
                declares: false,
                capture: Some(capture),
                number: 1,
                line: 1,
                at: now(),
                kind: "ObjectEvent".into(),
                body: "{}".into(),
                facts: (1, 0, 1),
                named: Vec::new(),
                values: vec![(
                    "bizStep".into(),
                    "https://ref.gs1.org/cbv/BizStep-holding".into(),
                    None,
                )],
            }])?;
            writer.epcis_query_create("theirs", "{}")?;
            let made = (job.to_string(), delivery.to_string(), capture.to_string());
            Ok::<_, StoreError>(AuditNote::new("test.made", "everything").returning(made))
        };
        let (job, delivery, capture) = server.site.scope_of(tenant).change(now(), change).unwrap();
        Belongings(vec![
            ("users", vec![user]),
            ("roles", vec![role]),
            ("api-keys", vec![me]),
            ("webhooks", vec![webhook, delivery]),
            ("products", vec![CODE.into(), "1".into()]),
            ("uploads", vec![upload, "UPL-010".into()]),
            ("mappings", vec![mapping]),
            ("lots", vec![CODE.into(), "B1".into()]),
            ("packs", vec![CODE.into(), "S1".into()]),
            ("connectors", vec!["eu_hub".into()]),
            ("messages", vec![MessageId::from_random(77).to_string()]),
            ("jobs", vec![job]),
            ("containers", vec![SSCC.into()]),
            ("capture", vec![capture]),
            ("events", vec!["urn:theirs".into()]),
            ("queries", vec!["theirs".into()]),
            ("{resource}", vec!["bizSteps".into(), "holding".into()]),
            ("alerts", vec![raised_alert(server)]),
        ])
    }

    /// Names of the same kinds under which nobody has anything.
    fn nobodys() -> Self {
        let id = |prefix: &str| format!("{prefix}_{}", "0".repeat(26));
        Belongings(vec![
            ("users", vec![id("usr")]),
            ("roles", vec!["nobodys_role".into()]),
            ("api-keys", vec![id("key")]),
            ("webhooks", vec![id("whk"), id("dlv")]),
            ("products", vec![OTHER_CODE.into(), "1".into()]),
            ("uploads", vec![id("upl"), "UPL-010".into()]),
            ("mappings", vec![id("map")]),
            ("lots", vec![OTHER_CODE.into(), "B1".into()]),
            ("packs", vec![OTHER_CODE.into(), "S1".into()]),
            ("connectors", vec!["nobody".into()]),
            ("messages", vec![id("msg")]),
            ("jobs", vec![id("job")]),
            ("containers", vec!["106141412345678908".into()]),
            ("capture", vec![id("cap")]),
            ("events", vec!["urn:nobodys".into()]),
            ("queries", vec!["nobodys".into()]),
            ("{resource}", vec!["bizSteps".into(), "stocking".into()]),
            ("alerts", vec!["DE-0000-0000-0000-0000".into()]),
        ])
    }
}

/// An alert of the pack that was made: a pharmacy asked for a serial that nobody has.
fn raised_alert(server: &Running) -> String {
    let here = server.verifiers.pharmacy("stranger's");
    let pack = json!({ "product": CODE, "serial": "S2", "lot": "B1" });
    let reply = server
        .call("POST", "/v1/packs:verify")
        .bearer(&here.key)
        .json(&pack);
    let id = reply.json()["alert"]["id"].as_str().map(str::to_owned);
    id.unwrap_or_else(|| panic!("{}", reply.body))
}

/// What belongs to another tenant is answered like what is not there: status, headers and body (ATK-001 to 003).
#[test]
fn what_is_foreign_is_not_there() {
    let server = Running::start();
    let (ours, theirs) = server.site.two_tenants();
    let key = server.key(ours, &Permission::ALL);
    let theirs_before = Belongings::make(&server, theirs);
    let before = server.site.dump_of(theirs);
    let nobodys = Belongings::nobodys();
    for row in rows() {
        let is_of_programs = row.audience == Audience::Programs
            && matches!(row.access, Access::Known | Access::Needs(_));
        // Setting a connector up makes one's own; the name of another's is no name of theirs.
        let makes = row.method == "PUT" && row.path == "/v1/connectors/{name}";
        if !is_of_programs || !row.path.contains('{') || makes {
            continue;
        }
        let attempt = |gaps: Vec<String>| {
            let mut path = row.path.to_owned();
            for gap in gaps {
                if let (Some(begin), Some(end)) = (path.find('{'), path.find('}')) {
                    path.replace_range(begin..=end, &gap);
                }
            }
            let call = server
                .call(row.method.as_str(), &path)
                .bearer(&key)
                .header("If-Match", "\"1\"");
            match body(&row) {
                Some(body) => call.json(&body),
                None if row.method == "PATCH" => call
                    .header("Content-Type", "application/octet-stream")
                    .header("Upload-Offset", "0")
                    .body(b"x"),
                None => call.send(),
            }
        };
        let (foreign, unknown) = (attempt(theirs_before.of(&row)), attempt(nobodys.of(&row)));
        assert_eq!(
            foreign.status, 404,
            "{} {}: {}",
            row.method, row.path, foreign.body
        );
        assert_eq!(
            shown(&foreign),
            shown(&unknown),
            "{} {}",
            row.method,
            row.path
        );
    }
    assert_eq!(
        server.site.dump_of(theirs),
        before,
        "nothing of theirs was changed"
    );
}

/// A body that would be right, so that only the name decides.
fn body(row: &RouteRow) -> Option<Value> {
    Some(match (row.method.as_str(), row.path) {
        ("PATCH", "/v1/users/{id}") | ("PATCH", "/v1/webhooks/{id}") => {
            json!({ "state": "disabled" })
        }
        ("PATCH", "/v1/roles/{name}") => json!({ "title": "Another" }),
        ("PATCH", "/v1/api-keys/{id}") => json!({ "name": "Another" }),
        ("POST", "/v1/products/{code}/versions")
        | ("PUT", "/v1/products/{code}/versions/{number}") => master_data(),
        ("POST", "/v1/products/{code}:withdraw") | ("POST", "/v1/lots/{product}/{lot}:recall") => {
            json!({ "markets": ["DE"], "reason": "A reason of some length" })
        }
        ("PUT", "/v1/products/{code}") => master_data(),
        ("PATCH", "/v1/products/{code}") => json!({ "name": "Another" }),
        ("PATCH", "/v1/connectors/{name}") => json!({ "sender": "OTHER" }),
        ("PUT", "/v1/uploads/{id}/mapping") => json!({ "mapping": MAPPING }),
        ("POST", "/v1/uploads/{id}/findings:apply-fixes") => json!({ "codes": ["UPL-017"] }),
        ("PUT", "/v1/mappings/{id}") => json!({ "name": "Another", "mapping": MAPPING }),
        ("PATCH", "/v1/lots/{product}/{lot}") => json!({ "produced": 7 }),
        ("POST", "/v1/alerts/{id}:decide") => {
            json!({ "to": "under_review", "comment": "We look at it" })
        }
        ("POST", "/v1/lots/{product}/{lot}:send") => json!({ "what": "unsent" }),
        _ => return None,
    })
}

/// Everything of an answer but what differs between any two calls.
fn shown(reply: &Reply) -> (u16, Vec<(String, String)>, serde_json::Value) {
    let mut body = reply.json();
    body["request_id"] = json!("");
    let mut headers: Vec<(String, String)> = reply
        .headers
        .iter()
        .filter(|(name, _)| {
            ![
                "date",
                "request-id",
                "ratelimit-remaining",
                "ratelimit-reset",
            ]
            .contains(&name.as_str())
        })
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    headers.sort();
    (reply.status, headers, body)
}
