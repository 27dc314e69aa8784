//! Files to take away: streamed in pieces, named as users.md 2.11 wants it, never shown inside a page.

use std::fs::File;
use std::io::Read;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpResponse};
use futures_util::stream;

use super::Desk;
use crate::http::problem::Problem;
use crate::http::stream::disposition;

/// Bytes read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// The name of a downloaded file: tenant, object, date, environment.
pub(super) fn file_name(desk: &Desk, object: &str, ending: &str) -> String {
    let environment = desk.frame.environment.word();
    let name = format!(
        "{}_{object}_{}_{environment}",
        desk.frame.tenant,
        desk.today()
    );
    let safe = |letter: char| match letter {
        letter if letter.is_alphanumeric() || "._-".contains(letter) => letter,
        _ => '-',
    };
    format!("{}.{ending}", name.chars().map(safe).collect::<String>())
}

/// Answers a file from its present place to its end.
pub(super) fn file(file: File, name: &str, content_type: &str) -> HttpResponse {
    let pieces = stream::try_unfold(file, |file| async move {
        let read = web::block(move || next_piece(file)).await;
        match read {
            Ok(Ok(Some((bytes, file)))) => Ok::<_, Error>(Some((bytes, file))),
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => Err(error.into()),
            Err(_panicked) => Err(Problem::unavailable().into()),
        }
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_DISPOSITION, disposition(name)))
        .streaming(pieces)
}

/// Answers a small file.
pub(super) fn text(text: String, name: &str, content_type: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_DISPOSITION, disposition(name)))
        .body(text)
}

fn next_piece(mut file: File) -> std::io::Result<Option<(Bytes, File)>> {
    let mut piece = vec![0; PIECE_BYTES];
    let read = file.read(&mut piece)?;
    piece.truncate(read);
    Ok((read > 0).then(|| (Bytes::from(piece), file)))
}
