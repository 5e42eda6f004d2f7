//! Broadcasts: one message to everybody, without disturbing anybody.
//!
//! Guarantees
//! * Each recipient gets it once or not at all: the cursor over recipients moves in the transaction that puts their
//!   rows into the outbox, under a lock on the broadcast's own row; and a row whose outcome is unknown is not repeated.
//! * The outbox never holds more of its rows than are sent in a few seconds, in the lowest class: interactive answers are
//!   not felt to be later, and pausing or cancelling takes effect within seconds.
//! * One that Telegram refuses for [`FAILED_IN_A_ROW_MAX`] people on end pauses by itself: a mistake in it costs so many
//!   dead letters, not one for everybody.
//! * What is shown was counted: each row is looked up until it is settled, and counted in the same transaction.
//!
//! ```text
//! composing ──the message──▶ draft ──confirm──▶ running ⇄ paused
//!     │                        │                   │        │
//!     └────── forgotten ◀──────┘                   └─ cancelled, or done when all are settled
//! ```
//! If the process dies, the next step of any replica goes on where the last commit left it. Two replicas may step at
//! once: one finds the row locked and passes it by.

mod driver;
mod store;

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::engine::outbox::Action;

pub use driver::{Announcer, Broadcasts, Stepped};
pub use store::{
    Draft, New, cancel, compose, discard, draft, find, forget_composing, is_composing, pause,
    readdress, resume, start,
};

/// So many failures with no success between them are not those of the recipients.
pub const FAILED_IN_A_ROW_MAX: i32 = 30;

/// How far a broadcast is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its message is being written.
    Composing,
    /// It waits for the admin's word.
    Draft,
    /// Under way.
    Running,
    /// Held by an admin.
    Paused,
    /// Everybody was served.
    Done,
    /// Stopped for good by an admin.
    Cancelled,
}

impl State {
    fn of_code(code: &str) -> Self {
        match code {
            "composing" => Self::Composing,
            "draft" => Self::Draft,
            "running" => Self::Running,
            "paused" => Self::Paused,
            "done" => Self::Done,
            _ => Self::Cancelled,
        }
    }
}

/// Who receives it, by the primary part of their language's tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// The admin's choice, as the caller names it.
    pub name: String,
    /// Only these; empty for all.
    pub only_tags: Vec<String>,
    /// But not these.
    pub except_tags: Vec<String>,
}

/// A broadcast.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// Its key, and the correlation of its messages.
    pub id: Uuid,
    /// Stands in callback data.
    pub short_id: String,
    /// Where its progress is shown.
    pub chat_id: i64,
    /// In which language.
    pub language: String,
    /// How far it is.
    pub state: State,
    /// What is sent; None while composing, or if it cannot be read.
    pub action: Option<Action>,
    /// To whom.
    pub audience: Audience,
    /// The last recipient whose message was made.
    pub cursor: i64,
    /// Recipients.
    pub total: i64,
    /// Of these, who has it.
    pub sent: i64,
    /// Who has blocked the bot.
    pub blocked: i64,
    /// Whose message failed.
    pub failed: i64,
    /// How many failed since it last reached anybody, or was set going.
    pub failed_in_a_row: i32,
    /// Its rows in the outbox.
    pub in_flight: Vec<i64>,
    /// The message that shows how it goes.
    pub progress_ref: Uuid,
    /// When it was shown last.
    pub shown_at: Option<OffsetDateTime>,
    /// With how many done.
    pub shown_done: i64,
    /// As measured lately.
    pub rate_per_s: Option<f64>,
    /// Of the update that began it.
    pub correlation: Uuid,
}

impl Broadcast {
    /// Recipients who are dealt with.
    pub fn done(&self) -> i64 {
        self.sent + self.blocked + self.failed
    }

    /// Whether Telegram refuses it, and not only some of its recipients.
    pub fn is_refused(&self) -> bool {
        self.failed_in_a_row >= FAILED_IN_A_ROW_MAX
    }

    /// Recipients who are not.
    pub fn remaining(&self) -> i64 {
        (self.total - self.done()).max(0)
    }

    /// At the rate of late; None while nothing moves.
    pub fn time_left(&self) -> Option<Duration> {
        let rate = self.rate_per_s.filter(|rate| *rate > 0.01)?;
        if self.state != State::Running {
            return None;
        }
        let remaining = u32::try_from(self.remaining()).unwrap_or(u32::MAX);
        Duration::try_from_secs_f64(f64::from(remaining) / rate).ok()
    }
}
