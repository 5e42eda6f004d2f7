//! SQL of the light jobs under a person's eyes.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Filter, KeptLight, LightState};

/// The newest that pass the filter, newest first.
///
/// # Errors
/// The database's.
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    now: Option<OffsetDateTime>,
) -> Result<Vec<KeptLight>, sqlx::Error> {
    select(pool, None, filter, now).await
}

/// One that is not done.
///
/// # Errors
/// The database's.
pub async fn find(
    pool: &PgPool,
    id: i64,
    now: Option<OffsetDateTime>,
) -> Result<Option<KeptLight>, sqlx::Error> {
    let any = Filter {
        states: LightState::ALL.to_vec(),
        since: None,
        limit: 1,
    };
    Ok(select(pool, Some(id), &any, now).await?.into_iter().next())
}

async fn select(
    pool: &PgPool,
    id: Option<i64>,
    filter: &Filter,
    now: Option<OffsetDateTime>,
) -> Result<Vec<KeptLight>, sqlx::Error> {
    let is_in = |state| filter.states.contains(&state);
    sqlx::query_as!(
        KeptLight,
        r#"select id, kind,
                  case when is_dead then 'dead' when run_at <= coalesce($7::timestamptz, now()) then 'due' else 'scheduled' end as "state!",
                  attempts, error, unique_key, payload, run_at, created_at, correlation
           from light_job
           where ($1::bigint is null or id = $1)
             and ($2 and is_dead or $3 and not is_dead and run_at <= coalesce($7::timestamptz, now())
                  or $4 and not is_dead and run_at > coalesce($7::timestamptz, now()))
             and ($5::timestamptz is null or created_at >= $5)
           order by id desc limit $6"#,
        id,
        is_in(LightState::Dead),
        is_in(LightState::Due),
        is_in(LightState::Scheduled),
        filter.since,
        filter.limit,
        now,
    )
    .fetch_all(pool)
    .await
}

pub(super) struct Locked {
    pub(super) state: String,
    pub(super) correlation: Uuid,
    pub(super) is_in_hand: bool,
    pub(super) has_successor: bool,
}

pub(super) async fn lock(
    conn: &mut PgConnection,
    id: i64,
    now: Option<OffsetDateTime>,
) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"select case when is_dead then 'dead' when run_at <= coalesce($2::timestamptz, now()) then 'due' else 'scheduled' end as "state!",
                  correlation, not is_dead and coalesce(lease_until > coalesce($2::timestamptz, now()), false) as "is_in_hand!",
                  is_dead and exists (select 1 from light_job o where o.unique_key = j.unique_key and not o.is_dead) as "has_successor!"
           from light_job j where id = $1 for update"#,
        id,
        now,
    )
    .fetch_optional(conn)
    .await
}

pub(super) async fn revive(
    conn: &mut PgConnection,
    id: i64,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update light_job set is_dead = false, attempts = 0, lease_until = null, lease_token = lease_token + 1,
             run_at = coalesce($2::timestamptz, now())
         where id = $1",
        id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn delete(conn: &mut PgConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from light_job where id = $1", id)
        .execute(conn)
        .await?;
    Ok(())
}
