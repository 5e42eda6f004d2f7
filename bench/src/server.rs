//! The servers under test, each in a process of its own on the servers' cores: this binary, started again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use tokio::process::{Child, Command};

use crate::machine::Cores;
use crate::{clock, load};

/// The bot's token; only the benches' own stand-in for Telegram knows it.
pub const TOKEN: &str = "100000001:token-of-the-benches-00000000000000";
/// What Telegram would send with every update.
pub const SECRET: &str = "secret-of-the-benches";
/// Signs the addresses of media.
pub const MEDIA_SECRET: &str = "media-secret-of-the-benches";

/// What the process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Kind {
    /// The whole service, as `bulwark serve` runs it.
    Bulwark,
    /// The service with only what takes updates in.
    Intake,
    /// Parses and answers, and stores nothing.
    Bare,
    /// Parses, stores with one `INSERT` for each request, and answers.
    Insert,
}

impl Kind {
    fn flag(self) -> &'static str {
        match self {
            Self::Bulwark => "bulwark",
            Self::Intake => "intake",
            Self::Bare => "bare",
            Self::Insert => "insert",
        }
    }
}

/// A server that is ready; it ends when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process.
    pub pid: u32,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub async fn start(
        kind: Kind,
        cores: &Cores,
        database_url: &str,
        telegram: SocketAddr,
    ) -> anyhow::Result<Self> {
        let address = free_address()?;
        let list: Vec<String> = cores.server.iter().map(ToString::to_string).collect();
        let telegram = format!("http://{telegram}");
        let port = address.port().to_string();
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["--child", kind.flag(), "--child-cores", &list.join(",")])
            .env_clear()
            .envs([
                ("PORT", port.as_str()),
                ("HOST", "127.0.0.1"),
                ("PUBLIC_URL", &format!("http://127.0.0.1:{port}")),
                ("DATABASE_URL", database_url),
                ("TELEGRAM_BOT_TOKEN", TOKEN),
                ("TELEGRAM_API_URL", &telegram),
                ("WEBHOOK_SECRET", SECRET),
                ("MEDIA_PROXY_SECRET", MEDIA_SECRET),
                ("KIE_API_KEY", "key-of-the-benches"),
                ("KIE_API_URL", &telegram),
                ("LOG_FORMAT", "json"),
                ("LOG_LEVEL", "warn"),
                ("WELCOME_GRANT", "500"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let mut child = command.spawn().context("starting a server")?;
        let pid = child.id().context("the server ended at once")?;
        let deadline = clock::now() + Duration::from_secs(60);
        while load::status_of(address, "/readyz").await.ok() != Some(200) {
            if let Some(status) = child.try_wait()? {
                bail!("the server ended: {status}");
            }
            if clock::now() > deadline {
                bail!("the server does not become ready");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self {
            child,
            address,
            pid,
        })
    }

    /// Ends it at once.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("ending a server")
    }
}

/// An address that was free a moment ago.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}
