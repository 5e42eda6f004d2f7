//! SQL of people and chats.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// Who caused an update, and where.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Telegram's user id.
    pub user_id: i64,
    /// Without `@`.
    pub username: Option<&'a str>,
    /// As they call themselves.
    pub first_name: &'a str,
    /// What their client reports.
    pub telegram_language: Option<&'a str>,
    /// Where it happened.
    pub chat_id: i64,
    /// Telegram's name for the kind of chat.
    pub chat_kind: &'a str,
}

/// A person that the bot knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Telegram's user id.
    pub id: i64,
    /// Without `@`.
    pub username: Option<String>,
    /// As they call themselves.
    pub first_name: String,
    /// What their client reports.
    pub telegram_language: Option<String>,
    /// What they chose; wins.
    pub language: Option<String>,
    /// When they first wrote.
    pub created_at: OffsetDateTime,
    /// When they last wrote, to the hour.
    pub seen_at: OffsetDateTime,
}

impl Person {
    /// The tag of the language to speak to them in: what they chose, else what their client reports, else English.
    pub fn language_tag(&self) -> &str {
        self.language
            .as_deref()
            .or(self.telegram_language.as_deref())
            .unwrap_or("en")
    }
}

/// What is known of who was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The person.
    pub person: Person,
    /// Whether it was for the first time.
    pub fresh: bool,
    /// Whether the chat could not be reached before.
    pub is_back: bool,
}

/// Notes that a person was seen, and that they can be reached.
///
/// Writes only what changed, and the hour: a row that every update rewrote would make all of them slower.
pub async fn seen(
    conn: &mut PgConnection,
    seen: &Seen<'_>,
    now: Option<OffsetDateTime>,
) -> Result<Sighting, sqlx::Error> {
    let known = sqlx::query!(
        r#"select person.id, username, first_name, telegram_language, language, person.created_at, seen_at,
                  chat.blocked_at is not null as "is_blocked!", chat.id is null as "is_elsewhere!"
           from app_user person left join chat on chat.id = $2 where person.id = $1"#,
        seen.user_id,
        seen.chat_id,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let fresh = known.is_none();
    // Who writes can be written to, even where the news of it was lost.
    let is_back = known.as_ref().is_some_and(|row| row.is_blocked);
    if is_back {
        reachable_again(&mut *conn, seen.chat_id).await?;
    }
    // Seen in a group before, and here for the first time: who can be written to is who has a chat.
    let is_elsewhere = known.as_ref().is_some_and(|row| row.is_elsewhere);
    let known = known.map(|row| Person {
        id: row.id,
        username: row.username,
        first_name: row.first_name,
        telegram_language: row.telegram_language,
        language: row.language,
        created_at: row.created_at,
        seen_at: row.seen_at,
    });
    let current = known.filter(|person| {
        !is_elsewhere
            && person.username.as_deref() == seen.username
            && person.first_name == seen.first_name
            && person.telegram_language.as_deref() == seen.telegram_language
            && now.is_none_or(|now| now - person.seen_at < time::Duration::HOUR)
            && OffsetDateTime::UNIX_EPOCH < person.seen_at
    });
    if let Some(person) = current {
        return Ok(Sighting {
            person,
            fresh,
            is_back,
        });
    }
    let person = sqlx::query_as!(
        Person,
        "with place as (
             insert into chat (id, kind, created_at) values ($6, $7, coalesce($5::timestamptz, now()))
             on conflict (id) do nothing)
         insert into app_user as u (id, username, first_name, telegram_language, created_at, seen_at)
         values ($1, $2, $3, $4, coalesce($5::timestamptz, now()), coalesce($5::timestamptz, now()))
         on conflict (id) do update
         set username = excluded.username, first_name = excluded.first_name,
             telegram_language = excluded.telegram_language, seen_at = excluded.seen_at
         returning id, username, first_name, telegram_language, language, created_at, seen_at",
        seen.user_id,
        seen.username,
        seen.first_name,
        seen.telegram_language,
        now,
        seen.chat_id,
        seen.chat_kind,
    )
    .fetch_one(conn)
    .await?;
    Ok(Sighting {
        person,
        fresh,
        is_back,
    })
}

/// A person by Telegram's id.
pub async fn by_id(conn: &mut PgConnection, user_id: i64) -> Result<Option<Person>, sqlx::Error> {
    sqlx::query_as!(
        Person,
        "select id, username, first_name, telegram_language, language, created_at, seen_at from app_user where id = $1",
        user_id
    )
    .fetch_optional(conn)
    .await
}

/// Up to two persons who go by this name, whatever its case: names change hands, and of two who were seen with it only one
/// has it today.
pub async fn named(conn: &mut PgConnection, username: &str) -> Result<Vec<Person>, sqlx::Error> {
    sqlx::query_as!(
        Person,
        "select id, username, first_name, telegram_language, language, created_at, seen_at
         from app_user where lower(username) = lower($1) order by seen_at desc limit 2",
        username
    )
    .fetch_all(conn)
    .await
}

/// What somebody has done, and whether they can be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// They have a private chat with the bot.
    pub has_started: bool,
    /// They blocked it.
    pub has_blocked: bool,
    /// They accepted the terms of tips.
    pub has_accepted_terms: bool,
    /// An admin vouched for them.
    pub is_verified: bool,
}

/// How somebody stands; None: they are not known.
pub async fn standing(
    conn: &mut PgConnection,
    user_id: i64,
) -> Result<Option<Standing>, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"select chat.id is not null as "has_started!", chat.blocked_at is not null as "has_blocked!",
                  terms_at is not null as "has_accepted_terms!", verified_at is not null as "is_verified!"
           from app_user person left join chat on chat.id = person.id where person.id = $1"#,
        user_id
    )
    .fetch_optional(conn)
    .await
}

/// The person accepted the terms of tips; the first time counts.
pub async fn accept_terms(
    conn: &mut PgConnection,
    user_id: i64,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update app_user set terms_at = coalesce($2::timestamptz, now()) where id = $1 and terms_at is null",
        user_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An admin vouches for the person, or does not any more. False: it was so before.
pub async fn set_verified(
    conn: &mut PgConnection,
    user_id: i64,
    is_verified: bool,
    now: Option<OffsetDateTime>,
) -> Result<bool, sqlx::Error> {
    let set = sqlx::query!(
        "update app_user set verified_at = case when $2 then coalesce($3::timestamptz, now()) end
         where id = $1 and (verified_at is not null) <> $2",
        user_id,
        is_verified,
        now,
    )
    .execute(conn)
    .await?;
    Ok(set.rows_affected() == 1)
}

/// The person chose a language.
pub async fn set_language(
    conn: &mut PgConnection,
    user_id: i64,
    language: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update app_user set language = $2 where id = $1",
        user_id,
        language
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Nothing can be sent to the chat.
pub async fn blocked(
    conn: &mut PgConnection,
    chat_id: i64,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update chat set blocked_at = coalesce($2::timestamptz, now()) where id = $1 and blocked_at is null",
        chat_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The chat can be written to again.
pub async fn reachable_again(conn: &mut PgConnection, chat_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update chat set blocked_at = null where id = $1 and blocked_at is not null",
        chat_id
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The group goes on as a supergroup.
pub async fn migrated(
    conn: &mut PgConnection,
    from: i64,
    to: i64,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into chat (id, kind, migrated_to, created_at) values ($1, 'group', $2, coalesce($3::timestamptz, now()))
         on conflict (id) do update set migrated_to = $2",
        from,
        to,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
