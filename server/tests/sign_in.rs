//! Signing in and out in a browser, and everything that ends a session (URS-UR-005, URS-AT-009).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_core::role::Role;
use packtwin_core::time::Clock;
use packtwin_tenants::store::user::UserState;
use support::{PASSWORD, Reply, Running};

const LOGIN: &str = "admin@example.test";

fn with_admin() -> Running {
    let server = Running::start();
    server.person(server.site.tenant("alder"), LOGIN, &[Role::Administrator]);
    server
}

fn users(server: &Running, cookie: &str) -> Reply {
    server
        .call("GET", "/administration/users")
        .cookie(cookie)
        .send()
}

/// ATK-025: HttpOnly and SameSite, for the whole host.
#[test]
fn a_person_signs_in_and_the_cookie_is_well_kept() {
    let server = with_admin();
    let reply = server.try_sign_in(LOGIN, PASSWORD);
    assert_eq!((reply.status, reply.header("location")), (303, Some("/")));
    let cookie = reply.header("set-cookie").unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(
            cookie.contains(attribute),
            "{cookie} should say {attribute}"
        );
    }
    let page = users(
        &server,
        &format!("pt_session={}", reply.cookie("pt_session").unwrap()),
    );
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains(LOGIN) && page.body.contains("<title>TEST"),
        "{}",
        page.body
    );
}

/// ATK-015: a wrong password and an unknown name are answered alike.
#[test]
fn nobody_learns_which_names_exist() {
    let server = with_admin();
    let words = |login: &str| {
        let reply = server.try_sign_in(login, "not the password at all");
        assert_eq!(reply.status, 401);
        assert!(reply.cookie("pt_session").is_none());
        let csrf = reply.csrf();
        reply.body.replace(&csrf, "").replace(login, "")
    };
    assert_eq!(words(LOGIN), words("nobody@example.test"));
}

/// ATK-014: guessing is slowed; the right password works after the wait.
#[test]
fn guessing_is_slowed() {
    let server = with_admin();
    let refused = (0..20)
        .map(|_| server.try_sign_in(LOGIN, "wrong wrong wrong"))
        .find(|reply| reply.status == 429);
    let wait: i64 = refused
        .unwrap()
        .header("retry-after")
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(server.try_sign_in(LOGIN, PASSWORD).status, 429);
    server.clock.forward(wait);
    assert_eq!(server.try_sign_in(LOGIN, PASSWORD).status, 303);
}

/// ATK-021, ATK-022, ATK-029 and the limits of time.
#[test]
fn whatever_ends_a_session_ends_it_with_the_next_request() {
    let server = with_admin();
    let tenant = server.site.tenant("birch");
    let scope = server.site.scope_of(tenant);
    let now = || server.clock.now();
    let person = |login: &str| {
        let id = server.person(tenant, login, &[Role::Administrator]);
        (id, server.sign_in(login))
    };
    let gone = |cookie: &str| users(&server, cookie).status == 303;

    let (_, cookie) = person("leaves@example.test");
    let page = users(&server, &cookie);
    let out = server
        .call("POST", "/sign-out")
        .cookie(&cookie)
        .origin(&server.url)
        .form(&[("csrf", &page.csrf())]);
    assert_eq!(out.status, 303, "{}", out.body);
    assert_eq!(out.cookie("pt_session").as_deref(), Some(""));
    assert!(gone(&cookie), "signed out");

    let (id, cookie) = person("disabled@example.test");
    scope
        .change(now(), |writer| {
            writer.user_state_set(id, UserState::Disabled, 1)
        })
        .unwrap();
    assert!(gone(&cookie), "disabled");

    let (id, cookie) = person("demoted@example.test");
    scope
        .change(now(), |writer| {
            writer.user_roles_set(id, &[Role::Operator], 1)
        })
        .unwrap();
    assert_eq!(users(&server, &cookie).status, 403, "another role");

    let (_, cookie) = person("rests@example.test");
    server.clock.forward(29 * 60);
    assert!(!gone(&cookie));
    server.clock.forward(31 * 60);
    assert!(gone(&cookie), "idle for half an hour");

    let (_, cookie) = person("works@example.test");
    for _ in 0..29 {
        server.clock.forward(25 * 60);
        users(&server, &cookie);
    }
    assert!(gone(&cookie), "twelve hours are over");
}

/// ATK-023: what a browser brought before signing in means nothing afterwards.
#[test]
fn a_planted_session_is_useless() {
    let server = with_admin();
    let (first, second) = (server.sign_in(LOGIN), server.sign_in(LOGIN));
    assert_ne!(first, second);
    assert_eq!(users(&server, "pt_session=planted").status, 303);
}

/// ATK-024: a change must begin on a page of the site and carry its form token.
#[test]
fn a_foreign_page_changes_nothing() {
    let server = with_admin();
    let cookie = server.sign_in(LOGIN);
    let csrf = users(&server, &cookie).csrf();
    let invite = |origin: Option<&str>, site: Option<&str>, token: &str| {
        let mut call = server.call("POST", "/administration/users").cookie(&cookie);
        if let Some(origin) = origin {
            call = call.origin(origin);
        }
        if let Some(site) = site {
            call = call.header("Sec-Fetch-Site", site);
        }
        call.form(&[
            ("login", "new@example.test"),
            ("name", "New"),
            ("role", "operator"),
            ("csrf", token),
        ])
        .status
    };
    let ours = server.url.as_str();
    for (origin, site, token) in [
        (Some("https://evil.example"), None, csrf.as_str()),
        (None, None, &csrf),
        (Some(ours), Some("cross-site"), &csrf),
        (Some(ours), None, ""),
        (Some(ours), None, &"0".repeat(64)),
    ] {
        assert_eq!(invite(origin, site, token), 403, "{origin:?} {site:?}");
    }
    let script = server
        .call("POST", "/v1/api-keys")
        .cookie(&cookie)
        .origin(ours);
    let body = serde_json::json!({ "name": "x", "scopes": ["lots:read"] });
    assert_eq!(script.json(&body).status, 403, "a script without its token");
    assert_eq!(invite(Some(ours), None, &csrf), 200);
    let script = server
        .call("POST", "/v1/api-keys")
        .cookie(&cookie)
        .origin(ours)
        .header("X-CSRF-Token", &csrf);
    assert_eq!(script.json(&body).status, 201);

    // Signing someone in unasked is an attack as well.
    let page = server.call("GET", "/sign-in").send();
    let visit = format!("pt_visit={}", page.cookie("pt_visit").unwrap());
    let fields = [
        ("user", LOGIN),
        ("password", PASSWORD),
        ("csrf", &page.csrf()),
    ];
    assert_eq!(
        server
            .call("POST", "/sign-in")
            .cookie(&visit)
            .origin("https://evil.example")
            .form(&fields)
            .status,
        403
    );
    assert_eq!(
        server
            .call("POST", "/sign-in")
            .origin(ours)
            .form(&fields)
            .status,
        403
    );
}
