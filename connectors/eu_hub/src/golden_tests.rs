//! Fact in, document out, byte for byte, and back again. Proves URS-CN-002, URS-CN-009 and URS-CN-010.
//!
//! `PACKTWIN_GOLDEN=write` writes the files anew; what changed is then read in the diff.

use std::path::Path;

use packtwin_connector_port::document::{Connector, Envelope, WriteError};
use packtwin_core::fact::Fact;
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;

use crate::fixtures::{code, envelope, lot, market, serials, version};
use crate::reading::{DocumentSink, ReadError, read_document};
use crate::{EuHub, HubSettings, write_product_query};

fn check_golden(name: &str, written: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(name);
    if std::env::var_os("PACKTWIN_GOLDEN").is_some() {
        std::fs::write(&path, written).unwrap();
    }
    let golden = std::fs::read(&path).unwrap();
    assert_eq!(
        String::from_utf8_lossy(written),
        String::from_utf8_lossy(&golden),
        "{name}"
    );
}

/// Writes a fact, compares it with its golden file, and reads it back as `expected`.
fn check(name: &str, release: &str, fact: &Fact, packs: &[Serial], expected: Option<&Fact>) {
    let envelope = envelope(release);
    let mut written = Vec::new();
    let said = EuHub::default()
        .write(fact, &mut packs.iter(), &envelope, &mut written)
        .unwrap();
    assert_eq!(said.packs, packs.len() as u64);
    assert_eq!(said.bytes, written.len() as u64);
    assert_eq!(
        said.range,
        packs.first().copied().zip(packs.last().copied())
    );
    check_golden(name, &written);

    let mut sink = Collected::default();
    match (read_document(written.as_slice(), &mut sink), expected) {
        (Ok(read), Some(expected)) => {
            assert_eq!(&read.fact, expected, "{name}");
            assert_eq!(read.envelope, envelope, "{name}");
            assert_eq!(read.packs, packs.len() as u64);
            assert_eq!(sink.0, packs, "{name}");
        }
        (Err(ReadError::Field { .. }), None) => {}
        (read, expected) => panic!("{name}: {read:?}, expected {expected:?}"),
    }
}

#[derive(Default)]
struct Collected(Vec<Serial>);

impl DocumentSink for Collected {
    fn fact(&mut self, _: &Fact) -> std::io::Result<()> {
        assert!(self.0.is_empty(), "the fact comes before its packs");
        Ok(())
    }

    fn pack(&mut self, serial: Serial) -> std::io::Result<()> {
        self.0.push(serial);
        Ok(())
    }
}

/// As the hub gives it back: what was absent and had to be written is empty.
fn as_the_hub_has_it() -> Fact {
    let mut version = version();
    let data = &mut version.data;
    data.manufacturer.address.street2 = Some(String::new());
    for entry in &mut data.markets {
        entry.holder.address.street2 = Some(String::new());
        for wholesaler in &mut entry.wholesalers {
            wholesaler.address.street2 = Some(String::new());
        }
    }
    Fact::ProductVersioned(Box::new(version))
}

#[test]
fn product_master_data() {
    let fact = Fact::ProductVersioned(Box::new(version()));
    check(
        "product_with_two_markets_1_16.xml",
        "1.16",
        &fact,
        &[],
        Some(&as_the_hub_has_it()),
    );

    // Before 1.16 a version goes out without common name and wholesalers' addresses.
    let mut older = version();
    older.data.common_name = None;
    for entry in &mut older.data.markets {
        for wholesaler in &mut entry.wholesalers {
            wholesaler.address = Default::default();
        }
    }
    let fact = Fact::ProductVersioned(Box::new(older.clone()));
    older.data.manufacturer.address.street2 = Some(String::new());
    for entry in &mut older.data.markets {
        entry.holder.address.street2 = Some(String::new());
    }
    let read = Fact::ProductVersioned(Box::new(older));
    check(
        "product_without_common_name_1_14.xml",
        "1.14",
        &fact,
        &[],
        Some(&read),
    );
    assert!(EuHub::default().check(&fact, &envelope("1.16")).is_err());
}

#[test]
fn product_pack_data() {
    let mut read = lot();
    read.manufactured = None;
    let of = |lot| Fact::Commissioned {
        lot,
        version: 2,
        markets: vec![market("AT"), market("DE")],
    };
    let packs = serials(&[
        "a1B2",
        "A1B2",
        "!\"%&'()*+,-./:;<=>?",
        "00000000000000000001",
    ]);
    check(
        "pack_data_with_escaped_serials.xml",
        "1.16",
        &of(lot()),
        &packs,
        Some(&of(read)),
    );
}

#[test]
fn pack_state_update() {
    let mut read = lot();
    read.manufactured = None;
    let of = |lot, state| Fact::StateChanged { lot, state };
    let one = serials(&["A1B2"]);
    check(
        "state_of_one_pack_destroyed.xml",
        "1.16",
        &of(lot(), PackState::Destroyed),
        &one,
        Some(&of(read.clone(), PackState::Destroyed)),
    );
    let two = serials(&["A1B2", "a1B2"]);
    check(
        "state_of_two_packs_active_again.xml",
        "1.16",
        &of(lot(), PackState::Active),
        &two,
        Some(&of(read, PackState::Active)),
    );
}

#[test]
fn recall_and_withdrawal() {
    let markets = vec![market("AT"), market("DE")];
    let reason = "Glass particles found in 3 < 10 samples".to_owned();
    let recall = Fact::Recalled {
        lot: lot(),
        markets: markets.clone(),
        reason: reason.clone(),
    };
    check("recall_in_two_markets.xml", "1.16", &recall, &[], None);
    let withdrawal = Fact::Withdrawn {
        product: code(),
        markets: vec![market("AT")],
        reason,
    };
    check(
        "withdrawal_in_one_market.xml",
        "1.16",
        &withdrawal,
        &[],
        Some(&withdrawal),
    );
}

#[test]
fn questions() {
    let mut written = Vec::new();
    let asking = Envelope {
        message_id: "msg_question".to_owned(),
        callback_url: None,
        ..envelope("1.16")
    };
    EuHub::default()
        .write_query("msg_about", &asking, &mut written)
        .unwrap();
    check_golden("question_about_a_message.xml", &written);
    written.clear();
    write_product_query(&code(), 2, &asking, &mut written).unwrap();
    check_golden("question_about_a_product.xml", &written);
}

#[test]
fn every_outgoing_value_is_explained() {
    let hub = EuHub::default();
    let fact = Fact::Commissioned {
        lot: lot(),
        version: 2,
        markets: vec![market("DE")],
    };
    let traces = hub.trace(&fact, &envelope("1.16"));
    let dropped: Vec<&str> = traces
        .iter()
        .filter(|trace| trace.outgoing.is_none())
        .map(|trace| trace.canonical.as_str())
        .collect();
    assert_eq!(dropped, ["lot/manufactured"]);
    assert!(traces.iter().all(|trace| !trace.rule.is_empty()));
    assert!(traces.iter().any(
        |trace| trace.outgoing.as_deref() == Some("HubMessage/ProductPackData/Packs/Pack/@sn")
    ));

    let product = Fact::ProductVersioned(Box::new(version()));
    let traces = hub.trace(&product, &envelope("1.16"));
    let street2 = traces
        .iter()
        .find(|trace| trace.canonical == "markets/DE/holder/address/street2")
        .unwrap();
    assert_eq!(
        street2.outgoing.as_deref(),
        Some("HubMessage/ProductMasterData/Market[@code=\"DE\"]/Holder/Address/Street2")
    );
    assert_eq!(street2.outgoing_value.as_deref(), Some(""));
}

#[test]
fn what_cannot_be_sent_is_refused_before_a_byte_leaves() {
    let hub = EuHub::new(HubSettings {
        packs_per_message: 2,
        ..HubSettings::default()
    });
    let fact = Fact::Commissioned {
        lot: lot(),
        version: 2,
        markets: vec![market("DE")],
    };
    let write =
        |packs: &[Serial]| hub.write(&fact, &mut packs.iter(), &envelope("1.16"), &mut Vec::new());
    let refusal = |result: Result<_, WriteError>| match result {
        Err(WriteError::Refused(refusals)) => refusals.code().as_str(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(write(&[])), "LOT-002");
    assert_eq!(refusal(write(&serials(&["1", "2", "3"]))), "REQ-413");
    assert!(matches!(
        write(&serials(&["2", "1"]).into_iter().rev().collect::<Vec<_>>()),
        Err(WriteError::Io(_))
    ));
    assert_eq!(write(&serials(&["1", "2"])).unwrap().packs, 2);
}

/// Every fault at once, each with its pointer (URS-MD-002).
#[test]
fn all_faults_of_a_version_are_named_together() {
    let mut version = version();
    version.data.common_name = Some(String::new());
    version.data.markets[1].holder.address.street = None;
    version.data.markets[1].wholesalers[0].address.city = Some("  ".to_owned());
    version.data.markets[0].market = market("US");
    let fact = Fact::ProductVersioned(Box::new(version));
    let mut envelope = envelope("1.16");
    envelope.sender.clear();
    let refusals = EuHub::default().check(&fact, &envelope).unwrap_err();
    let found: Vec<(&str, &str)> = refusals
        .iter()
        .map(|refusal| (refusal.place.as_str(), refusal.code.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("/envelope/sender", "HUB-201"),
            ("/common_name", "HUB-201"),
            ("/markets/0/market", "PRD-004"),
            ("/markets/1/holder/address/street", "HUB-201"),
            ("/markets/1/wholesalers/0/address/city", "HUB-201"),
        ]
    );
    assert!(
        refusals
            .to_string()
            .contains("it became mandatory with hub 1.16"),
        "{refusals}"
    );
}

#[test]
fn random_serials_of_the_whole_character_set_survive() {
    const SET: &[u8] =
        b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut packs: Vec<Serial> = (0..5000)
        .map(|_| {
            let length = 1 + next() as usize % 20;
            let text: Vec<u8> = (0..length)
                .map(|_| SET[next() as usize % SET.len()])
                .collect();
            Serial::from_bytes(&text).unwrap()
        })
        .collect();
    packs.sort_unstable();
    packs.dedup();
    let fact = Fact::Commissioned {
        lot: lot(),
        version: 1,
        markets: vec![market("DE")],
    };
    let mut written = Vec::new();
    EuHub::default()
        .write(&fact, &mut packs.iter(), &envelope("1.14"), &mut written)
        .unwrap();
    let mut sink = Collected::default();
    read_document(written.as_slice(), &mut sink).unwrap();
    assert_eq!(sink.0, packs);
}

#[test]
fn hostile_documents_are_refused() {
    let fact = Fact::Commissioned {
        lot: lot(),
        version: 1,
        markets: vec![market("DE")],
    };
    let mut written = Vec::new();
    EuHub::default()
        .write(
            &fact,
            &mut serials(&["1", "2"]).iter(),
            &envelope("1.16"),
            &mut written,
        )
        .unwrap();
    let good = String::from_utf8(written).unwrap();
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    for (name, hostile, part) in [
        ("cut", good[..good.len() - 20].to_owned(), "not closed"),
        (
            "cut between elements",
            good[..good.find("<Total>").unwrap()].to_owned(),
            "ends in the middle",
        ),
        (
            "total",
            good.replace("<Total>2</Total>", "<Total>3</Total>"),
            "announces 3 packs and holds 2",
        ),
        (
            "doctype",
            good.replace("<HubMessage", "<!DOCTYPE a [<!ENTITY b \"c\">]><HubMessage"),
            "DOCTYPE",
        ),
        ("entity", good.replace("OBP-SANDBOX-1", "&b;"), "entity"),
        (
            "deep",
            good.replace("<Sender>", &format!("{deep}<Sender>")),
            "nested",
        ),
        (
            "long",
            good.replace("OBP-SANDBOX-1", &"x".repeat(3_000_000)),
            "1 MB",
        ),
        (
            "namespace",
            good.replace("mirror:1.16", "mirror:9.9"),
            "namespace",
        ),
        ("serial", good.replace("sn=\"1\"", "sn=\"#\""), "Pack/@sn"),
        (
            "environment",
            good.replace(">test<", ">heaven<"),
            "Environment",
        ),
        ("trailing", format!("{good}<more/>"), "follows"),
    ] {
        let refused =
            read_document(hostile.as_bytes(), &mut Collected::default()).map(|read| read.packs);
        match refused {
            Err(error) => assert!(error.to_string().contains(part), "{name}: {error}"),
            Ok(packs) => panic!("{name} was read with {packs} packs"),
        }
    }
}

/// Which markets a lot may name on a day, and which states a role may set.
#[test]
fn market_dates_and_roles() {
    let check = |settings: HubSettings, fact: &Fact, event_at: &str, expected: &[(&str, &str)]| {
        let envelope = Envelope {
            event_at: packtwin_core::time::Timestamp::parse(event_at).unwrap(),
            ..envelope("1.16")
        };
        let refused = EuHub::new(settings).check(fact, &envelope).err();
        let found: Vec<(&str, &str)> = refused
            .iter()
            .flat_map(|refusals| refusals.iter())
            .map(|refusal| (refusal.place.as_str(), refusal.code.as_str()))
            .collect();
        assert_eq!(found, expected, "{fact:?} {event_at}");
    };
    let lot_for = |markets: &[&str]| Fact::Commissioned {
        lot: lot(),
        version: 1,
        markets: markets.iter().map(|code| market(code)).collect(),
    };
    let plain = HubSettings::default();
    let now = "2026-11-20T09:00:00Z";
    check(plain, &lot_for(&["IT", "GR"]), now, &[]);
    let before = "2025-02-08T23:59:59Z";
    check(
        plain,
        &lot_for(&["DE", "IT"]),
        before,
        &[("/markets/1", "UPL-030")],
    );
    check(plain, &lot_for(&["IT"]), "2025-02-09T00:00:00Z", &[]);
    check(
        plain,
        &lot_for(&["DE"]),
        "2019-02-08T12:00:00Z",
        &[("/markets/0", "UPL-030")],
    );
    check(plain, &lot_for(&[]), now, &[("/markets", "HUB-201")]);
    check(
        plain,
        &lot_for(&["DE", "US", "DE"]),
        now,
        &[("/markets/1", "PRD-004"), ("/markets/2", "PRD-004")],
    );

    let distributor = HubSettings {
        role: crate::Role::ParallelDistributor,
        ..plain
    };
    for state in PackState::ALL {
        let fact = Fact::StateChanged { lot: lot(), state };
        let refused = [("/state", "HUB-206")];
        let none: &[(&str, &str)] = &[];
        check(
            plain,
            &fact,
            now,
            if state == PackState::CheckedOut {
                &refused
            } else {
                none
            },
        );
        check(
            distributor,
            &fact,
            now,
            if state == PackState::Supplied {
                &refused
            } else {
                none
            },
        );
    }

    let recall = |reason: &str| Fact::Recalled {
        lot: lot(),
        markets: vec![market("DE")],
        reason: reason.to_owned(),
    };
    check(plain, &recall("particles"), now, &[]);
    check(plain, &recall(" "), now, &[("/reason", "HUB-201")]);
    check(
        plain,
        &recall(&"x".repeat(501)),
        now,
        &[("/reason", "PRD-004")],
    );
    check(plain, &recall("a\u{7}b"), now, &[("/reason", "PRD-004")]);
}

/// NTIN and PPN of one PZN are two product codes at the hub (emvs.md 6.3, I).
#[test]
fn a_ppn_is_written_in_its_own_scheme() {
    let mut lot = lot();
    lot.product = packtwin_core::product_code::ProductCode::parse("111234567842").unwrap();
    lot.manufactured = None;
    let fact = Fact::Commissioned {
        lot,
        version: 1,
        markets: vec![market("DE")],
    };
    check(
        "pack_data_under_a_ppn.xml",
        "1.16",
        &fact,
        &serials(&["1"]),
        Some(&fact),
    );
}
