//! Layers around the handlers. They know nothing of what is behind them.

pub mod idempotency;
pub mod rate_limit;
pub mod slow_body;
pub mod source_address;
pub mod stack;
