//! Every migration is applied over data of the one before, and the books still balance at the end.

use std::path::{Path, PathBuf};

use bulwark::base::db;
use bulwark::engine::ledger::AuditReport;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor as _};

use crate::database;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .collect();
    files.sort();
    files
}

/// A database with every migration and its sample data.
pub async fn filled() -> PgPool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let options = database::empty().await;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .expect("a pool");
    let migrations = files(&root);
    let samples = files(&root.join("samples"));
    assert_eq!(
        migrations.len(),
        samples.len(),
        "every migration brings sample data"
    );
    for (migration, sample) in migrations.iter().zip(&samples) {
        for file in [migration, sample] {
            let sql = std::fs::read_to_string(file).expect("the file");
            let applied = pool.execute(AssertSqlSafe(sql)).await;
            assert!(applied.is_ok(), "{}: {applied:?}", file.display());
        }
    }
    pool
}

#[tokio::test]
async fn each_is_applied_over_data_of_the_one_before() {
    let pool = filled().await;
    let mut conn = pool.acquire().await.expect("a connection");
    let report = AuditReport::make(&mut conn).await.expect("an audit");
    assert_eq!(report.findings, []);
}

#[tokio::test]
async fn replicas_may_migrate_together() {
    let options = database::empty().await;
    let route = db::Route::straight(options);
    let (a, b, c) = tokio::join!(
        db::migrate(&route),
        db::migrate(&route),
        db::migrate(&route)
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok(), "{a:?} {b:?} {c:?}");
}
