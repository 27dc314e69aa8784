//! Return codes of the SOAP dialect: one canonical outcome, with and without alert, in interface versions 4 and 5 (emvs.md 3.4).
//!
//! A code is a pair: the one that alarms and its "no alert" twin, which exists since version 5. Version 4 says the first in
//! both cases. The table is data; reading a code back gives what it stands for.

use packtwin_core::verification::input::{Element, InputFault, InputFaultKind};
use packtwin_core::verification::market_profile::SoapInterface;
use packtwin_core::verification::{AlertCode, Decision, Layer, MarketProfile, Operation, Outcome};

/// Done.
pub const SUCCESS: &str = "NMVS_SUCCESS";
/// Not well formed.
pub const MALFORMED: &str = "NMVS_TE_XM_01";
/// Against the schema.
pub const SCHEMA: &str = "NMVS_TE_XM_02";
/// None of a bulk's serials could be processed.
pub const BULK_NONE: &str = "NMVS_NC_PCK_17";
/// At least one of them could not.
pub const BULK_SOME: &str = "NMVS_NC_PCK_24";
/// Result not ready.
pub const NOT_READY: &str = "NMVS_FE_TX_02";

/// A code that alarms, the alert it stands for, and its twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodePair {
    /// With alert; in version 4 also without.
    pub loud: &'static str,
    /// The alert.
    pub alert: AlertCode,
    /// Without alert, since version 5.
    pub quiet: Option<&'static str>,
}

const fn pair(loud: &'static str, alert: AlertCode, quiet: Option<&'static str>) -> CodePair {
    CodePair { loud, alert, quiet }
}

/// Every code of the highest level (UK-CODES, UK-V5).
pub const PAIRS: [CodePair; 10] = [
    BATCH_UNKNOWN,
    SERIAL_UNKNOWN,
    EXPIRY_MISMATCH,
    BATCH_MISMATCH,
    SAME_STATE_ELSEWHERE,
    INACTIVE,
    INACTIVE_ELSEWHERE,
    UNDO_REFUSED,
    UNDO_TOO_LATE,
    UNDO_OTHER_SITE,
];

const BATCH_UNKNOWN: CodePair = pair("NMVS_FE_LOT_03", AlertCode::A2, Some("NMVS_FE_LOT_15"));
const SERIAL_UNKNOWN: CodePair = pair("NMVS_NC_PC_02", AlertCode::A3, Some("NMVS_NC_PC_14"));
const EXPIRY_MISMATCH: CodePair = pair("NMVS_FE_LOT_12", AlertCode::A52, Some("NMVS_FE_LOT_17"));
const BATCH_MISMATCH: CodePair = pair("NMVS_FE_LOT_13", AlertCode::A68, Some("NMVS_FE_LOT_18"));
/// Between markets only.
const SAME_STATE_ELSEWHERE: CodePair =
    pair("NMVS_NC_PCK_19", AlertCode::A7, Some("NMVS_NC_PCK_28"));
const INACTIVE: CodePair = pair("NMVS_NC_PCK_22", AlertCode::A24, Some("NMVS_NC_PCK_30"));
/// Between markets only.
const INACTIVE_ELSEWHERE: CodePair = pair("NMVS_NC_PCK_27", AlertCode::A24, Some("NMVS_NC_PCK_31"));
const UNDO_REFUSED: CodePair = pair("NMVS_NC_PCK_06", AlertCode::A24, Some("NMVS_NC_PCK_29"));
const UNDO_TOO_LATE: CodePair = pair("NMVS_NC_PCK_20", AlertCode::A24, None);
const UNDO_OTHER_SITE: CodePair = pair("NMVS_NC_PCK_21", AlertCode::A24, None);

impl CodePair {
    fn said(self, alarmed: bool, interface: SoapInterface) -> &'static str {
        match (alarmed, interface, self.quiet) {
            (false, SoapInterface::V5, Some(quiet)) => quiet,
            (true, _, _) | (_, SoapInterface::V4, _) | (_, _, None) => self.loud,
        }
    }
}

/// The return code of a decision about one pack, or about the whole of a request.
pub fn code_of<'p>(
    profile: &'p MarketProfile,
    interface: SoapInterface,
    operation: Operation,
    decision: &Decision,
) -> &'p str {
    let say = |pair: CodePair| pair.said(decision.alarm.code().is_some(), interface);
    let asks = matches!(operation, Operation::Verify | Operation::Status);
    match decision.outcome {
        Outcome::Ok | Outcome::InactiveReported | Outcome::Accepted => SUCCESS,
        Outcome::BatchRecalled | Outcome::ProductWithdrawn | Outcome::Expired if asks => SUCCESS,
        Outcome::BatchUnknown | Outcome::BatchUnknownTolerated => say(BATCH_UNKNOWN),
        Outcome::SerialUnknown | Outcome::SerialUnknownTolerated => say(SERIAL_UNKNOWN),
        Outcome::BatchMismatch | Outcome::BatchMismatchTolerated => say(BATCH_MISMATCH),
        Outcome::ExpiryMismatch | Outcome::ExpiryMismatchTolerated => say(EXPIRY_MISMATCH),
        Outcome::BatchRecalled
        | Outcome::ProductWithdrawn
        | Outcome::Expired
        | Outcome::AlreadyInactive
        | Outcome::RepeatTolerated
        | Outcome::RepeatToleratedLast
        | Outcome::RepeatLimitExceeded => say(inactive_pair(operation, decision)),
        Outcome::UndoNotNeeded
        | Outcome::UndoIrreversible
        | Outcome::UndoMismatch
        | Outcome::UndoBlockedLayer => say(UNDO_REFUSED),
        Outcome::UndoTooLate => say(UNDO_TOO_LATE),
        Outcome::UndoOtherSite => say(UNDO_OTHER_SITE),
        Outcome::ProductUnknown => "NMVS_NC_PC_01",
        Outcome::Forbidden => "NMVS_FE_AU_15",
        Outcome::DuplicateTransaction => "NMVS_TE_TX_01",
        Outcome::InvalidInput
        | Outcome::DuplicateSerials
        | Outcome::CountMismatch
        | Outcome::TooManyPacks
        | Outcome::InvalidBody => SCHEMA,
        Outcome::NotReady => NOT_READY,
        Outcome::SystemUnavailable => &profile.unavailable_code,
    }
}

/// Between markets the code says whether the state asked for is the one the pack has.
fn inactive_pair(operation: Operation, decision: &Decision) -> CodePair {
    let same_state = match operation {
        // What stands over the pack is a reason of another kind, whatever its own state.
        Operation::Remove(removal) => {
            decision.layer.map(Layer::outcome) != Some(decision.outcome)
                && decision.state == Some(removal.state())
        }
        Operation::Verify | Operation::Status | Operation::Undo(_) => false,
    };
    match (decision.intermarket, same_state) {
        (false, _) => INACTIVE,
        (true, true) => SAME_STATE_ELSEWHERE,
        (true, false) => INACTIVE_ELSEWHERE,
    }
}

/// The code of a fault in the elements: what is missing or against the schema's facets, and what only its value betrays.
pub const fn code_of_fault(fault: &InputFault) -> &'static str {
    match (fault.element, fault.kind) {
        (_, InputFaultKind::Missing) => SCHEMA,
        (Element::Code, InputFaultKind::Invalid) => "NMVS_FE_GR_01",
        (Element::Code, InputFaultKind::InnerPzn) => "NMVS_FE_GR_02",
        (Element::Expiry, _) => "NMVS_FE_LOT_07",
        (Element::Batch | Element::Serial | Element::Scheme, _) => SCHEMA,
    }
}

/// The alert that a code of version 5 stands for: `Some(None)` for a twin, `None` for a code that is no pair's.
pub fn alert_of(code: &str) -> Option<Option<AlertCode>> {
    PAIRS.into_iter().find_map(|pair| {
        if pair.loud == code {
            Some(Some(pair.alert))
        } else {
            (pair.quiet == Some(code)).then_some(None)
        }
    })
}

/// How grave a code is: 1 technical, 2 authorisation, 3 content of the request, 4 business information, 5 alert (inferred,
/// emvs.md 3.4). A success has no level.
pub fn level(code: &str) -> Option<u8> {
    if code == SUCCESS {
        return None;
    }
    if let Some(alert) = alert_of(code) {
        return Some(if alert.is_some() { 5 } else { 4 });
    }
    let mut parts = code.split('_').skip(1);
    let (group, area) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    Some(match (group, area) {
        ("TE" | "TI" | "ERROR" | "", _) => 1,
        (_, "AU" | "PKI" | "PMS") => 2,
        (_, "REQ" | "TX" | "GR") => 3,
        _ if code == "NMVS_FE_LOT_07" => 3,
        _ => 4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_silent_and_levels_follow_the_grammar() {
        for (code, expected) in [
            (SUCCESS, None),
            ("NMVS_NC_PCK_22", Some(5)),
            ("NMVS_NC_PCK_30", Some(4)),
            ("NMVS_NC_PC_01", Some(4)),
            ("NMVS_FE_LOT_07", Some(3)),
            ("NMVS_FE_TX_02", Some(3)),
            ("NMVS_FE_AU_15", Some(2)),
            ("NMVS_TE_XM_01", Some(1)),
            ("SP-901", Some(1)),
        ] {
            assert_eq!(level(code), expected, "{code}");
        }
        let mut codes: Vec<&str> = PAIRS
            .into_iter()
            .flat_map(|pair| [Some(pair.loud), pair.quiet])
            .flatten()
            .collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 18);
        assert_eq!(alert_of("NMVS_FE_LOT_15"), Some(None));
        assert_eq!(alert_of("NMVS_NC_PCK_20"), Some(Some(AlertCode::A24)));
        assert_eq!(alert_of("NMVS_NC_PC_01"), None);
    }
}
