//! Reading files that people sent.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use reqwest::header::{HeaderMap, HeaderValue, RANGE};
use reqwest::{Response, StatusCode};
use serde_json::json;

use super::direct::{Broken, DirectBody};
use super::{Client, failed, repeatable};
use crate::base::redact::ExposeSecret;
use crate::telegram::call_error::CallError;

/// Telegram's own files have short paths.
const FILE_PATH_MAX_BYTES: usize = 512;

/// Where a file can be read from for at least an hour; Bot API docs, "File".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath {
    /// Relative to the file address of the Bot API; not secret without the token.
    pub path: String,
    /// In bytes.
    pub size: Option<u64>,
}

impl Client {
    /// Asks where a file can be read from. At most 20 MB on Telegram's own servers.
    ///
    /// # Errors
    /// As [`Client::call`]; [`CallError::MediaRefused`] for a wrong id, a file that is too big, or a path that is
    /// not a plain relative one.
    pub async fn get_file(&self, file_id: &str) -> Result<FilePath, CallError> {
        let file = self.call("getFile", &json!({ "file_id": file_id })).await?;
        let path = file["file_path"].as_str().unwrap_or_default();
        if !is_plain_path(path) {
            return Err(CallError::MediaRefused {
                description: "no usable file path".to_owned(),
            });
        }
        Ok(FilePath {
            path: path.to_owned(),
            size: file["file_size"].as_u64(),
        })
    }

    /// Opens a file for reading, whole or the given `Range` header value; any status of the file server is an answer.
    ///
    /// # Errors
    /// [`CallError::Transient`] when the file server cannot be reached or does not begin to answer in time,
    /// [`CallError::MediaRefused`] for a path that is not a plain relative one.
    pub async fn open_file(
        &self,
        path: &str,
        range: Option<&HeaderValue>,
    ) -> Result<OpenedFile, CallError> {
        if !is_plain_path(path) {
            return Err(CallError::MediaRefused {
                description: "not a file path".to_owned(),
            });
        }
        let token = self.config.token.expose_secret();
        if let Some(direct) = &self.direct {
            let path = ["/file/bot", token, "/", path];
            let answer = direct.get(&path, range).await.map_err(unread)?;
            return Ok(OpenedFile(Opened::Direct(answer)));
        }
        let mut request = self
            .http
            .get(format!("{}/file/bot{token}/{path}", self.config.api_url));
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        let idle = self.config.file_idle_timeout;
        match tokio::time::timeout(idle, request.send()).await {
            Ok(Ok(response)) => Ok(OpenedFile(Opened::Called { response, idle })),
            Ok(Err(error)) => Err(repeatable(failed(error, "reading a file"))),
            Err(_) => Err(CallError::Transient {
                detail: "reading a file: timed out".to_owned(),
            }),
        }
    }
}

/// A file being read. It hides the response it comes from, whose address holds the token.
pub struct OpenedFile(Opened);

enum Opened {
    Direct(hyper::Response<DirectBody>),
    Called { response: Response, idle: Duration },
}

impl fmt::Debug for OpenedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenedFile")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl OpenedFile {
    pub fn status(&self) -> StatusCode {
        match &self.0 {
            Opened::Direct(response) => response.status(),
            Opened::Called { response, .. } => response.status(),
        }
    }

    pub fn headers(&self) -> &HeaderMap {
        match &self.0 {
            Opened::Direct(response) => response.headers(),
            Opened::Called { response, .. } => response.headers(),
        }
    }

    /// In bytes, when the server says so.
    pub fn content_length(&self) -> Option<u64> {
        match &self.0 {
            Opened::Direct(response) => response.body().len(),
            Opened::Called { response, .. } => response.content_length(),
        }
    }

    /// The bytes as they arrive; an error ends the stream, also when nothing comes for too long.
    pub fn bytes_stream(self) -> BoxStream<'static, Result<Bytes, CallError>> {
        match self.0 {
            Opened::Direct(response) => response
                .into_body()
                .map(|bytes| bytes.map_err(unread))
                .boxed(),
            Opened::Called { response, idle } => timed(response, idle).boxed(),
        }
    }
}

fn timed(response: Response, idle: Duration) -> impl Stream<Item = Result<Bytes, CallError>> {
    let stream = Box::pin(response.bytes_stream());
    futures_util::stream::unfold(Some(stream), move |stream| async move {
        let mut stream = stream?;
        match tokio::time::timeout(idle, stream.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(stream))),
            Ok(Some(Err(error))) => Some((Err(repeatable(failed(error, "reading a file"))), None)),
            Err(_) => Some((Err(unread(Broken::Silent)), None)),
        }
    })
}

fn unread(broken: Broken) -> CallError {
    CallError::Transient {
        detail: format!("reading a file: {broken}"),
    }
}

/// A path that stays below the token's own folder: Telegram's are like `photos/file_1.jpg`.
fn is_plain_path(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= FILE_PATH_MAX_BYTES
        && path
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'.'))
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}
