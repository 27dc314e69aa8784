//! `packtwin translate` as people run it, on real files: beside what a site sends for the same lot, through pipes, and with
//! files that are refused.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use packtwin_app::house::HouseSettings;
use packtwin_app::lot::{SendWhat, request_send};
use packtwin_app::product::{create_product, send_version};
use packtwin_app::upload::request_commit;
use packtwin_core::batch_number::BatchNumber;
use packtwin_tenants::store::message::MessageFilter;
use packtwin_tenants::testing::TestSite;
use packtwin_tests::server_process::program;
use packtwin_tests::story::{Story, master_data, product_code, serial_csv};

fn serials(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("A{:09}Z", n * 7_919 % 1_000_000_007))
}

/// Runs the program in a folder, with something on its standard input.
fn translate(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = program()
        .arg("translate")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A refusal may come before all was read.
    let _cut = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The documents that the site writes when it sends the lot of a file.
fn documents_of_site(story: &Story<'_>, file: &[u8], batch: &str) -> Vec<String> {
    let desk = story.desk();
    let data = master_data("Alderine 10 mg film-coated tablets", &["DE", "AT"]);
    create_product(&desk, product_code(), &data).unwrap();
    send_version(&desk, &product_code(), 1).unwrap();
    story.dispatch_all();
    let upload = story.receive_and_check("lot.csv", file);
    request_commit(&desk, upload, Vec::new()).unwrap();
    story.work();
    let batch = BatchNumber::parse(batch).unwrap();
    request_send(&desk, &product_code(), &batch, SendWhat::Unsent).unwrap();
    story.work();
    let messages = desk
        .scope()
        .read(|reader| reader.message_list(&MessageFilter::default(), None, 100))
        .unwrap();
    let of_lot = messages.iter().filter(|message| message.lot.is_some());
    of_lot
        .map(|message| {
            let path = desk.scope().blobs().path(&message.document.unwrap().sha256);
            std::fs::read_to_string(path).unwrap()
        })
        .collect()
}

/// What an element of a document holds.
fn element<'d>(document: &'d str, name: &str) -> &'d str {
    let (_, rest) = document.split_once(&format!("<{name}>")).unwrap();
    rest.split('<').next().unwrap()
}

/// URS-CN-002: for the same lot, the same message id and the same time, the command line writes the bytes that the site
/// sends; and it gives the packs of the site's document back.
#[test]
fn the_command_line_writes_what_the_site_sends() {
    let file = serial_csv(&product_code(), "T100", "290600", serials(2_500));
    let site = TestSite::sqlite();
    let story = Story::begin(&site, HouseSettings::default());
    let documents = documents_of_site(&story, &file, "T100");
    assert_eq!(documents.len(), 1);
    let sent = &documents[0];

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lot.csv"), &file).unwrap();
    let arguments = [
        "--to",
        "eu-hub",
        "--product-version",
        "1",
        "--market",
        "DE,AT",
        "--sender",
        "ALDER",
        "--message-id",
        element(sent, "MessageId"),
        "--event-time",
        element(sent, "EventTime"),
        "lot.csv",
        "-o",
        "lot.xml",
    ];
    let done = translate(folder.path(), &arguments, b"");
    assert_eq!(
        (status(&done), done.stdout.len()),
        (0, 0),
        "{}",
        said(&done)
    );
    let written = std::fs::read_to_string(folder.path().join("lot.xml")).unwrap();
    assert_eq!(&written, sent);

    let back = translate(folder.path(), &["--to", "csv"], sent.as_bytes());
    assert_eq!(status(&back), 1, "{}", said(&back));
    assert!(said(&back).contains("--product-version 1 --market DE,AT"));
    let mut expected: Vec<String> = serials(2_500)
        .map(|serial| format!("{serial},{},T100,290600,", product_code()))
        .collect();
    expected.sort_unstable();
    let text = String::from_utf8(back.stdout).unwrap();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines, expected);
}

/// Documents are numbered, nothing is left of a refused run, and an earlier run is not mixed with this one.
#[test]
fn several_documents_are_numbered_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = serial_csv(&product_code(), "T1", "290600", serials(25));
    let hub = [
        "--to",
        "eu-hub",
        "--sender",
        "A",
        "--product-version",
        "1",
        "--market",
        "DE",
    ];
    let names = |folder: &Path| {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let run = |more: &[&str]| translate(folder.path(), &[&hub, more].concat(), &file);
    let no_place = run(&["--max-packs", "10"]);
    assert_eq!((status(&no_place), no_place.stdout.len()), (2, 0));
    assert!(
        said(&no_place).contains("need 3 documents"),
        "{}",
        said(&no_place)
    );
    assert_eq!(names(folder.path()), [""; 0]);

    let beside = run(&["--max-packs", "10", "-o", "t.xml"]);
    assert_eq!(status(&beside), 0, "{}", said(&beside));
    assert_eq!(
        names(folder.path()),
        ["t-0001.xml", "t-0002.xml", "t-0003.xml"]
    );
    let mixed = run(&["--max-packs", "20", "-o", "t.xml"]);
    assert_eq!(status(&mixed), 2, "{}", said(&mixed));

    let inside = run(&["--max-packs", "20", "-o", "out/"]);
    assert_eq!(status(&inside), 0, "{}", said(&inside));
    assert_eq!(names(&folder.path().join("out")), ["0001.xml", "0002.xml"]);
}

/// The same refusals as an upload has, in the words of the same codes; findings also as JSON lines.
#[test]
fn refused_files_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let row = |serial: &str, expiry: &str| format!("{serial};{};L1;{expiry}\n", product_code());
    let table = |rows: &str| format!("SN;GTIN;LOT;EXP\n{rows}");
    let wrong = table(&(row("A 1", "june") + &row("=B1", "290630") + &row("C1", "290630")));
    let refused = translate(
        folder.path(),
        &["--to", "csv", "--findings", "found.jsonl", "-o", "out.csv"],
        wrong.as_bytes(),
    );
    assert_eq!((status(&refused), refused.stdout.len()), (3, 0));
    assert!(!folder.path().join("out.csv").exists());
    let found = std::fs::read_to_string(folder.path().join("found.jsonl")).unwrap();
    let found: Vec<serde_json::Value> = found
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (row, code) in [(2, "UPL-012"), (2, "UPL-020"), (3, "UPL-019")] {
        assert!(
            found
                .iter()
                .any(|finding| finding["row"] == row && finding["code"] == code),
            "{found:?} lacks {code} in row {row}"
        );
    }
    let entities = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><EPCISDocument>&a;</EPCISDocument>";
    for (input, code) in [
        (&b""[..], "UPL-002"),
        (b"\x89PNG\r\n\x1a\n", "UPL-008"),
        (b"PK\x03\x04 no archive", "UPL-00"),
        (entities.as_bytes(), "UPL-006"),
        (b"<EPCISDocument><EPCISBody>", "UPL-005"),
        (b"{\"type\": \"EPCISDocument\"}", "UPL-049"),
        (b"{\"type\": \"Order\"}", "UPL-004"),
    ] {
        let refused = translate(folder.path(), &["--to", "csv"], input);
        assert_eq!((status(&refused), refused.stdout.len()), (3, 0));
        assert!(
            said(&refused).contains(code),
            "{} lacks {code}",
            said(&refused)
        );
    }
    let refused = translate(folder.path(), &["--to", "mdlp"], b"");
    assert_eq!(status(&refused), 2);
    assert!(said(&refused).contains("is not built yet"));
}

/// What is there stays, unless it is said otherwise; what is read stays whatever is said.
#[test]
fn nothing_is_written_over_by_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let input = serial_csv(&product_code(), "T1", "290600", serials(3));
    let place = |name: &str| folder.path().join(name);
    std::fs::write(place("in.csv"), &input).unwrap();
    std::os::unix::fs::symlink("in.csv", place("same.csv")).unwrap();
    for (arguments, expected) in [
        (&["-o", "in.csv"][..], 2),
        (&["-o", "in.csv", "--force"], 2),
        (&["-o", "same.csv", "--force"], 2),
        (&["-o", "out.csv", "--findings", "in.csv", "--force"], 2),
        (&["-o", "out.csv"], 0),
        (&["-o", "out.csv"], 2),
        (&["-o", "more.csv", "--findings", "out.csv"], 2),
        (&["-o", "out.csv", "--force"], 0),
        (&["-o", "/dev/null", "--force"], 2),
    ] {
        let before = std::fs::read(place("out.csv")).ok();
        let arguments = [&["--to", "csv", "in.csv"], arguments].concat();
        let done = translate(folder.path(), &arguments, b"");
        assert_eq!(status(&done), expected, "{arguments:?}: {}", said(&done));
        assert_eq!(
            std::fs::read(place("in.csv")).unwrap(),
            input,
            "{arguments:?}"
        );
        if expected != 0 {
            assert_eq!(
                std::fs::read(place("out.csv")).ok(),
                before,
                "{arguments:?}"
            );
        }
    }
}

/// Whoever reads the document through a pipe and has seen enough is told no fault.
#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let input = serial_csv(&product_code(), "T1", "290600", serials(50_000));
    std::fs::write(folder.path().join("in.csv"), input).unwrap();
    let mut child = program()
        .args(["translate", "--to", "csv", "in.csv"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!((status(&done), said(&done).as_str()), (0, ""));
}

/// URS-CN-002: from EPCIS to EPCIS the document is carried whole; what the other form has no place for is told, and so are
/// the faults of the source, by exit status too.
#[test]
fn documents_of_epcis_are_carried_whole() {
    let folder = tempfile::tempdir().unwrap();
    let event = |more: &str| {
        format!(
            "{{\"type\": \"ObjectEvent\", \"eventTime\": \"2026-05-04T08:00:00Z\", \"eventTimeZoneOffset\": \"+02:00\", \
             \"action\": \"OBSERVE\", \"epcList\": [\"urn:epc:id:sscc:0952123.0000000017\"]{more}}}"
        )
    };
    let document = |events: &str| {
        format!(
            "{{\"@context\": [\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"], \"type\": \"EPCISDocument\", \
             \"schemaVersion\": \"2.0\", \"creationDate\": \"2026-05-04T08:00:00Z\", \"epcisBody\": {{\"eventList\": [{events}]}}}}"
        )
    };
    let plain = document(&event(", \"bizStep\": \"shipping\""));
    let carried = translate(folder.path(), &["--to", "epcis-1.2"], plain.as_bytes());
    assert_eq!(status(&carried), 0, "{}", said(&carried));
    let xml = String::from_utf8(carried.stdout).unwrap();
    assert!(xml.contains("urn:epcglobal:cbv:bizstep:shipping"), "{xml}");
    let back = translate(
        folder.path(),
        &["--from", "epcis-1.2", "--to", "epcis-2.0"],
        xml.as_bytes(),
    );
    assert_eq!(status(&back), 0, "{}", said(&back));
    let json: serde_json::Value = serde_json::from_slice(&back.stdout).unwrap();
    let before: serde_json::Value = serde_json::from_str(&plain).unwrap();
    assert_eq!(json["epcisBody"], before["epcisBody"]);

    let two = ", \"certificationInfo\": [\"https://a.example/1\", \"https://a.example/2\"]";
    let lossy = translate(
        folder.path(),
        &["--to", "epcis-2.0-xml"],
        document(&event(two)).as_bytes(),
    );
    assert_eq!(status(&lossy), 1);
    assert!(
        said(&lossy).contains("not carried: certificates"),
        "{}",
        said(&lossy)
    );
    let wrong = document(&event(", \"colour\": \"red\""));
    let told = translate(folder.path(), &["--to", "epcis-2.0-xml"], wrong.as_bytes());
    assert_eq!(status(&told), 1);
    assert!(said(&told).contains("EPC-138"), "{}", said(&told));
    let other = translate(
        folder.path(),
        &["--from", "epcis-1.2", "--to", "epcis-2.0"],
        plain.as_bytes(),
    );
    assert_eq!((status(&other), other.stdout.len()), (3, 0));
    let cut = &xml.as_bytes()[..xml.len() - 30];
    let refused = translate(folder.path(), &["--to", "epcis-2.0", "-o", "out.json"], cut);
    assert_eq!(status(&refused), 3);
    assert!(said(&refused).contains("UPL-005"), "{}", said(&refused));
    assert!(!folder.path().join("out.json").exists());
}

/// A partner's dialect by name: what it is allowed is put right and no fault, for the check as for the translation.
#[test]
fn a_dialect_is_named_and_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let file = "<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:1' xmlns:v='urn:v' schemaVersion='1.2' creationDate='2026-05-04T08:00:00Z'><EPCISBody><EventList>\n\
                <ObjectEvent><eventTime>2026-05-04T08:00:00</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset>\n\
                <epcList><epc>urn:epc:id:sgtin:0952123.045432.A1</epc></epcList><action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>\n\
                <bizLocation><id>0952123.00001.0</id></bizLocation><v:extension name='BATCH'>L7</v:extension><v:extension name='EXPIRY'>20290630</v:extension></ObjectEvent>\n\
                </EventList></EPCISBody></e:EPCISDocument>";
    std::fs::write(folder.path().join("optel.xml"), file).unwrap();
    let validate = |more: &[&str]| {
        let run = program()
            .args(["epcis", "validate", "--jsonl", "optel.xml"])
            .args(more)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8(run.stdout.clone()).unwrap();
        let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        (status(&run), last["tolerated"].as_u64().unwrap())
    };
    assert_eq!(validate(&[]), (1, 0));
    assert_eq!(validate(&["--profile", "optel"]), (0, 5));
    assert_eq!(
        validate(&["--profile", "optel", "--profile", "dscsa"]),
        (0, 5)
    );

    let table = translate(
        folder.path(),
        &["--to", "csv", "--profile", "optel", "optel.xml"],
        b"",
    );
    let text = String::from_utf8(table.stdout).unwrap();
    assert_eq!(text.lines().nth(1).unwrap(), "A1,00952123454324,L7,290630,");
    let json = translate(
        folder.path(),
        &["--to", "epcis-2.0", "--profile", "optel", "optel.xml"],
        b"",
    );
    assert_eq!(
        status(&json),
        0,
        "{}",
        String::from_utf8_lossy(&json.stderr)
    );
    let plain = translate(folder.path(), &["--to", "epcis-2.0", "optel.xml"], b"");
    assert_eq!(status(&plain), 1);
    assert!(
        said(&plain).contains("schema of this form refuses"),
        "{}",
        said(&plain)
    );
    let unknown = translate(
        folder.path(),
        &["--to", "csv", "--profile", "nobody", "optel.xml"],
        b"",
    );
    assert_eq!(status(&unknown), 2);
}
