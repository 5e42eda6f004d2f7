//! SQL of the updates that were set aside.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Filter, KeptUpdate, UpdateState};
use crate::engine::operator::Trace;

struct Row {
    update_id: i64,
    seq: i64,
    lane: i64,
    kind: String,
    state: i16,
    attempts: i16,
    received_at: OffsetDateTime,
    not_before: Option<OffsetDateTime>,
    finished_at: Option<OffsetDateTime>,
    error: Option<String>,
    correlation: Uuid,
    payload_bytes: i32,
}

fn state_name(code: i16) -> String {
    UpdateState::of_code(code).map_or_else(|| code.to_string(), |state| state.name().to_owned())
}

impl From<Row> for KeptUpdate {
    fn from(row: Row) -> Self {
        Self {
            update_id: row.update_id,
            seq: row.seq,
            chat_id: row.lane,
            kind: row.kind,
            state: state_name(row.state),
            attempts: row.attempts,
            received_at: row.received_at,
            not_before: row.not_before,
            finished_at: row.finished_at,
            error: row.error,
            correlation: row.correlation,
            payload_bytes: row.payload_bytes,
        }
    }
}

/// The newest that pass the filter, newest first.
///
/// # Errors
/// The database's.
pub async fn list(pool: &PgPool, filter: &Filter) -> Result<Vec<KeptUpdate>, sqlx::Error> {
    let states: Vec<i16> = filter.states.iter().map(|state| state.code()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select update_id, seq, lane, kind, state, attempts, received_at, not_before, finished_at, error, correlation,
                  length(payload) as "payload_bytes!"
           from inbox_update
           where state = any($1) and ($2::bigint is null or lane = $2) and ($3::timestamptz is null or received_at >= $3)
           order by seq desc limit $4"#,
        &states,
        filter.chat_id,
        filter.since,
        filter.limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(KeptUpdate::from).collect())
}

/// One update.
///
/// # Errors
/// The database's.
pub async fn find(pool: &PgPool, update_id: i64) -> Result<Option<KeptUpdate>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select update_id, seq, lane, kind, state, attempts, received_at, not_before, finished_at, error, correlation,
                  length(payload) as "payload_bytes!"
           from inbox_update where update_id = $1"#,
        update_id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(KeptUpdate::from))
}

/// The raw body.
///
/// # Errors
/// The database's.
pub async fn payload(pool: &PgPool, update_id: i64) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "select payload from inbox_update where update_id = $1",
        update_id
    )
    .fetch_optional(pool)
    .await
}

/// Updates with this correlation id, received within a day of `around`: there is no index on it, because intake pays
/// for each.
///
/// # Errors
/// The database's.
pub async fn carrying(
    pool: &PgPool,
    correlation: Uuid,
    around: OffsetDateTime,
) -> Result<Vec<Trace>, sqlx::Error> {
    let (from, to) = (around - time::Duration::DAY, around + time::Duration::DAY);
    let rows = sqlx::query!(
        r#"select update_id as "update_id!", state as "state!", kind as "kind!", received_at as "received_at!"
           from inbox_update where state <> 0 and correlation = $1 and received_at between $2 and $3
           union all
           select update_id, state, kind, received_at from inbox_update where state = 0 and correlation = $1
           limit 100"#,
        correlation,
        from,
        to,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Trace {
            what: "update".to_owned(),
            id: row.update_id.to_string(),
            state: state_name(row.state),
            kind: row.kind,
            at: row.received_at,
        })
        .collect())
}

pub(super) async fn lock(
    conn: &mut PgConnection,
    update_id: i64,
) -> Result<Option<(i16, Uuid)>, sqlx::Error> {
    let row = sqlx::query!(
        "select state, correlation from inbox_update where update_id = $1 for update",
        update_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.state, row.correlation)))
}

pub(super) async fn put_back(conn: &mut PgConnection, update_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update inbox_update set state = 0, attempts = 0, not_before = null, finished_at = null
         where update_id = $1 and state = 2",
        update_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn give_up(
    conn: &mut PgConnection,
    update_id: i64,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update inbox_update set state = 4, finished_at = coalesce($2::timestamptz, now())
         where update_id = $1 and state = 2",
        update_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
