//! An update as handlers see it: read once, tolerant of everything, free of Telegram's many shapes.

mod decode;
mod marks;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::envelope::NotAnUpdate;
use super::media::Media;
use super::rich::Rich;

/// One update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    pub update_id: i64,
    /// For updates without a chat (a pre-checkout, an inline button) the private chat of the user, whose id is the
    /// user's. Id 0 only with [`Event::Other`], when the update names neither chat nor user.
    pub chat: ChatRef,
    /// Id 0 only with [`Event::Other`], when the update names no user.
    pub user: UserRef,
    pub event: Event,
}

impl Incoming {
    /// Reads any JSON object with an integer `update_id`; what is not understood is [`Event::Other`].
    ///
    /// # Errors
    /// [`NotAnUpdate`] exactly when [`super::Envelope::parse`] says so.
    pub fn parse(raw: &[u8]) -> Result<Self, NotAnUpdate> {
        decode::incoming(raw)
    }
}

/// A chat; Bot API docs, "Chat".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatRef {
    pub id: i64,
    pub kind: ChatKind,
}

/// Where a chat's rules come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    Private,
    Group,
    Supergroup,
    Channel,
    /// A type that Telegram has added since.
    Unknown,
}

/// A person or a bot; Bot API docs, "User". Text fields hold whatever the person chose, without NUL characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRef {
    pub id: i64,
    pub first_name: String,
    /// Without the `@`.
    pub username: Option<String>,
    /// As Telegram reports it: an IETF language tag such as `en` or `pt-br`.
    pub language_code: Option<String>,
    pub is_bot: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wrote, or sent something.
    Message(Box<IncomingMessage>),
    /// Somebody pressed an inline button.
    Callback {
        /// To be answered with `answerCallbackQuery`.
        id: String,
        /// Empty for a button without data (a game).
        data: String,
        /// The message under which the button is; `None` for messages sent through inline mode.
        message_id: Option<i64>,
        /// The message is too old or was deleted (it comes with date 0): it can no longer be edited.
        inaccessible: bool,
    },
    /// The user blocked the bot, or the bot was removed from the chat.
    BotBlocked,
    /// The user unblocked the bot, or the bot was added to the chat.
    BotUnblocked,
    /// The group became a supergroup; its messages go there from now on.
    ChatMigrated { to: i64 },
    /// Telegram asks whether a payment may go on, and waits for 10 seconds.
    PreCheckout {
        id: String,
        currency: String,
        /// In minor units of the currency.
        total_amount: i64,
        /// What the invoice carried.
        invoice_payload: String,
    },
    /// Nothing that Bulwark acts on. The kind's name, with the field of a service message: `"message:pinned_message"`.
    Other(String),
}

/// A message from a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncomingMessage {
    pub message_id: i64,
    /// Seconds since 1970.
    pub date: i64,
    /// The text, or the caption of the media.
    pub text: Option<String>,
    /// The same with the formatting that the person gave it, if any.
    pub formatted: Option<Rich>,
    pub media: Option<Media>,
    /// The message that this one replies to.
    pub reply_to: Option<i64>,
    /// Who wrote that one.
    pub reply_from: Option<UserRef>,
    /// Whether its words are somebody else's: it was passed on (`forward_origin`), or made by another bot (`via_bot`).
    pub is_of_another: bool,
    /// Photos and videos sent together share it.
    pub media_group_id: Option<String>,
    pub successful_payment: Option<Payment>,
    /// A payment that was given back; Bot API docs, "RefundedPayment".
    pub refunded_payment: Option<Payment>,
}

/// A payment that went through; Bot API docs, "SuccessfulPayment".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub currency: String,
    /// In minor units of the currency.
    pub total_amount: i64,
    pub invoice_payload: String,
    /// The only safe key for crediting once: one invoice can be paid twice.
    pub telegram_payment_charge_id: String,
    pub provider_payment_charge_id: String,
}
