//! Which services were ordered at which providers, for operators who look for what does not belong together.

use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// Jobs for one service of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedPair {
    /// Whether they have ended.
    pub is_ended: bool,
    /// The provider's name.
    pub provider: String,
    /// The provider's id of the service.
    pub id: String,
    /// The service's id in the catalogue.
    pub service: String,
    /// How many.
    pub jobs: i64,
}

/// One of these jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedJob {
    /// Its id.
    pub job: Uuid,
    /// How it stands, or ended.
    pub state: String,
    /// When it was queued.
    pub created_at: OffsetDateTime,
}

/// Every pair of a provider and a service for which there are jobs; what begins with `$` is no service.
///
/// # Errors
/// The database's.
pub async fn ordered_pairs(pool: &PgPool) -> Result<Vec<OrderedPair>, sqlx::Error> {
    sqlx::query_as!(
        OrderedPair,
        r#"with pair as (
               select false as is_ended, provider, provider_snapshot ->> 'provider_service' as id,
                   provider_snapshot ->> 'service' as service, count(*) as jobs
               from job group by 2, 3, 4
               union all
               select true, provider, provider_snapshot ->> 'provider_service', provider_snapshot ->> 'service', count(*)
               from job_history group by 2, 3, 4)
           select is_ended as "is_ended!", provider as "provider!", coalesce(id, '') as "id!", coalesce(service, '') as "service!",
               jobs as "jobs!"
           from pair where not starts_with(coalesce(id, ''), '$') order by 2, 3, 4, 1"#
    )
    .fetch_all(pool)
    .await
}

/// The jobs of a pair, oldest first, at most `limit`.
///
/// # Errors
/// The database's.
pub async fn jobs_of_pair(
    pool: &PgPool,
    pair: &OrderedPair,
    limit: i64,
) -> Result<Vec<OrderedJob>, sqlx::Error> {
    sqlx::query_as!(
        OrderedJob,
        r#"select id as "job!", state as "state!", created_at as "created_at!" from (
               select id, state, created_at from job
               where not $4 and provider = $1 and coalesce(provider_snapshot ->> 'provider_service', '') = $2
                   and coalesce(provider_snapshot ->> 'service', '') = $3
               union all
               select id, state, created_at from job_history
               where $4 and provider = $1 and coalesce(provider_snapshot ->> 'provider_service', '') = $2
                   and coalesce(provider_snapshot ->> 'service', '') = $3) j
           order by created_at, id limit $5"#,
        pair.provider,
        pair.id,
        pair.service,
        pair.is_ended,
        limit,
    )
    .fetch_all(pool)
    .await
}
