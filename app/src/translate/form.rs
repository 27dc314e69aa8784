//! The forms that can be translated, by the names that the command line has for them (design.md, section 4).

use std::str::FromStr;

use packtwin_epcis::translation;
use packtwin_partner::recognise::Kind;

/// A form of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Separated text, or a list of serials.
    Csv,
    /// A workbook.
    Xlsx,
    /// EPCIS XML of the first generation: 1.0 to 1.2 are read, 1.2 is written.
    Epcis12,
    /// EPCIS 2.0 in JSON-LD.
    Epcis20,
    /// EPCIS 2.0 in XML.
    Epcis20Xml,
    /// Product pack data for the EU hub.
    EuHub,
}

/// Why a word names no form that can be translated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormUnknown {
    /// The form is known by name, and nothing here reads or writes it yet.
    #[error("{0} is not built yet; {known} can be translated", known = words())]
    NotBuilt(String),
    /// There is no such form.
    #[error("there is no form {0}; {known} can be translated", known = words())]
    Unknown(String),
}

impl Form {
    /// Every form.
    pub const ALL: [Form; 6] = [
        Form::Csv,
        Form::Xlsx,
        Form::Epcis12,
        Form::Epcis20,
        Form::Epcis20Xml,
        Form::EuHub,
    ];

    /// Forms of the plan that are not built.
    const NOT_BUILT: [&'static str; 1] = ["mdlp"];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Xlsx => "xlsx",
            Form::Epcis12 => "epcis-1.2",
            Form::Epcis20 => "epcis-2.0",
            Form::Epcis20Xml => "epcis-2.0-xml",
            Form::EuHub => "eu-hub",
        }
    }

    /// The ending of a file of this form, without dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Xlsx => "xlsx",
            Form::Epcis20 => "json",
            Form::Epcis12 | Form::Epcis20Xml | Form::EuHub => "xml",
        }
    }

    /// Whether columns and fixed values have a meaning for it.
    pub(super) const fn is_table(self) -> bool {
        match self {
            Form::Csv | Form::Xlsx => true,
            Form::Epcis12 | Form::Epcis20 | Form::Epcis20Xml | Form::EuHub => false,
        }
    }

    /// The form of EPCIS; `None` for what is none.
    pub(super) const fn epcis(self) -> Option<translation::Form> {
        match self {
            Form::Epcis12 => Some(translation::Form::Xml1),
            Form::Epcis20 => Some(translation::Form::Json2),
            Form::Epcis20Xml => Some(translation::Form::Xml2),
            Form::Csv | Form::Xlsx | Form::EuHub => None,
        }
    }

    pub(super) const fn of_epcis(form: translation::Form) -> Self {
        match form {
            translation::Form::Xml1 => Form::Epcis12,
            translation::Form::Json2 => Form::Epcis20,
            translation::Form::Xml2 => Form::Epcis20Xml,
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

/// The words of all forms, for a person.
fn words() -> String {
    Form::ALL.map(Form::as_str).join(", ")
}
