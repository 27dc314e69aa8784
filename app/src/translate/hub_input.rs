//! Hub documents as input: the packs of product pack data, and what its header says for the way back.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use packtwin_connector_port::document::Envelope;
use packtwin_connector_port::serial_file::{LotIndex, SeenLot, SerialFileSink};
use packtwin_core::code::Code;
use packtwin_core::fact::Fact;
use packtwin_core::market::Market;
use packtwin_core::refusal::Refusal;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_eu_hub::reading::DocumentSink;
use packtwin_eu_hub::{ReadError, read_document};

use super::NotTranslated;
use super::gather::Gathering;

/// Bytes at the end of a document in which its root must be closed.
const TAIL_BYTES: u64 = 1024;

/// What one document says beside its packs.
pub(super) struct HubSource {
    pub(super) envelope: Envelope,
    pub(super) version: u32,
    pub(super) markets: Vec<Market>,
}

/// Reads one document; `place` names it in refusals, and is empty where it is the only one.
pub(super) fn read(
    path: &Path,
    place: &str,
    at: Timestamp,
    gathering: &mut Gathering<'_, '_>,
) -> Result<HubSource, NotTranslated> {
    let mut sink = PacksOnly {
        gathering,
        at,
        lot: None,
        other: None,
    };
    let file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let read = read_document(file, &mut sink);
    if let Some(kind) = sink.other {
        let text = format!(
            "The document carries {kind}. Only product pack data names the packs of a lot; nothing else can be translated."
        );
        let refusal = Refusal::at(Code::UploadNotCommissioning, place, text);
        return Err(NotTranslated::Refused(refusal.into()));
    }
    if let Some(failed) = gathering.failed.take() {
        return Err(failed.into());
    }
    let document = match read {
        Ok(document) => document,
        Err(ReadError::Io(error)) => return Err(error.into()),
        Err(error) => {
            let code = match &error {
                ReadError::Malformed { .. } if is_cut(path)? => Code::UploadCut,
                ReadError::Total { .. } => Code::UploadCut,
                ReadError::Malformed { .. } => Code::UploadXml,
                ReadError::NotOurs(_) => Code::UploadNotRecognised,
                ReadError::Field { .. } | ReadError::Io(_) => Code::RequestMalformed,
            };
            let refusal = Refusal::at(code, place, format!("{error}. {}", code.remedy()));
            return Err(NotTranslated::Refused(refusal.into()));
        }
    };
    match document.fact {
        Fact::Commissioned {
            version, markets, ..
        } => Ok(HubSource {
            envelope: document.envelope,
            version,
            markets,
        }),
        other => Err(NotTranslated::refused(
            Code::UploadNotCommissioning,
            format!("The document carries {}.", other.kind().as_str()),
        )),
    }
}

/// Whether the file ends before its root element does.
fn is_cut(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(!String::from_utf8_lossy(&tail).contains("HubMessage>"))
}

/// Hands packs on as rows, counted over all documents.
struct PacksOnly<'g, 't, 'u> {
    gathering: &'g mut Gathering<'t, 'u>,
    at: Timestamp,
    lot: Option<LotIndex>,
    other: Option<&'static str>,
}

impl DocumentSink for PacksOnly<'_, '_, '_> {
    fn fact(&mut self, fact: &Fact) -> io::Result<()> {
        let Fact::Commissioned {
            lot,
            version,
            markets,
        } = fact
        else {
            self.other = Some(fact.kind().as_str());
            return Err(io::Error::other("no packs"));
        };
        let seen = SeenLot {
            product_text: lot.product.to_string(),
            batch_text: lot.batch.to_string(),
            expiry_text: lot.expiry.to_string(),
            market_text: String::new(),
            product: Some(lot.product),
            head: Some(lot.clone()),
            flawed_by: Vec::new(),
        };
        let index = self.gathering.lot(seen).map_err(io::Error::other)?;
        let known = self.gathering.lots.lot_of_mut(index.0 as u16);
        let words = (*version, markets.clone());
        if !known.hub_words.contains(&words) {
            known.hub_words.push(words);
        }
        if lot.expiry.is_expired_on(self.at.date()) {
            let text = format!(
                "expiry {} passed on {}; check the date",
                lot.expiry,
                lot.expiry.last_day()
            );
            let row = self.gathering.rows + 1;
            let finding = packtwin_core::finding::Finding::warning(
                Code::UploadExpiryPassed,
                row,
                "Expiry",
                text,
            );
            self.gathering.finding(finding).map_err(io::Error::other)?;
        }
        self.lot = Some(index);
        Ok(())
    }

    fn pack(&mut self, serial: Serial) -> io::Result<()> {
        let Some(lot) = self.lot else {
            return Err(io::Error::other("a pack before its lot"));
        };
        let row = self.gathering.rows + 1;
        self.gathering
            .row(row, lot, Some(serial))
            .map_err(io::Error::other)
    }
}
