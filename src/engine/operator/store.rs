//! SQL of the operators' record.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Act, Queue, Recorded};

/// Records an action, in the transaction that carries it out.
///
/// # Errors
/// The database's.
pub async fn record(
    conn: &mut PgConnection,
    act: &Act<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into operator_action (operator, action, queue, item, reason, correlation, at)
         values ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, now()))",
        act.by.name,
        act.verb.name(),
        act.queue.name(),
        act.item,
        act.by.reason,
        act.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What operators did to one thing, oldest first.
///
/// # Errors
/// The database's.
pub async fn actions_on(
    pool: &PgPool,
    queue: Queue,
    item: &str,
) -> Result<Vec<Recorded>, sqlx::Error> {
    sqlx::query_as!(
        Recorded,
        "select operator, action, reason, at from operator_action
         where queue = $1 and item = $2 order by id limit 100",
        queue.name(),
        item,
    )
    .fetch_all(pool)
    .await
}

/// What operators did with this correlation id, oldest first, each with its item and queue.
///
/// # Errors
/// The database's.
pub async fn carrying(
    pool: &PgPool,
    correlation: Uuid,
) -> Result<Vec<(String, Recorded)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select queue, item, operator, action, reason, at from operator_action where correlation = $1 order by id limit 100",
        correlation
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let done = Recorded {
                operator: row.operator,
                action: row.action,
                reason: row.reason,
                at: row.at,
            };
            (format!("{} {}", row.queue, row.item), done)
        })
        .collect())
}
