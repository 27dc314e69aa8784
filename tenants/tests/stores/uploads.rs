//! Uploads on both engines: bytes in order, the same content once, states changed from the expected one only.

use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::ids::{JobId, LoadNo, ProductNo};
use packtwin_tenants::blob::Stored;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::store::random_bits;
use packtwin_tenants::store::upload::{UploadFilter, UploadPurpose, UploadState};
use packtwin_tenants::store::upload_result::{FindingSum, UploadLot};
use packtwin_tenants::testing::for_each_engine;

use super::fixture::*;

#[test]
fn bytes_arrive_in_order_and_the_same_content_is_the_same_upload() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let (first, second) = (upload(&scope, "lot.csv"), upload(&scope, "copy.csv"));
        let progress = |from, to| change(&scope, |writer| writer.upload_progress(first, from, to));
        assert!(progress(0, 40));
        assert!(!progress(0, 40), "this part has arrived");
        assert!(progress(40, 100));
        let content = Stored {
            sha256: hash(1),
            bytes: 100,
        };
        let finish = |id| {
            try_change(&scope, |writer| {
                writer.upload_finish_receiving(id, &content)
            })
        };
        assert_eq!(finish(first).unwrap(), Ok(()));
        assert_eq!(finish(second).unwrap(), Err(first));
        assert!(
            matches!(finish(first), Err(StoreError::NotFound)),
            "it receives no more"
        );
        assert!(!progress(100, 200));
        let found = read(&scope, |reader| {
            reader.upload_find_by_hash(&hash(1), UploadPurpose::Store)
        })
        .unwrap();
        assert_eq!((found.id, found.state), (first, UploadState::Received));
        let other = site.scope_of(site.tenant("birch"));
        assert_eq!(
            read(&other, |reader| reader
                .upload_find_by_hash(&hash(1), UploadPurpose::Store)),
            None
        );
    });
}

#[test]
fn a_state_is_changed_from_the_expected_one_only() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let id = upload(&scope, "lot.csv");
        let job = JobId::from_random(random_bits().unwrap());
        let move_on = |from: &[UploadState], to, detail| {
            change(&scope, |writer| {
                writer.upload_state(id, from, to, detail, Some(job))
            })
        };
        let receiving = [UploadState::Receiving];
        assert!(!move_on(
            &[UploadState::Checked],
            UploadState::Committing,
            None
        ));
        assert!(move_on(
            &receiving,
            UploadState::Checking,
            Some("{\"rows\":3}")
        ));
        assert!(move_on(
            &[UploadState::Checking, UploadState::Checked],
            UploadState::Checked,
            None
        ));
        assert!(change(&scope, |writer| writer.upload_kind(
            id,
            "csv",
            "Verpacker GmbH"
        )));
        let record = read(&scope, |reader| reader.upload_get(id)).unwrap();
        assert_eq!(
            (record.detail.as_str(), record.job_id),
            ("{\"rows\":3}", Some(job))
        );
        assert_eq!(
            (record.kind.as_str(), record.partner.as_str()),
            ("csv", "Verpacker GmbH")
        );
        let redetail = |version| change(&scope, |writer| writer.upload_detail(id, "{}", version));
        assert!(redetail(record.row_version));
        assert!(!redetail(record.row_version));
        assert_eq!(
            read(&scope, |reader| reader.upload_counts()),
            [(UploadState::Checked, 1)]
        );
    });
}

#[test]
fn the_list_goes_on_where_it_stopped() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        for number in 0..5 {
            upload(&scope, &format!("Lot_{number}.csv"));
        }
        let mut names = Vec::new();
        let mut before = None;
        loop {
            let page = read(&scope, |reader| {
                reader.upload_list(&UploadFilter::default(), before, 2)
            });
            let Some(last) = page.last() else { break };
            before = Some((last.created_at, last.id));
            names.extend(page.into_iter().map(|upload| upload.file_name));
        }
        names.sort();
        assert_eq!(
            names,
            [
                "Lot_0.csv",
                "Lot_1.csv",
                "Lot_2.csv",
                "Lot_3.csv",
                "Lot_4.csv"
            ]
        );
        let filter = UploadFilter {
            state: Some(UploadState::Receiving),
            partner: Some("Verpacker".to_owned()),
            text: Some("LOT_3".to_owned()),
        };
        assert_eq!(
            read(&scope, |reader| reader.upload_list(&filter, None, 10)).len(),
            1
        );
    });
}

#[test]
fn a_check_replaces_the_result_of_the_one_before() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let id = upload(&scope, "lot.csv");
        let finding = Finding::error(
            Code::UploadSerialEmpty,
            17,
            "Serial",
            "the serial is missing",
        )
        .proposing("A\"1");
        let sum = |severity, count| FindingSum {
            code: Code::UploadSerialEmpty,
            severity,
            count,
            proposals: 1,
            examples: vec![Finding {
                severity,
                ..finding.clone()
            }],
        };
        let lot = |index, load| UploadLot {
            index,
            product_text: "4012345678901".to_owned(),
            batch_text: "A1".to_owned(),
            expiry_text: "29-02".to_owned(),
            product: Some(ProductNo(1)),
            version: Some(1),
            rows_right: 10,
            rows_wrong: 2,
            blocked_by: vec!["UPL-021".to_owned()],
            load,
        };
        for _ in 0..2 {
            change(&scope, |writer| {
                let sums = [sum(Severity::Warning, 1), sum(Severity::Error, 2)];
                writer.upload_findings_replace(id, &sums)?;
                writer.upload_lots_replace(id, &[lot(0, None), lot(1, None), lot(2, None)])
            });
        }
        let found = read(&scope, |reader| reader.upload_findings(id));
        assert_eq!(found, [sum(Severity::Error, 2), sum(Severity::Warning, 1)]);
        let loaded = || change(&scope, |writer| writer.upload_lot_loaded(id, 1, LoadNo(4)));
        assert!(loaded());
        assert!(!loaded(), "a lot of a file is stored once");
        let page = |after, limit| read(&scope, |reader| reader.upload_lots(id, after, limit));
        assert_eq!(page(None, 2), [lot(0, None), lot(1, Some(LoadNo(4)))]);
        assert_eq!(page(Some(1), 2), [lot(2, None)]);
    });
}
