//! What the hub's answers and callbacks mean: acknowledgement, receipt, validation fault, partial, not received.
//!
//! An answer is believed only when status and body agree. A right body under a wrong status, a body that is cut, names two
//! outcomes or is none of ours, leaves the outcome unknown: the caller asks before it sends again. Callbacks have the same
//! form and are read with the status 200, or 202 for a receipt.

use std::io::BufRead;

use packtwin_connector_port::document::Reply;
use packtwin_connector_port::verdict::{Acknowledgement, FarFault, RefusedPack, Verdict};
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use crate::cursor::{Cursor, Element};
use crate::fault_code::far_fault;
use crate::reading::{ReadError, parsed, release_of, required};

/// Reads an answer or a callback.
pub(crate) fn read(status: u16, body: &[u8]) -> Reply {
    let mut message_id = None;
    let verdict = match read_outcomes(body, &mut message_id) {
        Err(error) => unknown(format!(
            "the answer (HTTP status {status}) cannot be read: {error}"
        )),
        Ok(outcomes) => match <[Verdict; 1]>::try_from(outcomes) {
            Ok([verdict]) if fits(status, &verdict) => verdict,
            Ok([_]) => unknown(format!("HTTP status {status} contradicts the answer")),
            Err(outcomes) => unknown(format!("the answer names {} outcomes", outcomes.len())),
        },
    };
    Reply {
        message_id,
        verdict,
    }
}

fn unknown(why: String) -> Verdict {
    Verdict::Unknown { why }
}

/// Whether the status is the one under which the hub gives this answer.
fn fits(status: u16, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Accepted(_) | Verdict::Partial { .. } => status == 200,
        Verdict::Waiting { .. } => status == 202,
        // A callback delivers a refusal with its own request, so 200 is as good as the two of a direct answer.
        Verdict::Refused { .. } => matches!(status, 200 | 400 | 422),
        Verdict::NotReceived => status == 404,
        Verdict::Unknown { .. } => true,
    }
}

fn read_outcomes(body: &[u8], message_id: &mut Option<String>) -> Result<Vec<Verdict>, ReadError> {
    let (mut cursor, root) = Cursor::open(body)?;
    release_of(&cursor, &root, "HubReply")?;
    let mut outcomes = Vec::new();
    while let Some(child) = cursor.child()? {
        match child.name.as_str() {
            "MessageId" => {
                *message_id = Some(cursor.text()?.trim().to_owned()).filter(|id| !id.is_empty())
            }
            "Acknowledgement" | "PartialAcknowledgement" => {
                outcomes.push(acknowledged(&mut cursor, &child)?)
            }
            "Receipt" => {
                let reference =
                    required("Receipt/@reference", child.attribute("reference"))?.to_owned();
                cursor.skip()?;
                outcomes.push(Verdict::Waiting { reference });
            }
            "ValidationFault" => outcomes.push(refused(&mut cursor)?),
            "NotReceived" => {
                cursor.skip()?;
                outcomes.push(Verdict::NotReceived);
            }
            _ => cursor.skip()?,
        }
    }
    cursor.finish()?;
    Ok(outcomes)
}

fn acknowledged<R: BufRead>(
    cursor: &mut Cursor<R>,
    element: &Element,
) -> Result<Verdict, ReadError> {
    let id = element.attribute("id").filter(|id| !id.trim().is_empty());
    let mut acknowledgement = Acknowledgement {
        id: required("Acknowledgement/@id", id)?.to_owned(),
        at: element.attribute("at").and_then(Timestamp::parse),
        packs: 0,
        warnings: Vec::new(),
    };
    let mut packs = None;
    let mut refused = Vec::new();
    while let Some(child) = cursor.child()? {
        match child.name.as_str() {
            "PacksAccepted" => {
                packs = Some(parsed("PacksAccepted", cursor.text()?.trim().parse())?)
            }
            "Warning" => acknowledgement.warnings.push(fault(cursor, &child)?),
            "RefusedPack" => {
                let serial = parsed(
                    "RefusedPack/@sn",
                    Serial::parse(child.attribute("sn").unwrap_or_default()),
                )?;
                refused.push(RefusedPack {
                    serial,
                    fault: fault(cursor, &child)?,
                });
            }
            _ => cursor.skip()?,
        }
    }
    acknowledgement.packs = required("PacksAccepted", packs)?;
    match (element.name == "PartialAcknowledgement", refused.is_empty()) {
        (false, true) => Ok(Verdict::Accepted(acknowledgement)),
        (true, false) => Ok(Verdict::Partial {
            acknowledgement,
            refused,
        }),
        (false, false) => Err(cursor.fault("a full acknowledgement names refused packs")),
        (true, true) => Err(cursor.fault("a partial acknowledgement names no refused pack")),
    }
}

fn refused<R: BufRead>(cursor: &mut Cursor<R>) -> Result<Verdict, ReadError> {
    let mut faults = Vec::new();
    while let Some(child) = cursor.child()? {
        if child.name == "Fault" {
            faults.push(fault(cursor, &child)?);
        } else {
            cursor.skip()?;
        }
    }
    if faults.is_empty() {
        return Err(cursor.fault("a refusal names no fault"));
    }
    Ok(Verdict::Refused { faults })
}

fn fault<R: BufRead>(cursor: &mut Cursor<R>, element: &Element) -> Result<FarFault, ReadError> {
    let text = cursor.text()?;
    let code = required("Fault/@code", element.attribute("code"))?;
    Ok(far_fault(
        code,
        element.attribute("place").unwrap_or_default(),
        &text,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(content: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><h:HubReply xmlns:h=\"urn:packtwin:eu-hub-mirror:1.16\"><h:MessageId> msg_1 </h:MessageId>\
             <h:Later attribute=\"ignored\"/>{content}</h:HubReply>"
        )
    }

    fn check(status: u16, content: &str, expected: &str) {
        let read = read(status, reply(content).as_bytes());
        let word = match &read.verdict {
            Verdict::Accepted(ack) => {
                format!("accepted {} {} {}", ack.id, ack.packs, ack.warnings.len())
            }
            Verdict::Waiting { reference } => format!("waiting {reference}"),
            Verdict::Partial {
                acknowledgement,
                refused,
            } => format!(
                "partial {} {} {}",
                acknowledgement.packs, refused[0].serial, refused[0].fault.ours
            ),
            Verdict::Refused { faults } => {
                let codes: Vec<String> = faults
                    .iter()
                    .map(|fault| format!("{}={}", fault.code, fault.ours))
                    .collect();
                format!("refused {}", codes.join(" "))
            }
            Verdict::NotReceived => "not received".to_owned(),
            Verdict::Unknown { .. } => "unknown".to_owned(),
        };
        assert_eq!(word, expected, "{status} {content}");
    }

    const ACK: &str = "<h:Acknowledgement id=\"ACK-1\" at=\"2026-11-20T09:31:00Z\"><h:PacksAccepted>5</h:PacksAccepted></h:Acknowledgement>";

    #[test]
    fn each_answer_has_its_meaning() {
        check(200, ACK, "accepted ACK-1 5 0");
        check(
            200,
            "<h:Acknowledgement id=\"A\"><h:PacksAccepted>5</h:PacksAccepted><h:Warning code=\"A67\">buffer</h:Warning></h:Acknowledgement>",
            "accepted A 5 1",
        );
        check(202, "<h:Receipt reference=\"r-9\"/>", "waiting r-9");
        check(
            200,
            "<h:PartialAcknowledgement id=\"A\"><h:PacksAccepted>4</h:PacksAccepted>\
             <h:RefusedPack sn=\"a&lt;b\" code=\"PT-DUPLICATE\" place=\"p\">t</h:RefusedPack></h:PartialAcknowledgement>",
            "partial 4 a<b UPL-014",
        );
        check(
            422,
            "<h:ValidationFault><h:Fault code=\"A16\" place=\"Name\">t</h:Fault><h:Fault code=\"X9\">u</h:Fault></h:ValidationFault>",
            "refused A16=HUB-201 X9=HUB-206",
        );
        check(404, "<h:NotReceived/>", "not received");
    }

    /// F14: what contradicts itself is unknown and nothing else.
    #[test]
    fn a_contradiction_is_unknown() {
        check(500, ACK, "unknown");
        check(202, ACK, "unknown");
        check(200, "<h:Receipt reference=\"r\"/>", "unknown");
        check(200, "<h:NotReceived/>", "unknown");
        check(200, "", "unknown");
        check(200, &format!("{ACK}{ACK}"), "unknown");
        check(200, &format!("{ACK}<h:NotReceived/>"), "unknown");
        check(200, &ACK.replace("ACK-1", " "), "unknown");
        check(200, &ACK.replace(">5<", ">many<"), "unknown");
        check(422, "<h:ValidationFault/>", "unknown");
        check(
            200,
            &ACK.replace(
                "</h:Acknowledgement>",
                "<h:RefusedPack sn=\"1\" code=\"x\"/></h:Acknowledgement>",
            ),
            "unknown",
        );
    }

    #[test]
    fn what_is_no_answer_is_unknown() {
        let whole = reply(ACK);
        for body in [
            "",
            "<html><body>Gateway</body></html>",
            &whole[..whole.len() / 2],
            &whole.replace("mirror", "other"),
            "\u{0}\u{1}",
        ] {
            assert!(
                matches!(read(200, body.as_bytes()).verdict, Verdict::Unknown { .. }),
                "{body}"
            );
        }
        // An answer that names its message is still unknown, but to whom it belongs is known.
        assert_eq!(
            read(500, whole.as_bytes()).message_id.as_deref(),
            Some("msg_1")
        );
    }
}
