//! From an update to the one action that handles it.

mod edges;

use std::sync::Arc;

use async_trait::async_trait;
use edges::{into_gift, into_handle_error, seen};
use sqlx::PgConnection;

use super::cx::{Cx, Env, Handled, Pressed, Stop};
use super::pressed::{press, put_away};
use super::speech::{Args, Language};
use super::told::{refused, warn_admins};
use super::{
    books, broadcast, groups, inquiry, language, referrals, storefront, switching, tips, topup,
    wallet, withdrawals,
};
use crate::base::money::Amount;
use crate::engine::inbox::{HandleError, Handling, StoredUpdate, UpdateHandler};
use crate::engine::outbox;
use crate::engine::people::{self, Person, Sighting};
use crate::engine::wake::Wake;
use crate::telegram::{ChatKind, Event, Incoming, IncomingMessage, InlineKeyboard, Rich};

/// Handles updates with the features.
pub struct Router {
    env: Arc<Env>,
    messages: Wake,
    jobs: Wake,
}

impl Router {
    /// `messages` and `jobs` are notified after each commit.
    pub fn new(env: Arc<Env>, messages: Wake, jobs: Wake) -> Self {
        Self {
            env,
            messages,
            jobs,
        }
    }
}

/// Who speaks.
struct Greeted {
    language: Language,
    /// What they were given now.
    gift: Option<Amount>,
    /// Whether they were not known before.
    is_new: bool,
}

/// What is said instead of what was asked for.
#[derive(Debug)]
pub struct Refusal {
    text: Box<Rich>,
    keyboard: Option<InlineKeyboard>,
}

const KEPT: Handling<Refusal> = Handling::Kept { has_jobs: false };

#[async_trait]
impl UpdateHandler for Router {
    type Refusal = Refusal;

    async fn handle(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
    ) -> Result<Handling<Refusal>, HandleError> {
        let incoming = Incoming::parse(&update.payload)
            .map_err(|error| HandleError::Unreadable(error.to_string()))?;
        match &incoming.event {
            // Of money, not of a conversation: whoever Telegram names as its sender.
            Event::Message(message) if message.refunded_payment.is_some() => {
                self.refunded(conn, update, message).await?;
            }
            Event::Message(_) | Event::Callback { .. } => {
                return self.converse(conn, update, &incoming).await;
            }
            Event::BotBlocked => {
                people::blocked(conn, incoming.chat.id, self.env.clock.sql_now()).await?;
            }
            Event::BotUnblocked => {
                people::reachable_again(conn, incoming.chat.id).await?;
                outbox::release_owed(conn, incoming.chat.id).await?;
            }
            Event::ChatMigrated { to } => {
                people::migrated(conn, incoming.chat.id, *to, self.env.clock.sql_now()).await?;
            }
            // Answered by intake, ahead of any backlog.
            Event::PreCheckout { .. } => {}
            // Somebody did something that got lost on the way. Only a message without a sender may be so (Bot API docs,
            // "Message": `from` is optional), and it asks for nothing.
            Event::Other(kind)
                if (kind == "message" || kind == "callback_query")
                    && (incoming.user.id != 0 || incoming.chat.id == 0) =>
            {
                return Err(HandleError::Unreadable(format!(
                    "a {kind} without what every {kind} has"
                )));
            }
            Event::Other(kind) => tracing::debug!(kind, "nothing to do for this update"),
        }
        Ok(KEPT)
    }

    /// That the person was seen, their gift, and what is said, stay.
    async fn refuse(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
        refusal: Refusal,
    ) -> Result<(), HandleError> {
        let incoming = Incoming::parse(&update.payload)
            .map_err(|error| HandleError::Unreadable(error.to_string()))?;
        let Greeted { language, .. } = self.greet(conn, update, &incoming).await?;
        let mut cx = self.cx(conn, update, &incoming, language);
        into_handle_error(refused(&mut cx, *refusal.text, refusal.keyboard).await)
    }

    async fn apologise(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
    ) -> Result<(), HandleError> {
        let Ok(incoming) = Incoming::parse(&update.payload) else {
            return Ok(());
        };
        if !matches!(incoming.event, Event::Message(_) | Event::Callback { .. }) {
            return Ok(());
        }
        let known = people::by_id(conn, incoming.user.id).await?;
        let tag = known.as_ref().map(Person::language_tag);
        let tag = tag.or(incoming.user.language_code.as_deref());
        let language = Language::of_tag(tag.unwrap_or("en"));
        let mut cx = self.cx(conn, update, &incoming, language);
        let text = storefront::speech(cx.language).rich("unavailable-sorry", &Args::new());
        into_handle_error(cx.answer(None, false).await)?;
        into_handle_error(cx.say(text, None).await)?;
        into_handle_error(warn_admins(&mut cx, update).await)
    }

    fn committed(&self, has_jobs: bool) {
        self.messages.notify();
        if has_jobs {
            self.jobs.notify();
        }
    }
}

impl Router {
    fn cx<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        update: &StoredUpdate,
        incoming: &Incoming,
        language: Language,
    ) -> Cx<'a> {
        let pressed = match &incoming.event {
            Event::Callback {
                id,
                message_id,
                inaccessible,
                ..
            } => Some(Pressed {
                callback_id: id.clone(),
                message_id: message_id.filter(|_| !inaccessible),
                late: self.env.clock.now() - update.received_at > Pressed::MAX_AGE,
            }),
            _ => None,
        };
        Cx {
            conn,
            env: &self.env,
            chat_id: incoming.chat.id,
            user_id: incoming.user.id,
            first_name: incoming.user.first_name.clone(),
            language,
            correlation: update.correlation,
            pressed,
            answered: false,
            has_jobs: false,
            is_new: false,
        }
    }

    async fn refunded(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
        message: &IncomingMessage,
    ) -> Result<(), HandleError> {
        let Some(payment) = &message.refunded_payment else {
            return Ok(());
        };
        into_handle_error(topup::refunded(conn, &self.env, payment, update.correlation).await)
    }

    /// Notes who speaks, and gives those who are new what they are given.
    async fn greet(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
        incoming: &Incoming,
    ) -> Result<Greeted, HandleError> {
        let Sighting {
            person,
            fresh,
            is_back,
        } = people::seen(conn, &seen(incoming), self.env.clock.sql_now()).await?;
        if is_back {
            outbox::release_owed(conn, incoming.chat.id).await?;
        }
        let language = Language::of_tag(person.language_tag());
        let gift = if fresh && self.env.money.is_on() {
            let mut cx = self.cx(conn, update, incoming, language);
            into_gift(wallet::welcome_grant(&mut cx).await)?
        } else {
            None
        };
        Ok(Greeted {
            language,
            gift,
            is_new: fresh,
        })
    }

    async fn converse(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
        incoming: &Incoming,
    ) -> Result<Handling<Refusal>, HandleError> {
        if incoming.user.is_bot || incoming.user.id == 0 {
            return Ok(KEPT);
        }
        let Greeted {
            language,
            gift,
            is_new,
        } = self.greet(conn, update, incoming).await?;
        let mut cx = self.cx(conn, update, incoming, language);
        cx.is_new = is_new;
        let refusal = |text, keyboard| Ok(Handling::Refused(Refusal { text, keyboard }));
        match act(&mut cx, update, incoming, gift).await {
            Ok(()) => {
                into_handle_error(cx.answer(None, false).await)?;
                Ok(Handling::Kept {
                    has_jobs: cx.has_jobs,
                })
            }
            Err(Stop::Failed(error)) => Err(error),
            Err(Stop::Refused(text)) => refusal(text, None),
            Err(Stop::RefusedWith(text, keyboard)) => refusal(text, Some(keyboard)),
        }
    }
}

async fn act(
    cx: &mut Cx<'_>,
    update: &StoredUpdate,
    incoming: &Incoming,
    gift: Option<Amount>,
) -> Handled {
    match &incoming.event {
        Event::Callback { data, .. } => press(cx, data).await,
        Event::Message(message) if message.successful_payment.is_some() => {
            match &message.successful_payment {
                Some(payment) => topup::paid(cx, payment).await,
                None => Ok(()),
            }
        }
        Event::Message(message) if incoming.chat.kind != ChatKind::Private => {
            groups::message(cx, message).await
        }
        Event::Message(message) => match message
            .text
            .as_deref()
            .filter(|_| message.media.is_none() && !message.is_of_another)
            .and_then(command)
        {
            Some((name, rest)) => run(cx, name, rest, message, update, gift).await,
            None if inquiry::is_awaited(cx).await? => inquiry::typed(cx, message).await,
            None if broadcast::is_awaited(cx).await? => broadcast::message(cx, message).await,
            None if withdrawals::is_awaited(cx).await? => withdrawals::message(cx, message).await,
            None if topup::is_awaited(cx).await? => topup::amount(cx, message).await,
            None => storefront::message(cx, message).await,
        },
        _ => Ok(()),
    }
}

/// `/name@bot rest` as name and rest. What somebody passes on is not theirs: whoever wrote it would have them give tips and grants,
/// so a forwarded command is none.
pub fn command(text: &str) -> Option<(&str, &str)> {
    let text = text.trim().strip_prefix('/')?;
    let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let name = head.split('@').next().unwrap_or_default();
    Some((name, rest.trim()))
}

/// The commands that lead nowhere while there are no wallets.
const OF_MONEY: [&str; 8] = [
    "balance",
    "history",
    "topup",
    "withdraw",
    "grant",
    "user",
    "refund",
    "withdrawals",
];

async fn run(
    cx: &mut Cx<'_>,
    name: &str,
    rest: &str,
    message: &IncomingMessage,
    update: &StoredUpdate,
    gift: Option<Amount>,
) -> Handled {
    put_away(cx).await?;
    if withdrawals::put_away(cx, name.eq_ignore_ascii_case("cancel")).await? {
        return storefront::not_understood(cx, "cancelled").await;
    }
    let name = name.to_lowercase();
    if OF_MONEY.contains(&name.as_str()) && !cx.env.money.is_on() {
        return Err(wallet::off(cx));
    }
    match name.as_str() {
        "start" => {
            referrals::attribute(cx, rest).await?;
            storefront::welcome(cx, gift).await
        }
        "menu" => storefront::categories(cx, 0).await,
        "help" => storefront::help(cx).await,
        "cancel" => storefront::cancel(cx).await,
        "balance" => wallet::balance(cx, 0).await,
        "history" => books::history(cx).await,
        "topup" if cx.env.has_topup() => {
            let draft = storefront::waiting_draft(cx).await?;
            topup::ways(cx, draft.as_deref()).await
        }
        "withdraw" if cx.env.catalog.withdrawals.is_some() => withdrawals::begin(cx).await,
        "language" => language::languages(cx).await,
        "referrals" | "ref" if cx.env.referrals.is_on() => referrals::page(cx, 0).await,
        name if tips::is_command(cx, name) => tips::tip(cx, rest, message).await,
        "verify" | "unverify" if cx.is_admin() && cx.env.tips.is_on() => {
            tips::verify(cx, rest, name.eq_ignore_ascii_case("verify")).await
        }
        "grant" if cx.is_admin() => wallet::grant(cx, rest, update.update_id).await,
        "user" if cx.is_admin() => wallet::user(cx, rest).await,
        "refund" if cx.is_admin() => topup::refund(cx, rest).await,
        "withdrawals" if cx.is_admin() => withdrawals::list(cx, 0).await,
        "providers" if cx.is_admin() => switching::providers(cx).await,
        "broadcast" if cx.is_admin() => broadcast::begin(cx).await,
        name => storefront::by_command(cx, name, rest).await,
    }
}
