//! File to file without a server: a partner's file becomes hub documents, a hub document becomes a table, and so on.
//!
//! One pass reads every row, tells every finding and spools the right rows; sorted, they show duplicates as neighbours.
//! What the other form needs and lacks is told all at once. Only then is written, in one more pass, so that a refused
//! file leaves nothing behind. Memory stays flat at any number of packs. What the other form has no place for is named in
//! the answer, never dropped in silence. Serves URS-SN-005 and URS-CN-002.
//!
//! From one form of EPCIS to another no packs are gathered: the document is carried whole, event by event, with its header,
//! master data and foreign content; see `documents`.
//!
//! Knows no store: whether a product is known or a serial taken is the upload's business, see [`crate::upload`].

mod compare;
mod documents;
mod form;
mod gather;
mod hub_input;
mod lots;
mod requirements;
mod source;
mod write;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use packtwin_core::code::Code;
use packtwin_core::company_prefix::{Declared, PrefixLength};
use packtwin_core::environment::Environment;
use packtwin_core::finding::Finding;
use packtwin_core::gtin::Gtin;
use packtwin_core::market::Market;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::time::Timestamp;
use packtwin_epcis::dialect::Dialect;
use packtwin_partner::mapping::Field;

pub use self::documents::{CbvSpelling, DocumentWords, EpcSpelling};
pub use self::form::{Form, FormUnknown};
use self::source::Source;

/// Rows kept in memory while sorting, 32 bytes each; more go through the disk.
const SORT_ROWS_MAX: usize = 500_000;

/// What to translate, and what the file itself does not say.
pub struct TranslateOrder<'a> {
    /// The files; several only where each is a hub document.
    pub inputs: &'a [PathBuf],
    /// What the files must be; `None` takes what their content says.
    pub from: Option<Form>,
    /// What to write.
    pub to: Form,
    /// A column mapping in its text form; `None` takes the one that the headings suggest. Tables only.
    pub mapping: Option<&'a str>,
    /// Values that stand for every row. Tables only.
    pub fixed: &'a [(Field, String)],
    /// Codes whose proposals are accepted.
    pub accepted: BTreeSet<Code>,
    /// Codes whose values are right as they are.
    pub kept: BTreeSet<Code>,
    /// What to do when some lots have errors.
    pub lots: LotsWanted,
    /// What hub documents say beside the packs.
    pub hub: HubWords,
    /// The dialect in which documents of EPCIS are read; `None` takes the standard alone.
    pub dialect: Option<&'static Dialect>,
    /// How EPCIS documents are spelled anew. From EPCIS to EPCIS only.
    pub document: DocumentWords,
    /// When the packs were commissioned, for documents. Without it what a hub document of the input says, or else now.
    pub event_at: Option<Timestamp>,
    /// How long company prefixes are, for forms that write EPC URNs. Never guessed.
    pub prefix: Option<PrefixRule>,
    /// Most packs in one hub document, or in one EPCIS event.
    pub packs_max: u64,
    /// A folder for sorting; what is left in it is rubbish.
    pub work: &'a Path,
    /// The present time.
    pub at: Timestamp,
}

/// What to do when some lots have errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LotsWanted {
    /// All or nothing.
    All,
    /// The correct ones; the others are named in the answer.
    Correct,
}

/// What hub documents say beside the packs. What is `None` or empty is taken from the input where it is a hub document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubWords {
    /// Under which name the hub knows the sender.
    pub sender: Option<String>,
    /// The environment; test when nothing says otherwise, so that nothing passes for real by omission (URS-CN-009).
    pub environment: Option<Environment>,
    /// The hub's release; the newest when nothing says otherwise.
    pub release: Option<String>,
    /// The product version that the lots belong to.
    pub version: Option<u32>,
    /// The markets of that version.
    pub markets: Vec<Market>,
    /// The message id; numbered where there are several documents; made at random when nothing says otherwise.
    pub message_id: Option<String>,
    /// Where the hub shall send late answers.
    pub callback_url: Option<String>,
}

/// Where the company prefix of a GTIN ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrefixRule {
    /// All GTINs of the file have a prefix of this length.
    Length(PrefixLength),
    /// The prefixes that the company has.
    Declared(Declared),
}

impl PrefixRule {
    fn of_gtin(&self, gtin: &Gtin) -> Option<PrefixLength> {
        match self {
            PrefixRule::Length(length) => Some(*length),
            PrefixRule::Declared(declared) => declared.of_gtin(gtin),
        }
    }

    /// The same for any key, from the first digit of its prefix on.
    fn of_key(&self, key: &str) -> Option<PrefixLength> {
        match self {
            PrefixRule::Length(length) => Some(*length),
            PrefixRule::Declared(declared) => declared.length_of(key),
        }
    }
}

/// Where documents go, one after the other.
pub trait Outputs {
    /// Says how many documents will come, before the first one.
    ///
    /// # Errors
    /// There is no place for so many, in one sentence.
    fn announce(&mut self, documents: u64) -> Result<(), OutputFault>;

    /// Whether what is written is gone for good, as on a pipe. Where it is not, a failure takes everything back.
    fn is_final(&self) -> bool;

    /// The place of the next document.
    ///
    /// # Errors
    /// It cannot be made.
    fn next(&mut self) -> io::Result<&mut (dyn Write + Send)>;
}

/// Why documents have no place to go.
#[derive(Debug, thiserror::Error)]
pub enum OutputFault {
    /// The place that was named cannot take so many documents.
    #[error("{0}")]
    NoPlace(String),
    /// It cannot be made.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What was translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// What the input was recognised as.
    pub recognised: String,
    /// How much.
    pub amount: Amount,
    /// Documents written.
    pub documents: u64,
    /// What the other form has no place for, and what was not read, in sentences.
    pub not_carried: Vec<String>,
    /// What was carried, and whoever reads the document should know, in sentences.
    pub notes: Vec<String>,
    /// Lots that were left out because of errors, in sentences.
    pub left_out: Vec<String>,
}

/// How much was translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Packs, lot by lot.
    Packs {
        /// Rows of the input.
        rows: u64,
        /// Packs written.
        packs: u64,
        /// Lots written.
        lots: u64,
    },
    /// Whole documents of EPCIS.
    Events {
        /// Events of the input; those that are lost are named among what was not carried.
        read: u64,
    },
}

/// Why nothing was translated.
#[derive(Debug, thiserror::Error)]
pub enum NotTranslated {
    /// What was ordered makes no sense for this input or output, in sentences.
    #[error("{}", .0.join("; "))]
    Order(Vec<String>),
    /// Findings stand against lots; each was told. The lots with their errors, in sentences.
    #[error("{}", .0.join("; "))]
    Findings(Vec<String>),
    /// The input is refused, or lacks what the other form needs.
    #[error("{0}")]
    Refused(Refusals),
    /// Bytes could not be read or written.
    #[error("input or output failed")]
    Io(#[from] io::Error),
}

impl NotTranslated {
    fn refused(code: Code, text: impl Into<String>) -> Self {
        NotTranslated::Refused(Refusal::new(code, text).into())
    }
}

impl From<OutputFault> for NotTranslated {
    fn from(fault: OutputFault) -> Self {
        match fault {
            OutputFault::NoPlace(text) => NotTranslated::Order(vec![text]),
            OutputFault::Io(error) => NotTranslated::Io(error),
        }
    }
}

/// Takes a finding: those of single rows in their order, then those of whole lots, then serials that stand twice.
pub type TakeFinding<'t> = dyn FnMut(&Finding) -> io::Result<()> + 't;

/// Translates. Nothing is asked of `outputs` before it is certain that all can be written.
///
/// # Errors
/// See [`NotTranslated`]; what stands in `outputs` is then to be thrown away.
pub fn translate(
    order: &TranslateOrder<'_>,
    outputs: &mut dyn Outputs,
    told: &mut TakeFinding<'_>,
) -> Result<Translated, NotTranslated> {
    let source = source::look(order)?;
    if let (Source::Epcis(from), Some(to)) = (&source, order.to.epcis()) {
        return documents::carry(order, *from, to, outputs, told);
    }
    requirements::check_order(order)?;
    let gathered = gather::gather(order, source, told)?;
    let compared = compare::compare(order, gathered, told)?;
    let ready = requirements::settle(order, compared)?;
    write::write(order, ready, outputs)
}

#[cfg(test)]
mod tests;
