//! What the check of a file says of each fault, and whether the lot can still be committed (users.md section 5, UPL codes;
//! URS-SN-008).

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use packtwin_app::house::HouseSettings;
use packtwin_app::product::{add_version, create_product, send_version};
use packtwin_app::upload::{
    BeginUpload, Begun, CheckSummary, Completed, Decision, MappingChoice, UploadDetail,
    append_part, begin_upload, change_decision, complete_upload, request_commit, write_error_file,
};
use packtwin_core::code::Code;
use packtwin_core::finding::Severity;
use packtwin_core::ids::UploadId;
use packtwin_tenants::store::upload::UploadState;
use packtwin_tenants::testing::{TestSite, for_each_engine};
use packtwin_tests::story::{Story, master_data, product_code};

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

/// Every finding as code and severity, and the batch numbers of lots that can be committed.
fn checked(story: &Story<'_>, file: &[u8]) -> (Vec<String>, Vec<String>) {
    let upload = story.receive_and_check("lot.csv", file);
    let desk = story.desk();
    let (sums, lots) = desk
        .scope()
        .read(|reader| {
            Ok::<_, packtwin_tenants::error::StoreError>((
                reader.upload_findings(upload)?,
                reader.upload_lots(upload, None, 100)?,
            ))
        })
        .unwrap();
    let word = |severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Fixed => "fixed",
    };
    let told = sums
        .iter()
        .map(|sum| format!("{} {}", sum.code, word(sum.severity)));
    let open = lots
        .iter()
        .filter(|lot| lot.rows_right > 0 && lot.rows_wrong == 0 && lot.blocked_by.is_empty());
    (
        told.collect(),
        open.map(|lot| lot.batch_text.clone()).collect(),
    )
}

/// What the last check of an upload counted.
fn counted(story: &Story<'_>, upload: UploadId) -> CheckSummary {
    let desk = story.desk();
    let record = desk.scope().read(|reader| reader.upload_get(upload));
    let detail = UploadDetail::from_record(&record.unwrap().unwrap());
    detail.summary.unwrap()
}

/// The findings of a code.
fn count_of(story: &Story<'_>, upload: UploadId, code: Code) -> u64 {
    let desk = story.desk();
    let sums = desk.scope().read(|reader| reader.upload_findings(upload));
    let sums = sums.unwrap();
    let found = sums.iter().find(|sum| sum.code == code);
    found.map_or(0, |sum| sum.count)
}

fn decide(story: &Story<'_>, upload: UploadId, accepted: &[Code], kept: &[Code]) {
    let decision = Decision {
        mapping: MappingChoice::Keep,
        accepted: Some(accepted.iter().copied().collect()),
        kept: Some(kept.iter().copied().collect()),
    };
    change_decision(&story.desk(), upload, decision).unwrap();
    story.work();
}

/// URS-SN-008: a value that is wrong in five rows is judged once and found in five rows, and mended in five.
#[test]
fn a_wrong_value_counts_in_every_row_that_has_it() {
    tell(|story| {
        let rows: String = (1..=5)
            .map(|n| format!("A{n};04150123456783;BAD;290630\r\n"))
            .collect();
        let upload = story.receive_and_check("lot.csv", format!("{HEAD}{rows}").as_bytes());
        let code = Code::UploadCodeCheckDigit;
        assert_eq!(count_of(&story, upload, code), 5);
        let sums = counted(&story, upload);
        assert_eq!((sums.rows_wrong, sums.rows_fixable), (5, 5));
        let mut file = Vec::new();
        write_error_file(&story.desk(), upload, &mut file).unwrap();
        let lines = String::from_utf8(file).unwrap();
        assert_eq!(
            lines
                .lines()
                .filter(|line| line.contains("UPL-010"))
                .count(),
            5
        );
        decide(&story, upload, &[code], &[]);
        let sums = counted(&story, upload);
        assert_eq!((sums.rows_fixed, sums.rows_wrong), (5, 0));
        assert_eq!((sums.rows, sums.rows_settled()), (5, 5));
    });
}

/// UPL-017: serials that may have lost their zeros wait for someone to say which they are.
#[test]
fn lost_zeros_are_a_question() {
    tell(|story| {
        let code = product_code();
        let rows: String = (1..=30)
            .map(|n| match n {
                7 | 9 => format!("{n};{code};L1;290630\r\n"),
                _ => format!("1000000{n:05};{code};L1;290630\r\n"),
            })
            .collect();
        let upload = story.receive_and_check("lot.csv", format!("{HEAD}{rows}").as_bytes());
        let sums = counted(&story, upload);
        assert_eq!((sums.rows_right, sums.rows_fixable), (28, 2));
        assert!(request_commit(&story.desk(), upload, Vec::new()).is_err());
        let stored = |accepted: &[Code], kept: &[Code]| {
            decide(&story, upload, accepted, kept);
            let sums = counted(&story, upload);
            (sums.rows_right, sums.rows_fixed)
        };
        let zeros = [Code::UploadLeadingZeroLost];
        assert_eq!(stored(&[], &zeros), (30, 0));
        assert_eq!(count_of(&story, upload, zeros[0]), 2, "still told");
        assert_eq!(stored(&zeros, &[]), (30, 2));
        let never = Decision {
            mapping: MappingChoice::Keep,
            accepted: None,
            kept: Some([Code::UploadSerialTaken].into()),
        };
        assert!(change_decision(&story.desk(), upload, never).is_err());
        request_commit(&story.desk(), upload, Vec::new()).unwrap();
    });
}

/// UPL-002: a heading alone is an empty file.
#[test]
fn a_file_without_rows_is_refused() {
    tell(|story| {
        let upload = story.receive_and_check("lot.csv", HEAD.as_bytes());
        let desk = story.desk();
        let record = desk.scope().read(|reader| reader.upload_get(upload));
        let record = record.unwrap().unwrap();
        assert_eq!(record.state, UploadState::Failed);
        let (code, _) = UploadDetail::from_record(&record).refused.unwrap();
        assert_eq!(code, Code::UploadEmpty.as_str());
    });
}

/// UPL-001: the answer to a repeated file may be lost; completing again gives it again, and the repeated upload names the
/// first.
#[test]
fn a_repeated_file_keeps_its_track() {
    tell(|story| {
        let file = format!("{HEAD}A1;{};L1;290630\r\n", product_code());
        let first = story.receive_and_check("lot.csv", file.as_bytes());
        let desk = story.desk();
        let begin = BeginUpload {
            file_name: "again.csv".to_owned(),
            partner: String::new(),
            bytes: file.len() as u64,
            sha256: None,
        };
        let Begun::New(second) = begin_upload(&desk, begin).unwrap() else {
            panic!("no hash was announced")
        };
        append_part(&desk, second.id, 0, &mut file.as_bytes()).unwrap();
        for _ in 0..2 {
            let Completed::Same(same) = complete_upload(&desk, second.id, None).unwrap() else {
                panic!("the content is known")
            };
            assert_eq!(same.id, first);
        }
        let record = desk.scope().read(|reader| reader.upload_get(second.id));
        let detail = UploadDetail::from_record(&record.unwrap().unwrap());
        assert_eq!(detail.same_as(), Some(first));
        assert_eq!(
            detail.refused.unwrap().0,
            Code::UploadAlreadyReceived.as_str()
        );
    });
}

const HEAD: &str = "Seriennummer;GTIN;Charge;Verfalldatum\r\n";

/// One faulty row of lot `BAD` beside a clean lot `OK`. Whether `BAD` can be committed is the last word.
#[test]
fn each_fault_blocks_its_lot_or_warns() {
    const BLOCKS: bool = true;
    const WARNS: bool = false;
    tell(|story| {
        let code = product_code();
        for (row, expected, blocks) in [
            (
                "A1;04150123456783;BAD;290630".to_owned(),
                "UPL-010 error",
                BLOCKS,
            ),
            (
                format!("A23456789012345678901;{code};BAD;290630"),
                "UPL-011 error",
                BLOCKS,
            ),
            (format!("A§1;{code};BAD;290630"), "UPL-012 error", BLOCKS),
            (
                format!("1.23E+13;{code};BAD;290630"),
                "UPL-016 error",
                BLOCKS,
            ),
            (
                "A2;4150123456782;BAD;290630".to_owned(),
                "UPL-017 warning",
                WARNS,
            ),
            (format!(";{code};BAD;290630"), "UPL-018 error", BLOCKS),
            (format!("=1+1;{code};BAD;290630"), "UPL-019 error", BLOCKS),
            (format!("A3;{code};BAD;30.06.2029"), "UPL-020 error", BLOCKS),
            ("A4;12AB;BAD;290630".to_owned(), "UPL-023 error", BLOCKS),
            (
                "A5;04006381333931;BAD;290630".to_owned(),
                "UPL-024 error",
                BLOCKS,
            ),
            (format!("A6;{code};B D;290630"), "UPL-025 error", BLOCKS),
            (format!("A7;{code};BAD;250630"), "UPL-026 warning", WARNS),
            (format!("A8;{code};BAD;"), "UPL-027 error", BLOCKS),
            (format!("A9;{code};;290630"), "UPL-028 error", BLOCKS),
            (format!("A10 ;{code};BAD;290630"), "UPL-047 error", BLOCKS),
        ] {
            let file = format!("{HEAD}{row}\r\nZ{:02};{code};OK;290630\r\n", row.len());
            let (told, open) = checked(&story, file.as_bytes());
            assert!(told.contains(&expected.to_owned()), "{row}: {told:?}");
            let bad_is_open = open.iter().any(|batch| batch == "BAD");
            assert_eq!(bad_is_open, !blocks, "{row}: {open:?}");
            assert!(
                open.iter().any(|batch| batch == "OK"),
                "{row}: the clean lot goes alone, {open:?}"
            );
        }
    });
}

/// UPL-005, UPL-029: nobody knows of which lot a row is that cannot be taken apart, nor which rows are missing behind the
/// end. So no lot of such a file can be committed, and the sum of rows still comes out even.
#[test]
fn a_lost_row_blocks_every_lot_of_its_file() {
    tell(|story| {
        let code = product_code();
        let rows = format!("{HEAD}A1;{code};L1;290630\r\nB1;{code};L2;290630\r\n");
        for (end, expected) in [
            (format!("B2;{code};L"), "UPL-005 error"),
            (format!("\"B3;{code};L2;290630\r\n"), "UPL-005 error"),
            (
                format!("B4;{code};L2;290630;?;?\r\nB5;{code};L2;290630\r\n"),
                "UPL-029 error",
            ),
        ] {
            let file = format!("{rows}{end}");
            let (told, open) = checked(&story, file.as_bytes());
            assert_eq!(
                (told, open),
                (vec![expected.to_owned()], Vec::new()),
                "{end}"
            );
        }
        let upload = story.receive_and_check("cut.csv", format!("{rows}B9;{code}").as_bytes());
        let desk = story.desk();
        assert!(request_commit(&desk, upload, Vec::new()).is_err());
        let summary = summary(&story, upload);
        assert_eq!(
            (summary.rows, summary.rows_right, summary.rows_wrong),
            (3, 0, 3)
        );
    });
}

fn summary(story: &Story<'_>, upload: UploadId) -> packtwin_app::upload::CheckSummary {
    let desk = story.desk();
    let record = desk
        .scope()
        .read(|reader| reader.upload_get(upload))
        .unwrap();
    UploadDetail::from_record(&record.unwrap()).summary.unwrap()
}

/// UPL-022: a lot that is stored under version 1 does not take packs for a market that version 2 alone has.
#[test]
fn a_lot_does_not_move_to_another_version() {
    tell(|story| {
        let (desk, code) = (story.desk(), product_code());
        let first =
            story.receive_and_check("a.csv", format!("{HEAD}A1;{code};L1;290630\r\n").as_bytes());
        request_commit(&desk, first, Vec::new()).unwrap();
        story.work();
        let wider = master_data("Alderine 10 mg film-coated tablets", &["DE", "FR"]);
        assert_eq!(add_version(&desk, &code, &wider).unwrap(), 2);
        send_version(&desk, &code, 2).unwrap();
        story.dispatch_all();
        let head = "serial,gtin,batch,expiry,market\n";
        let file = format!(
            "{head}A2,{code},L1,290630,FR\nA3,{code},L2,290630,FR\nA4,{code},L3,290630,IT\n"
        );
        let (told, open) = checked(&story, file.as_bytes());
        assert_eq!(told, ["UPL-022 error", "UPL-030 error"]);
        assert_eq!(open, ["L2"], "a new lot belongs to the new version");
    });
}

/// A finding of a whole lot names the rows of the file where it shows, the heading and empty lines counted (URS-SN-008).
#[test]
fn a_fault_of_a_lot_names_its_rows_of_the_file() {
    tell(|story| {
        let code = product_code();
        let file = format!(
            "{HEAD}A1;{code};OK;290630\r\n\r\nB1;{code};BAD;290630\r\nB2;{code};BAD;290630\r\nB3;{code};BAD;290731\r\n"
        );
        let upload = story.receive_and_check("two-expiries.csv", file.as_bytes());
        let sums = story
            .desk()
            .scope()
            .read(|reader| reader.upload_findings(upload))
            .unwrap();
        let sum = sums
            .iter()
            .find(|sum| sum.code == Code::UploadTwoExpiries)
            .unwrap();
        let finding = &sum.examples[0];
        assert_eq!(finding.row, 4, "{finding:?}");
        assert!(finding.text.contains("stands in row 6"), "{finding:?}");
    });
}
