//! Notices that wait one after another for the same chat, as one message.

use super::message::{Action, Payload, Stored};
use super::store::Neighbour;
use crate::telegram::Rich;
use crate::telegram::rich::TEXT_MAX_UTF16;

/// The payload with the texts of the first neighbours that fit, and the ids of these; None if there are none.
pub(super) fn merged(first: &Payload, neighbours: &[Neighbour]) -> Option<(Payload, Vec<i64>)> {
    let Payload::V1 { on_unknown, .. } = first;
    let mut text = plain_notice(first)?.clone();
    let mut ids = Vec::new();
    for neighbour in neighbours {
        let Stored::Known(payload) = &neighbour.payload.0 else {
            break;
        };
        let Some(next) = plain_notice(payload) else {
            break;
        };
        let longer = text.clone().then(Rich::literal("\n\n")).then(next.clone());
        if longer.len_utf16() > TEXT_MAX_UTF16 {
            break;
        }
        text = longer;
        ids.push(neighbour.id);
    }
    if ids.is_empty() {
        return None;
    }
    let action = Action::Say {
        text,
        keyboard: None,
    };
    let on_unknown = *on_unknown;
    Some((Payload::V1 { action, on_unknown }, ids))
}

/// The text, if it is all that the message has.
fn plain_notice(payload: &Payload) -> Option<&Rich> {
    let Payload::V1 { action, .. } = payload;
    match action {
        Action::Say {
            text,
            keyboard: None,
        } => Some(text),
        Action::Say { .. }
        | Action::Edit { .. }
        | Action::Buttons { .. }
        | Action::File { .. }
        | Action::Answer { .. }
        | Action::Invoice { .. }
        | Action::Working { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::outbox::OnUnknown;
    use sqlx::types::Json;

    fn notice(text: &str) -> Payload {
        let text = Rich::literal(text);
        let keyboard = None;
        Payload::V1 {
            action: Action::Say { text, keyboard },
            on_unknown: OnUnknown::SendAgain,
        }
    }

    fn neighbour(id: i64, payload: Payload) -> Neighbour {
        let payload = Json(Stored::Known(payload));
        Neighbour { id, payload }
    }

    #[test]
    fn texts_are_joined_as_far_as_telegram_takes_them() {
        let big = "é😀".repeat(1_000);
        let neighbours = [
            neighbour(2, notice("two")),
            neighbour(3, notice(&big)),
            neighbour(4, notice(&big)),
            neighbour(5, notice("five")),
        ];
        let (payload, ids) = merged(&notice("one"), &neighbours).expect("neighbours");
        assert_eq!(ids, [2, 3]);
        let text = plain_notice(&payload).expect("a notice").to_plain();
        assert_eq!(text, format!("one\n\ntwo\n\n{big}"));
    }

    #[test]
    fn what_is_more_than_text_stays_by_itself() {
        let working = Payload::V1 {
            action: Action::Working { kind: None },
            on_unknown: OnUnknown::SendAgain,
        };
        let neighbours = [neighbour(2, working.clone()), neighbour(3, notice("three"))];
        assert!(merged(&notice("one"), &neighbours).is_none());
        assert!(merged(&working, &[neighbour(3, notice("three"))]).is_none());
    }
}
