//! What the bot does where others read along: it takes tips, and for all else shows the way to a private chat, since an order
//! is between two.
//!
//! Commands that are meant for another bot, or that no command of ours is called like, are left alone: with its privacy mode
//! off, or as an admin of the group, a bot hears everybody's (core.telegram.org/bots/features, "Privacy mode").

use std::time::Duration;

use super::commands;
use super::cx::{Cx, Handled};
use super::routes::command;
use super::speech::Args;
use super::{storefront, tips};
use crate::engine::limits::{self, Charged, Rate};
use crate::telegram::{Button, IncomingMessage, InlineKeyboard};

/// How often a group is shown the way to a private chat: many who write commands there at once must not fill it with that, nor
/// keep tips from being told (Telegram takes 20 messages a minute for a group).
const HINTS: Rate = Rate {
    every: Duration::from_secs(20),
    burst: 3,
};

/// Somebody wrote in a group.
pub(super) async fn message(cx: &mut Cx<'_>, message: &IncomingMessage) -> Handled {
    let text = message.text.as_deref().unwrap_or_default();
    let Some((name, rest)) = command(text).filter(|_| !message.is_of_another) else {
        return Ok(());
    };
    let own = cx.env.bot_name.get().map_or("", String::as_str);
    if is_for_another(text, own) || !names_a_bot(text) && !is_known(cx, name) {
        return Ok(());
    }
    if tips::is_command(cx, name) {
        return tips::tip(cx, rest, message).await;
    }
    let (key, now) = (format!("group-hint:{}", cx.chat_id), cx.now());
    if limits::charge(cx.conn, &key, 1, HINTS, now).await? != Charged::Taken {
        return Ok(());
    }
    let speech = storefront::speech(cx.language);
    let text = speech.rich("private-only", &Args::new());
    let keyboard = cx.env.bot_name.get().map(|name| {
        let label = speech.plain("button-private", &Args::new());
        let url = format!("https://t.me/{name}");
        InlineKeyboard::new([vec![Button::url(label, url)]])
    });
    cx.say(text, keyboard).await
}

fn is_known(cx: &Cx<'_>, name: &str) -> bool {
    commands::names().any(|known| known.eq_ignore_ascii_case(name))
        || cx.env.catalog.by_command(&name.to_lowercase()).is_some()
}

fn names_a_bot(command: &str) -> bool {
    let head = command.split_whitespace().next();
    head.is_some_and(|head| head.contains('@'))
}

/// Whether a command names another bot: `/tip@other_bot 5` is not for us to carry out. Without a name of our own nobody can tell.
fn is_for_another(command: &str, own: &str) -> bool {
    let head = command.split_whitespace().next().unwrap_or_default();
    let named = head.split_once('@').map(|(_, named)| named);
    named.is_some_and(|named| !own.is_empty() && !named.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_for_the_bot_that_it_names() {
        for (command, is_for_another_bot) in [
            ("/tip 5", false),
            ("/tip@Our_bot 5", false),
            ("/tip@their_bot 5", true),
            ("/tip@ 5", true),
            ("/tip @anna 5", false),
        ] {
            assert_eq!(
                is_for_another(command, "our_bot"),
                is_for_another_bot,
                "{command}"
            );
            assert!(!is_for_another(command, ""), "{command}");
        }
    }
}
