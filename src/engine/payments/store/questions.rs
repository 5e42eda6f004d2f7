//! SQL of the question how much somebody wants to pay.

use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::base::db::interval;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where it will be paid.
    pub processor: String,
    /// In which currency.
    pub currency: String,
    /// The draft of an order that waits for the money.
    pub draft: Option<String>,
}

/// The next message of this user answers it.
pub async fn put_question(
    conn: &mut PgConnection,
    user_id: i64,
    chat_id: i64,
    question: &Question,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into topup_question (user_id, chat_id, processor, currency, draft, asked_at)
         values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, now()))
         on conflict (user_id, chat_id) do update set processor = excluded.processor, currency = excluded.currency,
             draft = excluded.draft, asked_at = excluded.asked_at",
        user_id,
        chat_id,
        question.processor,
        question.currency,
        question.draft,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What this user was asked within `life`.
pub async fn question(
    conn: &mut PgConnection,
    user_id: i64,
    chat_id: i64,
    life: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Option<Question>, sqlx::Error> {
    sqlx::query_as!(
        Question,
        "select processor, currency, draft from topup_question
         where user_id = $1 and chat_id = $2 and asked_at > coalesce($4::timestamptz, now()) - $3::interval",
        user_id,
        chat_id,
        interval(life),
        now,
    )
    .fetch_optional(conn)
    .await
}

/// They do something else.
pub async fn forget_question(
    conn: &mut PgConnection,
    user_id: i64,
    chat_id: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from topup_question where user_id = $1 and chat_id = $2",
        user_id,
        chat_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
