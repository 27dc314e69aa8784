//! In which form events are answered: what the headers of a request allow, and the document that follows (EPCIS 2.0,
//! section 12.3 and 12.4 on content and version negotiation).
//!
//! `Accept` chooses JSON or XML; `GS1-EPCIS-Max: 1.2` asks for the older XML. Identifiers are answered as Digital Links unless
//! `GS1-EPC-Format` says otherwise. A Digital Link becomes a URN only where the length of its company prefix is known, which
//! no tenant has declared yet; what keeps its spelling is told, and never guessed.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponseBuilder};

use packtwin_core::code::Code;
use packtwin_core::company_prefix::PrefixLength;
use packtwin_epcis::cbv::CbvXmlFormat;
use packtwin_epcis::document::{DocumentHead, DocumentKind, SchemaVersion};
use packtwin_epcis::epc_format::EpcFormat;
use packtwin_epcis::json::read_single_event;
use packtwin_epcis::translation::{AnyWriter, Form};
use packtwin_tenants::store::epcis_event::EventRecord;

use super::epcis_event::{NOT_CARRIED, typed};
use super::problem::{Problem, chain};

/// Sentences of what was not carried that fit into a header.
const TOLD_MAX: usize = 5;

/// What a request wants.
pub(super) struct Wanted {
    form: Form,
    /// How JSON is called in the answer: as the request calls it.
    json_kind: &'static str,
    epc: EpcFormat<'static>,
    epc_word: &'static str,
    cbv: CbvXmlFormat,
    cbv_word: Option<&'static str>,
}

/// The values of `GS1-EPC-Format`.
const EPC_FORMATS: [&str; 4] = [
    "No_Preference",
    "Always_GS1_Digital_Link",
    "Always_EPC_URN",
    "Never_Translates",
];
/// The values of `GS1-CBV-XML-Format`.
const CBV_FORMATS: [&str; 4] = [
    "No_Preference",
    "Always_Web_URI",
    "Always_URN",
    "Never_Translates",
];

impl Wanted {
    /// Reads the headers.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let form = form_of(request)?;
        let accept = request.headers().get(ACCEPT);
        let accept = accept
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let is_plain =
            accept.contains("application/json") && !accept.contains("application/ld+json");
        let epc_word = word(request, "GS1-EPC-Format", &EPC_FORMATS)?.unwrap_or(EPC_FORMATS[1]);
        let epc = match epc_word {
            "Always_GS1_Digital_Link" => EpcFormat::DigitalLink,
            "Always_EPC_URN" => EpcFormat::Urn(&no_prefix_declared),
            _ => EpcFormat::AsWritten,
        };
        // 1.2 knows URNs only.
        let (epc, epc_word) = match (form, epc) {
            (Form::Xml1, EpcFormat::DigitalLink) => (EpcFormat::AsWritten, EPC_FORMATS[0]),
            (_, epc) => (epc, epc_word),
        };
        let cbv_word = word(request, "GS1-CBV-XML-Format", &CBV_FORMATS)?;
        let cbv = match cbv_word {
            Some("Always_Web_URI") => CbvXmlFormat::WebUri,
            Some("Always_URN") => CbvXmlFormat::Urn,
            _ => CbvXmlFormat::AsWritten,
        };
        Ok(Wanted {
            form,
            json_kind: match is_plain {
                true => "application/json",
                false => "application/ld+json",
            },
            epc,
            epc_word,
            cbv,
            cbv_word,
        })
    }
}

/// The form that `Accept` and the range of versions allow.
fn form_of(request: &HttpRequest) -> Result<Form, Problem> {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::trim)
    };
    let accept = header(ACCEPT.as_str()).unwrap_or("*/*");
    let kinds: Vec<&str> = accept
        .split(',')
        .filter_map(|part| part.split(';').next())
        .map(str::trim)
        .collect();
    let takes = |wanted: &[&str]| kinds.iter().any(|kind| wanted.contains(kind));
    let is_json = takes(&[
        "*/*",
        "application/*",
        "application/json",
        "application/ld+json",
    ]);
    let is_xml = takes(&["application/xml", "text/xml"]);
    let range = ("GS1-EPCIS-Min", "GS1-EPCIS-Max");
    let allows = |version: &str| {
        header(range.0).is_none_or(|min| min <= version)
            && header(range.1).is_none_or(|max| version <= max)
    };
    let cbv = ("GS1-CBV-Min", "GS1-CBV-Max");
    let cbv_allows = |version: &str| {
        header(cbv.0).is_none_or(|min| min <= version)
            && header(cbv.1).is_none_or(|max| version <= max)
    };
    match (is_json, is_xml) {
        (true, _) if allows("2.0") && cbv_allows("2.0") => Ok(Form::Json2),
        (_, true) if allows("2.0") && cbv_allows("2.0") => Ok(Form::Xml2),
        (_, true) if allows("1.2") && cbv_allows("1.2") => Ok(Form::Xml1),
        _ => Err(Problem::of(
            Code::NotAcceptable,
            "Events are answered as application/ld+json 2.0, and as application/xml 2.0 and 1.2.",
        )),
    }
}

/// One of the words that a header may say.
fn word(
    request: &HttpRequest,
    name: &str,
    words: &[&'static str],
) -> Result<Option<&'static str>, Problem> {
    let Some(value) = request.headers().get(name) else {
        return Ok(None);
    };
    let said = value.to_str().unwrap_or_default();
    match words.iter().find(|word| **word == said) {
        Some(word) => Ok(Some(*word)),
        None => Err(Problem::at(
            Code::RequestMalformed,
            format!("header {name}"),
            format!("Here belongs one of {}.", words.join(", ")),
        )),
    }
}

/// A document of events on its way out.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    kind: &'static str,
    version: &'static str,
    epc_word: &'static str,
    cbv_word: Option<&'static str>,
    not_carried: String,
}

impl Answer {
    /// Writes events as the answer to a query.
    pub(super) fn write(
        wanted: &Wanted,
        query_name: &str,
        records: &[EventRecord],
    ) -> Result<Self, Problem> {
        let failed = |error: &dyn std::error::Error| {
            tracing::error!(error = chain(error), "events could not be written");
            Problem::unavailable()
        };
        let head = DocumentHead {
            kind: DocumentKind::QueryResults {
                query_name: Some(query_name.to_owned()),
                subscription_id: None,
            },
            version: match wanted.form {
                Form::Xml1 => SchemaVersion::V1,
                Form::Xml2 | Form::Json2 => SchemaVersion::V2,
            },
            creation_date: records
                .iter()
                .map(|event| event.recorded_at)
                .max()
                .map(|at| at.to_string()),
            ..DocumentHead::default()
        };
        let mut body = Vec::new();
        let writer = AnyWriter::new(&mut body, wanted.form, wanted.cbv, &head);
        let mut writer = writer.map_err(|error| failed(&error))?;
        for record in records {
            let mut event = read_single_event(&record.body).map_err(|error| failed(&error))?;
            event.event_id = Some(record.id.clone());
            event.record_time = Some(record.recorded_at.to_string());
            if wanted.epc.is_changing() {
                wanted.epc.respell(&mut event, writer.losses());
            }
            writer.event(&event).map_err(|error| failed(&error))?;
        }
        let losses = writer.finish(&[]).map_err(|error| failed(&error))?;
        let told: Vec<String> = losses.sentences().take(TOLD_MAX).collect();
        let printable = |c: char| if (' '..='~').contains(&c) { c } else { '?' };
        Ok(Answer {
            body,
            kind: match wanted.form {
                Form::Json2 => wanted.json_kind,
                Form::Xml1 | Form::Xml2 => "application/xml",
            },
            version: match wanted.form {
                Form::Xml1 => "1.2",
                Form::Xml2 | Form::Json2 => "2.0",
            },
            epc_word: match told.is_empty() {
                true => wanted.epc_word,
                false => EPC_FORMATS[0],
            },
            cbv_word: wanted.cbv_word,
            not_carried: told.join(" ").chars().map(printable).collect(),
        })
    }

    /// The head of the answer.
    pub(super) fn respond(&self) -> HttpResponseBuilder {
        let mut response = typed(StatusCode::OK, self.kind);
        response.insert_header(("GS1-EPCIS-Version", self.version));
        response.insert_header(("GS1-CBV-Version", self.version));
        response.insert_header(("GS1-EPC-Format", self.epc_word));
        if let Some(word) = self.cbv_word {
            response.insert_header(("GS1-CBV-XML-Format", word));
        }
        if !self.not_carried.is_empty() {
            response.insert_header((NOT_CARRIED, self.not_carried.as_str()));
        }
        response
    }
}

/// What every answer of this interface says of itself.
pub(super) fn vendor_headers(response: &mut HttpResponseBuilder) {
    response.insert_header(("GS1-EPCIS-Version", "2.0"));
    response.insert_header(("GS1-EPCIS-Min", "1.2"));
    response.insert_header(("GS1-EPCIS-Max", "2.0"));
    response.insert_header(("GS1-CBV-Version", "2.0"));
    response.insert_header(("GS1-CBV-Min", "1.2"));
    response.insert_header(("GS1-CBV-Max", "2.0"));
    response.insert_header(("GS1-Vendor-Version", env!("CARGO_PKG_VERSION")));
}

fn no_prefix_declared(_: &str) -> Option<PrefixLength> {
    None
}
