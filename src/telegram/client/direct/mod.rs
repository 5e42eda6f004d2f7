//! Files from a server that is reached over plain HTTP: a Bot API server of one's own.
//!
//! A connection is driven by the very task that reads from it. In a task of its own, as clients usually have it, each
//! piece of a file is handed over through a channel and wakes a thread; for ranges of 64 KiB that costs as much as the
//! bytes themselves. Over TLS and through proxies files come by the client of all other calls.

mod line;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use hyper::body::{Body as _, Incoming};
use hyper::header::{HOST, HeaderValue, RANGE};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::is_on_this_machine;
use crate::base::deadline::Deadline;
use crate::base::supervise;
use line::{Empty, Line};

/// Connections that are kept for the next file.
const KEPT_MAX: usize = 64;
/// How long; servers close theirs after a minute or more.
const KEPT_FOR: Duration = Duration::from_secs(50);

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    #[error("cannot be asked for")]
    Request,
    #[error("cannot connect")]
    Connect,
    #[error("broke off")]
    Off,
    #[error("no data for too long")]
    Silent,
}

/// A file server, and the connections to it that wait for their next use.
pub(super) struct Direct {
    origin: Uri,
    host: HeaderValue,
    /// Of the base address, without a trailing slash.
    prefix: String,
    connector: HttpConnector,
    silence_max: Duration,
    kept: Mutex<Kept>,
}

/// Connections on which nothing is under way, and since when; the last is the one that was used last.
#[derive(Default)]
struct Kept {
    lines: VecDeque<(Box<Line>, Instant)>,
    is_swept: bool,
}

/// A file as it comes. Its connection is used again when it was read to the end.
pub(super) struct DirectBody {
    body: Incoming,
    line: Option<Box<Line>>,
    home: Arc<Direct>,
}

impl Direct {
    /// The server at `api_url`, unless it is reached over TLS or through a proxy of the environment.
    pub(super) fn at(
        api_url: &str,
        connect_timeout: Duration,
        silence_max: Duration,
    ) -> Option<Arc<Self>> {
        let origin: Uri = api_url.parse().ok()?;
        let is_behind_proxy =
            || !is_on_this_machine(api_url) && Matcher::from_system().intercept(&origin).is_some();
        if origin.scheme_str() != Some("http") || is_behind_proxy() {
            return None;
        }
        let host = HeaderValue::from_str(origin.authority()?.as_str()).ok()?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_keepalive(Some(Duration::from_secs(60)));
        connector.set_connect_timeout(Some(connect_timeout));
        Some(Arc::new(Self {
            host,
            prefix: origin.path().trim_end_matches('/').to_owned(),
            connector,
            silence_max,
            kept: Mutex::default(),
            origin,
        }))
    }

    /// Asks for a file by the pieces of its path and an optional `Range`; any answer is one. Redirects are not followed.
    pub(super) async fn get(
        self: &Arc<Self>,
        path: &[&str],
        range: Option<&HeaderValue>,
    ) -> Result<Response<DirectBody>, Broken> {
        if let Some(mut line) = self.take() {
            match line.ask(self.request(path, range)?, self.silence_max).await {
                // Closed while it was kept: reading twice is the same as reading once.
                Err(Broken::Off) => {}
                answered => return Ok(self.opened(line, answered?)),
            }
        }
        let mut line = tokio::time::timeout(self.silence_max, self.connect())
            .await
            .unwrap_or(Err(Broken::Connect))?;
        let answer = line
            .ask(self.request(path, range)?, self.silence_max)
            .await?;
        Ok(self.opened(line, answer))
    }

    fn request(
        &self,
        path: &[&str],
        range: Option<&HeaderValue>,
    ) -> Result<Request<Empty>, Broken> {
        let uri: Uri = [&[self.prefix.as_str()], path]
            .concat()
            .concat()
            .try_into()
            .map_err(|_| Broken::Request)?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        request.headers_mut().insert(HOST, self.host.clone());
        if let Some(range) = range {
            request.headers_mut().insert(RANGE, range.clone());
        }
        Ok(request)
    }

    async fn connect(&self) -> Result<Box<Line>, Broken> {
        let connector = self.connector.clone();
        let stream = connector.oneshot(self.origin.clone()).await;
        Line::over(stream.map_err(|_| Broken::Connect)?).await
    }

    fn opened(
        self: &Arc<Self>,
        line: Box<Line>,
        answer: Response<Incoming>,
    ) -> Response<DirectBody> {
        answer.map(|body| {
            let mut body = DirectBody {
                body,
                line: Some(line),
                home: Arc::clone(self),
            };
            if body.body.is_end_stream() {
                body.finish();
            }
            body
        })
    }

    /// The connection that was used last, so that the others may grow old.
    fn take(&self) -> Option<Box<Line>> {
        let mut kept = self.kept();
        let (line, _) = kept.lines.pop_back()?;
        Some(line)
    }

    fn keep(self: &Arc<Self>, line: Box<Line>) {
        let mut kept = self.kept();
        if kept.lines.len() >= KEPT_MAX {
            kept.lines.pop_front();
        }
        kept.lines.push_back((line, Deadline::now()));
        if !std::mem::replace(&mut kept.is_swept, true) {
            // Ends when nothing is kept any more, or with the client.
            supervise::spawn("file connections", sweep(Arc::downgrade(self)));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections that nobody used for long.
async fn sweep(server: Weak<Direct>) {
    loop {
        tokio::time::sleep(KEPT_FOR / 5).await;
        let Some(server) = server.upgrade() else {
            return;
        };
        let mut kept = server.kept();
        let now = Deadline::now();
        kept.lines.retain(|(_, since)| now < *since + KEPT_FOR);
        if kept.lines.is_empty() {
            kept.is_swept = false;
            return;
        }
    }
}

impl DirectBody {
    /// Its length, if the server said it or it was read to the end.
    pub(super) fn len(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    fn finish(&mut self) {
        if let Some(line) = self.line.take_if(|line| line.is_free()) {
            self.home.keep(line);
        }
        self.line = None;
    }

    fn fail(&mut self, broken: Broken) -> Poll<Option<Result<Bytes, Broken>>> {
        self.line = None;
        Poll::Ready(Some(Err(broken)))
    }
}

impl Stream for DirectBody {
    type Item = Result<Bytes, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(line) = &mut this.line else {
                return Poll::Ready(None);
            };
            let mut frame = Pin::new(&mut this.body).poll_frame(cx);
            if frame.is_pending() {
                line.drive(cx);
                frame = Pin::new(&mut this.body).poll_frame(cx);
            }
            match frame {
                Poll::Ready(Some(Ok(frame))) => {
                    line.heard();
                    let Ok(bytes) = frame.into_data() else {
                        continue;
                    };
                    if this.body.is_end_stream() {
                        this.finish();
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Poll::Ready(Some(Err(_))) => return this.fail(Broken::Off),
                Poll::Ready(None) => this.finish(),
                Poll::Pending if line.is_over() => return this.fail(Broken::Off),
                Poll::Pending if line.is_silent(cx, this.home.silence_max) => {
                    return this.fail(Broken::Silent);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
