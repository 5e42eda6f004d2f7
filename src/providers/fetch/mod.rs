//! HTTP as every provider needs it: bounded in time and size, following nobody, and exact about what was sent.

mod address;
mod download;
mod sniff;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, Url, redirect, retry};
use serde_json::Value;
use time::OffsetDateTime;

use super::redaction::Redactor;
use super::transcript;
use crate::base::clock::Clock;
use crate::base::redact::{ExposeSecret as _, Secret};
use address::Guard;
pub use download::DownloadError;

/// Gateways in front of providers refuse clients that do not look like a browser's (Cloudflare, error 1010).
const USER_AGENT: &str = concat!(
    "Mozilla/5.0 (compatible; Bulwark/",
    env!("CARGO_PKG_VERSION"),
    ")"
);

/// Of an answer that is no JSON so much is looked at.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// How long things may take, and how large they may be.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// To connect.
    pub connect: Duration,
    /// A whole call, with its answer.
    pub call: Duration,
    /// Of an answer; a longer one counts as none that can be read.
    pub answer_bytes_max: usize,
    /// A whole download.
    pub download: Duration,
    /// A download that says nothing for so long is given up.
    pub download_idle: Duration,
    /// Larger than what Telegram takes (50 MB), so that the reader's own limit speaks first where the size is unknown.
    pub download_bytes_max: u64,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            call: Duration::from_secs(30),
            answer_bytes_max: 1 << 20,
            download: Duration::from_secs(300),
            download_idle: Duration::from_secs(30),
            download_bytes_max: 64_000_000,
        }
    }
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What `Retry-After` asks for, within reason.
    pub retry_after: Option<Duration>,
    /// The body, if it is JSON; a gateway's page is not.
    pub json: Option<Value>,
}

/// Why nothing came back. Never holds an address: those may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// No connection stood: the request was surely not acted upon.
    #[error("{0}")]
    NotSent(&'static str),
    /// It may have been acted upon.
    #[error("{0}")]
    Lost(&'static str),
}

/// Whether a request may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It only asks.
    Harmless,
    /// It does something: never repeated here, on no kept-alive connection.
    Never,
}

/// A provider's HTTP client.
#[derive(Debug)]
pub struct Http {
    base: Url,
    key: Secret,
    clock: Clock,
    limits: FetchLimits,
    redactor: Redactor,
    repeatable: Client,
    once: Client,
    files: Client,
    guard: Guard,
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    /// The base address is not an http or https address.
    #[error("the provider's address is not a valid http or https address")]
    Address,
    /// The TLS library or the resolver does not work here.
    #[error("cannot set up an HTTP client")]
    Client(#[source] reqwest::Error),
}

impl Http {
    /// `base` is without a trailing slash; `key` is sent to `base` alone, as a bearer token or in a form.
    ///
    /// # Errors
    /// When the address is none, or no client can be made.
    pub fn new(
        base: &str,
        key: Secret,
        clock: Clock,
        limits: FetchLimits,
    ) -> Result<Self, HttpSetupError> {
        let url = Url::parse(base).map_err(|_| HttpSetupError::Address)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(HttpSetupError::Address);
        }
        let guard = Guard::new(&url);
        let build = |builder: ClientBuilder| builder.build().map_err(HttpSetupError::Client);
        let calls = || builder(&url, limits).timeout(limits.call);
        Ok(Self {
            repeatable: build(calls())?,
            // A kept-alive connection that the server closes at this moment would leave it unknown whether the
            // request arrived; a fresh one for each costs a handshake, a lost job costs more.
            once: build(calls().pool_max_idle_per_host(0).retry(retry::never()))?,
            // No proxy: it would resolve names itself, past the guard.
            files: build(
                builder(&url, limits)
                    .timeout(limits.download)
                    .read_timeout(limits.download_idle)
                    .no_proxy()
                    .dns_resolver(guard.clone()),
            )?,
            redactor: Redactor::new([key.clone()]),
            base: url,
            key,
            clock,
            limits,
            guard,
        })
    }

    /// Asks. Safe to repeat.
    ///
    /// # Errors
    /// When no complete answer came.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, CallFailure> {
        let request = self.repeatable.get(self.address(path)).query(query);
        self.send(request).await
    }

    /// Makes a request that must not be made twice: never repeated here, on no kept-alive connection.
    ///
    /// # Errors
    /// When no complete answer came; tells whether it may have been acted upon.
    pub async fn post_once(&self, path: &str, body: &Value) -> Result<Answer, CallFailure> {
        self.post_once_with(path, &[], body).await
    }

    /// The same, with headers beside those that all requests have.
    ///
    /// # Errors
    /// As [`Http::post_once`].
    pub async fn post_once_with(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        body: &Value,
    ) -> Result<Answer, CallFailure> {
        let request = self.once.post(self.address(path)).json(body);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        self.send(request).await
    }

    /// Sends a form to the base address, with the key in a field of it and nowhere else.
    ///
    /// # Errors
    /// When no complete answer came; tells whether it may have been acted upon.
    pub async fn form(
        &self,
        repeat: Repeat,
        key_field: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, CallFailure> {
        let client = match repeat {
            Repeat::Harmless => &self.repeatable,
            Repeat::Never => &self.once,
        };
        let mut form = vec![(key_field, self.key.expose_secret())];
        form.extend_from_slice(fields);
        self.answer(client.post(self.base.clone()).form(&form))
            .await
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, CallFailure> {
        self.answer(request.bearer_auth(self.key.expose_secret()))
            .await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, CallFailure> {
        let response = request.send().await.map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let retry_after = self.retry_after(response.headers());
        let (json, text) = read(response, self.limits.answer_bytes_max).await?;
        transcript::note(status, json.as_ref(), &text, &self.redactor);
        Ok(Answer {
            status,
            retry_after,
            json,
        })
    }

    /// Seconds or a date; bounded, so that a wrong date cannot stop us for long.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let at = OffsetDateTime::from(httpdate::parse_http_date(text).ok()?);
                Duration::try_from(at - self.clock.now()).unwrap_or(Duration::ZERO)
            }
        };
        Some(wait.clamp(Duration::from_secs(1), Duration::from_secs(300)))
    }
}

fn builder(base: &Url, limits: FetchLimits) -> ClientBuilder {
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .connect_timeout(limits.connect)
        .pool_idle_timeout(Duration::from_secs(30))
        .referer(false);
    if matches!(base.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")) {
        // A proxy of the environment could not reach a server here.
        builder = builder.no_proxy();
    }
    builder
}

/// The body as JSON, if it is JSON and not absurdly long; else the beginning of what it is instead, for the record.
async fn read(
    mut response: Response,
    bytes_max: usize,
) -> Result<(Option<Value>, String), CallFailure> {
    let mut body = Vec::new();
    while let Some(bytes) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + bytes.len() > bytes_max {
            return Ok((None, beginning(&body)));
        }
        body.extend_from_slice(&bytes);
    }
    // Some servers begin with a byte order mark.
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
    Ok(match serde_json::from_slice(text) {
        Ok(json) => (Some(json), String::new()),
        Err(_) => (None, beginning(text)),
    })
}

fn beginning(body: &[u8]) -> String {
    let shown = &body[..body.len().min(TEXT_BYTES_MAX)];
    String::from_utf8_lossy(shown).into_owned()
}

/// The error in words of our own: its own text holds the address.
fn failure(error: &reqwest::Error) -> CallFailure {
    if error.is_builder() {
        CallFailure::NotSent("the request cannot be built")
    } else if error.is_connect() {
        CallFailure::NotSent("cannot connect")
    } else if error.is_timeout() {
        CallFailure::Lost("timed out")
    } else {
        CallFailure::Lost("the connection broke off")
    }
}
