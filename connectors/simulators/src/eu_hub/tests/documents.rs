//! What the hub takes and refuses, on documents of our own connector and on mutilated ones.

use packtwin_eu_hub::{ProductCopy, compare, read_product, write_product_query};

use super::super::{Drift, Fault};
use super::*;

/// URS-CN-002: the whole life of a batch.
#[test]
fn a_batch_lives_from_upload_to_recall() {
    let site = Site::start(Switches::default());
    assert_eq!(
        word(&site.send(&packs_of(lot()), &serials(&["A", "B"]))),
        "refused PT-PRODUCT"
    );
    assert_eq!(word(&site.send(&product(), &[])), "accepted 0");
    assert_eq!(
        word(&site.send(&packs_of(lot()), &serials(&["A", "B", "a", "!\"&'<>"]))),
        "accepted 4"
    );
    assert_eq!(
        word(&site.send(&state(lot(), PackState::FreeSample), &serials(&["A"]))),
        "accepted 1"
    );
    assert_eq!(
        word(&site.send(&state(lot(), PackState::Stolen), &serials(&["B", "a"]))),
        "accepted 2"
    );
    let recall = Fact::Recalled {
        lot: lot(),
        markets: vec![market("DE")],
        reason: "particles".to_owned(),
    };
    assert_eq!(word(&site.send(&recall, &[])), "accepted 0");
    let withdrawal = Fact::Withdrawn {
        product: lot().product,
        markets: vec![market("AT")],
        reason: "safety".to_owned(),
    };
    assert_eq!(word(&site.send(&withdrawal, &[])), "accepted 0");

    let counts = site.hub.counts();
    let held = &counts.products[KEY];
    assert_eq!(
        (held.packs, held.batches["LOT1"], held.versions.as_slice()),
        (4, 4, [1].as_slice())
    );
    assert_eq!(held.recalled["LOT1"], ["DE"]);
    assert_eq!(held.withdrawn, ["AT"]);
    assert_eq!(
        held.states
            .iter()
            .map(|(state, count)| format!("{state}={count}"))
            .collect::<Vec<_>>(),
        ["FreeSample=1", "Stolen=2"]
    );
    assert_eq!(site.hub.serials(KEY), serials(&["A", "B", "a", "!\"&'<>"]));
}

#[test]
fn master_data_faults_have_the_published_codes() {
    let site = Site::start(Switches::default());
    let whole = String::from_utf8(document(&site.envelope(), &product(), &[])).unwrap();
    let street = "<Street>Musterweg 1</Street>";
    let long_name = format!("<CommonName>{}</CommonName>", "x".repeat(256));
    let long_street = format!("<Street>{}</Street>", "x".repeat(1001));
    let mut number = 100;
    let mut check = |from: &str, to: &str, expected: &str| {
        number += 1;
        let body = whole
            .replace("<MessageId>msg_1<", &format!("<MessageId>msg_{number}<"))
            .replace(from, to);
        let reply = site.post(body.as_bytes()).unwrap();
        let verdict = EuHub::default()
            .read_reply(reply.status, &reply.body)
            .verdict;
        assert_eq!(word(&verdict), expected, "{from} -> {to}");
    };
    let common = "<CommonName>sandboxinum</CommonName>";
    check(common, "", "refused A16");
    check(common, "<CommonName/>", "refused I1");
    check(common, "<CommonName> </CommonName>", "refused I1");
    check(common, &long_name, "refused I1");
    check(street, "", "refused I1");
    check(street, "<Street/>", "refused A16");
    check(street, "<Street> </Street>", "refused A16");
    check(street, &long_street, "refused I1");
    check("<Street2/>", "", "refused I1");
    check("<Street2/>", "<Street2></Street2>", "accepted 0");
    check("<City>Musterstadt</City>", "<City/>", "refused A16");
    check("<Strength>20 mg</Strength>", "", "refused A16");
    check(
        "<PackSize>30</PackSize>",
        "<PackSize>0</PackSize>",
        "refused I1",
    );
    check("scheme=\"GTIN\"", "scheme=\"EAN\"", "refused I1");
    check(
        "<Environment>test<",
        "<Environment>production<",
        "refused PT-ENV",
    );
    check("<Sender>OBP-SANDBOX-1</Sender>", "", "refused I1");
    check("mirror:1.16", "mirror:0.9", "refused I1");
    check("</HubMessage>", "", "refused I1");
    // An older release asks for less.
    check("mirror:1.16", "mirror:1.14", "accepted 0");
}

#[test]
fn an_upload_meets_what_is_already_there() {
    let site = Site::with_packs(Switches::default(), &["A", "B"]);
    let other_expiry = LotHead {
        expiry: Expiry::parse("271231", 2026).unwrap(),
        ..lot()
    };
    let other_batch = LotHead {
        batch: BatchNumber::parse("LOT2").unwrap(),
        ..lot()
    };
    let fresh = serials(&["C"]);
    assert_eq!(
        word(&site.send(&packs_of(lot()), &serials(&["B", "C"]))),
        "refused PT-DUPLICATE"
    );
    assert_eq!(
        word(&site.send(&packs_of(other_batch.clone()), &serials(&["A"]))),
        "refused PT-DUPLICATE"
    );
    assert_eq!(
        word(&site.send(&packs_of(other_expiry), &fresh)),
        "refused PT-EXPIRY"
    );
    let foreign = Fact::Commissioned {
        lot: lot(),
        version: 1,
        markets: vec![market("FR")],
    };
    assert_eq!(word(&site.send(&foreign, &fresh)), "refused PT-MARKET");
    let later = Fact::Commissioned {
        lot: lot(),
        version: 2,
        markets: vec![market("DE")],
    };
    assert_eq!(word(&site.send(&later, &fresh)), "refused PT-PRODUCT");
    assert_eq!(
        site.hub.counts().products[KEY].packs,
        2,
        "a refused message leaves nothing"
    );

    // Markets of a version in use are fixed; everything else of it may be mended.
    let mut version = version();
    version.data.name = "Sandboxin neu 20 mg Tabletten".to_owned();
    assert_eq!(
        word(&site.send(&Fact::ProductVersioned(Box::new(version.clone())), &[])),
        "accepted 0"
    );
    version.data.markets.pop();
    assert_eq!(
        word(&site.send(&Fact::ProductVersioned(Box::new(version.clone())), &[])),
        "refused PT-MARKETS"
    );
    version.version = 2;
    assert_eq!(
        word(&site.send(&Fact::ProductVersioned(Box::new(version)), &[])),
        "accepted 0"
    );
    let moved = Fact::Commissioned {
        lot: lot(),
        version: 2,
        markets: vec![market("AT")],
    };
    assert_eq!(word(&site.send(&moved, &fresh)), "refused PT-VERSION");

    // Withdrawn in one of two markets: the other is served.
    let withdrawal = Fact::Withdrawn {
        product: lot().product,
        markets: vec![market("AT")],
        reason: "safety".to_owned(),
    };
    site.send(&withdrawal, &[]);
    assert_eq!(word(&site.send(&withdrawal, &[])), "refused PT-WITHDRAWN");
    assert_eq!(
        word(&site.send(&packs_of(other_batch), &fresh)),
        "accepted 1 PT-WITHDRAWN"
    );
    let only = Fact::Commissioned {
        lot: lot(),
        version: 1,
        markets: vec![market("AT")],
    };
    assert_eq!(
        word(&site.send(&only, &serials(&["D"]))),
        "refused PT-WITHDRAWN"
    );
}

#[test]
fn state_changes_follow_the_law_of_the_pack() {
    use PackState::{Active, Destroyed, Locked, Supplied};
    let site = Site::with_packs(Switches::default(), &["A", "B", "C"]);
    let check = |event: &str, lot: LotHead, target, texts: &[&str], expected: &str| {
        let envelope = Envelope {
            event_at: at(event),
            ..site.envelope()
        };
        let reply = site
            .send_as(&envelope, &state(lot, target), &serials(texts))
            .unwrap();
        assert_eq!(
            word(&reply.verdict),
            expected,
            "{texts:?} {target:?} {event}"
        );
    };
    let day = "2026-11-20T09:00:00Z";
    check(day, lot(), Supplied, &["A"], "accepted 1");
    check(day, lot(), Supplied, &["A"], "refused A7");
    check(day, lot(), Destroyed, &["A"], "refused A24");
    check(
        day,
        lot(),
        Destroyed,
        &["A", "B", "X"],
        "partial 1 A=A24 X=A3",
    );
    check(
        day,
        LotHead {
            batch: BatchNumber::parse("LOT2").unwrap(),
            ..lot()
        },
        Locked,
        &["C"],
        "refused A2",
    );
    check(
        day,
        LotHead {
            expiry: Expiry::parse("281231", 2026).unwrap(),
            ..lot()
        },
        Locked,
        &["C"],
        "refused A52",
    );
    // The undo window of 240 hours, and the lock that has none.
    check(
        "2026-11-30T09:00:00.001Z",
        lot(),
        Active,
        &["A"],
        "refused A24",
    );
    check("2026-11-30T09:00:00Z", lot(), Active, &["A"], "accepted 1");
    check(day, lot(), Active, &["B"], "refused A24");
    check(day, lot(), Locked, &["C"], "accepted 1");
    check("2027-11-20T09:00:00Z", lot(), Active, &["C"], "accepted 1");
    // An expired pack does not come back.
    check("2028-12-31T09:00:00Z", lot(), Locked, &["C"], "accepted 1");
    check("2029-01-01T00:00:00Z", lot(), Active, &["C"], "refused A24");
}

#[test]
fn a_recall_happens_once_and_ends_every_change() {
    let site = Site::with_packs(Switches::default(), &["A"]);
    let recall = |markets: &[&str]| Fact::Recalled {
        lot: lot(),
        markets: markets.iter().map(|code| market(code)).collect(),
        reason: "particles".to_owned(),
    };
    assert_eq!(word(&site.send(&recall(&["FR"]), &[])), "refused PT-MARKET");
    assert_eq!(word(&site.send(&recall(&["DE"]), &[])), "accepted 0");
    assert_eq!(
        word(&site.send(&recall(&["DE"]), &[])),
        "refused PT-RECALLED"
    );
    // Packs for both markets are taken for the one that is open.
    assert_eq!(
        word(&site.send(&packs_of(lot()), &serials(&["C"]))),
        "accepted 1 PT-RECALLED"
    );
    assert_eq!(word(&site.send(&recall(&["AT"]), &[])), "accepted 0");
    assert_eq!(
        word(&site.send(&state(lot(), PackState::Destroyed), &serials(&["A"]))),
        "refused PT-RECALLED"
    );
    assert_eq!(
        word(&site.send(&packs_of(lot()), &serials(&["B"]))),
        "refused PT-RECALLED"
    );
}

#[test]
fn a_count_that_does_not_match_is_refused() {
    let site = Site::with_packs(Switches::default(), &[]);
    let body = String::from_utf8(document(
        &site.envelope(),
        &packs_of(lot()),
        &serials(&["A", "B"]),
    ))
    .unwrap();
    let reply = site
        .post(body.replace("<Pack sn=\"A\"/>", "").as_bytes())
        .unwrap();
    assert_eq!(
        word(
            &EuHub::default()
                .read_reply(reply.status, &reply.body)
                .verdict
        ),
        "refused PT-TOTAL"
    );
}

/// F11: the same message any number of times is one message.
#[test]
fn a_repeat_gets_the_first_answer() {
    let site = Site::with_packs(Switches::default(), &[]);
    let envelope = site.envelope();
    let first = site
        .send_as(&envelope, &packs_of(lot()), &serials(&["A"]))
        .unwrap();
    for _ in 0..3 {
        assert_eq!(
            site.send_as(&envelope, &packs_of(lot()), &serials(&["A"]))
                .unwrap(),
            first
        );
    }
    assert_eq!(site.hub.counts().repeats, 3);
    assert_eq!(site.hub.counts().products[KEY].packs, 1);
    let other = site
        .send_as(&envelope, &packs_of(lot()), &serials(&["B"]))
        .unwrap();
    assert_eq!(word(&other.verdict), "refused PT-ID");
}

#[test]
fn the_copy_of_a_product_shows_drift() {
    let site = Site::with_packs(Switches::default(), &[]);
    let copy = |wanted: u32| {
        let mut body = Vec::new();
        write_product_query(&lot().product, wanted, &site.envelope(), &mut body).unwrap();
        let reply = site.post(&body).unwrap();
        read_product(reply.status, &reply.body).unwrap()
    };
    assert_eq!(copy(9), ProductCopy::NotHeld);
    let ProductCopy::Held(held) = copy(1) else {
        panic!("the version is not held")
    };
    assert_eq!(compare(&version(), &held), []);
    let drift = Drift {
        element: "Strength".to_owned(),
        value: "25 mg & <more>".to_owned(),
    };
    site.hub.set_switches(Switches {
        drift: Some(drift),
        ..Switches::default()
    });
    let ProductCopy::Held(held) = copy(1) else {
        panic!("the version is not held")
    };
    let drifts = compare(&version(), &held);
    assert_eq!(drifts.len(), 1);
    assert_eq!(
        (drifts[0].canonical.as_str(), drifts[0].hub.as_deref()),
        ("strength", Some("25 mg & <more>"))
    );
}

/// What was answered survives the end of the process; a line that was cut did not count.
#[test]
fn the_journal_brings_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Site::start_with(|settings| settings.state_dir = Some(folder.path().to_owned()));
    let site = start();
    site.send(&product(), &[]);
    let envelope = site.envelope();
    let first = site
        .send_as(&envelope, &packs_of(lot()), &serials(&["A", "B"]))
        .unwrap();
    site.send(&state(lot(), PackState::Locked), &serials(&["B"]));
    let counts = site.hub.counts();
    site.hub.stop();

    let journal = folder.path().join("eu_hub.journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes.extend_from_slice(b"{\"message_id\":\"cut");
    std::fs::write(&journal, bytes).unwrap();

    let site = start();
    assert_eq!(site.hub.counts(), counts);
    assert_eq!(
        site.send_as(&envelope, &packs_of(lot()), &serials(&["A", "B"]))
            .unwrap(),
        first
    );
    site.next_message.store(50, Ordering::Relaxed);
    assert_eq!(
        word(&site.send(&state(lot(), PackState::Active), &serials(&["B"]))),
        "accepted 1"
    );
    let held = site.hub.counts();
    site.hub.stop();
    let site = start();
    assert_eq!(site.hub.counts().products, held.products);
}

#[test]
fn switches_refuse_and_take_parts() {
    let next = [
        Fault::Refuse {
            code: "A16".to_owned(),
            place: "Market".to_owned(),
        },
        Fault::RefuseEvery { nth: 2 },
        Fault::PartialDuplicates,
        Fault::Pass,
    ];
    let site = Site::with_packs(
        Switches {
            next: next.into(),
            ..Switches::default()
        },
        &[],
    );
    let packs = serials(&["A", "B", "C", "D"]);
    assert_eq!(word(&site.send(&packs_of(lot()), &packs)), "refused A16");
    assert_eq!(
        word(&site.send(&packs_of(lot()), &packs)),
        "partial 2 B=PT-SWITCH D=PT-SWITCH"
    );
    assert_eq!(
        word(&site.send(&packs_of(lot()), &packs)),
        "partial 2 A=PT-DUPLICATE C=PT-DUPLICATE"
    );
    assert_eq!(
        word(&site.send(&packs_of(lot()), &packs)),
        "refused PT-DUPLICATE"
    );
    assert_eq!(site.hub.serials(KEY), packs);
}
