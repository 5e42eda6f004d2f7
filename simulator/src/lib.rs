//! A strict stand-in for Telegram and the providers: stateful, faithful in delivery, faulty on demand.
//!
//! It shares no code with the service that it judges.

pub mod clock;
mod control;
pub mod core;
pub mod entities;
pub mod faults;
pub mod flutterwave;
pub mod html;
mod keep;
pub mod kie;
pub mod log;
pub mod markdown;
mod page;
pub mod panel;
pub mod replicate;
pub mod server;
pub mod settlement;
pub mod telegram;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;

pub use crate::clock::SimClock;
pub use crate::core::{Core, SimConfig};
use crate::keep::{Keeper, Saves};

/// A running simulator. Dropping it stops it; [`Simulator::shutdown`] also waits.
#[derive(Debug)]
pub struct Simulator {
    core: Arc<Core>,
}

impl Simulator {
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(config: SimConfig) -> io::Result<Self> {
        Self::start_with(config, None).await
    }

    /// Goes on with the state that is kept in `dir`, and keeps it there.
    ///
    /// # Errors
    /// When the address cannot be bound or the folder cannot be used. A state that cannot be read is set aside, with a
    /// warning, and the simulator starts empty.
    pub async fn start_in(config: SimConfig, dir: &Path) -> io::Result<Self> {
        let keeper = Keeper::open(dir)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", dir.display())))?;
        Self::start_with(config, Some(keeper)).await
    }

    async fn start_with(config: SimConfig, keeper: Option<Keeper>) -> io::Result<Self> {
        let listener = TcpListener::bind(config.bind).await?;
        let addr = listener.local_addr()?;
        let saves = Saves::new(keeper.is_some());
        let core = Arc::new(Core::new(config, addr, saves).map_err(io::Error::other)?);
        if let Some(keeper) = keeper {
            keeper.load(&core)?;
            // Not cancelled at the stop: it saves once more then.
            core.tasks.spawn(keep::run(Arc::clone(&core), keeper));
        }
        let server = server::serve(
            listener,
            router(&core),
            core.tasks.clone(),
            core.stop.clone(),
        );
        core.spawn(server);
        core.spawn(telegram::run(Arc::clone(&core)));
        Ok(Self { core })
    }

    pub fn addr(&self) -> SocketAddr {
        self.core.addr
    }

    /// For a Bot API client, without a trailing slash.
    pub fn telegram_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.addr().port())
    }

    /// For a KIE client, without a trailing slash.
    pub fn kie_url(&self) -> String {
        format!("{}/kie", self.telegram_url())
    }

    /// For a client of the panel of this name.
    pub fn panel_url(&self, name: &str) -> String {
        format!("{}/panel/{name}/api/v2", self.telegram_url())
    }

    /// For a client of Replicate, without a trailing slash.
    pub fn replicate_url(&self) -> String {
        format!("{}/replicate/v1", self.telegram_url())
    }

    /// For a client of Flutterwave, without a trailing slash.
    pub fn flutterwave_url(&self) -> String {
        format!("{}/flutterwave/v3", self.telegram_url())
    }

    /// For a client of the service that settles transfers, without a trailing slash.
    pub fn settlement_url(&self) -> String {
        format!("{}/settlement", self.telegram_url())
    }

    pub fn clock(&self) -> &SimClock {
        &self.core.clock
    }

    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Waits until no update and no callback of a provider that could be delivered now waits or is under way, and no task
    /// is reading its inputs.
    ///
    /// What waits for its next try does not count, nor what no webhook asks for. What a fault delays is under way.
    pub async fn idle(&self) {
        loop {
            telegram::idle(&self.core).await;
            let now = self.core.clock.now();
            if self.core.kie.is_idle(now) && self.core.replicate.is_idle(now) {
                return;
            }
            // A callback may bring an update in its wake, so both have to be quiet at once.
            self.core.kie.idle(now).await;
            self.core.replicate.idle(now).await;
        }
    }

    /// When the next waiting update will be tried again: how far a test has to turn the clock. None when none waits.
    pub fn next_delivery_at(&self) -> Option<time::OffsetDateTime> {
        telegram::next_delivery_at(&self.core)
    }

    /// Waits until everything that has happened is kept; at once without a folder.
    pub async fn saved(&self) {
        self.core.saves.wait().await;
    }

    /// Ends all connections and background work.
    pub async fn shutdown(self) {
        self.core.stop.cancel();
        self.core.tasks.close();
        self.core.tasks.wait().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.core.stop.cancel();
    }
}

fn router(core: &Arc<Core>) -> Router {
    Router::new()
        .merge(telegram::router(Arc::clone(core)))
        .merge(control::router(Arc::clone(core)))
        .nest("/kie", kie::router(Arc::clone(core)))
        .nest("/panel", panel::router(Arc::clone(core)))
        .nest("/replicate", replicate::router(Arc::clone(core)))
        .nest("/flutterwave/v3", flutterwave::router(Arc::clone(core)))
        .nest("/settlement", settlement::router(Arc::clone(core)))
        .merge(page::router(Arc::clone(core)))
        .fallback(control::missing)
        // Each part has limits of its own, with the answers of its original.
        .layer(DefaultBodyLimit::disable())
}
