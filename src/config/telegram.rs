//! The bot and its webhook.

use super::Reader;
use super::secret::{as_header_token, derive};
use crate::base::redact::Secret;

/// How to talk to Telegram, and how to know that it is Telegram who talks.
#[derive(Clone, Debug)]
pub struct Telegram {
    /// The bot's token.
    pub bot_token: Secret,
    /// Base address of the Bot API, without a trailing slash.
    pub api_url: String,
    /// The value of `X-Telegram-Bot-Api-Secret-Token`; legal for `setWebhook`.
    pub webhook_secret: Secret,
    /// The one before a change; still accepted.
    pub webhook_secret_previous: Option<Secret>,
    /// `max_connections` of `setWebhook`, 1 to 100.
    pub webhook_max_connections: u8,
    /// Whether updates are only accepted from Telegram's published ranges.
    pub source_check: bool,
}

impl Telegram {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        const TOKEN_REMEDY: &str =
            "copy it from @BotFather; it looks like 123456789: followed by 35 characters";
        let token = reader.required("TELEGRAM_BOT_TOKEN", TOKEN_REMEDY);
        if token.is_some_and(|token| !is_token(token)) {
            reader.problem(
                "TELEGRAM_BOT_TOKEN",
                "does not have the form of a bot token",
                TOKEN_REMEDY,
            );
        }
        let bot_token = Secret::from(token.unwrap_or_default());
        let secret = reader.secret("WEBHOOK_SECRET", 1);
        let previous = reader.secret("WEBHOOK_SECRET_PREVIOUS", 1);
        Self {
            api_url: reader.api_url("TELEGRAM_API_URL"),
            webhook_secret: secret
                .as_ref()
                .map_or_else(|| derive(&bot_token, "webhook secret v1"), as_header_token),
            webhook_secret_previous: previous.as_ref().map(as_header_token),
            webhook_max_connections: reader.number("WEBHOOK_MAX_CONNECTIONS", 1..=100),
            source_check: reader.word("TELEGRAM_SOURCE_CHECK", [("off", false), ("on", true)]),
            bot_token,
        }
    }
}

fn is_token(token: &str) -> bool {
    token.split_once(':').is_some_and(|(id, key)| {
        (5..=16).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && (20..=64).contains(&key.len())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    })
}
