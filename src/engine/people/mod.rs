//! People and chats: who they are as far as the bot knows, in which language they are spoken to, whether they can be
//! reached.
//!
//! Written in the handler's transaction, or in the one that records what Telegram said of a chat.

mod store;

pub use store::{
    Person, Seen, Sighting, Standing, accept_terms, blocked, by_id, migrated, named,
    reachable_again, seen, set_language, set_verified, standing,
};
