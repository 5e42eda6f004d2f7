//! Inline keyboards, as they are stored with an outgoing message and as Telegram takes them.

use serde::{Deserialize, Serialize};

/// Rows of buttons under a message; Bot API docs, "InlineKeyboardMarkup".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineKeyboard {
    pub inline_keyboard: Vec<Vec<Button>>,
}

impl InlineKeyboard {
    /// A keyboard of the given rows, without the empty ones (Telegram ignores them in silence).
    pub fn new(rows: impl IntoIterator<Item = Vec<Button>>) -> Self {
        Self {
            inline_keyboard: rows.into_iter().filter(|row| !row.is_empty()).collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.inline_keyboard.iter().all(Vec::is_empty)
    }
}

/// One button; Bot API docs, "InlineKeyboardButton".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub text: String,
    #[serde(flatten)]
    pub action: ButtonAction,
}

/// What a press does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonAction {
    /// Comes back as [`super::Event::Callback`]; 1 to 64 bytes.
    CallbackData(String),
    /// Opens an address.
    Url(String),
}

impl Button {
    /// A button that comes back with `data`, which must be 1 to 64 bytes long.
    pub fn callback(text: impl Into<String>, data: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            action: ButtonAction::CallbackData(data.into()),
        }
    }

    pub fn url(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            action: ButtonAction::Url(url.into()),
        }
    }
}
