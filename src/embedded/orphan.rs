//! A server that outlived the process which started it.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use super::EmbeddedError;
use super::folder::SOCKET_LOCK_NAME;

const STEP: Duration = Duration::from_millis(100);
/// Steps to wait after each signal: 10 s.
const STEPS: usize = 100;

/// Makes sure that no process works in `cluster`; the caller holds the folder's lock.
///
/// # Errors
/// One does, and does not end.
pub(super) async fn recover(cluster: &Path, socket_dir: &Path) -> Result<(), EmbeddedError> {
    let file = cluster.join("postmaster.pid");
    let Some(pid) = server_named_in(&file, cluster) else {
        return Ok(());
    };
    let locks = [file, socket_dir.join(SOCKET_LOCK_NAME)];
    for signal in [Signal::INT, Signal::QUIT] {
        if is_server(pid, cluster) {
            tracing::warn!(
                pid = pid.as_raw_nonzero(),
                "stopping a Postgres left by an earlier run"
            );
            // A failure means that it has just ended.
            let _ = kill_process(pid, signal);
        }
        for _ in 0..STEPS {
            if !is_server(pid, cluster) && !anyone_in(cluster) {
                return locks.iter().try_for_each(|lock| forget(lock));
            }
            sleep(STEP).await;
        }
    }
    Err(EmbeddedError::StillRunning {
        pid: pid.as_raw_nonzero().get(),
        dir: cluster.to_owned(),
    })
}

/// Postgres refuses to start while the id in either of its files, for data and for socket, belongs to any process of its account, even to
/// an unrelated or dead one that nobody collected. It is safe to remove only since no process works
/// in the folder; where that cannot be seen, Postgres decides.
fn forget(file: &Path) -> Result<(), EmbeddedError> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(EmbeddedError::io("remove", file)(error))
        }
        _ => Ok(()),
    }
}

/// The process id of the file's first line, if its second line names `cluster`.
fn server_named_in(file: &Path, cluster: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(file).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 1)?;
    (Path::new(lines.next()?) == cluster)
        .then(|| Pid::from_raw(pid))
        .flatten()
}

/// Whether the process is a Postgres on `cluster`; an uncollected dead one has no command line.
fn is_server(pid: Pid, cluster: &Path) -> bool {
    let pid = pid.as_raw_nonzero().get();
    let command = if cfg!(target_os = "linux") {
        std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
    } else {
        let ps = std::process::Command::new("/bin/ps")
            .env_clear()
            .args(["-o", "command=", "-p", &pid.to_string()])
            .output();
        ps.map(|output| output.stdout).unwrap_or_default()
    };
    let command = String::from_utf8_lossy(&command);
    command.contains("postgres") && command.contains(&*cluster.to_string_lossy())
}

/// Whether a process, such as a backend that outlived its server, has `cluster` as its folder.
fn anyone_in(cluster: &Path) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .map(|process| process.path().join("cwd"))
        .any(|cwd| std::fs::read_link(cwd).is_ok_and(|dir| dir == cluster))
}
