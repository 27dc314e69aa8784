//! Events found again by what they say, and queries kept under a name (EPCIS 2.0, sections 8.2.6 and 8.2.7).

use packtwin_core::code::Code;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_epcis::query::{Comparison, EventQuery, Order, Test};
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::store::epcis_event::{Compare, EventFilter, EventRecord, EventTest};
use packtwin_tenants::store::epcis_query::NamedQuery;

use crate::desk::Desk;
use crate::error::AppError;

/// Longest name of a query, in characters.
const NAME_CHARACTERS_MAX: usize = 100;

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventPage {
    /// The events.
    pub events: Vec<EventRecord>,
    /// Ask for the next page after this one; `None` on the last.
    pub next: Option<(Timestamp, i64)>,
}

/// A page of the events that a query finds. `seen` events were on the pages before.
///
/// # Errors
/// EPC-154 when more match than the query allows; the caller may not.
pub fn read_events(
    desk: &Desk<'_>,
    query: &EventQuery,
    after: Option<(Timestamp, i64)>,
    seen: u64,
    limit: u64,
) -> Result<EventPage, AppError> {
    desk.require(Permission::LotsRead)?;
    let left = query
        .event_count_limit
        .map(|most| most.saturating_sub(seen));
    let limit = left.map_or(limit, |left| left.min(limit));
    let filter = EventFilter {
        tests: query.tests.iter().map(stored_test).collect(),
        in_event_time: query.order == Order::EventTime,
        is_ascending: query.is_ascending,
        after,
    };
    desk.scope().read(|reader| {
        if let Some(most) = query.max_event_count {
            let whole = EventFilter {
                after: None,
                ..filter.clone()
            };
            let asked = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
            if reader.epcis_event_list(&whole, asked)?.len() as u64 > most {
                let text = format!("more than {most} events match");
                return Err(AppError::refuse_at(
                    Code::EpcisQueryTooLarge,
                    "?maxEventCount",
                    text,
                ));
            }
        }
        let asked = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut events = reader.epcis_event_list(&filter, asked)?;
        let is_last = events.len() as u64 <= limit || left.is_some_and(|left| left <= limit);
        events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = events.last().map(|event| (event.at, event.no));
        Ok(EventPage {
            next: next.filter(|_| !is_last),
            events,
        })
    })
}

/// Keeps a query under a name.
///
/// # Errors
/// EPC-153 when there is one of this name; the name is empty or too long; the caller may not.
pub fn create_query(desk: &Desk<'_>, name: &str, query: &str) -> Result<(), AppError> {
    desk.require(Permission::UploadsWrite)?;
    let length = name.chars().count();
    if !(1..=NAME_CHARACTERS_MAX).contains(&length) || name.chars().any(char::is_control) {
        let text = format!("a name has 1 to {NAME_CHARACTERS_MAX} characters that can be seen");
        return Err(AppError::refuse_at(Code::RequestMalformed, "/name", text));
    }
    let made = desk.scope().change(desk.now(), |writer| {
        writer.epcis_query_create(name, query)?;
        let note = AuditNote::new("epcis_query.created", format!("query {name}"));
        Ok(note.returning(()))
    });
    match made {
        Err(AppError::Store(StoreError::Taken)) => {
            let text = format!("there is a query {name}");
            Err(AppError::refuse_at(Code::EpcisQueryTaken, "/name", text))
        }
        other => other,
    }
}

/// A query by its name.
///
/// # Errors
/// There is none; the caller may not.
pub fn find_query(desk: &Desk<'_>, name: &str) -> Result<NamedQuery, AppError> {
    desk.require(Permission::LotsRead)?;
    let found = desk.scope().read(|reader| reader.epcis_query_get(name))?;
    found.ok_or(AppError::NotFound)
}

/// Forgets a query.
///
/// # Errors
/// There is none; the caller may not.
pub fn delete_query(desk: &Desk<'_>, name: &str) -> Result<(), AppError> {
    desk.require(Permission::UploadsWrite)?;
    desk.scope().change(desk.now(), |writer| {
        if !writer.epcis_query_delete(name)? {
            return Err(AppError::NotFound);
        }
        let note = AuditNote::new("epcis_query.deleted", format!("query {name}"));
        Ok(note.returning(()))
    })
}

/// A test of the query language as the store knows it.
fn stored_test(test: &Test) -> EventTest {
    match test.clone() {
        Test::Kind(kinds) => EventTest::Kind(kinds),
        Test::EventFrom(at) => EventTest::At(Compare::GreaterOrEqual, at),
        Test::EventBefore(at) => EventTest::At(Compare::Less, at),
        Test::RecordFrom(at) => EventTest::Recorded(Compare::GreaterOrEqual, at),
        Test::RecordBefore(at) => EventTest::Recorded(Compare::Less, at),
        Test::Id(ids) => EventTest::Id(ids),
        Test::Value { name, values } => EventTest::Value(name, values),
        Test::Exists(name) => EventTest::Exists(name),
        Test::Compares {
            name,
            comparison,
            order,
        } => {
            let compare = match comparison {
                Comparison::Equal => Compare::Equal,
                Comparison::Greater => Compare::Greater,
                Comparison::GreaterOrEqual => Compare::GreaterOrEqual,
                Comparison::Less => Compare::Less,
                Comparison::LessOrEqual => Compare::LessOrEqual,
            };
            EventTest::Ordered(name, compare, order)
        }
        Test::Names {
            places,
            names,
            prefixes,
        } => EventTest::Names {
            places: places.iter().map(|place| *place as i16).collect(),
            names,
            prefixes,
        },
    }
}
