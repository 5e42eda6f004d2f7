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

/// Whether a command names another bot: `/tip@other_bot 5` is not for us to carry out. Without a name of our own nobody can tell.
pub(super) fn is_for_another(command: &str, own: &str) -> bool {
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
