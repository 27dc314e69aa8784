//! Signing in and out in a real browser, at a site that the real program serves (URS-UR-002, URS-UR-003, URS-UR-005).

use std::path::Path;

use packtwin_core::environment::Environment;
use packtwin_core::role::Role;
use packtwin_core::time::Timestamp;
use packtwin_tenants::engine::Engine;
use packtwin_tenants::password::{NewPassword, PasswordOwner};
use packtwin_tenants::site::{Site, SiteSettings};
use packtwin_tenants::store::user::NewUser;
use packtwin_tests::browser::{Browser, Screen};
use packtwin_tests::server_process::{ServerProcess, free_port, program};

const LOGIN: &str = "anna@alder.example";
const PASSWORD: &str = "quiet otters fold maps 71";

/// A site in a folder with one tenant and its administrator, made as an operator makes it, and served.
fn served_site(folder: &Path) -> ServerProcess {
    let url = format!("http://127.0.0.1:{}", free_port());
    let database = folder.join("site.db");
    let configuration = folder.join("packtwin.toml");
    let text = format!(
        "environment = 'test'\nlisten = '{}'\npublic_url = '{url}'\ndatabase = '{}'\nfolder = '{}'\n",
        url.trim_start_matches("http://"),
        database.display(),
        folder.display()
    );
    std::fs::write(&configuration, text).unwrap();
    let migrated = program()
        .arg("migrate")
        .arg("--config")
        .arg(&configuration)
        .output()
        .unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    found_tenant(folder, &database);
    ServerProcess::serve(&configuration, &url)
}

fn found_tenant(folder: &Path, database: &Path) {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    let now = Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap());
    let settings = SiteSettings {
        engine: Engine::Sqlite {
            path: database.display().to_string(),
        },
        folder: folder.to_owned(),
        environment: Environment::Test,
        connections: 2,
    };
    let site = Site::open(settings, now).unwrap();
    let tenant = site
        .tenant_create("Alder Pharma", "alder", "Europe/Berlin", now)
        .unwrap();
    let owner = PasswordOwner {
        login: LOGIN,
        name: "Anna Alder",
        tenant: "Alder Pharma",
    };
    let password = NewPassword::check(PASSWORD, owner, None).unwrap().unwrap();
    let anna = NewUser {
        login: LOGIN,
        name: "Anna Alder",
        language: "en",
        roles: &[Role::Administrator],
        password: password.hash().unwrap(),
    };
    site.system_scope(tenant, "story")
        .change(now, |writer| writer.user_create(anna))
        .unwrap();
}

#[test]
fn a_person_signs_in_looks_around_and_signs_out() {
    let Some(mut browser) = Browser::open("sign-in") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let server = served_site(folder.path());
    let users = format!("{}/administration/users", server.url());

    // A stranger is sent to the sign-in page, and from there to where they wanted to be.
    browser.go(&users);
    browser.see("Sign in");
    assert_eq!(browser.path(), "/sign-in");
    browser.picture("1-sign-in");
    browser.try_sign_in(LOGIN, "not the password");
    browser.see("Name or password is wrong");
    browser.picture("2-refused");
    browser.try_sign_in(LOGIN, PASSWORD);
    browser.see("Anna Alder");
    assert_eq!(browser.path(), "/administration/users");
    browser.picture("3-users");

    // The same page in the other theme, and on a tablet.
    browser.theme("Dark");
    browser.picture("3-users");
    browser.screen(Screen::Tablet);
    browser.picture("3-users");
    browser.screen(Screen::Desk);
    browser.theme("Light");

    browser.go(&format!("{}/administration/api-keys", server.url()));
    browser.see("No API keys yet");
    browser.picture("4-no-keys");

    browser.go(&users);
    browser.sign_out();
    browser.go(&users);
    browser.see("Sign in");
    assert_eq!(browser.path(), "/sign-in");
}
