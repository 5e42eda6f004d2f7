//! The outbox: every call that changes something at Telegram is a row, committed with the effects that caused it.
//!
//! Guarantees
//! * A committed row is delivered, expires as it asked to, or ends as a dead letter that a person can read and send
//!   again (G6). It is sent twice only where Telegram's own answer was lost, and never if the row forbids that.
//! * Rows of one chat are sent in order of id: none is claimed while an earlier one waits, whatever a replica remembers of
//!   the chat from before it lost it for a moment. Answers to buttons do not wait behind messages.
//! * Telegram's limits are kept by pacing, which learns from every 429; one halts its chat, many at once everything.
//! * Answers and replies are not felt by any backlog of notifications; those are not starved either.
//! * A chat that cannot be reached costs one refused call, not one for each row that waits for it; what its owner paid
//!   for is kept, and goes out when they write again.
//! * What one replica hears of the bot as a whole (three chats told to wait within seconds) stops all of them, and the
//!   overall pace is divided among those that live.
//!
//! ```text
//! pending ──claim (lease)──▶ sending ──answer, lease still ours──▶ outbox_sent
//!    ▲                         │  │
//!    │◀── the person writes again ── parked ◀── blocked, and owed
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
mod guard;
mod merge;
mod message;
mod outcome;
mod pacing;
mod report;
mod sender;
pub mod shelf;
mod store;

pub use deliver::FileStore;
pub use message::{ADMIN_NOTICES, Action, FileRef, NewMessage, OnUnknown, Priority, Target};
pub use pacing::{Pacing, PacingLimits};
pub use report::DeadLetterReport;
pub use sender::{OutboxEvents, Sender};
pub use store::{
    DeadLetter, DeadLetters, OutboxCounts, REPORT, Settled, counts, enqueue, enqueue_to_each,
    purge, release_owed, settled, withdraw,
};
