//! SQL of the audit: every invariant as a query for what breaks it, over a range.

mod movements;
mod payouts;
mod processors;
mod rewards;
mod wallets;

use std::ops::Range;

use sqlx::{Connection as _, PgConnection, PgPool};
use time::OffsetDateTime;

use super::{Cursor, Finding, Part};

/// What one statement may take, milliseconds, as Postgres reads it.
const STATEMENT_MS: &str = "10000";
/// What each of its sorts and hash tables may take of memory before it goes to temporary files.
const WORK_MEM: &str = "8MB";

/// What breaks an invariant in a range.
pub(super) async fn findings(
    conn: &mut PgConnection,
    part: Part,
    range: Range<i64>,
) -> Result<Vec<Finding>, sqlx::Error> {
    let mut tx = conn.begin().await?;
    // A plan made for any range would be one for a table of another size; and an audit uses one processor, along the
    // indexes, since a range is a small part of a large table.
    sqlx::query!(
        r#"select set_config('statement_timeout', $1, true) as "timeout!", set_config('work_mem', $2, true) as "memory!",
                  set_config('plan_cache_mode', 'force_custom_plan', true) as "plan!",
                  set_config('random_page_cost', '1.1', true) as "pages!",
                  set_config('max_parallel_workers_per_gather', '0', true) as "workers!""#,
        STATEMENT_MS,
        WORK_MEM,
    )
    .fetch_one(&mut *tx)
    .await?;
    let found = match part {
        Part::Wallets => wallets::wallets(&mut tx, range).await,
        Part::Holds => wallets::holds(&mut tx, range).await,
        Part::Movements => movements::movements(&mut tx, range).await,
        Part::Jobs => movements::jobs(&mut tx, range).await,
        Part::Payments => movements::payments(&mut tx, range).await,
        Part::Refunds => movements::refunds(&mut tx, range).await,
        Part::Withdrawals => payouts::withdrawals(&mut tx, range).await,
        Part::Grants => payouts::grants(&mut tx, range).await,
        Part::ProcessorPayments => processors::payments(&mut tx, range).await,
        Part::ProcessorRefunds => processors::refunds(&mut tx, range).await,
        Part::Rewards => rewards::rewards(&mut tx, range).await,
        Part::Tips => rewards::tips(&mut tx, range).await,
    }?;
    // It wrote nothing.
    tx.rollback().await?;
    Ok(found)
}

/// Behind the last account, or behind the last page of `table`.
pub(super) async fn end(conn: &mut PgConnection, table: Option<&str>) -> Result<i64, sqlx::Error> {
    match table {
        None => {
            sqlx::query_scalar!(r#"select coalesce(max(id), 0) + 1 as "end!" from account"#)
                .fetch_one(conn)
                .await
        }
        Some(table) => {
            sqlx::query_scalar!(
                r#"select pg_relation_size(to_regclass($1)) / current_setting('block_size')::bigint as "pages!""#,
                table
            )
            .fetch_one(conn)
            .await
        }
    }
}

/// Whether the statement was ended because of its time: 57014, `query_canceled`.
pub(super) fn took_too_long(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|database| database.code().as_deref() == Some("57014"))
}

/// Where the part goes on, and how often it has come round.
pub(super) async fn cursor(
    conn: &mut PgConnection,
    part: Part,
) -> Result<Option<(Cursor, i64)>, sqlx::Error> {
    let row = sqlx::query!(
        "select position, size, rounds from ledger_audit where part = $1",
        part.name()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let (position, size) = (row.position, row.size);
        (Cursor { position, size }, row.rounds)
    }))
}

/// Notes where the part goes on, and whether it has come round. False: it is not at position `from` of round `rounds` any
/// more. Another replica has gone on with it, and nothing is noted.
pub(super) async fn remember(
    conn: &mut PgConnection,
    part: Part,
    (from, rounds): (i64, i64),
    cursor: Cursor,
    is_round: bool,
) -> Result<bool, sqlx::Error> {
    let noted = sqlx::query!(
        "insert into ledger_audit as a (part, position, size, rounds, covered_at)
         values ($1, $2, $3, $4::boolean::int, case when $4 then now() end)
         on conflict (part) do update
         set position = $2, size = $3, rounds = a.rounds + excluded.rounds,
             covered_at = coalesce(excluded.covered_at, a.covered_at)
         where a.position = $5 and a.rounds = $6",
        part.name(),
        cursor.position,
        cursor.size,
        is_round,
        from,
        rounds,
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Keeps what was found, from when it is first seen.
pub(super) async fn keep(
    conn: &mut PgConnection,
    part: Part,
    found: &[Finding],
) -> Result<(), sqlx::Error> {
    for finding in found {
        sqlx::query!(
            "insert into ledger_finding (part, check_name, subject, first_seen_at, seen_at) values ($1, $2, $3, now(), now())
             on conflict (check_name, subject) do update set seen_at = excluded.seen_at",
            part.name(),
            finding.check,
            finding.subject,
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Forgets what was not seen since the part last came round: it is so no more. Before [`remember`] notes the new round, and in
/// its transaction: what another replica has seen in a round that it ended meanwhile is not older than that round.
pub(super) async fn forget(conn: &mut PgConnection, part: Part) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from ledger_finding f using ledger_audit a where f.part = $1 and a.part = $1 and f.seen_at < a.covered_at",
        part.name(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Something that the recurring audit found, and that is so still as far as it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFinding {
    /// What is broken.
    pub check: String,
    /// Where.
    pub subject: String,
    /// Since when it is known.
    pub first_seen_at: OffsetDateTime,
}

/// What the recurring audit found, oldest first, at most `limit`; and how many there are.
///
/// # Errors
/// The database's.
pub async fn open_findings(
    pool: &PgPool,
    limit: i64,
) -> Result<(Vec<OpenFinding>, i64), sqlx::Error> {
    let findings = sqlx::query_as!(
        OpenFinding,
        "select check_name as check, subject, first_seen_at from ledger_finding order by first_seen_at, check_name, subject limit $1",
        limit
    )
    .fetch_all(pool)
    .await?;
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from ledger_finding"#)
        .fetch_one(pool)
        .await?;
    Ok((findings, count))
}

/// Findings that nobody was told of, at most `limit`; they count as told once the caller's transaction commits.
///
/// # Errors
/// The database's.
pub async fn untold(conn: &mut PgConnection, limit: i64) -> Result<Vec<Finding>, sqlx::Error> {
    sqlx::query_as!(
        Finding,
        "with news as (
             select check_name, subject from ledger_finding where told_at is null
             order by first_seen_at, check_name, subject limit $1 for update skip locked)
         update ledger_finding f set told_at = now() from news
         where f.check_name = news.check_name and f.subject = news.subject
         returning f.check_name as check, f.subject",
        limit
    )
    .fetch_all(conn)
    .await
}

/// Forgets a finding that was mended, in the transaction that does so.
///
/// # Errors
/// The database's.
pub async fn settled(conn: &mut PgConnection, finding: &Finding) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from ledger_finding where check_name = $1 and subject = $2",
        finding.check,
        finding.subject
    )
    .execute(conn)
    .await?;
    Ok(())
}
