//! The web page that looks and works like a chat.

use std::sync::Arc;

use axum::Router;

use crate::core::Core;

/// The page at `/` and what it needs.
pub fn router(core: Arc<Core>) -> Router {
    drop(core);
    Router::new()
}
