//! The database.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

use super::{Env, Problem, Reader};
use crate::base::db::Route;
use crate::base::redact::{ExposeSecret as _, Secret};

/// How to reach Postgres.
#[derive(Clone, Debug)]
pub struct Database {
    /// The connection string.
    pub url: Secret,
    /// The one that goes past a transaction pooler; if set, `url` goes through it.
    pub direct_url: Option<Secret>,
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

    /// The ways to the database as the driver wants them.
    ///
    /// # Errors
    /// The driver's refusal, without its text: that may quote the password.
    pub fn route(&self) -> Result<Route, InvalidUrl> {
        let service = options(&self.url)?;
        Ok(match &self.direct_url {
            Some(direct) => Route::through_pooler(service, options(direct)?),
            None => Route::straight(service),
        })
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        const REMEDY: &str = "set postgres://user:password@host:5432/database, with special characters of the \
                              password percent-encoded";
        let url = reader.required("DATABASE_URL", REMEDY);
        let direct_url = reader.text("DATABASE_DIRECT_URL");
        for (name, url) in [("DATABASE_URL", url), ("DATABASE_DIRECT_URL", direct_url)] {
            if url.is_some_and(|url| !is_address(url)) {
                reader.problem(name, "is not a Postgres address", REMEDY);
            }
        }
        Self {
            url: Secret::from(url.unwrap_or_default()),
            direct_url: direct_url.map(Secret::from),
            pool_size: reader.number("DATABASE_POOL_SIZE", 2..=200),
        }
    }
}

fn options(url: &Secret) -> Result<PgConnectOptions, InvalidUrl> {
    PgConnectOptions::from_str(url.expose_secret()).map_err(|_| InvalidUrl)
}

fn is_address(url: &str) -> bool {
    let scheme = url.starts_with("postgres://") || url.starts_with("postgresql://");
    scheme && PgConnectOptions::from_str(url).is_ok()
}

/// The connection string is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("DATABASE_URL is not a Postgres address")]
pub struct InvalidUrl;
