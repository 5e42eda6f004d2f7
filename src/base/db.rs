//! The connection pool, migrations, and what a database error means.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Postgres, Transaction};

/// A transaction on the one database.
pub type Tx = Transaction<'static, Postgres>;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// A connection that was used within this time is taken to be alive.
const TRUSTED_FOR: Duration = Duration::from_secs(2);

/// The limits that one process puts on its use of the database.
#[derive(Clone, Debug)]
pub struct PoolLimits {
    /// Connections at most.
    pub connections_max: u32,
    /// How long a caller waits for a free connection.
    pub acquire_timeout: Duration,
    /// Cap on a single statement, set on every connection.
    pub statement_timeout: Duration,
    /// A transaction that does nothing for this long is rolled back. No transaction waits for anything but the
    /// database, so its process is frozen, and the rows that it locked would hold up the replica that took over.
    pub idle_in_transaction_timeout: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            connections_max: 10,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            idle_in_transaction_timeout: Duration::from_secs(4),
        }
    }
}

/// The ways to the database.
#[derive(Clone, Debug)]
pub struct Route {
    service: PgConnectOptions,
    direct: PgConnectOptions,
    pooled: bool,
}

impl Route {
    /// One address for everything.
    pub fn straight(address: PgConnectOptions) -> Self {
        Self {
            service: address.clone(),
            direct: address,
            pooled: false,
        }
    }

    /// `service` goes through a transaction pooler (PgBouncer 1.21 or newer with `max_prepared_statements`, or one
    /// that follows prepared statements likewise); `direct` goes past it.
    pub fn through_pooler(service: PgConnectOptions, direct: PgConnectOptions) -> Self {
        Self {
            service,
            direct,
            pooled: true,
        }
    }

    /// For what needs a session of its own: locks of migrations, `LISTEN`.
    pub fn direct(&self) -> &PgConnectOptions {
        &self.direct
    }

    /// Whether the service's connections are somebody else's between two transactions.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// Opens the service's pool without connecting yet: a database that is away at start-up is waited for by whoever
    /// needs it.
    pub fn pool(&self, limits: &PoolLimits) -> PgPool {
        let options = self.service.clone().application_name("bulwark");
        // A pooler refuses start-up parameters that it does not track; there the role carries the settings.
        let options = if self.pooled {
            options.extra_float_digits(None)
        } else {
            session(options, limits)
        };
        open(options, limits)
    }

    /// Opens a small pool past the pooler, for migrations.
    pub fn direct_pool(&self, limits: &PoolLimits) -> PgPool {
        let limits = PoolLimits {
            connections_max: 1,
            ..limits.clone()
        };
        open(session(self.direct.clone(), &limits), &limits)
    }
}

fn session(options: PgConnectOptions, limits: &PoolLimits) -> PgConnectOptions {
    let milliseconds = |duration: Duration| duration.as_millis().to_string();
    options.application_name("bulwark").options([
        ("statement_timeout", milliseconds(limits.statement_timeout)),
        (
            "idle_in_transaction_session_timeout",
            milliseconds(limits.idle_in_transaction_timeout),
        ),
        ("timezone", "UTC".to_owned()),
    ])
}

fn open(options: PgConnectOptions, limits: &PoolLimits) -> PgPool {
    PgPoolOptions::new()
        .max_connections(limits.connections_max)
        .acquire_timeout(limits.acquire_timeout)
        .idle_timeout(Duration::from_secs(300))
        // Asking a connection whether it lives costs as much as a small statement. One that was used just now does, or
        // its next statement fails as it would in the middle of a transaction.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                use sqlx::Connection as _;
                if meta.idle_for >= TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}

/// Applies all missing migrations, under the lock that sqlx takes, so that replicas may start together.
pub async fn migrate(route: &Route) -> Result<(), sqlx::migrate::MigrateError> {
    let pool = route.direct_pool(&PoolLimits {
        statement_timeout: Duration::ZERO,
        ..PoolLimits::default()
    });
    let migrated = MIGRATIONS.run(&pool).await;
    pool.close().await;
    migrated
}

/// The version of the newest migration this binary carries.
pub fn newest_migration() -> i64 {
    MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

/// A name for the exact set of migrations, for a test template database.
pub fn migrations_fingerprint() -> String {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    for migration in MIGRATIONS.iter() {
        hash.update(&migration.checksum);
    }
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether trying the same again may help: the database is away, overloaded, or broke the tie of a deadlock.
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            // 08 connection, 40 rollback (serialisation, deadlock), 53 resources, 55P03 lock, 57 shutdown or
            // cancelled, 25006 read-only: https://www.postgresql.org/docs/15/errcodes-appendix.html
            ["08", "40", "53", "57"]
                .iter()
                .any(|class| code.starts_with(class))
                || code == "55P03"
                || code == "25006"
        }),
        _ => false,
    }
}

/// A length of time as Postgres counted it, in microseconds; one that has passed is none.
pub fn micros(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}

/// Whether a row with that key stands there already: 23505, unique_violation.
pub fn is_repetition(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// A duration as Postgres takes it, to the microsecond.
pub fn interval(duration: Duration) -> sqlx::postgres::types::PgInterval {
    sqlx::postgres::types::PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}

/// Whether nothing ends a statement that hangs. A database that does not answer now is not suspected.
pub async fn is_statement_time_unlimited(pool: &PgPool) -> bool {
    use sqlx::{Executor as _, Row as _};
    let shown = pool.fetch_one("show statement_timeout").await;
    shown
        .and_then(|row| row.try_get::<String, _>(0))
        .is_ok_and(|timeout| timeout == "0")
}

/// Whether the database answers.
///
/// # Errors
/// Why it does not.
pub async fn ping(pool: &PgPool) -> Result<(), sqlx::Error> {
    use sqlx::Executor as _;
    pool.execute("select 1").await.map(|_| ())
}
