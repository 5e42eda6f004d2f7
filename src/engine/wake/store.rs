//! `NOTIFY` and `LISTEN`.

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};

/// Commits at once, by itself.
pub(super) async fn notify(pool: &PgPool, channel: &str, notice: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify($1, $2)", channel, notice)
        .execute(pool)
        .await?;
    Ok(())
}

/// A connection of its own, past any pooler: a pooled one would listen for somebody else.
pub(super) async fn listen(
    direct: &PgConnectOptions,
    channel: &str,
) -> Result<PgListener, sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(direct.clone().application_name("bulwark wake-ups"))
        .await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    listener.listen(channel).await?;
    Ok(listener)
}
