//! Events of EPCIS as they were received, and found again by what they say (EPCIS 2.0, section 8.2.7).
//!
//! An event is kept once: its identifier, or the hash of what it says, tells whether it came before. Its text stands alone
//! and is never changed. A query is a list of tests, all of which an event passes; which parameter means which test is
//! `packtwin_epcis::query`'s to say.

use diesel::prelude::*;

use packtwin_core::aggregation::{FactKey, NodeId};
use packtwin_core::ids::CaptureId;
use packtwin_core::time::Timestamp;

use super::epc::column;
use super::stored::{column_count, count, parsed_if};
use crate::engine::epc::{self, Counts};
use crate::engine::epcis_event::{self, COLUMNS, EventRow, Statement};
use crate::error::StoreError;
use crate::schema::epcis_event as table;
use crate::scope::{Reader, Writer};

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Its number, in the order of recording.
    pub no: i64,
    /// Its identifier.
    pub id: String,
    /// The hash of what it says, in hexadecimal.
    pub hash: String,
    /// Whether it declares an earlier event wrong.
    pub declares: bool,
    /// The capture that brought it.
    pub capture: Option<CaptureId>,
    /// Its place in the document, counted from 1.
    pub number: u64,
    /// The line it begins on.
    pub line: u64,
    /// When it happened.
    pub at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Its type.
    pub kind: String,
    /// Its text, which stands alone.
    pub body: String,
}

/// An event to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its identifier.
    pub id: String,
    /// The hash of what it says, in hexadecimal.
    pub hash: String,
    /// Whether it declares an earlier event wrong.
    pub declares: bool,
    /// The capture that brings it.
    pub capture: Option<CaptureId>,
    /// Its place in the document.
    pub number: u64,
    /// The line it begins on.
    pub line: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Its type.
    pub kind: String,
    /// Its text.
    pub body: String,
    /// The document and place of the first fact of the hierarchy that it tells, and how many they are.
    pub facts: (u64, u32, u32),
    /// What it names, and where.
    pub named: Vec<(NodeId, i16)>,
    /// What else can be asked for: name, value, and a number that is ordered as the value is.
    pub values: Vec<(String, String, Option<i64>)>,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Equal.
    Equal,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
}

impl Compare {
    const fn sign(self) -> &'static str {
        match self {
            Compare::Equal => " = ",
            Compare::Greater => " > ",
            Compare::GreaterOrEqual => " >= ",
            Compare::Less => " < ",
            Compare::LessOrEqual => " <= ",
        }
    }
}

/// What an event must pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventTest {
    /// Its type is one of these.
    Kind(Vec<String>),
    /// Its identifier is one of these.
    Id(Vec<String>),
    /// When it happened.
    At(Compare, Timestamp),
    /// When it was recorded.
    Recorded(Compare, Timestamp),
    /// Its number is so.
    No(Compare, i64),
    /// It has one of these values under a name.
    Value(String, Vec<String>),
    /// It has a value under a name.
    Exists(String),
    /// It has a value under a name that is ordered so.
    Ordered(String, Compare, i64),
    /// It names, in one of these places, one of these names or one that begins so.
    Names {
        /// Places.
        places: Vec<i16>,
        /// Whole names.
        names: Vec<String>,
        /// Beginnings.
        prefixes: Vec<String>,
    },
    /// A capture brought it.
    Capture(CaptureId),
}

/// A page of events that pass all tests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// What they pass.
    pub tests: Vec<EventTest>,
    /// Whether they are ordered by when they happened, else by when they were recorded.
    pub in_event_time: bool,
    /// Whether the smallest comes first.
    pub is_ascending: bool,
    /// The event after which the page begins: when it happened, and its number.
    pub after: Option<(Timestamp, i64)>,
}

impl Reader<'_> {
    /// Events that pass all tests, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn epcis_event_list(
        &mut self,
        filter: &EventFilter,
        limit: i64,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let tenant = i64::from(self.tenant_id());
        let mut statement = Statement::default();
        statement
            .word("SELECT ")
            .word(COLUMNS)
            .word(" FROM epcis_event e WHERE e.tenant_id = ")
            .number(tenant);
        for test in &filter.tests {
            statement.word(" AND ");
            push_test(&mut statement, tenant, test);
        }
        let (sign, direction) = match filter.is_ascending {
            true => (" > ", " ASC"),
            false => (" < ", " DESC"),
        };
        match (filter.after, filter.in_event_time) {
            (Some((at, no)), true) => {
                statement
                    .word(" AND (e.at, e.event_no)")
                    .word(sign)
                    .word("(")
                    .number(at.micros());
                statement.word(", ").number(no).word(")");
            }
            (Some((_, no)), false) => {
                statement.word(" AND e.event_no").word(sign).number(no);
            }
            (None, _) => {}
        }
        statement.word(" ORDER BY ");
        if filter.in_event_time {
            statement.word("e.at").word(direction).word(", ");
        }
        statement.word("e.event_no").word(direction).word(" LIMIT ");
        statement.number(limit);
        let rows = epcis_event::load_events(self.connection, &statement)?;
        rows.into_iter().map(event_record).collect()
    }

    /// The event whose telling became a fact of the hierarchy.
    ///
    /// # Errors
    /// The database failed.
    pub fn epcis_event_of_fact(
        &mut self,
        document: u64,
        position: u32,
    ) -> Result<Option<EventRecord>, StoreError> {
        let no: Option<i64> = table::table
            .filter(table::tenant_id.eq(self.tenant_id()))
            .filter(table::document.eq(document as i64))
            .filter(table::fact_first.le(i64::from(position)))
            .filter((table::fact_first + table::facts).gt(i64::from(position)))
            .order(table::fact_first.desc())
            .select(table::event_no)
            .first(self.connection)
            .optional()?;
        let Some(no) = no else {
            return Ok(None);
        };
        let filter = EventFilter {
            tests: vec![EventTest::No(Compare::Equal, no)],
            ..EventFilter::default()
        };
        Ok(self.epcis_event_list(&filter, 1)?.pop())
    }

    /// The keys of the facts that events of this hash told, declarations left out.
    ///
    /// # Errors
    /// The database failed.
    pub fn epcis_event_facts(&mut self, hash: &str) -> Result<Vec<FactKey>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = table::table
            .filter(table::tenant_id.eq(self.tenant_id()))
            .filter(table::hash.eq(hash))
            .filter(table::declares.eq(0))
            .select((table::document, table::fact_first, table::facts))
            .load(self.connection)?;
        let mut keys = Vec::new();
        for (document, first, count) in rows {
            keys.extend(self.aggregation_fact_keys(document as u64, first, first + count)?);
        }
        Ok(keys)
    }

    /// Of these hashes and identifiers, those that are kept: identifier, hash, whether it is a declaration.
    ///
    /// # Errors
    /// The database failed.
    pub fn epcis_event_known(
        &mut self,
        ids: &[&str],
        hashes: &[&str],
    ) -> Result<Vec<(String, String, bool)>, StoreError> {
        let of_tenant = table::tenant_id.eq(self.tenant_id());
        let columns = (table::event_id, table::hash, table::declares);
        let mut rows: Vec<(String, String, i16)> = table::table
            .filter(of_tenant)
            .filter(table::hash.eq_any(hashes))
            .select(columns)
            .load(self.connection)?;
        let of_id: Vec<(String, String, i16)> = table::table
            .filter(of_tenant)
            .filter(table::event_id.eq_any(ids))
            .select(columns)
            .load(self.connection)?;
        rows.extend(of_id);
        let known = |(id, hash, declares)| (id, hash, declares != 0);
        Ok(rows.into_iter().map(known).collect())
    }

    /// The values that events have under a name, ascending, those above `after`, at most `limit`. Asks once for each, so
    /// that it need not walk over all events.
    ///
    /// # Errors
    /// The database failed.
    pub fn epcis_event_values(
        &mut self,
        name: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let tenant = i64::from(self.tenant_id());
        let mut values: Vec<String> = Vec::new();
        while values.len() < limit {
            let last = values.last().map_or(after, String::as_str);
            let mut statement = Statement::default();
            statement
                .word("SELECT v.value FROM epcis_event_value v WHERE v.tenant_id = ")
                .number(tenant);
            statement.word(" AND v.name = ").text(name);
            statement.word(" AND v.value > ").text(last);
            statement.word(" ORDER BY v.value LIMIT 1");
            match epcis_event::load_texts(self.connection, &statement)?.pop() {
                Some(value) => values.push(value),
                None => break,
            }
        }
        Ok(values)
    }
}

impl Writer<'_> {
    /// Keeps events; they get the next numbers.
    ///
    /// # Errors
    /// The database failed.
    pub fn epcis_event_store(&mut self, events: &[NewEvent]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let tenant = self.tenant_id();
        let counted = events.len() as i64;
        let taken = Counts {
            events: counted,
            ..Counts::default()
        };
        let first = epc::take(self.connection, tenant, taken)?.events - counted + 1;
        let recorded_at = self.at().micros();
        let (mut named, mut values) = (Vec::new(), Vec::new());
        for (no, event) in (first..).zip(events) {
            let (document, fact_first, facts) = event.facts;
            diesel::insert_into(table::table)
                .values((
                    table::tenant_id.eq(tenant),
                    table::event_no.eq(no),
                    table::event_id.eq(&event.id),
                    table::hash.eq(&event.hash),
                    table::declares.eq(i16::from(event.declares)),
                    table::capture_id.eq(event.capture.map(|id| id.to_string())),
                    table::number.eq(column_count(event.number)),
                    table::line.eq(column_count(event.line)),
                    table::at.eq(event.at.micros()),
                    table::recorded_at.eq(recorded_at),
                    table::kind.eq(&event.kind),
                    table::document.eq(document as i64),
                    table::fact_first.eq(i64::from(fact_first)),
                    table::facts.eq(i64::from(facts)),
                    table::body.eq(&event.body),
                ))
                .execute(self.connection)?;
            let places = event.named.iter();
            named.extend(places.map(|(id, place)| (column(*id), no, *place)));
            values.push(("eventType", event.kind.as_str(), no, None));
            let told = event.values.iter();
            values.extend(
                told.map(|(name, value, order)| (name.as_str(), value.as_str(), no, *order)),
            );
        }
        named.sort_unstable();
        epcis_event::epc_store(self.connection, tenant, &named)?;
        values.sort_unstable();
        epcis_event::value_store(self.connection, tenant, &values)
    }
}

fn push_test(statement: &mut Statement, tenant: i64, test: &EventTest) {
    match test {
        EventTest::Kind(kinds) => {
            statement.word("e.kind IN ").texts(kinds);
        }
        EventTest::Id(ids) => {
            statement.word("e.event_id IN ").texts(ids);
        }
        EventTest::At(compare, at) => {
            statement
                .word("e.at")
                .word(compare.sign())
                .number(at.micros());
        }
        EventTest::Recorded(compare, at) => {
            statement
                .word("e.recorded_at")
                .word(compare.sign())
                .number(at.micros());
        }
        EventTest::No(compare, no) => {
            statement
                .word("e.event_no")
                .word(compare.sign())
                .number(*no);
        }
        EventTest::Capture(id) => {
            statement.word("e.capture_id = ").text(&id.to_string());
        }
        EventTest::Value(name, values) => {
            begin_value(statement, tenant, name);
            statement.word(" AND v.value IN ").texts(values).word(")");
        }
        EventTest::Exists(name) => {
            begin_value(statement, tenant, name);
            statement.word(")");
        }
        EventTest::Ordered(name, compare, order) => {
            begin_value(statement, tenant, name);
            statement
                .word(" AND v.ordering")
                .word(compare.sign())
                .number(*order)
                .word(")");
        }
        EventTest::Names {
            places,
            names,
            prefixes,
        } => {
            statement
                .word(
                    "e.event_no IN (SELECT x.event_no FROM epc n
                     JOIN epcis_event_epc x ON x.tenant_id = n.tenant_id AND x.epc_no = n.epc_no
                     WHERE n.tenant_id = ",
                )
                .number(tenant)
                .word(" AND (n.name IN ")
                .texts(names);
            for prefix in prefixes {
                // No name holds this character, so that it ends every stretch of names with one beginning.
                let end = format!("{prefix}\u{10ffff}");
                statement.word(" OR (n.name >= ").text(prefix);
                statement.word(" AND n.name < ").text(&end).word(")");
            }
            statement.word(") AND (false");
            for place in places {
                statement.word(" OR x.place = ").number(i64::from(*place));
            }
            statement.word("))");
        }
    }
}

fn begin_value(statement: &mut Statement, tenant: i64, name: &str) {
    statement
        .word("e.event_no IN (SELECT v.event_no FROM epcis_event_value v WHERE v.tenant_id = ")
        .number(tenant);
    statement.word(" AND v.name = ").text(name);
}

fn event_record(row: EventRow) -> Result<EventRecord, StoreError> {
    Ok(EventRecord {
        no: row.event_no,
        id: row.event_id,
        hash: row.hash,
        declares: row.declares != 0,
        capture: parsed_if(row.capture_id, "capture id")?,
        number: count(row.number, "event number")?,
        line: count(row.line, "line")?,
        at: Timestamp::from_micros(row.at),
        recorded_at: Timestamp::from_micros(row.recorded_at),
        kind: row.kind,
        body: row.body,
    })
}
