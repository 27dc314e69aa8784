//! Samples of hierarchies: captured documents, their findings, and a container in its place.

use super::{Fill, data};
use crate::pages::frame::Frame;
use crate::pages::piece::{Code, EmptyState, Fact, Link, Title, Tree, TreeRow};
use crate::pages::view::capture::{CaptureFindingRow, CapturePage, CaptureRow, CapturesPage};
use crate::pages::view::container::ContainerPage;

/// The list of captured documents.
pub fn captures_page(fill: Fill, frame: Frame) -> CapturesPage {
    let row = |index| CaptureRow {
        href: "/captures/c1".into(),
        id: Code::plain("document id", format!("cap_{index}")).to("/captures/c1"),
        sender: data::name(fill).into(),
        state: match index % 3 {
            0 => data::good("stored"),
            1 => data::bad("rejected"),
            _ => data::info("being stored"),
        },
        events: 1_204 * index,
        parked: index % 5,
        errors: index % 3,
        at: data::moment(index as i64 * 30),
    };
    CapturesPage {
        frame,
        title: Title::page("Hierarchies"),
        answer: match fill {
            Fill::Empty => String::new(),
            _ => "7 facts of the hierarchy wait for others, or contradict them.".into(),
        },
        filter: data::filter(fill, "/captures", &["All", "Rejected"]),
        rows: (0..data::rows(fill)).map(row).collect(),
        pager: data::pager(fill, "documents"),
        empty: EmptyState {
            sample: None,
            ..data::empty(
                "No document was captured yet",
                "EPCIS documents that partners send are listed here.",
                None,
            )
        },
    }
}

/// One captured document.
pub fn capture_page(fill: Fill, frame: Frame) -> CapturePage {
    let row = |index: u64| CaptureFindingRow {
        event: index + 1,
        line: 40 * index,
        code: "EPC-110".into(),
        severity: match index % 2 {
            0 => data::bad("error"),
            _ => data::info("warning"),
        },
        text: format!(
            "Event {index}: {} already has a parent.",
            data::serial(fill)
        ),
        remedy: "Send an unpack first, or use the workbench.".into(),
        proposal: index
            .is_multiple_of(2)
            .then(|| "2031-05-04T08:00:00+02:00".into()),
    };
    CapturePage {
        frame,
        title: Title {
            state: Some(data::good("stored")),
            ..Title::code("Document", "cap_1")
        }
        .back("Hierarchies", "/captures"),
        answer: "Every event of this document is stored.".into(),
        facts: vec![
            Fact::text("From", data::name(fill)),
            Fact::count("Events stored", 12_040),
        ],
        links: vec![Link::new("See its job", "/jobs/j1")],
        rows: (0..data::rows(fill)).map(row).collect(),
        pager: data::pager(fill, "findings"),
    }
}

/// A case on a pallet.
pub fn container_page(fill: Fill, frame: Frame) -> ContainerPage {
    const CASE: &str = "041509990000000010";
    let row = |depth, level: &str, code, count| TreeRow {
        depth,
        level: level.into(),
        code,
        count,
        mark: None,
    };
    let mut rows = vec![
        row(
            0,
            "pallet",
            Code::digits("SSCC", "041509990000000027"),
            10_000,
        ),
        row(1, "container", Code::digits("SSCC", CASE), 50),
    ];
    rows.extend(
        (0..data::rows(fill)).map(|_| row(2, "unit", Code::plain("pack", data::serial(fill)), 1)),
    );
    ContainerPage {
        frame,
        title: Title {
            state: Some(data::good("in use")),
            note: "container".into(),
            ..Title::code("Hierarchy of", CASE)
        }
        .back("Hierarchies", "/captures"),
        answer: "It holds 50 units; it is in 041509990000000027.".into(),
        filter: data::filter(fill, "/containers/x", &[]),
        facts: vec![
            Fact::text("Custody", "never shipped"),
            Fact::count("Inside: unit", 50),
        ],
        tree: Tree {
            label: "Containers around it and what is in it".into(),
            rows,
        },
        pager: data::pager(fill, "children"),
    }
}
