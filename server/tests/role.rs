//! Roles that a tenant makes for itself, beside those of the release (users.md 3.18; URS-UR-003).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_core::role::{Permission, Role};
use serde_json::{Value, json};
use support::road::Road;

fn places(refused: &Value) -> Vec<&str> {
    let faults = refused["errors"].as_array().unwrap().iter();
    faults
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect()
}

/// URS-UR-003, ATK-022: a role of the tenant allows what its maker may, acts with the next request, and goes when nobody has it.
#[test]
fn a_role_is_made_given_changed_and_removed() {
    Road::on_each_engine(|road| {
        let night = json!({ "name": "night_shift", "title": "Night shift", "permissions": ["jobs:read", "lots:read"] });
        let made = road.call("POST", "/v1/roles", &[], &night);
        assert_eq!(
            (made.status, made.header("location")),
            (201, Some("/v1/roles/night_shift")),
            "{}",
            made.body
        );
        let again = road.call("POST", "/v1/roles", &[], &night);
        assert_eq!((again.status, places(&again.json())), (422, vec!["/name"]));
        let listed = road.get("/v1/roles");
        let listed = listed["items"].as_array().unwrap();
        assert_eq!(listed.len(), Role::ALL.len() + 1);
        assert_eq!(listed.last().unwrap()["own"], true);

        let user = road
            .server
            .person(road.tenant, "night@example.test", &[Role::Operator]);
        let user = format!("/v1/users/{user}");
        let roles = json!({ "roles": ["night_shift"] });
        let given = road.change("PATCH", &user, &roles);
        assert_eq!(
            given.json()["roles"],
            json!(["night_shift"]),
            "{}",
            given.body
        );
        let cookie = road.server.sign_in("night@example.test");
        let status = |path: &str| {
            let call = road.server.call("GET", path).cookie(&cookie);
            call.send().status
        };
        assert_eq!((status("/v1/lots"), status("/v1/connectors")), (200, 403));
        let me = road.server.call("GET", "/v1/me").cookie(&cookie).send();
        assert_eq!(me.json()["roles"], json!(["night_shift"]));

        let changed = road.change(
            "PATCH",
            "/v1/roles/night_shift",
            &json!({ "permissions": ["jobs:read", "connectors:read"] }),
        );
        assert_eq!(changed.status, 200, "{}", changed.body);
        assert_eq!((status("/v1/lots"), status("/v1/connectors")), (403, 200));
        let stale = road.call(
            "PATCH",
            "/v1/roles/night_shift",
            &[("If-Match", "\"1\"")],
            &json!({ "title": "Late" }),
        );
        assert_eq!(stale.status, 412);

        let held = road.change("DELETE", "/v1/roles/night_shift", &json!({}));
        assert_eq!((held.status, held.code().as_str()), (409, "USR-001"));
        road.change("PATCH", &user, &json!({ "roles": ["operator"] }));
        let gone = road.change("DELETE", "/v1/roles/night_shift", &json!({}));
        assert_eq!(gone.status, 204, "{}", gone.body);
        assert_eq!(road.ask("/v1/roles/night_shift").status, 404);
        let refused = road.change("PATCH", &user, &roles);
        assert_eq!(places(&refused.json()), ["/roles/0"]);

        let trail = road.get("/v1/audit?object=role%20night_shift");
        let actions: Vec<&Value> = trail["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["action"])
            .collect();
        assert_eq!(actions, ["role.removed", "role.changed", "role.created"]);
    });
}

/// Nobody makes a role that allows more than they may, and nobody touches a role of the release.
#[test]
fn a_role_allows_no_more_than_its_maker_may() {
    Road::on_each_engine(|road| {
        let little = [Permission::Administer, Permission::LotsRead];
        let key = road.server.key(road.tenant, &little);
        let make = |body: &Value| {
            road.server
                .call("POST", "/v1/roles")
                .bearer(&key)
                .json(body)
        };
        let wrong = json!({ "name": "Operator 2", "title": " ", "permissions": ["lots:read", "lots:write", "king"] });
        let refused = make(&wrong);
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(
            places(&refused.json()),
            ["/name", "/title", "/permissions/1", "/permissions/2"]
        );
        let taken = json!({ "name": "operator", "title": "x", "permissions": ["lots:read"] });
        assert_eq!(places(&make(&taken).json()), ["/name"]);

        // What a role allows already stays, though the one who changes it may not do it.
        let wide =
            json!({ "name": "wide", "title": "Wide", "permissions": ["lots:write", "jobs:read"] });
        road.post("/v1/roles", &wide);
        let patch = |etag: &str, body: &Value| {
            let call = road.server.call("PATCH", "/v1/roles/wide").bearer(&key);
            call.header("If-Match", etag).json(body)
        };
        let kept = patch(
            "\"1\"",
            &json!({ "title": "Wider", "permissions": ["lots:write", "lots:read"] }),
        );
        assert_eq!(kept.status, 200, "{}", kept.body);
        let more = patch(
            "\"2\"",
            &json!({ "permissions": ["lots:write", "jobs:read"] }),
        );
        assert_eq!(places(&more.json()), ["/permissions/1"]);

        for method in ["PATCH", "DELETE"] {
            let fixed = road.call(
                method,
                "/v1/roles/operator",
                &[("If-Match", "\"1\"")],
                &json!({}),
            );
            assert_eq!((fixed.status, fixed.code().as_str()), (409, "USR-002"));
        }
        assert_eq!(road.get("/v1/roles/operator")["own"], false);
    });
}

/// The pages do what the API does.
#[test]
fn a_role_is_made_and_removed_on_the_pages() {
    Road::on_each_engine(|road| {
        let roles = [Role::Administrator, Role::SerializationManager];
        road.server
            .person(road.tenant, "admin@example.test", &roles);
        let cookie = road.server.sign_in("admin@example.test");
        let get = |path: &str| road.server.call("GET", path).cookie(&cookie).send();
        let csrf = get("/administration/roles/new").csrf();
        let post = |path: &str, fields: &[(&str, &str)]| {
            let mut fields = fields.to_vec();
            fields.push(("csrf", &csrf));
            let call = road.server.call("POST", path).cookie(&cookie);
            call.origin(&road.server.url).form(&fields)
        };
        let wrong = post("/administration/roles", &[("name", "A b"), ("title", "")]);
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains("A role allows at least one thing"));
        let made = post(
            "/administration/roles",
            &[
                ("name", "sender"),
                ("title", "Sender of lots"),
                ("permission", "lots:read"),
                ("permission", "lots:write"),
            ],
        );
        assert_eq!(made.status, 303, "{}", made.body);
        let list = get("/administration/roles").body;
        assert!(list.contains("Sender of lots") && list.contains("/administration/roles/sender"));
        assert!(
            get("/administration/users/invite")
                .body
                .contains("Sender of lots")
        );
        let page = get("/administration/roles/sender");
        assert!(page.body.contains("Role made"), "{}", page.body);
        let invited = post(
            "/administration/users",
            &[
                ("login", "s@example.test"),
                ("name", "S"),
                ("role", "sender"),
            ],
        );
        assert_eq!(invited.status, 200, "{}", invited.body);
        let held = post("/administration/roles/sender/delete", &[("if_match", "1")]);
        assert_eq!(held.status, 409);
        assert!(held.body.contains("One person has this role"));
        let renamed = post(
            "/administration/roles/sender",
            &[
                ("if_match", "1"),
                ("title", "Lots"),
                ("permission", "lots:read"),
            ],
        );
        assert_eq!(renamed.status, 303, "{}", renamed.body);
        assert_eq!(road.get("/v1/roles/sender")["title"], "Lots");
    });
}
