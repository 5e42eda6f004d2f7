//! Everything Bulwark knows of Telegram's Bot API, and nothing of what it sells.
//!
//! What holds here:
//!
//! * **Nothing that arrives is an error.** [`Envelope`] and [`Incoming`] read every JSON object with an integer
//!   `update_id`, whatever else is in it: unknown kinds, fields and enum values, duplicate keys, lone surrogates, NUL
//!   characters, nesting of any depth. What is not understood becomes [`Event::Other`].
//! * **Every answer has exactly one meaning.** [`CallError`] says whether Telegram acted, did not act, or may have acted.
//! * **The bot's token stays inside [`Client`].** It is part of every Bot API address, so no address leaves this module,
//!   neither in an error nor in a `Debug` output.
//! * **Formatting cannot break.** A [`Rich`] text is data; what a person typed can never become markup.
//!
//! What arrives is read by a decoder of our own, because one unknown enum value anywhere makes a strictly typed update
//! fail as a whole. `frankenstein` types what is asked for, and is the judge in tests: wherever it can read an update,
//! both must agree, and it must recognise every parameter that we send.

mod call_error;
mod client;
mod envelope;
mod incoming;
mod keyboard;
mod lenient;
mod media;
pub mod methods;
pub mod rich;

pub use call_error::CallError;
pub use client::{Client, ClientConfig, FilePath, OpenedFile, Update, UploadFile, WebhookSettings};
pub use envelope::{Envelope, Kind, NotAnUpdate};
pub use incoming::{ChatKind, ChatRef, Event, Incoming, IncomingMessage, Payment, UserRef};
pub use keyboard::{Button, ButtonAction, InlineKeyboard};
pub use media::{Media, MediaKind};
pub use rich::Rich;
