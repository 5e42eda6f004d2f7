//! SQL of the messages in which admins were asked, and of who is about to type an id.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// An admin was asked in this message.
pub(super) async fn asked(
    conn: &mut PgConnection,
    job_id: Uuid,
    admin_id: i64,
    message_ref: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into inquiry_message (job_id, admin_id, message_ref) values ($1, $2, $3)
         on conflict (job_id, admin_id) do nothing",
        job_id,
        admin_id,
        message_ref,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Who was asked, in which message.
pub(super) async fn messages(
    conn: &mut PgConnection,
    job_id: Uuid,
) -> Result<Vec<(i64, Uuid)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select admin_id, message_ref from inquiry_message where job_id = $1 order by admin_id",
        job_id
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.admin_id, row.message_ref))
        .collect())
}

/// What this admin writes next is the id of the job's task.
pub(super) async fn await_task(
    conn: &mut PgConnection,
    admin_id: i64,
    job_id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into inquiry_typing (admin_id, job_id, since) values ($1, $2, coalesce($3::timestamptz, now()))
         on conflict (admin_id) do update set job_id = excluded.job_id, since = excluded.since",
        admin_id,
        job_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The job whose task this admin is to name.
pub(super) async fn awaited(
    conn: &mut PgConnection,
    admin_id: i64,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select job_id from inquiry_typing where admin_id = $1",
        admin_id
    )
    .fetch_optional(conn)
    .await
}

/// This admin is not to name anything any more.
pub(super) async fn forget(conn: &mut PgConnection, admin_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from inquiry_typing where admin_id = $1", admin_id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Nobody is to name the task of this job any more.
pub(super) async fn forget_job(conn: &mut PgConnection, job_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from inquiry_typing where job_id = $1", job_id)
        .execute(conn)
        .await?;
    Ok(())
}
