//! What an admin does with a broadcast by its buttons; each act leaves a row in the audit.

use serde_json::json;

use super::compose::refuse;
use super::progress::{self, Page};
use super::speech;
use crate::engine::admin_audit::{self, Act};
use crate::engine::broadcast::{self, Broadcast};
use crate::engine::outbox::{Action, NewMessage};
use crate::features::cx::{Cx, Handled};
use crate::features::press::BroadcastAct;
use crate::features::speech::Args;

/// A press of one of its buttons.
pub async fn act(cx: &mut Cx<'_>, short_id: &str, act: BroadcastAct) -> Handled {
    if !cx.is_admin() {
        return refuse(cx.language, "admins-only");
    }
    let now = cx.now();
    let done = match act {
        BroadcastAct::Start => broadcast::start(cx.conn, short_id, now).await?,
        BroadcastAct::Discard => return discard(cx, short_id).await,
        BroadcastAct::Pause => broadcast::pause(cx.conn, short_id).await?,
        BroadcastAct::Resume => broadcast::resume(cx.conn, short_id, now).await?,
        BroadcastAct::Cancel => broadcast::cancel(cx.conn, short_id, now).await?,
    };
    let Some(broadcast) = broadcast::find(cx.conn, short_id).await? else {
        return refuse(cx.language, "not-waiting");
    };
    if !done {
        let text = speech(cx.language).plain("too-late", &Args::new());
        return cx.answer(Some(text), false).await;
    }
    audit(cx, &broadcast, act).await?;
    let page = progress::page(&broadcast, cx.env.clock.now());
    if act == BroadcastAct::Start {
        let text = speech(cx.language).rich("confirmed", &Args::new());
        cx.decided(text).await?;
        return announce(cx, &broadcast, page).await;
    }
    let message = progress::edit(&broadcast, page);
    cx.post(&message).await
}

/// The message that shows from now on how it goes.
async fn announce(cx: &mut Cx<'_>, broadcast: &Broadcast, page: Page) -> Handled {
    let action = Action::Say {
        text: page.text,
        keyboard: page.keyboard,
    };
    let message = NewMessage {
        message_ref: Some(broadcast.progress_ref),
        ..NewMessage::new(broadcast.chat_id, cx.correlation, action)
    };
    cx.post(&message).await
}

async fn discard(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    let key = if broadcast::discard(cx.conn, short_id).await? {
        "discarded"
    } else {
        "not-waiting"
    };
    let text = speech(cx.language).rich(key, &Args::new());
    cx.show(text, None).await
}

async fn audit(cx: &mut Cx<'_>, broadcast: &Broadcast, act: BroadcastAct) -> Handled {
    let action = match act {
        BroadcastAct::Start => "broadcast start",
        BroadcastAct::Pause => "broadcast pause",
        BroadcastAct::Resume => "broadcast resume",
        BroadcastAct::Cancel => "broadcast cancel",
        BroadcastAct::Discard => "broadcast discard",
    };
    let detail = json!({
        "audience": broadcast.audience.name,
        "total": broadcast.total,
        "sent": broadcast.sent,
        "blocked": broadcast.blocked,
        "failed": broadcast.failed,
    });
    let row = Act {
        admin_id: cx.user_id,
        action,
        target: &broadcast.id.to_string(),
        detail: &detail,
        correlation: cx.correlation,
    };
    let now = cx.now();
    admin_audit::record(cx.conn, &row, now).await?;
    Ok(())
}
