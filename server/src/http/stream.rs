//! Bodies of any size in constant memory: between the web framework, which hands over pieces when they come, and the use
//! cases, which read and write files.
//!
//! A few pieces wait in a channel; whoever is quicker waits for the other.

use std::io::{self, Read, Write};

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::web::{self, Bytes};
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::problem::Problem;

/// Pieces that wait between the two sides.
const PIECES: usize = 4;
/// Bytes of one piece of an answer.
const PIECE_BYTES: usize = 64 * 1024;

/// Runs blocking work that reads the body of a request.
///
/// # Errors
/// What the work answers.
pub(super) async fn read_with<T: Send + 'static>(
    mut payload: Payload,
    work: impl FnOnce(&mut dyn Read) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (send, receive) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    let working = web::block(move || {
        work(&mut BodyReader {
            receive,
            piece: Bytes::new(),
        })
    });
    let feeding = async move {
        while let Some(piece) = payload.next().await {
            // The reader may have seen enough.
            if send.send(piece.map_err(io::Error::other)).await.is_err() {
                return;
            }
        }
    };
    let (worked, ()) = futures_util::future::join(working, feeding).await;
    worked.unwrap_or_else(|_panicked| Err(Problem::unavailable()))
}

struct BodyReader {
    receive: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receive.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let taken = self.piece.split_to(self.piece.len().min(buffer.len()));
        buffer[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}

/// A file to be saved by the browser.
pub(super) struct Download {
    /// The name it is saved under.
    pub(super) file_name: String,
    /// Its content type.
    pub(super) content_type: &'static str,
}

/// Answers what blocking work writes. Should the work fail after its first bytes went out, the connection is cut, so that
/// nobody takes half a file for a whole one.
pub(super) fn write_with(
    download: &Download,
    work: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), Problem> + Send + 'static,
) -> HttpResponse {
    let (send, receive) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    let failed = send.clone();
    drop(web::block(move || {
        let mut writer = io::BufWriter::with_capacity(PIECE_BYTES, BodyWriter { send });
        let outcome =
            work(&mut writer).and_then(|()| writer.flush().map_err(|_| Problem::unavailable()));
        if let Err(problem) = outcome {
            tracing::warn!(%problem, "a download broke off");
            let _gone = failed.blocking_send(Err(io::Error::other(
                "the file could not be written to its end",
            )));
        }
    }));
    let pieces = stream::unfold(receive, |mut receive| async {
        receive.recv().await.map(|piece| (piece, receive))
    });
    HttpResponse::Ok()
        .insert_header(("content-type", download.content_type))
        .insert_header(("content-disposition", disposition(&download.file_name)))
        .streaming(pieces)
}

struct BodyWriter {
    send: mpsc::Sender<io::Result<Bytes>>,
}

impl Write for BodyWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.send
            .blocking_send(Ok(Bytes::copy_from_slice(bytes)))
            .map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Always saved and never shown (ATK-036), under a name that cannot end the header (RFC 6266, ATK-037).
pub(super) fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._- ".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        super::gate::escaped(name).replace('/', "%2F")
    )
}

#[cfg(test)]
mod tests {
    use super::disposition;

    /// ATK-037: quotes, line breaks and marks of direction stay inside the name.
    #[test]
    fn no_name_ends_the_header() {
        for (name, header) in [
            (
                "lot 7.csv",
                "attachment; filename=\"lot 7.csv\"; filename*=UTF-8''lot%207.csv",
            ),
            (
                "a\"\r\nX: y",
                "attachment; filename=\"a___X_ y\"; filename*=UTF-8''a%22%0D%0AX%3A%20y",
            ),
            (
                "\u{202e}/x",
                "attachment; filename=\"__x\"; filename*=UTF-8''%E2%80%AE%2Fx",
            ),
        ] {
            assert_eq!(disposition(name), header);
        }
    }
}
