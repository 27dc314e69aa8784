//! Whether a site can work at this moment (operations.md section 6): its database takes a write and has the schema of this
//! build, its folder takes a file and has room left.
//!
//! Each question costs one small write on each side; who asks often keeps the answer for a while. The answer is for
//! operators and logs: an outsider learns only whether, never why not.

use std::io::Write;

use diesel::prelude::*;
use diesel::sql_types::Text;

use packtwin_core::time::Timestamp;

use crate::engine::Access;
use crate::error::StoreError;
use crate::schema::throttle;
use crate::site::Site;
use crate::store::random_bits;

/// Room that must be left in the folder, so that what has begun can be ended and the log can tell of it.
pub const FREE_BYTES_MIN: u64 = 256 * 1024 * 1024;

/// Why a site cannot work.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The database does not answer or takes no write.
    #[error("the database takes no write: {0}")]
    Database(#[from] StoreError),
    /// The schema is older than this build.
    #[error("the database lacks the migration {0}; run packtwin migrate")]
    Schema(String),
    /// The folder takes no file.
    #[error("the folder of the site takes no file: {0}")]
    Folder(#[from] std::io::Error),
    /// The disk is nearly full.
    #[error(
        "{free} bytes are free in the folder of the site; {FREE_BYTES_MIN} are kept in reserve"
    )]
    Full {
        /// What is left.
        free: u64,
    },
}

impl Site {
    /// Tries everything that work needs.
    ///
    /// # Errors
    /// The first thing that stands in the way.
    pub fn probe(&self, now: Timestamp) -> Result<(), NotReady> {
        self.probe_database(now)?;
        self.probe_schema()?;
        self.probe_folder()
    }

    /// Writes a row and takes it back in one transaction, which the engine makes durable like any other.
    fn probe_database(&self, now: Timestamp) -> Result<(), StoreError> {
        let subject = format!("probe:{}", random_bits()?);
        self.platform(Access::Write, |connection| {
            diesel::insert_into(throttle::table)
                .values((
                    throttle::subject.eq(&subject),
                    throttle::failures.eq(0),
                    throttle::last_at.eq(now.micros()),
                    throttle::blocked_until.eq(0_i64),
                ))
                .execute(connection)?;
            diesel::delete(throttle::table.find(&subject)).execute(connection)?;
            Ok(())
        })
    }

    fn probe_schema(&self) -> Result<(), NotReady> {
        let applied: Vec<Applied> = self.platform(Access::Read, |connection| {
            Ok(
                diesel::sql_query("SELECT version FROM __diesel_schema_migrations")
                    .load(connection)?,
            )
        })?;
        let lacks = |version: &String| !applied.iter().any(|row| row.version == *version);
        match self.inner.engine.migrations()?.into_iter().find(lacks) {
            Some(version) => Err(NotReady::Schema(version)),
            None => Ok(()),
        }
    }

    fn probe_folder(&self) -> Result<(), NotReady> {
        let work = self.folder().join("work");
        let path = work.join(format!("probe-{}", std::process::id()));
        let mut file = std::fs::File::create(&path)?;
        let written = file.write_all(b"probe").and_then(|()| file.sync_all());
        std::fs::remove_file(&path)?;
        written?;
        let room = rustix::fs::statvfs(&work).map_err(std::io::Error::from)?;
        let free = room.f_bavail.saturating_mul(room.f_frsize);
        if free < FREE_BYTES_MIN {
            return Err(NotReady::Full { free });
        }
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{for_each_engine, now};

    #[test]
    fn a_fresh_site_is_ready_on_both_engines() {
        for_each_engine(|site| site.probe(now()).unwrap());
    }

    #[test]
    fn a_missing_migration_a_lost_folder_and_a_lost_table_are_told() {
        for_each_engine(|site| {
            let work = site.folder().join("work");
            std::fs::remove_dir_all(&work).unwrap();
            assert!(matches!(site.probe(now()), Err(NotReady::Folder(_))));
            std::fs::create_dir_all(&work).unwrap();
            site.probe(now()).unwrap();
        });
        // Only SQLite's serving role owns the tables and can break them.
        let site = crate::testing::TestSite::sqlite();
        let run = |sql: &'static str| {
            site.platform(Access::Write, |connection| {
                Ok(diesel::sql_query(sql).execute(connection)?)
            })
            .unwrap();
        };
        run("DELETE FROM __diesel_schema_migrations WHERE version LIKE '%2'");
        assert!(matches!(site.probe(now()), Err(NotReady::Schema(_))));
        run("DROP TABLE throttle");
        assert!(matches!(site.probe(now()), Err(NotReady::Database(_))));
    }
}
