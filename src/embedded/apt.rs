//! As root on Debian and its relatives: Postgres by the distribution's own package.

use std::path::Path;

use super::client::{command, run};
use super::find::{MAJOR_MIN, on_path};
use super::{EmbeddedEnv, EmbeddedError};

/// Installs `$1…`. The file keeps the package from starting a server of its own, on a port, that would stay.
/// The log is a file and nothing here ends with us: dpkg must not die half-way because somebody pressed Ctrl-C.
const SCRIPT: &str = r#"
dir=/etc/postgresql-common/createcluster.d; log=$(mktemp) || exit
mkdir -p "$dir" && echo 'create_main_cluster = false' >"$dir/bulwark.conf"
"$@" >"$log" 2>&1; status=$?
[ $status = 0 ] || tail -n 20 "$log"
rm -f "$log" "$dir/bulwark.conf"; rmdir "$dir" 2>/dev/null
exit $status
"#;

/// Installs a version that serves; false where there is no apt or it has none.
///
/// # Errors
/// The client fails.
pub(super) async fn install(env: &EmbeddedEnv, wanted: Option<u32>) -> Result<bool, EmbeddedError> {
    let (Some(get), Some(cache)) = (on_path(env, "apt-get"), on_path(env, "apt-cache")) else {
        return Ok(false);
    };
    // A fresh image has no lists, an old one's point at packages that are gone. When one source is out of
    // reach the others may still do: what counts is whether the installation succeeds.
    let updated = run("apt-get", command(&get, &env.passed_on).arg("update")).await;
    let mut search = command(&cache, &env.passed_on);
    search.args(["search", "--names-only", "^postgresql-[0-9]+$"]);
    let Some(major) = best(&run("apt-cache", &mut search).await?, wanted) else {
        return updated.map(|_| false);
    };
    eprintln!("Installing the package postgresql-{major}, once …");
    let mut install = command(Path::new("/bin/sh"), &env.passed_on);
    install
        .args(["-c", SCRIPT, "sh"])
        .arg(&get)
        .args(["-o", "DPkg::Lock::Timeout=120"])
        .args(["install", "-y", "--no-install-recommends"])
        .arg(format!("postgresql-{major}"))
        .env("DEBIAN_FRONTEND", "noninteractive")
        .kill_on_drop(false);
    run("apt-get", &mut install).await.map(|_| true)
}

/// The wanted major version, else the newest, among lines such as `postgresql-15 - The World's …`.
fn best(search: &str, wanted: Option<u32>) -> Option<u32> {
    search
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.strip_prefix("postgresql-"))
        .filter_map(|major| major.parse().ok())
        .filter(|major| *major >= MAJOR_MIN && wanted.is_none_or(|wanted| wanted == *major))
        .max()
}

#[cfg(test)]
mod tests {
    use super::best;

    #[test]
    fn the_wanted_version_is_taken_or_else_the_newest_that_serves() {
        let search = "postgresql-13 - old\npostgresql-15 - The World's\npostgresql-17 - x\n\
                      postgresql-contrib - not one\npostgresql-9 - older\n";
        assert_eq!(best(search, None), Some(17));
        assert_eq!(best(search, Some(15)), Some(15));
        assert_eq!(best(search, Some(16)), None);
        assert_eq!(best("postgresql-14 - too old\n", None), None);
    }
}
