//! Road 3 over HTTP: what the software of a pharmacy sends and hears.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_app::alert::escalate;
use packtwin_core::ids::TenantId;
use packtwin_core::role::Permission;
use packtwin_tenants::testing::TestPremises;
use serde_json::{Value, json};
use support::{CODE, Reply, Running, envelope};

fn pack(serial: &str) -> Value {
    json!({ "product": CODE, "serial": serial, "lot": "B1", "expiry": "281231" })
}

fn with(mut pack: Value, member: &str, value: &str) -> Value {
    pack[member] = json!(value);
    pack
}

fn stocked(serials: &[&str]) -> (Running, TestPremises, TestPremises) {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    server.site.stock(tenant, CODE, "B1", "281231", serials);
    let (here, there) = (
        server.verifiers.pharmacy("here"),
        server.verifiers.pharmacy("there"),
    );
    (server, here, there)
}

fn post(server: &Running, premises: &TestPremises, path: &str, body: &Value) -> Reply {
    server.call("POST", path).bearer(&premises.key).json(body)
}

fn judged(reply: &Reply) -> (String, String, Option<String>) {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let body = reply.json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    (
        text(&body["outcome"]).unwrap(),
        text(&body["light"]).unwrap(),
        text(&body["alert"]["code"]),
    )
}

fn is(outcome: &str, light: &str, alert: Option<&str>) -> (String, String, Option<String>) {
    (outcome.into(), light.into(), alert.map(str::to_owned))
}

/// URS-VF-001 to URS-VF-005: scanned, supplied, supplied again elsewhere, undone in time and too late.
#[test]
fn a_day_at_two_counters() {
    let (server, here, there) = stocked(&["S1", "S2"]);
    let supply = |serial| with(pack(serial), "operation", "supply");
    let green = is("OK", "green", None);
    assert_eq!(
        judged(&post(&server, &here, "/v1/packs:verify", &pack("S1"))),
        green
    );
    let supplied = post(&server, &here, "/v1/packs:change", &supply("S1"));
    assert_eq!(judged(&supplied), green);
    assert_eq!(supplied.json()["state"], "supplied");
    assert_eq!(supplied.json()["can_undo"], true);
    assert_eq!(supplied.json()["undo_until"], "2026-12-02T12:00:00.000Z");
    assert_eq!(supplied.json()["market"], "DE");
    let second = post(&server, &there, "/v1/packs:change", &supply("S1"));
    assert_eq!(judged(&second), is("ALREADY_INACTIVE", "red", Some("A24")));
    assert!(
        second.json()["alert"]["id"]
            .as_str()
            .unwrap()
            .starts_with("DE-")
    );
    assert_eq!(
        judged(&post(&server, &there, "/v1/packs:undo", &pack("S1"))).0,
        "UNDO_OTHER_SITE"
    );
    post(&server, &here, "/v1/packs:change", &supply("S2"));
    server.clock.forward(10 * 86_400 - 1);
    assert_eq!(
        judged(&post(&server, &here, "/v1/packs:undo", &pack("S1"))),
        green
    );
    server.clock.forward(2);
    assert_eq!(
        judged(&post(&server, &here, "/v1/packs:undo", &pack("S2"))).0,
        "UNDO_TOO_LATE"
    );
}

/// Art. 29: what an outage held up keeps its time, and its repeat alarms nobody.
#[test]
fn a_queue_keeps_the_time_and_raises_no_alarm() {
    let (server, here, _) = stocked(&["S1"]);
    let queued = with(
        with(pack("S1"), "operation", "supply"),
        "done_at",
        "2026-11-20T09:00:00Z",
    );
    let first = post(&server, &here, "/v1/packs:change", &queued);
    assert_eq!(judged(&first), is("OK", "green", None));
    assert_eq!(first.json()["undo_until"], "2026-11-30T09:00:00.000Z");
    for _ in 0..5 {
        let again = post(&server, &here, "/v1/packs:change", &queued);
        assert_eq!(judged(&again), is("REPEAT_TOLERATED", "amber", None));
    }
}

/// URS-VF-013: the same key is one request, and another body under it is refused.
#[test]
fn the_same_key_is_one_request() {
    let (server, here, there) = stocked(&["S1"]);
    let supply = with(pack("S1"), "operation", "supply");
    let call = |premises: &TestPremises, body: &Value| {
        let call = server
            .call("POST", "/v1/packs:change")
            .bearer(&premises.key);
        call.header("Idempotency-Key", "sale 17").json(body)
    };
    let first = call(&here, &supply);
    assert_eq!(judged(&first), is("OK", "green", None));
    assert_eq!(call(&here, &supply).body, first.body);
    let other = call(&here, &with(pack("S1"), "operation", "destroy"));
    assert_eq!((other.status, other.code().as_str()), (409, "REQ-409"));
    // A key belongs to its premises.
    assert_eq!(judged(&call(&there, &supply)).0, "ALREADY_INACTIVE");
    let records = "SELECT count(*) AS number FROM verification_record";
    assert_eq!(server.site.number_as_owner(records), 2);
}

/// URS-VF-007: everything that is wrong is told at once, and nothing is recorded.
#[test]
fn what_is_no_question_is_refused_whole() {
    let (server, here, _) = stocked(&["S1"]);
    let check = |path: &str, body: &Value, places: &[&str]| {
        let reply = post(&server, &here, path, body);
        assert_eq!(reply.status, 400, "{path}: {}", reply.body);
        let body = reply.json();
        let faults = body["errors"].as_array().unwrap();
        let found: Vec<&str> = faults
            .iter()
            .filter_map(|fault| fault["pointer"].as_str())
            .collect();
        assert_eq!(found, places, "{path}: {body}");
    };
    let wrong = json!({
        "product": "04123456000176", "serial": "ä", "lot": "", "expiry": "281331", "entry": "typed"
    });
    check(
        "/v1/packs:verify",
        &wrong,
        &["/entry", "/product", "/serial", "/expiry"],
    );
    let late = with(wrong.clone(), "done_at", "2099-01-01T00:00:00Z");
    let all = [
        "/operation",
        "/entry",
        "/done_at",
        "/product",
        "/serial",
        "/expiry",
    ];
    check("/v1/packs:change", &late, &all);
    check(
        "/v1/packs:verify",
        &with(pack("S1"), "done_at", "2026-11-22T11:00:00Z"),
        &["/done_at"],
    );
    // The ten days cannot be stretched by dating an undo back.
    check(
        "/v1/packs:undo",
        &with(pack("S1"), "done_at", "2026-11-22T11:00:00Z"),
        &["/done_at"],
    );
    check(
        "/v1/packs:verify",
        &with(pack("S1"), "tenant", "1"),
        &["/tenant"],
    );
    check(
        "/v1/packs:verify-bulk",
        &json!({ "packs": [] }),
        &["/packs"],
    );
    let twice = json!({ "packs": [pack("S1"), with(pack("S2"), "entry", "x"), pack("S1")] });
    check(
        "/v1/packs:verify-bulk",
        &twice,
        &["/packs/1/entry", "/packs/2"],
    );
    let long = with(pack("S1"), "serial", &"A".repeat(9000));
    let reply = post(&server, &here, "/v1/packs:verify", &long);
    assert_eq!(reply.status, 413, "{}", reply.body);
    let records = "SELECT count(*) AS number FROM verification_record";
    assert_eq!(server.site.number_as_owner(records), 0);
}

/// URS-VF-014: many at once, of one kind or mixed, each judged for itself and in order.
#[test]
fn many_packs_are_judged_one_by_one() {
    let serials: Vec<String> = (0..700).map(|number| format!("S{number}")).collect();
    let serials: Vec<&str> = serials.iter().map(String::as_str).collect();
    let (server, here, _) = stocked(&serials);
    let packs: Vec<Value> = serials.iter().map(|serial| pack(serial)).collect();
    let reply = post(
        &server,
        &here,
        "/v1/packs:verify-bulk",
        &json!({ "packs": packs }),
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    let body = reply.json();
    let answers = body["packs"].as_array().unwrap();
    assert_eq!(answers.len(), 700);
    assert!(answers.iter().all(|answer| answer["outcome"] == "OK"));
    let mixed = json!({ "packs": [
        with(pack("S1"), "operation", "supply"),
        with(pack("S1"), "operation", "undo"),
        pack("S1"),
        with(pack("S2"), "operation", "destroy"),
        with(pack("S2"), "operation", "undo"),
        pack("unknown"),
    ]});
    let reply = post(&server, &here, "/v1/packs:verify-bulk", &mixed);
    let outcomes: Vec<String> = reply.json()["packs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| answer["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        outcomes,
        [
            "OK",
            "OK",
            "OK",
            "OK",
            "UNDO_IRREVERSIBLE",
            "SERIAL_UNKNOWN"
        ]
    );
}

/// URS-VF-002: the REST dialect, with its codes and its own shape of refusal.
#[test]
fn the_rest_dialect_is_spoken() {
    let (server, here, there) = stocked(&["S1", "S/2"]);
    let call = |premises: &TestPremises,
                method: &'static str,
                serial: &str,
                entry: Option<&str>,
                body: &str| {
        let path = format!("/emvs/rest/product/gs1/{CODE}/pack/{serial}?batch=B1&expiry=281231");
        let mut call = server.call(method, &path).bearer(&premises.key);
        if let Some(entry) = entry {
            call = call.header("emvs-data-entry-mode", entry);
        }
        let reply = match body {
            "" => call.send(),
            body => call.body(body.as_bytes()),
        };
        let code = reply.json()["operationCode"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (reply.status, code)
    };
    let (scan, supply) = (Some("non-manual"), r#"{"state":"Supplied"}"#);
    let check = |found: (u16, String), status, code: &str| {
        assert_eq!((found.0, found.1.as_str()), (status, code))
    };
    check(call(&here, "GET", "S1", scan, ""), 200, "11110100");
    check(call(&here, "GET", "S%2F2", scan, ""), 200, "11110100");
    check(call(&here, "GET", "S9", scan, ""), 404, "41020002");
    check(call(&here, "GET", "S1", None, ""), 422, "61020012");
    check(call(&here, "PATCH", "S1", scan, supply), 200, "11210200");
    check(call(&here, "PATCH", "S1", scan, supply), 200, "11220200");
    check(call(&there, "PATCH", "S1", scan, supply), 409, "51220200");
    check(
        call(&here, "PATCH", "S1", scan, r#"{"state":"Active"}"#),
        200,
        "11410100",
    );
    assert_eq!(call(&here, "PATCH", "S1", scan, "{").0, 422);
    assert_eq!(
        call(&here, "PATCH", "S1", scan, r#"{"state":"Gone"}"#).0,
        422
    );
}

/// URS-VF-002, URS-VF-013: the SOAP dialect; a transaction id is used once.
#[test]
fn the_soap_dialect_is_spoken() {
    let (server, here, there) = stocked(&["S1"]);
    let call = |premises: &TestPremises, document: &str| {
        let call = server.call("POST", "/emvs/soap").bearer(&premises.key);
        let reply = call
            .header("Content-Type", "application/soap+xml")
            .body(document.as_bytes());
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    };
    let check = |premises: &TestPremises,
                 process: &str,
                 transaction: &str,
                 serial: &str,
                 codes: &[&str]| {
        let body = call(premises, &envelope(process, transaction, CODE, serial));
        for code in codes {
            assert!(
                body.contains(&format!("\"{code}\"")),
                "{process} {serial}: {body}"
            );
        }
    };
    check(&here, "G110", "t1", "S1", &["NMVS_SUCCESS", "ACTIVE"]);
    check(&here, "G120", "t2", "S1", &["NMVS_SUCCESS", "INACTIVE"]);
    check(&here, "G120", "t2", "S1", &["NMVS_TE_TX_01"]);
    check(&there, "G120", "t2", "S1", &["NMVS_NC_PCK_22"]);
    check(&here, "G121", "t3", "S1", &["NMVS_SUCCESS", "ACTIVE"]);
    check(&here, "G110", "t4", "S9", &["NMVS_NC_PC_02", "UNKNOWN"]);
    for broken in [
        "",
        "<a",
        "<s:Envelope/>",
        &envelope("G999", "t5", CODE, "S1"),
    ] {
        let body = call(&here, broken);
        assert!(body.contains("NMVS_TE_XM_0"), "{broken}: {body}");
    }
    let states = "SELECT count(*) AS number FROM pack WHERE state <> 0";
    assert_eq!(server.site.number_as_owner(states), 0);
}

/// URS-AL-001 to URS-AL-004, URS-AL-008, URS-VF-011: a swapped Y and Z is explained to the holder, who decides with a reason;
/// another tenant sees nothing; what nobody touches escalates after seven days and not a second before.
#[test]
fn an_alert_is_explained_decided_or_escalated() {
    let (server, here, there) = stocked(&["QYZ17", "S1"]);
    let tenant = TenantId(1);
    let key = server.key(tenant, &Permission::ALL);
    let raised = |premises: &TestPremises, serial: &str| {
        let reply = post(&server, premises, "/v1/packs:verify", &pack(serial));
        let id = reply.json()["alert"]["id"].as_str().map(str::to_owned);
        id.unwrap_or_else(|| panic!("{}", reply.body))
    };
    let (swapped, unknown) = (raised(&here, "QZY17"), raised(&there, "NOBODY"));
    let get = |path: &str| server.call("GET", path).bearer(&key).send().json();
    let alert = get(&format!("/v1/alerts/{swapped}"));
    assert_eq!(alert["code"], "A3");
    assert_eq!(alert["state"], "new");
    assert_eq!(alert["likely_cause"]["cause"], "KEYBOARD_LAYOUT");
    assert_eq!(alert["near"]["serial"], "QYZ17");
    assert_eq!(alert["near"]["sent_places"], json!([1, 2]));
    assert_eq!(alert["deadline"], "2026-11-29T12:00:00.000Z");
    assert_eq!(
        get("/v1/alerts?state=new")["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let first = get("/v1/alerts?limit=1");
    let next = get(&format!(
        "/v1/alerts?limit=1&cursor={}",
        first["next"].as_str().unwrap()
    ));
    assert_ne!(first["items"][0]["id"], next["items"][0]["id"]);
    let stranger = server.site.tenant("birch");
    let strange_key = server.key(stranger, &Permission::ALL);
    let none = server
        .call("GET", "/v1/alerts")
        .bearer(&strange_key)
        .send()
        .json();
    assert_eq!(none["items"], json!([]));

    let decide = |id: &str, body: Value| {
        let path = format!("/v1/alerts/{id}:decide");
        server.call("POST", &path).bearer(&key).json(&body)
    };
    // Everything that stands against it, at once: no comment, and a cause of the other side.
    let reply = decide(
        &swapped,
        json!({ "to": "resolved", "cause": "KEYBOARD_LAYOUT", "comment": " " }),
    );
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (422, "ALR-502"),
        "{}",
        reply.body
    );
    assert_eq!(reply.json()["errors"].as_array().unwrap().len(), 2);
    let reply = decide(
        &swapped,
        json!({ "to": "resolved", "cause": "MISPRINT", "comment": "Print checked" }),
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["state"], "resolved");
    let steps = get(&format!("/v1/alerts/{swapped}"))["steps"].clone();
    assert_eq!(steps[0]["comment"], "Print checked");

    server.clock.forward(7 * 86_400 - 1);
    assert_eq!(escalate(&server.house).unwrap().escalated, 0);
    server.clock.forward(1);
    assert_eq!(escalate(&server.house).unwrap().escalated, 1);
    assert_eq!(escalate(&server.house).unwrap().overdue, 0);
    assert_eq!(get(&format!("/v1/alerts/{unknown}"))["state"], "escalated");
    assert_eq!(get(&format!("/v1/alerts/{swapped}"))["state"], "resolved");
}
