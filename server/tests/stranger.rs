//! Every address refuses a stranger. The table of routes is the list; what a test here does not know how to try fails it.

mod support;

use packtwin_core::role::{Permission, Role};
use packtwin_server::http::route::{Access, Audience, RouteRow};
use packtwin_server::http::rows;
use serde_json::json;
use support::{Reply, Running};

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

/// What belongs to another tenant is answered like what is not there: status, headers and body (ATK-001 to 003).
#[test]
fn what_is_foreign_is_not_there() {
    let server = Running::start();
    let (ours, theirs) = server.site.two_tenants();
    let key = server.key(ours, &Permission::ALL);
    let their_user = server
        .person(theirs, "theirs@example.test", &[Role::Operator])
        .to_string();
    let their_key_id = {
        let key = server.key(theirs, &Permission::ALL);
        let mine = server.call("GET", "/v1/me").bearer(&key).send();
        mine.json()["id"].as_str().unwrap().to_owned()
    };
    for row in rows() {
        if row.access == Access::Open || !row.path.contains('{') || row.audience == Audience::People
        {
            continue;
        }
        let (foreign, unknown) = match row.path.split('/').nth(2) {
            Some("users") => (their_user.clone(), format!("usr_{}", "0".repeat(26))),
            Some("api-keys") => (their_key_id.clone(), format!("key_{}", "0".repeat(26))),
            _ => panic!(
                "say how {} {} is shown to refuse a stranger",
                row.method, row.path
            ),
        };
        let attempt = |id: &str| {
            let path = filled(&row, id);
            let call = server
                .call(row.method.as_str(), &path)
                .bearer(&key)
                .header("If-Match", "\"1\"");
            match row.method.as_str() {
                "PATCH" => call.json(&json!({ "state": "disabled" })),
                _ => call.send(),
            }
        };
        let (foreign, unknown, malformed) =
            (attempt(&foreign), attempt(&unknown), attempt("rubbish"));
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
        assert_eq!(
            shown(&foreign),
            shown(&malformed),
            "{} {}",
            row.method,
            row.path
        );
    }
    let state = server.call("GET", "/v1/me").bearer(&key).send();
    assert_eq!(state.status, 200);
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
