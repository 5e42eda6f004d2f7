//! `bulwark demo`, the real binary, over a database of its own: killed, crowded, and with programs that spy on it.
#![expect(clippy::expect_used, reason = "a test fails where it stands")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use bulwark::base::ids::Ids;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

const PATIENCE: Duration = Duration::from_secs(90);
const SECRETS: [(&str, &str); 3] = [
    (
        "TELEGRAM_BOT_TOKEN",
        "100000001:a-token-that-nobody-may-see-0000000",
    ),
    ("KIE_API_KEY", "a-key-that-nobody-may-see"),
    ("ADMIN_IDS", "4242424242"),
];

struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        let dir = Path::new("/tmp").join(format!("bulwark-demo-{}", Ids::random().short()));
        fs::create_dir(&dir).expect("a folder");
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("its mode");
        Self(dir)
    }

    /// Two levels that the demo has to make itself.
    fn data(&self) -> PathBuf {
        self.0.join("made/data")
    }

    fn programs(&self) -> PathBuf {
        self.0.join("bin")
    }

    /// A program of this name that does what `script` says.
    fn program(&self, name: &str, script: &str) {
        let bin = self.programs();
        fs::create_dir_all(&bin).expect("a folder");
        let path = bin.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
        for path in [&bin, &path] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
        }
    }

    async fn connection(&self) -> PgConnection {
        let options = PgConnectOptions::new()
            .socket(self.data().join("run"))
            .port(5432)
            .username("postgres")
            .database("postgres");
        PgConnection::connect_with(&options)
            .await
            .expect("a connection")
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Under the strictest umask, so that whatever Postgres needs to read was opened for it on purpose.
fn demo(dir: &Dir) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", r#"umask 077; exec "$@""#, "sh"])
        .arg(env!("CARGO_BIN_EXE_bulwark"))
        .args(["demo", "--headless", "--port", "0", "--sim-port", "0"])
        .arg("--data-dir")
        .arg(dir.data())
        .env_remove("DATABASE_URL")
        .env_remove("TELEGRAM_BOT_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn ends(mut command: Command) -> Output {
    timeout(PATIENCE, command.output())
        .await
        .expect("it ends")
        .expect("the binary")
}

/// Starts it and waits for its greeting.
async fn started(dir: &Dir) -> Child {
    let mut child = demo(dir)
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the binary");
    let mut lines = BufReader::new(child.stdout.as_mut().expect("its output")).lines();
    let greeting = async {
        while let Some(line) = lines.next_line().await.expect("its output") {
            if line.contains("is ready") {
                return true;
            }
        }
        false
    };
    assert!(timeout(PATIENCE, greeting).await.expect("a greeting"));
    child
}

/// Command lines of the processes that name the folder or stand in it.
fn processes(dir: &Path) -> Vec<String> {
    let dir = dir.display().to_string();
    if !Path::new("/proc/self/cmdline").exists() {
        let output = std::process::Command::new("ps")
            .args(["-A", "-o", "args="])
            .output()
            .expect("ps");
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = lines.lines().filter(|line| line.contains(&dir));
        return found.map(str::to_owned).collect();
    }
    let all = fs::read_dir("/proc").expect("/proc").flatten();
    all.filter_map(|process| {
        let command = fs::read(process.path().join("cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let inside =
            fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&dir));
        (inside || command.contains(&dir)).then_some(command)
    })
    .collect()
}

async fn nothing_is_left(dir: &Path) {
    let mut ticks = interval(Duration::from_millis(50));
    let gone = async {
        while !processes(dir).is_empty() {
            ticks.tick().await;
        }
    };
    let gone = timeout(Duration::from_secs(20), gone).await;
    assert!(gone.is_ok(), "left behind: {:#?}", processes(dir));
}

#[tokio::test]
async fn killed_it_leaves_no_server_and_its_data_are_there_again() {
    let dir = Dir::new();
    let mut first = started(&dir).await;
    let mut connection = dir.connection().await;
    connection
        .execute("create table kept as select 'committed before the kill' as words")
        .await
        .expect("a table");

    let second = ends(demo(&dir)).await;
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    let holder = format!("(process {})", first.id().expect("it runs"));
    assert!(!second.status.success() && said.contains(&holder), "{said}");

    first.kill().await.expect("SIGKILL");
    nothing_is_left(&dir.data()).await;

    let mut again = started(&dir).await;
    let row = dir
        .connection()
        .await
        .fetch_one("select words from kept")
        .await;
    let words: String = row.expect("a row").get(0);
    assert_eq!(words, "committed before the kill");
    let pid = again.id().expect("it runs").to_string();
    let told = Command::new("/bin/sh")
        .args(["-c", r#"kill -INT "$1""#, "sh", &pid])
        .status()
        .await;
    assert!(told.expect("kill").success());
    let status = timeout(PATIENCE, again.wait()).await.expect("it ends");
    assert!(status.expect("its status").success());
    assert_eq!(processes(&dir.data()), Vec::<String>::new());
}

#[tokio::test]
async fn the_programs_of_postgres_see_no_secret() {
    let dir = Dir::new();
    let seen = dir.0.join("seen");
    fs::create_dir(&seen).expect("a folder");
    fs::set_permissions(&seen, fs::Permissions::from_mode(0o777)).expect("its mode");
    let spy = |name: &str| format!("env >{}/{name}", seen.display());
    let postgres = format!("{}\necho 'postgres (PostgreSQL) 17.0'", spy("postgres"));
    dir.program("postgres", &postgres);
    let initdb = format!(
        "{}\necho 'cannot write: No space left on device' >&2; exit 1",
        spy("initdb")
    );
    dir.program("initdb", &initdb);
    let mut command = demo(&dir);
    command.envs(SECRETS).env("BULWARK_PG_BIN", dir.programs());
    let output = ends(command).await;

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(
        said.contains("initdb failed: cannot write: No space"),
        "{said}"
    );
    assert!(said.contains("make room there"), "{said}");
    for program in ["postgres", "initdb"] {
        let seen = fs::read_to_string(seen.join(program)).expect("what it saw");
        assert!(seen.contains("LC_ALL=C"), "{seen}");
        for (name, value) in SECRETS {
            assert!(
                !seen.contains(name) && !seen.contains(value),
                "{program}: {seen}"
            );
        }
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_refused_with_advice() {
    let dir = Dir::new();
    fs::write(dir.0.join("made"), "a file in the way").expect("a file");
    let output = ends(demo(&dir)).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("cannot create"), "{said}");
    assert!(said.contains("--data-dir"), "{said}");
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_way_out() {
    let dir = Dir::new();
    let taken = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a port");
    let port = taken.local_addr().expect("its number").port().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bulwark"));
    command
        .args(["demo", "--headless", "--port", &port, "--data-dir"])
        .arg(dir.data())
        .env_remove("DATABASE_URL")
        .kill_on_drop(true);
    let output = ends(command).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains(&port) && said.contains("--port"), "{said}");
    nothing_is_left(&dir.data()).await;
}
