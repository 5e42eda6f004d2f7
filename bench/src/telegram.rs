//! A stand-in for the Bot API that answers at once, notes when each message came, and serves one file in ranges.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::clock;

/// A running stand-in.
pub struct Telegram {
    /// Where it listens.
    pub address: SocketAddr,
    /// When each `sendMessage` came, and to which chat.
    pub messages: mpsc::UnboundedReceiver<(Instant, i64)>,
}

/// The length of the file.
pub const FILE_BYTES: u64 = 16 << 20;

struct Seen {
    file: Bytes,
    messages: mpsc::UnboundedSender<(Instant, i64)>,
    next_id: AtomicI64,
}

impl Telegram {
    /// Starts it on this process's runtime.
    pub async fn start() -> anyhow::Result<Self> {
        let (sender, messages) = mpsc::unbounded_channel();
        let seen = Arc::new(Seen {
            messages: sender,
            next_id: AtomicI64::new(1),
            file: vec![0x5a; usize::try_from(FILE_BYTES)?].into(),
        });
        let router = Router::new()
            .route("/{bot}/{method}", post(call))
            .route("/file/{bot}/{name}", get(file))
            .with_state(seen);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| {
            // A connection that is gone already needs no option.
            let _ = stream.set_nodelay(true);
        });
        let serving = async move { axum::serve(listener, router).await };
        bulwark::base::supervise::spawn("telegram", async move {
            // It ends with the process.
            let _ = serving.await;
        });
        Ok(Self { address, messages })
    }
}

async fn call(
    State(seen): State<Arc<Seen>>,
    Path((_, method)): Path<(String, String)>,
    body: Bytes,
) -> axum::Json<Value> {
    let now = clock::now();
    let result = if method.starts_with("send") || method.starts_with("edit") {
        let params: Value = serde_json::from_slice(&body).unwrap_or_default();
        let chat_id = params["chat_id"].as_i64().unwrap_or_default();
        // Nobody listens between two measurements.
        let _ = seen.messages.send((now, chat_id));
        let message_id = seen.next_id.fetch_add(1, Ordering::Relaxed);
        json!({
            "message_id": message_id, "date": 1_767_225_600, "text": "sent",
            "chat": { "id": chat_id, "type": "private", "first_name": "Somebody" },
        })
    } else if method == "getFile" {
        json!({ "file_id": "file", "file_unique_id": "file", "file_size": FILE_BYTES, "file_path": "file.bin" })
    } else {
        json!(true)
    };
    axum::Json(json!({ "ok": true, "result": result }))
}

async fn file(State(seen): State<Arc<Seen>>, headers: HeaderMap) -> Response {
    let range: Option<(usize, usize)> = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'))
        .and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let Some((first, last)) =
        range.filter(|(first, last)| first <= last && *last < seen.file.len())
    else {
        return seen.file.clone().into_response();
    };
    let content_range = format!("bytes {first}-{last}/{FILE_BYTES}");
    let body: Bytes = seen.file.slice(first..=last);
    (
        StatusCode::PARTIAL_CONTENT,
        [(header::CONTENT_RANGE, content_range)],
        body,
    )
        .into_response()
}
