//! What a diagnosis says: verdict, faults, readings and the advice for the person with the scanner.
//!
//! Serves the policy that diagnosis advises and never hides: the raw input stays as it came, each fault has a stable
//! label, and every reading carries its evidence. Who may act on a repaired reading is a tenant's rule and not decided
//! here.

use std::borrow::Cow;

use crate::batch_number::BatchNumber;
use crate::expiry::Expiry;
use crate::product_code::ProductCode;
use crate::serial::Serial;
use crate::symbology::SymbologyIdentifier;

use super::fault::Fault;

/// What is to be thought of a scanned code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Well formed as it stands.
    Ok,
    /// One explanation reads it completely; the evidence is given.
    Repaired,
    /// It reads well, but a known fault would be invisible in it; every reading is a candidate.
    Suspect,
    /// Several readings, none better than the others.
    Ambiguous,
    /// What was scanned is known, but the device destroyed part of the serial number.
    UnrepairableSerial,
    /// Nothing usable.
    Rejected,
    /// Read correctly, but it is another code: a linear code, a logistic label, a link.
    NotAUniqueIdentifier,
}

/// How sure a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// A guess that only a look-up or a second scan can settle.
    Low,
    /// One structural sign.
    Medium,
    /// Structural evidence.
    High,
}

/// The data of a pack as far as one reading gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ScannedData {
    /// GTIN or PPN.
    pub product_code: Option<ProductCode>,
    /// Serial number.
    pub serial: Option<Serial>,
    /// Batch number.
    pub batch: Option<BatchNumber>,
    /// Expiry date, with its six digits as printed.
    pub expiry: Option<Expiry>,
    /// The first national healthcare reimbursement number (AI 710 to 717).
    pub nhrn: Option<String>,
}

/// Whose rules the code follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// GS1 element strings, also inside a Format 05 envelope.
    Gs1,
    /// IFA's Format 06 with data identifiers.
    Ifa,
}

/// One element of the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedElement {
    /// Application identifier (GS1) or data identifier (IFA).
    pub identifier: String,
    /// What the identifier means.
    pub title: &'static str,
    /// The value as read.
    pub value: String,
}

/// One possible reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The data under this reading.
    pub data: ScannedData,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why it is possible, in plain sentences.
    pub evidence: Vec<Cow<'static, str>>,
}

/// The answer to a scanned code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The input exactly as it came.
    pub raw: String,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// How sure the verdict is.
    pub confidence: Confidence,
    /// Whose rules the code follows, when that is known.
    pub scheme: Option<Scheme>,
    /// The symbology identifier, put right if it arrived mangled.
    pub symbology: Option<SymbologyIdentifier>,
    /// What happened on the way; no label twice.
    pub faults: Vec<Fault>,
    /// The best reading. Whether it is certain says [`Diagnosis::is_certain`].
    pub data: Option<ScannedData>,
    /// The elements of the best reading, in the order of the code.
    pub elements: Vec<ScannedElement>,
    /// Every reading worth a look-up, best first; the best reading is the first.
    pub candidates: Vec<Candidate>,
    /// What the person should know or do.
    pub advice: String,
}

impl Verdict {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Repaired => "repaired",
            Self::Suspect => "suspect",
            Self::Ambiguous => "ambiguous",
            Self::UnrepairableSerial => "unrepairable_serial",
            Self::Rejected => "rejected",
            Self::NotAUniqueIdentifier => "not_a_unique_identifier",
        }
    }
}

impl Confidence {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Scheme {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gs1 => "gs1",
            Self::Ifa => "ifa",
        }
    }
}

impl Diagnosis {
    /// Whether the data may be taken for what is printed on the pack: it reads well or has one explanation, and no doubt
    /// remains that lowers the confidence to the lowest.
    pub fn is_certain(&self) -> bool {
        matches!(self.verdict, Verdict::Ok | Verdict::Repaired) && self.confidence > Confidence::Low
    }

    /// Whether `fault` was found.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

/// The advice for a verdict with these faults: the sentences of what somebody can act on, else a word of comfort.
pub(super) fn advice(verdict: Verdict, faults: &[Fault]) -> String {
    let mut sentences: Vec<&str> = Vec::new();
    match verdict {
        Verdict::Ok => {}
        Verdict::Repaired => sentences.push("The code was read after a repair; compare it with the print before you rely on it."),
        Verdict::Suspect => sentences.push("The code reads well, but a fault of the device could hide in it; compare it with the print."),
        Verdict::Ambiguous => sentences.push("The code can be read in several ways; compare them with the print."),
        Verdict::UnrepairableSerial => sentences.push("The serial number cannot be restored; read it from the print."),
        Verdict::Rejected => sentences.push("The code cannot be used."),
        Verdict::NotAUniqueIdentifier => sentences.push("This is not the unique identifier of a pack."),
    }
    sentences.extend(
        faults
            .iter()
            .filter(|fault| !fault.is_remark())
            .map(|fault| fault.sentence()),
    );
    match sentences.is_empty() {
        true => "The code reads well.".to_owned(),
        false => sentences.join(" "),
    }
}
