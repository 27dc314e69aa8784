//! Road 1 market by market: what is withdrawn or recalled in one market is still stored and sent for the others
//! (EU 2016/161 Art. 33(2)(d), 40(a); emvs.md 2.1, EMVS-099).

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use packtwin_app::error::AppError;
use packtwin_app::house::HouseSettings;
use packtwin_app::lot::{SendWhat, change_states, recall_lot, request_send, view_lot};
use packtwin_app::market::{ClosedMarket, Closing};
use packtwin_app::message::view_message;
use packtwin_app::product::{create_product, send_version, withdraw_product};
use packtwin_app::upload::request_commit;
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::fact::{Fact, FactKind};
use packtwin_core::finding::Severity;
use packtwin_core::ids::UploadId;
use packtwin_core::market::Market;
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_tenants::store::upload_result::FindingSum;
use packtwin_tenants::testing::{TestSite, for_each_engine};
use packtwin_tests::story::{Story, master_data, product_code, serial_csv};

fn tell(check: impl Fn(Story<'_>)) {
    for_each_engine(|site: &TestSite| {
        let story = Story::begin(site, HouseSettings::default());
        let data = master_data("Alderine 10 mg film-coated tablets", &["AT", "DE"]);
        create_product(&story.desk(), product_code(), &data).unwrap();
        send_version(&story.desk(), &product_code(), 1).unwrap();
        story.dispatch_all();
        check(story);
    });
}

fn batch(text: &str) -> BatchNumber {
    BatchNumber::parse(text).unwrap()
}

fn market(text: &str) -> Market {
    text.parse().unwrap()
}

fn checked(story: &Story<'_>, lot: &str, serials: &[&str]) -> UploadId {
    let rows = serials.iter().map(|serial| (*serial).to_owned());
    story.receive_and_check("lot.csv", &serial_csv(&product_code(), lot, "290630", rows))
}

fn findings(story: &Story<'_>, upload: UploadId) -> Vec<FindingSum> {
    let desk = story.desk();
    desk.scope()
        .read(|reader| reader.upload_findings(upload))
        .unwrap()
}

fn committed(story: &Story<'_>, upload: UploadId) {
    request_commit(&story.desk(), upload, Vec::new()).unwrap();
    story.work();
}

fn sent(story: &Story<'_>, lot: &str) {
    let (desk, code) = (story.desk(), product_code());
    request_send(&desk, &code, &batch(lot), SendWhat::Unsent).unwrap();
    story.work();
    story.dispatch_all();
}

fn withdrawn(story: &Story<'_>, name: &str) {
    let markets = [market(name)];
    withdraw_product(&story.desk(), &product_code(), &markets, "stopped there").unwrap();
    story.dispatch_all();
}

fn recalled(story: &Story<'_>, lot: &str, name: &str) {
    let (desk, markets) = (story.desk(), [market(name)]);
    recall_lot(&desk, &product_code(), &batch(lot), &markets, "particles").unwrap();
    story.dispatch_all();
}

fn refused(outcome: Result<impl std::fmt::Debug, AppError>) -> (Code, usize) {
    match outcome {
        Err(AppError::Refused(refusals)) => (refusals.code(), refusals.iter().count()),
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

/// The markets of each pack message of a lot, the oldest first, and whether its document says the same.
fn markets_sent(story: &Story<'_>, lot: &str) -> Vec<Vec<Market>> {
    let desk = story.desk();
    let view = view_lot(&desk, &product_code(), &batch(lot)).unwrap();
    let of_packs = |message: &&_| {
        let message: &packtwin_tenants::store::message::MessageRecord = message;
        message.kind == FactKind::Commissioned
    };
    let told = |message: &packtwin_tenants::store::message::MessageRecord| {
        let Fact::Commissioned { markets, .. } = view_message(&desk, message.id).unwrap().fact
        else {
            panic!("the message carries packs")
        };
        let path = desk.scope().blobs().path(&message.document.unwrap().sha256);
        let document = std::fs::read_to_string(path).unwrap();
        for name in ["AT", "DE"] {
            let named = document.contains(&format!("<Market>{name}</Market>"));
            assert_eq!(named, markets.contains(&market(name)), "{name}: {document}");
        }
        markets
    };
    let messages: Vec<_> = view.messages.iter().rev().filter(of_packs).collect();
    messages.into_iter().map(told).collect()
}

/// EMVS-099, UPL-031: a product withdrawn in Germany goes on in Austria.
#[test]
fn a_product_withdrawn_in_one_market_is_sent_for_the_other() {
    tell(|story| {
        withdrawn(&story, "DE");
        let upload = checked(&story, "W1", &["A1", "A2"]);
        let found = findings(&story, upload);
        let [only] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            (only.code, only.severity, only.examples[0].text.as_str()),
            (
                Code::UploadLotRecalled,
                Severity::Warning,
                "product 04150123456782 is withdrawn from DE; its packs are stored for AT only"
            )
        );
        committed(&story, upload);
        sent(&story, "W1");
        let view = view_lot(&story.desk(), &product_code(), &batch("W1")).unwrap();
        assert_eq!((view.numbers.stored, view.numbers.acknowledged), (2, 2));
        let closed = [ClosedMarket {
            market: market("DE"),
            by: Closing::Withdrawn,
        }];
        assert_eq!(view.standing.closed, closed);
        assert_eq!(markets_sent(&story, "W1"), [[market("AT")]]);
    });
}

/// UPL-031: a file that asks for the closed market is refused for it; one that asks for the open one is not even warned.
#[test]
fn a_file_that_names_a_closed_market_is_judged_by_it() {
    tell(|story| {
        withdrawn(&story, "DE");
        let code = product_code();
        let file = format!(
            "serial,gtin,batch,expiry,market\nA1,{code},INDE,290630,DE\nA2,{code},INAT,290630,AT\n\
             A3,{code},BOTH,290630,AT\nA4,{code},BOTH,290630,DE\n"
        );
        let upload = story.receive_and_check("markets.csv", file.as_bytes());
        let found = findings(&story, upload);
        let [only] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            (only.code, only.severity, only.count),
            (Code::UploadLotRecalled, Severity::Error, 2)
        );
        let texts: Vec<&str> = only.examples.iter().map(|one| one.text.as_str()).collect();
        let why = "product 04150123456782 is withdrawn from DE; rows of this lot name that market and cannot be added";
        assert_eq!(texts, [why, why]);
        committed(&story, upload);
        let stored =
            |lot: &str| view_lot(&story.desk(), &code, &batch(lot)).map(|view| view.numbers.stored);
        assert_eq!(stored("INAT").unwrap(), 1);
        assert!(stored("INDE").is_err() && stored("BOTH").is_err());
    });
}

/// UPL-031, LOT-003: packs are added to a lot recalled in Austria, for Germany alone; no pack of it changes its state; the
/// recall is extended to Germany once, and then nothing more is added or sent.
#[test]
fn a_lot_recalled_in_one_market_is_sent_for_the_other() {
    tell(|story| {
        let first = checked(&story, "R1", &["A1"]);
        committed(&story, first);
        sent(&story, "R1");
        recalled(&story, "R1", "AT");
        let second = checked(&story, "R1", &["B1", "B2"]);
        let found = findings(&story, second);
        assert_eq!(
            found[0].examples[0].text,
            "lot R1 is recalled in AT; its packs are stored for DE only"
        );
        committed(&story, second);
        sent(&story, "R1");
        let both = vec![market("AT"), market("DE")];
        assert_eq!(markets_sent(&story, "R1"), [both, vec![market("DE")]]);
        let view = view_lot(&story.desk(), &product_code(), &batch("R1")).unwrap();
        assert_eq!((view.numbers.stored, view.numbers.acknowledged), (3, 3));

        let (desk, code, serial) = (story.desk(), product_code(), [Serial::parse("B1").unwrap()]);
        let change = change_states(&desk, &code, &batch("R1"), &serial, PackState::Destroyed);
        assert_eq!(refused(change), (Code::LotRecalled, 1));

        let third = checked(&story, "R1", &["C1"]);
        committed(&story, third);
        recalled(&story, "R1", "DE");
        let again = recall_lot(&desk, &code, &batch("R1"), &[market("DE")], "particles");
        assert_eq!(refused(again), (Code::LotRecalled, 1));
        let send = request_send(&desk, &code, &batch("R1"), SendWhat::Unsent);
        assert_eq!(refused(send), (Code::LotRecalled, 2), "one for each market");
        let fourth = checked(&story, "R1", &["D1"]);
        let found = findings(&story, fourth);
        assert_eq!((found[0].severity, found[0].count), (Severity::Error, 2));
        let commit = request_commit(&desk, fourth, Vec::new());
        assert_eq!(refused(commit), (Code::UploadNothingToCommit, 1));
        let held = &story.hub.counts().products[&format!("GTIN:{code}")];
        assert_eq!(
            (held.packs, held.recalled["R1"].as_slice()),
            (3, &["AT".to_owned(), "DE".to_owned()][..])
        );
    });
}

/// A lot whose last market closes between check and commit is not stored.
#[test]
fn a_market_closed_after_the_check_is_seen_at_the_commit() {
    tell(|story| {
        let upload = checked(&story, "L1", &["A1"]);
        withdrawn(&story, "AT");
        withdrawn(&story, "DE");
        let commit = request_commit(&story.desk(), upload, Vec::new());
        assert_eq!(refused(commit), (Code::UploadLotRecalled, 2));
        assert!(view_lot(&story.desk(), &product_code(), &batch("L1")).is_err());
    });
}
