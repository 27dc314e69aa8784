//! A connector is changed in part (users.md 3.9 and Annex A).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use serde_json::json;
use support::road::Road;

const HUB: &str = "/v1/connectors/eu_hub";

/// What is not named stays, the certificate above all; every fault of what would come of it is told.
#[test]
fn a_connector_is_patched() {
    Road::on_each_engine(|road| {
        let before = road.get(HUB);
        let patched = road.change("PATCH", HUB, &json!({ "packs_per_message": 50 }));
        assert_eq!(patched.status, 200, "{}", patched.body);
        let mut expected = before.clone();
        expected["packs_per_message"] = json!(50);
        assert_eq!(patched.json(), expected);
        let check = road.post(&format!("{HUB}:check"), &json!({})).json();
        assert_eq!(
            check["outcome"], "let_through",
            "the certificate is still there"
        );

        // Null takes away: the limit is the connector's own again.
        let usual = road.change("PATCH", HUB, &json!({ "packs_per_message": null }));
        assert!(usual.json()["packs_per_message"].as_u64().unwrap() > 50);

        let wrong = json!({ "url": "http://hub.example/", "release": "0.1", "sender": " " });
        let refused = road.change("PATCH", HUB, &wrong);
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(refused.json()["errors"].as_array().unwrap().len(), 3);
        let unread = json!({ "url": null, "ask": 7 });
        let refused = road.change("PATCH", HUB, &unread);
        let refused = refused.json();
        let places: Vec<&str> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(places, ["/url", "/ask"]);
        let half = road.change("PATCH", HUB, &json!({ "key_pem": "x" }));
        assert_eq!(half.json()["errors"][0]["pointer"], "/certificate_pem");

        let stale = road.call(
            "PATCH",
            HUB,
            &[("If-Match", "\"1\"")],
            &json!({ "sender": "X" }),
        );
        assert_eq!(stale.status, 412, "{}", stale.body);
        assert_eq!(road.call("PATCH", HUB, &[], &json!({})).status, 428);
        let trail = road.get("/v1/audit?object=connector%20eu_hub&limit=1");
        assert_eq!(trail["items"][0]["action"], "connector.set_up");
    });
}
