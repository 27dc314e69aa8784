//! Messages (users.md 3.9): the list, and one message with what was meant, what was sent and what came back.

use std::io::Read;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::error::AppError;
use packtwin_app::message::{Anew, MessageDetail, MessageView, retry_message, view_message};
use packtwin_core::fact::{Fact as Canonical, FactKind};
use packtwin_core::ids::MessageId;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::blob::hex;
use packtwin_tenants::store::message::{MessageFilter, MessageRecord, MessageState};
use packtwin_tenants::store::message_answer::MessageAttempt;

use super::address::{self, Listing, cursor_parts, cut};
use super::{Desk, Form, download, html, see, sentence, words};
use crate::http::problem::Problem;
use crate::http::request::{Query, id};
use crate::pages::format;
use crate::pages::piece::filter::QuickFilter;
use crate::pages::piece::{
    Action, Code, Download, EmptyState, Fact, FactValue, FilterBar, Input, Link, Mark, Select,
    Title, Tone,
};
use crate::pages::view::message::{
    Attempt, DroppedField, MessageField, MessagePage, MessageResponse, MessageRow, MessagesPage,
};

/// Rows of one page of the list.
const ROWS: usize = 50;
/// Bytes of a document that the page shows.
const DOCUMENT_SHOWN: u64 = 8 * 1024;
/// The states offered as quick choices.
const QUICK: [(MessageState, &str); 6] = [
    (MessageState::Queued, "Queued"),
    (MessageState::Waiting, "Waiting"),
    (MessageState::Unknown, "Unknown"),
    (MessageState::Partial, "In part"),
    (MessageState::Refused, "Refused"),
    (MessageState::Accepted, "Acknowledged"),
];

/// The list.
pub(in crate::http) async fn list(desk: Desk, mut query: Query) -> Result<HttpResponse, Problem> {
    let state = query.take("state", MessageState::parse, "a state of a message");
    let kind = query.take("kind", FactKind::parse, "a kind of message");
    let connector = query.text("connector");
    let at = query.cursor(|key| {
        let (before, key) = cursor_parts(key)?;
        let (micros, id) = key.split_once(' ')?;
        Some((
            before,
            (
                Timestamp::from_micros(micros.parse().ok()?),
                id.parse::<MessageId>().ok()?,
            ),
        ))
    });
    query.close()?;
    let listing = Listing::new("/messages", "messages")
        .filter("state", "State", state.map(MessageState::as_str))
        .filter("kind", "Carries", kind.map(FactKind::as_str))
        .filter("connector", "Connector", connector.as_deref());
    let (before, after) = at.map_or((0, None), |(before, key)| (before, Some(key)));
    let filter = MessageFilter {
        connector,
        state,
        kind,
        ..MessageFilter::default()
    };
    let (mut records, objects, counts) = desk
        .caller
        .read(move |reader| {
            let records = reader.message_list(&filter, after, ROWS as i64 + 1)?;
            let mut objects = Vec::with_capacity(records.len());
            for record in &records {
                objects.push(object(reader, record)?);
            }
            Ok((records, objects, reader.message_counts()?))
        })
        .await?;
    let more = cut(&mut records, ROWS);
    let next = records
        .last()
        .filter(|_| more)
        .map(|last| format!("{} {}", last.created_at.micros(), last.id));
    let count_of = |wanted: MessageState| {
        counts
            .iter()
            .filter(|count| count.state == wanted)
            .map(|count| count.messages)
            .sum::<u64>()
    };
    let all: u64 = counts.iter().map(|count| count.messages).sum();
    let is_by_state_only =
        listing.value("kind").is_empty() && listing.value("connector").is_empty();
    let total = is_by_state_only.then(|| state.map_or(all, count_of));
    let mut quick = vec![QuickFilter {
        label: "All".into(),
        count: all,
        href: listing.with("state", ""),
        active: state.is_none(),
    }];
    quick.extend(
        QUICK
            .into_iter()
            .filter(|(wanted, _)| count_of(*wanted) > 0)
            .map(|(wanted, label)| QuickFilter {
                label: label.into(),
                count: count_of(wanted),
                href: listing.with("state", wanted.as_str()),
                active: state == Some(wanted),
            }),
    );
    let mut kinds = vec![("", "anything")];
    kinds.extend(
        FactKind::ALL
            .into_iter()
            .map(|kind| (kind.as_str(), words::fact(kind))),
    );
    let page = MessagesPage {
        title: Title::page("Messages"),
        filter: FilterBar {
            action: "/messages".into(),
            quick,
            inputs: vec![Input::Select(Select::new(
                "kind",
                "Carries",
                &kinds,
                &listing.value("kind"),
            ))],
            chips: listing.chips(),
            export: None,
        },
        pager: listing.pager(before, records.len(), next, total),
        rows: records
            .iter()
            .zip(objects)
            .map(|(record, (object, attempts))| row(&desk, record, object, attempts))
            .collect(),
        empty: EmptyState {
            heading: if listing.is_filtered() {
                "No message matches these filters".into()
            } else {
                "No messages yet".into()
            },
            sentence: "Every document sent to a hub, and its answer, is kept here.".into(),
            ..EmptyState::default()
        },
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// What a message is about, and how often it was tried.
fn object(
    reader: &mut packtwin_tenants::scope::Reader<'_>,
    record: &MessageRecord,
) -> Result<(String, u64), packtwin_tenants::error::StoreError> {
    let product = reader
        .product_get(record.product)?
        .map_or(String::new(), |product| product.code.to_string());
    let object = match record.lot {
        Some(no) => match reader.lot_get(record.product, no)? {
            Some(lot) => format!("lot {} of {product}", lot.batch),
            None => product,
        },
        None => match record.version {
            Some(version) => format!("{product}, version {version}"),
            None => product,
        },
    };
    Ok((object, reader.message_attempts(record.id)?.len() as u64))
}

fn row(desk: &Desk, record: &MessageRecord, object: String, attempts: u64) -> MessageRow {
    let href = format!("/messages/{}", record.id);
    MessageRow {
        id: Code::abridged("message id", record.id.to_string(), 12).to(&href),
        href,
        connector: words::far_side(&record.connector),
        kind: words::fact(record.kind).to_owned(),
        object,
        packs: record.content.packs(),
        state: words::message(record.state),
        attempts,
        created_at: desk.moment(record.created_at),
        answered_at: record.answered_at.map(|at| desk.moment(at)),
    }
}

/// One message.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: MessageId = id(&path)?;
    let (view, document, reply) = desk
        .work(move |desk| {
            let view = view_message(desk, id)?;
            let blobs = desk.scope().blobs();
            let start = |sha256: packtwin_core::audit::Hash| -> Result<String, AppError> {
                let mut bytes = Vec::new();
                blobs
                    .open(&sha256)?
                    .take(DOCUMENT_SHOWN)
                    .read_to_end(&mut bytes)?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            };
            let document = view
                .message
                .document
                .map(|stored| start(stored.sha256))
                .transpose()?;
            let reply = view
                .attempts
                .iter()
                .rev()
                .find_map(|attempt| attempt.reply_sha256);
            let reply = reply.map(start).transpose()?;
            // The callback address in the document is a capability: it is never shown.
            Ok((view, document.map(|text| hide_callbacks(&text)), reply))
        })
        .await?;
    let message = &view.message;
    let stored = message.document;
    let page = MessagePage {
        title: title(&desk, &view),
        answer: words::with_unconfirmed(answer(&view), view.unconfirmed.as_slice()),
        facts: facts(&desk, &view),
        fields: view
            .fields
            .iter()
            .filter(|field| field.outgoing.is_some())
            .map(|field| MessageField {
                canonical: field.canonical.clone(),
                canonical_value: field.value.clone(),
                rule: field.rule.clone(),
                outgoing: field.outgoing.clone().unwrap_or_default(),
                outgoing_value: field.outgoing_value.clone().unwrap_or_default(),
            })
            .collect(),
        dropped: view
            .fields
            .iter()
            .filter(|field| field.outgoing.is_none())
            .map(|field| DroppedField {
                canonical: field.canonical.clone(),
                value: field.value.clone(),
                reason: field.rule.clone(),
            })
            .collect(),
        document: document.unwrap_or_default(),
        is_document_cut: stored.is_some_and(|stored| stored.bytes > DOCUMENT_SHOWN),
        response: response(&desk, &view, reply),
        attempts: view
            .attempts
            .iter()
            .rev()
            .map(|attempt| attempt_row(&desk, attempt))
            .collect(),
        actions: Vec::new(),
        // The whole document holds the callback address, which only those who set connectors up may know.
        downloads: stored
            .filter(|_| desk.caller.may(Permission::ConnectorsWrite))
            .map(|stored| Download {
                label: "Outgoing document".into(),
                href: format!("/messages/{id}/document"),
                file_name: download::file_name(&desk, &format!("message_{id}"), "xml"),
                note: format::bytes(stored.bytes),
            })
            .into_iter()
            .collect(),
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// The document as it was sent.
pub(in crate::http) async fn document(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: MessageId = id(&path)?;
    let file = desk
        .work(move |desk| {
            desk.require(Permission::ConnectorsWrite)?;
            let message = desk
                .scope()
                .read(|reader| reader.message_get(id))?
                .ok_or(AppError::NotFound)?;
            let stored = message.document.ok_or(AppError::NotFound)?;
            Ok(desk.scope().blobs().open(&stored.sha256)?)
        })
        .await?;
    Ok(download::file(
        file,
        &download::file_name(&desk, &format!("message_{id}"), "xml"),
        "application/xml",
    ))
}

/// Lets a message leave now.
pub(in crate::http) async fn retry(
    desk: Desk,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let id: MessageId = id(&path)?;
    let on_its_way = desk.work(move |desk| retry_message(desk, id)).await?;
    Ok(see(format!("/messages/{on_its_way}")))
}

fn title(desk: &Desk, view: &MessageView) -> Title {
    let message = &view.message;
    let retry = Action::post(
        "Try again now",
        format!("/messages/{}/retry", message.id),
        desk.csrf(),
    )
    .primary();
    let primary = match message.state {
        MessageState::Partial | MessageState::Refused if view.anew == Anew::Possible => {
            let anew = Action {
                label: "Send anew".into(),
                ..retry
            };
            match desk.caller.may(Permission::ConnectorsWrite) {
                true => Some(anew),
                false => Some(anew.refused("Your role does not allow this.")),
            }
        }
        MessageState::Accepted
        | MessageState::Partial
        | MessageState::Refused
        | MessageState::Cancelled => None,
        MessageState::Writing => Some(retry.refused("It is still being written.")),
        _ if !desk.caller.may(Permission::ConnectorsWrite) => {
            Some(retry.refused("Your role does not allow this."))
        }
        _ => Some(retry),
    };
    Title {
        state: Some(words::message(message.state)),
        note: format!(
            "{}, {}",
            words::far_side(&message.connector),
            words::fact(message.kind)
        ),
        primary,
        ..Title::code("Message", message.id.to_string())
    }
    .back("Messages", "/messages")
}

fn answer(view: &MessageView) -> String {
    let packs = words::counted(view.message.content.packs(), "pack");
    let acknowledged = view
        .message
        .answer
        .as_ref()
        .map_or(0, |answer| answer.acknowledged_packs);
    match view.message.state {
        MessageState::Writing => "The document is being written.".into(),
        MessageState::Queued => "The message waits for its turn.".into(),
        MessageState::Sending => "The message is being sent.".into(),
        MessageState::Waiting => "The hub has taken the message and has not answered yet.".into(),
        MessageState::Accepted if view.message.content.packs() > 0 => {
            format!("The hub acknowledged {packs}.")
        }
        MessageState::Accepted => "The hub acknowledged the message.".into(),
        MessageState::Partial => format!(
            "The hub acknowledged {} of {packs}.",
            format::thousands(acknowledged)
        ),
        MessageState::Refused => "The hub refused the message.".into(),
        MessageState::Unknown => {
            "No answer came. The hub is asked before anything is sent again.".into()
        }
        MessageState::Cancelled => "The message was cancelled before it left.".into(),
    }
}

fn facts(desk: &Desk, view: &MessageView) -> Vec<Fact> {
    let message = &view.message;
    let about = match &view.fact {
        Canonical::ProductVersioned(version) => (
            format!("{}, version {}", version.code, version.version),
            address::product(version.code.as_str()),
        ),
        Canonical::Withdrawn { product, .. } => {
            (product.to_string(), address::product(product.as_str()))
        }
        Canonical::Commissioned { lot, .. }
        | Canonical::StateChanged { lot, .. }
        | Canonical::Recalled { lot, .. } => (
            format!("lot {}", lot.batch),
            address::lot(lot.product.as_str(), lot.batch.as_str()),
        ),
    };
    let mut facts = vec![
        Fact::new("About", FactValue::Link(Link::new(about.0, about.1))),
        Fact::text("Carries", words::fact(message.kind)),
        Fact::count("Packs", message.content.packs()),
        Fact::moment(
            "Event time, kept through retries",
            desk.moment(message.event_at),
        ),
        Fact::code(
            "Message id",
            Code::plain("message id", message.id.to_string()),
        ),
        Fact::text("Release", &message.release),
        message.sent_at.map_or_else(
            || Fact::absent("Sent", "not yet"),
            |at| Fact::moment("Sent", desk.moment(at)),
        ),
        message.answered_at.map_or_else(
            || Fact::absent("Answered", "not yet"),
            |at| Fact::moment("Answered", desk.moment(at)),
        ),
    ];
    let other = |label: &str, id: &str| {
        let link = Link::new(id, format!("/messages/{id}"));
        Fact::new(label, FactValue::Link(link))
    };
    if let Anew::Left(id) = view.anew {
        facts.push(other("Left anew as", &id.to_string()));
    }
    if let Some(id) = MessageDetail::from_record(message).anew_of {
        facts.push(other("Carries anew what was refused of", &id));
    }
    if let Some(stored) = message.document {
        facts.push(Fact::text("Size", format::bytes(stored.bytes)));
        facts.push(Fact::code(
            "SHA-256",
            Code::abridged("SHA-256", hex(&stored.sha256), 16),
        ));
    }
    if let Some(answer) = message
        .answer
        .as_ref()
        .filter(|answer| !answer.acknowledgement.is_empty())
    {
        facts.push(Fact::code(
            "Acknowledgement",
            Code::plain("acknowledgement", &answer.acknowledgement),
        ));
    }
    facts
}

fn response(desk: &Desk, view: &MessageView, reply: Option<String>) -> Option<MessageResponse> {
    let message = &view.message;
    let answer = message.answer.as_ref()?;
    let mut told = match serde_json::from_str::<serde_json::Value>(&answer.faults) {
        Ok(faults) => super::audit::written(&faults),
        Err(_) => answer.faults.clone(),
    };
    for pack in view.refused.iter().take(10) {
        told.push_str(&format!(" {}: {} {}.", pack.serial, pack.code, pack.text));
    }
    let sentence_told = if told.trim().is_empty() {
        self::answer(view)
    } else {
        sentence(told.trim())
    };
    Some(MessageResponse {
        mark: words::message(message.state),
        at: desk.moment(message.answered_at.unwrap_or(message.created_at)),
        sentence: sentence_told,
        document: reply.unwrap_or_default(),
    })
}

fn attempt_row(desk: &Desk, attempt: &MessageAttempt) -> Attempt {
    let tone = match attempt.outcome.as_str() {
        "accepted" | "received" => Tone::Good,
        "refused" | "not_reached" => Tone::Bad,
        _ => Tone::Info,
    };
    Attempt {
        number: u64::from(attempt.attempt),
        at: desk.moment(attempt.at),
        mark: Mark::new(tone, attempt.outcome.replace('_', " ")),
        sentence: if attempt.detail.is_empty() {
            sentence(&attempt.action)
        } else {
            format!("{}: {}", attempt.action, sentence(&attempt.detail))
        },
        milliseconds: None,
    }
}

/// Replaces the handle of a callback address.
fn hide_callbacks(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/callbacks/") {
        shown.push_str(before);
        shown.push_str("/callbacks/…");
        let end = after.find(['<', '"', ' ', '\n']).unwrap_or(after.len());
        rest = &after[end..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::hide_callbacks;

    #[test]
    fn a_callback_address_is_never_shown() {
        assert_eq!(
            hide_callbacks("<To>https://a/callbacks/s3cret</To>x"),
            "<To>https://a/callbacks/…</To>x"
        );
        assert_eq!(hide_callbacks("<A/>"), "<A/>");
    }
}
