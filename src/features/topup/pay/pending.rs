//! The buttons under a payment that has not come yet.

use std::time::Duration;

use super::amounts::refuse;
use super::wording;
use crate::engine::limits::{self, Charged, Rate};
use crate::engine::payments::{self, Intent, State};
use crate::features::cx::{Cx, Handled};
use crate::features::speech::Args;
use crate::features::topup::speech;

/// "I have paid" asks the processor: two at once, then one in ten seconds.
const CHECKS: Rate = Rate {
    every: Duration::from_secs(10),
    burst: 2,
};

/// "I have paid" was pressed: it is looked up at once.
pub(super) async fn made(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    let intent = own(cx, short_id).await?;
    let speech = speech(cx.language);
    let key = match intent.state {
        State::Paid => "payment-is-here",
        State::New => "payment-still-preparing",
        State::Failed => "payment-was-not-begun",
        State::Open | State::Cancelled | State::Expired => {
            let now = cx.now();
            let key = format!("payment-check:{}", cx.user_id);
            if let Charged::Limited { wait } = limits::charge(cx.conn, &key, 1, CHECKS, now).await?
            {
                let seconds = i64::try_from(wait.as_secs() + 1).unwrap_or(i64::MAX);
                let text = speech.plain("check-too-soon", &Args::new().number("n", seconds));
                return cx.answer(Some(text), false).await;
            }
            payments::ask(cx.conn, intent.id, now).await?;
            "payment-checking"
        }
    };
    let text = speech.plain(key, &Args::new());
    cx.answer(Some(text), false).await
}

/// "Cancel" was pressed. Money that comes all the same is credited.
pub(super) async fn cancel(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    let intent = own(cx, short_id).await?;
    match intent.state {
        State::New | State::Open => {
            payments::turn(cx.conn, intent.id, intent.state, State::Cancelled).await?;
            wording::show_ended(cx.conn, cx.env, &intent, "payment-cancelled").await
        }
        State::Paid => {
            let text = speech(cx.language).plain("payment-is-here", &Args::new());
            cx.answer(Some(text), false).await
        }
        State::Cancelled | State::Expired | State::Failed => {
            let text = speech(cx.language).plain("payment-has-ended", &Args::new());
            cx.answer(Some(text), false).await
        }
    }
}

/// The intent, if it is that of who presses.
async fn own(cx: &mut Cx<'_>, short_id: &str) -> Handled<Intent> {
    let intent = payments::intent_by_short_id(cx.conn, short_id).await?;
    match intent.filter(|intent| intent.user_id == cx.user_id) {
        Some(intent) => Ok(intent),
        None => refuse(cx, "payment-unknown", Args::new()),
    }
}
