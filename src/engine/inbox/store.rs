//! SQL of the inbox.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::receive::NewUpdate;
use crate::base::clock::Clock;
use crate::base::db::{interval, micros};
use crate::engine::lanes::Waiting;
use crate::engine::shards;

const PENDING: i16 = 0;
const SHED: i16 = 3;

/// An update as a handler gets it.
#[derive(Clone, Debug)]
pub struct StoredUpdate {
    /// Order of arrival.
    pub seq: i64,
    /// Telegram's id.
    pub update_id: i64,
    /// The name of its kind.
    pub kind: String,
    /// Failed tries so far.
    pub attempts: i16,
    /// Follows it everywhere.
    pub correlation: Uuid,
    /// When it was stored.
    pub received_at: OffsetDateTime,
    /// The raw body.
    pub payload: Vec<u8>,
}

/// A batch as the columns of its rows.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    ids: Vec<i64>,
    lanes: Vec<i64>,
    shards: Vec<i16>,
    kinds: Vec<&'a str>,
    states: Vec<i16>,
    correlations: Vec<Uuid>,
    payloads: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(updates: &[&'a NewUpdate]) -> Self {
        let each = || updates.iter();
        Self {
            ids: each().map(|update| update.update_id).collect(),
            lanes: each().map(|update| update.lane).collect(),
            shards: each().map(|update| shards::of_lane(update.lane)).collect(),
            kinds: each().map(|update| nul_free(&update.kind)).collect(),
            states: each().map(|update| state_of(update)).collect(),
            correlations: each().map(|update| update.correlation).collect(),
            payloads: each().map(|update| &update.payload[..]).collect(),
        }
    }
}

fn state_of(update: &NewUpdate) -> i16 {
    if update.shed { SHED } else { PENDING }
}

/// Postgres takes no NUL, and no kind has one.
fn nul_free(kind: &str) -> &str {
    kind.split('\0').next().unwrap_or_default()
}

/// Inserts all, or none if one is known already: half as dear for each row as looking first. The lowest `seq`.
pub(super) async fn insert_new(
    conn: &mut PgConnection,
    columns: &Columns<'_>,
    now: Option<OffsetDateTime>,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "with stored as (
             insert into inbox_update (update_id, lane, shard, kind, state, correlation, payload, received_at)
             select u.update_id, u.lane, u.shard, u.kind, u.state, u.correlation, u.payload, coalesce($8::timestamptz, now())
             from unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::smallint[], $6::uuid[], $7::bytea[])
                  with ordinality as u (update_id, lane, shard, kind, state, correlation, payload, n)
             order by u.n
             returning seq)
         select min(seq) from stored",
        &columns.ids,
        &columns.lanes,
        &columns.shards,
        &columns.kinds as &[&str],
        &columns.states,
        &columns.correlations,
        &columns.payloads as &[&[u8]],
        now,
    )
    .fetch_one(conn)
    .await
}

/// Inserts a single update, as on a quiet day: its `seq`. Cheaper than a set of one.
pub(super) async fn insert_one(
    conn: &mut PgConnection,
    update: &NewUpdate,
    now: Option<OffsetDateTime>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "insert into inbox_update (update_id, lane, shard, kind, state, correlation, payload, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, coalesce($8::timestamptz, now()))
         returning seq",
        update.update_id,
        update.lane,
        shards::of_lane(update.lane),
        nul_free(&update.kind),
        state_of(update),
        update.correlation,
        &update.payload[..],
        now,
    )
    .fetch_one(conn)
    .await
}

/// Inserts what is not known, and returns the ids that were new with their `seq`.
pub(super) async fn insert_unknown(
    conn: &mut PgConnection,
    columns: &Columns<'_>,
    now: Option<OffsetDateTime>,
) -> Result<HashMap<i64, i64>, sqlx::Error> {
    let stored = sqlx::query!(
        "insert into inbox_update (update_id, lane, shard, kind, state, correlation, payload, received_at)
         select u.update_id, u.lane, u.shard, u.kind, u.state, u.correlation, u.payload, coalesce($8::timestamptz, now())
         from unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::smallint[], $6::uuid[], $7::bytea[])
              with ordinality as u (update_id, lane, shard, kind, state, correlation, payload, n)
         order by u.n
         on conflict (update_id) do nothing
         returning update_id, seq",
        &columns.ids,
        &columns.lanes,
        &columns.shards,
        &columns.kinds as &[&str],
        &columns.states,
        &columns.correlations,
        &columns.payloads as &[&[u8]],
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(stored
        .into_iter()
        .map(|row| (row.update_id, row.seq))
        .collect())
}

pub(super) async fn pending(
    pool: &PgPool,
    shards: &[i16],
    after: i64,
    limit: i64,
    clock: &Clock,
) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query!(
        "select seq, lane, (extract(epoch from not_before - coalesce($4::timestamptz, now())) * 1000000)::bigint as wait_us
         from inbox_update where state = 0 and seq > $1 and shard = any($2) order by seq limit $3",
        after,
        shards,
        limit,
        clock.sql_now(),
    )
    .map(|row| Waiting {
        id: row.seq,
        lane: row.lane,
        priority: 0,
        not_before: row.wait_us.map(|us| clock.steady() + micros(us)),
    })
    .fetch_all(pool)
    .await
}

/// Marks the row done in the handler's transaction. None: somebody else did, or an earlier row of its lane waits.
///
/// Rows become visible in another order than they were numbered in, so whoever read this one may not have seen that one.
/// `state < 1` says that the index of lanes is meant: when few waited at the last analysis of the table, the planner takes
/// the index of all that wait for as good, and would read a whole backlog for each claim.
pub(super) async fn claim(
    conn: &mut PgConnection,
    seq: i64,
    now: Option<OffsetDateTime>,
) -> Result<Option<StoredUpdate>, sqlx::Error> {
    sqlx::query_as!(
        StoredUpdate,
        "update inbox_update u set state = 1, finished_at = coalesce($2::timestamptz, now())
         where seq = $1 and state = 0
           and seq = (select e.seq from inbox_update e where e.lane = u.lane and e.state < 1 order by e.seq limit 1)
         returning seq, update_id, kind, attempts, correlation, received_at, payload",
        seq,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// The lane's first row that waits.
pub(super) async fn first_of_lane(
    conn: &mut PgConnection,
    lane: i64,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "select seq from inbox_update where lane = $1 and state < 1 order by seq limit 1",
        lane,
    )
    .fetch_optional(conn)
    .await
}

pub(super) async fn postpone(
    conn: &mut PgConnection,
    seq: i64,
    error: &str,
    delay: Duration,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update inbox_update
         set attempts = attempts + 1, error = $2, not_before = coalesce($4::timestamptz, now()) + $3
         where seq = $1 and state = 0",
        seq,
        error,
        interval(delay),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets the row aside. False: it waits no more.
pub(super) async fn quarantine(
    conn: &mut PgConnection,
    seq: i64,
    error: &str,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let set_aside = sqlx::query!(
        "update inbox_update
         set state = 2, attempts = attempts + 1, error = $2, finished_at = coalesce($3::timestamptz, now())
         where seq = $1 and state = 0",
        seq,
        error,
        now,
    )
    .execute(conn)
    .await?;
    Ok(set_aside.rows_affected() == 1)
}

/// How much waits and how much was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxCounts {
    /// Not handled yet.
    pub pending: i64,
    /// Set aside after the last try.
    pub quarantined: i64,
    /// Age of the oldest pending update, seconds.
    pub oldest_pending_s: i64,
}

/// For metrics and tests. Each number by an index of its own: asked for together, the planner reads the whole table.
pub async fn counts(
    pool: &PgPool,
    now: Option<OffsetDateTime>,
) -> Result<InboxCounts, sqlx::Error> {
    sqlx::query_as!(
        InboxCounts,
        r#"select (select count(*) from inbox_update where state = 0) as "pending!",
                  (select count(*) from inbox_update where state = 2) as "quarantined!",
                  coalesce((select extract(epoch from coalesce($1::timestamptz, now()) - received_at)::bigint
                            from inbox_update where state = 0 order by seq limit 1), 0) as "oldest_pending_s!""#,
        now,
    )
    .fetch_one(pool)
    .await
}

/// Deletes handled updates older than `keep`, at most `limit` at a time. Telegram repeats for 24 hours and restarts its
/// numbering after a quiet week, so `keep` lies between the two.
pub async fn purge(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let deleted = sqlx::query!(
        "delete from inbox_update where update_id in (
             select update_id from inbox_update
             where state in (1, 3, 4) and received_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(deleted.rows_affected())
}
