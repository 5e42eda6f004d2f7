//! Stores results while they stream in, and reads them back for the outbox.

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use sqlx::PgPool;
use uuid::Uuid;

use super::job::Artifact;
use super::store;
use crate::base::clock::Clock;
use crate::base::fault::{self, Point};
use crate::base::ids::Ids;
use crate::providers::Download;

/// A chunk is written when it has grown to this.
const CHUNK_BYTES: usize = 1 << 20;

/// Where results are kept between the provider and Telegram.
#[derive(Clone, Debug)]
pub struct ArtifactStore {
    pool: PgPool,
    clock: Clock,
    ids: Ids,
}

/// Why a result could not be stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// It broke off: fetch it again.
    #[error("the download broke off: {0}")]
    Source(std::io::Error),
    /// Larger than Telegram takes.
    #[error("the result is too large")]
    TooLarge,
    /// Our own database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl ArtifactStore {
    /// Kept in the database: it survives what the process and its disk do not.
    pub fn new(pool: PgPool, clock: Clock, ids: Ids) -> Self {
        Self { pool, clock, ids }
    }

    /// Stores one download, at most `bytes_max` of it.
    pub(super) async fn store(
        &self,
        job_id: Uuid,
        position: i16,
        url: &str,
        mut download: Download,
        bytes_max: u64,
    ) -> Result<Artifact, StoreError> {
        if download.len.is_some_and(|len| len > bytes_max) {
            return Err(StoreError::TooLarge);
        }
        let id = self.ids.uuid();
        let file_name = format!("result-{}.{}", position + 1, extension(&download.mime));
        let now = self.clock.sql_now();
        store::begin_artifact(
            &self.pool,
            id,
            job_id,
            position,
            &download.mime,
            &file_name,
            now,
        )
        .await?;
        let (mut size_bytes, mut n) = (0_u64, 0_i32);
        let mut buffer = Vec::with_capacity(CHUNK_BYTES);
        while let Some(bytes) = download.body.next().await {
            let bytes = bytes.map_err(StoreError::Source)?;
            size_bytes += bytes.len() as u64;
            if size_bytes > bytes_max {
                return Err(StoreError::TooLarge);
            }
            buffer.extend_from_slice(&bytes);
            if buffer.len() >= CHUNK_BYTES {
                store::append_chunk(&self.pool, id, n, &buffer).await?;
                n += 1;
                buffer.clear();
            }
        }
        if !buffer.is_empty() {
            store::append_chunk(&self.pool, id, n, &buffer).await?;
        }
        if download.len.is_some_and(|len| len != size_bytes) {
            return Err(StoreError::Source(std::io::ErrorKind::UnexpectedEof.into()));
        }
        fault::reach(Point::ResultCompleting);
        store::complete_artifact(
            &self.pool,
            id,
            i64::try_from(size_bytes).unwrap_or(i64::MAX),
        )
        .await?;
        fault::reach(Point::ResultCompleted);
        Ok(Artifact {
            id,
            mime: download.mime,
            size_bytes,
            url: url.to_owned(),
        })
    }

    /// A stored result as file name, media type, size and a stream of its bytes; None if it is gone.
    pub async fn open(&self, id: Uuid) -> Result<Option<OpenArtifact>, sqlx::Error> {
        let Some((mime, file_name, size_bytes)) = store::open_artifact(&self.pool, id).await?
        else {
            return Ok(None);
        };
        let pool = self.pool.clone();
        let body = stream::unfold((pool, 0_i32), move |(pool, n)| async move {
            match store::chunk(&pool, id, n).await {
                Ok(Some(bytes)) => Some((Ok(Bytes::from(bytes)), (pool, n + 1))),
                Ok(None) => None,
                Err(error) => Some((Err(std::io::Error::other(error)), (pool, i32::MAX))),
            }
        });
        let size_bytes = u64::try_from(size_bytes).unwrap_or(0);
        Ok(Some(OpenArtifact {
            mime,
            file_name,
            size_bytes,
            body: body.boxed(),
        }))
    }
}

/// A stored result, opened for reading.
pub struct OpenArtifact {
    /// Its media type.
    pub mime: String,
    /// What to call it.
    pub file_name: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its bytes.
    pub body: stream::BoxStream<'static, std::io::Result<Bytes>>,
}

fn extension(mime: &str) -> &'static str {
    match mime.split(';').next().unwrap_or_default().trim() {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/webp" => "webp",
        "image/gif" => "gif",
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        "video/quicktime" => "mov",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "audio/wav" | "audio/x-wav" => "wav",
        "audio/ogg" => "ogg",
        _ => "bin",
    }
}
