//! The real program, built with kill points.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use tokio::process::Command;

/// Builds it beside this program, in the same profile, and gives its path.
pub async fn build() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program")?;
    let folder = own.parent().context("the folder of this program")?;
    let mut command = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    command
        .args(["build", "--locked", "--quiet", "--package", "bulwark"])
        .args(["--bin", "bulwark-faults", "--features", "faults"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::null());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let status = command.status().await.context("cargo")?;
    ensure!(status.success(), "the service cannot be built");
    let path = folder.join("bulwark-faults");
    ensure!(path.is_file(), "{} is not there", path.display());
    Ok(path)
}
