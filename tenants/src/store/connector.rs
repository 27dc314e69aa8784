//! Connectors of a tenant: which far sides it talks to, with which settings, and whether talking is paused.
//!
//! Settings are JSON of the use case. Secrets are sealed by `seal` before they come here, and only ever handed back
//! sealed.

use diesel::prelude::*;

use packtwin_core::time::Timestamp;

use super::stored::known;
use crate::error::StoreError;
use crate::schema::connector;
use crate::scope::{Reader, Writer};

/// Whether messages leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectorState {
    /// Messages leave.
    Active,
    /// Messages wait until someone resumes.
    Paused,
}

impl ConnectorState {
    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            ConnectorState::Active => "active",
            ConnectorState::Paused => "paused",
        }
    }

    /// Reads the word of [`ConnectorState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [ConnectorState::Active, ConnectorState::Paused]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A connector as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectorRecord {
    /// Its name in the register of connectors.
    pub name: String,
    /// Whether messages leave.
    pub state: ConnectorState,
    /// JSON of the use case.
    pub settings: String,
    /// Sealed credentials.
    pub sealed: Option<Vec<u8>>,
    /// When it changed last.
    pub changed_at: Timestamp,
    /// Counts the changes; a change names the one it was read at.
    pub row_version: i32,
}

/// Prints no credential, sealed or not.
impl std::fmt::Debug for ConnectorRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectorRecord")
            .field("name", &self.name)
            .field("state", &self.state)
            .field("settings", &self.settings)
            .field("changed_at", &self.changed_at)
            .field("row_version", &self.row_version)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    /// One connector.
    ///
    /// # Errors
    /// The database failed.
    pub fn connector_get(&mut self, name: &str) -> Result<Option<ConnectorRecord>, StoreError> {
        let row: Option<Row> = connector::table
            .filter(connector::tenant_id.eq(self.tenant_id()))
            .filter(connector::name.eq(name))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(ConnectorRecord::try_from).transpose()
    }

    /// Every connector, by name.
    ///
    /// # Errors
    /// The database failed.
    pub fn connector_list(&mut self) -> Result<Vec<ConnectorRecord>, StoreError> {
        let rows: Vec<Row> = connector::table
            .filter(connector::tenant_id.eq(self.tenant_id()))
            .order(connector::name)
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(ConnectorRecord::try_from).collect()
    }
}

impl Writer<'_> {
    /// Adds a connector, active, or replaces settings and credentials of the one read at `expected_row_version`. Without
    /// credentials those it has stay. `false`: the row version is another, or one was expected and there is none.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when no row version was given and the connector is there.
    pub fn connector_put(
        &mut self,
        name: &str,
        settings: &str,
        sealed: Option<&[u8]>,
        expected_row_version: Option<i32>,
    ) -> Result<bool, StoreError> {
        let (tenant, at) = (self.tenant_id(), self.at().micros());
        let Some(expected) = expected_row_version else {
            diesel::insert_into(connector::table)
                .values((
                    connector::tenant_id.eq(tenant),
                    connector::name.eq(name),
                    connector::state.eq(ConnectorState::Active.as_str()),
                    connector::settings.eq(settings),
                    connector::sealed.eq(sealed),
                    connector::changed_at.eq(at),
                    connector::row_version.eq(1),
                ))
                .execute(self.connection)?;
            return Ok(true);
        };
        let changed = diesel::update(connector::table)
            .filter(connector::tenant_id.eq(tenant))
            .filter(connector::name.eq(name))
            .filter(connector::row_version.eq(expected))
            .set((
                connector::settings.eq(settings),
                sealed.map(|sealed| connector::sealed.eq(sealed)),
                connector::changed_at.eq(at),
                connector::row_version.eq(connector::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Lets messages wait. `false`: it is paused already, or there is no such connector.
    ///
    /// # Errors
    /// The database failed.
    pub fn connector_pause(&mut self, name: &str) -> Result<bool, StoreError> {
        self.connector_state(name, ConnectorState::Active, ConnectorState::Paused)
    }

    /// Lets messages leave again. `false`: it is not paused, or there is no such connector.
    ///
    /// # Errors
    /// The database failed.
    pub fn connector_resume(&mut self, name: &str) -> Result<bool, StoreError> {
        self.connector_state(name, ConnectorState::Paused, ConnectorState::Active)
    }

    fn connector_state(
        &mut self,
        name: &str,
        from: ConnectorState,
        to: ConnectorState,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(connector::table)
            .filter(connector::tenant_id.eq(self.tenant_id()))
            .filter(connector::name.eq(name))
            .filter(connector::state.eq(from.as_str()))
            .set((
                connector::state.eq(to.as_str()),
                connector::changed_at.eq(self.at().micros()),
                connector::row_version.eq(connector::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = connector)]
struct Row {
    name: String,
    state: String,
    settings: String,
    sealed: Option<Vec<u8>>,
    changed_at: i64,
    row_version: i32,
}

impl TryFrom<Row> for ConnectorRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(ConnectorRecord {
            name: row.name,
            state: known(ConnectorState::parse(&row.state), "connector state")?,
            settings: row.settings,
            sealed: row.sealed,
            changed_at: Timestamp::from_micros(row.changed_at),
            row_version: row.row_version,
        })
    }
}
