//! Road 1 when something is wrong: what is refused, what is taken back, and what time ends.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use std::collections::BTreeSet;

use packtwin_app::checkpoint::{ChainFault, verify_audit_chains};
use packtwin_app::error::AppError;
use packtwin_app::house::HouseSettings;
use packtwin_app::lot::{SendWhat, change_states, recall_lot, request_send, view_lot};
use packtwin_app::product::{create_product, drift, read_hub_copy, send_version, withdraw_product};
use packtwin_app::upkeep::upkeep;
use packtwin_app::upload::{
    BeginUpload, Begun, Completed, Decision, MappingChoice, append_part, begin_upload,
    change_decision, complete_upload, request_commit,
};
use packtwin_core::audit::ChainBroken;
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::ids::UploadId;
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_simulators::eu_hub::{Drift, Switches};
use packtwin_tenants::store::upload::UploadState;
use packtwin_tenants::testing::{TestSite, for_each_engine};
use packtwin_tests::story::{Story, master_data, product_code, serial_csv};

fn tell(check: impl Fn(Story<'_>)) {
    for_each_engine(|site: &TestSite| {
        let settings = HouseSettings {
            store_rows_per_change: 70,
            ..HouseSettings::default()
        };
        check(Story::begin(site, settings));
    });
}

fn batch(text: &str) -> BatchNumber {
    BatchNumber::parse(text).unwrap()
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

fn committed(story: &Story<'_>, lot: &str, expiry: &str, serials: &[&str]) -> UploadId {
    let rows = serials.iter().map(|serial| (*serial).to_owned());
    let upload =
        story.receive_and_check("lot.csv", &serial_csv(&product_code(), lot, expiry, rows));
    request_commit(&story.desk(), upload, Vec::new()).unwrap();
    story.work();
    upload
}

fn codes(story: &Story<'_>, upload: UploadId) -> Vec<(Code, u64)> {
    let sums = story
        .desk()
        .scope()
        .read(|reader| reader.upload_findings(upload))
        .unwrap();
    sums.iter().map(|sum| (sum.code, sum.count)).collect()
}

fn state(story: &Story<'_>, upload: UploadId) -> UploadState {
    story
        .desk()
        .scope()
        .read(|reader| reader.upload_get(upload))
        .unwrap()
        .unwrap()
        .state
}

fn refused(outcome: Result<impl std::fmt::Debug, AppError>) -> Code {
    match outcome {
        Err(AppError::Refused(refusals)) => refusals.code(),
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

/// UPL-021, UPL-024, UPL-030, UPL-032: what stands against a whole lot is named, and the correct lots go alone.
#[test]
fn a_wrong_lot_does_not_hold_the_right_one() {
    tell(|story| {
        known_product(&story);
        committed(&story, "OLD", "290630", &["OLD1"]);
        let code = product_code();
        let file = format!(
            "serial,gtin,batch,expiry,market\nA1,{code},RIGHT,290630,DE\nA2,{code},TWO,290630,DE\nA3,{code},TWO,290731,DE\n\
             A4,04006381333931,FOREIGN,290630,DE\nA5,{code},FR,290630,FR\nA6,{code},OLD,290831,DE\n"
        );
        let upload = story.receive_and_check("mixed.csv", file.as_bytes());
        let expected = [
            (Code::UploadTwoExpiries, 1),
            (Code::UploadProductUnknown, 1),
            (Code::UploadMarketNotReleased, 1),
            (Code::UploadExpiryDiffersFromLot, 1),
        ];
        let mut found = codes(&story, upload);
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected);
        request_commit(&story.desk(), upload, Vec::new()).unwrap();
        story.work();
        assert_eq!(
            view_lot(&story.desk(), &code, &batch("RIGHT"))
                .unwrap()
                .numbers
                .stored,
            1
        );
        assert!(view_lot(&story.desk(), &code, &batch("FR")).is_err());
        assert_eq!(state(&story, upload), UploadState::PartlyCommitted);
    });
}

/// UPL-013, UPL-020: proposals are accepted by code, the file is read again with them.
#[test]
fn accepted_proposals_mend_the_file() {
    tell(|story| {
        known_product(&story);
        let code = product_code();
        let file = format!(
            "serial;gtin;batch;expiry\nA1;{code};L1;290630\nA1;{code};L1;290630\nA2;{code};L1;290630 \n"
        );
        let upload = story.receive_and_check("lot.csv", file.as_bytes());
        assert_eq!(
            refused(request_commit(&story.desk(), upload, Vec::new())),
            Code::UploadNothingToCommit
        );
        let accepted = BTreeSet::from([Code::UploadSerialTwiceInFile, Code::UploadSpace]);
        let decision = Decision {
            mapping: MappingChoice::Keep,
            accepted: Some(accepted),
            kept: None,
        };
        change_decision(&story.desk(), upload, decision).unwrap();
        story.work();
        request_commit(&story.desk(), upload, Vec::new()).unwrap();
        story.work();
        assert_eq!(
            view_lot(&story.desk(), &code, &batch("L1"))
                .unwrap()
                .numbers
                .stored,
            2
        );
    });
}

/// URS-SN-006, UPL-041: a part that does not continue where the file ended is refused, and nothing is lost.
#[test]
fn a_broken_line_continues_where_it_broke() {
    tell(|story| {
        let desk = story.desk();
        let begin = BeginUpload {
            file_name: "l.csv".into(),
            partner: String::new(),
            bytes: 10,
            sha256: None,
        };
        let Begun::New(upload) = begin_upload(&desk, begin).unwrap() else {
            panic!("nothing is the same yet")
        };
        assert_eq!(
            append_part(&desk, upload.id, 0, &mut &b"serial"[..]).unwrap(),
            6
        );
        assert_eq!(
            refused(append_part(&desk, upload.id, 0, &mut &b"serial"[..])),
            Code::UploadOffset
        );
        assert_eq!(
            refused(complete_upload(&desk, upload.id, None).map(|_| ())),
            Code::UploadOffset
        );
        assert_eq!(
            refused(append_part(&desk, upload.id, 6, &mut &b"12345"[..])),
            Code::UploadOffset
        );
        let here = desk.scope().blobs().incoming_length(upload.id).unwrap();
        assert_eq!(here, 6, "nothing of a refused part is kept");
        assert_eq!(
            append_part(&desk, upload.id, 6, &mut &b"1234"[..]).unwrap(),
            10
        );
    });
}

/// Bad input: empty, binary, bomb, DOCTYPE, formula: a code and a sentence, never a stop of the house.
#[test]
fn hostile_files_are_refused_with_a_code() {
    tell(|story| {
        known_product(&story);
        let doctype = b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><EPCISDocument>&x;</EPCISDocument>";
        for (name, bytes) in [
            ("binary.csv", [0u8, 1, 2, 255, 254, 0, 0, 7].repeat(64)),
            ("doctype.xml", doctype.to_vec()),
            (
                "words.txt",
                b"Dear colleague,\nplease find the serials in the other mail.\n".to_vec(),
            ),
        ] {
            let Completed::Kept(upload) = story.receive(name, &bytes) else {
                panic!("{name} is new")
            };
            story.work();
            let found = state(&story, upload.id);
            assert!(
                matches!(found, UploadState::Failed | UploadState::NeedsDecision),
                "{name}: {found:?}"
            );
        }
        let empty = BeginUpload {
            file_name: "e".into(),
            partner: String::new(),
            bytes: 0,
            sha256: None,
        };
        assert_eq!(
            refused(begin_upload(&story.desk(), empty).map(|_| ())),
            Code::UploadEmpty
        );
    });
}

/// URS-SN-004: a serial can be given again the day after its retention has ended, and not before.
#[test]
fn a_serial_returns_after_its_retention() {
    tell(|story| {
        known_product(&story);
        committed(&story, "FIRST", "270630", &["A1"]);
        // Released today: five years from now is later than one year after the expiry.
        let five_years = 1_826 * 86_400;
        story.clock.forward(five_years - 86_400);
        upkeep(&story.house).unwrap();
        let file = serial_csv(
            &product_code(),
            "AGAIN",
            "330630",
            ["A1".to_owned()].into_iter(),
        );
        let upload = story.receive_and_check("again.csv", &file);
        assert_eq!(codes(&story, upload)[0].0, Code::UploadSerialTaken);
        story.clock.forward(2 * 86_400);
        assert_eq!(upkeep(&story.house).unwrap().packs_purged, 1);
        let decision = Decision {
            mapping: MappingChoice::Keep,
            accepted: None,
            kept: None,
        };
        change_decision(&story.desk(), upload, decision).unwrap();
        story.work();
        request_commit(&story.desk(), upload, Vec::new()).unwrap();
        story.work();
        assert_eq!(
            view_lot(&story.desk(), &product_code(), &batch("AGAIN"))
                .unwrap()
                .numbers
                .stored,
            1
        );
    });
}

/// LOT-003, emvs.md 5.1: a recall happens once and ends every other change of the lot.
#[test]
fn a_recalled_lot_is_closed() {
    tell(|story| {
        known_product(&story);
        committed(&story, "R1", "290630", &["A1", "A2"]);
        let desk = story.desk();
        request_send(&desk, &product_code(), &batch("R1"), SendWhat::Unsent).unwrap();
        story.work();
        story.dispatch_all();
        let de = ["DE".parse().unwrap()];
        recall_lot(&desk, &product_code(), &batch("R1"), &de, "wrong leaflet").unwrap();
        story.dispatch_all();
        let again = recall_lot(&desk, &product_code(), &batch("R1"), &de, "wrong leaflet");
        assert_eq!(refused(again), Code::LotRecalled);
        let serial = [Serial::parse("A1").unwrap()];
        let change = change_states(
            &desk,
            &product_code(),
            &batch("R1"),
            &serial,
            PackState::Destroyed,
        );
        assert_eq!(refused(change), Code::LotRecalled);
        let hub = story.hub.counts();
        assert_eq!(
            hub.products[&format!("GTIN:{}", product_code())].recalled["R1"],
            ["DE"]
        );
    });
}

/// State changes of single packs reach the hub; a pack of another lot or in a final state is named.
#[test]
fn packs_are_destroyed_and_stay_destroyed() {
    tell(|story| {
        known_product(&story);
        committed(&story, "D1", "290630", &["A1", "A2", "A3"]);
        let desk = story.desk();
        request_send(&desk, &product_code(), &batch("D1"), SendWhat::Unsent).unwrap();
        story.work();
        story.dispatch_all();
        let serials = ["A1", "A3"].map(|text| Serial::parse(text).unwrap());
        change_states(
            &desk,
            &product_code(),
            &batch("D1"),
            &serials,
            PackState::Destroyed,
        )
        .unwrap();
        story.dispatch_all();
        let back = change_states(
            &desk,
            &product_code(),
            &batch("D1"),
            &serials[..1],
            PackState::Active,
        );
        assert_eq!(refused(back), Code::RequestMalformed);
        let hub = story.hub.counts();
        assert_eq!(
            hub.products[&format!("GTIN:{}", product_code())].states["Destroyed"],
            2
        );
    });
}

/// Drift panel: what the hub holds differently is named field by field. Withdrawal is final.
#[test]
fn the_hubs_copy_is_compared_and_a_withdrawal_is_final() {
    tell(|story| {
        known_product(&story);
        let desk = story.desk();
        assert!(
            read_hub_copy(&desk, &product_code())
                .unwrap()
                .fields
                .is_empty()
        );
        let drifted = Drift {
            element: "Strength".to_owned(),
            value: "20 mg".to_owned(),
        };
        story.hub.set_switches(Switches {
            drift: Some(drifted),
            ..Switches::default()
        });
        read_hub_copy(&desk, &product_code()).unwrap();
        let fields = drift(&desk, &product_code()).unwrap().fields;
        assert_eq!(fields.len(), 1, "{fields:?}");
        assert_eq!(fields[0].hub.as_deref(), Some("20 mg"));
        let de = ["DE".parse().unwrap()];
        withdraw_product(&desk, &product_code(), &de, "marketing stopped").unwrap();
        assert_eq!(
            refused(withdraw_product(&desk, &product_code(), &de, "again")),
            Code::LotRecalled
        );
    });
}

/// F09: the clock jumps back an hour between commit and sending; nothing is lost and nothing is done twice.
#[test]
fn a_clock_that_jumps_back_only_delays() {
    tell(|story| {
        known_product(&story);
        committed(&story, "C1", "290630", &["A1", "A2"]);
        story.clock.forward(-3_600);
        let desk = story.desk();
        request_send(&desk, &product_code(), &batch("C1"), SendWhat::Unsent).unwrap();
        story.work();
        story.dispatch_all();
        story.dispatch_all();
        let numbers = view_lot(&desk, &product_code(), &batch("C1"))
            .unwrap()
            .numbers;
        assert_eq!((numbers.stored, numbers.acknowledged), (2, 2));
        assert_eq!(story.hub.counts().repeats, 0);
        let chain = desk.scope().read(|reader| reader.audit_verify()).unwrap();
        assert!(chain.is_ok(), "{chain:?}");
    });
}

/// A withdrawn file comes back when it is sent again: the content is known, so it is checked anew under the same id.
#[test]
fn a_withdrawn_file_comes_back() {
    tell(|story| {
        known_product(&story);
        let file = serial_csv(
            &product_code(),
            "W1",
            "290630",
            ["A1".to_owned()].into_iter(),
        );
        let upload = story.receive_and_check("w.csv", &file);
        packtwin_app::upload::withdraw(&story.desk(), upload, "sent too early").unwrap();
        assert_eq!(state(&story, upload), UploadState::Withdrawn);
        let Completed::Same(again) = story.receive("w.csv", &file) else {
            panic!("the content is known")
        };
        assert_eq!(again.id, upload);
        story.work();
        assert_eq!(state(&story, upload), UploadState::Checked);
    });
}

/// URS-AT-005: the hourly upkeep seals what the house did outside the database; a tail that is cut off afterwards is named.
#[test]
fn a_cut_audit_trail_is_named_by_what_was_sealed() {
    tell(|story| {
        known_product(&story);
        let site = story.house.site();
        let pass = upkeep(&story.house).unwrap();
        assert_eq!(
            (pass.chains_sealed, pass.chains_broken),
            (2, 0),
            "tenant and platform"
        );
        let folder = site.checkpoint_folder();
        let reports = verify_audit_chains(site, &folder).unwrap();
        assert!(
            reports
                .iter()
                .all(|report| report.chain.is_ok() && report.checkpoints == 1)
        );
        if story.site.sqlite_file().is_some() {
            story
                .site
                .execute_as_owner("DROP TRIGGER audit_entry_is_not_removed");
        }
        let tenant = story.tenant;
        story.site.execute_as_owner(&format!(
            "DELETE FROM audit_entry WHERE tenant_id = {tenant} AND seq > 2;
             UPDATE tenant_head SET audit_seq = 2, audit_hash =
                 (SELECT hash FROM audit_entry WHERE tenant_id = {tenant} AND seq = 2) WHERE tenant_id = {tenant};"
        ));
        let reports = verify_audit_chains(site, &folder).unwrap();
        let broken: Vec<_> = reports
            .iter()
            .filter(|report| report.chain.is_err())
            .collect();
        let [only] = broken.as_slice() else {
            panic!("{reports:?}")
        };
        assert_eq!(only.tenant, "alder");
        assert!(matches!(
            only.chain,
            Err(ChainFault::Broken(ChainBroken::Cut { found: 2, .. }))
        ));
        assert_eq!(upkeep(&story.house).unwrap().chains_broken, 1);
    });
}
