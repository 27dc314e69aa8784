//! Uploads in a real browser: a file dropped for a partner, fixes accepted on its page, a mapping tried and kept; and an
//! upload that is paused, survives a reload of the page and goes on (URS-SN-005, URS-SN-006).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use packtwin_tests::browser::Screen;
use packtwin_tests::served_site::ServedSite;
use packtwin_tests::story::product_code;

#[test]
fn a_dropped_file_is_mapped_for_its_partner_and_its_fixes_are_accepted() {
    let Some((mut browser, site)) = ServedSite::signed_in("upload-fixes") else {
        return;
    };
    let code = product_code();
    // Headings that nobody could guess, and a serial that stands there twice.
    let file = |lot: &str| {
        let mut text = String::from("eins;zwei;drei;vier\r\n");
        for number in [1, 2, 3, 4, 2] {
            text.push_str(&format!("{lot}{number:06};{code};{lot};301231\r\n"));
        }
        text
    };
    browser.go(&format!("{}/uploads", site.url()));
    browser.fill("From which partner", "Packager North");
    browser.picture("1-partner");
    browser.drop_file("P1.csv", &file("P1"));
    browser.arrive("/uploads/");
    browser.see_after_a_while("needs a decision");
    browser.click_beginning("Map the columns");
    browser.choose("Column 1", "Serial");
    browser.choose("Column 2", "Product code");
    browser.choose("Column 3", "Lot");
    browser.choose("Column 4", "Expiry");
    browser.fill("Name of the mapping", "four columns");
    browser.click("Try the first 1,000 rows");
    browser.see("5 of 5 rows come out right");
    browser.see("P1000001");
    browser.see("2030-12-31");
    browser.picture("2-trial");
    browser.click("Save and check the file");
    browser.see_after_a_while("1 row would be right with the proposals below");
    browser.see("4 of 5 rows are right; 0 of 1 lot can be stored.");
    browser.picture("3-findings");
    browser.click("Accept 1 fix");
    browser.see_after_a_while("Take the fixes back");
    browser.see("Store 4 packs");
    browser.picture("4-accepted");

    // The next file of the same partner is read without a question.
    browser.go(&format!("{}/uploads", site.url()));
    browser.fill("From which partner", "Packager North");
    browser.drop_file("P2.csv", &file("P2"));
    browser.arrive("/uploads/");
    browser.see_after_a_while("4 of 5 rows are right");
    browser.see("Packager North");
    browser.screen(Screen::Tablet);
    browser.picture("5-next-file");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_paused_upload_goes_on_after_the_page_was_loaded_again() {
    let Some((browser, site)) = ServedSite::signed_in("upload-resume") else {
        return;
    };
    let code = product_code();
    // Two parts and a little: rows with a remark make a file large without making it long.
    let remark = "x".repeat(300);
    let mut text = String::from("Seriennummer;GTIN;Charge;Verfalldatum;Bemerkung\r\n");
    for number in 0..27_000 {
        text.push_str(&format!("RS{number:08};{code};R1;301231;{remark}\r\n"));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("R1 large.csv");
    std::fs::write(&file, &text).unwrap();

    browser.go(&format!("{}/uploads", site.url()));
    // The line breaks down after the first part: no later part ever arrives.
    let slow = "const send = window.fetch; let parts = 0;
        window.fetch = (href, call) => call?.method === 'PATCH' && ++parts > 1 ? new Promise(() => {}) : send(href, call);";
    browser.script(slow, Vec::new());
    browser.upload(&file);
    browser.see("4.0 MiB of");
    browser.click("Pause");
    browser.see("Go on");
    browser.picture("1-paused");

    browser.go(&format!("{}/uploads", site.url()));
    browser.see("stopped half-way. Choose the same file to go on; nothing is lost.");
    browser.picture("2-reloaded");
    let requests = "const send = window.fetch; window.offsets = [];
        window.fetch = (href, call) => { if (call?.method === 'PATCH') window.offsets.push(call.headers['Upload-Offset']); \
        sessionStorage.setItem('offsets', window.offsets.join(' ')); return send(href, call); };";
    browser.script(requests, Vec::new());
    browser.upload(&file);
    browser.arrive("/uploads/");
    let offsets = browser.script("return sessionStorage.getItem('offsets')", Vec::new());
    assert_eq!(
        offsets.as_str().unwrap(),
        "4194304 8388608",
        "only what was missing was sent"
    );
    browser.see_after_a_while("27,000 of 27,000 rows are right");
    browser.picture("3-checked");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
