//! SQL of the messages that were set aside.

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{DEAD, DISCARDED, Filter, KeptMessage, MessageState, PARKED, PENDING, SENDING};
use crate::engine::operator::Trace;

impl MessageState {
    fn code(self) -> Option<i16> {
        match self {
            Self::Pending => Some(PENDING),
            Self::Sending => Some(SENDING),
            Self::Dead => Some(DEAD),
            Self::Parked => Some(PARKED),
            Self::Ended => None,
        }
    }
}

/// The newest that pass the filter, newest first.
///
/// # Errors
/// The database's.
pub async fn list(pool: &PgPool, filter: &Filter) -> Result<Vec<KeptMessage>, sqlx::Error> {
    let codes: Vec<i16> = filter
        .states
        .iter()
        .filter_map(|state| state.code())
        .collect();
    let ended = filter.states.contains(&MessageState::Ended);
    select(pool, None, &codes, ended, filter).await
}

/// One message, in the queue or out of it.
///
/// # Errors
/// The database's.
pub async fn find(pool: &PgPool, id: i64) -> Result<Option<KeptMessage>, sqlx::Error> {
    let any = Filter {
        states: Vec::new(),
        chat_id: None,
        since: None,
        limit: 1,
    };
    let found = select(
        pool,
        Some(id),
        &[PENDING, SENDING, DEAD, PARKED],
        true,
        &any,
    )
    .await?;
    Ok(found.into_iter().next())
}

async fn select(
    pool: &PgPool,
    id: Option<i64>,
    codes: &[i16],
    ended: bool,
    filter: &Filter,
) -> Result<Vec<KeptMessage>, sqlx::Error> {
    sqlx::query_as!(
        KeptMessage,
        r#"(select id as "id!", chat_id as "chat_id!", coalesce(payload ->> 'do', '?') as "kind!",
                   case state when 0 then 'pending' when 1 then 'sending' when 3 then 'dead' when 4 then 'parked' else state::text end as "state!",
                   attempts as "attempts!", created_at as "created_at!", not_before, expires_at,
                   null::timestamptz as ended_at, null::bigint as message_id, error, correlation as "correlation!"
            from outbox_message
            where state = any($1) and ($3::bigint is null or id = $3) and ($4::bigint is null or chat_id = $4)
              and ($5::timestamptz is null or created_at >= $5)
            order by id desc limit $6)
           union all
           (select id, chat_id, kind, outcome, attempts, created_at, null, null, sent_at, message_id, null, correlation
            from outbox_sent
            where $2 and ($3::bigint is null or id = $3) and ($4::bigint is null or chat_id = $4)
              and ($5::timestamptz is null or created_at >= $5)
            order by id desc limit $6)
           order by 1 desc limit $6"#,
        codes,
        ended,
        id,
        filter.chat_id,
        filter.since,
        filter.limit,
    )
    .fetch_all(pool)
    .await
}

/// What it says, as stored; None if it has left the queue.
///
/// # Errors
/// The database's.
pub async fn payload(pool: &PgPool, id: i64) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar!("select payload from outbox_message where id = $1", id)
        .fetch_optional(pool)
        .await
}

/// Messages with this correlation id.
///
/// # Errors
/// The database's.
pub async fn carrying(pool: &PgPool, correlation: Uuid) -> Result<Vec<Trace>, sqlx::Error> {
    sqlx::query_as!(
        Trace,
        r#"select 'message' as "what!", id::text as "id!",
                  case state when 0 then 'pending' when 1 then 'sending' when 3 then 'dead' when 4 then 'parked' else state::text end as "state!",
                  coalesce(payload ->> 'do', '?') as "kind!", created_at as "at!"
           from outbox_message where correlation = $1
           union all
           select 'message', id::text, outcome, kind, created_at from outbox_sent where correlation = $1
           order by 5, 2 limit 200"#,
        correlation,
    )
    .fetch_all(pool)
    .await
}

pub(super) struct Locked {
    pub(super) state: i16,
    pub(super) kind: Option<String>,
    pub(super) correlation: Uuid,
    pub(super) expired: bool,
    /// A newer row of the same message waits.
    pub(super) superseded: bool,
}

pub(super) async fn lock(
    conn: &mut PgConnection,
    id: i64,
    now: Option<OffsetDateTime>,
) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"select state, payload ->> 'do' as kind, correlation,
                  coalesce(expires_at < coalesce($2::timestamptz, now()), false) as "expired!",
                  exists (select 1 from outbox_message n
                          where n.coalesce_key = o.coalesce_key and n.id > o.id and n.state in (0, 1)) as "superseded!"
           from outbox_message o where id = $1 for update of o"#,
        id,
        now,
    )
    .fetch_optional(conn)
    .await
}

pub(super) async fn put_back(conn: &mut PgConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update outbox_message
         set state = 0, attempts = 0, unknowns = 0, not_before = null, reported_at = null, lease_until = null,
             lease_token = lease_token + 1
         where id = $1 and state in (3, 4)",
        id
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn give_up(
    conn: &mut PgConnection,
    id: i64,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with gone as (
             delete from outbox_message where id = $1 and state in (3, 4)
             returning id, chat_id, payload, correlation, attempts, created_at)
         insert into outbox_sent (id, chat_id, kind, correlation, message_id, outcome, attempts, created_at, sent_at)
         select id, chat_id, coalesce(payload ->> 'do', '?'), correlation, null, $2, attempts, created_at,
                coalesce($3::timestamptz, now())
         from gone",
        id,
        DISCARDED,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
