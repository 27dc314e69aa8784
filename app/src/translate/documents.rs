//! Whole documents from one form of EPCIS to another: event by event, in constant memory, with header, master data and
//! foreign content.
//!
//! What the source got wrong is told with its line; what the other form has no place for is named in the answer. Identifiers
//! and vocabulary keep their spelling unless another one is asked for. What is carried how is decided by
//! [`packtwin_epcis::translation`].

use std::fs::File;
use std::io;
use std::path::Path;

use packtwin_core::company_prefix::PrefixLength;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::refusal::Refusal;
use packtwin_epcis::cbv::CbvXmlFormat;
use packtwin_epcis::dialect::DialectReader;
use packtwin_epcis::epc_format::EpcFormat;
use packtwin_epcis::event::Event;
use packtwin_epcis::reading::{EventReader, ReadingError, Step};
use packtwin_epcis::translation::{self, AnyReader, Writing};

use super::{
    Amount, Form, HubWords, LotsWanted, NotTranslated, Outputs, TakeFinding, TranslateOrder,
    Translated, source,
};

/// How a document is spelled anew. The default leaves every spelling as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DocumentWords {
    /// How identifiers are spelled; `None` leaves them, or makes URNs where a company prefix is given.
    pub epcs: Option<EpcSpelling>,
    /// How the vocabulary of the standard is spelled in XML 2.0.
    pub cbv: CbvSpelling,
}

/// How identifiers are spelled (the REST header `GS1-EPC-Format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpcSpelling {
    /// As the source has them.
    AsWritten,
    /// As GS1 Digital Links.
    DigitalLink,
    /// As EPC URNs, as far as company prefixes are known.
    Urn,
}

/// How vocabulary is spelled in XML 2.0 (the REST header `GS1-CBV-XML-Format`). XML 1.2 has URNs, JSON bare words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CbvSpelling {
    /// As the source has it.
    #[default]
    AsWritten,
    /// As URNs.
    Urn,
    /// As Web URIs.
    WebUri,
}

/// Carries the document.
pub(super) fn carry(
    order: &TranslateOrder<'_>,
    from: translation::Form,
    to: translation::Form,
    outputs: &mut dyn Outputs,
    told: &mut TakeFinding<'_>,
) -> Result<Translated, NotTranslated> {
    check_order(order)?;
    let [path] = order.inputs else {
        return Err(NotTranslated::Order(Vec::new()));
    };
    let length = |key: &str| order.prefix.as_ref().and_then(|rule| rule.of_key(key));
    let writing = Writing {
        at: order.at,
        epc: epc_format(order, &length),
        cbv: match order.document.cbv {
            CbvSpelling::AsWritten => CbvXmlFormat::AsWritten,
            CbvSpelling::Urn => CbvXmlFormat::Urn,
            CbvSpelling::WebUri => CbvXmlFormat::WebUri,
        },
    };
    let mut reader = reader(order, path)?;
    outputs.announce(1)?;
    if outputs.is_final() {
        read_to_end(&mut *self::reader(order, path)?)?;
    }
    let mut errors = 0;
    let mut failed = None;
    let mut take = |finding: Finding| {
        errors += u64::from(finding.severity == Severity::Error);
        if failed.is_none() {
            failed = told(&finding).err();
        }
    };
    let carried = translation::translate(&mut *reader, outputs.next()?, to, writing, &mut take);
    if let Some(failed) = failed {
        return Err(failed.into());
    }
    let carried = carried.map_err(refused)?;
    let mut not_carried: Vec<String> = carried.losses.lost().collect();
    if errors > 0 {
        not_carried.push(format!(
            "{errors} errors of the document, told with their lines: what they are about was not taken, or was taken as it stands."
        ));
    }
    Ok(Translated {
        recognised: source::describe(from).to_owned(),
        amount: Amount::Events {
            read: carried.events,
        },
        documents: 1,
        not_carried,
        notes: carried.losses.notes().collect(),
        left_out: Vec::new(),
    })
}

/// Reads a document as the ordered dialect means it.
pub(super) fn reader(
    order: &TranslateOrder<'_>,
    path: &Path,
) -> Result<Box<dyn EventReader>, NotTranslated> {
    let inner = AnyReader::new(File::open(path)?).map_err(refused)?;
    Ok(match order.dialect {
        Some(dialect) => Box::new(DialectReader::new(inner, dialect, order.at)),
        None => Box::new(inner),
    })
}

/// Whether the document can be read to its end: what goes to a pipe cannot be taken back.
fn read_to_end(reader: &mut dyn EventReader) -> Result<(), NotTranslated> {
    let (mut event, mut findings) = (Event::default(), Vec::new());
    loop {
        let step = reader.next(&mut event, &mut findings).map_err(refused)?;
        findings.clear();
        if matches!(step, Step::Complete) {
            return Ok(());
        }
    }
}

fn epc_format<'p>(
    order: &TranslateOrder<'_>,
    length: &'p dyn Fn(&str) -> Option<PrefixLength>,
) -> EpcFormat<'p> {
    match (order.document.epcs, &order.prefix) {
        (Some(EpcSpelling::AsWritten), _) | (None, None) => EpcFormat::AsWritten,
        (Some(EpcSpelling::DigitalLink), _) => EpcFormat::DigitalLink,
        (Some(EpcSpelling::Urn), _) | (None, Some(_)) => EpcFormat::Urn(length),
    }
}

/// Refuses what is said of packs, and what one form cannot have.
fn check_order(order: &TranslateOrder<'_>) -> Result<(), NotTranslated> {
    let mut faults = Vec::new();
    let mut refuse = |is_said: bool, text: &str| {
        if is_said {
            faults.push(text.to_owned());
        }
    };
    refuse(
        order.mapping.is_some() || !order.fixed.is_empty(),
        "a document of EPCIS names product, batch and dates itself; a mapping or fixed values go with csv and xlsx only",
    );
    refuse(
        order.hub != HubWords::default(),
        "EPCIS has no place for sender, environment, release, version, markets, message id or callback; they go with --to eu-hub only",
    );
    refuse(
        order.event_at.is_some(),
        "every event of the document has its own time; leave --event-time out",
    );
    refuse(
        order.lots == LotsWanted::Correct || !order.accepted.is_empty(),
        "the document is carried whole, with its faults; --accept and --correct-lots-only go with packs",
    );
    let epcs = order.document.epcs;
    refuse(
        epcs == Some(EpcSpelling::Urn) && order.prefix.is_none(),
        "an EPC URN needs the length of the company prefix, and it is never guessed; give --company-prefix-length or --company-prefix",
    );
    refuse(
        !matches!(epcs, None | Some(EpcSpelling::Urn)) && order.prefix.is_some(),
        "a company prefix is needed for EPC URNs only; leave it out",
    );
    refuse(
        order.document.cbv != CbvSpelling::AsWritten && order.to != Form::Epcis20Xml,
        "the vocabulary has several spellings in epcis-2.0-xml only",
    );
    match faults.is_empty() {
        true => Ok(()),
        false => Err(NotTranslated::Order(faults)),
    }
}

/// A document that cannot be read on.
pub(super) fn refused(error: ReadingError) -> NotTranslated {
    match error {
        ReadingError::Refused(finding) => {
            let place = format!("line {}", finding.row);
            NotTranslated::Refused(Refusal::at(finding.code, place, finding.text).into())
        }
        ReadingError::Io(error) => NotTranslated::Io(io::Error::new(error.kind(), error)),
    }
}
