//! Cuts off a request body that drips.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::base::deadline::{Borrowed, Deadline, SpareDeadline};

/// A request body with a limit on each pause and on the whole.
pub struct SlowBody {
    body: Incoming,
    idle: Duration,
    whole_until: Instant,
    deadline: Borrowed,
}

/// The client was too slow.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the request body came too slowly")]
pub struct TooSlow;

impl SlowBody {
    /// `idle` between two pieces, `whole` from now to the end; both by the connection's spare timer.
    pub(in crate::http) fn new(
        body: Incoming,
        idle: Duration,
        whole: Duration,
        spare: &SpareDeadline,
    ) -> Self {
        let now = Deadline::now();
        let mut deadline = Borrowed::from(spare);
        deadline.set_at(now + idle.min(whole));
        Self {
            body,
            idle,
            whole_until: now + whole,
            deadline,
        }
    }
}

impl Body for SlowBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let now = Deadline::now();
        // Before the data: a client that always has one more byte ready must not go on for ever.
        if now >= self.whole_until {
            return Poll::Ready(Some(Err(TooSlow.into())));
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let next = self.whole_until.min(now + self.idle);
                self.deadline.set_at(next);
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => self
                .deadline
                .poll_reached(cx)
                .map(|()| Some(Err(TooSlow.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
