//! What the suite asks and does in the database, past the service.
#![expect(
    clippy::disallowed_methods,
    reason = "the judge's own queries share nothing with those of the service"
)]

mod cards;
mod inquiry;
mod panels;
mod payouts;
mod rewards;
mod stars;
mod tips;

use std::time::Duration;

use bulwark::engine::ledger::AuditReport;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, FromRow, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

pub use cards::{
    CardPayment, CardRefund, age_card_refunds, card_payments, card_refunds, nudge_payments,
};
pub use inquiry::{
    AskedAbout, OpenQuestion, Resolve, age_lost, age_lost_tips, asked_in, open_questions,
    questions, resolves,
};
pub use panels::{Refill, nudge_panel_jobs, refills, shown};
pub use payouts::{Payout, payouts};
pub use rewards::{Reward, earnings, links, moved, referrals, rewards};
pub use stars::{StarPayment, StarRefund, age_refunds, star_payments, star_refunds};
pub use tips::{Tip, nudge_tips, tips};

type Sql<T> = Result<T, sqlx::Error>;

/// A new, empty database.
pub async fn create(server: &PgConnectOptions, name: &str) -> Sql<()> {
    let mut conn = PgConnection::connect_with(server).await?;
    conn.execute(AssertSqlSafe(format!("create database {name}")))
        .await?;
    Ok(())
}

/// Removes a database and whoever uses it.
pub async fn remove(server: &PgConnectOptions, name: &str) -> Sql<()> {
    let mut conn = PgConnection::connect_with(server).await?;
    let drop = format!("drop database if exists {name} with (force)");
    conn.execute(AssertSqlSafe(drop)).await?;
    Ok(())
}

/// A few connections.
pub async fn pool(options: PgConnectOptions) -> Sql<PgPool> {
    let pool = PgPoolOptions::new()
        .max_connections(3)
        .acquire_timeout(Duration::from_secs(20));
    pool.connect_with(options.application_name("crash suite"))
        .await
}

/// Ends every connection of the service; how many there were.
pub async fn terminate_all(pool: &PgPool) -> Sql<i64> {
    sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and application_name like 'bulwark%'",
    )
    .fetch_one(pool)
    .await
}

/// Makes one handler fail in a way that is worth another try: it waits for a lock, and its statement is cancelled.
pub async fn disturb_a_handler(pool: &PgPool) -> Sql<bool> {
    let mut tx = pool.begin().await?;
    sqlx::query("lock table conversation in access exclusive mode")
        .execute(&mut *tx)
        .await?;
    let mut cancelled = 0_i64;
    for _ in 0..60 {
        cancelled = sqlx::query_scalar(
            "select count(pg_cancel_backend(pid)) from pg_stat_activity
             where datname = current_database() and application_name like 'bulwark%' and wait_event_type = 'Lock'
               and query like '%conversation%'",
        )
        .fetch_one(pool)
        .await?;
        if cancelled > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tx.rollback().await?;
    Ok(cancelled > 0)
}

/// Notices of the kind that is merged when several wait: no feature sends them yet, the engine does it all the same.
pub async fn put_notices(pool: &PgPool, chat_id: i64, shard: i16) -> Sql<()> {
    sqlx::query(
        r#"insert into outbox_message (chat_id, shard, priority, payload, correlation, created_at, merge_key)
           select $1, $2, 2, jsonb_build_object('v', '1', 'on_unknown', 'send_again', 'do', 'say', 'keyboard', null,
                      'text', jsonb_build_object('v', '1', 'spans', jsonb_build_array(jsonb_build_object('text', 'notice ' || n)))),
                  gen_random_uuid(), now(), 'suite'
           from generate_series(1, 4) n"#,
    )
    .bind(chat_id)
    .bind(shard)
    .execute(pool)
    .await?;
    Ok(())
}

/// Lets time pass for what waits for minutes: submits that nobody knows of, tasks that never end. Orders at a panel have
/// 30 days, and end without that.
pub async fn age(pool: &PgPool) -> Sql<u64> {
    let aged = sqlx::query(
        "update job set submitted_at = submitted_at - interval '20 minutes', deadline_at = now(), run_at = now()
         where (state = 'unknown' or state = 'running' and provider = 'kie')
           and submitted_at > now() - interval '19 minutes'",
    )
    .execute(pool)
    .await?;
    Ok(aged.rows_affected())
}

/// Makes what is due in a week due, for orders that have ended.
pub async fn age_light_jobs(pool: &PgPool) -> Sql<u64> {
    let aged = sqlx::query(
        "update light_job set run_at = now()
         where run_at > now() + interval '1 day'
           and payload->>'order' in (select id::text from storefront_order where state <> 'open')",
    )
    .execute(pool)
    .await?;
    Ok(aged.rows_affected())
}

/// What is not at its end.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Left {
    /// Updates that wait.
    pub inbox: i64,
    /// Messages that wait.
    pub outbox: i64,
    /// Jobs at all.
    pub jobs: i64,
    /// Of these, those that wait for minutes.
    pub parked: i64,
    /// Orders under way.
    pub orders: i64,
    /// Broadcasts under way.
    pub broadcasts: i64,
    /// Refunds that Telegram has still to be asked for, or has not answered.
    pub refunds: i64,
    /// Withdrawals that nobody has ended.
    pub payouts: i64,
    /// What processors told and what is given back there, not seen to yet.
    pub payments: i64,
}

/// Counts it.
pub async fn left(pool: &PgPool) -> Sql<Left> {
    sqlx::query_as(
        "select (select count(*) from inbox_update where state = 0) as inbox,
                (select count(*) from outbox_message where state in (0, 1)) as outbox,
                (select count(*) from job) as jobs,
                (select count(*) from job where state in ('unknown', 'running')) as parked,
                (select count(*) from storefront_order where state = 'open') as orders,
                (select count(*) from broadcast where state = 'running') as broadcasts,
                (select count(*) from star_refund where state = 'asked') as refunds,
                (select count(*) from withdrawal where state in ('requested', 'approved')) as payouts,
                (select count(*) from payment_event where state = 'waiting')
                  + (select count(*) from payment_intent where state = 'new')
                  + (select count(*) from payment_refund where state = 'asked') as payments",
    )
    .fetch_one(pool)
    .await
}

/// An update as it was kept.
#[derive(Clone, Debug, FromRow)]
pub struct Update {
    pub update_id: i64,
    pub seq: i64,
    pub lane: i64,
    pub kind: String,
    pub state: i16,
    pub finished_at: Option<OffsetDateTime>,
    pub payload: Vec<u8>,
    /// How many messages it caused.
    pub messages: i64,
    pub error: Option<String>,
}

/// All of them, in order of arrival.
pub async fn updates(pool: &PgPool) -> Sql<Vec<Update>> {
    sqlx::query_as(
        "select update_id, seq, lane, kind, state, finished_at, payload, error,
                (select count(*) from outbox_sent s where s.correlation = u.correlation)
                  + (select count(*) from outbox_message m where m.correlation = u.correlation) as messages
         from inbox_update u order by seq",
    )
    .fetch_all(pool)
    .await
}

/// A message as it was recorded.
#[derive(Clone, Debug, FromRow)]
pub struct Sent {
    pub id: i64,
    pub chat_id: i64,
    pub kind: String,
    pub correlation: Uuid,
    pub message_id: Option<i64>,
    pub outcome: String,
    /// Made by the handler of an update of the same chat, in its transaction.
    pub by_update: bool,
}

/// All of them, in order of their making.
pub async fn sent(pool: &PgPool) -> Sql<Vec<Sent>> {
    sqlx::query_as(
        "select s.id, s.chat_id, s.kind, s.correlation, s.message_id, s.outcome, u.seq is not null as by_update
         from outbox_sent s
         left join inbox_update u on u.correlation = s.correlation and u.finished_at = s.created_at and u.lane = s.chat_id
         order by s.id",
    )
    .fetch_all(pool)
    .await
}

/// A message that was set aside.
#[derive(Clone, Debug, FromRow)]
pub struct Dead {
    pub id: i64,
    pub chat_id: i64,
    pub error: Option<String>,
    pub on_unknown: Option<String>,
}

/// All of them.
pub async fn dead(pool: &PgPool) -> Sql<Vec<Dead>> {
    sqlx::query_as(
        "select id, chat_id, error, payload->>'on_unknown' as on_unknown from outbox_message where state = 3",
    )
    .fetch_all(pool)
    .await
}

/// Messages under a name of their own: chat and number.
pub async fn named(pool: &PgPool) -> Sql<Vec<(i64, i64)>> {
    sqlx::query_as("select chat_id, message_id from sent_message")
        .fetch_all(pool)
        .await
}

/// An order with its job and its money.
#[derive(Clone, Debug, FromRow)]
pub struct Order {
    pub id: Uuid,
    pub user_id: i64,
    pub state: String,
    pub price: i64,
    pub job: Option<String>,
    pub failure: Option<String>,
    pub callback_token: Option<String>,
    pub correlation: Option<Uuid>,
    pub short_id: String,
    pub provider: Option<String>,
    /// The provider's number of it.
    pub external_id: Option<String>,
    /// What it works on, at a panel; forgotten some time after its end.
    pub link: Option<String>,
    /// What its price is for, at a panel.
    pub units: Option<i64>,
    pub held: Option<i64>,
    pub captured: Option<i64>,
    pub released: Option<i64>,
}

/// All of them.
pub async fn orders(pool: &PgPool) -> Sql<Vec<Order>> {
    sqlx::query_as(
        "select o.id, o.user_id, o.state, o.price, j.state as job, j.failure, j.callback_token, j.correlation,
                o.short_id, j.provider, j.external_id, j.provider_snapshot->'params'->>'link' as link, (j.provider_snapshot->>'units')::bigint as units,
                h.amount as held, r.captured, r.released
         from storefront_order o
         left join job_history j on j.id = o.id
         left join hold h on h.reference = o.id
         left join hold_resolution r on r.hold_id = h.id
         order by o.created_at",
    )
    .fetch_all(pool)
    .await
}

/// The callback tokens of all jobs, live or ended.
pub async fn tokens(pool: &PgPool) -> Sql<Vec<String>> {
    sqlx::query_scalar(
        "select callback_token from job union all select callback_token from job_history",
    )
    .fetch_all(pool)
    .await
}

/// What people have: user, available, held.
pub async fn wallets(pool: &PgPool) -> Sql<Vec<(i64, i64, i64)>> {
    sqlx::query_as("select owner_id, available, held from account where kind = 'wallet'")
        .fetch_all(pool)
        .await
}

/// The service's own audit of its books.
pub async fn audit(pool: &PgPool) -> Sql<Vec<String>> {
    let mut conn = pool.acquire().await?;
    let report = AuditReport::make(&mut conn).await?;
    let lines = report.findings.iter();
    Ok(lines
        .map(|finding| format!("{}: {}", finding.check, finding.subject))
        .collect())
}

/// The first rows of everything that is not at its end, in words.
pub async fn stuck(pool: &PgPool) -> Sql<Vec<String>> {
    sqlx::query_scalar(
        "(select format('update %s lane %s attempts %s not before %s: %s', update_id, lane, attempts, not_before, error)
            from inbox_update where state = 0 order by seq limit 5)
         union all
         (select format('message %s to %s state %s attempts %s not before %s lease until %s: %s',
                        id, chat_id, state, attempts, not_before, lease_until, error)
            from outbox_message where state in (0, 1) order by id limit 5)
         union all
         (select format('job %s is %s, run at %s, lease until %s, deadline %s: %s', id, state, run_at, lease_until, deadline_at, error)
            from job limit 5)
         union all
         (select format('refund of %s, attempts %s, due %s: %s', charge_id, attempts, due_at, error)
            from star_refund where state = 'asked' limit 5)
         union all
         (select format('withdrawal %s of %s is %s since %s', short_id, user_id, state, created_at)
            from withdrawal where state in ('requested', 'approved') limit 5)
         union all
         (select format('refund of %s, attempts %s, due %s: %s', transaction_id, attempts, due_at, error)
            from payment_refund where state = 'asked' limit 5)
         union all
         (select format('event of %s, attempts %s, due %s: %s', coalesce(transaction_id, reference), attempts, due_at, error)
            from payment_event where state = 'waiting' limit 5)",
    )
    .fetch_all(pool)
    .await
}
