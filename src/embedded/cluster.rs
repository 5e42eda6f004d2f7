//! The database cluster on disk.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::account::Account;
use super::error::tail;
use super::find::Programs;
use super::folder::{Folder, private_dir, remove};
use super::{Durability, EmbeddedError};
use crate::base::ids::Ids;

const NEW_PREFIX: &str = "cluster-new-";
const INITDB_TIMEOUT: Duration = Duration::from_secs(120);

/// Major version that made the data, if there are any.
///
/// # Errors
/// The folder is there and says nothing readable.
pub(super) fn major(cluster: &Path) -> Result<Option<u32>, EmbeddedError> {
    if !cluster.exists() {
        return Ok(None);
    }
    let path = cluster.join("PG_VERSION");
    let text = std::fs::read_to_string(&path).map_err(EmbeddedError::io("read", &path))?;
    let invalid = |error| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
    let major = text.trim().parse().map_err(invalid);
    major.map(Some).map_err(EmbeddedError::io("read", &path))
}

/// Creates the cluster unless it is there.
///
/// # Errors
/// initdb fails; at most an unfinished folder is left then, and the next start removes it.
pub(super) async fn ensure(
    programs: &Programs,
    folder: &Folder,
    account: &Account,
    durability: Durability,
) -> Result<(), EmbeddedError> {
    let cluster = folder.cluster();
    match major(&cluster)? {
        Some(data) if data == programs.major => return Ok(()),
        Some(data) => return Err(EmbeddedError::VersionMismatch { dir: cluster, data }),
        None => {}
    }
    // A name of its own: an initdb whose owner was killed may still work, and cleans up after itself.
    remove_abandoned(folder.root());
    let new = folder
        .root()
        .join(format!("{NEW_PREFIX}{}", Ids::random().short()));
    private_dir(&new, account)?;
    let mut initdb = account.command(&programs.bin.join("initdb"));
    initdb.arg("-D").arg(&new).args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
    ]);
    match durability {
        Durability::Durable => {}
        Durability::Throwaway => {
            initdb.arg("--no-sync");
        }
    }
    let failed = |tail| EmbeddedError::Program {
        program: "initdb",
        tail,
    };
    let output = timeout(INITDB_TIMEOUT, initdb.kill_on_drop(true).output())
        .await
        .map_err(|_| failed("no end after 120 s".to_owned()))?
        .map_err(EmbeddedError::io("run", &programs.bin))?;
    if !output.status.success() {
        return Err(failed(tail(&[output.stdout, output.stderr].concat())));
    }
    std::fs::rename(&new, &cluster).map_err(EmbeddedError::io("rename", &new))
}

/// A failure costs no more than disk.
fn remove_abandoned(root: &Path) {
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(NEW_PREFIX) {
            let _ = remove(&entry.path());
        }
    }
}
