//! Requests as public clients send them, and the answers they get.

use packtwin_core::alert::AlertId;
use packtwin_core::pack::{EffectiveState, PackState};
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{
    Alarm, AlertCode, Decision, EntryMode, MarketProfile, Operation, Outcome, Removal, Silence,
    Undo, UndoOffer, profile,
};

use super::*;
use crate::{Answered, Background};

const SCANNED: &[(&str, &str)] = &[("EMVS-Data-Entry-Mode", "non-manual")];

fn eu() -> &'static MarketProfile {
    profile("EU").unwrap()
}

fn ask(method: &str, path: &str, query: &str, body: &str) -> Result<RestRequest, Box<RestAnswer>> {
    let request = HttpRequest {
        method,
        path,
        query,
        headers: SCANNED,
        body: body.as_bytes(),
    };
    read(&request, eu(), 2026)
}

fn refusal(result: Result<RestRequest, Box<RestAnswer>>) -> (u16, String) {
    let answer = result.unwrap_err();
    (
        answer.status,
        answer.code.map(|c| c.to_string()).unwrap_or_default(),
    )
}

#[test]
fn a_pack_is_found_in_its_address() {
    let path = "/api/Product/gs1/04006381333931/pack/A%2F1%25";
    let RestRequest::Single(pack) = ask("GET", path, "batch=L%2B1&expiry=280200", "").unwrap()
    else {
        panic!("one pack");
    };
    assert_eq!(pack.submitted.pack.serial.as_str(), "A/1%");
    assert_eq!(pack.submitted.batch.unwrap().as_str(), "L+1");
    assert_eq!(
        (pack.operation, pack.entry),
        (Operation::Verify, EntryMode::Scan)
    );
    for (state, operation) in [
        ("Supplied", Operation::Remove(Removal::Supply)),
        ("Active", Operation::Undo(Undo::Whatever)),
    ] {
        let body = format!("{{\"state\":\"{state}\"}}");
        let read = ask("PATCH", path, "batch=L1&expiry=280200", &body).unwrap();
        assert!(matches!(read, RestRequest::Single(pack) if pack.operation == operation));
    }
}

/// URS-VF-014: a bulk as the public library writes it.
#[test]
fn many_packs_come_in_one_body() {
    let pack = |serial: &str| {
        format!(
            "{{\"productCode\":\"04006381333931\",\"serialNumber\":\"{serial}\",\"batchId\":\"L1\",\"expiryDate\":\"280200\"}}"
        )
    };
    let body = |count: usize, packs: &[String]| {
        format!(
            "{{\"state\":\"Supplied\",\"numberOfPacks\":{count},\"packs\":[{}]}}",
            packs.join(",")
        )
    };
    let submit = |body: &str| ask("POST", "/product/packs", "", body);
    let RestRequest::Bulk(bulk) = submit(&body(3, &[pack("A"), pack("B"), pack("")])).unwrap()
    else {
        panic!("many packs");
    };
    assert_eq!(bulk.packs.len(), 3);
    assert!(bulk.packs[2].is_err());
    let code = |text: &str| (422, text.to_owned());
    assert_eq!(
        refusal(submit(&body(2, &[pack("A"), pack("A")]))),
        code("62120000")
    );
    assert_eq!(refusal(submit(&body(9, &[pack("A")]))), code("62120001"));
    assert_eq!(refusal(submit(&body(0, &[]))), code("62120002"));
    assert_eq!(refusal(submit("{\"packs\":[],\"x\":1}")), code("62120002"));
    assert_eq!(refusal(submit("{\"packs\":[")), code("62120002"));
    let twice = submit(&body(2, &[pack("A"), pack("A")])).unwrap_err();
    assert_eq!(twice.alarm, Alarm::Raise(AlertCode::A24));
    let found = ask("GET", "/product/packs/abc", "", "").unwrap();
    assert_eq!(
        found,
        RestRequest::BulkResult {
            reference: "abc".to_owned()
        }
    );
}

/// URS-VF-007.
#[test]
fn faults_have_their_codes() {
    let path = "/product/gs1/04006381333931/pack/A1";
    let get = |path: &str, query: &str| refusal(ask("GET", path, query, ""));
    for (path, query, code) in [
        (path, "expiry=280200", "61020000"),
        (path, "batch=L1", "61020004"),
        (path, "batch=L%201&expiry=280200", "61020006"),
        (path, "batch=L1&expiry=281300", "61020007"),
        (
            "/product/gs1/04006381333932/pack/A1",
            "batch=L1&expiry=280200",
            "61020008",
        ),
        (
            "/product/abc/04006381333931/pack/A1",
            "batch=L1&expiry=280200",
            "61020002",
        ),
        (
            "/product/gs1/04006381333931/pack/",
            "batch=L1&expiry=280200",
            "61020003",
        ),
        (
            "/product/gs1//pack/A1",
            "batch=L1&expiry=280200",
            "61020001",
        ),
        (
            "/product/gs1/04006381333931/pack/A%20",
            "batch=L1&expiry=280200",
            "61020011",
        ),
    ] {
        assert_eq!(get(path, query), (422, code.to_owned()), "{path} {query}");
    }
    let all = ask("GET", path, "batch=&expiry=xx", "").unwrap_err();
    assert!(all.body.contains("batch number is missing") && all.body.contains("six digits"));
    for body in [
        "",
        "{}",
        "{\"state\":\"CheckedOut\"}",
        "{\"state\":\"Supplied\",\"state\":\"Active\"}",
    ] {
        let refused = refusal(ask("PATCH", path, "batch=L1&expiry=280200", body));
        assert_eq!(refused, (422, "62120002".to_owned()), "{body}");
    }
    for (headers, code) in [
        (&[][..], "61020012"),
        (&[("emvs-data-entry-mode", "barcode")][..], "61020013"),
    ] {
        let request = HttpRequest {
            method: "GET",
            path,
            query: "batch=L1&expiry=280200",
            headers,
            body: b"",
        };
        assert_eq!(refusal(read(&request, eu(), 2026)), (422, code.to_owned()));
    }
}

fn check(decision: &Decision, operation: Operation, status: u16, json: &str) {
    let background = Background {
        alert: Some(AlertId::from_random("DE".parse().unwrap(), 7)),
        product_name: Some("Examplin 5 mg tablets"),
        ..Background::default()
    };
    let answered = Answered {
        operation,
        decision,
        background,
    };
    let answer = answer(&answered);
    assert_eq!((answer.status, answer.body.as_str()), (status, json));
}

#[test]
fn answers_carry_the_fields_clients_know() {
    let supplied = Decision {
        state: Some(PackState::Supplied),
        effective: Some(EffectiveState::Pack(PackState::Supplied)),
        ..Decision::of_request(Outcome::AlreadyInactive, Alarm::Raise(AlertCode::A7))
    };
    check(
        &supplied,
        Operation::Remove(Removal::Supply),
        409,
        r#"{"operationCode":"51220200","state":"Supplied","warning":"The pack was booked out before; set it aside and look into your own bookings first.","alertId":"DE-0000-0000-0000-0007","alertCode":"A7","productName":"Examplin 5 mg tablets","batchState":"Active","isIntermarket":false,"canReactivate":false}"#,
    );
    let own = Decision {
        outcome: Outcome::InactiveReported,
        alarm: Alarm::Silent(Silence::KnownPackVerified),
        same_site: true,
        undo: Some(UndoOffer {
            until: Timestamp::parse("2027-01-11T08:00:00Z"),
        }),
        ..supplied
    };
    check(
        &own,
        Operation::Verify,
        200,
        r#"{"operationCode":"11110201","state":"Supplied","information":"The pack is no longer active and must not be supplied.","productName":"Examplin 5 mg tablets","batchState":"Active","isIntermarket":false,"canReactivate":true,"canReactivateUntil":"2027-01-11T08:00:00.000Z"}"#,
    );
}

#[test]
fn a_bulk_is_taken_and_answered_later() {
    let supply = Operation::Remove(Removal::Supply);
    let taken = accepted(
        supply,
        "/product/packs/r1",
        "2027-01-01T08:00:10Z",
        "2027-01-08T08:00:00Z",
    );
    assert_eq!(
        (taken.status, taken.location.as_deref()),
        (202, Some("/product/packs/r1"))
    );
    assert_eq!(
        taken.body,
        r#"{"operationCode":"22200000","eta":"2027-01-01T08:00:10Z","expires":"2027-01-08T08:00:00Z"}"#
    );
    let RestRequest::Single(pack) = ask(
        "GET",
        "/product/gs1/04006381333931/pack/A",
        "batch=L1&expiry=280200",
        "",
    )
    .unwrap() else {
        panic!("one pack");
    };
    let unknown = Decision::of_request(Outcome::SerialUnknown, Alarm::Raise(AlertCode::A3));
    let answered = Answered {
        operation: supply,
        decision: &unknown,
        background: Background::default(),
    };
    let result = bulk_result(supply, &[(Ok(&pack.submitted), answered)]);
    assert_eq!(result.status, 200);
    assert!(
        result.body.contains(r#""serialNumber":"A""#),
        "{}",
        result.body
    );
    assert!(
        result
            .body
            .contains(r#""operationCode":"41020002","state":"NotFound""#),
        "{}",
        result.body
    );
}
