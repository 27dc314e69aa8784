//! A database that lives as long as one measurement.
//!
//! `packtwin bench` must not leave packs in a database that someone uses, and must be able to run twice: on PostgreSQL it
//! makes a database of its own on the named server and drops it at the end. The login needs the right to make databases.

use diesel::connection::SimpleConnection;

use super::{Connector, Engine};
use crate::error::StoreError;
use crate::random;

/// A database on the server of another one; gone when it is dropped.
pub struct ScratchDatabase {
    server: Engine,
    name: String,
    engine: Engine,
}

impl ScratchDatabase {
    /// Makes an empty database beside the one that `beside` names, or `None` when that is a file.
    ///
    /// # Errors
    /// The server was not reached, or the login may not make databases.
    pub fn create(beside: &Engine) -> Result<Option<Self>, StoreError> {
        let Engine::Postgres { url } = beside else {
            return Ok(None);
        };
        let name = format!("packtwin_bench_{:032x}", random::bits()?);
        let scratch = ScratchDatabase {
            server: beside.clone(),
            engine: Engine::Postgres {
                url: with_database(url, &name),
            },
            name,
        };
        scratch.run("CREATE DATABASE", "")?;
        Ok(Some(scratch))
    }

    /// Its address, with the same login.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The name is of our own making, so that nothing from outside reaches the statement.
    fn run(&self, before: &str, after: &str) -> Result<(), StoreError> {
        let mut server = Connector::open(&self.server)?.connect_as_login()?;
        server.batch_execute(&format!("{before} {} {after}", self.name))?;
        Ok(())
    }
}

impl Drop for ScratchDatabase {
    fn drop(&mut self) {
        if let Err(error) = self.run("DROP DATABASE", "WITH (FORCE)") {
            tracing::warn!(database = %self.name, %error, "a scratch database was left behind; drop it by hand");
        }
    }
}

/// The address of another database on the same server, with the same login and settings.
fn with_database(url: &str, name: &str) -> String {
    let (address, settings) = match url.split_once('?') {
        Some((address, settings)) => (address, format!("?{settings}")),
        None => (url, String::new()),
    };
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let server_end = address[after_scheme..]
        .find('/')
        .map_or(address.len(), |at| after_scheme + at);
    format!("{}/{name}{settings}", &address[..server_end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_the_database_changes() {
        for (url, expected) in [
            (
                "postgres://u:p@host:5/db?sslmode=require",
                "postgres://u:p@host:5/new?sslmode=require",
            ),
            ("postgresql://host", "postgresql://host/new"),
            (
                "postgres:///db?host=/run/pg",
                "postgres:///new?host=/run/pg",
            ),
        ] {
            assert_eq!(with_database(url, "new"), expected);
        }
    }
}
