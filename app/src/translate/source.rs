//! What the files are, by their content: hub documents, a document of EPCIS, or a table.
//!
//! What a person said they are is held against it; a file is never read as what it is not.

use std::fs::File;
use std::io::{self, BufReader};

use packtwin_core::code::Code;
use packtwin_epcis::recognise::form_of;
use packtwin_partner::recognise::{Recognised, recognise};

use super::gather::refused;
use super::{Form, NotTranslated, TranslateOrder};

/// What the files are.
pub(super) enum Source {
    /// Documents of the EU hub.
    Hub,
    /// One document of EPCIS, in this form.
    Epcis(packtwin_epcis::translation::Form),
    /// One table, and what it looks like.
    Table(Box<Recognised>),
}

/// Looks at every file.
pub(super) fn look(order: &TranslateOrder<'_>) -> Result<Source, NotTranslated> {
    let hub_documents = order
        .inputs
        .iter()
        .map(|path| {
            let file = BufReader::new(File::open(path)?);
            Ok(packtwin_eu_hub::is_hub_document(file))
        })
        .collect::<io::Result<Vec<bool>>>()?;
    let [path] = order.inputs else {
        if order.inputs.is_empty() {
            let text = "no input is named".to_owned();
            return Err(NotTranslated::Order(vec![text]));
        }
        if !hub_documents.contains(&false) {
            expect(order, Form::EuHub, "documents of the EU hub")?;
            return Ok(Source::Hub);
        }
        let text = "several files can be translated at once only where each is a hub document";
        return Err(NotTranslated::Order(vec![text.to_owned()]));
    };
    if hub_documents == [true] {
        expect(order, Form::EuHub, "a document of the EU hub")?;
        return Ok(Source::Hub);
    }
    let form = match form_of(File::open(path)?)? {
        Some(form) => form,
        None => {
            let recognised = recognise(File::open(path)?).map_err(refused)?;
            let form = Form::of_kind(recognised.kind);
            if let Some(epcis) = form.epcis() {
                epcis
            } else {
                expect(order, form, &recognised.describe())?;
                return Ok(Source::Table(Box::new(recognised)));
            }
        }
    };
    expect(order, Form::of_epcis(form), describe(form))?;
    Ok(Source::Epcis(form))
}

/// What a document of EPCIS is called.
pub(super) const fn describe(form: packtwin_epcis::translation::Form) -> &'static str {
    match form {
        packtwin_epcis::translation::Form::Xml1 => "EPCIS document, XML 1.x",
        packtwin_epcis::translation::Form::Xml2 => "EPCIS document, XML 2.0",
        packtwin_epcis::translation::Form::Json2 => "EPCIS document, JSON 2.0",
    }
}

/// Refuses a file that is not what it is said to be.
pub(super) fn expect(
    order: &TranslateOrder<'_>,
    found: Form,
    described: &str,
) -> Result<(), NotTranslated> {
    match order.from {
        Some(wanted) if wanted != found => Err(NotTranslated::refused(
            Code::UploadNotRecognised,
            format!(
                "The file is said to be {}, and its content says {}: {described}.",
                wanted.as_str(),
                found.as_str()
            ),
        )),
        _ => Ok(()),
    }
}
