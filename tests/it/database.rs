//! One throwaway Postgres for the whole run, one database for each test, cloned from a migrated template.
//!
//! A machine without Postgres fails these tests, by name: nothing is skipped in silence.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use bulwark::base::clock::Clock;
use bulwark::base::db;
use bulwark::config::{Demo, Env};
use bulwark::embedded::{self, EmbeddedEnv, PassedOn};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

static SERVER: LazyLock<PgConnectOptions> = LazyLock::new(start);
static TEMPLATE: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Starts the server on a thread of its own, which outlives every test's runtime.
fn start() -> PgConnectOptions {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let process = Env::process();
            let demo = Demo::from_env(&process);
            let env = EmbeddedEnv {
                search_path: demo.search_path,
                home: demo.home,
                data_home: demo.data_home,
                pg_bin: demo.pg_bin,
                passed_on: PassedOn::select(process.iter()),
            };
            let server = embedded::throwaway(env)
                .await
                .expect("a throwaway Postgres");
            sender
                .send(server.connect_options())
                .expect("the test waits");
            // Kept until the process ends; its watchdog then stops the server and removes the data.
            std::future::pending::<()>().await;
            drop(server);
        });
    });
    receiver.recv().expect("a throwaway Postgres")
}

/// The address of a fresh, migrated database.
pub async fn fresh() -> PgConnectOptions {
    let template = TEMPLATE.get_or_init(template).await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut conn = PgConnection::connect_with(&SERVER)
        .await
        .expect("a connection");
    let clone = format!("create database {name} template {template} strategy file_copy");
    conn.execute(AssertSqlSafe(clone))
        .await
        .expect("a database");
    SERVER.clone().database(&name)
}

/// The address of an empty database.
#[allow(
    dead_code,
    reason = "not every test binary that includes this file needs it"
)]
pub async fn empty() -> PgConnectOptions {
    let name = format!("empty_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut conn = PgConnection::connect_with(&SERVER)
        .await
        .expect("a connection");
    conn.execute(AssertSqlSafe(format!("create database {name}")))
        .await
        .expect("a database");
    SERVER.clone().database(&name)
}

/// A pool on a fresh, migrated database.
#[allow(
    dead_code,
    reason = "not every test binary that includes this file needs it"
)]
pub async fn fresh_pool() -> PgPool {
    PgPoolOptions::new()
        .max_connections(16)
        .connect_with(fresh().await)
        .await
        .expect("a pool")
}

/// Returns when `n` sessions of the database of `pool` wait for locks.
#[allow(
    dead_code,
    reason = "not every test binary that includes this file needs it"
)]
pub async fn until_blocked(pool: &PgPool, n: i64) {
    let blocked = "select count(*) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    while pool
        .fetch_one(blocked)
        .await
        .expect("a row")
        .get::<i64, _>(0)
        < n
    {
        tokio::task::yield_now().await;
    }
}

/// Removes the database of a pool: many of them would fill the disk.
#[allow(
    dead_code,
    reason = "not every test binary that includes this file needs it"
)]
pub async fn leave(pool: PgPool) {
    let options = pool.connect_options();
    let name = options.get_database().expect("a name").to_owned();
    pool.close().await;
    let mut conn = PgConnection::connect_with(&SERVER)
        .await
        .expect("a connection");
    conn.execute(AssertSqlSafe(format!("drop database {name} with (force)")))
        .await
        .expect("a database less");
}

/// How the service under test reaches its database: straight, or through a pooler in transaction mode if the
/// environment names its program in `PGBOUNCER` (1.21 or newer).
#[allow(
    dead_code,
    reason = "not every test binary that includes this file needs it"
)]
pub fn route(direct: PgConnectOptions) -> db::Route {
    static POOLER: LazyLock<Option<Pooler>> = LazyLock::new(|| {
        let program = Env::process().get("PGBOUNCER").map(str::to_owned);
        program.map(|program| Pooler::start(&program))
    });
    match &*POOLER {
        None => db::Route::straight(direct),
        Some(pooler) => {
            // Not made from the direct one: the folder of its socket would be taken before any host.
            let pooled = PgConnectOptions::new_without_pgpass()
                .host("127.0.0.1")
                .port(pooler.port)
                .username("postgres")
                .database(direct.get_database().expect("a name"));
            db::Route::through_pooler(pooled, direct)
        }
    }
}

struct Pooler {
    port: u16,
    /// As long as it is open the pooler runs.
    _held: std::process::Child,
}

impl Pooler {
    fn start(program: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("bulwark-pooler-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(&folder, open).expect("a folder for all");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let socket = SERVER.get_socket().expect("a socket");
        let server_port = SERVER.get_port();
        let settings = format!(
            "[databases]\n* = host={} port={server_port} user=postgres\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\nmax_prepared_statements = 100\ndefault_pool_size = 4\n\
             server_idle_timeout = 5\nlog_connections = 0\nlog_disconnections = 0\n",
            socket.display()
        );
        let file = folder.join("pgbouncer.ini");
        std::fs::write(&file, settings).expect("its settings");
        // It refuses to run as root, and must reach the server's socket; it ends when this program does, which closes the pipe.
        let held = std::process::Command::new("sh")
            .args([
                "-c",
                "as=; [ \"$(id -u)\" = 0 ] && as=\"-u $(stat -c %U \"$4\")\"; \"$0\" $as \"$1\" 2>\"$2\" & read -r _; kill -QUIT $!; rm -r \"$3\"",
            ])
            .arg(program)
            .args([&file, &folder.join("log"), &folder])
            .arg(socket)
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("the pooler");
        let clock = Clock::system();
        let until = clock.monotonic() + std::time::Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(clock.monotonic() < until, "the pooler does not listen");
            std::thread::yield_now();
        }
        Self { port, _held: held }
    }
}

async fn template() -> String {
    let name = format!("template_{}", db::migrations_fingerprint());
    let mut conn = PgConnection::connect_with(&SERVER)
        .await
        .expect("a connection");
    conn.execute(AssertSqlSafe(format!("create database {name}")))
        .await
        .expect("a database");
    let options = SERVER.clone().database(&name);
    let route = db::Route::straight(options);
    db::migrate(&route).await.expect("the migrations");
    name
}
