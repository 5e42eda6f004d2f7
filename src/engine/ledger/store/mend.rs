//! SQL of the mends: what the rows say, under lock, and the movements that make the books agree with them.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::account;
use crate::engine::ledger::{Cause, WalletKey, WalletKind};

/// A wallet beside the rows that touched it.
pub(in crate::engine::ledger) struct Books {
    pub(in crate::engine::ledger) id: i64,
    pub(in crate::engine::ledger) user_id: i64,
    pub(in crate::engine::ledger) kind: String,
    pub(in crate::engine::ledger) currency: String,
    pub(in crate::engine::ledger) available: i64,
    pub(in crate::engine::ledger) held: i64,
    pub(in crate::engine::ledger) version: i64,
    /// What its transfers come to.
    pub(in crate::engine::ledger) moved: i64,
    /// What its open holds come to.
    pub(in crate::engine::ledger) open: i64,
    /// How many rows touched it.
    pub(in crate::engine::ledger) rows: i64,
}

impl Books {
    pub(in crate::engine::ledger) fn name(&self) -> String {
        format!("{} of user {}", self.kind, self.user_id)
    }
}

/// Whether a movement changes what a wallet shows, or explains what it shows already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::ledger) enum Balance {
    Moves,
    Stays,
}

/// A user's wallets, locked in the order of their ids, with what their rows say.
pub(in crate::engine::ledger) async fn wallets_locked(
    conn: &mut PgConnection,
    user_id: i64,
) -> Result<Vec<Books>, sqlx::Error> {
    sqlx::query!(
        "select id from account where owner_id = $1 and guarded order by id for update",
        user_id
    )
    .fetch_all(&mut *conn)
    .await?;
    // Only now, so that what was committed before the lock is seen.
    sqlx::query_as!(
        Books,
        r#"select a.id, a.owner_id as user_id, a.kind, a.currency, a.available, a.held, a.version,
                  (select coalesce(sum(amount), 0)::bigint from transfer where credit_id = a.id)
                    - (select coalesce(sum(amount), 0)::bigint from transfer where debit_id = a.id) as "moved!",
                  (select coalesce(sum(h.amount), 0)::bigint from hold h left join hold_resolution r on r.hold_id = h.id
                   where h.wallet_id = a.id and r.hold_id is null) as "open!",
                  (select count(*) from transfer where credit_id = a.id)
                    + (select count(*) from transfer where debit_id = a.id and kind <> 'capture')
                    + (select count(*) + count(r.hold_id) from hold h left join hold_resolution r on r.hold_id = h.id
                       where h.wallet_id = a.id) as "rows!"
           from account a where a.owner_id = $1 and a.guarded order by a.id"#,
        user_id,
    )
    .fetch_all(conn)
    .await
}

/// A movement between `corrections` and a wallet; positive: to the wallet.
pub(in crate::engine::ledger) async fn with_corrections(
    conn: &mut PgConnection,
    wallet: &Books,
    amount: i64,
    balance: Balance,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    with_house(conn, wallet, "corrections", amount, balance, cause, now).await
}

/// A movement between an account of the house and a wallet that the caller has locked; positive: to the wallet.
pub(in crate::engine::ledger) async fn with_house(
    conn: &mut PgConnection,
    wallet: &Books,
    house: &str,
    amount: i64,
    balance: Balance,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let house_id = account(&mut *conn, house, 0, &wallet.currency).await?;
    let changes = if balance == Balance::Moves { amount } else { 0 };
    sqlx::query!(
        "with changed as (
             update account set available = available + $3, version = version + 1 where id = $4 returning version)
         insert into transfer (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, cause, correlation, at)
         select $1, $2, case when $6::bigint > 0 then $5::bigint else $4 end, case when $6::bigint > 0 then $4 else $5::bigint end, abs($6::bigint), $7, 'correction',
                version, $8, $9, coalesce($10::timestamptz, now())
         from changed",
        cause.id,
        cause.idem_key,
        changes,
        wallet.id,
        house_id,
        amount,
        wallet.currency,
        cause.json(),
        cause.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A movement between two accounts of the house.
pub(in crate::engine::ledger) async fn within_house(
    conn: &mut PgConnection,
    from: &str,
    to: &str,
    amount: i64,
    currency: &str,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let debit_id = account(&mut *conn, from, 0, currency).await?;
    let credit_id = account(&mut *conn, to, 0, currency).await?;
    sqlx::query!(
        "insert into transfer (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, cause, correlation, at)
         values ($1, $2, $3, $4, $5, $6, 'correction', null, $7, $8, coalesce($9::timestamptz, now()))",
        cause.id,
        cause.idem_key,
        debit_id,
        credit_id,
        amount,
        currency,
        cause.json(),
        cause.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the hold that explains what is set aside already.
pub(in crate::engine::ledger) async fn explain_hold(
    conn: &mut PgConnection,
    wallet: &Books,
    amount: i64,
    reference: Uuid,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with changed as (update account set version = version + 1 where id = $3 returning version)
         insert into hold (id, idem_key, wallet_id, reference, amount, wallet_version, note, correlation, at)
         select $1, $2, $3, $4, $5, version, $6, $7, coalesce($8::timestamptz, now()) from changed",
        cause.id,
        cause.idem_key,
        wallet.id,
        reference,
        amount,
        cause.note,
        cause.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets aside what the open holds say and the wallet does not: by a hold, whose resolution frees nothing.
pub(in crate::engine::ledger) async fn hold_again(
    conn: &mut PgConnection,
    wallet: &Books,
    amount: i64,
    reference: Uuid,
    cause: &Cause,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with changed as (
             update account set available = available - $5, held = held + $5, version = version + 1 where id = $3
             returning version)
         insert into hold (id, idem_key, wallet_id, reference, amount, wallet_version, note, correlation, at)
         select $1, $2, $3, $4, $5, version, $6, $7, coalesce($8::timestamptz, now()) from changed",
        cause.id,
        cause.idem_key,
        wallet.id,
        reference,
        amount,
        cause.note,
        cause.correlation,
        now,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with changed as (update account set version = version + 1 where id = $2 returning version)
         insert into hold_resolution (hold_id, amount, captured, released, transfer_id, wallet_version, correlation, at)
         select $1, $3, 0, $3, null, version, $4, coalesce($5::timestamptz, now()) from changed",
        cause.id,
        wallet.id,
        amount,
        cause.correlation,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An open hold whose job has ended, or is not there.
pub(in crate::engine::ledger) struct Orphan {
    pub(in crate::engine::ledger) user_id: i64,
    pub(in crate::engine::ledger) wallet_kind: String,
    pub(in crate::engine::ledger) currency: String,
    pub(in crate::engine::ledger) amount: i64,
    /// How its job ended; none: there is no such job, or not any more.
    pub(in crate::engine::ledger) state: Option<String>,
    /// What is to be paid for it; none where that is not known.
    pub(in crate::engine::ledger) due: Option<i64>,
}

pub(in crate::engine::ledger) async fn orphan_locked(
    conn: &mut PgConnection,
    hold_id: Uuid,
) -> Result<Option<Orphan>, sqlx::Error> {
    sqlx::query!(
        "select a.id from account a join hold h on h.wallet_id = a.id where h.id = $1 for update of a",
        hold_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query_as!(
        Orphan,
        r#"select a.owner_id as user_id, a.kind as wallet_kind, a.currency, h.amount, j.state as "state?",
                  case when j.id is null or j.state not in ('succeeded', 'partial') then 0
                       when j.kind <> 'storefront_order' then null
                       when j.state = 'succeeded' then h.amount
                       else div(h.amount::numeric * ((j.provider_snapshot ->> 'units')::numeric - j.remains),
                           (j.provider_snapshot ->> 'units')::numeric)::bigint end as due
           from hold h join account a on a.id = h.wallet_id left join job_history j on j.id = h.reference
           where h.id = $1 and h.purpose <> 'payout' and not exists (select 1 from hold_resolution r where r.hold_id = h.id)
             and not exists (select 1 from job l where l.id = h.reference)"#,
        hold_id,
    )
    .fetch_optional(conn)
    .await
}

/// An ended job, and what was taken for it.
pub(in crate::engine::ledger) struct Paid {
    pub(in crate::engine::ledger) wallet_id: i64,
    pub(in crate::engine::ledger) user_id: i64,
    pub(in crate::engine::ledger) kind: String,
    pub(in crate::engine::ledger) currency: String,
    /// What of the capture was not given back.
    pub(in crate::engine::ledger) left: i64,
    /// With all that was mended before.
    pub(in crate::engine::ledger) captured: i64,
    /// What should have been; none where that is not known.
    pub(in crate::engine::ledger) due: Option<i64>,
}

impl Paid {
    pub(in crate::engine::ledger) fn wallet(&self) -> Books {
        Books {
            id: self.wallet_id,
            user_id: self.user_id,
            kind: self.kind.clone(),
            currency: self.currency.clone(),
            available: 0,
            held: 0,
            version: 0,
            moved: 0,
            open: 0,
            rows: 0,
        }
    }
}

pub(in crate::engine::ledger) async fn wrongly_paid_locked(
    conn: &mut PgConnection,
    job_id: Uuid,
) -> Result<Option<Paid>, sqlx::Error> {
    sqlx::query!(
        "select a.id from account a join hold h on h.wallet_id = a.id where h.reference = $1 for update of a",
        job_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query_as!(
        Paid,
        r#"select a.id as wallet_id, a.owner_id as user_id, a.kind, a.currency,
                  r.captured - order_paid_back(j.id) as "left!",
                  r.captured - order_paid_back(j.id) + coalesce((select amount from transfer where idem_key = 'mend:borne:' || j.id), 0) as "captured!",
                  case j.state when 'succeeded' then h.amount
                      when 'partial' then div(h.amount::numeric * ((j.provider_snapshot ->> 'units')::numeric - j.remains),
                          (j.provider_snapshot ->> 'units')::numeric)::bigint
                      else 0 end as due
           from job_history j join hold h on h.reference = j.id join hold_resolution r on r.hold_id = h.id
           join account a on a.id = h.wallet_id where j.id = $1"#,
        job_id,
    )
    .fetch_optional(conn)
    .await
}

/// What was taken for an order.
pub(in crate::engine::ledger) struct Taken {
    user_id: i64,
    kind: String,
    currency: String,
    /// What of it was not given back.
    pub(in crate::engine::ledger) left: i64,
    /// In how many steps some of it was.
    pub(in crate::engine::ledger) steps: i64,
}

impl Taken {
    /// The wallet that it was taken from.
    pub(in crate::engine::ledger) fn wallet(&self) -> WalletKey<'_> {
        WalletKey {
            user_id: self.user_id,
            kind: WalletKind::named(&self.kind).unwrap_or(WalletKind::Main),
            currency: &self.currency,
        }
    }
}

/// What was taken for an order, if its hold is resolved; its wallet is locked then.
pub(in crate::engine::ledger) async fn taken_for_order_locked(
    conn: &mut PgConnection,
    order: Uuid,
) -> Result<Option<Taken>, sqlx::Error> {
    sqlx::query!(
        "select a.id from account a join hold h on h.wallet_id = a.id where h.reference = $1 for update of a",
        order
    )
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query_as!(
        Taken,
        r#"select a.owner_id as user_id, a.kind, a.currency, r.captured - order_paid_back(h.reference) as "left!",
                  (select count(*) from transfer where idem_key = 'mend:paid-back:' || h.reference
                       or idem_key in (select 'mend:paid-back:' || h.reference || ':' || n from generate_series(2, 9) n))
                    as "steps!"
           from hold h join hold_resolution r on r.hold_id = h.id join account a on a.id = h.wallet_id
           where h.reference = $1"#,
        order,
    )
    .fetch_optional(conn)
    .await
}

/// A payment in Stars.
pub(in crate::engine::ledger) struct Payment {
    pub(in crate::engine::ledger) user_id: i64,
    pub(in crate::engine::ledger) stars: i64,
    pub(in crate::engine::ledger) amount: i64,
    pub(in crate::engine::ledger) currency: String,
    pub(in crate::engine::ledger) transfer_id: Uuid,
    /// There is a movement of its id, or of its key.
    pub(in crate::engine::ledger) is_moved: bool,
}

pub(in crate::engine::ledger) async fn payment(
    conn: &mut PgConnection,
    charge: &str,
) -> Result<Option<Payment>, sqlx::Error> {
    sqlx::query_as!(
        Payment,
        r#"select p.user_id, p.stars, p.amount, p.currency, p.transfer_id,
                  exists (select 1 from transfer t where t.id = p.transfer_id or t.idem_key = 'stars:' || p.charge_id) as "is_moved!"
           from star_payment p where p.charge_id = $1"#,
        charge,
    )
    .fetch_optional(conn)
    .await
}
