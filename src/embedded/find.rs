//! Installed Postgres programs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::account::Account;
use super::client::command;
use super::{EmbeddedEnv, EmbeddedError};

/// The oldest major version that the migrations work on.
pub(super) const MAJOR_MIN: u32 = 15;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Parents whose children hold `bin`, with the beginning of the child's name.
const PLACES: [(&str, &str); 7] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql"),
    ("/usr/local/opt", "postgresql"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
    ("/Library/PostgreSQL", ""),
    ("/usr/local", "pgsql"),
];

/// A folder with working `initdb` and `postgres`.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    pub bin: PathBuf,
    pub version: String,
    pub major: u32,
}

/// The one to use: given, else on `PATH`, else by `pg_config`, else the newest in well-known places.
///
/// # Errors
/// A folder was given and does not serve.
pub(super) async fn installed(
    env: &EmbeddedEnv,
    account: &Account,
    wanted: Option<u32>,
) -> Result<Option<Programs>, EmbeddedError> {
    let serves =
        |found: &Programs| found.major >= MAJOR_MIN && wanted.is_none_or(|w| w == found.major);
    if let Some(dir) = &env.pg_bin {
        let given = probe(dir, account).await.filter(serves);
        return given.map(Some).ok_or_else(|| EmbeddedError::BadPrograms {
            dir: dir.clone(),
            wanted,
        });
    }
    let configured = pg_config_bindir(env).await;
    for dir in env.search_path.iter().chain(&configured) {
        if let Some(found) = probe(dir, account).await.filter(serves) {
            return Ok(Some(found));
        }
    }
    let mut newest: Option<Programs> = None;
    for dir in well_known() {
        let Some(found) = probe(&dir, account).await.filter(serves) else {
            continue;
        };
        if newest.as_ref().is_none_or(|best| best.major < found.major) {
            newest = Some(found);
        }
    }
    Ok(newest)
}

/// Asks the programs in `bin` for their version, as the account that will run them.
pub(super) async fn probe(bin: &Path, account: &Account) -> Option<Programs> {
    if !bin.is_absolute() || !bin.join("initdb").is_file() {
        return None;
    }
    let text = answer(account.command(&bin.join("postgres")).arg("--version")).await?;
    // "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
    let version = text.split(") ").nth(1)?.split_whitespace().next()?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(Programs {
        bin: bin.to_owned(),
        version: version.to_owned(),
        major: digits.parse().ok()?,
    })
}

/// The path of a program on `PATH`.
pub(super) fn on_path(env: &EmbeddedEnv, name: &str) -> Option<PathBuf> {
    let mut paths = env.search_path.iter().map(|dir| dir.join(name));
    paths.find(|path| path.is_absolute() && path.is_file())
}

async fn pg_config_bindir(env: &EmbeddedEnv) -> Option<PathBuf> {
    let program = on_path(env, "pg_config")?;
    let text = answer(command(&program, &env.passed_on).arg("--bindir")).await?;
    Some(PathBuf::from(text.trim()))
}

async fn answer(command: &mut Command) -> Option<String> {
    let output = timeout(ANSWER_TIMEOUT, command.kill_on_drop(true).output()).await;
    let output = output.ok()?.ok().filter(|out| out.status.success())?;
    String::from_utf8(output.stdout).ok()
}

fn well_known() -> Vec<PathBuf> {
    let children = |parent: &str| std::fs::read_dir(parent).into_iter().flatten().flatten();
    PLACES
        .iter()
        .flat_map(|(parent, start)| {
            children(parent)
                .filter(move |child| child.file_name().to_string_lossy().starts_with(start))
                .map(|child| child.path().join("bin"))
        })
        .collect()
}
