//! Road 1 and what goes wrong on the way in: hostile and broken files, lines, people, disks. A code and a place for each,
//! nothing lost, nothing half visible, and the house goes on.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::symlink;

use packtwin_app::error::AppError;
use packtwin_app::house::HouseSettings;
use packtwin_app::job::{cancel_job, run_jobs};
use packtwin_app::lot::view_lot;
use packtwin_app::product::{create_product, send_version};
use packtwin_app::upload::{
    BeginUpload, Begun, Completed, UploadDetail, append_part, begin_upload, complete_upload,
    findings_page, request_commit,
};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::code::Code;
use packtwin_core::ids::UploadId;
use packtwin_tenants::blob::hex;
use packtwin_tenants::store::job::JobCancel;
use packtwin_tenants::store::upload::UploadState;
use packtwin_tenants::testing::{TestSite, for_each_engine};
use packtwin_tests::story::{Story, master_data, product_code, serial_csv};
use sha2::{Digest, Sha256};

fn tell(check: impl Fn(Story<'_>)) {
    for_each_engine(|site: &TestSite| {
        let settings = HouseSettings {
            store_rows_per_change: 70,
            upload_bytes_max: 10_000_000,
            ..HouseSettings::default()
        };
        let story = Story::begin(site, settings);
        let data = master_data("Alderine 10 mg film-coated tablets", &["DE", "AT"]);
        create_product(&story.desk(), product_code(), &data).unwrap();
        send_version(&story.desk(), &product_code(), 1).unwrap();
        story.dispatch_all();
        check(story);
    });
}

fn serials(first: usize, count: usize) -> impl Iterator<Item = String> {
    (first..first + count).map(|n| format!("A{n:08}Z"))
}

fn lot_file(lot: &str, first: usize, count: usize) -> Vec<u8> {
    serial_csv(&product_code(), lot, "290630", serials(first, count))
}

fn stored(story: &Story<'_>, lot: &str) -> Option<u64> {
    let lot = BatchNumber::parse(lot).unwrap();
    let view = view_lot(&story.desk(), &product_code(), &lot);
    view.ok().map(|view| view.numbers.stored)
}

/// The state of an upload, and the code for which the whole file was refused.
fn outcome(story: &Story<'_>, upload: UploadId) -> (UploadState, Option<String>) {
    let desk = story.desk();
    let record = desk
        .scope()
        .read(|reader| reader.upload_get(upload))
        .unwrap()
        .unwrap();
    let refused = UploadDetail::from_record(&record).refused;
    (record.state, refused.map(|(code, _)| code))
}

fn refused(outcome: Result<impl std::fmt::Debug, AppError>) -> Code {
    match outcome {
        Err(AppError::Refused(refusals)) => refusals.code(),
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

fn announced(name: &str, bytes: u64) -> BeginUpload {
    BeginUpload {
        file_name: name.to_owned(),
        partner: String::new(),
        bytes,
        sha256: None,
    }
}

/// A workbook with one sheet.
fn workbook(sheet: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    for (name, text) in [
        (
            "_rels/.rels",
            format!(
                "<Relationships><Relationship Id='r1' Type='{kind}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name='Packs' r:id='s1'/></sheets></workbook>".to_owned(),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships><Relationship Id='s1' Type='{kind}/worksheet' Target='worksheets/sheet1.xml'/></Relationships>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", sheet.to_owned()),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sheet(rows: &[[&str; 4]]) -> String {
    let cell = |text: &str| match text.strip_prefix('=') {
        Some(formula) => format!("<c><f>{formula}</f><v>7</v></c>"),
        None => format!("<c t='inlineStr'><is><t>{text}</t></is></c>"),
    };
    let row = |cells: &[&str; 4]| format!("<row>{}</row>", cells.map(cell).concat());
    let rows: String = rows.iter().map(row).collect();
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")
}

const HEADING: [&str; 4] = ["serial", "gtin", "batch", "expiry"];

/// Empty, binary, cut, a bomb in a workbook, external entities, a billion laughs: the whole file is refused with its code,
/// and the next file goes its way.
#[test]
fn hostile_files_are_refused_and_the_next_one_is_not() {
    tell(|story| {
        let lines: String = (1..10)
            .map(|n| format!("<!ENTITY l{n} \"&l{};&l{};&l{};\">", n - 1, n - 1, n - 1))
            .collect();
        let laughs = format!(
            "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY l0 \"lol\">{lines}]><EPCISDocument>&l9;</EPCISDocument>"
        );
        let outside = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><EPCISDocument>&x;</EPCISDocument>";
        let bomb = workbook(&format!(
            "<worksheet><sheetData>{}</sheetData></worksheet>",
            " ".repeat(64 * 1024 * 1024)
        ));
        assert!(bomb.len() < 1_000_000, "a bomb is small");
        let inside = sheet(&[HEADING, ["A1", "04150123456782", "L1", "290630"]]);
        let whole = workbook(&inside);
        let entity = workbook(&format!(
            "<!DOCTYPE w [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{inside}"
        ));
        for (what, bytes, code) in [
            (
                "binary",
                [0u8, 1, 2, 255, 254, 0, 0, 7].repeat(64),
                "UPL-008",
            ),
            ("blank", b" \r\n\r\n".to_vec(), "UPL-002"),
            ("billion laughs", laughs.into_bytes(), "UPL-006"),
            ("external entity", outside.as_bytes().to_vec(), "UPL-006"),
            ("bomb in a workbook", bomb, "UPL-006"),
            ("entity in a workbook", entity, "UPL-006"),
            ("cut workbook", whole[..whole.len() / 2].to_vec(), "UPL-005"),
            (
                "cut document",
                b"<?xml version=\"1.0\"?><EPCISDocument><EPCISBody><EventList><Obje".to_vec(),
                "UPL-005",
            ),
        ] {
            let Completed::Kept(upload) = story.receive(what, &bytes) else {
                panic!("{what} is new")
            };
            story.work();
            let (state, found) = outcome(&story, upload.id);
            assert_eq!(
                (state, found.as_deref()),
                (UploadState::Failed, Some(code)),
                "{what}"
            );
            assert!(
                request_commit(&story.desk(), upload.id, Vec::new()).is_err(),
                "{what}"
            );
        }
        let desk = story.desk();
        assert_eq!(
            refused(begin_upload(&desk, announced("e", 0)).map(drop)),
            Code::UploadEmpty
        );
        let ten_gigabytes = announced("big", 10_000_000_000);
        assert_eq!(
            refused(begin_upload(&desk, ten_gigabytes).map(drop)),
            Code::UploadTooLarge
        );
        let upload = story.receive_and_check("whole.xlsx", &whole);
        request_commit(&desk, upload, Vec::new()).unwrap();
        story.work();
        assert_eq!(stored(&story, "L1"), Some(1));
    });
}

/// UPL-019: a formula is never computed and never stored; its row and column are named.
#[test]
fn a_formula_in_a_cell_is_named_with_its_row() {
    tell(|story| {
        let code = "04150123456782";
        let rows = [
            HEADING,
            ["A1", code, "L1", "290630"],
            ["=CONCAT(A2)", code, "L1", "290630"],
        ];
        let upload = story.receive_and_check("formula.xlsx", &workbook(&sheet(&rows)));
        let found = findings_page(&story.desk(), upload, None, 0, 10).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.code, one.row, one.column.as_str()))
            .collect();
        assert_eq!(told, [(Code::UploadFormula, 3, "serial")]);
        assert!(request_commit(&story.desk(), upload, Vec::new()).is_err());
    });
}

/// UPL-041, URS-SN-006: the line breaks at 99 %, in the middle of a part; the rest is sent from where the file ends, and
/// the original is byte for byte what was sent.
#[test]
fn a_line_lost_at_99_percent_continues() {
    struct Breaks<'b>(&'b [u8]);
    impl std::io::Read for Breaks<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Err(std::io::ErrorKind::ConnectionReset.into());
            }
            let count = self.0.len().min(buffer.len());
            let (now, later) = self.0.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }
    tell(|story| {
        let file = lot_file("L1", 0, 3_000);
        let desk = story.desk();
        let Begun::New(upload) =
            begin_upload(&desk, announced("l.csv", file.len() as u64)).unwrap()
        else {
            panic!("nothing is the same yet")
        };
        let at = file.len() / 2;
        append_part(&desk, upload.id, 0, &mut &file[..at]).unwrap();
        let broken = &file[at..file.len() * 99 / 100];
        assert!(append_part(&desk, upload.id, at as u64, &mut Breaks(broken)).is_err());
        assert_eq!(
            refused(complete_upload(&desk, upload.id, None).map(drop)),
            Code::UploadOffset
        );
        let here = desk.scope().blobs().incoming_length(upload.id).unwrap();
        assert!(here >= at as u64, "what was answered is kept");
        let again = append_part(&desk, upload.id, here + 1, &mut &file[here as usize..]);
        assert_eq!(refused(again), Code::UploadOffset);
        append_part(&desk, upload.id, here, &mut &file[here as usize..]).unwrap();
        let hash = Sha256::digest(&file).into();
        let Completed::Kept(kept) = complete_upload(&desk, upload.id, Some(hash)).unwrap() else {
            panic!("the file is new")
        };
        assert_eq!(hex(&kept.sha256.unwrap()), hex(&hash));
        story.work();
        request_commit(&desk, upload.id, Vec::new()).unwrap();
        story.work();
        assert_eq!(stored(&story, "L1"), Some(3_000));
    });
}

/// UPL-014: two people send the same lot at once, in different files. One of them stores it, the other is told the rows,
/// and no pack is there twice.
#[test]
fn two_people_upload_the_same_lot_at_once() {
    tell(|story| {
        let first = story.receive_and_check("a.csv", &lot_file("L1", 0, 500));
        let second = story.receive_and_check("b.csv", &lot_file("L1", 250, 500));
        let desk = story.desk();
        // Both checks saw an empty store.
        request_commit(&desk, first, Vec::new()).unwrap();
        request_commit(&desk, second, Vec::new()).unwrap();
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| while run_jobs(&story.house).unwrap().worked > 0 {});
            }
        });
        story.clock.forward(120);
        story.work();
        assert_eq!(
            stored(&story, "L1"),
            Some(500),
            "one whole file and nothing of the other"
        );
        let mut states = [outcome(&story, first).0, outcome(&story, second).0];
        states.sort_by_key(|state| state.as_str());
        assert_eq!(states, [UploadState::Checked, UploadState::Committed]);
        let loser = if outcome(&story, first).0 == UploadState::Checked {
            first
        } else {
            second
        };
        let found = findings_page(&desk, loser, Some(Code::UploadSerialTaken), 0, 1_000).unwrap();
        assert_eq!(found.len(), 250);
        assert_eq!(
            found[0].text,
            format!(
                "Row {}: this serial already exists for this product in lot L1. It cannot be used again. The product is \
                 04150123456782.",
                found[0].row
            )
        );
        let record = desk.scope().read(|reader| reader.upload_get(loser));
        let detail = UploadDetail::from_record(&record.unwrap().unwrap());
        let (code, text) = detail.refused.unwrap();
        assert_eq!(code, "UPL-014");
        assert!(
            text.starts_with("Nothing was stored: another upload stored one of these packs"),
            "{text}"
        );
    });
}

/// SYS-001: the disk is full while a part arrives and while the check writes its sorted rows. Nothing is lost; when there is
/// room again the same work is done.
#[test]
fn a_full_disk_stops_the_work_and_loses_nothing() {
    tell(|story| {
        // Whatever is written to this device finds no room, by the kernel's own word.
        let full = |place: &std::path::Path| symlink("/dev/full", place).unwrap();
        let (desk, file) = (story.desk(), lot_file("L1", 0, 2_000));
        let begin = announced("l.csv", file.len() as u64);
        let Begun::New(upload) = begin_upload(&desk, begin).unwrap() else {
            panic!("nothing is the same yet")
        };
        let incoming = story.site.folder().join("incoming");
        let place = incoming
            .join(story.tenant.to_string())
            .join(upload.id.to_string());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        full(&place);
        let part = append_part(&desk, upload.id, 0, &mut &file[..]);
        assert_eq!(refused(part), Code::StorageFull);
        fs::remove_file(&place).unwrap();
        append_part(&desk, upload.id, 0, &mut &file[..]).unwrap();
        complete_upload(&desk, upload.id, None).unwrap();

        let work = desk.scope().blobs().work_folder(upload.id).unwrap();
        full(&work.join("sorted.part"));
        assert_eq!(run_jobs(&story.house).unwrap().broken, 1);
        let state = outcome(&story, upload.id).0;
        assert_eq!(state, UploadState::Checking, "it waits for room");
        fs::remove_file(work.join("sorted.part")).unwrap();
        story.clock.forward(120);
        story.work();
        assert_eq!(outcome(&story, upload.id), (UploadState::Checked, None));
        request_commit(&desk, upload.id, Vec::new()).unwrap();
        story.work();
        assert_eq!(stored(&story, "L1"), Some(2_000));
    });
}

/// A commit that is cancelled in the middle leaves nothing, and can be asked for again.
#[test]
fn a_commit_cancelled_in_the_middle_leaves_nothing() {
    tell(|story| {
        let upload = story.receive_and_check("l.csv", &lot_file("L1", 0, 20_000));
        let desk = story.desk();
        let job = request_commit(&desk, upload, Vec::new()).unwrap();
        let done = |of| {
            desk.scope()
                .read(|reader| reader.job_get(of))
                .unwrap()
                .unwrap()
                .done
        };
        let asked = std::thread::scope(|threads| {
            threads.spawn(|| story.work());
            while done(job) == 0 {
                std::thread::yield_now();
            }
            assert_eq!(stored(&story, "L1"), None, "nothing of it is seen yet");
            cancel_job(&desk, job).unwrap()
        });
        assert_eq!(asked, JobCancel::Requested);
        assert!(done(job) < 20_000, "it was stopped on its way");
        assert_eq!(outcome(&story, upload).0, UploadState::Checked);
        assert_eq!(stored(&story, "L1"), None);
        for (table, why) in [("pack", "no serial stays taken"), ("lot", "no lot is kept")] {
            let rows = format!(
                "SELECT COUNT(*) AS number FROM {table} WHERE tenant_id = {}",
                story.tenant
            );
            assert_eq!(story.site.number_as_owner(&rows), 0, "{why}");
        }
        request_commit(&desk, upload, Vec::new()).unwrap();
        story.work();
        assert_eq!(stored(&story, "L1"), Some(20_000));
    });
}

/// F09: the clock jumps forward by a year in the middle of a job, so that its lease seems long over, and back again.
#[test]
fn a_clock_that_jumps_in_the_middle_of_a_job_changes_nothing() {
    tell(|story| {
        let upload = story.receive_and_check("l.csv", &lot_file("L1", 0, 10_000));
        let desk = story.desk();
        let job = request_commit(&desk, upload, Vec::new()).unwrap();
        std::thread::scope(|threads| {
            threads.spawn(|| story.work());
            let done = || {
                desk.scope()
                    .read(|reader| reader.job_get(job))
                    .unwrap()
                    .unwrap()
                    .done
            };
            while done() == 0 {
                std::thread::yield_now();
            }
            story.clock.forward(365 * 86_400);
            threads.spawn(|| story.work());
            story.clock.forward(-365 * 86_400);
        });
        story.clock.forward(366 * 86_400);
        story.work();
        assert_eq!(stored(&story, "L1"), Some(10_000));
        let packs = format!(
            "SELECT COUNT(*) AS number FROM pack WHERE tenant_id = {}",
            story.tenant
        );
        assert_eq!(story.site.number_as_owner(&packs), 10_000);
    });
}
