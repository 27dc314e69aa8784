//! `packtwin upload` as a process of its own against a served site, through a line that breaks (URS-SN-005, URS-SN-006).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use packtwin_core::role::Permission;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_simulators::eu_hub::{HubSimulator, RunningHub, SimulatorSettings};
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use packtwin_tenants::testing::now;
use serde_json::{Value, json};
use support::{CODE, Running, master_data};

/// The hub's own clock; certificates are valid from yesterday.
struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// A line to the site that breaks once, after so many bytes of what is sent have passed.
struct Line {
    url: String,
    broken: Arc<AtomicU32>,
}

impl Line {
    fn to(site: &str, breaks_after: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let site = site.trim_start_matches("http://").to_owned();
        let left = Arc::new(AtomicI64::new(breaks_after));
        let broken = Arc::new(AtomicU32::new(0));
        let told = Arc::clone(&broken);
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.unwrap(), TcpStream::connect(&site).unwrap());
                let (left, broken) = (Arc::clone(&left), Arc::clone(&told));
                let back = (far.try_clone().unwrap(), near.try_clone().unwrap());
                std::thread::spawn(move || pass(back.0, back.1, &AtomicI64::new(i64::MAX)));
                std::thread::spawn(move || {
                    if pass(near, far, &left) {
                        broken.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Line { url, broken }
    }
}

/// Passes bytes on until one side ends or the line breaks; whether it broke. It breaks once.
fn pass(mut from: TcpStream, mut to: TcpStream, left: &AtomicI64) -> bool {
    let mut buffer = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let before = left.fetch_sub(read as i64, Ordering::SeqCst);
        if before > 0 && before <= read as i64 {
            let _closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            return true;
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _closed = to.shutdown(Shutdown::Write);
    false
}

/// Runs the program while the site does its work. Answers status, standard output and standard error.
fn upload(
    server: &Running,
    key: &str,
    site: &str,
    more: &[&str],
    file: &Path,
) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_packtwin"))
        .args(["upload", "--site", site])
        .args(more)
        .arg(file)
        .env("PACKTWIN_UPLOAD_KEY", key)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() {
        server.work();
        std::thread::yield_now();
    }
    let output = child.wait_with_output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn serial_file(lot: &str, packs: u32) -> String {
    let mut file = String::from("SerialNumber;GTIN;Batch;ExpirationDate\n");
    for number in 0..packs {
        file.push_str(&format!("{lot}{number:08};{CODE};{lot};301231\n"));
    }
    file
}

/// A site whose tenant has a product that the hub acknowledged, and a key for everything.
fn site_with_product() -> (Running, RunningHub, String) {
    let clock_now = packtwin_server::clock::SystemClock.now();
    let authority = SandboxAuthority::generate(clock_now).unwrap();
    let identity = authority.server(clock_now).unwrap();
    let settings = SimulatorSettings::new(identity, authority.trusted_pem());
    let hub = HubSimulator::start(settings, Arc::new(Now)).unwrap();
    let server = Running::start();
    let key = server.key(server.site.tenant("alder"), &Permission::ALL);
    let client = authority
        .client("alder", clock_now.plus_days(-1), clock_now.plus_days(300))
        .unwrap();
    let connector = json!({
        "url": hub.url(), "trusted_pem": authority.trusted_pem(), "sender": "ALDER", "release": "1.16",
        "loopback": true, "certificate_pem": client.certificates_pem, "key_pem": client.key_pem,
    });
    let send = |method: &str, path: &str, body: &Value| {
        let reply = server.call(method, path).bearer(&key).json(body);
        assert!((200..300).contains(&reply.status), "{path}: {}", reply.body);
    };
    send("PUT", "/v1/connectors/eu_hub", &connector);
    send(
        "POST",
        "/v1/products",
        &json!({ "code": CODE, "data": master_data() }),
    );
    send(
        "POST",
        &format!("/v1/products/{CODE}/versions/1:send"),
        &json!({}),
    );
    server.work();
    (server, hub, key)
}

/// URS-SN-006: the line breaks in the middle, and the lot is at the hub once and whole. The same file again is the same
/// upload.
#[test]
fn a_file_arrives_over_a_line_that_breaks() {
    let (server, _hub, key) = site_with_product();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("L42.csv");
    std::fs::write(&path, serial_file("L42", 20_000)).unwrap();
    let line = Line::to(&server.url, 300_000);
    let all = [
        "--commit",
        "--send",
        "--wait",
        "--json",
        "--part-bytes",
        "100000",
    ];
    let (status, out, said) = upload(&server, &key, &line.url, &all, &path);
    assert_eq!(
        (status, line.broken.load(Ordering::SeqCst)),
        (0, 1),
        "{out}{said}"
    );
    assert!(said.contains("the connection broke at"), "{said}");
    assert!(!said.contains(&key) && !out.contains(&key));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["upload"]["summary"]["rows_right"], 20_000, "{out}");
    assert_eq!(
        report["sent"][0]["numbers"]["acknowledged"], 20_000,
        "{out}"
    );

    let (status, out, said) = upload(&server, &key, &server.url, &["--json"], &path);
    assert_eq!(status, 0, "{said}");
    let again: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&again["same"], &again["upload"]["id"]),
        (&json!(true), &report["upload"]["id"])
    );
}

/// An upload that was broken off is found again by name and length; when it held other bytes, it is begun anew.
#[test]
fn what_an_earlier_run_left_is_gone_on_with() {
    let (server, _hub, key) = site_with_product();
    let folder = tempfile::tempdir().unwrap();
    for (name, other) in [("L1", false), ("L2", true)] {
        let file = serial_file(name, 50);
        let path = folder.path().join(format!("{name}.csv"));
        std::fs::write(&path, &file).unwrap();
        let begin = json!({ "name": format!("{name}.csv"), "size": file.len() });
        let begun = server.call("POST", "/v1/uploads").bearer(&key).json(&begin);
        let id = begun.json()["id"].as_str().unwrap().to_owned();
        let mut part = file.as_bytes()[..500].to_vec();
        if other {
            part.reverse();
        }
        let address = format!("/v1/uploads/{id}");
        let taken = server
            .call("PATCH", &address)
            .bearer(&key)
            .header("Content-Type", "application/offset+octet-stream")
            .header("Upload-Offset", "0")
            .body(&part);
        assert_eq!(taken.status, 204, "{}", taken.body);
        let (status, out, said) = upload(&server, &key, &server.url, &["--json"], &path);
        assert_eq!(status, 0, "{said}");
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["upload"]["summary"]["rows_right"], 50, "{out}");
        assert_eq!(report["upload"]["id"] == id.as_str(), !other, "{out}");
    }
}

#[test]
fn refusals_have_their_status() {
    let (server, _hub, key) = site_with_product();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let right = file("right.csv", &serial_file("L3", 3));
    let wrong = file(
        "wrong.csv",
        &(serial_file("L4", 3) + &format!("A B;{CODE};L5;301231\n")),
    );
    let nothing = file("nothing.csv", "");
    let picture = file("picture.png", "\u{89}PNG no picture");
    let run = |key: &str, site: &str, path: &Path| {
        let (status, out, said) = upload(&server, key, site, &["--commit", "--tries", "0"], path);
        (status, out + &said)
    };
    for (key, site, path, status, part) in [
        (key.as_str(), server.url.as_str(), &wrong, 1, "UPL-012"),
        (&key, &server.url, &nothing, 3, "UPL-002"),
        (&key, &server.url, &picture, 3, "UPL-0"),
        ("pt_test_nobody", &server.url, &right, 3, "SEC-700"),
        (&key, "http://packs.example", &right, 2, "https"),
        (&key, "http://127.0.0.1:1", &right, 4, "not reached"),
        (
            &key,
            &server.url,
            &folder.path().join("none.csv"),
            4,
            "No such file",
        ),
    ] {
        let (ended, said) = run(key, site, path);
        assert_eq!(ended, status, "{said}");
        assert!(said.contains(part), "{said} lacks {part}");
    }
}
