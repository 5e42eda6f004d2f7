//! What is said when an update was not handled as it was meant.

use std::time::Duration;

use crate::engine::inbox::StoredUpdate;
use crate::engine::limits::{self, Charged, Rate};
use crate::engine::outbox::{self, Action, NewMessage, Priority};
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::Press;
use crate::features::speech::{Args, Language};
use crate::features::storefront;
use crate::telegram::{InlineKeyboard, Rich};

/// Warnings of updates that were set aside: a fault in what every update needs must not flood the admins.
const WARNINGS: Rate = Rate {
    every: Duration::from_secs(10 * 60),
    burst: 3,
};

/// Tells the admins that an update was set aside; when it happens to many, that it happens.
pub(super) async fn warn_admins(cx: &mut Cx<'_>, update: &StoredUpdate) -> Handled {
    let now = cx.now();
    if limits::charge(cx.conn, "warning:set-aside", 1, WARNINGS, now).await? != Charged::Taken {
        return Ok(());
    }
    let args = Args::new()
        .text("update", update.update_id.to_string())
        .text("chat", cx.chat_id.to_string());
    let text = storefront::speech(Language::En).rich("admin-set-aside", &args);
    let env = cx.env;
    for admin_id in &env.admin_ids {
        let action = Action::Say {
            text: text.clone(),
            keyboard: None,
        };
        let message = NewMessage {
            priority: Priority::Low,
            merge_key: Some(outbox::ADMIN_NOTICES),
            ..NewMessage::new(*admin_id, cx.correlation, action)
        };
        cx.post(&message).await?;
    }
    Ok(())
}

/// Tells the user why not, and where to go from here.
pub(super) async fn refused(
    cx: &mut Cx<'_>,
    text: Rich,
    keyboard: Option<InlineKeyboard>,
) -> Handled {
    tracing::info!(text = %text.to_plain(), "refused");
    cx.answer(None, false).await?;
    if let Some(keyboard) = keyboard {
        // Without any buttons where nothing leads on from.
        return cx
            .say(text, Some(keyboard).filter(|keyboard| !keyboard.is_empty()))
            .await;
    }
    let speech = storefront::speech(cx.language);
    let keyboard = InlineKeyboard::new([vec![
        button(
            speech.plain("button-all-services", &Args::new()),
            &Press::Categories { page: 0 },
        ),
        button(
            speech.plain("button-home", &Args::new()),
            &Press::Home { fresh: true },
        ),
    ]]);
    cx.say(text, Some(keyboard)).await
}
