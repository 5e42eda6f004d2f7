//! KIE's API.

use std::sync::Arc;

use axum::Router;

use crate::core::Core;

/// What the provider remembers.
#[derive(Debug, Default)]
pub struct State {}

impl State {
    /// Forgets every task.
    pub fn reset(&self) {}
}

/// Mounted under `/kie`.
pub fn router(core: Arc<Core>) -> Router {
    drop(core);
    Router::new()
}

/// The control API of this provider: `/sim/kie/…`.
pub fn control_router(core: Arc<Core>) -> Router {
    drop(core);
    Router::new()
}
