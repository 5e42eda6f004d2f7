//! Stops Postgres when we are gone, however we went.
//!
//! A shell waits on a pipe whose other end only we hold; the kernel closes it with our last thread.
//! (`PR_SET_PDEATHSIG` would fire when the thread that spawned the server ends, which pool threads do.)
//! It acts only while `postmaster.pid` names the server it guards: a process id may have been reused.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::EmbeddedError;

/// `$1` server, `$2` cluster, rest: folders to remove. A line on the input calls it off.
const SCRIPT: &str = r#"
read x && exit 0
pid=$1; file=$2/postmaster.pid; shift 2
guarded() { [ "$(head -n 1 "$file" 2>/dev/null)" = "$pid" ]; }
guarded || sleep 1
if guarded; then kill -INT "$pid"; fi
n=0
while guarded && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
if guarded; then kill -QUIT "$pid"; sleep 1; fi
[ $# -eq 0 ] || rm -rf -- "$@"
"#;
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// The waiting shell.
#[derive(Debug)]
pub(super) struct Watchdog(Child);

impl Watchdog {
    /// # Errors
    /// There is no shell.
    pub fn start(pid: u32, cluster: &Path, leftovers: &[PathBuf]) -> Result<Self, EmbeddedError> {
        Command::new("/bin/sh")
            .args(["-c", SCRIPT, "bulwark-watchdog"])
            .arg(pid.to_string())
            .arg(cluster)
            .args(leftovers)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C goes to the whole foreground group and must not reach the guard.
            .process_group(0)
            .spawn()
            .map(Self)
            .map_err(EmbeddedError::io("run", Path::new("/bin/sh")))
    }

    /// The server has stopped: nothing is left to guard.
    pub async fn call_off(mut self) {
        if let Some(mut input) = self.0.stdin.take() {
            // A failure means that it has ended already.
            let _ = input.write_all(b"done\n").await;
        }
        let _ = timeout(END_TIMEOUT, self.0.wait()).await;
    }
}
