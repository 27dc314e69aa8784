//! Operation codes of eight digits: what each part says, written from a decision and read back (emvs.md 3.5).
//!
//! `A B C D EE FF`: class, scale, operation, level, state, place. That `1…` is success and a `2` in fourth place a warning is
//! certain, the rest was decoded from published lists; clients are told to go by HTTP status and structure. Codes of the
//! validation group are certain one by one.

use std::fmt;

use packtwin_core::pack::{EffectiveState, PackState};
use packtwin_core::verification::input::{Element, InputFault, InputFaultKind};
use packtwin_core::verification::{Decision, Layer, Operation, Outcome, Removal};

/// An operation code, part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperationCode {
    /// 1 success, 2 accepted, 4 not found or mismatching, 5 conflict, 6 invalid.
    pub class: u8,
    /// 0 general, 1 single, 2 bulk.
    pub scale: u8,
    /// 0 any, 1 verify, 2 supply, 3 other removal, 4 reactivate.
    pub operation: u8,
    /// 0 none, 1 information, 2 warning.
    pub level: u8,
    /// State or kind, see [`state_number`].
    pub state: u8,
    /// 0 elsewhere or unspecified, 1 this place; for tolerated repeats 1 is the last one.
    pub place: u8,
}

/// The header of the data entry mode is missing.
pub const ENTRY_MODE_MISSING: OperationCode = validation(12);
/// The header of the data entry mode has another value.
pub const ENTRY_MODE_UNKNOWN: OperationCode = validation(13);
/// The body cannot be read.
pub const BODY_INVALID: OperationCode = bulk_fault(2);

const fn new(parts: [u8; 4], state: u8, place: u8) -> OperationCode {
    OperationCode {
        class: parts[0],
        scale: parts[1],
        operation: parts[2],
        level: parts[3],
        state,
        place,
    }
}

/// The group of validation faults, `610200FF` (SSR-LIB, GR-TB, GR-CLI).
const fn validation(number: u8) -> OperationCode {
    new([6, 1, 0, 2], 0, number)
}

/// The group of faults of a whole bulk request, `621200FF` (SSR-LIB).
const fn bulk_fault(number: u8) -> OperationCode {
    new([6, 2, 1, 2], 0, number)
}

impl OperationCode {
    /// Reads eight digits; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 8 || !bytes.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let digit = |at: usize| bytes[at] - b'0';
        Some(new(
            [digit(0), digit(1), digit(2), digit(3)],
            digit(4) * 10 + digit(5),
            digit(6) * 10 + digit(7),
        ))
    }

    /// Whether the operation was done.
    pub const fn is_success(self) -> bool {
        self.class == 1
    }

    /// Whether it carries a warning.
    pub const fn is_warning(self) -> bool {
        self.level == 2
    }

    /// The pack state it names.
    pub fn pack_state(self) -> Option<PackState> {
        let names_state = matches!((self.class, self.operation), (1 | 5, 1..=4));
        PackState::ALL
            .into_iter()
            .find(|state| names_state && state_number(EffectiveState::Pack(*state)) == self.state)
    }

    /// The code of a decision; `None` where the dialect has none, as for a role that may not ask.
    pub fn of(operation: Operation, decision: &Decision) -> Option<Self> {
        let use_case = match operation {
            Operation::Verify | Operation::Status => 1,
            Operation::Remove(Removal::Supply) => 2,
            Operation::Remove(_) => 3,
            Operation::Undo(_) => 4,
        };
        let own = decision
            .state
            .map_or(0, |state| state_number(EffectiveState::Pack(state)));
        let shown = decision.effective.map_or(own, state_number);
        let here = u8::from(decision.same_site);
        // The place counts for packs that left circulation by themselves.
        let inactive = decision
            .state
            .is_some_and(|state| state != PackState::Active);
        let place = match inactive && decision.layer.is_none() {
            true => here,
            false => 0,
        };
        let refused = |state, place| Some(new([5, 1, use_case, 2], state, place));
        let layer = decision.layer.map(|layer| match layer {
            Layer::Withdrawn => state_number(EffectiveState::Withdrawn),
            Layer::Recalled => state_number(EffectiveState::Recalled),
            Layer::Expired => state_number(EffectiveState::Expired),
        });
        let asks = matches!(operation, Operation::Verify | Operation::Status);
        match decision.outcome {
            Outcome::Ok if asks => Some(new([1, 1, 1, 1], shown, 0)),
            Outcome::Ok => Some(new([1, 1, use_case, 1], own, 0)),
            Outcome::InactiveReported => Some(new([1, 1, 1, 1], shown, here)),
            Outcome::BatchRecalled | Outcome::ProductWithdrawn | Outcome::Expired if asks => {
                Some(new([1, 1, 1, 1], shown, 0))
            }
            Outcome::BatchRecalled | Outcome::ProductWithdrawn | Outcome::Expired => {
                refused(layer.unwrap_or(shown), 0)
            }
            Outcome::UndoBlockedLayer => refused(layer.unwrap_or(shown), 0),
            Outcome::RepeatTolerated => Some(new([1, 1, use_case, 2], own, 0)),
            Outcome::RepeatToleratedLast => Some(new([1, 1, use_case, 2], own, 1)),
            Outcome::AlreadyInactive
            | Outcome::RepeatLimitExceeded
            | Outcome::UndoTooLate
            | Outcome::UndoOtherSite
            | Outcome::UndoIrreversible
            | Outcome::UndoMismatch => refused(own, place),
            Outcome::UndoNotNeeded => refused(own, 0),
            Outcome::ProductUnknown => Some(not_found(0)),
            Outcome::BatchUnknown => Some(not_found(1)),
            Outcome::SerialUnknown => Some(not_found(2)),
            Outcome::BatchMismatch => Some(not_found(3)),
            Outcome::BatchUnknownTolerated
            | Outcome::SerialUnknownTolerated
            | Outcome::BatchMismatchTolerated
            | Outcome::ExpiryMismatchTolerated => Some(not_found(4)),
            Outcome::ExpiryMismatch => Some(not_found(5)),
            Outcome::DuplicateSerials => Some(bulk_fault(0)),
            Outcome::CountMismatch => Some(bulk_fault(1)),
            Outcome::InvalidBody => Some(BODY_INVALID),
            Outcome::TooManyPacks => Some(bulk_fault(3)),
            Outcome::Accepted => Some(new([2, 2, use_case, 0], 0, 0)),
            Outcome::Forbidden
            | Outcome::InvalidInput
            | Outcome::DuplicateTransaction
            | Outcome::NotReady
            | Outcome::SystemUnavailable => None,
        }
    }

    /// The code of a fault in the elements.
    pub const fn of_fault(fault: &InputFault) -> Self {
        let missing = matches!(fault.kind, InputFaultKind::Missing);
        validation(match (fault.element, missing) {
            (Element::Batch, true) => 0,
            (Element::Code, true) => 1,
            (Element::Scheme, _) => 2,
            (Element::Serial, true) => 3,
            (Element::Expiry, true) => 4,
            (Element::Batch, false) => 6,
            (Element::Expiry, false) => 7,
            (Element::Code, false) => 8,
            (Element::Serial, false) => 11,
        })
    }
}

const fn not_found(number: u8) -> OperationCode {
    new([4, 1, 0, 2], 0, number)
}

/// The number of a state in the fifth and sixth digit.
pub const fn state_number(state: EffectiveState) -> u8 {
    match state {
        EffectiveState::Active | EffectiveState::Pack(PackState::Active) => 1,
        EffectiveState::Pack(PackState::Supplied) => 2,
        EffectiveState::Pack(PackState::Stolen) => 3,
        EffectiveState::Pack(PackState::Destroyed) => 4,
        EffectiveState::Pack(PackState::Sample) => 5,
        EffectiveState::Pack(PackState::FreeSample) => 6,
        EffectiveState::Pack(PackState::Exported) => 7,
        EffectiveState::Pack(PackState::Locked) => 8,
        EffectiveState::Pack(PackState::CheckedOut) => 9,
        EffectiveState::Recalled => 10,
        EffectiveState::Withdrawn => 11,
        EffectiveState::Expired => 12,
    }
}

impl fmt::Display for OperationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}{}{}{:02}{:02}",
            self.class, self.scale, self.operation, self.level, self.state, self.place
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for text in [
            "11110100", "51221200", "41020003", "61020012", "62120000", "22100000",
        ] {
            assert_eq!(OperationCode::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "1111010", "1111010x", "111101000"] {
            assert_eq!(OperationCode::parse(wrong), None);
        }
        let code = OperationCode::parse("11320401").unwrap();
        assert!(code.is_success() && code.is_warning());
        assert_eq!(code.pack_state(), Some(PackState::Destroyed));
        assert_eq!(OperationCode::parse("41020003").unwrap().pack_state(), None);
    }
}
