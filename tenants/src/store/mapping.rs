//! Column mappings: how one partner's files are read, kept so that it is told once (users.md 3.5).
//!
//! The content is JSON that belongs to the use case; here it is text.

use diesel::prelude::*;

use packtwin_core::ids::MappingId;
use packtwin_core::time::Timestamp;

use super::stored::{parsed, random_bits};
use crate::error::StoreError;
use crate::schema::mapping;
use crate::scope::{Reader, Writer};

/// A mapping as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingRecord {
    /// Its public id.
    pub id: MappingId,
    /// Whose files it reads.
    pub partner: String,
    /// What people call it.
    pub name: String,
    /// Its content, JSON of the use case.
    pub data: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it changed last.
    pub changed_at: Timestamp,
    /// Counts the changes; a change names the one it was read at.
    pub row_version: i32,
}

impl Reader<'_> {
    /// Every mapping, by partner and name.
    ///
    /// # Errors
    /// The database failed.
    pub fn mapping_list(&mut self) -> Result<Vec<MappingRecord>, StoreError> {
        let rows: Vec<Row> = mapping::table
            .filter(mapping::tenant_id.eq(self.tenant_id()))
            .order((mapping::partner, mapping::name, mapping::mapping_id))
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(MappingRecord::try_from).collect()
    }

    /// One mapping.
    ///
    /// # Errors
    /// The database failed.
    pub fn mapping_get(&mut self, id: MappingId) -> Result<Option<MappingRecord>, StoreError> {
        let row: Option<Row> = mapping::table
            .filter(mapping::tenant_id.eq(self.tenant_id()))
            .filter(mapping::mapping_id.eq(id.to_string()))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(MappingRecord::try_from).transpose()
    }

    /// The mappings of one partner, the last changed first.
    ///
    /// # Errors
    /// The database failed.
    pub fn mapping_find_by_partner(
        &mut self,
        partner: &str,
    ) -> Result<Vec<MappingRecord>, StoreError> {
        let rows: Vec<Row> = mapping::table
            .filter(mapping::tenant_id.eq(self.tenant_id()))
            .filter(mapping::partner.eq(partner))
            .order((mapping::changed_at.desc(), mapping::mapping_id))
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(MappingRecord::try_from).collect()
    }
}

impl Writer<'_> {
    /// Adds a mapping.
    ///
    /// # Errors
    /// The database failed.
    pub fn mapping_create(
        &mut self,
        partner: &str,
        name: &str,
        data: &str,
    ) -> Result<MappingId, StoreError> {
        let id = MappingId::from_random(random_bits()?);
        let at = self.at().micros();
        diesel::insert_into(mapping::table)
            .values((
                mapping::tenant_id.eq(self.tenant_id()),
                mapping::mapping_id.eq(id.to_string()),
                mapping::partner.eq(partner),
                mapping::name.eq(name),
                mapping::data.eq(data),
                mapping::created_at.eq(at),
                mapping::changed_at.eq(at),
                mapping::row_version.eq(1),
            ))
            .execute(self.connection)?;
        Ok(id)
    }

    /// Replaces name and content. `false`: the row version is another, or there is no such mapping.
    ///
    /// # Errors
    /// The database failed.
    pub fn mapping_change(
        &mut self,
        id: MappingId,
        name: &str,
        data: &str,
        expected_row_version: i32,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(mapping::table)
            .filter(mapping::tenant_id.eq(self.tenant_id()))
            .filter(mapping::mapping_id.eq(id.to_string()))
            .filter(mapping::row_version.eq(expected_row_version))
            .set((
                mapping::name.eq(name),
                mapping::data.eq(data),
                mapping::changed_at.eq(self.at().micros()),
                mapping::row_version.eq(mapping::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Removes a mapping. `false`: the row version is another, or there is no such mapping.
    ///
    /// # Errors
    /// The database failed.
    pub fn mapping_delete(
        &mut self,
        id: MappingId,
        expected_row_version: i32,
    ) -> Result<bool, StoreError> {
        let deleted = diesel::delete(mapping::table)
            .filter(mapping::tenant_id.eq(self.tenant_id()))
            .filter(mapping::mapping_id.eq(id.to_string()))
            .filter(mapping::row_version.eq(expected_row_version))
            .execute(self.connection)?;
        Ok(deleted == 1)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = mapping)]
struct Row {
    mapping_id: String,
    partner: String,
    name: String,
    data: String,
    created_at: i64,
    changed_at: i64,
    row_version: i32,
}

impl TryFrom<Row> for MappingRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(MappingRecord {
            id: parsed(&row.mapping_id, "mapping id")?,
            partner: row.partner,
            name: row.name,
            data: row.data,
            created_at: Timestamp::from_micros(row.created_at),
            changed_at: Timestamp::from_micros(row.changed_at),
            row_version: row.row_version,
        })
    }
}
