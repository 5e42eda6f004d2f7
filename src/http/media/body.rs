//! The body of an answer: no more and no less than what was promised, and not for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use futures_util::stream::BoxStream;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::known::FILE_BYTES_MAX;
use crate::base::deadline::Deadline;

/// A whole transfer; the time-outs for silence on either side are far shorter.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(900);

/// What comes from the upstream, cut to size.
pub(super) struct Cut {
    source: BoxStream<'static, io::Result<Bytes>>,
    skip: u64,
    left: u64,
    is_exact: bool,
    /// Looked at with each piece: a source that falls silent ends by itself.
    until: Instant,
}

impl Cut {
    /// `len` bytes after the first `skip`; a source that ends early is an error, so that the client sees the cut.
    pub(super) fn exactly(
        source: BoxStream<'static, io::Result<Bytes>>,
        skip: u64,
        len: u64,
    ) -> Self {
        Self {
            source,
            skip,
            left: len,
            is_exact: true,
            until: Deadline::now() + TRANSFER_TIMEOUT,
        }
    }

    /// All that comes, of a length that nobody knows, up to the largest.
    pub(super) fn to_the_end(source: BoxStream<'static, io::Result<Bytes>>) -> Self {
        Self {
            is_exact: false,
            ..Self::exactly(source, 0, FILE_BYTES_MAX)
        }
    }

    /// What may pass of a piece.
    fn cut(&mut self, mut bytes: Bytes) -> io::Result<Bytes> {
        let dropped = usize::try_from(self.skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
        bytes.advance(dropped);
        self.skip -= dropped as u64;
        if self.is_exact {
            bytes.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        }
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes)
    }
}

impl Body for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        while !this.is_end_stream() {
            if Deadline::now() >= this.until {
                return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
            }
            let bytes = match std::task::ready!(this.source.as_mut().poll_next(cx)) {
                Some(bytes) => bytes.and_then(|bytes| this.cut(bytes)),
                None if this.is_exact => Err(io::ErrorKind::UnexpectedEof.into()),
                None => return Poll::Ready(None),
            };
            if !bytes.as_ref().is_ok_and(Bytes::is_empty) {
                return Poll::Ready(Some(bytes.map(Frame::data)));
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.is_exact && self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_exact {
            SizeHint::with_exact(self.left)
        } else {
            SizeHint::default()
        }
    }
}
