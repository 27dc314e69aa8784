//! F11, F12 and F15: receipts, callbacks doubled and out of order, and a hub that never says the result.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::super::Answers;
use super::*;

/// Receives so many callbacks and gives back their bodies in the order of arrival.
fn receive(listener: &TcpListener, count: usize) -> Vec<Reply> {
    let mut replies = Vec::new();
    for _ in 0..count {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let body = loop {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).unwrap();
            assert!(length > 0, "the callback was cut");
            request.extend_from_slice(&piece[..length]);
            if let Some(end) = request
                .windows(12)
                .position(|window| window == b"</HubReply>\n")
            {
                let start = request
                    .windows(4)
                    .position(|window| window == b"\r\n\r\n")
                    .unwrap()
                    + 4;
                break request[start..end + 12].to_vec();
            }
        };
        stream
            .write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        replies.push(EuHub::default().read_reply(200, &body));
    }
    replies
}

fn late(after_polls: u32) -> Answers {
    Answers::Late {
        after_polls,
        callback_ms: 0,
    }
}

#[test]
fn a_receipt_is_followed_by_the_result_on_asking() {
    let site = Site::with_packs(
        Switches {
            answers: late(2),
            ..Switches::default()
        },
        &[],
    );
    let envelope = site.envelope();
    let first = site
        .send_as(&envelope, &packs_of(lot()), &serials(&["A", "B"]))
        .unwrap();
    assert_eq!(word(&first.verdict), "waiting");
    let asked: Vec<String> = (0..4)
        .map(|_| word(&site.ask(&envelope.message_id).verdict))
        .collect();
    assert_eq!(asked, ["waiting", "waiting", "accepted 2", "accepted 2"]);
    assert_eq!(
        site.ask(&envelope.message_id).message_id.as_deref(),
        Some(envelope.message_id.as_str())
    );
    assert_eq!(word(&site.ask("msg_never_sent").verdict), "not received");
}

#[test]
fn callbacks_come_doubled_and_out_of_order() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/callbacks/eu_hub", listener.local_addr().unwrap());
    let switches = Switches {
        answers: late(0),
        callback_copies: 2,
        callback_group: 3,
        ..Switches::default()
    };
    let site = Site::with_packs(switches, &[]);
    let mut sent = Vec::new();
    for text in ["A", "B", "A"] {
        let envelope = Envelope {
            callback_url: Some(url.clone()),
            ..site.envelope()
        };
        site.send_as(&envelope, &packs_of(lot()), &serials(&[text]))
            .unwrap();
        sent.push(envelope.message_id);
    }
    let received: Vec<(String, String)> = receive(&listener, 6)
        .iter()
        .map(|reply| (reply.message_id.clone().unwrap(), word(&reply.verdict)))
        .collect();
    let expected = |index: usize, result: &str| (sent[index].clone(), result.to_owned());
    // The timers of the three may fire in any order; each result comes twice in a row, and the third is the refusal.
    for pair in received.chunks(2) {
        assert_eq!(pair[0], pair[1]);
    }
    let mut once: Vec<_> = received.into_iter().step_by(2).collect();
    once.sort();
    assert_eq!(
        once,
        [
            expected(0, "accepted 1"),
            expected(1, "accepted 1"),
            expected(2, "refused PT-DUPLICATE")
        ]
    );
}

#[test]
fn a_hub_that_never_says() {
    let site = Site::with_packs(
        Switches {
            answers: Answers::Never,
            ..Switches::default()
        },
        &[],
    );
    let envelope = site.envelope();
    assert_eq!(
        word(
            &site
                .send_as(&envelope, &packs_of(lot()), &serials(&["A"]))
                .unwrap()
                .verdict
        ),
        "waiting"
    );
    for _ in 0..5 {
        assert_eq!(word(&site.ask(&envelope.message_id).verdict), "waiting");
    }
}

/// The control address: switches and state as JSON, packs as lines.
#[test]
fn the_control_address_shows_and_switches() {
    let site = Site::with_packs(Switches::default(), &["A", "B"]);
    let call = |request: String| {
        let mut stream =
            std::net::TcpStream::connect(site.hub.control_url().trim_start_matches("http://"))
                .unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let get = |path: &str| {
        call(format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        ))
    };
    let put = |body: &str| {
        let length = body.len();
        call(format!(
            "PUT /simulator/switches HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    };
    assert!(get("/simulator/state").contains("\"label\": \"simulator\""));
    assert!(get(&format!("/simulator/packs/{KEY}")).ends_with("A\nB\n"));
    assert!(get("/elsewhere").starts_with("HTTP/1.1 404"));
    assert!(
        put("{\"answers\":\"never\",\"next\":[{\"slow\":{\"ms\":5}},\"lose_reply\"]}")
            .starts_with("HTTP/1.1 200")
    );
    assert_eq!(site.hub.switches().answers, Answers::Never);
    assert_eq!(site.hub.switches().next.len(), 2);
    assert!(put("{\"answer\":\"never\"}").starts_with("HTTP/1.1 400"));
}
