//! What ends soon (users.md 3.1, URS-ID-004): certificates, API keys and invitations, the soonest first, each with what stops
//! then and what to do. Passwords are not among them: they do not end by themselves (ASVS 6.2.10).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use packtwin_app::expiring::{self, EndingKind};
use packtwin_app::invitation;
use packtwin_app::today::EXPIRY_NOTICE_DAYS;
use packtwin_core::time::Timestamp;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::{Reader, TenantScope};
use packtwin_tenants::store::user::{UserRecord, UserState};

use super::{Desk, html, words};
use crate::http::problem::Problem;
use crate::pages::piece::{EmptyState, Mark, Title, Tone};
use crate::pages::view::AdministrationTab;
use crate::pages::view::expiring::{ExpiringPage, ExpiringRow};

/// People that are looked through.
const LOOKED_THROUGH_MAX: i64 = 1_000;
/// Entries of an account among which its last invitation is sought.
const ENTRIES_MAX: i64 = 20;
/// What ended longer ago than this needs no reminder any more.
const ENDED_DAYS: i64 = 30;

/// Something that ends, not yet written out for the reader's zone.
struct Ending {
    kind: &'static str,
    name: String,
    href: String,
    ends_at: Timestamp,
    consequence: &'static str,
    remedy: &'static str,
}

/// The list.
pub(in crate::http) async fn list(desk: Desk) -> Result<HttpResponse, Problem> {
    let now = desk.shared.now();
    let mut endings = desk.caller.block(read).await?;
    let (from, until) = (
        now.plus_days(-ENDED_DAYS),
        now.plus_days(EXPIRY_NOTICE_DAYS),
    );
    endings.retain(|ending| (from..=until).contains(&ending.ends_at));
    endings.sort_by_key(|ending| ending.ends_at);
    let page = ExpiringPage {
        title: Title::page("Administration"),
        tab: AdministrationTab::Expiring,
        rows: endings
            .into_iter()
            .map(|ending| row(&desk, ending, now))
            .collect(),
        empty: EmptyState {
            heading: format!("Nothing ends within {EXPIRY_NOTICE_DAYS} days"),
            sentence: "Certificates, API keys and invitations are listed here before they end."
                .into(),
            ..EmptyState::default()
        },
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

fn read(scope: &TenantScope) -> Result<Vec<Ending>, Problem> {
    let mut endings: Vec<Ending> = expiring::endings(scope)?.into_iter().map(worded).collect();
    endings.extend(scope.read(invitations)?);
    Ok(endings)
}

fn worded(ending: expiring::Ending) -> Ending {
    match ending.kind {
        EndingKind::Certificate => Ending {
            kind: "Client certificate",
            name: words::far_side(&ending.name),
            href: format!("/connectors/{}", ending.name),
            ends_at: ending.ends_at,
            consequence: "Messages to the hub wait; nothing is lost.",
            remedy: "Ask the hub's portal for a new certificate and paste it on the connector's page.",
        },
        EndingKind::ApiKey => Ending {
            kind: "API key",
            name: ending.name,
            href: "/administration/api-keys".into(),
            ends_at: ending.ends_at,
            consequence: "The program that uses it is refused.",
            remedy: "Make a new key, give it to the program, then revoke this one.",
        },
    }
}

/// Links that were made for people who have not set a password since.
fn invitations(reader: &mut Reader<'_>) -> Result<Vec<Ending>, StoreError> {
    let people = reader.user_list(None, LOOKED_THROUGH_MAX)?;
    let waiting = people
        .into_iter()
        .filter(|user| user.state == UserState::Active && user.last_sign_in_at.is_none());
    let mut endings = Vec::new();
    for user in waiting {
        let object = format!("user {}", user.id);
        let entries = reader.audit_list_before(i64::MAX, Some(&object), ENTRIES_MAX)?;
        let invited = entries
            .iter()
            .find(|stored| stored.entry.action == "user.invited");
        if let Some(invited) = invited.filter(|stored| stored.entry.at >= user.password_set_at) {
            endings.push(invitation_of(
                user,
                invited.entry.at.plus_days(invitation::DAYS),
            ));
        }
    }
    Ok(endings)
}

fn invitation_of(user: UserRecord, ends_at: Timestamp) -> Ending {
    Ending {
        kind: "Invitation",
        href: format!("/administration/users/{}", user.id),
        name: user.name,
        ends_at,
        consequence: "The link to set a password works no more.",
        remedy: "Make a new link on the person's page and hand it over.",
    }
}

fn row(desk: &Desk, ending: Ending, now: Timestamp) -> ExpiringRow {
    ExpiringRow {
        href: ending.href,
        kind: ending.kind.into(),
        name: ending.name,
        state: mark(ending.ends_at, now),
        ends_at: desk.moment(ending.ends_at),
        consequence: ending.consequence.into(),
        remedy: ending.remedy.into(),
    }
}

/// How much time is left: whole days, on the last day hours.
fn mark(ends_at: Timestamp, now: Timestamp) -> Mark {
    const WEEK: u64 = 7;
    let micros = ends_at.micros_since(now);
    if micros <= 0 {
        return Mark::new(Tone::Bad, "ended");
    }
    let hours = u64::try_from(micros / 3_600_000_000).unwrap_or(0);
    match hours / 24 {
        0 => Mark::new(
            Tone::Attention,
            format!("{} left", words::counted(hours, "hour")),
        ),
        days @ 1..=WEEK => Mark::new(
            Tone::Attention,
            format!("{} left", words::counted(days, "day")),
        ),
        days => Mark::new(Tone::Info, format!("{} left", words::counted(days, "day"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_in_days_and_then_in_hours() {
        let now = Timestamp::from_micros(1_000_000_000_000_000);
        for (seconds, tone, word) in [
            (0, Tone::Bad, "ended"),
            (3_600, Tone::Attention, "1 hour left"),
            (86_400 * 7, Tone::Attention, "7 days left"),
            (86_400 * 41, Tone::Info, "41 days left"),
        ] {
            let mark = mark(now.plus_seconds(seconds), now);
            assert_eq!((mark.tone, mark.word.as_str()), (tone, word));
        }
    }
}
