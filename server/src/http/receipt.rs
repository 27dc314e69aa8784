//! What proves a lot: the receipt for the Qualified Person and the list of what is missing (users.md 1.2, 3.6; URS-SN-009,
//! URS-SN-010).

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::lot::{self, Receipt, ReceiptMessage, ReceiptSource};

use super::caller::Caller;
use super::list::{Page, Row};
use super::lot::{Lot, names};
use super::message::UnconfirmedBody;
use super::problem::Problem;
use super::shared::Shared;

/// A receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptBody {
    /// When it was made.
    made_at: String,
    /// The lot and its numbers.
    lot: Lot,
    /// Whether all four numbers are stated and agree.
    complete: bool,
    /// Numbers that nobody has stated yet, such as `produced`.
    missing: &'static [&'static str],
    /// The files its packs came from.
    sources: Vec<SourceBody>,
    /// The messages its packs went out with.
    messages: Vec<SentBody>,
    /// Those of them that the hub has not confirmed.
    unconfirmed: Vec<UnconfirmedBody>,
}

/// A file that brought packs.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceBody {
    /// The upload.
    upload: String,
    /// The file's name at the sender.
    name: String,
    /// The original's SHA-256.
    original_sha256: String,
    /// The packs it brought.
    packs: u64,
    /// The SHA-256 of their sorted serial list, one serial a line.
    list_sha256: String,
    /// When they became visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_at: Option<String>,
}

/// A message that carried packs.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentBody {
    /// Our id.
    message: String,
    /// Its packs.
    packs: u64,
    /// The document's SHA-256.
    document_sha256: String,
    /// What became of it.
    state: &'static str,
    /// When it left.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    /// The hub's acknowledgement id.
    acknowledgement: String,
    /// When the hub says it acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<String>,
    /// How many packs it acknowledged.
    acknowledged_packs: u64,
}

impl From<&Receipt> for ReceiptBody {
    fn from(receipt: &Receipt) -> Self {
        let source = |source: &ReceiptSource| SourceBody {
            upload: source.upload.clone(),
            name: source.file_name.clone(),
            original_sha256: source.original_sha256.clone(),
            packs: source.packs,
            list_sha256: source.list_sha256.clone(),
            stored_at: source.stored_at.map(|at| at.to_string()),
        };
        let message = |message: &ReceiptMessage| SentBody {
            message: message.id.clone(),
            packs: message.packs,
            document_sha256: message.document_sha256.clone(),
            state: message.state.as_str(),
            sent_at: message.sent_at.map(|at| at.to_string()),
            acknowledgement: message.acknowledgement.clone(),
            acknowledged_at: message.acknowledged_at.map(|at| at.to_string()),
            acknowledged_packs: message.acknowledged_packs,
        };
        ReceiptBody {
            made_at: receipt.made_at.to_string(),
            lot: Lot::from(&receipt.lot),
            complete: receipt.complete,
            missing: receipt.lot.numbers.missing(),
            sources: receipt.sources.iter().map(source).collect(),
            messages: receipt.messages.iter().map(message).collect(),
            unconfirmed: receipt
                .lot
                .unconfirmed
                .iter()
                .map(UnconfirmedBody::from)
                .collect(),
        }
    }
}

/// Packs that the far side does not hold, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceBody {
    /// How many packs.
    packs: u64,
    /// The serial, when it is about a single pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    /// Why.
    why: String,
    /// The message it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Row for DifferenceBody {
    const HEAD: &'static [&'static str] = &["packs", "serial", "why", "message"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.packs.to_string(),
            self.serial.clone().unwrap_or_default(),
            self.why.clone(),
            self.message.clone().unwrap_or_default(),
        ]
    }
}

/// The receipt of a lot as it stands now.
///
/// # Errors
/// There is no such lot.
#[utoipa::path(get, path = "/v1/lots/{product}/{lot}/receipt", tag = "lots",
    params(("product" = String, Path), ("lot" = String, Path)), responses((status = 200, body = ReceiptBody)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = names(&path)?;
    let receipt = caller
        .at_desk(&shared, move |desk| lot::receipt_of(desk, &code, &batch))
        .await?;
    Ok(HttpResponse::Ok().json(ReceiptBody::from(&receipt)))
}

/// What parts stored from acknowledged, also as CSV.
///
/// # Errors
/// There is no such lot.
#[utoipa::path(get, path = "/v1/lots/{product}/{lot}/reconciliation", tag = "lots",
    params(("product" = String, Path), ("lot" = String, Path)), responses((status = 200, body = Page<DifferenceBody>)))]
pub async fn difference(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (code, batch) = names(&path)?;
    let lines = caller
        .at_desk(&shared, move |desk| {
            lot::difference_list(desk, &code, &batch)
        })
        .await?;
    let items = lines.into_iter().map(|line| DifferenceBody {
        packs: line.packs,
        serial: line.serial,
        why: line.why,
        message: line.message,
    });
    Page {
        items: items.collect(),
        next: None,
    }
    .respond(&request)
}
