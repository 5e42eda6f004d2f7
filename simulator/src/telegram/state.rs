//! What Telegram remembers about the bot, its people and its updates.

use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::limits::Limits;
use super::updates::Updates;
use super::webhook::Delivery;
use super::world::World;
use crate::core::lock;

/// Updates and their delivery.
#[derive(Debug)]
pub struct State {
    pub updates: Updates,
    pub delivery: Delivery,
}

/// Telegram. Locks are taken in the order world, limits; the state is never held together with another.
#[derive(Debug)]
pub struct Telegram {
    bot_id: i64,
    world: Mutex<World>,
    limits: Mutex<Limits>,
    state: Mutex<State>,
    /// Counts what the dispatcher and waiting polls have to look at.
    wakes: watch::Sender<u64>,
}

impl Telegram {
    /// Messages and updates are numbered from `first_id` on.
    pub(crate) fn new(token: &str, first_id: u64) -> Self {
        let bot_id = token.split(':').next().and_then(|id| id.parse().ok());
        Self {
            bot_id: bot_id.unwrap_or(1),
            world: Mutex::new(World::new(first_id)),
            limits: Mutex::default(),
            state: Mutex::new(State {
                updates: Updates::new(first_id),
                delivery: Delivery::default(),
            }),
            wakes: watch::Sender::new(0),
        }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub fn limits(&self) -> MutexGuard<'_, Limits> {
        lock(&self.limits)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn bot_id(&self) -> i64 {
        self.bot_id
    }

    /// Changes with every [`Telegram::wake`].
    pub(crate) fn wakes(&self) -> watch::Receiver<u64> {
        self.wakes.subscribe()
    }

    /// The bot as a `User`.
    pub fn bot(&self) -> Value {
        json!({
            "id": self.bot_id,
            "is_bot": true,
            "first_name": "Bulwark",
            "username": "bulwark_sim_bot",
        })
    }

    pub(crate) fn wake(&self) {
        self.wakes.send_modify(|wakes| *wakes += 1);
    }

    /// Ends at the first [`Telegram::wake`] after this call.
    pub(crate) fn woken(&self) -> impl Future<Output = ()> + use<> {
        let mut wakes = self.wakes.subscribe();
        async move {
            // The sender lives as long as the simulator.
            let _ = wakes.changed().await;
        }
    }

    /// Forgets people, chats, updates and what was sent lately; the webhook and the commands stay.
    pub(crate) fn reset(&self) {
        self.world().reset();
        self.limits().reset();
        self.state().updates.reset();
        self.wake();
    }
}
