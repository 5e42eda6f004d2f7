//! Rows that wait: put in, read for sending, moved, taken out unsent.

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::claims::Claimed;
use crate::base::clock::Clock;
use crate::base::db::micros;
use crate::engine::lanes::{Batch, CLASSES, Page, Waiting};
use crate::engine::outbox::message::{NewMessage, Payload};
use crate::engine::shards;

/// Rows of one chat that are held in memory at most: a chat gets about one message a second, and the table is read
/// anew as often.
pub(in crate::engine::outbox) const LANE_ROWS_MAX: i64 = 16;

/// Puts a message into the outbox, in the caller's transaction. It replaces waiting ones with its coalesce key.
pub async fn enqueue(
    conn: &mut PgConnection,
    message: &NewMessage,
    now: Option<OffsetDateTime>,
) -> Result<i64, sqlx::Error> {
    if let Some(key) = message.coalesce_key {
        sqlx::query!(
            "delete from outbox_message where coalesce_key = $1 and state = 0",
            key
        )
        .execute(&mut *conn)
        .await?;
    }
    let payload = Payload::V1 {
        action: message.action.clone(),
        on_unknown: message.on_unknown,
    };
    sqlx::query_scalar!(
        r#"insert into outbox_message
               (chat_id, shard, priority, not_before, expires_at, message_ref, coalesce_key, payload, correlation, created_at, merge_key, owed)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10::timestamptz, now()), $11, $12)
           returning id"#,
        message.chat_id,
        shards::of_lane(message.chat_id),
        message.priority.code(),
        message.not_before,
        message.expires_at,
        message.message_ref,
        message.coalesce_key,
        Json(payload) as _,
        message.correlation,
        now,
        message.merge_key,
        message.owed,
    )
    .fetch_one(conn)
    .await
}

/// The same message to each of these chats, in one statement; nothing is replaced. The ids of the rows.
pub async fn enqueue_to_each(
    conn: &mut PgConnection,
    chats: &[i64],
    message: &NewMessage,
    now: Option<OffsetDateTime>,
) -> Result<Vec<i64>, sqlx::Error> {
    let payload = Payload::V1 {
        action: message.action.clone(),
        on_unknown: message.on_unknown,
    };
    let shards: Vec<i16> = chats.iter().map(|chat| shards::of_lane(*chat)).collect();
    sqlx::query_scalar!(
        r#"insert into outbox_message
               (chat_id, shard, priority, not_before, expires_at, payload, correlation, created_at, merge_key, owed)
           select chat.id, chat.shard, $3, $4, $5, $6, $7, coalesce($8::timestamptz, now()), $9, $10
           from unnest($1::bigint[], $2::smallint[]) as chat (id, shard)
           returning id"#,
        chats,
        &shards,
        message.priority.code(),
        message.not_before,
        message.expires_at,
        Json(payload) as _,
        message.correlation,
        now,
        message.merge_key,
        message.owed,
    )
    .fetch_all(conn)
    .await
}

/// Answers to buttons run beside the chat's messages, not behind them: they get a lane of their own.
const ANSWER_LANE: i64 = 1 << 62;

/// Ids are given out in another order than transactions commit in: what was made lately is looked for this far back.
const LOOK_BACK: i64 = 128;

/// The next rows: of each class some with a higher id than was seen, and with each the first rows of its chat, because
/// nothing may overtake them. What stands before a more urgent row has that row's class.
pub(in crate::engine::outbox) async fn waiting(
    pool: &PgPool,
    shards: &[i16],
    page: &Page,
    clock: &Clock,
) -> Result<Batch, sqlx::Error> {
    let now = clock.sql_now();
    let answered: Vec<i64> = page.full[0].iter().map(|lane| lane ^ ANSWER_LANE).collect();
    let limit = page
        .room
        .map(|room| if room == 0 { 0 } else { room + LOOK_BACK });
    let rows = sqlx::query!(
        r#"with lately as (select coalesce($12::timestamptz, now()) - interval '5 seconds' as since),
           seen as materialized (
             (select id, chat_id, 0::smallint as class from outbox_message
              where state in (0, 1) and priority = 0 and shard = any($1) and chat_id <> all($8::bigint[])
                and id > $2::bigint - $13::bigint and (id > $2 or created_at > (select since from lately))
              order by id limit $5)
             union all
             (select id, chat_id, 1::smallint from outbox_message
              where state in (0, 1) and priority = 1 and shard = any($1) and chat_id <> all($9::bigint[])
                and id > $3::bigint - $13::bigint and (id > $3 or created_at > (select since from lately))
              order by id limit $6)
             union all
             (select id, chat_id, 2::smallint from outbox_message
              where state in (0, 1) and priority = 2 and shard = any($1) and chat_id <> all($10::bigint[])
                and id > $4::bigint - $13::bigint and (id > $4 or created_at > (select since from lately))
              order by id limit $7)),
           lane as (
             select chat_id, class = 0 as answers, min(class) as class,
                    (array_agg(id order by class, id desc))[1] as urgent_id
             from seen group by chat_id, class = 0)
           select id as "id!", chat_id as "chat_id!", class as "class!", null::bigint as wait_us, true as "is_mark!"
           from seen
           union all
           select head.id, head.chat_id,
                  case when head.id <= lane.urgent_id then least(head.priority, lane.class) else head.priority end,
                  (extract(epoch from head.not_before - coalesce($12::timestamptz, now())) * 1000000)::bigint, false
           from lane cross join lateral (
               select id, chat_id, priority, not_before from outbox_message m
               where m.chat_id = lane.chat_id and m.state in (0, 1) and (m.priority = 0) = lane.answers
               order by m.id limit $11) head"#,
        shards,
        page.after[0],
        page.after[1],
        page.after[2],
        limit[0],
        limit[1],
        limit[2],
        &answered,
        &page.full[1],
        &page.full[2],
        LANE_ROWS_MAX,
        now,
        LOOK_BACK,
    )
    .fetch_all(pool)
    .await?;
    let mut batch = Batch {
        rows: Vec::with_capacity(rows.len() / 2),
        after: page.after,
        more: false,
    };
    let mut news = [0_i64; CLASSES];
    for row in rows {
        let class = usize::try_from(row.class).unwrap_or(0).min(CLASSES - 1);
        if row.is_mark {
            news[class] += i64::from(row.id > page.after[class]);
            batch.after[class] = batch.after[class].max(row.id);
        } else {
            batch.rows.push(Waiting {
                id: row.id,
                lane: if class == 0 {
                    row.chat_id ^ ANSWER_LANE
                } else {
                    row.chat_id
                },
                priority: u8::try_from(class).unwrap_or(0),
                not_before: row.wait_us.map(|us| clock.steady() + micros(us)),
            });
        }
    }
    // No room is no reason to ask again, and neither is what was seen before: `after` must have moved.
    batch.more = (0..CLASSES).any(|class| page.room[class] > 0 && news[class] >= page.room[class]);
    Ok(batch)
}

/// The chat of a lane made by [`waiting`].
pub(in crate::engine::outbox) fn chat_of_lane(item: &Waiting) -> i64 {
    if item.priority == 0 {
        item.lane ^ ANSWER_LANE
    } else {
        item.lane
    }
}

/// A group became a supergroup: the row that found out and what waits goes to the new chat, in the order it had. What
/// another sender has in hand is left to it: it finds out for itself. False if the row's lease is lost: roll back.
pub(in crate::engine::outbox) async fn migrate(
    conn: &mut PgConnection,
    row: &Claimed,
    to: i64,
) -> Result<bool, sqlx::Error> {
    let shard = shards::of_lane(to);
    let moved = sqlx::query!(
        "update outbox_message
         set chat_id = $3, shard = $4, state = 0, lease_until = null, lease_token = lease_token + 1
         where id = $1 and lease_token = $2 and state = 1",
        row.id,
        row.lease_token,
        to,
        shard,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update outbox_message set chat_id = $2, shard = $3 where chat_id = $1 and state = 0",
        row.chat_id,
        to,
        shard,
    )
    .execute(conn)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// The chat cannot be reached: what waits for it since before the row was claimed is taken out, what is owed
/// is kept for later. The number of rows that were taken out.
pub(in crate::engine::outbox) async fn drop_unreachable(
    conn: &mut PgConnection,
    row: &Claimed,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "update outbox_message set state = 4, not_before = null
         where chat_id = $1 and state = 0 and owed and created_at <= $2",
        row.chat_id,
        row.claimed_at,
    )
    .execute(&mut *conn)
    .await?;
    let waiting = sqlx::query_scalar!(
        "select id from outbox_message where chat_id = $1 and state = 0 and created_at <= $2 order by id for update",
        row.chat_id,
        row.claimed_at,
    )
    .fetch_all(&mut *conn)
    .await?;
    close(conn, &waiting, "blocked", now).await
}

/// The chat can be reached again: what it is owed goes out. The number of rows.
pub async fn release_owed(conn: &mut PgConnection, chat_id: i64) -> Result<u64, sqlx::Error> {
    let released = sqlx::query!(
        "update outbox_message set state = 0, attempts = 0, unknowns = 0 where chat_id = $1 and state = 4",
        chat_id
    )
    .execute(conn)
    .await?;
    Ok(released.rows_affected())
}

/// Takes rows out that nobody began to send yet. The number of rows.
pub async fn withdraw(
    conn: &mut PgConnection,
    ids: &[i64],
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    close(conn, ids, "withdrawn", now).await
}

/// Moves waiting rows to the sent ones, with what became of them instead.
pub(super) async fn close(
    conn: &mut PgConnection,
    ids: &[i64],
    outcome: &str,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let closed = sqlx::query!(
        "with gone as (
             delete from outbox_message where id = any($1) and state = 0
             returning id, chat_id, payload->>'do' as kind, correlation, attempts, created_at)
         insert into outbox_sent (id, chat_id, kind, correlation, outcome, attempts, created_at, sent_at)
         select id, chat_id, coalesce(kind, ''), correlation, $2, attempts, created_at, coalesce($3::timestamptz, now())
         from gone",
        ids,
        outcome,
        now,
    )
    .execute(conn)
    .await?;
    Ok(closed.rows_affected())
}
