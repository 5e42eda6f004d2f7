//! What of the ledger belongs to a story: in words, with the ids by which it can be looked up.

use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// Something that happened to money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: OffsetDateTime,
    /// hold, transfer.
    pub what: &'static str,
    /// Its id.
    pub id: Uuid,
    /// Of a hold: what it pays.
    pub reference: Option<Uuid>,
    /// What happened.
    pub text: String,
}

/// A movement, for the beginning of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// What it was.
    pub kind: String,
    /// How much, minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
    /// From which account.
    pub from: String,
    /// To which.
    pub to: String,
    /// When.
    pub at: OffsetDateTime,
    /// When what it belongs to began: its hold, if it has one.
    pub began_at: OffsetDateTime,
    /// By what it is the same movement.
    pub idem_key: String,
    /// Follows the update or job.
    pub correlation: Uuid,
    /// Whose wallets it touched.
    pub users: Vec<i64>,
}

struct Row {
    at: OffsetDateTime,
    is_hold: bool,
    id: Uuid,
    reference: Option<Uuid>,
    text: String,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            at: row.at,
            what: if row.is_hold { "hold" } else { "transfer" },
            id: row.id,
            reference: row.reference,
            text: row.text,
        }
    }
}

/// Holds, what became of them, and movements with this correlation id on the wallets of `users`, oldest first.
///
/// # Errors
/// The database's.
pub async fn events(
    pool: &PgPool,
    correlation: Uuid,
    users: &[i64],
) -> Result<Vec<Event>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"with mine as (select id, kind, owner_id, currency from account where guarded and owner_id = any($2)),
           moved as (
               select t.* from mine m join transfer t on t.debit_id = m.id where t.correlation = $1
               union select t.* from mine m join transfer t on t.credit_id = m.id where t.correlation = $1)
           select h.at as "at!", true as "is_hold!", h.id as "id!", h.reference,
                  format('set aside %s %s in %s of user %s for %s', h.amount, m.currency, m.kind, m.owner_id, h.note) as "text!"
           from hold h join mine m on m.id = h.wallet_id where h.correlation = $1
           union all
           select r.at, true, h.id, h.reference, format('resolved: %s captured, %s released', r.captured, r.released)
           from hold h join mine m on m.id = h.wallet_id join hold_resolution r on r.hold_id = h.id
           where h.correlation = $1 or r.correlation = $1
           union all
           select t.at, false, t.id, null, format('%s %s %s from %s to %s: %s', t.kind, t.amount, t.currency,
                  d.kind || case when d.guarded then ' of user ' || d.owner_id else '' end,
                  c.kind || case when c.guarded then ' of user ' || c.owner_id else '' end, t.cause ->> 'note')
           from moved t join account d on d.id = t.debit_id join account c on c.id = t.credit_id
           order by 1, 2 desc limit 300"#,
        correlation,
        users,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// The newest that happened to a user's money, oldest first: at most `limit` holds, and as many movements.
///
/// # Errors
/// The database's.
pub async fn events_of(pool: &PgPool, user_id: i64, limit: i64) -> Result<Vec<Event>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"with mine as (select id, kind, owner_id, currency from account where guarded and owner_id = $1),
           held as (
               select h.*, m.currency, m.kind from hold h join mine m on m.id = h.wallet_id order by h.at desc limit $2),
           moved as (
               select * from (
                   select t.* from mine m cross join lateral (
                       select * from transfer where debit_id = m.id order by at desc limit $2) t
                   union select t.* from mine m cross join lateral (
                       select * from transfer where credit_id = m.id order by at desc limit $2) t) all_of_them
               order by at desc limit $2)
           select h.at as "at!", true as "is_hold!", h.id as "id!", h.reference,
                  format('set aside %s %s in %s for %s', h.amount, h.currency, h.kind, h.note) as "text!"
           from held h
           union all
           select r.at, true, h.id, h.reference, format('resolved: %s captured, %s released', r.captured, r.released)
           from held h join hold_resolution r on r.hold_id = h.id
           union all
           select t.at, false, t.id, null, format('%s %s %s from %s to %s: %s', t.kind, t.amount, t.currency,
                  d.kind || case when d.guarded then ' of user ' || d.owner_id else '' end,
                  c.kind || case when c.guarded then ' of user ' || c.owner_id else '' end, t.cause ->> 'note')
           from moved t join account d on d.id = t.debit_id join account c on c.id = t.credit_id
           order by 1, 2 desc"#,
        user_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// One movement.
///
/// # Errors
/// The database's.
pub async fn transfer_by_id(pool: &PgPool, id: Uuid) -> Result<Option<Moving>, sqlx::Error> {
    sqlx::query_as!(
        Moving,
        r#"select t.kind, t.amount, t.currency, t.at, t.idem_key, t.correlation,
                  d.kind || case when d.guarded then ' of user ' || d.owner_id else '' end as "from!",
                  c.kind || case when c.guarded then ' of user ' || c.owner_id else '' end as "to!",
                  least(t.at, (select min(h.at) from hold h where h.wallet_id = d.id and h.correlation = t.correlation)) as "began_at!",
                  array_remove(array[d.owner_id, c.owner_id], 0) as "users!"
           from transfer t join account d on d.id = t.debit_id join account c on c.id = t.credit_id where t.id = $1"#,
        id
    )
    .fetch_optional(pool)
    .await
}

/// What a user has, in words.
///
/// # Errors
/// The database's.
pub async fn wallets_of(pool: &PgPool, user_id: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select format('%s: %s %s to spend, %s set aside', kind, available, currency, held) as "text!"
           from account where owner_id = $1 and guarded order by id"#,
        user_id
    )
    .fetch_all(pool)
    .await
}
