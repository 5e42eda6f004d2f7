//! SQL of referrals.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Earning, NewReward, Reward, RewardPart, Summary};
use crate::base::money::Amount;

/// The word in a user's link: the one they have, else `fresh` from now on. Two who ask at once get the same.
pub async fn code_of(
    conn: &mut PgConnection,
    user_id: i64,
    fresh: &str,
    now: Option<OffsetDateTime>,
) -> Result<String, sqlx::Error> {
    let known = known_code(conn, user_id).await?;
    if let Some(code) = known {
        return Ok(code);
    }
    sqlx::query!(
        "insert into referral_code (user_id, code, created_at) values ($1, $2, coalesce($3::timestamptz, now()))
         on conflict (user_id) do nothing",
        user_id,
        fresh,
        now,
    )
    .execute(&mut *conn)
    .await?;
    known_code(conn, user_id)
        .await?
        .ok_or(sqlx::Error::RowNotFound)
}

async fn known_code(conn: &mut PgConnection, user_id: i64) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("select code from referral_code where user_id = $1", user_id)
        .fetch_optional(conn)
        .await
}

/// Notes by whose link somebody came who was not known before. Their referrer; None for a code of nobody or their own, for
/// whom somebody brought in before, and for who has brought in others.
pub async fn attribute(
    conn: &mut PgConnection,
    user_id: i64,
    code: &str,
    now: Option<OffsetDateTime>,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "insert into referral (user_id, referrer_id, at)
         select $1, c.user_id, coalesce($3::timestamptz, now()) from referral_code c
         where c.code = $2 and c.user_id <> $1 and not exists (select from referral r where r.referrer_id = $1)
         on conflict (user_id) do nothing
         returning referrer_id",
        user_id,
        code,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Who brought the user in, and who brought that one in: at most two.
pub async fn referrers_of(conn: &mut PgConnection, user_id: i64) -> Result<Vec<i64>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select a.referrer_id as direct, b.referrer_id as "indirect?"
           from referral a left join referral b on b.user_id = a.referrer_id where a.user_id = $1"#,
        user_id
    )
    .fetch_optional(conn)
    .await?;
    let levels = row.map(|row| [Some(row.direct), row.indirect]);
    Ok(levels.into_iter().flatten().flatten().collect())
}

/// Records a reward. False if this payment brought one on this level before.
pub async fn add_reward(
    conn: &mut PgConnection,
    new: &NewReward<'_>,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "insert into referral_reward (id, cause, level, referrer_id, payer_id, base, amount, currency, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9::timestamptz, now()))
         on conflict (cause, level) do nothing",
        new.id,
        new.cause,
        i16::from(new.level),
        new.referrer_id,
        new.payer_id,
        new.base.0,
        new.amount.0,
        new.currency,
        now,
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// What of a user's payments brought rewards that were not taken back, each payment once.
pub async fn rewarded(
    conn: &mut PgConnection,
    payer_id: i64,
    currency: &str,
) -> Result<Amount, sqlx::Error> {
    let rewarded = sqlx::query_scalar!(
        r#"select coalesce(sum(base), 0)::bigint as "rewarded!" from (
               select max(w.base) as base from referral_reward w
               where w.payer_id = $1 and w.currency = $2 and not exists (select from referral_reversal r where r.reward_id = w.id)
               group by w.cause) payment"#,
        payer_id,
        currency,
    )
    .fetch_one(conn)
    .await?;
    Ok(Amount(rewarded))
}

/// What the payment brought and was not taken back, the lowest level first.
pub async fn to_reverse(conn: &mut PgConnection, cause: &str) -> Result<Vec<Reward>, sqlx::Error> {
    sqlx::query_as!(
        Reward,
        "select w.id, w.referrer_id, w.amount, w.currency from referral_reward w
         where w.cause = $1 and not exists (select from referral_reversal r where r.reward_id = w.id)
         order by w.level",
        cause
    )
    .fetch_all(conn)
    .await
}

/// Records that a reward was taken back. False if it was before.
pub async fn reverse(
    conn: &mut PgConnection,
    reward: &Reward,
    taken: Amount,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let reversed = sqlx::query!(
        "insert into referral_reversal (reward_id, referrer_id, currency, taken, lost, at)
         values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, now()))
         on conflict (reward_id) do nothing",
        reward.id,
        reward.referrer_id,
        reward.currency,
        taken.0,
        (reward.amount - taken).0,
        now,
    )
    .execute(conn)
    .await?;
    Ok(reversed.rows_affected() == 1)
}

/// As [`to_reverse`], with what of each went back already, because parts of the payment did.
pub async fn to_reverse_in_part(
    conn: &mut PgConnection,
    cause: &str,
) -> Result<Vec<(Reward, Amount)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select w.id, w.referrer_id, w.amount, w.currency,
                  (select coalesce(sum(b.taken + b.lost), 0)::bigint from referral_return b where b.reward_id = w.id) as "gone!"
           from referral_reward w
           where w.cause = $1 and not exists (select from referral_reversal r where r.reward_id = w.id)
           order by w.level"#,
        cause
    )
    .fetch_all(conn)
    .await?;
    let rewards = rows.into_iter().map(|row| {
        let reward = Reward {
            id: row.id,
            referrer_id: row.referrer_id,
            amount: Amount(row.amount),
            currency: row.currency,
        };
        (reward, Amount(row.gone))
    });
    Ok(rewards.collect())
}

/// Records that a part of a reward was taken back, with the part of its payment that `return_id` names. False if it was before.
pub async fn reverse_in_part(
    conn: &mut PgConnection,
    reward: &Reward,
    part: &RewardPart,
    taken: Amount,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let reversed = sqlx::query!(
        "insert into referral_return (return_id, reward_id, referrer_id, currency, taken, lost, at)
         values ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, now()))
         on conflict (return_id, reward_id) do nothing",
        part.return_id,
        reward.id,
        reward.referrer_id,
        reward.currency,
        taken.0,
        (part.amount - taken).0,
        now,
    )
    .execute(conn)
    .await?;
    Ok(reversed.rows_affected() == 1)
}

/// What could not be taken back and was not made up for since. True as long as the wallet is locked.
pub async fn debt(
    conn: &mut PgConnection,
    referrer_id: i64,
    currency: &str,
) -> Result<Amount, sqlx::Error> {
    let owed = sqlx::query_scalar!(
        r#"select (coalesce((select sum(lost) from referral_reversal where referrer_id = $1 and currency = $2 and lost > 0), 0)
                   + coalesce((select sum(lost) from referral_return where referrer_id = $1 and currency = $2), 0)
                   - coalesce((select sum(amount) from referral_kept where referrer_id = $1 and currency = $2), 0))::bigint as "owed!""#,
        referrer_id,
        currency,
    )
    .fetch_one(conn)
    .await?;
    Ok(Amount(owed))
}

/// Records that `amount` of a reward was kept for what could not be taken back.
pub async fn keep(
    conn: &mut PgConnection,
    reward: &NewReward<'_>,
    amount: Amount,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into referral_kept (reward_id, referrer_id, currency, amount, at)
         values ($1, $2, $3, $4, coalesce($5::timestamptz, now()))",
        reward.id,
        reward.referrer_id,
        reward.currency,
        amount.0,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a user's link has brought, in one currency.
pub async fn summary(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
) -> Result<Summary, sqlx::Error> {
    sqlx::query_as!(
        Summary,
        r#"select (select count(*) from referral where referrer_id = $1) as "direct!",
                  (select count(*) from referral a join referral b on b.referrer_id = a.user_id where a.referrer_id = $1)
                    as "indirect!",
                  (select coalesce(sum(amount), 0)::bigint from referral_reward where referrer_id = $1 and currency = $2)
                    as "earned!",
                  ((select coalesce(sum(taken), 0) from referral_reversal where referrer_id = $1 and currency = $2)
                   + (select coalesce(sum(taken), 0) from referral_return where referrer_id = $1 and currency = $2)
                   + (select coalesce(sum(amount), 0) from referral_kept where referrer_id = $1 and currency = $2))::bigint
                    as "taken!""#,
        user_id,
        currency,
    )
    .fetch_one(conn)
    .await
}

/// A page of what a user has earned, newest first.
pub async fn earnings(
    conn: &mut PgConnection,
    user_id: i64,
    currency: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<Earning>, sqlx::Error> {
    sqlx::query_as!(
        Earning,
        r#"select w.at, w.level, w.amount, r.reward_id is not null as "is_reversed!"
           from referral_reward w left join referral_reversal r on r.reward_id = w.id
           where w.referrer_id = $1 and w.currency = $2 order by w.at desc, w.id offset $3 limit $4"#,
        user_id,
        currency,
        offset,
        limit,
    )
    .fetch_all(conn)
    .await
}
