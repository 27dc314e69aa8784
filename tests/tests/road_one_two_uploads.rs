//! Two files about one lot, and a lot whose only commit came to nothing: a lot is what its first visible load said it is,
//! and nothing before that (URS-SN-006, URS-SN-008; UPL-021, UPL-022, UPL-032).

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use packtwin_app::house::HouseSettings;
use packtwin_app::job::cancel_job;
use packtwin_app::lot::view_lot;
use packtwin_app::product::{add_version, create_product, send_version};
use packtwin_app::upload::{UploadDetail, request_commit};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::ids::UploadId;
use packtwin_tenants::store::job::JobCancel;
use packtwin_tenants::store::lot_list::LotFilter;
use packtwin_tenants::store::upload::UploadState;
use packtwin_tenants::testing::{TestSite, for_each_engine};
use packtwin_tests::story::{Story, master_data, product_code, serial_csv};

fn tell(check: impl Fn(Story<'_>)) {
    for_each_engine(|site: &TestSite| {
        let story = Story::begin(site, HouseSettings::default());
        let data = master_data("Alderine 10 mg film-coated tablets", &["DE"]);
        create_product(&story.desk(), product_code(), &data).unwrap();
        send_version(&story.desk(), &product_code(), 1).unwrap();
        story.dispatch_all();
        check(story);
    });
}

fn checked(story: &Story<'_>, lot: &str, expiry: &str, serials: &[&str]) -> UploadId {
    let rows = serials.iter().map(|serial| (*serial).to_owned());
    story.receive_and_check("lot.csv", &serial_csv(&product_code(), lot, expiry, rows))
}

fn commit(story: &Story<'_>, upload: UploadId) {
    request_commit(&story.desk(), upload, Vec::new()).unwrap();
}

fn outcome(story: &Story<'_>, upload: UploadId) -> (UploadState, Option<String>) {
    let desk = story.desk();
    let record = desk.scope().read(|reader| reader.upload_get(upload));
    let record = record.unwrap().unwrap();
    let refused = UploadDetail::from_record(&record).refused;
    (record.state, refused.map(|(code, _)| code))
}

fn found(story: &Story<'_>, upload: UploadId) -> Vec<Code> {
    let desk = story.desk();
    let sums = desk.scope().read(|reader| reader.upload_findings(upload));
    sums.unwrap().iter().map(|sum| sum.code).collect()
}

/// The stored packs of a lot, if there is such a lot.
fn stored(story: &Story<'_>, lot: &str) -> Option<u64> {
    let batch = BatchNumber::parse(lot).unwrap();
    let lot = view_lot(&story.desk(), &product_code(), &batch).ok()?;
    Some(lot.numbers.stored)
}

fn listed(story: &Story<'_>) -> usize {
    let desk = story.desk();
    let lots = desk
        .scope()
        .read(|reader| reader.lot_list(&LotFilter::default(), None, 10));
    lots.unwrap().len()
}

/// Both were right when they were checked; the one that is stored second says another expiry, and waits for a decision.
#[test]
fn a_second_file_with_another_expiry_is_not_stored() {
    tell(|story| {
        let first = checked(&story, "L1", "290630", &["A1", "A2"]);
        let second = checked(&story, "L1", "300630", &["B1"]);
        commit(&story, first);
        commit(&story, second);
        story.work();
        assert_eq!(outcome(&story, first), (UploadState::Committed, None));
        let code = Code::UploadExpiryDiffersFromLot;
        let refused = Some(code.as_str().to_owned());
        assert_eq!(outcome(&story, second), (UploadState::Checked, refused));
        assert_eq!(found(&story, second), [code]);
        assert_eq!(stored(&story, "L1"), Some(2));
        assert!(request_commit(&story.desk(), second, Vec::new()).is_err());
    });
}

/// The second file was checked against a newer version than the one in which the first was stored.
#[test]
fn a_second_file_in_another_version_is_checked_again() {
    tell(|story| {
        let first = checked(&story, "L1", "290630", &["A1"]);
        let data = master_data("Alderine 10 mg film-coated tablets", &["DE", "AT"]);
        add_version(&story.desk(), &product_code(), &data).unwrap();
        send_version(&story.desk(), &product_code(), 2).unwrap();
        story.dispatch_all();
        let second = checked(&story, "L1", "290630", &["B1"]);
        commit(&story, first);
        commit(&story, second);
        story.work();
        let refused = Some(Code::UploadOtherVersion.as_str().to_owned());
        assert_eq!(outcome(&story, second), (UploadState::Checked, refused));
        assert_eq!(stored(&story, "L1"), Some(1));
        // Checked against the lot as it is now, the file belongs to it.
        commit(&story, second);
        story.work();
        assert_eq!(stored(&story, "L1"), Some(2));
    });
}

/// A commit that nobody began yet is cancelled: its upload can be committed again, and no lot came of it.
#[test]
fn a_commit_cancelled_before_it_began_leaves_no_lot() {
    tell(|story| {
        let upload = checked(&story, "L1", "290630", &["A1"]);
        let job = request_commit(&story.desk(), upload, Vec::new()).unwrap();
        let asked = cancel_job(&story.desk(), job).unwrap();
        assert_eq!(asked, JobCancel::Cancelled);
        assert_eq!(outcome(&story, upload), (UploadState::Checked, None));
        assert_eq!((stored(&story, "L1"), listed(&story)), (None, 0));
        commit(&story, upload);
        story.work();
        assert_eq!((stored(&story, "L1"), listed(&story)), (Some(1), 1));
    });
}

/// URS-SN-004: when the retention has ended and its packs are gone, a lot is not there as one with all 0 of its packs.
#[test]
fn a_lot_goes_with_its_last_pack() {
    tell(|story| {
        let upload = checked(&story, "L1", "270630", &["A1"]);
        commit(&story, upload);
        story.work();
        story.clock.forward(1_900 * 86_400);
        let pass = packtwin_app::upkeep::upkeep(&story.house).unwrap();
        assert_eq!(pass.packs_purged, 1);
        assert_eq!((stored(&story, "L1"), listed(&story)), (None, 0));
    });
}
