//! How much of an answer a caller wants: fields and expansions, the same for every GET (users.md, Annex A).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_core::role::Permission;
use serde_json::{Value, json};
use support::CODE;
use support::road::Road;

fn members(value: &Value) -> Vec<&str> {
    let members = value.as_object().unwrap_or_else(|| panic!("{value}"));
    members.keys().map(String::as_str).collect()
}

#[test]
fn only_the_wanted_fields_are_answered() {
    Road::on_each_engine(|road| {
        road.product();
        road.lot("L1", &["A1".into(), "A2".into()]);
        let lots = road.get("/v1/lots?fields=lot,numbers.stored&limit=5");
        assert_eq!(
            lots["items"],
            json!([{ "lot": "L1", "numbers": { "stored": 2 } }])
        );
        let lot = road.ask(&format!("/v1/lots/{CODE}/L1?fields=numbers,unsent"));
        assert_eq!(members(&lot.json()), ["numbers", "unsent"]);
        assert!(lot.header("etag").is_some());
        let pack = road.get(&format!("/v1/packs/{CODE}/A1?fields=state"));
        assert_eq!(pack, json!({ "state": "active" }));

        // All faults at once, with the names there are; nothing else of the query is lost.
        let refused = road.ask("/v1/lots?fields=lot,colour,numbers.red&expand=product&limit=5");
        assert_eq!(refused.status, 400, "{}", refused.body);
        let refused = refused.json();
        let faults = refused["errors"].as_array().unwrap();
        let places: Vec<&str> = faults
            .iter()
            .map(|fault| fault["parameter"].as_str().unwrap())
            .collect();
        assert_eq!(places, ["fields", "fields", "expand"]);
        assert!(
            faults[0]["detail"]
                .as_str()
                .unwrap()
                .contains("numbers.stored")
        );
        for path in [
            "/v1/lots?fields=lot&colour=red",
            "/v1/lots?fields=lot&fields=name",
        ] {
            assert_eq!(road.ask(path).status, 400, "{path}");
        }
        let table = road
            .server
            .call("GET", "/v1/lots?fields=lot")
            .bearer(&road.key);
        assert_eq!(table.header("Accept", "text/csv").send().status, 400);
        let post = json!({ "url": "https://a.example/", "events": ["lot.sent"] });
        let posted = road.call("POST", "/v1/webhooks?fields=id", &[], &post);
        assert_eq!(
            posted.status, 400,
            "a change answers whole: {}",
            posted.body
        );

        // The description tells of both.
        let described = road.get("/v1/openapi.json");
        let parameters = &described["paths"]["/v1/lots/{product}/{lot}"]["get"]["parameters"];
        for name in ["fields", "expand"] {
            let told = parameters.as_array().unwrap().iter();
            assert!(
                told.clone().any(|parameter| parameter["name"] == name),
                "{parameters}"
            );
        }
    });
}

#[test]
fn what_is_named_comes_along() {
    Road::on_each_engine(|road| {
        road.product();
        road.lot("L1", &["A1".into(), "A2".into()]);
        let lot = road.get(&format!(
            "/v1/lots/{CODE}/L1?expand=product,messages&fields=lot"
        ));
        assert_eq!(members(&lot), ["expanded", "lot"]);
        assert_eq!(
            lot["expanded"]["product"],
            road.get(&format!("/v1/products/{CODE}"))
        );
        let message = &lot["expanded"]["messages"][0];
        assert_eq!(message["kind"], "commissioned");

        let id = message["id"].as_str().unwrap();
        let told = road.get(&format!("/v1/messages/{id}?expand=lot"));
        assert_eq!(told["expanded"]["lot"]["lot"], "L1");
        let of_product = road.get("/v1/messages?kind=product_versioned");
        let id = of_product["items"][0]["id"].as_str().unwrap();
        let told = road.get(&format!("/v1/messages/{id}?expand=lot"));
        assert!(told["expanded"]["lot"].is_null(), "{told}");

        let uploads = road.get("/v1/uploads");
        let path = format!(
            "/v1/uploads/{}",
            uploads["items"][0]["id"].as_str().unwrap()
        );
        let upload = road.get(&format!("{path}?expand=lots"));
        assert_eq!(
            upload["expanded"]["lots"],
            road.get(&format!("{path}/lots"))
        );
        let pack = road.get(&format!("/v1/packs/{CODE}/A1?expand=lot"));
        assert_eq!(pack["expanded"]["lot"]["numbers"]["stored"], 2);

        // Each expansion needs the permission of what it brings along.
        let reader = road.server.key(road.tenant, &[Permission::LotsRead]);
        let path = format!("/v1/lots/{CODE}/L1?expand=messages");
        let refused = road.server.call("GET", &path).bearer(&reader).send();
        assert_eq!((refused.status, refused.code().as_str()), (403, "SEC-702"));
        let gone = road.ask(&format!("/v1/lots/{CODE}/L9?expand=product"));
        assert_eq!(gone.status, 404);
    });
}
