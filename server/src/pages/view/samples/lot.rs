//! Sample lot pages, the receipt and the pack.

use super::{Fill, data, upload};
use crate::pages::{
    frame::Frame,
    piece::{
        Action, Code, Completeness, Fact, FactValue, Field, FieldKind, FilterBar, Input, Link,
        Progress, Title,
    },
    view::{
        FarRefusalLine,
        lot::{
            LotDifference, LotMessage, LotPage, LotReceiptPage, ReceiptAcknowledgement,
            ReceiptSource,
        },
        pack::{PackMessageRow, PackPage, ProofEntryRow},
    },
};

pub fn completeness(fill: Fill) -> Completeness {
    let packs = data::packs(fill);
    match fill {
        Fill::Empty => Completeness {
            produced: None,
            stored: 24_000,
            difference_href: "#d".into(),
            ..Completeness::default()
        },
        Fill::Little => Completeness {
            produced: Some(packs),
            stored: packs,
            sent: packs,
            acknowledged: packs,
            difference_href: "#d".into(),
        },
        Fill::Hostile => Completeness {
            produced: Some(packs),
            stored: packs - 2,
            sent: packs - 2,
            acknowledged: 8_123_456,
            difference_href: "#d".into(),
        },
    }
}

pub fn lot_page(fill: Fill, frame: Frame) -> LotPage {
    let total = if fill == Fill::Hostile { 1_876_544 } else { 0 };
    let send = Action::link("Send 24,000 packs", "/lots/x/y/send").primary();
    let (state, primary, answer) = match fill {
        Fill::Empty => (
            data::attention("blocked"),
            send.refused(
                "The produced count is not given, and the product is not released in Austria.",
            ),
            "24,000 packs are stored; none is sent.",
        ),
        Fill::Little => (
            data::good("acknowledged"),
            Action::link("Receipt for the Qualified Person", "/lots/x/y/receipt").primary(),
            "All 24,000 packs are acknowledged by the hub.",
        ),
        Fill::Hostile => (
            data::attention("1,876,544 missing"),
            Action::link(
                "Send difference only: 1,876,544 packs",
                "/lots/x/y/send-difference",
            )
            .primary(),
            "The hub has confirmed 8,123,456 of 9,999,998 packs.",
        ),
    };
    let mut facts = data::lot_facts(fill);
    facts.extend([
        Fact::count("Sampled", 12),
        Fact::count("Destroyed", 0),
        Fact::new(
            "Source",
            FactValue::Link(Link::new("L-2291-07_serials.csv", "/uploads/u1")),
        ),
    ]);
    LotPage {
        produced: None,
        title: Title {
            state: Some(state),
            primary: Some(primary),
            ..data::lot_title(fill, "Lot")
        },
        answer: answer.into(),
        far_refusals: match fill {
            Fill::Hostile => vec![FarRefusalLine {
                sentence: "Recall in DE, AT: A16: the batch is not known.".into(),
                href: "/messages/m1".into(),
                again: Some(Action::post("Send anew", "/messages/m1/retry", &frame.csrf)),
            }],
            _ => Vec::new(),
        },
        completeness: completeness(fill),
        progress: (fill == Fill::Hostile).then(|| Progress {
            unit: "packs".into(),
            ..upload::progress("Sending packs", "/jobs/j2/events")
        }),
        facts,
        blocked: match fill {
            Fill::Empty => vec![
                "The produced count is not given. Type it from the batch record.".into(),
                "Product 04098765432101 is not released for Austria (UPL-030).".into(),
            ],
            _ => Vec::new(),
        },
        differences: (0..total.min(8))
            .map(|index| LotDifference {
                serial: Code::serial(data::serial(fill)),
                mark: if index % 2 == 0 {
                    data::info("sent, no answer")
                } else {
                    data::bad("refused")
                },
                reason: "The hub has not confirmed message 01J9ZQ4V since 10:12. It is still queued; no action needed.".into(),
                message_href: Some("/messages/m1".into()),
            })
            .collect(),
        differences_total: total,
        differences_href: "/lots/x/y/differences".into(),
        actions: vec![
            Action::link("State produced count", "/lots/x/y/produced"),
            Action::link("Recall", "/lots/x/y/recall").danger(),
            Action::link("Withdraw", "/lots/x/y/withdraw").danger(),
        ],
        messages: (0..data::rows(fill).min(3))
            .map(|index| LotMessage {
                href: "/messages/m1".into(),
                id: Code::plain("message id", format!("01J9ZQ4V{index}")).to("/messages/m1"),
                connector: "EU hub".into(),
                kind: format!("pack data, part {} of 3", index + 1),
                packs: data::packs(fill) / 3,
                state: data::good("acknowledged"),
                sent_at: Some(data::moment(14)),
                answered_at: (index != 2).then(|| data::moment(12)),
            })
            .collect(),
        downloads: vec![data::download("Reconciliation", "CSV", "reconciliation_TEST.csv")],
        timeline: data::timeline(fill),
        frame,
    }
}

pub fn lot_receipt_page(fill: Fill, frame: Frame) -> LotReceiptPage {
    let mut facts = data::lot_facts(fill);
    facts.push(Fact::text("Holder", data::tenant(fill)));
    LotReceiptPage {
        frame,
        title: data::lot_title(fill, "Receipt of lot").back("Lot", "/lots/x/y"),
        statement: match fill {
            Fill::Little => "All 24,000 packs produced are stored, sent and acknowledged.".into(),
            _ => "The lot is not complete.".into(),
        },
        state: if fill == Fill::Little {
            data::good("complete")
        } else {
            data::attention("not complete")
        },
        written_at: data::moment(0),
        number: "R-2031-000412".into(),
        facts,
        completeness: completeness(fill),
        counts: vec![
            Fact::count("Sampled", 12),
            Fact::count("Destroyed", 0),
            Fact::count("Open differences", 0),
        ],
        sources: (0..data::rows(fill).min(2))
            .map(|_| ReceiptSource {
                file: "L-2291-07_serials.csv".into(),
                sha256: data::HASH.into(),
                packs: data::packs(fill),
                received_at: data::moment(64),
                list_sha256: data::HASH.into(),
            })
            .collect(),
        acknowledgements: (0..data::rows(fill).min(12))
            .map(|index| ReceiptAcknowledgement {
                message_id: format!("01J9ZQ4V{index:02}"),
                hub_id: format!("HUB-88120{index}"),
                packs: data::packs(fill) / 3,
                sent_at: data::moment(14),
                acknowledged_at: data::moment(12),
                sha256: data::HASH.into(),
            })
            .collect(),
        sha256: data::HASH.into(),
        downloads: vec![data::download("JSON form", "", "receipt_TEST.json")],
    }
}

pub fn pack_page(fill: Fill, frame: Frame) -> PackPage {
    PackPage {
        frame,
        title: Title {
            state: Some(if fill == Fill::Empty {
                data::neutral("not sent")
            } else {
                data::good("active")
            }),
            note: data::name(fill).into(),
            ..Title::code("Pack", data::serial(fill))
        }
        .back("Lot", "/lots/x/y"),
        answer: if fill == Fill::Empty {
            "The pack is stored here and not known to the hub yet.".into()
        } else {
            "Active at the hub since 2031-03-14 10:14.".into()
        },
        facts: {
            let mut facts = data::lot_facts(fill);
            facts.insert(2, Fact::code("Serial", Code::serial(data::serial(fill))));
            facts
        },
        as_of: FilterBar {
            action: "/packs/x/y".into(),
            inputs: vec![Input::Field(
                Field::new("as_of", "As it was at the end of", "2031-03-14").kind(FieldKind::Date),
            )],
            ..FilterBar::default()
        },
        timeline: data::timeline(fill),
        messages: (0..data::rows(fill).min(3))
            .map(|index| PackMessageRow {
                href: "/messages/x".into(),
                id: Code::plain("message id", format!("01J9ZQ4V{index:02}")).to("/messages/x"),
                connector: "EU hub".into(),
                kind: "pack data".into(),
                verdict: data::good("acknowledged"),
                reason: String::new(),
                sent_at: Some(data::moment(14)),
                answered_at: Some(data::moment(12)),
            })
            .collect(),
        proof: vec![
            Fact::code(
                "SHA-256 of the serial list",
                Code::abridged("SHA-256", data::HASH, 16),
            ),
            Fact::count("Line of this pack in the list", data::packs(fill)),
        ],
        proof_fault: String::new(),
        may_read_audit: fill != Fill::Empty,
        entries: (0..data::rows(fill).min(4))
            .map(|index| ProofEntryRow {
                number: 400 + index,
                at: data::moment(12),
                what: "Storing began".into(),
                hash: Code::abridged("SHA-256", data::HASH, 16),
            })
            .collect(),
        downloads: vec![data::download("Proof as JSON", "", "proof_TEST.json")],
    }
}
