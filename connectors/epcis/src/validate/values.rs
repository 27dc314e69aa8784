//! The values of a single event: words of the vocabularies, and texts that must be URIs (CBV 2.0, sections 7 and 8; the JSON
//! schema of EPCIS 2.0).

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::code::Code;
use packtwin_core::finding::Severity;

use super::about;
use super::structure::Check;
use crate::cbv::Standard;

impl Check<'_> {
    /// Texts that must be URIs, whatever they name.
    pub(super) fn values(&mut self) {
        let event = self.event;
        let single = [
            ("eventID", &event.event_id),
            ("transformationID", &event.transformation_id),
        ];
        for (name, value) in single {
            if let Some(value) = value {
                self.uri(name, value);
            }
        }
        for value in &event.certification_info {
            self.uri("certificationInfo", value);
        }
        for (name, list) in [
            ("bizTransaction", &event.biz_transactions),
            ("source", &event.sources),
            ("destination", &event.destinations),
        ] {
            for typed in list.iter().flatten() {
                self.uri(name, &typed.value);
            }
        }
    }

    /// What a sensor measures: a word of the GS1 Web Vocabulary, or a URI that is not of it.
    pub(super) fn measurement(&mut self, kind: Option<&str>) {
        let Some(kind) = kind else {
            let text = "a sensor report has no type".to_owned();
            return self.error(Code::EpcisFieldMissing, "sensorReport", text);
        };
        let of_gs1 = ["://gs1.org/voc/", "://www.gs1.org/voc/"];
        let is_foreign = is_uri(kind) && !of_gs1.iter().any(|stem| kind.contains(stem));
        if Standard::MeasurementType.value(kind).is_none() && !is_foreign {
            let text = format!(
                "the type {} of a sensor report is no measurement of GS1",
                quoted(kind)
            );
            self.error(Code::EpcisVocabularyUnknown, "type", text);
        }
    }

    pub(super) fn vocabulary(&mut self) {
        let event = self.event;
        self.word("bizStep", Standard::BizStep, event.biz_step.as_deref());
        self.word(
            "disposition",
            Standard::Disposition,
            event.disposition.as_deref(),
        );
        if let Some(persistent) = &event.persistent_disposition {
            for value in persistent.set.iter().chain(&persistent.unset) {
                self.word("persistentDisposition", Standard::Disposition, Some(value));
            }
        }
        if let Some(declaration) = &event.error_declaration {
            self.word(
                "reason",
                Standard::ErrorReason,
                declaration.reason.as_deref(),
            );
        }
        for (name, standard, list) in [
            (
                "bizTransaction",
                Standard::TransactionType,
                &event.biz_transactions,
            ),
            ("source", Standard::SourceDestType, &event.sources),
            ("destination", Standard::SourceDestType, &event.destinations),
        ] {
            for typed in list.iter().flatten() {
                self.word(name, standard, typed.kind.as_deref());
            }
        }
    }

    /// A value behind a stem of CBV, and a bare word, must be one of the standard; a URI of somebody's own may be anything.
    fn word(&mut self, name: &str, standard: Standard, value: Option<&str>) {
        if let Some(value) = value.filter(|value| self.is_json && standard.word(value).is_none()) {
            self.uri(name, value);
        }
        let Some(value) =
            value.filter(|value| standard.word(value).is_some() && standard.value(value).is_none())
        else {
            return;
        };
        let code = match standard {
            Standard::BizStep => Code::EpcisBizStepUnknown,
            _ => Code::EpcisVocabularyUnknown,
        };
        let near = standard.nearest(value);
        let proposal = near.map_or(String::new(), |near| format!(" such as {near}"));
        let what = if name == "bizStep" {
            "business step"
        } else {
            name
        };
        let text = format!(
            "{what} {} is unknown. Use a CBV value{proposal}",
            quoted(value)
        );
        let severity = if self.is_json {
            Severity::Error
        } else {
            Severity::Warning
        };
        let mut finding = about(self.event, code, severity, name, text);
        finding.proposal = near.map(str::to_owned);
        self.findings.push(finding);
    }

    pub(super) fn uri(&mut self, name: &str, value: &str) {
        if !is_uri(value) {
            self.error_in_json(
                Code::EpcisFieldWrong,
                name,
                format!("{name} {} is no URI", quoted(value)),
            );
        }
    }
}

/// A scheme, and none of the characters that no URI has (RFC 3986).
pub(crate) fn is_uri(text: &str) -> bool {
    let scheme = text.split(':').next().unwrap_or_default();
    scheme.len() < text.len()
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().fold(true, |all, byte| {
            all & (byte > b' ')
                & !matches!(
                    byte,
                    b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'`'
                )
                & (byte < 0x7f)
        })
}
