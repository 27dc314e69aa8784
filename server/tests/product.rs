//! A product is changed as a whole or in part, whatever version that takes (users.md 3.2; URS-MD-003).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use serde_json::json;
use support::road::Road;
use support::{CODE, master_data};

fn product() -> String {
    format!("/v1/products/{CODE}")
}

/// URS-MD-003: what a far side knows is never changed; the next version takes the change, and the answer names it.
#[test]
fn a_change_goes_into_the_draft_or_opens_the_next_version() {
    Road::on_each_engine(|road| {
        let product = &product();
        let whole = json!({ "code": CODE, "data": master_data() });
        let made = road.post("/v1/products", &whole);
        assert_eq!(made.header("etag"), Some("\"1.1\""));
        let renamed = road.change("PATCH", product, &json!({ "name": "Testazol 20 mg" }));
        assert_eq!(renamed.status, 200, "{}", renamed.body);
        assert_eq!(renamed.header("etag"), Some("\"1.2\""));
        let told = renamed.json();
        assert_eq!(
            (&told["latest_version"], &told["version"]["data"]["name"]),
            (&json!(1), &json!("Testazol 20 mg"))
        );
        assert_eq!(
            told["version"]["data"]["strength"], "20 mg",
            "what is not named stays"
        );
        assert_eq!(told["version"]["data"]["atc_codes"], json!(["A02BC01"]));
        // The same again changes nothing.
        let again = road.change("PATCH", product, &json!({ "name": "Testazol 20 mg" }));
        assert_eq!(again.header("etag"), Some("\"1.2\""));

        road.post(&format!("{product}/versions/1:send"), &json!({}));
        road.server.work();
        let known = road.get(&format!("{product}/versions"));
        let read_at = road.ask(product).header("etag").unwrap().to_owned();
        let media = ("Content-Type", "application/merge-patch+json");
        let tag = ("If-Match", read_at.as_str());
        let next = road
            .server
            .call("PATCH", product)
            .bearer(&road.key)
            .header(media.0, media.1)
            .header(tag.0, tag.1)
            .body(br#"{"common_name":null,"manufacturer":{"address":{"city":"Bonn"}}}"#);
        assert_eq!(next.status, 200, "{}", next.body);
        assert_eq!(next.header("etag"), Some("\"2.1\""));
        let told = next.json();
        assert_eq!(
            (&told["latest_version"], &told["version"]["state"]),
            (&json!(2), &json!("draft"))
        );
        let data = &told["version"]["data"];
        assert!(data["common_name"].is_null(), "{data}");
        assert_eq!(data["manufacturer"]["address"]["city"], "Bonn");
        assert_eq!(data["manufacturer"]["address"]["country"], "DE");
        let after = road.get(&format!("{product}/versions"));
        let first = |list: &serde_json::Value| list["items"].as_array().unwrap().last().cloned();
        assert_eq!(
            first(&known),
            first(&after),
            "version 1 is as the hub knows it"
        );

        // A tag of another version fits nothing, though its row has the same number.
        let mut body = master_data();
        body["name"] = json!("Testazol forte");
        let stale = road.call("PUT", product, &[("If-Match", "\"1.1\"")], &body);
        assert_eq!(stale.status, 412, "{}", stale.body);
        let bare = road.call("PUT", product, &[("If-Match", "\"1\"")], &body);
        assert_eq!(bare.status, 412);
        assert_eq!(road.call("PUT", product, &[], &body).status, 428);
        let put = road.change("PUT", product, &body);
        assert_eq!(
            (put.status, put.header("etag")),
            (200, Some("\"2.2\"")),
            "{}",
            put.body
        );
        assert_eq!(put.json()["version"]["data"]["common_name"], "testazole");
        // The version by its number takes the same tag.
        let numbered = road.call(
            "PUT",
            &format!("{product}/versions/2"),
            &[("If-Match", "\"2.2\"")],
            &master_data(),
        );
        assert_eq!(numbered.status, 200, "{}", numbered.body);

        let trail = road.get(&format!("/v1/audit?object=product%20{CODE}"));
        let actions: Vec<&str> = trail["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["action"].as_str().unwrap())
            .collect();
        assert_eq!(actions[0], "product.version_changed");
        assert!(actions.contains(&"product.version_added"), "{actions:?}");
    });
}

/// All faults of what would come of a patch are told at once, and nothing is changed.
#[test]
fn a_wrong_patch_is_refused_with_every_fault() {
    Road::on_each_engine(|road| {
        let product = &product();
        road.product();
        let wrong = json!({ "name": null, "pack_size": "many", "colour": "red", "markets": [{ "market": "DE" }] });
        let refused = road.change("PATCH", product, &wrong);
        assert_eq!(refused.status, 400, "{}", refused.body);
        let refused = refused.json();
        let places: Vec<&str> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(
            places,
            ["/name", "/pack_size", "/markets/0/holder", "/colour"]
        );
        let empty = road.change("PATCH", product, &json!({ "name": "", "markets": [] }));
        assert_eq!(empty.status, 422, "{}", empty.body);
        assert!(empty.json()["errors"].as_array().unwrap().len() >= 2);
        assert_eq!(road.get(product)["latest_version"], 1);
        let gone = road.call(
            "PATCH",
            "/v1/products/04123456000991",
            &[("If-Match", "\"1.1\"")],
            &json!({}),
        );
        assert_eq!(gone.status, 404);
    });
}
