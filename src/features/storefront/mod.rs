//! The storefront: pick a service, give what it needs, see the price, confirm, wait, receive.
//!
//! ```text
//! home ─▶ categories ─▶ category ─▶ questions ⇄ back ─▶ summary ─confirm─▶ order ─▶ result │ failure + refund
//!   ▲                                   └── cancel ──┘      ⇄ change                └─ again · change · home
//! ```
//! A draft lives in the conversation; an order in `storefront_order`, with a job of the same id. Confirming makes the
//! hold, the job, the order and the progress message in one transaction.

mod confirm;
mod counted;
mod draft;
mod forget;
mod inputs;
mod instant;
#[cfg(feature = "faults")]
mod mistakes;
mod money;
mod orders;
mod pages;
mod progress;
mod questions;
mod reduced;
mod refills;
mod rewarded;
mod store;
mod summary;
mod texts;
mod waiting;
mod ways;

pub use forget::ForgetInputs;
pub use instant::by_command;
pub use orders::{again, cancel_order};
pub use pages::{categories, category, help, home, shelves, undelivered, welcome};
pub use progress::OrderJob;
pub use questions::{
    ask_again, back, begin, cancel, choose, discard, edit, message, not_understood, skip,
    waiting_draft,
};
pub use reduced::Reduced;
pub use refills::{RefillJob, refill};
pub use store::open_orders;
pub use summary::{changes, summary, to_order};
pub use texts::speech;

pub use confirm::confirm;
