//! What runs in the servers' processes: the real service by its production path, and the bare peers.
#![expect(
    clippy::disallowed_methods,
    reason = "the peer that stores is one bare statement"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use bulwark::app::serve::{catalog, stop_signal};
use bulwark::app::{App, Delivery, Parts};
use bulwark::base::clock::Clock;
use bulwark::base::db::Route;
use bulwark::base::ids::Ids;
use bulwark::base::telemetry;
use bulwark::config::{Config, Env};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::server::Kind;

/// As many as Bulwark's own default.
const POOL_SIZE: u32 = 10;

/// Serves until killed.
pub async fn serve(kind: Kind) -> anyhow::Result<()> {
    let env = Env::process();
    match kind {
        Kind::Bulwark | Kind::Intake => bulwark(&env, kind).await,
        Kind::Bare => peer(&env, Router::new().route("/webhook", post(parse))).await,
        Kind::Insert => {
            let pool = PgPoolOptions::new()
                .max_connections(POOL_SIZE)
                .min_connections(POOL_SIZE)
                .connect_with(database(&env)?)
                .await?;
            peer(
                &env,
                Router::new()
                    .route("/webhook", post(parse_and_insert))
                    .with_state(pool),
            )
            .await
        }
    }
}

fn database(env: &Env) -> anyhow::Result<PgConnectOptions> {
    let url = env.get("DATABASE_URL").context("no DATABASE_URL")?;
    Ok(url.parse()?)
}

/// As `bulwark serve` does it, on a database behind a socket.
async fn bulwark(env: &Env, kind: Kind) -> anyhow::Result<()> {
    let config = Config::from_env(env)
        .map_err(|problems| anyhow::anyhow!("{}", bulwark::config::problem_list(&problems)))?;
    telemetry::init(config.logging.format, &config.logging.filter);
    let catalog = catalog(&config)?;
    let parts = Parts {
        config,
        catalog: Arc::new(catalog),
        clock: Clock::system(),
        ids: Ids::random(),
    };
    let app = App::build_on(parts, Route::straight(database(env)?))?;
    let listener = app.listen().await?;
    if kind == Kind::Intake {
        // What `App::run` starts first, and nothing behind it.
        bulwark::http::metrics::install();
        let _intake = app.start_intake(listener).await?;
        return std::future::pending().await;
    }
    app.run(listener, Delivery::Webhook, stop_signal()?, || {})
        .await?;
    Ok(())
}

async fn peer(env: &Env, router: Router) -> anyhow::Result<()> {
    let port: u16 = env.get("PORT").context("no PORT")?.parse()?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let listener = listener.tap_io(|stream| {
        // A connection that is gone already needs no option.
        let _ = stream.set_nodelay(true);
    });
    let router = router.route("/readyz", get(|| async {}));
    axum::serve(listener, router).await?;
    Ok(())
}

/// The whole update, as a handler wants it.
async fn parse(Json(update): Json<Value>) -> StatusCode {
    match lane(&update) {
        Some(_) => StatusCode::OK,
        None => StatusCode::BAD_REQUEST,
    }
}

fn lane(update: &Value) -> Option<(i64, i64)> {
    let update_id = update["update_id"].as_i64()?;
    let chat_id = update["message"]["chat"]["id"].as_i64()?;
    Some((update_id, chat_id))
}

async fn parse_and_insert(
    State(pool): State<PgPool>,
    body: axum::body::Bytes,
) -> Result<StatusCode, StatusCode> {
    let update: Value = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let (update_id, chat_id) = lane(&update).ok_or(StatusCode::BAD_REQUEST)?;
    sqlx::query(
        "insert into inbox_update (update_id, lane, shard, kind, state, correlation, payload, received_at)
         values ($1, $2, $3, 'message', 0, $4, $5, now()) on conflict (update_id) do nothing",
    )
    .bind(update_id)
    .bind(chat_id)
    .bind(i16::try_from(chat_id.rem_euclid(64)).unwrap_or_default())
    .bind(Uuid::now_v7())
    .bind(&body[..])
    .execute(&pool)
    .await
    .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(StatusCode::OK)
}

/// Builds the runtime as `bulwark` does, and serves.
pub fn run(kind: Kind) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(serve(kind));
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}
