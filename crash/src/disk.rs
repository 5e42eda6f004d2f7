//! A small disk of its own for Postgres, which can be filled up. Only root can mount one; without it no disk is filled,
//! and the report says so by not naming it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

/// Enough for a cluster and what one world writes.
const SIZE: &str = "size=420m,mode=755";

/// A mounted disk; unmounted when it is dropped.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Mounts one at `path`, if we may.
    pub async fn mount(path: &Path) -> Option<Self> {
        std::fs::create_dir_all(path).ok()?;
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", SIZE, "bulwark-crash"])
            .arg(path);
        let mounted = mount.stderr(Stdio::null()).status().await.ok()?;
        mounted.success().then(|| Self {
            path: path.to_owned(),
        })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.path)
            .status();
    }
}

/// Takes all the room that is left on the disk that `folder` is on.
pub fn fill(folder: &Path) -> std::io::Result<()> {
    let mut ballast = std::fs::File::create(folder.join("ballast"))?;
    for chunk in [vec![0_u8; 1 << 20], vec![0_u8; 4 << 10]] {
        while ballast.write_all(&chunk).is_ok() {}
    }
    Ok(())
}

/// Gives it back.
pub fn free(folder: &Path) -> std::io::Result<()> {
    std::fs::remove_file(folder.join("ballast"))
}
