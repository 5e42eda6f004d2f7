//! From an amount to an intent: what is promised, and the message that will show how it stands.

use std::time::Duration;

use super::amounts::{gone, limits, refuse};
use super::ways::{away, is_away};
use super::wording;
use crate::base::fault::{self, Point};
use crate::base::money::Amount;
use crate::engine::limits::{self, Charged, Rate};
use crate::engine::outbox::{Action, NewMessage};
use crate::engine::payments::{self, NewIntent, Terms};
use crate::features::cx::{Cx, Handled};
use crate::features::press::Way;
use crate::features::speech::Args;
use crate::features::topup::speech;

/// The rate and the link of an intent hold so long.
pub(super) const INTENT_LIFE: Duration = Duration::from_secs(3600);
/// Payments that one user may have begun at once.
const OPEN_MAX: i64 = 5;
/// So many at once, then one in three minutes: each costs its processor a page and then look-ups for days, also if it is cancelled.
/// Somebody who begins and cancels all day would stand before everybody else's.
const BEGUN: Rate = Rate {
    every: Duration::from_secs(180),
    burst: 20,
};
/// What our references begin with: the account at a processor may serve other shops, too.
const OURS: &str = "bw";

/// Begins a payment for `amount`.
pub(super) async fn begin(
    cx: &mut Cx<'_>,
    way: &Way,
    amount: Amount,
    draft: Option<&str>,
) -> Handled {
    let env = cx.env;
    let Some(rate) = env.payments.rate(&way.processor, &way.currency) else {
        return gone(cx, draft).await;
    };
    if is_away(cx, way) {
        return away(cx, draft).await;
    }
    if amount < env.payments.least {
        return refuse(cx, "amount-too-small", limits(cx));
    }
    let price = rate.price(amount, env.currency());
    let price = price.filter(|_| amount <= env.payments.most);
    let Some(price) = price else {
        return refuse(cx, "amount-too-large", limits(cx));
    };
    if payments::open_intents(cx.conn, cx.user_id).await? >= OPEN_MAX {
        let args = Args::new().number("n", OPEN_MAX);
        return refuse(cx, "too-many-payments", args);
    }
    let now = cx.now();
    let key = format!("payment-begin:{}", cx.user_id);
    if let Charged::Limited { wait } = limits::charge(cx.conn, &key, 1, BEGUN, now).await? {
        let minutes = i64::try_from(wait.as_secs().div_ceil(60)).unwrap_or(i64::MAX);
        return refuse(cx, "payments-too-fast", Args::new().number("n", minutes));
    }
    let base = env.currency();
    let code = &rate.currency.code;
    let rate_id = payments::rate_id(cx.conn, code, &base.code, rate.micros, now).await?;
    let (id, short_id, message_ref) = (env.ids.uuid(), env.ids.short(), env.ids.uuid());
    let new = NewIntent {
        id,
        short_id: &short_id,
        processor: &way.processor,
        reference: &reference(cx.user_id, &short_id),
        user_id: cx.user_id,
        terms: Terms {
            amount,
            currency: &base.code,
            price,
            price_currency: code,
        },
        rate_id,
        draft,
        message_ref,
        correlation: cx.correlation,
        life: INTENT_LIFE,
    };
    payments::add_intent(cx.conn, &new, now).await?;
    fault::reach(Point::IntentWritten);
    let args = Args::new()
        .text("amount", cx.money(amount))
        .text("price", rate.currency.format(price));
    let speech = speech(cx.language);
    let action = Action::Say {
        text: speech.rich("payment-preparing", &args),
        keyboard: Some(wording::cancel_only(speech, &short_id)),
    };
    let message = NewMessage {
        message_ref: Some(message_ref),
        ..NewMessage::new(cx.chat_id, cx.correlation, action)
    };
    cx.post(&message).await
}

/// What a processor calls a payment by. It names its user, so that money can be credited whose intent is gone.
fn reference(user_id: i64, short_id: &str) -> String {
    format!("{OURS}-{user_id}-{short_id}")
}

/// The user of a reference of ours; None for one of somebody else.
pub(super) fn user_of(reference: &str) -> Option<i64> {
    let mut parts = reference.split('-');
    let is_ours = parts.next() == Some(OURS);
    let user_id = parts.next()?.parse().ok().filter(|id| *id > 0);
    let has_end = parts.next().is_some_and(|end| !end.is_empty());
    user_id.filter(|_| is_ours && has_end && parts.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_its_user_and_nobody_elses_does() {
        assert_eq!(user_of(&reference(4027, "abcdefghij")), Some(4027));
        for other in [
            "",
            "bw",
            "bw-4027",
            "bw-4027-",
            "bw-x-abc1",
            "bw--1-abc",
            "shop-4027-abc",
            "bw-1-a-b",
        ] {
            assert_eq!(user_of(other), None, "{other}");
        }
    }
}
