//! Telegram's side: the Bot API.

use std::sync::Arc;

use axum::Router;

use crate::core::Core;

/// What Telegram remembers.
#[derive(Debug)]
pub struct Telegram {}

impl Telegram {
    pub(crate) fn new(_token: &str, _seed: u64) -> Self {
        Self {}
    }
}

pub(crate) fn router(core: Arc<Core>) -> Router {
    drop(core);
    Router::new()
}
