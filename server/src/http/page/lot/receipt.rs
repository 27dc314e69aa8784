//! The receipt for the Qualified Person, as a sheet to print and as JSON (URS-SN-009, URS-SN-010). Both are written from
//! the same data; the sheet carries the SHA-256 of the JSON made at the same moment.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use packtwin_app::lot::{Receipt, receipt_of};
use packtwin_core::time::Timestamp;
use packtwin_tenants::blob::hex;

use super::show::completeness;
use super::{named, printed};
use crate::http::page::{Desk, address, download, html, words};
use crate::http::problem::Problem;
use crate::pages::piece::{Code, Download, Fact, Mark, Moment, Title, Tone};
use crate::pages::view::lot::{LotReceiptPage, ReceiptAcknowledgement, ReceiptSource};

/// Characters of the hash that name a receipt.
const NUMBER_CHARACTERS: usize = 12;

/// The sheet.
pub(in crate::http) async fn sheet(
    desk: Desk,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = named(path.into_inner())?;
    let receipt = desk
        .work(move |desk| receipt_of(desk, &code, &batch))
        .await?;
    let data = written(&desk, &receipt);
    let sha256 = hex(&Sha256::digest(data.as_bytes()));
    let lot = &receipt.lot;
    let here = address::lot(lot.product.code.as_str(), lot.lot.batch.as_str());
    let markets: Vec<&str> = lot
        .data
        .markets
        .iter()
        .map(|entry| entry.market.as_str())
        .collect();
    let moment = |at: Option<Timestamp>| at.map_or_else(Moment::default, |at| desk.moment(at));
    let page = LotReceiptPage {
        title: Title::code("Receipt for lot", lot.lot.batch.as_str()).back("Lot", &here),
        statement: statement(&receipt),
        state: if receipt.complete {
            Mark::new(Tone::Good, "complete")
        } else if lot.numbers.is_acknowledged() {
            Mark::new(Tone::Attention, "acknowledged; produced not stated")
        } else {
            Mark::new(Tone::Attention, "not complete")
        },
        written_at: desk.moment(receipt.made_at),
        number: sha256.chars().take(NUMBER_CHARACTERS).collect(),
        facts: vec![
            Fact::text("Product", &lot.data.name),
            Fact::code(
                "Product code",
                Code::digits("product code", lot.product.code.as_str()),
            ),
            Fact::code("Lot", Code::plain("lot", lot.lot.batch.as_str())),
            Fact::text("Expiry", printed(lot.lot.expiry)),
            Fact::text("Product version", lot.lot.version.to_string()),
            Fact::text("Markets", markets.join(" ")),
        ],
        completeness: completeness(lot),
        counts: lot
            .recalls
            .iter()
            .map(|(market, at, why)| {
                Fact::moment(&format!("Recalled in {market}: {why}"), desk.moment(*at))
            })
            .collect(),
        sources: receipt
            .sources
            .iter()
            .map(|source| ReceiptSource {
                file: source.file_name.clone(),
                sha256: source.original_sha256.clone(),
                packs: source.packs,
                received_at: moment(source.stored_at),
                list_sha256: source.list_sha256.clone(),
            })
            .collect(),
        acknowledgements: receipt
            .messages
            .iter()
            .filter(|message| !message.acknowledgement.is_empty())
            .map(|message| ReceiptAcknowledgement {
                message_id: message.id.clone(),
                hub_id: message.acknowledgement.clone(),
                packs: message.acknowledged_packs,
                sent_at: moment(message.sent_at),
                acknowledged_at: moment(message.acknowledged_at),
                sha256: message.document_sha256.clone(),
            })
            .collect(),
        sha256,
        downloads: vec![Download {
            label: "Receipt as JSON".into(),
            href: format!("{here}/receipt.json"),
            file_name: file_name(&desk, &receipt),
            note: String::new(),
        }],
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// The JSON form.
pub(in crate::http) async fn json_form(
    desk: Desk,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = named(path.into_inner())?;
    let receipt = desk
        .work(move |desk| receipt_of(desk, &code, &batch))
        .await?;
    Ok(download::text(
        written(&desk, &receipt),
        &file_name(&desk, &receipt),
        "application/json",
    ))
}

fn file_name(desk: &Desk, receipt: &Receipt) -> String {
    download::file_name(desk, &format!("receipt_{}", receipt.lot.lot.batch), "json")
}

fn statement(receipt: &Receipt) -> String {
    let numbers = &receipt.lot.numbers;
    let stored = words::counted(numbers.stored, "pack");
    if receipt.complete {
        return format!(
            "All {stored} of this lot are produced, stored, sent and acknowledged by the hub."
        );
    }
    if numbers.is_acknowledged() {
        return format!(
            "All {stored} of this lot are stored, sent and acknowledged by the hub; how many were produced is not stated."
        );
    }
    let acknowledged = format!(
        "{} of {stored} are acknowledged by the hub.",
        crate::pages::format::thousands(numbers.acknowledged)
    );
    words::with_unconfirmed(acknowledged, &receipt.lot.unconfirmed)
}

fn written(desk: &Desk, receipt: &Receipt) -> String {
    let lot = &receipt.lot;
    let time = |at: Option<Timestamp>| at.map_or(Value::Null, |at| json!(at.to_string()));
    let sources: Vec<Value> = receipt
        .sources
        .iter()
        .map(|source| {
            json!({
                "upload": source.upload, "file_name": source.file_name, "original_sha256": source.original_sha256,
                "packs": source.packs, "list_sha256": source.list_sha256, "stored_at": time(source.stored_at),
            })
        })
        .collect();
    let messages: Vec<Value> = receipt
        .messages
        .iter()
        .map(|message| {
            json!({
                "id": message.id, "packs": message.packs, "document_sha256": message.document_sha256,
                "state": message.state.as_str(), "sent_at": time(message.sent_at),
                "acknowledgement": message.acknowledgement, "acknowledged_at": time(message.acknowledged_at),
                "acknowledged_packs": message.acknowledged_packs,
            })
        })
        .collect();
    let recalls: Vec<Value> = lot
        .recalls
        .iter()
        .map(|(market, at, reason)| json!({ "market": market.as_str(), "at": at.to_string(), "reason": reason }))
        .collect();
    let unconfirmed: Vec<Value> = lot
        .unconfirmed
        .iter()
        .map(|one| {
            json!({
                "code": one.told().code.as_str(), "message": one.message.to_string(),
                "since": one.since.to_string(), "next_try_at": time(one.next_try_at),
            })
        })
        .collect();
    let numbers = &lot.numbers;
    let receipt = json!({
        "environment": desk.frame.environment.word(), "tenant": desk.frame.tenant,
        "made_at": receipt.made_at.to_string(), "complete": receipt.complete,
        "missing": numbers.missing(),
        "product_code": lot.product.code.as_str(), "product_name": lot.data.name, "version": lot.lot.version,
        "lot": lot.lot.batch.as_str(), "expiry": lot.lot.expiry.raw(),
        "produced": numbers.produced, "stored": numbers.stored, "sent": numbers.sent, "acknowledged": numbers.acknowledged,
        "recalls": recalls, "sources": sources, "messages": messages,
        "unconfirmed": unconfirmed,
    });
    serde_json::to_string_pretty(&receipt).unwrap_or_default()
}
