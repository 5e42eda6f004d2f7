//! From raw bytes to [`Incoming`].

use super::{ChatKind, ChatRef, Event, Incoming, IncomingMessage, Payment, UserRef, marks};
use crate::telegram::envelope::{self, Kind, NotAnUpdate, Parts};
use crate::telegram::lenient::{self, Object};
use crate::telegram::media::Media;

pub(super) fn incoming(raw: &[u8]) -> Result<Incoming, NotAnUpdate> {
    // Mended first: a lone surrogate deep inside a text would otherwise cost the whole text.
    let json = lenient::mend(raw);
    let parts = envelope::parts(&json).ok_or(NotAnUpdate)?;
    let user = parts
        .content
        .object("from")
        .or_else(|| parts.content.object("user"))
        .and_then(|user| user_ref(&user));
    let chat = parts
        .content
        .object("chat")
        .or_else(|| parts.content.object("message")?.object("chat"))
        .and_then(|chat| chat_ref(&chat));
    let event = user
        .as_ref()
        .and_then(|_| event(&parts, chat.is_some()))
        .unwrap_or(Event::Other(parts.kind_name));
    let user = user.unwrap_or_default();
    Ok(Incoming {
        update_id: parts.update_id,
        chat: chat.unwrap_or(ChatRef {
            id: user.id,
            kind: ChatKind::Private,
        }),
        user,
        event,
    })
}

fn user_ref(user: &Object<'_>) -> Option<UserRef> {
    Some(UserRef {
        id: user.read("id")?,
        first_name: user.string("first_name").unwrap_or_default(),
        username: user.string("username"),
        language_code: user.string("language_code").filter(|code| code.len() <= 35),
        is_bot: user.read("is_bot").unwrap_or(false),
    })
}

fn chat_ref(chat: &Object<'_>) -> Option<ChatRef> {
    let id = chat.read("id")?;
    let kind = match chat.string("type").as_deref() {
        Some("private") => ChatKind::Private,
        Some("group") => ChatKind::Group,
        Some("supergroup") => ChatKind::Supergroup,
        Some("channel") => ChatKind::Channel,
        _ if id > 0 => ChatKind::Private,
        _ => ChatKind::Unknown,
    };
    Some(ChatRef { id, kind })
}

/// `None` for what Bulwark does not act on, and for what lacks something essential.
fn event(parts: &Parts<'_>, has_chat: bool) -> Option<Event> {
    let content = &parts.content;
    match parts.kind {
        Kind::Message if has_chat => message_event(content),
        Kind::Message => None,
        Kind::CallbackQuery => callback(content),
        Kind::MyChatMember => membership(content),
        Kind::PreCheckoutQuery => Some(Event::PreCheckout {
            id: content.string("id")?,
            currency: content.string("currency").unwrap_or_default(),
            total_amount: content.read("total_amount").unwrap_or(0),
            invoice_payload: content.string("invoice_payload").unwrap_or_default(),
        }),
        Kind::Other => None,
    }
}

fn message_event(message: &Object<'_>) -> Option<Event> {
    if let Some(to) = message.read("migrate_to_chat_id") {
        return Some(Event::ChatMigrated { to });
    }
    if let Some(field) = SERVICE_FIELDS.iter().find(|f| message.raw(f).is_some()) {
        return Some(Event::Other(format!("message:{field}")));
    }
    Some(Event::Message(Box::new(IncomingMessage {
        message_id: message.read("message_id")?,
        date: message.read("date").unwrap_or(0),
        text: message.string("text").or_else(|| message.string("caption")),
        formatted: marks::formatted(message),
        media: Media::of(message),
        reply_to: message
            .object("reply_to_message")
            .and_then(|reply| reply.read("message_id")),
        reply_from: message
            .object("reply_to_message")
            .and_then(|reply| reply.object("from"))
            .and_then(|from| user_ref(&from)),
        is_of_another: ["forward_origin", "via_bot"]
            .iter()
            .any(|field| message.raw(field).is_some()),
        media_group_id: message.string("media_group_id"),
        successful_payment: payment(message, "successful_payment")?,
        refunded_payment: payment(message, "refunded_payment")?,
    })))
}

/// Money that cannot be read is not a message without money: the update as a whole is then set aside.
fn payment(message: &Object<'_>, field: &str) -> Option<Option<Payment>> {
    match message.object(field) {
        Some(payment) => Some(Some(read_payment(&payment)?)),
        None => message
            .raw(field)
            .is_none_or(|raw| raw == "null")
            .then_some(None),
    }
}

fn read_payment(payment: &Object<'_>) -> Option<Payment> {
    Some(Payment {
        currency: payment.string("currency")?,
        total_amount: payment.read("total_amount")?,
        invoice_payload: payment.string("invoice_payload").unwrap_or_default(),
        telegram_payment_charge_id: payment.string("telegram_payment_charge_id")?,
        provider_payment_charge_id: payment
            .string("provider_payment_charge_id")
            .unwrap_or_default(),
    })
}

fn callback(query: &Object<'_>) -> Option<Event> {
    let message = query.object("message");
    let date = message
        .as_ref()
        .and_then(|message| message.read::<i64>("date"));
    Some(Event::Callback {
        id: query.string("id")?,
        data: query.string("data").unwrap_or_default(),
        message_id: message
            .as_ref()
            .and_then(|message| message.read("message_id")),
        inaccessible: date == Some(0),
    })
}

/// "kicked" in a private chat means blocked; elsewhere the bot was removed or left.
fn membership(update: &Object<'_>) -> Option<Event> {
    let status = update.object("new_chat_member")?.string("status")?;
    match status.as_str() {
        "kicked" | "left" => Some(Event::BotBlocked),
        "member" | "administrator" | "creator" => Some(Event::BotUnblocked),
        _ => None,
    }
}

/// Fields of messages that nobody wrote: Telegram reports something that happened in the chat.
const SERVICE_FIELDS: [&str; 41] = [
    "new_chat_members",
    "left_chat_member",
    "chat_owner_left",
    "chat_owner_changed",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "pinned_message",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "community_chat_added",
    "community_chat_joined",
    "community_chat_removed",
    "direct_message_price_changed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_created",
    "giveaway_completed",
    "managed_bot_created",
    "paid_message_price_changed",
    "poll_option_added",
    "poll_option_deleted",
    "suggested_post_refunded",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
];
