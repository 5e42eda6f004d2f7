//! SQL of rates.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// The id of a rate, which is written down when it is first used.
pub async fn rate_id(
    conn: &mut PgConnection,
    currency: &str,
    base: &str,
    micros: i64,
    now: Option<OffsetDateTime>,
) -> Result<i64, sqlx::Error> {
    let known = sqlx::query_scalar!(
        "select id from payment_rate where currency = $1 and base = $2 and micros = $3",
        currency,
        base,
        micros,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(id) = known {
        return Ok(id);
    }
    let made = sqlx::query_scalar!(
        "insert into payment_rate (currency, base, micros, since) values ($1, $2, $3, coalesce($4::timestamptz, now()))
         on conflict (currency, base, micros) do nothing returning id",
        currency,
        base,
        micros,
        now,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(id) = made {
        return Ok(id);
    }
    // Another one wrote it; the insert has waited for their commit.
    sqlx::query_scalar!(
        "select id from payment_rate where currency = $1 and base = $2 and micros = $3",
        currency,
        base,
        micros,
    )
    .fetch_one(conn)
    .await
}
