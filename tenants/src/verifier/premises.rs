//! Organisations and the premises from which they verify (Art. 37: users and their legitimacy are known to the operator).
//!
//! Undoing belongs to premises (Art. 13), the market decides the rules, the role what may be asked. Legitimation with
//! documents, certificates and transfer are not here yet.

use diesel::prelude::*;

use packtwin_core::ids::{OrganisationId, PremisesId};
use packtwin_core::market::Market;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::Actor;

use super::VerifierStore;
use super::schema::{organisation, premises};
use crate::engine::Access;
use crate::error::StoreError;
use crate::random;

/// Premises to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewPremises<'a> {
    /// Whose they are.
    pub organisation: OrganisationId,
    /// What people call them.
    pub name: &'a str,
    /// Where they are.
    pub address: &'a str,
    /// In which role they ask.
    pub role: Actor,
    /// By the rules of which market.
    pub market: Market,
}

/// Premises as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Premises {
    /// Their id.
    pub id: PremisesId,
    /// Whose they are.
    pub organisation: OrganisationId,
    /// What people call them.
    pub name: String,
    /// Where they are.
    pub address: String,
    /// In which role they ask.
    pub role: Actor,
    /// By the rules of which market.
    pub market: Market,
    /// Since when they are known.
    pub created_at: Timestamp,
}

type Row = (String, String, String, String, String, String, i64);

impl VerifierStore {
    /// Adds an organisation.
    ///
    /// # Errors
    /// The database failed.
    pub fn organisation_create(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<OrganisationId, StoreError> {
        let id = OrganisationId::from_random(random::bits()?);
        self.transact(Access::Write, |connection| {
            diesel::insert_into(organisation::table)
                .values((
                    organisation::organisation_id.eq(id.to_string()),
                    organisation::name.eq(name),
                    organisation::created_at.eq(now.micros()),
                ))
                .execute(connection)?;
            Ok(id)
        })
    }

    /// Adds premises of an organisation.
    ///
    /// # Errors
    /// There is no such organisation, or the database failed.
    pub fn premises_create(
        &self,
        new: &NewPremises<'_>,
        now: Timestamp,
    ) -> Result<PremisesId, StoreError> {
        let id = PremisesId::from_random(random::bits()?);
        self.transact(Access::Write, |connection| {
            diesel::insert_into(premises::table)
                .values((
                    premises::premises_id.eq(id.to_string()),
                    premises::organisation_id.eq(new.organisation.to_string()),
                    premises::name.eq(new.name),
                    premises::address.eq(new.address),
                    premises::role.eq(new.role.as_str()),
                    premises::market.eq(new.market.as_str()),
                    premises::created_at.eq(now.micros()),
                ))
                .execute(connection)?;
            Ok(id)
        })
    }

    /// Premises by their id.
    ///
    /// # Errors
    /// The database failed.
    pub fn premises_get(&self, id: PremisesId) -> Result<Option<Premises>, StoreError> {
        let row: Option<Row> = self.transact(Access::Read, |connection| {
            Ok(premises::table
                .find(id.to_string())
                .select((
                    premises::premises_id,
                    premises::organisation_id,
                    premises::name,
                    premises::address,
                    premises::role,
                    premises::market,
                    premises::created_at,
                ))
                .first(connection)
                .optional()?)
        })?;
        row.map(record).transpose()
    }
}

fn record(row: Row) -> Result<Premises, StoreError> {
    let (id, organisation, name, address, role, market, created_at) = row;
    let what = "premises";
    let damaged = || StoreError::Damaged { what };
    Ok(Premises {
        id: id.parse().map_err(|_| damaged())?,
        organisation: organisation.parse().map_err(|_| damaged())?,
        name,
        address,
        role: Actor::parse(&role).ok_or_else(damaged)?,
        market: market.parse().map_err(|_| damaged())?,
        created_at: Timestamp::from_micros(created_at),
    })
}
