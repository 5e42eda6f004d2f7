//! Formatting marks of a text. Offsets and lengths are in UTF-16 code units, as Telegram counts.

use serde::{Deserialize, Serialize};

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

impl Marked {
    /// What Telegram makes of a text before it is sent: no blank lines in front, no blanks behind, no empty marks,
    /// and marks for what it finds itself.
    pub fn cleaned(mut self) -> Self {
        let clean: String = self
            .text
            .chars()
            .map(|c| match c {
                '\n' => c,
                c if (c as u32) < 32 => ' ',
                c => c,
            })
            .collect();
        let kept = clean.trim_end();
        let first = kept.find(|c: char| !c.is_whitespace()).unwrap_or(0);
        let start = kept[..first].rfind('\n').map_or(0, |at| at + 1);
        let skipped = utf16_len(&kept[..start]);
        let kept = &kept[start..];
        let length = utf16_len(kept);
        for entity in &mut self.entities {
            let end = (entity.offset + entity.length).saturating_sub(skipped);
            entity.offset = entity.offset.saturating_sub(skipped).min(length);
            entity.length = end.min(length).saturating_sub(entity.offset);
        }
        self.entities.retain(|entity| entity.length > 0);
        self.text = kept.to_owned();
        self.add_found();
        self
    }

    /// Commands, mentions and addresses, where no code and no link is.
    fn add_found(&mut self) {
        for found in found(&self.text) {
            let end = found.offset + found.length;
            let covered = self.entities.iter().any(|entity| {
                matches!(entity.kind.as_str(), "code" | "pre" | "text_link")
                    && entity.offset < end
                    && found.offset < entity.offset + entity.length
            });
            let known = self
                .entities
                .iter()
                .any(|entity| entity.kind == found.kind && entity.offset == found.offset);
            if !covered && !known {
                self.entities.push(found);
            }
        }
        self.entities
            .sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
    }
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

    #[test]
    fn cleaning_trims_and_moves_the_marks() {
        let marked = Marked {
            text: " \n\n  *a  ".to_owned(),
            entities: vec![Entity::new("bold", 5, 4), Entity::new("italic", 8, 1)],
        };
        let clean = marked.cleaned();
        assert_eq!(clean.text, "  *a");
        assert_eq!(clean.entities, [Entity::new("bold", 2, 2)]);
    }
}
