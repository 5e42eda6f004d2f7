//! Grants above the limit: the other admins are asked, and one of them agrees or not. Each word leaves a row in the audit.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use time::macros::format_description;

use super::admin::{Wish, audit, name, refuse, tell, transfer};
use super::balance::off;
use super::speech;
use crate::base::money::Amount;
use crate::engine::grants::{self, Decision, Grant, New, State};
use crate::engine::ledger;
use crate::engine::notices::{self, Notice};
use crate::engine::outbox::{self, Action, NewMessage, Target};
use crate::engine::people;
use crate::engine::task::Task;
use crate::engine::wake::Wake;
use crate::features::cx::{Cx, Env, Handled, Stop, button};
use crate::features::press::{GrantAct, Press};
use crate::features::speech::{Args, Language};
use crate::telegram::{InlineKeyboard, Rich};

/// Requests that are ended in one run, each in a transaction of its own.
const EXPIRED_BATCH: i64 = 100;

/// Writes the request down and asks the other admins.
pub(super) async fn ask(cx: &mut Cx<'_>, wish: &Wish, limit: Amount) -> Handled {
    if cx.env.admin_ids.iter().all(|id| *id == cx.user_id) {
        let args = Args::new().text("limit", cx.money(limit));
        return refuse(cx, "grant-alone", args);
    }
    let currency = cx.env.currency().code.clone();
    let wallet = ledger::wallet(cx.conn, wish.person.id, &currency).await?;
    if (wallet.available + wish.amount) < Amount::ZERO {
        let args = Args::new().text("available", cx.money(wallet.available));
        return refuse(cx, "grant-too-much", args);
    }
    let (id, short_id) = (cx.env.ids.uuid(), cx.env.ids.short());
    let row = New {
        id,
        short_id: &short_id,
        admin_id: cx.user_id,
        user_id: wish.person.id,
        amount: wish.amount,
        currency: &currency,
        reason: &wish.reason,
        expires_at: Some(cx.env.clock.now() + cx.env.grants.approval_life),
        transfer_id: None,
        correlation: cx.correlation,
    };
    let now = cx.now();
    grants::add(cx.conn, &row, now).await?;
    let detail =
        json!({ "amount": wish.amount, "currency": currency, "reason": wish.reason, "grant": id });
    audit(cx, "grant asked", wish.person.id, &detail).await?;
    let Some(grant) = grants::find(cx.conn, &short_id).await? else {
        return Ok(());
    };
    for chat_id in cx.env.admin_ids.clone() {
        let message_ref = cx.env.ids.uuid();
        let page = page(cx.conn, cx.env, &grant, chat_id).await?;
        let action = Action::Say {
            text: page.0,
            keyboard: page.1,
        };
        let message = NewMessage {
            message_ref: Some(message_ref),
            ..NewMessage::new(chat_id, cx.correlation, action)
        };
        cx.post(&message).await?;
        let notice = Notice {
            chat_id,
            message_ref,
        };
        notices::note(cx.conn, id, notice, now).await?;
    }
    Ok(())
}

/// A button under a request was pressed.
pub async fn decide(cx: &mut Cx<'_>, short_id: &str, act: GrantAct) -> Handled {
    if !cx.is_admin() {
        return refuse(cx, "admins-only", Args::new());
    }
    if !cx.env.money.is_on() {
        return Err(off(cx));
    }
    let Some(grant) = grants::find(cx.conn, short_id).await? else {
        return refuse(cx, "grant-not-known", Args::new());
    };
    let is_own = grant.admin_id == cx.user_id;
    match act {
        GrantAct::Approve | GrantAct::Reject if is_own => {
            let text = speech(cx.language).plain("grant-own", &Args::new());
            return cx.answer(Some(text), true).await;
        }
        GrantAct::Cancel if !is_own => {
            let text = speech(cx.language).plain("grant-of-another", &Args::new());
            return cx.answer(Some(text), true).await;
        }
        GrantAct::Approve | GrantAct::Reject | GrantAct::Cancel => {}
    }
    let mut cause = cx.cause(format!("admin-grant:{}", grant.id), &grant.reason);
    cause.by_admin = Some(grant.admin_id);
    let (state, action) = match act {
        GrantAct::Approve => (State::Done, "grant approved"),
        GrantAct::Reject => (State::Rejected, "grant rejected"),
        GrantAct::Cancel => (State::Cancelled, "grant cancelled"),
    };
    let decision = Decision {
        state,
        by: cx.user_id,
        transfer_id: (state == State::Done).then_some(cause.id),
    };
    let now = cx.now();
    if !grants::decide(cx.conn, grant.id, decision, now).await? {
        return too_late(cx, &grant).await;
    }
    if state == State::Done {
        transfer(cx, grant.user_id, grant.amount, &cause).await?;
        tell(cx, grant.user_id, grant.amount, &grant.reason).await?;
    }
    let detail = json!({ "amount": grant.amount, "currency": grant.currency, "reason": grant.reason,
        "grant": grant.id, "asked_by": grant.admin_id, "transfer": decision.transfer_id });
    audit(cx, action, grant.user_id, &detail).await?;
    let Some(decided) = grants::find(cx.conn, short_id).await? else {
        return Ok(());
    };
    refresh(cx.conn, cx.env, &decided).await?;
    if state == State::Cancelled {
        return Ok(());
    }
    inform(cx.conn, cx.env, &decided).await
}

/// Somebody was faster, or nobody was in time.
async fn too_late(cx: &mut Cx<'_>, grant: &Grant) -> Handled {
    let now = cx.now();
    let has_expired = grants::expire(cx.conn, grant.id, now).await?;
    let Some(grant) = grants::find(cx.conn, &grant.short_id).await? else {
        return Ok(());
    };
    let text = speech(cx.language).plain("grant-decided-before", &Args::new());
    cx.answer(Some(text), true).await?;
    if has_expired {
        return refresh(cx.conn, cx.env, &grant).await;
    }
    let (text, keyboard) = page(cx.conn, cx.env, &grant, cx.user_id).await?;
    cx.show(text, keyboard).await
}

/// Changes the messages of all who were asked.
async fn refresh(conn: &mut PgConnection, env: &Env, grant: &Grant) -> Handled {
    for notice in notices::of(conn, grant.id).await? {
        let (text, keyboard) = page(conn, env, grant, notice.chat_id).await?;
        let action = Action::Edit {
            target: Target::Ref(notice.message_ref),
            text,
            keyboard,
            else_say: false,
        };
        let message = NewMessage {
            message_ref: Some(notice.message_ref),
            coalesce_key: Some(notice.message_ref),
            ..NewMessage::new(notice.chat_id, grant.correlation, action)
        };
        outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    }
    Ok(())
}

/// Tells who asked what became of it: a changed message makes no sound.
async fn inform(conn: &mut PgConnection, env: &Env, grant: &Grant) -> Handled {
    let (text, _) = page(conn, env, grant, grant.admin_id).await?;
    let action = Action::Say {
        text,
        keyboard: None,
    };
    let message = NewMessage::new(grant.admin_id, grant.correlation, action);
    outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    Ok(())
}

/// A request as one of the admins sees it.
async fn page(
    conn: &mut PgConnection,
    env: &Env,
    grant: &Grant,
    viewer: i64,
) -> Handled<(Rich, Option<InlineKeyboard>)> {
    let tag = people::by_id(conn, viewer).await?;
    let language = tag.map_or(Language::En, |person| {
        Language::of_tag(person.language_tag())
    });
    let speech = speech(language);
    let until = grant.expires_at.and_then(|at| {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
        at.format(format).ok()
    });
    let decided_by = match grant.decided_by {
        Some(id) => called(conn, id).await?,
        None => String::new(),
    };
    let about = Args::new()
        .text("amount", env.currency().format(grant.amount))
        .text("user", called(conn, grant.user_id).await?)
        .text("id", grant.user_id.to_string())
        .text("admin", called(conn, grant.admin_id).await?)
        .text("reason", &grant.reason);
    let state = match grant.state {
        State::Asked => "approval-waits",
        State::Done => "approval-done",
        State::Rejected => "approval-rejected",
        State::Cancelled => "approval-cancelled",
        State::Expired => "approval-expired",
    };
    let args = match grant.state {
        State::Asked => Args::new().text("until", until.unwrap_or_default()),
        State::Done | State::Rejected => Args::new().text("by", decided_by),
        State::Cancelled | State::Expired => Args::new(),
    };
    let text = speech
        .rich("approval", &about)
        .then(Rich::literal("\n"))
        .then(speech.rich(state, &args));
    let labelled = |key: &str, act| {
        let press = Press::Grant {
            id: grant.short_id.clone(),
            act,
        };
        button(speech.plain(key, &Args::new()), &press)
    };
    let buttons = match grant.state {
        State::Asked if viewer == grant.admin_id => {
            vec![labelled("button-grant-cancel", GrantAct::Cancel)]
        }
        State::Asked => vec![
            labelled("button-grant-approve", GrantAct::Approve),
            labelled("button-grant-reject", GrantAct::Reject),
        ],
        State::Done | State::Rejected | State::Cancelled | State::Expired => Vec::new(),
    };
    let keyboard = (!buttons.is_empty()).then(|| InlineKeyboard::new([buttons]));
    Ok((text, keyboard))
}

async fn called(conn: &mut PgConnection, user_id: i64) -> Handled<String> {
    let person = people::by_id(conn, user_id).await?;
    Ok(person.map_or_else(|| user_id.to_string(), |person| name(&person)))
}

/// Ends the requests that nobody decided in time.
pub struct ExpireGrants {
    pool: PgPool,
    env: Arc<Env>,
    messages: Wake,
}

impl ExpireGrants {
    /// `messages` is notified after each commit.
    pub fn new(pool: PgPool, env: Arc<Env>, messages: Wake) -> Self {
        Self {
            pool,
            env,
            messages,
        }
    }

    async fn end(&self, short_id: &str) -> Result<bool, anyhow::Error> {
        let failure = |stop: Stop| anyhow::anyhow!("a request for a grant cannot be ended: {stop}");
        let mut tx = self.pool.begin().await?;
        let Some(grant) = grants::find(&mut tx, short_id).await? else {
            return Ok(false);
        };
        if !grants::expire(&mut tx, grant.id, self.env.clock.sql_now()).await? {
            return Ok(false);
        }
        let ended = Grant {
            state: State::Expired,
            ..grant
        };
        refresh(&mut tx, &self.env, &ended).await.map_err(failure)?;
        inform(&mut tx, &self.env, &ended).await.map_err(failure)?;
        tx.commit().await?;
        Ok(true)
    }
}

#[async_trait]
impl Task for ExpireGrants {
    fn name(&self) -> &'static str {
        "expire_grants"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let now = self.env.clock.sql_now();
        let mut ended = 0;
        for short_id in grants::expired(&self.pool, EXPIRED_BATCH, now).await? {
            ended += usize::from(self.end(&short_id).await?);
        }
        if ended > 0 {
            self.messages.notify();
        }
        Ok(json!({ "ended": ended }))
    }
}
