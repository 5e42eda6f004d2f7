//! The whole service: built once from its configuration, started in order, stopped in reverse.
//!
//! Tests build it by the same path and work it off step by step with [`App::drain`]; production runs it with
//! [`App::run`]. Start: listener (liveness answers at once) → migrations → repair → lanes → dispatcher, sender, jobs,
//! upkeep → webhook or polling → ready. Stop: not ready → stop intake → finish what is in hand → give leases back.

pub mod books;
mod bounds;
mod breakers;
mod build;
mod env;
mod funds;
mod gauges;
mod granted;
mod joins;
mod payees;
mod payments;
mod polling;
mod pools;
mod providers;
mod retention;
mod rewards;
mod run;
pub mod serve;
pub mod services;
mod stars;
mod switches;

use std::sync::Arc;

use sqlx::PgPool;
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::db::Route;
use crate::engine::broadcast::Broadcasts;
use crate::engine::inbox::{BatchWriter, Dispatch};
use crate::engine::jobs::JobRunner;
use crate::engine::lanes::Runner;
use crate::engine::light::LightRunner;
use crate::engine::outbox::Sender;
use crate::engine::shards::Shards;
use crate::engine::upkeep::Upkeep;
use crate::engine::wake::Wakes;
use crate::features::routes;
use crate::features::topup::{Desk, Refunds};
use crate::http::intake::Intake;
use crate::http::server::Front;
use crate::telegram::Client;

pub use build::{BuildError, Parts};
pub use run::{Delivery, RunError};

/// The service, ready to run.
pub struct App {
    parts: Parts,
    pool: PgPool,
    intake_pool: PgPool,
    checkout_pool: PgPool,
    worker: Uuid,
    client: Client,
    intake: Arc<Intake>,
    writer: std::sync::Mutex<Option<BatchWriter>>,
    route: Route,
    shards: Shards,
    wakes: Wakes,
    dispatch: Arc<Runner<Dispatch<routes::Router>>>,
    sender: Arc<Runner<Sender>>,
    broadcasts: Broadcasts,
    jobs: Arc<JobRunner>,
    light: Arc<LightRunner>,
    refunds: Refunds,
    books: books::Books,
    desk: Desk,
    upkeep: Upkeep,
    funds: Arc<funds::Funds>,
    switches: Arc<switches::Switches>,
    readiness: Arc<joins::Readiness>,
    front: Front,
}

impl App {
    /// The connections of everything behind the intake.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Closes all connections, for good.
    pub async fn disconnect(&self) {
        tokio::join!(
            self.pool.close(),
            self.intake_pool.close(),
            self.checkout_pool.close()
        );
    }

    /// Its name among the replicas.
    pub fn worker(&self) -> Uuid {
        self.worker
    }

    /// The clock it lives by.
    pub fn clock(&self) -> &Clock {
        &self.parts.clock
    }

    /// The Bot API client.
    pub fn client(&self) -> &Client {
        &self.client
    }
}
