//! F14 of operations.md: cuts at every stage, slow and wrong answers, and what the transport says of each.

use std::time::Duration;

use super::super::Fault;
use super::*;

/// Sends one message into a fault: what the transport says, what became of the message, and what a repeat brings.
fn check(fault: Fault, first: &str, asked: &str, repeated: &str) {
    let site = Site::with_packs(
        Switches {
            next: [fault.clone()].into(),
            ..Switches::default()
        },
        &[],
    );
    // Only the slow answer is waited for in vain; all others get the time they need on a busy machine.
    let total = match fault {
        Fault::Slow { .. } => Duration::from_secs(2),
        _ => Limits::default().total,
    };
    let limits = Limits {
        total,
        reply_bytes: 100_000,
        ..Limits::default()
    };
    let site = Site {
        endpoint: Endpoint {
            limits,
            ..site.endpoint.clone()
        },
        ..site
    };
    let envelope = site.envelope();
    let packs: Vec<Serial> = (0..2_000)
        .map(|number| Serial::parse(&format!("S{number:08}")).unwrap())
        .collect();
    let said = match site.send_as(&envelope, &packs_of(lot()), &packs) {
        Ok(reply) => word(&reply.verdict),
        Err(TransportFault::NotSent { .. }) => "not sent".to_owned(),
        Err(TransportFault::Certificate { .. }) => "certificate".to_owned(),
        Err(TransportFault::NotAllowed { .. }) => "not allowed".to_owned(),
        Err(TransportFault::Unknown { .. }) => "transport unknown".to_owned(),
    };
    assert_eq!(said, first, "{fault:?}");
    let site = Site {
        endpoint: Endpoint {
            limits: Limits::default(),
            ..site.endpoint.clone()
        },
        ..site
    };
    assert_eq!(
        word(&site.ask(&envelope.message_id).verdict),
        asked,
        "{fault:?}, asked"
    );
    let again = site.send_as(&envelope, &packs_of(lot()), &packs).unwrap();
    assert_eq!(word(&again.verdict), repeated, "{fault:?}, repeated");
    assert_eq!(site.hub.serials(KEY), packs, "{fault:?}: each pack once");
}

#[test]
fn cut_before_anything_left() {
    check(
        Fault::CutHandshake,
        "not sent",
        "not received",
        "accepted 2000",
    );
    check(
        Fault::CutHeaders,
        "not sent",
        "not received",
        "accepted 2000",
    );
}

#[test]
fn cut_after_bytes_left() {
    check(
        Fault::CutBody,
        "transport unknown",
        "not received",
        "accepted 2000",
    );
    check(
        Fault::CutBeforeProcessing,
        "transport unknown",
        "not received",
        "accepted 2000",
    );
    check(
        Fault::LoseReply,
        "transport unknown",
        "accepted 2000",
        "accepted 2000",
    );
    check(
        Fault::HalfReply,
        "transport unknown",
        "accepted 2000",
        "accepted 2000",
    );
}

#[test]
fn slow_and_oversize_answers() {
    check(
        Fault::Slow { ms: 60_000 },
        "transport unknown",
        "accepted 2000",
        "accepted 2000",
    );
    check(
        Fault::Oversize { bytes: 200_000 },
        "transport unknown",
        "accepted 2000",
        "accepted 2000",
    );
}

#[test]
fn wrong_answers() {
    check(
        Fault::WrongStatus { status: 500 },
        "unknown",
        "accepted 2000",
        "accepted 2000",
    );
    check(
        Fault::WrongStatus { status: 202 },
        "unknown",
        "accepted 2000",
        "accepted 2000",
    );
    check(
        Fault::Unavailable,
        "unknown",
        "not received",
        "accepted 2000",
    );
    check(Fault::Garbage, "unknown", "not received", "accepted 2000");
    check(
        Fault::Redirect,
        "transport unknown",
        "not received",
        "accepted 2000",
    );
}

/// F13: nobody listens.
#[test]
fn a_hub_that_is_off_was_not_reached() {
    let site = Site::start(Switches::default());
    let body = document(&site.envelope(), &product(), &[]);
    let Site {
        hub,
        transport,
        endpoint,
        ..
    } = site;
    hub.stop();
    let fault = transport
        .exchange(
            &endpoint,
            "application/xml",
            &mut body.as_slice(),
            body.len() as u64,
        )
        .unwrap_err();
    assert!(matches!(fault, TransportFault::NotSent { .. }), "{fault}");
    let unknown_name = Endpoint {
        url: "https://no-such-name.invalid/".to_owned(),
        loopback: false,
        ..endpoint
    };
    let fault = transport
        .exchange(
            &unknown_name,
            "application/xml",
            &mut body.as_slice(),
            body.len() as u64,
        )
        .unwrap_err();
    assert!(matches!(fault, TransportFault::NotSent { .. }), "{fault}");
}
