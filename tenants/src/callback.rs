//! Callback addresses: the unguessable handle under which a far side reaches one connector of one tenant.

use diesel::prelude::*;

use packtwin_core::ids::TenantId;

use crate::engine::Access;
use crate::error::StoreError;
use crate::random;
use crate::schema::directory;
use crate::scope::Writer;
use crate::site::Site;

/// The kind of callback handles in the directory.
const CALLBACK: &str = "callback";

/// To whom a callback belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackOwner {
    /// The tenant.
    pub tenant: TenantId,
    /// The connector of that tenant.
    pub connector: String,
}

impl Writer<'_> {
    /// Makes a new callback handle for a connector; an older one keeps working, so that late answers find their way.
    ///
    /// # Errors
    /// The database failed, or the operating system gave no random bits.
    pub fn callback_create(&mut self, connector: &str) -> Result<String, StoreError> {
        let handle = format!("{:032x}", random::bits()?);
        diesel::insert_into(directory::table)
            .values((
                directory::kind.eq(CALLBACK),
                directory::handle.eq(&handle),
                directory::tenant_id.eq(self.tenant_id()),
                directory::object_id.eq(connector),
            ))
            .execute(self.connection)?;
        Ok(handle)
    }
}

impl Site {
    /// Finds the owner of a callback handle.
    ///
    /// # Errors
    /// The database failed.
    pub fn callback_find(&self, handle: &str) -> Result<Option<CallbackOwner>, StoreError> {
        let found: Option<(i32, String)> = self.platform(Access::Read, |connection| {
            Ok(directory::table
                .filter(directory::kind.eq(CALLBACK))
                .filter(directory::handle.eq(handle))
                .select((directory::tenant_id, directory::object_id))
                .first(connection)
                .optional()?)
        })?;
        Ok(found.map(|(tenant, connector)| CallbackOwner {
            tenant: TenantId(tenant),
            connector,
        }))
    }
}
