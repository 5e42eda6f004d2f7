//! Results from wherever the provider put them, without trusting the address or the answer.

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::header::LOCATION;
use reqwest::{Response, Url};

use super::sniff::{SNIFF_BYTES, media_type};
use super::{CallFailure, Http, failure};
use crate::providers::{Download, FailureReason, ProviderError};

const REDIRECTS_MAX: usize = 3;

/// Why a result cannot be had.
#[derive(Debug)]
pub enum DownloadError {
    /// It is not there (404, 410): perhaps not yet.
    Missing,
    /// As a provider's error.
    Provider(ProviderError),
}

impl From<ProviderError> for DownloadError {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

impl Http {
    /// Opens a result. Each address on the way is checked; the key is not sent along.
    ///
    /// # Errors
    /// [`ProviderError::Permanent`] for what no repetition mends, [`FailureReason::ResultTooLarge`] by its announced size.
    pub async fn download(&self, url: &str) -> Result<Download, DownloadError> {
        let mut url = Url::parse(url).map_err(|_| permanent("the result has no valid address"))?;
        for _ in 0..=REDIRECTS_MAX {
            self.guard.check(&url).map_err(permanent)?;
            let response = self.files.get(url.clone()).send().await;
            let response = response.map_err(|error| transient(failure(&error)))?;
            if !response.status().is_redirection() {
                return self.open(response).await;
            }
            let location = response.headers().get(LOCATION);
            let location = location.and_then(|value| value.to_str().ok());
            url = location
                .and_then(|location| url.join(location).ok())
                .ok_or_else(|| permanent("a redirect without a valid address"))?;
        }
        Err(permanent("too many redirects").into())
    }

    async fn open(&self, response: Response) -> Result<Download, DownloadError> {
        match response.status().as_u16() {
            200 => {}
            404 | 410 => return Err(DownloadError::Missing),
            429 => {
                let after = self.retry_after(response.headers());
                let after = after.unwrap_or(std::time::Duration::from_secs(10));
                return Err(ProviderError::RateLimited { after }.into());
            }
            status @ (408 | 425 | 500..) => {
                let detail = format!("the result's server answered {status}");
                return Err(ProviderError::Transient { detail }.into());
            }
            status => {
                let detail = format!("the result's server answered {status}");
                return Err(ProviderError::Permanent { detail }.into());
            }
        }
        let bytes_max = self.limits.download_bytes_max;
        let len = response.content_length();
        if len.is_some_and(|len| len > bytes_max) {
            return Err(too_large().into());
        }
        let body = response.bytes_stream();
        let mut body = body
            .map_err(|error| io::Error::other(failure(&error)))
            .boxed();
        let head = head(&mut body).await?;
        let mime = media_type(&head).ok_or_else(|| permanent("the result is not media"))?;
        let body = stream::once(async { Ok(head) }).chain(body);
        Ok(Download {
            mime: mime.to_owned(),
            len,
            body: bounded(body.boxed(), bytes_max),
        })
    }
}

type Body = BoxStream<'static, io::Result<Bytes>>;

/// Enough of the body to tell what it is.
async fn head(body: &mut Body) -> Result<Bytes, ProviderError> {
    let mut head = BytesMut::new();
    while head.len() < SNIFF_BYTES {
        match body.next().await {
            Some(Ok(bytes)) => head.extend_from_slice(&bytes),
            Some(Err(_)) => return Err(transient(CallFailure::Lost("the result broke off"))),
            None => break,
        }
    }
    Ok(head.freeze())
}

/// Ends with the first error: a source that timed out would give the same error for ever.
fn bounded(body: Body, bytes_max: u64) -> Body {
    let (mut total, mut has_failed) = (0_u64, false);
    let body = body.map(move |bytes| {
        let bytes = bytes?;
        total += bytes.len() as u64;
        if total > bytes_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    });
    body.take_while(move |bytes| {
        let goes_on = !has_failed;
        has_failed |= bytes.is_err();
        std::future::ready(goes_on)
    })
    .boxed()
}

fn permanent(detail: &str) -> ProviderError {
    ProviderError::Permanent {
        detail: detail.to_owned(),
    }
}

/// Reading twice is the same as reading once.
fn transient(failure: CallFailure) -> ProviderError {
    ProviderError::Transient {
        detail: format!("the result: {failure}"),
    }
}

fn too_large() -> ProviderError {
    ProviderError::Rejected {
        reason: FailureReason::ResultTooLarge,
        detail: "the announced size is above the limit".to_owned(),
    }
}
