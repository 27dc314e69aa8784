//! Which column of a partner's file means what: edited on a page, tried on the first rows, kept per partner.
//!
//! A mapping names columns by heading where there is one, so that it still fits when the partner adds a column. It is
//! data without behaviour of its own and has a text form of `key=value` lines for the store and the command line.

use std::fmt;

use packtwin_connector_port::serial_check::quoted;
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;

use crate::dates::DateFormat;
use crate::headings::{field_of, plain};
use crate::product_cell::Announced;
use crate::recognise::Recognised;

/// What a column can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The serial of a pack (AI 21).
    Serial,
    /// GTIN, NTIN or PPN (AI 01).
    ProductCode,
    /// Batch number (AI 10).
    Batch,
    /// Expiry (AI 17).
    Expiry,
    /// Manufacturing date (AI 11).
    Manufactured,
    /// The market the packs are for.
    Market,
    /// A column that is looked at and knowingly not read.
    Ignore,
}

impl Field {
    /// Every field.
    pub const ALL: [Field; 7] = [
        Field::Serial,
        Field::ProductCode,
        Field::Batch,
        Field::Expiry,
        Field::Manufactured,
        Field::Market,
        Field::Ignore,
    ];

    /// The fields without which no pack can be stored.
    pub const REQUIRED: [Field; 4] = [
        Field::Serial,
        Field::ProductCode,
        Field::Batch,
        Field::Expiry,
    ];

    /// The word in mappings and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Field::Serial => "serial",
            Field::ProductCode => "product_code",
            Field::Batch => "batch",
            Field::Expiry => "expiry",
            Field::Manufactured => "manufactured",
            Field::Market => "market",
            Field::Ignore => "ignore",
        }
    }

    /// Reads the word of [`Field::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Field::ALL.into_iter().find(|field| field.as_str() == text)
    }
}

/// Which column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// By its heading, compared without case, spaces and punctuation.
    Heading(String),
    /// By its place, counted from 1.
    Number(usize),
}

impl Column {
    /// The places at which a file with this heading has the column: none, or several where headings are equal.
    fn places(&self, heading: &[String]) -> Vec<usize> {
        let fitting = |fits: &dyn Fn(&String) -> bool| -> Vec<usize> {
            (0..heading.len())
                .filter(|&place| fits(&heading[place]))
                .collect()
        };
        match self {
            Column::Number(number) => number.checked_sub(1).into_iter().collect(),
            Column::Heading(name) => {
                let exact = fitting(&|text| text == name);
                if exact.is_empty() {
                    let name = plain(name);
                    return fitting(&|text| plain(text) == name);
                }
                exact
            }
        }
    }
}

/// Which column means what, and how to read it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// The meaning of columns. What is not named is not read.
    pub columns: Vec<(Field, Column)>,
    /// Values that stand for every row, where the file has no column for them.
    pub fixed: Vec<(Field, String)>,
    /// Whether a heading stands above the first row.
    pub heading: bool,
    /// Rows above the heading, or above the first row where there is no heading.
    pub skip_rows: u64,
    /// The sheet of a workbook; `None` means the first one with rows.
    pub sheet: Option<String>,
    /// How dates are written.
    pub date_format: DateFormat,
    /// How many digits every serial has, where all are digits and of one length: shorter ones lost their leading zeros.
    pub serial_length: Option<usize>,
}

/// Why a text is not a mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the mapping, {text:?}, is not understood: {why}")]
pub struct MappingError {
    /// The line, counted from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// What was expected.
    pub why: &'static str,
}

impl Mapping {
    /// The mapping that fits what was recognised: headings first, and values where headings say nothing. It may lack
    /// fields, or claim one for several columns; see [`Mapping::missing`] and [`Mapping::claimed_twice`].
    pub fn for_file(recognised: &Recognised, at: Timestamp) -> Self {
        Mapping {
            heading: !recognised.heading.is_empty(),
            skip_rows: recognised.skip_rows,
            sheet: recognised.sheet.clone(),
            ..Mapping::propose(&recognised.heading, &recognised.first_rows, at)
        }
    }

    /// The mapping that fits a heading (empty where there is none) and the rows below it.
    pub fn propose(heading: &[String], first_rows: &[Vec<String>], at: Timestamp) -> Self {
        let width = first_rows
            .iter()
            .map(Vec::len)
            .chain([heading.len()])
            .max()
            .unwrap_or(0);
        let mut meaning: Vec<Option<Field>> = vec![None; width];
        for (place, text) in heading.iter().enumerate() {
            // Two columns with one meaning both get it: which of them is meant is nobody's guess.
            meaning[place] = field_of(text);
        }
        let columns: Vec<Vec<&str>> = (0..width)
            .map(|place| {
                first_rows
                    .iter()
                    .filter_map(|row| row.get(place).map(|cell| cell.trim()))
                    .filter(|cell| !cell.is_empty())
                    .collect()
            })
            .collect();
        guess_by_value(&mut meaning, &columns, at);
        let values_of = |field| {
            meaning
                .iter()
                .position(|found| *found == Some(field))
                .map_or(&[][..], |place| columns[place].as_slice())
        };
        Mapping {
            date_format: common_format(values_of(Field::Expiry), at),
            serial_length: common_digits(values_of(Field::Serial)),
            heading: !heading.is_empty(),
            columns: meaning
                .iter()
                .enumerate()
                .filter_map(|(place, field)| Some(((*field)?, column_at(heading, place))))
                .collect(),
            ..Mapping::default()
        }
    }

    /// The fields without which the file cannot be read: the reader refuses it with `UPL-007`.
    pub fn missing(&self) -> Vec<Field> {
        Field::REQUIRED
            .into_iter()
            .filter(|field| {
                !self.columns.iter().any(|(mapped, _)| mapped == field)
                    && !self.fixed.iter().any(|(fixed, _)| fixed == field)
            })
            .collect()
    }

    /// One sentence for each field for which several columns of the file stand: the mapping names both, or names a heading
    /// that the file has twice. Nobody but the sender knows which one is meant, so the reader refuses such a file with
    /// `UPL-007`. A fixed value settles the matter.
    pub fn claimed_twice(&self, heading: &[String]) -> Vec<String> {
        let fixed = |field: &Field| self.fixed.iter().any(|(other, _)| other == field);
        Field::ALL
            .into_iter()
            .filter(|field| *field != Field::Ignore && !fixed(field))
            .filter_map(|field| {
                let columns = self.columns.iter().filter(|(mapped, _)| *mapped == field);
                let mut places: Vec<usize> = columns
                    .flat_map(|(_, column)| column.places(heading))
                    .collect();
                places.sort_unstable();
                places.dedup();
                let named: Vec<String> = places
                    .iter()
                    .map(|&place| match heading.get(place) {
                        Some(text) => format!("{} (column {})", quoted(text.trim()), place + 1),
                        None => format!("column {}", place + 1),
                    })
                    .collect();
                (named.len() > 1).then(|| {
                    format!(
                        "Several columns stand for {}: {}. Choose one in the mapping.",
                        field.as_str(),
                        named.join(", ")
                    )
                })
            })
            .collect()
    }

    /// The columns of a file that this mapping gives no meaning, by their heading or place: what they hold is not read.
    pub fn unread(&self, recognised: &Recognised) -> Vec<String> {
        let heading = &recognised.heading;
        let width = recognised
            .first_rows
            .iter()
            .map(Vec::len)
            .chain([heading.len()])
            .max()
            .unwrap_or(0);
        let read = |place: usize| {
            self.columns.iter().any(|(_, column)| match column {
                Column::Number(number) => *number == place + 1,
                Column::Heading(name) => heading
                    .get(place)
                    .is_some_and(|text| plain(text) == plain(name)),
            })
        };
        (0..width)
            .filter(|&place| !read(place))
            .map(|place| match heading.get(place) {
                Some(text) if !text.trim().is_empty() => text.trim().to_owned(),
                _ => format!("column {}", place + 1),
            })
            .collect()
    }

    /// Reads the text form; unknown keys are refused, so that a misspelt one is not passed over. A column that is named by its
    /// heading says that there is one.
    ///
    /// # Errors
    /// The first line that is not understood, or that denies the heading by which a column is named.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mut mapping = Mapping::default();
        let error = |index: usize, line: &str, why| MappingError {
            line: index + 1,
            text: line.to_owned(),
            why,
        };
        for (index, line) in text.lines().enumerate() {
            if !line.trim().is_empty() {
                mapping
                    .read_line(line)
                    .map_err(|why| error(index, line, why))?;
            }
        }
        let mut columns = mapping.columns.iter();
        if columns.any(|(_, column)| matches!(column, Column::Heading(_))) {
            let denied = text
                .lines()
                .enumerate()
                .find(|(_, line)| *line == "heading=no");
            if let Some((index, line)) = denied {
                let why =
                    "a column is named by its heading; write heading=yes or name columns by number";
                return Err(error(index, line, why));
            }
            mapping.heading = true;
        }
        Ok(mapping)
    }

    fn read_line(&mut self, line: &str) -> Result<(), &'static str> {
        let (key, value) = line.split_once('=').ok_or("expected key=value")?;
        let value = unescape(value);
        let field = |name: &str| Field::parse(name).ok_or("there is no such field");
        match key.split_once('.') {
            Some(("column", name)) => {
                let column = match value.split_once(':') {
                    Some(("heading", heading)) => Column::Heading(heading.to_owned()),
                    Some(("number", number)) => Column::Number(
                        number
                            .parse()
                            .ok()
                            .filter(|number| *number > 0)
                            .ok_or("columns count from 1")?,
                    ),
                    _ => return Err("expected heading:NAME or number:N"),
                };
                self.columns.push((field(name)?, column));
            }
            Some(("fixed", name)) => self.fixed.push((field(name)?, value)),
            Some(_) => return Err("expected column.FIELD or fixed.FIELD"),
            None => match key {
                "heading" => {
                    self.heading = match value.as_str() {
                        "yes" => true,
                        "no" => false,
                        _ => return Err("expected yes or no"),
                    };
                }
                "skip_rows" => self.skip_rows = value.parse().map_err(|_| "expected a number")?,
                "sheet" => self.sheet = Some(value),
                "date_format" => {
                    self.date_format =
                        DateFormat::parse(&value).ok_or("there is no such date format")?;
                }
                "serial_length" => {
                    self.serial_length = Some(value.parse().map_err(|_| "expected a number")?);
                }
                _ => return Err("there is no such key"),
            },
        }
        Ok(())
    }

    /// What the heading of the product code says about it.
    pub(crate) fn announced_product(&self) -> Announced {
        let says_pzn = |column: &Column| match column {
            Column::Heading(name) => plain(name).contains("pzn") && !plain(name).contains("ntin"),
            Column::Number(_) => false,
        };
        let mut columns = self.columns.iter();
        match columns.any(|(field, column)| *field == Field::ProductCode && says_pzn(column)) {
            true => Announced::Pzn,
            false => Announced::AnyCode,
        }
    }

    /// Where each field stands, as indices of columns; fields that are fixed or absent have none.
    pub(crate) fn places(&self, heading: &[String]) -> Result<Vec<(Field, usize)>, Vec<String>> {
        let mut places = Vec::new();
        let mut lost = Vec::new();
        for (field, column) in &self.columns {
            match (column.places(heading).first().copied(), column) {
                (Some(place), _) if *field != Field::Ignore => places.push((*field, place)),
                (None, Column::Heading(name)) => lost.push(name.clone()),
                _ => {}
            }
        }
        if lost.is_empty() {
            Ok(places)
        } else {
            Err(lost)
        }
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (field, column) in &self.columns {
            match column {
                Column::Heading(name) => {
                    writeln!(f, "column.{}=heading:{}", field.as_str(), escape(name))?
                }
                Column::Number(number) => writeln!(f, "column.{}=number:{number}", field.as_str())?,
            }
        }
        for (field, value) in &self.fixed {
            writeln!(f, "fixed.{}={}", field.as_str(), escape(value))?;
        }
        writeln!(f, "heading={}", if self.heading { "yes" } else { "no" })?;
        writeln!(f, "skip_rows={}", self.skip_rows)?;
        if let Some(sheet) = &self.sheet {
            writeln!(f, "sheet={}", escape(sheet))?;
        }
        writeln!(f, "date_format={}", self.date_format.as_str())?;
        if let Some(length) = self.serial_length {
            writeln!(f, "serial_length={length}")?;
        }
        Ok(())
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

fn column_at(heading: &[String], place: usize) -> Column {
    match heading.get(place).filter(|text| !text.trim().is_empty()) {
        Some(text) if heading.iter().filter(|other| *other == text).count() == 1 => {
            Column::Heading(text.clone())
        }
        _ => Column::Number(place + 1),
    }
}

/// Fills in what the headings left open, from the values: check digits first, since they say most.
fn guess_by_value(meaning: &mut [Option<Field>], columns: &[Vec<&str>], at: Timestamp) {
    let all = |place: usize, test: &dyn Fn(&str) -> bool| {
        !columns[place].is_empty() && columns[place].iter().all(|cell| test(cell))
    };
    let distinct = |place: usize| {
        let mut cells = columns[place].clone();
        cells.sort_unstable();
        cells.dedup();
        cells.len()
    };
    let free = |meaning: &[Option<Field>]| -> Vec<usize> {
        (0..meaning.len())
            .filter(|&place| meaning[place].is_none())
            .collect()
    };

    if !meaning.contains(&Some(Field::ProductCode)) {
        let found = free(meaning)
            .into_iter()
            .find(|&place| all(place, &|cell| ProductCode::parse(cell).is_ok()));
        if let Some(place) = found {
            meaning[place] = Some(Field::ProductCode);
        }
    }
    let is_date = |cell: &str| !DateFormat::readings(cell, at.year()).is_empty();
    if !meaning.contains(&Some(Field::Expiry)) {
        let day = |place: usize| {
            columns[place].iter().find_map(|cell| {
                DateFormat::readings(cell, at.year())
                    .first()
                    .map(|(_, date)| date.last_day())
            })
        };
        let mut dates: Vec<usize> = free(meaning)
            .into_iter()
            .filter(|&place| all(place, &is_date))
            // A serial of six digits may look like a date, but it is another one in every row.
            .filter(|&place| {
                columns[place].len() < 3
                    || distinct(place) * 2 < columns[place].len()
                    || columns.len() > 4
            })
            .collect();
        dates.sort_by_key(|&place| day(place));
        if let Some(last) = dates.pop() {
            meaning[last] = Some(Field::Expiry);
        }
        if let Some(earlier) = dates.pop()
            && !meaning.contains(&Some(Field::Manufactured))
        {
            meaning[earlier] = Some(Field::Manufactured);
        }
    }
    if !meaning.contains(&Some(Field::Serial)) {
        let found = free(meaning)
            .into_iter()
            .filter(|&place| all(place, &|cell| Serial::parse(cell).is_ok()))
            .filter(|&place| distinct(place) == columns[place].len())
            .max_by_key(|&place| columns[place].iter().map(|cell| cell.len()).sum::<usize>());
        if let Some(place) = found {
            meaning[place] = Some(Field::Serial);
        }
    }
    if !meaning.contains(&Some(Field::Batch)) {
        let mut candidates = free(meaning).into_iter().filter(|&place| {
            all(place, &|cell| {
                BatchNumber::parse(cell).is_ok() && cell.len() > 2
            }) && columns[place].len() > 1
                && distinct(place) * 2 <= columns[place].len()
        });
        // With two such columns it is anyone's guess; a person decides.
        if let (Some(place), None) = (candidates.next(), candidates.next()) {
            meaning[place] = Some(Field::Batch);
        }
    }
}

/// The one format in which all values are dates; a value of five digits that can also be read with a lost zero is nobody's to
/// decide. YYMMDD wins where it fits, and [`DateFormat::Auto`] where nothing does.
fn common_format(values: &[&str], at: Timestamp) -> DateFormat {
    let fits = |format: DateFormat| {
        values
            .iter()
            .all(|text| format.read(text, at.year()).is_some())
    };
    if values.is_empty() || fits(DateFormat::Yymmdd) {
        return DateFormat::Auto;
    }
    // One date in the printed form settles the column: what else has six digits is a slip, not another format.
    let printed = |text: &&str| DateFormat::Yymmdd.read(text, at.year()).is_some();
    if values.iter().any(printed) {
        return DateFormat::Yymmdd;
    }
    let certain = |text: &str| DateFormat::readings(text, at.year()).len() == 1;
    let mut fitting = DateFormat::ALL
        .into_iter()
        .skip(1)
        .filter(|format| fits(*format))
        .filter(|format| {
            *format != DateFormat::ExcelDays || values.iter().all(|text| certain(text))
        });
    match (fitting.next(), fitting.next()) {
        (Some(format), None) => format,
        _ => DateFormat::Auto,
    }
}

/// The length that all-digit serials have, if a leading zero among them proves that zeros belong to it.
fn common_digits(serials: &[&str]) -> Option<usize> {
    let longest = serials.iter().map(|text| text.len()).max()?;
    let digits = serials
        .iter()
        .all(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let full = serials.iter().filter(|text| text.len() == longest).count();
    let zero = serials
        .iter()
        .any(|text| text.len() == longest && text.starts_with('0'));
    let nearly_all = full * 10 >= serials.len() * 7;
    (digits && serials.len() >= 3 && nearly_all && (zero || full < serials.len()))
        .then_some(longest)
}

#[cfg(test)]
mod tests;
