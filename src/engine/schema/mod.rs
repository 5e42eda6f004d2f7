//! Which tables there are. What can do without some of them goes on where they are missing.
//!
//! Guarantee: it only looks. A table that is there may still be one that we must not read; what uses it finds out.

mod store;

pub use store::missing;
