//! How much is to be paid.

use std::time::Duration;

use super::intents;
use super::ways::{away, elsewhere, is_away, way, ways};
use crate::base::money::{Amount, AmountError};
use crate::engine::payments::{self, Question};
use crate::features::cx::{Cx, Handled, Stop, button};
use crate::features::press::{PayPress, Press, Way};
use crate::features::speech::Args;
use crate::features::topup::speech;
use crate::telegram::{Button, IncomingMessage, InlineKeyboard};

/// A message that comes later answers nothing.
const QUESTION_LIFE: Duration = Duration::from_secs(15 * 60);

/// A way was chosen: the amounts.
pub(super) async fn amounts(cx: &mut Cx<'_>, way: &Way, draft: Option<&str>) -> Handled {
    let env = cx.env;
    let Some(rate) = env.payments.rate(&way.processor, &way.currency) else {
        return gone(cx, draft).await;
    };
    if is_away(cx, way) {
        return away(cx, draft).await;
    }
    let speech = speech(cx.language);
    let draft_id = || draft.map(str::to_owned);
    let mut rows: Vec<Vec<Button>> = Vec::new();
    for amount in &env.payments.packages {
        let Some(price) = rate.price(*amount, env.currency()) else {
            continue;
        };
        let Ok(minor) = u32::try_from(amount.0) else {
            continue;
        };
        let args = Args::new()
            .text("amount", cx.money(*amount))
            .text("price", rate.currency.format(price));
        let press = PayPress::For {
            way: way.clone(),
            amount: minor,
            draft: draft_id(),
        };
        let label = speech.plain("button-amount", &args);
        rows.push(vec![button(label, &Press::Pay(press))]);
    }
    let other = PayPress::Other {
        way: way.clone(),
        draft: draft_id(),
    };
    let label = speech.plain("button-other-amount", &Args::new());
    rows.push(vec![button(label, &Press::Pay(other))]);
    let back = if env.stars.is_offered() || env.payments.ways().count() > 1 {
        let label = speech.plain("button-other-way", &Args::new());
        button(label, &Press::TopUp { draft: draft_id() })
    } else {
        elsewhere(speech, draft)
    };
    rows.push(vec![back]);
    let args = Args::new().text("currency", &rate.currency.code);
    let text = speech.rich("amounts", &args);
    cx.show(text, Some(InlineKeyboard::new(rows))).await
}

/// "Another amount" was pressed: the next message says it.
pub(super) async fn ask(cx: &mut Cx<'_>, way: &Way, draft: Option<&str>) -> Handled {
    let env = cx.env;
    if env.payments.rate(&way.processor, &way.currency).is_none() {
        return gone(cx, draft).await;
    }
    if is_away(cx, way) {
        return away(cx, draft).await;
    }
    let question = Question {
        processor: way.processor.clone(),
        currency: way.currency.clone(),
        draft: draft.map(str::to_owned),
    };
    let now = cx.now();
    payments::put_question(cx.conn, cx.user_id, cx.chat_id, &question, now).await?;
    let speech = speech(cx.language);
    let text = speech.rich("ask-amount", &limits(cx));
    let keyboard = InlineKeyboard::new([vec![back_to_amounts(cx, way, draft)]]);
    cx.show(text, Some(keyboard)).await
}

/// Whether the message that has come says how much somebody wants to pay.
pub async fn is_awaited(cx: &mut Cx<'_>) -> Handled<bool> {
    if !cx.env.payments.is_offered() {
        return Ok(false);
    }
    let now = cx.now();
    let question = payments::question(cx.conn, cx.user_id, cx.chat_id, QUESTION_LIFE, now).await?;
    Ok(question.is_some())
}

/// Who gives a command or presses a button does not answer any more.
pub async fn put_away(cx: &mut Cx<'_>) -> Handled {
    if cx.env.payments.is_offered() {
        payments::forget_question(cx.conn, cx.user_id, cx.chat_id).await?;
    }
    Ok(())
}

/// The answer.
pub async fn amount(cx: &mut Cx<'_>, message: &IncomingMessage) -> Handled {
    let now = cx.now();
    let question = payments::question(cx.conn, cx.user_id, cx.chat_id, QUESTION_LIFE, now).await?;
    let Some(question) = question else {
        return Ok(());
    };
    match take(cx, &question, message.text.as_deref().unwrap_or_default()).await {
        // The question stands: it can be answered again, or left.
        Err(Stop::Refused(text)) => {
            let back = back_to_amounts(cx, &way_of(&question), question.draft.as_deref());
            Err(Stop::RefusedWith(text, InlineKeyboard::new([vec![back]])))
        }
        taken => taken,
    }
}

async fn take(cx: &mut Cx<'_>, question: &Question, text: &str) -> Handled {
    let text = text.trim();
    let symbol = cx.env.currency().symbol.clone();
    let text = text.trim_start_matches(symbol.as_str());
    let text = text.trim_end_matches(symbol.as_str()).trim();
    let amount = match cx.env.currency().parse(text) {
        Ok(amount) => amount,
        Err(AmountError::Malformed) => return refuse(cx, "amount-malformed", limits(cx)),
        Err(AmountError::TooManyDecimals) => {
            return refuse(cx, "amount-too-precise", limits(cx));
        }
        Err(AmountError::TooLarge) => return refuse(cx, "amount-too-large", limits(cx)),
    };
    intents::begin(cx, &way_of(question), amount, question.draft.as_deref()).await?;
    put_away(cx).await
}

fn way_of(question: &Question) -> Way {
    way(&question.processor, &question.currency)
}

fn back_to_amounts(cx: &Cx<'_>, way: &Way, draft: Option<&str>) -> Button {
    let back = PayPress::At {
        way: way.clone(),
        draft: draft.map(str::to_owned),
    };
    let label = speech(cx.language).plain("button-back-to-amounts", &Args::new());
    button(label, &Press::Pay(back))
}

/// What was offered is not any more.
pub(super) async fn gone(cx: &mut Cx<'_>, draft: Option<&str>) -> Handled {
    if !cx.env.has_topup() {
        return refuse(cx, "topup-off", Args::new());
    }
    let text = speech(cx.language).plain("way-gone", &Args::new());
    cx.answer(Some(text), false).await?;
    Box::pin(ways(cx, draft)).await
}

/// The limits of an amount, as they are shown.
pub(super) fn limits(cx: &Cx<'_>) -> Args {
    Args::new()
        .text("least", cx.money(cx.env.payments.least))
        .text("most", cx.money(cx.env.payments.most))
        .text("example", cx.money(example(cx)))
}

fn example(cx: &Cx<'_>) -> Amount {
    let offer = &cx.env.payments;
    offer.packages.first().copied().unwrap_or(offer.least)
}

pub(super) fn refuse<T>(cx: &Cx<'_>, key: &str, args: Args) -> Handled<T> {
    let text = speech(cx.language).rich(key, &args);
    Err(Stop::Refused(Box::new(text)))
}
