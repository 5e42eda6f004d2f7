//! The database.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

use super::{Env, Problem, Reader};
use crate::base::redact::{ExposeSecret as _, Secret};

/// How to reach Postgres.
#[derive(Clone, Debug)]
pub struct Database {
    /// The connection string.
    pub url: Secret,
    /// Connections of this process at most.
    pub pool_size: u32,
}

impl Database {
    /// Only these variables, for commands such as `bulwark migrate`.
    ///
    /// # Errors
    /// All problems with them.
    pub fn from_env(env: &Env) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(env);
        let database = Self::read(&mut reader);
        reader.finish(database)
    }

    /// The connection string as the driver wants it.
    ///
    /// # Errors
    /// The driver's refusal, without its text: that may quote the password.
    pub fn connect_options(&self) -> Result<PgConnectOptions, InvalidUrl> {
        PgConnectOptions::from_str(self.url.expose_secret()).map_err(|_| InvalidUrl)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        const REMEDY: &str = "set postgres://user:password@host:5432/database, with special characters of the \
                              password percent-encoded";
        let url = reader.required("DATABASE_URL", REMEDY);
        let database = Self {
            url: Secret::from(url.unwrap_or_default()),
            pool_size: reader.number("DATABASE_POOL_SIZE", 2..=200),
        };
        let scheme = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
        if url.is_some_and(|url| !scheme(url) || database.connect_options().is_err()) {
            reader.problem("DATABASE_URL", "is not a Postgres address", REMEDY);
        }
        database
    }
}

/// The connection string is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("DATABASE_URL is not a Postgres address")]
pub struct InvalidUrl;
