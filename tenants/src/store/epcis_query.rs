//! Queries under a name, as they were given (EPCIS 2.0, section 8.2.6). What they mean is read anew each time.

use diesel::prelude::*;

use packtwin_core::time::Timestamp;

use crate::error::StoreError;
use crate::schema::epcis_query as table;
use crate::scope::{Reader, Writer};

/// A query as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedQuery {
    /// Its name.
    pub name: String,
    /// Its text.
    pub query: String,
    /// Who made it: a public id.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

type Row = (String, String, String, i64);

const COLUMNS: (
    table::name,
    table::query,
    table::created_by,
    table::created_at,
) = (
    table::name,
    table::query,
    table::created_by,
    table::created_at,
);

impl Reader<'_> {
    /// A query by its name.
    ///
    /// # Errors
    /// The database failed.
    pub fn epcis_query_get(&mut self, name: &str) -> Result<Option<NamedQuery>, StoreError> {
        let row: Option<Row> = table::table
            .filter(table::tenant_id.eq(self.tenant_id()))
            .filter(table::name.eq(name))
            .select(COLUMNS)
            .first(self.connection)
            .optional()?;
        Ok(row.map(named_query))
    }

    /// Queries with a name above `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn epcis_query_list(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<NamedQuery>, StoreError> {
        let rows: Vec<Row> = table::table
            .filter(table::tenant_id.eq(self.tenant_id()))
            .filter(table::name.gt(after))
            .order(table::name)
            .limit(limit)
            .select(COLUMNS)
            .load(self.connection)?;
        Ok(rows.into_iter().map(named_query).collect())
    }
}

impl Writer<'_> {
    /// Keeps a query under a name.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when there is one of this name.
    pub fn epcis_query_create(&mut self, name: &str, query: &str) -> Result<(), StoreError> {
        let created_by = self.actor().who().to_string();
        diesel::insert_into(table::table)
            .values((
                table::tenant_id.eq(self.tenant_id()),
                table::name.eq(name),
                table::query.eq(query),
                table::created_by.eq(created_by),
                table::created_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        Ok(())
    }

    /// Forgets a query. `false`: there is none of this name.
    ///
    /// # Errors
    /// The database failed.
    pub fn epcis_query_delete(&mut self, name: &str) -> Result<bool, StoreError> {
        let deleted = diesel::delete(table::table)
            .filter(table::tenant_id.eq(self.tenant_id()))
            .filter(table::name.eq(name))
            .execute(self.connection)?;
        Ok(deleted == 1)
    }
}

fn named_query((name, query, created_by, created_at): Row) -> NamedQuery {
    NamedQuery {
        name,
        query,
        created_by,
        created_at: Timestamp::from_micros(created_at),
    }
}
