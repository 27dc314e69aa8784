//! Home, "today" (users.md 3.1): what waits, each number with the rows behind it, and the last events in words.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use packtwin_app::today::{EXPIRY_NOTICE_DAYS, Today, today};
use packtwin_core::role::Permission;
use packtwin_tenants::store::connector::ConnectorState;
use packtwin_tenants::store::upload::UploadState;

use super::history::{self, People};
use super::{Desk, html, words};
use crate::http::problem::Problem;
use crate::pages::piece::{Action, EmptyState, Timeline, Title, Tone};
use crate::pages::view::home::{HomePage, Tile};

/// The page.
pub(in crate::http) async fn show(desk: Desk) -> Result<HttpResponse, Problem> {
    let title = Title {
        note: desk.today().to_owned(),
        ..Title::page("Today")
    };
    if !desk.caller.may(Permission::LotsRead) {
        // An administrator without the trade's rights has a home as well.
        let answer =
            "Nothing of the trade is open to your role; administration is in the rail.".to_owned();
        let page = HomePage {
            title,
            answer,
            timeline: Timeline {
                when_empty: "Nothing to show.".into(),
                ..Timeline::default()
            },
            frame: desk.frame,
            ..HomePage::default()
        };
        return html(StatusCode::OK, &page);
    }
    let found = desk.work(today).await?;
    let people = People::read(&desk).await?;
    let timeline = history::of(&desk, &people, None).await?;
    let tiles = tiles(&desk, &found);
    let waiting: Vec<String> = tiles
        .iter()
        .filter(|tile| tile.count > 0 && matches!(tile.tone, Tone::Attention | Tone::Bad))
        .map(|tile| {
            format!(
                "{}: {}.",
                tile.label,
                crate::pages::format::thousands(tile.count)
            )
        })
        .collect();
    let is_fresh = found.uploads.iter().all(|(_, count)| *count == 0) && found.lots_differing == 0;
    let page = HomePage {
        title,
        answer: if waiting.is_empty() {
            "Nothing waits for you.".to_owned()
        } else {
            waiting.join(" ")
        },
        answer_tone: if waiting.is_empty() {
            Tone::Good
        } else {
            Tone::Attention
        },
        tiles,
        timeline,
        empty: is_fresh.then(|| EmptyState {
            heading: "Nothing waits. No lot has come yet".into(),
            sentence:
                "Upload a serial file from your packager; it is checked before anything is stored."
                    .into(),
            next: Some(Action::link("Upload a file", "/uploads").primary()),
            sample: None,
        }),
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

fn tiles(desk: &Desk, found: &Today) -> Vec<Tile> {
    let tile = |label: &str, count: u64, note: String, tone: Tone, href: &str| Tile {
        label: label.to_owned(),
        count,
        note,
        tone: if count == 0 { Tone::Neutral } else { tone },
        href: href.to_owned(),
    };
    let uploads = |wanted: UploadState| {
        found
            .uploads
            .iter()
            .find(|(state, _)| *state == wanted)
            .map_or(0, |(_, count)| *count)
    };
    let mut tiles = Vec::new();
    if desk.caller.may(Permission::LotsRead) {
        let count = found.lots_differing;
        let note = match count {
            0 => "all agree",
            _ => "produced, stored, sent, acknowledged",
        };
        tiles.push(tile(
            "Lots with a difference",
            count,
            note.to_owned(),
            Tone::Attention,
            "/lots?difference=yes",
        ));
    }
    if desk.caller.may(Permission::UploadsRead) {
        let state = |wanted: UploadState| format!("/uploads?state={}", wanted.as_str());
        tiles.push(tile(
            "Uploads that need a decision",
            uploads(UploadState::NeedsDecision),
            String::new(),
            Tone::Attention,
            &state(UploadState::NeedsDecision),
        ));
        tiles.push(tile(
            "Uploads checked, to store",
            uploads(UploadState::Checked),
            String::new(),
            Tone::Attention,
            &state(UploadState::Checked),
        ));
        tiles.push(tile(
            "Uploads failed",
            uploads(UploadState::Failed),
            String::new(),
            Tone::Bad,
            &state(UploadState::Failed),
        ));
    }
    if desk.caller.may(Permission::ConnectorsRead) {
        let unwell = found
            .connectors
            .iter()
            .filter(|health| health.state == ConnectorState::Paused || health.refused > 0)
            .count() as u64;
        let open: u64 = found.connectors.iter().map(|health| health.open).sum();
        let note = if found.connectors.is_empty() {
            "none set up".to_owned()
        } else {
            format!("{} under way", words::counted(open, "message"))
        };
        tiles.push(tile(
            "Connectors not well",
            unwell,
            note,
            Tone::Attention,
            "/connectors",
        ));
        let ending: Vec<i64> = found
            .connectors
            .iter()
            .filter_map(|health| health.certificate_days)
            .filter(|days| *days <= EXPIRY_NOTICE_DAYS)
            .collect();
        let note = ending.iter().min().map_or(String::new(), |days| {
            if *days < 0 {
                "one has ended".to_owned()
            } else {
                format!("next in {days} days")
            }
        });
        tiles.push(tile(
            "Certificates ending in 90 days",
            ending.len() as u64,
            note,
            Tone::Attention,
            "/connectors",
        ));
    }
    if desk.caller.may(Permission::JobsRead) {
        let (queued, running) = found.jobs;
        tiles.push(tile(
            "Jobs running",
            running,
            format!("{queued} waiting"),
            Tone::Info,
            "/jobs?state=running",
        ));
    }
    tiles
}
