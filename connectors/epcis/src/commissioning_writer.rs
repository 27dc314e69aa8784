//! Writes the commissioning of packs in any form of EPCIS (EPCIS 1.2, section 9; EPCIS 2.0, sections 9 and 10; CBV 1.2 and
//! 2.0, sections 7.1.1 and 8.2).
//!
//! Packs come one by one in any number; those of one lot that follow each other share an ObjectEvent. EPCIS 1.2 knows packs
//! by URN only, and a URN needs the length of the company prefix, which is handed in and never guessed; in 2.0 a pack
//! without a known prefix is a Digital Link. What the form cannot carry is counted and said, never dropped in silence.

use std::io::{self, Write};

use packtwin_core::company_prefix::PrefixLength;
use packtwin_core::digital_link::CANONICAL_STEM;
use packtwin_core::epc::write_sgtin;
use packtwin_core::fact::LotHead;
use packtwin_core::gtin::Gtin;
use packtwin_core::percent;
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use crate::json::EPCIS_CONTEXT;
use crate::translation::Form;

/// What surrounds the packs.
pub struct CommissioningSettings<'a> {
    /// The form of the document.
    pub form: Form,
    /// The time of the events and of the document, written in UTC.
    pub at: Timestamp,
    /// The length of the company prefix of a GTIN, as the owner declared it. Where it is `None`, a pack is a Digital Link in
    /// 2.0, and cannot be written in 1.2.
    pub prefix_length: &'a dyn Fn(&Gtin) -> Option<PrefixLength>,
    /// EPCs in one event; receivers set limits.
    pub epcs_per_event_max: u64,
}

/// Why a pack cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// EPCIS has no form for packs coded with a PPN.
    #[error("{0} is a PPN; EPCIS knows packs by GTIN only")]
    NoGtin(ProductCode),
    /// No company prefix is declared for the product.
    #[error(
        "no company prefix is declared for GTIN {0}; EPCIS 1.2 writes packs as URN, which needs its length. Declare the prefix, or use EPCIS 2.0"
    )]
    NoPrefix(Gtin),
    /// The bytes could not be written.
    #[error("the document could not be written")]
    Io(#[from] io::Error),
}

/// What was written, and what the form could not carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommissioningWritten {
    /// Packs.
    pub packs: u64,
    /// Events.
    pub events: u64,
    /// What was not carried, in whole sentences.
    pub not_carried: Vec<String>,
}

/// Writes one document.
pub struct CommissioningWriter<'a, W: Write> {
    out: W,
    settings: CommissioningSettings<'a>,
    open: Option<OpenEvent>,
    written: CommissioningWritten,
    manufactured_lost: u64,
    day_zero_lost: u64,
    line: String,
}

/// The event that is being written.
struct OpenEvent {
    lot: LotHead,
    gtin: Gtin,
    /// `None` where packs are Digital Links.
    prefix_length: Option<PrefixLength>,
    epcs: u64,
}

impl<'a, W: Write> CommissioningWriter<'a, W> {
    /// Begins the document.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(mut out: W, settings: CommissioningSettings<'a>) -> io::Result<Self> {
        let at = settings.at;
        match settings.form {
            Form::Xml1 | Form::Xml2 => {
                let (schema, version) = match settings.form {
                    Form::Xml1 => (1, "1.2"),
                    _ => (2, "2.0"),
                };
                write!(
                    out,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                     <epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:{schema}\" xmlns:cbvmda=\"urn:epcglobal:cbv:mda\" \
                     schemaVersion=\"{version}\" creationDate=\"{at}\">\n  <EPCISBody>\n    <EventList>\n"
                )?;
            }
            Form::Json2 => write!(
                out,
                "{{\n  \"@context\": [\"{EPCIS_CONTEXT}\"],\n  \"type\": \"EPCISDocument\",\n  \"schemaVersion\": \"2.0\",\n  \
                 \"creationDate\": \"{at}\",\n  \"epcisBody\": {{\n    \"eventList\": ["
            )?,
        }
        Ok(CommissioningWriter {
            out,
            settings,
            open: None,
            written: CommissioningWritten::default(),
            manufactured_lost: 0,
            day_zero_lost: 0,
            line: String::new(),
        })
    }

    /// Writes a pack. After a refusal the document goes on without it.
    ///
    /// # Errors
    /// See [`NotWritten`].
    pub fn pack(&mut self, lot: &LotHead, serial: &Serial) -> Result<(), NotWritten> {
        let limit = self.settings.epcs_per_event_max;
        let fits = |open: &OpenEvent| open.lot == *lot && open.epcs < limit;
        if !self.open.as_ref().is_some_and(fits) {
            self.begin_event(lot)?;
        }
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        open.epcs += 1;
        self.line.clear();
        let (before, behind) = match (self.settings.form, open.epcs) {
            (Form::Xml1 | Form::Xml2, _) => ("          <epc>", "</epc>\n"),
            (Form::Json2, 1) => ("\n          \"", "\""),
            (Form::Json2, _) => (",\n          \"", "\""),
        };
        self.line.push_str(before);
        let uri_at = self.line.len();
        match open.prefix_length {
            Some(length) => write_sgtin(&open.gtin, serial, length, &mut self.line),
            None => write_link(&open.gtin, serial, &mut self.line),
        }
        debug_assert!(
            !self.line[uri_at..].contains(['<', '&', '"', '\\']),
            "both spellings escape what the forms reserve"
        );
        self.line.push_str(behind);
        self.out.write_all(self.line.as_bytes())?;
        self.written.packs += 1;
        Ok(())
    }

    /// Ends the document.
    ///
    /// # Errors
    /// Writing failed.
    pub fn finish(mut self) -> io::Result<CommissioningWritten> {
        self.end_event()?;
        let end: &[u8] = match self.settings.form {
            Form::Xml1 | Form::Xml2 => {
                b"    </EventList>\n  </EPCISBody>\n</epcis:EPCISDocument>\n"
            }
            Form::Json2 => b"\n    ]\n  }\n}\n",
        };
        self.out.write_all(end)?;
        self.out.flush()?;
        if self.manufactured_lost > 0 {
            self.written.not_carried.push(format!(
                "The manufacturing date of {} events: the vocabulary has no place for it.",
                self.manufactured_lost
            ));
        }
        if self.day_zero_lost > 0 {
            self.written.not_carried.push(format!(
                "Day 00 in the expiry of {} events: a calendar day was written, the last of the month.",
                self.day_zero_lost
            ));
        }
        Ok(self.written)
    }

    fn begin_event(&mut self, lot: &LotHead) -> Result<(), NotWritten> {
        let ProductCode::Gtin(gtin) = lot.product else {
            return Err(NotWritten::NoGtin(lot.product));
        };
        let prefix_length = (self.settings.prefix_length)(&gtin);
        if prefix_length.is_none() && self.settings.form == Form::Xml1 {
            return Err(NotWritten::NoPrefix(gtin));
        }
        self.end_event()?;
        let at = self.settings.at;
        match self.settings.form {
            Form::Xml1 | Form::Xml2 => write!(
                self.out,
                "      <ObjectEvent>\n        <eventTime>{at}</eventTime>\n        \
                 <eventTimeZoneOffset>+00:00</eventTimeZoneOffset>\n        <epcList>\n"
            )?,
            Form::Json2 => write!(
                self.out,
                "{}\n      {{\n        \"type\": \"ObjectEvent\",\n        \"eventTime\": \"{at}\",\n        \
                 \"eventTimeZoneOffset\": \"+00:00\",\n        \"epcList\": [",
                if self.written.events == 0 { "" } else { "," }
            )?,
        }
        self.open = Some(OpenEvent {
            lot: lot.clone(),
            gtin,
            prefix_length,
            epcs: 0,
        });
        Ok(())
    }

    fn end_event(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let lot = &open.lot;
        self.manufactured_lost += u64::from(lot.manufactured.is_some());
        self.day_zero_lost += u64::from(lot.expiry.day_unspecified());
        self.written.events += 1;
        let (batch, day) = (lot.batch.as_str(), lot.expiry.last_day());
        if self.settings.form == Form::Json2 {
            return write!(
                self.out,
                "\n        ],\n        \"action\": \"ADD\",\n        \"bizStep\": \"commissioning\",\n        \
                 \"disposition\": \"active\",\n        \"ilmd\": {{\n          \
                 \"cbvmda:lotNumber\": \"{}\",\n          \"cbvmda:itemExpirationDate\": \"{day}\"\n        }}\n      }}",
                escaped_in_json(batch)
            );
        }
        // 1.2 has the data of the lot inside of an extension, 2.0 among the fields of the event.
        let (opening, closing, indent) = match self.settings.form {
            Form::Xml1 => ("<extension>\n          ", "\n        </extension>", "  "),
            _ => ("", "", ""),
        };
        let batch = escaped(batch);
        write!(
            self.out,
            "        </epcList>\n        <action>ADD</action>\n        \
             <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>\n        \
             <disposition>urn:epcglobal:cbv:disp:active</disposition>\n        {opening}<ilmd>\n          {indent}\
             <cbvmda:lotNumber>{batch}</cbvmda:lotNumber>\n          {indent}\
             <cbvmda:itemExpirationDate>{day}</cbvmda:itemExpirationDate>\n        {indent}\
             </ilmd>{closing}\n      </ObjectEvent>\n"
        )
    }
}

/// The canonical Digital Link of a pack (GS1 Digital Link, section 4; EPCIS 2.0, section 8.2.2).
fn write_link(gtin: &Gtin, serial: &Serial, to: &mut String) {
    to.push_str(CANONICAL_STEM);
    to.push_str("/01/");
    to.push_str(gtin.as_str());
    to.push_str("/21/");
    percent::encode(serial.as_str(), to);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A batch number has characters of GS1 set 82 alone: of what JSON reserves, the quotation mark.
fn escaped_in_json(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
