//! SQL of the funds.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::{Account, Limit, Turn};
use crate::providers::Balance;

/// Writes a balance down, and says what it changed. Of several at once each sees what the one before it wrote.
pub async fn note(
    conn: &mut PgConnection,
    provider: &str,
    balance: &Balance,
    limit: Limit,
    now: Option<OffsetDateTime>,
) -> Result<Turn, sqlx::Error> {
    sqlx::query!(
        "insert into provider_funds (provider, balance, checked_at) values ($1, $2, coalesce($3::timestamptz, now()))
         on conflict (provider) do nothing",
        provider,
        balance.amount,
        now,
    )
    .execute(&mut *conn)
    .await?;
    let was_low = sqlx::query_scalar!(
        r#"select low_since is not null as "low!" from provider_funds where provider = $1 for update"#,
        provider
    )
    .fetch_one(&mut *conn)
    .await?;
    let turn = Turn::of(was_low, balance.amount, limit);
    sqlx::query!(
        "update provider_funds
         set balance = $2, checked_at = coalesce($4::timestamptz, now()),
             low_since = case when $3 then coalesce(low_since, $4::timestamptz, now()) end, unit = $5
         where provider = $1",
        provider,
        balance.amount,
        turn.is_low(),
        now,
        balance.unit,
    )
    .execute(conn)
    .await?;
    Ok(turn)
}

/// A provider that says no balance refused an order because our account there is empty. Whether that is news: it was not
/// said within the last hour. Of several at once one hears so. A unit without a name marks that nobody knows what is left.
pub async fn note_refusal(
    conn: &mut PgConnection,
    provider: &str,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let noted = sqlx::query!(
        "insert into provider_funds as known (provider, balance, unit, checked_at)
         values ($1, 0, '', coalesce($2::timestamptz, now()))
         on conflict (provider) do update set checked_at = excluded.checked_at
         where known.checked_at <= excluded.checked_at - interval '1 hour'",
        provider,
        now,
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// The providers whose accounts were low when they were asked last.
pub async fn low(pool: &PgPool) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select provider from provider_funds where low_since is not null")
        .fetch_all(pool)
        .await
}

/// What is left on each account, as far as anybody asked.
///
/// # Errors
/// The database's.
pub async fn accounts(conn: &mut PgConnection) -> Result<Vec<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        "select provider, balance, unit, low_since, checked_at from provider_funds
         where unit is distinct from '' order by provider"
    )
    .fetch_all(conn)
    .await
}
