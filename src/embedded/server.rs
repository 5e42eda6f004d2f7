//! The running server.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use super::account::Account;
use super::error::tail;
use super::find::Programs;
use super::folder::Folder;
use super::watchdog::Watchdog;
use super::{Durability, EmbeddedError};

const READY_STEP: Duration = Duration::from_millis(15);
/// Recovery after a crash is part of the start.
const READY_TIMEOUT: Duration = Duration::from_secs(120);
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
const LOG_BYTES_MAX: u64 = 10 << 20;

const DURABLE: [&str; 1] = ["max_connections=100"];
const THROWAWAY: [&str; 6] = [
    "max_connections=200",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
];

/// A server that accepts connections.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pid: u32,
    watchdog: Watchdog,
}

impl Server {
    /// # Errors
    /// It ends, or is not ready in time; the end of its log is in the error.
    pub async fn start(
        programs: &Programs,
        folder: &Folder,
        account: &Account,
        durability: Durability,
    ) -> Result<Self, EmbeddedError> {
        let log = open_log(&folder.log())?;
        let old_bytes = log.metadata().map_or(0, |stat| stat.len());
        let stderr = log.try_clone();
        let stderr = stderr.map_err(EmbeddedError::io("open", &folder.log()))?;
        let program = programs.bin.join("postgres");
        let settings: &[&str] = match durability {
            Durability::Durable => &DURABLE,
            Durability::Throwaway => &THROWAWAY,
        };
        let common = [
            "listen_addresses=",
            "port=5432",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            "logging_collector=off",
        ];
        let mut command = account.command(&program);
        command.arg("-D").arg(folder.cluster());
        command.arg("-k").arg(folder.socket_dir());
        for setting in common.iter().chain(settings) {
            command.args(["-c", setting]);
        }
        let child = command
            .stdout(Stdio::from(log))
            .stderr(Stdio::from(stderr))
            // Ctrl-C reaches our whole group; the server must outlive our own shutdown.
            .process_group(0)
            .spawn()
            .map_err(EmbeddedError::io("run", &program))?;
        let pid = child.id().unwrap_or_default();
        let watchdog = Watchdog::start(pid, &folder.cluster(), &folder.leftovers())?;
        let mut server = Self {
            child,
            pid,
            watchdog,
        };
        match server.ready(folder, old_bytes).await {
            Ok(()) => Ok(server),
            Err(error) => {
                server.stop().await?;
                Err(error)
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Rolls open transactions back and ends.
    ///
    /// # Errors
    /// It does not end.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        for signal in [Signal::INT, Signal::QUIT, Signal::KILL] {
            // The id is gone once the end was collected: no stranger gets the signal.
            if let Some(pid) = self
                .child
                .id()
                .and_then(|id| Pid::from_raw(id.cast_signed()))
            {
                // A failure means that it has just ended.
                let _ = kill_process(pid, signal);
            }
            if timeout(STOP_TIMEOUT, self.child.wait()).await.is_ok() {
                self.watchdog.call_off().await;
                return Ok(());
            }
        }
        Err(EmbeddedError::Program {
            program: "postgres",
            tail: "it does not stop".to_owned(),
        })
    }

    /// Waits as `pg_ctl` does: for the eighth line of `postmaster.pid`.
    /// The log's first `old_bytes` tell of earlier runs.
    async fn ready(&mut self, folder: &Folder, old_bytes: u64) -> Result<(), EmbeddedError> {
        let file = folder.cluster().join("postmaster.pid");
        let failed = || {
            let log = std::fs::read(folder.log()).unwrap_or_default();
            let old = usize::try_from(old_bytes).unwrap_or(usize::MAX);
            EmbeddedError::Program {
                program: "postgres",
                tail: tail(log.get(old..).unwrap_or_default()),
            }
        };
        let pid = self.pid.to_string();
        let waiting = async {
            loop {
                let text = std::fs::read_to_string(&file).unwrap_or_default();
                let ours = text.lines().next() == Some(&pid);
                if ours
                    && text
                        .lines()
                        .nth(7)
                        .is_some_and(|state| state.trim() == "ready")
                {
                    return Ok(());
                }
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return Err(failed());
                }
                sleep(READY_STEP).await;
            }
        };
        timeout(READY_TIMEOUT, waiting)
            .await
            .unwrap_or_else(|_| Err(failed()))
    }
}

fn open_log(path: &Path) -> Result<File, EmbeddedError> {
    let too_long = std::fs::metadata(path).is_ok_and(|stat| stat.len() > LOG_BYTES_MAX);
    let mut options = File::options();
    match too_long {
        true => options.write(true).truncate(true),
        false => options.append(true),
    };
    options
        .create(true)
        .open(path)
        .map_err(EmbeddedError::io("open", path))
}
