//! Postgres programs for a machine that has none.

use super::account::Account;
use super::find::Programs;
use super::folder::Folder;
use super::{EmbeddedError, Options};

/// # Errors
/// There is no way to get them here.
pub(super) async fn programs(
    _options: &Options,
    folder: &Folder,
    _account: &Account,
    wanted: Option<u32>,
) -> Result<Programs, EmbeddedError> {
    if let Some(data) = wanted {
        return Err(EmbeddedError::VersionMismatch {
            dir: folder.cluster(),
            data,
        });
    }
    Err(EmbeddedError::NotFound {
        detail: String::new(),
        remedy: remedy(),
    })
}

const fn remedy() -> &'static str {
    if cfg!(target_os = "macos") {
        "brew install postgresql@17"
    } else {
        "sudo apt-get install postgresql"
    }
}
