//! The faults of scanned and typed codes: stable labels, and what a person should do about each (URS-VF-011).
//!
//! Some are no faults but remarks on how a device delivers; they are kept because a change in them is often the first sign
//! of a device that was set differently. How a fault is recognised is said where it is looked for.

/// What happened to the code on its way from the pack to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The symbology identifier is there.
    AimPrefix,
    /// A byte order mark stood before the code.
    ByteOrderMark,
    /// A control character stood before the code.
    ControlPrefix,
    /// A control character stood behind the code.
    ControlSuffix,
    /// A line end or tabulator stood behind the code.
    LineTerminator,
    /// Spaces stood around or within the code.
    Whitespace,
    /// The prefix or suffix configured for the device was taken off.
    ConfiguredAffix,
    /// The scanner maker's own code mark stood before the code.
    VendorPrefix,
    /// A separator where none belongs: at the start, or two in a row.
    LeadingSeparator,
    /// A separator at the end.
    TrailingSeparator,
    /// Data of a pack in a symbol that packs do not carry.
    UnexpectedSymbology,
    /// The FNC1 mark arrived as text.
    Fnc1AsText,
    /// GS1 data in a symbol without FNC1: a print fault.
    Fnc1Missing,
    /// Scanner and host are set to different keyboard layouts.
    KeyboardLayout,
    /// Y and Z may have changed places unseen.
    YzSwap,
    /// Upper and lower case are exchanged.
    CaseInverted,
    /// All letters were turned into upper case.
    UpperCased,
    /// All letters were turned into lower case.
    LowerCased,
    /// Separators did not arrive.
    SeparatorLost,
    /// Separators arrived as something else.
    SeparatorReplaced,
    /// The same code arrived more than once.
    DoubledScan,
    /// Different codes arrived as one.
    JoinedScans,
    /// A linear code was joined to the code.
    LinearCodeAppended,
    /// The beginning or the end is missing, or may be: a short serial number looks like one that was cut.
    Truncated,
    /// The Format 06 envelope is not there.
    EnvelopeStripped,
    /// Control characters of the envelope are missing.
    EnvelopeMangled,
    /// Identifiers in brackets: typed or copied from the print.
    BracketedInput,
    /// Labels and values: typed or copied from the print.
    HumanReadableText,
    /// A product code without its leading zeros.
    LeadingZeroLost,
    /// Characters that look alike were exchanged in typing.
    Confusable,
    /// A PZN was typed where a GTIN belongs.
    PznForNtin,
    /// A number in powers of ten, its last digits gone.
    SpreadsheetNumber,
    /// A date in another form than YYMMDD.
    DateForm,
    /// Letters of another script.
    Homoglyph,
    /// A typographic dash, quotation mark or stroke.
    TypographicDash,
    /// Text decoded with the wrong character encoding.
    Encoding,
    /// The verification code (AI 91, 92) was changed by the repair of the text around it.
    VerificationCodeRepaired,
    /// Nothing was scanned.
    Empty,
    /// A linear bar code.
    LinearCode,
    /// A label of a case or pallet.
    LogisticLabel,
    /// A two-dimensional code of something else.
    Foreign2dCode,
    /// A GS1 Digital Link.
    DigitalLink,
    /// A product code without a serial number.
    NoSerial,
    /// No product code.
    NoProductCode,
    /// A product code with a wrong check digit.
    ProductCodeInvalid,
    /// A date that does not exist.
    DateInvalid,
    /// An element that is not what its identifier announces.
    ElementInvalid,
    /// No code that can be recognised.
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
            Self::Truncated => (
                "truncated",
                "Part of the code may be missing; scan again and compare it with the print.",
            ),
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
            Self::VerificationCodeRepaired => (
                "verification_code_repaired",
                "The verification code was repaired with the rest; scan again before its signature is tested.",
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
