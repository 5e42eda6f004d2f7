//! The engines: durable machinery that knows nothing of what the bot sells.
//!
//! Each engine's own `mod.rs` says what it guarantees and what happens if the process dies at each step.
//! Engines do not import each other, save `inbox → conversation` and `broadcast → outbox`; what two of them need stands beside them here:
//! [`lanes`] runs ordered queues for inbox and outbox, [`shards`] says which lanes this replica works,
//! [`vitals`] is what the replicas know together of a provider, [`funds`] what is left on our accounts there,
//! [`routing`] for choosing between them,
//! [`schema`] says which tables there are, [`wake`] shortens the wait of a queue, [`task`] is what upkeep runs,
//! [`notices`] are messages about one thing in several chats, [`operator`] records what people do by hand.

pub mod admin_audit;
pub mod books;
pub mod broadcast;
pub mod conversation;
pub mod funds;
pub mod grants;
pub mod inbox;
pub mod jobs;
pub mod lanes;
pub mod ledger;
pub mod light;
pub mod limits;
pub mod notices;
pub mod operator;
pub mod outbox;
pub mod payments;
pub mod people;
pub mod referrals;
pub mod routing;
pub mod schema;
pub mod shards;
pub mod stars;
pub mod task;
pub mod upkeep;
pub mod vitals;
pub mod wake;
pub mod withdrawals;
