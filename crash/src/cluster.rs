//! A Postgres of its own with everything forced to disk, which can be stopped at once and started again.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bulwark::config::{Demo, Env};
use bulwark::embedded::{self, Durability, Embedded, EmbeddedEnv, Options, PassedOn};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    data_dir: PathBuf,
    server: Option<Embedded>,
}

impl Cluster {
    /// Makes and starts one in `data_dir`.
    pub async fn start(data_dir: &Path) -> anyhow::Result<Self> {
        let mut cluster = Self {
            data_dir: data_dir.to_owned(),
            server: None,
        };
        cluster.go_on().await?;
        Ok(cluster)
    }

    /// Starts it after a stop: it recovers from its log.
    pub async fn go_on(&mut self) -> anyhow::Result<()> {
        let process = Env::process();
        let demo = Demo::from_env(&process);
        let options = Options {
            data_dir: self.data_dir.clone(),
            durability: Durability::Durable,
            may_fetch: true,
            env: EmbeddedEnv {
                search_path: demo.search_path,
                home: demo.home,
                data_home: demo.data_home,
                pg_bin: demo.pg_bin,
                passed_on: PassedOn::select(process.iter()),
            },
        };
        let server = embedded::start(options).await.context("Postgres")?;
        self.server = Some(server);
        Ok(())
    }

    /// As `pg_ctl stop -m immediate`: no transaction ends, nothing is written, backends die where they stand.
    pub async fn stop_at_once(&mut self) -> anyhow::Result<()> {
        let Some(server) = self.server.take() else {
            return Ok(());
        };
        if let Some(pid) = Pid::from_raw(server.pid().cast_signed()) {
            // It may have died by itself, of a full disk.
            let _ = kill_process(pid, Signal::QUIT);
        }
        server.stop().await.context("the end of Postgres")?;
        Ok(())
    }

    /// The address of the maintenance database.
    pub fn options(&self) -> anyhow::Result<PgConnectOptions> {
        let server = self.server.as_ref().context("Postgres is stopped")?;
        Ok(server.connect_options())
    }

    /// The socket that clients connect to.
    pub fn socket(&self) -> anyhow::Result<PathBuf> {
        let options = self.options()?;
        let folder = options.get_socket().context("a socket")?;
        Ok(folder.join(".s.PGSQL.5432"))
    }

    /// Ends it in good order.
    pub async fn end(mut self) -> anyhow::Result<()> {
        if let Some(server) = self.server.take() {
            server.stop().await?;
        }
        Ok(())
    }
}
