//! Road 1, told with the use cases: a file comes in, a lot is acknowledged, and every number agrees.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use packtwin_app::house::HouseSettings;
use packtwin_app::lot::{
    SendWhat, difference_list, enter_produced, receipt_of, request_send, view_lot,
};
use packtwin_app::product::{create_product, send_version};
use packtwin_app::upload::{UploadDetail, request_commit};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::product::VersionState;
use packtwin_simulators::eu_hub::{Answers, Fault, Switches};
use packtwin_tenants::store::upload::UploadState;
use packtwin_tenants::testing::{TestSite, for_each_engine};
use packtwin_tests::story::{Story, master_data, product_code, serial_csv};

fn batch(text: &str) -> BatchNumber {
    BatchNumber::parse(text).unwrap()
}

fn serials(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("A{:09}Z", n * 7_919 % 1_000_000_007))
}

fn known_product(story: &Story<'_>) {
    let desk = story.desk();
    create_product(
        &desk,
        product_code(),
        &master_data("Alderine 10 mg film-coated tablets", &["DE", "AT"]),
    )
    .unwrap();
    send_version(&desk, &product_code(), 1).unwrap();
    story.dispatch_all();
}

fn tell(check: impl Fn(Story<'_>)) {
    for_each_engine(|site: &TestSite| {
        let settings = HouseSettings {
            store_rows_per_change: 700,
            sort_rows_max: 900,
            ..HouseSettings::default()
        };
        check(Story::begin(site, settings));
    });
}

/// URS-SN-005, URS-SN-009, URS-MD-008: from file to acknowledgement, exact to the unit.
#[test]
fn a_file_becomes_an_acknowledged_lot() {
    tell(|story| {
        known_product(&story);
        let upload = story.receive_and_check(
            "lot.csv",
            &serial_csv(&product_code(), "A1234", "290630", serials(2_500)),
        );
        let desk = story.desk();
        let record = desk
            .scope()
            .read(|reader| reader.upload_get(upload))
            .unwrap()
            .unwrap();
        let detail = UploadDetail::from_record(&record);
        assert_eq!(record.state, UploadState::Checked, "{detail:?}");
        let summary = detail.summary.unwrap();
        assert_eq!(
            (summary.rows, summary.rows_right, summary.rows_wrong),
            (2_500, 2_500, 0)
        );

        request_commit(&desk, upload, Vec::new()).unwrap();
        story.work();
        request_send(&desk, &product_code(), &batch("A1234"), SendWhat::Unsent).unwrap();
        story.work();
        story.dispatch_all();

        let receipt = receipt_of(&desk, &product_code(), &batch("A1234")).unwrap();
        let numbers = receipt.lot.numbers;
        assert_eq!(
            (numbers.stored, numbers.sent, numbers.acknowledged),
            (2_500, 2_500, 2_500)
        );
        assert_eq!(
            (receipt.complete, numbers.missing()),
            (false, &["produced"][..])
        );
        let version = receipt.lot.lot.row_version;
        enter_produced(
            &desk,
            &product_code(),
            &batch("A1234"),
            Some(2_500),
            version,
        )
        .unwrap();
        let receipt = receipt_of(&desk, &product_code(), &batch("A1234")).unwrap();
        assert!(receipt.complete);
        assert!(!receipt.messages[0].acknowledgement.is_empty());
        assert_eq!(
            story.hub.counts().products[&format!("GTIN:{}", product_code())].packs,
            2_500
        );
    });
}

/// HUB-205, URS-MD-008: no pack leaves before the hub knows its product version.
#[test]
fn a_lot_of_an_unsent_version_is_not_sent() {
    tell(|story| {
        let desk = story.desk();
        create_product(
            &desk,
            product_code(),
            &master_data("Alderine 10 mg", &["DE"]),
        )
        .unwrap();
        let upload = story.receive_and_check(
            "lot.csv",
            &serial_csv(&product_code(), "A1", "290630", serials(10)),
        );
        request_commit(&desk, upload, Vec::new()).unwrap();
        story.work();
        let view = view_lot(&desk, &product_code(), &batch("A1")).unwrap();
        assert_eq!(view.unsent.0, 10);
        assert_eq!(view.unsent.1[0].code, Code::HubProductNotAcknowledged);
        assert!(request_send(&desk, &product_code(), &batch("A1"), SendWhat::Unsent).is_err());
    });
}

/// URS-SN-006, F11, F14: a lost reply, a receipt without result, a cut: each pack is at the hub once.
#[test]
fn a_lost_reply_is_asked_for_and_not_sent_twice() {
    tell(|story| {
        known_product(&story);
        let upload = story.receive_and_check(
            "lot.csv",
            &serial_csv(&product_code(), "A1", "290630", serials(50)),
        );
        let desk = story.desk();
        request_commit(&desk, upload, Vec::new()).unwrap();
        story.work();
        story.hub.set_switches(Switches {
            next: [Fault::LoseReply, Fault::CutBody, Fault::CutHandshake].into(),
            answers: Answers::Late {
                after_polls: 2,
                callback_ms: 1_000_000,
            },
            ..Switches::default()
        });
        request_send(&desk, &product_code(), &batch("A1"), SendWhat::Unsent).unwrap();
        story.work();
        story.dispatch_all();
        let numbers = view_lot(&desk, &product_code(), &batch("A1"))
            .unwrap()
            .numbers;
        assert_eq!((numbers.sent, numbers.acknowledged), (50, 50));
        assert_eq!(
            story.hub.counts().products[&format!("GTIN:{}", product_code())].packs,
            50
        );
        assert_eq!(story.hub.counts().duplicates_refused, 0);
    });
}

/// HUB-210: the hub holds a part; the difference is named pack by pack and sent alone.
#[test]
fn the_difference_is_listed_and_sent() {
    tell(|story| {
        known_product(&story);
        let upload = story.receive_and_check(
            "lot.csv",
            &serial_csv(&product_code(), "A1", "290630", serials(40)),
        );
        let desk = story.desk();
        request_commit(&desk, upload, Vec::new()).unwrap();
        story.work();
        story.hub.set_switches(Switches {
            next: [Fault::RefuseEvery { nth: 13 }].into(),
            ..Switches::default()
        });
        request_send(&desk, &product_code(), &batch("A1"), SendWhat::Unsent).unwrap();
        story.work();
        story.dispatch_all();
        let view = view_lot(&desk, &product_code(), &batch("A1")).unwrap();
        assert_eq!((view.numbers.sent, view.numbers.acknowledged), (40, 37));
        assert_eq!(view.difference.0, 3);
        let listed = difference_list(&desk, &product_code(), &batch("A1")).unwrap();
        assert_eq!(
            listed.iter().filter(|line| line.serial.is_some()).count(),
            3
        );

        request_send(&desk, &product_code(), &batch("A1"), SendWhat::Difference).unwrap();
        story.work();
        story.dispatch_all();
        let view = view_lot(&desk, &product_code(), &batch("A1")).unwrap();
        assert_eq!(
            (
                view.numbers.stored,
                view.numbers.sent,
                view.numbers.acknowledged
            ),
            (40, 40, 40)
        );
        assert_eq!(view.difference.0, 0);
        assert_eq!(
            story.hub.counts().products[&format!("GTIN:{}", product_code())].packs,
            40
        );
    });
}

/// URS-SN-008: the same serial in the file and in the store is named with its row; nothing of a wrong lot is stored.
#[test]
fn duplicates_are_found_in_the_file_and_in_the_store() {
    tell(|story| {
        known_product(&story);
        let first = story.receive_and_check(
            "a.csv",
            &serial_csv(&product_code(), "A1", "290630", serials(1_500)),
        );
        let desk = story.desk();
        request_commit(&desk, first, Vec::new()).unwrap();
        story.work();
        let rows = ["NEW1", "A000000000Z", "NEW2", "NEW1"]
            .map(str::to_owned)
            .into_iter();
        let second =
            story.receive_and_check("b.csv", &serial_csv(&product_code(), "A2", "290630", rows));
        let sums = desk
            .scope()
            .read(|reader| reader.upload_findings(second))
            .unwrap();
        let found: Vec<(Code, u64, u64)> = sums
            .iter()
            .map(|sum| (sum.code, sum.count, sum.examples[0].row))
            .collect();
        assert_eq!(
            found,
            [
                (Code::UploadSerialTwiceInFile, 1, 5),
                (Code::UploadSerialTaken, 1, 3)
            ]
        );
        assert!(request_commit(&desk, second, Vec::new()).is_err());
        assert!(view_lot(&desk, &product_code(), &batch("A2")).is_err());
    });
}

/// UPL-001: the same content is the same upload.
#[test]
fn the_same_file_twice_is_the_same_upload() {
    tell(|story| {
        known_product(&story);
        let file = serial_csv(&product_code(), "A1", "290630", serials(10));
        let first = story.receive_and_check("a.csv", &file);
        match story.receive("other name.txt", &file) {
            packtwin_app::upload::Completed::Same(upload) => assert_eq!(upload.id, first),
            packtwin_app::upload::Completed::Kept(_) => panic!("the content was known"),
        }
    });
}

/// HUB-201: the hub refuses the product; the version says so, is mended and sent again.
#[test]
fn a_refused_product_is_mended_and_sent_again() {
    tell(|story| {
        let desk = story.desk();
        let mut data = master_data("Alderine 10 mg", &["DE"]);
        create_product(&desk, product_code(), &data).unwrap();
        story.hub.set_switches(Switches {
            next: [Fault::Refuse {
                code: "A16".to_owned(),
                place: "CommonName".to_owned(),
            }]
            .into(),
            ..Switches::default()
        });
        send_version(&desk, &product_code(), 1).unwrap();
        story.dispatch_all();
        let version = |story: &Story| {
            story
                .desk()
                .scope()
                .read(|reader| {
                    let product = reader.product_find(&product_code())?.unwrap();
                    reader.product_version_get(product.no, 1)
                })
                .unwrap()
                .unwrap()
        };
        assert_eq!(version(&story).state, VersionState::Refused);
        data.common_name = Some("alderinum".to_owned());
        packtwin_app::product::change_version(
            &desk,
            &product_code(),
            1,
            &data,
            version(&story).row_version,
        )
        .unwrap();
        send_version(&desk, &product_code(), 1).unwrap();
        story.dispatch_all();
        assert_eq!(version(&story).state, VersionState::Acknowledged);
    });
}
