//! A desk: someone who was recognised, with what they may, before the house's use cases.

use packtwin_core::code::Code;
use packtwin_core::refusal::Refusal;
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::scope::{Actor, TenantScope};

use crate::error::AppError;
use crate::house::House;

/// One caller's way into the use cases.
pub struct Desk<'h> {
    house: &'h House,
    scope: TenantScope,
    permissions: Vec<Permission>,
}

impl<'h> Desk<'h> {
    /// The desk of someone whom `tenants` recognised.
    pub fn new(house: &'h House, actor: Actor, permissions: Vec<Permission>) -> Self {
        Desk {
            scope: house.site().scope(actor),
            house,
            permissions,
        }
    }

    /// The house.
    pub fn house(&self) -> &'h House {
        self.house
    }

    /// The tenant's data.
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.house.now()
    }

    /// Whether the caller may.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Refuses a caller who may not.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] names the missing permission in words.
    pub fn require(&self, permission: Permission) -> Result<(), AppError> {
        if self.may(permission) {
            return Ok(());
        }
        let text = format!(
            "this needs the permission to: {}",
            permission.sentence().to_lowercase()
        );
        Err(AppError::Forbidden(Refusal::new(Code::Forbidden, text)))
    }
}
