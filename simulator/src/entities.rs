//! Formatting marks of a text. Offsets and lengths are in UTF-16 code units, as Telegram counts.

mod clean;
mod given;
mod nesting;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use given::read;
pub(crate) use nesting::sort;

/// A message keeps this many marks; Telegram drops the others without a word (core.telegram.org/api/entities).
pub const ENTITIES_MAX: usize = 100;

/// Bot API docs, "MessageEntity".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    #[serde(rename = "type")]
    pub kind: String,
    pub offset: usize,
    pub length: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_emoji_id: Option<String>,
    /// Of a `text_mention`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Value>,
    /// Of a `date_time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unix_time: Option<i32>,
}

impl Entity {
    pub fn new(kind: &str, offset: usize, length: usize) -> Self {
        Self {
            kind: kind.to_owned(),
            offset,
            length,
            url: None,
            language: None,
            custom_emoji_id: None,
            user: None,
            unix_time: None,
        }
    }
}

/// A text with its marks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    pub text: String,
    pub entities: Vec<Entity>,
}

/// The length of a text in UTF-16 code units.
pub fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What Telegram marks by itself: words that are a command, a mention or an address.
pub fn found(text: &str) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut offset = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end_matches(|c: char| c.is_whitespace() || ".,!?;:)".contains(c));
        let kind = if is_command(bare) {
            Some("bot_command")
        } else if is_mention(bare) {
            Some("mention")
        } else if bare.len() > 8 && (bare.starts_with("http://") || bare.starts_with("https://")) {
            Some("url")
        } else {
            None
        };
        if let Some(kind) = kind {
            found.push(Entity::new(kind, offset, utf16_len(bare)));
        }
        offset += utf16_len(word);
    }
    found
}

fn is_command(word: &str) -> bool {
    let Some(name) = word.strip_prefix('/') else {
        return false;
    };
    let (name, bot) = name.split_once('@').unwrap_or((name, "bot"));
    (1..=64).contains(&name.len()) && is_name(name) && is_name(bot)
}

fn is_mention(word: &str) -> bool {
    word.strip_prefix('@')
        .is_some_and(|name| (4..=32).contains(&name.len()) && is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_addresses_are_found_in_utf16_units() {
        let found = found("😀 /start@shop_bot now, https://a.example/x. or/not");
        assert_eq!(
            found,
            [
                Entity::new("bot_command", 3, 15),
                Entity::new("url", 24, 19),
            ]
        );
    }
}
