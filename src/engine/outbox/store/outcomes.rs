//! What came of rows: counts, outcomes, dead letters, and how long records are kept.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::db::interval;

/// How much waits and how much is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Not sent yet.
    pub pending: i64,
    /// Dead letters.
    pub dead: i64,
    /// Age of the oldest that waits, seconds.
    pub oldest_pending_s: i64,
}

/// For metrics and tests.
pub async fn counts(
    pool: &PgPool,
    now: Option<OffsetDateTime>,
) -> Result<OutboxCounts, sqlx::Error> {
    sqlx::query_as!(
        OutboxCounts,
        r#"select (select count(*) from outbox_message where state in (0, 1)) as "pending!",
                  (select count(*) from outbox_message where state = 3) as "dead!",
                  coalesce((
                      select extract(epoch from coalesce($1::timestamptz, now()) - min(first.created_at))::bigint
                      from generate_series(0, 2) as class (priority) cross join lateral (
                          select created_at from outbox_message
                          where state in (0, 1) and priority = class.priority order by id limit 1) first), 0)
                      as "oldest_pending_s!""#,
        now,
    )
    .fetch_one(pool)
    .await
}

/// Deletes records of sent messages older than `keep`, at most `limit` of each kind; and gives up what is owed for as
/// long.
pub async fn purge(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let sent = sqlx::query!(
        "delete from outbox_sent where id in (
             select id from outbox_sent where sent_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    // Owed to people who never came back.
    let parked = sqlx::query!(
        "with gone as (
             delete from outbox_message where id in (
                 select id from outbox_message
                 where state = 4 and created_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)
             returning id, chat_id, payload->>'do' as kind, correlation, attempts, created_at)
         insert into outbox_sent (id, chat_id, kind, correlation, outcome, attempts, created_at, sent_at)
         select id, chat_id, coalesce(kind, ''), correlation, 'blocked', attempts, created_at, coalesce($3::timestamptz, now())
         from gone",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    let refs = sqlx::query!(
        "delete from sent_message where message_ref in (
             select message_ref from sent_message where sent_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(sent.rows_affected() + parked.rows_affected() + refs.rows_affected())
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Telegram has it.
    Sent,
    /// The chat cannot be reached.
    Blocked,
    /// It was taken out before anybody tried.
    Withdrawn,
    /// Anything else: a dead letter, expired, gone.
    Failed,
}

/// Which of the rows are settled, and how; the others still wait.
pub async fn settled(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<Vec<(i64, Settled)>, sqlx::Error> {
    sqlx::query!(
        r#"select asked.id as "id!", sent.outcome as "outcome?"
           from unnest($1::bigint[]) as asked (id)
           left join outbox_message waiting on waiting.id = asked.id
           left join outbox_sent sent on sent.id = asked.id
           where waiting.id is null or waiting.state = 3"#,
        ids,
    )
    .map(|row| {
        let settled = match row.outcome.as_deref() {
            Some("sent" | "unchanged" | "merged") => Settled::Sent,
            Some("blocked") => Settled::Blocked,
            Some("withdrawn") => Settled::Withdrawn,
            Some(_) | None => Settled::Failed,
        };
        (row.id, settled)
    })
    .fetch_all(conn)
    .await
}

/// A message that could not be delivered.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// For whom it was.
    pub chat_id: i64,
    /// What kind of call.
    pub kind: &'static str,
    /// Whether nobody waited for it.
    pub is_notification: bool,
    /// Follows the update or job.
    pub correlation: Uuid,
}

/// Dead letters of one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// What kind of call.
    pub kind: String,
    /// Why, redacted.
    pub error: String,
    /// How many.
    pub count: i64,
    /// One of the chats.
    pub chat_id: i64,
    /// How many there are of all causes.
    pub total: i64,
}

/// The correlation of reports: one that dies is not reported in turn.
pub const REPORT: Uuid = Uuid::nil();

/// Marks the dead letters that nobody was told of as reported and gives the commonest causes; nothing if a report was
/// made less than `gap` ago.
pub(in crate::engine::outbox) async fn report_dead(
    conn: &mut PgConnection,
    gap: Duration,
    causes_max: i64,
    now: Option<OffsetDateTime>,
) -> Result<Vec<DeadLetters>, sqlx::Error> {
    sqlx::query_as!(
        DeadLetters,
        r#"with told as (
             update outbox_message set reported_at = coalesce($4::timestamptz, now())
             where state = 3 and reported_at is null and correlation <> $1
               and not exists (
                   select 1 from outbox_message
                   where state = 3 and reported_at > coalesce($4::timestamptz, now()) - $2::interval)
             returning coalesce(payload->>'do', '') as kind, coalesce(error, '') as error, chat_id)
           select kind as "kind!", error as "error!", count(*) as "count!", min(chat_id) as "chat_id!",
                  sum(count(*)) over ()::bigint as "total!"
           from told group by kind, error order by count(*) desc, kind, error limit $3"#,
        REPORT,
        interval(gap),
        causes_max,
        now,
    )
    .fetch_all(conn)
    .await
}
