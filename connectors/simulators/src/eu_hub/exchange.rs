//! One exchange with the simulated hub: a document or question in, an answer out, and what the switches do on the way.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::PoisonError;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Frame, Incoming as RequestBody};
use hyper::{Request, Response};

use super::answer::{Answer, HubFault, Outcome};
use super::callback::{self, Callback};
use super::hub;
use super::incoming::{self, Element, Incoming};
use super::server::Shared;
use super::switches::{Answers, Fault};

/// Largest document taken, in bytes.
const DOCUMENT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The connection is to be cut: hyper drops it without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut by a switch of the simulator")]
pub(crate) struct Cut;

/// Answers one request.
pub(crate) async fn handle(
    request: Request<RequestBody>,
    shared: Arc<Shared>,
) -> Result<Response<Reply>, Cut> {
    if request.method() != hyper::Method::POST {
        return Ok(plain(
            405,
            "this is the Packtwin EU hub simulator; documents are posted",
        ));
    }
    let cut_headers = {
        let mut switches = shared.switches();
        let due = switches.next.front().or(switches.always.as_ref()) == Some(&Fault::CutHeaders);
        due && switches.take().is_some()
    };
    if cut_headers {
        return Err(Cut);
    }
    let mut body = request.into_body();
    let cut_body = {
        let mut switches = shared.switches();
        let due = switches.next.front().or(switches.always.as_ref()) == Some(&Fault::CutBody);
        due && switches.take().is_some()
    };
    if cut_body {
        let _first = body.frame().await;
        return Err(Cut);
    }
    let bytes = match Limited::new(body, DOCUMENT_BYTES_MAX).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => return Ok(plain(413, "the document is too large or ended early")),
    };
    let for_work = Arc::clone(&shared);
    let work = tokio::task::spawn_blocking(move || decide(&for_work, &bytes));
    match work.await {
        Ok(step) => step.finish(&shared).await,
        Err(_) => Ok(plain(500, "the simulator failed")),
    }
}

/// A decided answer with what goes wrong on its way.
struct Step {
    status: u16,
    body: String,
    fault: Option<Fault>,
    callback: Option<(Callback, u64)>,
}

/// What a document, or a question, is answered with.
fn decide(shared: &Shared, bytes: &[u8]) -> Step {
    let step = |answer: Answer, namespace: &str, id: &str, fault| Step {
        status: answer.status(),
        body: answer.write(namespace, shared.environment.as_str(), id),
        fault,
        callback: None,
    };
    let document = match incoming::read(bytes) {
        Ok(document) => document,
        Err(why) => {
            let fault = HubFault::new("I1", "HubMessage", why);
            let refused = Outcome::Refused {
                faults: vec![fault],
            };
            return step(
                Answer::Outcome(refused),
                "urn:packtwin:eu-hub-mirror:1.16",
                "",
                shared.switches().take(),
            );
        }
    };
    let namespace = document.namespace.clone();
    if let Some(question) = document.root.child("MessageQuery") {
        let about = question
            .text_of("About")
            .unwrap_or_default()
            .trim()
            .to_owned();
        return step(fate(shared, &about), &namespace, &about, None);
    }
    if let Some(question) = document.root.child("ProductQuery") {
        let drift = shared.switches().drift.clone();
        let id = hub::message_id(&document).unwrap_or_default();
        return step(
            shared.hub().product_copy(question, drift.as_ref()),
            &namespace,
            &id,
            None,
        );
    }
    let (fault, answers) = {
        let mut switches = shared.switches();
        (switches.take(), switches.answers)
    };
    if let Some(
        Fault::CutBeforeProcessing | Fault::Unavailable | Fault::Redirect | Fault::Garbage,
    ) = fault
    {
        return Step {
            status: 503,
            body: String::new(),
            fault,
            callback: None,
        };
    }
    let callback_url = callback_url(&document);
    let now = shared.clock.now();
    let decided = shared.hub().decide(document, bytes, fault.as_ref(), now);
    let (id, outcome) = match decided {
        Ok(decided) => decided,
        Err(_) => {
            return Step {
                status: 500,
                body: "the journal cannot be written".to_owned(),
                fault: None,
                callback: None,
            };
        }
    };
    let answer = Answer::Outcome(outcome);
    match answers {
        Answers::Direct => step(answer, &namespace, &id, fault),
        Answers::Never => {
            shared.pending().insert(id.clone(), u32::MAX);
            step(
                Answer::Receipt {
                    reference: id.clone(),
                },
                &namespace,
                &id,
                fault,
            )
        }
        Answers::Late {
            after_polls,
            callback_ms,
        } => {
            shared.pending().insert(id.clone(), after_polls);
            let body = answer.write(&namespace, shared.environment.as_str(), &id);
            let callback = callback_url.map(|url| (Callback { url, body }, callback_ms));
            Step {
                callback,
                ..step(
                    Answer::Receipt {
                        reference: id.clone(),
                    },
                    &namespace,
                    &id,
                    fault,
                )
            }
        }
    }
}

/// What became of a message, as far as it is told.
fn fate(shared: &Shared, about: &str) -> Answer {
    let Some(outcome) = shared.hub().told(about).cloned() else {
        return Answer::NotReceived;
    };
    let mut pending = shared.pending();
    match pending.get_mut(about) {
        Some(&mut u32::MAX) => Answer::Receipt {
            reference: about.to_owned(),
        },
        Some(left) if *left > 0 => {
            *left -= 1;
            Answer::Receipt {
                reference: about.to_owned(),
            }
        }
        Some(_) | None => {
            pending.remove(about);
            Answer::Outcome(outcome)
        }
    }
}

fn callback_url(document: &Incoming) -> Option<String> {
    document
        .root
        .child("Header")
        .and_then(|header: &Element| header.text_of("CallbackUrl"))
        .map(|url| url.trim().to_owned())
}

impl Step {
    async fn finish(self, shared: &Arc<Shared>) -> Result<Response<Reply>, Cut> {
        let Step {
            mut status,
            mut body,
            fault,
            callback,
        } = self;
        if let Some((callback, after_ms)) = callback {
            tokio::spawn(call_back(
                Arc::clone(shared),
                callback,
                Duration::from_millis(after_ms),
            ));
        }
        match fault {
            Some(
                Fault::CutBeforeProcessing
                | Fault::LoseReply
                | Fault::CutHandshake
                | Fault::CutHeaders
                | Fault::CutBody,
            ) => {
                return Err(Cut);
            }
            Some(Fault::HalfReply) => return Ok(half(status, &body)),
            Some(Fault::Slow { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Some(Fault::WrongStatus { status: wrong }) => status = wrong,
            Some(Fault::Oversize { bytes }) => {
                body.push_str("<!--");
                body.extend(std::iter::repeat_n('x', bytes));
                body.push_str("-->\n");
            }
            Some(Fault::Redirect) => {
                let mut response = plain(307, "moved");
                response.headers_mut().insert(
                    "location",
                    hyper::header::HeaderValue::from_static("https://127.0.0.1:1/elsewhere"),
                );
                return Ok(response);
            }
            Some(Fault::Unavailable) => return Ok(plain(503, "the simulator plays an outage")),
            Some(Fault::Garbage) => return Ok(plain(200, "<html><body>Gateway</body></html>")),
            Some(
                Fault::Pass
                | Fault::Refuse { .. }
                | Fault::RefuseEvery { .. }
                | Fault::PartialDuplicates,
            )
            | None => {}
        }
        Ok(respond(status, "application/xml; charset=utf-8", body))
    }
}

/// Waits, collects as many callbacks as the switches want, and delivers them in reverse order of arrival.
async fn call_back(shared: Arc<Shared>, callback: Callback, after: Duration) {
    tokio::time::sleep(after).await;
    let due = {
        let (group, copies) = {
            let switches = shared.switches();
            (
                switches.callback_group.max(1) as usize,
                switches.callback_copies.max(1) as usize,
            )
        };
        let mut held = shared
            .held_callbacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        held.push(callback);
        if held.len() < group {
            return;
        }
        let mut due = Vec::new();
        for callback in held.drain(..).rev() {
            due.extend(std::iter::repeat_n(callback, copies));
        }
        due
    };
    for callback in due {
        callback::deliver(callback, Some(Arc::clone(&shared.callback_tls))).await;
    }
}

/// A text answer.
pub(crate) fn plain(status: u16, text: &str) -> Response<Reply> {
    respond(status, "text/plain; charset=utf-8", text.to_owned())
}

/// An answer with a body, labelled as the simulator's.
pub(crate) fn respond(status: u16, content_type: &'static str, body: String) -> Response<Reply> {
    let mut response = Response::new(Reply::Whole(Full::new(Bytes::from(body))));
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        "content-type",
        hyper::header::HeaderValue::from_static(content_type),
    );
    headers.insert(
        "server",
        hyper::header::HeaderValue::from_static("packtwin-simulator"),
    );
    response
}

fn half(status: u16, body: &str) -> Response<Reply> {
    let mut response = respond(status, "application/xml; charset=utf-8", String::new());
    response.headers_mut().insert(
        "content-length",
        hyper::header::HeaderValue::from(body.len()),
    );
    *response.body_mut() = Reply::Half(Some(Bytes::copy_from_slice(
        &body.as_bytes()[..body.len() / 2],
    )));
    response
}

/// A body, whole or cut in the middle.
pub(crate) enum Reply {
    Whole(Full<Bytes>),
    Half(Option<Bytes>),
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.get_mut() {
            Reply::Whole(full) => Pin::new(full)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(|never: Infallible| match never {}))),
            Reply::Half(first) => Poll::Ready(Some(first.take().map(Frame::data).ok_or(Cut))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Reply::Whole(full) => full.is_end_stream(),
            Reply::Half(_) => false,
        }
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Reply::Whole(full) => full.size_hint(),
            Reply::Half(_) => hyper::body::SizeHint::default(),
        }
    }
}
