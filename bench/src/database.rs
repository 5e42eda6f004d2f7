//! The throwaway Postgres of a run: durable settings, on a real disk, with its processes on the servers' cores.
#![expect(
    clippy::disallowed_methods,
    reason = "the benches fill and empty tables by hand, and their peers are bare statements"
)]

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bulwark::base::db::Route;
use bulwark::config::{Demo, Env};
use bulwark::embedded::{self, Durability, Embedded, EmbeddedEnv, Options, PassedOn};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor as _};

use crate::machine;

/// The database of a run.
pub const NAME: &str = "bench";
/// `TMPFS_MAGIC`, statfs(2).
const TMPFS: i64 = 0x0102_1994;

/// A running Postgres with a migrated database.
pub struct Database {
    server: Embedded,
    dir: PathBuf,
    /// For what the benches do themselves.
    pub pool: PgPool,
}

impl Database {
    /// Starts it in `dir`, which is removed at the end.
    pub async fn start(dir: &Path, cores: &[usize]) -> anyhow::Result<Self> {
        let process = Env::process();
        let demo = Demo::from_env(&process);
        let server = embedded::start(Options {
            data_dir: dir.to_owned(),
            durability: Durability::Durable,
            may_fetch: true,
            env: EmbeddedEnv {
                search_path: demo.search_path,
                home: demo.home,
                data_home: demo.data_home,
                pg_bin: demo.pg_bin,
                passed_on: PassedOn::select(process.iter()),
            },
        })
        .await?;
        machine::pin(Some(server.pid()), cores)?;
        for child in machine::children(server.pid()) {
            machine::pin(Some(child), cores)?;
        }
        let admin = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(server.connect_options())
            .await?;
        admin
            .execute(AssertSqlSafe(format!("drop database if exists {NAME}")))
            .await?;
        admin
            .execute(AssertSqlSafe(format!("create database {NAME}")))
            .await?;
        admin.close().await;
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect_with(server.connect_options().database(NAME))
            .await?;
        let route = Route::straight(server.connect_options().database(NAME));
        bulwark::base::db::migrate(&route).await?;
        let database = Self {
            server,
            dir: dir.to_owned(),
            pool,
        };
        database.age_the_log().await?;
        Ok(database)
    }

    /// A database that has run for a while writes its log into files that it has; a new one makes each of them first, which
    /// was a fifth of Postgres's work in what is measured.
    async fn age_the_log(&self) -> anyhow::Result<()> {
        self.run("alter system set min_wal_size = '1GB'").await?;
        self.run("select pg_reload_conf()").await?;
        for _ in 0..64 {
            self.run("select pg_logical_emit_message(false, 'bench', repeat('x', 15 << 20))")
                .await?;
        }
        // A service never deletes wallets: what is left of these must not be in the way of the next ones.
        self.run("vacuum account").await?;
        self.run("checkpoint").await?;
        Ok(())
    }

    /// How to connect.
    pub fn options(&self) -> PgConnectOptions {
        self.server.connect_options().database(NAME)
    }

    /// As an address, for other processes.
    pub fn url(&self) -> String {
        let url = self.server.database_url();
        url.replacen("/postgres?", &format!("/{NAME}?"), 1)
    }

    /// The folder of its socket, for programs that speak libpq.
    pub fn socket_dir(&self) -> String {
        self.options()
            .get_socket()
            .map(|path| path.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The postmaster.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Runs a statement.
    pub async fn run(&self, sql: &str) -> anyhow::Result<u64> {
        let done = self.pool.execute(AssertSqlSafe(sql.to_owned())).await;
        Ok(done.with_context(|| sql.to_owned())?.rows_affected())
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> anyhow::Result<i64> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&self.pool)
            .await
            .with_context(|| sql.to_owned())
    }

    /// The one text that a query gives.
    pub async fn text(&self, sql: &str) -> anyhow::Result<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&self.pool)
            .await
            .with_context(|| sql.to_owned())
    }

    /// Empties the tables that grow, and lets no debt of the last measurement reach into the next.
    pub async fn reset(&self) -> anyhow::Result<()> {
        // The books are append-only by trigger; these are no books.
        self.run(
            "begin; set local session_replication_role = replica;
             truncate inbox_update, light_job, outbox_message, outbox_sent, sent_message, conversation, app_user, chat, job,
                 job_history, job_attempt, transfer, hold, hold_resolution;
             delete from account where kind = 'wallet';
             commit",
        )
        .await?;
        self.run("update lane_shard set owner = null, lease_until = null")
            .await?;
        // A service never deletes wallets: what is left of these must not be in the way of the next ones.
        self.run("vacuum account").await?;
        self.run("checkpoint").await?;
        Ok(())
    }

    /// What it is and how durable.
    pub async fn description(&self) -> anyhow::Result<String> {
        let settings = self
            .text(
                "select string_agg(name || ' ' || setting, ', ' order by name) from pg_settings
                 where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'min_wal_size')",
            )
            .await?;
        let disk = match rustix::fs::statfs(&self.dir) {
            Ok(stat) if stat.f_type == TMPFS => "MEMORY, not a disk",
            _ => "a disk",
        };
        Ok(format!(
            "Postgres {} through its socket, data on {disk}; {settings}",
            self.server.version()
        ))
    }

    /// Stops it and removes its folder.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.pool.close().await;
        self.server.stop().await?;
        std::fs::remove_dir_all(&self.dir).context("removing the database")
    }
}
