//! One throwaway Postgres for the whole run, one database for each test, cloned from a migrated template.
//!
//! A machine without Postgres fails these tests, by name: nothing is skipped in silence.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use bulwark::base::db;
use bulwark::config::{Demo, Env};
use bulwark::embedded::{self, EmbeddedEnv, PassedOn};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

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
