//! The last pass: the packs in the other form, and what that form has no place for.

use std::collections::BTreeSet;
use std::io::{self, Write};

use packtwin_connector_port::document::{Connector, Envelope, WriteError};
use packtwin_core::fact::{LotHead, SerialSource};
use packtwin_core::gtin::Gtin;
use packtwin_core::serial::Serial;
use packtwin_epcis::commissioning_writer::{
    CommissioningSettings, CommissioningWriter, NotWritten,
};
use packtwin_epcis::translation;
use packtwin_partner::recognise::Kind;
use packtwin_partner::serial_csv::{SerialCsvWriter, SerialWorkbookWriter, WorkbookError};

use super::compare::Packs;
use super::gather::Gathered;
use super::hub_input::HubSource;
use super::lots::Lots;
use super::requirements::{Ready, ReadyLot};
use super::{Amount, Form, NotTranslated, Outputs, TranslateOrder, Translated};

/// Writes everything.
pub(super) fn write(
    order: &TranslateOrder<'_>,
    mut ready: Ready,
    outputs: &mut dyn Outputs,
) -> Result<Translated, NotTranslated> {
    let documents = ready.hub.as_ref().map_or(1, |hub| hub.documents);
    outputs.announce(documents)?;
    let mut not_carried = std::mem::take(&mut ready.compared.gathered.not_read);
    not_carried.extend(lost(order, &ready));
    let packs = match order.to {
        Form::Csv => write_csv(&mut ready, outputs.next()?)?,
        Form::Xlsx => write_workbook(&mut ready, outputs.next()?)?,
        Form::EuHub => write_hub(&mut ready, outputs)?,
        Form::Epcis12 | Form::Epcis20 | Form::Epcis20Xml => {
            let form = order.to.epcis().unwrap_or(translation::Form::Xml1);
            let (packs, lost) = write_epcis(form, order, &mut ready, outputs.next()?)?;
            not_carried.extend(lost);
            packs
        }
    };
    Ok(Translated {
        recognised: ready.compared.gathered.recognised,
        amount: Amount::Packs {
            rows: ready.compared.gathered.rows,
            packs,
            lots: ready.lots.iter().flatten().count() as u64,
        },
        documents,
        not_carried,
        notes: Vec::new(),
        left_out: ready.compared.left_out,
    })
}

/// Hands every pack that is to be written to `take`. Answers how many there were.
fn each_pack(
    ready: &mut Ready,
    mut take: impl FnMut(&LotHead, &Serial) -> Result<(), NotTranslated>,
) -> Result<u64, NotTranslated> {
    let lots = &ready.compared.gathered.lots;
    let packs = &mut ready.compared.packs;
    let mut written = 0;
    while let Some((combination, serial)) = next_of(packs, lots, &ready.lots)? {
        if let Some(head) = lots.head(combination) {
            take(head, &serial)?;
            written += 1;
        }
    }
    Ok(written)
}

/// The next pack of a lot that is written.
fn next_of(
    packs: &mut Packs,
    lots: &Lots,
    ready: &[Option<ReadyLot>],
) -> io::Result<Option<(u16, Serial)>> {
    loop {
        match packs.next_pack()? {
            Some((combination, _)) if ready[lots.number_of(combination)].is_none() => {}
            other => return Ok(other),
        }
    }
}

fn write_csv(ready: &mut Ready, out: &mut dyn Write) -> Result<u64, NotTranslated> {
    let table = ready.compared.gathered.table.as_ref();
    let mut writer = match table.and_then(|table| Some((table, table.separator?))) {
        // The output keeps separator and encoding of the input (users.md, section 4).
        Some((table, separator)) if table.kind == Kind::SeparatedText => {
            SerialCsvWriter::in_form(out, table.encoding, separator, table.line_end)?
        }
        _ => SerialCsvWriter::new(out)?,
    };
    let packs = each_pack(ready, |lot, serial| Ok(writer.pack(lot, serial)?))?;
    writer.finish()?;
    Ok(packs)
}

fn write_workbook(ready: &mut Ready, out: &mut (dyn Write + Send)) -> Result<u64, NotTranslated> {
    let failed = |error: WorkbookError| NotTranslated::Io(io::Error::other(error));
    let mut writer = SerialWorkbookWriter::new().map_err(failed)?;
    let packs = each_pack(ready, |lot, serial| {
        writer.pack(lot, serial).map_err(failed)
    })?;
    writer.finish(out).map_err(failed)?;
    Ok(packs)
}

fn write_epcis(
    form: translation::Form,
    order: &TranslateOrder<'_>,
    ready: &mut Ready,
    out: &mut dyn Write,
) -> Result<(u64, Vec<String>), NotTranslated> {
    let prefix_length = |gtin: &Gtin| order.prefix.as_ref().and_then(|rule| rule.of_gtin(gtin));
    let settings = CommissioningSettings {
        form,
        at: ready.events_at,
        prefix_length: &prefix_length,
        epcs_per_event_max: order.packs_max,
    };
    let mut writer = CommissioningWriter::new(out, settings)?;
    let packs = each_pack(ready, |lot, serial| {
        writer.pack(lot, serial).map_err(|error| match error {
            NotWritten::Io(error) => NotTranslated::Io(error),
            unfit => NotTranslated::Io(io::Error::other(unfit)),
        })
    })?;
    let written = writer.finish()?;
    Ok((packs, written.not_carried))
}

/// One document after the other: lot by lot, each split at the limit.
fn write_hub(ready: &mut Ready, outputs: &mut dyn Outputs) -> Result<u64, NotTranslated> {
    let Some(hub) = &ready.hub else {
        return Ok(0);
    };
    let mut written = 0;
    let mut number = 0;
    for lot in ready.lots.iter().flatten() {
        let Some(fact) = &lot.fact else {
            continue;
        };
        for size in hub.connector.settings().split(lot.packs) {
            number += 1;
            let envelope = Envelope {
                message_id: hub.message_id(number)?,
                ..hub.envelope.clone()
            };
            let mut serials = Stretch {
                packs: &mut ready.compared.packs,
                lots: &ready.compared.gathered.lots,
                ready: &ready.lots,
                left: size,
            };
            let document = hub
                .connector
                .write(fact, &mut serials, &envelope, outputs.next()?);
            written += match document {
                Ok(document) => document.packs,
                Err(WriteError::Io(error)) => return Err(error.into()),
                Err(WriteError::Refused(refusals)) => return Err(NotTranslated::Refused(refusals)),
                Err(error @ WriteError::NotCarried { .. }) => {
                    return Err(NotTranslated::Io(io::Error::other(error)));
                }
            };
        }
    }
    Ok(written)
}

/// The next packs of one lot.
struct Stretch<'s> {
    packs: &'s mut Packs,
    lots: &'s Lots,
    ready: &'s [Option<ReadyLot>],
    left: u64,
}

impl SerialSource for Stretch<'_> {
    fn next_serial(&mut self) -> io::Result<Option<Serial>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        match next_of(self.packs, self.lots, self.ready)? {
            Some((_, serial)) => Ok(Some(serial)),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// What the other form has no place for.
fn lost(order: &TranslateOrder<'_>, ready: &Ready) -> Vec<String> {
    let gathered = &ready.compared.gathered;
    let form = order.to.as_str();
    let mut lost = Vec::new();
    let markets: BTreeSet<&str> = gathered
        .lots
        .lots
        .iter()
        .flat_map(|lot| lot.markets_written.iter().map(String::as_str))
        .collect();
    let named = markets.into_iter().collect::<Vec<&str>>().join(", ");
    match order.to {
        Form::Csv | Form::Xlsx | Form::Epcis12 | Form::Epcis20 | Form::Epcis20Xml => {
            if !named.is_empty() {
                lost.push(format!(
                    "The markets that the file names ({named}): {form} has no place for them."
                ));
            }
            lost.extend(gathered.hub.iter().map(|source| words_of(source, form)));
        }
        Form::EuHub => {
            if !named.is_empty() && !order.hub.markets.is_empty() {
                lost.push(format!(
                    "The markets that the file names ({named}): --market says others for all lots."
                ));
            }
            lost.extend(manufactured(gathered, &ready.lots));
            let kept = ready.hub.as_ref().is_some_and(|hub| hub.message_id_given);
            if !gathered.hub.is_empty() && !kept {
                lost.push("The message ids of the input: the documents are others now and have their own.".to_owned());
            }
        }
    }
    lost
}

fn manufactured(gathered: &Gathered, ready: &[Option<ReadyLot>]) -> Option<String> {
    let mut lots: Vec<u16> = gathered
        .lots
        .combinations
        .iter()
        .filter(|combination| ready[usize::from(combination.lot)].is_some())
        .filter(|combination| {
            let head = combination.right.as_ref().map(|(_, head)| head);
            head.is_some_and(|head| head.manufactured.is_some())
        })
        .map(|combination| combination.lot)
        .collect();
    lots.sort_unstable();
    lots.dedup();
    (!lots.is_empty()).then(|| {
        format!(
            "The manufacturing date of {} lots: the hub's documents have no place for it.",
            lots.len()
        )
    })
}

/// What a hub document says beside its packs, as the options that write it again.
fn words_of(source: &HubSource, form: &str) -> String {
    let Envelope {
        message_id,
        event_at,
        sender,
        release,
        environment,
        callback_url,
    } = &source.envelope;
    let markets: Vec<&str> = source
        .markets
        .iter()
        .map(|market| market.as_str())
        .collect();
    let callback = match callback_url {
        Some(url) => format!(" --callback-url {}", quoted(url)),
        None => String::new(),
    };
    format!(
        "What the hub document says beside its packs: {form} has no place for it. The way back needs: --sender {} --environment {environment} --hub-release {release} --product-version {} --market {} --message-id {} --event-time {event_at}{callback}",
        quoted(sender),
        source.version,
        markets.join(","),
        quoted(message_id)
    )
}

/// A text as a shell reads it back.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/,@%+=".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
