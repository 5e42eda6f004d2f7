//! Conversations: one typed state per chat and user, held as versioned JSON.
//!
//! Guarantees: the state is read under a row lock and written in the handler's transaction, so it always agrees with
//! the messages that were committed with it. A state that this version cannot read counts as none: the user starts
//! from home rather than meeting an error.
//!
//! If the process dies before the commit, the old state stands and the update is handled again.

mod store;

pub use store::{changed_at, clear, load, purge, save};
