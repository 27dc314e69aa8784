//! People and keys from beginning to end: invited, signed in, disabled; made, used, revoked; all of it in the audit trail.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_core::role::{Permission, Role};
use serde_json::json;
use support::{PASSWORD, Running};

/// ATK-050 to 052: an address that delivery would refuse is refused when it is entered, and one is kept in one form.
#[test]
fn a_webhook_has_a_public_address() {
    let server = Running::start();
    let key = server.key(server.site.tenant("alder"), &Permission::ALL);
    let add = |url: &str| {
        let wanted = json!({ "url": url, "events": ["lot.sent"] });
        server
            .call("POST", "/v1/webhooks")
            .bearer(&key)
            .json(&wanted)
    };
    for url in [
        "https://localhost/",
        "https://0/",
        "https://2130706433/",
        "https://metadata.google.internal/",
        "https://example.org/%0d%0aX: y",
        "https://example.org:22/",
    ] {
        let reply = add(url);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (422, "WHK-001"),
            "{url}: {}",
            reply.body
        );
    }
    let kept = add("HTTPS://Receiver.Example:443/Hook");
    assert_eq!(kept.status, 201, "{}", kept.body);
    assert_eq!(kept.json()["url"], "https://receiver.example/Hook");
}

/// URS-UR-002: an own account for every person, with a password that only the person knows.
#[test]
fn a_person_is_invited_and_sets_the_password_once() {
    let server = Running::start();
    let key = server.key(server.site.tenant("alder"), &Permission::ALL);
    let body = json!({ "login": "new@example.test", "name": "New Person", "roles": ["serialization_manager"] });
    let made = server.call("POST", "/v1/users").bearer(&key).json(&body);
    assert_eq!(made.status, 201, "{}", made.body);
    let taken = server.call("POST", "/v1/users").bearer(&key).json(&body);
    assert_eq!(taken.status, 422, "{}", taken.body);

    let link = made.json()["invitation_url"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(&server.url).unwrap();
    let page = server.call("GET", path).send();
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("New Person"));
    let visit = format!("pt_visit={}", page.cookie("pt_visit").unwrap());
    let (_, token) = link.split_once("token=").unwrap();
    let set = |password: &str, repeat: &str| {
        let fields = [
            ("token", token),
            ("password", password),
            ("repeat", repeat),
            ("csrf", &page.csrf()),
        ];
        server
            .call("POST", "/set-password")
            .cookie(&visit)
            .origin(&server.url)
            .form(&fields)
    };
    assert_eq!(set("short", "short").status, 422);
    assert_eq!(set(PASSWORD, "another").status, 422);
    server.clock.forward(1);
    assert_eq!(set(PASSWORD, PASSWORD).status, 303);
    assert_eq!(set(PASSWORD, PASSWORD).status, 403, "the link works once");
    assert_eq!(server.call("GET", path).send().status, 403);
    server.sign_in("new@example.test");

    let id = made.json()["id"].as_str().unwrap().to_owned();
    let again = server
        .call("POST", &format!("/v1/users/{id}:invite"))
        .bearer(&key)
        .send();
    let link = again.json()["invitation_url"].as_str().unwrap().to_owned();
    server.clock.forward(3 * 86_400);
    assert_eq!(
        server
            .call("GET", link.strip_prefix(&server.url).unwrap())
            .send()
            .status,
        403,
        "three days"
    );
}

#[test]
fn the_last_administrator_stays() {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    let key = server.key(tenant, &Permission::ALL);
    let change = |id: &str, body: &serde_json::Value| {
        let path = format!("/v1/users/{id}");
        let etag = server
            .call("GET", &path)
            .bearer(&key)
            .send()
            .header("etag")
            .unwrap()
            .to_owned();
        server
            .call("PATCH", &path)
            .bearer(&key)
            .header("If-Match", &etag)
            .json(body)
            .status
    };
    let first = server
        .person(tenant, "first@example.test", &[Role::Administrator])
        .to_string();
    assert_eq!(change(&first, &json!({ "state": "disabled" })), 422);
    assert_eq!(change(&first, &json!({ "roles": ["operator"] })), 422);
    server.person(tenant, "second@example.test", &[Role::Administrator]);
    assert_eq!(
        change(&first, &json!({ "state": "disabled", "name": "Gone" })),
        200
    );
}

#[test]
fn a_key_is_shown_once_used_and_revoked() {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    let admin = server.key(tenant, &[Permission::Administer]);
    let body = json!({ "name": "line 3", "scopes": ["lots:read", "admin"], "expires_at": "2099-01-01T00:00:00Z" });
    let made = server
        .call("POST", "/v1/api-keys")
        .bearer(&admin)
        .json(&body);
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(key.starts_with("pt_test_"));
    let shown = server
        .call("GET", &format!("/v1/api-keys/{id}"))
        .bearer(&admin)
        .send();
    assert!(!shown.body.contains(key) && !shown.body.contains(key.rsplit('_').next().unwrap()));

    let me = server.call("GET", "/v1/me").bearer(key).send().json();
    assert_eq!(
        (me["kind"].as_str(), me["name"].as_str()),
        (Some("key"), Some("line 3"))
    );
    assert_eq!(me["permissions"], json!(["lots:read", "admin"]));
    assert_eq!(
        server.call("GET", "/v1/users").bearer(key).send().status,
        200
    );

    // SEC-701: a key of another environment is refused by its beginning.
    let live = key.replace("pt_test_", "pt_live_");
    let refused = server.call("GET", "/v1/me").bearer(&live).send();
    assert_eq!((refused.status, refused.code().as_str()), (401, "SEC-701"));

    assert_eq!(
        server
            .call("DELETE", &format!("/v1/api-keys/{id}"))
            .bearer(&admin)
            .send()
            .status,
        204
    );
    assert_eq!(server.call("GET", "/v1/me").bearer(key).send().status, 401);
    for body in [
        json!({ "name": "x", "scopes": [] }),
        json!({ "name": "x", "scopes": ["king"] }),
    ] {
        assert_eq!(
            server
                .call("POST", "/v1/api-keys")
                .bearer(&admin)
                .json(&body)
                .status,
            422
        );
    }
    let past =
        json!({ "name": "x", "scopes": ["lots:read"], "expires_at": "2001-01-01T00:00:00Z" });
    assert_eq!(
        server
            .call("POST", "/v1/api-keys")
            .bearer(&admin)
            .json(&past)
            .status,
        422
    );
}

/// ATK-022: a key is narrowed and renamed, never widened, and the change acts with its next call.
#[test]
fn a_key_only_loses() {
    support::road::Road::on_each_engine(|road| {
        let server = &road.server;
        let admin = server.key(road.tenant, &[Permission::Administer]);
        let body = json!({
            "name": "line 3", "scopes": ["lots:read", "jobs:read", "admin"], "expires_at": "2099-01-01T00:00:00Z",
        });
        let made = server
            .call("POST", "/v1/api-keys")
            .bearer(&admin)
            .json(&body);
        assert_eq!(made.header("etag"), Some("\"1\""));
        let made = made.json();
        let path = format!("/v1/api-keys/{}", made["id"].as_str().unwrap());
        let key = made["key"].as_str().unwrap();
        let change = |etag: &str, body: &serde_json::Value| {
            let call = server.call("PATCH", &path).bearer(&admin);
            call.header("If-Match", etag).json(body)
        };
        let more = json!({ "name": "", "scopes": ["lots:read", "lots:write", "king"], "expires_at": "2099-01-01T00:00:01Z" });
        let refused = change("\"1\"", &more);
        assert_eq!(refused.status, 422, "{}", refused.body);
        let refused = refused.json();
        let mut places: Vec<&str> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap())
            .collect();
        places.sort_unstable();
        assert_eq!(places, ["/expires_at", "/name", "/scopes/1", "/scopes/2"]);

        assert_eq!(
            server.call("GET", "/v1/users").bearer(key).send().status,
            200
        );
        let less = json!({ "name": "line 4", "scopes": ["jobs:read", "lots:read"], "expires_at": "2098-01-01T00:00:00Z" });
        let changed = change("\"1\"", &less);
        assert_eq!(
            (changed.status, changed.header("etag")),
            (200, Some("\"2\"")),
            "{}",
            changed.body
        );
        let told = changed.json();
        assert_eq!(
            (&told["name"], &told["scopes"], &told["expires_at"]),
            (
                &json!("line 4"),
                &json!(["lots:read", "jobs:read"]),
                &json!("2098-01-01T00:00:00.000Z")
            )
        );
        assert_eq!(
            server.call("GET", "/v1/users").bearer(key).send().status,
            403
        );
        assert_eq!(change("\"1\"", &json!({ "name": "x" })).status, 412);
        let none = server.call("PATCH", &path).bearer(&admin).json(&json!({}));
        assert_eq!(none.status, 428);
        let trail = road.get("/v1/audit?limit=1");
        assert_eq!(trail["items"][0]["action"], "api_key.changed");
        assert_eq!(trail["items"][0]["detail"]["old"]["name"], "line 3");
        server.call("DELETE", &path).bearer(&admin).send();
        let gone = change("\"3\"", &json!({ "name": "x" }));
        assert_eq!(gone.status, 422, "{}", gone.body);
    });
}

/// URS-AT-009, ATK-072: what was done and refused is in the trail with its request, without a secret; the chain holds.
#[test]
fn the_trail_tells_it_all_and_no_secret() {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    let key = server.key(tenant, &Permission::ALL);
    server.person(tenant, "a@example.test", &[Role::Operator]);
    server.try_sign_in("a@example.test", "a wrong password here");
    let body = json!({ "name": "line 3", "scopes": ["lots:read"] });
    let call = server
        .call("POST", "/v1/api-keys")
        .bearer(&key)
        .header("Request-Id", "order-17");
    let made = call.json(&body).json();
    let trail = server.call("GET", "/v1/audit").bearer(&key).send();
    let entries = trail.json();
    let entries = entries["items"].as_array().unwrap();
    let newest = &entries[0];
    assert_eq!(newest["action"], "api_key.created");
    assert_eq!(newest["correlation"], "order-17");
    assert!(
        entries
            .iter()
            .any(|entry| entry["action"] == "sign_in.failed"),
        "{}",
        trail.body
    );
    let secret = made["key"]
        .as_str()
        .unwrap()
        .rsplit('_')
        .next()
        .unwrap()
        .to_owned();
    assert!(!trail.body.contains(&secret) && !trail.body.contains("a wrong password here"));

    let object = newest["object"].as_str().unwrap().replace(' ', "%20");
    let one = server
        .call("GET", &format!("/v1/audit?object={object}"))
        .bearer(&key)
        .send()
        .json();
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    let proof = server
        .call("GET", "/v1/audit/proof")
        .bearer(&key)
        .send()
        .json();
    assert_eq!(
        (proof["holds"].as_bool(), proof["entries"].as_i64()),
        (Some(true), newest["seq"].as_i64())
    );
}

/// The pages do what the API does.
#[test]
fn an_administrator_works_with_the_pages() {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    let id = server.person(tenant, "admin@example.test", &[Role::Administrator]);
    let cookie = server.sign_in("admin@example.test");
    let get = |path: &str| server.call("GET", path).cookie(&cookie).send();
    for path in [
        "/administration/users",
        "/administration/users/invite",
        &format!("/administration/users/{id}"),
        "/administration/roles",
        "/administration/api-keys",
        "/administration/api-keys/new",
        "/administration/audit",
    ] {
        let page = get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert!(
            page.header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
        assert!(page.body.contains("action=\"/sign-out\""), "{path}");
    }
    let missing = server
        .call("GET", "/administration/nothing")
        .cookie(&cookie)
        .header("Accept", "text/html")
        .send();
    assert_eq!(missing.status, 404);
    assert!(
        missing.body.contains("REQ-404") && missing.body.contains("<h1"),
        "{}",
        missing.body
    );

    let csrf = get("/administration/users").csrf();
    let post = |path: &str, fields: &[(&str, &str)]| {
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        server
            .call("POST", path)
            .cookie(&cookie)
            .origin(&server.url)
            .form(&fields)
    };
    let refused = post("/administration/users", &[("login", "x"), ("name", "")]);
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("A name has 1 to 100 characters"),
        "{}",
        refused.body
    );
    let invited = post(
        "/administration/users",
        &[
            ("login", "b@example.test"),
            ("name", "B"),
            ("role", "operator"),
        ],
    );
    assert!(
        invited.body.contains("/set-password?token="),
        "{}",
        invited.body
    );
    let last = post(
        &format!("/administration/users/{id}/state"),
        &[("state", "disabled"), ("if_match", "1")],
    );
    assert_eq!(last.status, 422, "{}", last.body);

    let made = post(
        "/administration/api-keys",
        &[("name", "line"), ("scope", "lots:read"), ("ends", "90")],
    );
    assert!(made.body.contains("pt_test_"), "{}", made.body);
    assert!(!get("/administration/api-keys").body.contains("curl"));
    let asset = server.call("GET", "/static/packtwin.css").send();
    assert_eq!(asset.status, 200);
    let again = server
        .call("GET", "/static/packtwin.css")
        .header("If-None-Match", asset.header("etag").unwrap())
        .send();
    assert_eq!(again.status, 304);
}
