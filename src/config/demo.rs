//! What only `bulwark demo` reads.

use std::path::PathBuf;

use super::{Env, Reader};

/// Where the demo finds Postgres and keeps its data. Nothing in it can be wrong before it is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    /// Folder of the Postgres programs to use.
    pub pg_bin: Option<PathBuf>,
    /// Where the database is kept.
    pub data_dir: Option<PathBuf>,
    /// Whether the operator brought a bot of their own.
    pub has_bot_token: bool,
    /// Whether the operator brought a database of their own.
    pub has_database: bool,
    /// `PATH`, where programs are looked for.
    pub search_path: Vec<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub data_home: Option<PathBuf>,
}

impl Demo {
    /// Reads them.
    pub fn from_env(env: &Env) -> Self {
        Self::read(&mut Reader::new(env), env)
    }

    pub(super) fn read(reader: &mut Reader<'_>, env: &Env) -> Self {
        let search_path = env.get("PATH").unwrap_or_default();
        Self {
            pg_bin: reader.path("BULWARK_PG_BIN"),
            data_dir: reader.path("BULWARK_DATA_DIR"),
            has_bot_token: reader.text("TELEGRAM_BOT_TOKEN").is_some(),
            has_database: reader.text("DATABASE_URL").is_some(),
            search_path: std::env::split_paths(search_path).collect(),
            home: env.get("HOME").map(PathBuf::from),
            data_home: env.get("XDG_DATA_HOME").map(PathBuf::from),
        }
    }
}
