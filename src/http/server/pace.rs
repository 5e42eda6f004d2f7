//! A connection that must make progress: in its headers, between requests, and in taking its answer.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::ServerLimits;
use crate::base::deadline::{Deadline, SpareDeadline};

/// What the HTTP side tells the stream: whether a request is being answered, and how many were.
#[derive(Debug, Default)]
pub(super) struct Pace {
    busy: AtomicBool,
    answered: AtomicU64,
    /// The connection's one timer for the bodies of its requests, between two of them.
    pub(super) spare: SpareDeadline,
}

/// A request being answered, until it is dropped.
pub(super) struct Busy(Arc<Pace>);

impl Pace {
    pub(super) fn request_begins(pace: &Arc<Self>) -> Busy {
        pace.busy.store(true, Ordering::Release);
        Busy(Arc::clone(pace))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.answered.fetch_add(1, Ordering::AcqRel);
        self.0.busy.store(false, Ordering::Release);
    }
}

/// What the stream waits for when it reads outside of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    /// The rest of the headers; on a new connection from the start.
    Headers,
    /// The first byte of the next request.
    Request,
}

/// A TCP stream that fails with [`ErrorKind::TimedOut`] when the client is too slow.
pub(super) struct PacedStream {
    inner: TcpStream,
    pace: Arc<Pace>,
    header_timeout: Duration,
    idle_timeout: Duration,
    write_stall_timeout: Duration,
    answered_seen: u64,
    awaited: Awaited,
    read_deadline: Deadline,
    write_deadline: Deadline,
}

impl PacedStream {
    pub(super) fn new(inner: TcpStream, pace: Arc<Pace>, limits: &ServerLimits) -> Self {
        Self {
            inner,
            pace,
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            write_stall_timeout: limits.write_stall_timeout,
            answered_seen: 0,
            awaited: Awaited::Headers,
            read_deadline: Deadline::default(),
            write_deadline: Deadline::default(),
        }
    }

    /// Starts another wait when a request has been answered since the last read.
    fn notice_answers(&mut self) {
        let answered = self.pace.answered.load(Ordering::Acquire);
        if answered != self.answered_seen {
            self.answered_seen = answered;
            self.awaited = Awaited::Request;
            self.read_deadline.clear();
        }
    }

    /// Fails when what is awaited outside of a request took too long.
    fn poll_read_deadline(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if self.pace.busy.load(Ordering::Acquire) {
            // The body has a deadline of its own. This one only has the stream looked at again, should nothing more come
            // after the answer: nobody else would.
            self.read_deadline.set(self.idle_timeout);
            while self.read_deadline.poll_reached(context).is_ready() {
                self.read_deadline.set(self.idle_timeout);
            }
            return Poll::Pending;
        }
        let timeout = match self.awaited {
            Awaited::Headers => self.header_timeout,
            Awaited::Request => self.idle_timeout,
        };
        self.read_deadline.set_once(timeout);
        self.read_deadline
            .poll_reached(context)
            .map(|()| ErrorKind::TimedOut.into())
    }

    fn poll_written<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_deadline.clear();
            return written;
        }
        let timeout = self.write_stall_timeout;
        self.write_deadline.set_once(timeout);
        self.write_deadline
            .poll_reached(context)
            .map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for PacedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.notice_answers();
        // Before the data: headers that drip in must end in time too.
        if let Poll::Ready(error) = this.poll_read_deadline(context) {
            return Poll::Ready(Err(error));
        }
        let filled = buffer.filled().len();
        let read = Pin::new(&mut this.inner).poll_read(context, buffer);
        let has_data = read.is_ready() && buffer.filled().len() > filled;
        if has_data && this.awaited == Awaited::Request {
            this.awaited = Awaited::Headers;
            this.read_deadline.clear();
        }
        read
    }
}

impl AsyncWrite for PacedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.poll_written(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.poll_written(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(context);
        self.poll_written(context, shut)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.poll_written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// An answer's body; while it lives, its request is being answered.
pub(super) struct AnswerBody {
    inner: Body,
    _busy: Busy,
}

impl AnswerBody {
    pub(super) fn new(inner: Body, busy: Busy) -> Self {
        Self { inner, _busy: busy }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
