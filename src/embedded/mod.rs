//! An own Postgres for the demo and for tests: found or fetched, started, guarded, stopped.
//!
//! Invariants:
//! * One process at a time owns a data folder: it holds a lock on `lock` for as long as it lives.
//! * `cluster` is complete or absent: initdb works in another folder, which is then renamed.
//! * Only the account that runs Postgres, and root, reach the socket; nothing listens on TCP.
//! * The folder itself belongs to us; the account of Postgres owns only `cluster` and the socket's folder.
//! * A server is started only when no process works in `cluster` any more.
//! * No program that we run sees a token or key of our environment.
//!
//! When a process dies:
//! * we: our end of the watchdog's input closes; it stops Postgres and removes throwaway folders;
//! * we and the watchdog: Postgres runs on; the next start finds it by `postmaster.pid`, its folder and
//!   its command line, and stops it;
//! * Postgres: the next start waits for its remaining backends, then recovers from the log;
//! * the watchdog alone: nothing is lost but the guard.

mod account;
mod apt;
mod client;
mod cluster;
mod error;
mod fetch;
mod find;
mod folder;
mod orphan;
mod package;
mod server;
#[cfg(test)]
mod tests;
mod watchdog;

use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

pub use client::PassedOn;
pub use error::EmbeddedError;
pub use folder::default_data_dir;

use account::Account;
use folder::Folder;
use server::Server;

/// Whether the data must survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Every commit reaches the disk.
    Durable,
    /// Nothing is forced to disk, 200 connections; the folder of [`throwaway`] is removed at the end.
    Throwaway,
}

/// What the environment says; filled by the caller, because only `config` reads it.
#[derive(Clone, Debug, Default)]
pub struct EmbeddedEnv {
    /// Folders of `PATH`.
    pub search_path: Vec<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub data_home: Option<PathBuf>,
    /// `BULWARK_PG_BIN`: the folder of `postgres` and `initdb`; when set, no other is looked for.
    pub pg_bin: Option<PathBuf>,
    /// What other programs may see of our environment.
    pub passed_on: PassedOn,
}

/// What to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the data, the log, the socket and, where fetched, the programs. Absolute.
    pub data_dir: PathBuf,
    /// Whether commits reach the disk.
    pub durability: Durability,
    /// Whether programs that are not installed may be fetched or installed.
    pub may_fetch: bool,
    /// What the environment says.
    pub env: EmbeddedEnv,
}

/// A running Postgres. Dropped without [`Embedded::stop`], its watchdog stops it soon after.
#[derive(Debug)]
pub struct Embedded {
    server: Server,
    folder: Folder,
    version: String,
    #[cfg(test)]
    program: PathBuf,
}

/// Starts Postgres on `options.data_dir`, creating the database cluster at the first time.
///
/// # Errors
/// Every reason names what to do about it.
pub async fn start(options: Options) -> Result<Embedded, EmbeddedError> {
    let account = Account::for_postgres(&options.data_dir)?;
    let folder = Folder::open(&options.data_dir, &account, options.durability)?;
    orphan::recover(&folder.cluster(), folder.socket_dir()).await?;
    let wanted = cluster::major(&folder.cluster())?;
    let programs = match find::installed(&options.env, &account, wanted).await? {
        Some(programs) => programs,
        None => fetch::programs(&options, &folder, &account, wanted).await?,
    };
    cluster::ensure(&programs, &folder, &account, options.durability).await?;
    let server = Server::start(&programs, &folder, &account, options.durability).await?;
    Ok(Embedded {
        server,
        folder,
        version: programs.version,
        #[cfg(test)]
        program: programs.bin.join("postgres"),
    })
}

/// Starts an empty Postgres in memory where 1 GB is free there, else in the temporary folder.
///
/// # Errors
/// As [`start`].
pub async fn throwaway(env: EmbeddedEnv) -> Result<Embedded, EmbeddedError> {
    start(Options {
        data_dir: folder::throwaway_dir(),
        durability: Durability::Throwaway,
        may_fetch: true,
        env,
    })
    .await
}

impl Embedded {
    /// The address of the maintenance database, through the socket.
    pub fn database_url(&self) -> String {
        let host = percent_encode(&self.folder.socket_dir().to_string_lossy());
        format!("postgresql://postgres@localhost:5432/postgres?host={host}&sslmode=disable")
    }

    /// The same for the driver; other databases by `.database(name)`.
    pub fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::new()
            .socket(self.folder.socket_dir())
            .port(5432)
            .ssl_mode(PgSslMode::Disable)
            .username("postgres")
            .database("postgres")
    }

    /// The folder that keeps everything.
    pub fn data_dir(&self) -> &Path {
        self.folder.root()
    }

    /// Version of the server, such as `15.14`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Process id of the server.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Stops the server, rolling open transactions back; a throwaway folder is removed.
    ///
    /// # Errors
    /// The server did not stop, or its throwaway folder could not be removed.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        self.server.stop().await?;
        self.folder.clean()
    }
}

fn percent_encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}
