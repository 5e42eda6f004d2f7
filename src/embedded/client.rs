//! Programs that are not ours (package clients, shells), and what of our environment they see.

use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::EmbeddedError;
use super::error::tail;

const CLIENT_TIMEOUT: Duration = Duration::from_secs(600);

/// What a program needs to find its files, its tools, the proxy and its own configuration.
const NAMES: [&str; 26] = [
    "ALL_PROXY",
    "APT_CONFIG",
    "ASDF_DATA_DIR",
    "ASDF_DIR",
    "FTP_PROXY",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "NODE_EXTRA_CA_CERTS",
    "NODE_USE_SYSTEM_CA",
    "NO_PROXY",
    "NPM_TOKEN",
    "NVM_DIR",
    "N_PREFIX",
    "PATH",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "USER",
    "VOLTA_HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
];
const BEGINNINGS: [&str; 2] = ["LC_", "NPM_CONFIG_"];

/// The part of our environment that other programs may see: never a bot token, a key or a database address.
#[derive(Clone, Default)]
pub struct PassedOn(Vec<(String, String)>);

impl PassedOn {
    /// Keeps what stands in the list of this module.
    pub fn select<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let passes = |name: &str| {
            let name = name.to_ascii_uppercase();
            NAMES.contains(&name.as_str()) || BEGINNINGS.iter().any(|start| name.starts_with(start))
        };
        let chosen = all.into_iter().filter(|(name, _)| passes(name));
        Self(
            chosen
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }
}

/// Names only: a proxy's address may hold a password.
impl fmt::Debug for PassedOn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        formatter.debug_list().entries(names).finish()
    }
}

/// A command that sees `passed_on` and makes files that others may read: what a package client puts
/// down as root under a umask of 077 would be out of reach for the account that runs Postgres.
pub(super) fn command(program: &Path, passed_on: &PassedOn) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", r#"umask 022; exec "$@""#, "sh"])
        .arg(program)
        .env_clear()
        .envs(passed_on.0.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        // Ctrl-C is for us: we end what we wait for, and begin nothing new.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Runs to the end and returns what was written to the standard output.
///
/// # Errors
/// It fails or takes more than 10 minutes; the end of its output is in the error.
pub(super) async fn run(
    name: &'static str,
    command: &mut Command,
) -> Result<String, EmbeddedError> {
    let failed = |tail| EmbeddedError::Program {
        program: name,
        tail,
    };
    let output = timeout(CLIENT_TIMEOUT, command.output())
        .await
        .map_err(|_| failed("no end after 10 minutes".to_owned()))?
        .map_err(EmbeddedError::io("run", Path::new(name)))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(failed(tail(&[output.stdout, output.stderr].concat()))),
    }
}
