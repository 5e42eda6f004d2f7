//! Where the bytes come from.

use async_trait::async_trait;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_RANGE, CONTENT_TYPE, LAST_MODIFIED};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use time::OffsetDateTime;

use crate::telegram::{CallError, Client};

/// A file that the upstream knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedFile {
    /// Its path there; good for a while.
    pub path: String,
    /// Its size in bytes, if known.
    pub size: Option<u64>,
}

/// A file, or a part of it, being read.
pub struct UpstreamBody {
    /// Where in the file it begins: 0 when the upstream sends all of it, whatever was asked for.
    pub first: u64,
    /// Length of this body, if known.
    pub len: Option<u64>,
    /// The media type that the upstream names.
    pub content_type: Option<String>,
    /// When it says that the file was changed last.
    pub modified: Option<OffsetDateTime>,
    /// The bytes.
    pub stream: BoxStream<'static, std::io::Result<Bytes>>,
}

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileSourceError {
    /// There is no such file, or its path has gone stale.
    #[error("not found")]
    NotFound,
    /// The upstream does not answer in time.
    #[error("too slow")]
    TimedOut,
    /// Anything else.
    #[error("unavailable")]
    Unavailable,
}

/// Where files are read from.
#[async_trait]
pub trait FileSource: Send + Sync + 'static {
    /// Where a file is.
    async fn resolve(&self, file_id: &str) -> Result<ResolvedFile, FileSourceError>;
    /// Opens it, from the first byte to the last if given. An upstream that cannot do ranges sends all.
    async fn open(
        &self,
        path: &str,
        range: Option<(u64, u64)>,
    ) -> Result<UpstreamBody, FileSourceError>;
}

#[async_trait]
impl FileSource for Client {
    async fn resolve(&self, file_id: &str) -> Result<ResolvedFile, FileSourceError> {
        match self.get_file(file_id).await {
            Ok(file) => Ok(ResolvedFile {
                path: file.path,
                size: file.size,
            }),
            Err(CallError::MediaRefused { .. } | CallError::Rejected { .. }) => {
                Err(FileSourceError::NotFound)
            }
            Err(error) => {
                tracing::warn!(error = %error, "Telegram does not say where a file is");
                Err(FileSourceError::Unavailable)
            }
        }
    }

    async fn open(
        &self,
        path: &str,
        range: Option<(u64, u64)>,
    ) -> Result<UpstreamBody, FileSourceError> {
        let header = range
            .and_then(|(first, last)| HeaderValue::try_from(format!("bytes={first}-{last}")).ok());
        let file = self
            .open_file(path, header.as_ref())
            .await
            .map_err(|error| {
                tracing::warn!(error = %error, "Telegram's file host does not answer");
                FileSourceError::Unavailable
            })?;
        let status = file.status().as_u16();
        let first = match status {
            200 => Some(0),
            206 => file.headers().get(CONTENT_RANGE).and_then(first_of),
            // The Bot API's file host says 400 or 404 of a path that has gone stale.
            400 | 404 | 410 => return Err(FileSourceError::NotFound),
            _ => None,
        };
        let Some(first) = first else {
            tracing::warn!(status, "Telegram's file host gives no usable answer");
            return Err(FileSourceError::Unavailable);
        };
        let content_type = file
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let modified = file.headers().get(LAST_MODIFIED).and_then(date_of);
        let len = file.content_length();
        let stream = file
            .bytes_stream()
            .map(|bytes| bytes.map_err(std::io::Error::other))
            .boxed();
        Ok(UpstreamBody {
            first,
            len,
            content_type,
            modified,
            stream,
        })
    }
}

/// The first byte of `bytes 3-9/20`.
fn first_of(value: &HeaderValue) -> Option<u64> {
    let range = value.to_str().ok()?.trim().strip_prefix("bytes ")?;
    range.split_once('-')?.0.trim().parse().ok()
}

/// A date as header fields have them, of the years 1970 to 9999.
fn date_of(value: &HeaderValue) -> Option<OffsetDateTime> {
    let date = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    Some(date.into())
}
