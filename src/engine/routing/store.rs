//! SQL of what is known of providers' services, and of what admins chose.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::{About, Choice, Known, Scope, Sold};
use crate::providers::Listing;

/// A row of `provider_service` as it is stored; nothing in it was listed if `listed_at` is null.
struct Row {
    provider: String,
    id: String,
    has_list: bool,
    name: Option<String>,
    kind: Option<String>,
    rate_micros: Option<i64>,
    currency: Option<String>,
    units_min: Option<i64>,
    units_max: Option<i64>,
    refill: Option<bool>,
    cancel: Option<bool>,
    gone_at: Option<OffsetDateTime>,
}

impl Row {
    fn sold(&self) -> Option<Sold> {
        Some(Sold {
            id: self.id.clone(),
            name: self.name.clone()?,
            kind: self.kind.clone()?,
            rate_micros: self.rate_micros?,
            currency: self.currency.clone(),
            min: self.units_min?.unsigned_abs(),
            max: self.units_max?.unsigned_abs(),
            refill: self.refill?,
            cancel: self.cancel?,
            gone_at: self.gone_at,
        })
    }

    fn known(self) -> Known {
        Known {
            sold: self.sold(),
            provider: self.provider,
            id: self.id,
            has_list: self.has_list,
        }
    }
}

/// What is known for a service of the catalogue that has these pairs of a provider and an id there.
///
/// # Errors
/// The database's.
pub async fn about(
    conn: &mut PgConnection,
    service: &str,
    pairs: &[(&str, &str)],
) -> Result<About, sqlx::Error> {
    let chosen = sqlx::query!(
        "select distinct on (scope) scope, provider from provider_choice where scope in ('', $1) order by scope, version desc",
        service,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut about = About {
        known: known(conn, pairs).await?,
        ..About::default()
    };
    for choice in chosen {
        if choice.scope.is_empty() {
            about.chosen_overall = choice.provider;
        } else {
            about.chosen = choice.provider;
        }
    }
    Ok(about)
}

/// What is known of each of these pairs of a provider and an id, in their order.
async fn known(conn: &mut PgConnection, pairs: &[(&str, &str)]) -> Result<Vec<Known>, sqlx::Error> {
    let (providers, ids): (Vec<String>, Vec<String>) = pairs
        .iter()
        .map(|(provider, id)| ((*provider).to_owned(), (*id).to_owned()))
        .unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select w.provider as "provider!", w.id as "id!",
               exists (select 1 from provider_service l where l.provider = w.provider and l.listed_at is not null) as "has_list!",
               s.name as "name?", s.kind as "kind?", s.rate_micros as "rate_micros?", s.currency as "currency?",
               s.units_min as "units_min?", s.units_max as "units_max?", s.refill as "refill?", s.cancel as "cancel?",
               s.gone_at as "gone_at?"
           from unnest($1::text[], $2::text[]) with ordinality w (provider, id, n)
           left join provider_service s on s.provider = w.provider and s.service_id = w.id and s.listed_at is not null
           order by w.n"#,
        &providers,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Row::known).collect())
}

/// Everything that is known of a provider's services, listed or bound by us.
///
/// # Errors
/// The database's.
pub async fn sold_by(conn: &mut PgConnection, provider: &str) -> Result<Vec<Known>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select provider, service_id as id,
               bool_or(listed_at is not null) over () as "has_list!",
               name, kind, rate_micros, currency, units_min, units_max, refill, cancel, gone_at
           from provider_service where provider = $1 order by service_id"#,
        provider,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Row::known).collect())
}

/// Stores what a provider lists now, in the caller's transaction: what is new or changed, and what is gone.
///
/// # Errors
/// The database's.
pub async fn store_listing(
    conn: &mut PgConnection,
    provider: &str,
    listing: &Listing,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let services = &listing.services;
    let column = |of: fn(&crate::providers::Listed) -> String| -> Vec<String> {
        services.iter().map(of).collect()
    };
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let (ids, names, kinds) = (
        column(|listed| listed.id.clone()),
        column(|listed| listed.name.clone()),
        column(|listed| listed.kind.clone()),
    );
    let rates: Vec<i64> = services.iter().map(|listed| listed.rate_micros).collect();
    let mins: Vec<i64> = services.iter().map(|listed| number(listed.min)).collect();
    let maxs: Vec<i64> = services.iter().map(|listed| number(listed.max)).collect();
    let refills: Vec<bool> = services.iter().map(|listed| listed.refill).collect();
    let cancels: Vec<bool> = services.iter().map(|listed| listed.cancel).collect();
    sqlx::query!(
        "insert into provider_service as s
             (provider, service_id, name, kind, rate_micros, currency, units_min, units_max, refill, cancel, listed_at)
         select $1, l.id, l.name, l.kind, l.rate, $10, l.units_min, l.units_max, l.refill, l.cancel,
             coalesce($11::timestamptz, now())
         from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::boolean[], $9::boolean[])
             l (id, name, kind, rate, units_min, units_max, refill, cancel)
         on conflict (provider, service_id) do update
         set name = excluded.name, kind = excluded.kind, rate_micros = excluded.rate_micros,
             currency = coalesce(excluded.currency, s.currency), units_min = excluded.units_min, units_max = excluded.units_max,
             refill = excluded.refill, cancel = excluded.cancel, listed_at = excluded.listed_at, gone_at = null
         where (s.name, s.kind, s.rate_micros, s.currency, s.units_min, s.units_max, s.refill, s.cancel, s.gone_at)
             is distinct from (excluded.name, excluded.kind, excluded.rate_micros, coalesce(excluded.currency, s.currency),
                 excluded.units_min, excluded.units_max, excluded.refill, excluded.cancel, null::timestamptz)",
        provider,
        &ids,
        &names,
        &kinds,
        &rates,
        &mins,
        &maxs,
        &refills,
        &cancels,
        listing.currency,
        now,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update provider_service set gone_at = coalesce($4::timestamptz, now())
         where provider = $1 and listed_at is not null and gone_at is null
             and service_id <> all($2::text[]) and service_id <> all($3::text[])",
        provider,
        &ids,
        &listing.unread,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes the pairs of a provider and an id that the catalogue has.
///
/// # Errors
/// The database's.
pub async fn note_bound(
    pool: &PgPool,
    pairs: &[(&str, &str)],
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let (providers, ids): (Vec<String>, Vec<String>) = pairs
        .iter()
        .map(|(provider, id)| ((*provider).to_owned(), (*id).to_owned()))
        .unzip();
    // In order, so that two replicas that start together do not wait for each other crosswise.
    sqlx::query!(
        "insert into provider_service (provider, service_id, in_catalog_at)
         select distinct p, i, coalesce($3::timestamptz, now()) from unnest($1::text[], $2::text[]) w (p, i) order by p, i
         on conflict (provider, service_id) do update set in_catalog_at = excluded.in_catalog_at",
        &providers,
        &ids,
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Every choice that is in force.
///
/// # Errors
/// The database's.
pub async fn choices(conn: &mut PgConnection) -> Result<Vec<Choice>, sqlx::Error> {
    let rows = sqlx::query!(
        "select distinct on (scope) scope, version, provider from provider_choice order by scope, version desc"
    )
    .fetch_all(conn)
    .await?;
    let choice = |scope: String, version, provider| Choice {
        scope: Scope::of(scope),
        version,
        provider,
    };
    Ok(rows
        .into_iter()
        .map(|row| choice(row.scope, row.version, row.provider))
        .collect())
}

/// Chooses, in the caller's transaction, if version `seen` (0: none) is still the one in force. False: it is not.
///
/// # Errors
/// The database's.
pub async fn choose(
    conn: &mut PgConnection,
    scope: &Scope,
    seen: i32,
    provider: Option<&str>,
    admin_id: i64,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let chosen = sqlx::query!(
        "insert into provider_choice (scope, version, provider, admin_id, chosen_at)
         select $1, $2 + 1, $3, $4, coalesce($5::timestamptz, now())
         where coalesce((select max(version) from provider_choice where scope = $1), 0) = $2
         on conflict (scope, version) do nothing",
        scope.key(),
        seen,
        provider,
        admin_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(chosen.rows_affected() == 1)
}
