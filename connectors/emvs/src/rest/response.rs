//! Answers of the REST dialect: HTTP status, operation code and the fields clients know (emvs.md 3.3).
//!
//! 200 done, 202 taken, 403 not permitted, 404 unknown or mismatching, 409 refused with the current state, 422 invalid, 503
//! not available. Clients take the presence of an alert reference for an alert, so it stands there only if one was raised.

use packtwin_core::lot::BatchState;
use packtwin_core::pack::EffectiveState;
use packtwin_core::verification::input::InputFault;
use packtwin_core::verification::{Alarm, Decision, Layer, Operation, Outcome, Silence, Submitted};
use serde::Serialize;

use crate::wording::sentence;
use crate::{Answered, Background};

use super::code::OperationCode;

/// An answer, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct RestAnswer {
    /// HTTP status.
    pub status: u16,
    /// The address at which the results of a bulk request are picked up.
    pub location: Option<String>,
    /// JSON.
    pub body: String,
    /// The operation code in it.
    pub code: Option<OperationCode>,
    /// Whether somebody is alarmed; for a refused whole, where no decision of a single pack says so.
    pub alarm: Alarm,
}

/// The fields, in the order in which they are written.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    information: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ams_link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_recall_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_withdrawal_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nhrn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_intermarket: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    can_reactivate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    can_reactivate_until: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AcceptedBody<'a> {
    operation_code: String,
    eta: &'a str,
    expires: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BulkResultBody<'a> {
    operation_code: String,
    number_of_packs: usize,
    packs: Vec<PackResult<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackResult<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    product_code_scheme: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_date: Option<String>,
    result: Body<'a>,
}

impl RestAnswer {
    /// A refusal with a code.
    pub(super) fn of_code(status: u16, code: OperationCode, text: &str) -> Self {
        RestAnswer::of_body(
            status,
            Some(code),
            &Body {
                operation_code: Some(code.to_string()),
                warning: Some(text.to_owned()),
                ..Body::default()
            },
            Alarm::Silent(Silence::NotJudged),
        )
    }

    /// A refusal for which the dialect has no code.
    pub(super) fn without_code(status: u16, text: &str) -> Self {
        RestAnswer::of_body(
            status,
            None,
            &Body {
                warning: Some(text.to_owned()),
                ..Body::default()
            },
            Alarm::Silent(Silence::NotJudged),
        )
    }

    fn of_body(
        status: u16,
        code: Option<OperationCode>,
        body: &impl Serialize,
        alarm: Alarm,
    ) -> Self {
        RestAnswer {
            status,
            location: None,
            body: serde_json::to_string(body)
                .expect("a structure of texts and switches is always JSON"),
            code,
            alarm,
        }
    }
}

/// The answer about one pack.
pub fn answer(answered: &Answered<'_>) -> RestAnswer {
    let decision = answered.decision;
    RestAnswer::of_body(
        status(answered.operation, decision),
        OperationCode::of(answered.operation, decision),
        &body(answered),
        decision.alarm,
    )
}

/// The answer to elements that cannot be those of a pack: the code of the first fault, the sentences of all.
pub fn refused(faults: &[InputFault]) -> RestAnswer {
    let code = faults.first().map(OperationCode::of_fault);
    let sentences: Vec<&str> = faults.iter().map(|fault| fault.sentence.as_str()).collect();
    let body = Body {
        operation_code: code.map(|code| code.to_string()),
        warning: Some(sentences.join(" ")),
        ..Body::default()
    };
    RestAnswer::of_body(422, code, &body, Alarm::Silent(Silence::NotJudged))
}

/// The answer to a whole bulk request that was refused.
pub fn whole_refused(operation: Operation, decision: &Decision) -> RestAnswer {
    answer(&Answered {
        operation,
        decision,
        background: Background::default(),
    })
}

/// The answer to a bulk request that was taken: its results will be at `location`, from `eta` to `expires` (RFC 3339).
pub fn accepted(operation: Operation, location: &str, eta: &str, expires: &str) -> RestAnswer {
    let taken = Decision::of_request(Outcome::Accepted, Alarm::Silent(Silence::NothingWrong));
    let code = OperationCode::of(operation, &taken);
    let body = AcceptedBody {
        operation_code: code.map(|code| code.to_string()).unwrap_or_default(),
        eta,
        expires,
    };
    RestAnswer {
        location: Some(location.to_owned()),
        ..RestAnswer::of_body(202, code, &body, taken.alarm)
    }
}

/// The results of a bulk request, pack by pack in the order sent.
pub fn bulk_result(
    operation: Operation,
    packs: &[(Result<&Submitted, &[InputFault]>, Answered<'_>)],
) -> RestAnswer {
    let use_case = Decision::of_request(Outcome::Accepted, Alarm::Silent(Silence::NothingWrong));
    let code =
        OperationCode::of(operation, &use_case).map(|code| OperationCode { class: 1, ..code });
    let results = packs.iter().map(|(submitted, answered)| {
        let sent = submitted.as_ref().ok();
        PackResult {
            product_code_scheme: sent.map(|sent| sent.pack.product.scheme().as_str()),
            product_code: sent.map(|sent| sent.pack.product.to_string()),
            serial_number: sent.map(|sent| sent.pack.serial.to_string()),
            batch_id: sent
                .and_then(|sent| sent.batch)
                .map(|batch| batch.to_string()),
            expiry_date: sent
                .and_then(|sent| sent.expiry)
                .map(|expiry| expiry.to_string()),
            result: match submitted {
                Ok(_) => body(answered),
                Err(faults) => Body {
                    operation_code: faults
                        .first()
                        .map(|fault| OperationCode::of_fault(fault).to_string()),
                    warning: faults.first().map(|fault| fault.sentence.clone()),
                    ..Body::default()
                },
            },
        }
    });
    let body = BulkResultBody {
        operation_code: code.map(|code| code.to_string()).unwrap_or_default(),
        number_of_packs: packs.len(),
        packs: results.collect(),
    };
    RestAnswer::of_body(200, code, &body, Alarm::Silent(Silence::NothingWrong))
}

/// The HTTP status of a decision.
pub fn status(operation: Operation, decision: &Decision) -> u16 {
    let asks = matches!(operation, Operation::Verify | Operation::Status);
    match decision.outcome {
        Outcome::Ok
        | Outcome::InactiveReported
        | Outcome::RepeatTolerated
        | Outcome::RepeatToleratedLast => 200,
        Outcome::BatchRecalled | Outcome::ProductWithdrawn | Outcome::Expired if asks => 200,
        Outcome::Accepted => 202,
        Outcome::Forbidden => 403,
        Outcome::ProductUnknown
        | Outcome::BatchUnknown
        | Outcome::SerialUnknown
        | Outcome::BatchMismatch
        | Outcome::ExpiryMismatch
        | Outcome::BatchUnknownTolerated
        | Outcome::SerialUnknownTolerated
        | Outcome::BatchMismatchTolerated
        | Outcome::ExpiryMismatchTolerated
        | Outcome::NotReady => 404,
        Outcome::BatchRecalled
        | Outcome::ProductWithdrawn
        | Outcome::Expired
        | Outcome::AlreadyInactive
        | Outcome::RepeatLimitExceeded
        | Outcome::UndoTooLate
        | Outcome::UndoOtherSite
        | Outcome::UndoNotNeeded
        | Outcome::UndoIrreversible
        | Outcome::UndoMismatch
        | Outcome::UndoBlockedLayer
        | Outcome::DuplicateTransaction => 409,
        Outcome::InvalidInput
        | Outcome::DuplicateSerials
        | Outcome::CountMismatch
        | Outcome::TooManyPacks
        | Outcome::InvalidBody => 422,
        Outcome::SystemUnavailable => 503,
    }
}

fn body<'a>(answered: &Answered<'a>) -> Body<'a> {
    let Answered {
        operation,
        decision,
        background,
    } = answered;
    let code = OperationCode::of(*operation, decision);
    let status = status(*operation, decision);
    let text = sentence(*operation, decision.outcome).to_owned();
    let warns = status >= 400 || code.is_some_and(OperationCode::is_warning);
    let warned: Vec<&str> = decision
        .warned
        .iter()
        .map(|market| market.as_str())
        .collect();
    let foreign = match warned.is_empty() {
        true => None,
        false => Some(format!("Recalled or withdrawn in {}.", warned.join(", "))),
    };
    let known = decision.effective.is_some();
    let alert = decision.alarm.code();
    Body {
        operation_code: code.map(|code| code.to_string()),
        state: state(decision),
        information: (!warns).then(|| text.clone()),
        warning: match warns {
            true => Some(text),
            false => foreign,
        },
        alert_id: alert.and(background.alert).map(|id| id.to_string()),
        alert_code: alert.map(|alert| alert.as_str()),
        ams_link: alert.and(background.alert_link),
        product_name: background.product_name,
        batch_state: known.then(|| batch_state(decision)),
        batch_recall_reason: background
            .recall_reason
            .filter(|_| decision.layer == Some(Layer::Recalled)),
        product_withdrawal_reason: background
            .withdrawal_reason
            .filter(|_| decision.layer == Some(Layer::Withdrawn)),
        nhrn: background.national_code,
        is_intermarket: known.then_some(decision.intermarket),
        can_reactivate: known.then_some(decision.undo.is_some()),
        can_reactivate_until: decision
            .undo
            .and_then(|undo| undo.until)
            .map(|until| until.to_string()),
    }
}

/// The pack's own state, else what stands over it, else that nothing was found.
fn state(decision: &Decision) -> Option<&'static str> {
    match (decision.effective, decision.outcome) {
        (Some(EffectiveState::Active), _) => Some("Active"),
        (Some(EffectiveState::Expired), _) => Some("Expired"),
        (Some(EffectiveState::Recalled), _) => Some(own(decision).unwrap_or("Recalled")),
        (Some(EffectiveState::Withdrawn), _) => Some(own(decision).unwrap_or("Withdrawn")),
        (Some(EffectiveState::Pack(state)), _) => Some(state.as_str()),
        (None, Outcome::ProductUnknown | Outcome::BatchUnknown | Outcome::SerialUnknown) => {
            Some("NotFound")
        }
        (None, _) => None,
    }
}

/// The pack's own state where it left circulation.
fn own(decision: &Decision) -> Option<&'static str> {
    let state = decision.state?;
    (state != packtwin_core::pack::PackState::Active).then(|| state.as_str())
}

fn batch_state(decision: &Decision) -> &'static str {
    let state = match decision.layer {
        Some(Layer::Recalled) => BatchState::Recalled,
        Some(Layer::Expired) => return "Expired",
        Some(Layer::Withdrawn) | None => BatchState::Active,
    };
    match state {
        BatchState::Active => "Active",
        BatchState::Recalled => "Recalled",
    }
}
