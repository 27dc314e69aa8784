//! The screens around road 1 in a real browser, at a site that the real program serves: products with a new version and a
//! further market, the connector with its simulator and a message, administration, and the main job by the keyboard alone
//! (URS-SN-001, URS-CN-009, URS-UR-002, URS-UR-003).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use packtwin_simulators::eu_hub::Fault;
use packtwin_tests::browser::{Browser, ENTER, ESCAPE, Screen};
use packtwin_tests::served_site::{LOGIN, PASSWORD, ServedSite};
use packtwin_tests::story::{product_code, serial_csv};

#[test]
fn a_product_gets_a_version_for_a_further_market_and_is_compared() {
    let Some((mut browser, site)) = ServedSite::signed_in("products") else {
        return;
    };
    browser.click("Products");
    browser.see("Alderine 10 mg film-coated tablets");
    browser.picture("1-list");
    browser.go(&format!("{}/products/{}", site.url(), product_code()));
    browser.see("acknowledged");
    browser.click("New version");
    browser.arrive(&format!("/products/{}/versions/new", product_code()));
    let market = [
        ("market_2", "FR"),
        ("market_2_national_code", "3400912345678"),
        ("market_2_holder_id", "H-3"),
        ("market_2_holder_name", "Alder France"),
        ("market_2_holder_street", "Rue des Bouleaux 4"),
        ("market_2_holder_postal_code", "75001"),
        ("market_2_holder_city", "Paris"),
        ("market_2_holder_country", "FR"),
        ("market_2_wholesaler_0_id", "W-3"),
        ("market_2_wholesaler_0_name", "Bouleau Gros"),
        ("market_2_wholesaler_0_street", "Rue des Bouleaux 5"),
        ("market_2_wholesaler_0_postal_code", "75001"),
        ("market_2_wholesaler_0_city", "Paris"),
        ("market_2_wholesaler_0_country", "FR"),
    ];
    for (name, value) in market {
        browser.fill_named(name, value);
    }
    browser.fill("Strength", "10 mg/ml");
    browser.picture("2-new-version");
    browser.click("Add the version");
    browser.see("draft");
    browser.click("Send version 2 to the hub");
    browser.see_after_a_while("Alder France");
    browser.wait_for_state("acknowledged");
    browser.picture("3-acknowledged");

    // The hub's copy says otherwise: the difference stands beside ours.
    browser.go(&format!("{}/connectors/eu_hub", site.url()));
    browser.click("Set the switches");
    browser.fill_named("drift_element", "Name");
    browser.fill_named("drift_value", "Alderine ten");
    browser.picture("4-drift-switched");
    browser.click_button("Set the switches");
    browser.see("its copies of a product say Alderine ten in Name");
    browser.go(&format!("{}/products/{}", site.url(), product_code()));
    browser.click("Read the hub's copy");
    browser.see("Alderine ten");
    browser.screen(Screen::Tablet);
    browser.theme("Dark");
    browser.picture("5-drift");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_message_that_the_simulator_refuses_is_explained_and_sent_again() {
    let Some((browser, site)) = ServedSite::signed_in("connector") else {
        return;
    };
    browser.click("Connectors");
    browser.click("EU hub");
    browser.see("SIMULATOR · a stand-in on this machine, no real hub");
    browser.click("Check credentials");
    browser.see("The far side let us through");
    browser.click("Set the switches");
    browser.choose("Fault", "it takes a part: every nth pack is refused");
    browser.fill("Every nth pack", "10");
    browser.picture("1-switches");
    browser.click_button("Set the switches");
    browser.see("for the next document it takes a part");
    assert_eq!(site.hub().switches().next, [Fault::RefuseEvery { nth: 10 }]);
    browser.picture("2-switched");

    let serials = (0..40).map(|number| format!("MSG{number:05}"));
    let text = serial_csv(&product_code(), "M1", "301231", serials);
    browser.go(&format!("{}/uploads", site.url()));
    browser.drop_file("M1.csv", &String::from_utf8(text).unwrap());
    browser.arrive("/uploads/");
    browser.see_after_a_while("40 of 40 rows are right");
    browser.click("Store 40 packs");
    browser.see("Store 40 packs?");
    browser.click("Store 40 packs");
    browser.see_after_a_while("The lot of this file is stored.");
    let lot = format!("{}/lots/{}/M1", site.url(), product_code());
    browser.go(&lot);
    browser.click("Send 40 packs");
    browser.see("Send 40 packs to the EU hub?");
    browser.click("Send 40 packs");
    browser.see_after_a_while("4 of 40 packs are not acknowledged");
    browser.picture("3-difference");

    browser.click("Messages");
    browser.see("acknowledged in part");
    browser.press("j");
    browser.see("acknowledged in part");
    browser.click_first_row();
    browser.arrive("/messages/");
    browser.see("What was meant, and what was sent");
    browser.see("HubMessage/ProductPackData/Batch");
    browser.picture("4-message");
    browser.go(&lot);
    browser.click("Send the difference only: 4 packs");
    browser.see("4 packs");
    browser.click_button_beginning("Send");
    browser.see_after_a_while("All 40 packs are acknowledged by the hub.");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn an_administrator_invites_gives_a_key_and_adds_a_webhook() {
    let Some((mut browser, _site)) = ServedSite::signed_in("administration") else {
        return;
    };
    browser.click("Administration");
    browser.arrive("/administration/users");
    browser.click("Invite a person");
    browser.fill("Name", "Packaging Specialist");
    browser.fill("Sign-in name", "specialist@alder.example");
    browser.click("Operator");
    browser.picture("1-invite");
    browser.click("Invite this person");
    browser.see("The invitation link");
    browser.see("/set-password?token=");
    browser.click("Roles");
    browser.see("Packaging data specialist");
    browser.picture("2-roles");

    browser.click("API keys");
    browser.click("Create an API key");
    browser.fill("What it is for", "ERP of the warehouse");
    browser.choose("Ends after", "90 days");
    browser.click_beginning("lots:read");
    browser.click("Create key");
    browser.see("pt_test_");
    browser.click("I have copied it");
    browser.see("ERP of the warehouse");

    browser.click("Webhooks");
    browser.see("No webhooks yet");
    browser.click("Add a webhook");
    browser.fill("Address", "ftp://nowhere");
    browser.click("Add webhook");
    browser.see("2 things to mend");
    browser.picture("3-webhook-refused");
    browser.fill("Address", "http://127.0.0.1:9/hooks");
    browser.click_beginning("A job ended");
    browser.click("Add webhook");
    browser.see("It is shown once and kept nowhere in clear");
    browser.picture("4-webhook-secret");
    browser.click("I have copied it");
    browser.see("Nothing was told yet");
    browser.click("Pause");
    browser.see("paused");
    browser.click("New signing secret");
    browser.see("The old secret is void at once");
    browser.click("Make a new secret");
    browser.see("whsec_");
    browser.click("I have copied it");
    browser.see("New signing secret made");
    browser.picture("5-webhook");
    browser.click("Remove");
    browser.click("Remove this webhook");
    browser.see("No webhooks yet");

    browser.click("Ending soon");
    browser.see("Packaging Specialist");
    browser.see("ERP of the warehouse");
    browser.screen(Screen::Tablet);
    browser.picture("6-ending-soon");
    browser.click("Audit trail");
    browser.see("Webhook removed");
    browser.see("chain unbroken");
    browser.picture("7-audit");
    // What was refused is a 422, which the browser notes like a file that is missing.
    let complaints = browser.complaints();
    assert!(
        complaints.iter().all(|said| said.contains("422")),
        "{complaints:?}"
    );
}

/// The main job without a mouse; only the choice of the file is the driver's, for want of a file dialogue.
#[test]
fn the_main_job_is_done_by_the_keyboard_alone() {
    let Some(browser) = Browser::open("keyboard") else {
        return;
    };
    let site = ServedSite::start();
    browser.go(&format!("{}/sign-in", site.url()));
    browser.tab_to("Sign-in name");
    browser.press(LOGIN);
    browser.tab_to("Password");
    browser.press(PASSWORD);
    browser.press(ENTER);
    browser.see("Nothing waits");
    browser.tab_to("Uploads");
    browser.press(ENTER);
    browser.see("Drop a serial file here");
    let serials = (0..60).map(|number| format!("KEY{number:05}"));
    let text = serial_csv(&product_code(), "K1", "301231", serials);
    browser.drop_file("K1.csv", &String::from_utf8(text).unwrap());
    browser.arrive("/uploads/");
    browser.see_after_a_while("60 of 60 rows are right");
    browser.tab_to("Store 60 packs");
    browser.press(ENTER);
    browser.see("Store 60 packs?");
    browser.tab_to("Store 60 packs");
    browser.picture("1-focus");
    browser.press(ENTER);
    browser.see_after_a_while("The lot of this file is stored.");
    browser.tab_to("Lots");
    browser.press(ENTER);
    browser.arrive("/lots");
    browser.see("to send");
    browser.press("j");
    browser.wait_for_focus("K1");
    browser.press(ENTER);
    browser.see("60 of 60 packs are not acknowledged");
    browser.tab_to("Send 60 packs");
    browser.press(ENTER);
    browser.see("Send 60 packs to the EU hub?");
    browser.tab_to("Send 60 packs");
    browser.press(ENTER);
    browser.see_after_a_while("All 60 packs are acknowledged by the hub.");
    browser.tab_to("Receipt for the Qualified Person");
    browser.press(ENTER);
    browser.see("Lot receipt for the Qualified Person");
    browser.press(ESCAPE);
    browser.see("All 60 packs are acknowledged by the hub.");
    browser.press("/");
    browser.wait_for_focus("");
    browser.press("KEY00007");
    browser.press(ENTER);
    browser.see("Search");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
