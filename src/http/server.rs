//! Accepts connections, with a limit on everything that a slow, silent or greedy client could hold.

mod pace;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::express::Express;
use super::middleware::slow_body::SlowBody;
use crate::base::supervise::Shutdown;
use pace::{AnswerBody, Pace, PacedStream};

/// What one client, and all of them together, may hold.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections at once; more wait in the kernel's queue.
    pub connections_max: usize,
    /// Time to send the whole head of a request, from the connection or from the first byte of a further request.
    pub header_timeout: Duration,
    /// How long a kept-alive connection may be silent. Longer than what a proxy in front keeps its own, or requests
    /// meet connections that were closed a moment ago.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of an answer that waits for it.
    pub write_stall_timeout: Duration,
    /// Longest pause between two pieces of a request body.
    pub body_idle_timeout: Duration,
    /// Time to send the whole body.
    pub body_timeout: Duration,
    /// Size of the head of a request.
    pub header_bytes_max: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_stall_timeout: Duration::from_secs(30),
            body_idle_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(60),
            header_bytes_max: 32 * 1024,
        }
    }
}

/// The other end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// What answers: the router, and the short way past it.
#[derive(Clone)]
pub struct Front {
    /// For deliveries, if they may take it.
    pub express: Option<Express>,
    /// For everything else.
    pub router: Router,
}

/// Which of them answers a request.
enum Way {
    Express(Express),
    Router(Router),
}

impl From<Router> for Front {
    fn from(router: Router) -> Self {
        Self {
            express: None,
            router,
        }
    }
}

/// Serves until `shutdown`, then lets requests in flight finish for at most `drain`.
pub async fn serve(
    listener: TcpListener,
    front: impl Into<Front>,
    limits: ServerLimits,
    shutdown: Shutdown,
    drain: Duration,
) {
    let front = front.into();
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, peer, slot)) = accepted else {
            continue;
        };
        let serve = connection(stream, peer, front.clone(), limits, shutdown.clone());
        connections.spawn(async move {
            serve.await;
            drop(slot);
        });
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(drain, all).await.is_err() {
        tracing::warn!(
            left = connections.len(),
            "connections were cut at the end of the drain"
        );
        connections.shutdown().await;
    }
}

/// A connection and its slot. The slot is taken first: a connection beyond the limit is not even accepted.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, slot)),
        Err(error) => {
            // Out of file descriptors, or the client left already: a pause keeps this from spinning.
            tracing::warn!(error = %error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    front: Front,
    limits: ServerLimits,
    shutdown: Shutdown,
) {
    // Without it small answers wait for the peer's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "cannot set TCP_NODELAY");
    }
    let pace = Arc::new(Pace::default());
    let stream = PacedStream::new(stream, Arc::clone(&pace), &limits);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let busy = Pace::request_begins(&pace);
        let request = request.map(|body| {
            let (idle, whole) = (limits.body_idle_timeout, limits.body_timeout);
            SlowBody::new(body, idle, whole, &pace.spare)
        });
        let way = match &front.express {
            Some(express) if Express::takes(&request) => Way::Express(express.clone()),
            Some(_) | None => Way::Router(front.router.clone()),
        };
        async move {
            let response = match way {
                Way::Express(express) => express.answer(request).await,
                Way::Router(router) => {
                    let mut request: Request = request.map(|body| {
                        if body.is_end_stream() {
                            Body::empty()
                        } else {
                            Body::new(body)
                        }
                    });
                    request.extensions_mut().insert(PeerAddress(peer));
                    router.oneshot(request).await?
                }
            };
            Ok::<_, Infallible>(response.map(|body| AnswerBody::new(body, busy)))
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    // The stream limits silence and slow headers; a timer here would be made anew for every request.
    http.header_read_timeout(None)
        .max_header_size(limits.header_bytes_max)
        .keep_alive(true);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection ended early");
    }
}
