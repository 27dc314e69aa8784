//! Roles that a tenant made for itself, and who has them (URS-UR-003).
//!
//! The roles of the release are `packtwin_core::role`'s and stand in no table of their own. A role of a tenant is a word, a
//! title and permissions; its word never changes, so that the audit trail stays readable. A role that somebody has cannot
//! be removed. Whether its maker may give these permissions is for the caller to say.

use diesel::prelude::*;
use serde_json::json;

use packtwin_core::ids::UserId;
use packtwin_core::role::{Permission, RoleWord};
use packtwin_core::time::Timestamp;

use super::stored::count;
use super::user::UserChangeRefused;
use crate::audit::{AuditNote, Noted};
use crate::error::StoreError;
use crate::schema::{own_role, user_own_role};
use crate::scope::{Reader, Writer};

/// A role of a tenant as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRecord {
    /// The word used in requests.
    pub word: RoleWord,
    /// The name as people read it.
    pub title: String,
    /// What it allows, in the order of the register.
    pub permissions: Vec<Permission>,
    /// Who made it: a public id.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts changes; a change names the version it was made from.
    pub row_version: i32,
}

/// What a role is to be.
#[derive(Debug, Clone, Copy)]
pub struct RoleContent<'a> {
    /// The name as people read it.
    pub title: &'a str,
    /// What it allows.
    pub permissions: &'a [Permission],
}

impl Reader<'_> {
    /// One role of the tenant.
    ///
    /// # Errors
    /// The database failed.
    pub fn role_get(&mut self, word: &RoleWord) -> Result<Option<RoleRecord>, StoreError> {
        let row: Option<Row> = own_role::table
            .filter(own_role::tenant_id.eq(self.tenant_id()))
            .filter(own_role::role.eq(word.as_str()))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(RoleRecord::try_from).transpose()
    }

    /// The roles of the tenant in the order of their words.
    ///
    /// # Errors
    /// The database failed.
    pub fn role_list(&mut self) -> Result<Vec<RoleRecord>, StoreError> {
        let rows: Vec<Row> = own_role::table
            .filter(own_role::tenant_id.eq(self.tenant_id()))
            .order(own_role::role)
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(RoleRecord::try_from).collect()
    }

    /// How many people have a role of the tenant, whether they may sign in or not.
    ///
    /// # Errors
    /// The database failed.
    pub fn role_holder_count(&mut self, word: &RoleWord) -> Result<u64, StoreError> {
        let holders: i64 = user_own_role::table
            .filter(user_own_role::tenant_id.eq(self.tenant_id()))
            .filter(user_own_role::role.eq(word.as_str()))
            .count()
            .get_result(self.connection)?;
        count(holders, "holder count")
    }

    /// The tenant's own roles that these people have, by person.
    pub(super) fn roles_of_users(
        &mut self,
        ids: &[String],
    ) -> Result<Vec<(String, RoleRecord)>, StoreError> {
        let rows: Vec<(String, Row)> = user_own_role::table
            .inner_join(
                own_role::table.on(own_role::tenant_id
                    .eq(user_own_role::tenant_id)
                    .and(own_role::role.eq(user_own_role::role))),
            )
            .filter(user_own_role::tenant_id.eq(self.tenant_id()))
            .filter(user_own_role::user_id.eq_any(ids))
            .order((user_own_role::user_id, user_own_role::role))
            .select((user_own_role::user_id, Row::as_select()))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(user, row)| Ok((user, RoleRecord::try_from(row)?)))
            .collect()
    }
}

impl Writer<'_> {
    /// Makes a role.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the tenant has a role of this word.
    pub fn role_create(
        &mut self,
        word: &RoleWord,
        new: RoleContent<'_>,
    ) -> Result<Noted<()>, StoreError> {
        let created_by = self.actor().who().to_string();
        diesel::insert_into(own_role::table)
            .values((
                own_role::tenant_id.eq(self.tenant_id()),
                own_role::role.eq(word.as_str()),
                own_role::title.eq(new.title),
                own_role::permissions.eq(words(new.permissions).join(" ")),
                own_role::created_by.eq(created_by),
                own_role::created_at.eq(self.at().micros()),
                own_role::row_version.eq(1),
            ))
            .execute(self.connection)?;
        let detail = json!({ "new": told(new) });
        Ok(note("role.created", word).detail(detail).returning(()))
    }

    /// Gives a role another title and other permissions; acts with the next request of everyone who has it. `None`: its
    /// version is another.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the tenant has no such role.
    pub fn role_change(
        &mut self,
        word: &RoleWord,
        new: RoleContent<'_>,
        expected_row_version: i32,
    ) -> Result<Option<Noted<()>>, StoreError> {
        let old = self.role_get(word)?.ok_or(StoreError::NotFound)?;
        let changed = diesel::update(own_role::table)
            .filter(own_role::tenant_id.eq(self.tenant_id()))
            .filter(own_role::role.eq(word.as_str()))
            .filter(own_role::row_version.eq(expected_row_version))
            .set((
                own_role::title.eq(new.title),
                own_role::permissions.eq(words(new.permissions).join(" ")),
                own_role::row_version.eq(expected_row_version + 1),
            ))
            .execute(self.connection)?;
        let before = RoleContent {
            title: &old.title,
            permissions: &old.permissions,
        };
        let detail = json!({ "old": told(before), "new": told(new) });
        let note = note("role.changed", word).detail(detail);
        Ok((changed == 1).then(|| note.returning(())))
    }

    /// Removes a role that nobody has. `None`: its version is another.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the tenant has no such role. The database refuses one that somebody has.
    pub fn role_delete(
        &mut self,
        word: &RoleWord,
        expected_row_version: i32,
    ) -> Result<Option<Noted<()>>, StoreError> {
        let old = self.role_get(word)?.ok_or(StoreError::NotFound)?;
        let deleted = diesel::delete(own_role::table)
            .filter(own_role::tenant_id.eq(self.tenant_id()))
            .filter(own_role::role.eq(word.as_str()))
            .filter(own_role::row_version.eq(expected_row_version))
            .execute(self.connection)?;
        let before = RoleContent {
            title: &old.title,
            permissions: &old.permissions,
        };
        let note = note("role.removed", word).detail(json!({ "old": told(before) }));
        Ok((deleted == 1).then(|| note.returning(())))
    }

    /// Replaces the tenant's own roles of a person; acts with the next request of every open session.
    ///
    /// # Errors
    /// [`UserChangeRefused`]. The database refuses a role that the tenant does not have.
    pub fn user_own_roles_set(
        &mut self,
        id: UserId,
        roles: &[RoleWord],
        expected_row_version: i32,
    ) -> Result<Noted<()>, UserChangeRefused> {
        let old = self.user_for_change(id, expected_row_version)?;
        let tenant = self.tenant_id();
        let mine = user_own_role::table
            .filter(user_own_role::tenant_id.eq(tenant))
            .filter(user_own_role::user_id.eq(id.to_string()));
        diesel::delete(mine).execute(self.connection)?;
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        for role in &roles {
            diesel::insert_into(user_own_role::table)
                .values((
                    user_own_role::tenant_id.eq(tenant),
                    user_own_role::user_id.eq(id.to_string()),
                    user_own_role::role.eq(role.as_str()),
                ))
                .execute(self.connection)?;
        }
        let had: Vec<&str> = old
            .own_roles
            .iter()
            .map(|role| role.word.as_str())
            .collect();
        let has: Vec<&str> = roles.iter().map(RoleWord::as_str).collect();
        let detail = json!({
            "old": { "own_roles": had },
            "new": { "own_roles": has },
            "row_version": expected_row_version + 1,
        });
        Ok(AuditNote::new("user.roles_changed", format!("user {id}"))
            .detail(detail)
            .returning(()))
    }
}

fn note(action: &'static str, word: &RoleWord) -> AuditNote {
    AuditNote::new(action, format!("role {}", word.as_str()))
}

fn told(content: RoleContent<'_>) -> serde_json::Value {
    json!({ "title": content.title, "permissions": words(content.permissions) })
}

/// The words of permissions, each once, in the order of the register.
fn words(permissions: &[Permission]) -> Vec<&'static str> {
    let mut permissions = permissions.to_vec();
    permissions.sort_unstable();
    permissions.dedup();
    permissions.into_iter().map(Permission::as_str).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = own_role)]
struct Row {
    role: String,
    title: String,
    permissions: String,
    created_by: String,
    created_at: i64,
    row_version: i32,
}

impl TryFrom<Row> for RoleRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged { what: "role" };
        Ok(RoleRecord {
            word: RoleWord::parse(&row.role).map_err(|_| damaged())?,
            title: row.title,
            permissions: row
                .permissions
                .split_whitespace()
                .map(|word| Permission::parse(word).ok_or_else(damaged))
                .collect::<Result<_, _>>()?,
            created_by: row.created_by,
            created_at: Timestamp::from_micros(row.created_at),
            row_version: row.row_version,
        })
    }
}
