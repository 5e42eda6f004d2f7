//! One process of the service.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

/// A command that takes longer hangs.
const COMMAND_MAX: Duration = Duration::from_secs(60);

/// How it is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its environment, without what the suite arms.
    pub env: Vec<(String, String)>,
    /// Where its log and its notes are kept.
    pub folder: PathBuf,
    /// Which replica it is.
    pub number: usize,
}

/// What is armed in it.
#[derive(Clone, Debug, Default)]
pub struct Arming {
    /// `BULWARK_KILL_AT`.
    pub kill_at: Option<String>,
    /// `BULWARK_MUTANT`.
    pub mutant: Option<String>,
    /// `BULWARK_CLOCK_STEP`.
    pub clock_step: Option<String>,
}

/// A process, running or dead.
#[derive(Debug)]
pub struct Replica {
    launch: Launch,
    child: Child,
    /// How it was armed.
    pub arming: Arming,
}

impl Replica {
    /// Starts it.
    pub fn start(launch: Launch, arming: Arming) -> anyhow::Result<Self> {
        let child = spawn(&launch, &arming)?;
        Ok(Self {
            launch,
            child,
            arming,
        })
    }

    /// Starts it anew; what ran before is gone.
    pub fn restart(&mut self, arming: Arming) -> anyhow::Result<()> {
        self.child = spawn(&self.launch, &arming)?;
        self.arming = arming;
        Ok(())
    }

    /// Whether it has ended.
    pub fn is_dead(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Arms it while it runs; it knows within a few hundredths of a second.
    pub fn order(&self, kill_at: &str) -> anyhow::Result<()> {
        let path = orders(&self.launch);
        let new = path.with_extension("new");
        std::fs::write(&new, kill_at)?;
        std::fs::rename(new, path)?;
        Ok(())
    }

    /// Waits for its end; false if it still runs.
    pub async fn ended(&mut self, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.child.wait())
            .await
            .is_ok()
    }

    /// Sends a signal, if it runs.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
        {
            // It may have ended just now.
            let _ = kill_process(pid, signal);
        }
    }

    /// SIGKILL, and its end.
    pub async fn kill(&mut self) {
        let _ = self.child.kill().await;
    }

    /// Runs a command of the same program beside it: what it printed, and how it ended; None if it was killed.
    pub async fn command(
        &self,
        args: &[&str],
        arming: &Arming,
    ) -> anyhow::Result<Option<(bool, String)>> {
        let mut command = prepared(&self.launch, arming);
        // Armed from its beginning: nobody gives it orders.
        command.args(args).env_remove("BULWARK_KILL_ORDERS");
        let log = append(&self.launch.folder.join("commands.log"))?;
        command.stdout(Stdio::piped()).stderr(log);
        let ended = tokio::time::timeout(COMMAND_MAX, command.output()).await;
        let ended = ended.context("a command that does not end")??;
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        Ok(ended
            .status
            .code()
            .is_some()
            .then(|| (ended.status.success(), said)))
    }

    /// Whether it stands still.
    pub fn is_stopped(&self) -> bool {
        let Some(id) = self.child.id() else {
            return false;
        };
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('T'))
    }
}

fn orders(launch: &Launch) -> PathBuf {
    launch.folder.join(format!("orders-{}", launch.number))
}

fn spawn(launch: &Launch, arming: &Arming) -> anyhow::Result<Child> {
    // What the one before did not read is not for this one.
    let _ = std::fs::remove_file(orders(launch));
    let log = append(&launch.folder.join(format!("replica-{}.log", launch.number)))?;
    let mut command = prepared(launch, arming);
    command
        .arg("serve")
        .stdout(log.try_clone().context("the log")?)
        .stderr(log);
    command.spawn().context("the service")
}

fn prepared(launch: &Launch, arming: &Arming) -> Command {
    let mut command = Command::new(&launch.program);
    command
        .env_clear()
        .envs(launch.env.iter().map(|(name, value)| (name, value)))
        .env("BULWARK_POINTS_FILE", launch.folder.join("points"))
        .env("BULWARK_KILL_ORDERS", orders(launch))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let armed = [
        ("BULWARK_KILL_AT", &arming.kill_at),
        ("BULWARK_MUTANT", &arming.mutant),
        ("BULWARK_CLOCK_STEP", &arming.clock_step),
    ];
    for (name, value) in armed {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
}

fn append(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).open(path);
    file.with_context(|| path.display().to_string())
}
