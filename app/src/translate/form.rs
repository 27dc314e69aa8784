//! The forms that can be translated, by the names that the command line has for them (design.md, section 4).

use std::str::FromStr;

use packtwin_partner::recognise::Kind;

/// A form of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Separated text, or a list of serials.
    Csv,
    /// A workbook.
    Xlsx,
    /// Commissioning in EPCIS XML: 1.0 to 1.2 are read, 1.2 is written.
    Epcis12,
    /// Product pack data for the EU hub.
    EuHub,
}

/// Why a word names no form that can be translated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormUnknown {
    /// The form is known by name, and nothing here reads or writes it yet.
    #[error("{0} is not built yet; csv, xlsx, epcis-1.2 and eu-hub can be translated")]
    NotBuilt(String),
    /// There is no such form.
    #[error("there is no form {0}; write csv, xlsx, epcis-1.2 or eu-hub")]
    Unknown(String),
}

impl Form {
    /// Every form.
    pub const ALL: [Form; 4] = [Form::Csv, Form::Xlsx, Form::Epcis12, Form::EuHub];

    /// Forms of the plan that are not built.
    const NOT_BUILT: [&'static str; 3] = ["epcis-2.0", "epcis-2.0-xml", "mdlp"];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Xlsx => "xlsx",
            Form::Epcis12 => "epcis-1.2",
            Form::EuHub => "eu-hub",
        }
    }

    /// The ending of a file of this form, without dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Xlsx => "xlsx",
            Form::Epcis12 | Form::EuHub => "xml",
        }
    }

    /// Whether columns and fixed values have a meaning for it.
    pub(super) const fn is_table(self) -> bool {
        match self {
            Form::Csv | Form::Xlsx => true,
            Form::Epcis12 | Form::EuHub => false,
        }
    }

    pub(super) const fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::SeparatedText | Kind::SerialList => Form::Csv,
            Kind::Workbook => Form::Xlsx,
            Kind::EpcisXml => Form::Epcis12,
        }
    }
}

impl FromStr for Form {
    type Err = FormUnknown;

    fn from_str(text: &str) -> Result<Self, FormUnknown> {
        let known = Form::ALL.into_iter().find(|form| form.as_str() == text);
        known.ok_or_else(|| match Form::NOT_BUILT.contains(&text) {
            true => FormUnknown::NotBuilt(text.to_owned()),
            false => FormUnknown::Unknown(text.to_owned()),
        })
    }
}
