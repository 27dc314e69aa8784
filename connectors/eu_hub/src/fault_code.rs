//! The hub's codes in our words: which of ours stands for it, and what the reader can do.
//!
//! A16, I1 and A67 and the six alerts are public (emvs.md 4, 5.2); other codes exist in contractual documents, and each code
//! that is not in the table reads as a plain refusal with the hub's own text. Codes that begin with `PT-` are our
//! simulator's, for refusals whose real code is not public.

use packtwin_connector_port::verdict::FarFault;
use packtwin_core::code::Code;

/// A code, ours for it, and the advice.
const CODES: &[(&str, Code, &str)] = &[
    (
        "A16",
        Code::HubFieldEmpty,
        "The hub's data validation failed: fill or correct the named field and send a new message.",
    ),
    (
        "I1",
        Code::HubFieldEmpty,
        "The hub found the format invalid: an element is missing, empty where it must not be, or too long. Correct the named field and send a new message.",
    ),
    (
        "A2",
        Code::HubRefused,
        "The hub does not know this batch: upload its packs first.",
    ),
    (
        "A3",
        Code::HubRefused,
        "The hub does not know this pack: upload it first, then repeat the change.",
    ),
    (
        "A7",
        Code::HubRefused,
        "The pack already is in this state; there is nothing to do.",
    ),
    (
        "A24",
        Code::HubRefused,
        "The pack's present state does not allow this change; look at its history.",
    ),
    (
        "A52",
        Code::HubRefused,
        "The expiry differs from the one the hub holds for this batch; one of the two is wrong.",
    ),
    (
        "A68",
        Code::HubRefused,
        "The hub holds this pack under another batch; one of the two is wrong.",
    ),
    (
        "A67",
        Code::HubRefused,
        "A repackaging was accepted although too few packs of the source batch were checked out; check out the missing ones.",
    ),
    (
        "PT-ID",
        Code::HubRefused,
        "The message id was used for other content; send it under a new id.",
    ),
    (
        "PT-ENV",
        Code::HubTestOnly,
        "The message belongs to another environment; use the endpoint of this one.",
    ),
    (
        "PT-PRODUCT",
        Code::HubProductNotAcknowledged,
        "The hub does not hold this product version: send the version, wait for its acknowledgement, then send the packs.",
    ),
    (
        "PT-MARKETS",
        Code::HubMarketsFixed,
        "The markets of a version cannot be changed: create a new version.",
    ),
    (
        "PT-VERSION",
        Code::UploadOtherVersion,
        "The hub holds this batch under another product version; a batch belongs to one for ever.",
    ),
    (
        "PT-MARKET",
        Code::UploadMarketNotReleased,
        "The version does not name this market: create and send a version that does.",
    ),
    (
        "PT-WITHDRAWN",
        Code::UploadLotRecalled,
        "The product is withdrawn in this market; no new packs are taken there.",
    ),
    (
        "PT-RECALLED",
        Code::LotRecalled,
        "The batch is recalled; a recall happens once and its packs stay as they are.",
    ),
    (
        "PT-EXPIRY",
        Code::UploadExpiryDiffersFromLot,
        "The hub holds the batch with another expiry; a batch has one.",
    ),
    (
        "PT-DUPLICATE",
        Code::UploadSerialTaken,
        "The hub already holds a pack with this serial for this product (DR 35(3)); take it out and send the others.",
    ),
    (
        "PT-TOTAL",
        Code::HubDifference,
        "The count at the end differs from the packs in the message; send the message again from the store.",
    ),
];

/// A fault of the hub with what it means to us.
pub fn far_fault(code: &str, place: &str, text: &str) -> FarFault {
    let known = CODES.iter().find(|(known, _, _)| *known == code);
    FarFault {
        code: code.to_owned(),
        place: place.to_owned(),
        text: text.to_owned(),
        ours: known.map_or(Code::HubRefused, |(_, ours, _)| *ours),
        advice: known
            .map_or(Code::HubRefused.remedy(), |(_, _, advice)| *advice)
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_once_and_an_unknown_one_is_a_refusal() {
        for (index, (code, _, advice)) in CODES.iter().enumerate() {
            assert!(
                CODES[..index].iter().all(|(earlier, _, _)| earlier != code),
                "{code}"
            );
            assert!(advice.ends_with('.'), "{code}");
        }
        let unknown = far_fault("Z1", "there", "text");
        assert_eq!(
            (unknown.ours, unknown.code.as_str()),
            (Code::HubRefused, "Z1")
        );
    }
}
