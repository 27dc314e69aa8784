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

/// What happened to the code on its way from the pack to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(
    missing_docs,
    reason = "each fault is told by its label and its sentence below"
)]
pub enum Fault {
    AimPrefix,
    ByteOrderMark,
    ControlPrefix,
    ControlSuffix,
    LineTerminator,
    Whitespace,
    ConfiguredAffix,
    VendorPrefix,
    LeadingSeparator,
    TrailingSeparator,
    UnexpectedSymbology,
    Fnc1AsText,
    Fnc1Missing,
    KeyboardLayout,
    YzSwap,
    CaseInverted,
    UpperCased,
    LowerCased,
    SeparatorLost,
    SeparatorReplaced,
    DoubledScan,
    JoinedScans,
    LinearCodeAppended,
    Truncated,
    EnvelopeStripped,
    EnvelopeMangled,
    BracketedInput,
    HumanReadableText,
    LeadingZeroLost,
    Confusable,
    PznForNtin,
    SpreadsheetNumber,
    DateForm,
    Homoglyph,
    TypographicDash,
    Encoding,
    Empty,
    LinearCode,
    LogisticLabel,
    Foreign2dCode,
    DigitalLink,
    NoSerial,
    NoProductCode,
    ProductCodeInvalid,
    DateInvalid,
    ElementInvalid,
    Unreadable,
}

impl Fault {
    /// The stable label, in snake case.
    pub fn label(self) -> &'static str {
        self.wording().0
    }

    /// What happened and what to do, in a plain sentence.
    pub fn sentence(self) -> &'static str {
        self.wording().1
    }

    /// Whether this only remarks on how the text was delivered and asks nothing of anybody.
    pub fn is_remark(self) -> bool {
        matches!(
            self,
            Self::AimPrefix
                | Self::ControlPrefix
                | Self::ControlSuffix
                | Self::LineTerminator
                | Self::Whitespace
                | Self::ConfiguredAffix
                | Self::LeadingSeparator
                | Self::TrailingSeparator
                | Self::UnexpectedSymbology
        )
    }

    fn wording(self) -> (&'static str, &'static str) {
        match self {
            Self::AimPrefix => (
                "aim_prefix",
                "The scanner sends its symbology identifier, which helps diagnosis; leave it on.",
            ),
            Self::ByteOrderMark => (
                "byte_order_mark",
                "A byte order mark precedes the code; take it out where the text is stored or sent.",
            ),
            Self::ControlPrefix => (
                "control_prefix",
                "The scanner sends a control character before the code; it was ignored.",
            ),
            Self::ControlSuffix => (
                "control_suffix",
                "The scanner sends a control character after the code; it was ignored.",
            ),
            Self::LineTerminator => (
                "line_terminator",
                "The scanner ends the code with a line end or a tabulator; it was ignored.",
            ),
            Self::Whitespace => (
                "whitespace",
                "Spaces stand around the code; they were ignored.",
            ),
            Self::ConfiguredAffix => (
                "configured_affix",
                "The prefix or suffix configured for this scanner was taken off.",
            ),
            Self::VendorPrefix => (
                "vendor_prefix",
                "The scanner puts its maker's code mark before the code; switch it off or use symbology identifiers.",
            ),
            Self::LeadingSeparator => (
                "leading_separator",
                "The code begins with a separator, which has no meaning there; it was ignored.",
            ),
            Self::TrailingSeparator => (
                "trailing_separator",
                "The code ends with a separator, which has no meaning there; it was ignored.",
            ),
            Self::UnexpectedSymbology => (
                "unexpected_symbology",
                "The data is a medicine pack's, but the symbol is not the GS1 Data Matrix that packs carry.",
            ),
            Self::Fnc1AsText => (
                "fnc1_as_text",
                "The scanner sends the FNC1 mark as text; set it to send ASCII 29 for separators and nothing at the start.",
            ),
            Self::Fnc1Missing => (
                "fnc1_missing",
                "The symbol lacks the FNC1 mark that makes it a GS1 code; tell the manufacturer, this is a print fault.",
            ),
            Self::KeyboardLayout => (
                "keyboard_layout",
                "Scanner and computer are set to different keyboard layouts; set both alike or use the scanner's Alt mode.",
            ),
            Self::YzSwap => (
                "yz_swap",
                "Y and Z may have changed places through a keyboard layout; switch symbology identifiers on to make this visible.",
            ),
            Self::CaseInverted => (
                "case_inverted",
                "Capital and small letters are exchanged; Caps Lock is on, switch it off and scan again.",
            ),
            Self::UpperCased => (
                "upper_cased",
                "The scanner turns all letters into capitals; switch case conversion off and scan again.",
            ),
            Self::LowerCased => (
                "lower_cased",
                "The scanner turns all letters into small ones; switch case conversion off and scan again.",
            ),
            Self::SeparatorLost => (
                "separator_lost",
                "The separators between the elements did not arrive; set the scanner to send ASCII 29.",
            ),
            Self::SeparatorReplaced => (
                "separator_replaced",
                "The separators arrived as other characters; set the scanner to send ASCII 29.",
            ),
            Self::DoubledScan => (
                "doubled_scan",
                "The same code arrived twice; it was used once.",
            ),
            Self::JoinedScans => (
                "joined_scans",
                "Two different codes arrived as one; scan one pack at a time.",
            ),
            Self::LinearCodeAppended => (
                "linear_code_appended",
                "A linear bar code seems to be joined to the end; scan the two-dimensional code alone.",
            ),
            Self::Truncated => ("truncated", "Part of the code did not arrive; scan again."),
            Self::EnvelopeStripped => (
                "envelope_stripped",
                "The reader did not send the Format 06 envelope; the elements are complete.",
            ),
            Self::EnvelopeMangled => (
                "envelope_mangled",
                "Control characters of the Format 06 envelope were lost; set the scanner to send them.",
            ),
            Self::BracketedInput => (
                "bracketed_input",
                "The text was typed or copied with bracketed identifiers; scan the code itself where you can.",
            ),
            Self::HumanReadableText => (
                "human_readable_text",
                "The text was typed or copied from the readable print; scan the code itself where you can.",
            ),
            Self::LeadingZeroLost => (
                "leading_zero_lost",
                "The product code has lost leading zeros; they were put back.",
            ),
            Self::Confusable => (
                "confusable_characters",
                "Characters that look alike in print may have been exchanged; compare them one by one.",
            ),
            Self::PznForNtin => (
                "pzn_for_ntin",
                "A PZN was typed where a GTIN belongs; the NTIN of that PZN is meant, in Germany only.",
            ),
            Self::SpreadsheetNumber => (
                "spreadsheet_number",
                "A spreadsheet turned the number into powers of ten and lost digits; take it from the source again.",
            ),
            Self::DateForm => (
                "date_form",
                "The date is not written as YYMMDD; choose the reading that agrees with the pack.",
            ),
            Self::Homoglyph => (
                "homoglyph",
                "Characters of another script that look alike were found; they were replaced.",
            ),
            Self::TypographicDash => (
                "typographic_dash",
                "A typographic dash or quotation mark was found and replaced by the plain one.",
            ),
            Self::Encoding => (
                "encoding",
                "The text was decoded with the wrong character encoding on its way.",
            ),
            Self::Empty => ("empty", "Nothing was scanned."),
            Self::LinearCode => (
                "linear_code",
                "This is a linear bar code; scan the two-dimensional code of the pack.",
            ),
            Self::LogisticLabel => (
                "logistic_label",
                "This is a logistic label; scan the two-dimensional code of a pack.",
            ),
            Self::Foreign2dCode => (
                "foreign_2d_code",
                "This is another code, not that of a medicine pack; look for the Data Matrix beside batch and expiry.",
            ),
            Self::DigitalLink => (
                "digital_link",
                "This is a web link with product data, not the unique identifier of the pack; scan the Data Matrix.",
            ),
            Self::NoSerial => (
                "no_serial",
                "The code carries no serial number; the pack is not serialised or another code must be scanned.",
            ),
            Self::NoProductCode => ("no_product_code", "The code carries no product code."),
            Self::ProductCodeInvalid => (
                "product_code_invalid",
                "The product code does not agree with its check digit; scan again.",
            ),
            Self::DateInvalid => (
                "date_invalid",
                "A date in the code is none; scan again, and tell the manufacturer if it stays so.",
            ),
            Self::ElementInvalid => (
                "element_invalid",
                "A part of the code is not what its identifier announces; scan again.",
            ),
            Self::Unreadable => (
                "unreadable",
                "The text is no code that can be recognised; scan again.",
            ),
        }
    }
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
    /// The best reading. Certain only under [`Verdict::Ok`] and [`Verdict::Repaired`].
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

    /// Whether the data may be taken for what is printed on the pack.
    pub fn is_certain(self) -> bool {
        matches!(self, Self::Ok | Self::Repaired)
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
