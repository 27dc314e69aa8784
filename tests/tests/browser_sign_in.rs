//! Signing in and out in a real browser, at a site that the real program serves (URS-UR-002, URS-UR-003, URS-UR-005).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use packtwin_tests::browser::{Browser, Screen};
use packtwin_tests::served_site::{LOGIN, NAME, PASSWORD, ServedSite};

#[test]
fn a_person_signs_in_looks_around_and_signs_out() {
    let Some(mut browser) = Browser::open("sign-in") else {
        return;
    };
    let site = ServedSite::start();
    let users = format!("{}/administration/users", site.url());

    // A stranger is sent to the sign-in page, and from there to where they wanted to be.
    browser.go(&users);
    browser.see("Sign in");
    assert_eq!(browser.path(), "/sign-in");
    browser.picture("1-sign-in");
    browser.try_sign_in(LOGIN, "not the password");
    browser.see("Name or password is wrong");
    browser.picture("2-refused");
    // The refusal is a 401, which a browser writes down by itself.
    let complaints = browser.complaints();
    assert!(
        complaints.iter().all(|text| text.contains("401")),
        "{complaints:?}"
    );
    browser.try_sign_in(LOGIN, PASSWORD);
    browser.see(NAME);
    assert_eq!(browser.path(), "/administration/users");
    browser.picture("3-users");

    // The same page in the other theme, and on a tablet.
    browser.theme("Dark");
    browser.picture("3-users");
    browser.screen(Screen::Tablet);
    browser.picture("3-users");
    browser.screen(Screen::Desk);
    browser.theme("Light");

    browser.go(&format!("{}/administration/api-keys", site.url()));
    browser.see("No API keys yet");
    browser.picture("4-no-keys");

    browser.go(&users);
    browser.sign_out();
    browser.go(&users);
    browser.see("Sign in");
    assert_eq!(browser.path(), "/sign-in");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
