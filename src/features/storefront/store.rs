//! SQL of the orders.

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::money::Amount;

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
    /// In minor units; nothing was set aside for an order of none.
    pub(super) price: i64,
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
        "select id, short_id, user_id, chat_id, service, answers, price, progress_ref, language, created_at from storefront_order where id = $1",
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
        "select id, short_id, user_id, chat_id, service, answers, price, progress_ref, language, created_at
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
        "select id, short_id, user_id, chat_id, service, answers, price, progress_ref, language, created_at
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

/// Forgets what users entered for these orders.
pub(super) async fn forget_inputs(
    conn: &mut PgConnection,
    orders: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query!(
        "update storefront_order set answers = null where id = any($1) and answers is not null",
        orders
    )
    .execute(conn)
    .await?;
    Ok(forgotten.rows_affected())
}
