//! Road 1 in a real browser, at a site that the real program serves: a file is dropped, checked, stored, sent,
//! acknowledged by the hub, and proven by a receipt (URS-SN-005, URS-SN-006, URS-SN-007, URS-SN-009).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use packtwin_tests::browser::Screen;
use packtwin_tests::served_site::ServedSite;
use packtwin_tests::story::{product_code, serial_csv};

/// Packs of the lot, with the thousands apart as pages write them.
const PACKS: usize = 1_200;
const PACKS_SHOWN: &str = "1,200 packs";

#[test]
fn a_file_becomes_an_acknowledged_lot() {
    let Some((mut browser, site)) = ServedSite::signed_in("road-one") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lot L42.csv");
    let serials = (0..PACKS).map(|number| format!("SN{number:08}"));
    std::fs::write(&file, serial_csv(&product_code(), "L42", "301231", serials)).unwrap();

    browser.picture("1-home");

    browser.click_beginning("Uploads");
    browser.see("Drop a serial file here");
    browser.picture("2-uploads");
    browser.upload(&file);
    browser.arrive("/uploads/");
    browser.see("lot L42.csv");
    browser.see_after_a_while("1,200 of 1,200 rows are right");
    browser.picture("3-checked");

    // Storing asks a second time, with the number.
    browser.click(&format!("Store {PACKS_SHOWN}"));
    browser.see(&format!("Store {PACKS_SHOWN}?"));
    browser.picture("4-store");
    browser.click(&format!("Store {PACKS_SHOWN}"));
    browser.see_after_a_while("The lot of this file is stored.");
    browser.picture("5-stored");

    browser.go(&format!("{}/lots/{}/L42", site.url(), product_code()));
    browser.see(&format!("1,200 of {PACKS_SHOWN} are not acknowledged"));
    browser.picture("6-lot");
    browser.click(&format!("Send {PACKS_SHOWN}"));
    browser.see(&format!("Send {PACKS_SHOWN} to the EU hub?"));
    browser.picture("7-send");
    browser.click(&format!("Send {PACKS_SHOWN}"));
    browser.see_after_a_while(&format!("All {PACKS_SHOWN} are acknowledged by the hub."));
    browser.picture("8-acknowledged");
    let code = format!("GTIN:{}", product_code());
    assert_eq!(site.hub().counts().products[&code].packs, PACKS as u64);
    browser.theme("Dark");
    browser.screen(Screen::Tablet);
    browser.picture("8-acknowledged");
    browser.screen(Screen::Desk);
    browser.theme("Light");

    browser.go(&format!(
        "{}/lots/{}/L42/receipt",
        site.url(),
        product_code()
    ));
    browser.see("Lot receipt for the Qualified Person");
    browser.see("What the hub acknowledged");
    browser.picture("9-receipt");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
