//! Writes the commissioning of packs as EPCIS 1.2 XML (GS1 EPCIS 1.2, section 9; CBV 1.2, sections 7.1.1 and 8.2).
//!
//! Packs come one by one in any number; those of one lot that follow each other share an ObjectEvent. EPCIS 1.2 knows packs
//! by URN only, and a URN needs the length of the company prefix, which is handed in and never guessed. What the form
//! cannot carry is counted and said, never dropped in silence.

use std::io::{self, Write};

use packtwin_core::company_prefix::PrefixLength;
use packtwin_core::epc::write_sgtin;
use packtwin_core::fact::LotHead;
use packtwin_core::gtin::Gtin;
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

/// What surrounds the packs.
pub struct CommissioningSettings<'a> {
    /// The time of the events and of the document, written in UTC.
    pub at: Timestamp,
    /// The length of the company prefix of a GTIN, as the owner declared it.
    pub prefix_length: &'a dyn Fn(&Gtin) -> Option<PrefixLength>,
    /// EPCs in one event; receivers set limits.
    pub epcs_per_event_max: u64,
}

/// Why a pack cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    /// EPCIS 1.2 has no form for packs coded with a PPN.
    #[error("{0} is a PPN; EPCIS 1.2 knows packs by GTIN only")]
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
    prefix_length: PrefixLength,
    epcs: u64,
}

impl<'a, W: Write> CommissioningWriter<'a, W> {
    /// Begins the document.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(mut out: W, settings: CommissioningSettings<'a>) -> io::Result<Self> {
        write!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\" xmlns:cbvmda=\"urn:epcglobal:cbv:mda\" \
             schemaVersion=\"1.2\" creationDate=\"{}\">\n  <EPCISBody>\n    <EventList>\n",
            settings.at
        )?;
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
        self.line.push_str("          <epc>");
        let uri_at = self.line.len();
        write_sgtin(&open.gtin, serial, open.prefix_length, &mut self.line);
        debug_assert!(
            !self.line[uri_at..].contains(['<', '&']),
            "EPC URIs escape both"
        );
        self.line.push_str("</epc>\n");
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
        self.out
            .write_all(b"    </EventList>\n  </EPCISBody>\n</epcis:EPCISDocument>\n")?;
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
        let prefix_length =
            (self.settings.prefix_length)(&gtin).ok_or(NotWritten::NoPrefix(gtin))?;
        self.end_event()?;
        write!(
            self.out,
            "      <ObjectEvent>\n        <eventTime>{}</eventTime>\n        \
             <eventTimeZoneOffset>+00:00</eventTimeZoneOffset>\n        <epcList>\n",
            self.settings.at
        )?;
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
        write!(
            self.out,
            "        </epcList>\n        <action>ADD</action>\n        \
             <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>\n        \
             <disposition>urn:epcglobal:cbv:disp:active</disposition>\n        <extension>\n          <ilmd>\n            \
             <cbvmda:lotNumber>{}</cbvmda:lotNumber>\n            \
             <cbvmda:itemExpirationDate>{}</cbvmda:itemExpirationDate>\n          \
             </ilmd>\n        </extension>\n      </ObjectEvent>\n",
            escaped(lot.batch.as_str()),
            lot.expiry.last_day()
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
