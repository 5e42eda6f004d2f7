//! The same news in several chats: which message of which chat tells of a thing, so that all of them can be changed when
//! somebody has acted on it.
//!
//! It stands beside the engines because several features ask all admins and tell all admins.

mod store;

use uuid::Uuid;

pub use store::{note, of, purge};

/// A message about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whose.
    pub chat_id: i64,
    /// The name under which it was sent.
    pub message_ref: Uuid,
}
