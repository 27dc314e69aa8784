//! A file sent by an ordinary form, for browsers without our script: spooled to the disk in pieces, then taken as every
//! other upload. The script and programs send parts to `/v1/uploads` instead.

use actix_multipart::{Field, Multipart};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;

use packtwin_app::upload::{
    BeginUpload, Begun, Completed, append_part, begin_upload, complete_upload,
};
use packtwin_core::code::Code;
use packtwin_core::ids::UploadId;
use packtwin_tenants::blob::{BlobWriter, Stored};

use super::uploads_page;
use crate::http::caller::Caller;
use crate::http::page::form::check_token;
use crate::http::page::{Desk, see};
use crate::http::problem::Problem;
use crate::http::shared::Shared;

/// Bytes gathered before they are written.
const PIECE_BYTES: usize = 1 << 20;
/// Longest value of a field that is no file.
const TEXT_BYTES_MAX: usize = 1_000;

/// Takes a file.
pub(in crate::http) async fn create(
    desk: Desk,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let received = receive(&desk.shared, &desk.caller, &request, payload.into_inner()).await;
    match received {
        Ok(id) => Ok(see(format!("/uploads/{id}"))),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) if problem.code() == Code::CsrfMissing => Err(problem),
        Err(problem) => {
            let status = problem.status();
            uploads_page(desk, status, (None, None, None, None), Some(&problem)).await
        }
    }
}

async fn receive(
    shared: &web::Data<Shared>,
    caller: &Caller,
    request: &HttpRequest,
    payload: actix_web::dev::Payload,
) -> Result<UploadId, Problem> {
    let mut multipart = Multipart::new(request.headers(), payload);
    let (mut token, mut partner) = (String::new(), String::new());
    while let Some(field) = multipart.next().await {
        let mut field = field.map_err(|_| broken())?;
        match field.name().unwrap_or_default() {
            "csrf" => token = text(&mut field).await?,
            "partner" => partner = text(&mut field).await?,
            "file" => {
                // The token stands before the file, so that nothing is spooled for a forged form.
                check_token(shared, request, &token)?;
                let disposition = field.content_disposition();
                let name = disposition
                    .and_then(|told| told.get_filename())
                    .unwrap_or_default()
                    .to_owned();
                let stored = spool(shared, caller, &mut field).await?;
                return take(shared, caller, name, partner, stored).await;
            }
            _ => while field.next().await.is_some() {},
        }
    }
    check_token(shared, request, &token)?;
    Err(Problem::of(Code::UploadEmpty, "No file was chosen."))
}

/// The value of a field that is no file.
async fn text(field: &mut Field) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.next().await {
        bytes.extend_from_slice(&piece.map_err(|_| broken())?);
        if bytes.len() > TEXT_BYTES_MAX {
            return Err(Problem::of(
                Code::RequestTooLarge,
                "A field of the form is too long.",
            ));
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| Problem::of(Code::RequestMalformed, "A field of the form is no text."))
}

/// Writes the file to the disk piece by piece; what is refused or broken off leaves nothing.
async fn spool(shared: &Shared, caller: &Caller, field: &mut Field) -> Result<Stored, Problem> {
    let most = shared.configuration.limits.upload_bytes;
    let mut file = caller
        .block(|scope| scope.blobs().create().map_err(problem_of))
        .await?;
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    loop {
        let next = field.next().await.transpose().map_err(|_| broken())?;
        if let Some(bytes) = &next {
            piece.extend_from_slice(bytes);
        }
        if piece.len() >= PIECE_BYTES || next.is_none() {
            let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE_BYTES));
            file = write(file, full).await?;
        }
        if file.bytes() > most {
            let text = format!("The file has more than the {most} bytes this site takes.");
            return Err(Problem::of(Code::UploadTooLarge, text));
        }
        if next.is_none() {
            break;
        }
    }
    if file.bytes() == 0 {
        return Err(Problem::of(Code::UploadEmpty, "The file is empty."));
    }
    let stored = web::block(move || file.finish())
        .await
        .map_err(|_panicked| Problem::unavailable())?;
    stored.map_err(problem_of)
}

async fn write(mut file: BlobWriter, piece: Vec<u8>) -> Result<BlobWriter, Problem> {
    let written =
        web::block(move || std::io::Write::write_all(&mut file, &piece).map(|()| file)).await;
    written
        .map_err(|_panicked| Problem::unavailable())?
        .map_err(problem_of)
}

/// Takes the spooled file as an upload; the same content is the same upload.
async fn take(
    shared: &web::Data<Shared>,
    caller: &Caller,
    file_name: String,
    partner: String,
    stored: Stored,
) -> Result<UploadId, Problem> {
    caller
        .at_desk(shared, move |desk| {
            let begin = BeginUpload {
                file_name,
                partner,
                bytes: stored.bytes,
                sha256: Some(stored.sha256),
            };
            let record = match begin_upload(desk, begin)? {
                Begun::Same(record) => return Ok(record.id),
                Begun::New(record) => record,
            };
            let mut file = desk.scope().blobs().open(&stored.sha256)?;
            append_part(desk, record.id, 0, &mut file)?;
            match complete_upload(desk, record.id, Some(stored.sha256))? {
                Completed::Kept(record) | Completed::Same(record) => Ok(record.id),
            }
        })
        .await
}

fn problem_of(error: std::io::Error) -> Problem {
    packtwin_app::error::AppError::from(error).into()
}

fn broken() -> Problem {
    Problem::of(
        Code::UploadConnectionBroken,
        "The form did not arrive whole; nothing was stored.",
    )
}
