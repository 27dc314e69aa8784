//! What every call may count on: one shape of refusal, ids, headers, limits, remembered answers, versions, cursors.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_core::role::{Permission, Role};
use serde_json::json;
use support::{Reply, Running};

fn check_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{}", reply.body);
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json"),
        "{}",
        reply.body
    );
    let body = reply.json();
    assert_eq!(body["code"], code, "{}", reply.body);
    assert_eq!(body["status"], status);
    assert_eq!(body["request_id"], reply.header("request-id").unwrap());
    for member in ["type", "title", "detail", "remedy"] {
        assert!(
            body[member].as_str().is_some_and(|text| !text.is_empty()),
            "{member}: {}",
            reply.body
        );
    }
    assert!(!body["errors"].as_array().unwrap().is_empty());
}

/// Monitors and link checkers ask with HEAD; RFC 9110, section 9.1, wants it wherever there is GET.
#[test]
fn head_answers_as_get_does_without_the_body() {
    let server = Running::start();
    let key = server.key(server.site.tenant("alder"), &Permission::ALL);
    for (path, bearer, status) in [
        ("/health/live", None, 200),
        ("/sign-in", None, 200),
        ("/v1/users", Some(&key), 200),
        ("/v1/users", None, 401),
        ("/v1/nothing", Some(&key), 404),
    ] {
        let [head, get] = ["HEAD", "GET"].map(|method| {
            let call = server.call(method, path);
            bearer
                .map_or(server.call(method, path), |key| call.bearer(key))
                .send()
        });
        assert_eq!((head.status, head.body.as_str()), (status, ""), "{path}");
        assert_eq!(get.status, status, "{path}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
    }
}

#[test]
fn every_refusal_has_one_shape() {
    let server = Running::start();
    let key = server.key(server.site.tenant("alder"), &Permission::ALL);
    let call = |method, path| server.call(method, path).bearer(&key);
    check_refused(&call("GET", "/v1/nothing").send(), 404, "REQ-404");
    check_refused(&call("GET", "/v1/users/rubbish").send(), 404, "REQ-404");
    let method = call("PUT", "/v1/users").send();
    check_refused(&method, 405, "REQ-405");
    assert_eq!(method.header("allow"), Some("GET, HEAD, POST"));
    check_refused(
        &call("POST", "/v1/users")
            .header("Content-Type", "text/plain")
            .body(b"{}"),
        415,
        "REQ-415",
    );
    check_refused(
        &call("POST", "/v1/users")
            .header("Content-Type", "application/json")
            .body(b"{"),
        400,
        "REQ-400",
    );
    check_refused(
        &call("GET", "/v1/users?limit=0&colour=red").send(),
        400,
        "REQ-400",
    );
    check_refused(
        &call("GET", "/v1/users?cursor=rubbish").send(),
        422,
        "REQ-422",
    );
    check_refused(
        &call("GET", "/v1/me")
            .header("Packtwin-Version", "1999-01-01")
            .send(),
        400,
        "REQ-400",
    );
}

/// A parameter that nobody reads would be believed: every call refuses it, and names it. An address that anyone may call
/// leaves it alone.
#[test]
fn a_parameter_that_is_not_read_is_refused() {
    let server = Running::start();
    let key = server.key(server.site.tenant("alder"), &Permission::ALL);
    let premises = server.verifiers.pharmacy("here");
    for (method, path, unread) in [
        ("GET", "/v1/me?as_of=2026-01-01", vec!["as_of"]),
        ("GET", "/v1/packs/a/b?as_of=1&b=2", vec!["as_of", "b"]),
        ("POST", "/v1/mappings?dry_run=true", vec!["dry_run"]),
        (
            "POST",
            "/v1/uploads?dry_run=maybe&b=2",
            vec!["dry_run", "b"],
        ),
        ("GET", "/v1/lots?limit=1&expand=packs", vec!["expand"]),
        ("DELETE", "/v1/users/x?reason=gone", vec!["reason"]),
    ] {
        let reply = server.call(method, path).bearer(&key).send();
        check_refused(&reply, 400, "REQ-400");
        let body = reply.json();
        let places: Vec<&str> = body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["parameter"].as_str().unwrap())
            .collect();
        assert_eq!(places, unread, "{path}");
    }
    for row in packtwin_server::http::rows() {
        if row.access == packtwin_server::http::route::Access::Open
            || row.audience == packtwin_server::http::route::Audience::People
            // The dialects take what their clients send.
            || row.path.starts_with("/emvs/")
        {
            continue;
        }
        let key = match row.access {
            packtwin_server::http::route::Access::Premises => &premises.key,
            _ => &key,
        };
        let path = row.path.replace(['{', '}'], "");
        let reply = server
            .call(row.method.as_str(), &format!("{path}?colour=red"))
            .bearer(key)
            .send();
        check_refused(&reply, 400, "REQ-400");
    }
    let probe = server.call("GET", "/health/live?colour=red").send();
    assert_eq!(probe.status, 200);
}

/// ATK-028, ATK-044: all faults of a body at once, a foreign member and a doubled one among them.
#[test]
fn a_body_is_read_to_its_end() {
    let server = Running::start();
    let key = server.key(server.site.tenant("alder"), &Permission::ALL);
    let post = |body: &str| {
        server
            .call("POST", "/v1/users")
            .bearer(&key)
            .header("Content-Type", "application/json")
            .body(body.as_bytes())
    };
    let reply = post(r#"{"login": 7, "roles": ["operator", 9], "tenant_id": 2}"#);
    check_refused(&reply, 400, "REQ-400");
    let body = reply.json();
    let pointers: Vec<&str> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/login", "/name", "/roles/1", "/tenant_id"]);
    check_refused(
        &post(r#"{"login":"a","login":"b","name":"c","roles":[]}"#),
        400,
        "REQ-400",
    );
    let reply = post(r#"{"login":"a b","name":"","language":"xx","roles":["king"]}"#);
    check_refused(&reply, 422, "PRD-004");
    assert_eq!(
        reply.json()["errors"].as_array().unwrap().len(),
        4,
        "{}",
        reply.body
    );
}

/// ATK-033: the limit holds with and without a length told in advance.
#[test]
fn a_body_above_the_limit_is_refused() {
    let server = Running::start_with(&[("PACKTWIN_LIMITS_JSON_BYTES", "1000")]);
    let key = server.key(server.site.tenant("alder"), &Permission::ALL);
    let body = json!({ "login": "a".repeat(2000) });
    check_refused(
        &server.call("POST", "/v1/users").bearer(&key).json(&body),
        413,
        "REQ-413",
    );
}

/// ATK-010, ATK-026: nothing is cached, framed or sniffed, and scripts come from the site alone.
#[test]
fn every_answer_carries_the_protecting_headers() {
    let server = Running::start();
    for path in ["/v1/me", "/sign-in", "/nothing", "/health/live"] {
        let reply = server
            .call("GET", path)
            .header("Request-Id", "order-17")
            .send();
        assert_eq!(reply.header("request-id"), Some("order-17"), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert!(reply.header("packtwin-version").is_some(), "{path}");
        // Over plain loopback a browser would ignore it.
        assert!(reply.header("strict-transport-security").is_none());
    }
}

/// ATK-083: the flood of one key is refused with the time to wait; another key notices nothing.
#[test]
fn a_flood_is_refused_for_its_key_alone() {
    let server = Running::start_with(&[("PACKTWIN_LIMITS_CALLS_PER_MINUTE_KEY", "5")]);
    let tenant = server.site.tenant("alder");
    let (one, other) = (server.key(tenant, &[]), server.key(tenant, &[]));
    for remaining in (0..5).rev() {
        let reply = server.call("GET", "/v1/me").bearer(&one).send();
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("ratelimit-limit"), Some("5"));
        assert_eq!(
            reply.header("ratelimit-remaining"),
            Some(remaining.to_string().as_str())
        );
    }
    let reply = server.call("GET", "/v1/me").bearer(&one).send();
    check_refused(&reply, 429, "LIM-901");
    assert!(reply.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(
        server.call("GET", "/v1/me").bearer(&other).send().status,
        200
    );
}

/// ATK-091: without a trusted proxy every caller is known by its own address, whatever it says of others.
#[test]
fn forged_proxy_headers_buy_no_second_budget() {
    let server = Running::start_with(&[("PACKTWIN_LIMITS_CALLS_PER_MINUTE_ADDRESS", "3")]);
    let status = |forged: &str| {
        server
            .call("GET", "/v1/version")
            .header("X-Forwarded-For", forged)
            .send()
            .status
    };
    assert_eq!(
        [
            status("198.51.100.1"),
            status("198.51.100.2"),
            status("198.51.100.3")
        ],
        [200; 3]
    );
    assert_eq!(status("198.51.100.4"), 429);
    assert_eq!(server.call("GET", "/health/live").send().status, 200);
}

/// URS-SN-006: the same request under the same key is done once and answered alike.
#[test]
fn a_repeated_request_is_done_once() {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    let (key, other_key) = (
        server.key(tenant, &Permission::ALL),
        server.key(tenant, &Permission::ALL),
    );
    let make = |key: &str, handle: &str, name: &str| {
        let call = server
            .call("POST", "/v1/api-keys")
            .bearer(key)
            .header("Idempotency-Key", handle);
        call.json(&json!({ "name": name, "scopes": ["lots:read"] }))
    };
    let first = make(&key, "order-1", "line 3");
    assert_eq!(first.status, 201, "{}", first.body);
    assert!(first.header("idempotent-replay").is_none());
    let again = make(&key, "order-1", "line 3");
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("idempotent-replay"), Some("true"));
    check_refused(&make(&key, "order-1", "line 4"), 409, "REQ-409");
    assert_ne!(
        make(&other_key, "order-1", "line 3").body,
        first.body,
        "a key belongs to its caller"
    );
    // A refusal is not kept: mended, the same key works.
    check_refused(&make(&key, "order-2", ""), 422, "PRD-004");
    assert_eq!(make(&key, "order-2", "line 5").status, 201);
    check_refused(&make(&key, "", "line 6"), 400, "REQ-400");
    server.clock.forward(7 * 86_400 + 1);
    assert_ne!(make(&key, "order-1", "line 3").body, first.body);
}

/// The kept answer of a request that made a secret does not lie open in the database (ATK-072).
#[test]
fn a_kept_answer_is_sealed() {
    let server = Running::start();
    let key = server.key(server.site.tenant("alder"), &Permission::ALL);
    let body = json!({ "name": "line 3", "scopes": ["lots:read"] });
    let made = server
        .call("POST", "/v1/api-keys")
        .bearer(&key)
        .header("Idempotency-Key", "k")
        .json(&body);
    let text = made.json()["key"].as_str().unwrap().to_owned();
    let secret = text.rsplit('_').next().unwrap().as_bytes();
    for file in std::fs::read_dir(server.site.folder()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn a_change_names_the_version_it_was_made_from() {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    let key = server.key(tenant, &Permission::ALL);
    let path = format!(
        "/v1/users/{}",
        server.person(tenant, "a@example.test", &[Role::Operator])
    );
    let shown = server.call("GET", &path).bearer(&key).send();
    let etag = shown.header("etag").unwrap().to_owned();
    let patch = |etag: Option<&str>| {
        let call = server.call("PATCH", &path).bearer(&key);
        let call = if let Some(etag) = etag {
            call.header("If-Match", etag)
        } else {
            call
        };
        call.json(&json!({ "name": "Another", "roles": ["operator", "integrator"] }))
    };
    check_refused(&patch(None), 428, "REQ-428");
    check_refused(&patch(Some("\"77\"")), 412, "REQ-412");
    let changed = patch(Some(&etag));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.json()["name"], "Another");
    assert_eq!(changed.json()["roles"], json!(["operator", "integrator"]));
    check_refused(&patch(Some(&etag)), 412, "REQ-412");
}

#[test]
fn a_list_is_walked_by_its_cursor_and_read_as_csv() {
    let server = Running::start();
    let tenant = server.site.tenant("alder");
    let key = server.key(tenant, &Permission::ALL);
    for number in 0..5 {
        server.person(
            tenant,
            &format!("p{number}@example.test"),
            &[Role::Operator],
        );
    }
    let mut logins = Vec::new();
    let mut path = "/v1/users?limit=2".to_owned();
    loop {
        let page = server.call("GET", &path).bearer(&key).send().json();
        for user in page["items"].as_array().unwrap() {
            logins.push(user["login"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/users?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        logins,
        ["p0", "p1", "p2", "p3", "p4"].map(|name| format!("{name}@example.test"))
    );
    let csv = server
        .call("GET", "/v1/users")
        .bearer(&key)
        .header("Accept", "text/csv")
        .send();
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(csv.body.lines().count(), 6, "{}", csv.body);
}

#[test]
fn the_description_is_served_and_health_asks_nobody_who_they_are() {
    let server = Running::start();
    let description = server.call("GET", "/v1/openapi.json").send();
    assert_eq!(description.json()["openapi"], "3.1.0");
    assert_eq!(server.call("GET", "/health/ready").send().status, 200);
    let version = server.call("GET", "/v1/version").send().json();
    assert_eq!(version["artefact_sha256"].as_str().unwrap().len(), 64);
}
