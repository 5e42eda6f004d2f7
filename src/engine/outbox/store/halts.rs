//! What Telegram says to the bot as a whole, shared by all replicas.

use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;

use crate::base::db::interval;

/// Notes that Telegram asked a chat to wait. If it asked several within `window`, everything halts, for the shortest of
/// these waits: a chat that has to rest for an hour does not silence the others. Then for how long from now on.
pub(in crate::engine::outbox) async fn flooded(
    pool: &PgPool,
    chat_id: i64,
    retry_after: Duration,
    window: Duration,
    chats: i64,
    now: Option<OffsetDateTime>,
) -> Result<Option<Duration>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    // One after another: chats that are told to wait at the same moment would not see each other, and none be the last.
    sqlx::query!("select from outbox_pace for update")
        .execute(&mut *tx)
        .await?;
    let left_ms = sqlx::query_scalar!(
        r#"with t as (select coalesce($5::timestamptz, now()) as now),
           mine as (
               insert into outbox_flood (chat_id, at, retry_after) select $1, t.now, $2 from t
               on conflict (chat_id) do update set at = excluded.at, retry_after = excluded.retry_after),
           gone as (
               delete from outbox_flood using t where chat_id <> $1 and at < t.now - interval '1 minute'),
           recent as (
               select $2::interval as retry_after
               union all
               select retry_after from outbox_flood, t where chat_id <> $1 and at > t.now - $3::interval),
           halted as (
               update outbox_pace
               set halted_until = greatest(halted_until, t.now + (select min(retry_after) from recent))
               from t where (select count(*) from recent) >= $4
               returning halted_until)
           select ceil(extract(epoch from halted.halted_until - t.now) * 1000)::bigint as "left_ms!" from halted, t"#,
        chat_id,
        interval(retry_after),
        interval(window),
        chats,
        now,
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(left_ms.and_then(positive))
}

/// For how long nothing at all may be sent.
pub(in crate::engine::outbox) async fn halted_for(
    pool: &PgPool,
    now: Option<OffsetDateTime>,
) -> Result<Option<Duration>, sqlx::Error> {
    let left_ms = sqlx::query_scalar!(
        r#"select ceil(extract(epoch from halted_until - coalesce($1::timestamptz, now())) * 1000)::bigint as "left_ms!"
           from outbox_pace where halted_until > coalesce($1::timestamptz, now())"#,
        now,
    )
    .fetch_optional(pool)
    .await?;
    Ok(left_ms.and_then(positive))
}

fn positive(left_ms: i64) -> Option<Duration> {
    u64::try_from(left_ms).ok().map(Duration::from_millis)
}
