//! Cuts off a request body that drips.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

/// A request body with a limit on each pause and on the whole.
pub struct SlowBody {
    body: Incoming,
    idle: Duration,
    idle_timer: Pin<Box<Sleep>>,
    whole_timer: Pin<Box<Sleep>>,
}

/// The client was too slow.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the request body came too slowly")]
pub struct TooSlow;

impl SlowBody {
    /// `idle` between two pieces, `whole` from now to the end.
    pub fn new(body: Incoming, idle: Duration, whole: Duration) -> Self {
        Self {
            body,
            idle,
            idle_timer: Box::pin(sleep(idle)),
            whole_timer: Box::pin(sleep(whole)),
        }
    }
}

impl Body for SlowBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    #[expect(
        clippy::disallowed_methods,
        reason = "a timer is set by the runtime's own clock"
    )]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        // Before the data: a client that always has one more byte ready must not go on for ever.
        if self.whole_timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(TooSlow.into())));
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let next = Instant::now() + self.idle;
                self.idle_timer.as_mut().reset(next);
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                if self.idle_timer.as_mut().poll(cx).is_ready() {
                    Poll::Ready(Some(Err(TooSlow.into())))
                } else {
                    Poll::Pending
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
