//! What a row of the outbox says, as it is held in the database: versions are added, never changed.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::telegram::{InlineKeyboard, MediaKind, Rich};

/// The merge key of what admins are told: many at once are one message.
pub const ADMIN_NOTICES: &str = "admin notices";

/// A message to be sent, edited or answered.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// To whom.
    pub chat_id: i64,
    /// Who goes first when chats compete.
    pub priority: Priority,
    /// Not earlier.
    pub not_before: Option<OffsetDateTime>,
    /// Worthless afterwards.
    pub expires_at: Option<OffsetDateTime>,
    /// The name under which the message can be edited later, or the one that is edited.
    pub message_ref: Option<Uuid>,
    /// Waiting rows with the same key are replaced by this one.
    pub coalesce_key: Option<Uuid>,
    /// Plain notices of low priority with the same key that wait one after another become one message.
    pub merge_key: Option<&'static str>,
    /// Kept for a person who cannot be reached now, because they paid for it.
    pub owed: bool,
    /// What to do.
    pub action: Action,
    /// If the answer of an earlier try was lost.
    pub on_unknown: OnUnknown,
    /// The update or job that caused it.
    pub correlation: Uuid,
}

impl NewMessage {
    /// An ordinary message.
    pub fn new(chat_id: i64, correlation: Uuid, action: Action) -> Self {
        Self {
            chat_id,
            priority: Priority::Normal,
            not_before: None,
            expires_at: None,
            message_ref: None,
            coalesce_key: None,
            merge_key: None,
            owed: false,
            action,
            on_unknown: OnUnknown::SendAgain,
            correlation,
        }
    }
}

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Answers to a press of a button: not held back by the chat's own pace.
    High,
    /// Replies.
    Normal,
    /// Notifications nobody waits for.
    Low,
}

impl Priority {
    pub(super) fn code(self) -> i16 {
        match self {
            Self::High => 0,
            Self::Normal => 1,
            Self::Low => 2,
        }
    }
}

/// What to do if it is unknown whether an earlier try arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// Better twice than never.
    SendAgain,
    /// Better never than twice: becomes a dead letter.
    GiveUp,
}

/// What is done at Telegram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Sends a text.
    Say {
        /// What it says; a longer one than Telegram takes goes out as a document.
        text: Rich,
        /// Buttons under it.
        keyboard: Option<InlineKeyboard>,
    },
    /// Replaces text and buttons of a message of ours.
    Edit {
        /// Which.
        target: Target,
        /// The new text.
        text: Rich,
        /// The new buttons; none takes them away.
        keyboard: Option<InlineKeyboard>,
        /// Whether to send it as a new message if the old one cannot be edited any more.
        else_say: bool,
    },
    /// Replaces the buttons only.
    Buttons {
        /// Of which message.
        target: Target,
        /// None takes them away.
        keyboard: Option<InlineKeyboard>,
    },
    /// Sends a file.
    File {
        /// How it is shown.
        kind: MediaKind,
        /// Where it is.
        file: FileRef,
        /// Text under it.
        caption: Rich,
        /// Buttons under it.
        keyboard: Option<InlineKeyboard>,
    },
    /// Answers a press of a button.
    Answer {
        /// Telegram's id of the press.
        callback_id: String,
        /// Shown for a moment, or as an alert.
        text: Option<String>,
        /// Whether it must be closed by hand.
        alert: bool,
    },
    /// Sends an invoice in Telegram Stars.
    Invoice {
        /// At most 32 characters.
        title: String,
        /// At most 255 characters.
        description: String,
        /// Comes back with the payment.
        payload: String,
        /// Its price.
        stars: i64,
    },
    /// Shows "typing…", "sending a photo…".
    Working {
        /// What is being made.
        kind: Option<MediaKind>,
    },
}

impl Action {
    /// The name of [`Action::File`].
    pub const FILE: &'static str = "file";

    /// A name for records and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Say { .. } => "say",
            Self::Edit { .. } => "edit",
            Self::Buttons { .. } => "buttons",
            Self::File { .. } => Self::FILE,
            Self::Answer { .. } => "answer",
            Self::Invoice { .. } => "invoice",
            Self::Working { .. } => "working",
        }
    }
}

/// Which message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One that we named before it was sent.
    Ref(Uuid),
    /// One that Telegram named.
    Message(i64),
}

/// Where a file to send is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileRef {
    /// In our own store.
    Stored {
        /// Its key there.
        id: Uuid,
        /// Its size.
        size_bytes: u64,
        /// Where Telegram could fetch it itself, while it lasts.
        url: Option<String>,
    },
    /// At Telegram.
    FileId(String),
}

/// The row's payload.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "v")]
pub(super) enum Payload {
    #[serde(rename = "1")]
    V1 {
        #[serde(flatten)]
        action: Action,
        on_unknown: OnUnknown,
    },
}

/// What a row holds. A newer version writes what this one cannot read, and what cannot be read must not stop its lane.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Stored {
    Known(Payload),
    Unreadable(serde::de::IgnoredAny),
}
