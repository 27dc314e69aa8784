//! What the hub refused stands on its lot or product until it left anew, and no pack stands in two lines of a difference
//! (URS-SN-009, URS-CN-006; HUB-206, HUB-210).

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use packtwin_app::error::AppError;
use packtwin_app::house::HouseSettings;
use packtwin_app::lot::{
    SendWhat, change_states, difference_list, recall_lot, request_send, view_lot,
};
use packtwin_app::message::{FarRefusal, refusals_of_product, retry_message};
use packtwin_app::product::{create_product, product_of, send_version, withdraw_product};
use packtwin_app::upload::request_commit;
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::ids::MessageId;
use packtwin_core::market::Market;
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_simulators::eu_hub::{Fault, Switches};
use packtwin_tenants::testing::{TestSite, for_each_engine};
use packtwin_tests::story::{Story, master_data, product_code, serial_csv};

fn tell(check: impl Fn(Story<'_>)) {
    for_each_engine(|site: &TestSite| {
        let story = Story::begin(site, HouseSettings::default());
        let data = master_data("Alderine 10 mg film-coated tablets", &["DE", "AT"]);
        create_product(&story.desk(), product_code(), &data).unwrap();
        send_version(&story.desk(), &product_code(), 1).unwrap();
        story.dispatch_all();
        check(story);
    });
}

fn batch() -> BatchNumber {
    BatchNumber::parse("L1").unwrap()
}

/// Stores nine packs of lot `L1`.
fn stored(story: &Story<'_>) {
    let serials = (1..=9).map(|number| format!("A{number}"));
    let file = serial_csv(&product_code(), "L1", "290630", serials);
    let upload = story.receive_and_check("lot.csv", &file);
    request_commit(&story.desk(), upload, Vec::new()).unwrap();
    story.work();
}

fn send(story: &Story<'_>, what: SendWhat) {
    request_send(&story.desk(), &product_code(), &batch(), what).unwrap();
    story.work();
    story.dispatch_all();
}

/// The hub refuses the next message as a whole.
fn refuse_next(story: &Story<'_>) {
    story.hub.set_switches(Switches {
        next: [Fault::Refuse {
            code: "A16".to_owned(),
            place: "Batch".to_owned(),
        }]
        .into(),
        ..Switches::default()
    });
}

fn refusals(story: &Story<'_>) -> Vec<FarRefusal> {
    let lot = view_lot(&story.desk(), &product_code(), &batch());
    lot.unwrap().refusals
}

/// Sends a refused message anew, which goes once.
fn again(story: &Story<'_>, message: MessageId) -> MessageId {
    let desk = story.desk();
    let anew = retry_message(&desk, message).unwrap();
    assert_ne!(anew, message);
    match retry_message(&desk, message) {
        Err(AppError::Refused(refusals)) => assert_eq!(refusals.code(), Code::HubRefused),
        other => panic!("a refusal was expected, not {other:?}"),
    }
    story.dispatch_all();
    let read = |id| desk.scope().read(|reader| reader.message_get(id));
    let (first, second) = (read(message).unwrap(), read(anew).unwrap());
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(second.event_at, first.event_at);
    anew
}

#[test]
fn a_refused_recall_stands_on_its_lot_and_goes_anew() {
    tell(|story| {
        stored(&story);
        send(&story, SendWhat::Unsent);
        refuse_next(&story);
        let markets: Vec<Market> = ["AT", "DE"].map(|market| market.parse().unwrap()).into();
        let recalled = recall_lot(
            &story.desk(),
            &product_code(),
            &batch(),
            &markets,
            "wrong leaflet",
        );
        story.dispatch_all();
        let [refusal] = &refusals(&story)[..] else {
            panic!("one refusal stands")
        };
        assert_eq!(refusal.message, recalled.unwrap());
        assert_eq!(refusal.what, "recall in AT, DE");
        assert!(refusal.reason().starts_with("A16: "), "{refusal:?}");
        let lines = difference_list(&story.desk(), &product_code(), &batch()).unwrap();
        assert!(lines.iter().any(|line| line.why.contains("A16")));
        again(&story, refusal.message);
        assert_eq!(refusals(&story), []);
        let hub = story.hub.counts();
        let held = &hub.products[&format!("GTIN:{}", product_code())];
        assert_eq!(held.recalled["L1"], ["AT", "DE"]);
    });
}

#[test]
fn a_refused_change_of_states_stands_on_its_lot_and_goes_anew() {
    tell(|story| {
        stored(&story);
        send(&story, SendWhat::Unsent);
        refuse_next(&story);
        let serials = ["A1", "A3"].map(|text| Serial::parse(text).unwrap());
        let desk = story.desk();
        let (code, lot) = (product_code(), batch());
        change_states(&desk, &code, &lot, &serials, PackState::Stolen).unwrap();
        story.dispatch_all();
        let [refusal] = &refusals(&story)[..] else {
            panic!("one refusal stands")
        };
        assert_eq!(refusal.packs, 2);
        let lines = difference_list(&desk, &code, &lot).unwrap();
        assert_eq!(lines.iter().map(|line| line.packs).sum::<u64>(), 2);
        again(&story, refusal.message);
        assert_eq!(refusals(&story), []);
        assert_eq!(difference_list(&desk, &code, &lot).unwrap(), []);
        let hub = story.hub.counts();
        let held = &hub.products[&format!("GTIN:{code}")];
        assert_eq!(held.states["Stolen"], 2);
    });
}

#[test]
fn a_refused_withdrawal_stands_on_its_product_and_goes_anew_until_it_is_taken() {
    tell(|story| {
        let standing = || {
            story.desk().scope().read(|reader| {
                let product = product_of(reader, &product_code())?;
                refusals_of_product(reader, product.no)
            })
        };
        refuse_next(&story);
        let de = ["DE".parse().unwrap()];
        withdraw_product(&story.desk(), &product_code(), &de, "marketing stopped").unwrap();
        story.dispatch_all();
        let first = standing().unwrap();
        refuse_next(&story);
        let second = again(&story, first[0].message);
        let refused_again: Vec<_> = standing().unwrap();
        assert_eq!(refused_again.len(), 1);
        assert_eq!(refused_again[0].message, second);
        again(&story, second);
        assert_eq!(standing().unwrap(), []);
    });
}

/// Nine packs, refused as a whole: nine stand in the difference, under the hub's reason, and none when they are taken.
#[test]
fn packs_refused_as_a_whole_stand_in_one_line() {
    tell(|story| {
        stored(&story);
        let lines = || {
            let lines = difference_list(&story.desk(), &product_code(), &batch()).unwrap();
            lines
                .into_iter()
                .map(|line| (line.packs, line.why))
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(), [(9, "not sent yet".to_owned())]);
        refuse_next(&story);
        send(&story, SendWhat::Unsent);
        let [(9, why)] = &lines()[..] else {
            panic!("{:?}", lines())
        };
        assert!(why.starts_with("refused as a whole: A16: "), "{why}");
        assert_eq!(refusals(&story)[0].packs, 9);
        send(&story, SendWhat::Difference);
        assert_eq!(lines(), []);
        assert_eq!(refusals(&story), []);
    });
}
