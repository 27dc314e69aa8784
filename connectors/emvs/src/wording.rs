//! One plain sentence for each outcome, the same in both dialects: what is the case, and what to do with the box now.
//!
//! Code texts that differ between interfaces are what users complain about most (emvs.md 9), so there is one list.

use packtwin_core::pack::EffectiveState;
use packtwin_core::verification::{Decision, Operation, Outcome};

/// What the outcome of an operation means for whoever holds the box.
pub const fn sentence(operation: Operation, outcome: Outcome) -> &'static str {
    match (outcome, operation) {
        (Outcome::Ok, Operation::Verify | Operation::Status) => {
            "The pack is active and may be supplied."
        }
        (Outcome::Ok, Operation::Remove(_)) => "The pack was booked out.",
        (Outcome::Ok, Operation::Undo(_)) => "The pack is active again.",
        (Outcome::ProductUnknown, _) => {
            "The product code is not known in any market; the pack cannot be judged here."
        }
        (Outcome::BatchUnknown, _) => {
            "The batch and the serial number are not known for this product; set the pack aside."
        }
        (Outcome::SerialUnknown, _) => {
            "The serial number is not known for this product; set the pack aside."
        }
        (Outcome::BatchMismatch, _) => {
            "The serial number belongs to another batch; scan again, then set the pack aside."
        }
        (Outcome::ExpiryMismatch, _) => {
            "The expiry date differs from the one stored; scan again, then set the pack aside."
        }
        (
            Outcome::BatchUnknownTolerated
            | Outcome::SerialUnknownTolerated
            | Outcome::BatchMismatchTolerated
            | Outcome::ExpiryMismatchTolerated,
            _,
        ) => "The typed data do not fit a known pack; compare them with the print and type again.",
        (Outcome::InactiveReported, _) => "The pack is no longer active and must not be supplied.",
        (Outcome::BatchRecalled, _) => "The batch is recalled; do not supply the pack.",
        (Outcome::ProductWithdrawn, _) => {
            "The product is withdrawn from this market; do not supply the pack."
        }
        (Outcome::Expired, _) => "The pack is expired; do not supply it. Nothing has to be booked.",
        (Outcome::AlreadyInactive, _) => {
            "The pack was booked out before; set it aside and look into your own bookings first."
        }
        (Outcome::RepeatTolerated, _) => "The pack was booked out here before; nothing changed.",
        (Outcome::RepeatToleratedLast, _) => {
            "The pack was booked out here before; the next attempt will be rejected."
        }
        (Outcome::RepeatLimitExceeded, _) => {
            "The pack was booked out here several times; set it aside and look into your bookings."
        }
        (Outcome::UndoTooLate, _) => "The time for undoing is over; the pack stays booked out.",
        (Outcome::UndoOtherSite, _) => {
            "Only the place that booked the pack out can undo it; the pack stays booked out."
        }
        (Outcome::UndoNotNeeded, _) => "The pack is active; there is nothing to undo.",
        (Outcome::UndoIrreversible, _) => {
            "A pack that was destroyed or stolen stays so; it cannot be undone."
        }
        (Outcome::UndoMismatch, _) => {
            "The pack was booked out by another operation than the one named; undo that one."
        }
        (Outcome::UndoBlockedLayer, _) => {
            "A recalled, withdrawn or expired pack cannot be made active again."
        }
        (Outcome::Forbidden, _) => "This operation is not open to your role in this market.",
        (Outcome::InvalidInput, _) => {
            "The data cannot be those of a pack; scan the code again or compare it with the print."
        }
        (Outcome::DuplicateTransaction, _) => {
            "This transaction id was used before; nothing was done again."
        }
        (Outcome::DuplicateSerials, _) => {
            "A serial number stands twice in the request; nothing was done. Remove it and send again."
        }
        (Outcome::CountMismatch, _) => {
            "The stated number of packs is not the number sent; nothing was done. Correct it and send again."
        }
        (Outcome::TooManyPacks, _) => {
            "The request holds more packs than are taken at once; nothing was done. Split it."
        }
        (Outcome::InvalidBody, _) => {
            "The request has no content that can be read; nothing was done. Correct it and send again."
        }
        (Outcome::Accepted, _) => "The request was taken; ask for its result later.",
        (Outcome::NotReady, _) => "The result is not ready; ask again later.",
        (Outcome::SystemUnavailable, _) => {
            "The system is not available; the pack was not judged. Try again later."
        }
    }
}

/// Why a pack is not active, in words; `None` for an active one and one that was not judged.
pub const fn reason(decision: &Decision) -> Option<&'static str> {
    use packtwin_core::pack::PackState;
    match decision.effective {
        None | Some(EffectiveState::Active) => None,
        Some(EffectiveState::Withdrawn) => Some("Product withdrawn"),
        Some(EffectiveState::Recalled) => Some("Batch recalled"),
        Some(EffectiveState::Expired) => Some("Pack expired"),
        Some(EffectiveState::Pack(state)) => match state {
            PackState::Active => None,
            PackState::Supplied => Some("Pack supplied"),
            PackState::Destroyed => Some("Pack destroyed"),
            PackState::Exported => Some("Pack exported"),
            PackState::Sample => Some("Pack taken as sample"),
            PackState::FreeSample => Some("Pack given as free sample"),
            PackState::Locked => Some("Pack locked"),
            PackState::Stolen => Some("Pack stolen"),
            PackState::CheckedOut => Some("Pack checked out for repackaging"),
        },
    }
}
