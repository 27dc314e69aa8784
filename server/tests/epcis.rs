//! The EPCIS interface over HTTP: capture, events, resources, queries, headers and refusals of the standard (URS-CN-003), and
//! trees of containers (URS-AG-001, URS-AG-003).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_core::role::Permission;
use serde_json::{Value, json};
use support::{Reply, Running};

const CASE: &str = "urn:epc:id:sscc:4150999.0000000001";
const SSCC: &str = "041509990000000010";

fn pack(serial: &str) -> String {
    format!("urn:epc:id:sgtin:4150999.000123.{serial}")
}

fn event(minute: u32, fields: Value) -> Value {
    let mut event = json!({
        "type": "ObjectEvent", "eventTime": format!("2026-05-04T08:{minute:02}:00Z"), "eventTimeZoneOffset": "+02:00",
    });
    for (name, value) in fields.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

fn document(events: &[Value]) -> String {
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-05-04T09:00:00Z",
        "epcisBody": { "eventList": events },
    })
    .to_string()
}

/// A day of a line: three packs and a case, packed and shipped.
fn day() -> Vec<Value> {
    let packs = ["A1", "A2", "A3"].map(pack);
    vec![
        event(
            0,
            json!({ "epcList": packs, "action": "ADD", "bizStep": "commissioning" }),
        ),
        event(
            0,
            json!({ "epcList": [CASE], "action": "ADD", "bizStep": "commissioning" }),
        ),
        event(
            1,
            json!({
                "type": "AggregationEvent", "parentID": CASE, "childEPCs": packs, "action": "ADD", "bizStep": "packing",
                "readPoint": { "id": "urn:epc:id:sgln:4150999.00001.0" },
            }),
        ),
        event(
            2,
            json!({
                "epcList": [CASE], "action": "OBSERVE", "bizStep": "shipping", "disposition": "in_transit",
                "eventID": "urn:uuid:00000000-0000-4000-8000-00000000000a",
                "bizTransactionList": [{ "type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:4150999000013:77" }],
            }),
        ),
    ]
}

struct Site {
    server: Running,
    key: String,
}

impl Site {
    fn start() -> Self {
        let server = Running::start();
        let tenant = server.site.tenant("alder");
        let key = server.key(tenant, &Permission::ALL);
        Site { server, key }
    }

    fn get(&self, path: &str) -> Reply {
        self.get_with(path, &[])
    }

    fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut call = self.server.call("GET", path).bearer(&self.key);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        call.send()
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut call = self.server.call("POST", path).bearer(&self.key);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        if !headers.iter().any(|(name, _)| *name == "Content-Type") {
            call = call.header("Content-Type", "application/json");
        }
        call.body(body.as_bytes())
    }

    /// Captures a document and answers what became of it.
    fn capture(&self, headers: &[(&str, &str)], body: &str) -> Value {
        let taken = self.post("/v1/epcis/capture", headers, body);
        assert_eq!(taken.status, 202, "{}", taken.body);
        let location = taken.header("location").unwrap().to_owned();
        let waiting = self.get(&location).json();
        assert_eq!(
            (&waiting["running"], &waiting["success"]),
            (&json!(true), &json!(true))
        );
        self.server.work();
        self.get(&location).json()
    }
}

fn numbers(value: &Value, names: &[&str]) -> Vec<u64> {
    names
        .iter()
        .map(|name| value[*name].as_u64().unwrap())
        .collect()
}

fn found(reply: &Reply) -> usize {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let list = &reply.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
    list.as_array()
        .unwrap_or_else(|| panic!("{}", reply.body))
        .len()
}

#[test]
fn a_document_is_captured_and_found_again() {
    let site = Site::start();
    let done = site.capture(&[], &document(&day()));
    assert_eq!(done["state"], "stored", "{done}");
    assert_eq!(
        (&done["running"], &done["success"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(done["captureErrorBehaviour"], "rollback");
    assert_eq!(
        numbers(
            &done,
            &["events", "stored", "repeated", "parked", "error_count"].map(camel)
        ),
        [4, 4, 0, 0, 0]
    );
    let again = site.capture(
        &[("GS1-Capture-Error-Behaviour", "proceed")],
        &document(&day()),
    );
    assert_eq!(numbers(&again, &["stored", "repeated"]), [0, 4]);
    assert_eq!(
        site.get("/v1/epcis/capture")
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );

    for (query, expected) in [
        ("", 4),
        ("?eventType=AggregationEvent", 1),
        ("?eventType=AggregationEvent,ObjectEvent", 4),
        ("?EQ_bizStep=shipping", 1),
        ("?EQ_bizStep=shipping,packing", 2),
        (
            "?EQ_bizStep=urn:epcglobal:cbv:bizstep:shipping&EQ_disposition=in_transit",
            1,
        ),
        (
            "?EQ_bizTransaction_po=urn:epcglobal:cbv:bt:4150999000013:77",
            1,
        ),
        ("?EQ_readPoint=https://id.gs1.org/414/4150999000016", 0),
        ("?MATCH_epc=urn:epc:id:sgtin:4150999.000123.A2", 2),
        ("?MATCH_epc=https://id.gs1.org/01/04150999001239/21/A2", 2),
        (
            "?MATCH_parentID=https://id.gs1.org/00/041509990000000010",
            1,
        ),
        (
            "?GE_eventTime=2026-05-04T08:01:00Z&LT_eventTime=2026-05-04T08:02:00Z",
            1,
        ),
        ("?EQ_action=DELETE", 0),
    ] {
        assert_eq!(
            found(&site.get(&format!("/v1/epcis/events{query}"))),
            expected,
            "{query}"
        );
    }
    let one = site.get("/v1/epcis/events/urn:uuid:00000000-0000-4000-8000-00000000000a");
    assert_eq!(found(&one), 1);
    let shipped = &one.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0];
    assert_eq!(
        shipped["epcList"],
        json!(["https://id.gs1.org/00/041509990000000010"])
    );
    assert!(shipped["recordTime"].is_string());
    assert_eq!(
        site.get("/v1/epcis/bizSteps").json(),
        json!(["commissioning", "packing", "shipping"])
    );
    assert_eq!(
        site.get("/v1/epcis/eventTypes").json(),
        json!(["AggregationEvent", "ObjectEvent"])
    );
    assert_eq!(
        site.get("/v1/epcis/epcs").json().as_array().unwrap().len(),
        4
    );
    assert_eq!(
        site.get("/v1/epcis/bizSteps/shipping").json(),
        json!(["events"])
    );
    assert_eq!(found(&site.get("/v1/epcis/bizSteps/packing/events")), 1);
    assert_eq!(
        found(
            &site.get(
                "/v1/epcis/epcs/urn:epc:id:sgtin:4150999.000123.A2/events?eventType=ObjectEvent"
            )
        ),
        1
    );

    let mut page = site.get("/v1/epcis/events?perPage=3&orderBy=eventTime&orderDirection=ASC");
    assert_eq!(found(&page), 3);
    let link = page.header("link").unwrap().to_owned();
    let (next, rest) = link.trim_start_matches('<').split_once('>').unwrap();
    assert_eq!(rest, "; rel=\"next\"");
    page = site.get(next);
    assert_eq!((found(&page), page.header("link")), (1, None));
}

/// Names of sums are written as the standard writes its own.
fn camel(name: &str) -> &str {
    match name {
        "error_count" => "errorCount",
        other => other,
    }
}

#[test]
fn forms_and_versions_are_negotiated() {
    let site = Site::start();
    site.capture(&[], &document(&day()));
    let reply = site.get("/v1/epcis/events?EQ_bizStep=shipping");
    assert_eq!(reply.header("content-type"), Some("application/ld+json"));
    assert_eq!(reply.header("gs1-epcis-version"), Some("2.0"));
    assert_eq!(
        reply.header("gs1-epc-format"),
        Some("Always_GS1_Digital_Link")
    );
    let written = site.get_with(
        "/v1/epcis/events?EQ_bizStep=shipping",
        &[("GS1-EPC-Format", "Never_Translates")],
    );
    assert!(written.body.contains(CASE), "{}", written.body);
    let xml = site.get_with(
        "/v1/epcis/events?EQ_bizStep=shipping",
        &[("Accept", "application/xml")],
    );
    assert!(
        xml.body.contains("urn:epcglobal:epcis-query:xsd:2"),
        "{}",
        xml.body
    );
    let older = [
        ("Accept", "application/xml"),
        ("GS1-EPCIS-Max", "1.2"),
        ("GS1-CBV-Max", "1.2"),
    ];
    let older = site.get_with("/v1/epcis/events?EQ_bizStep=shipping", &older);
    assert!(
        older.body.contains("urn:epcglobal:epcis-query:xsd:1"),
        "{}",
        older.body
    );
    assert_eq!(older.header("gs1-epcis-version"), Some("1.2"));
    for headers in [
        [("Accept", "text/html"), ("GS1-EPCIS-Max", "2.0")],
        [("Accept", "application/json"), ("GS1-EPCIS-Max", "1.2")],
        [("Accept", "application/xml"), ("GS1-EPCIS-Min", "3.0")],
    ] {
        let refused = site.get_with("/v1/epcis/events", &headers);
        assert_eq!(refused.status, 406, "{headers:?}");
        assert_eq!(
            refused.json()["type"],
            "epcisException:NotAcceptableException"
        );
    }
}

#[test]
fn one_event_is_captured_at_once() {
    let site = Site::start();
    let one = event(
        0,
        json!({ "epcList": [pack("B1")], "action": "ADD", "bizStep": "commissioning" }),
    )
    .to_string();
    let made = site.post(
        "/v1/epcis/events",
        &[("Content-Type", "application/ld+json")],
        &one,
    );
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(found(&site.get(made.header("location").unwrap())), 1);
    let twice = site.post("/v1/epcis/events", &[], &one);
    assert_eq!(twice.status, 409);
    assert_eq!(
        twice.json()["type"],
        "epcisException:ResourceAlreadyExistsException"
    );
    assert_eq!(twice.code(), "EPC-152");
    let wrong = event(
        0,
        json!({ "epcList": ["urn:epc:id:sgtin:1.2"], "action": "PUT" }),
    )
    .to_string();
    let wrong = site.post("/v1/epcis/events", &[], &wrong);
    assert_eq!(wrong.status, 400, "{}", wrong.body);
    assert_eq!(wrong.json()["type"], "epcisException:ValidationException");
}

#[test]
fn queries_have_names() {
    let site = Site::start();
    site.capture(&[], &document(&day()));
    let query = json!({ "name": "packed", "query": { "EQ_bizStep": ["packing"], "eventType": ["AggregationEvent"] } });
    let made = site.post("/v1/epcis/queries", &[], &query.to_string());
    assert_eq!(
        (made.status, made.header("location")),
        (201, Some("/v1/epcis/queries/packed")),
        "{}",
        made.body
    );
    assert_eq!(
        site.post("/v1/epcis/queries", &[], &query.to_string())
            .status,
        409
    );
    assert_eq!(site.get("/v1/epcis/queries").json(), json!([query]));
    assert_eq!(site.get("/v1/epcis/queries/packed").json(), query);
    assert_eq!(found(&site.get("/v1/epcis/queries/packed/events")), 1);
    let gone = site
        .server
        .call("DELETE", "/v1/epcis/queries/packed")
        .bearer(&site.key)
        .send();
    assert_eq!(gone.status, 204);
    let missing = site.get("/v1/epcis/queries/packed/events");
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.json()["type"],
        "epcisException:NoSuchResourceException"
    );
    let wrong =
        json!({ "name": "x", "query": { "EQ_colour": "red", "GE_eventTime": "yesterday" } });
    let wrong = site.post("/v1/epcis/queries", &[], &wrong.to_string());
    assert_eq!(
        (
            wrong.status,
            wrong.json()["errors"].as_array().unwrap().len()
        ),
        (400, 2)
    );
}

#[test]
fn refusals_are_those_of_the_standard() {
    let site = Site::start();
    for (query, status, kind) in [
        ("?EQ_colour=red", 400, "QueryParameterException"),
        (
            "?GE_eventTime=2026-01-01T00:00:00",
            400,
            "QueryParameterException",
        ),
        ("?WD_readPoint=urn:x", 501, "ImplementationException"),
        ("?nextPageToken=rubbish", 400, "QueryParameterException"),
    ] {
        let refused = site.get(&format!("/v1/epcis/events{query}"));
        assert_eq!(refused.status, status, "{query}: {}", refused.body);
        assert_eq!(
            refused.json()["type"],
            format!("epcisException:{kind}"),
            "{query}"
        );
    }
    let stranger = site.server.call("GET", "/v1/epcis/events").send();
    assert_eq!(stranger.json()["type"], "epcisException:SecurityException");
    let text = site.post("/v1/epcis/capture", &[("Content-Type", "text/plain")], "x");
    assert_eq!(text.status, 415);
    assert_eq!(
        text.json()["type"],
        "epcisException:UnsupportedMediaTypeException"
    );
    let behaviour = site.post(
        "/v1/epcis/capture",
        &[("GS1-Capture-Error-Behaviour", "hope")],
        "{}",
    );
    assert_eq!(behaviour.status, 400);

    let mut wrong = day();
    wrong[3]["eventTime"] = json!("2026-05-04T08:02:00");
    let rejected = site.capture(&[], &document(&wrong));
    assert_eq!(
        (&rejected["state"], &rejected["success"]),
        (&json!("rejected"), &json!(false))
    );
    assert_eq!(rejected["errors"][0]["code"], "EPC-101");
    assert_eq!(rejected["errors"][0]["event"], 4);
    let findings = site.get(&format!(
        "/v1/epcis/capture/{}/findings",
        rejected["captureID"].as_str().unwrap()
    ));
    assert_eq!(
        findings.json()["items"][0]["proposal"],
        "2026-05-04T08:02:00+02:00"
    );
    assert_eq!(found(&site.get("/v1/epcis/events")), 0);
    let kept = site.capture(
        &[("GS1-Capture-Error-Behaviour", "proceed")],
        &document(&wrong),
    );
    assert_eq!(
        (&kept["state"], &kept["stored"]),
        (&json!("partly_stored"), &json!(3))
    );

    let looked = site.post("/v1/epcis/validate?profile=dscsa", &[], &document(&wrong));
    assert_eq!(looked.status, 200, "{}", looked.body);
    let looked = looked.json();
    assert!(
        looked["errors"].as_u64().unwrap() > 0 && looked["events"] == 4,
        "{looked}"
    );
}

#[test]
fn containers_show_what_is_in_them() {
    let site = Site::start();
    site.capture(&[], &document(&day()));
    let case = site.get(&format!("/v1/containers/{SSCC}"));
    assert_eq!(case.status, 200, "{}", case.body);
    let case = case.json();
    assert_eq!(case["counts"], json!([{ "level": "unit", "count": 3 }]));
    assert_eq!(
        (&case["custody"], &case["children"]),
        (&json!("in_transit"), &json!(3))
    );
    let first = site
        .get(&format!("/v1/containers/{SSCC}/tree?limit=2"))
        .json();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let next = first["next"].as_str().unwrap();
    let second = site
        .get(&format!("/v1/containers/{SSCC}/tree?limit=2&cursor={next}"))
        .json();
    assert_eq!(second["items"][0]["name"], "(01)04150999001239(21)A3");
    assert!(second["next"].is_null());
    let one = site.get("/v1/packs/04150999001239/A1/tree").json();
    assert_eq!(one["node"]["parents"][0]["name"], format!("(00){SSCC}"));
    let before = site
        .get("/v1/packs/04150999001239/A1/tree?as_of=2026-05-04T08:00:30Z")
        .json();
    assert_eq!(before["node"]["parents"], json!([]));
    let unborn = site.get(&format!("/v1/containers/{SSCC}?as_of=2026-05-04T07:00:00Z"));
    assert_eq!(unborn.status, 404);

    let early = event(
        3,
        json!({
            "type": "AggregationEvent", "parentID": CASE, "childEPCs": [pack("Z9")], "action": "ADD", "bizStep": "packing",
        }),
    );
    let early = site.capture(&[], &document(&[early]));
    assert_eq!(early["parked"], 1);
    let parked = site.get("/v1/containers:parked").json();
    let codes: Vec<&str> = parked["items"][0]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["AGG-402", "EPC-111"]);
    assert!(
        parked["items"][0]["event"]
            .as_str()
            .unwrap()
            .starts_with("ni:///")
    );
}
