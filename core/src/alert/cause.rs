//! The likely cause of one alert, with confidence: data of the manufacturer, the device, the hand, or the till (emvs.md 4.3).
//!
//! A cause explains; it never hides an alert and never resolves one by itself. Causes that only many alerts show together
//! (a missing upload, a wrong expiry) are found in [`super::cluster`]. Serves URS-VF-011, URS-AL-004, URS-AL-008.

use crate::expiry::Expiry;
use crate::scan::Confidence;
use crate::verification::{AlertCode, Delivery, EntryMode, Operation};

use super::life::Party;
use super::near;
use super::record::{Alert, PreviousBy, Source};

/// A second request within so many seconds is one hand pressing twice.
const DOUBLE_SECONDS: i64 = 600;

/// Declares causes with word, responsible party and sentence.
macro_rules! causes {
    ($($variant:ident $word:literal $party:expr, $sentence:literal;)*) => {
        /// Why an alert came about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Cause { $(#[doc = $sentence] $variant,)* }

        impl Cause {
            /// Every cause.
            pub const ALL: &[Cause] = &[$(Cause::$variant,)*];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Cause::$variant => $word,)* }
            }

            /// Whose fault it is, where it is one side's; only that side can mend it.
            pub const fn responsible(self) -> Option<Party> {
                match self { $(Cause::$variant => $party,)* }
            }

            /// What happened, in one sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(Cause::$variant => $sentence,)* }
            }
        }
    };
}

causes! {
    UploadMissing "UPLOAD_MISSING" Some(Party::Holder), "The packs of the batch were not uploaded.";
    LateUpload "LATE_UPLOAD" Some(Party::Holder), "The packs of the batch were asked for before they were uploaded.";
    WrongExpiryUploaded "WRONG_EXPIRY_UPLOADED" Some(Party::Holder), "The whole batch was uploaded with another expiry than it prints.";
    Misprint "MISPRINT" Some(Party::Holder), "The print on the packs is wrong.";
    DuplicateSerialPrinted "DUPLICATE_SERIAL_PRINTED" Some(Party::Holder), "Two packs may carry the same serial number.";
    StateChangeBeforeData "STATE_CHANGE_BEFORE_DATA" Some(Party::Holder), "The manufacturer changed pack states before the pack data had arrived.";
    BulkVerifyMisuse "BULK_VERIFY_MISUSE" Some(Party::Holder), "The manufacturer verified packs that were never uploaded.";
    KeyboardLayout "KEYBOARD_LAYOUT" Some(Party::Verifier), "The scanner types as another keyboard than the computer expects, which exchanges letters such as Y and Z.";
    CapsLock "CAPS_LOCK" Some(Party::Verifier), "Upper and lower case are exchanged or lost, as with Caps Lock.";
    GroupSeparatorLost "GROUP_SEPARATOR_LOST" Some(Party::Verifier), "The separator between two elements was lost, so that they run into each other.";
    LinearBarcodeAppended "LINEAR_BARCODE_APPENDED" Some(Party::Verifier), "The linear barcode of the pack was read into the same field.";
    LookalikeTyping "LOOKALIKE_TYPING" Some(Party::Verifier), "Characters that look alike were mistaken for each other while typing.";
    TruncatedBatch "TRUNCATED_BATCH" Some(Party::Verifier), "The end of the batch number is missing.";
    LeadingCharacters "LEADING_CHARACTERS" Some(Party::Verifier), "A word such as LOT was taken for a part of the batch number, or left out of it.";
    ExpiryDayZero "EXPIRY_DAY_ZERO" Some(Party::Verifier), "Month and year agree; only the day was filled in or left open.";
    ExpirySwapped "EXPIRY_SWAPPED" Some(Party::Verifier), "Day, month and year of the expiry stand in another order.";
    DoubleDecommission "DOUBLE_DECOMMISSION" Some(Party::Verifier), "The same site booked the pack out twice within minutes.";
    GoodsInAndCounter "GOODS_IN_AND_COUNTER" Some(Party::Verifier), "The site booked the pack out earlier already, at goods-in or at another counter.";
    ReplayAfterOutage "REPLAY_AFTER_OUTAGE" Some(Party::Verifier), "The request came again from a queue after an outage.";
    EndUserUncooperative "END_USER_UNCOOPERATIVE" None, "The end user does not answer; the pack stays in quarantine.";
    Suspicion "SUSPICION" None, "Nothing harmless explains it.";
    Other "OTHER" None, "Another cause, told in words.";
}

impl Cause {
    /// Reads the word of [`Cause::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Cause::ALL
            .iter()
            .copied()
            .find(|cause| cause.as_str() == text)
    }
}

/// A cause with how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LikelyCause {
    /// The cause.
    pub cause: Cause,
    /// How sure.
    pub confidence: Confidence,
}

impl LikelyCause {
    pub(super) const fn new(cause: Cause, confidence: Confidence) -> Self {
        LikelyCause { cause, confidence }
    }
}

/// The likely cause of one alert, looked at by itself.
pub fn likely_cause(alert: &Alert) -> LikelyCause {
    let explained = match alert.source {
        Source::ManufacturerStateUpdate if alert.code == AlertCode::A3 => Some(LikelyCause::new(
            Cause::StateChangeBeforeData,
            Confidence::Medium,
        )),
        Source::ManufacturerVerification => Some(LikelyCause::new(
            Cause::BulkVerifyMisuse,
            Confidence::Medium,
        )),
        Source::ManufacturerStateUpdate | Source::Site(_) => match alert.code {
            AlertCode::A2 | AlertCode::A3 | AlertCode::A68 => elements(alert),
            AlertCode::A52 => expiry(alert),
            AlertCode::A7 | AlertCode::A24 => Some(state(alert)),
        },
    };
    explained.unwrap_or(LikelyCause::new(Cause::Suspicion, Confidence::Low))
}

fn elements(alert: &Alert) -> Option<LikelyCause> {
    let sent = &alert.sent;
    let known_serial = alert.known.serial.as_ref().map(|serial| serial.as_str());
    let known_batch = alert.known.batch.as_ref().map(|batch| batch.as_str());
    let serial = || {
        near::explain(
            near::Field::Serial,
            sent.pack.serial.as_str(),
            known_serial,
            alert.entry,
        )
    };
    let batch = || {
        let text = sent.batch.as_ref()?.as_str();
        near::explain(near::Field::Batch, text, known_batch, alert.entry)
    };
    match alert.code {
        AlertCode::A68 => batch(),
        _ => serial().or_else(batch),
    }
}

fn expiry(alert: &Alert) -> Option<LikelyCause> {
    let (sent, stored) = (alert.sent.expiry?, alert.known.expiry?);
    if sent.same_month(&stored) && (sent.day_unspecified() || stored.day_unspecified()) {
        return Some(LikelyCause::new(Cause::ExpiryDayZero, Confidence::High));
    }
    is_permuted(&sent, &stored).then_some(LikelyCause::new(
        Cause::ExpirySwapped,
        match alert.entry {
            EntryMode::Manual => Confidence::High,
            EntryMode::Scan => Confidence::Medium,
        },
    ))
}

/// Whether the two-digit parts are the same in another order.
fn is_permuted(sent: &Expiry, stored: &Expiry) -> bool {
    let parts = |expiry: &Expiry| {
        let raw = expiry.raw().to_owned();
        let mut parts = [
            raw[..2].to_owned(),
            raw[2..4].to_owned(),
            raw[4..].to_owned(),
        ];
        parts.sort();
        parts
    };
    sent.raw() != stored.raw() && parts(sent) == parts(stored)
}

fn state(alert: &Alert) -> LikelyCause {
    if alert.delivery == Delivery::Deferred {
        return LikelyCause::new(Cause::ReplayAfterOutage, Confidence::High);
    }
    let Some(previous) = alert.previous else {
        return LikelyCause::new(Cause::Suspicion, Confidence::Low);
    };
    let seconds = alert.raised_at.micros_since(previous.at) / 1_000_000;
    let same_removal = match alert.source {
        Source::Site(Operation::Remove(removal)) => removal.state() == previous.state,
        Source::Site(Operation::Verify | Operation::Status | Operation::Undo(_))
        | Source::ManufacturerStateUpdate
        | Source::ManufacturerVerification => false,
    };
    match (previous.by, same_removal) {
        (PreviousBy::SameSite, true) if (0..=DOUBLE_SECONDS).contains(&seconds) => {
            LikelyCause::new(Cause::DoubleDecommission, Confidence::High)
        }
        (PreviousBy::SameSite, true) => {
            LikelyCause::new(Cause::GoodsInAndCounter, Confidence::Medium)
        }
        (PreviousBy::SameSite, false) => {
            LikelyCause::new(Cause::GoodsInAndCounter, Confidence::Low)
        }
        (PreviousBy::OtherSite, true) => {
            LikelyCause::new(Cause::DuplicateSerialPrinted, Confidence::Low)
        }
        (PreviousBy::OtherSite, false) => LikelyCause::new(Cause::Suspicion, Confidence::Low),
    }
}
