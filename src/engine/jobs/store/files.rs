//! Files of our own making, for the outbox to send.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// A small file to be kept as long as a result is.
#[derive(Clone, Copy, Debug)]
pub struct NewFile<'a> {
    /// Its id.
    pub id: Uuid,
    /// What it belongs to.
    pub owner: Uuid,
    /// Its media type.
    pub mime: &'a str,
    /// What to call it.
    pub file_name: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
}

/// Keeps it, in the transaction that sends it.
///
/// # Errors
/// The database's.
pub async fn keep_file(
    conn: &mut PgConnection,
    file: &NewFile<'_>,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with file as (
             insert into artifact (id, job_id, position, mime, file_name, size_bytes, created_at)
             values ($1, $2, 0, $3, $4, octet_length($5::bytea), coalesce($6::timestamptz, now()))
             returning id)
         insert into artifact_chunk (artifact_id, n, bytes) select id, 0, $5 from file",
        file.id,
        file.owner,
        file.mime,
        file.file_name,
        file.bytes,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
