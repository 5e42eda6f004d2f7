//! One connection, and what was asked on it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Broken;
use crate::base::deadline::Deadline;

pub(super) type Empty = http_body_util::Empty<Bytes>;

/// A connection that moves only while somebody waits for what it brings. It is large, and handed on for each file: boxed.
pub(super) struct Line {
    sender: SendRequest<Empty>,
    /// None once it has ended.
    connection: Option<Connection<TokioIo<TcpStream>, Empty>>,
    /// Kept from file to file: its timer is made once.
    silence: Deadline,
}

impl Line {
    pub(super) async fn over(stream: TokioIo<TcpStream>) -> Result<Box<Self>, Broken> {
        let (sender, connection) = handshake(stream).await.map_err(|_| Broken::Connect)?;
        Ok(Box::new(Self {
            sender,
            connection: Some(connection),
            silence: Deadline::default(),
        }))
    }

    /// Asks, and waits for the head of the answer.
    ///
    /// # Errors
    /// [`Broken::Off`] if the connection ended without an answer, [`Broken::Silent`] if nothing came in time.
    pub(super) async fn ask(
        &mut self,
        request: Request<Empty>,
        silence_max: Duration,
    ) -> Result<Response<Incoming>, Broken> {
        // A look at it first: a server closes what was kept for too long.
        poll_fn(|cx| {
            self.drive(cx);
            Poll::Ready(())
        })
        .await;
        if !self.is_free() {
            return Err(Broken::Off);
        }
        self.heard();
        let mut answer = pin!(self.sender.send_request(request));
        poll_fn(|cx| {
            self.drive(cx);
            match answer.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(answer.map_err(|_| Broken::Off)),
                Poll::Pending if self.is_over() => Poll::Ready(Err(Broken::Off)),
                Poll::Pending if self.is_silent(cx, silence_max) => {
                    Poll::Ready(Err(Broken::Silent))
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Reads and writes what there is.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(cx).is_ready()
        {
            self.connection = None;
        }
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.connection.is_none()
    }

    /// Whether it may be asked.
    pub(super) fn is_free(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready()
    }

    /// Something came.
    pub(super) fn heard(&mut self) {
        self.silence.clear();
    }

    /// Whether nothing has come for so long.
    pub(super) fn is_silent(&mut self, cx: &mut Context<'_>, silence_max: Duration) -> bool {
        self.silence.set_once(silence_max);
        self.silence.poll_reached(cx).is_ready()
    }
}
