//! Sample list pages, the home page and the search result.

use super::{Fill, data};
use crate::pages::{
    frame::Frame,
    piece::{Action, Code, DropZone, EmptyState, Field, Title, Tone},
    view::{
        AdministrationTab,
        connector::{ConnectorRow, ConnectorsPage},
        expiring::{ExpiringPage, ExpiringRow},
        home::{HomePage, Tile},
        job::{JobRow, JobsPage},
        lot::{LotRow, LotsPage},
        message::{MessageRow, MessagesPage},
        pack::{ScanCandidate, ScanElement, SearchHit, SearchPage},
        product::{ProductRow, ProductsPage},
        upload::{UploadRow, UploadsPage},
    },
};

pub fn home_page(fill: Fill, frame: Frame) -> HomePage {
    let tile = |label: &str, count: u64, note: &str, tone: Tone, href: &str| Tile {
        label: label.into(),
        count,
        note: note.into(),
        tone,
        href: href.into(),
    };
    let many = if fill == Fill::Hostile { 1_000_000 } else { 1 };
    HomePage {
        frame,
        title: Title {
            note: "Friday, 14 March 2031".into(),
            ..Title::page("Today")
        },
        answer: "3 lots wait to be sent. 1 upload needs your decision.".into(),
        answer_tone: Tone::Attention,
        tiles: vec![
            tile(
                "Lots to send",
                3 * many,
                "oldest since 3 h",
                Tone::Attention,
                "/lots?state=stored",
            ),
            tile(
                "Uploads that need you",
                many,
                "2 serials occur twice",
                Tone::Attention,
                "/uploads?state=decision",
            ),
            tile(
                "Uploads failed",
                many - 1,
                "",
                if many > 1 { Tone::Bad } else { Tone::Neutral },
                "/uploads?state=failed",
            ),
            tile(
                "Connectors not well",
                0,
                "all answer",
                Tone::Good,
                "/connectors",
            ),
            tile(
                "Credentials ending in 90 days",
                1,
                "next in 41 days",
                Tone::Info,
                "/administration/expiring",
            ),
            tile("Jobs running", 2, "", Tone::Neutral, "/jobs?state=running"),
        ],
        timeline: data::timeline(fill),
        empty: (fill == Fill::Empty).then(|| {
            data::empty(
                "Nothing waits. No lot has come yet",
                "Upload a serial file from your packager; it is checked before anything is stored.",
                Some(Action::link("Upload a file", "/uploads").primary()),
            )
        }),
    }
}

pub fn expiring_page(fill: Fill, frame: Frame) -> ExpiringPage {
    let rows = (0..data::rows(fill))
        .map(|index| ExpiringRow {
            href: "/connectors/eu-hub".into(),
            kind: ["Client certificate", "API key", "Invitation"][index as usize % 3].into(),
            name: data::name(fill).into(),
            state: if index == 0 {
                data::bad("ended")
            } else {
                data::attention("41 days left")
            },
            ends_at: data::moment(-59_040),
            consequence: "Messages to the hub wait; nothing is lost.".into(),
            remedy: "Ask the hub's portal for a new certificate.".into(),
        })
        .collect();
    ExpiringPage {
        frame,
        title: Title::page("Ending in 90 days").back("Today", "/"),
        tab: AdministrationTab::ApiKeys,
        rows,
        empty: EmptyState {
            sample: None,
            ..data::empty(
                "Nothing ends within 90 days",
                "Certificates, API keys and passwords are listed here before they end.",
                None,
            )
        },
    }
}

pub fn products_page(fill: Fill, frame: Frame) -> ProductsPage {
    let rows = (0..data::rows(fill))
        .map(|index| ProductRow {
            href: format!("/products/{}", data::GTIN),
            code: data::gtin().to(format!("/products/{}", data::GTIN)),
            scheme: ["GTIN", "NTIN", "PPN"][index as usize % 3].into(),
            name: data::name(fill).into(),
            strength: "20 mg".into(),
            form: "film-coated tablet".into(),
            pack_size: "30 tablets".into(),
            markets: if fill == Fill::Hostile {
                "AT BE BG CY CZ DE DK EE ES FI FR HR HU IE IT LT LU LV MT NL".into()
            } else {
                "AT DE".into()
            },
            hub_version: (index != 1).then_some(index + 1),
            acknowledged_at: (index != 1).then(|| data::moment(index as i64 * 4_000)),
            drift: [
                data::good("same"),
                data::neutral("not compared"),
                data::attention("differs in 2 fields"),
            ][index as usize % 3]
                .clone(),
            state: [
                data::good("acknowledged"),
                data::neutral("draft"),
                data::bad("refused"),
            ][index as usize % 3]
                .clone(),
        })
        .collect();
    let new = Action::link("New product", "/products/new");
    ProductsPage {
        frame,
        title: Title {
            primary: Some(new.clone().primary()),
            ..Title::page("Products")
        },
        filter: data::filter(
            fill,
            "/products",
            &["All", "Acknowledged", "Draft", "Refused"],
        ),
        rows,
        pager: data::pager(fill, "products"),
        empty: data::empty(
            "No products yet",
            "A lot belongs to a product and a market. Enter the first one, or import a list.",
            Some(new),
        ),
    }
}

pub fn uploads_page(fill: Fill, frame: Frame) -> UploadsPage {
    let states = [
        data::attention("needs a decision"),
        data::info("checking"),
        data::good("acknowledged"),
        data::bad("failed"),
        data::good("committed"),
    ];
    let rows = (0..data::rows(fill))
        .map(|index| {
            let at = index as usize % 5;
            UploadRow {
                href: "/uploads/u1".into(),
                file: match fill {
                    Fill::Hostile => "export_final_FINAL(2)_Sandozol_لوط_0000000000000000000000000000000000000001.csv".into(),
                    _ => format!("L-2291-0{index}_serials.csv"),
                },
                bytes: data::packs(fill) * 47,
                kind: if at == 3 { String::new() } else { "CSV".into() },
                products: if at == 3 {
                    String::new()
                } else {
                    data::name(fill).into()
                },
                lots: data::lot(fill).into(),
                rows: (at != 3).then(|| data::packs(fill)),
                errors: [2, 0, 0, 0, 0][at],
                warnings: [data::packs(fill) / 2, 0, 0, 0, 0][at],
                state: states[at].clone(),
                percent: (at == 1).then_some(61),
                by: data::person(fill).into(),
                at: data::moment(index as i64 * 61 + 4),
            }
        })
        .collect();
    UploadsPage {
        title: Title::page("Uploads"),
        drop: drop_zone(&frame.csrf),
        filter: data::filter(
            fill,
            "/uploads",
            &["All", "Need a decision", "Failed", "Committed"],
        ),
        rows,
        pager: data::pager(fill, "uploads"),
        empty: EmptyState {
            sample: None,
            ..data::empty(
                "No uploads yet",
                "Drop a file above. CSV, XLSX and EPCIS 1.2 XML are recognised by their content.",
                None,
            )
        },
        frame,
    }
}

pub fn drop_zone(csrf: &str) -> DropZone {
    DropZone {
        action: "/uploads".into(),
        csrf: csrf.into(),
        resumable_href: "/v1/uploads".into(),
        part_bytes: 4 << 20,
        bytes_max: 10 << 30,
        kinds: "CSV, TSV, XLSX or EPCIS 1.2 XML.".into(),
        partner: Field::new("partner", "From which partner", "")
            .hint("May be empty. The mapping kept for the partner is used.")
            .suggest(vec!["Packager North".into()]),
        samples: vec![
            data::download("CSV template", "", "template_TEST.csv"),
            data::download("XLSX template", "", "template_TEST.xlsx"),
            data::sample_file(),
        ],
        refused: None,
        problem: None,
    }
}

pub fn lots_page(fill: Fill, frame: Frame) -> LotsPage {
    let states = [
        data::good("acknowledged"),
        data::attention("to send"),
        data::info("being sent"),
        data::attention("2 missing"),
        data::bad("refused"),
    ];
    let rows = (0..data::rows(fill))
        .map(|index| {
            let at = index as usize % 5;
            let packs = data::packs(fill) - index;
            LotRow {
                href: "/lots/x/y".into(),
                product: data::name(fill).into(),
                code: data::gtin(),
                lot: Code::plain("lot", data::lot(fill)).to("/lots/x/y"),
                expiry: "2033-06".into(),
                produced: (at != 1).then_some(packs),
                stored: if at == 3 { packs - 2 } else { packs },
                sent: [packs, 0, packs / 2, packs - 2, packs][at],
                acknowledged: [packs, 0, packs / 3, packs - 2, 0][at],
                state: states[at].clone(),
            }
        })
        .collect();
    LotsPage {
        frame,
        title: Title::page("Lots"),
        filter: data::filter(
            fill,
            "/lots",
            &["All", "To send", "With a difference", "Acknowledged"],
        ),
        rows,
        pager: data::pager(fill, "lots"),
        empty: data::empty(
            "No lots yet",
            "A lot appears when an upload is committed.",
            Some(Action::link("Upload a file", "/uploads").primary()),
        ),
    }
}

pub fn connectors_page(fill: Fill, frame: Frame) -> ConnectorsPage {
    let states = [
        data::good("up"),
        data::attention("slow"),
        data::bad("down at far side"),
        data::bad("blocked by certificate"),
        data::neutral("paused"),
    ];
    let rows = (0..data::rows(fill).min(5))
        .map(|index| {
            let at = index as usize;
            ConnectorRow {
                href: "/connectors/eu-hub".into(),
                name: if fill == Fill::Hostile {
                    data::name(fill).into()
                } else {
                    format!("EU hub simulator {}", index + 1)
                },
                country: "European Union".into(),
                environment: "TEST".into(),
                state: states[at].clone(),
                queue: [0, 4, 12_408, 3, 0][at],
                oldest_seconds: [None, Some(44), Some(273_000), Some(7_300), None][at],
                refused: [0, 0, 912, 3, 0][at],
            }
        })
        .collect();
    ConnectorsPage {
        frame,
        title: Title::page("Connectors"),
        rows,
        empty: EmptyState {
            sample: None,
            ..data::empty(
                "No connectors yet",
                "A connector sends your lots to a hub or authority. The site's operator adds it.",
                None,
            )
        },
    }
}

pub fn messages_page(fill: Fill, frame: Frame) -> MessagesPage {
    let states = [
        data::good("acknowledged"),
        data::info("waiting"),
        data::bad("refused"),
        data::attention("unknown"),
        data::neutral("queued"),
    ];
    let rows = (0..data::rows(fill))
        .map(|index| MessageRow {
            href: "/messages/m1".into(),
            id: Code::plain("message id", format!("01J9ZQ4V{index:02}")).to("/messages/m1"),
            connector: "EU hub".into(),
            kind: "pack data".into(),
            object: format!("lot {}, part {} of 5", data::lot(fill), index + 1),
            packs: data::packs(fill) / 5,
            state: states[index as usize % 5].clone(),
            attempts: index % 4 + 1,
            created_at: data::moment(index as i64 * 7),
            answered_at: (index % 5 != 1).then(|| data::moment(index as i64 * 7 - 1)),
        })
        .collect();
    MessagesPage {
        frame,
        title: Title::page("Messages"),
        filter: data::filter(fill, "/messages", &["All", "Waiting", "Refused", "Unknown"]),
        rows,
        pager: data::pager(fill, "messages"),
        empty: EmptyState {
            sample: None,
            ..data::empty(
                "No messages yet",
                "Every document sent to a hub, and its answer, is kept here.",
                None,
            )
        },
    }
}

pub fn jobs_page(fill: Fill, frame: Frame) -> JobsPage {
    let states = [
        data::info("running"),
        data::good("done"),
        data::bad("failed"),
        data::neutral("cancelled"),
        data::neutral("waiting"),
    ];
    let rows = (0..data::rows(fill))
        .map(|index| {
            let at = index as usize % 5;
            JobRow {
                href: "/jobs/j1".into(),
                id: Code::plain("job id", format!("J-{:05}", 812 - index)).to("/jobs/j1"),
                kind: [
                    "Check upload",
                    "Commit lot",
                    "Send lot",
                    "Compare products",
                    "Check upload",
                ][at]
                    .into(),
                object: if at == 3 {
                    "all products".into()
                } else {
                    data::lot(fill).into()
                },
                state: states[at].clone(),
                percent: [61, 100, 12, 40, 0][at],
                by: data::person(fill).into(),
                started_at: (at != 4).then(|| data::moment(index as i64 * 30)),
                ended_at: (1..4)
                    .contains(&at)
                    .then(|| data::moment(index as i64 * 30 - 2)),
            }
        })
        .collect();
    JobsPage {
        frame,
        title: Title::page("Jobs"),
        filter: data::filter(fill, "/jobs", &["All", "Running", "Failed"]),
        rows,
        pager: data::pager(fill, "jobs"),
        empty: EmptyState {
            sample: None,
            ..data::empty(
                "No jobs yet",
                "Checking, committing and sending run as jobs; each keeps its log here.",
                None,
            )
        },
    }
}

pub fn search_page(fill: Fill, frame: Frame) -> SearchPage {
    let raw = match fill {
        Fill::Empty => "nonsense".to_owned(),
        _ => format!(
            "]d201{}21{}{{GS}}17330600 10{}",
            data::GTIN,
            data::serial(fill),
            data::lot(fill)
        ),
    };
    let element = |identifier: &str, label: &str, value: Code| ScanElement {
        identifier: identifier.into(),
        label: label.into(),
        value,
        mark: data::good("right"),
    };
    let is_found = fill != Fill::Empty;
    let hit = |kind: &str, code: Code, note: &str| SearchHit {
        kind: kind.into(),
        code,
        note: note.into(),
        state: data::good("active"),
        href: "/packs/x/y".into(),
    };
    SearchPage {
        frame: Frame {
            search: raw.clone(),
            ..frame
        },
        title: Title::page("Search"),
        raw,
        recognised: if is_found {
            "GS1 Data Matrix".into()
        } else {
            "no code, searched as text".into()
        },
        verdict: match fill {
            Fill::Empty => data::neutral("cannot tell"),
            Fill::Little => data::good("certain"),
            Fill::Hostile => data::attention("probable"),
        },
        elements: if is_found {
            vec![
                element("01", "GTIN", data::gtin()),
                element("21", "Serial", Code::serial(data::serial(fill))),
                element("17", "Expiry", Code::plain("expiry", "330600")),
                element("10", "Lot", Code::plain("lot", data::lot(fill))),
            ]
        } else {
            Vec::new()
        },
        faults: match fill {
            Fill::Hostile => vec![
                "Y and Z seem to be swapped. Set the scanner to the German keyboard layout.".into(),
            ],
            _ => Vec::new(),
        },
        candidates: match fill {
            Fill::Hostile => vec![ScanCandidate {
                code: Code::serial(data::serial(fill)).to("/search?q=x"),
                reason: "the scanner types with an English layout on a German keyboard".into(),
                confidence: "low".into(),
                href: "/search?q=x".into(),
            }],
            _ => Vec::new(),
        },
        hits: if is_found {
            vec![
                hit("Pack", Code::serial(data::serial(fill)), data::name(fill)),
                hit("Lot", Code::plain("lot", data::lot(fill)), data::name(fill)),
            ]
        } else {
            Vec::new()
        },
        empty: EmptyState {
            sample: None,
            ..data::empty(
                "Nothing found",
                "Scan the two-dimensional code on the pack, or type a serial, a lot, a product code or a message id.",
                None,
            )
        },
    }
}
