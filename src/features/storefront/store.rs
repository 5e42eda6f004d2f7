//! SQL of the orders.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::db::interval;
use crate::base::money::Amount;
use crate::engine::task::Task;

/// How long the inputs of an order are kept, for "Retry".
const KEEP_INPUTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// An order to be written down.
pub(super) struct NewOrder<'a> {
    pub(super) id: Uuid,
    pub(super) short_id: &'a str,
    pub(super) user_id: i64,
    pub(super) chat_id: i64,
    pub(super) service: &'a str,
    pub(super) answers: Value,
    pub(super) price: Amount,
    pub(super) progress_ref: Uuid,
    pub(super) language: &'a str,
}

/// An order.
pub(super) struct Order {
    pub(super) id: Uuid,
    pub(super) short_id: String,
    pub(super) user_id: i64,
    pub(super) chat_id: i64,
    pub(super) service: String,
    pub(super) answers: Option<Value>,
    pub(super) progress_ref: Uuid,
    pub(super) language: String,
    pub(super) created_at: OffsetDateTime,
}

pub(super) async fn insert(
    conn: &mut PgConnection,
    order: &NewOrder<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into storefront_order (id, short_id, user_id, chat_id, service, answers, price, state, progress_ref, language, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, coalesce($10::timestamptz, now()))",
        order.id,
        order.short_id,
        order.user_id,
        order.chat_id,
        order.service,
        order.answers,
        order.price.0,
        order.progress_ref,
        order.language,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn by_id(conn: &mut PgConnection, id: Uuid) -> Result<Option<Order>, sqlx::Error> {
    sqlx::query_as!(
        Order,
        "select id, short_id, user_id, chat_id, service, answers, progress_ref, language, created_at from storefront_order where id = $1",
        id
    )
    .fetch_optional(conn)
    .await
}

/// Only the user's own: a short id in a forged press must not open another's order.
pub(super) async fn by_short_id(
    conn: &mut PgConnection,
    short_id: &str,
    user_id: i64,
) -> Result<Option<Order>, sqlx::Error> {
    sqlx::query_as!(
        Order,
        "select id, short_id, user_id, chat_id, service, answers, progress_ref, language, created_at
         from storefront_order where short_id = $1 and user_id = $2",
        short_id,
        user_id,
    )
    .fetch_optional(conn)
    .await
}

pub(super) async fn finish(
    conn: &mut PgConnection,
    id: Uuid,
    state: &str,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update storefront_order set state = $2, finished_at = coalesce($3::timestamptz, now()) where id = $1",
        id,
        state,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The orders of a user that are under way, newest first.
pub(super) async fn open_of(
    conn: &mut PgConnection,
    user_id: i64,
) -> Result<Vec<Order>, sqlx::Error> {
    sqlx::query_as!(
        Order,
        "select id, short_id, user_id, chat_id, service, answers, progress_ref, language, created_at
         from storefront_order where user_id = $1 and state = 'open' order by created_at desc, id limit 100",
        user_id,
    )
    .fetch_all(conn)
    .await
}

/// How many orders of a user are under way.
pub async fn open_orders(conn: &mut PgConnection, user_id: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from storefront_order where user_id = $1 and state = 'open'"#,
        user_id
    )
    .fetch_one(conn)
    .await
}

/// Forgets what users entered a week ago.
#[derive(Debug)]
pub struct ForgetInputs {
    pool: PgPool,
    clock: Clock,
}

impl ForgetInputs {
    /// Works on the orders behind `pool`.
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        Self { pool, clock }
    }
}

#[async_trait]
impl Task for ForgetInputs {
    fn name(&self) -> &'static str {
        "forget_inputs"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(3600)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let forgotten = sqlx::query!(
            "update storefront_order set answers = null
             where id in (select id from storefront_order
                          where answers is not null and state <> 'open'
                            and created_at < coalesce($2::timestamptz, now()) - $1::interval limit 5000)",
            interval(KEEP_INPUTS),
            self.clock.sql_now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(json!({ "forgotten": forgotten.rows_affected() }))
    }
}
