//! The outbox: every call that changes something at Telegram is a row, committed with the effects that caused it.
//!
//! Guarantees
//! * A committed row is delivered, expires as it asked to, or ends as a dead letter that a person can read and send
//!   again (G6). It is sent twice only where Telegram's own answer was lost, and never if the row forbids that.
//! * Rows of one chat are sent in order of id; answers to buttons do not wait behind messages.
//! * Telegram's limits are kept by pacing, which learns from every 429; one halts its chat, many at once everything.
//! * Answers and replies are not felt by any backlog of notifications; those are not starved either.
//! * A chat that cannot be reached costs one refused call, not one for each row that waits for it.
//!
//! ```text
//! pending ──claim (lease)──▶ sending ──answer, lease still ours──▶ outbox_sent
//!    ▲                         │  │
//!    │◀── 429, Telegram away ──┘  └── refused for ever ──▶ dead letter ──an admin──▶ pending
//!    └◀── lease ran out: outcome unknown; sent again unless the row says otherwise
//! ```
//!
//! If the process dies
//! * before the claim: the row waits;
//! * between claim and call, in the call, or before the answer is recorded: the lease runs out within seconds and the
//!   outcome counts as unknown;
//! * a frozen process that wakes up cannot record anything: its lease token is stale.

mod deliver;
mod merge;
mod message;
mod outcome;
mod pacing;
mod report;
mod sender;
pub mod shelf;
mod store;

pub use deliver::FileStore;
pub use message::{Action, FileRef, NewMessage, OnUnknown, Priority, Target};
pub use pacing::{Pacing, PacingLimits};
pub use report::DeadLetterReport;
pub use sender::{OutboxEvents, Sender};
pub use store::{
    DeadLetter, DeadLetters, OutboxCounts, REPORT, Settled, counts, enqueue, purge, settled,
    withdraw,
};
