//! KIE's API (docs.kie.ai): strict about what it takes, realistic about time, faulty on demand.
//!
//! How a task stands is a function of the clock, so a test that moves the clock sees every state in its turn.

mod account;
mod api;
mod callback;
mod control;
mod families;
mod glyphs;
mod inputs;
mod limits;
mod models;
mod picture;
mod records;
mod results;
mod saved;
mod settings;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::routing::{get, post};
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::core::{Core, lock};
pub(crate) use limits::Window;
pub(crate) use picture::drawn;
pub(crate) use saved::{Saved, resume};
use settings::Settings;
use tasks::Task;

/// Older tasks are forgotten, so that a long demo does not fill the memory.
const KEPT_TASKS_MAX: usize = 2_000;

/// What the provider remembers.
#[derive(Debug)]
pub struct State {
    inner: Mutex<Inner>,
    /// Inputs and callbacks under way.
    busy: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Inner {
    settings: Settings,
    tasks: VecDeque<Task>,
    /// Every createTask call that came through, refused ones too.
    create_calls: u64,
    creates: Window,
    polls: Window,
    /// Addresses of `download-url`: name, the result it leads to, and until when.
    links: VecDeque<(String, String, OffsetDateTime)>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            busy: watch::Sender::new(0),
        }
    }
}

impl State {
    /// Forgets every task; the settings are as at the start.
    pub fn reset(&self) {
        *self.lock() = Inner::default();
        self.nudge();
    }

    /// Waits until no input is being read, and every callback that is due at `now` was tried.
    pub async fn idle(&self, now: OffsetDateTime) {
        // The sender lives as long as this.
        let _ = self.busy.subscribe().wait_for(|_| self.is_idle(now)).await;
    }

    pub(crate) fn is_idle(&self, now: OffsetDateTime) -> bool {
        *self.busy.borrow() == 0 && !self.lock().owes_a_callback(now)
    }

    /// Changes with everything that happens here.
    pub(crate) fn changes(&self) -> watch::Receiver<usize> {
        self.busy.subscribe()
    }

    /// Lets those who wait for quiet look again.
    fn nudge(&self) {
        self.busy.send_modify(|_| {});
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Counts as busy until dropped.
    fn begin(&self) -> Busy {
        self.busy.send_modify(|busy| *busy += 1);
        Busy(self.busy.clone())
    }
}

impl Inner {
    fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    fn owes_a_callback(&self, now: OffsetDateTime) -> bool {
        let owed = |task: &Task| {
            let first = task.ends().filter(|_| task.callbacks.is_empty());
            let next = first.or(task.next_callback);
            let stage = task.next_stage().map(|(at, _)| at);
            let due = |at: Option<OffsetDateTime>| at.is_some_and(|at| at <= now);
            task.callback_url.is_some() && (due(next) || due(stage))
        };
        self.settings.callbacks && self.tasks.iter().any(owed)
    }

    fn task_mut(&mut self, id: &str) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| task.id == id)
    }
}

/// Something under way.
struct Busy(watch::Sender<usize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|busy| *busy -= 1);
    }
}

/// Mounted under `/kie`.
pub fn router(core: Arc<Core>) -> Router {
    families::routes(Router::new())
        .route("/api/v1/jobs/createTask", post(api::create_task))
        .route("/api/v1/jobs/recordInfo", get(api::record_info))
        .route("/api/v1/chat/credit", get(account::credit))
        .route("/api/v1/common/download-url", post(account::download_url))
        .route("/results/{name}", get(results::result))
        .route("/links/{name}", get(results::link))
        .fallback(api::not_found)
        .with_state(core)
}

/// The control API of this provider: `/sim/kie/…`.
pub(crate) fn control_router() -> Router<Arc<Core>> {
    Router::new()
        .route("/sim/kie/tasks", get(control::tasks))
        .route(
            "/sim/kie/settings",
            get(control::settings).post(control::change),
        )
}
