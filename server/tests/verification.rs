//! Road 3 over HTTP: what the software of a pharmacy sends and hears.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_tenants::testing::TestPremises;
use serde_json::{Value, json};
use support::{CODE, Reply, Running};

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
    assert_eq!(judged(&post(&server, &here, "/v1/packs:verify", &pack("S1"))), green);
    let supplied = post(&server, &here, "/v1/packs:change", &supply("S1"));
    assert_eq!(judged(&supplied), green);
    assert_eq!(supplied.json()["state"], "supplied");
    assert_eq!(supplied.json()["can_undo"], true);
    assert_eq!(supplied.json()["undo_until"], "2026-12-02T12:00:00.000Z");
    assert_eq!(supplied.json()["market"], "DE");
    let second = post(&server, &there, "/v1/packs:change", &supply("S1"));
    assert_eq!(judged(&second), is("ALREADY_INACTIVE", "red", Some("A24")));
    assert!(second.json()["alert"]["id"].as_str().unwrap().starts_with("DE-"));
    assert_eq!(
        judged(&post(&server, &there, "/v1/packs:undo", &pack("S1"))).0,
        "UNDO_OTHER_SITE"
    );
    post(&server, &here, "/v1/packs:change", &supply("S2"));
    server.clock.forward(10 * 86_400 - 1);
    assert_eq!(judged(&post(&server, &here, "/v1/packs:undo", &pack("S1"))), green);
    server.clock.forward(2);
    assert_eq!(
        judged(&post(&server, &here, "/v1/packs:undo", &pack("S2"))).0,
        "UNDO_TOO_LATE"
    );
}

/// URS-VF-013: the same key is one request, and another body under it is refused.
#[test]
fn the_same_key_is_one_request() {
    let (server, here, there) = stocked(&["S1"]);
    let supply = with(pack("S1"), "operation", "supply");
    let call = |premises: &TestPremises, body: &Value| {
        let call = server.call("POST", "/v1/packs:change").bearer(&premises.key);
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
        let found: Vec<&str> = faults.iter().filter_map(|fault| fault["pointer"].as_str()).collect();
        assert_eq!(found, places, "{path}: {body}");
    };
    let wrong = json!({
        "product": "04123456000176", "serial": "ä", "lot": "", "expiry": "281331", "entry": "typed",
        "asked_at": "2099-01-01T00:00:00Z"
    });
    let all = ["/entry", "/asked_at", "/product", "/serial", "/expiry"];
    check("/v1/packs:verify", &wrong, &all);
    let all = ["/operation", "/entry", "/asked_at", "/product", "/serial", "/expiry"];
    check("/v1/packs:change", &wrong, &all);
    check("/v1/packs:verify", &with(pack("S1"), "tenant", "1"), &["/tenant"]);
    check("/v1/packs:verify-bulk", &json!({ "packs": [] }), &["/packs"]);
    let twice = json!({ "packs": [pack("S1"), with(pack("S2"), "entry", "x"), pack("S1")] });
    check("/v1/packs:verify-bulk", &twice, &["/packs/1/entry", "/packs/2"]);
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
    let reply = post(&server, &here, "/v1/packs:verify-bulk", &json!({ "packs": packs }));
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
        ["OK", "OK", "OK", "OK", "UNDO_IRREVERSIBLE", "SERIAL_UNKNOWN"]
    );
}
