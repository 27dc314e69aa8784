//! The only way in which verification reaches the repository: packs of every tenant, by product code and serial.
//!
//! A [`VerifierScope`] can look packs up, and write what a verification does to them; it sees no person, upload, message or
//! alert, and what it is handed names no site (Art. 38; URS-VF-016). On PostgreSQL it is a role of its own whose policies
//! allow exactly this. Everything works on sets: the requests of a group share a transaction and a few statements (design,
//! idea 9). What is decided is `core::verification`'s; who asked is [`crate::verifier`]'s and stays there.
//!
//! There is no audit note in these changes: the record of each request, written in the same transaction, is the audit trail
//! that Art. 35(1)(g) asks for, and one chain of hashes for all would make every site of a market wait for every other.

mod commit;
mod look_up;
mod look_up_statement;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use packtwin_core::ids::{ProductNo, TenantId};

pub use self::commit::{AlertRow, ChangeRow, Commit, LotMove, RecordRow, RepeatRow, StateRow};
pub use self::look_up::{FoundHere, FoundPack, HeldPack, Wanted};

use crate::engine::{self, Access, AnyConnection, DatabaseRole, Engine, Pool};
use crate::error::StoreError;
use crate::site::{Site, SiteInner};

/// The repository in the hands of verification.
#[derive(Clone)]
pub struct VerifierScope {
    site: Arc<SiteInner>,
    pool: Pool,
    /// Which product has which number. A product's code never changes and no product is ever removed, so what was found once
    /// holds; what was not found is asked for again.
    products: Arc<Mutex<HashMap<String, (TenantId, ProductNo)>>>,
}

/// An open transaction of verification.
pub struct Verification<'a> {
    connection: &'a mut AnyConnection,
    scope: &'a VerifierScope,
}

impl Site {
    /// Opens the repository for verification, with `connections` of its own. `engine` is the site's database with the login
    /// of verification; on SQLite it is the same file.
    ///
    /// # Errors
    /// The database was not reached.
    pub fn verifier_scope(
        &self,
        engine: &Engine,
        connections: u32,
    ) -> Result<VerifierScope, StoreError> {
        Ok(VerifierScope {
            site: Arc::clone(&self.inner),
            pool: engine.pool_as(connections, DatabaseRole::Verification)?,
            products: Arc::default(),
        })
    }
}

impl VerifierScope {
    /// Into how many lanes requests may be divided: SQLite has one writer.
    pub fn lanes(&self) -> usize {
        match self.site.engine {
            Engine::Sqlite { .. } => 1,
            Engine::Postgres { .. } => 4,
        }
    }

    /// Does a group's work in one transaction, durable when this returns.
    ///
    /// # Errors
    /// What `work` answers, or that the database failed; then nothing was changed.
    pub fn transact<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Verification<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.site.writer_turn();
        let mut connection = self
            .pool
            .get()
            .map_err(|error| StoreError::Unreachable(error.to_string()))?;
        engine::begin(&mut connection, Access::Write, None)?;
        let outcome = work(&mut Verification {
            connection: &mut connection,
            scope: self,
        });
        let outcome = match outcome {
            Ok(value) => engine::commit(&mut connection)
                .map(|()| value)
                .map_err(E::from),
            Err(refused) => Err(refused),
        };
        if outcome.is_err() {
            engine::roll_back(&mut connection);
        }
        outcome
    }

    /// Writes the log of an SQLite repository back when it is long enough; answers whether it was.
    ///
    /// # Errors
    /// The database failed; it is tried again.
    pub fn write_back(&self) -> Result<bool, StoreError> {
        let due = engine::write_back::is_due(&self.site.engine);
        if due {
            engine::write_back::write_back(&self.site.engine, || self.site.writer_turn())?;
        }
        Ok(due)
    }

    fn known_product(&self, identity: &str) -> Option<(TenantId, ProductNo)> {
        let products = self.products.lock().unwrap_or_else(PoisonError::into_inner);
        products.get(identity).copied()
    }

    fn remember_product(&self, identity: String, number: (TenantId, ProductNo)) {
        let mut products = self.products.lock().unwrap_or_else(PoisonError::into_inner);
        products.insert(identity, number);
    }
}
