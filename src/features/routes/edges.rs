//! Between the inbox and the handlers: what a handler's outcome is to the inbox, and who an update says that it is from.

use crate::engine::inbox::HandleError;
use crate::engine::people::Seen;
use crate::features::cx::{Handled, Stop};
use crate::telegram::{ChatKind, Incoming};

pub(super) fn into_handle_error(handled: Handled) -> Result<(), HandleError> {
    handled.map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Refused(_) | Stop::RefusedWith(..) => {
            HandleError::Bug(anyhow::anyhow!("a refusal where nothing can be refused"))
        }
    })
}

pub(super) fn into_gift<T>(handled: Handled<T>) -> Result<T, HandleError> {
    handled.map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Refused(_) | Stop::RefusedWith(..) => {
            HandleError::Bug(anyhow::anyhow!("a refused gift"))
        }
    })
}

pub(super) fn seen(incoming: &Incoming) -> Seen<'_> {
    Seen {
        user_id: incoming.user.id,
        username: incoming.user.username.as_deref(),
        first_name: &incoming.user.first_name,
        telegram_language: incoming.user.language_code.as_deref(),
        chat_id: incoming.chat.id,
        chat_kind: match incoming.chat.kind {
            ChatKind::Private => "private",
            ChatKind::Group => "group",
            ChatKind::Supergroup => "supergroup",
            ChatKind::Channel => "channel",
            ChatKind::Unknown => "unknown",
        },
    }
}
