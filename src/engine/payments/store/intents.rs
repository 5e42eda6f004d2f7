//! SQL of intents.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::shortened;
use crate::base::db::interval;
use crate::base::money::Amount;
use crate::engine::payments::{State, Terms};

/// An intent to be written down.
#[derive(Clone, Copy, Debug)]
pub struct NewIntent<'a> {
    /// Its id.
    pub id: Uuid,
    /// For buttons.
    pub short_id: &'a str,
    /// Where it will be paid.
    pub processor: &'a str,
    /// What the processor calls it by.
    pub reference: &'a str,
    /// For whom.
    pub user_id: i64,
    /// What for how much.
    pub terms: Terms<'a>,
    /// By which rate.
    pub rate_id: i64,
    /// The draft of an order that waits for the money.
    pub draft: Option<&'a str>,
    /// The message that shows how it stands.
    pub message_ref: Uuid,
    /// Follows it.
    pub correlation: Uuid,
    /// How long rate and link hold.
    pub life: Duration,
}

/// An intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its id.
    pub id: Uuid,
    /// For buttons.
    pub short_id: String,
    /// Where it is paid.
    pub processor: String,
    /// What the processor calls it by.
    pub reference: String,
    /// For whom.
    pub user_id: i64,
    /// For the wallet.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
    /// To be paid.
    pub price: Amount,
    /// In which currency.
    pub price_currency: String,
    /// Millionths of a main unit of the latter for one of the former.
    pub rate_micros: i64,
    /// The draft of an order that waits for the money.
    pub draft: Option<String>,
    /// How it stands.
    pub state: State,
    /// Where it can be paid.
    pub link: Option<String>,
    /// The message that shows how it stands.
    pub message_ref: Uuid,
    /// Follows it.
    pub correlation: Uuid,
    /// Tries in a row that brought nothing.
    pub attempts: i32,
    /// Whether its user waits to be told.
    pub is_asked: bool,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// The rate and the link hold until then.
    pub expires_at: OffsetDateTime,
}

/// Writes an intent down, due at once.
pub async fn add_intent(
    conn: &mut PgConnection,
    new: &NewIntent<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into payment_intent
             (id, short_id, processor, reference, user_id, amount, currency, price, price_currency, rate_id, draft, message_ref,
              correlation, due_at, created_at, expires_at)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, at, at, at + $14::interval
         from coalesce($15::timestamptz, now()) at",
        new.id,
        new.short_id,
        new.processor,
        new.reference,
        new.user_id,
        new.terms.amount.0,
        new.terms.currency,
        new.terms.price.0,
        new.terms.price_currency,
        new.rate_id,
        new.draft,
        new.message_ref,
        new.correlation,
        interval(new.life),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The intent of this id.
pub async fn intent(conn: &mut PgConnection, id: Uuid) -> Result<Option<Intent>, sqlx::Error> {
    sqlx::query_as!(
        Intent,
        "select i.id, short_id, processor, reference, user_id, amount, i.currency, price, price_currency,
                r.micros as rate_micros, draft, state, link, message_ref, correlation, attempts, is_asked, created_at, expires_at
         from payment_intent i join payment_rate r on r.id = i.rate_id where i.id = $1",
        id
    )
    .fetch_optional(conn)
    .await
}

/// As [`intent`], by the id of a button, locked: whoever changes it comes one after the other.
pub async fn intent_by_short_id(
    conn: &mut PgConnection,
    short_id: &str,
) -> Result<Option<Intent>, sqlx::Error> {
    sqlx::query_as!(
        Intent,
        "select i.id, short_id, processor, reference, user_id, amount, i.currency, price, price_currency,
                r.micros as rate_micros, draft, state, link, message_ref, correlation, attempts, is_asked, created_at, expires_at
         from payment_intent i join payment_rate r on r.id = i.rate_id where short_id = $1 for update of i",
        short_id
    )
    .fetch_optional(conn)
    .await
}

/// As [`intent_by_short_id`], by what the processor calls it.
pub async fn intent_by_reference(
    conn: &mut PgConnection,
    processor: &str,
    reference: &str,
) -> Result<Option<Intent>, sqlx::Error> {
    sqlx::query_as!(
        Intent,
        "select i.id, short_id, processor, reference, user_id, amount, i.currency, price, price_currency,
                r.micros as rate_micros, draft, state, link, message_ref, correlation, attempts, is_asked, created_at, expires_at
         from payment_intent i join payment_rate r on r.id = i.rate_id
         where processor = $1 and reference = $2 for update of i",
        processor,
        reference,
    )
    .fetch_optional(conn)
    .await
}

/// How many payments a user has not ended yet.
pub async fn open_intents(conn: &mut PgConnection, user_id: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from payment_intent where user_id = $1 and state in ('new', 'open')"#,
        user_id
    )
    .fetch_one(conn)
    .await
}

/// Takes intents that are due in hand for `lease`, after which they are due again.
pub async fn claim_intents(
    pool: &PgPool,
    limit: i64,
    lease: Duration,
    now: Option<OffsetDateTime>,
) -> Result<Vec<Intent>, sqlx::Error> {
    sqlx::query_as!(
        Intent,
        "update payment_intent i set due_at = coalesce($3::timestamptz, now()) + $2::interval
         from (select id from payment_intent where due_at <= coalesce($3::timestamptz, now())
               order by due_at limit $1 for update skip locked) due, payment_rate r
         where i.id = due.id and r.id = i.rate_id
         returning i.id, short_id, processor, reference, user_id, amount, i.currency, price, price_currency,
                   r.micros as rate_micros, draft, state, link, message_ref, correlation, attempts, is_asked, created_at, expires_at",
        limit,
        interval(lease),
        now,
    )
    .fetch_all(pool)
    .await
}

/// When the next intent is due.
pub async fn next_intent(pool: &PgPool) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar!("select min(due_at) from payment_intent where due_at is not null")
        .fetch_one(pool)
        .await
}

/// A link was made. False: it is wanted no more.
pub async fn opened(
    conn: &mut PgConnection,
    id: Uuid,
    link: &str,
    look_after: Duration,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let opened = sqlx::query!(
        "update payment_intent set state = 'open', link = $2, attempts = 0, error = null,
                due_at = coalesce($4::timestamptz, now()) + $3::interval
         where id = $1 and state = 'new'",
        id,
        link,
        interval(look_after),
        now,
    )
    .execute(conn)
    .await?;
    Ok(opened.rows_affected() > 0)
}

/// Turns an intent that is in state `from` into state `to`. False if it is not.
pub async fn turn(
    conn: &mut PgConnection,
    id: Uuid,
    from: State,
    to: State,
) -> Result<bool, sqlx::Error> {
    let turned = sqlx::query!(
        "update payment_intent set state = $3 where id = $1 and state = $2",
        id,
        from.name(),
        to.name(),
    )
    .execute(conn)
    .await?;
    Ok(turned.rows_affected() > 0)
}

/// Marks an intent as paid, whatever it was: nobody has to look for its money any more. False if it was paid before.
pub async fn mark_paid(conn: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query!(
        "update payment_intent set state = 'paid', is_asked = false, due_at = null where id = $1 and state <> 'paid'",
        id
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() > 0)
}

/// Its user wants to know: it is due now.
pub async fn ask(
    conn: &mut PgConnection,
    id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_intent set is_asked = true, due_at = coalesce($2::timestamptz, now()) where id = $1 and state <> 'new'",
        id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Its payer came back from the processor: it is due now, unless it was looked at within `rest`.
pub async fn look_soon(
    pool: &PgPool,
    id: Uuid,
    rest: Duration,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_intent set due_at = coalesce($3::timestamptz, now())
         where id = $1 and state = 'open' and due_at > coalesce($3::timestamptz, now()) + $2::interval",
        id,
        interval(rest),
        now,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Lets an intent wait after a try that brought nothing, for ever without a delay; its user was told.
pub async fn put_intent_back(
    conn: &mut PgConnection,
    id: Uuid,
    delay: Option<Duration>,
    error: Option<&str>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_intent set attempts = attempts + 1, is_asked = false, error = $3,
                due_at = coalesce($4::timestamptz, now()) + $2::interval
         where id = $1",
        id,
        delay.map(interval) as _,
        error.map(shortened),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes intents that nobody has paid and that ran out longer than `keep` ago.
pub async fn purge_intents(
    pool: &PgPool,
    keep: Duration,
    limit: i64,
    now: Option<OffsetDateTime>,
) -> Result<u64, sqlx::Error> {
    let purged = sqlx::query!(
        "delete from payment_intent where id in (
             select id from payment_intent
             where state in ('cancelled', 'expired', 'failed')
               and expires_at < coalesce($3::timestamptz, now()) - $1::interval limit $2)",
        interval(keep),
        limit,
        now,
    )
    .execute(pool)
    .await?;
    Ok(purged.rows_affected())
}
