//! The first pass: every row is read, every finding told, every right row spooled.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use packtwin_connector_port::serial_file::{
    LotIndex, ReadRefused, ReadSettings, SeenLot, SerialFileSink, Stop,
};
use packtwin_core::code::Code;
use packtwin_core::finding::Finding;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::serial::Serial;
use packtwin_epcis::commissioning;
use packtwin_epcis::translation;
use packtwin_epcis::unread_fields::{self, unread_fields_of_events};
use packtwin_partner::mapping::{Field, Mapping};
use packtwin_partner::recognise::Recognised;

use super::hub_input::{self, HubSource};
use super::lots::Lots;
use super::source::{self, Source};
use super::{Form, NotTranslated, SORT_ROWS_MAX, TakeFinding, TranslateOrder, documents};
use crate::house::HouseSettings;
use crate::upload::{Entry, ReadOrder, Spool, read_serial_file};

/// What the files hold.
pub(super) struct Gathered {
    /// What a table looks like; output of the same form keeps to it.
    pub(super) table: Option<Recognised>,
    pub(super) recognised: String,
    pub(super) lots: Lots,
    pub(super) rows: u64,
    pub(super) spool: Spool,
    /// What was not read, in sentences.
    pub(super) not_read: Vec<String>,
    /// What the headers of hub documents say.
    pub(super) hub: Vec<HubSource>,
}

/// Reads everything.
pub(super) fn gather(
    order: &TranslateOrder<'_>,
    source: Source,
    told: &mut TakeFinding<'_>,
) -> Result<Gathered, NotTranslated> {
    let mut gathering = Gathering {
        lots: Lots::default(),
        rows: 0,
        spool: Spool::new(order.work, "rows", SORT_ROWS_MAX),
        told,
        failed: None,
    };
    let path = &order.inputs[0];
    let mut gathered = match source {
        Source::Hub => gather_hub(order, &mut gathering)?,
        Source::Epcis(form) => gather_epcis(order, form, path, &mut gathering)?,
        Source::Table(found) => gather_table(order, *found, path, &mut gathering)?,
    };
    gathered.lots = gathering.lots;
    gathered.rows = gathering.rows;
    gathered.spool = gathering.spool;
    Ok(gathered)
}

fn gather_hub(
    order: &TranslateOrder<'_>,
    gathering: &mut Gathering<'_, '_>,
) -> Result<Gathered, NotTranslated> {
    refuse_table_words(order, Form::EuHub)?;
    refuse_dialect(order)?;
    let mut gathered = Gathered::empty(order);
    for path in order.inputs {
        let place = match order.inputs {
            [_] => String::new(),
            _ => path.display().to_string(),
        };
        let source = hub_input::read(path, &place, order.at, gathering)?;
        gathered.hub.push(source);
    }
    gathered.recognised = match gathered.hub.as_slice() {
        [one] => format!("EU hub document, release {}", one.envelope.release),
        several => format!("{} EU hub documents", several.len()),
    };
    Ok(gathered)
}

/// The commissioning events of a document, and by name what they say beside their packs.
fn gather_epcis(
    order: &TranslateOrder<'_>,
    form: translation::Form,
    path: &Path,
    gathering: &mut Gathering<'_, '_>,
) -> Result<Gathered, NotTranslated> {
    refuse_table_words(order, Form::of_epcis(form))?;
    let mut gathered = Gathered::empty(order);
    gathered.recognised = source::describe(form).to_owned();
    let settings = ReadSettings {
        accepted: order.accepted.clone(),
        lots_max: lots_max(),
        ..ReadSettings::new(order.at)
    };
    let read = match form {
        translation::Form::Xml1 | translation::Form::Xml2 if order.dialect.is_none() => {
            let file = BufReader::with_capacity(256 * 1024, File::open(path)?);
            commissioning::read(file, &settings, gathering)
        }
        _ => {
            commissioning::read_events(&mut *documents::reader(order, path)?, &settings, gathering)
        }
    };
    if let Some(failed) = gathering.failed.take() {
        return Err(failed.into());
    }
    let summary = read.map_err(refused)?;
    gathered.not_read = [summary.not_taken, summary.notes].concat();
    gathered.not_read.extend(unread_fields(order, form, path)?);
    Ok(gathered)
}

fn gather_table(
    order: &TranslateOrder<'_>,
    recognised: Recognised,
    path: &Path,
    gathering: &mut Gathering<'_, '_>,
) -> Result<Gathered, NotTranslated> {
    refuse_dialect(order)?;
    let mut gathered = Gathered::empty(order);
    gathered.recognised = recognised.describe();
    let mapping = mapping(order, &recognised)?;
    let text = mapping.to_string();
    let reading = ReadOrder {
        path,
        mapping: Some(&text),
        accepted: &order.accepted,
        kept: &order.kept,
        lots_max: lots_max(),
        at: order.at,
    };
    let read = read_serial_file(&reading, gathering);
    if let Some(failed) = gathering.failed.take() {
        return Err(failed.into());
    }
    let summary = read.map_err(refused)?;
    gathered.not_read = [summary.not_taken, summary.notes].concat();
    let unread = mapping.unread(&recognised);
    if !unread.is_empty() {
        let text = format!("Columns that were not read: {}.", unread.join(", "));
        gathered.not_read.push(text);
    }
    gathered.table = Some(recognised);
    Ok(gathered)
}

fn lots_max() -> u32 {
    u32::try_from(HouseSettings::default().upload_lots_max).unwrap_or(u32::MAX)
}

fn unread_fields(
    order: &TranslateOrder<'_>,
    form: translation::Form,
    path: &Path,
) -> Result<Option<String>, NotTranslated> {
    let fields = match form {
        translation::Form::Xml1 | translation::Form::Xml2 if order.dialect.is_none() => {
            unread_fields::unread_fields(File::open(path)?).map_err(refused)?
        }
        _ => unread_fields_of_events(&mut *documents::reader(order, path)?)
            .map_err(documents::refused)?,
    };
    let words: Vec<String> = fields
        .iter()
        .map(|(name, events)| format!("{name} ({events})"))
        .collect();
    Ok((!words.is_empty()).then(|| {
        format!(
            "Fields of commissioning events that are not carried, with the number of events: {}.",
            words.join(", ")
        )
    }))
}

/// The mapping that was ordered, or the one that fits, with the fixed values in it.
fn mapping(order: &TranslateOrder<'_>, recognised: &Recognised) -> Result<Mapping, NotTranslated> {
    let mut mapping = match order.mapping {
        Some(text) => Mapping::parse(text).map_err(|error| {
            NotTranslated::refused(Code::UploadMappingNeeded, error.to_string())
        })?,
        None => Mapping::for_file(recognised, order.at),
    };
    let mut faults = Vec::new();
    for (field, value) in order.fixed {
        if mapping.columns.iter().any(|(known, _)| known == field) {
            let field = field.as_str();
            faults.push(format!(
                "the file has a column for {field}; leave the fixed value out, or name the columns by --mapping"
            ));
        }
        mapping.fixed.push((*field, value.clone()));
    }
    if !faults.is_empty() {
        return Err(NotTranslated::Order(faults));
    }
    let missing = mapping.missing();
    if missing.is_empty() {
        return Ok(mapping);
    }
    let missing: Vec<Refusal> = missing.into_iter().map(lacking).collect();
    Err(Refusals::all(missing)
        .map_or_else(|| NotTranslated::Order(Vec::new()), NotTranslated::Refused))
}

fn lacking(field: Field) -> Refusal {
    let hint = match field {
        Field::Serial => "name it by --mapping",
        Field::ProductCode => "name it by --mapping, or give --product",
        Field::Batch => "name it by --mapping, or give --batch",
        Field::Expiry => "name it by --mapping, or give --expiry",
        Field::Manufactured | Field::Market | Field::Ignore => "name it by --mapping",
    };
    let text = format!("no column of the file means {}; {hint}", field.as_str());
    Refusal::at(Code::UploadMappingNeeded, field.as_str(), text)
}

/// Columns and fixed values mean something for tables only.
fn refuse_table_words(order: &TranslateOrder<'_>, form: Form) -> Result<(), NotTranslated> {
    if order.mapping.is_none() && order.fixed.is_empty() {
        return Ok(());
    }
    Err(NotTranslated::Order(vec![format!(
        "{} names product, batch and dates itself; a mapping or fixed values go with csv and xlsx only",
        form.as_str()
    )]))
}

/// Dialects are known of EPCIS alone.
fn refuse_dialect(order: &TranslateOrder<'_>) -> Result<(), NotTranslated> {
    match order.dialect {
        None => Ok(()),
        Some(dialect) => Err(NotTranslated::Order(vec![format!(
            "the profile {} is a dialect of EPCIS, and the file is none",
            dialect.name
        )])),
    }
}

/// A refusal of the whole file.
pub(super) fn refused(refused: ReadRefused) -> NotTranslated {
    match refused {
        ReadRefused::File(finding) => {
            let place = match finding.row {
                0 => String::new(),
                row => format!("row {row}"),
            };
            NotTranslated::Refused(Refusal::at(finding.code, place, finding.text).into())
        }
        ReadRefused::Io(error) => NotTranslated::Io(error),
        ReadRefused::Stopped(stopped) => NotTranslated::Io(io::Error::other(stopped)),
    }
}

impl Gathered {
    fn empty(order: &TranslateOrder<'_>) -> Self {
        Gathered {
            table: None,
            recognised: String::new(),
            lots: Lots::default(),
            rows: 0,
            spool: Spool::new(order.work, "none", 1),
            not_read: Vec::new(),
            hub: Vec::new(),
        }
    }
}

/// Takes what readers hand over.
pub(super) struct Gathering<'t, 'u> {
    pub(super) lots: Lots,
    pub(super) rows: u64,
    spool: Spool,
    told: &'t mut TakeFinding<'u>,
    pub(super) failed: Option<io::Error>,
}

impl Gathering<'_, '_> {
    fn keep(&mut self, outcome: io::Result<()>) -> Result<(), Stop> {
        outcome.map_err(|error| {
            self.failed = Some(error);
            Stop
        })
    }
}

impl SerialFileSink for Gathering<'_, '_> {
    fn lot(&mut self, lot: SeenLot) -> Result<LotIndex, Stop> {
        match self.lots.take(lot) {
            Some(index) => Ok(LotIndex(index.into())),
            None => self
                .keep(Err(io::Error::other("more lots than can be counted")))
                .map(|()| LotIndex(0)),
        }
    }

    fn row(&mut self, row: u64, lot: LotIndex, serial: Option<Serial>) -> Result<(), Stop> {
        self.rows += 1;
        let index = lot.0 as u16;
        self.lots.stands_in(index, row);
        let right = &self.lots.combinations[usize::from(index)].right;
        match (serial, right) {
            (Some(serial), Some((product, _))) => {
                let pushed = self.spool.push(Entry::new(*product, &serial, index, row));
                self.keep(pushed)
            }
            _ => {
                self.lots.lot_of_mut(index).rows_wrong += 1;
                Ok(())
            }
        }
    }

    fn finding(&mut self, finding: Finding) -> Result<(), Stop> {
        let told = (self.told)(&finding);
        self.keep(told)
    }

    fn progress(&mut self, _bytes: u64) -> Result<(), Stop> {
        Ok(())
    }
}
