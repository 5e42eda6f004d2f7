//! SQL of referrals.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Back, Earning, NewReward, Reward, RewardPart, Rule, Share, Summary};
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
    let (basis_points, fixed) = match new.rule.share {
        Share::BasisPoints(points) => (Some(points.cast_signed()), None),
        Share::Fixed(amount) => (None, Some(amount.0)),
    };
    let added = sqlx::query!(
        "insert into referral_reward
             (id, cause, level, referrer_id, payer_id, base, amount, currency, at, basis_points, fixed, cap, least)
         values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9::timestamptz, now()), $10, $11, $12, $13)
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
        basis_points,
        fixed,
        new.rule.cap.map(|cap| cap.0),
        new.rule.least.0,
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
               select max(least(w.base, (select min(p.stays) from referral_part_reversal p where p.reward_id = w.id))) as base
               from referral_reward w
               where w.payer_id = $1 and w.currency = $2 and not exists (select from referral_reversal r where r.reward_id = w.id)
               group by w.cause) payment"#,
        payer_id,
        currency,
    )
    .fetch_one(conn)
    .await?;
    Ok(Amount(rewarded))
}

/// What the payment brought and was not taken back as a whole, the lowest level first.
pub async fn to_reverse(conn: &mut PgConnection, cause: &str) -> Result<Vec<Reward>, sqlx::Error> {
    let rows = sqlx::query!(
        "select w.id, w.referrer_id, w.base, w.amount, w.currency, w.basis_points, w.fixed, w.cap, w.least from referral_reward w
         where w.cause = $1 and not exists (select from referral_reversal r where r.reward_id = w.id)
         order by w.level",
        cause
    )
    .fetch_all(conn)
    .await?;
    let rewards = rows.into_iter().map(|row| {
        let points = row.basis_points.map(i32::cast_unsigned);
        let share = points.map(Share::BasisPoints);
        let share = share.or(row.fixed.map(|fixed| Share::Fixed(Amount(fixed))));
        Reward {
            id: row.id,
            referrer_id: row.referrer_id,
            base: Amount(row.base),
            amount: Amount(row.amount),
            currency: row.currency,
            rule: share.zip(row.least).map(|(share, least)| Rule {
                share,
                cap: row.cap.map(Amount),
                least: Amount(least),
            }),
        }
    });
    Ok(rewards.collect())
}

/// What of a reward has gone back, taken or owed; None: all of it has. True as long as its wallet is locked.
pub async fn gone_back(
    conn: &mut PgConnection,
    reward_id: Uuid,
) -> Result<Option<Amount>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select coalesce(sum(taken + lost), 0)::bigint as "back!", coalesce(bool_or(is_last), false) as "is_all!"
           from referral_back where reward_id = $1"#,
        reward_id
    )
    .fetch_one(conn)
    .await?;
    Ok((!row.is_all).then_some(Amount(row.back)))
}

/// Records that of a reward something goes back. False if that was so before.
pub async fn reverse(
    conn: &mut PgConnection,
    reward: &Reward,
    back: &Back,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let reversed = if back.stays > Amount::ZERO {
        sqlx::query!(
            "insert into referral_part_reversal (reward_id, stays, referrer_id, currency, taken, lost, at)
             values ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, now()))
             on conflict (reward_id, stays) do nothing",
            reward.id,
            back.stays.0,
            reward.referrer_id,
            reward.currency,
            back.taken.0,
            back.lost.0,
            now,
        )
        .execute(conn)
        .await?
    } else {
        sqlx::query!(
            "insert into referral_reversal (reward_id, referrer_id, currency, taken, lost, at)
             values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, now()))
             on conflict (reward_id) do nothing",
            reward.id,
            reward.referrer_id,
            reward.currency,
            back.taken.0,
            back.lost.0,
            now,
        )
        .execute(conn)
        .await?
    };
    Ok(reversed.rows_affected() == 1)
}

/// As [`to_reverse`], with what of each went back already, because parts of the payment did.
pub async fn to_reverse_in_part(
    conn: &mut PgConnection,
    cause: &str,
) -> Result<Vec<(Reward, Amount)>, sqlx::Error> {
    let mut rewards = Vec::new();
    for reward in to_reverse(conn, cause).await? {
        let gone = gone_back(conn, reward.id).await?;
        rewards.extend(gone.map(|gone| (reward, gone)));
    }
    Ok(rewards)
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
        r#"select (coalesce((select sum(lost) from referral_back where referrer_id = $1 and currency = $2 and lost > 0), 0)
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
                  ((select coalesce(sum(taken), 0) from referral_back where referrer_id = $1 and currency = $2)
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
        r#"select w.at, w.level, w.amount, coalesce(b.back, 0) as "back!", coalesce(b.is_reversed, false) as "is_reversed!"
           from referral_reward w cross join lateral (
               select sum(taken + lost)::bigint as back, bool_or(is_last) as is_reversed
               from referral_back where reward_id = w.id) b
           where w.referrer_id = $1 and w.currency = $2 order by w.at desc, w.id offset $3 limit $4"#,
        user_id,
        currency,
        offset,
        limit,
    )
    .fetch_all(conn)
    .await
}
