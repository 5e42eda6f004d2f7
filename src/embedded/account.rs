//! The account that runs Postgres: ourselves, or, since Postgres refuses root, another one.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::EmbeddedError;

/// Candidates when we are root, best first; macOS names its own `_postgres`.
const NAMES: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// Who runs Postgres.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub uid: u32,
    pub gid: u32,
    pub name: String,
    /// Whether we are root and become this account.
    pub switched: bool,
}

impl Account {
    /// For the data in `data_dir`: installing a package may add a better account later, but Postgres only
    /// takes data that are its own.
    ///
    /// # Errors
    /// We are root, and there is nobody to become.
    pub fn for_postgres(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let uid = our_uid();
        if uid != 0 {
            return Ok(Self {
                uid,
                gid: rustix::process::getegid().as_raw(),
                name: format!("with user id {uid}"),
                switched: false,
            });
        }
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let candidates: Vec<Self> = NAMES
            .iter()
            .filter_map(|name| parse(&accounts, name))
            .collect();
        let owner = ["cluster", "run"]
            .iter()
            .find_map(|name| Some(std::fs::symlink_metadata(data_dir.join(name)).ok()?.uid()));
        candidates
            .iter()
            .find(|account| Some(account.uid) == owner)
            .or(candidates.first())
            .cloned()
            .ok_or(EmbeddedError::NoAccount)
    }

    /// A program of Postgres under this account, seeing nothing of our environment: a stray
    /// `PGDATA` or `PGOPTIONS` would change what it does.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir("/")
            .stdin(Stdio::null());
        if self.switched {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }
}

/// Our own effective user id.
pub(super) fn our_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn parse(accounts: &str, name: &str) -> Option<Account> {
    let line = accounts
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    // macOS writes nobody as -2, which is the same 32 bits.
    let mut id = || u32::try_from(fields.next()?.parse::<i64>().ok()? & 0xffff_ffff).ok();
    let (uid, gid) = (id()?, id()?);
    (uid != 0).then(|| Account {
        uid,
        gid,
        name: name.to_owned(),
        switched: true,
    })
}
