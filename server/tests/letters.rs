//! Letters by mail, with a folder as the mailbox: an invitation whose link works once, and reminders before a key ends, each
//! in the reader's language and each told once (URS-ID-004, URS-UR-002).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use std::path::Path;

use packtwin_core::role::{Permission, Role};
use serde_json::json;
use support::{PASSWORD, Running};
use tempfile::TempDir;

/// A served site whose letters go into a folder.
fn served_with_mailbox() -> (Running, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start_with(&[
        ("PACKTWIN_MAIL_SENDER", "packtwin@alder.example"),
        ("PACKTWIN_MAIL_FOLDER", folder.path().to_str().unwrap()),
    ]);
    (server, folder)
}

/// What lies in the mailbox, decoded as far as these letters need it.
fn mailbox(folder: &Path) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut letters: Vec<String> = files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .map(|letter| letter.replace("=\r\n", "").replace("=3D", "="))
        .collect();
    letters.sort();
    letters
}

fn link(letter: &str) -> String {
    let start = letter.find("/set-password?token=").unwrap();
    letter[start..]
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn an_invitation_comes_by_mail_and_its_link_works_once() {
    let (server, folder) = served_with_mailbox();
    let tenant = server.site.tenant("alder");
    let key = server.key(tenant, &Permission::ALL);
    let made = server.call("POST", "/v1/users").bearer(&key).json(&json!({
        "login": "qp@alder.example", "name": "Qualified Person", "language": "de", "roles": ["qualified_person"],
    }));
    assert_eq!(made.status, 201, "{}", made.body);
    let user = made.json()["id"].as_str().unwrap().to_owned();
    server.work();
    let [letter] = &mailbox(folder.path())[..] else {
        panic!("one letter: {:?}", mailbox(folder.path()));
    };
    assert!(letter.contains("To: qp@alder.example"), "{letter}");
    assert!(letter.contains("Guten Tag Qualified Person"), "{letter}");
    // Nothing of the link rests in the store.
    let kept = server
        .site
        .system_scope(tenant, "test")
        .read(|reader| reader.letter_list("invitation", 9))
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].data.to_string().contains("token"), "{kept:?}");

    // Asked for once more, before the first link was used: two letters, two links, and both end with the first password.
    let again = format!("/v1/users/{user}:invite");
    let again = server.call("POST", &again).bearer(&key).json(&json!({}));
    assert_eq!(again.status, 200, "{}", again.body);
    let own = link(letter);
    let page = server
        .call("GET", &own)
        .header("Accept", "text/html")
        .send();
    assert_eq!(page.status, 200, "{}", page.body);
    let token = own.split_once("token=").unwrap().1;
    let visit = format!("pt_visit={}", page.cookie("pt_visit").unwrap());
    let set = server
        .call("POST", "/set-password")
        .cookie(&visit)
        .origin(&server.url)
        .header("Accept", "text/html")
        .form(&[
            ("csrf", page.csrf().as_str()),
            ("token", token),
            ("password", PASSWORD),
            ("repeat", PASSWORD),
        ]);
    assert_eq!(set.status, 303, "{}", set.body);
    assert_eq!(server.try_sign_in("qp@alder.example", PASSWORD).status, 303);
    // The second letter was still waiting: it is void now, and nobody is written to.
    server.work();
    assert_eq!(mailbox(folder.path()).len(), 1);
}

#[test]
fn an_administrator_is_reminded_once_before_a_key_ends() {
    let (server, folder) = served_with_mailbox();
    let tenant = server.site.tenant("alder");
    server.person(tenant, "admin@alder.example", &[Role::Administrator]);
    server.person(tenant, "qp@alder.example", &[Role::QualifiedPerson]);
    let key = server.key(tenant, &Permission::ALL);
    let ends = server.house.now().plus_days(20).to_string();
    let made = server
        .call("POST", "/v1/api-keys")
        .bearer(&key)
        .json(&json!({
            "name": "ERP of the warehouse", "scopes": ["lots:read"], "expires_at": ends,
        }));
    assert_eq!(made.status, 201, "{}", made.body);

    let remind = || packtwin_app::expiring::remind(&server.house).unwrap();
    let first = remind();
    assert_eq!((remind(), remind()), (0, 0), "told once");
    server.work();
    let about = |letter: &&String| letter.contains("ERP of the warehouse");
    let letters = mailbox(folder.path());
    assert_eq!(letters.len() as u64, first);
    let letters: Vec<&String> = letters.iter().filter(about).collect();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].contains("To: admin@alder.example"));

    server.clock.forward(14 * 86_400);
    assert!(remind() >= 1, "again when a week is left");
    server.clock.forward(7 * 86_400);
    remind();
    server.work();
    let told = mailbox(folder.path());
    assert_eq!(told.iter().filter(about).count(), 2, "never after the end");
}
