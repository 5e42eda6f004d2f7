//! The Bot API over HTTP: the only holder of the bot's token.
//!
//! A call is made once. Whether it may be made again is for the caller to decide, by the class of [`CallError`].

mod direct;
mod files;
#[cfg(test)]
mod tests;
mod updates;
mod upload;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::redact::{ExposeSecret, Secret};
use bytes::Bytes;
use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response, redirect};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call_error::{CallError, decode, result_value};
use direct::Direct;

pub use files::{FilePath, OpenedFile};
pub use updates::{Update, WebhookSettings};
pub use upload::UploadFile;

/// Answers of the Bot API are small; more than this is not one.
const ANSWER_MAX_BYTES: usize = 32 * 1024 * 1024;
/// What a client is built from. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    pub token: Secret,
    /// Without a trailing slash: `https://api.telegram.org`, a local Bot API server, or the simulator.
    pub api_url: String,
    pub connect_timeout: Duration,
    /// For a whole call without a file.
    pub request_timeout: Duration,
    /// For a whole call with a file, both ways.
    pub upload_timeout: Duration,
    /// How long a file being read may stay silent.
    pub file_idle_timeout: Duration,
}

impl ClientConfig {
    /// The usual time-outs.
    pub fn new(token: Secret, api_url: impl Into<String>) -> Self {
        Self {
            token,
            api_url: api_url.into(),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_secs(300),
            file_idle_timeout: Duration::from_secs(30),
        }
    }
}

/// A Bot API client; clones share one connection pool.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    direct: Option<Arc<Direct>>,
    config: ClientConfig,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// # Errors
    /// When the TLS set-up of this machine cannot be used.
    pub fn new(mut config: ClientConfig) -> Result<Self, CallError> {
        config
            .api_url
            .truncate(config.api_url.trim_end_matches('/').len());
        let mut builder = reqwest::Client::builder();
        if is_on_this_machine(&config.api_url) {
            // A proxy of the environment could not reach a server here.
            builder = builder.no_proxy();
        }
        let http = builder
            .redirect(redirect::Policy::none())
            .connect_timeout(config.connect_timeout)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(60))
            .pool_idle_timeout(Duration::from_secs(50))
            .referer(false)
            .build()
            .map_err(|error| failed(error, "client set-up"))?;
        let direct = Direct::at(
            &config.api_url,
            config.connect_timeout,
            config.file_idle_timeout,
        );
        Ok(Self {
            http,
            direct,
            config,
        })
    }

    /// Makes one call and gives its `result`.
    ///
    /// # Errors
    /// Every class of [`CallError`]; the call may have been acted upon only with [`CallError::Unknown`].
    pub async fn call(&self, method: &str, params: &Value) -> Result<Value, CallError> {
        let result = self
            .call_within(method, params, self.config.request_timeout)
            .await?;
        Ok(result_value(&result))
    }

    /// Makes a call that sends one file in the multipart field `field`, streamed with its known length.
    ///
    /// # Errors
    /// As [`Client::call`]; a file that breaks off is [`CallError::Transient`], because Telegram never saw its end.
    pub async fn upload(
        &self,
        method: &str,
        params: &Value,
        field: &str,
        file: UploadFile,
    ) -> Result<Value, CallError> {
        let (form, source) = upload::form(params, field, file)?;
        let request = self
            .http
            .post(self.address(method)?)
            .timeout(self.config.upload_timeout)
            .multipart(form);
        let answer = self.answer(method, request).await;
        if source.has_failed() && matches!(answer, Err(CallError::Unknown { .. })) {
            return Err(CallError::Transient {
                detail: "the file to upload broke off".to_owned(),
            });
        }
        answer.map(|result| result_value(&result))
    }

    /// Who the bot is; also the cheapest proof that the token works.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn get_me(&self) -> Result<frankenstein::types::User, CallError> {
        let timeout = self.config.request_timeout;
        typed(&self.call_within("getMe", &json!({}), timeout).await?)
    }

    async fn call_within(
        &self,
        method: &str,
        params: &Value,
        timeout: Duration,
    ) -> Result<String, CallError> {
        let request = self
            .http
            .post(self.address(method)?)
            .timeout(timeout)
            .json(params);
        self.answer(method, request).await
    }

    /// Method names are ours; the check keeps a wrong one from reaching another path of the server.
    fn address(&self, method: &str) -> Result<String, CallError> {
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(CallError::Rejected {
                code: 404,
                description: "not a method name".to_owned(),
            });
        }
        let token = self.config.token.expose_secret();
        Ok(format!("{}/bot{token}/{method}", self.config.api_url))
    }

    async fn answer(&self, method: &str, request: RequestBuilder) -> Result<String, CallError> {
        let response = request
            .send()
            .await
            .map_err(|error| failed(error, method))?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let body = match read_limited(response).await {
            Ok(body) => body,
            // The status line alone still tells what a refusal was.
            Err(_) if status >= 400 => Bytes::new(),
            Err(detail) => {
                return Err(CallError::Unknown {
                    detail: format!("{method}: {detail}"),
                });
            }
        };
        decode(method, status, retry_after.as_deref(), &body)
    }
}

fn is_on_this_machine(api_url: &str) -> bool {
    let url = reqwest::Url::parse(api_url).ok();
    let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or("");
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// Reads a result into a type; it was acted upon, so what does not fit is never a reason to call again.
fn typed<'r, T: Deserialize<'r>>(result: &'r str) -> Result<T, CallError> {
    serde_json::from_str(result).map_err(|_| CallError::Rejected {
        code: 200,
        description: "a result of another shape".to_owned(),
    })
}

async fn read_limited(mut response: Response) -> Result<Bytes, String> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_MAX_BYTES => {
                return Err("the answer is too large".to_owned());
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.into()),
            Err(error) => return Err(describe(error)),
        }
    }
}

/// A request that got no answer. Only what failed before a connection stood was surely not acted upon.
fn failed(error: reqwest::Error, what: &str) -> CallError {
    let (connecting, building) = (error.is_connect(), error.is_builder());
    let detail = format!("{what}: {}", describe(error));
    if connecting {
        CallError::Transient { detail }
    } else if building {
        CallError::Rejected {
            code: 400,
            description: detail,
        }
    } else {
        CallError::Unknown { detail }
    }
}

/// Reading twice is the same as reading once.
fn repeatable(error: CallError) -> CallError {
    match error {
        CallError::Unknown { detail } => CallError::Transient { detail },
        other => other,
    }
}

/// The kind of a failure in words of our own: the error's text may hold the address, hence the token.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let kind = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "cannot connect"
    } else if error.is_builder() {
        "cannot be built"
    } else if error.is_body() || error.is_decode() {
        "broke off in the body"
    } else {
        "broke off"
    };
    kind.to_owned()
}
