//! From `/broadcast` to the preview.

use super::speech;
use crate::engine::broadcast::{self, Audience, Draft, New};
use crate::engine::outbox::{Action, FileRef};
use crate::features::cx::{Cx, Handled, Stop, button};
use crate::features::press::{BroadcastAct, Press};
use crate::features::speech::{Args, Language};
use crate::telegram::rich::{CAPTION_MAX_UTF16, TEXT_MAX_UTF16};
use crate::telegram::{IncomingMessage, InlineKeyboard, Media, MediaKind, Rich};

const EVERYBODY: &str = "all";

/// `/broadcast`: the next message is what everybody will get.
pub async fn begin(cx: &mut Cx<'_>) -> Handled {
    let short_id = cx.env.ids.short();
    let new = New {
        id: cx.env.ids.uuid(),
        short_id: &short_id,
        admin_id: cx.user_id,
        chat_id: cx.chat_id,
        language: cx.language.code(),
        progress_ref: cx.env.ids.uuid(),
        correlation: cx.correlation,
    };
    let now = cx.now();
    broadcast::compose(cx.conn, &new, now).await?;
    let text = speech(cx.language).rich("write-now", &Args::new());
    cx.say(text, None).await
}

/// Whether the message that has come is one to be sent to everybody.
pub async fn is_awaited(cx: &mut Cx<'_>) -> Handled<bool> {
    if !cx.is_admin() {
        return Ok(false);
    }
    Ok(broadcast::is_composing(cx.conn, cx.user_id, cx.chat_id).await?)
}

/// An admin who gives a command does not write a message any more.
pub async fn put_away(cx: &mut Cx<'_>) -> Handled {
    if cx.is_admin() {
        broadcast::forget_composing(cx.conn, cx.user_id).await?;
    }
    Ok(())
}

/// The message: shown as everybody will see it, with the question whether to send it.
pub async fn message(cx: &mut Cx<'_>, message: &IncomingMessage) -> Handled {
    let action = content(cx.language, message)?;
    let everybody = audience(EVERYBODY);
    let drafted = broadcast::draft(cx.conn, cx.user_id, action.clone(), &everybody).await?;
    let Some(draft) = drafted else {
        return refuse(cx.language, "not-waiting");
    };
    cx.enqueue(action).await?;
    let (text, keyboard) = question(cx.language, &draft, EVERYBODY);
    cx.say(text, Some(keyboard)).await
}

/// Another audience for a draft.
pub async fn readdress(cx: &mut Cx<'_>, short_id: &str, name: &str) -> Handled {
    if !cx.is_admin() {
        return refuse(cx.language, "admins-only");
    }
    let audience = audience(name);
    match broadcast::readdress(cx.conn, short_id, &audience).await? {
        Some(draft) => {
            let (text, keyboard) = question(cx.language, &draft, &audience.name);
            cx.show(text, Some(keyboard)).await
        }
        None => refuse(cx.language, "not-waiting"),
    }
}

/// The people who are spoken to in a language; whoever speaks none of ours is spoken to in English.
fn audience(name: &str) -> Audience {
    let chosen = Language::ALL.into_iter().find(|l| l.code() == name);
    let (only_tags, except_tags) = match chosen {
        None => (Vec::new(), Vec::new()),
        Some(Language::En) => {
            let others = Language::ALL.into_iter().filter(|l| *l != Language::En);
            let others = others.map(|language| language.code().to_owned());
            (Vec::new(), others.collect())
        }
        Some(language) => (vec![language.code().to_owned()], Vec::new()),
    };
    Audience {
        name: chosen.map_or(EVERYBODY, Language::code).to_owned(),
        only_tags,
        except_tags,
    }
}

fn question(language: Language, draft: &Draft, audience: &str) -> (Rich, InlineKeyboard) {
    let speech = speech(language);
    let press = |act| Press::Broadcast {
        id: draft.short_id.clone(),
        act,
    };
    let choice = |name: &str, label: String| {
        let mark = if name == audience { "✅ " } else { "" };
        let press = Press::BroadcastTo {
            id: draft.short_id.clone(),
            audience: name.to_owned(),
        };
        button(format!("{mark}{label}"), &press)
    };
    let mut audiences = vec![choice(
        EVERYBODY,
        speech.plain("button-everybody", &Args::new()),
    )];
    audiences.extend(Language::ALL.map(|l| choice(l.code(), l.code().to_uppercase())));
    let send = speech.plain("button-send", &Args::new());
    let discard = speech.plain("button-discard", &Args::new());
    let mut last = vec![button(discard, &press(BroadcastAct::Discard))];
    if draft.total > 0 {
        last.insert(0, button(send, &press(BroadcastAct::Start)));
    }
    let text = speech.rich("preview", &Args::new().number("count", draft.total));
    (text, InlineKeyboard::new([audiences, last]))
}

/// What the message says, as it is sent on.
fn content(language: Language, message: &IncomingMessage) -> Handled<Action> {
    let text = message
        .formatted
        .clone()
        .or_else(|| message.text.as_deref().map(Rich::literal))
        .unwrap_or_default();
    let Some(media) = &message.media else {
        if text.is_blank() {
            return refuse(language, "wrong-content");
        }
        if text.len_utf16() > TEXT_MAX_UTF16 {
            return refuse(language, "too-long");
        }
        let keyboard = None;
        return Ok(Action::Say { text, keyboard });
    };
    if text.len_utf16() > CAPTION_MAX_UTF16 {
        return refuse(language, "too-long");
    }
    let Some(kind) = shown_as(media) else {
        return refuse(language, "wrong-content");
    };
    Ok(Action::File {
        kind,
        file: FileRef::FileId(media.file_id.clone()),
        caption: text,
        keyboard: None,
    })
}

/// A file can only be sent again as what it was: a picture that came as a file stays one.
fn shown_as(media: &Media) -> Option<MediaKind> {
    let came_as_file = media.file_name.is_some() && media.width.is_none();
    match media.kind {
        MediaKind::Image | MediaKind::Video if came_as_file => Some(MediaKind::Document),
        MediaKind::Image => Some(MediaKind::Image),
        // A round video message has no type, and cannot be sent as a video.
        MediaKind::Video => media.mime.is_some().then_some(MediaKind::Video),
        MediaKind::Audio | MediaKind::Document => None,
    }
}

pub(super) fn refuse<T>(language: Language, key: &str) -> Handled<T> {
    let text = speech(language).rich(key, &Args::new());
    Err(Stop::Refused(Box::new(text)))
}
