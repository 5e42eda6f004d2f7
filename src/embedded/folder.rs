//! The data folder: whose it is, who holds it, and where things lie in it.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::account::{Account, our_uid};
use super::{Durability, EmbeddedEnv, EmbeddedError};
use crate::base::ids::Ids;

/// macOS allows 104 bytes of socket path including the final NUL.
const SOCKET_PATH_BYTES_MAX: usize = 103;
const SOCKET_NAME: &str = ".s.PGSQL.5432";
/// Names the server that made the socket, as `postmaster.pid` does for the data.
pub(super) const SOCKET_LOCK_NAME: &str = ".s.PGSQL.5432.lock";
const MEMORY_DIR: &str = "/dev/shm";
const MEMORY_FREE_BYTES_MIN: u64 = 1 << 30;
const THROWAWAY_PREFIX: &str = "bulwark-test-";

/// Where the demo's data lie unless told otherwise.
///
/// # Errors
/// An ordinary user without a home.
pub fn default_data_dir(env: &EmbeddedEnv) -> Result<PathBuf, EmbeddedError> {
    if our_uid() == 0 {
        // Not under /root: the account that runs Postgres could not get there.
        return Ok(PathBuf::from("/var/lib/bulwark-dev"));
    }
    let home = env.home.as_ref();
    let base = if cfg!(target_os = "macos") {
        home.map(|home| home.join("Library/Application Support"))
    } else {
        let absolute = env.data_home.clone().filter(|dir| dir.is_absolute());
        absolute.or_else(|| home.map(|home| home.join(".local/share")))
    };
    base.map(|base| base.join("bulwark"))
        .ok_or(EmbeddedError::NoHome)
}

/// A new name for a throwaway folder.
pub(super) fn throwaway_dir() -> PathBuf {
    let in_memory = rustix::fs::statvfs(MEMORY_DIR)
        .is_ok_and(|stat| stat.f_bavail.saturating_mul(stat.f_frsize) >= MEMORY_FREE_BYTES_MIN);
    let base = if in_memory { MEMORY_DIR } else { "/tmp" };
    Path::new(base).join(format!("{THROWAWAY_PREFIX}{}", Ids::random().short()))
}

/// A data folder that is ours and locked.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    socket_dir: PathBuf,
    throwaway: bool,
    /// Held for its lock.
    lock: File,
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Closing the file is not enough: a program that another thread is starting right now holds a copy of it
        // until it has replaced itself, and the lock lives as long as the last copy (flock(2)).
        let _ = self.lock.unlock();
    }
}

impl Folder {
    /// Creates or takes over `dir`.
    ///
    /// # Errors
    /// It belongs to another, is held by another process, or is out of reach for `account`.
    pub fn open(
        dir: &Path,
        account: &Account,
        durability: Durability,
    ) -> Result<Self, EmbeddedError> {
        let io = EmbeddedError::io;
        let dir = &std::path::absolute(dir).map_err(io("find", dir))?;
        if account.switched {
            create_all(dir, 0o755)?;
        } else {
            fs::create_dir_all(dir.parent().unwrap_or(dir)).map_err(io("create", dir))?;
            create(dir, 0o700)?;
        }
        let root = dir.canonicalize().map_err(io("resolve", dir))?;
        check_owner(&root, &[our_uid()])?;
        check_reachable(&root, account)?;
        let lock = lock(&root)?;
        let mut socket_dir = root.join("run");
        if socket_dir.join(SOCKET_NAME).as_os_str().len() > SOCKET_PATH_BYTES_MAX {
            socket_dir = Path::new("/tmp").join(format!("bulwark-{}", Ids::random().short()));
        }
        private_dir(&socket_dir, account)?;
        // Only a name made here is ever removed: a folder that somebody chose may hold more.
        let ours = root
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(THROWAWAY_PREFIX));
        Ok(Self {
            root,
            socket_dir,
            throwaway: ours && durability == Durability::Throwaway,
            lock,
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn cluster(&self) -> PathBuf {
        self.root.join("cluster")
    }

    pub fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// What nobody needs once the server has stopped.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        let outside = !self.socket_dir.starts_with(&self.root);
        let socket = outside.then(|| self.socket_dir.clone());
        let root = self.throwaway.then(|| self.root.clone());
        socket.into_iter().chain(root).collect()
    }

    #[cfg(test)]
    pub fn lock_copy(&self) -> std::io::Result<File> {
        self.lock.try_clone()
    }

    /// Removes them.
    pub fn clean(&self) -> Result<(), EmbeddedError> {
        self.leftovers().iter().try_for_each(|dir| remove(dir))
    }
}

/// Held until this process ends, however it ends; says who holds it.
fn lock(root: &Path) -> Result<File, EmbeddedError> {
    let path = root.join("lock");
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    let mut lock = options
        .open(&path)
        .map_err(EmbeddedError::io("open", &path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            return Err(EmbeddedError::InUse {
                dir: root.to_owned(),
                pid: holder.trim().parse().ok(),
            });
        }
        Err(TryLockError::Error(cause)) => return Err(EmbeddedError::io("lock", &path)(cause)),
    }
    // Only for the message to others: not worth failing for.
    let _ = lock
        .set_len(0)
        .and_then(|()| writeln!(lock, "{}", std::process::id()));
    Ok(lock)
}

/// A folder of `account` alone; what is there must be its own.
pub(super) fn private_dir(dir: &Path, account: &Account) -> Result<(), EmbeddedError> {
    create(dir, 0o700)?;
    check_owner(dir, &[our_uid(), account.uid])?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
        .map_err(EmbeddedError::io("protect", dir))?;
    if account.switched {
        std::os::unix::fs::chown(dir, Some(account.uid), Some(account.gid))
            .map_err(EmbeddedError::io("give away", dir))?;
    }
    Ok(())
}

/// Removes a folder that may be absent.
pub(super) fn remove(dir: &Path) -> Result<(), EmbeddedError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(EmbeddedError::io("remove", dir)(error))
        }
        _ => Ok(()),
    }
}

/// Creates `dir` and the parents that are missing, each with `mode` whatever our umask: under 077 the
/// account that runs Postgres could not pass through them.
pub(super) fn create_all(dir: &Path, mode: u32) -> Result<(), EmbeddedError> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        create_all(parent, mode)?;
    }
    create(dir, mode)
}

/// What is there already keeps its mode: it is not ours to open.
fn create(dir: &Path, mode: u32) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(mode).create(dir) {
        Ok(()) => fs::set_permissions(dir, fs::Permissions::from_mode(mode))
            .map_err(EmbeddedError::io("open", dir)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(EmbeddedError::io("create", dir)(error)),
    }
}

fn check_owner(dir: &Path, allowed: &[u32]) -> Result<(), EmbeddedError> {
    // Not following a link: one left by another user must not lead us elsewhere.
    let owner = fs::symlink_metadata(dir)
        .map_err(EmbeddedError::io("look at", dir))?
        .uid();
    match allowed.contains(&owner) {
        true => Ok(()),
        false => Err(EmbeddedError::ForeignOwner {
            dir: dir.to_owned(),
            owner,
        }),
    }
}

fn check_reachable(dir: &Path, account: &Account) -> Result<(), EmbeddedError> {
    for dir in dir.ancestors().filter(|_| account.switched) {
        let stat = fs::metadata(dir).map_err(EmbeddedError::io("look at", dir))?;
        let enter = match (stat.uid() == account.uid, stat.gid() == account.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        if stat.mode() & enter == 0 {
            return Err(EmbeddedError::Unreachable {
                dir: dir.to_owned(),
                account: account.name.clone(),
            });
        }
    }
    Ok(())
}
